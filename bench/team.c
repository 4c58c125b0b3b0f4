/* team.c SPEC [GIB [ROUNDS]] - sums over memory on one team, each round paired with the pure-load
 * bound over the same bytes by as many threads or ranks, and with the same backend on one worker.
 * Prints one JSON object (rank 0). */
#include <math.h>
#include <mpi.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/mpi.h>
#include <trine/trine.h>

#include "drivers/harness/run/load.h"
#include "measure.h"

/* What every round measures, in seconds. */
enum { LOAD, FAST, EXACT, NORMAL_FAST, NORMAL_EXACT, ONE_FAST, ONE_EXACT, QUANTITIES };
static const char *const names[] = {"load",         "fast",     "exact",    "normal_fast",
                                    "normal_exact", "one_fast", "one_exact"};

typedef struct bench {
    trine_team *team, *one;
    trine_array *uniform, *normal, *one_uniform;
    bool ranks;
    series series[QUANTITIES];
} bench;

/* splitmix64 by global index. */
static uint64_t mix(uint64_t i)
{
    uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double uniform_at(uint64_t i)
{
    return (double)(mix(i) >> 11) * 0x1p-53;
}

static void fill_uniform(const trine_chunk *chunk, const void *param)
{
    double *x = chunk->out[0];
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++)
        x[i] = uniform_at(chunk->offset + i);
}

/* Box and Muller's method. */
static void fill_normal(const trine_chunk *chunk, const void *param)
{
    double *x = chunk->out[0];
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++) {
        double u = 1 - uniform_at(2 * (chunk->offset + i)),
               v = uniform_at(2 * (chunk->offset + i) + 1);
        x[i] = sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
    }
}

static trine_array *filled(trine_team *team, uint64_t n,
                           void (*apply)(const trine_chunk *, const void *))
{
    const trine_map map = {TRINE_INIT(trine_map), .name = "fill", .nout = 1, .out = {TRINE_F64},
                           .apply = apply};
    trine_array *x;
    need(trine_array_create(team, TRINE_F64, n, TRINE_DISTRIBUTED, &x));
    trine_array *const out[] = {x};
    need(trine_apply(&map, NULL, NULL, out));
    return x;
}

static void barrier(const bench *b)
{
    if (b->ranks)
        MPI_Barrier(MPI_COMM_WORLD);
}

/* The slowest rank's time is the time. */
static double slowest(const bench *b, double seconds)
{
    if (b->ranks)
        MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return seconds;
}

static void load_in_shares(const char *data, size_t bytes, int threads, size_t prefetch)
{
#pragma omp parallel num_threads(threads)
    {
        size_t t = (size_t)omp_get_thread_num(), share = bytes / (size_t)threads;
        load_memory(data + t * share, share, prefetch);
    }
}

/* The better of two pure-load loops, with and without software prefetch. */
static double time_load(const bench *b)
{
    const size_t prefetches[] = {0, 8192};
    double best = INFINITY;
    size_t bytes = (size_t)trine_array_local_n(b->uniform) * sizeof(double);
    for (int i = 0; i < 2; i++) {
        barrier(b);
        double began = seconds_now();
        load_in_shares(trine_array_data(b->uniform), bytes, trine_team_workers(b->team),
                       prefetches[i]);
        double taken = slowest(b, seconds_now() - began);
        best = taken < best ? taken : best;
    }
    return best;
}

static double time_sum(const bench *b, const trine_array *x, trine_mode mode)
{
    double sum;
    barrier(b);
    double began = seconds_now();
    need(trine_sum_f64(x, mode, &sum));
    return slowest(b, seconds_now() - began);
}

