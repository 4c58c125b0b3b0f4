/* kernels/reduce/lane_powers.h - sums over a chunk about a point: what moments and products of
 * moments share.
 *
 * The lanes (kernels/simd/lanes.h) are added up over blocks of PANELS panels in double; the blocks,
 * and the lanes in the end, with their rounding errors; so are the elements after the last panel,
 * one by one. So a sum is off by a few units in its last place, however long the chunk.
 */
#ifndef TRINE_KERNELS_LANE_POWERS_H
#define TRINE_KERNELS_LANE_POWERS_H

#include <stdlib.h>

#include "kernels/exact/double_double.h"
#include "kernels/reduce/lane_sums.h"
#include "kernels/sort/order.h"

/* SAMPLES: panels of a chunk that the point near its mean is taken from. PART, NARROW_PART: vectors
 * of lanes at a time, whose sums of 2 kinds, or of 4 or 5, stay in registers. */
enum { PANELS = 8, SAMPLES = 8, PART = 4, NARROW_PART = VECTOR == 64 ? 4 : 2 };

/* Sums of one kind on the lanes, and their rounding errors. */
typedef struct lane_totals {
    _Alignas(VECTOR) double high[LANES];
    _Alignas(VECTOR) double low[LANES];
} lane_totals;

TRINE_INLINE void totals_add(lane_totals *t, int vector, vec x)
{
    vec high = vec_load(t->high + vector * WIDTH), low = vec_load(t->low + vector * WIDTH);
    two_sum_vec(&high, &low, x);
    memcpy(t->high + vector * WIDTH, &high, sizeof high);
    memcpy(t->low + vector * WIDTH, &low, sizeof low);
}

TRINE_INLINE pair totals_fold(lane_totals *t)
{
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) {
            t->low[j] += t->low[j + half];
            two_sum(&t->high[j], &t->low[j], t->high[j + half]);
        }
    return pair_of_ordered(t->high[0], t->low[0]);
}

/* Asks for the panel that lies PREFETCH_AHEAD behind that at x. */
TRINE_INLINE void prefetch_panel(const void *x, bool single)
{
    for (size_t b = 0; b < LANES * (single ? sizeof(float) : sizeof(double)); b += 64)
        __builtin_prefetch((const char *)x + PREFETCH_AHEAD + b, 0, 2);
}

/* All bits where x is a number. */
TRINE_INLINE ivec vec_numbers(vec x)
{
    return (ivec)((vec_bits(x) & INT64_MAX) <= INF_KEY_f64);
}

/* The sum of the distances of a sample from its first number, the greatest of them, and how many
 * there are. */
typedef struct sample {
    vec sum[VECTORS], most;
    ivec numbers;
} sample;

TRINE_INLINE void sample_panel(sample *s, const void *x, size_t at, bool single, bool skip,
                               double first)
{
#pragma GCC unroll 16
    for (int k = 0; k < VECTORS; k++) {
        vec v = load_at(x, at + (size_t)k * WIDTH, single), d = v - first;
        if (skip) {
            ivec number = vec_numbers(v);
            d = (vec)((ivec)d & number);
            s->numbers -= number;
        }
        s->sum[k] += d;
        s->most = vec_max_abs(s->most, d);
    }
}

/* A point near the mean of the numbers: that of some panels, or of all elements where they are few.
 * It has no more bits than 12 below the highest of the greatest distance seen: so distances are
 * exact where elements are short, and 0 where all are alike. */
