/* kernels/map/functions.c - elementary functions through SLEEF's deterministic variants, which give
 * the same bits for every vector width, mended to be within 1 unit in the last place of every
 * finite result. An empty table where this library was built without SLEEF. (Shibata and
 * Petrogalli, SLEEF: A portable vectorized library of C standard mathematical functions, IEEE TPDS
 * 31 (2020).)
 */
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"

#if TRINE_SLEEF
#include "kernels/map/function_edges.h"

/* Whole vectors, then what is left over beside ones, whose function values are not used. */
#define VECTORS(T, s, inputs, kind)                                                                \
    static void whole_##kind##_##s(const T *xs, const T *ys, T *out, size_t n)                     \
    {                                                                                              \
        for (size_t i = 0; i < n; i += LANES_##s) {                                                \
            reals_##s x, y, z;                                                                     \
            memcpy(&x, xs + i, sizeof x);                                                          \
            memcpy(&y, ys + i, sizeof y);                                                          \
            z = value_of_##kind##_##s(x, y);                                                       \
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
#define FUNCTION(kind, inputs, params, T, s) VECTORS(T, s, inputs, kind)
TRINE_FUNCTIONS(FUNCTION, double, f64)
TRINE_FUNCTIONS(FUNCTION, float, f32)

#define ENTRY(kind, inputs, params, DTYPE, s)                                                      \
    {TRINE_INIT(trine_map), .name = #kind,  .nin = inputs,      .nout = 1,                         \
     .in = {DTYPE, DTYPE},  .out = {DTYPE}, .apply = kind##_##s},

const trine_map VARIANT(trine_functions)[] = {
    TRINE_FUNCTIONS(ENTRY, TRINE_F64, f64) TRINE_FUNCTIONS(ENTRY, TRINE_F32, f32){.name = NULL}};
#else
const trine_map VARIANT(trine_functions)[] = {{.name = NULL}};
#endif
