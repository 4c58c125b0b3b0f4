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

/* The widest vectors of this instruction set, and what SLEEF calls its functions for them. */
#if defined(__AVX512F__)
enum { LANES_f64 = 8, LANES_f32 = 16 };
typedef __m512d reals_f64;
typedef __m512 reals_f32;
#define SLEEF_f64(kind) Sleef_finz_##kind##d8_u10avx512f
#define SLEEF_f32(kind) Sleef_finz_##kind##f16_u10avx512f
#elif defined(__AVX2__) && defined(__FMA__)
enum { LANES_f64 = 4, LANES_f32 = 8 };
typedef __m256d reals_f64;
typedef __m256 reals_f32;
#define SLEEF_f64(kind) Sleef_finz_##kind##d4_u10avx2
#define SLEEF_f32(kind) Sleef_finz_##kind##f8_u10avx2
#else
enum { LANES_f64 = 1, LANES_f32 = 1 };
typedef double reals_f64;
typedef float reals_f32;
#define SLEEF_f64(kind) Sleef_finz_##kind##d1_u10purecfma
#define SLEEF_f32(kind) Sleef_finz_##kind##f1_u10purecfma
#endif

/* Whole vectors, then what is left over beside ones, whose function values are not used. */
#define VECTORS(T, s, inputs, kind, CALL)                                                          \
    static void kind##_##s(const trine_chunk *chunk, const void *param)                            \
    {                                                                                              \
        enum { LANES = LANES_##s };                                                                \
        const T *xs = chunk->in[0], *ys = (inputs) > 1 ? chunk->in[1] : xs;                        \
        T *out = chunk->out[0];                                                                    \
        size_t n = chunk->n, i = 0;                                                                \
        (void)param;                                                                               \
        for (; i < n; i += LANES) {                                                                \
            reals_##s x, y, z;                                                                     \
            T result[LANES];                                                                       \
            size_t count = n - i < LANES ? n - i : LANES;                                          \
            if (count == LANES) {                                                                  \
                memcpy(&x, xs + i, sizeof x);                                                      \
                memcpy(&y, ys + i, sizeof y);                                                      \
            } else {                                                                               \
                T left[2][LANES];                                                                  \
                for (size_t j = 0; j < LANES; j++) {                                               \
                    left[0][j] = j < count ? xs[i + j] : (T)1;                                     \
                    left[1][j] = j < count ? ys[i + j] : (T)1;                                     \
                }                                                                                  \
                memcpy(&x, left[0], sizeof x);                                                     \
                memcpy(&y, left[1], sizeof y);                                                     \
            }                                                                                      \
            z = CALL;                                                                              \
            memcpy(result, &z, sizeof z);                                                          \
            for (size_t j = 0; j < LANES; j++)                                                     \
                result[j] = trine_result_##s(result[j]);                                           \
            memcpy(out + i, result, count == LANES ? sizeof result : count * sizeof *result);      \
        }                                                                                          \
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
