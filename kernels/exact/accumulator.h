/* kernels/exact/accumulator.h - a sum of doubles as one long integer, in units of 2^-1074; and a
 * wide one, in units of 2^-2162, for sums of products of doubles.
 *
 * Digits of 32 bits, lowest first, each in a signed 64-bit word: 2^30 additions fit before carries
 * must move (carry-save). 70 digits are 2240 bits: 2098 for the range of a double and 142 for the
 * sum of as many as there can be; 136 are 4352: 4210 for that of a product, and again 142. Merging
 * is integer addition, so it is associative and commutative bit for bit once normalised. Source:
 * R. M. Neal, Fast exact summation using small and large superaccumulators, arXiv:1505.05571.
 */
#ifndef TRINE_KERNELS_ACCUMULATOR_H
#define TRINE_KERNELS_ACCUMULATOR_H

#include "kernels/exact/bigint.h"

enum {
    ACCUMULATOR_DIGITS = 70,
    ACCUMULATOR_UNIT = -1074,
    WIDE_DIGITS = 136,
    /* Digits of a wide one below the lowest of the other. */
    WIDE_BELOW = 34,
    WIDE_UNIT = ACCUMULATOR_UNIT - 32 * WIDE_BELOW
};

/* What was among the elements, besides finite numbers. OTHER: anything but -0. */
enum { SEEN_ANY = 1, SEEN_OTHER = 2, SEEN_NAN = 4, SEEN_PLUS_INF = 8, SEEN_MINUS_INF = 16 };

/* additions: an upper bound of those since the last normalisation. Digits outside [low, high] are
 * zero; low > high when all are. */
typedef struct digit_span {
    uint32_t additions;
    uint16_t low, high;
} digit_span;

typedef struct accumulator {
    digit_span span;
    uint32_t seen;
    int64_t digit[ACCUMULATOR_DIGITS];
} accumulator;

typedef struct wide_accumulator {
    digit_span span;
    uint32_t seen;
    int64_t digit[WIDE_DIGITS];
} wide_accumulator;

void trine_accumulator_clear(accumulator *a);

/* The same of one that was cleared before: only what is in use. */
void trine_accumulator_reset(accumulator *a);

/* Adds value * 2^(bit - 1074). |value| < 2^(127 - bit % 32), 0 <= bit < 2100. */
void trine_accumulator_add(accumulator *a, int128 value, int bit);

void trine_accumulator_merge(accumulator *a, const accumulator *b);

/* Gives equal sums that are not negative equal bytes. */
void trine_accumulator_make_unique(accumulator *a);

void trine_accumulator_bigint(const accumulator *a, bigint *n);

/* The sum rounded to nearest-even, to a double or a float's value. */
double trine_accumulator_round(const accumulator *a, bool single);

void trine_wide_clear(wide_accumulator *a);
void trine_wide_reset(wide_accumulator *a);

/* Adds the product of two finite doubles. */
void trine_wide_add_product(wide_accumulator *a, double x, double y);

void trine_wide_merge(wide_accumulator *a, const wide_accumulator *b);
void trine_wide_merge_accumulator(wide_accumulator *a, const accumulator *b);
void trine_wide_bigint(const wide_accumulator *a, bigint *n);
double trine_wide_round(const wide_accumulator *a, bool single);

/* Whether what was seen makes the sum NaN or infinite, which *sum then is. */
bool trine_seen_special(uint32_t seen, double *sum);

/* The sum that n and seen tell. */
double trine_round_seen(const bigint *n, uint32_t seen, bool single);

#endif
