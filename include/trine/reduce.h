/* trine/reduce.h - reductions.
 *
 * All are Collective over the team's ranks, every rank gets the same bytes and the same status, and
 * the result is untouched on error. The result's bits depend on the elements alone: not on the
 * team, the number of workers, the schedule or the instruction set.
 *
 * A rank that refuses a call (a NULL, another dtype, an incomplete monoid, short memory) tells the
 * other ranks, and all return its status, with a detail that names it. Whom it tells, the arrays
 * say; where all are NULL, or of several teams, it is the team of several ranks that this process
 * called last. A team that is at work in another thread of that rank (TRINE_E_BUSY) tells nobody:
 * the rank returns alone, and the others wait for its next call, which MPI does for ever. So they
 * do when a rank gives sound arguments of another team, since that is another call.
 *
 * Modes of sums:
 *   TRINE_EXACT        the true value of the whole operation, rounded once to nearest-even; order
 *                      and decomposition do not matter. It overflows only if the true value does.
 *   TRINE_COMPENSATED  as if computed in twice the precision, in a fixed order; nothing over- or
 *                      underflows on the way
 *   TRINE_FAST         32 lanes in a chunk, then the binary tree over chunks. Products, squares and
 *                      sums round one by one, and may over- or underflow though the result would
 *                      not (a mean of {1.7e308, 1.7e308} is inf); nrm2 alone never does
 * Integers have one value in every mode, exact.
 */
#ifndef TRINE_REDUCE_H
#define TRINE_REDUCE_H

#include <trine/array.h>
#include <trine/kernel.h>
#include <trine/list.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs any monoid over in[0 .. monoid->nin), arrays of one team, length, place and of the monoid's
 * types. param: param_size bytes, NULL when that is 0. result: result_size bytes,
 * aligned for what they are. When the arrays
 * are blocks that the caller cut (PRIVATE or SHARED on several ranks) and the monoid is not
 * TRINE_ORDER_FREE, the ledger says `reproducible = false`.
 * in[0] is looked at even when monoid is NULL. Errors: ARGUMENT, DTYPE, LENGTH, TEAM, BUSY, MEMORY,
 * WORKER, COLLECTIVE, MPI, and what finish says. */
TRINE_API trine_status trine_reduce(const trine_monoid *monoid, const void *param,
                                    const trine_array *const in[], void *result);

/* A flag of a monoid for trine_reduce_axis: the call is EMPTY where one of the lines is, instead of
 * giving NaN there. */
#define TRINE_EMPTY_FAILS 4u

/* The same along one axis, -ndim to ndim - 1 (negative ones count from behind, as numpy's): each
 * line of elements along it is a whole of its own, whose elements number from 0. The results have
 * the shape of the array without that axis, in C order, result_size bytes each. Along the first
 * axis they are the columns' (trine_array_columns of them), the same on all ranks; along another,
 * those of this rank's block, trine_array_local_rows times the other axes' sizes. The bits depend
 * on the shape and the line's elements. A line of some elements whose result is not defined (EMPTY:
 * none of them is a number, or fewer than ddof asks for) gives NaN where the result is a real
 * number, as numpy's do; it is the call's error where the result is an index or several numbers,
 * and wherever the monoid's flags have TRINE_EMPTY_FAILS. Lines of no elements are EMPTY where the
 * whole would be, and a line's OVERFLOW is the call's. Errors: as trine_reduce, ARGUMENT for an
 * axis that x has not. */
TRINE_API trine_status trine_reduce_axis(const trine_monoid *monoid, const void *param,
                                         const trine_array *const in[], int axis, void *result);

