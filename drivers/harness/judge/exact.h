/* drivers/harness/judge/exact.h - numbers without rounding errors: what results are judged by.
 *
 * An exact is the sum of digit[i] 2^(32 i + EXACT_LOW), from below the product of two of the least
 * doubles to above the sum of 2^64 products of the largest. Digits are signed and carry late:
 * adding a number changes three of them. Quotients and roots are cut after more bits than any
 * result has, and what was cut off is told by a last bit, so that they round as the true ones.
 * Nothing of trine's kernels is in it.
 */
#ifndef TRINE_HARNESS_JUDGE_EXACT_H
#define TRINE_HARNESS_JUDGE_EXACT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

__extension__ typedef __int128 harness_int128;
__extension__ typedef unsigned __int128 harness_uint128;

enum { EXACT_DIGITS = 152, EXACT_LOW = -2304 };

/* taken: additions since the last carry. */
typedef struct exact_number {
    int64_t digit[EXACT_DIGITS];
    uint64_t taken;
} exact_number;

/* Brings all digits but the last into [0, 2^32). */
void exact_carry(exact_number *a);

/* a + sign m 2^e, where 2^e is not below the lowest digit. sign: 1 or -1. */
static inline void exact_add_bits(exact_number *a, uint64_t m, int e, int64_t sign)
{
    /* A digit holds 2^31 of them. */
    enum { MAX_TAKEN = 1 << 30 };
    int at = e - EXACT_LOW;
    harness_uint128 moved = (harness_uint128)m << (at & 31);
    int64_t *digit = a->digit + (at >> 5);
    digit[0] += sign * (int64_t)(uint32_t)moved;
    digit[1] += sign * (int64_t)(uint32_t)(moved >> 32);
    digit[2] += sign * (int64_t)(uint32_t)(moved >> 64);
    if (++a->taken == MAX_TAKEN)
        exact_carry(a);
}

/* The whole number and the power of two that |x| is made of; x is finite. */
static inline uint64_t exact_split(double x, int *e)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int field = (int)(bits >> 52 & 2047);
    *e = (field ? field : 1) - 1075;
    return (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)(field != 0) << 52;
}

static inline bool exact_is_finite(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits >> 52 & 2047) != 2047;
}

/* a + |x|, x finite. */
static inline void exact_add_magnitude(exact_number *a, double x)
{
    int e;
    uint64_t m = exact_split(x, &e);
    exact_add_bits(a, m, e, 1);
}

/* a + |x y|, both finite. */
static inline void exact_add_product(exact_number *a, double x, double y)
{
    int e, f;
    harness_uint128 m = exact_split(x, &e);
    m *= exact_split(y, &f);
    exact_add_bits(a, (uint64_t)m, e + f, 1);
    exact_add_bits(a, (uint64_t)(m >> 64), e + f + 64, 1);
}

void exact_clear(exact_number *a);

/* a + sign b. */
void exact_add(exact_number *a, const exact_number *b, int64_t sign);

/* a + m 2^e, cut at the lowest digit. */
void exact_add_whole(exact_number *a, harness_uint128 m, int e, int64_t sign);

/* a + x, which is finite and within the range. */
void exact_add_real(exact_number *a, long double x);

/* -1, 0 or 1. */
int exact_sign(const exact_number *a);

/* -1, 0 or 1 as a is below, equal to or above b. */
int exact_compare(const exact_number *a, const exact_number *b);

/* q = a / b, b not 0; r = the root of a, not negative. */
void exact_quotient(exact_number *q, const exact_number *a, const exact_number *b);
void exact_root(exact_number *r, const exact_number *a);

/* The nearest double or float, of two the even one; infinite beyond the range. */
double exact_double(const exact_number *a);
float exact_float(const exact_number *a);

/* Near enough for a bound. */
long double exact_long_double(const exact_number *a);

/* Whether a is a whole number that fits 128 bits, and that number. */
bool exact_whole(const exact_number *a, harness_int128 *whole);

#endif
