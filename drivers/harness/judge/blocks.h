/* drivers/harness/judge/blocks.h - elements of any type as numbers of one, and this rank's part of
 * an array, read by plain loops: a judge that went through trine's would not see what trine leaves
 * out. */
#ifndef TRINE_HARNESS_JUDGE_BLOCKS_H
#define TRINE_HARNESS_JUDGE_BLOCKS_H

#include <trine/trine.h>

#include "drivers/harness/judge/exact.h"

enum { BLOCK = 256 };

bool is_real(trine_dtype dtype);

/* Elements [first, first + n) of x, n <= BLOCK. Every element of every type is a long double. */
void read_reals(trine_dtype dtype, const void *x, uint64_t first, size_t n, double to[]);
void read_wholes(trine_dtype dtype, const void *x, uint64_t first, size_t n, harness_int128 to[]);
void read_numbers(trine_dtype dtype, const void *x, uint64_t first, size_t n, long double to[]);

/* Modulo two to the bits of the type. */
harness_int128 wrapped_whole(trine_dtype dtype, harness_uint128 x);

/* Numbers in the order of the elements, -0 below +0; the sign of a NaN's means nothing. */
int64_t order_of_real(double x);
double real_of_order(int64_t order);

#endif