/* The typed sums and their like: trine_OPERATION_SUFFIX(x, mode, &result), or (x, y, mode,
 * &result), where the result is one number of the suffix's type. X(operation, suffix, result type).
 *   sum      of all x; asum of all |x|; sumsq of all x * x
 *   nansum   of all x that are not NaN
 *   nrm2     the square root of sumsq, without over- or underflow on the way, in any mode
 *   mean     sum / n; nanmean that of all x that are not NaN
 *   dot      the sum of all x * y; wsum is the same by its other name, y being weights
 *   wmean    dot / the sum of all y: the mean of x with the weights y. Where the weights add up to
 *            0, what IEEE 754 says of the quotient
 * Of no elements sums, dot and nrm2 are 0 and the means are TRINE_E_EMPTY. A NaN among what is
 * taken, +Inf and -Inf, or 0 times Inf, gives NaN. An integer result that does not fit is
 * TRINE_E_OVERFLOW, decided on the final value.
 * Element types: f64 takes f64 and f32 (computed in double); f32 takes f32 (rounded once more at
 * the end, but exact mode rounds the true value to float directly); i64 takes i64, i32, i16, i8;
 * u64 takes u64, u32, u16, u8; trine_mean_f64 takes all. x and y are of one type, length and team.
 * trine_wsum_f64 and trine_wmean_f64 take x and y of any two types: of two different ones, and of
 * integers, the value is the true one, rounded once, in any mode. Errors: those of trine_reduce. */
#define TRINE_SUMS_OF_ONE(X)                                                                       \
    X(sum, f64, double)                                                                            \
    X(sum, f32, float)                                                                             \
    X(sum, i64, int64_t)                                                                           \
    X(sum, u64, uint64_t)                                                                          \
    X(asum, f64, double)                                                                           \
    X(asum, f32, float)                                                                            \
    X(asum, i64, int64_t)                                                                          \
    X(asum, u64, uint64_t)                                                                         \
    X(sumsq, f64, double)                                                                          \
    X(sumsq, f32, float)                                                                           \
    X(sumsq, i64, int64_t)                                                                         \
    X(sumsq, u64, uint64_t)                                                                        \
    X(nansum, f64, double)                                                                         \
    X(nansum, f32, float)                                                                          \
    X(nrm2, f64, double)                                                                           \
    X(nrm2, f32, float)                                                                            \
    X(mean, f64, double)                                                                           \
    X(nanmean, f64, double)

#define TRINE_SUMS_OF_TWO(X)                                                                       \
    X(dot, f64, double)                                                                            \
    X(dot, f32, float)                                                                             \
    X(dot, i64, int64_t)                                                                           \
    X(dot, u64, uint64_t)                                                                          \
    X(wsum, f64, double)                                                                           \
    X(wsum, f32, float)                                                                            \
    X(wsum, i64, int64_t)                                                                          \
    X(wsum, u64, uint64_t)                                                                         \
    X(wmean, f64, double)

#define TRINE_DECLARE_OF_ONE(operation, suffix, type)                                              \
    TRINE_API trine_status trine_##operation##_##suffix(const trine_array *x, trine_mode mode,     \
                                                        type *result);
TRINE_SUMS_OF_ONE(TRINE_DECLARE_OF_ONE)
#undef TRINE_DECLARE_OF_ONE

#define TRINE_DECLARE_OF_TWO(operation, suffix, type)                                              \
    TRINE_API trine_status trine_##operation##_##suffix(                                           \
        const trine_array *x, const trine_array *y, trine_mode mode, type *result);
TRINE_SUMS_OF_TWO(TRINE_DECLARE_OF_TWO)
#undef TRINE_DECLARE_OF_TWO

/* The monoid and param of trine_wsum_f64 and, `mean`, trine_wmean_f64 of x, in[0], of that type and
 * weights, in[1], of the type `weights`, for trine_reduce and trine_reduce_axis: exact. Any thread.
 * Errors: ARGUMENT, DTYPE (no type of trine's). */
TRINE_API trine_status trine_weighted_monoid(trine_dtype dtype, trine_dtype weights, bool mean,
                                             trine_monoid *monoid, trine_weighted_param *param);

