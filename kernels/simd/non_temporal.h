/* kernels/simd/non_temporal.h - stores that pass the caches by: whole lines go to memory without
 * being read first. What is stored so becomes visible to other workers after nt_store_fence(). */
#ifndef TRINE_KERNELS_NON_TEMPORAL_H
#define TRINE_KERNELS_NON_TEMPORAL_H

#include <string.h>

#include "kernels/simd/simd.h"

enum { LINE = 64 };

/* One line, to an address aligned to a line. */
TRINE_INLINE void nt_store_line(unsigned char *to, const unsigned char *from)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    _mm512_stream_si512((__m512i *)(void *)to, _mm512_loadu_si512(from));
#elif defined(__AVX2__)
    for (int i = 0; i < LINE; i += 32)
        _mm256_stream_si256((__m256i *)(void *)(to + i),
                            _mm256_loadu_si256((const __m256i *)(const void *)(from + i)));
#elif defined(__SSE2__)
    for (int i = 0; i < LINE; i += 16)
        _mm_stream_si128((__m128i *)(void *)(to + i),
                         _mm_loadu_si128((const __m128i *)(const void *)(from + i)));
#else
    memcpy(to, from, LINE);
#endif
}

/* One vector of doubles, to an address aligned to the vector. */
TRINE_INLINE void nt_store_vec(double *to, vec x)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    _mm512_stream_pd(to, (__m512d)x);
#elif defined(__AVX2__)
    _mm256_stream_pd(to, (__m256d)x);
#elif defined(__SSE2__)
    _mm_stream_pd(to, (__m128d)x);
#else
    memcpy(to, &x, sizeof x);
#endif
}

/* The floats of a vector, to an address aligned to them. */
TRINE_INLINE void nt_store_fvec(float *to, fvec x)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    _mm256_stream_ps(to, (__m256)x);
#elif defined(__AVX2__)
    _mm_stream_ps(to, (__m128)x);
#elif defined(__x86_64__)
    long long bits;
    memcpy(&bits, &x, sizeof bits);
    _mm_stream_si64((long long *)(void *)to, bits);
#else
    memcpy(to, &x, sizeof x);
#endif
}

TRINE_INLINE void nt_store_fence(void)
{
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

/* Bytes before the next line. */
TRINE_INLINE size_t before_line(const void *at)
{
    return -(uintptr_t)at % LINE;
}

/* memcpy by whole lines past the caches. */
TRINE_INLINE void nt_store_bytes(void *out, const void *in, size_t bytes)
{
    unsigned char *to = out;
    const unsigned char *from = in;
    size_t head = before_line(to);
    head = head < bytes ? head : bytes;
    memcpy(to, from, head);
    for (; head + LINE <= bytes; head += LINE)
        nt_store_line(to + head, from + head);
    memcpy(to + head, from + head, bytes - head);
}

#endif
