/* cache.c [ROUNDS] - the sum kernels alone, on data in cache, one worker: nanoseconds an element.
 * plain: a sum over 32 lanes without chunks, folding or checks, what the vector units can do.
 * Prints one JSON object. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "measure.h"

enum { MANY = 65536, FEW = 1000, REPEATS = 200 };

typedef double lanes __attribute__((vector_size(64)));

static inline __attribute__((always_inline)) double plain_sum(const double *x, size_t n)
{
    lanes sum[8] = {{0}};
    for (size_t i = 0; i + 64 <= n; i += 64)
#pragma GCC unroll 8
        for (int k = 0; k < 8; k++) {
            lanes v;
            memcpy(&v, x + i + 8 * (size_t)k, sizeof v);
            sum[k] += v;
        }
    double total = 0;
    for (int k = 0; k < 8; k++)
        for (int j = 0; j < 8; j++)
            total += sum[k][j];
    return total;
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static double plain_avx512(const double *x, size_t n)
{
    return plain_sum(x, n);
}
#endif

static double plain(const double *x, size_t n)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return plain_avx512(x, n);
#endif
    return plain_sum(x, n);
}

/* A kernel as a worker drives it over one run. */
static double kernel_sum(const trine_reducer *m, const double *x, size_t n)
{
    static _Alignas(64) unsigned char state[4096];
    static unsigned char *work;
    double sum = 0;
    if (!work)
        work = aligned_alloc(64, 1 << 20);
    m->init(state, NULL);
    void *into = m->work_size ? work : state;
    if (m->work_size)
        m->work_init(work, NULL);
    for (size_t i = 0; i < n; i += TRINE_CHUNK) {
        trine_chunk chunk = {.offset = i, .n = n - i < TRINE_CHUNK ? n - i : TRINE_CHUNK};
        chunk.in[0] = x + i;
        m->accumulate(into, &chunk, NULL);
    }
    if (m->work_size)
        m->work_flush(state, work, NULL);
    m->finish(&sum, state, NULL);
    return sum;
}

static double time_kernel(const trine_reducer *m, const double *x, size_t n)
{
    volatile double sum = 0;
    double began = seconds_now();
    for (int i = 0; i < REPEATS; i++)
        sum = m ? kernel_sum(m, x, n) : plain(x, n);
    (void)sum;
    return (seconds_now() - began) / REPEATS / (double)n * 1e9;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 51;
    static _Alignas(64) double uniform[MANY], wide[MANY];
    srand48(1);
    for (int i = 0; i < MANY; i++) {
        uniform[i] = drand48();
        wide[i] = ldexp(drand48() - 0.5, (int)(lrand48() % 601) - 300);
    }
    const trine_reducer *fast = trine_reducer_find("sum_fast", TRINE_F64);
    const trine_reducer *exact = trine_reducer_find("sum", TRINE_F64);
    if (!fast || !exact) {
        fprintf(stderr, "bench_cache: %s\n", trine_error_detail());
        return 3;
    }
    series s[5] = {{0}};
    for (int i = 0; i <= rounds; i++) {
        double values[] = {time_kernel(NULL, uniform, MANY), time_kernel(fast, uniform, MANY),
                           time_kernel(exact, uniform, MANY), time_kernel(exact, wide, MANY),
                           time_kernel(exact, uniform, FEW)};
        for (int k = 0; k < 5 && i > 0; k++)
            series_add(&s[k], values[k]);
    }
    printf("{\"isa\": \"%s\", \"plain_ns\": %.4f, \"fast_ns\": %.4f, \"exact_uniform_ns\": %.4f, "
           "\"exact_over_plain\": %.3f, \"exact_wide_ns\": %.4f, \"exact_1000_us\": %.4f}\n",
           trine_isa(), series_median(&s[0]), series_median(&s[1]), series_median(&s[2]),
           series_ratio(&s[2], &s[0]), series_median(&s[3]), series_median(&s[4]) * FEW / 1000);
    return 0;
}
