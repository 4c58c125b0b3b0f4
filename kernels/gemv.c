/* kernels/gemv.c - what a product of matrix and vector does to a row: its dot product with x, on
 * the panel of 32 lanes. Products are rounded before they are added (no FMA), so that every
 * instruction set gives the same bits; those of floats are exact in double. */
#include "kernels/isa.h"
#include "kernels/lanes.h"

static void row_identity(void *state, const void *param)
{
    (void)param;
    *(double *)state = 0;
}

TRINE_INLINE void row_accumulate(double *state, const trine_chunk *chunk, bool single)
{
    const void *a = chunk->in[0], *x = chunk->in[1];
    vec sum[VECTORS];
    double lane[LANES];
    size_t i = 0;
    for (int k = 0; k < VECTORS; k++)
        sum[k] = (vec){0};
    for (; i + LANES <= chunk->n; i += LANES)
#pragma GCC unroll 16
        for (int k = 0; k < VECTORS; k++) {
            size_t at = i + (size_t)k * WIDTH;
            sum[k] += load_at(a, at, single) * load_at(x, at, single);
        }
    memcpy(lane, sum, sizeof lane);
    for (int j = 0; i < chunk->n; i++, j++)
        lane[j] += element_at(a, i, single) * element_at(x, i, single);
    fold(lane);
    *state += lane[0];
}

static void row_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    row_accumulate(state, chunk, false);
}

static void row_accumulate_f32(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    row_accumulate(state, chunk, true);
}

static void row_merge(void *left, const void *right, const void *param)
{
    (void)param;
    *(double *)left += *(const double *)right;
}

static trine_status row_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(double *)result = canonical(*(const double *)state);
    return TRINE_OK;
}

#define MONOID(type, suffix)                                                                       \
    {.name = "gemv_row",                                                                           \
     .nin = 2,                                                                                     \
     .in = {type, type},                                                                           \
     .out = TRINE_F64,                                                                             \
     .state_size = sizeof(double),                                                                 \
     .result_size = sizeof(double),                                                                \
     .flags = TRINE_POSITION_FREE,                                                                 \
     .identity = row_identity,                                                                     \
     .accumulate = row_accumulate_##suffix,                                                        \
     .merge = row_merge,                                                                           \
     .finish = row_finish},

const trine_monoid VARIANT(trine_gemv)[] = {MONOID(TRINE_F64, f64)
                                                MONOID(TRINE_F32, f32){.name = NULL}};
