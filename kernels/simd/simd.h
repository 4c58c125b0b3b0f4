/* kernels/simd/simd.h - vectors of doubles, as wide as the instruction set that this file is
 * compiled for. Arithmetic uses the compilers' vector extensions; what they lack stands here. */
#ifndef TRINE_KERNELS_SIMD_H
#define TRINE_KERNELS_SIMD_H

#include <math.h>
#include <string.h>
#include <trine/types.h>

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include <immintrin.h>
enum { VECTOR = 64 };
typedef double vec __attribute__((vector_size(64)));
typedef int64_t ivec __attribute__((vector_size(64)));
typedef float fvec __attribute__((vector_size(32)));
#elif defined(__AVX2__)
#include <immintrin.h>
enum { VECTOR = 32 };
typedef double vec __attribute__((vector_size(32)));
typedef int64_t ivec __attribute__((vector_size(32)));
typedef float fvec __attribute__((vector_size(16)));
#else
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
enum { VECTOR = 16 };
typedef double vec __attribute__((vector_size(16)));
typedef int64_t ivec __attribute__((vector_size(16)));
typedef float fvec __attribute__((vector_size(8)));
#endif

enum { WIDTH = VECTOR / 8 };

#define TRINE_INLINE static inline __attribute__((always_inline))

/* 2^exponent, a normal number. */
static inline double power_of_two(int exponent)
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

TRINE_INLINE vec vec_load(const double *x)
{
    vec v;
    memcpy(&v, x, sizeof v);
    return v;
}

TRINE_INLINE vec vec_load_f32(const float *x)
{
    fvec v;
    memcpy(&v, x, sizeof v);
    return __builtin_convertvector(v, vec);
}

/* WIDTH doubles from x[i], or floats when `single`. */
TRINE_INLINE vec load_at(const void *x, size_t i, bool single)
{
    return single ? vec_load_f32((const float *)x + i) : vec_load((const double *)x + i);
}

TRINE_INLINE double element_at(const void *x, size_t i, bool single)
{
    /* The analyser forgets, after two rounds of a loop, how far an array was filled. */
    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.UndefReturn) */
    return single ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

/* Bytes ahead that a loop over memory asks for, and bytes of the pieces in which it does: the
 * hardware's own prefetching does not keep two readers of memory busy. */
enum { PREFETCH_AHEAD = 8192, PREFETCH_PIECE = 2048 };

/* Asks for the piece that lies PREFETCH_AHEAD behind x. */
TRINE_INLINE void prefetch_piece(const void *x)
{
#pragma GCC unroll 32
    for (int b = 0; b < PREFETCH_PIECE; b += 64)
        __builtin_prefetch((const char *)x + PREFETCH_AHEAD + b, 0, 2);
}

TRINE_INLINE ivec vec_bits(vec x)
{
    return (ivec)x;
}

TRINE_INLINE vec vec_of(double x)
{
    return x - (vec){0};
}

TRINE_INLINE vec vec_choose(ivec mask, vec yes, vec no)
{
    return (vec)((mask & (ivec)yes) | (~mask & (ivec)no));
}

/* What is not a number has one representation, so that the order of operands cannot show. */
static inline double canonical(double x)
{
    return x != x ? (double)NAN : x;
}

TRINE_INLINE vec vec_canonical(vec x)
{
    return vec_choose(x <= vec_of((double)INFINITY), x, vec_of((double)NAN));
}

/* max(most, |x|); whatever when x is NaN. */
TRINE_INLINE vec vec_max_abs(vec most, vec x)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    /* Maximum of the absolute values, sign cleared. */
    return (vec)_mm512_range_pd((__m512d)most, (__m512d)x, 0x0b);
#elif defined(__AVX2__)
    return (vec)_mm256_max_pd(_mm256_andnot_pd(_mm256_set1_pd(-0.0), (__m256d)x), (__m256d)most);
#elif defined(__SSE2__)
    return (vec)_mm_max_pd(_mm_andnot_pd(_mm_set1_pd(-0.0), (__m128d)x), (__m128d)most);
#else
    /* Doubles that are not negative are in the order of their bits. */
    ivec m = (ivec)most, a = (ivec)x & INT64_MAX, greater = a > m;
    return (vec)((a & greater) | (m & ~greater));
#endif
}

/* a > b ? a : b and a < b ? a : b, lane by lane: b when one of them is NaN. */
TRINE_INLINE vec vec_max(vec a, vec b)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (vec)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif defined(__AVX2__)
    return (vec)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    return (vec)_mm_max_pd((__m128d)a, (__m128d)b);
#else
    ivec greater = (ivec)(a > b);
    return (vec)(((ivec)a & greater) | ((ivec)b & ~greater));
#endif
}

TRINE_INLINE vec vec_min(vec a, vec b)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (vec)_mm512_min_pd((__m512d)a, (__m512d)b);
#elif defined(__AVX2__)
    return (vec)_mm256_min_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    return (vec)_mm_min_pd((__m128d)a, (__m128d)b);
#else
    ivec less = (ivec)(a < b);
    return (vec)(((ivec)a & less) | ((ivec)b & ~less));
#endif
}

/* min(least, |x|); whatever when x is NaN. */
TRINE_INLINE vec vec_min_abs(vec least, vec x)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (vec)_mm512_range_pd((__m512d)least, (__m512d)x, 0x0a);
#elif defined(__AVX2__)
    return (vec)_mm256_min_pd(_mm256_andnot_pd(_mm256_set1_pd(-0.0), (__m256d)x), (__m256d)least);
#elif defined(__SSE2__)
    return (vec)_mm_min_pd(_mm_andnot_pd(_mm_set1_pd(-0.0), (__m128d)x), (__m128d)least);
#else
    ivec m = (ivec)least, a = (ivec)x & INT64_MAX, smaller = a < m;
    return (vec)((a & smaller) | (m & ~smaller));
#endif
}

/* The rounding error of the products p = fl(x * y): exact unless something under- or overflows. */
TRINE_INLINE vec vec_product_error(vec x, vec y, vec p)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (vec)_mm512_fmsub_pd((__m512d)x, (__m512d)y, (__m512d)p);
#elif defined(__AVX2__) && defined(__FMA__)
    return (vec)_mm256_fmsub_pd((__m256d)x, (__m256d)y, (__m256d)p);
#else
    vec error = {0};
    for (int i = 0; i < WIDTH; i++)
        error[i] = fma(x[i], y[i], -p[i]);
    return error;
#endif
}

/* set | (a ^ b) */
TRINE_INLINE ivec vec_or_difference(ivec set, ivec a, ivec b)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (ivec)_mm512_ternarylogic_epi64((__m512i)set, (__m512i)a, (__m512i)b, 0xf6);
#else
    return set | (a ^ b);
#endif
}

TRINE_INLINE int64_t vec_or_lanes(ivec x)
{
    int64_t all = 0;
    for (int i = 0; i < WIDTH; i++)
        all |= x[i];
    return all;
}

TRINE_INLINE int64_t vec_add_lanes(ivec x)
{
    int64_t sum = 0;
    for (int i = 0; i < WIDTH; i++)
        sum += x[i];
    return sum;
}

TRINE_INLINE double vec_max_lanes(vec x)
{
    double most = x[0];
    for (int i = 1; i < WIDTH; i++)
        most = x[i] > most ? x[i] : most;
    return most;
}

TRINE_INLINE double vec_min_lanes(vec x)
{
    double least = x[0];
    for (int i = 1; i < WIDTH; i++)
        least = x[i] < least ? x[i] : least;
    return least;
}

#endif
