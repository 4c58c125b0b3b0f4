/* measure.h - what the benchmarks share: a clock, medians of paired rounds, the pure-load bound. */
#ifndef TRINE_BENCH_MEASURE_H
#define TRINE_BENCH_MEASURE_H

#include <stddef.h>

#include <trine/error.h>

enum { MAX_ROUNDS = 101 };

/* One quantity over the rounds of a run. Rounds of several quantities are interleaved, so that the
 * ratio of two of the same round holds when the machine's speed drifts. */
typedef struct series {
    size_t rounds;
    double value[MAX_ROUNDS];
} series;

/* Ends the program with status 3 when a call failed, saying why. */
void need(trine_status status);

double seconds_now(void);

void series_add(series *s, double value);
double series_median(const series *s);
double series_least(const series *s);

/* Median over the rounds of a/b. */
double series_ratio(const series *a, const series *b);

#endif
