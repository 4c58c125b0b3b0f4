/* kernels/accumulator.h - a sum of doubles as one long integer, in units of 2^-1074.
 *
 * Digits of 32 bits, lowest first, each in a signed 64-bit word: 2^30 additions fit before carries
 * must move (carry-save). 70 digits are 2240 bits: 2098 for the range of a double and 142 for the
 * sum of as many as there can be. Merging is integer addition, so it is associative and commutative
 * bit for bit once normalised. Source: R. M. Neal, Fast exact summation using small and large
 * superaccumulators, arXiv:1505.05571.
 */
#ifndef TRINE_KERNELS_ACCUMULATOR_H
#define TRINE_KERNELS_ACCUMULATOR_H

#include <trine/types.h>

enum { ACCUMULATOR_DIGITS = 70 };

/* What was among the elements, besides finite numbers. OTHER: anything but -0. */
enum { SEEN_ANY = 1, SEEN_OTHER = 2, SEEN_NAN = 4, SEEN_PLUS_INF = 8, SEEN_MINUS_INF = 16 };

/* additions: an upper bound of those since the last normalisation. Digits outside [low, high] are
 * zero; low > high when all are. */
typedef struct accumulator {
    int64_t digit[ACCUMULATOR_DIGITS];
    uint32_t additions, seen;
    uint16_t low, high;
} accumulator;

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

void accumulator_clear(accumulator *a);

/* The same of one that was cleared before: only what is in use. */
void accumulator_reset(accumulator *a);

/* Adds value * 2^(bit - 1074). |value| < 2^(127 - bit % 32), 0 <= bit < 2100. */
void accumulator_add(accumulator *a, int128 value, int bit);

void accumulator_merge(accumulator *a, const accumulator *b);

/* The sum rounded to nearest-even to `precision` bits: 53 for a double, 24 for a float. A sum of
 * either is a multiple of its least denormal, so that fewer bits are never called for. */
double accumulator_round(const accumulator *a, int precision);

#endif
