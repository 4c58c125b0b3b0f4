/* kernels/accumulator.c - adding to, merging and rounding the long integer. */
#include "kernels/accumulator.h"

#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 32, MOST_ADDITIONS = 1 << 30, LOWEST_EXPONENT = -1074 };

void accumulator_clear(accumulator *a)
{
    memset(a, 0, sizeof *a);
    a->low = ACCUMULATOR_DIGITS;
}

void accumulator_reset(accumulator *a)
{
    for (int i = a->low; i <= a->high; i++)
        a->digit[i] = 0;
    a->additions = a->seen = 0;
    a->low = ACCUMULATOR_DIGITS;
    a->high = 0;
}

/* Moves the carries up; every digit but the highest is then in [0, 2^32), and the sign of the whole
 * is that of digit `high`. */
static void normalise(accumulator *a)
{
    int64_t carry = 0;
    int i = a->low;
    for (; i < ACCUMULATOR_DIGITS - 1 && (i <= a->high || (carry != 0 && carry != -1)); i++) {
        int64_t digit = a->digit[i] + carry;
        carry = digit >> DIGIT_BITS;
        a->digit[i] = digit & 0xffffffff;
    }
    if (i < ACCUMULATOR_DIGITS)
        a->digit[i] += carry;
    a->high = (uint16_t)(i < ACCUMULATOR_DIGITS ? i : ACCUMULATOR_DIGITS - 1);
    a->additions = 1;
}

static void widen(accumulator *a, int low, int high)
{
    if (low < a->low)
        a->low = (uint16_t)low;
    if (high > a->high)
        a->high = (uint16_t)high;
}

static void count_additions(accumulator *a, uint32_t additions)
{
    a->additions += additions;
    if (a->additions >= MOST_ADDITIONS)
        normalise(a);
}

void accumulator_add(accumulator *a, int128 value, int bit)
{
    int first = bit / DIGIT_BITS;
    int128 shifted = value * ((int128)1 << bit % DIGIT_BITS);
    int last = first + 3 < ACCUMULATOR_DIGITS ? first + 3 : ACCUMULATOR_DIGITS - 1;
    for (int i = first; i < last; i++) {
        a->digit[i] += (int64_t)(shifted & 0xffffffff);
        shifted >>= DIGIT_BITS;
    }
    a->digit[last] += (int64_t)shifted;
    widen(a, first, last);
    count_additions(a, 1);
}

void accumulator_merge(accumulator *a, const accumulator *b)
{
    for (int i = b->low; i <= b->high; i++)
        a->digit[i] += b->digit[i];
    a->seen |= b->seen;
    if (b->low <= b->high)
        widen(a, b->low, b->high);
    count_additions(a, b->additions);
}

/* Room below the digits, so that the top three can always be read, and above for a carry. */
enum { BELOW = 2, MAGNITUDE = BELOW + ACCUMULATOR_DIGITS + 1 };

/* |a| as plain digits in magnitude[BELOW + low ..], with two zeros below; the number of the highest
 * that is not 0, or -1 when there is none. */
static int magnitude_of(const accumulator *a, uint32_t magnitude[MAGNITUDE], bool *negative)
{
    uint32_t *digit = magnitude + BELOW;
    int64_t carry = 0;
    for (int i = a->low; i <= a->high; i++) {
        int64_t sum = a->digit[i] + carry;
        digit[i] = (uint32_t)sum;
        carry = sum >> DIGIT_BITS;
    }
    int top = a->high + 1;
    digit[top] = (uint32_t)carry;
    digit[a->low - 1] = digit[a->low - 2] = 0;
    *negative = carry < 0;
    uint64_t one = 1;
    for (int i = a->low; *negative && i <= top; i++) {
        one += (uint32_t)~digit[i];
        digit[i] = (uint32_t)one;
        one >>= DIGIT_BITS;
    }
    while (top >= a->low && digit[top] == 0)
        top--;
    return top >= a->low ? top : -1;
}

static int bit_length(uint128 x)
{
    uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
    return high ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll(low);
}

/* The top three digits hold at least 65 bits; what lies below them only matters as "not zero". */
static double round_magnitude(const uint32_t magnitude[], int low, int top, int precision)
{
    const uint32_t *digit = magnitude + BELOW;
    uint128 window = (uint128)digit[top] << 64 | (uint128)digit[top - 1] << 32 | digit[top - 2];
    int bottom = DIGIT_BITS * (top - 2), cut = bit_length(window) - precision;
    bool sticky = false;
    for (int i = top - 3; i >= low && !sticky; i--)
        sticky = digit[i] != 0;
    uint64_t kept = (uint64_t)(window >> cut);
    uint128 rest = window - ((uint128)kept << cut), half = (uint128)1 << (cut - 1);
    kept += rest > half || (rest == half && (sticky || kept % 2));
    return ldexp((double)kept, bottom + cut + LOWEST_EXPONENT);
}

double accumulator_round(const accumulator *a, int precision)
{
    bool plus = a->seen & SEEN_PLUS_INF, minus = a->seen & SEEN_MINUS_INF;
    if (a->seen & SEEN_NAN || (plus && minus))
        return NAN;
    if (plus || minus)
        return plus ? INFINITY : -INFINITY;
    uint32_t magnitude[MAGNITUDE];
    bool negative;
    int top = a->low <= a->high ? magnitude_of(a, magnitude, &negative) : -1;
    if (top < 0)
        return (a->seen & (SEEN_ANY | SEEN_OTHER)) == SEEN_ANY ? -0.0 : 0.0;
    double rounded = round_magnitude(magnitude, a->low, top, precision);
    return negative ? -rounded : rounded;
}
