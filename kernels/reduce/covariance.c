/* kernels/reduce/covariance.c - covariance and correlation.
 *
 * A chunk is read for points near its means, and once more for the sums of the products of the
 * distances from them; again about the means where those were far (kernels/reduce/moments.h). Means
 * and sums are pairs of doubles, merged by the formulas of Pebay; x and y have a power of two each
 * that keeps their products in range.
 */
#include "kernels/registry/isa.h"
#include "kernels/reduce/lane_powers.h"

/* xx, yy, xy: sums of products of the distances from the means, in units of 4^exponent_x,
 * 4^exponent_y and 2^(exponent_x + exponent_y). All NaN where an element is infinite or NaN. */
typedef struct joint {
    double n;
    pair mean_x, mean_y, xx, yy, xy;
    int64_t exponent_x, exponent_y;
} joint;

static void joint_init(void *state, const void *param)
{
    (void)param;
    *(joint *)state = (joint){0};
}

/* Sums of dx, dy, dx^2, dy^2 and dx dy. */
enum { DX, DY, XX, YY, XY, SUMS, NEAR = 16 };

#define PRODUCTS_OF(dx, dy, product)                                                               \
    do {                                                                                           \
        (product)[DX] = (dx);                                                                      \
        (product)[DY] = (dy);                                                                      \
        (product)[XX] = (dx) * (dx);                                                               \
        (product)[YY] = (dy) * (dy);                                                               \
        (product)[XY] = (dx) * (dy);                                                               \
    } while (0)

/* Two arrays of one type, and the points that distances are taken from. */
typedef struct columns {
    const void *x, *y;
    size_t n;
    bool single;
    double at_x, at_y;
} columns;

/* A block of `panels` panels from element i on. */
TRINE_INLINE void add_block(columns c, size_t i, int panels, lane_totals total[SUMS])
{
    const size_t item = c.single ? sizeof(float) : sizeof(double);
    for (int part = 0; part < VECTORS; part += NARROW_PART) {
        vec s[SUMS][NARROW_PART] = {{{0}}};
        for (int p = 0; p < panels; p++) {
            size_t first = i + (size_t)p * LANES;
            if (part == 0) {
                prefetch_panel((const char *)c.x + first * item, c.single);
                prefetch_panel((const char *)c.y + first * item, c.single);
            }
#pragma GCC unroll 8
            for (int k = 0; k < NARROW_PART; k++) {
                size_t at = first + (size_t)(part + k) * WIDTH;
                vec dx = load_at(c.x, at, c.single) - c.at_x;
                vec dy = load_at(c.y, at, c.single) - c.at_y, product[SUMS];
                PRODUCTS_OF(dx, dy, product);
                for (int q = 0; q < SUMS; q++)
                    s[q][k] += product[q];
            }
        }
        for (int q = 0; q < SUMS; q++)
#pragma GCC unroll 8
            for (int k = 0; k < NARROW_PART; k++)
                totals_add(&total[q], part + k, s[q][k]);
    }
}

TRINE_INLINE void chunk_products(columns c, pair sum[SUMS])
{
    size_t whole = c.n / LANES * LANES, i = 0;
    memset(sum, 0, SUMS * sizeof *sum);
    if (whole > 0) {
        lane_totals total[SUMS];
        memset(total, 0, sizeof total);
        for (; i + PANELS * LANES <= whole; i += PANELS * LANES)
            add_block(c, i, PANELS, total);
        if (i < whole)
            add_block(c, i, (int)((whole - i) / LANES), total);
        for (int q = 0; q < SUMS; q++)
            sum[q] = totals_fold(&total[q]);
    }
    for (i = whole; i < c.n; i++) {
        double dx = element_at(c.x, i, c.single) - c.at_x, product[SUMS];
        double dy = element_at(c.y, i, c.single) - c.at_y;
        PRODUCTS_OF(dx, dy, product);
        for (int q = 0; q < SUMS; q++)
            two_sum(&sum[q].high, &sum[q].low, product[q]);
    }
    for (int q = 0; q < SUMS; q++)
        sum[q] = pair_of_ordered(sum[q].high, sum[q].low);
}

