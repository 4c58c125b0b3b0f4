/* kernels/moments.c - variance, deviation, skewness, kurtosis (kernels/moments.h). */
#include "kernels/isa.h"
#include "kernels/moments.h"

static void moments_identity(void *state, const void *param)
{
    (void)param;
    *(moments *)state = (moments){0};
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

#define ACCUMULATE_WHOLE(suffix)                                                                   \
    static void moments_accumulate_##suffix(void *state, const trine_chunk *chunk,                 \
                                            const void *param)                                     \
    {                                                                                              \
        double wide[TRINE_CHUNK];                                                                  \
        trine_chunk reals = *chunk;                                                                \
        (void)param;                                                                               \
        reals.in[0] = widened_##suffix(chunk->in[0], chunk->n, wide);                              \
        accumulate(state, &reals, false, false);                                                   \
    }
ACCUMULATE_WHOLE(i64)
ACCUMULATE_WHOLE(i32)
ACCUMULATE_WHOLE(u64)
ACCUMULATE_WHOLE(u32)
ACCUMULATE_WHOLE(i16)
ACCUMULATE_WHOLE(u16)
ACCUMULATE_WHOLE(i8)
ACCUMULATE_WHOLE(u8)

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

#define MOMENT(NAME, kind, param_bytes, finish_kind, constant, suffix)                             \
    {.name = NAME,                                                                                 \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_F64,                                                                             \
     .param_size = param_bytes,                                                                    \
     .state_size = sizeof(moments),                                                                \
     .result_size = sizeof(double),                                                                \
     .flags = TRINE_POSITION_FREE,                                                                 \
     .identity = moments_identity,                                                                 \
     .accumulate = kind##_accumulate_##suffix,                                                     \
     .merge = moments_merge,                                                                       \
     .finish = finish_kind##_finish},
/* Integers have no NaN to pass over. */
#define ALL(NAME, kind, param_bytes, finish_kind)                                                  \
    MOMENT(NAME, kind, param_bytes, finish_kind, TRINE_F64, f64)                                   \
    MOMENT(NAME, kind, param_bytes, finish_kind, TRINE_F32, f32)                                   \
    MOMENT(NAME, moments, param_bytes, finish_kind, TRINE_I64, i64)                                \
    MOMENT(NAME, moments, param_bytes, finish_kind, TRINE_I32, i32)                                \
    MOMENT(NAME, moments, param_bytes, finish_kind, TRINE_U64, u64)                                \
    MOMENT(NAME, moments, param_bytes, finish_kind, TRINE_U32, u32)                                \
    MOMENT(NAME, moments, param_bytes, finish_kind, TRINE_I16, i16)                                \
    MOMENT(NAME, moments, param_bytes, finish_kind, TRINE_U16, u16)                                \
    MOMENT(NAME, moments, param_bytes, finish_kind, TRINE_I8, i8)                                  \
    MOMENT(NAME, moments, param_bytes, finish_kind, TRINE_U8, u8)

enum { DDOF = sizeof(double) };

const trine_monoid VARIANT(trine_moments)[] = {
    ALL("var", moments, DDOF, var) ALL("std", moments, DDOF, std)
        ALL("skewness", moments, 0, skewness) ALL("kurtosis", moments, 0, kurtosis)
            ALL("nanvar", nan_moments, DDOF, var)
                ALL("nanstd", nan_moments, DDOF, std){.name = NULL}};
