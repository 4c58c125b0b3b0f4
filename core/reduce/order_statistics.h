/* core/reduce/order_statistics.h - where a quantile lies among elements in ascending order.
 * kernels/reduce/interpolate.h has what lies between two of them.
 */
#ifndef TRINE_CORE_ORDER_STATISTICS_H
#define TRINE_CORE_ORDER_STATISTICS_H

#include <trine/reduce.h>

/* The elements of ranks below and above in ascending order, from 0, and how far the quantile is
 * from the first to the second: 0 <= part < 1, 0 where they are one. */
typedef struct trine_neighbours {
    uint64_t below, above;
    double part;
} trine_neighbours;

/* The neighbours of the quantile of probability q among n > 0 elements; method is one of the
 * enum's, 0 <= q <= 1. Both ranks and the part ascend with q, one after the other. */
trine_neighbours trine_quantile_neighbours(trine_quantile_method method, uint64_t n, double q);

/* ARGUMENT unless method is one of the enum's, 1 <= count <= TRINE_QUANTILES and all q[i] are from
 * 0 to 1; call names the call in the detail. */
trine_status trine_quantile_check(const char *call, trine_quantile_method method, int count,
                                  const double q[]);

/* trine_quantile_by, or trine_nanquantile_by to skip NaN, of a line along an axis: NaN where there
 * are elements, on any rank, but no numbers. Collective. */
trine_status trine_quantile_line(const trine_array *x, trine_quantile_method method, bool skip,
                                 int count, const double q[], double quantiles[]);

#endif
