/* core/sort/sort_lines.h - sorting lines of elements, each by one worker. */
#ifndef TRINE_CORE_SORT_LINES_H
#define TRINE_CORE_SORT_LINES_H

#include "core/array/array.h"

/* trine_sort_axis and trine_argsort_axis after their arguments were checked, along an axis from 0
 * to ndim - 1. Collective. */
trine_status trine_sort_lines(trine_array *x, int axis);
trine_status trine_argsort_lines(const trine_array *x, trine_array *permutation, int axis);

/* Sorts one line of n elements into out, which may be x. scratch: trine_line_scratch bytes. Returns
 * how many elements are no NaN: they come first. */
uint64_t trine_line_sort(trine_dtype dtype, const void *x, uint64_t n, void *out, void *scratch);
size_t trine_line_scratch(trine_dtype dtype, uint64_t n);

#endif
