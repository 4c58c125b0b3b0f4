/* kernels/reduce/integer_moments.h - exact sums of powers of integers, and what is made of them.
 *
 * A chunk's elements are taken as distances d >= 0 from its least one, r: how far they reach
 * decides in how many bits their powers are added. The sums S1 to S4 of the elements' powers follow
 * from those of the distances' by Horner's rule, (d + r)^k. Nothing is ever rounded, so merging is
 * integer addition. With N2 = n S2 - S1^2, N3 = n^2 S3 - 3 n S1 S2 + 2 S1^3 and N4 = n^3 S4 - 4 n^2
 * S1 S3 + 6 n S1^2 S2 - 3 S1^4,
 *   variance = N2 / (n (n - ddof)),  skewness^2 = N3^2 / N2^3,  kurtosis = (N4 - 3 N2^2) / N2^2,
 * each rounded once.
 */
#ifndef TRINE_KERNELS_INTEGER_MOMENTS_H
#define TRINE_KERNELS_INTEGER_MOMENTS_H

#include "kernels/simd/wide.h"

/* SUM_WORDS: a sum of 2^64 fourth powers has 320 bits and a sign. CENTRAL_WORDS: N3^2 has 774. */
enum { SUM_WORDS = 6, CENTRAL_WORDS = 14, TOP_POWER = 4 };

typedef struct integer_sums {
    uint64_t n, power[TOP_POWER][SUM_WORDS];
} integer_sums;

/* The state where two powers are enough. */
enum { SQUARE_SUMS = sizeof(uint64_t) * (1 + 2 * SUM_WORDS) };

/* Least and greatest element, as 64 bits of their sign. */
typedef struct integer_range {
    uint64_t least, most;
} integer_range;

/* offset[i] = x[i] less the least element; a chunk has one element at least. */
#define INTEGER_OFFSETS(suffix, type, wide)                                                        \
    TRINE_INLINE integer_range offsets_##suffix(const void *from, size_t n,                        \
                                                uint64_t offset[TRINE_CHUNK])                      \
    {                                                                                              \
        const type *x = from;                                                                      \
        type least = x[0], most = x[0];                                                            \
        for (size_t i = 1; i < n; i++) {                                                           \
            least = x[i] < least ? x[i] : least;                                                   \
            most = x[i] > most ? x[i] : most;                                                      \
        }                                                                                          \
        integer_range range = {(uint64_t)(wide)least, (uint64_t)(wide)most};                       \
        size_t i = 0;                                                                              \
        do                                                                                         \
            offset[i] = (uint64_t)(wide)x[i] - range.least;                                        \
        while (++i < n);                                                                           \
        return range;                                                                              \
    }
INTEGER_OFFSETS(i64, int64_t, int64_t)
INTEGER_OFFSETS(i32, int32_t, int64_t)
INTEGER_OFFSETS(u64, uint64_t, uint64_t)
INTEGER_OFFSETS(u32, uint32_t, uint64_t)
INTEGER_OFFSETS(i16, int16_t, int64_t)
INTEGER_OFFSETS(u16, uint16_t, uint64_t)
INTEGER_OFFSETS(i8, int8_t, int64_t)
INTEGER_OFFSETS(u8, uint8_t, uint64_t)
#undef INTEGER_OFFSETS

/* Whether elements of that suffix have a sign. */
enum {
    SIGNED_i64 = 1,
    SIGNED_i32 = 1,
    SIGNED_i16 = 1,
    SIGNED_i8 = 1,
    SIGNED_u64 = 0,
    SIGNED_u32 = 0,
    SIGNED_u16 = 0,
    SIGNED_u8 = 0
};

/* Distances below 2^16: the cubes of a chunk add up in 64 bits, fourth powers by halves. */
TRINE_INLINE void add_narrow_powers(const uint64_t d[], size_t n, int powers,
                                    uint64_t power[][SUM_WORDS])
{
    uint64_t sum[TOP_POWER] = {0}, high = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t x = (uint32_t)d[i], square = (uint32_t)(x * x);
        sum[0] += x;
        sum[1] += square;
        if (powers > 2) {
            uint64_t fourth = square * square;
            sum[2] += square * x;
            sum[3] += (uint32_t)fourth;
            high += fourth >> 32;
        }
    }
    for (int k = 0; k < powers; k++)
        wide_add_at(power[k], 0, sum[k], SUM_WORDS);
    if (powers > 2)
        wide_add_at(power[3], 0, (uint128)high << 32, SUM_WORDS);
}

/* Distances below 2^32. */
TRINE_INLINE void add_middle_squares(const uint64_t d[], size_t n, uint64_t power[][SUM_WORDS])
{
    uint64_t sum = 0, low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t x = (uint32_t)d[i], square = x * x;
        sum += x;
        low += (uint32_t)square;
        high += square >> 32;
    }
    wide_add_at(power[0], 0, sum, SUM_WORDS);
    wide_add_at(power[1], 0, ((uint128)high << 32) + low, SUM_WORDS);
}

TRINE_INLINE void add_middle_powers(const uint64_t d[], size_t n, uint64_t power[][SUM_WORDS])
{
    uint128 cubes = 0, low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t x = (uint32_t)d[i], square = x * x;
        uint128 fourth = (uint128)square * square;
        cubes += (uint128)square * x;
        low += (uint64_t)fourth;
        high += fourth >> 64;
    }
    add_middle_squares(d, n, power);
    wide_add_at(power[2], 0, cubes, SUM_WORDS);
    wide_add_at(power[3], 0, low, SUM_WORDS);
    wide_add_at(power[3], 1, high, SUM_WORDS);
}

