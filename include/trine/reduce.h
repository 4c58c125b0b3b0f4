/* trine/reduce.h - reductions.
 *
 * All are Collective over the team's ranks, every rank gets the same bytes and the same status, and
 * the result is untouched on error. The result's bits depend on the elements alone: not on the
 * team, the number of workers, the schedule or the instruction set.
 *
 * Modes of sums:
 *   TRINE_EXACT        the true value of the whole operation, rounded once to nearest-even; order
 *                      and decomposition do not matter. It overflows only if the true value does.
 *   TRINE_COMPENSATED  as if computed in twice the precision, in a fixed order
 *   TRINE_FAST         32 lanes in a chunk, then the binary tree over chunks
 * Integers have one value in every mode, exact.
 */
#ifndef TRINE_REDUCE_H
#define TRINE_REDUCE_H

#include <trine/array.h>
#include <trine/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs any monoid over in[0 .. monoid->nin), arrays of one team, length, place and of the monoid's
 * types. param: param_size bytes, NULL when that is 0. result: result_size bytes,
 * aligned for what they are. When the arrays
 * are blocks that the caller cut (PRIVATE or SHARED on several ranks) and the monoid is not
 * TRINE_ORDER_FREE, the ledger says `reproducible = false`.
 * Errors: ARGUMENT, DTYPE, LENGTH, TEAM, BUSY, MEMORY, WORKER, COLLECTIVE, and what finish says. */
TRINE_API trine_status trine_reduce(const trine_monoid *monoid, const void *param,
                                    const trine_array *const in[], void *result);

/* The typed reductions: trine_OPERATION_SUFFIX(x, mode, &result), or (x, y, mode, &result), where
 * the result is one number of the suffix's type. X(operation, suffix, result type).
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
 * Errors: those of trine_reduce. */
#define TRINE_REDUCTIONS_OF_ONE(X)                                                                 \
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

#define TRINE_REDUCTIONS_OF_TWO(X)                                                                 \
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
TRINE_REDUCTIONS_OF_ONE(TRINE_DECLARE_OF_ONE)
#undef TRINE_DECLARE_OF_ONE

#define TRINE_DECLARE_OF_TWO(operation, suffix, type)                                              \
    TRINE_API trine_status trine_##operation##_##suffix(                                           \
        const trine_array *x, const trine_array *y, trine_mode mode, type *result);
TRINE_REDUCTIONS_OF_TWO(TRINE_DECLARE_OF_TWO)
#undef TRINE_DECLARE_OF_TWO

#ifdef __cplusplus
}
#endif
#endif
