/* kernels/moments.c - variance, skewness, kurtosis, covariance, correlation.
 *
 * A chunk is read once, for the sums of the powers of d = x - c on 32 lanes (kernels/lanes.h), c
 * being the mean of its first elements. With e = sum(d) / n, the distance of the chunk's mean from
 * c, the central moments are M2 = S2 - n e^2,  M3 = S3 - 3 e S2 + 2 n e^3,  M4 = S4 - 4 e S3 + 6
 * e^2 S2 - 3 n e^4. That loses little while e^2 is small against the variance; where it is not, the
 * chunk is read again with c = the mean. Chunks merge by the formulas of Pebay, Formulas for
 * robust, one-pass parallel computation of covariances and arbitrary-order statistical moments,
 * SAND2008-6212; those of M2 are Chan, Golub and LeVeque's (1979).
 */
#include "kernels/isa.h"
#include "kernels/lanes.h"
#include "kernels/list.h"
#include "kernels/order.h"

/* Elements of a chunk whose mean is the point that distances are taken from; how many times smaller
 * than the variance the square of its distance from the chunk's mean must be. */
enum { HEAD = 256, NEAR = 16 };

/* m2, m3, m4: sums of powers of the distance from the mean. */
typedef struct moments {
    double n, mean, m2, m3, m4;
} moments;

/* xx, yy, xy: sums of products of the distances from the means. */
typedef struct joint {
    double n, mean_x, mean_y, xx, yy, xy;
} joint;

static void moments_identity(void *state, const void *param)
{
    (void)param;
    *(moments *)state = (moments){0};
}

static void joint_identity(void *state, const void *param)
{
    (void)param;
    *(joint *)state = (joint){0};
}

/* All ones where x is a number. */
TRINE_INLINE ivec numbers(vec x)
{
    return (ivec)((vec_bits(x) & INT64_MAX) <= INF_KEY_f64);
}

TRINE_INLINE vec keep(vec x, ivec mask)
{
    return (vec)((ivec)x & mask);
}

/* The sum of the chunk's elements, and how many there are: all, or those that are numbers. */
TRINE_INLINE double chunk_sum(const void *x, size_t n, bool single, bool skip, double *count)
{
    vec sum[VECTORS] = {{0}};
    ivec skipped = {0};
    double lane[LANES];
    size_t i = 0, missing = 0, item = single ? sizeof(float) : sizeof(double);
    for (; i + LANES <= n; i += LANES) {
        if (i * item % PREFETCH_PIECE == 0)
            prefetch_piece((const char *)x + i * item);
#pragma GCC unroll 16
        for (int k = 0; k < VECTORS; k++) {
            vec v = load_at(x, i + (size_t)k * WIDTH, single);
            if (skip) {
                skipped += 1 + numbers(v);
                v = keep(v, numbers(v));
            }
            sum[k] += v;
        }
    }
    memcpy(lane, sum, sizeof lane);
    for (int j = 0; i < n; i++, j++) {
        double v = element_at(x, i, single);
        if (skip && v != v)
            missing++;
        else
            lane[j] += v;
    }
    fold(lane);
    *count = (double)(n - missing) - (double)vec_add_lanes(skipped);
    return lane[0];
}

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

