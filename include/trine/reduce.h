/* trine/reduce.h - reductions.
 *
 * All are Collective over the team's ranks, every rank gets the same bytes and the same status, and
 * the result is untouched on error. The result's bits depend on the elements alone: not on the
 * team, the number of workers, the schedule or the instruction set.
 *
 * A rank that refuses a call (a NULL, another dtype, an incomplete reducer, short memory) tells the
 * other ranks, and all return its status, with a detail that names it. Whom it tells, the arrays
 * say; where all are NULL, or of several teams, it is the team of several ranks that this process
 * called last. A team that is at work in another thread of that rank (TRINE_E_BUSY) tells nobody:
 * the rank returns alone, and the others wait for its next call, which MPI does for ever. So they
 * do when a rank gives sound arguments of another team, since that is another call.
 *
 * Modes of sums:
 *
 *     TRINE_EXACT        the true value of the whole operation, rounded once to nearest-even;
 *                        order and decomposition do not matter. It overflows only if the true
 *                        value does.
 *     TRINE_COMPENSATED  as if computed in twice the precision, in a fixed order; nothing over- or
 *                        underflows on the way
 *     TRINE_FAST         32 lanes in a chunk, then the binary tree over chunks. Products, squares
 *                        and sums round one by one, and may over- or underflow though the result
 *                        would not (a mean of {1.7e308, 1.7e308} is inf); nrm2 alone never does
 *
 * Integers have one value in every mode, exact.
 */
#ifndef TRINE_REDUCE_H
#define TRINE_REDUCE_H

#include <trine/array.h>
#include <trine/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Runs any reducer over in[0 .. reducer->nin), arrays of one team, length, place and of the
 * reducer's types.
 *
 * param: param_size bytes, NULL when that is 0. result: result_size bytes, aligned for what they
 * are. When the arrays are blocks that the caller cut (PRIVATE or SHARED on several ranks) and the
 * reducer is not TRINE_ORDER_FREE, the ledger says `reproducible = false`. in[0] is looked at even
 * when reducer is NULL.
 *
 * Collective. Errors: ARGUMENT, DTYPE, LENGTH, TEAM, BUSY, MEMORY, WORKER, COLLECTIVE, MPI, and
 * what finish says. */
TRINE_API trine_status trine_reduce(const trine_reducer *reducer,
                                    const trine_array *const in[],
                                    const void *param,
                                    void *result);

/** A flag of a reducer for trine_reduce_axis: the call is EMPTY where one of the lines is, instead
 * of giving NaN there. */
#define TRINE_EMPTY_FAILS 4u

/** Runs any reducer along one axis, -ndim to ndim - 1 (negative ones count from behind, as
 * numpy's): each line of elements along it is a whole of its own, whose elements number from 0.
 *
 * The results have the shape of the array without that axis, in C order, result_size bytes each.
 * Along the first axis they are the columns' (trine_array_columns of them), the same on all ranks;
 * along another, those of this rank's block, trine_array_local_rows times the other axes' sizes.
 * The bits depend on the shape and the line's elements.
 *
 * A line of some elements whose result is not defined (EMPTY: none of them is a number, or fewer
 * than ddof asks for) gives NaN where the result is a real number, as numpy's do; it is the call's
 * error where the result is an index or several numbers, and wherever the reducer's flags have
 * TRINE_EMPTY_FAILS. Lines of no elements are EMPTY where the whole would be, and a line's OVERFLOW
 * is the call's.
 *
 * Collective. Errors: as trine_reduce, ARGUMENT for an axis that x has not. */
TRINE_API trine_status trine_reduce_axis(const trine_reducer *reducer,
                                         const trine_array *const in[],
                                         const void *param,
                                         int axis,
                                         void *result);

/** Sum of all elements of x; 0 of none.
 *
 * The suffix is the type of the result: f64 takes f64 and f32 (computed in double); f32 takes f32
 * (rounded once more at the end, but exact mode rounds the true value to float directly); i64 takes
 * i64, i32, i16, i8; u64 takes u64, u32, u16, u8. A NaN, or +Inf and -Inf, gives NaN. mode: see
 * above.
 *
 * Collective. Errors: those of trine_reduce; ARGUMENT for a NULL or another mode, DTYPE for another
 * type of x; OVERFLOW for an integer result that does not fit, decided on the final value. @{ */
TRINE_API trine_status trine_sum_f64(const trine_array *x, trine_mode mode, double *result);
TRINE_API trine_status trine_sum_f32(const trine_array *x, trine_mode mode, float *result);
TRINE_API trine_status trine_sum_i64(const trine_array *x, trine_mode mode, int64_t *result);
TRINE_API trine_status trine_sum_u64(const trine_array *x, trine_mode mode, uint64_t *result);
/** @} */

/** Sum of the absolute values of x; 0 of none.
 *
 * Collective; mode, suffixes, NaN and errors: as trine_sum_f64. @{ */
TRINE_API trine_status trine_asum_f64(const trine_array *x, trine_mode mode, double *result);
TRINE_API trine_status trine_asum_f32(const trine_array *x, trine_mode mode, float *result);
TRINE_API trine_status trine_asum_i64(const trine_array *x, trine_mode mode, int64_t *result);
TRINE_API trine_status trine_asum_u64(const trine_array *x, trine_mode mode, uint64_t *result);
/** @} */

/** Sum of the squares of x; 0 of none.
 *
 * Collective; mode, suffixes, NaN and errors: as trine_sum_f64. @{ */
