/* judge/quantiles.h - whether quantiles are what they must be: found by counting how many elements
 * lie below, at and above each. */
#ifndef TRINE_HARNESS_JUDGE_QUANTILES_H
#define TRINE_HARNESS_JUDGE_QUANTILES_H

#include "drivers/harness/judge/exact.h"
#include "drivers/harness/judge/truth.h"

enum { MOST_QUANTILES = 64 };

/* Elements by the distinct values that were found, ascending: at[k] of value k, and in gap k those
 * below value k and above the one before, the least and greatest of which are kept. All by their
 * order: reals as order_of_real, whole numbers twice themselves, so that there is a place between
 * two. */
typedef struct ranked {
    trine_dtype dtype;
    int count;
    uint64_t n, nan, at[MOST_QUANTILES], gap[MOST_QUANTILES + 1];
    harness_int128 value[MOST_QUANTILES], least[MOST_QUANTILES + 1], greatest[MOST_QUANTILES + 1];
} ranked;

/* For elements of that type and quantiles that were found; NaN are no values. */
void ranked_begin(ranked *r, trine_dtype dtype, int count, const double found[]);
void ranked_take(ranked *r, const void *x, size_t n);
void ranked_merge(ranked *left, const ranked *right);

/* What the quantile of probability q must be, provided that it was among those found: a + part (b -
 * a), rounded once, between the elements of ranks floor(h) and floor(h) + 1, h = (n - 1) q as a
 * double. False when it was not, and so cannot be right. */
bool ranked_truth(const ranked *r, double q, truth *t);

#endif
