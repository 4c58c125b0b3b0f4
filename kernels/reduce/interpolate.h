/* kernels/reduce/interpolate.h - between two elements, rounded once. */
#ifndef TRINE_KERNELS_INTERPOLATE_H
#define TRINE_KERNELS_INTERPOLATE_H

#include <trine/types.h>

/* a + part (b - a), rounded once, of two elements a <= b of that type: never outside of them, and
 * ascending with part. The NaN 0x7ff8000000000000 where one is NaN, or between -Inf and +Inf. */
double trine_interpolate(trine_dtype dtype, const void *a, const void *b, double part);

#endif
