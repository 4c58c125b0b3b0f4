/* trine/scan.h - what depends on the order of the elements: scans, differences, reversal,
 * compaction.
 *
 * All are Collective over the team's ranks, which get the same status; arguments that one rank is
 * refused are refused on all (see reduce.h). The bits written depend on the elements alone, not on
 * the team. Arrays of several axes are taken in C order, but for trine_scan_axis. On several ranks
 * PRIVATE and SHARED arrays are the blocks, in rank order, of one whole that the caller cut.
 *
 * The exclusive prefix of a chunk, from which its scan goes on, is made so: of the maximal aligned
 * subtrees of all chunks before it (chunks 0 to 6 are the subtrees 0-3, 4-5 and 6) each is merged
 * as in a reduction, and these partials merge from the left, beginning with the identity. Within a
 * chunk a scan has an order of its own, the same on every instruction set.
 */
#ifndef TRINE_SCAN_H
#define TRINE_SCAN_H

#include <trine/array.h>
#include <trine/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Runs any scan: out[i] from x[0 .. i], or (exclusive) from x[0 .. i - 1].
 *
 * Of an exclusive one the first is made from the reducer's identity. x of the reducer's type, out
 * of the scan operator's, alike in team, place and shape. out may be x, but must not overlap it
 * otherwise. param: the reducer's param_size bytes, NULL when that is 0. A reducer that is not
 * TRINE_ORDER_FREE over blocks that the caller cut gives bits that depend on the cut, and the
 * ledger says `reproducible = false`. When apply refuses (OVERFLOW) or a worker dies in the middle
 * of an in-place call (WORKER), out holds a mixture.
 *
 * Collective. Errors: ARGUMENT, DTYPE, LENGTH, TEAM, BUSY, MEMORY, WORKER, COLLECTIVE, MPI, and
 * what apply says. */
TRINE_API trine_status trine_scan(const trine_scan_operator *op,
                                  const trine_array *x,
                                  const void *param,
                                  bool exclusive,
                                  trine_array *out);

/** Runs a scan along an axis, -ndim to ndim - 1: of each line of elements along it, which is a
 * whole of its own and has the bits of an array that holds it alone.
 *
 * Along the first axis on several ranks the lines are gathered, each whole, by transposing x and
 * the results: twice the memory of both. OVERFLOW of one line is the call's. Collective. Errors: as
 * trine_scan, ARGUMENT for an axis that x has not. */
TRINE_API trine_status trine_scan_axis(const trine_scan_operator *op,
                                       const trine_array *x,
                                       const void *param,
                                       int axis,
                                       bool exclusive,
                                       trine_array *out);

/** Scans as trine_scan does by any reducer of one input whose result is one scalar.
 *
 * out[i] is what finish makes of the exclusive prefix of i's chunk after accumulate took in the
 * chunk's elements up to i, one by one. Collective. Errors: as trine_scan. */
TRINE_API trine_status trine_scan_reducer(const trine_reducer *reducer,
                                          const trine_array *x,
                                          const void *param,
                                          bool exclusive,
                                          trine_array *out);

/** Sums of the elements so far: out[i] = x[0] + ... + x[i].
 *
 * Each is rounded as the sums of reduce.h in that mode: exact ones are the true sums, rounded once
 * (so they never fall where x >= 0), the others have an order that is not quite that of the sums.
 * The suffix is the type of out: f64 takes f64 and f32; f32 takes f32 (summed in double); i64 takes
 * i64, i32, i16, i8; u64 takes u64, u32, u16, u8. Integers: OVERFLOW when one of the sums does not
 * fit; out then holds a mixture. NaN from the first NaN on. A fast sum that overflows stays
 * infinite, or NaN, from there on. Collective. Errors: as trine_scan. @{
 */
TRINE_API trine_status trine_cumsum_f64(const trine_array *x, trine_mode mode, trine_array *out);
TRINE_API trine_status trine_cumsum_f32(const trine_array *x, trine_mode mode, trine_array *out);
TRINE_API trine_status trine_cumsum_i64(const trine_array *x, trine_mode mode, trine_array *out);
TRINE_API trine_status trine_cumsum_u64(const trine_array *x, trine_mode mode, trine_array *out);
/** @} */

/** Products of the elements so far: out[i] = x[0] ... x[i], each as trine_prod_f64 and its like
 * round it.
 *
 * The suffix is the type of out: f64 takes f64, f32 takes f32, i64 and u64 what the sums take.
 * Integers: OVERFLOW when one of the products does not fit; out then holds a mixture. Collective.
 * Errors: as trine_scan. @{ */
TRINE_API trine_status trine_cumprod_f64(const trine_array *x, trine_array *out);
TRINE_API trine_status trine_cumprod_f32(const trine_array *x, trine_array *out);
TRINE_API trine_status trine_cumprod_i64(const trine_array *x, trine_array *out);
TRINE_API trine_status trine_cumprod_u64(const trine_array *x, trine_array *out);
/** @} */

/** The least element so far; NaN from the first NaN on; -0 is less than +0.
 *
 * x and out are of one type, any. Collective. Errors: as trine_scan. */
TRINE_API trine_status trine_cummin(const trine_array *x, trine_array *out);

/** The greatest element so far; NaN from the first NaN on; -0 is less than +0.
 *
 * x and out are of one type, any. Collective. Errors: as trine_scan. */
TRINE_API trine_status trine_cummax(const trine_array *x, trine_array *out);

/** Each element less the one before it; out[0] = x[0], as C++'s adjacent_difference.
 *
 * x and out are of one type, any. Integers wrap. Collective. Errors: as trine_scan. */
TRINE_API trine_status trine_difference(const trine_array *x, trine_array *out);

/** The elements in the opposite order: out[i] = x[n - 1 - i].
 *
 * x and out are of one type, any, alike in team, place and shape. out may be x, but must not
 * overlap it otherwise; out then holds a mixture when a worker dies. Collective. Errors: as
 * trine_scan. */
TRINE_API trine_status trine_reverse(const trine_array *x, trine_array *out);

/** The elements of x that the predicate keeps, in their order, as a new array of x's place.
 *
 * It is of this rank's block when x is PRIVATE or SHARED, cut anew over the ranks when it is
 * DISTRIBUTED. param: the predicate's param_size bytes, NULL when that is 0. `*kept` is untouched
 * on error. Collective. Errors: as trine_scan. */
TRINE_API trine_status trine_compact(const trine_predicate *keep,
                                     const trine_array *x,
                                     const void *param,
                                     trine_array **kept);

/** The elements of x where mask, an array of u8 like x, is not 0; otherwise as trine_compact. */
TRINE_API trine_status trine_compact_mask(const trine_array *x,
                                          const trine_array *mask,
                                          trine_array **kept);

#ifdef __cplusplus
}
#endif
#endif
