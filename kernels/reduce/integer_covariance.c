/* kernels/reduce/integer_covariance.c - covariance and correlation of integers: the true values,
 * rounded once.
 *
 * The sums of the elements, their squares and products are exact
 * (kernels/reduce/integer_moments.h): with N = n sum(x y) - sum(x) sum(y), and likewise for
 * squares, the covariance is N / (n (n - ddof)), and the square of the correlation N^2 by the
 * product of those of the squares.
 */
#include "kernels/reduce/integer_moments.h"
#include "kernels/registry/isa.h"

/* x, y: sums of the first two powers. */
typedef struct integer_joint {
    uint64_t n, x[2][SUM_WORDS], y[2][SUM_WORDS], xy[SUM_WORDS];
} integer_joint;

static void joint_init(void *state, const void *param)
{
    (void)param;
    memset(state, 0, sizeof(integer_joint));
}

static void joint_merge(void *left, const void *right, const void *param)
{
    integer_joint *l = left;
    const integer_joint *r = right;
    (void)param;
    l->n += r->n;
    for (int k = 0; k < 2; k++) {
        wide_add(l->x[k], r->x[k], SUM_WORDS);
        wide_add(l->y[k], r->y[k], SUM_WORDS);
    }
    wide_add(l->xy, r->xy, SUM_WORDS);
}

/* Adds the products of distances that have no bit beyond the highest of `reach`. */
TRINE_INLINE void add_products(const uint64_t dx[], const uint64_t dy[], size_t n, uint64_t reach,
                               uint64_t xy[SUM_WORDS])
{
    if (reach >> 32 == 0) {
        uint64_t low = 0, high = 0;
        for (size_t i = 0; i < n; i++) {
            uint64_t product = (uint64_t)(uint32_t)dx[i] * (uint32_t)dy[i];
            low += (uint32_t)product;
            high += product >> 32;
        }
        wide_add_at(xy, 0, ((uint128)high << 32) + low, SUM_WORDS);
        return;
    }
    uint128 low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        uint128 product = (uint128)dx[i] * dy[i];
        low += (uint64_t)product;
        high += product >> 64;
    }
    wide_add_at(xy, 0, low, SUM_WORDS);
    wide_add_at(xy, 1, high, SUM_WORDS);
}

/* With x = p + dx and y = q + dy: sum(x y) = sum(dx dy) + q sum(dx) + p sum(y). */
TRINE_INLINE void take_pairs(integer_joint *state, const uint64_t dx[], const uint64_t dy[],
                             size_t n, integer_range x, integer_range y, bool with_sign)
{
    integer_joint j = {.n = n};
    reference p = reference_of(x.least, with_sign), q = reference_of(y.least, with_sign);
    add_powers(dx, n, x.most - x.least, 2, j.x);
    add_powers(dy, n, y.most - y.least, 2, j.y);
    add_products(dx, dy, n, (x.most - x.least) | (y.most - y.least), j.xy);
    wide_add_multiple(j.xy, j.x[0], q.magnitude, q.negative, SUM_WORDS);
    move_powers(n, p, 2, j.x);
    move_powers(n, q, 2, j.y);
    wide_add_multiple(j.xy, j.y[0], p.magnitude, p.negative, SUM_WORDS);
    joint_merge(state, &j, NULL);
}

#define ACCUMULATE(suffix)                                                                         \
    static void joint_accumulate_##suffix(void *state, const trine_chunk *chunk,                   \
                                          const void *param)                                       \
    {                                                                                              \
        uint64_t dx[TRINE_CHUNK], dy[TRINE_CHUNK];                                                 \
        integer_range x = offsets_##suffix(chunk->in[0], chunk->n, dx);                            \
        integer_range y = offsets_##suffix(chunk->in[1], chunk->n, dy);                            \
        (void)param;                                                                               \
        take_pairs(state, dx, dy, chunk->n, x, y, SIGNED_##suffix);                                \
    }
ACCUMULATE(i64)
ACCUMULATE(i32)
ACCUMULATE(u64)
ACCUMULATE(u32)
ACCUMULATE(i16)
ACCUMULATE(u16)
ACCUMULATE(i8)
ACCUMULATE(u8)

static trine_status cov_finish(void *result, const void *state, const void *param)
{
    const integer_joint *j = state;
    uint64_t central[CENTRAL_WORDS];
    bigint over, under;
    double divisor = (double)j->n - *(const double *)param;
    if (!(divisor > 0))
        return TRINE_E_EMPTY;
    central_product(central, j->n, j->xy, j->x[0], j->y[0]);
    wide_bigint(&over, central, CENTRAL_WORDS);
    divisor_bigint(&under, j->n, divisor);
    *(double *)result = trine_bigint_quotient(&over, &under, false);
    return TRINE_OK;
}

static trine_status corr_finish(void *result, const void *state, const void *param)
{
    const integer_joint *j = state;
    uint64_t xy[CENTRAL_WORDS], xx[CENTRAL_WORDS], yy[CENTRAL_WORDS];
    uint64_t over[CENTRAL_WORDS], under[CENTRAL_WORDS];
    (void)param;
    if (j->n == 0)
        return TRINE_E_EMPTY;
    central_product(xy, j->n, j->xy, j->x[0], j->y[0]);
    central_product(xx, j->n, j->x[1], j->x[0], j->x[0]);
    central_product(yy, j->n, j->y[1], j->y[0], j->y[0]);
    wide_multiply(under, xx, yy, CENTRAL_WORDS);
    wide_multiply(over, xy, xy, CENTRAL_WORDS);
    if (wide_is_zero(under, CENTRAL_WORDS)) {
        *(double *)result = NAN;
        return TRINE_OK;
    }
    double magnitude = wide_quotient_root(over, under);
    *(double *)result = wide_negative(xy, CENTRAL_WORDS) ? -magnitude : magnitude;
    return TRINE_OK;
}

#define JOINT(NAME, param_bytes, finish_kind, constant, suffix)                                    \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = NAME,                                                                                 \
     .nin = 2,                                                                                     \
     .in = {constant, constant},                                                                   \
     .out = TRINE_F64,                                                                             \
     .param_size = param_bytes,                                                                    \
     .state_size = sizeof(integer_joint),                                                          \
     .result_size = sizeof(double),                                                                \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = joint_init,                                                                           \
     .accumulate = joint_accumulate_##suffix,                                                      \
     .merge = joint_merge,                                                                         \
     .finish = finish_kind##_finish},
#define OF(constant, suffix)                                                                       \
    JOINT("cov", sizeof(double), cov, constant, suffix)                                            \
    JOINT("corr", 0, corr, constant, suffix)

const trine_reducer VARIANT(trine_integer_covariances)[] = {
    OF(TRINE_I64, i64) OF(TRINE_I32, i32) OF(TRINE_U64, u64) OF(TRINE_U32, u32) OF(TRINE_I16, i16)
        OF(TRINE_U16, u16) OF(TRINE_I8, i8) OF(TRINE_U8, u8){.name = NULL}};