/* Any distances: each word of the powers has a sum of its own. */
TRINE_INLINE void add_wide_powers(const uint64_t d[], size_t n, int powers,
                                  uint64_t power[][SUM_WORDS])
{
    uint128 sum[TOP_POWER][TOP_POWER] = {{0}};
    for (size_t i = 0; i < n; i++) {
        uint128 square = (uint128)d[i] * d[i];
        uint64_t low = (uint64_t)square, high = (uint64_t)(square >> 64);
        sum[0][0] += d[i];
        sum[1][0] += low;
        sum[1][1] += high;
        if (powers > 2) {
            uint128 ends = (uint128)low * low, middle = (uint128)low * high;
            uint128 first = (uint128)low * d[i], second = (uint128)high * d[i];
            sum[2][0] += (uint64_t)first;
            sum[2][1] += (first >> 64) + (uint64_t)second;
            sum[2][2] += second >> 64;
            sum[3][0] += (uint64_t)ends;
            sum[3][1] += (ends >> 64) + 2 * (uint128)(uint64_t)middle;
            ends = (uint128)high * high;
            sum[3][2] += 2 * (middle >> 64) + (uint64_t)ends;
            sum[3][3] += ends >> 64;
        }
    }
    for (int k = 0; k < powers; k++)
        for (int word = 0; word <= k; word++)
            wide_add_at(power[k], word, sum[k][word], SUM_WORDS);
}

/* Adds the powers of distances of which the greatest is `most`. */
TRINE_INLINE void add_powers(const uint64_t d[], size_t n, uint64_t most, int powers,
                             uint64_t power[][SUM_WORDS])
{
    if (most >> 16 == 0)
        add_narrow_powers(d, n, powers, power);
    else if (most >> 32 != 0)
        add_wide_powers(d, n, powers, power);
    else if (powers > 2)
        add_middle_powers(d, n, power);
    else
        add_middle_squares(d, n, power);
}

/* An element as sign and magnitude. */
typedef struct reference {
    uint64_t magnitude;
    bool negative;
} reference;

TRINE_INLINE reference reference_of(uint64_t bits, bool with_sign)
{
    bool negative = with_sign && bits >> 63;
    return (reference){negative ? 0 - bits : bits, negative};
}

/* Sums of the powers of d, of n numbers, become those of d + r. */
TRINE_INLINE void move_powers(uint64_t n, reference r, int powers, uint64_t power[][SUM_WORDS])
{
    const uint64_t count[SUM_WORDS] = {n};
    if (r.magnitude == 0)
        return;
    for (int round = 0; round < powers; round++)
        for (int k = powers - 1; k >= round; k--)
            wide_add_multiple(power[k], k > 0 ? power[k - 1] : count, r.magnitude, r.negative,
                              SUM_WORDS);
}

TRINE_INLINE void take_integers(integer_sums *state, const uint64_t offset[], size_t n,
                                integer_range range, bool with_sign, int powers)
{
    uint64_t power[TOP_POWER][SUM_WORDS];
    memset(power, 0, (size_t)powers * sizeof *power);
    add_powers(offset, n, range.most - range.least, powers, power);
    move_powers(n, reference_of(range.least, with_sign), powers, power);
    state->n += n;
    for (int k = 0; k < powers; k++)
        wide_add(state->power[k], power[k], SUM_WORDS);
}

static inline void extend(uint64_t a[CENTRAL_WORDS], const uint64_t sum[SUM_WORDS])
{
    memcpy(a, sum, SUM_WORDS * sizeof *sum);
    memset(a + SUM_WORDS, wide_negative(sum, SUM_WORDS) ? 0xff : 0,
           (CENTRAL_WORDS - SUM_WORDS) * sizeof *a);
}

/* n XY - X Y, of the sums of products, XY, and of the factors. */
static inline void central_product(uint64_t central[CENTRAL_WORDS], uint64_t n,
                                   const uint64_t xy[SUM_WORDS], const uint64_t x[SUM_WORDS],
                                   const uint64_t y[SUM_WORDS])
{
    uint64_t wide_xy[CENTRAL_WORDS], wide_x[CENTRAL_WORDS], wide_y[CENTRAL_WORDS];
    uint64_t product[CENTRAL_WORDS];
    extend(wide_xy, xy);
    extend(wide_x, x);
    extend(wide_y, y);
    wide_multiply(product, wide_x, wide_y, CENTRAL_WORDS);
    memset(central, 0, CENTRAL_WORDS * sizeof *central);
    wide_add_multiple(central, wide_xy, n, false, CENTRAL_WORDS);
    wide_add_multiple(central, product, 1, true, CENTRAL_WORDS);
}

/* a / b, and the root of a / b, rounded once. */
static inline double wide_quotient(const uint64_t a[CENTRAL_WORDS], const uint64_t b[CENTRAL_WORDS])
{
    bigint over, under;
    wide_bigint(&over, a, CENTRAL_WORDS);
    wide_bigint(&under, b, CENTRAL_WORDS);
    return trine_bigint_quotient(&over, &under, false);
}

static inline double wide_quotient_root(const uint64_t a[CENTRAL_WORDS],
                                        const uint64_t b[CENTRAL_WORDS])
{
    bigint over, under;
    wide_bigint(&over, a, CENTRAL_WORDS);
    wide_bigint(&under, b, CENTRAL_WORDS);
    return trine_bigint_quotient_root(&over, &under, false);
}

/* n divisor, for a divisor > 0. */
static inline void divisor_bigint(bigint *under, uint64_t n, double divisor)
{
    int exponent;
    double significand = frexp(divisor, &exponent);
    trine_bigint_from_integer(under, (int128)n * (int64_t)(significand * 0x1p53));
    under->unit = exponent - 53;
}

#endif
