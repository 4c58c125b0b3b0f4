/* kernels/reduce/moments.h - mean and central moments of a chunk, and how those of two merge.
 *
 * A chunk is read once, for the sums of the powers of d = x - c, c being a point near its mean
 * (kernels/reduce/lane_powers.h). With e = sum(d) / n, the distance of the chunk's mean from c, the
 * central moments are M2 = S2 - n e^2, M3 = S3 - 3 e S2 + 2 n e^3, M4 = S4 - 4 e S3 + 6 e^2 S2 -
 * 3 n e^4. That loses little while e^2 is small against the variance. Where it is not, the chunk is
 * read again with c = the mean: where few of the sample are numbers, the one outlier of a chunk may
 * have been the point, which would cost 13 bits.
 *
 * Means and moments are pairs of doubles, so that no offset, however large against the spread,
 * costs what Chan, Golub and LeVeque, Algorithms for computing the sample variance, The American
 * Statistician 37 (1983), call the condition number. Two states merge when both have been moved to
 * the common mean, as in Pebay, Formulas for robust, one-pass parallel computation of covariances
 * and arbitrary-order statistical moments, SAND2008-6212.
 *
 * Elements whose powers might over- or underflow are scaled by a power of two, which the state
 * carries: mean 2^exponent, m2 4^exponent and so on. The exponent is 0 for moderate elements.
 */
#ifndef TRINE_KERNELS_MOMENTS_H
#define TRINE_KERNELS_MOMENTS_H

#include "kernels/reduce/lane_powers.h"

/* How many times smaller than the variance the square of the point's distance from the chunk's mean
 * must be. POWERS: the highest moment. */
enum { NEAR = 16, POWERS = 4 };

/* m2, m3, m4: sums of powers of the distance from the mean; those that a reduction does not need
 * are 0. Where an element is infinite or NaN, the mean is the sum of those, and the moments are
 * NaN. */
typedef struct moments {
    double n;
    pair mean, m2, m3, m4;
    int64_t exponent;
} moments;

/* The powers of d, a vector or a number, up to `powers`, 2 or 4. */
#define POWERS_OF(powers, d, power)                                                                \
    do {                                                                                           \
        (power)[0] = (d);                                                                          \
        (power)[1] = (d) * (d);                                                                    \
        if ((powers) > 2) {                                                                        \
            (power)[2] = (power)[1] * (d);                                                         \
            (power)[3] = (power)[1] * (power)[1];                                                  \
        }                                                                                          \
    } while (0)

/* A block of `panels` panels from element i on; the number of NaN among them that are skipped. */
TRINE_INLINE ivec add_block(const void *x, size_t i, int panels, bool single, bool skip, int powers,
                            double point, lane_totals total[])
{
    const int vectors = powers > 2 ? NARROW_PART : PART;
    const size_t item = single ? sizeof(float) : sizeof(double);
    ivec skipped = {0};
    for (int part = 0; part < VECTORS; part += vectors) {
        vec s[POWERS][PART] = {{{0}}};
        for (int p = 0; p < panels; p++) {
            size_t at = i + (size_t)p * LANES;
            if (part == 0)
                prefetch_panel((const char *)x + at * item, single);
#pragma GCC unroll 8
            for (int k = 0; k < vectors; k++) {
                vec v = load_at(x, at + (size_t)(part + k) * WIDTH, single), d = v - point;
                if (skip) {
                    ivec number = vec_numbers(v);
                    d = (vec)((ivec)d & number);
                    skipped += 1 + number;
                }
                vec power[POWERS];
                POWERS_OF(powers, d, power);
                for (int q = 0; q < powers; q++)
                    s[q][k] += power[q];
            }
        }
        for (int q = 0; q < powers; q++)
#pragma GCC unroll 8
            for (int k = 0; k < vectors; k++)
                totals_add(&total[q], part + k, s[q][k]);
    }
    return skipped;
}

