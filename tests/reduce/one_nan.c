/* one_nan.c - NaNs of any sign and payload, infinities and what comes of them: every kernel's
 * result that is not a number is the one NaN, on every instruction set; what only moves keeps its
 * bits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "kernels/simd/loops.h"
#include "map_cases.h"
#include "variants.h"

#define ONE_NAN_F64 UINT64_C(0x7ff8000000000000)
#define ONE_NAN_F32 UINT32_C(0x7fc00000)

/* Arrays have EDGE elements more on both sides, which stencils and convolutions read. */
enum {
    MOST = TRINE_CHUNK,
    EDGE = 64,
    SPACE = MOST + 2 * EDGE,
    TAPS = 5,
    WORK = 1 << 19,
    PARAM = 1 << 12
};

/* How many results were not a number; those that had other bits than the one. */
typedef struct statistics {
    uint64_t nans, others;
} statistics;

static void count(statistics *t, const void *data, trine_dtype dtype, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (dtype == TRINE_F64) {
            double x = ((const double *)data)[i];
            t->nans += x != x;
            t->others += x != x && trine_bits_f64(x) != ONE_NAN_F64;
        } else if (dtype == TRINE_F32) {
            float x = ((const float *)data)[i];
            t->nans += x != x;
            t->others += x != x && trine_bits_f32(x) != ONE_NAN_F32;
        }
}

static void conclude(const char *name, trine_dtype dtype, int variant, const statistics *t)
{
    if (t->nans == 0 || t->others > 0)
        printf("\n  %s of %s, instruction set %d: %llu NaNs, %llu not the one", name,
               trine_dtype_name(dtype), variant, (unsigned long long)t->nans,
               (unsigned long long)t->others);
    CU_ASSERT_EQUAL(t->others, 0);
    CU_ASSERT_NOT_EQUAL(t->nans, 0);
}

/* How an array is hostile: NaNs alone, rare ones, infinities of both signs, or all of that. */
enum { ALL_NAN, RARE, INFINITE, MIXED, MANNERS };

static uint64_t hostile_f64(uint64_t i, uint64_t kind, int manner)
{
    uint64_t bits = random_bits(i, kind), sign = bits & UINT64_C(1) << 63;
    uint64_t infinity = sign | UINT64_C(0x7ff) << 52;
    bool nan = manner == ALL_NAN || (manner == RARE ? bits % 97 == 0 : bits % 3 == 0);
    if (nan && manner != INFINITE)
        return infinity | bits >> 13 | 1;
    if (manner >= INFINITE && bits % 3 < 2)
        return infinity;
    return sign | UINT64_C(0x3ff) << 52 | bits >> 13;
}

static void fill_hostile(void *data, trine_dtype dtype, size_t n, uint64_t kind, int manner)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = hostile_f64(i, kind, manner);
        uint32_t narrow = (uint32_t)(bits >> 63) << 31 | (uint32_t)(bits >> 52 & 0xff) << 23 |
                          (uint32_t)(bits >> 29 & 0x7fffff) | (uint32_t)((bits & 1) != 0);
        if (dtype == TRINE_F64)
            memcpy((char *)data + 8 * i, &bits, sizeof bits);
        else if (dtype == TRINE_F32)
            memcpy((char *)data + 4 * i, &narrow, sizeof narrow);
        else
            make_elements((char *)data + i * trine_dtype_size(dtype), dtype, i, 1, kind);
    }
}

static bool is_real(trine_dtype dtype)
{
    return dtype == TRINE_F64 || dtype == TRINE_F32;
}

static bool moves(const char *name)
{
    static const char *const all[] = {"copy", "neg", "abs", "clip", "where", "fill"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(name, all[i]) == 0)
            return true;
    return false;
}

/* Params that make NaNs of what has no inputs. */
static map_param hostile_param(const trine_map *map, uint64_t kind)
{
    map_param p = {.bytes = {0}};
    double nan = trine_real_f64(hostile_f64(kind, 77, ALL_NAN));
    if (strcmp(map->name, "linspace") == 0)
        p.linspace = (trine_linspace){kind % 2 ? nan : 1, kind % 2 ? 1 : nan, MOST};
    else if (strcmp(map->name, "uniform") == 0)
        p.uniform = (trine_uniform){kind % 2 ? nan : -INFINITY, 3, 42, 1};
    else if (strstr(map->name, "normal"))
        p.normal = (trine_normal){kind % 2 ? nan : INFINITY, -INFINITY, 9, 7};
    else
        fill_hostile(p.bytes, map->out[0], 2, kind, kind % 2 ? ALL_NAN : INFINITE);
    return p;
}