TRINE_API trine_status trine_sumsq_f64(const trine_array *x, trine_mode mode, double *result);
TRINE_API trine_status trine_sumsq_f32(const trine_array *x, trine_mode mode, float *result);
TRINE_API trine_status trine_sumsq_i64(const trine_array *x, trine_mode mode, int64_t *result);
TRINE_API trine_status trine_sumsq_u64(const trine_array *x, trine_mode mode, uint64_t *result);
/** @} */

/** Sum of the elements of x that are not NaN; 0 of none.
 *
 * Collective; mode, suffixes and errors: as trine_sum_f64. @{ */
TRINE_API trine_status trine_nansum_f64(const trine_array *x, trine_mode mode, double *result);
TRINE_API trine_status trine_nansum_f32(const trine_array *x, trine_mode mode, float *result);
/** @} */

/** Euclidean norm of x: the square root of the sum of its squares, without over- or underflow on
 * the way, in any mode; 0 of no elements.
 *
 * Collective; mode, suffixes, NaN and errors: as trine_sum_f64. @{ */
TRINE_API trine_status trine_nrm2_f64(const trine_array *x, trine_mode mode, double *result);
TRINE_API trine_status trine_nrm2_f32(const trine_array *x, trine_mode mode, float *result);
/** @} */

/** Arithmetic mean of x, of any type: its sum by its number of elements.
 *
 * Integers: the true value, rounded once, in any mode. Collective; mode, NaN and errors: as
 * trine_sum_f64, and EMPTY for no elements. */
TRINE_API trine_status trine_mean_f64(const trine_array *x, trine_mode mode, double *result);

/** Arithmetic mean of the elements of x that are not NaN, of f64 or f32.
 *
 * Collective; mode and errors: as trine_sum_f64, and EMPTY for none but NaN. */
TRINE_API trine_status trine_nanmean_f64(const trine_array *x, trine_mode mode, double *result);

/** Sum of the products of x and y, element by element; 0 of none.
 *
 * x and y are of one type, length and team. 0 times Inf gives NaN. Collective; mode, suffixes, NaN
 * and errors: as trine_sum_f64, and LENGTH, TEAM. @{ */
TRINE_API trine_status trine_dot_f64(const trine_array *x,
                                     const trine_array *y,
                                     trine_mode mode,
                                     double *result);
TRINE_API trine_status trine_dot_f32(const trine_array *x,
                                     const trine_array *y,
                                     trine_mode mode,
                                     float *result);
TRINE_API trine_status trine_dot_i64(const trine_array *x,
                                     const trine_array *y,
                                     trine_mode mode,
                                     int64_t *result);
TRINE_API trine_status trine_dot_u64(const trine_array *x,
                                     const trine_array *y,
                                     trine_mode mode,
                                     uint64_t *result);
/** @} */

/** Sum of x with the weights y: that of the products, as trine_dot_f64; 0 of none.
 *
 * x and y are of one type, length and team; _f64 takes any two types: of two different ones, and of
 * integers, the value is the true one, rounded once, in any mode. Collective; mode, suffixes, NaN
 * and errors: as trine_dot_f64. @{ */
TRINE_API trine_status trine_wsum_f64(const trine_array *x,
                                      const trine_array *y,
                                      trine_mode mode,
                                      double *result);
TRINE_API trine_status trine_wsum_f32(const trine_array *x,
                                      const trine_array *y,
                                      trine_mode mode,
                                      float *result);
TRINE_API trine_status trine_wsum_i64(const trine_array *x,
                                      const trine_array *y,
                                      trine_mode mode,
                                      int64_t *result);
TRINE_API trine_status trine_wsum_u64(const trine_array *x,
                                      const trine_array *y,
                                      trine_mode mode,
                                      uint64_t *result);
/** @} */

/** Mean of x with the weights y: the sum of their products by the sum of y.
 *
 * Where the weights add up to 0, what IEEE 754 says of the quotient. x and y are of any two types:
 * of two different ones, and of integers, the value is the true one, rounded once, in any mode.
 * Collective; mode, NaN and errors: as trine_dot_f64, and EMPTY for no elements. */
TRINE_API trine_status trine_wmean_f64(const trine_array *x,
                                       const trine_array *y,
                                       trine_mode mode,
                                       double *result);

/** Makes the reducer and param of trine_wsum_f64 or, where `mean`, of trine_wmean_f64, for
 * trine_reduce and trine_reduce_axis: exact.
 *
 * They are of x, in[0], of type dtype and weights, in[1], of type weights. `*reducer`, which is
 * {TRINE_INIT(trine_reducer)}, and `*param` are untouched on error. Any thread. Errors: ARGUMENT (a
 * NULL, a dtype that is none, a reducer of another size), DTYPE (weights of none). */
TRINE_API trine_status trine_weighted_reducer(trine_dtype dtype,
                                              trine_dtype weights,
                                              bool mean,
                                              trine_reducer *reducer,
                                              trine_weighted_param *param);

/** Least element of x; NaN when there is one; -0 is less than +0.
 *
 * x is of the suffix's type; so is the result. Collective. Errors: those of trine_reduce; ARGUMENT
 * for a NULL, DTYPE for another type of x; EMPTY for no elements. @{ */
