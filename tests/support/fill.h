/* fill.h - elements that are the same on every team: a function of their index. */
#ifndef TRINE_TESTS_FILL_H
#define TRINE_TESTS_FILL_H

#include <string.h>

#include <trine/trine.h>

#include "hash_reducer.h"

/* Kinds of data: well-behaved, wide exponents with cancellation, specials. */
enum { UNIFORM, WIDE, SPECIAL, KINDS };

static inline double random_real(uint64_t i, int kind)
{
    uint64_t bits = random_bits(i, (uint64_t)kind);
    double uniform = (double)(bits >> 11) * 0x1p-53;
    if (kind == UNIFORM)
        return uniform;
    double wide = (uniform - 0.5) * (double)((uint64_t)1 << bits % 61);
    if (kind == WIDE)
        return wide;
    return i % 5003 == 5000 ? 0.0 / (double)(i % 5003 - 5000) : i % 7 ? -0.0 : wide;
}

static inline void fill(trine_array *x, int kind)
{
    uint64_t n = trine_array_local_n(x), offset = trine_array_offset(x);
    void *data = trine_array_data(x);
    trine_dtype dtype = trine_array_dtype(x);
    size_t item = trine_dtype_size(dtype);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t bits = random_bits(offset + i, (uint64_t)kind);
        double real = random_real(offset + i, kind);
        float single = (float)real;
        const void *value = dtype == TRINE_F64   ? (const void *)&real
                            : dtype == TRINE_F32 ? (const void *)&single
                                                 : (const void *)&bits;
        /* 64-bit integers are cut to 40 bits: most sums then fit, and some overflow is left. */
        if (item == 8 && dtype != TRINE_F64 && kind != SPECIAL)
            bits >>= 24;
        memcpy((char *)data + i * item, value, item);
    }
}

#endif
