/* kernels/exact/natural.h - a long integer at the end of its reduction: sign and magnitude, from
 * which one correctly rounded number is made. The leading bits decide; all below them only matter
 * as "not zero".
 *
 * The value is +- sum of digit(i) * 2^(32 i) * 2^unit over low <= i <= top.
 */
#ifndef TRINE_KERNELS_NATURAL_H
#define TRINE_KERNELS_NATURAL_H

#include <trine/types.h>

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/* Room below the lowest digit for zeros, so that the leading digits can always be read. */
enum { DIGIT_BITS = 32, NATURAL_DIGITS = 140, NATURAL_BELOW = 4 };

/* top: the highest digit that is not 0; -1 for zero. */
typedef struct natural {
    uint32_t digit[NATURAL_BELOW + NATURAL_DIGITS];
    int low, top, unit;
    bool negative;
} natural;

/* The sum of word[i] * 2^(32 i) over low <= i <= high, in units of 2^unit. */
void trine_natural_from_words(natural *n, const int64_t word[], int low, int high, int unit);

void trine_natural_from_integer(natural *n, int128 value);

/* n, a / b, and the square roots of n and of a / b, rounded once to nearest-even: to a float's
 * value if `single`, which may be too large for a float, else to a double. b is not zero; what a
 * root is taken of is not negative. */
double trine_natural_round(const natural *n, bool single);
double trine_natural_quotient(const natural *a, const natural *b, bool single);
double trine_natural_root(const natural *n, bool single);
double trine_natural_quotient_root(const natural *a, const natural *b, bool single);

#endif