/* One worker alone, scaled to the whole: on ranks, rank 0 sums its own block. */
static double time_one(const bench *b, trine_mode mode)
{
    double seconds = 0;
    if (!b->ranks)
        return time_sum(b, b->one_uniform, mode);
    barrier(b);
    if (trine_team_rank(b->team) == 0) {
        double sum, began = seconds_now();
        need(trine_sum_f64(b->one_uniform, mode, &sum));
        seconds = (seconds_now() - began) * (double)trine_array_n(b->uniform) /
                  (double)trine_array_n(b->one_uniform);
    }
    return slowest(b, seconds);
}

static void run_round(bench *b)
{
    series_add(&b->series[LOAD], time_load(b));
    series_add(&b->series[FAST], time_sum(b, b->uniform, TRINE_FAST));
    series_add(&b->series[EXACT], time_sum(b, b->uniform, TRINE_EXACT));
    series_add(&b->series[NORMAL_FAST], time_sum(b, b->normal, TRINE_FAST));
    series_add(&b->series[NORMAL_EXACT], time_sum(b, b->normal, TRINE_EXACT));
    series_add(&b->series[ONE_FAST], time_one(b, TRINE_FAST));
    series_add(&b->series[ONE_EXACT], time_one(b, TRINE_EXACT));
}

static void print(const bench *b, double gib)
{
    const series *s = b->series;
    double workers = trine_team_workers(b->team) * trine_team_ranks(b->team);
    printf("{\"team\": \"%s\", \"gib\": %g, \"rounds\": %zu", trine_team_spec(b->team), gib,
           s[LOAD].rounds);
    for (int q = 0; q < QUANTITIES; q++)
        printf(", \"%s_gb_per_s\": %.2f", names[q], gib * 1.073741824 / series_median(&s[q]));
    printf(", \"fast_over_load\": %.4f, \"exact_over_fast_time\": %.4f, "
           "\"normal_exact_over_fast_time\": %.4f, \"fast_efficiency\": %.4f, "
           "\"exact_efficiency\": %.4f}\n",
           series_ratio(&s[LOAD], &s[FAST]), series_ratio(&s[EXACT], &s[FAST]),
           series_ratio(&s[NORMAL_EXACT], &s[NORMAL_FAST]),
           series_ratio(&s[ONE_FAST], &s[FAST]) / workers,
           series_ratio(&s[ONE_EXACT], &s[EXACT]) / workers);
}

/* A team of the same backend with one worker, on the same memory. */
static void open_one(bench *b, const char *spec)
{
    const char *colon = strchr(spec, ':');
    char one[64];
    if (b->ranks) {
        need(trine_team_open("serial", &b->one));
    } else {
        snprintf(one, sizeof one, "%.*s:1", colon ? (int)(colon - spec) : (int)strlen(spec), spec);
        need(trine_team_open(strcmp(spec, "serial") ? one : "serial", &b->one));
    }
    need(trine_array_wrap(b->one, TRINE_F64, trine_array_data(b->uniform),
                          trine_array_local_n(b->uniform), &b->one_uniform));
}

int main(int argc, char **argv)
{
    const char *spec = argc > 1 ? argv[1] : "omp";
    double gib = argc > 2 ? atof(argv[2]) : 1;
    int rounds = argc > 3 ? atoi(argv[3]) : 9;
    bench b = {.ranks = strncmp(spec, "mpi", 3) == 0};
    uint64_t n = (uint64_t)(gib * (1 << 27));
    need(trine_init());
    need(trine_team_open(spec, &b.team));
    b.uniform = filled(b.team, n, fill_uniform);
    b.normal = filled(b.team, n, fill_normal);
    open_one(&b, spec);
    run_round(&b);
    memset(b.series, 0, sizeof b.series);
    for (int i = 0; i < rounds && i < MAX_ROUNDS; i++)
        run_round(&b);
    if (trine_team_rank(b.team) == 0)
        print(&b, gib);
    trine_array_free(b.one_uniform);
    trine_array_free(b.uniform);
    trine_array_free(b.normal);
    need(trine_team_close(b.one));
    need(trine_team_close(b.team));
    return 0;
}