static inline pair not_negative(pair a)
{
    return a.high < 0 ? (pair){0, 0} : a;
}

static inline pair mean_about(double point, pair e)
{
    pair mean = pair_of_sum(point, e.high);
    return pair_of_ordered(mean.high, mean.low + e.low);
}

/* The sums about the means, from those about points near them. */
TRINE_INLINE joint about_means(columns c, const pair sum[SUMS])
{
    pair ex = pair_divide(sum[DX], (double)c.n), ey = pair_divide(sum[DY], (double)c.n);
    return (joint){.n = (double)c.n,
                   .mean_x = mean_about(c.at_x, ex),
                   .mean_y = mean_about(c.at_y, ey),
                   .xx = not_negative(pair_subtract(sum[XX], pair_multiply(sum[DX], ex))),
                   .yy = not_negative(pair_subtract(sum[YY], pair_multiply(sum[DY], ey))),
                   .xy = pair_subtract(sum[XY], pair_multiply(sum[DX], ey))};
}

TRINE_INLINE joint plain_joint(const void *x, const void *y, size_t n, bool single)
{
    pair sum[SUMS];
    columns c = {
        x, y, n, single, chunk_point(x, n, single, false), chunk_point(y, n, single, false)};
    chunk_products(c, sum);
    joint j = about_means(c, sum);
    double near_x = sum[DX].high / j.n * sum[DX].high * NEAR;
    double near_y = sum[DY].high / j.n * sum[DY].high * NEAR;
    if (near_x <= j.xx.high && near_y <= j.yy.high)
        return j;
    c.at_x = j.mean_x.high;
    c.at_y = j.mean_y.high;
    chunk_products(c, sum);
    return about_means(c, sum);
}

static joint no_joint(double n)
{
    pair none = {NAN, 0};
    return (joint){n, none, none, none, none, none, 0, 0};
}

static __attribute__((noinline)) joint scaled_joint(joint plain, const void *x, const void *y,
                                                    size_t n, bool single)
{
    chunk_range rx = range_of(x, n, single, false), ry = range_of(y, n, single, false);
    if (rx.special != 0 || ry.special != 0)
        return no_joint((double)n);
    int exponent_x = range_exponent(rx.most), exponent_y = range_exponent(ry.most);
    if (exponent_x == 0 && exponent_y == 0)
        return plain;
    double scaled_x[TRINE_CHUNK], scaled_y[TRINE_CHUNK];
    scale_elements(x, n, single, exponent_x, scaled_x);
    scale_elements(y, n, single, exponent_y, scaled_y);
    joint j = plain_joint(scaled_x, scaled_y, n, false);
    j.exponent_x = exponent_x;
    j.exponent_y = exponent_y;
    return j;
}

static inline bool moderate(pair squares)
{
    return squares.high >= MIN_SQUARES && squares.high <= MAX_SQUARES;
}

TRINE_INLINE joint chunk_joint(const trine_chunk *chunk, bool single)
{
    joint j = plain_joint(chunk->in[0], chunk->in[1], chunk->n, single);
    if (moderate(j.xx) && moderate(j.yy))
        return j;
    return scaled_joint(j, chunk->in[0], chunk->in[1], chunk->n, single);
}

/* Brings both to the scales of the larger. */
static __attribute__((noinline)) void joint_align(joint *left, joint *right)
{
    int x = common_exponent(spread_exponent(left->n, left->mean_x, left->xx, left->exponent_x),
                            spread_exponent(right->n, right->mean_x, right->xx, right->exponent_x));
    int y = common_exponent(spread_exponent(left->n, left->mean_y, left->yy, left->exponent_y),
                            spread_exponent(right->n, right->mean_y, right->yy, right->exponent_y));
    for (int side = 0; side < 2; side++) {
        joint *j = side ? right : left;
        int by_x = (int)j->exponent_x - x, by_y = (int)j->exponent_y - y;
        j->mean_x = pair_shift(j->mean_x, by_x);
        j->mean_y = pair_shift(j->mean_y, by_y);
        j->xx = pair_shift(j->xx, 2 * by_x);
        j->yy = pair_shift(j->yy, 2 * by_y);
        j->xy = pair_shift(j->xy, by_x + by_y);
        j->exponent_x = x;
        j->exponent_y = y;
    }
}

