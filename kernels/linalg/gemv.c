/* kernels/linalg/gemv.c - what a product of matrix and vector does to rows: their dot products with
 * x, each on the panel of 32 lanes. Several rows go together where there are registers for their
 * lanes, so that x is read once for all of them. Products are rounded before they are added (no
 * FMA), so that every instruction set gives the same bits; those of floats are exact in double. */
#include "kernels/registry/isa.h"
#include "kernels/simd/lanes.h"

/* Rows whose lanes fit the registers. Rows of fewer bytes than SHORT go one by one, as they lie:
 * memory is then read in one stream. */
enum { TOGETHER = VECTOR == 64 ? 4 : 1, SHORT = 4096 };

static uint64_t rows_of(const void *param)
{
    return ((const trine_gemv_param *)param)->more + 1;
}

static void rows_init(void *state, const void *param)
{
    for (uint64_t r = 0; r < rows_of(param); r++)
        ((double *)state)[r] = 0;
}

/* fold() of the lanes in vectors. */
TRINE_INLINE double fold_vectors(vec sum[VECTORS])
{
    double lane[WIDTH];
    for (int half = VECTORS / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            sum[k] += sum[k + half];
    memcpy(lane, sum, sizeof lane);
    for (int half = WIDTH / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            lane[j] += lane[j + half];
    return lane[0];
}

/* One row's lanes with what is left of it from element i on, folded. */
TRINE_INLINE double finish_row(vec sum[VECTORS], const void *a, const void *x, size_t i, size_t n,
                               bool single)
{
    double lane[LANES];
    if (i == n)
        return fold_vectors(sum);
    memcpy(lane, sum, sizeof lane);
    for (int j = 0; i < n; i++, j++)
        lane[j] += element_at(a, i, single) * element_at(x, i, single);
    fold(lane);
    return lane[0];
}

/* `rows` is a constant wherever this is inlined; rows of a are `stride` elements apart. */
TRINE_INLINE void add_rows(double *state, const char *a, size_t stride, const void *x, size_t n,
                           bool single, int rows)
{
    size_t bytes = stride * (single ? sizeof(float) : sizeof(double)), i = 0;
    vec sum[TOGETHER][VECTORS];
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < VECTORS; k++)
            sum[r][k] = (vec){0};
    for (; i + LANES <= n; i += LANES)
#pragma GCC unroll 16
        for (int k = 0; k < VECTORS; k++) {
            size_t at = i + (size_t)k * WIDTH;
            vec v = load_at(x, at, single);
#pragma GCC unroll 4
            for (int r = 0; r < rows; r++)
                sum[r][k] += load_at(a + (size_t)r * bytes, at, single) * v;
        }
    for (int r = 0; r < rows; r++)
        state[r] += finish_row(sum[r], a + (size_t)r * bytes, x, i, n, single);
}

TRINE_INLINE void accumulate(double *state, const trine_chunk *chunk, const void *param,
                             bool single)
{
    const trine_gemv_param *p = param;
    const char *a = chunk->in[0];
    size_t stride = (size_t)p->stride, item = single ? sizeof(float) : sizeof(double);
    uint64_t rows = rows_of(param), r = 0;
    for (; stride * item >= SHORT && rows - r >= TOGETHER; r += TOGETHER)
        add_rows(state + r, a + r * stride * item, stride, chunk->in[1], chunk->n, single,
                 TOGETHER);
    for (; r < rows; r++)
        add_rows(state + r, a + r * stride * item, stride, chunk->in[1], chunk->n, single, 1);
}

static void rows_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    accumulate(state, chunk, param, false);
}

static void rows_accumulate_f32(void *state, const trine_chunk *chunk, const void *param)
{
    accumulate(state, chunk, param, true);
}

static void rows_merge(void *left, const void *right, const void *param)
{
    for (uint64_t r = 0; r < rows_of(param); r++)
        ((double *)left)[r] += ((const double *)right)[r];
}

static trine_status rows_finish(void *result, const void *state, const void *param)
{
    for (uint64_t r = 0; r < rows_of(param); r++)
        ((double *)result)[r] = canonical(((const double *)state)[r]);
    return TRINE_OK;
}

/* The sizes are those for one row. */
#define REDUCER(type, suffix)                                                                      \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "gemv_rows",                                                                          \
     .nin = 2,                                                                                     \
     .in = {type, type},                                                                           \
     .out = TRINE_F64,                                                                             \
     .param_size = sizeof(trine_gemv_param),                                                       \
     .state_size = sizeof(double),                                                                 \
     .result_size = sizeof(double),                                                                \
     .flags = TRINE_POSITION_FREE,                                                                 \
     .init = rows_init,                                                                            \
     .accumulate = rows_accumulate_##suffix,                                                       \
     .merge = rows_merge,                                                                          \
     .finish = rows_finish},

const trine_reducer VARIANT(trine_gemv)[] = {REDUCER(TRINE_F64, f64)
                                                 REDUCER(TRINE_F32, f32){.name = NULL}};
