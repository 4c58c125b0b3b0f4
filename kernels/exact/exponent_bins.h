/* kernels/exact/exponent_bins.h - doubles sorted by sign and exponent into integer sums: the way
 * for data of any range.
 *
 * bin[table][s e] adds the 53-bit significands of the elements whose top twelve bits are s e: 2^11
 * of them fit in 64 bits. Elements take turns between two tables, so that equal exponents one after
 * the other do not wait for each other's store. Every CARRY_AFTER elements the high halves move to
 * `high`, over the exponents in use only. Source: the large superaccumulator of Neal,
 * arXiv:1505.05571.
 */
#ifndef TRINE_KERNELS_EXPONENT_BINS_H
#define TRINE_KERNELS_EXPONENT_BINS_H

#include "kernels/exact/accumulator.h"

enum { BINS = 4096, TABLES = 2, SUBBLOCK = 256 };

/* least, most: exponent fields in use; least > most when none is. Others hold anything: most sums
 * use few, and clearing all costs as much as adding thousands. waiting: elements since the last
 * carry. */
typedef struct bins {
    uint64_t bin[TABLES][BINS], high[BINS];
    int least, most, waiting;
} bins;

static inline void bins_clear(bins *b);

/* Adds n <= SUBBLOCK values, finite or not; what was SEEN among them. */
static uint32_t bins_add(bins *b, const double *x, size_t n);

/* Moves everything into the accumulator. */
static inline void bins_flush(bins *b, accumulator *a);

#include <string.h>

enum { CARRY_AFTER = 4096 - 2 * SUBBLOCK, EXPONENTS = 2048, SPECIAL = 2047 };

static inline void bins_clear(bins *b)
{
    b->least = EXPONENTS;
    b->most = -1;
    b->waiting = 0;
}

static inline void clear_fields(bins *b, int from, int to)
{
    for (int first = from; to >= from && first < BINS; first += EXPONENTS) {
        size_t bytes = (size_t)(to - from + 1) * sizeof *b->high;
        memset(&b->high[first], 0, bytes);
        for (int t = 0; t < TABLES; t++)
            memset(&b->bin[t][first], 0, bytes);
    }
}

/* Takes the fields from least to most into use. */
static inline void use_fields(bins *b, int least, int most)
{
    if (b->least > b->most) {
        clear_fields(b, least, most);
        b->least = least;
        b->most = most;
    }
    if (least < b->least) {
        clear_fields(b, least, b->least - 1);
        b->least = least;
    }
    if (most > b->most) {
        clear_fields(b, b->most + 1, most);
        b->most = most;
    }
}

static inline void bins_carry(bins *b)
{
    for (int sign = 0; sign < 2; sign++)
        for (int i = sign * EXPONENTS + b->least; i <= sign * EXPONENTS + b->most; i++) {
            b->high[i] += (b->bin[0][i] >> 32) + (b->bin[1][i] >> 32);
            b->bin[0][i] &= 0xffffffff;
            b->bin[1][i] &= 0xffffffff;
        }
    b->waiting = 0;
}

/* Takes NaN and infinities out of a subblock. */
static inline uint32_t take_specials(uint32_t place[], uint64_t significand[], size_t n)
{
    uint32_t seen = 0;
    for (size_t i = 0; i < n; i++)
        if (place[i] % EXPONENTS == SPECIAL) {
            bool infinite = significand[i] == (uint64_t)1 << 52;
            seen |= !infinite ? SEEN_NAN : place[i] >= EXPONENTS ? SEEN_MINUS_INF : SEEN_PLUS_INF;
            place[i] = 0;
            significand[i] = 0;
        }
    return seen;
}

static __attribute__((noinline)) uint32_t bins_add(bins *b, const double *x, size_t n)
{
    uint32_t place[SUBBLOCK], least = EXPONENTS, most = 0, seen = 0;
    uint64_t significand[SUBBLOCK], bits[SUBBLOCK], other = 0;
    memcpy(bits, x, n * sizeof *x);
    for (size_t i = 0; i < n; i++) {
        uint64_t exponent = bits[i] << 1 >> 53;
        other |= bits[i] ^ (uint64_t)1 << 63;
        place[i] = (uint32_t)(bits[i] >> 52);
        significand[i] = (bits[i] & (((uint64_t)1 << 52) - 1)) | (uint64_t)(exponent != 0) << 52;
        least = (uint32_t)exponent < least ? (uint32_t)exponent : least;
        most = (uint32_t)exponent > most ? (uint32_t)exponent : most;
    }
    if (most == SPECIAL) {
        seen |= take_specials(place, significand, n);
        least = 0;
        most = SPECIAL - 1;
    }
    use_fields(b, (int)least, (int)most);
    for (size_t i = 0; i + 1 < n; i += 2) {
        b->bin[0][place[i]] += significand[i];
        b->bin[1][place[i + 1]] += significand[i + 1];
    }
    if (n % 2)
        b->bin[0][place[n - 1]] += significand[n - 1];
    /* The first table may get one more than the second. */
    b->waiting += (int)(n + n % 2);
    if (b->waiting > CARRY_AFTER)
        bins_carry(b);
    return other ? seen | SEEN_OTHER : seen;
}

/* What the exponent field's bins of both signs hold, in the field's unit. */
static inline int128 bin_total(const bins *b, int exponent)
{
    if (exponent < b->least || exponent > b->most)
        return 0;
    int plus = exponent, minus = exponent + EXPONENTS;
    int128 high = (int128)b->high[plus] - b->high[minus];
    int128 low = (int128)b->bin[0][plus] + b->bin[1][plus];
    return high * ((int128)1 << 32) + low - b->bin[0][minus] - b->bin[1][minus];
}

/* Exponents go by groups whose units lie within 32 bits: Horner's rule from the highest down gives
 * one number a group. Field e > 0 has the unit 2^(e - 1075), which is bit e - 1; denormals (field
 * 0) have that of field 1. */
static inline void bins_flush(bins *b, accumulator *a)
{
    if (b->least > b->most)
        return;
    int lowest = b->least > 0 ? b->least - 1 : 0, highest = b->most > 0 ? b->most - 1 : 0;
    for (int group = lowest / 32 * 32; group <= highest; group += 32) {
        int128 sum = 0;
        for (int bit = group + 31; bit >= group; bit--)
            sum = 2 * sum + bin_total(b, bit + 1);
        if (group == 0)
            sum += bin_total(b, 0);
        if (sum != 0)
            trine_accumulator_add(a, sum, group);
    }
    bins_clear(b);
}

#endif
