/* core/reduce/selection.h - finding the elements of given ranks by counting, without sorting.
 *
 * Life: begin (counts by the keys' first digits), find (any number of ranks), end. Order keys and
 * their order: trine_order_param of kernels/registry/params.h.
 */
#ifndef TRINE_CORE_SELECTION_H
#define TRINE_CORE_SELECTION_H

#include <trine/reduce.h>

#include "kernels/registry/params.h"

typedef struct trine_selection trine_selection;

/* An element that is looked for, by its rank in ascending order, from 0; and what was found: its
 * order key, and how many elements have a lower one and the same. */
typedef struct trine_ranked {
    uint64_t rank, key, below, equal;
} trine_ranked;

/* call: for the detail. *n: how many elements there are on all ranks, *nans of them NaN, which are
 * the last in order. A rank's failure is all ranks'. Collective. */
trine_status trine_selection_begin(const char *call, const trine_array *x, uint64_t *n,
                                   uint64_t *nans, trine_selection **selection);

/* Finds up to TRINE_ORDER_PREFIXES elements, of any ranks below n. The array is read once for each
 * 11 bits of its elements but the first, and not at all for none. Collective. */
trine_status trine_selection_find(trine_selection *selection, trine_ranked wanted[], int count);

/* NULL is allowed. */
void trine_selection_end(trine_selection *selection);

#endif
