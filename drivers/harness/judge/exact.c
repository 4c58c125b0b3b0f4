/* drivers/harness/judge/exact.c - see exact.h. */
#include "drivers/harness/judge/exact.h"

#include <math.h>

enum { DIGIT = 32 };

void exact_clear(exact_number *a)
{
    *a = (exact_number){.taken = 0};
}

void exact_carry(exact_number *a)
{
    int64_t carry = 0;
    for (int i = 0; i < EXACT_DIGITS - 1; i++) {
        int64_t sum = a->digit[i] + carry;
        a->digit[i] = sum & UINT32_MAX;
        carry = (sum - a->digit[i]) / ((int64_t)1 << DIGIT);
    }
    a->digit[EXACT_DIGITS - 1] += carry;
    a->taken = 0;
}

void exact_add(exact_number *a, const exact_number *b, int64_t sign)
{
    exact_number carried = *b;
    exact_carry(&carried);
    exact_carry(a);
    for (int i = 0; i < EXACT_DIGITS; i++)
        a->digit[i] += sign * carried.digit[i];
    exact_carry(a);
}

/* |a|, carried; its sign. */
static int magnitude(const exact_number *a, exact_number *size)
{
    *size = *a;
    exact_carry(size);
    bool negative = size->digit[EXACT_DIGITS - 1] < 0, zero = true;
    if (negative) {
        for (int i = 0; i < EXACT_DIGITS; i++)
            size->digit[i] = -size->digit[i];
        exact_carry(size);
    }
    for (int i = 0; i < EXACT_DIGITS; i++)
        zero = zero && size->digit[i] == 0;
    return zero ? 0 : negative ? -1 : 1;
}

int exact_sign(const exact_number *a)
{
    exact_number size;
    return magnitude(a, &size);
}

int exact_compare(const exact_number *a, const exact_number *b)
{
    exact_number difference = *a;
    exact_add(&difference, b, -1);
    return exact_sign(&difference);
}

/* Place of the highest bit of a magnitude that is not 0, from the lowest digit's lowest. */
static int highest(const exact_number *size)
{
    int i = EXACT_DIGITS - 1;
    while (size->digit[i] == 0)
        i--;
    return DIGIT * i + 63 - __builtin_clzll((unsigned long long)size->digit[i]);
}

/* Bits [at, at + count) of a magnitude, count <= 64; below its lowest there are zeros. */
static uint64_t bits_at(const exact_number *size, int at, int count)
{
    uint64_t bits = 0;
    for (int i = 0; i < count; i++) {
        int place = at + i;
        if (place >= 0 && place < DIGIT * EXACT_DIGITS)
            bits |= (uint64_t)(size->digit[place / DIGIT] >> place % DIGIT & 1) << i;
    }
    return bits;
}

static bool any_below(const exact_number *size, int at)
{
    bool any = false;
    for (int i = 0; i < EXACT_DIGITS && DIGIT * i < at; i++) {
        uint64_t digit = (uint64_t)size->digit[i];
        int whole = at - DIGIT * i;
        any = any || (whole < DIGIT ? digit & (((uint64_t)1 << whole) - 1) : digit) != 0;
    }
    return any;
}

/* To so many bits, of which the lowest is not below 2^least. */
static double rounded(const exact_number *a, int bits, int least)
{
    exact_number size;
    int sign = magnitude(a, &size);
    if (sign == 0)
        return 0;
    int low = highest(&size) - (bits - 1);
    low = low < least - EXACT_LOW ? least - EXACT_LOW : low;
    uint64_t kept = bits_at(&size, low, bits);
    bool half = bits_at(&size, low - 1, 1), rest = any_below(&size, low - 1);
    kept += half && (rest || kept & 1);
    return sign * ldexp((double)kept, low + EXACT_LOW);
}

double exact_double(const exact_number *a)
{
    return rounded(a, 53, -1074);
}

float exact_float(const exact_number *a)
{
    return (float)rounded(a, 24, -149);
}

long double exact_long_double(const exact_number *a)
{
    exact_number size;
    int sign = magnitude(a, &size);
    if (sign == 0)
        return 0;
    int low = highest(&size) - 63;
    return sign * ldexpl((long double)bits_at(&size, low, 64), low + EXACT_LOW);
}