/* X(constant's suffix, C type) of every element type. */
#define TRINE_EACH_TYPE(X, name)                                                                   \
    X(name, f64, double)                                                                           \
    X(name, f32, float)                                                                            \
    X(name, i64, int64_t)                                                                          \
    X(name, i32, int32_t)                                                                          \
    X(name, u64, uint64_t)                                                                         \
    X(name, u32, uint32_t)                                                                         \
    X(name, i16, int16_t)                                                                          \
    X(name, u16, uint16_t)                                                                         \
    X(name, i8, int8_t)                                                                            \
    X(name, u8, uint8_t)

/* trine_min_f64(x, &least), trine_max_i32(x, &greatest), ...: what trine/list.h says of them, for x
 * of that type. EMPTY for no elements (nanmin, nanmax: none but NaN); absmax of the least integer
 * of its type is OVERFLOW. */
#define TRINE_DECLARE_TYPED(name, suffix, type)                                                    \
    TRINE_API trine_status trine_##name##_##suffix(const trine_array *x, type *result);
#define TRINE_DECLARE_ELEMENT(name, text) TRINE_EACH_TYPE(TRINE_DECLARE_TYPED, name)
TRINE_ELEMENT_REDUCTIONS(TRINE_DECLARE_ELEMENT)

/* trine_minmax_f64(x, pair): pair[0] is the least, pair[1] the greatest. EMPTY for no elements. */
TRINE_PAIR_REDUCTIONS(TRINE_DECLARE_ELEMENT)

/* trine_argminmax_f64(x, pair, index): the same in one reading with the indices that argmin and
 * argmax give. pair and index are of two, for the least and the greatest. EMPTY for no elements. */
#define TRINE_DECLARE_INDEXED(name, suffix, type)                                                  \
    TRINE_API trine_status trine_##name##_##suffix(const trine_array *x, type pair[2],             \
                                                   uint64_t index[2]);
#define TRINE_DECLARE_PAIR_INDEX(name, text) TRINE_EACH_TYPE(TRINE_DECLARE_INDEXED, name)
TRINE_PAIR_INDEX_REDUCTIONS(TRINE_DECLARE_PAIR_INDEX)

/* trine_argmin(x, &index), trine_count_nan(x, &count), ...: x of any type. Indices are those of the
 * whole; argmin and argmax of no elements are EMPTY, nanargmin and nanargmax of none but NaN. */
#define TRINE_DECLARE_WHOLE(name, text)                                                            \
    TRINE_API trine_status trine_##name(const trine_array *x, uint64_t *result);
TRINE_INDEX_REDUCTIONS(TRINE_DECLARE_WHOLE)
TRINE_COUNT_REDUCTIONS(TRINE_DECLARE_WHOLE)

/* trine_count_between_f64(x, low, high, &count): elements with low <= x <= high. */
#define TRINE_DECLARE_BETWEEN(name, suffix, type)                                                  \
    TRINE_API trine_status trine_##name##_##suffix(const trine_array *x, type low, type high,      \
                                                   uint64_t *count);
TRINE_EACH_TYPE(TRINE_DECLARE_BETWEEN, count_between)

/* The product of all elements; 1 for none. Real: nothing over- or underflows on the way.
 * Integers: f64 takes f64, f32 takes f32, i64 and u64 take what the sums take; OVERFLOW when
 * the true product does not fit. */
TRINE_API trine_status trine_prod_f64(const trine_array *x, double *product);
TRINE_API trine_status trine_prod_f32(const trine_array *x, float *product);
TRINE_API trine_status trine_prod_i64(const trine_array *x, int64_t *product);
TRINE_API trine_status trine_prod_u64(const trine_array *x, uint64_t *product);

/* trine_var(x, ddof, &variance), ...: x of any type; the divisor is n - ddof. Reals: off by some
 * units in the last place, however far the mean lies from 0; infinite or 0 only where the true
 * value is beyond a double's range; NaN where an element is NaN or infinite. Integers: the true
 * value, rounded once. Collective. EMPTY when n - ddof is not above 0. skewness and kurtosis take a
 * ddof of 0 and are NaN where all elements are alike. Means are merged as in Chan, Golub and
 * LeVeque (1983), in twice the precision. */
#define TRINE_DECLARE_MOMENT(name, text)                                                           \
    TRINE_API trine_status trine_##name(const trine_array *x, double ddof, double *result);