/* Sums of the first four powers of x - mean. */
TRINE_INLINE void chunk_powers(const void *x, size_t n, bool single, bool skip, double mean,
                               double power[POWERS])
{
    double lane[POWERS][LANES];
    size_t whole = n / LANES * LANES, item = single ? sizeof(float) : sizeof(double);
    for (int part = 0; part < VECTORS; part += PART) {
        vec s[POWERS][PART] = {{{0}}};
        for (size_t i = 0; i < whole; i += LANES) {
            if (part == 0 && i * item % PREFETCH_PIECE == 0)
                prefetch_piece((const char *)x + i * item);
#pragma GCC unroll 8
            for (int k = 0; k < PART; k++) {
                vec v = load_at(x, i + (size_t)(part + k) * WIDTH, single), d = v - mean;
                if (skip)
                    d = keep(d, numbers(v));
                ADD_POWERS(d, s[0][k], s[1][k], s[2][k], s[3][k]);
            }
        }
        for (int p = 0; p < POWERS; p++)
            memcpy(&lane[p][part * WIDTH], s[p], sizeof s[p]);
    }
    for (size_t i = whole, j = 0; i < n; i++, j++) {
        double v = element_at(x, i, single), d = v - mean;
        if (!skip || v == v)
            ADD_POWERS(d, lane[0][j], lane[1][j], lane[2][j], lane[3][j]);
    }
    for (int p = 0; p < POWERS; p++) {
        fold(lane[p]);
        power[p] = lane[p][0];
    }
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

TRINE_INLINE moments chunk_moments(const void *x, size_t n, bool single, bool skip)
{
    double count, power[POWERS], sum = chunk_sum(x, n < HEAD ? n : HEAD, single, skip, &count);
    double point = count > 0 ? sum / count : 0;
    if (n > HEAD && skip) {
        double rest;
        const char *tail = (const char *)x + HEAD * (single ? sizeof(float) : sizeof(double));
        (void)chunk_sum(tail, n - HEAD, single, skip, &rest);
        count += rest;
    } else if (n > HEAD) {
        count = (double)n;
    }
    if (count == 0)
        return (moments){0};
    chunk_powers(x, n, single, skip, point, power);
    moments m = about_mean(count, point, power);
    double e = power[0] / count;
    if (e * e * count * NEAR <= m.m2)
        return m;
    chunk_powers(x, n, single, skip, m.mean, power);
    return about_mean(count, m.mean, power);
}

static void moments_merge(void *left, const void *right, const void *param)
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

static void accumulate(moments *state, const trine_chunk *chunk, bool single, bool skip)
{
    moments m = chunk_moments(chunk->in[0], chunk->n, single, skip);
    moments_merge(state, &m, NULL);
}

#define ACCUMULATE_REAL(kind, skip, suffix, single)                                                \
    static void kind##_accumulate_##suffix(void *state, const trine_chunk *chunk,                  \
                                           const void *param)                                      \
    {                                                                                              \
        (void)param;                                                                               \
        accumulate(state, chunk, single, skip);                                                    \
    }
ACCUMULATE_REAL(moments, false, f64, false)
ACCUMULATE_REAL(moments, false, f32, true)
ACCUMULATE_REAL(nan_moments, true, f64, false)
ACCUMULATE_REAL(nan_moments, true, f32, true)

/* Integers as the doubles that they convert to; a chunk has one at least. */
#define ACCUMULATE_WHOLE(suffix, type)                                                             \
    static const void *widened_##suffix(const void *from, size_t n, double wide[TRINE_CHUNK])      \
    {                                                                                              \
        const type *x = from;                                                                      \
        size_t i = 0;                                                                              \
        do                                                                                         \
            wide[i] = (double)x[i];                                                                \
        while (++i < n);                                                                           \
        return wide;                                                                               \
    }                                                                                              \
    static void moments_accumulate_##suffix(void *state, const trine_chunk *chunk,                 \
                                            const void *param)                                     \
    {                                                                                              \
        double wide[TRINE_CHUNK];                                                                  \
        trine_chunk reals = *chunk;                                                                \
        (void)param;                                                                               \
        reals.in[0] = widened_##suffix(chunk->in[0], chunk->n, wide);                              \
        accumulate(state, &reals, false, false);                                                   \
    }
ACCUMULATE_WHOLE(i64, int64_t)
ACCUMULATE_WHOLE(i32, int32_t)
ACCUMULATE_WHOLE(u64, uint64_t)
ACCUMULATE_WHOLE(u32, uint32_t)
ACCUMULATE_WHOLE(i16, int16_t)
ACCUMULATE_WHOLE(u16, uint16_t)
ACCUMULATE_WHOLE(i8, int8_t)
ACCUMULATE_WHOLE(u8, uint8_t)

/* Of n > 0 elements; 0 / 0, and so NaN, where all are alike. */
static double skewness_of(const moments *m)
{
    double variance = m->m2 / m->n;
    return canonical(m->m3 / m->n / (variance * sqrt(variance)));
}