TRINE_API trine_status trine_min_f64(const trine_array *x, double *result);
TRINE_API trine_status trine_min_f32(const trine_array *x, float *result);
TRINE_API trine_status trine_min_i64(const trine_array *x, int64_t *result);
TRINE_API trine_status trine_min_i32(const trine_array *x, int32_t *result);
TRINE_API trine_status trine_min_u64(const trine_array *x, uint64_t *result);
TRINE_API trine_status trine_min_u32(const trine_array *x, uint32_t *result);
TRINE_API trine_status trine_min_i16(const trine_array *x, int16_t *result);
TRINE_API trine_status trine_min_u16(const trine_array *x, uint16_t *result);
TRINE_API trine_status trine_min_i8(const trine_array *x, int8_t *result);
TRINE_API trine_status trine_min_u8(const trine_array *x, uint8_t *result);
/** @} */

/** Greatest element of x; NaN when there is one; -0 is less than +0.
 *
 * x is of the suffix's type; so is the result. Collective. Errors: those of trine_reduce; ARGUMENT
 * for a NULL, DTYPE for another type of x; EMPTY for no elements. @{ */
TRINE_API trine_status trine_max_f64(const trine_array *x, double *result);
TRINE_API trine_status trine_max_f32(const trine_array *x, float *result);
TRINE_API trine_status trine_max_i64(const trine_array *x, int64_t *result);
TRINE_API trine_status trine_max_i32(const trine_array *x, int32_t *result);
TRINE_API trine_status trine_max_u64(const trine_array *x, uint64_t *result);
TRINE_API trine_status trine_max_u32(const trine_array *x, uint32_t *result);
TRINE_API trine_status trine_max_i16(const trine_array *x, int16_t *result);
TRINE_API trine_status trine_max_u16(const trine_array *x, uint16_t *result);
TRINE_API trine_status trine_max_i8(const trine_array *x, int8_t *result);
TRINE_API trine_status trine_max_u8(const trine_array *x, uint8_t *result);
/** @} */

/** Greatest absolute value of x (the infinity norm); NaN when there is one.
 *
 * x is of the suffix's type; so is the result. Collective. Errors: those of trine_reduce; ARGUMENT
 * for a NULL, DTYPE for another type of x; EMPTY for no elements; OVERFLOW where it is that of the
 * least integer of its type. @{ */
TRINE_API trine_status trine_absmax_f64(const trine_array *x, double *result);
TRINE_API trine_status trine_absmax_f32(const trine_array *x, float *result);
TRINE_API trine_status trine_absmax_i64(const trine_array *x, int64_t *result);
TRINE_API trine_status trine_absmax_i32(const trine_array *x, int32_t *result);
TRINE_API trine_status trine_absmax_u64(const trine_array *x, uint64_t *result);
TRINE_API trine_status trine_absmax_u32(const trine_array *x, uint32_t *result);
TRINE_API trine_status trine_absmax_i16(const trine_array *x, int16_t *result);
TRINE_API trine_status trine_absmax_u16(const trine_array *x, uint16_t *result);
TRINE_API trine_status trine_absmax_i8(const trine_array *x, int8_t *result);
TRINE_API trine_status trine_absmax_u8(const trine_array *x, uint8_t *result);
/** @} */

/** Greatest less least element of x (peak to peak); NaN when there is one.
 *
 * x is of the suffix's type; so is the result. Collective. Errors: those of trine_reduce; ARGUMENT
 * for a NULL, DTYPE for another type of x; EMPTY for no elements; OVERFLOW where an integer result
 * does not fit. @{ */
TRINE_API trine_status trine_ptp_f64(const trine_array *x, double *result);
TRINE_API trine_status trine_ptp_f32(const trine_array *x, float *result);
TRINE_API trine_status trine_ptp_i64(const trine_array *x, int64_t *result);
TRINE_API trine_status trine_ptp_i32(const trine_array *x, int32_t *result);
TRINE_API trine_status trine_ptp_u64(const trine_array *x, uint64_t *result);
TRINE_API trine_status trine_ptp_u32(const trine_array *x, uint32_t *result);
TRINE_API trine_status trine_ptp_i16(const trine_array *x, int16_t *result);
TRINE_API trine_status trine_ptp_u16(const trine_array *x, uint16_t *result);
TRINE_API trine_status trine_ptp_i8(const trine_array *x, int8_t *result);
TRINE_API trine_status trine_ptp_u8(const trine_array *x, uint8_t *result);
/** @} */

/** Least element of x, NaN passed over; -0 is less than +0.
 *
 * x is of the suffix's type; so is the result. Collective. Errors: those of trine_reduce; ARGUMENT
 * for a NULL, DTYPE for another type of x; EMPTY for none but NaN. @{ */
TRINE_API trine_status trine_nanmin_f64(const trine_array *x, double *result);
TRINE_API trine_status trine_nanmin_f32(const trine_array *x, float *result);
TRINE_API trine_status trine_nanmin_i64(const trine_array *x, int64_t *result);
TRINE_API trine_status trine_nanmin_i32(const trine_array *x, int32_t *result);
TRINE_API trine_status trine_nanmin_u64(const trine_array *x, uint64_t *result);
TRINE_API trine_status trine_nanmin_u32(const trine_array *x, uint32_t *result);
TRINE_API trine_status trine_nanmin_i16(const trine_array *x, int16_t *result);
TRINE_API trine_status trine_nanmin_u16(const trine_array *x, uint16_t *result);
TRINE_API trine_status trine_nanmin_i8(const trine_array *x, int8_t *result);
TRINE_API trine_status trine_nanmin_u8(const trine_array *x, uint8_t *result);
/** @} */

