/* sort.c [ELEMENTS] [ROUNDS] - sorting uniform f64 by one worker and by two, against qsort: seconds
 * and ratios. The results must be the same, bit for bit. Prints one JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "measure.h"

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double time_sort(trine_array *x, const double *from, size_t n)
{
    memcpy(trine_array_data(x), from, n * sizeof *from);
    double began = seconds_now();
    need(trine_sort(x));
    return seconds_now() - began;
}

static double time_argsort(trine_array *x, trine_array *permutation, const double *from, size_t n)
{
    memcpy(trine_array_data(x), from, n * sizeof *from);
    double began = seconds_now();
    need(trine_argsort(x, permutation));
    return seconds_now() - began;
}

static double time_qsort(double *x, const double *from, size_t n)
{
    memcpy(x, from, n * sizeof *from);
    double began = seconds_now();
    qsort(x, n, sizeof *x, compare);
    return seconds_now() - began;
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : (size_t)1 << 27;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 0) : 3;
    static const char *const specs[] = {"serial", "omp:2"};
    trine_team *team[2];
    trine_array *x[2], *permutation;
    double *from = malloc(n * sizeof *from), *reference = malloc(n * sizeof *reference);
    if (!from || !reference) {
        fprintf(stderr, "bench_sort: no memory for %zu elements\n", n);
        free(from);
        free(reference);
        return 3;
    }
    srand48(1);
    for (size_t i = 0; i < n; i++)
        from[i] = drand48();
    for (int t = 0; t < 2; t++) {
        need(trine_team_open(specs[t], &team[t]));
        need(trine_array_create(team[t], TRINE_F64, n, TRINE_SHARED, &x[t]));
    }
    need(trine_array_create(team[0], TRINE_I64, n, TRINE_SHARED, &permutation));
    series by_qsort = {0}, by_one = {0}, by_two = {0}, indices = {0};
    bool same = true;
    for (int i = 0; i < rounds; i++) {
        series_add(&by_qsort, time_qsort(reference, from, n));
        series_add(&by_one, time_sort(x[0], from, n));
        series_add(&by_two, time_sort(x[1], from, n));
        for (int t = 0; t < 2; t++)
            same = same && memcmp(trine_array_data(x[t]), reference, n * sizeof *reference) == 0;
        series_add(&indices, time_argsort(x[0], permutation, from, n));
    }
    printf("{\"n\": %zu, \"same\": %s, \"qsort_s\": %.4f, \"one_s\": %.4f, \"two_s\": %.4f, "
           "\"argsort_s\": %.4f, \"qsort_over_one\": %.3f, \"one_over_two\": %.3f}\n",
           n, same ? "true" : "false", series_median(&by_qsort), series_median(&by_one),
           series_median(&by_two), series_median(&indices), series_ratio(&by_qsort, &by_one),
           series_ratio(&by_one, &by_two));
    trine_array_free(permutation);
    for (int t = 0; t < 2; t++) {
        trine_array_free(x[t]);
        need(trine_team_close(team[t]));
    }
    free(from);
    free(reference);
    return same ? 0 : 1;
}