TRINE_MOMENT_REDUCTIONS(TRINE_DECLARE_MOMENT)

/* The true variance, rounded once: order, decomposition and cancellation do not matter. x of any
 * type; ddof a whole number below n. NaN when an element is NaN or infinite. */
TRINE_API trine_status trine_var_exact(const trine_array *x, double ddof, double *result);

/* trine_logsumexp(x, &result): x of f64 or f32, computed in double. EMPTY for no elements; -Inf
 * when all are. ABSENT in a library that was built without SLEEF. */
#define TRINE_DECLARE_REAL(name, text)                                                             \
    TRINE_API trine_status trine_##name(const trine_array *x, double *result);
TRINE_REAL_REDUCTIONS(TRINE_DECLARE_REAL)

/* Number, mean, variance, deviation, skewness, kurtosis and range of all elements that are numbers,
 * in one reading; x of any type. Integers: each rounded once, and the range unrounded too. */
TRINE_API trine_status trine_describe(const trine_array *x, trine_description *description);

/* trine_cov(x, y, ddof, &covariance), trine_corr(x, y, 0, &r): x and y of one type, any. As the
 * variance; corr is NaN where the elements of x or of y are alike. */
#define TRINE_DECLARE_JOINT(name, text)                                                            \
    TRINE_API trine_status trine_##name(const trine_array *x, const trine_array *y, double ddof,   \
                                        double *result);
TRINE_JOINT_REDUCTIONS(TRINE_DECLARE_JOINT)

/* counts[bins + 3]: how many elements lie in each of `bins` bins of one width from low to high,
 * then how many lie below low, above high, and how many are NaN. Bins are half open, [edge, next
 * edge), the last one closed. The edges are those of numpy.linspace: edge[i] = low + i step with
 * step = (high - low) / bins (low + (i / bins) (high - low) where step is 0), at most high, and
 * high the last; each operation rounds, and none overflows, as if exponents had no limit. Where
 * edges coincide, the bin between them is empty, unless it is the last. x of any type; elements
 * count as the doubles that they convert to. Collective. ARGUMENT unless low < high, both finite,
 * and 1 <= bins <= TRINE_HISTOGRAM_BINS. */
#define TRINE_HISTOGRAM_BINS 1048576
TRINE_API trine_status trine_histogram(const trine_array *x, uint64_t bins, double low, double high,
                                       uint64_t counts[]);

/* The same with bins of any width: edges[bins + 1], ascending, none of them NaN. */
TRINE_API trine_status trine_histogram_edges(const trine_array *x, uint64_t bins,
                                             const double edges[], uint64_t counts[]);

/* The same with weights: sums[bins + 3], where each element counts as its weight; weights is an
 * array of any type, of x's team, length and place. Each sum is the true one, rounded once to a
 * double; of NaN, or of +Inf and -Inf, NaN. Takes 576 bytes a bin and worker. Collective; errors:
 * those of trine_histogram_edges and trine_reduce. */
TRINE_API trine_status trine_histogram_weighted(const trine_array *x, const trine_array *weights,
                                                uint64_t bins, double low, double high,
                                                double sums[]);
TRINE_API trine_status trine_histogram_edges_weighted(const trine_array *x,
                                                      const trine_array *weights, uint64_t bins,
                                                      const double edges[], double sums[]);

/* The monoid and param of such a histogram, for trine_reduce_axis and trine_npy_reduce: param is
 * malloc'ed and the caller's. weights: the type of in[1]. Any thread. */
TRINE_API trine_status trine_histogram_monoid(trine_dtype dtype, uint64_t bins,
                                              const double edges[], trine_monoid *monoid,
                                              void **param);
TRINE_API trine_status trine_histogram_weighted_monoid(trine_dtype dtype, trine_dtype weights,
                                                       uint64_t bins, const double edges[],
                                                       trine_monoid *monoid, void **param);