/** Greatest element of x, NaN passed over; -0 is less than +0.
 *
 * x is of the suffix's type; so is the result. Collective. Errors: those of trine_reduce; ARGUMENT
 * for a NULL, DTYPE for another type of x; EMPTY for none but NaN. @{ */
TRINE_API trine_status trine_nanmax_f64(const trine_array *x, double *result);
TRINE_API trine_status trine_nanmax_f32(const trine_array *x, float *result);
TRINE_API trine_status trine_nanmax_i64(const trine_array *x, int64_t *result);
TRINE_API trine_status trine_nanmax_i32(const trine_array *x, int32_t *result);
TRINE_API trine_status trine_nanmax_u64(const trine_array *x, uint64_t *result);
TRINE_API trine_status trine_nanmax_u32(const trine_array *x, uint32_t *result);
TRINE_API trine_status trine_nanmax_i16(const trine_array *x, int16_t *result);
TRINE_API trine_status trine_nanmax_u16(const trine_array *x, uint16_t *result);
TRINE_API trine_status trine_nanmax_i8(const trine_array *x, int8_t *result);
TRINE_API trine_status trine_nanmax_u8(const trine_array *x, uint8_t *result);
/** @} */

/** Least and greatest element of x in one reading; NaN, both, when there is one.
 *
 * x is of the suffix's type. result[0] is the least, result[1] the greatest. Collective. Errors: as
 * trine_min_f64. @{ */
TRINE_API trine_status trine_minmax_f64(const trine_array *x, double *result);
TRINE_API trine_status trine_minmax_f32(const trine_array *x, float *result);
TRINE_API trine_status trine_minmax_i64(const trine_array *x, int64_t *result);
TRINE_API trine_status trine_minmax_i32(const trine_array *x, int32_t *result);
TRINE_API trine_status trine_minmax_u64(const trine_array *x, uint64_t *result);
TRINE_API trine_status trine_minmax_u32(const trine_array *x, uint32_t *result);
TRINE_API trine_status trine_minmax_i16(const trine_array *x, int16_t *result);
TRINE_API trine_status trine_minmax_u16(const trine_array *x, uint16_t *result);
TRINE_API trine_status trine_minmax_i8(const trine_array *x, int8_t *result);
TRINE_API trine_status trine_minmax_u8(const trine_array *x, uint8_t *result);
/** @} */

/** Least and greatest element of x and the first index of each, in one reading.
 *
 * x is of the suffix's type. pair and index are of two, for the least and the greatest; the indices
 * are those that trine_argmin and trine_argmax give. Collective. Errors: as trine_min_f64. @{ */
TRINE_API trine_status trine_argminmax_f64(const trine_array *x, double pair[2], int64_t index[2]);
TRINE_API trine_status trine_argminmax_f32(const trine_array *x, float pair[2], int64_t index[2]);
TRINE_API trine_status trine_argminmax_i64(const trine_array *x, int64_t pair[2], int64_t index[2]);
TRINE_API trine_status trine_argminmax_i32(const trine_array *x, int32_t pair[2], int64_t index[2]);
TRINE_API trine_status trine_argminmax_u64(const trine_array *x,
                                           uint64_t pair[2],
                                           int64_t index[2]);
TRINE_API trine_status trine_argminmax_u32(const trine_array *x,
                                           uint32_t pair[2],
                                           int64_t index[2]);
TRINE_API trine_status trine_argminmax_i16(const trine_array *x, int16_t pair[2], int64_t index[2]);
TRINE_API trine_status trine_argminmax_u16(const trine_array *x,
                                           uint16_t pair[2],
                                           int64_t index[2]);
TRINE_API trine_status trine_argminmax_i8(const trine_array *x, int8_t pair[2], int64_t index[2]);
TRINE_API trine_status trine_argminmax_u8(const trine_array *x, uint8_t pair[2], int64_t index[2]);
/** @} */

/** Index of the first least element of x, or of the first NaN.
 *
 * x is of any type. The index is that in the whole. Collective. Errors: those of trine_reduce;
 * ARGUMENT for a NULL; EMPTY for no elements. */
TRINE_API trine_status trine_argmin(const trine_array *x, int64_t *result);

/** Index of the first greatest element of x, or of the first NaN.
 *
 * x is of any type. The index is that in the whole. Collective. Errors: those of trine_reduce;
 * ARGUMENT for a NULL; EMPTY for no elements. */
TRINE_API trine_status trine_argmax(const trine_array *x, int64_t *result);

/** Index of the first least element of x, NaN passed over.
 *
 * x is of any type. The index is that in the whole. Collective. Errors: those of trine_reduce;
 * ARGUMENT for a NULL; EMPTY for none but NaN. */
TRINE_API trine_status trine_nanargmin(const trine_array *x, int64_t *result);

/** Index of the first greatest element of x, NaN passed over.
 *
 * x is of any type. The index is that in the whole. Collective. Errors: those of trine_reduce;
 * ARGUMENT for a NULL; EMPTY for none but NaN. */
TRINE_API trine_status trine_nanargmax(const trine_array *x, int64_t *result);

/** 1 when an element of x is not zero (NaN is not), else 0; 0 for no elements.
 *
 * x is of any type. Collective. Errors: those of trine_reduce; ARGUMENT for a NULL. */
