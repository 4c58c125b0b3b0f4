/* kernels/joint.c - covariance and correlation.
 *
 * A chunk is read for its means, and again, from the cache, for the sums of the products of the
 * distances from them. Chunks merge by the formulas of Pebay (kernels/moments.h).
 */
#include "kernels/isa.h"
#include "kernels/lane_sums.h"

/* xx, yy, xy: sums of products of the distances from the means. */
typedef struct joint {
    double n, mean_x, mean_y, xx, yy, xy;
} joint;

static void joint_identity(void *state, const void *param)
{
    (void)param;
    *(joint *)state = (joint){0};
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

TRINE_INLINE double chunk_mean(const void *x, size_t n, bool single)
{
    return fast_sum((elements){x, x, n, single, PLAIN}).sum / (double)n;
}

TRINE_INLINE void joint_accumulate(joint *state, const trine_chunk *chunk, bool single)
{
    const void *x = chunk->in[0], *y = chunk->in[1];
    double mean_x = chunk_mean(x, chunk->n, single), mean_y = chunk_mean(y, chunk->n, single);
    joint j = chunk_products(x, y, chunk->n, single, mean_x, mean_y);
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

#define JOINT(NAME, param_bytes, finish_kind, constant, suffix)                                    \
    {                                                                                              \
        .name = NAME, .nin = 2, .in = {constant, constant}, .out = TRINE_F64,                      \
        .param_size = param_bytes, .state_size = sizeof(joint), .result_size = sizeof(double),     \
        .flags = TRINE_POSITION_FREE, .identity = joint_identity,                                  \
        .accumulate = joint_accumulate_##suffix, .merge = joint_merge,                             \
        .finish = finish_kind##_finish                                                             \
    }

const trine_monoid VARIANT(trine_joints)[] = {JOINT("cov", sizeof(double), cov, TRINE_F64, f64),
                                              JOINT("cov", sizeof(double), cov, TRINE_F32, f32),
                                              JOINT("corr", 0, corr, TRINE_F64, f64),
                                              JOINT("corr", 0, corr, TRINE_F32, f32),
                                              {.name = NULL}};
