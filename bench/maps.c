/* maps.c [SPEC [MIB [ROUNDS]]] - the built-in maps on arrays of MIB MiB: GB/s (bytes of inputs and
 * output, each once), and the ratio to a bound measured in the same rounds: loops with non-temporal
 * stores that only fill, copy or add, by the number of inputs. Then SLEEF's functions, on a chunk
 * in cache, against the same SLEEF function called in a plain loop. Prints one JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "core/lines/non_temporal.h"
#include "measure.h"
#include "sleef_loops.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#if defined(__SSE2__)
#define STORE(to, value) _mm_stream_pd(to, value)
#define LOAD(from) _mm_loadu_pd(from)
#define PLUS(a, b) _mm_add_pd(a, b)
#define ONE _mm_set1_pd(1)
#define END() _mm_sfence()
enum { STEP = 2 };
#else
#define STORE(to, value) (*(to) = (value))
#define LOAD(from) (*(from))
#define PLUS(a, b) ((a) + (b))
#define ONE 1.0
#define END() (void)0
enum { STEP = 1 };
#endif

/* The bounds, as maps that write past the caches themselves. Chunks here are whole and aligned. */
#define BOUND(name, value)                                                                         \
    static void name##_bound(const trine_chunk *chunk, const void *param)                          \
    {                                                                                              \
        const double *x = chunk->in[0], *y = chunk->in[1];                                         \
        double *out = chunk->out[0];                                                               \
        (void)param, (void)x, (void)y;                                                             \
        for (int64_t i = 0; i < chunk->n; i += STEP)                                               \
            STORE(out + i, value);                                                                 \
        END();                                                                                     \
    }
BOUND(fill, ONE)
BOUND(copy, LOAD(x + i))
BOUND(triad, PLUS(LOAD(x + i), LOAD(y + i)))

#define BOUND_MAP(map_name, inputs)                                                                \
    {                                                                                              \
        TRINE_INIT(trine_map), .name = #map_name, .nin = inputs, .nout = 1,                        \
                               .in = {TRINE_F64, TRINE_F64}, .out = {TRINE_F64},                   \
                               .apply = map_name##_bound                                           \
    }
static const trine_map bounds[] = {BOUND_MAP(fill, 0), BOUND_MAP(copy, 1), BOUND_MAP(triad, 2)};

/* What is measured; f32 arrays have the bytes of f64 ones. */
typedef struct measured {
    const char *name;
    trine_dtype in, out;
} measured;

static const measured maps[] = {
    {"fill", TRINE_DTYPE_NONE, TRINE_F64},
    {"iota", TRINE_DTYPE_NONE, TRINE_F64},
    {"linspace", TRINE_DTYPE_NONE, TRINE_F64},
    {"uniform", TRINE_DTYPE_NONE, TRINE_F64},
    {"uniform", TRINE_DTYPE_NONE, TRINE_F32},
    {"normal", TRINE_DTYPE_NONE, TRINE_F64},
    {"normal", TRINE_DTYPE_NONE, TRINE_F32},
    {"add_normal", TRINE_F64, TRINE_F64},
    {"copy", TRINE_F64, TRINE_F64},
    {"scale", TRINE_F64, TRINE_F64},
    {"axpy", TRINE_F64, TRINE_F64},
    {"axpby", TRINE_F64, TRINE_F64},
    {"add", TRINE_F64, TRINE_F64},
    {"mul", TRINE_F64, TRINE_F64},
    {"div", TRINE_F64, TRINE_F64},
    {"fma", TRINE_F64, TRINE_F64},
    {"clip", TRINE_F64, TRINE_F64},
    {"abs", TRINE_F64, TRINE_F64},
    {"sqrt", TRINE_F64, TRINE_F64},
    {"standardise", TRINE_F64, TRINE_F64},
    {"where", TRINE_U8, TRINE_F64},
    {"cast", TRINE_F64, TRINE_I64},
    {"cast_wrap", TRINE_F64, TRINE_I64},
    {"cast", TRINE_F32, TRINE_F64},
    {"exp", TRINE_F64, TRINE_F64},
    {"log", TRINE_F64, TRINE_F64},
    {"sin", TRINE_F64, TRINE_F64},
    {"cos", TRINE_F64, TRINE_F64},
    {"tanh", TRINE_F64, TRINE_F64},
    {"pow", TRINE_F64, TRINE_F64},
};
enum { MAPS = sizeof maps / sizeof *maps, BOUNDS = 3 };