TRINE_API trine_status trine_any(const trine_array *x, int64_t *result);

/** 1 when no element of x is zero (NaN is not), else 0; 1 for no elements.
 *
 * x is of any type. Collective. Errors: those of trine_reduce; ARGUMENT for a NULL. */
TRINE_API trine_status trine_all(const trine_array *x, int64_t *result);

/** How many elements of x are not zero (NaN is not).
 *
 * x is of any type. Collective. Errors: those of trine_reduce; ARGUMENT for a NULL. */
TRINE_API trine_status trine_count_nonzero(const trine_array *x, int64_t *result);

/** How many elements of x are NaN.
 *
 * x is of any type. Collective. Errors: those of trine_reduce; ARGUMENT for a NULL. */
TRINE_API trine_status trine_count_nan(const trine_array *x, int64_t *result);

/** How many elements of x there are with low <= x <= high.
 *
 * x is of the suffix's type; NaN is not counted. Collective. Errors: those of trine_reduce;
 * ARGUMENT for a NULL, DTYPE for another type of x. @{ */
TRINE_API trine_status trine_count_between_f64(const trine_array *x,
                                               double low,
                                               double high,
                                               int64_t *count);
TRINE_API trine_status trine_count_between_f32(const trine_array *x,
                                               float low,
                                               float high,
                                               int64_t *count);
TRINE_API trine_status trine_count_between_i64(const trine_array *x,
                                               int64_t low,
                                               int64_t high,
                                               int64_t *count);
TRINE_API trine_status trine_count_between_i32(const trine_array *x,
                                               int32_t low,
                                               int32_t high,
                                               int64_t *count);
TRINE_API trine_status trine_count_between_u64(const trine_array *x,
                                               uint64_t low,
                                               uint64_t high,
                                               int64_t *count);
TRINE_API trine_status trine_count_between_u32(const trine_array *x,
                                               uint32_t low,
                                               uint32_t high,
                                               int64_t *count);
TRINE_API trine_status trine_count_between_i16(const trine_array *x,
                                               int16_t low,
                                               int16_t high,
                                               int64_t *count);
TRINE_API trine_status trine_count_between_u16(const trine_array *x,
                                               uint16_t low,
                                               uint16_t high,
                                               int64_t *count);
TRINE_API trine_status trine_count_between_i8(const trine_array *x,
                                              int8_t low,
                                              int8_t high,
                                              int64_t *count);
TRINE_API trine_status trine_count_between_u8(const trine_array *x,
                                              uint8_t low,
                                              uint8_t high,
                                              int64_t *count);
/** @} */

/** Product of all elements of x; 1 of none.
 *
 * Reals: nothing over- or underflows on the way. The suffix is the type of the result: f64 takes
 * f64, f32 takes f32, i64 and u64 take what the sums take. Collective. Errors: those of
 * trine_reduce; ARGUMENT for a NULL, DTYPE for another type of x; OVERFLOW when the true product of
 * integers does not fit. @{ */
TRINE_API trine_status trine_prod_f64(const trine_array *x, double *product);
TRINE_API trine_status trine_prod_f32(const trine_array *x, float *product);
TRINE_API trine_status trine_prod_i64(const trine_array *x, int64_t *product);
TRINE_API trine_status trine_prod_u64(const trine_array *x, uint64_t *product);
/** @} */

/** Variance of x, of any type; the divisor is n - ddof.
 *
 * Reals: off by some units in the last place, however far the mean lies from 0; infinite or 0 only
 * where the true value is beyond a double's range; NaN where an element is NaN or infinite.
 * Integers: the true value, rounded once. Means are merged as in Chan, Golub and LeVeque
 * (Algorithms for computing the sample variance, 1983), in twice the precision.
 *
 * Collective. Errors: those of trine_reduce; ARGUMENT for a NULL or ddof below 0; EMPTY when n -
 * ddof is not above 0. */
TRINE_API trine_status trine_var(const trine_array *x, double ddof, double *result);

/** Standard deviation of x: the root of trine_var.
 *
 * Collective; otherwise as trine_var. */
TRINE_API trine_status trine_std(const trine_array *x, double ddof, double *result);

/** Skewness of x: m3 / m2^1.5, the biased estimate; NaN where all elements are alike.
 *
 * ddof is to be 0. Collective; otherwise as trine_var. */
TRINE_API trine_status trine_skewness(const trine_array *x, double ddof, double *result);

/** Excess kurtosis of x: m4 / m2^2 - 3, the biased estimate; NaN where all elements are alike.
 *
 * ddof is to be 0. Collective; otherwise as trine_var. */
TRINE_API trine_status trine_kurtosis(const trine_array *x, double ddof, double *result);

/** Variance of the elements of x that are not NaN; the divisor is their number less ddof.
 *
 * Collective; otherwise as trine_var. */
TRINE_API trine_status trine_nanvar(const trine_array *x, double ddof, double *result);

/** Standard deviation of the elements of x that are not NaN: the root of trine_nanvar.
 *
 * Collective; otherwise as trine_var. */
TRINE_API trine_status trine_nanstd(const trine_array *x, double ddof, double *result);

/** The true variance of x, rounded once: order, decomposition and cancellation do not matter.
 *
 * x is of any type; ddof is a whole number. NaN when an element is NaN or infinite. Collective.
 * Errors: as trine_var, ARGUMENT for a ddof that is not whole. */