/* Adds the powers of elements from i on, one by one; how many of them are skipped. */
TRINE_INLINE size_t add_last(const void *x, size_t i, size_t n, bool single, bool skip, int powers,
                             double point, pair sum[])
{
    size_t skipped = 0;
    for (; i < n; i++) {
        double v = element_at(x, i, single), d = v - point, power[POWERS];
        if (skip && isnan(v)) {
            skipped++;
            continue;
        }
        POWERS_OF(powers, d, power);
        for (int q = 0; q < powers; q++)
            two_sum(&sum[q].high, &sum[q].low, power[q]);
    }
    return skipped;
}

/* Sums of the powers of x - point; the number of elements, or of those that are numbers. */
TRINE_INLINE size_t chunk_powers(const void *x, size_t n, bool single, bool skip, int powers,
                                 double point, pair power[POWERS])
{
    size_t whole = n / LANES * LANES, i = 0, count = n;
    memset(power, 0, (size_t)powers * sizeof *power);
    if (whole > 0) {
        lane_totals total[POWERS];
        ivec skipped = {0};
        memset(total, 0, (size_t)powers * sizeof *total);
        for (; i + PANELS * LANES <= whole; i += PANELS * LANES)
            skipped += add_block(x, i, PANELS, single, skip, powers, point, total);
        int left = (int)((whole - i) / LANES);
        if (left > 0)
            skipped += add_block(x, i, left, single, skip, powers, point, total);
        for (int q = 0; q < powers; q++)
            power[q] = totals_fold(&total[q]);
        count -= (size_t)vec_add_lanes(skipped);
    }
    count -= add_last(x, whole, n, single, skip, powers, point, power);
    for (int q = 0; q < powers; q++)
        power[q] = pair_of_ordered(power[q].high, power[q].low);
    return count;
}

/* Moments about the mean, from the sums of powers about a point near it. */
TRINE_INLINE moments about_mean(double count, double point, int powers, const pair power[POWERS])
{
    pair e = pair_divide(power[0], count), mean = pair_of_sum(point, e.high);
    pair ne2 = pair_multiply(power[0], e), m2 = pair_subtract(power[1], ne2);
    moments m = {.n = count,
                 .mean = pair_of_ordered(mean.high, mean.low + e.low),
                 .m2 = m2.high < 0 ? (pair){0, 0} : m2};
    if (powers == 2)
        return m;
    /* e (3 S2 - 2 n e^2) and e (4 S3 - e (6 S2 - 3 n e^2)) */
    pair three = pair_subtract(pair_scale(power[1], 3), pair_scale(ne2, 2));
    pair four = pair_subtract(pair_scale(power[1], 6), pair_scale(ne2, 3));
    four = pair_subtract(pair_scale(power[2], 4), pair_multiply(e, four));
    m.m3 = pair_subtract(power[2], pair_multiply(e, three));
    m.m4 = pair_subtract(power[3], pair_multiply(e, four));
    return m;
}

TRINE_INLINE moments plain_moments(const void *x, size_t n, bool single, bool skip, int powers)
{
    pair power[POWERS];
    double point = chunk_point(x, n, single, skip);
    double count = (double)chunk_powers(x, n, single, skip, powers, point, power);
    if (count == 0)
        return (moments){0};
    moments m = about_mean(count, point, powers, power);
    double e = power[0].high / count;
    if (e * e * count * NEAR <= m.m2.high)
        return m;
    point = m.mean.high;
    chunk_powers(x, n, single, skip, powers, point, power);
    return about_mean(count, point, powers, power);
}

/* Those of a chunk of which `plain` may have over- or underflown, or which has elements that are
 * not finite. */
static __attribute__((noinline)) moments scaled_moments(moments plain, const void *x, size_t n,
                                                        bool single, bool skip, bool all_powers)
{
    chunk_range r = range_of(x, n, single, skip);
    pair none = {NAN, 0};
    if (r.special != 0)
        return (moments){r.count, {canonical(r.special), 0}, none, none, none, 0};
    int exponent = range_exponent(r.most);
    if (exponent == 0)
        return plain;
    double scaled[TRINE_CHUNK];
    scale_elements(x, n, single, exponent, scaled);
    moments m = all_powers ? plain_moments(scaled, n, false, skip, 4)
                           : plain_moments(scaled, n, false, skip, 2);
    m.exponent = exponent;
    return m;
}

