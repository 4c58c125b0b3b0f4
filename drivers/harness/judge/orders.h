/* drivers/harness/judge/orders.h - whether elements are those that they were, in the order or at
 * the places where they must be. Elements are told by a mix of their bits: a sum of 64-bit mixes is
 * that of other elements by a chance of 2^-64, and never where one element alone has changed. */
#ifndef TRINE_HARNESS_JUDGE_ORDERS_H
#define TRINE_HARNESS_JUDGE_ORDERS_H

#include <trine/trine.h>

#include "drivers/harness/judge/exact.h"

/* A mix of an element's bits and a number. */
uint64_t mix_element(const void *element, size_t item, uint64_t number);

/* Elements in their order: numbers ascend, -0 before +0, NaN last. The first and last of n, by the
 * order of elements, how often one is below that before it, and the mixes of all; nans are mixed
 * with their number among nans, too, since those of different bits stay as they were. */
typedef struct ordered {
    uint64_t n, nans, falls, mixed, nans_mixed;
    harness_int128 first, last;
} ordered;

/* Takes in n elements of that type, which follow. */
void ordered_take(ordered *o, trine_dtype dtype, const void *x, size_t n);

/* The same of n elements of each of `count` lines that lie side by side, element i of line c at
 * x[i * step + c]. */
void ordered_take_lines(ordered o[], size_t count, trine_dtype dtype, const void *x, size_t n,
                        size_t step);

/* right follows left, whose nans it was told of. */
void ordered_merge(ordered *left, const ordered *right);

/* Whether sorted is what sorting before has made. */
bool ordered_holds(const ordered *before, const ordered *sorted);

/* Of elements of this rank that stand at `first` and further of rows of so many columns, the mixes
 * with the places that they have when rows have become columns; and with their own. */
uint64_t turned_mix(const void *x, size_t item, uint64_t first, size_t n, uint64_t rows,
                    uint64_t columns);
uint64_t placed_mix(const void *x, size_t item, uint64_t first, size_t n);

#endif
