/* sleef_loops.h - SLEEF's functions for AVX-512, called in plain loops over n elements, whole
 * vectors. */
#ifndef TRINE_BENCH_SLEEF_LOOPS_H
#define TRINE_BENCH_SLEEF_LOOPS_H

#include <stddef.h>

enum { SLEEF_LOOPS = 6 };

typedef struct sleef_loop {
    const char *name;
    void (*plain)(const double *x, const double *y, double *z, size_t n);
} sleef_loop;

extern const sleef_loop sleef_loops[SLEEF_LOOPS];

#endif
