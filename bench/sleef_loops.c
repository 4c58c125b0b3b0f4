/* sleef_loops.c - see sleef_loops.h. Compiled for AVX-512. */
#include "sleef_loops.h"

#include <sleef.h>

#define LOOP(kind, CALL)                                                                           \
    static void plain_##kind(const double *x, const double *y, double *z, size_t n)                \
    {                                                                                              \
        (void)y;                                                                                   \
        for (size_t i = 0; i < n; i += 8)                                                          \
            _mm512_storeu_pd(z + i, CALL);                                                         \
    }
#define X _mm512_loadu_pd(x + i)
#define Y _mm512_loadu_pd(y + i)
LOOP(exp, Sleef_finz_expd8_u10avx512f(X))
LOOP(log, Sleef_finz_logd8_u10avx512f(X))
LOOP(sin, Sleef_finz_sind8_u10avx512f(X))
LOOP(cos, Sleef_finz_cosd8_u10avx512f(X))
LOOP(tanh, Sleef_finz_tanhd8_u10avx512f(X))
LOOP(pow, Sleef_finz_powd8_u10avx512f(X, Y))

const sleef_loop sleef_loops[SLEEF_LOOPS] = {{"exp", plain_exp},   {"log", plain_log},
                                             {"sin", plain_sin},   {"cos", plain_cos},
                                             {"tanh", plain_tanh}, {"pow", plain_pow}};