TRINE_INLINE double chunk_point(const void *x, size_t n, bool single, bool skip)
{
    size_t at = 0, panels = n / LANES < SAMPLES ? n / LANES : SAMPLES;
    while (skip && at + 1 < n && isnan(element_at(x, at, single)))
        at++;
    double first = element_at(x, at, single), sum = 0, count = 0, most = 0;
    if (panels > 0) {
        double lane[LANES];
        sample s = {{{0}}, {0}, {0}};
        for (size_t p = 0; p < panels; p++)
            sample_panel(&s, x, n / LANES * p / panels * LANES, single, skip, first);
        memcpy(lane, s.sum, sizeof lane);
        fold(lane);
        sum = lane[0];
        most = vec_max_lanes(s.most);
        count = skip ? (double)vec_add_lanes(s.numbers) : (double)(panels * LANES);
    }
    for (size_t i = panels * LANES; i < n && panels < SAMPLES; i++) {
        double v = element_at(x, i, single), d = v - first;
        if (skip && isnan(v))
            continue;
        sum += d;
        most = fabs(d) > most ? fabs(d) : most;
        count++;
    }
    double point = count > 0 ? first + sum / count : first;
    int64_t bits;
    memcpy(&bits, &most, sizeof bits);
    bits &= INF_KEY_f64;
    memcpy(&most, &bits, sizeof most);
    double grid = most * 0x1p-12;
    return grid > 0 ? rint(point / grid) * grid : point;
}

/* What a chunk holds besides moderate numbers. */
typedef struct chunk_range {
    /* Of the numbers: how many; the sum of those that are not finite; the greatest magnitude. */
    double count, special, most;
} chunk_range;

/* Magnitudes whose fourth powers, and those of the distances between two of them, are normal
 * numbers with headroom for sums and rounding errors; the same as exponents. Squares of distances
 * whose sum lies between these limits come from such magnitudes. */
enum { MODERATE = 150 };
#define MIN_SQUARES 0x1p-240
#define MAX_SQUARES 0x1p240

/* skip: NaN are not counted, else they are among the special ones. */
static __attribute__((noinline)) chunk_range range_of(const void *x, size_t n, bool single,
                                                      bool skip)
{
    int64_t most = 0;
    chunk_range r = {.count = (double)n};
    for (size_t i = 0; i < n; i++) {
        double v = element_at(x, i, single);
        int64_t bits;
        memcpy(&bits, &v, sizeof bits);
        bits &= INT64_MAX;
        most = bits > most ? bits : most;
    }
    memcpy(&r.most, &most, sizeof most);
    if (most < INF_KEY_f64)
        return r;
    r = (chunk_range){0};
    for (size_t i = 0; i < n; i++) {
        double v = element_at(x, i, single), magnitude = fabs(v);
        if (skip && isnan(v))
            continue;
        r.count++;
        if (!isfinite(v))
            r.special += v;
        else
            r.most = magnitude > r.most ? magnitude : r.most;
    }
    return r;
}

/* The exponent that brings such magnitudes below 1; 0 where they are moderate, or all 0. */
static inline int range_exponent(double most)
{
    int exponent;
    if (most == 0 || (most >= power_of_two(-MODERATE) && most <= power_of_two(MODERATE)))
        return 0;
    frexp(most, &exponent);
    return exponent;
}

/* The exponent of the larger of a mean and the deviation of n elements, whose squares of distances
 * have that sum, in units of 2^exponent; NOTHING where both are 0. */
enum { NOTHING = -4096 };

static inline int spread_exponent(double n, pair mean, pair squares, int64_t exponent)
{
    double most = fabs(mean.high), deviation = sqrt(squares.high / n);
    int more;
    most = deviation > most ? deviation : most;
    if (most == 0)
        return NOTHING;
    frexp(most, &more);
    return more + (int)exponent;
}

/* The exponent at which two states merge, from those of their spreads. */
static inline int common_exponent(int left, int right)
{
    int most = left > right ? left : right;
    return most == NOTHING || abs(most) <= MODERATE ? 0 : most;
}

/* scaled[i] = x[i] 2^-exponent, in two steps because 2^1074 is not a double. A chunk has one
 * element at least. */
static inline void scale_elements(const void *x, size_t n, bool single, int exponent,
                                  double scaled[TRINE_CHUNK])
{
    double half = ldexp(1, -exponent / 2), rest = ldexp(1, -exponent - -exponent / 2);
    size_t i = 0;
    do
        scaled[i] = element_at(x, i, single) * half * rest;
    while (++i < n);
}

#endif
