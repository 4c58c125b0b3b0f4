/* kernels/registry/params.h - params of the built-in kernels that the library alone gives, and
 * which maps are built in. */
#ifndef TRINE_KERNELS_PARAMS_H
#define TRINE_KERNELS_PARAMS_H

#include <trine/kernel.h>

/* Of the reduction "histogram", whose result is counts[bins + 3] of uint64_t: the bins, elements
 * below, elements above, NaNs. The bins + 1 edges follow it, ascending. scale: bins / (edge[bins] -
 * edge[0]) when the bins are of one width, else 0; guard: how far (x - edge[0]) scale may be off.
 * weights: for "histogram_weighted", whose result is as many sums of in[1], as double, the type of
 * in[1], which the reducer's in[1] must be too. trine_histogram_reducer makes the sizes for so many
 * bins. */
typedef struct trine_histogram_param {
    uint64_t bins;
    double scale, guard;
    trine_dtype weights;
} trine_histogram_param;

/* Of the reduction "gemv_rows", the dot products of rows with a vector: in[0] is the first row,
 * which `more` others follow, `stride` elements apart; in[1] is the vector. State and result are 1
 * + more doubles; the reducer's sizes are those of one row. */
typedef struct trine_gemv_param {
    uint64_t more, stride;
} trine_gemv_param;

/* Of the reduction "order_digits", whose result is counts[prefixes][TRINE_ORDER_DIGITS] of
 * uint64_t: of the elements whose order key, without its last shift + 11 bits, is prefix[p], how
 * many have which 11 bits next. Prefixes are in ascending order. The order key of an element is a
 * whole number of as many bits, in the order of sorts: -Inf < ... < -0 < +0 < ... < +Inf < NaN,
 * whose key is the last, whatever its bits. */
#define TRINE_ORDER_DIGITS 2048
#define TRINE_ORDER_PREFIXES 128
typedef struct trine_order_param {
    uint32_t shift, prefixes;
    uint64_t prefix[TRINE_ORDER_PREFIXES];
    trine_dtype weights;
} trine_order_param;

/* The reduction "order_weights" of elements and their weights, in[1], which are of the type
 * `weights` of the same param: like "order_digits", but of 8 bits, and sums[prefixes]
 * [TRINE_WEIGHT_DIGITS] are exact sums of the weights instead of counts, of TRINE_WEIGHT_SUM bytes
 * each (kernels/exact/weight_sums.h). NaN among the elements is passed over. */
#define TRINE_WEIGHT_DIGITS 256
#define TRINE_WEIGHT_SUM 576

/* Whether that is a map that trine_map_find returns, and no copy of one. Any thread. */
bool trine_map_is_built_in(const trine_map *map);

#endif