static void map_results_are_the_one_nan(void)
{
    static const trine_map *const families[][VARIANTS] = {TRINE_MAP_FAMILIES(TABLES)};
    static double in[TRINE_ARGS][SPACE], out[SPACE];
    for (size_t f = 0; f < sizeof families / sizeof *families; f++)
        for (int v = 0; v < VARIANTS; v++)
            for (const trine_map *map = families[f][v]; supported(v) && map->name; map++) {
                statistics t = {0};
                bool reads_real = map->nin == 0 || is_real(map->in[map->nin - 1]);
                if (!is_real(map->out[0]) || !reads_real || moves(map->name))
                    continue;
                for (int manner = 0; manner < MANNERS; manner++) {
                    trine_chunk chunk = {.n = MOST, .out = {out}};
                    for (int i = 0; i < map->nin; i++) {
                        fill_hostile(in[i], map->in[i], MOST, (uint64_t)i, manner);
                        chunk.in[i] = in[i];
                    }
                    map_param param = hostile_param(map, (uint64_t)manner);
                    map->apply(&chunk, &param);
                    count(&t, out, map->out[0], chunk.n);
                }
                conclude(map->name, map->out[0], v, &t);
            }
}

/* Whether every output is an input's element, sign apart where the map is neg or abs. */
static void moves_keep_the_bits(void)
{
    static const trine_map *const tables[][VARIANTS] = {TABLES(trine_arithmetic_maps)};
    static uint64_t x[MOST], y[MOST], out[MOST];
    static uint8_t mask[MOST];
    const uint64_t sign = UINT64_C(1) << 63;
    const double ends[2] = {-INFINITY, INFINITY};
    fill_hostile(x, TRINE_F64, MOST, 1, MIXED);
    fill_hostile(y, TRINE_F64, MOST, 2, MIXED);
    for (size_t i = 0; i < MOST; i++)
        mask[i] = (uint8_t)(i % 3);
    for (int v = 0; v < VARIANTS; v++)
        for (const trine_map *map = tables[0][v]; supported(v) && map->name; map++) {
            bool where = strcmp(map->name, "where") == 0;
            if (map->out[0] != TRINE_F64 || !moves(map->name))
                continue;
            trine_chunk chunk = {.n = MOST, .in = {where ? (void *)mask : x, x, y}, .out = {out}};
            map->apply(&chunk, ends);
            for (size_t i = 0; i < MOST; i++) {
                uint64_t expected = where && !mask[i]               ? y[i]
                                    : strcmp(map->name, "neg") == 0 ? x[i] ^ sign
                                    : strcmp(map->name, "abs") == 0 ? x[i] & ~sign
                                                                    : x[i];
                CU_ASSERT_EQUAL(out[i], expected);
            }
        }
}

/* Two chunks in two partials, merged and finished. Params are zeros. */
static trine_status reduce(const trine_reducer *m, const trine_chunk chunks[2], void *result)
{
    static _Alignas(64) unsigned char states[2][WORK], work[WORK], param[PARAM];
    CU_ASSERT_FATAL(m->state_size <= WORK && m->work_size <= WORK && m->param_size <= PARAM);
    for (int s = 0; s < 2; s++) {
        m->init(states[s], param);
        if (m->work_size)
            m->work_init(work, param);
        m->accumulate(m->work_size ? work : states[s], &chunks[s], param);
        if (m->work_size)
            m->work_flush(states[s], work, param);
    }
    m->merge(states[0], states[1], param);
    return m->finish(result, states[0], param);
}

/* The elements of its result that are of a real type. */
static size_t results_of(const trine_reducer *m, trine_dtype *dtype)
{
    *dtype = strcmp(m->name, "minmax") == 0 ? m->in[0] : m->out;
    return is_real(*dtype) && is_real(m->in[0]) ? m->result_size / trine_dtype_size(*dtype) : 0;
}

/* What passes over NaNs has none of a sum of infinities of one sign, or of extremes. */
static bool never_nan(const char *name)
{
    return strcmp(name, "nanmin") == 0 || strcmp(name, "nanmax") == 0;
}

static void reductions_are_the_one_nan(void)
{
    static const trine_reducer *const families[][VARIANTS] = {TRINE_REDUCTION_FAMILIES(TABLES)};
    static const size_t sizes[] = {1, 2, 31, 45, 1000, MOST};
    static double in[2][MOST];
    for (size_t f = 0; f < sizeof families / sizeof *families; f++)
        for (int v = 0; v < VARIANTS; v++)
            for (const trine_reducer *m = families[f][v]; supported(v) && m->name; m++) {
                trine_dtype dtype;
                statistics t = {0};
                double result[2] = {0};
                size_t results = results_of(m, &dtype);
                for (int k = 0; results > 0 && k < MANNERS * 6; k++) {
                    size_t n = sizes[k / MANNERS], item = trine_dtype_size(m->in[0]);
                    for (int i = 0; i < 2; i++)
                        fill_hostile(in[i], m->in[0], MOST, (uint64_t)(2 * k + i), k % MANNERS);
                    size_t half = n / 2;
                    const char *x = (char *)in[0], *y = (char *)in[1];
                    trine_chunk chunks[2] = {
                        {.n = n - half, .in = {x, y}},
                        {.offset = n - half,
                         .n = half,
                         .in = {x + (n - half) * item, y + (n - half) * item}}};
                    if (half == 0)
                        chunks[1] = chunks[0];
                    if (reduce(m, chunks, result) == TRINE_OK)
                        count(&t, result, dtype, results);
                }
                t.nans += never_nan(m->name);
                if (results > 0)
                    conclude(m->name, m->in[0], v, &t);
            }
}

