/* kernels/bins.h - doubles sorted by sign and exponent into integer sums: the way for data of any
 * range.
 *
 * bin[table][s e] adds the 53-bit significands of the elements whose top twelve bits are s e: 2^11
 * of them fit in 64 bits. Elements take turns between two tables, so that equal exponents one after
 * the other do not wait for each other's store. Every CARRY_AFTER elements the high halves move to
 * `high`, over the exponents in use only. Source: the large superaccumulator of Neal,
 * arXiv:1505.05571.
 */
#ifndef TRINE_KERNELS_BINS_H
#define TRINE_KERNELS_BINS_H

#include "kernels/accumulator.h"

enum { BINS = 4096, TABLES = 2 };

/* least, most: exponent fields in use; least > most when none is. waiting: elements since the last
 * carry. */
typedef struct bins {
    uint64_t bin[TABLES][BINS], high[BINS];
    int least, most, waiting;
} bins;

static inline void bins_clear(bins *b);

/* Adds n values, floats when `single`, finite or not; what was SEEN among them. */
static inline uint32_t bins_add(bins *b, const void *x, size_t n, bool single);

/* Moves everything into the accumulator. */
static inline void bins_flush(bins *b, accumulator *a);

#include <string.h>

enum { SUBBLOCK = 256, CARRY_AFTER = 4096 - 2 * SUBBLOCK, EXPONENTS = 2048, SPECIAL = 2047 };

static inline void bins_clear(bins *b)
{
    memset(b, 0, sizeof *b);
    b->least = EXPONENTS;
    b->most = -1;
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

static inline uint32_t bins_add_subblock(bins *b, const double *x, size_t n)
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
    for (size_t i = 0; i + 1 < n; i += 2) {
        b->bin[0][place[i]] += significand[i];
        b->bin[1][place[i + 1]] += significand[i + 1];
    }
    if (n % 2)
        b->bin[0][place[n - 1]] += significand[n - 1];
    b->least = (int)least < b->least ? (int)least : b->least;
    b->most = (int)most > b->most ? (int)most : b->most;
    /* The first table may get one more than the second. */
    b->waiting += (int)(n + n % 2);
    if (b->waiting > CARRY_AFTER)
        bins_carry(b);
    return other ? seen | SEEN_OTHER : seen;
}

static inline uint32_t bins_add(bins *b, const void *x, size_t n, bool single)
{
    double wide[SUBBLOCK];
    uint32_t seen = 0;
    for (size_t i = 0; i < n; i += SUBBLOCK) {
        size_t some = n - i < SUBBLOCK ? n - i : SUBBLOCK;
        for (size_t k = 0; single && k < some; k++)
            wide[k] = ((const float *)x)[i + k];
        seen |= bins_add_subblock(b, single ? wide : (const double *)x + i, some);
    }
    return seen;
}

static inline void bins_flush(bins *b, accumulator *a)
{
    for (int sign = 0; sign < 2; sign++)
        for (int exponent = b->least; exponent <= b->most; exponent++) {
            int i = sign * EXPONENTS + exponent;
            int128 sum = ((int128)b->high[i] << 32) + b->bin[0][i] + b->bin[1][i];
            if (sum == 0)
                continue;
            /* Denormals have the same unit as the smallest normal numbers. */
            accumulator_add(a, sign ? -sum : sum, exponent ? exponent - 1 : 0);
            b->high[i] = b->bin[0][i] = b->bin[1][i] = 0;
        }
    b->least = EXPONENTS;
    b->most = -1;
    b->waiting = 0;
}

#endif
