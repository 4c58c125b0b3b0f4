/* trine/scan.h - what depends on the order of the elements: scans, differences, reversal,
 * compaction.
 *
 * All are Collective over the team's ranks, which get the same status; arguments that one rank is
 * refused are refused on all (see reduce.h). The bits written depend on the elements alone, not on
 * the team. Arrays of several axes are taken in C order, but for trine_scan_axis. On several ranks
 * PRIVATE and SHARED arrays are the blocks, in rank order, of one whole that the caller cut.
 *
 * The prefix of a chunk, from which its scan goes on, is made so: of the maximal aligned subtrees
 * of all chunks before it (chunks 0 to 6 are the subtrees 0-3, 4-5 and 6) each is merged as in a
 * reduction, and these partials merge from the left, beginning with the identity. Within a chunk a
 * scan has an order of its own, the same on every instruction set.
 */
#ifndef TRINE_SCAN_H
#define TRINE_SCAN_H

#include <trine/array.h>
#include <trine/kernel.h>
#include <trine/list.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out[i] from x[0 .. i], or (exclusive) from x[0 .. i - 1]: then the first is made from the
 * monoid's identity. x of the monoid's type, out of the scanner's, alike in team, place and shape.
 * out may be x, but must not overlap it otherwise. param: the monoid's param_size bytes, NULL when
 * that is 0. A monoid that is not TRINE_ORDER_FREE over blocks that the caller cut gives bits that
 * depend on the cut, and the ledger says `reproducible = false`. When apply refuses (OVERFLOW) or a
 * worker dies in the middle of an in-place call (WORKER), out holds a mixture. Errors: ARGUMENT,
 * DTYPE, LENGTH, TEAM, BUSY, MEMORY, WORKER, COLLECTIVE, MPI, and what apply says. */
TRINE_API trine_status trine_scan(const trine_scanner *scanner, const void *param,
                                  const trine_array *x, trine_array *out, bool exclusive);

/* The same along an axis, -ndim to ndim - 1: of each line of elements along it, which is a whole of
 * its own and has the bits of an array that holds it alone. Along the first axis on several ranks
 * the lines are gathered, each whole, by transposing x and the results: twice the memory of both.
 * OVERFLOW of one line is the call's. Errors: as trine_scan. */
TRINE_API trine_status trine_scan_axis(const trine_scanner *scanner, const void *param,
                                       const trine_array *x, trine_array *out, int axis,
                                       bool exclusive);

/* The same as trine_scan by any monoid of one input whose result is one scalar: out[i] is what
 * finish makes of the prefix of i's chunk after accumulate took in the chunk's elements up to i,
 * one by one. */
TRINE_API trine_status trine_scan_monoid(const trine_monoid *monoid, const void *param,
                                         const trine_array *x, trine_array *out, bool exclusive);

/* out[i] = x[0] + ... + x[i]. Each is rounded as the sums of reduce.h in that mode: exact ones are
 * the true sums, rounded once (so they never fall where x >= 0), the others have an order that is
 * not quite that of trine_sum. f64 takes f64 and f32; f32 takes f32 (summed in double); i64 takes
 * i64, i32, i16, i8; u64 takes u64, u32, u16, u8. Integers: OVERFLOW when one of the sums does not
 * fit; out then holds a mixture. NaN from the first NaN on. A fast sum that overflows stays
 * infinite, or NaN, from there on. */
TRINE_API trine_status trine_cumsum_f64(const trine_array *x, trine_mode mode, trine_array *out);
TRINE_API trine_status trine_cumsum_f32(const trine_array *x, trine_mode mode, trine_array *out);
TRINE_API trine_status trine_cumsum_i64(const trine_array *x, trine_mode mode, trine_array *out);
TRINE_API trine_status trine_cumsum_u64(const trine_array *x, trine_mode mode, trine_array *out);

/* out[i] = x[0] ... x[i]: as trine_prod, one for each element. f64 takes f64, f32 takes f32, i64
 * and u64 what the sums take. */
TRINE_API trine_status trine_cumprod_f64(const trine_array *x, trine_array *out);
TRINE_API trine_status trine_cumprod_f32(const trine_array *x, trine_array *out);
TRINE_API trine_status trine_cumprod_i64(const trine_array *x, trine_array *out);
TRINE_API trine_status trine_cumprod_u64(const trine_array *x, trine_array *out);

/* trine_cummin(x, out), trine_cummax(x, out), trine_difference(x, out): what trine/list.h says of
 * them, x and out of one type, any. Differences of integers wrap; out[0] = x[0], as C++'s
 * std::adjacent_difference. */
#define TRINE_DECLARE_SCAN(name, text)                                                             \
    TRINE_API trine_status trine_##name(const trine_array *x, trine_array *out);
TRINE_ELEMENT_SCANS(TRINE_DECLARE_SCAN)

/* out[i] = x[n - 1 - i], x and out of one type, alike in team, place and shape. out may be x, but
 * must not overlap it otherwise; out then holds a mixture when a worker dies. Errors: as
 * trine_scan. */
TRINE_API trine_status trine_reverse(const trine_array *x, trine_array *out);

/* The elements of x that the predicate keeps, in their order, as a new array of x's place: of this
 * rank's block when it is PRIVATE or SHARED, cut anew over the ranks when it is DISTRIBUTED. *kept
 * is untouched on error. Errors: as trine_scan. */
TRINE_API trine_status trine_compact(const trine_predicate *keep, const void *param,
                                     const trine_array *x, trine_array **kept);

/* The same where mask, an array of u8 like x, is not 0. */
TRINE_API trine_status trine_compact_mask(const trine_array *x, const trine_array *mask,
                                          trine_array **kept);

#ifdef __cplusplus
}
#endif
#endif