static void joint_merge(void *left, const void *right, const void *param)
{
    joint *l = left, r = *(const joint *)right;
    (void)param;
    if (r.n == 0)
        return;
    if (l->n == 0) {
        *l = r;
        return;
    }
    double n = l->n + r.n;
    if (isnan(l->xy.high) || isnan(r.xy.high)) {
        *l = no_joint(n);
        return;
    }
    if (l->exponent_x != 0 || l->exponent_y != 0 || r.exponent_x != 0 || r.exponent_y != 0)
        joint_align(l, &r);
    pair dx = pair_subtract(r.mean_x, l->mean_x), dy = pair_subtract(r.mean_y, l->mean_y);
    pair weight = pair_divide(pair_of_product(l->n, r.n), n);
    pair wx = pair_multiply(dx, weight), wy = pair_multiply(dy, weight);
    l->mean_x = pair_add(l->mean_x, pair_scale(pair_divide(dx, n), r.n));
    l->mean_y = pair_add(l->mean_y, pair_scale(pair_divide(dy, n), r.n));
    l->xx = pair_add(pair_add(l->xx, r.xx), pair_multiply(wx, dx));
    l->yy = pair_add(pair_add(l->yy, r.yy), pair_multiply(wy, dy));
    l->xy = pair_add(pair_add(l->xy, r.xy), pair_multiply(wx, dy));
    l->n = n;
}

static void joint_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    joint j = chunk_joint(chunk, false);
    joint_merge(state, &j, param);
}

static void joint_accumulate_f32(void *state, const trine_chunk *chunk, const void *param)
{
    joint j = chunk_joint(chunk, true);
    joint_merge(state, &j, param);
}

static trine_status cov_finish(void *result, const void *state, const void *param)
{
    const joint *j = state;
    double ddof = *(const double *)param;
    if (!(j->n > ddof))
        return TRINE_E_EMPTY;
    *(double *)result =
        canonical(ldexp(j->xy.high / (j->n - ddof), (int)(j->exponent_x + j->exponent_y)));
    return TRINE_OK;
}

static trine_status corr_finish(void *result, const void *state, const void *param)
{
    const joint *j = state;
    (void)param;
    if (j->n == 0)
        return TRINE_E_EMPTY;
    double r = j->xy.high / (sqrt(j->xx.high) * sqrt(j->yy.high));
    *(double *)result = canonical(r > 1 ? 1 : r < -1 ? -1 : r);
    return TRINE_OK;
}

#define JOINT(NAME, param_bytes, finish_kind, constant, suffix)                                    \
    {                                                                                              \
        TRINE_INIT(trine_reducer), .name = NAME, .nin = 2, .in = {constant, constant},             \
                                   .out = TRINE_F64, .param_size = param_bytes,                    \
                                   .state_size = sizeof(joint), .result_size = sizeof(double),     \
                                   .flags = TRINE_POSITION_FREE, .init = joint_init,               \
                                   .accumulate = joint_accumulate_##suffix, .merge = joint_merge,  \
                                   .finish = finish_kind##_finish                                  \
    }

const trine_reducer VARIANT(trine_covariances)[] = {
    JOINT("cov", sizeof(double), cov, TRINE_F64, f64),
    JOINT("cov", sizeof(double), cov, TRINE_F32, f32),
    JOINT("corr", 0, corr, TRINE_F64, f64),
    JOINT("corr", 0, corr, TRINE_F32, f32),
    {.name = NULL}};