TRINE_API trine_status trine_var_exact(const trine_array *x, double ddof, double *result);

/** log(sum(exp(x))), without overflow; x of f64 or f32, computed in double.
 *
 * -Inf when all elements are. Collective. Errors: those of trine_reduce; ARGUMENT for a NULL, DTYPE
 * for integers, EMPTY for no elements, ABSENT in a library that was built without SLEEF. */
TRINE_API trine_status trine_logsumexp(const trine_array *x, double *result);

/** Number, mean, variance, deviation, skewness, kurtosis and range of all elements of x that are
 * numbers, in one reading.
 *
 * x is of any type. Integers: each rounded once, and the range unrounded too. Of no numbers the
 * doubles are NaN. Collective. Errors: those of trine_reduce; ARGUMENT for a NULL. */
TRINE_API trine_status trine_describe(const trine_array *x, trine_description *description);

/** Covariance of x and y, of one type, any; the divisor is n - ddof.
 *
 * Collective; otherwise as trine_var, and DTYPE, LENGTH, TEAM where x and y do not match. */
TRINE_API trine_status trine_cov(const trine_array *x,
                                 const trine_array *y,
                                 double ddof,
                                 double *result);

/** Pearson's correlation of x and y, of one type, any; NaN where the elements of x or of y are
 * alike.
 *
 * ddof is to be 0. Collective; otherwise as trine_cov. */
TRINE_API trine_status trine_corr(const trine_array *x,
                                  const trine_array *y,
                                  double ddof,
                                  double *result);

/** Bins that a histogram may have. */
#define TRINE_HISTOGRAM_BINS 1048576

/** How many elements of x lie in each of `bins` bins of one width from low to high.
 *
 * counts[bins + 3]: those of the bins, then how many lie below low, above high, and how many are
 * NaN. Bins are half open, [edge, next edge), the last one closed. The edges are those of
 * numpy.linspace: edge[i] = low + i step with step = (high - low) / bins (low + (i / bins) (high -
 * low) where step is 0), at most high, and high the last; each operation rounds, and none
 * overflows, as if exponents had no limit. Where edges coincide, the bin between them is empty,
 * unless it is the last. x is of any type; elements count as the doubles that they convert to.
 *
 * Collective. Errors: those of trine_reduce; ARGUMENT unless low < high, both finite, and 1 <= bins
 * <= TRINE_HISTOGRAM_BINS, or for a NULL. */
TRINE_API trine_status
trine_histogram(const trine_array *x, int64_t bins, double low, double high, int64_t counts[]);

/** Counts as trine_histogram does, in bins of any width: edges[bins + 1], ascending, none of them
 * NaN.
 *
 * Collective. Errors: those of trine_reduce; ARGUMENT for other edges or bins, or a NULL. */
TRINE_API trine_status trine_histogram_edges(const trine_array *x,
                                             int64_t bins,
                                             const double edges[],
                                             int64_t counts[]);

/** Sums the weights of the elements of x in each bin of trine_histogram.
 *
 * sums[bins + 3], where each element counts as its weight; weights is an array of any type, of x's
 * team, length and place. Each sum is the true one, rounded once to a double; of NaN, or of +Inf
 * and -Inf, NaN. Takes 576 bytes a bin and worker. Collective. Errors: those of trine_histogram. */
TRINE_API trine_status trine_histogram_weighted(const trine_array *x,
                                                const trine_array *weights,
                                                int64_t bins,
                                                double low,
                                                double high,
                                                double sums[]);

/** Sums weights as trine_histogram_weighted does, in the bins of trine_histogram_edges. Collective.
 * Errors: those of trine_histogram_edges. */
TRINE_API trine_status trine_histogram_edges_weighted(const trine_array *x,
                                                      const trine_array *weights,
                                                      int64_t bins,
                                                      const double edges[],
                                                      double sums[]);

/** Makes the reducer and param of trine_histogram_edges, for trine_reduce, trine_reduce_axis and
 * trine_npy_reduce.
 *
 * *reducer is {TRINE_INIT(trine_reducer)}; param is malloc'ed and the caller's to free. Both are
 * untouched on error. Any thread. Errors: ARGUMENT (a NULL, no dtype, other edges or bins, a
 * reducer of another size), MEMORY. */
TRINE_API trine_status trine_histogram_reducer(trine_dtype dtype,
                                               int64_t bins,
                                               const double edges[],
                                               trine_reducer *reducer,
                                               void **param);

/** Makes the reducer and param of trine_histogram_edges_weighted, for trine_reduce and
 * trine_reduce_axis; weights: the type of in[1], DTYPE for none. Otherwise as
 * trine_histogram_reducer. */
TRINE_API trine_status trine_histogram_weighted_reducer(trine_dtype dtype,
                                                        trine_dtype weights,
                                                        int64_t bins,
                                                        const double edges[],
                                                        trine_reducer *reducer,
                                                        void **param);

/** Definitions of sample quantiles.
 *
 * They are the nine of Hyndman and Fan (Sample quantiles in statistical packages, American
 * Statistician 50 (1996) 361-365) by their numbers, and four more; their names are numpy's:
 * "inverted_cdf", ..., "nearest". With n elements in ascending order, numbered from 0, the quantile
 * of probability q lies at the place that each tells, computed in double, and at the first or last
 * element where that lies beyond them. */