/* Definitions of sample quantiles: the nine of Hyndman and Fan (Sample quantiles in statistical
 * packages, American Statistician 50 (1996) 361-365) by their numbers, and four more. Their names
 * are numpy's: "inverted_cdf", ..., "nearest". With n elements in ascending order, numbered from 0,
 * the quantile of probability q lies at the place
 *   INVERTED_CDF               ceil(n q) - 1: the least element up to which there are n q
 *   AVERAGED_INVERTED_CDF      the same, but n q - 1/2, between two, where n q is whole
 *   CLOSEST_OBSERVATION        n q - 1, rounded to the nearest; of two the odd one (numpy before
 *                              2.2 took the even one; the paper has it as here, numbered from 1)
 *   INTERPOLATED_INVERTED_CDF  n q - 1
 *   HAZEN                      n q - 1/2
 *   WEIBULL                    (n + 1) q - 1
 *   LINEAR                     (n - 1) q
 *   MEDIAN_UNBIASED            (n + 1/3) q - 2/3
 *   NORMAL_UNBIASED            (n + 1/4) q - 5/8
 *   LOWER, HIGHER              (n - 1) q, rounded down, up
 *   MIDPOINT                   halfway between LOWER and HIGHER
 *   NEAREST                    (n - 1) q, rounded to the nearest, of two the even one
 * computed in double, and at the first or last element where it lies beyond them. */
typedef enum trine_quantile_method {
    TRINE_INVERTED_CDF = 1,
    TRINE_AVERAGED_INVERTED_CDF = 2,
    TRINE_CLOSEST_OBSERVATION = 3,
    TRINE_INTERPOLATED_INVERTED_CDF = 4,
    TRINE_HAZEN = 5,
    TRINE_WEIBULL = 6,
    TRINE_LINEAR = 7,
    TRINE_MEDIAN_UNBIASED = 8,
    TRINE_NORMAL_UNBIASED = 9,
    TRINE_LOWER = 10,
    TRINE_HIGHER = 11,
    TRINE_MIDPOINT = 12,
    TRINE_NEAREST = 13
} trine_quantile_method;

/* One more than the last definition. */
#define TRINE_QUANTILE_METHODS 14

/* Its name, NULL when there is none; static storage. Any thread. */
TRINE_API const char *trine_quantile_method_name(trine_quantile_method method);

/* The definition of that name. ARGUMENT when there is none, or for NULL; *method is then untouched.
 * Any thread. */
TRINE_API trine_status trine_quantile_method_find(const char *name, trine_quantile_method *method);

/* quantiles[count] of x, of any type and shape, for the probabilities q[count], 0 <= q <= 1; count
 * is 1 to TRINE_QUANTILES. Between elements a <= b the quantile is a + part (b - a), where part is
 * how far its place is from that of a: the true value rounded once to a double, of 64-bit integers
 * and of any reals, so that it is never outside of the elements and ascends with q. Found by
 * counting, not by sorting: the data are read a few times and not changed.
 * NaN when an element is, or between -Inf and +Inf; the nan* forms pass NaN over. trine_quantile
 * and trine_median (q = 0.5) are LINEAR, the _by forms by any definition. Collective. EMPTY for no
 * elements (nan*: none but NaN); ARGUMENT, BUSY, MEMORY, WORKER, COLLECTIVE, MPI. */
#define TRINE_QUANTILES 64
TRINE_API trine_status trine_quantile(const trine_array *x, int count, const double q[],
                                      double quantiles[]);
TRINE_API trine_status trine_nanquantile(const trine_array *x, int count, const double q[],
                                         double quantiles[]);
TRINE_API trine_status trine_median(const trine_array *x, double *median);
TRINE_API trine_status trine_nanmedian(const trine_array *x, double *median);
TRINE_API trine_status trine_quantile_by(const trine_array *x, trine_quantile_method method,
                                         int count, const double q[], double quantiles[]);
TRINE_API trine_status trine_nanquantile_by(const trine_array *x, trine_quantile_method method,
                                            int count, const double q[], double quantiles[]);

