/* drivers/harness/judge/bounds.h - how far a result of n elements may be from the true value: in
 * units of roundoff, times what the sizes of the terms add up to (Higham, Accuracy and Stability of
 * Numerical Algorithms, 2nd ed., sections 3.1, 4.2, 4.3). None has a constant that is not such a
 * multiple. */
#ifndef TRINE_HARNESS_JUDGE_BOUNDS_H
#define TRINE_HARNESS_JUDGE_BOUNDS_H

#include <stdint.h>

typedef enum sum_mode { MODE_EXACT, MODE_COMPENSATED, MODE_FAST, SUM_MODES } sum_mode;

/* "asum", "asum_fast" and "asum_compensated" are modes of "asum"; length: of the name alone. */
sum_mode mode_of(const char *method, int *length);

/* Half the distance from 1 to the next double. */
#define ROUNDOFF 0x1p-53L

/* What a product that underflows may be off by. */
#define UNDERFLOW_ERROR 0x1p-1075L

/* Roundings that a moment may carry, by the sum of the sizes of its terms: a power's, those of the
 * few additions before a sum becomes a pair of doubles, those of a division and a root. */
enum { MOMENT_ROUNDINGS = 32 };

/* Additions that an element goes through: a lane's, the fold of 32, the tree over chunks; fewer
 * where there are fewer elements. */
long double sum_depth(uint64_t n);

/* The same in a scan: a group's and the carries of a chunk's groups, with the prefix before. */
long double scan_depth(uint64_t n);

/* Error by the sum of sizes, of a sum whose elements go through so many additions. */
long double sum_error(sum_mode mode, long double depth);

#endif