/* A prefix is the partial of two hostile elements; that of none is tried, too. */
static void scans_are_the_one_nan(void)
{
    static const scan_entry *const tables[][VARIANTS] = {TABLES(trine_scans)};
    static _Alignas(64) unsigned char prefix[WORK];
    static _Alignas(64) double in[MOST], out[MOST], few[2];
    for (int v = 0; v < VARIANTS; v++)
        for (const scan_entry *s = tables[0][v]; supported(v) && s->name; s++) {
            statistics t = {0};
            if (!is_real(s->in))
                continue;
            const trine_reducer *m =
                s->reducer ? s->reducer : trine_reducer_find(s->reduction, s->in);
            for (int k = 0; k < MANNERS * 8; k++) {
                trine_chunk before = {.n = 2, .in = {few}}, chunk = {.n = MOST - (size_t)k};
                unsigned flags = k / MANNERS % 2 ? TRINE_SCAN_EXCLUSIVE : 0;
                fill_hostile(in, s->in, MOST, (uint64_t)k, k % MANNERS);
                fill_hostile(few, s->in, 2, (uint64_t)k + 100, k % MANNERS);
                chunk.in[0] = in;
                chunk.out[0] = k / MANNERS % 8 < 4 ? out : in;
                flags |= k / MANNERS % 4 == 2 ? TRINE_SCAN_NON_TEMPORAL : 0;
                m->init(prefix, NULL);
                if (k / MANNERS % 8 > 1 && !m->work_size)
                    m->accumulate(prefix, &before, NULL);
                if (s->apply(&chunk, prefix, flags, NULL) == TRINE_OK)
                    count(&t, chunk.out[0], s->out, chunk.n);
            }
            conclude(s->name, s->in, v, &t);
        }
}

typedef double jacobi_row(const trine_stencil_row *rows, const double *f);
typedef void convolution(const double *x, const double *kernel, size_t taps, size_t n, void *out,
                         bool non_temporal);

#if VARIANTS > 1
#define OF_EACH(name) name##_baseline, name##_avx2, name##_avx512
#else
#define OF_EACH(name) name##_baseline
#endif
static jacobi_row *const sweeps[] = {OF_EACH(trine_jacobi_row)};
static convolution *const convolutions[][VARIANTS] = {{OF_EACH(trine_convolve_f64)},
                                                      {OF_EACH(trine_convolve_f32)}};
static const trine_stencil *const stencils[] = {OF_EACH(trine_stencils)};

static void rows_of_grids_are_the_one_nan(void)
{
    static double in[4][SPACE];
    static _Alignas(64) double out[SPACE];
    const double weight[5] = {0.5, -1, 2, 0.25, 1};
    for (int v = 0; v < VARIANTS && supported(v); v++)
        for (int single = 0; single < 2; single++) {
            trine_dtype dtype = single ? TRINE_F32 : TRINE_F64;
            statistics five = {0}, jacobi = {0}, residual = {0}, convolved = {0};
            size_t item = trine_dtype_size(dtype);
            for (int k = 0; k < MANNERS * 8; k++) {
                size_t n = k % 8 < 4 ? 50 : MOST - EDGE, shift = (size_t)k % 3;
                const void *rows[3];
                for (int i = 0; i < 4; i++)
                    fill_hostile(in[i], dtype, SPACE, (uint64_t)(4 * k + i), k / 8);
                for (int i = 0; i < 3; i++)
                    rows[i] = (char *)in[i] + EDGE * item;
                trine_stencil_row r = {.n = n,
                                       .in = rows + 1,
                                       .out = (char *)out + shift * item,
                                       .non_temporal = k % 2 > 0};
                stencils[v][single].apply(&r, weight);
                count(&five, r.out, dtype, n);
                for (int i = 0; i < 4 && single; i++)
                    fill_hostile(in[i], TRINE_F64, SPACE, (uint64_t)(4 * k + i), k / 8);
                convolutions[single][v](in[0], in[1], TAPS, n, r.out, r.non_temporal);
                count(&convolved, r.out, dtype, n);
                r.out = out + shift;
                double change = sweeps[v](&r, single ? in[3] : NULL);
                count(&jacobi, r.out, TRINE_F64, n);
                count(&residual, &change, TRINE_F64, 1);
            }
            conclude("stencil5", dtype, v, &five);
            conclude("convolution", dtype, v, &convolved);
            conclude("Jacobi's sweep", TRINE_F64, v, &jacobi);
            conclude("Jacobi's change", TRINE_F64, v, &residual);
        }
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"results of maps are the one NaN", map_results_are_the_one_nan},
        {"moves keep the bits", moves_keep_the_bits},
        {"results of reductions are the one NaN", reductions_are_the_one_nan},
        {"results of scans are the one NaN", scans_are_the_one_nan},
        {"rows of grids are the one NaN", rows_of_grids_are_the_one_nan},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("one NaN", tests);
}
