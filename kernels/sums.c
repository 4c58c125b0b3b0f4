/* kernels/sums.c - the sums.
 *
 * fast: LANES running sums, of which lane j takes elements j, j + 32, j + 64, ... of the chunk;
 * they fold in a fixed order (j with j + 16, then + 8, + 4, + 2, + 1), so every vector width adds
 * in the same order. compensated: the same lanes, each with the sum of its rounding errors (TwoSum;
 * Ogita, Rump and Oishi, Accurate sum and dot product, SISC 26 (2005)). Lanes start at -0, the
 * identity of addition. Integers: exact in 128 bits.
 */
#include <math.h>
#include <trine/kernel.h>

#include "kernels/exact_body.h"
#include "kernels/isa.h"
#include "kernels/lanes.h"
#include "kernels/list.h"
#include "kernels/states.h"

static void fast_identity(void *state, const void *param)
{
    (void)param;
    *(fast_state *)state = (fast_state){-0.0, 0};
}

TRINE_INLINE void fast_accumulate(fast_state *state, const trine_chunk *chunk, bool single)
{
    const void *x = chunk->in[0];
    vec sum[VECTORS];
    double lane[LANES];
    size_t i = 0;
    for (int k = 0; k < VECTORS; k++)
        sum[k] = -0.0 - (vec){0};
    for (; i + LANES <= chunk->n; i += LANES)
#pragma GCC unroll 16
        for (int k = 0; k < VECTORS; k++)
            sum[k] += load_at(x, i + (size_t)k * WIDTH, single);
    memcpy(lane, sum, sizeof lane);
    for (int j = 0; i < chunk->n; i++, j++)
        lane[j] += single ? (double)((const float *)x)[i] : ((const double *)x)[i];
    fold(lane);
    state->sum += lane[0];
    state->any = 1;
}

static void fast_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    fast_accumulate(state, chunk, false);
}

static void fast_accumulate_f32(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    fast_accumulate(state, chunk, true);
}

static void fast_merge(void *left, const void *right, const void *param)
{
    fast_state *l = left;
    const fast_state *r = right;
    (void)param;
    l->sum += r->sum;
    l->any |= r->any;
}

static trine_status fast_finish_f64(void *result, const void *state, const void *param)
{
    const fast_state *s = state;
    (void)param;
    *(double *)result = s->any ? canonical(s->sum) : 0.0;
    return TRINE_OK;
}

static trine_status fast_finish_f32(void *result, const void *state, const void *param)
{
    double sum;
    fast_finish_f64(&sum, state, param);
    *(float *)result = (float)sum;
    return TRINE_OK;
}

static void compensated_identity(void *state, const void *param)
{
    (void)param;
    *(compensated_state *)state = (compensated_state){-0.0, 0, 0};
}

/* TwoSum (Knuth): *sum becomes fl(sum + x), and its exact error is added to *error. */
TRINE_INLINE void two_sum(double *sum, double *error, double x)
{
    double s = *sum, t = s + x, y = t - s;
    *error += (s - (t - y)) + (x - y);
    *sum = t;
}

TRINE_INLINE void two_sum_vec(vec *sum, vec *error, vec x)
{
    vec s = *sum, t = s + x, y = t - s;
    *error += (s - (t - y)) + (x - y);
    *sum = t;
}

TRINE_INLINE void compensated_accumulate(compensated_state *state, const trine_chunk *chunk,
                                         bool single)
{
    const void *x = chunk->in[0];
    vec sum[VECTORS], error[VECTORS];
    double lane[LANES], errors[LANES];
    size_t i = 0;
    for (int k = 0; k < VECTORS; k++) {
        sum[k] = -0.0 - (vec){0};
        error[k] = (vec){0};
    }
    for (; i + LANES <= chunk->n; i += LANES)
#pragma GCC unroll 16
        for (int k = 0; k < VECTORS; k++)
            two_sum_vec(&sum[k], &error[k], load_at(x, i + (size_t)k * WIDTH, single));
    memcpy(lane, sum, sizeof lane);
    memcpy(errors, error, sizeof errors);
    for (int j = 0; i < chunk->n; i++, j++)
        two_sum(&lane[j], &errors[j],
                single ? (double)((const float *)x)[i] : ((const double *)x)[i]);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) {
            errors[j] += errors[j + half];
            two_sum(&lane[j], &errors[j], lane[j + half]);
        }
    state->error += errors[0];
    two_sum(&state->sum, &state->error, lane[0]);
    state->any = 1;
}

static void compensated_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    compensated_accumulate(state, chunk, false);
}

static void compensated_accumulate_f32(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    compensated_accumulate(state, chunk, true);
}

static void compensated_merge(void *left, const void *right, const void *param)
{
    compensated_state *l = left;
    const compensated_state *r = right;
    (void)param;
    l->error += r->error;
    two_sum(&l->sum, &l->error, r->sum);
    l->any |= r->any;
}

/* The error of an infinite sum is no number, and means nothing; nor does one that overflowed on the
 * way, as TwoSum's can when an operand is DBL_MAX itself (Boldo, Graillat and Muller, On the
 * robustness of the 2Sum and Fast2Sum algorithms, ACM TOMS 44 (2017)). */
static trine_status compensated_finish_f64(void *result, const void *state, const void *param)
{
    const compensated_state *s = state;
    (void)param;
    bool corrected = isfinite(s->sum) && isfinite(s->error) && s->error != 0;
    *(double *)result = !s->any ? 0.0 : canonical(corrected ? s->sum + s->error : s->sum);
    return TRINE_OK;
}

