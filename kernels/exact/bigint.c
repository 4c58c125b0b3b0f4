/* kernels/exact/bigint.c - rounding, quotients and roots of long integers. */
#include "kernels/exact/bigint.h"

#include <math.h>
#include <string.h>

/* The highest digit that is not zero, -1 when there is none. */
static int highest(const bigint *n, int top)
{
    while (top >= n->low && n->digit[BIGINT_BELOW + top] == 0)
        top--;
    return top >= n->low ? top : -1;
}

void trine_bigint_from_words(bigint *n, const int64_t word[], int low, int high, int unit)
{
    uint32_t *digit = n->digit + BIGINT_BELOW;
    int64_t carry = 0;
    n->low = low;
    n->top = -1;
    n->unit = unit;
    n->negative = false;
    if (low > high)
        return;
    for (int i = low; i <= high; i++) {
        int64_t sum = word[i] + carry;
        digit[i] = (uint32_t)sum;
        carry = sum >> DIGIT_BITS;
    }
    int top = high + 1;
    digit[top] = (uint32_t)carry;
    memset(digit + low - BIGINT_BELOW, 0, BIGINT_BELOW * sizeof *digit);
    n->negative = carry < 0;
    uint64_t one = 1;
    for (int i = low; n->negative && i <= top; i++) {
        one += (uint32_t)~digit[i];
        digit[i] = (uint32_t)one;
        one >>= DIGIT_BITS;
    }
    n->top = highest(n, top);
}

void trine_bigint_from_integer(bigint *n, int128 value)
{
    int64_t word[4];
    for (int i = 0; i < 3; i++) {
        word[i] = (int64_t)(value & 0xffffffff);
        value >>= DIGIT_BITS;
    }
    word[3] = (int64_t)value;
    trine_bigint_from_words(n, word, 0, 3, 0);
}

