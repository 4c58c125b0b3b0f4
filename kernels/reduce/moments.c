/* kernels/reduce/moments.c - variance, deviation, skewness, kurtosis (kernels/reduce/moments.h). */
#include "kernels/registry/isa.h"
#include "kernels/reduce/moments.h"

static void moments_init(void *state, const void *param)
{
    (void)param;
    *(moments *)state = (moments){0};
}

static void spread_merge(void *left, const void *right, const void *param)
{
    (void)param;
    moments_join(left, right, 2);
}

static void shape_merge(void *left, const void *right, const void *param)
{
    (void)param;
    moments_join(left, right, 4);
}

/* spread: mean and variance alone; shape: all moments; numbers: the spread, NaN passed over. */
#define ACCUMULATE(kind, skip, powers, suffix, single)                                             \
    static void kind##_accumulate_##suffix(void *state, const trine_chunk *chunk,                  \
                                           const void *param)                                      \
    {                                                                                              \
        moments m = chunk_moments(chunk->in[0], chunk->n, single, skip, powers);                   \
        (void)param;                                                                               \
        moments_join(state, &m, powers);                                                           \
    }
ACCUMULATE(spread, false, 2, f64, false)
ACCUMULATE(spread, false, 2, f32, true)
ACCUMULATE(shape, false, 4, f64, false)
ACCUMULATE(shape, false, 4, f32, true)
ACCUMULATE(numbers, true, 2, f64, false)
ACCUMULATE(numbers, true, 2, f32, true)
#define numbers_merge spread_merge

/* Variance; EMPTY when no degree of freedom is left. */
static trine_status var_finish(void *result, const void *state, const void *param)
{
    const moments *m = state;
    double ddof = *(const double *)param;
    if (!(m->n > ddof))
        return TRINE_E_EMPTY;
    *(double *)result = variance_of(m, m->n - ddof);
    return TRINE_OK;
}

static trine_status std_finish(void *result, const void *state, const void *param)
{
    const moments *m = state;
    double ddof = *(const double *)param;
    if (!(m->n > ddof))
        return TRINE_E_EMPTY;
    *(double *)result = deviation_of(m, m->n - ddof);
    return TRINE_OK;
}

static trine_status standardisation_finish(void *result, const void *state, const void *param)
{
    const moments *m = state;
    double ddof = *(const double *)param;
    int half = -(int)m->exponent / 2;
    if (!(m->n > ddof))
        return TRINE_E_EMPTY;
    *(trine_standardisation *)result =
        (trine_standardisation){.up = {ldexp(1, half), ldexp(1, -(int)m->exponent - half)},
                                .mean = m->mean.high,
                                .rest = m->mean.low,
                                .sd = canonical(sqrt(m->m2.high / (m->n - ddof)))};
    return TRINE_OK;
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

#define MOMENT(NAME, kind, param_bytes, finish_kind, OUT, out_bytes, constant, suffix)             \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = NAME,                                                                                 \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = OUT,                                                                                   \
     .param_size = param_bytes,                                                                    \
     .state_size = sizeof(moments),                                                                \
     .result_size = out_bytes,                                                                     \
     .flags = TRINE_POSITION_FREE,                                                                 \
     .init = moments_init,                                                                         \
     .accumulate = kind##_accumulate_##suffix,                                                     \
     .merge = kind##_merge,                                                                        \
     .finish = finish_kind##_finish},
#define REALS(NAME, kind, param_bytes, finish_kind, OUT, out_bytes)                                \
    MOMENT(NAME, kind, param_bytes, finish_kind, OUT, out_bytes, TRINE_F64, f64)                   \
    MOMENT(NAME, kind, param_bytes, finish_kind, OUT, out_bytes, TRINE_F32, f32)
#define NUMBER TRINE_F64, sizeof(double)
#define PARAM TRINE_DTYPE_NONE, sizeof(trine_standardisation)
#define APPLY(macro, ...) macro(__VA_ARGS__)

enum { DDOF = sizeof(double) };

const trine_reducer VARIANT(trine_moments)[] = {
    APPLY(REALS, "var", spread, DDOF, var, NUMBER) APPLY(REALS, "std", spread, DDOF, std, NUMBER)
        APPLY(REALS, "skewness", shape, 0, skewness, NUMBER)
            APPLY(REALS, "kurtosis", shape, 0, kurtosis, NUMBER)
                APPLY(REALS, "nanvar", numbers, DDOF, var, NUMBER)
                    APPLY(REALS, "nanstd", numbers, DDOF, std, NUMBER)
                        APPLY(REALS, "standardisation", spread, DDOF, standardisation,
                              PARAM){.name = NULL}};
