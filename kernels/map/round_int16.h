/* kernels/map/round_int16.h - reals to the nearest 16-bit integers: of two the even one, the end of
 * the range beyond it, 0 for NaN.
 *
 * Vectors convert to 32 bits, where what is too small becomes the least integer, and then saturate;
 * only what is too great must be cut before. */
#ifndef TRINE_KERNELS_ROUND_INT16_H
#define TRINE_KERNELS_ROUND_INT16_H

#include "kernels/simd/simd.h"

#if defined(__AVX512F__) && defined(__AVX512DQ__)
enum { NEAREST_GROUP = 16 };
TRINE_INLINE void nearest_group(const float *x, int16_t *out)
{
    __m512 t = _mm512_loadu_ps(x);
    __mmask16 numbers = _mm512_cmp_ps_mask(t, t, _CMP_ORD_Q);
    __m512i whole = _mm512_maskz_cvtps_epi32(numbers, _mm512_min_ps(t, _mm512_set1_ps(INT16_MAX)));
    _mm256_storeu_si256((__m256i *)(void *)out, _mm512_cvtsepi32_epi16(whole));
}
#elif defined(__AVX2__)
enum { NEAREST_GROUP = 16 };
TRINE_INLINE __m256i nearest_half(const float *x)
{
    __m256 t = _mm256_loadu_ps(x), numbers = _mm256_cmp_ps(t, t, _CMP_ORD_Q);
    return _mm256_cvtps_epi32(_mm256_and_ps(_mm256_min_ps(t, _mm256_set1_ps(INT16_MAX)), numbers));
}

TRINE_INLINE void nearest_group(const float *x, int16_t *out)
{
    __m256i both = _mm256_packs_epi32(nearest_half(x), nearest_half(x + 8));
    _mm256_storeu_si256((__m256i *)(void *)out, _mm256_permute4x64_epi64(both, 0xd8));
}
#elif defined(__SSE2__)
enum { NEAREST_GROUP = 8 };
TRINE_INLINE __m128i nearest_half(const float *x)
{
    __m128 t = _mm_loadu_ps(x), numbers = _mm_cmpord_ps(t, t);
    return _mm_cvtps_epi32(_mm_and_ps(_mm_min_ps(t, _mm_set1_ps(INT16_MAX)), numbers));
}

TRINE_INLINE void nearest_group(const float *x, int16_t *out)
{
    _mm_storeu_si128((__m128i *)(void *)out, _mm_packs_epi32(nearest_half(x), nearest_half(x + 4)));
}
#endif

TRINE_INLINE int16_t nearest_i16(float x)
{
    return (int16_t)(x >= INT16_MAX   ? INT16_MAX
                     : x <= INT16_MIN ? INT16_MIN
                     : x == x         ? (int)__builtin_rintf(x)
                                      : 0);
}

TRINE_INLINE void nearest_integers(const float *x, int16_t *out, size_t n)
{
    size_t i = 0;
#if defined(__SSE2__)
    for (; n - i >= NEAREST_GROUP; i += NEAREST_GROUP)
        nearest_group(x + i, out + i);
#endif
    for (; i < n; i++)
        out[i] = nearest_i16(x[i]);
}

#endif
