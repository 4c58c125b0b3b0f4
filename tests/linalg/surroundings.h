/* surroundings.h - what the tests of BLAS watch: the threads of the process, what the CPU can do.
 */
#ifndef TRINE_TESTS_BLAS_SURROUNDINGS_H
#define TRINE_TESTS_BLAS_SURROUNDINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Of /proc/self/status; 0 when it cannot be read. */
static inline int threads_of_process(void)
{
    char line[256];
    int threads = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Threads: %d", &threads) == 1)
            break;
    if (file)
        fclose(file);
    return threads;
}

/* Whether the process comes down to that many threads or fewer; one that was joined may still be
 * counted for a moment. */
static inline bool threads_come_down_to(int threads)
{
    for (int tries = 0; tries < 1000 && threads_of_process() > threads; tries++)
        usleep(1000);
    return threads_of_process() <= threads;
}

static inline bool cpu_has_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

static inline bool cpu_has_avx512(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

/* n doubles in (-1, 1), to be freed. */
static inline double *random_doubles(size_t n, uint64_t seed)
{
    double *x = malloc((n + 1) * sizeof *x);
    for (size_t i = 0; x && i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        x[i] = (double)(int64_t)seed * 0x1p-63;
    }
    return x;
}

#endif
