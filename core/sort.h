/* core/sort.h - sorting the elements that one rank holds, with its workers. */
#ifndef TRINE_CORE_SORT_H
#define TRINE_CORE_SORT_H

#include "core/array.h"

/* What is sorted, n elements at x, and what becomes of them: with `pairs` or `indices` their keys
 * and places, the first element's being `first`, or the places alone; else the elements at
 * `elements`, which may be x. executor: its workers address all of them. */
typedef struct trine_sorting {
    trine_executor *executor;
    trine_dtype dtype;
    const void *x;
    uint64_t n, first;
    void *elements;
    uint64_t *indices;
} trine_sorting;

/* Inside a call that has begun. Not collective. */
trine_status trine_sort_local(trine_team *team, const trine_sorting *sorting);

#endif