static const union {
    double reals[2];
    trine_linspace linspace;
    trine_uniform uniform;
} param = {.uniform = {0, 1, 1, 1}};

static double bytes_of(const trine_map *map, uint64_t n)
{
    size_t bytes = trine_dtype_size(map->out[0]);
    for (int i = 0; i < map->nin; i++)
        bytes += trine_dtype_size(map->in[i]);
    return (double)bytes * (double)n;
}

/* Inputs, which hold 1.5, and the last of each type for outputs. */
typedef struct arrays {
    trine_array *f64[4], *f32[2], *i64, *u8;
} arrays;

static trine_array *pick(const arrays *a, trine_dtype dtype, int i)
{
    return dtype == TRINE_F64   ? a->f64[i]
           : dtype == TRINE_F32 ? a->f32[i > 0]
           : dtype == TRINE_I64 ? a->i64
                                : a->u8;
}

/* GB/s of one call; negative when it failed. */
static double rate(const trine_map *map, const arrays *a)
{
    const trine_array *in[TRINE_ARGS] = {NULL};
    trine_array *out = pick(a, map->out[0], 3);
    for (int i = 0; i < map->nin; i++)
        in[i] = pick(a, map->in[i], map->in[i] == TRINE_F32 ? 0 : i);
    double began = seconds_now();
    if (trine_apply(map, in, &param, &out))
        return -1;
    return 1e-9 * bytes_of(map, trine_array_n(out)) / (seconds_now() - began);
}

static trine_status make_arrays(trine_team *team, uint64_t n, arrays *a)
{
    trine_status status = TRINE_OK;
    for (int i = 0; i < 4 && !status; i++) {
        status = trine_array_create(team, TRINE_F64, n, TRINE_DISTRIBUTED, &a->f64[i]);
        status = status ? status : trine_fill_f64(1.5, a->f64[i]);
    }
    for (int i = 0; i < 2 && !status; i++)
        status = trine_array_create(team, TRINE_F32, n, TRINE_DISTRIBUTED, &a->f32[i]);
    if (!status)
        status = trine_array_create(team, TRINE_I64, n, TRINE_DISTRIBUTED, &a->i64);
    if (!status)
        status = trine_array_create(team, TRINE_U8, n, TRINE_DISTRIBUTED, &a->u8);
    return status ? status : trine_fill_f32(1.5f, a->f32[0]);
}

static bool round_of(const arrays *a, series bound[BOUNDS], series got[MAPS])
{
    bool ok = true;
    trine_non_temporal_min = SIZE_MAX;
    for (int i = 0; i < BOUNDS; i++)
        series_add(&bound[i], rate(&bounds[i], a));
    trine_non_temporal_min = 0;
    for (int i = 0; i < MAPS; i++) {
        const trine_map *map = trine_map_find(maps[i].name, maps[i].in, maps[i].out);
        double value = map ? rate(map, a) : 0;
        ok = ok && value >= 0;
        series_add(&got[i], value);
    }
    return ok;
}

