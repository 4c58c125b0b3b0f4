/* float_environment.c [SPEC [STEP]] - whatever floating-point environment the caller has set,
 * before or after opening the team: every public call gives the bits and the errors of the default
 * one, raises no signal, and leaves environment and exception flags as they were; user code sees
 * the default. Of the environments every STEP-th. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"
#include "float_environments.h"
#include "map_cases.h"
#include "reducer_params.h"

static const char *spec = "serial";
static int step = 1;

enum { N = 2 * TRINE_CHUNK + 17, COLUMNS = 3, SMALL = 5, MAX_CALLS = 5000, KINDS = 4 };

/* The environment of the calls, and whether their outcomes are being learnt. `differ`: how many
 * calls broke a promise; a signal is one of them. */
static const environment *callers = environments;
static bool learning;
static uint64_t expected[MAX_CALLS];
static int at, differ;
static char call_name[128];
static const char *opened_when;

static void say(const char *what)
{
    if (differ++ < 10)
        printf("\n  %s, %s %s: %s: %s\n", spec, callers->name, opened_when, call_name, what);
}

static void on_signal(int number)
{
    (void)number;
    environment_set(environments);
    fprintf(stderr, "\n  %s, %s %s: %s: SIGFPE\n", spec, callers->name, opened_when, call_name);
    _exit(1);
}

static uint64_t digest(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at_byte = bytes;
    for (uint64_t word; n >= sizeof word; n -= sizeof word, at_byte += sizeof word) {
        memcpy(&word, at_byte, sizeof word);
        hash = hash_mix(hash, word);
    }
    while (n--)
        hash = hash_mix(hash, *at_byte++);
    return hash;
}

/* What is judged of a call: its status, its detail, `n` bytes. */
static void judge(trine_status status, const void *bytes, size_t n, const environment *after)
{
    environment now = *after;
    uint64_t hash = digest((uint64_t)status, bytes, n);
    if (status)
        hash = digest(hash, trine_error_detail(), strlen(trine_error_detail()));
    if (!environment_equal(&now, callers))
        say("another environment or other flags afterwards");
    CU_ASSERT_FATAL(at < MAX_CALLS);
    if (learning)
        expected[at] = hash;
    else if (expected[at] != hash)
        say(status ? trine_error_detail() : "other bits");
    at++;
}

