/* kernels/reduce/sums.c - sums of the elements, of their absolute values, and of those that are
 * numbers. Reals in three modes (kernels/reduce/lane_sums.h, kernels/exact/exact_body.h), integers
 * exact in 128 bits. */
#include "kernels/reduce/integers.h"
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/reduce/modes.h"

TRINE_ACCUMULATE_MODES(sum, PLAIN)
TRINE_ACCUMULATE_MODES(asum, ABSOLUTE)
TRINE_ACCUMULATE_MODES(nansum, NUMBERS)

static trine_status fast_finish_f64(void *result, const void *state, const void *param)
{
    const fast_state *s = state;
    (void)param;
    *(double *)result = s->count ? canonical(s->sum) : 0.0;
    return TRINE_OK;
}

TRINE_FINISH_F32(fast_finish_f32, fast_finish_f64(&value, state, param))

static trine_status compensated_finish_f64(void *result, const void *state, const void *param)
{
    const compensated_state *s = state;
    (void)param;
    *(double *)result =
        s->count ? canonical(in_unit(corrected(s->sum, s->error), s->exponent)) : 0.0;
    return TRINE_OK;
}

TRINE_FINISH_F32(compensated_finish_f32, compensated_finish_f64(&value, state, param))

enum { exact_state_size = sizeof(accumulator) };

static void exact_init(void *state, const void *param)
{
    (void)param;
    trine_accumulator_clear(state);
}

static void exact_merge(void *left, const void *right, const void *param)
{
    (void)param;
    trine_accumulator_merge(left, right);
}

static void exact_work_flush(void *state, void *work, const void *param)
{
    exact_work *w = work;
    (void)param;
    exact_work_gather(w);
    trine_accumulator_merge(state, &w->total);
    exact_work_reset(w);
}

static trine_status exact_finish_f64(void *result, const void *state, const void *param)
{
    (void)param;
    *(double *)result = trine_accumulator_round(state, false);
    return TRINE_OK;
}

static trine_status exact_finish_f32(void *result, const void *state, const void *param)
{
    (void)param;
    *(float *)result = (float)trine_accumulator_round(state, true);
    return TRINE_OK;
}

/* Absolute values: those of unsigned integers are the integers. */
#define integer_asum_u64 integer_sum_u64
#define integer_asum_u32 integer_sum_u32
#define integer_asum_u16 integer_sum_u16
#define integer_asum_u8 integer_sum_u8

static void integer_asum_i64(void *state, const trine_chunk *chunk, const void *param)
{
    const int64_t *x = chunk->in[0];
    uint64_t low = 0, high = 0;
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++) {
        uint64_t magnitude = x[i] < 0 ? 0 - (uint64_t)x[i] : (uint64_t)x[i];
        low += (uint32_t)magnitude;
        high += magnitude >> 32;
    }
    integer_add(state, ((int128)high << 32) + low, chunk->n);
}

#define VALUE(x) ((x) < 0 ? -(x) : (x))
#define TYPE int32_t
#define SUM int64_t
#define NAME integer_asum_i32
#include "kernels/reduce/integer_body.h"
#define TYPE int16_t
#define SUM int32_t
#define NAME integer_asum_i16
#include "kernels/reduce/integer_body.h"
#define TYPE int8_t
#define SUM int32_t
#define NAME integer_asum_i8
#include "kernels/reduce/integer_body.h"
#undef VALUE

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

#define SUM_REDUCER(NAME, mode, operation, IN, in, OUT, out)                                       \
    TRINE_REDUCER(NAME, mode, mode##_##operation##_##in, mode##_finish_##out, 1, IN, OUT, out)

const trine_reducer VARIANT(trine_sums)[] = {TRINE_SUMS(SUM_REDUCER){.name = NULL}};
