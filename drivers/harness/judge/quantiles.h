/* drivers/harness/judge/quantiles.h - whether quantiles are what they must be: found by counting
 * how many elements lie below, at and above each. */
#ifndef TRINE_HARNESS_JUDGE_QUANTILES_H
#define TRINE_HARNESS_JUDGE_QUANTILES_H

#include "drivers/harness/judge/exact.h"
#include "drivers/harness/judge/truth.h"

enum { MAX_QUANTILES = 64 };

/* n elements that follow each other in order, of which the first and last are kept: whole numbers,
 * or reals by order_of_real. */
typedef struct ranked_group {
    uint64_t n;
    harness_int128 least, greatest;
} ranked_group;

/* Elements by the distinct values that were found, ascending, in order_of_real. Group 2 k + 1 is of
 * those that are value k, rounded to a double; group 2 k of those below it and above the one
 * before. */
typedef struct ranked {
    trine_dtype dtype;
    int count;
    uint64_t n, nan;
    int64_t value[MAX_QUANTILES];
    ranked_group group[2 * MAX_QUANTILES + 1];
} ranked;

/* For elements of that type and quantiles that were found; NaN are no values. */
void ranked_begin(ranked *r, trine_dtype dtype, int count, const double found[]);
void ranked_take(ranked *r, const void *x, size_t n);
void ranked_merge(ranked *left, const ranked *right);

/* What the quantile of probability q must be, provided that it was among those found: a + part (b -
 * a), rounded once, between the elements of ranks floor(h) and floor(h) + 1, where h is its place
 * by the definition of that name, as a double. False when it was not, and so cannot be right. */
bool ranked_truth(const ranked *r, const char *definition, double q, truth *t);

#endif
