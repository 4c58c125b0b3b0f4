/* core/sort/sort.h - sorting from the inside: one rank's elements, several sorted pieces, all
 * ranks'.
 *
 * Elements are of the dtype, or pairs of a key and an index (struct trine_pair of
 * kernels/sort/radix.h).
 */
#ifndef TRINE_CORE_SORT_H
#define TRINE_CORE_SORT_H

#include "core/array/array.h"

/* What is sorted and what becomes of it: n elements at x, the first one's index being `offset`. One
 * of the outputs is not NULL unless n is 0: the elements in order (may be x), their indices, or
 * their pairs. by_index: it is one of the latter two. executor: its workers address all of them. */
typedef struct trine_sorting {
    trine_executor *executor;
    trine_dtype dtype;
    const void *x;
    uint64_t n, offset;
    bool by_index;
    void *elements;
    uint64_t *indices;
    struct trine_pair *pairs;
} trine_sorting;

/* n elements in order; pairs where they are by index. */
typedef struct trine_sorted {
    const void *data;
    uint64_t n;
    trine_dtype dtype;
    bool pairs;
} trine_sorted;

/* Bytes of an element, or of a pair. */
size_t trine_sorted_item(const trine_sorted *sorted);

/* How many come before every element with that key. */
uint64_t trine_sorted_below(const trine_sorted *sorted, uint64_t key);

/* All of these are for a call that has begun; only the last is Collective. */

/* Sorts one rank's elements. */
trine_status trine_sort_local(trine_team *team, const trine_sorting *sorting);

/* Merges pieces that lie one after the other from `data` on, piece i from element begin[i] to
 * begin[i + 1], into the output of `sorting` (its elements or indices). Equal ones stay in order.
 */
trine_status trine_sort_merge(trine_team *team, const trine_sorting *sorting, const void *data,
                              const uint64_t begin[], size_t pieces);

/* Sorts the elements of all ranks: each holds x[0 .. n) and gets as many, from position offset on.
 * The outputs are not touched when another rank's failure, or one of memory, is known in time. */
trine_status trine_sort_ranks(trine_team *team, const trine_sorting *sorting, uint64_t call);

#endif
