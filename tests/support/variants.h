/* variants.h - the tables of kernels of every instruction set, and which this CPU has. */
#ifndef TRINE_TESTS_VARIANTS_H
#define TRINE_TESTS_VARIANTS_H

#include <stdbool.h>

#include "kernels/registry/isa.h"

#if defined(__x86_64__)
#define VARIANTS 3
#define TABLES(table) {table##_baseline, table##_avx2, table##_avx512},
static inline bool supported(int variant)
{
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return variant == 0 || (variant == 1 && avx2) ||
           (variant == 2 && avx2 && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"));
}
#else
#define VARIANTS 1
#define TABLES(table) {table##_baseline},
static inline bool supported(int variant)
{
    return variant == 0;
}
#endif

#endif