/* call is made in the caller's environment; the test itself computes in the default one. */
#define TRY(call, bytes, n)                                                                        \
    do {                                                                                           \
        snprintf(call_name, sizeof call_name, "%.*s", (int)sizeof call_name - 1, #call);           \
        TRY_NAMED(call, bytes, n);                                                                 \
    } while (0)
#define TRY_NAMED(call, bytes, n)                                                                  \
    do {                                                                                           \
        environment after;                                                                         \
        environment_set(callers);                                                                  \
        trine_status got = (call);                                                                 \
        environment_get(&after);                                                                   \
        environment_set(environments);                                                             \
        judge(got, bytes, n, &after);                                                              \
    } while (0)
#define NAME(...) snprintf(call_name, sizeof call_name, __VA_ARGS__)

static size_t bytes_of(const trine_array *x)
{
    return (size_t)trine_array_local_n(x) * trine_dtype_size(trine_array_dtype(x));
}

static trine_array *new_array(trine_team *team, trine_dtype dtype, uint64_t rows, uint64_t columns)
{
    trine_array *x = NULL;
    NAME("trine_array_create_2d");
    TRY_NAMED(trine_array_create_2d(team, dtype, rows, columns, TRINE_DISTRIBUTED, &x), NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    return x;
}

/* Elements of an array that is filled; the same for all that are of that type and kind. */
static const char *elements_of(trine_dtype dtype, uint64_t kind)
{
    static char *made[TRINE_DTYPE_COUNT][KINDS];
    char **elements = &made[dtype][kind % KINDS];
    if (!*elements) {
        *elements = malloc(N * sizeof(double));
        CU_ASSERT_PTR_NOT_NULL_FATAL(*elements);
        make_elements(*elements, dtype, 0, N, kind % KINDS);
    }
    return *elements;
}

static trine_array *new_filled(trine_team *team, trine_dtype dtype, uint64_t rows, uint64_t columns,
                               uint64_t kind)
{
    trine_array *x = new_array(team, dtype, rows, columns);
    if (trine_array_local_n(x))
        memcpy(trine_array_data(x),
               elements_of(dtype, kind) + trine_array_offset(x) * trine_dtype_size(dtype),
               bytes_of(x));
    return x;
}

static trine_array *new_of(trine_team *team, const double elements[], uint64_t n)
{
    trine_array *x = new_array(team, TRINE_F64, n, 1);
    if (trine_array_local_n(x))
        memcpy(trine_array_data(x), elements + trine_array_offset(x), bytes_of(x));
    return x;
}

/* In the caller's environment, too. */
static void release(trine_array *x)
{
    NAME("trine_array_free");
    TRY_NAMED((trine_array_free(x), TRINE_OK), NULL, 0);
}

/* --- Kernels by name */

static void reductions(trine_team *team, trine_dtype dtype, uint64_t rows, uint64_t columns)
{
    static uint64_t result[TRINE_WEIGHT_DIGITS * TRINE_WEIGHT_SUM / sizeof(uint64_t)];
    const trine_array *x[TRINE_ARGS];
    for (int i = 0; i < TRINE_ARGS; i++)
        x[i] = new_filled(team, dtype, rows, columns, (uint64_t)i + 1);
    const char *name;
    for (size_t m = 0; (name = trine_reducer_name(m)); m++) {
        const trine_reducer *reducer = reducer_of(name, dtype);
        if (!reducer || reducer->result_size > sizeof result)
            continue;
        const void *param = reducer_param_for(reducer);
        memset(result, 0, sizeof result);
        NAME("%s of %llu %s", name, (unsigned long long)rows, trine_dtype_name(dtype));
        TRY_NAMED(trine_reduce(reducer, x, param, result), result, reducer->result_size);
        bool along = columns > 1 && reducer->result_size * columns <= sizeof result;
        memset(result, 0, sizeof result);
        NAME("%s of %s along axis 0", name, trine_dtype_name(dtype));
        if (along)
            TRY_NAMED(trine_reduce_axis(reducer, x, param, 0, result), result, sizeof result);
        memset(result, 0, sizeof result);
        NAME("%s of %s along axis 1", name, trine_dtype_name(dtype));
        if (along && reducer->result_size * rows <= sizeof result)
            TRY_NAMED(trine_reduce_axis(reducer, x, param, 1, result), result, sizeof result);
    }
    for (int i = 0; i < TRINE_ARGS; i++)
        release((trine_array *)x[i]);
}

static void one_map(trine_team *team, const trine_map *map)
{
    const trine_array *in[TRINE_ARGS] = {NULL};
    trine_array *out = new_array(team, map->out[0], N, 1);
    map_param param = map_param_for(map, 1);
    for (int i = 0; i < map->nin; i++)
        in[i] = new_filled(team, map->in[i], N, 1, (uint64_t)i + 1);
    NAME("%s to %s", map->name, trine_dtype_name(map->out[0]));
    TRY_NAMED(trine_apply(map, in, &param, &out), trine_array_data(out), bytes_of(out));
    for (int i = 0; i < map->nin; i++)
        release((trine_array *)in[i]);
    release(out);
}

static void maps(trine_team *team)
{
    const char *name;
    for (size_t m = 0; (name = trine_map_name(m)); m++)
        for (int from = TRINE_DTYPE_NONE; from < TRINE_DTYPE_COUNT; from++)
            for (int to = 1; to < TRINE_DTYPE_COUNT; to++) {
                const trine_map *map = trine_map_find(name, (trine_dtype)from, (trine_dtype)to);
                bool real =
                    from == TRINE_F64 || from == TRINE_F32 || to == TRINE_F64 || to == TRINE_F32;
                if (map && (real || (from + to) % 7 == 0))
                    one_map(team, map);
            }
}

#define SCAN_NAME(name, text) #name,
static const char *const scan_names[] = {TRINE_ELEMENT_SCANS(SCAN_NAME)
                                             TRINE_WIDE_SCANS(SCAN_NAME) "cumsum_f64",
                                         "cumsum_compensated_f64", "cumsum_fast_f64"};

static void scans(trine_team *team, trine_dtype dtype)
{
    trine_array *x = new_filled(team, dtype, N, 1, 1);
    for (size_t i = 0; i < sizeof scan_names / sizeof *scan_names; i++) {
        trine_scan_operator op = {TRINE_INIT(trine_scan_operator)};
        if (trine_scan_operator_find(scan_names[i], dtype, &op))
            continue;
        trine_array *out = new_array(team, op.out, N, 1);
        NAME("%s of %s", scan_names[i], trine_dtype_name(dtype));
        TRY_NAMED(trine_scan(&op, x, NULL, false, out), trine_array_data(out), bytes_of(out));
        release(out);
    }
    release(x);
}

/* --- Typed functions, whose arguments are numbers too */

/* positive: numbers above 0. */
static void statistics(const trine_array *x, const trine_array *y, const trine_array *positive)
{
    static const double q[] = {0.1, 0.5, 1.0}, edges[] = {-1e300, -0.1, 0x1p-1060, 0.3, 1e300};
    const double ddofs[] = {1, 0.1, NAN, -1, 0x1p-1050};
    double result[3] = {0};
    double parts[3] = {0}, elements[6] = {0}, sums[16] = {0};
    int64_t counts[16] = {0}, indices[2] = {0};
    trine_description description = {0};
    trine_reducer reducer = {TRINE_INIT(trine_reducer)};
    void *param = NULL;
    trine_array *weights = new_filled(trine_array_team(x), TRINE_U16, N, 1, 2);
    for (int i = 0; i < 5; i++) {
        TRY(trine_std(x, ddofs[i], result), result, 8);
        TRY(trine_var_exact(x, ddofs[i], result), result, 8);
        TRY(trine_cov(x, y, ddofs[i], result), result, 8);
    }
    TRY(trine_corr(x, y, 0, result), result, 8);
    TRY(trine_kurtosis(x, 0, result), result, 8);
    TRY(trine_logsumexp(x, result), result, 8);
    TRY(trine_describe(x, &description), &description, sizeof description);
    TRY(trine_median(x, result), result, 8);
    TRY(trine_quantile(x, 3, q, result), result, sizeof result);
    TRY(trine_quantile(x, 1, &ddofs[2], result), NULL, 0);
    for (int m = 1; m < TRINE_QUANTILE_METHODS; m++)
        TRY(trine_nanquantile_by(x, (trine_quantile_method)m, 3, q, result), result, sizeof result);
    TRY(trine_quantile_elements(x, TRINE_LINEAR, 3, q, elements, parts), elements, sizeof elements);
    TRY(trine_nanmedian(x, result), result, 8);
    TRY(trine_quantile_weighted(x, y, 3, q, result), NULL, 0);
    TRY(trine_nanquantile_weighted(y, positive, 3, q, result), result, sizeof result);
    TRY(trine_smallest(x, 2, result, indices), indices, sizeof indices);
    TRY(trine_histogram_weighted(x, positive, 7, -0.1, 3.3, sums), sums, sizeof sums);
    TRY(trine_histogram_reducer(TRINE_F64, 4, edges, &reducer, &param), param, 16);
    free(param);
    TRY(trine_histogram(x, 7, -0.1, 3.3, counts), counts, sizeof counts);
    TRY(trine_histogram(x, 7, ddofs[2], 3.3, counts), NULL, 0);
    TRY(trine_histogram_edges(x, 4, edges, counts), counts, sizeof counts);
    TRY(trine_quantile_by(x, TRINE_MEDIAN_UNBIASED, 3, q, result), result, sizeof result);
    TRY(trine_nanquantile_by(x, TRINE_MIDPOINT, 3, q, result), result, sizeof result);
    TRY(trine_nanquantile_weighted(x, weights, 3, q, result), result, sizeof result);
    TRY(trine_nanquantile_weighted(x, y, 3, q, result), NULL, 0);
    TRY(trine_wmean_f64(x, weights, TRINE_EXACT, result), result, 8);
    TRY(trine_wsum_f64(weights, x, TRINE_FAST, result), result, 8);
    TRY(trine_histogram(x, 7, -1.7e308, 1.7e308, counts), counts, sizeof counts);
    TRY(trine_histogram(x, 7, 0, 0x1p-1070, counts), counts, sizeof counts);
    TRY(trine_histogram_edges_weighted(x, y, 4, edges, sums), sums, sizeof sums);
    TRY(trine_smallest(x, 7, sums, counts), counts, sizeof counts);
    TRY(trine_count_between_f64(x, -0.1, 0x1p-1060, counts), counts, 8);
    release(weights);
}

/* In place: what is written is what is judged. */
static void writers(trine_team *team, const trine_array *x)
{
    static const double taps[] = {0.1, 0x1p-1060, -0.7, 1e-300}, weight[] = {0.2, 0.1, 0.3, 0.4, 1};
    trine_array *y = new_array(team, TRINE_F64, N, 1), *places = new_array(team, TRINE_I64, N, 1);
    trine_array *a = new_filled(team, TRINE_F64, 60, 50, 1),
                *b = new_array(team, TRINE_F64, 60, 50);
    trine_array *turned = new_array(team, TRINE_F64, 50, 60), *kept = NULL;
    trine_jacobi_result found = {0, 0};
    TRY(trine_standardise(x, 1, y), trine_array_data(y), bytes_of(y));
    TRY(trine_standardise_f64(x, 0.1, 0x1p-1060, y), trine_array_data(y), bytes_of(y));
    TRY(trine_scale_f64(x, 0x1p-1060, y), trine_array_data(y), bytes_of(y));
    TRY(trine_linspace_f64(-0.1, 1e-308, y), trine_array_data(y), bytes_of(y));
    TRY(trine_normal_f64(0.1, 3e-309, 5, 0, y), trine_array_data(y), bytes_of(y));
    TRY(trine_argsort(x, places), trine_array_data(places), bytes_of(places));
    TRY(trine_sort(y), trine_array_data(y), bytes_of(y));
    TRY(trine_reverse(x, y), trine_array_data(y), bytes_of(y));
    TRY(trine_convolve_f64(x, taps, 4, y), trine_array_data(y), bytes_of(y));
    TRY(trine_cumsum_f64(x, TRINE_EXACT, y), trine_array_data(y), bytes_of(y));
    TRY(trine_stencil5(a, weight, b), trine_array_data(b), bytes_of(b));
    TRY(trine_transpose(a, turned), trine_array_data(turned), bytes_of(turned));
    TRY(trine_compact(trine_predicate_find("not_nan", TRINE_F64), x, NULL, &kept),
        trine_array_data(kept), bytes_of(kept));
    TRY(trine_jacobi(a, NULL, 1e-3, 4, &found), trine_array_data(a), bytes_of(a));
    TRY(trine_jacobi(a, NULL, (double)NAN, 4, &found), NULL, 0);
    release(kept);
    release(turned);
    release(places);
    release(y);
    release(a);
    release(b);
}

static void products(trine_team *team)
{
    trine_array *a = new_filled(team, TRINE_F64, 70, 33, 2),
                *b = new_filled(team, TRINE_F64, 33, 9, 3);
    trine_array *c = new_array(team, TRINE_F64, 70, 9), *y = new_array(team, TRINE_F64, 70, 1);
    trine_array *x = new_filled(team, TRINE_F64, 33, 1, 5);
    trine_array *a32 = new_filled(team, TRINE_F32, 70, 33, 2),
                *x32 = new_filled(team, TRINE_F32, 33, 1, 3);
    trine_array *y32 = new_array(team, TRINE_F32, 70, 1);
    TRY(trine_gemv_f64(0.3, a, x, 0x1p-1060, y), trine_array_data(y), bytes_of(y));
    TRY(trine_gemv_f32(0x1p-130F, a32, x32, 0, y32), trine_array_data(y32), bytes_of(y32));
    if (trine_gemm_library())
        TRY(trine_gemm_f64(0.3, a, b, 0x1p-1060, c), trine_array_data(c), bytes_of(c));
    TRY((trine_gemm_note(), TRINE_OK), NULL, 0);
    trine_array *all[] = {a, b, c, x, y, a32, x32, y32};
    for (int i = 0; i < 8; i++)
        release(all[i]);
}

/* Sums whose true value is known; what the default environment gives is judged, too. */
static void known_sums(trine_team *team)
{
    static const double big[] = {1e200, 1e200}, three[] = {1e200, -1e200, 3},
                        ones[] = {1e200, 1e200, 1};
    static const double tiny[] = {1, 1e-310, -1}, one[] = {1};
    static double denormals[40000];
    for (int i = 0; i < 40000; i++)
        denormals[i] = 5e-324 * (i % 7);
    double sum = 0;
    trine_array *x = new_of(team, tiny, 3);
    TRY(trine_sum_f64(x, TRINE_EXACT, &sum), &sum, 8);
    CU_ASSERT_EQUAL(sum, 1e-310);
    release(x);
    x = new_of(team, big, 2);
    TRY(trine_nrm2_f64(x, TRINE_EXACT, &sum), &sum, 8);
    CU_ASSERT_EQUAL(sum, 0x1.d8f9811335b57p+664);
    release(x);
    x = new_of(team, three, 3);
    trine_array *y = new_of(team, ones, 3);
    TRY(trine_dot_f64(x, y, TRINE_EXACT, &sum), &sum, 8);
    CU_ASSERT_EQUAL(sum, 3);
    release(x);
    release(y);
    x = new_of(team, denormals, 40000);
    for (trine_mode mode = TRINE_EXACT; mode <= TRINE_FAST; mode++) {
        TRY(trine_sum_f64(x, mode, &sum), &sum, 8);
        CU_ASSERT_EQUAL(sum, 5e-324 * 119995);
    }
    release(x);
    x = new_of(team, one, 1);
    TRY(trine_logsumexp(x, &sum), &sum, 8);
    release(x);
}

/* --- User code: what it sees and what becomes of what it sets */

static void note_control(const trine_chunk *chunk, const void *param)
{
    uint64_t *out = chunk->out[0];
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++)
        out[i] = environment_control();
}

/* What no kernel should do. */
static void leave_changed(const trine_chunk *chunk, const void *param)
{
    memset(chunk->out[0], 0, chunk->n * sizeof(uint64_t));
    (void)param;
    environment_set(&environments[1]);
}

static trine_status note_then_change(trine_task *task)
{
    uint64_t *result = trine_task_result(task, sizeof *result);
    if (!result)
        return trine_task_refused(task);
    *result = environment_control();
    environment_set(&environments[1 + task->index % (ENVIRONMENTS - 1)]);
    return TRINE_OK;
}

static trine_status change(trine_task *task)
{
    (void)task;
    environment_set(&environments[ENVIRONMENTS - 1]);
    return TRINE_OK;
}

static void user_code(trine_team *team)
{
    enum { ITEMS = 40 };
    const trine_map map = {TRINE_INIT(trine_map), .name = "control", .nout = 1, .out = {TRINE_U64},
                           .apply = note_control};
    const trine_map bad = {TRINE_INIT(trine_map), .name = "bad", .nout = 1, .out = {TRINE_U64},
                           .apply = leave_changed};
    const trine_task_kind kind = {.name = "control",
                                  .run = note_then_change,
                                  .begin = change,
                                  .item_max = 1,
                                  .result_max = sizeof(uint64_t)};
    static const char items[ITEMS];
    uint64_t seen[ITEMS] = {0}, standard = environment_control();
    trine_array *out = new_array(team, TRINE_U64, N, 1);
    TRY(trine_apply(&bad, NULL, NULL, &out), NULL, 0);
    TRY(trine_apply(&map, NULL, NULL, &out), trine_array_data(out), bytes_of(out));
    for (int64_t i = 0; i < trine_array_local_n(out); i++)
        if (((uint64_t *)trine_array_data(out))[i] != standard)
            say("a map sees another environment");
    release(out);
    TRY(trine_task_map(team, &kind, items, trine_team_rank(team) ? 0 : ITEMS, 1, NULL, seen, NULL,
                       NULL),
        NULL, 0);
    for (int i = 0; i < ITEMS && trine_team_rank(team) == 0; i++)
        if (seen[i] != standard)
            say("a task sees another environment");
}

/* --- What else a team does */

static void files(trine_team *team, const trine_array *x)
{
    char path[64];
    double sum = 0;
    trine_npy *file = NULL;
    trine_array *loaded = NULL;
    /* The ranks of a launch have one parent, and so have tests that run side by side. */
    snprintf(path, sizeof path, "/tmp/trine-environment-%d-%s.npy", (int)getppid(), spec);
    TRY(trine_npy_save(x, path), NULL, 0);
    TRY(trine_npy_open(team, path, &file), NULL, 0);
    if (file) {
        TRY(trine_npy_reduce(file, trine_reducer_find("sum", TRINE_F64), NULL, &sum), &sum, 8);
        TRY(trine_npy_load(file, &loaded), trine_array_data(loaded), bytes_of(loaded));
        release(loaded);
        TRY((trine_npy_close(file), TRINE_OK), NULL, 0);
    }
    if (trine_team_rank(team) == 0)
        unlink(path);
}

static void rest(trine_team *team)
{
    trine_counter *counter = NULL;
    trine_lock *lock = NULL;
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    trine_memory memory;
    int64_t before = 0;
    double cell = 0.1;
    TRY(trine_counter_open(team, 3, &counter), NULL, 0);
    if (counter) {
        TRY(trine_counter_lock(counter), NULL, 0);
        TRY(trine_counter_add(counter, 0, &before), &before, 8);
        TRY(trine_counter_set(counter, 3), NULL, 0);
        TRY(trine_counter_unlock(counter), NULL, 0);
        TRY(trine_counter_get(counter, &before), &before, 8);
        TRY(trine_counter_close(counter), NULL, 0);
    }
    TRY(trine_lock_create(team, &lock), NULL, 0);
    TRY(trine_lock_acquire(lock, NULL), NULL, 0);
    TRY(trine_lock_release(lock), NULL, 0);
    TRY((trine_lock_free(lock), TRINE_OK), NULL, 0);
    TRY((trine_atomic_add_f64(&cell, 0x1p-60), TRINE_OK), &cell, 8);
    TRY(trine_team_ledger(team, &ledger), NULL, 0);
    TRY(trine_team_memory(team, 0, &memory), NULL, 0);
    TRY(trine_cpus() > 0 ? TRINE_OK : TRINE_E_SYSTEM, NULL, 0);
    TRY(trine_reduce(NULL, NULL, NULL, NULL), NULL, 0);
}

static void all_calls(trine_team *team)
{
    at = 0;
    known_sums(team);
    for (int d = 1; d < TRINE_DTYPE_COUNT; d++) {
        reductions(team, (trine_dtype)d, N, 1);
        reductions(team, (trine_dtype)d, SMALL, 1);
        scans(team, (trine_dtype)d);
    }
    reductions(team, TRINE_F64, 300, COLUMNS);
    reductions(team, TRINE_F32, 300, COLUMNS);
    maps(team);
    trine_array *x = new_filled(team, TRINE_F64, N, 1, 1),
                *y = new_filled(team, TRINE_F64, N, 1, 2);
    trine_array *numbers = new_array(team, TRINE_F64, N, 1);
    TRY(trine_uniform_f64(1e-9, 3.3, 7, 0, numbers), trine_array_data(numbers), bytes_of(numbers));
    statistics(x, y, numbers);
    statistics(numbers, y, numbers);
    writers(team, numbers);
    products(team);
    user_code(team);
    files(team, x);
    rest(team);
    release(numbers);
    release(x);
    release(y);
}

/* Opens in one environment, calls in another, closes in that. */
static void open_and_call(const environment *opening, const environment *calling)
{
    trine_team *team = NULL;
    callers = opening;
    at = 0;
    TRY(trine_team_open(spec, &team), NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(team);
    callers = calling;
    all_calls(team);
    TRY(trine_team_close(team), NULL, 0);
}

static void every_call_has_the_default_environment_whatever_the_caller_has_set(void)
{
    learning = true;
    opened_when = "when the team was opened";
    open_and_call(environments, environments);
    learning = false;
    for (int e = ENVIRONMENTS - 1; e >= 0; e -= step) {
        opened_when = "before the team was opened";
        open_and_call(&environments[e], &environments[e]);
        opened_when = "after the team was opened";
        open_and_call(environments, &environments[e]);
    }
    CU_ASSERT_EQUAL(differ, 0);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {{"every call has the default environment, whatever the caller has set",
                            every_call_has_the_default_environment_whatever_the_caller_has_set},
                           CU_TEST_INFO_NULL};
    if (argc > 1)
        spec = argv[1];
    if (argc > 2)
        step = atoi(argv[2]);
    signal(SIGFPE, on_signal);
    trine_init();
    return trine_check_main("environment", tests);
}
