/* kernels/sleef.h - SLEEF's deterministic functions for the widest vectors of the instruction set
 * that is being compiled: the same bits for every width, within 1 unit in the last place. */
#ifndef TRINE_KERNELS_SLEEF_H
#define TRINE_KERNELS_SLEEF_H

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

#endif
