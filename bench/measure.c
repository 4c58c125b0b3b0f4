/* measure.c - see measure.h. */
#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void need(trine_status status)
{
    if (status == TRINE_OK)
        return;
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, trine_status_name(status),
            trine_error_detail());
    exit(3);
}

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void series_add(series *s, double value)
{
    if (s->rounds < MAX_ROUNDS)
        s->value[s->rounds++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(const double values[], size_t n)
{
    double sorted[MAX_ROUNDS];
    if (n == 0)
        return 0;
    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    return n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

double series_median(const series *s)
{
    return median_of(s->value, s->rounds);
}

double series_least(const series *s)
{
    double least = s->rounds ? s->value[0] : 0;
    for (size_t i = 1; i < s->rounds; i++)
        least = s->value[i] < least ? s->value[i] : least;
    return least;
}

double series_ratio(const series *a, const series *b)
{
    double ratio[MAX_ROUNDS];
    size_t n = a->rounds < b->rounds ? a->rounds : b->rounds;
    for (size_t i = 0; i < n; i++)
        ratio[i] = a->value[i] / b->value[i];
    return median_of(ratio, n);
}
