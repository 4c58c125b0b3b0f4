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

/* Sorts x, of any element type, in place. Takes as much memory again for the call.
 * Collective. Errors: ARGUMENT (x is NULL, has two axes, or is not DISTRIBUTED on a team of several
 * ranks), BUSY, MEMORY, WORKER, COLLECTIVE, MPI; x is unchanged by ARGUMENT and BUSY, and after any
 * other holds elements of its own, in no order, some of them perhaps twice and others not at all.
 */
TRINE_API trine_status trine_sort(trine_array *x);

/* The indices that would sort x, stable: element permutation[0] of x is the first in order. x is of
 * any element type, of one axis, and not changed. permutation: u64, of the team and length of x,
 * distributed if x is, and no memory of x's; the indices are those of the whole, from 0. Takes 16
 * bytes an element for the call. Collective. Errors: ARGUMENT (an array is NULL, both share memory,
 * or they are not DISTRIBUTED on a team of several ranks), DTYPE, LENGTH, TEAM, BUSY, MEMORY,
 * WORKER, COLLECTIVE, MPI; what permutation holds after MEMORY and those that follow it is not
 * defined. */
TRINE_API trine_status trine_argsort(const trine_array *x, trine_array *permutation);

#ifdef __cplusplus
}
#endif
#endif
