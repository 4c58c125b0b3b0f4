/* trine/list.h - the built-in reductions and scans: one line each, as lists for programs that do
 * something for each of them: the registry of kernels, the drivers with their help, the tables of
 * the documentation. X(name, what it is). The functions themselves stand in reduce.h and scan.h.
 */
#ifndef TRINE_LIST_H
#define TRINE_LIST_H

#include <trine/types.h>

/** Of one array, in three modes: trine_asum_f64(x, TRINE_EXACT, &sum), by name "asum",
 * "asum_compensated", "asum_fast". nansum, nanmean and nrm2 are of real numbers. */
#define TRINE_MODE_REDUCTIONS(X)                                                                   \
    X(sum, "sum")                                                                                  \
    X(asum, "sum of absolute values")                                                              \
    X(sumsq, "sum of squares")                                                                     \
    X(nrm2, "square root of the sum of squares, without over- or underflow on the way")            \
    X(mean, "arithmetic mean")                                                                     \
    X(nansum, "sum, NaN passed over")                                                              \
    X(nanmean, "arithmetic mean, NaN passed over")

/** Of two arrays, in three modes. */
#define TRINE_PAIRED_MODE_REDUCTIONS(X)                                                            \
    X(dot, "sum of products")                                                                      \
    X(wsum, "sum of products, the second factor a weight")                                         \
    X(wmean, "mean with weights: sum of products by the sum of weights")

/** Of one array of any type; the result is an element of that type: trine_min_f64(x, &least). */
#define TRINE_ELEMENT_REDUCTIONS(X)                                                                \
    X(min, "least element; NaN when there is one; -0 < +0")                                        \
    X(max, "greatest element; NaN when there is one; -0 < +0")                                     \
    X(absmax, "greatest absolute value (the infinity norm); NaN when there is one")                \
    X(ptp, "greatest less least element (peak to peak); NaN when there is one")                    \
    X(nanmin, "least element, NaN passed over")                                                    \
    X(nanmax, "greatest element, NaN passed over")

/** Of one array of any type; two elements of that type: trine_minmax_f64(x, result). */
#define TRINE_PAIR_REDUCTIONS(X) X(minmax, "least and greatest element; NaN when there is one")

/** Of one array of any type; an index: trine_argmin(x, &index). */
#define TRINE_INDEX_REDUCTIONS(X)                                                                  \
    X(argmin, "index of the first least element, or of the first NaN")                             \
    X(argmax, "index of the first greatest element, or of the first NaN")                          \
    X(nanargmin, "index of the first least element, NaN passed over")                              \
    X(nanargmax, "index of the first greatest element, NaN passed over")

/** Of one array of any type; two elements and their indices: trine_argminmax_f64(x, pair, index).
 */
#define TRINE_PAIR_INDEX_REDUCTIONS(X)                                                             \
    X(argminmax, "least and greatest element and the first index of each; NaN when there is one")

/** Of one array of any type; a whole number: trine_any(x, &result). */
#define TRINE_COUNT_REDUCTIONS(X)                                                                  \
    X(any, "1 when an element is not zero (NaN is not), else 0")                                   \
    X(all, "1 when no element is zero, else 0")                                                    \
    X(count_nonzero, "how many elements are not zero (NaN is not)")                                \
    X(count_nan, "how many elements are NaN")

/** Of one array of any type; a double. ddof: the divisor is n - ddof. */
#define TRINE_MOMENT_REDUCTIONS(X)                                                                 \
    X(var, "variance; ddof")                                                                       \
    X(std, "standard deviation; ddof")                                                             \
    X(skewness, "skewness: m3 / m2^1.5, the biased estimate")                                      \
    X(kurtosis, "excess kurtosis: m4 / m2^2 - 3, the biased estimate")                             \
    X(nanvar, "variance, NaN passed over; ddof")                                                   \
    X(nanstd, "standard deviation, NaN passed over; ddof")

/** Of one array of real numbers; a double: trine_logsumexp(x, &result). */
#define TRINE_REAL_REDUCTIONS(X) X(logsumexp, "log(sum(exp(x))), without overflow")

/** Of two arrays of one type; a double. */
#define TRINE_JOINT_REDUCTIONS(X)                                                                  \
    X(cov, "covariance of two arrays; ddof")                                                       \
    X(corr, "Pearson's correlation of two arrays")

/** Scans of an array of any type; the results are of that type: trine_cummin(x, out). */
#define TRINE_ELEMENT_SCANS(X)                                                                     \
    X(cummin, "least element so far; NaN from the first NaN on; -0 < +0")                          \
    X(cummax, "greatest element so far; NaN from the first NaN on; -0 < +0")                       \
    X(difference, "each element less the one before it; the first as it is")

/** Scans whose results are wider, or which have modes; trine/scan.h has their types. */
#define TRINE_WIDE_SCANS(X)                                                                        \
    X(cumsum, "sums of the elements so far, each the true one rounded once")                       \
    X(cumsum_compensated, "the same, as if in twice the precision")                                \
    X(cumsum_fast, "the same by plain additions")                                                  \
    X(cumprod, "products of the elements so far; nothing over- or underflows on the way")

#endif
