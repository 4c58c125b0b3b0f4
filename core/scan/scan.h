/* core/scan/scan.h - scans from the inside. */
#ifndef TRINE_CORE_SCAN_H
#define TRINE_CORE_SCAN_H

#include <trine/scan.h>

/* The scan after its arguments were checked. apply NULL: the reducer's own result, element by
 * element. in_place: out is x. Collective. */
trine_status trine_scan_run(const trine_scan_operator *op, const void *param, const trine_array *x,
                            trine_array *out, bool exclusive, bool in_place);

/* The same of each line along an axis, 0 to ndim - 1. Collective. */
trine_status trine_scan_lines(const trine_scan_operator *op, const void *param,
                              const trine_array *x, trine_array *out, int axis, bool exclusive);

#endif
