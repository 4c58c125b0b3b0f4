/* dot.c [SPEC [GIB [ROUNDS]]] - reductions over arrays of GIB gibibytes each on one team, paired
 * with the pure-load bound over the same bytes by as many threads, and with OpenBLAS as the
 * environment configures it (OPENBLAS_CORETYPE). Normal data, whose products call for the most
 * levels. Prints one JSON object. */
#include <cblas.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include <trine/trine.h>

#include "drivers/harness/run/load.h"
#include "measure.h"

/* OpenBLAS's own; not in every cblas.h. */
char *openblas_get_corename(void);
void openblas_set_num_threads(int threads);

typedef struct bench {
    trine_team *team;
    trine_array *x, *y;
    uint64_t n;
} bench;

/* The operations that are measured in the exact and the fast mode, and how many arrays they read.
 */
static const struct {
    const char *name;
    int inputs;
} operations[] = {{"asum", 1},  {"nansum", 1}, {"mean", 1}, {"nanmean", 1},
                  {"sumsq", 1}, {"nrm2", 1},   {"dot", 2},  {"wmean", 2}};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* Peers: OpenBLAS's functions, on pieces that its int lengths can say. */
enum { DASUM, DNRM2, DDOT, PEERS };
static const char *const peers[] = {"dasum", "dnrm2", "ddot"};
static const int peer_inputs[] = {1, 1, 2};

static double peer_of(int peer, int n, const double *x, const double *y)
{
    return peer == DASUM   ? cblas_dasum(n, x, 1)
           : peer == DNRM2 ? cblas_dnrm2(n, x, 1)
                           : cblas_ddot(n, x, 1, y, 1);
}

static double time_peer(const bench *b, int peer)
{
    const double *x = trine_array_data(b->x), *y = trine_array_data(b->y);
    volatile double sum = 0;
    double began = seconds_now();
    for (uint64_t i = 0; i < b->n; i += 1 << 30) {
        uint64_t some = b->n - i < 1 << 30 ? b->n - i : 1 << 30;
        sum = sum + peer_of(peer, (int)some, x + i, y + i);
    }
    return seconds_now() - began;
}

static double time_operation(const bench *b, const char *name)
{
    const trine_reducer *reducer = trine_reducer_find(name, TRINE_F64);
    const trine_array *const in[] = {b->x, b->y};
    double result, began = seconds_now();
    need(trine_reduce(reducer, in, NULL, &result));
    return seconds_now() - began;
}

static void load_in_shares(const bench *b, int inputs, size_t prefetch)
{
    int threads = trine_team_workers(b->team);
    size_t share = b->n * sizeof(double) / (size_t)threads;
    const char *const data[] = {trine_array_data(b->x), trine_array_data(b->y)};
#pragma omp parallel num_threads(threads)
    for (int i = 0; i < inputs; i++)
        load_memory(data[i] + (size_t)omp_get_thread_num() * share, share, prefetch);
}

/* The better of two pure-load loops, with and without software prefetch. */
static double time_load(const bench *b, int inputs)
{
    const size_t prefetches[] = {0, 8192};
    double best = INFINITY;
    for (int i = 0; i < 2; i++) {
        double began = seconds_now();
        load_in_shares(b, inputs, prefetches[i]);
        double taken = seconds_now() - began;
        best = taken < best ? taken : best;
    }
    return best;
}

/* Box and Muller's method, on the bits of splitmix64 by global index. */
static double uniform_at(uint64_t i)
{
    uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static void fill_normal(const trine_chunk *chunk, const void *param)
{
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++) {
        double u = 1 - uniform_at(2 * (chunk->offset + i)),
               v = uniform_at(2 * (chunk->offset + i) + 1), r = sqrt(-2 * log(u));
        ((double *)chunk->out[0])[i] = r * cos(6.283185307179586 * v);
        ((double *)chunk->out[1])[i] = r * sin(6.283185307179586 * v);
    }
}

static void make_data(bench *b, double gib)
{
    const trine_map map = {TRINE_INIT(trine_map), .name = "fill", .nout = 2,
                           .out = {TRINE_F64, TRINE_F64}, .apply = fill_normal};
    b->n = (uint64_t)(gib * (1 << 27));
    need(trine_array_create(b->team, TRINE_F64, b->n, TRINE_SHARED, &b->x));
    need(trine_array_create(b->team, TRINE_F64, b->n, TRINE_SHARED, &b->y));
    trine_array *const out[] = {b->x, b->y};
    need(trine_apply(&map, NULL, NULL, out));
}

int main(int argc, char **argv)
{
    double gib = argc > 2 ? atof(argv[2]) : 1;
    int rounds = argc > 3 ? atoi(argv[3]) : 9;
    static series load[3], fast[OPERATIONS], exact[OPERATIONS], other[PEERS];
    bench b;
    need(trine_team_open(argc > 1 ? argv[1] : "omp:2", &b.team));
    make_data(&b, gib);
    openblas_set_num_threads(trine_team_workers(b.team));
    for (int round = 0; round <= rounds; round++) {
        bool count = round > 0;
        for (int inputs = 1; inputs <= 2; inputs++) {
            double taken = time_load(&b, inputs);
            if (count)
                series_add(&load[inputs], taken);
        }
        for (int o = 0; o < OPERATIONS; o++) {
            char name[40];
            snprintf(name, sizeof name, "%s_fast", operations[o].name);
            double times[] = {time_operation(&b, name), time_operation(&b, operations[o].name)};
            if (count) {
                series_add(&fast[o], times[0]);
                series_add(&exact[o], times[1]);
            }
        }
        for (int p = 0; p < PEERS; p++) {
            double taken = time_peer(&b, p);
            if (count)
                series_add(&other[p], taken);
        }
    }
    printf("{\"team\": \"%s\", \"isa\": \"%s\", \"core\": \"%s\", \"gib\": %g, \"rounds\": %d",
           trine_team_spec(b.team), trine_isa(), openblas_get_corename(), gib, rounds);
    for (int inputs = 1; inputs <= 2; inputs++)
        printf(", \"load_%d_gb_per_s\": %.2f", inputs,
               inputs * gib * 1.073741824 / series_median(&load[inputs]));
    for (int o = 0; o < OPERATIONS; o++)
        printf(", \"%s_fast_over_load\": %.3f, \"%s_exact_over_fast_time\": %.3f",
               operations[o].name, series_ratio(&load[operations[o].inputs], &fast[o]),
               operations[o].name, series_ratio(&exact[o], &fast[o]));
    for (int p = 0; p < PEERS; p++)
        printf(", \"%s_gb_per_s\": %.2f", peers[p],
               peer_inputs[p] * gib * 1.073741824 / series_median(&other[p]));
    printf(", \"dasum_over_asum_exact\": %.3f, \"dnrm2_over_nrm2_fast\": %.3f, "
           "\"dnrm2_over_nrm2_exact\": %.3f, \"ddot_over_dot_fast\": %.3f, "
           "\"ddot_over_dot_exact\": %.3f}\n",
           series_ratio(&other[DASUM], &exact[0]), series_ratio(&other[DNRM2], &fast[5]),
           series_ratio(&other[DNRM2], &exact[5]), series_ratio(&other[DDOT], &fast[6]),
           series_ratio(&other[DDOT], &exact[6]));
    trine_array_free(b.x);
    trine_array_free(b.y);
    need(trine_team_close(b.team));
    return 0;
}