/* single: floats, else doubles; skip: NaN are passed over; powers: 2 or 4, the highest moment. */
TRINE_INLINE moments chunk_moments(const void *x, size_t n, bool single, bool skip, int powers)
{
    moments m = plain_moments(x, n, single, skip, powers);
    if (m.n == 0 || (m.m2.high >= MIN_SQUARES && m.m2.high <= MAX_SQUARES))
        return m;
    return scaled_moments(m, x, n, single, skip, powers > 2);
}

static inline void moments_shift(moments *m, int exponent)
{
    int by = (int)m->exponent - exponent;
    m->mean = pair_shift(m->mean, by);
    m->m2 = pair_shift(m->m2, 2 * by);
    m->m3 = pair_shift(m->m3, 3 * by);
    m->m4 = pair_shift(m->m4, 4 * by);
    m->exponent = exponent;
}

/* Brings both to the scale of the larger. */
static __attribute__((noinline)) void moments_align(moments *left, moments *right)
{
    int exponent =
        common_exponent(spread_exponent(left->n, left->mean, left->m2, left->exponent),
                        spread_exponent(right->n, right->mean, right->m2, right->exponent));
    moments_shift(left, exponent);
    moments_shift(right, exponent);
}

/* The moments about a point at a distance p from the mean: sums of (d - p)^k. */
TRINE_INLINE moments about_point(moments m, pair p, int powers)
{
    pair square = pair_multiply(p, p), np2 = pair_scale(square, m.n);
    moments moved = m;
    moved.m2 = pair_add(m.m2, np2);
    if (powers == 2)
        return moved;
    pair three = pair_add(pair_scale(m.m2, 3), np2);
    pair four = pair_add(pair_scale(m.m2, 6), np2);
    moved.m3 = pair_subtract(m.m3, pair_multiply(p, three));
    moved.m4 = pair_subtract(pair_add(m.m4, pair_multiply(square, four)),
                             pair_multiply(pair_scale(p, 4), m.m3));
    return moved;
}

TRINE_INLINE void moments_join(moments *left, const moments *right, int powers)
{
    if (right->n == 0)
        return;
    if (left->n == 0) {
        *left = *right;
        return;
    }
    double n = left->n + right->n, special = left->mean.high + right->mean.high;
    pair none = {NAN, 0};
    if (!isfinite(left->mean.high) || !isfinite(right->mean.high)) {
        *left = (moments){n, {canonical(special), 0}, none, none, none, 0};
        return;
    }
    moments r = *right;
    if (left->exponent != 0 || r.exponent != 0)
        moments_align(left, &r);
    pair distance = pair_subtract(r.mean, left->mean), part = pair_divide(distance, n);
    pair p = pair_scale(part, r.n), q = pair_scale(part, -left->n);
    moments a = about_point(*left, p, powers), b = about_point(r, q, powers);
    left->n = n;
    left->mean = pair_add(left->mean, p);
    left->m2 = pair_add(a.m2, b.m2);
    if (powers == 2)
        return;
    left->m3 = pair_add(a.m3, b.m3);
    left->m4 = pair_add(a.m4, b.m4);
}

/* Of n > 0 elements: 0 / 0, and so NaN, where all are alike. */
static inline double skewness_of(const moments *m)
{
    double variance = m->m2.high / m->n;
    return canonical(m->m3.high / m->n / (variance * sqrt(variance)));
}

static inline double kurtosis_of(const moments *m)
{
    pair three = pair_scale(pair_multiply(m->m2, m->m2), 3);
    double excess = pair_subtract(pair_scale(m->m4, m->n), three).high;
    return canonical(excess / (three.high / 3));
}

static inline double mean_of(const moments *m)
{
    return canonical(ldexp(m->mean.high, (int)m->exponent));
}

/* M2 / divisor. */
static inline double variance_of(const moments *m, double divisor)
{
    return canonical(ldexp(m->m2.high / divisor, 2 * (int)m->exponent));
}

static inline double deviation_of(const moments *m, double divisor)
{
    return canonical(ldexp(sqrt(m->m2.high / divisor), (int)m->exponent));
}

#endif
