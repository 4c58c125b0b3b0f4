/* kernels/moments.h - mean and central moments of a chunk, and how those of two merge.
 *
 * A chunk is read once, for the sums of the powers of d = x - c on 32 lanes (kernels/lanes.h), c
 * being the mean of its first elements. With e = sum(d) / n, the distance of the chunk's mean from
 * c, the central moments are M2 = S2 - n e^2,  M3 = S3 - 3 e S2 + 2 n e^3,  M4 = S4 - 4 e S3 + 6
 * e^2 S2 - 3 n e^4. That loses little while e^2 is small against the variance. Where it is not, the
 * chunk is read again with c = the mean: then 256 first elements would cost five bits, and where
 * NaN are passed over and few of the first are numbers, all. Chunks merge by the formulas of Pebay,
 * Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical
 * moments, SAND2008-6212; those of M2 are Chan, Golub and LeVeque's (1979).
 */
#ifndef TRINE_KERNELS_MOMENTS_H
#define TRINE_KERNELS_MOMENTS_H

#include "kernels/lane_sums.h"
#include "kernels/order.h"

/* Elements of a chunk whose mean is the point that distances are taken from; how many times smaller
 * than the variance the square of its distance from the chunk's mean must be. */
enum { HEAD = 256, NEAR = 16 };

/* m2, m3, m4: sums of powers of the distance from the mean. */
typedef struct moments {
    double n, mean, m2, m3, m4;
} moments;

/* Adds the powers of d to the sums of one lane or vector of lanes. */
#define ADD_POWERS(d, s1, s2, s3, s4)                                                              \
    do {                                                                                           \
        (s1) += (d);                                                                               \
        (s2) += (d) * (d);                                                                         \
        (s3) += (d) * (d) * (d);                                                                   \
        (s4) += ((d) * (d)) * ((d) * (d));                                                         \
    } while (0)

/* PART: vectors of lanes at a time, whose sums stay in registers. */
enum { POWERS = 4, PART = VECTORS <= 4 ? VECTORS : VECTORS / 2 };

/* Sums of the first four powers of x - point; the number of elements, or of those that are numbers.
 */
TRINE_INLINE size_t chunk_powers(const void *x, size_t n, bool single, bool skip, double point,
                                 double power[POWERS])
{
    double lane[POWERS][LANES];
    ivec skipped = {0};
    size_t whole = n / LANES * LANES, item = single ? sizeof(float) : sizeof(double);
    for (int part = 0; part < VECTORS; part += PART) {
        vec s[POWERS][PART] = {{{0}}};
        for (size_t i = 0; i < whole; i += LANES) {
            if (part == 0 && i * item % PREFETCH_PIECE == 0)
                prefetch_piece((const char *)x + i * item);
#pragma GCC unroll 8
            for (int k = 0; k < PART; k++) {
                vec v = load_at(x, i + (size_t)(part + k) * WIDTH, single), d = v - point;
                if (skip) {
                    ivec number = (ivec)((vec_bits(v) & INT64_MAX) <= INF_KEY_f64);
                    d = (vec)((ivec)d & number);
                    skipped += 1 + number;
                }
                ADD_POWERS(d, s[0][k], s[1][k], s[2][k], s[3][k]);
            }
        }
        for (int p = 0; p < POWERS; p++)
            memcpy(&lane[p][part * WIDTH], s[p], sizeof s[p]);
    }
    size_t missing = 0;
    for (size_t i = whole, j = 0; i < n; i++, j++) {
        double v = element_at(x, i, single), d = v - point;
        if (skip && v != v)
            missing++;
        else
            ADD_POWERS(d, lane[0][j], lane[1][j], lane[2][j], lane[3][j]);
    }
    for (int p = 0; p < POWERS; p++) {
        fold(lane[p]);
        power[p] = lane[p][0];
    }
    return n - missing - (size_t)vec_add_lanes(skipped);
}

/* Moments about the mean, from those about a point near it. */
TRINE_INLINE moments about_mean(double count, double point, const double power[POWERS])
{
    double e = power[0] / count, ee = e * e, m2 = power[1] - count * ee;
    return (moments){.n = count,
                     .mean = point + e,
                     .m2 = m2 < 0 ? 0 : m2,
                     .m3 = power[2] - 3 * e * power[1] + 2 * count * ee * e,
                     .m4 = power[3] - 4 * e * power[2] + 6 * ee * power[1] - 3 * count * ee * ee};
}

/* single: floats, else doubles; skip: NaN are passed over. */
TRINE_INLINE moments chunk_moments(const void *x, size_t n, bool single, bool skip)
{
    double power[POWERS];
    const fast_state head =
        fast_sum((elements){x, x, n < HEAD ? n : HEAD, single, skip ? NUMBERS : PLAIN});
    double point = head.count > 0 ? head.sum / (double)head.count : 0;
    double count = (double)chunk_powers(x, n, single, skip, point, power);
    if (count == 0)
        return (moments){0};
    moments m = about_mean(count, point, power);
    double e = power[0] / count;
    if (e * e * count * NEAR <= m.m2)
        return m;
    chunk_powers(x, n, single, skip, m.mean, power);
    return about_mean(count, m.mean, power);
}

static inline void moments_merge(void *left, const void *right, const void *param)
{
    moments *l = left;
    const moments *r = right;
    (void)param;
    if (r->n == 0)
        return;
    if (l->n == 0) {
        *l = *r;
        return;
    }
    double n = l->n + r->n, d = r->mean - l->mean, a = l->n, b = r->n, dn = d / n;
    double m2 = l->m2 + r->m2 + d * dn * a * b;
    double m3 = l->m3 + r->m3 + d * dn * dn * a * b * (a - b) + 3 * dn * (a * r->m2 - b * l->m2);
    double m4 = l->m4 + r->m4 + d * dn * dn * dn * a * b * (a * a - a * b + b * b) +
                6 * dn * dn * (a * a * r->m2 + b * b * l->m2) + 4 * dn * (a * r->m3 - b * l->m3);
    *l = (moments){.n = n, .mean = l->mean + dn * b, .m2 = m2, .m3 = m3, .m4 = m4};
}

/* Of n > 0 elements; 0 / 0, and so NaN, where all are alike. */
static inline double skewness_of(const moments *m)
{
    double variance = m->m2 / m->n;
    return canonical(m->m3 / m->n / (variance * sqrt(variance)));
}

static inline double kurtosis_of(const moments *m)
{
    double variance = m->m2 / m->n;
    return canonical(m->m4 / m->n / (variance * variance) - 3);
}

/* Integers as the doubles that they convert to; a chunk has one at least. */
#define WIDENED(suffix, type)                                                                      \
    TRINE_INLINE const void *widened_##suffix(const void *from, size_t n,                          \
                                              double wide[TRINE_CHUNK])                            \
    {                                                                                              \
        const type *x = from;                                                                      \
        size_t i = 0;                                                                              \
        do                                                                                         \
            wide[i] = (double)x[i];                                                                \
        while (++i < n);                                                                           \
        return wide;                                                                               \
    }
WIDENED(i64, int64_t)
WIDENED(i32, int32_t)
WIDENED(u64, uint64_t)
WIDENED(u32, uint32_t)
WIDENED(i16, int16_t)
WIDENED(u16, uint16_t)
WIDENED(i8, int8_t)
WIDENED(u8, uint8_t)
#undef WIDENED

#endif