bool exact_whole(const exact_number *a, harness_int128 *whole)
{
    exact_number size;
    int sign = magnitude(a, &size);
    *whole = 0;
    if (sign == 0)
        return true;
    if (any_below(&size, -EXACT_LOW) || highest(&size) + EXACT_LOW > 126)
        return false;
    *whole = (harness_int128)bits_at(&size, 64 - EXACT_LOW, 63) << 64 |
             (harness_int128)bits_at(&size, -EXACT_LOW, 64);
    *whole *= sign;
    return true;
}

void exact_add_whole(exact_number *a, harness_uint128 m, int e, int64_t sign)
{
    if (e < EXACT_LOW) {
        bool cut = EXACT_LOW - e >= 128 || m & (((harness_uint128)1 << (EXACT_LOW - e)) - 1);
        m = EXACT_LOW - e >= 128 ? 0 : m >> (EXACT_LOW - e);
        m |= cut;
        e = EXACT_LOW;
    }
    exact_add_bits(a, (uint64_t)m, e, sign);
    exact_add_bits(a, (uint64_t)(m >> 64), e + 64, sign);
}

void exact_add_real(exact_number *a, long double x)
{
    int e;
    long double fraction = frexpl(fabsl(x), &e), high = truncl(ldexpl(fraction, 64));
    /* A long double of 113 bits has a second part. */
    long double low = truncl(ldexpl(ldexpl(fraction, 64) - high, 63));
    int64_t sign = x < 0 ? -1 : 1;
    /* No result is near it. */
    enum { BEYOND = 2400 };
    e = e > BEYOND ? BEYOND : e;
    exact_add_whole(a, (harness_uint128)(uint64_t)high << 63 | (uint64_t)low, e - 127, sign);
}

/* a 2^by; a is carried and not negative. */
static void shift_up(exact_number *a, int by)
{
    exact_number from = *a;
    exact_clear(a);
    for (int i = 0; i < EXACT_DIGITS; i++)
        if (from.digit[i])
            exact_add_bits(a, (uint64_t)from.digit[i], DIGIT * i + EXACT_LOW + by, 1);
    exact_carry(a);
}

void exact_quotient(exact_number *q, const exact_number *a, const exact_number *b)
{
    /* More than twice the bits of a double. */
    enum { BITS = 120 };
    exact_number above, below;
    int sign = magnitude(a, &above) * magnitude(b, &below);
    harness_uint128 quotient = 0;
    exact_clear(q);
    if (sign == 0)
        return;
    int by = highest(&above) - highest(&below);
    shift_up(by < 0 ? &above : &below, by < 0 ? -by : by);
    for (int i = 0; i < BITS; i++) {
        bool holds = exact_compare(&above, &below) >= 0;
        if (holds)
            exact_add(&above, &below, -1);
        quotient = quotient << 1 | holds;
        shift_up(&above, 1);
    }
    exact_add_whole(q, quotient << 1 | (exact_sign(&above) != 0), by - BITS, sign);
}

/* The greatest whole number whose square is not above n. */
static uint64_t whole_root(harness_uint128 n)
{
    long double near = sqrtl((long double)n);
    uint64_t root = near >= 0x1p64L ? UINT64_MAX : (uint64_t)near;
    while ((harness_uint128)root * root > n)
        root--;
    while (root < UINT64_MAX && (harness_uint128)(root + 1) * (root + 1) <= n)
        root++;
    return root;
}

void exact_root(exact_number *r, const exact_number *a)
{
    exact_number size;
    exact_clear(r);
    if (magnitude(a, &size) <= 0)
        return;
    /* 127 or 128 bits, from an even power of two on. */
    int low = highest(&size) - 126;
    low -= (low + EXACT_LOW) & 1;
    harness_uint128 n =
        (harness_uint128)bits_at(&size, low + 64, 64) << 64 | bits_at(&size, low, 64);
    uint64_t root = whole_root(n);
    bool more = (harness_uint128)root * root != n || any_below(&size, low);
    exact_add_whole(r, (harness_uint128)root << 1 | more, (low + EXACT_LOW) / 2 - 1, 1);
}
