/* reductions.c SPEC [MIB [ROUNDS]] - every built-in reduction over f64 in memory on one team, in
 * rounds with the pure-load bound over the same bytes by as many threads. Prints one JSON object.
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "drivers/harness/run/load.h"
#include "measure.h"

enum { MOST = 64, BINS = 100, TOP = 100 };

/* One reduction: its reducer, its param, its times. */
typedef struct entry {
    const char *name;
    trine_reducer reducer;
    const void *param;
    series series;
} entry;

static double load_shares(const char *data, size_t bytes, int threads, size_t prefetch)
{
    double began = seconds_now();
#pragma omp parallel num_threads(threads)
    {
        size_t t = (size_t)omp_get_thread_num(), share = bytes / (size_t)threads;
        load_memory(data + t * share, share, prefetch);
    }
    return seconds_now() - began;
}

static double time_load(const trine_array *x, int threads)
{
    size_t bytes = (size_t)trine_array_local_n(x) * sizeof(double);
    double plain = load_shares(trine_array_data(x), bytes, threads, 0);
    double ahead = load_shares(trine_array_data(x), bytes, threads, 8192);
    return plain < ahead ? plain : ahead;
}

/* The reducer and param of a kernel whose size hangs on its param; nothing for the others. params:
 * to be freed. */
static void make_sized(entry *e, void *params[2])
{
    static trine_top_param top;
    static trine_weighted_param weighted;
    double edges[BINS + 1];
    for (int i = 0; i <= BINS; i++)
        edges[i] = i * (1.0 / BINS);
    e->reducer.size = sizeof e->reducer;
    if (strcmp(e->name, "histogram") == 0) {
        need(trine_histogram_reducer(TRINE_F64, BINS, edges, &e->reducer, &params[0]));
        e->param = params[0];
    } else if (strcmp(e->name, "histogram_weighted") == 0) {
        need(trine_histogram_weighted_reducer(TRINE_F64, TRINE_F64, BINS, edges, &e->reducer,
                                              &params[1]));
        e->param = params[1];
    } else if (strcmp(e->name, "smallest") == 0 || strcmp(e->name, "largest") == 0) {
        need(trine_top_reducer(TRINE_F64, TOP, e->name[0] == 'l', &e->reducer, &top));
        e->param = &top;
    } else if (strncmp(e->name, "weighted_", 9) == 0) {
        need(trine_weighted_reducer(TRINE_F64, TRINE_F64, strstr(e->name, "mean") != NULL,
                                    &e->reducer, &weighted));
        e->param = &weighted;
    }
}

static int list(entry entries[MOST], const void *zeros, void *params[2])
{
    const char *name;
    int count = 0;
    for (size_t i = 0; (name = trine_reducer_name(i)) && count < MOST; i++) {
        const trine_reducer *m = trine_reducer_find(name, TRINE_F64);
        if (!m || strncmp(name, "order_", 6) == 0 || strstr(name, "_f64"))
            continue;
        entries[count] = (entry){.name = name, .reducer = *m, .param = zeros};
        make_sized(&entries[count++], params);
    }
    return count;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_reductions SPEC [MIB [ROUNDS]]\n");
        return 2;
    }
    size_t mib = argc > 2 ? strtoul(argv[2], NULL, 10) : 1024;
    int rounds = argc > 3 ? atoi(argv[3]) : 5;
    static const double zeros[512];
    static entry entries[MOST];
    static uint64_t result[4096];
    void *params[2] = {NULL, NULL};
    trine_team *team;
    trine_array *x[2];
    need(trine_init());
    need(trine_team_open(argv[1], &team));
    for (int i = 0; i < 2; i++) {
        need(trine_array_create(team, TRINE_F64, mib << 17, TRINE_SHARED, &x[i]));
        need(trine_uniform_f64(0, 1, (uint64_t)i, 0, x[i]));
    }
    const trine_array *in[] = {x[0], x[1]};
    int count = list(entries, zeros, params);
    series load = {.rounds = 0};
    for (int r = 0; r <= rounds; r++) {
        double bound = time_load(x[0], trine_team_workers(team));
        /* The first round warms up. */
        if (r > 0)
            series_add(&load, bound);
        for (int i = 0; i < count; i++) {
            double began = seconds_now();
            need(trine_reduce(&entries[i].reducer, in, entries[i].param, result));
            if (r > 0)
                series_add(&entries[i].series, (seconds_now() - began) / entries[i].reducer.nin);
        }
    }
    double bound = series_median(&load);
    printf("{\"team\": \"%s\", \"mib\": %zu, \"load_gb_per_s\": %.2f", trine_team_spec(team), mib,
           (double)(mib << 20) / bound * 1e-9);
    for (int i = 0; i < count; i++)
        printf(", \"%s\": %.3f", entries[i].name, series_ratio(&load, &entries[i].series));
    printf("}\n");
    free(params[0]);
    free(params[1]);
    for (int i = 0; i < 2; i++)
        trine_array_free(x[i]);
    need(trine_team_close(team));
    return 0;
}