static double kurtosis_of(const moments *m)
{
    double variance = m->m2 / m->n;
    return canonical(m->m4 / m->n / (variance * variance) - 3);
}

/* Variance; EMPTY when no degree of freedom is left. */
static trine_status var_finish(void *result, const void *state, const void *param)
{
    const moments *m = state;
    double ddof = *(const double *)param;
    if (!(m->n > ddof))
        return TRINE_E_EMPTY;
    *(double *)result = canonical(m->m2 / (m->n - ddof));
    return TRINE_OK;
}

static trine_status std_finish(void *result, const void *state, const void *param)
{
    double variance;
    trine_status status = var_finish(&variance, state, param);
    if (!status)
        *(double *)result = canonical(sqrt(variance));
    return status;
}

static trine_status skewness_finish(void *result, const void *state, const void *param)
{
    const moments *m = state;
    (void)param;
    if (m->n == 0)
        return TRINE_E_EMPTY;
    *(double *)result = skewness_of(m);
    return TRINE_OK;
}

static trine_status kurtosis_finish(void *result, const void *state, const void *param)
{
    const moments *m = state;
    (void)param;
    if (m->n == 0)
        return TRINE_E_EMPTY;
    *(double *)result = kurtosis_of(m);
    return TRINE_OK;
}

/* Sums of the products of x - mean_x and y - mean_y, on half of the lanes at a time. */
TRINE_INLINE joint chunk_products(const void *x, const void *y, size_t n, bool single,
                                  double mean_x, double mean_y)
{
    enum { SUMS = 5 };
    double lane[SUMS][LANES];
    size_t whole = n / LANES * LANES;
    for (int part = 0; part < VECTORS; part += VECTORS / 2) {
        vec s[SUMS][VECTORS / 2] = {{{0}}};
        for (size_t i = 0; i < whole; i += LANES)
#pragma GCC unroll 8
            for (int k = 0; k < VECTORS / 2; k++) {
                size_t at = i + (size_t)(part + k) * WIDTH;
                vec dx = load_at(x, at, single) - mean_x, dy = load_at(y, at, single) - mean_y;
                s[0][k] += dx;
                s[1][k] += dy;
                s[2][k] += dx * dx;
                s[3][k] += dy * dy;
                s[4][k] += dx * dy;
            }
        for (int p = 0; p < SUMS; p++)
            memcpy(&lane[p][part * WIDTH], s[p], sizeof s[p]);
    }
    for (size_t i = whole, j = 0; i < n; i++, j++) {
        double dx = element_at(x, i, single) - mean_x, dy = element_at(y, i, single) - mean_y;
        lane[0][j] += dx;
        lane[1][j] += dy;
        lane[2][j] += dx * dx;
        lane[3][j] += dy * dy;
        lane[4][j] += dx * dy;
    }
    for (int p = 0; p < SUMS; p++)
        fold(lane[p]);
    double ex = lane[0][0] / (double)n, ey = lane[1][0] / (double)n;
    double xx = lane[2][0] - lane[0][0] * ex, yy = lane[3][0] - lane[1][0] * ey;
    return (joint){.n = (double)n,
                   .mean_x = mean_x + ex,
                   .mean_y = mean_y + ey,
                   .xx = xx < 0 ? 0 : xx,
                   .yy = yy < 0 ? 0 : yy,
                   .xy = lane[4][0] - lane[0][0] * ey};
}

static void joint_merge(void *left, const void *right, const void *param)
{
    joint *l = left;
    const joint *r = right;
    (void)param;
    if (r->n == 0)
        return;
    if (l->n == 0) {
        *l = *r;
        return;
    }
    double n = l->n + r->n, dx = r->mean_x - l->mean_x, dy = r->mean_y - l->mean_y;
    double weight = l->n * (r->n / n);
    *l = (joint){.n = n,
                 .mean_x = l->mean_x + dx * (r->n / n),
                 .mean_y = l->mean_y + dy * (r->n / n),
                 .xx = l->xx + r->xx + dx * dx * weight,
                 .yy = l->yy + r->yy + dy * dy * weight,
                 .xy = l->xy + r->xy + dx * dy * weight};
}