typedef enum trine_quantile_method {
    /** ceil(n q) - 1: the least element up to which there are n q. */
    TRINE_INVERTED_CDF = 1,
    /** The same, but n q - 1/2, between two, where n q is whole. */
    TRINE_AVERAGED_INVERTED_CDF = 2,
    /** n q - 1, rounded to the nearest; of two the odd one (numpy before 2.2 took the even one; the
     * paper has it as here, numbered from 1). */
    TRINE_CLOSEST_OBSERVATION = 3,
    /** n q - 1. */
    TRINE_INTERPOLATED_INVERTED_CDF = 4,
    /** n q - 1/2. */
    TRINE_HAZEN = 5,
    /** (n + 1) q - 1. */
    TRINE_WEIBULL = 6,
    /** (n - 1) q. */
    TRINE_LINEAR = 7,
    /** (n + 1/3) q - 2/3. */
    TRINE_MEDIAN_UNBIASED = 8,
    /** (n + 1/4) q - 5/8. */
    TRINE_NORMAL_UNBIASED = 9,
    /** (n - 1) q, rounded down. */
    TRINE_LOWER = 10,
    /** (n - 1) q, rounded up. */
    TRINE_HIGHER = 11,
    /** Halfway between LOWER and HIGHER. */
    TRINE_MIDPOINT = 12,
    /** (n - 1) q, rounded to the nearest, of two the even one. */
    TRINE_NEAREST = 13
} trine_quantile_method;

/** One more than the last definition. */
#define TRINE_QUANTILE_METHODS 14

/** The name of a definition; NULL when there is none. Static storage; any thread. */
TRINE_API const char *trine_quantile_method_name(trine_quantile_method method);

/** Finds the definition of that name. `*method` is untouched on error. Any thread. Errors: ARGUMENT
 * when there is none, or for NULL. */
TRINE_API trine_status trine_quantile_method_find(const char *name, trine_quantile_method *method);

/** Quantiles that one call may ask for. */
#define TRINE_QUANTILES 64

/** quantiles[count] of x, of any type and shape, for the probabilities q[count], 0 <= q <= 1, by
 * the definition TRINE_LINEAR; NaN when an element is.
 *
 * count is 1 to TRINE_QUANTILES. Between elements a <= b the quantile is a + part (b - a), where
 * part is how far its place is from that of a: the true value rounded once to a double, of 64-bit
 * integers and of any reals, so that it is never outside of the elements and ascends with q. NaN
 * between -Inf and +Inf. They are found by counting, not by sorting: the data are read a few times
 * and not changed.
 *
 * Collective. Errors: EMPTY for no elements; ARGUMENT, BUSY, MEMORY, WORKER, COLLECTIVE, MPI. */
TRINE_API trine_status trine_quantile(const trine_array *x,
                                      int count,
                                      const double q[],
                                      double quantiles[]);

/** Quantiles as trine_quantile's, NaN passed over. Collective. Errors: as trine_quantile, EMPTY for
 * none but NaN. */
TRINE_API trine_status trine_nanquantile(const trine_array *x,
                                         int count,
                                         const double q[],
                                         double quantiles[]);

/** The median of x: trine_quantile for q = 0.5. Collective. Errors: as trine_quantile. */
TRINE_API trine_status trine_median(const trine_array *x, double *median);

/** The median of the elements of x that are not NaN: trine_nanquantile for q = 0.5. Collective.
 * Errors: as trine_nanquantile. */
TRINE_API trine_status trine_nanmedian(const trine_array *x, double *median);

/** Quantiles as trine_quantile's, by any definition. Collective. Errors: as trine_quantile,
 * ARGUMENT for no definition. */
TRINE_API trine_status trine_quantile_by(const trine_array *x,
                                         trine_quantile_method method,
                                         int count,
                                         const double q[],
                                         double quantiles[]);

/** Quantiles as trine_nanquantile's, by any definition. Collective. Errors: as trine_nanquantile,
 * ARGUMENT for no definition. */
TRINE_API trine_status trine_nanquantile_by(const trine_array *x,
                                            trine_quantile_method method,
                                            int count,
                                            const double q[],
                                            double quantiles[]);

/** The elements that quantiles lie between, which a double may not hold.
 *
 * elements[2 i] and elements[2 i + 1], of x's type, are those that the quantile of q[i] lies
 * between, and part[i], 0 <= part < 1, how far; with a part of 0 both are the quantile. The nan*
 * form passes NaN over. Collective. Errors: as trine_quantile_by, trine_nanquantile_by. @{ */
TRINE_API trine_status trine_quantile_elements(const trine_array *x,
                                               trine_quantile_method method,
                                               int count,
                                               const double q[],
                                               void *elements,
                                               double part[]);
TRINE_API trine_status trine_nanquantile_elements(const trine_array *x,
                                                  trine_quantile_method method,
                                                  int count,
                                                  const double q[],
                                                  void *elements,
                                                  double part[]);
/** @} */

/** Quantiles along an axis of x, -ndim to ndim - 1.
 *
 * quantiles[count][...], those of q[0] first, each of the shape of x without that axis, in C order.
 * Which rank has which, as trine_reduce_axis: along the first axis all ranks have all, along
 * another each those of its block. A line with a NaN, or (nan* form) of nothing else, gives NaN.
 * Each line is sorted by one worker, in memory of its own; along the first axis on several ranks,
 * lines are gathered by transposing x. method: as trine_quantile_by's.
 *
 * Collective. Errors: as trine_quantile_by; EMPTY for lines of no elements. @{ */
