/* blas.c [GIB [ROUNDS]] - fast and exact sums on omp:2 against OpenBLAS's dasum with two threads,
 * as the environment configures it (OPENBLAS_CORETYPE). Prints one JSON object. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "measure.h"

/* OpenBLAS's own; not in every cblas.h. */
char *openblas_get_corename(void);
void openblas_set_num_threads(int threads);

static double time_sum(const trine_array *x, trine_mode mode)
{
    double sum, began = seconds_now();
    need(trine_sum_f64(x, mode, &sum));
    return seconds_now() - began;
}

/* dasum takes its length as int: long arrays go in pieces. */
static double time_dasum(const double *x, uint64_t n)
{
    volatile double sum = 0;
    double began = seconds_now();
    for (uint64_t i = 0; i < n; i += 1 << 30) {
        uint64_t some = n - i < 1 << 30 ? n - i : 1 << 30;
        sum = sum + cblas_dasum((int)some, x + i, 1);
    }
    return seconds_now() - began;
}

int main(int argc, char **argv)
{
    double gib = argc > 1 ? atof(argv[1]) : 1;
    int rounds = argc > 2 ? atoi(argv[2]) : 15;
    uint64_t n = (uint64_t)(gib * (1 << 27));
    trine_team *team;
    trine_array *x;
    series fast = {0}, exact = {0}, dasum = {0};
    need(trine_team_open("omp:2", &team));
    need(trine_array_create(team, TRINE_F64, n, TRINE_SHARED, &x));
    double *data = trine_array_data(x);
    for (uint64_t i = 0; i < n; i++)
        data[i] = (double)(i * 2654435761u % 1000003) * 1e-6;
    openblas_set_num_threads(2);
    for (int i = 0; i <= rounds; i++) {
        double values[] = {time_sum(x, TRINE_FAST), time_sum(x, TRINE_EXACT), time_dasum(data, n)};
        series *all[] = {&fast, &exact, &dasum};
        for (int k = 0; k < 3 && i > 0; k++)
            series_add(all[k], values[k]);
    }
    printf("{\"core\": \"%s\", \"gib\": %g, \"fast_gb_per_s\": %.2f, \"exact_gb_per_s\": %.2f, "
           "\"dasum_gb_per_s\": %.2f, \"dasum_over_fast\": %.3f, \"dasum_over_exact\": %.3f}\n",
           openblas_get_corename(), gib, gib * 1.073741824 / series_median(&fast),
           gib * 1.073741824 / series_median(&exact), gib * 1.073741824 / series_median(&dasum),
           series_ratio(&dasum, &fast), series_ratio(&dasum, &exact));
    trine_array_free(x);
    need(trine_team_close(team));
    return 0;
}
