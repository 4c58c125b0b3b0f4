/* kernels/functions.c - elementary functions through SLEEF's deterministic variants, which give the
 * same bits for every vector width; within 1 unit in the last place. An empty table where this
 * library was built without SLEEF. (Shibata and Petrogalli, SLEEF: A portable vectorized library of
 * C standard mathematical functions, IEEE TPDS 31 (2020).)
 */
#include "kernels/isa.h"
#include "kernels/list.h"

#if TRINE_SLEEF
/* SLEEF's scalar functions of that kind use FMA instructions, wherever they are called; table.c
 * offers none of this on a CPU without. */
#ifndef FP_FAST_FMA
#define FP_FAST_FMA
#endif
#include <sleef.h>

#include "kernels/loops.h"

/* The widest vectors of this instruction set, what SLEEF calls its functions for them, and lanes
 * that are not a number made the one NaN. */
#if defined(__AVX512F__)
enum { LANES_f64 = 8, LANES_f32 = 16 };
typedef __m512d reals_f64;
typedef __m512 reals_f32;
#define SLEEF_f64(kind) Sleef_finz_##kind##d8_u10avx512f
#define SLEEF_f32(kind) Sleef_finz_##kind##f16_u10avx512f

static inline __m512d one_nan_f64(__m512d x)
{
    return _mm512_mask_mov_pd(x, _mm512_cmp_pd_mask(x, x, _CMP_UNORD_Q), _mm512_set1_pd(NAN));
}

static inline __m512 one_nan_f32(__m512 x)
{
    return _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), _mm512_set1_ps(NAN));
}
#elif defined(__AVX2__) && defined(__FMA__)
enum { LANES_f64 = 4, LANES_f32 = 8 };
typedef __m256d reals_f64;
typedef __m256 reals_f32;
#define SLEEF_f64(kind) Sleef_finz_##kind##d4_u10avx2
#define SLEEF_f32(kind) Sleef_finz_##kind##f8_u10avx2

static inline __m256d one_nan_f64(__m256d x)
{
    return _mm256_blendv_pd(x, _mm256_set1_pd(NAN), _mm256_cmp_pd(x, x, _CMP_UNORD_Q));
}

static inline __m256 one_nan_f32(__m256 x)
{
    return _mm256_blendv_ps(x, _mm256_set1_ps(NAN), _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}
#else
enum { LANES_f64 = 1, LANES_f32 = 1 };
typedef double reals_f64;
typedef float reals_f32;
#define SLEEF_f64(kind) Sleef_finz_##kind##d1_u10purecfma
#define SLEEF_f32(kind) Sleef_finz_##kind##f1_u10purecfma
#define one_nan_f64 trine_result_f64
#define one_nan_f32 trine_result_f32
#endif

/* Whole vectors, then what is left over beside ones, whose function values are not used. */
#define VECTORS(T, s, inputs, kind, CALL)                                                          \
    static void whole_##kind##_##s(const T *xs, const T *ys, T *out, size_t n)                     \
    {                                                                                              \
        for (size_t i = 0; i < n; i += LANES_##s) {                                                \
            reals_##s x, y, z;                                                                     \
            memcpy(&x, xs + i, sizeof x);                                                          \
            memcpy(&y, ys + i, sizeof y);                                                          \
            z = one_nan_##s(CALL);                                                                 \
            memcpy(out + i, &z, sizeof z);                                                         \
        }                                                                                          \
    }                                                                                              \
    static void kind##_##s(const trine_chunk *chunk, const void *param)                            \
    {                                                                                              \
        enum { LANES = LANES_##s };                                                                \
        const T *xs = chunk->in[0], *ys = (inputs) > 1 ? chunk->in[1] : xs;                        \
        T *out = chunk->out[0], left[3][LANES];                                                    \
        size_t rest = chunk->n % LANES, whole = chunk->n - rest;                                   \
        (void)param;                                                                               \
        whole_##kind##_##s(xs, ys, out, whole);                                                    \
        if (rest == 0)                                                                             \
            return;                                                                                \
        for (size_t j = 0; j < LANES; j++) {                                                       \
            left[0][j] = j < rest ? xs[whole + j] : (T)1;                                          \
            left[1][j] = j < rest ? ys[whole + j] : (T)1;                                          \
        }                                                                                          \
        whole_##kind##_##s(left[0], left[1], left[2], LANES);                                      \
        memcpy(out + whole, left[2], rest * sizeof(T));                                            \
    }
#define ARGUMENTS_1 (x)
#define ARGUMENTS_2 (x, y)
#define FUNCTION(kind, inputs, params, T, s)                                                       \
    VECTORS(T, s, inputs, kind, ((void)y, SLEEF_##s(kind) ARGUMENTS_##inputs))
TRINE_FUNCTIONS(FUNCTION, double, f64)
TRINE_FUNCTIONS(FUNCTION, float, f32)

#define ENTRY(kind, inputs, params, DTYPE, s)                                                      \
    {.name = #kind,                                                                                \
     .nin = inputs,                                                                                \
     .nout = 1,                                                                                    \
     .in = {DTYPE, DTYPE},                                                                         \
     .out = {DTYPE},                                                                               \
     .apply = kind##_##s},

const trine_map VARIANT(trine_functions)[] = {
    TRINE_FUNCTIONS(ENTRY, TRINE_F64, f64) TRINE_FUNCTIONS(ENTRY, TRINE_F32, f32){.name = NULL}};
#else
const trine_map VARIANT(trine_functions)[] = {{.name = NULL}};
#endif