TRINE_API trine_status trine_quantile_axis(const trine_array *x,
                                           trine_quantile_method method,
                                           int count,
                                           const double q[],
                                           int axis,
                                           double quantiles[]);
TRINE_API trine_status trine_nanquantile_axis(const trine_array *x,
                                              trine_quantile_method method,
                                              int count,
                                              const double q[],
                                              int axis,
                                              double quantiles[]);
/** @} */

/** quantiles[count] of x with weights, an array of any type and of x's team, length and place.
 *
 * Each is the least element up to which the weights add up to more than 0, and to at least the
 * share q of all. The share is the quotient of the two true sums, rounded once to a double:
 * numpy.quantile's `weights` with `inverted_cdf`, but without its sums' rounding. An element that
 * does not fit a double is rounded. NaN when an element is; the nan* form passes these and their
 * weights over. Reads the data once for each byte of an element, and as often again for each 8
 * further probabilities.
 *
 * Collective. Errors: as trine_quantile and trine_reduce; ARGUMENT when a weight is negative,
 * infinite or NaN, or all are 0. @{ */
TRINE_API trine_status trine_quantile_weighted(const trine_array *x,
                                               const trine_array *weights,
                                               int count,
                                               const double q[],
                                               double quantiles[]);
TRINE_API trine_status trine_nanquantile_weighted(const trine_array *x,
                                                  const trine_array *weights,
                                                  int count,
                                                  const double q[],
                                                  double quantiles[]);
/** @} */

/** Quantiles with weights as trine_quantile_weighted's, as elements[count] of x's type. Collective.
 * Errors: as trine_quantile_weighted. @{ */
TRINE_API trine_status trine_quantile_weighted_elements(const trine_array *x,
                                                        const trine_array *weights,
                                                        int count,
                                                        const double q[],
                                                        void *elements);
TRINE_API trine_status trine_nanquantile_weighted_elements(const trine_array *x,
                                                           const trine_array *weights,
                                                           int count,
                                                           const double q[],
                                                           void *elements);
/** @} */

/** A k up to which trine_smallest and trine_largest read the data once. */
#define TRINE_TOP 1024

/** The k first elements of x, of any type and shape, in the order of trine_sort (smallest; NaN
 * last) or in the opposite one (largest; NaN first).
 *
 * values[k], of x's type, and their indices[k] in the whole; either may be NULL. Of equal elements,
 * all NaN among them, the lowest index is first, in both. A NaN is given as the one NaN. The same
 * on all ranks, for any k up to the number of elements; up to TRINE_TOP the data are read once,
 * beyond it a few times, and the call takes 48 bytes for each of the k.
 *
 * Collective. Errors: ARGUMENT for a larger k, or both NULL; BUSY, MEMORY, WORKER, COLLECTIVE, MPI.
 * @{ */
TRINE_API trine_status trine_smallest(const trine_array *x,
                                      int64_t k,
                                      void *values,
                                      int64_t indices[]);
TRINE_API trine_status trine_largest(const trine_array *x,
                                     int64_t k,
                                     void *values,
                                     int64_t indices[]);
/** @} */

/** Makes the reducer and param of trine_largest, where `largest`, or trine_smallest, for
 * trine_reduce, trine_reduce_axis and trine_npy_reduce; the result is trine_indexed[k].
 *
 * k is up to TRINE_TOP; *reducer is {TRINE_INIT(trine_reducer)}. Both are untouched on error. Any
 * thread. Errors: ARGUMENT for another k, no dtype, a NULL or a reducer of another size. */
TRINE_API trine_status trine_top_reducer(trine_dtype dtype,
                                         int64_t k,
                                         bool largest,
                                         trine_reducer *reducer,
                                         trine_top_param *param);

/** Tests a reducer of one's own, on a sample: whether it keeps what kernel.h and its flags promise,
 * which trine_reduce takes on trust.
 *
 * in[i] for i < reducer->nin: n elements of reducer->in[i], in the caller's memory. Choose them
 * nasty: all that the data may hold, NaN, Inf, -0, the greatest and least, ties, in no order; three
 * chunks' worth (3 TRINE_CHUNK elements and a few) shows most. They are cut into chunks, and into
 * short ones, and the laws are tried on each chunk, on neighbours and on the whole:
 *
 *     merge(init, x) and merge(x, init) are x; init, work_init and finish write all that is theirs
 *     and nothing else; accumulate sees its chunk alone; a copy of a state is as good; equal calls
 *     give equal bits, and blocks of the canonical tree may be done in any order. TRINE_ORDER_FREE:
 *     merges in any order and grouping, chunks in any order, several into one state, cut anywhere,
 *     and flushed at any time, give the same bits. TRINE_POSITION_FREE: so do other indices.
 *
 * It takes about a hundred reductions' time on one thread, and memory for two partials a chunk. OK
 * says that no law was broken on this sample; a pointer in param, or a race, it does not see.
 *
 * Not collective; any thread. Errors: ARGUMENT for a law that was broken, with a detail that says
 * which and where ("reducer sumabs: merge(init, x) is not x: elements 0 to 15"), for an incomplete
 * reducer, a NULL, an in[i] of no type, or n < 0; MEMORY. */
TRINE_API trine_status trine_reducer_test(const trine_reducer *reducer,
                                          const void *const in[],
                                          int64_t n,
                                          const void *param);

#ifdef __cplusplus
}
#endif
#endif
