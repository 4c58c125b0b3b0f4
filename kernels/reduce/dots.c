/* kernels/reduce/dots.c - sums of products, and of squares, of reals.
 *
 * exact: products as a double and its rounding error, or one by one in a wide accumulator
 * (kernels/exact/exact_body.h). compensated: as if computed in twice the precision (Dot2;
 * kernels/simd/lanes.h). fast: products and sums rounded one by one. Products of floats are exact
 * in double.
 */
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/reduce/modes.h"

TRINE_ACCUMULATE_MODES(dot, PRODUCTS)
TRINE_ACCUMULATE_MODES(sumsq, SQUARES)

static trine_status fast_finish_f64(void *result, const void *state, const void *param)
{
    const fast_state *s = state;
    (void)param;
    *(double *)result = s->count ? canonical(s->sum) : 0.0;
    return TRINE_OK;
}

static trine_status compensated_finish_f64(void *result, const void *state, const void *param)
{
    const compensated_state *s = state;
    (void)param;
    *(double *)result =
        s->count ? canonical(in_unit(corrected(s->sum, s->error), s->exponent)) : 0.0;
    return TRINE_OK;
}

enum { exact_state_size = sizeof(wide_accumulator) };

static void exact_init(void *state, const void *param)
{
    (void)param;
    trine_wide_clear(state);
}

static void exact_merge(void *left, const void *right, const void *param)
{
    (void)param;
    trine_wide_merge(left, right);
}

static void exact_work_flush(void *state, void *work, const void *param)
{
    (void)param;
    exact_work_flush_wide(state, work);
}

static trine_status exact_finish_f64(void *result, const void *state, const void *param)
{
    (void)param;
    *(double *)result = trine_wide_round(state, false);
    return TRINE_OK;
}

static trine_status exact_finish_f32(void *result, const void *state, const void *param)
{
    (void)param;
    *(float *)result = (float)trine_wide_round(state, true);
    return TRINE_OK;
}

TRINE_FINISH_F32(fast_finish_f32, fast_finish_f64(&value, state, param))
TRINE_FINISH_F32(compensated_finish_f32, compensated_finish_f64(&value, state, param))

#define DOT_REDUCER(NAME, mode, operation, IN, in, OUT, out)                                       \
    TRINE_REDUCER(NAME, mode, mode##_##operation##_##in, mode##_finish_##out, 2, IN, OUT, out)

#define SQUARES_REDUCER(NAME, mode, operation, IN, in, OUT, out)                                   \
    TRINE_REDUCER(NAME, mode, mode##_##operation##_##in, mode##_finish_##out, 1, IN, OUT, out)

const trine_reducer VARIANT(trine_dots)[] = {TRINE_DOTS(DOT_REDUCER)
                                                 TRINE_SQUARES(SQUARES_REDUCER){.name = NULL}};
