/* kernels/exact/bigint.h - a long integer at the end of its reduction: sign and magnitude, from
 * which one correctly rounded number is made. The leading bits decide; all below them only matter
 * as "not zero".
 *
 * The value is +- sum of digit(i) * 2^(32 i) * 2^unit over low <= i <= top.
 */
#ifndef TRINE_KERNELS_BIGINT_H
#define TRINE_KERNELS_BIGINT_H

#include <trine/types.h>

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/* Space below the lowest digit for zeros, so that the leading digits can always be read. */
enum { DIGIT_BITS = 32, BIGINT_DIGITS = 140, BIGINT_BELOW = 4 };

/* top: the highest digit that is not 0; -1 for zero. */
typedef struct bigint {
    uint32_t digit[BIGINT_BELOW + BIGINT_DIGITS];
    int low, top, unit;
    bool negative;
} bigint;

/* The sum of word[i] * 2^(32 i) over low <= i <= high, in units of 2^unit. */
void trine_bigint_from_words(bigint *n, const int64_t word[], int low, int high, int unit);

void trine_bigint_from_integer(bigint *n, int128 value);

/* n, a / b, and the square roots of n and of a / b, rounded once to nearest-even: to a float's
 * value if `single`, which may be too large for a float, else to a double. b is not zero; what a
 * root is taken of is not negative. */
double trine_bigint_round(const bigint *n, bool single);
double trine_bigint_quotient(const bigint *a, const bigint *b, bool single);
double trine_bigint_root(const bigint *n, bool single);
double trine_bigint_quotient_root(const bigint *a, const bigint *b, bool single);

#endif