static trine_status compensated_finish_f32(void *result, const void *state, const void *param)
{
    double sum;
    compensated_finish_f64(&sum, state, param);
    *(float *)result = (float)sum;
    return TRINE_OK;
}

static void exact_identity(void *state, const void *param)
{
    (void)param;
    accumulator_clear(state);
}

static void exact_merge(void *left, const void *right, const void *param)
{
    (void)param;
    accumulator_merge(left, right);
}

static trine_status exact_finish_f64(void *result, const void *state, const void *param)
{
    (void)param;
    *(double *)result = canonical(accumulator_round(state, 53));
    return TRINE_OK;
}

static trine_status exact_finish_f32(void *result, const void *state, const void *param)
{
    (void)param;
    *(float *)result = (float)canonical(accumulator_round(state, 24));
    return TRINE_OK;
}

static void integer_identity(void *state, const void *param)
{
    (void)param;
    ((integer_state *)state)->sum = 0;
}

static void integer_merge(void *left, const void *right, const void *param)
{
    (void)param;
    ((integer_state *)left)->sum += ((const integer_state *)right)->sum;
}

static trine_status integer_finish_i64(void *result, const void *state, const void *param)
{
    int128 sum = ((const integer_state *)state)->sum;
    (void)param;
    if (sum < INT64_MIN || sum > INT64_MAX)
        return TRINE_E_OVERFLOW;
    *(int64_t *)result = (int64_t)sum;
    return TRINE_OK;
}

static trine_status integer_finish_u64(void *result, const void *state, const void *param)
{
    int128 sum = ((const integer_state *)state)->sum;
    (void)param;
    if (sum < 0 || sum > UINT64_MAX)
        return TRINE_E_OVERFLOW;
    *(uint64_t *)result = (uint64_t)sum;
    return TRINE_OK;
}

/* A chunk of 64-bit integers, as the sums of their halves: 2^13 of them fit. */
static void integer_accumulate_i64(void *state, const trine_chunk *chunk, const void *param)
{
    const int64_t *x = chunk->in[0];
    uint64_t low = 0;
    int64_t high = 0;
    (void)param;
    for (size_t i = 0; i < chunk->n; i++) {
        low += (uint32_t)x[i];
        high += x[i] >> 32;
    }
    ((integer_state *)state)->sum += (int128)high * ((int128)1 << 32) + low;
}

static void integer_accumulate_u64(void *state, const trine_chunk *chunk, const void *param)
{
    const uint64_t *x = chunk->in[0];
    uint64_t low = 0, high = 0;
    (void)param;
    for (size_t i = 0; i < chunk->n; i++) {
        low += (uint32_t)x[i];
        high += x[i] >> 32;
    }
    ((integer_state *)state)->sum += ((int128)high << 32) + low;
}

/* A chunk's sum of narrower integers fits the accumulating type. */
#define TYPE int32_t
#define SUM int64_t
#define NAME integer_accumulate_i32
#include "kernels/integer_body.h"
#define TYPE uint32_t
#define SUM uint64_t
#define NAME integer_accumulate_u32
#include "kernels/integer_body.h"
#define TYPE int16_t
#define SUM int32_t
#define NAME integer_accumulate_i16
#include "kernels/integer_body.h"
#define TYPE uint16_t
#define SUM uint32_t
#define NAME integer_accumulate_u16
#include "kernels/integer_body.h"
#define TYPE int8_t
#define SUM int32_t
#define NAME integer_accumulate_i8
#include "kernels/integer_body.h"
#define TYPE uint8_t
#define SUM uint32_t
#define NAME integer_accumulate_u8
#include "kernels/integer_body.h"

/* What the kinds of sum have in common with each other, for the table below. */
enum {
    fast_state_size = sizeof(fast_state),
    compensated_state_size = sizeof(compensated_state),
    exact_state_size = sizeof(accumulator),
    integer_state_size = sizeof(integer_state),
    f64_size = sizeof(double),
    f32_size = sizeof(float),
    i64_size = sizeof(int64_t),
    u64_size = sizeof(uint64_t),
    fast_work_size = 0,
    compensated_work_size = 0,
    exact_work_size = sizeof(exact_work),
    integer_work_size = 0,
    fast_flags = TRINE_POSITION_FREE,
    compensated_flags = TRINE_POSITION_FREE,
    exact_flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,
    integer_flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE
};

#define MONOID(NAME, KIND, IN, in_suffix, OUT, out_suffix)                                         \
    {.name = NAME,                                                                                 \
     .nin = 1,                                                                                     \
     .in = {IN},                                                                                   \
     .out = OUT,                                                                                   \
     .state_size = KIND##_state_size,                                                              \
     .result_size = out_suffix##_size,                                                             \
     .flags = KIND##_flags,                                                                        \
     .identity = KIND##_identity,                                                                  \
     .accumulate = KIND##_accumulate_##in_suffix,                                                  \
     .merge = KIND##_merge,                                                                        \
     .finish = KIND##_finish_##out_suffix,                                                         \
     .work_size = KIND##_work_size,                                                                \
     .begin = KIND##_work_size ? exact_begin : NULL,                                               \
     .settle = KIND##_work_size ? exact_settle : NULL},

const trine_monoid VARIANT(trine_sums)[] = {TRINE_SUMS(MONOID){.name = NULL}};
