/* drivers/harness/judge/pairs.h - what reductions of two arrays must be. */
#ifndef TRINE_HARNESS_JUDGE_PAIRS_H
#define TRINE_HARNESS_JUDGE_PAIRS_H

#include "drivers/harness/judge/facts.h"

/* Of each array, and of the products: sums of those above and below 0 that are finite, how many are
 * NaN, infinite, or -0. xx, yy, xy, size: sums of the products of distances from the means, and of
 * the sizes of xy. */
typedef struct pair_facts {
    facts x, y;
    uint64_t nan, plus_inf, minus_inf, minus_zeros;
    exact_number plus, minus;
    bool central;
    long_sum xx, yy, xy, size;
} pair_facts;

/* Takes in n pairs. */
void pair_facts_begin(pair_facts *p, trine_dtype dtype);
void pair_facts_take(pair_facts *p, const void *x, const void *y, size_t n);

/* All readings of pairs in memory. */
void pair_facts_of_memory(pair_facts *p, trine_dtype dtype, const void *x, const void *y, size_t n);

/* The same of two arrays, on all ranks. Collective. */
trine_status pair_facts_of_arrays(pair_facts *p, const trine_array *x, const trine_array *y);

truth pair_truth(const char *method, trine_dtype out, double ddof, const pair_facts *p);

#endif
