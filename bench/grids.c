/* grids.c [SPEC [SIDE [ROUNDS]]] - transposition, stencils, Jacobi's sweeps and convolution of SIDE
 * x SIDE elements, against what a copy (one array read, one written) and a triad (two read, one
 * written) past the caches take in the same round on the same team. Ratios are time of the bound
 * over time of the call: 1 is as fast as memory. Sweeps are timed by the ledger. Prints one JSON
 * object (rank 0). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "core/lines/non_temporal.h"
#include "measure.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* An even number of sweeps ends in the first array. */
enum { SWEEPS = 4, SHORT_TAPS = 3, LONG_TAPS = 129 };

enum {
    COPY,
    TRIAD,
    TRANSPOSE_F64,
    TRANSPOSE_F32,
    STENCIL5_F64,
    STENCIL5_F32,
    SWEEP,
    SWEEP_WITH_F,
    CONVOLVE_SHORT,
    CONVOLVE_LONG,
    QUANTITIES
};

/* bound: what each is compared with; part: of the bound's bytes. */
static const struct {
    const char *name;
    int bound;
    double part;
} quantities[QUANTITIES] = {
    {"copy", COPY, 1},
    {"triad", TRIAD, 1},
    {"transpose_f64", COPY, 1},
    {"transpose_f32", COPY, 0.5},
    {"stencil5_f64", COPY, 1},
    {"stencil5_f32", COPY, 0.5},
    {"jacobi_sweep", COPY, 1},
    {"jacobi_sweep_with_f", TRIAD, 1},
    {"convolve_3_taps", COPY, 1},
    {"convolve_129_taps", COPY, 1},
};

typedef struct bench {
    trine_team *team;
    uint64_t side;
    trine_array *x, *y, *z, *narrow, *narrow_out, *line, *line_out;
    series series[QUANTITIES];
} bench;

static void apply_copy(const trine_chunk *chunk, const void *param)
{
    (void)param;
    trine_non_temporal(chunk->out[0], chunk->in[0], chunk->n * sizeof(double));
    trine_non_temporal_end();
}

/* Chunks are whole and aligned: sides are multiples of 2. */
static void apply_triad(const trine_chunk *chunk, const void *param)
{
    const double *x = chunk->in[0], *y = chunk->in[1];
    double *out = chunk->out[0];
    (void)param;
#if defined(__SSE2__)
    for (int64_t i = 0; i + 2 <= chunk->n; i += 2)
        _mm_stream_pd(out + i, _mm_add_pd(_mm_loadu_pd(x + i), _mm_loadu_pd(y + i)));
    _mm_sfence();
#else
    for (int64_t i = 0; i < chunk->n; i++)
        out[i] = x[i] + y[i];
#endif
}

static void apply_fill(const trine_chunk *chunk, const void *param)
{
    double *out = chunk->out[0];
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++)
        out[i] = sin((double)((chunk->offset + i) % 1000));
}

static const trine_map copy = {
    TRINE_INIT(trine_map), .name = "copy",     .nin = 1,           .nout = 1,
    .in = {TRINE_F64},     .out = {TRINE_F64}, .apply = apply_copy};
static const trine_map triad = {
    TRINE_INIT(trine_map), .name = "triad",     .nin = 2, .nout = 1, .in = {TRINE_F64, TRINE_F64},
    .out = {TRINE_F64},    .apply = apply_triad};
static const trine_map fill = {TRINE_INIT(trine_map), .name = "fill", .nout = 1, .out = {TRINE_F64},
                               .apply = apply_fill};

/* Seconds of one sweep, without making the second array. */
static double sweep_takes(const bench *b, const trine_array *f)
{
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    need(trine_jacobi(b->x, f, 0, SWEEPS, NULL));
    need(trine_team_ledger(b->team, &ledger));
    return (ledger.compute + ledger.wait + ledger.combine) / SWEEPS;
}

