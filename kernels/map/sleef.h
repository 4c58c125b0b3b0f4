/* kernels/map/sleef.h - SLEEF's deterministic functions for the widest vectors of the instruction
 * set that is being compiled: the same bits for every width. */
#ifndef TRINE_KERNELS_SLEEF_H
#define TRINE_KERNELS_SLEEF_H

/* SLEEF's scalar functions of that kind use FMA instructions, wherever they are called; table.c
 * offers none of this on a CPU without. */
#ifndef FP_FAST_FMA
#define FP_FAST_FMA
#endif
#include <sleef.h>

#include "kernels/simd/loops.h"

/* The widest vectors of this instruction set, and what SLEEF calls its functions for them. Whether
 * any lane is NaN or above `most`; in each lane, a < b ? yes : no; lanes that are not a number made
 * the one NaN. */
#if defined(__AVX512F__)
enum { LANES_f64 = 8, LANES_f32 = 16 };
typedef __m512d reals_f64;
typedef __m512 reals_f32;
#define SLEEF_f64(kind) Sleef_finz_##kind##d8_u10avx512f
#define SLEEF_f32(kind) Sleef_finz_##kind##f16_u10avx512f

static inline __m512d all_f64(double x)
{
    return _mm512_set1_pd(x);
}

static inline __m512 all_f32(float x)
{
    return _mm512_set1_ps(x);
}

static inline __m512d abs_f64(__m512d x)
{
    return _mm512_abs_pd(x);
}

static inline __m512 abs_f32(__m512 x)
{
    return _mm512_abs_ps(x);
}

static inline bool any_above_f64(__m512d x, double most)
{
    return _mm512_cmp_pd_mask(x, all_f64(most), _CMP_NLE_UQ) != 0;
}

static inline bool any_above_f32(__m512 x, float most)
{
    return _mm512_cmp_ps_mask(x, all_f32(most), _CMP_NLE_UQ) != 0;
}

static inline __m512d choose_less_f64(__m512d a, __m512d b, __m512d yes, __m512d no)
{
    return _mm512_mask_mov_pd(no, _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ), yes);
}

static inline __m512 choose_less_f32(__m512 a, __m512 b, __m512 yes, __m512 no)
{
    return _mm512_mask_mov_ps(no, _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), yes);
}

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

static inline __m256d all_f64(double x)
{
    return _mm256_set1_pd(x);
}

static inline __m256 all_f32(float x)
{
    return _mm256_set1_ps(x);
}

static inline __m256d abs_f64(__m256d x)
{
    return _mm256_andnot_pd(_mm256_set1_pd(-0.0), x);
}

static inline __m256 abs_f32(__m256 x)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), x);
}

static inline bool any_above_f64(__m256d x, double most)
{
    return _mm256_movemask_pd(_mm256_cmp_pd(x, all_f64(most), _CMP_NLE_UQ)) != 0;
}

static inline bool any_above_f32(__m256 x, float most)
{
    return _mm256_movemask_ps(_mm256_cmp_ps(x, all_f32(most), _CMP_NLE_UQ)) != 0;
}

static inline __m256d choose_less_f64(__m256d a, __m256d b, __m256d yes, __m256d no)
{
    return _mm256_blendv_pd(no, yes, _mm256_cmp_pd(a, b, _CMP_LT_OQ));
}

static inline __m256 choose_less_f32(__m256 a, __m256 b, __m256 yes, __m256 no)
{
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}

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
#define all_f64(x) (x)
#define all_f32(x) (x)
#define abs_f64 fabs
#define abs_f32 fabsf
#define any_above_f64(x, most) (!((x) <= (most)))
#define any_above_f32(x, most) (!((x) <= (most)))
#define choose_less_f64(a, b, yes, no) ((a) < (b) ? (yes) : (no))
#define choose_less_f32(a, b, yes, no) ((a) < (b) ? (yes) : (no))
#define one_nan_f64 trine_result_f64
#define one_nan_f32 trine_result_f32
#endif

#endif
