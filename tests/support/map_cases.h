/* map_cases.h - inputs and params for any built-in map. */
#ifndef TRINE_TESTS_MAP_CASES_H
#define TRINE_TESTS_MAP_CASES_H

#include <math.h>
#include <string.h>

#include <trine/error.h>
#include <trine/kernel.h>

#include "hash_reducer.h"

/* Reals of all sizes, and what is special. */
static inline double random_real(uint64_t i, uint64_t kind)
{
    static const double special[] = {0.0,       -0.0,      INFINITY,   -INFINITY, NAN,    -NAN,
                                     0x1p-1074, -0x1p-140, 0x1p63,     -0x1p63,   0x1p31, -0x1p31,
                                     127.5,     -128.5,    255.999999, 1e308,     -1e308, 0x1p-126,
                                     65535.5,   0x1p64,    0x1.8p52,   0.5,       -0.5,   1.0};
    uint64_t bits = random_bits(i, kind);
    double unit = (double)(bits >> 11) * 0x1p-53;
    if (bits % 11 == 0)
        return special[bits / 11 % (sizeof special / sizeof *special)];
    if (bits % 11 < 3)
        return ldexp(unit - 0.5, (int)(bits / 11 % 2000) - 1000);
    return (unit - 0.5) * (double)(UINT64_C(1) << bits / 11 % 20);
}

/* Elements [first, first + n) of an endless array of that kind: all sizes, and what is special. */
static inline void make_elements(void *data, trine_dtype dtype, uint64_t first, size_t n,
                                 uint64_t kind)
{
    size_t item = trine_dtype_size(dtype);
    for (size_t i = 0; i < n; i++) {
        double real = random_real(first + i, kind);
        float single = (float)real;
        uint64_t bits = random_bits(first + i, kind);
        if (bits % 5 == 0)
            bits = bits / 5 % 3 - 1;
        if (bits % 13 == 0)
            bits = (uint64_t)1 << (8 * item - 1);
        memcpy((char *)data + i * item,
               dtype == TRINE_F64   ? (const void *)&real
               : dtype == TRINE_F32 ? (const void *)&single
                                    : (const void *)&bits,
               item);
    }
}

typedef union map_param {
    trine_linspace linspace;
    trine_uniform uniform;
    trine_normal normal;
    trine_standardisation standardisation;
    unsigned char bytes[64];
} map_param;

static inline map_param map_param_for(const trine_map *map, uint64_t kind)
{
    map_param p = {.bytes = {0}};
    if (strcmp(map->name, "linspace") == 0)
        p.linspace = (trine_linspace){-1.25, 3.5, 1000000};
    else if (strcmp(map->name, "uniform") == 0)
        p.uniform = (trine_uniform){-1, 3, 42 + kind, kind << 40};
    else if (strstr(map->name, "normal"))
        p.normal = (trine_normal){0.5, 2, UINT64_MAX - kind, 7};
    else if (strcmp(map->name, "standardised") == 0)
        p.standardisation = (trine_standardisation){{0.5, 4}, 1.5, 1e-17, 3, {.i64 = 11}};
    else
        make_elements(p.bytes, map->out[0], 0, 2, 3 + kind);
    return p;
}

#endif