TRINE_INLINE void joint_accumulate(joint *state, const trine_chunk *chunk, bool single)
{
    double count,
        mean_x = chunk_sum(chunk->in[0], chunk->n, single, false, &count) / (double)chunk->n;
    double mean_y = chunk_sum(chunk->in[1], chunk->n, single, false, &count) / (double)chunk->n;
    joint j = chunk_products(chunk->in[0], chunk->in[1], chunk->n, single, mean_x, mean_y);
    joint_merge(state, &j, NULL);
}

static void joint_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    joint_accumulate(state, chunk, false);
}

static void joint_accumulate_f32(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    joint_accumulate(state, chunk, true);
}

static trine_status cov_finish(void *result, const void *state, const void *param)
{
    const joint *j = state;
    double ddof = *(const double *)param;
    if (!(j->n > ddof))
        return TRINE_E_EMPTY;
    *(double *)result = canonical(j->xy / (j->n - ddof));
    return TRINE_OK;
}

static trine_status corr_finish(void *result, const void *state, const void *param)
{
    const joint *j = state;
    (void)param;
    if (j->n == 0)
        return TRINE_E_EMPTY;
    double r = j->xy / (sqrt(j->xx) * sqrt(j->yy));
    *(double *)result = canonical(r > 1 ? 1 : r < -1 ? -1 : r);
    return TRINE_OK;
}

/* Moments and extremes in one reading. */
typedef struct description {
    moments moments;
    double min, max;
    uint64_t nan;
} description;

static void describe_identity(void *state, const void *param)
{
    (void)param;
    *(description *)state = (description){.min = INFINITY, .max = -INFINITY};
}

static void describe_merge(void *left, const void *right, const void *param)
{
    description *l = left;
    const description *r = right;
    moments_merge(&l->moments, &r->moments, param);
    l->min = r->min < l->min ? r->min : l->min;
    l->max = r->max > l->max ? r->max : l->max;
    l->nan += r->nan;
}

/* Least and greatest of a chunk that the moments have just been taken of; NaN passed over, and a
 * zero's sign by the elements' order. */
TRINE_INLINE void chunk_range(const void *x, size_t n, bool single, double *min, double *max)
{
    const int64_t top = INF_KEY_f64, bottom = ~top, none = top + 1;
    int64_t least = none, most = ~none;
    for (size_t i = 0; i < n; i++) {
        double v = element_at(x, i, single);
        int64_t key = key_f64(&v);
        int64_t low = key < bottom ? none : key, high = key > top ? ~none : key;
        least = low < least ? low : least;
        most = high > most ? high : most;
    }
    *min = least == none ? INFINITY : value_f64(least);
    *max = most == ~none ? -INFINITY : value_f64(most);
}

TRINE_INLINE void describe_chunk(description *state, const trine_chunk *chunk, bool single)
{
    description d;
    d.moments = chunk_moments(chunk->in[0], chunk->n, single, true);
    chunk_range(chunk->in[0], chunk->n, single, &d.min, &d.max);
    d.nan = chunk->n - (uint64_t)d.moments.n;
    describe_merge(state, &d, NULL);
}

static void describe_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    describe_chunk(state, chunk, false);
}

static void describe_accumulate_f32(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    describe_chunk(state, chunk, true);
}

#define DESCRIBE_WHOLE(suffix)                                                                     \
    static void describe_accumulate_##suffix(void *state, const trine_chunk *chunk,                \
                                             const void *param)                                    \
    {                                                                                              \
        double wide[TRINE_CHUNK];                                                                  \
        trine_chunk reals = *chunk;                                                                \
        (void)param;                                                                               \
        reals.in[0] = widened_##suffix(chunk->in[0], chunk->n, wide);                              \
        describe_chunk(state, &reals, false);                                                      \
    }
DESCRIBE_WHOLE(i64)
DESCRIBE_WHOLE(i32)
DESCRIBE_WHOLE(u64)
DESCRIBE_WHOLE(u32)
DESCRIBE_WHOLE(i16)
DESCRIBE_WHOLE(u16)
DESCRIBE_WHOLE(i8)
DESCRIBE_WHOLE(u8)

