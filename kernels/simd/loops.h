/* kernels/simd/loops.h - maps as loops over a chunk that the compiler vectorises.
 *
 * TRINE_ELEMENTWISE(function, X, Y, Z, OUT, inputs, params, expression) defines an apply function:
 * the expression makes an element of type OUT from x, y, z (of the first `inputs` inputs, of types
 * X, Y, Z) and the constants a, b (the first `params` elements of the map's param, an OUT array).
 */
#ifndef TRINE_KERNELS_LOOPS_H
#define TRINE_KERNELS_LOOPS_H

#include <math.h>
#include <string.h>
#include <trine/kernel.h>

/* An output that is an input is the same elements: no iteration reads what another writes. */
#if defined(__clang__)
#define TRINE_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define TRINE_INDEPENDENT _Pragma("GCC ivdep")
#endif

#define TRINE_ELEMENTWISE(function, X, Y, Z, OUT, inputs, params, expression)                      \
    static void function(const trine_chunk *chunk, const void *param)                              \
    {                                                                                              \
        const X *xs = (inputs) > 0 ? chunk->in[0] : NULL;                                          \
        const Y *ys = (inputs) > 1 ? chunk->in[1] : NULL;                                          \
        const Z *zs = (inputs) > 2 ? chunk->in[2] : NULL;                                          \
        const OUT *given = param;                                                                  \
        const OUT a = (params) > 0 ? given[0] : (OUT)0, b = (params) > 1 ? given[1] : (OUT)0;      \
        OUT *out = chunk->out[0];                                                                  \
        size_t n = chunk->n;                                                                       \
        (void)a, (void)b;                                                                          \
        TRINE_INDEPENDENT                                                                          \
        for (size_t i = 0; i < n; i++) {                                                           \
            const X x = (inputs) > 0 ? xs[i] : (X)0;                                               \
            const Y y = (inputs) > 1 ? ys[i] : (Y)0;                                               \
            const Z z = (inputs) > 2 ? zs[i] : (Z)0;                                               \
            (void)x, (void)y, (void)z;                                                             \
            out[i] = (expression);                                                                 \
        }                                                                                          \
    }

/* What arithmetic is done in: reals in their own type; integers in an unsigned one, where it wraps.
 */
typedef double trine_work_f64;
typedef float trine_work_f32;
typedef uint64_t trine_work_i64, trine_work_u64;
typedef uint32_t trine_work_i32, trine_work_u32, trine_work_i16, trine_work_u16, trine_work_i8,
    trine_work_u8;

/* What is not a number has one representation, so that the order of operands cannot show. */
static inline double trine_result_f64(double x)
{
    return x != x ? (double)NAN : x;
}

static inline float trine_result_f32(float x)
{
    return x != x ? NAN : x;
}

/* Bits of one type as another. */
static inline uint64_t trine_bits_f64(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double trine_real_f64(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t trine_bits_f32(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float trine_real_f32(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* (double)x, rounded to nearest, also where no instruction converts vectors of 64-bit integers: the
 * halves are put into the mantissas of 2^84 and 2^52, and only the last addition rounds. */
static inline double trine_u64_to_f64(uint64_t x)
{
#if defined(__AVX512DQ__)
    return (double)x;
#else
    double high = trine_real_f64(x >> 32 | UINT64_C(0x4530000000000000));
    double low = trine_real_f64((x & UINT32_MAX) | UINT64_C(0x4330000000000000));
    return (high - 0x1.00000001p84) + low;
#endif
}

#endif
