/* trine/sort.h - sorting.
 *
 * The order is total: numbers ascend, -0 before +0, and every NaN comes last, whatever its sign and
 * payload. Elements that are equal in it (NaNs of different bits too) stay in the order of their
 * index, so the result is the same, bit for bit, from every team.
 */
#ifndef TRINE_SORT_H
#define TRINE_SORT_H

#include <trine/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Sorts x, of any element type and one axis, in place.
 *
 * The call takes as much memory again, twice as much on several ranks. Collective: what one rank
 * refuses all do, as in reduce.h. Errors: ARGUMENT (x is NULL, has several axes, or is not
 * DISTRIBUTED on a team of several ranks), BUSY, MEMORY, WORKER, COLLECTIVE, MPI. After MEMORY,
 * WORKER or MPI x is either unchanged or holds elements of its own in no order, some perhaps twice
 * and others not at all; other errors leave it unchanged. */
TRINE_API trine_status trine_sort(trine_array *x);

/** The indices that would sort x, stable: element permutation[0] of x is the first in order.
 *
 * x is of any element type and one axis, and is not changed. permutation: i64, of the team and
 * length of x, DISTRIBUTED if x is, and none of x's memory; its indices are those of the whole,
 * from 0. The call takes 16 bytes an element, 32 on several ranks. Collective, as trine_sort.
 * Errors: those of trine_sort, and DTYPE, LENGTH, TEAM. After MEMORY, WORKER or MPI what
 * permutation holds is not defined; other errors leave it untouched. */
TRINE_API trine_status trine_argsort(const trine_array *x, trine_array *permutation);

/** Sorts each line of elements along an axis of x, -ndim to ndim - 1, in place: as trine_sort sorts
 * an array that holds it alone.
 *
 * A worker sorts a line in memory of its own, four times the line's. Along the first axis on
 * several ranks, where x may have any place unless it is one line, the lines are gathered, each
 * whole, by transposing x and the result: twice its memory. Collective, and errors, as trine_sort.
 */
TRINE_API trine_status trine_sort_axis(trine_array *x, int axis);

/** For each line along an axis of x the indices within it, from 0, that would sort it, as
 * trine_argsort's.
 *
 * permutation: i64, of the shape of x. Collective, and errors, as trine_argsort. */
TRINE_API trine_status trine_argsort_axis(const trine_array *x, int axis, trine_array *permutation);

#ifdef __cplusplus
}
#endif
#endif