static trine_status describe_finish(void *result, const void *state, const void *param)
{
    const description *d = state;
    const moments *m = &d->moments;
    trine_description *r = result;
    (void)param;
    *r = (trine_description){.n = (uint64_t)m->n,
                             .nan = d->nan,
                             .mean = canonical(m->n == 0 ? (double)NAN : m->mean),
                             .var = canonical(m->m2 / m->n),
                             .skewness = skewness_of(m),
                             .kurtosis = kurtosis_of(m),
                             .min = m->n == 0 ? (double)NAN : d->min,
                             .max = m->n == 0 ? (double)NAN : d->max};
    return TRINE_OK;
}

#define DESCRIBE(constant, suffix, type, name_)                                                    \
    {.name = "describe",                                                                           \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .state_size = sizeof(description),                                                            \
     .result_size = sizeof(trine_description),                                                     \
     .flags = TRINE_POSITION_FREE,                                                                 \
     .identity = describe_identity,                                                                \
     .accumulate = describe_accumulate_##suffix,                                                   \
     .merge = describe_merge,                                                                      \
     .finish = describe_finish},

#define MOMENT(NAME, kind, inputs, param_bytes, finish_kind, constant, suffix)                     \
    {.name = NAME,                                                                                 \
     .nin = inputs,                                                                                \
     .in = {constant, (inputs) == 2 ? (constant) : TRINE_DTYPE_NONE},                              \
     .out = TRINE_F64,                                                                             \
     .param_size = param_bytes,                                                                    \
     .state_size = (inputs) == 2 ? sizeof(joint) : sizeof(moments),                                \
     .result_size = sizeof(double),                                                                \
     .flags = TRINE_POSITION_FREE,                                                                 \
     .identity = (inputs) == 2 ? joint_identity : moments_identity,                                \
     .accumulate = kind##_accumulate_##suffix,                                                     \
     .merge = (inputs) == 2 ? joint_merge : moments_merge,                                         \
     .finish = finish_kind##_finish},
#define REALS(NAME, kind, inputs, param_bytes, finish_kind)                                        \
    MOMENT(NAME, kind, inputs, param_bytes, finish_kind, TRINE_F64, f64)                           \
    MOMENT(NAME, kind, inputs, param_bytes, finish_kind, TRINE_F32, f32)
/* Integers have no NaN to pass over. */
#define ALL(NAME, kind, param_bytes, finish_kind)                                                  \
    REALS(NAME, kind, 1, param_bytes, finish_kind)                                                 \
    MOMENT(NAME, moments, 1, param_bytes, finish_kind, TRINE_I64, i64)                             \
    MOMENT(NAME, moments, 1, param_bytes, finish_kind, TRINE_I32, i32)                             \
    MOMENT(NAME, moments, 1, param_bytes, finish_kind, TRINE_U64, u64)                             \
    MOMENT(NAME, moments, 1, param_bytes, finish_kind, TRINE_U32, u32)                             \
    MOMENT(NAME, moments, 1, param_bytes, finish_kind, TRINE_I16, i16)                             \
    MOMENT(NAME, moments, 1, param_bytes, finish_kind, TRINE_U16, u16)                             \
    MOMENT(NAME, moments, 1, param_bytes, finish_kind, TRINE_I8, i8)                               \
    MOMENT(NAME, moments, 1, param_bytes, finish_kind, TRINE_U8, u8)

enum { DDOF = sizeof(double) };

const trine_monoid VARIANT(trine_moments)[] = {
    ALL("var", moments, DDOF, var) ALL("std", moments, DDOF, std)
        ALL("skewness", moments, 0, skewness) ALL("kurtosis", moments, 0, kurtosis)
            ALL("nanvar", nan_moments, DDOF, var) ALL("nanstd", nan_moments, DDOF, std)
                REALS("cov", joint, 2, DDOF, cov) REALS("corr", joint, 2, 0, corr)
                    TRINE_DTYPES(DESCRIBE){.name = NULL}};