static void print_maps(const series bound[BOUNDS], const series got[MAPS])
{
    printf("\"bounds\": {");
    for (int i = 0; i < BOUNDS; i++)
        printf("%s\"%s\": %.2f", i ? ", " : "", bounds[i].name, series_median(&bound[i]));
    printf("},\n \"maps\": [");
    for (int i = 0; i < MAPS; i++) {
        const trine_map *map = trine_map_find(maps[i].name, maps[i].in, maps[i].out);
        int kind = !map || map->nin > 2 ? 2 : map->nin;
        printf("%s\n  {\"name\": \"%s\", \"in\": \"%s\", \"out\": \"%s\", \"gbps\": %.2f, "
               "\"bound\": \"%s\", \"ratio\": %.3f}",
               i ? "," : "", maps[i].name, trine_dtype_name(maps[i].in),
               trine_dtype_name(maps[i].out), series_median(&got[i]), bounds[kind].name,
               series_ratio(&got[i], &bound[kind]));
    }
    printf("]");
}

#if TRINE_SLEEF_LOOPS
static void print_functions(int rounds)
{
    static _Alignas(64) double x[TRINE_CHUNK], y[TRINE_CHUNK], z[TRINE_CHUNK];
    for (size_t i = 0; i < TRINE_CHUNK; i++) {
        x[i] = 0.001 * (double)i + 0.01;
        y[i] = 1.5 - 0.0001 * (double)i;
    }
    printf(",\n \"functions\": [");
    enum { REPEATS = 20 };
    for (int k = 0; k < SLEEF_LOOPS && strcmp(trine_isa(), "avx512") == 0; k++) {
        const trine_map *map = trine_map_find(sleef_loops[k].name, TRINE_F64, TRINE_F64);
        trine_chunk chunk = {.n = TRINE_CHUNK, .in = {x, y}, .out = {z}};
        series map_time = {0}, plain_time = {0};
        for (int i = 0; map && i < rounds * REPEATS; i++) {
            double began = seconds_now();
            map->apply(&chunk, NULL);
            double between = seconds_now();
            sleef_loops[k].plain(x, y, z, TRINE_CHUNK);
            series_add(&plain_time, seconds_now() - between);
            series_add(&map_time, between - began);
        }
        printf("%s\n  {\"name\": \"%s\", \"ns\": %.3f, \"over_plain_loop\": %.3f}", k ? "," : "",
               sleef_loops[k].name, 1e9 * series_median(&map_time) / TRINE_CHUNK,
               series_ratio(&map_time, &plain_time));
    }
    printf("]");
}
#else
static void print_functions(int rounds)
{
    (void)rounds;
}
#endif

int main(int argc, char **argv)
{
    static series bound[BOUNDS], got[MAPS];
    trine_team *team;
    arrays a = {{NULL}, {NULL}, NULL, NULL};
    uint64_t mib = argc > 2 ? strtoull(argv[2], NULL, 10) : 256;
    int rounds = argc > 3 ? atoi(argv[3]) : 3;
    trine_init();
    if (trine_team_open(argc > 1 ? argv[1] : "serial", &team) ||
        make_arrays(team, mib * 131072, &a)) {
        fprintf(stderr, "bench_maps: %s\n", trine_error_detail());
        return 3;
    }
    for (int i = 0; i <= rounds; i++) {
        if (!round_of(&a, bound, got)) {
            fprintf(stderr, "bench_maps: %s\n", trine_error_detail());
            return 3;
        }
        if (i == 0) {
            memset(bound, 0, sizeof bound);
            memset(got, 0, sizeof got);
        }
    }
    printf("{\"isa\": \"%s\", \"team\": \"%s\", \"mib\": %llu,\n ", trine_isa(),
           trine_team_spec(team), (unsigned long long)mib);
    print_maps(bound, got);
    print_functions(rounds);
    printf("}\n");
    trine_array *all[] = {a.f64[0], a.f64[1], a.f64[2], a.f64[3], a.f32[0], a.f32[1], a.i64, a.u8};
    for (int i = 0; i < 8; i++)
        trine_array_free(all[i]);
    return trine_team_close(team) != TRINE_OK;
}