static int bit_length(uint128 x)
{
    uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
    return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

/* The number of bits from the unit's to the highest that is not zero. */
static int bits_of(const bigint *n)
{
    return DIGIT_BITS * n->top + bit_length(n->digit[BIGINT_BELOW + n->top]);
}

/* The leading `count` bits, 97 to 127, of a number that is not zero, as an integer that counts
 * 2^*exponent; *sticky: whether anything lies below. */
static uint128 leading_bits(const bigint *n, int count, int *exponent, bool *sticky)
{
    const uint32_t *digit = n->digit + BIGINT_BELOW + n->top;
    int have = 96 + bit_length(digit[0]), more = count - have;
    uint128 lead =
        (uint128)digit[0] << 96 | (uint128)digit[-1] << 64 | (uint128)digit[-2] << 32 | digit[-3];
    uint32_t rest = digit[-4];
    *sticky = false;
    if (more >= 0) {
        lead = lead << more | (uint64_t)rest >> (DIGIT_BITS - more);
        rest = (uint32_t)((uint64_t)rest << more);
    } else {
        *sticky = (lead & (((uint128)1 << -more) - 1)) != 0;
        lead >>= -more;
    }
    *sticky = *sticky || rest != 0;
    for (int i = n->top - 5; i >= n->low && !*sticky; i--)
        *sticky = n->digit[BIGINT_BELOW + i] != 0;
    *exponent = n->unit + bits_of(n) - count;
    return lead;
}

/* value * 2^exponent, and a little more if `sticky`, rounded; value < 2^127, and at least 2^54 if
 * `sticky`. */
static double round_bits(uint128 value, int exponent, bool sticky, bool single)
{
    int precision = single ? 24 : 53, least = single ? -149 : -1074;
    int length = bit_length(value), lowest = exponent + length - precision;
    lowest = lowest > least ? lowest : least;
    int cut = lowest - exponent;
    if (cut > length)
        return 0;
    if (cut <= 0)
        return ldexp((double)(uint64_t)value, exponent);
    uint64_t kept = (uint64_t)(value >> cut);
    uint128 rest = value - ((uint128)kept << cut), half = (uint128)1 << (cut - 1);
    kept += rest > half || (rest == half && (sticky || kept % 2));
    return ldexp((double)kept, lowest);
}

double trine_bigint_round(const bigint *n, bool single)
{
    int exponent;
    bool sticky;
    if (n->top < 0)
        return 0;
    uint128 lead = leading_bits(n, 100, &exponent, &sticky);
    double rounded = round_bits(lead, exponent, sticky, single);
    return n->negative ? -rounded : rounded;
}

/* The digits of n shifted so that the highest bit is that of to[length - 2]; to[length - 1] = 0. */
static void justify(uint32_t to[], int length, const bigint *n)
{
    const uint32_t *digit = n->digit + BIGINT_BELOW;
    int shift = DIGIT_BITS - bit_length(digit[n->top]), i = length - 2;
    memset(to, 0, (size_t)length * sizeof *to);
    for (int k = n->top; k >= n->low; k--, i--) {
        uint64_t shifted = (uint64_t)digit[k] << shift;
        to[i + 1] |= (uint32_t)(shifted >> DIGIT_BITS);
        to[i] = (uint32_t)shifted;
    }
}

static bool not_less(const uint32_t a[], const uint32_t b[], int length)
{
    int i = length - 1;
    while (i > 0 && a[i] == b[i])
        i--;
    return a[i] >= b[i];
}

static void subtract(uint32_t a[], const uint32_t b[], int length)
{
    int64_t borrow = 0;
    for (int i = 0; i < length; i++) {
        int64_t difference = (int64_t)a[i] - b[i] + borrow;
        a[i] = (uint32_t)difference;
        borrow = difference >> DIGIT_BITS;
    }
}

static void twice(uint32_t a[], int length)
{
    for (int i = length - 1; i > 0; i--)
        a[i] = a[i] << 1 | a[i - 1] >> (DIGIT_BITS - 1);
    a[0] <<= 1;
}

/* The leading bits of a / b, neither of them zero, `count` or one fewer, which count 2^*exponent:
 * long division of the two with their highest bits aligned, bit by bit, so that the quotient lies
 * between 1/2 and 2. *sticky: whether anything is left over. */
static uint128 quotient_bits(const bigint *a, const bigint *b, int count, int *exponent,
                             bool *sticky)
{
    enum { LENGTH = BIGINT_DIGITS + 2 };
    uint32_t rest[LENGTH], divisor[LENGTH];
    int digits_a = a->top - a->low + 1, digits_b = b->top - b->low + 1;
    int length = (digits_a > digits_b ? digits_a : digits_b) + 2;
    justify(rest, length, a);
    justify(divisor, length, b);
    uint128 quotient = 0;
    for (int i = 0; i < count; i++) {
        bool fits = not_less(rest, divisor, length);
        quotient = 2 * quotient + fits;
        if (fits)
            subtract(rest, divisor, length);
        twice(rest, length);
    }
    *sticky = false;
    for (int i = 0; i < length && !*sticky; i++)
        *sticky = rest[i] != 0;
    *exponent = a->unit + bits_of(a) - b->unit - bits_of(b) - (count - 1);
    return quotient;
}

double trine_bigint_quotient(const bigint *a, const bigint *b, bool single)
{
    enum { QUOTIENT_BITS = 57 };
    int exponent;
    bool sticky;
    if (a->top < 0)
        return 0;
    uint128 quotient = quotient_bits(a, b, QUOTIENT_BITS, &exponent, &sticky);
    double rounded = round_bits(quotient, exponent, sticky, single);
    return a->negative != b->negative ? -rounded : rounded;
}

/* floor of the square root, bit by bit. */
static uint64_t integer_root(uint128 square)
{
    uint128 root = 0, rest = square;
    for (int bit = 126; bit >= 0; bit -= 2) {
        uint128 trial = root + ((uint128)1 << bit);
        root >>= 1;
        if (rest >= trial) {
            rest -= trial;
            root += (uint128)1 << bit;
        }
    }
    return (uint64_t)root;
}

/* With f between 0 and 1, floor(sqrt(s + f)) = floor(sqrt(s)): what lies below the leading bits
 * only makes the root inexact. */
double trine_bigint_root(const bigint *n, bool single)
{
    int exponent;
    bool sticky;
    if (n->top < 0)
        return 0;
    uint128 lead = leading_bits(n, (n->unit + bits_of(n)) % 2 ? 125 : 126, &exponent, &sticky);
    uint64_t root = integer_root(lead);
    sticky = sticky || (uint128)root * root != lead;
    return round_bits(root, exponent / 2, sticky, single);
}

double trine_bigint_quotient_root(const bigint *a, const bigint *b, bool single)
{
    enum { QUOTIENT_BITS = 125 };
    int exponent;
    bool sticky;
    if (a->top < 0)
        return 0;
    /* The exponent of what a root is taken of must be even. */
    bool odd = (a->unit + bits_of(a) - b->unit - bits_of(b)) % 2 != 0;
    uint128 quotient = quotient_bits(a, b, QUOTIENT_BITS + odd, &exponent, &sticky);
    uint64_t root = integer_root(quotient);
    sticky = sticky || (uint128)root * root != quotient;
    return round_bits(root, exponent / 2, sticky, single);
}