/* The elements themselves, which a double may not hold: elements[2 i] and elements[2 i + 1], of x's
 * type, are those that the quantile of q[i] lies between, and part[i], 0 <= part < 1, how far; with
 * a part of 0 both are the quantile. Otherwise as trine_quantile_by. */
TRINE_API trine_status trine_quantile_elements(const trine_array *x, trine_quantile_method method,
                                               int count, const double q[], void *elements,
                                               double part[]);
TRINE_API trine_status trine_nanquantile_elements(const trine_array *x,
                                                  trine_quantile_method method, int count,
                                                  const double q[], void *elements, double part[]);

/* The same along an axis of x, -ndim to ndim - 1: quantiles[count][...], those of q[0] first, each
 * of the shape of x without that axis, in C order. Which rank has which, as trine_reduce_axis:
 * along the first axis all ranks have all, along another each those of its block. A line with a
 * NaN, or (nanquantile) of nothing else, gives NaN. Each line is sorted by one worker, in memory of
 * its own; along the first axis on several ranks, lines are gathered by transposing x. EMPTY for
 * lines of no elements. method as trine_quantile_by's. */
TRINE_API trine_status trine_quantile_axis(const trine_array *x, trine_quantile_method method,
                                           int count, const double q[], int axis,
                                           double quantiles[]);
TRINE_API trine_status trine_nanquantile_axis(const trine_array *x, trine_quantile_method method,
                                              int count, const double q[], int axis,
                                              double quantiles[]);

/* quantiles[count] of x with weights, an array of any type and of x's team, length and place: the
 * least element up to which the weights add up to more than 0, and to at least the share q of all.
 * The share is the quotient of the two true sums, rounded once to a double: numpy.quantile's
 * `weights` with `inverted_cdf`, but without its sums' rounding. An element that does not fit a
 * double is rounded; the _elements forms give elements of x's type.
 * NaN when an element is; the nan* forms pass these and their weights over. Reads the data once for
 * each byte of an element, and as often again for each 8 further probabilities. Collective.
 * ARGUMENT when a weight is negative, infinite or NaN, or all are 0; else as trine_quantile and
 * trine_reduce. */
TRINE_API trine_status trine_quantile_weighted(const trine_array *x, const trine_array *weights,
                                               int count, const double q[], double quantiles[]);
TRINE_API trine_status trine_nanquantile_weighted(const trine_array *x, const trine_array *weights,
                                                  int count, const double q[], double quantiles[]);
TRINE_API trine_status trine_quantile_weighted_elements(const trine_array *x,
                                                        const trine_array *weights, int count,
                                                        const double q[], void *elements);
TRINE_API trine_status trine_nanquantile_weighted_elements(const trine_array *x,
                                                           const trine_array *weights, int count,
                                                           const double q[], void *elements);

/* The k first elements of x, of any type and shape, in the order of trine_sort (smallest; NaN last)
 * or in the opposite one (largest; NaN first): values[k], of x's type, and their indices[k] in the
 * whole; either may be NULL. Of equal elements, all NaN among them, the lowest index is first, in
 * both. A NaN is given as the one NaN. The same on all ranks, for any k up to the number of
 * elements; up to TRINE_TOP the data are read once, beyond it a few times, and the call takes 48
 * bytes for each of the k. Collective. ARGUMENT for a larger k, or both NULL; BUSY, MEMORY, WORKER,
 * COLLECTIVE, MPI. */
#define TRINE_TOP 1024
TRINE_API trine_status trine_smallest(const trine_array *x, uint64_t k, void *values,
                                      uint64_t indices[]);
TRINE_API trine_status trine_largest(const trine_array *x, uint64_t k, void *values,
                                     uint64_t indices[]);

/* The monoid of that for k up to TRINE_TOP, with its param, for trine_reduce_axis and
 * trine_npy_reduce; the result is trine_indexed[k]. ARGUMENT for another k. Any thread. */
TRINE_API trine_status trine_top_monoid(trine_dtype dtype, uint64_t k, bool largest,
                                        trine_monoid *monoid, trine_top_param *param);

#ifdef __cplusplus
}
#endif
#endif
