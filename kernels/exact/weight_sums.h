/* kernels/exact/weight_sums.h - exact sums of weights of any element type, one for each of many
 * slots. */
#ifndef TRINE_KERNELS_WEIGHT_SUMS_H
#define TRINE_KERNELS_WEIGHT_SUMS_H

#include "kernels/exact/accumulator.h"

/* Adds weights w[at[i]] of that type to sums[slot[i]], i < n; at NULL: w[i]. */
void trine_weights_add(accumulator sums[], const uint32_t slot[], const uint16_t at[], size_t n,
                       trine_dtype dtype, const void *w);

/* Whether w[0 .. n) are finite and none is below 0. */
bool trine_weights_may_be(trine_dtype dtype, const void *w, size_t n);

/* The sum of n of them. */
void trine_weights_total(const accumulator sums[], size_t n, accumulator *total);

/* The first i at which sums[0] + ... + sums[i], added to *before, is above 0 and at least the share
 * q of the total, as the quotient rounded once; n - 1 when there is none. *before then has what
 * lies before i, too. */
size_t trine_weights_find(const accumulator sums[], size_t n, const accumulator *total, double q,
                          accumulator *before);

#endif