static double time_of(const bench *b, int quantity)
{
    static const double weight[5] = {0.2, 0.2, 0.2, 0.2, 0.2};
    static double kernel[LONG_TAPS];
    const trine_array *in[] = {b->x, b->y};
    trine_array *const out[] = {b->z};
    for (int i = 0; i < LONG_TAPS; i++)
        kernel[i] = 1.0 / LONG_TAPS;
    if (quantity == SWEEP || quantity == SWEEP_WITH_F)
        return sweep_takes(b, quantity == SWEEP_WITH_F ? b->y : NULL);
    /* The bounds write past the caches themselves, and not through the buffers of maps. */
    trine_non_temporal_min = quantity <= TRIAD ? SIZE_MAX : 0;
    double began = seconds_now();
    if (quantity == COPY)
        need(trine_apply(&copy, in, NULL, out));
    else if (quantity == TRIAD)
        need(trine_apply(&triad, in, NULL, out));
    else if (quantity == TRANSPOSE_F64)
        need(trine_transpose(b->x, b->z));
    else if (quantity == TRANSPOSE_F32)
        need(trine_transpose(b->narrow, b->narrow_out));
    else if (quantity == STENCIL5_F64)
        need(trine_stencil5(b->x, weight, b->z));
    else if (quantity == STENCIL5_F32)
        need(trine_stencil5(b->narrow, weight, b->narrow_out));
    else
        need(trine_convolve_f64(b->line, kernel,
                                quantity == CONVOLVE_SHORT ? SHORT_TAPS : LONG_TAPS, b->line_out));
    return seconds_now() - began;
}

static trine_array *matrix(const bench *b, trine_dtype dtype, uint64_t rows, uint64_t columns)
{
    trine_array *array;
    need(trine_array_create_2d(b->team, dtype, rows, columns, TRINE_DISTRIBUTED, &array));
    if (dtype == TRINE_F64)
        need(trine_apply(&fill, NULL, NULL, &array));
    return array;
}

static void make_arrays(bench *b)
{
    b->x = matrix(b, TRINE_F64, b->side, b->side);
    b->y = matrix(b, TRINE_F64, b->side, b->side);
    b->z = matrix(b, TRINE_F64, b->side, b->side);
    b->narrow = matrix(b, TRINE_F32, b->side, b->side);
    b->narrow_out = matrix(b, TRINE_F32, b->side, b->side);
    b->line = matrix(b, TRINE_F64, b->side * b->side, 1);
    b->line_out = matrix(b, TRINE_F64, b->side * b->side, 1);
}

static void free_arrays(bench *b)
{
    trine_array *all[] = {b->x, b->y, b->z, b->narrow, b->narrow_out, b->line, b->line_out};
    for (int i = 0; i < 7; i++)
        trine_array_free(all[i]);
}

static void print(const bench *b)
{
    double n = (double)b->side * (double)b->side;
    printf("{\"team\": \"%s\", \"side\": %llu, \"rounds\": %zu, \"isa\": \"%s\"",
           trine_team_spec(b->team), (unsigned long long)b->side, b->series[COPY].rounds,
           trine_isa());
    for (int q = 0; q < QUANTITIES; q++) {
        const series *s = &b->series[q], *bound = &b->series[quantities[q].bound];
        printf(",\n \"%s\": {\"ns_per_element\": %.4f, \"ratio\": %.3f}", quantities[q].name,
               1e9 * series_median(s) / n, quantities[q].part * series_ratio(bound, s));
    }
    printf(",\n \"copy_gb_per_s\": %.2f, \"convolve_129_taps_gflop_per_s\": %.2f}\n",
           16e-9 * n / series_median(&b->series[COPY]),
           2e-9 * LONG_TAPS * n / series_median(&b->series[CONVOLVE_LONG]));
}

int main(int argc, char **argv)
{
    bench b = {.side = argc > 2 ? strtoull(argv[2], NULL, 10) : 8192};
    int rounds = argc > 3 ? atoi(argv[3]) : 5;
    need(trine_init());
    need(trine_team_open(argc > 1 ? argv[1] : NULL, &b.team));
    make_arrays(&b);
    for (int round = 0; round < rounds && round < MAX_ROUNDS; round++)
        for (int q = 0; q < QUANTITIES; q++)
            series_add(&b.series[q], time_of(&b, q));
    if (trine_team_rank(b.team) == 0)
        print(&b);
    free_arrays(&b);
    need(trine_team_close(b.team));
    return 0;
}
