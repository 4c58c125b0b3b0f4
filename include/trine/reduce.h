/* trine/reduce.h - reductions.
 *
 * All are Collective over the team's ranks, every rank gets the same bytes and the same status, and
 * the result is untouched on error. The result's bits depend on the elements alone: not on the
 * team, the number of workers, the schedule or the instruction set.
 *
 * A rank whose arguments are refused (a NULL, another dtype, an incomplete monoid) tells the other
 * ranks, and all return its status, provided that it gave at least one array: that alone names the
 * team. Without any, or when the team is at work in another thread of that rank (TRINE_E_BUSY), the
 * rank returns alone and the others wait for it, which MPI does for ever.
 *
 * Modes of sums:
 *   TRINE_EXACT        the true sum, rounded once to nearest-even; order and decomposition do not
 *                      matter. It overflows only if the true value does.
 *   TRINE_COMPENSATED  as if summed in twice the precision, in a fixed order
 *   TRINE_FAST         32 lanes in a chunk, then the binary tree over chunks
 * Integer sums are exact in every mode.
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
 * in[0] is looked at even when monoid is NULL. Errors: ARGUMENT, DTYPE, LENGTH, TEAM, BUSY, MEMORY,
 * WORKER, COLLECTIVE, MPI, and what finish says. */
TRINE_API trine_status trine_reduce(const trine_monoid *monoid, const void *param,
                                    const trine_array *const in[], void *result);

/* The sum of all elements of x; 0 for none. NaN in, or +Inf and -Inf both, gives NaN; an integer
 * sum that does not fit is TRINE_E_OVERFLOW, decided on the final value. The element types that
 * each takes: f64 takes f64 and f32 (summed in double); f32 takes f32 (rounded once more at the
 * end, but exact mode rounds the true sum to float directly); i64 takes i64, i32, i16, i8; u64
 * takes u64, u32, u16, u8. */
TRINE_API trine_status trine_sum_f64(const trine_array *x, trine_mode mode, double *sum);
TRINE_API trine_status trine_sum_f32(const trine_array *x, trine_mode mode, float *sum);
TRINE_API trine_status trine_sum_i64(const trine_array *x, trine_mode mode, int64_t *sum);
TRINE_API trine_status trine_sum_u64(const trine_array *x, trine_mode mode, uint64_t *sum);

#ifdef __cplusplus
}
#endif
#endif
