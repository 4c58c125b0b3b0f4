/* kernels/exact/accumulator.c - adding to, merging and rounding the long integers. */
#include "kernels/exact/accumulator.h"

#include <math.h>
#include <string.h>

enum { MAX_ADDITIONS = 1 << 30 };

static void reset(digit_span *span, int64_t digit[], int digits)
{
    for (int i = span->low; i <= span->high; i++)
        digit[i] = 0;
    *span = (digit_span){.low = (uint16_t)digits};
}

/* Moves the carries up; every digit but the highest is then in [0, 2^32), and the sign of the whole
 * is that of digit `high`. */
static void normalise(digit_span *span, int64_t digit[], int digits)
{
    int64_t carry = 0;
    int i = span->low;
    for (; i < digits - 1 && (i <= span->high || (carry != 0 && carry != -1)); i++) {
        int64_t sum = digit[i] + carry;
        carry = sum >> DIGIT_BITS;
        digit[i] = sum & 0xffffffff;
    }
    if (i < digits)
        digit[i] += carry;
    span->high = (uint16_t)(i < digits ? i : digits - 1);
    span->additions = 1;
}

static void widen(digit_span *span, int low, int high)
{
    if (low < span->low)
        span->low = (uint16_t)low;
    if (high > span->high)
        span->high = (uint16_t)high;
}

static void count_additions(digit_span *span, int64_t digit[], int digits, uint32_t additions)
{
    span->additions += additions;
    if (span->additions >= MAX_ADDITIONS)
        normalise(span, digit, digits);
}

/* Adds value * 2^bit, in units. */
static void add(digit_span *span, int64_t digit[], int digits, int128 value, int bit)
{
    int first = bit / DIGIT_BITS;
    int128 shifted = value * ((int128)1 << bit % DIGIT_BITS);
    int last = first + 3 < digits ? first + 3 : digits - 1;
    for (int i = first; i < last; i++) {
        digit[i] += (int64_t)(shifted & 0xffffffff);
        shifted >>= DIGIT_BITS;
    }
    digit[last] += (int64_t)shifted;
    widen(span, first, last);
    count_additions(span, digit, digits, 1);
}

/* Adds other, whose lowest digit is digit number `offset` here. */
static void merge(digit_span *span, int64_t digit[], int digits, const digit_span *other,
                  const int64_t other_digit[], int offset)
{
    for (int i = other->low; i <= other->high; i++)
        digit[i + offset] += other_digit[i];
    if (other->low <= other->high)
        widen(span, other->low + offset, other->high + offset);
    count_additions(span, digit, digits, other->additions);
}

bool trine_seen_special(uint32_t seen, double *sum)
{
    bool plus = seen & SEEN_PLUS_INF, minus = seen & SEEN_MINUS_INF;
    if (seen & SEEN_NAN || (plus && minus))
        *sum = NAN;
    else if (plus || minus)
        *sum = plus ? INFINITY : -INFINITY;
    else
        return false;
    return true;
}

double trine_round_seen(const bigint *n, uint32_t seen, bool single)
{
    double sum;
    if (trine_seen_special(seen, &sum))
        return sum;
    if (n->top < 0)
        return (seen & (SEEN_ANY | SEEN_OTHER)) == SEEN_ANY ? -0.0 : 0.0;
    return trine_bigint_round(n, single);
}

void trine_accumulator_clear(accumulator *a)
{
    memset(a, 0, sizeof *a);
    a->span.low = ACCUMULATOR_DIGITS;
}

void trine_accumulator_reset(accumulator *a)
{
    reset(&a->span, a->digit, ACCUMULATOR_DIGITS);
    a->seen = 0;
}

void trine_accumulator_add(accumulator *a, int128 value, int bit)
{
    add(&a->span, a->digit, ACCUMULATOR_DIGITS, value, bit);
}

void trine_accumulator_merge(accumulator *a, const accumulator *b)
{
    a->seen |= b->seen;
    merge(&a->span, a->digit, ACCUMULATOR_DIGITS, &b->span, b->digit, 0);
}

void trine_accumulator_make_unique(accumulator *a)
{
    uint32_t seen = a->seen;
    if (a->span.low > a->span.high)
        return;
    normalise(&a->span, a->digit, ACCUMULATOR_DIGITS);
    while (a->span.high > a->span.low && a->digit[a->span.high] == 0)
        a->span.high--;
    while (a->span.low < a->span.high && a->digit[a->span.low] == 0)
        a->span.low++;
    if (a->digit[a->span.low] == 0)
        trine_accumulator_clear(a);
    a->seen = seen;
}

void trine_accumulator_bigint(const accumulator *a, bigint *n)
{
    trine_bigint_from_words(n, a->digit, a->span.low, a->span.high, ACCUMULATOR_UNIT);
}

double trine_accumulator_round(const accumulator *a, bool single)
{
    bigint n;
    trine_accumulator_bigint(a, &n);
    return trine_round_seen(&n, a->seen, single);
}

void trine_wide_clear(wide_accumulator *a)
{
    memset(a, 0, sizeof *a);
    a->span.low = WIDE_DIGITS;
}

void trine_wide_reset(wide_accumulator *a)
{
    reset(&a->span, a->digit, WIDE_DIGITS);
    a->seen = 0;
}

/* The significand of x as an integer, which counts 2^(*field - 1075). */
static uint64_t whole_significand(double x, int *field)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits << 1 >> 53);
    *field = exponent > 0 ? exponent : 1;
    return bits << 12 >> 12 | (uint64_t)(exponent > 0) << 52;
}

/* The product has up to 106 bits, of which a shift by 31 would lose some: it goes in two parts. */
void trine_wide_add_product(wide_accumulator *a, double x, double y)
{
    int fields[2];
    uint128 product = (uint128)whole_significand(x, &fields[0]) * whole_significand(y, &fields[1]);
    int bit = fields[0] + fields[1] - 2 * 1075 - WIDE_UNIT;
    int128 sign = (signbit(x) != 0) == (signbit(y) != 0) ? 1 : -1;
    add(&a->span, a->digit, WIDE_DIGITS, sign * (int128)(uint64_t)product, bit);
    add(&a->span, a->digit, WIDE_DIGITS, sign * (int128)(product >> 64), bit + 64);
}

void trine_wide_merge(wide_accumulator *a, const wide_accumulator *b)
{
    a->seen |= b->seen;
    merge(&a->span, a->digit, WIDE_DIGITS, &b->span, b->digit, 0);
}

void trine_wide_merge_accumulator(wide_accumulator *a, const accumulator *b)
{
    a->seen |= b->seen;
    merge(&a->span, a->digit, WIDE_DIGITS, &b->span, b->digit, WIDE_BELOW);
}

void trine_wide_bigint(const wide_accumulator *a, bigint *n)
{
    trine_bigint_from_words(n, a->digit, a->span.low, a->span.high, WIDE_UNIT);
}

double trine_wide_round(const wide_accumulator *a, bool single)
{
    bigint n;
    trine_wide_bigint(a, &n);
    return trine_round_seen(&n, a->seen, single);
}
