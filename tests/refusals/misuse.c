/* misuse.c - misuse is an error that says what was given and what was expected; it is never
 * undefined behaviour, and outputs stay untouched. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "expect.h"
#include "hash_reducer.h"

static trine_team *team, *another;

static trine_array *array_of(trine_team *owner, trine_dtype dtype, uint64_t n)
{
    trine_array *x = NULL;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(owner, dtype, n, TRINE_SHARED, &x), TRINE_OK);
    return x;
}

static void null_is_named(void)
{
    double sum = 42;
    trine_array *x = array_of(team, TRINE_F64, 10), *made = NULL;
    expect(trine_team_open("serial", NULL), TRINE_E_ARGUMENT, "team is NULL");
    expect(trine_sum_f64(NULL, TRINE_EXACT, &sum), TRINE_E_ARGUMENT, "x is NULL");
    expect(trine_sum_f64(x, TRINE_EXACT, NULL), TRINE_E_ARGUMENT, "result is NULL");
    expect(trine_reduce(NULL, NULL, NULL, &sum), TRINE_E_ARGUMENT, "reducer is NULL");
    expect(trine_reduce(&hash_reducer, NULL, NULL, &sum), TRINE_E_ARGUMENT, "in[0] is NULL");
    expect(trine_array_create(NULL, TRINE_F64, 1, TRINE_SHARED, &made), TRINE_E_ARGUMENT, "team");
    expect(trine_array_create(team, TRINE_F64, 1, TRINE_SHARED, NULL), TRINE_E_ARGUMENT, "array");
    expect(trine_array_wrap(team, TRINE_F64, NULL, 1, &made), TRINE_E_ARGUMENT, "data is NULL");
    expect(trine_apply(NULL, NULL, NULL, NULL), TRINE_E_ARGUMENT, "map is NULL");
    expect(trine_team_ledger(NULL, NULL), TRINE_E_ARGUMENT, "team is NULL");
    expect(trine_npy_open(NULL, "x", NULL), TRINE_E_ARGUMENT, "NULL");
    CU_ASSERT_EQUAL(sum, 42);
    CU_ASSERT_EQUAL(trine_team_close(NULL), TRINE_OK);
    CU_ASSERT_PTR_NULL(trine_team_spec(NULL));
    CU_ASSERT_EQUAL(trine_array_local_n(NULL), 0);
    trine_array_free(NULL);
    trine_npy_close(NULL);
    trine_array_free(x);
}

static void negative_counts_are_named(void)
{
    double data[4] = {0}, kernel[] = {1};
    int64_t counts[4 + 3];
    const int64_t shape[] = {2, -3};
    trine_array *x = array_of(team, TRINE_F64, 4), *y = array_of(team, TRINE_F64, 4), *made = NULL;
    expect(trine_array_create(team, TRINE_F64, -1, TRINE_SHARED, &made), TRINE_E_ARGUMENT,
           "a new array of -1 elements; expected 0 or more");
    expect(trine_array_create_nd(team, TRINE_F64, 2, shape, TRINE_SHARED, &made), TRINE_E_ARGUMENT,
           "2 x -3 elements; expected 0 or more");
    expect(trine_array_wrap(team, TRINE_F64, data, INT64_MIN, &made), TRINE_E_ARGUMENT,
           "-9223372036854775808 elements");
    expect(trine_array_wrap_const_2d(team, TRINE_F64, data, -2, -2, &made), TRINE_E_ARGUMENT,
           "-2 x -2 elements");
    expect(trine_array_scatter(team, TRINE_F64, data, -1, 0, TRINE_TRANSPORT_MESSAGE, &made),
           TRINE_E_ARGUMENT, "-1 elements");
    CU_ASSERT_PTR_NULL(made);
    expect(trine_histogram(x, -1, 0, 1, counts), TRINE_E_ARGUMENT, "-1 bins");
    expect(trine_smallest(x, -1, data, NULL), TRINE_E_ARGUMENT, "k is -1; expected 0 or more");
    expect(trine_convolve_f64(x, kernel, -1, y), TRINE_E_ARGUMENT, "-1 taps");
    expect(trine_jacobi(x, NULL, 0, -1, NULL), TRINE_E_ARGUMENT, "most_sweeps -1");
    CU_ASSERT_PTR_NULL(trine_reducer_name(-1));
    CU_ASSERT_PTR_NULL(trine_map_name(-1));
    trine_array_free(x);
    trine_array_free(y);
}

static void structs_of_another_size_are_refused(void)
{
    double data[2] = {0}, sum = 42;
    trine_array *x = array_of(team, TRINE_F64, 2), *y = array_of(team, TRINE_F64, 2);
    const trine_array *in[] = {x};
    trine_reducer reducer = *trine_reducer_find("sum", TRINE_F64);
    trine_map map = *trine_map_find("copy", TRINE_F64, TRINE_F64);
    trine_scan_operator op = {TRINE_INIT(trine_scan_operator)};
    trine_ledger ledger = {.size = 8};
    CU_ASSERT_EQUAL_FATAL(trine_scan_operator_find("cumsum", TRINE_F64, &op), TRINE_OK);
    CU_ASSERT_TRUE(reducer.size == sizeof reducer && map.size == sizeof map &&
                   op.size == sizeof op && op.reducer.size == sizeof reducer);
    reducer.size = 0;
    expect(trine_reduce(&reducer, in, NULL, &sum), TRINE_E_ARGUMENT, "TRINE_INIT(trine_reducer)");
    reducer.size = sizeof reducer + 8;
    expect(trine_reduce(&reducer, in, NULL, &sum), TRINE_E_ARGUMENT, "trine_reducer whose size");
    CU_ASSERT_EQUAL(sum, 42);
    map.size--;
    expect(trine_apply(&map, in, NULL, &y), TRINE_E_ARGUMENT, "TRINE_INIT(trine_map)");
    op.size = 1;
    expect(trine_scan(&op, x, NULL, false, y), TRINE_E_ARGUMENT, "TRINE_INIT(trine_scan_operator)");
    expect(trine_team_ledger(team, &ledger), TRINE_E_ARGUMENT, "TRINE_INIT(trine_ledger)");
    CU_ASSERT_EQUAL(ledger.size, 8);
    CU_ASSERT_EQUAL(data[0], 0);
    trine_array_free(x);
    trine_array_free(y);
}

/* What the library fills is no longer than the program that gave it knows. */
static void what_makes_a_reducer_refuses_another_size(void)
{
    static const double edges[] = {0, 1, 2};
    trine_scan_operator op = {.size = sizeof op - 8};
    trine_reducer reducer = {.size = sizeof reducer - 8};
    trine_top_param top;
    trine_weighted_param weighted;
    void *param = NULL;
    expect(trine_scan_operator_find("cumsum", TRINE_F64, &op), TRINE_E_ARGUMENT,
           "TRINE_INIT(trine_scan_operator)");
    expect(trine_top_reducer(TRINE_F64, 2, true, &reducer, &top), TRINE_E_ARGUMENT,
           "TRINE_INIT(trine_reducer)");
    expect(trine_weighted_reducer(TRINE_F64, TRINE_F64, true, &reducer, &weighted),
           TRINE_E_ARGUMENT, "TRINE_INIT(trine_reducer)");
    expect(trine_histogram_reducer(TRINE_F64, 2, edges, &reducer, &param), TRINE_E_ARGUMENT,
           "TRINE_INIT(trine_reducer)");
    expect(trine_histogram_weighted_reducer(TRINE_F64, TRINE_F64, 2, edges, &reducer, &param),
           TRINE_E_ARGUMENT, "TRINE_INIT(trine_reducer)");
    CU_ASSERT_PTR_NULL(param);
    CU_ASSERT_PTR_NULL(op.name);
    CU_ASSERT_PTR_NULL(reducer.name);
}

static void a_wrong_dtype_is_named_with_the_right_ones(void)
{
    double sum = 42;
    int64_t whole = 42;
    trine_array *x = array_of(team, TRINE_I32, 10), *y = array_of(team, TRINE_F64, 10);
    expect(trine_sum_f64(x, TRINE_EXACT, &sum), TRINE_E_DTYPE, "x is i32; expected f64 or f32");
    expect(trine_sum_i64(y, TRINE_EXACT, &whole), TRINE_E_DTYPE, "expected i64, i32, i16 or i8");
    expect(trine_sum_u64(x, TRINE_EXACT, (uint64_t *)&whole), TRINE_E_DTYPE, "x is i32");
    const trine_array *in[] = {y};
    expect(trine_reduce(&hash_reducer, in, NULL, &sum), TRINE_E_DTYPE,
           "in[0] is f64; expected u64");
    trine_array *z = NULL;
    expect(trine_array_create(team, (trine_dtype)99, 1, TRINE_SHARED, &z), TRINE_E_DTYPE, "99");
    CU_ASSERT_PTR_NULL(z);
    CU_ASSERT_EQUAL(sum, 42);
    CU_ASSERT_EQUAL(whole, 42);
    trine_array_free(x);
    trine_array_free(y);
}

static void modes_places_and_schedules_are_checked(void)
{
    double sum = 42;
    trine_array *x = array_of(team, TRINE_F64, 1), *z = NULL;
    expect(trine_sum_f64(x, (trine_mode)7, &sum), TRINE_E_ARGUMENT, "mode 7");
    expect(trine_array_create(team, TRINE_F64, 1, (trine_place)9, &z), TRINE_E_ARGUMENT, "place 9");
    expect(trine_team_set_schedule(team, (trine_schedule)5), TRINE_E_ARGUMENT, "TRINE_DYNAMIC");
    CU_ASSERT_EQUAL(sum, 42);
    trine_array_free(x);
}

static void built_in_maps_check_their_arguments(void)
{
    trine_array *x = array_of(team, TRINE_F64, 10), *y = array_of(team, TRINE_F64, 10);
    trine_array *narrow = array_of(team, TRINE_F32, 10), *longer = array_of(team, TRINE_F64, 11);
    trine_array *mask = array_of(team, TRINE_U8, 10), *elsewhere = array_of(another, TRINE_F64, 10);
    double *data = trine_array_data(y);
    data[3] = 42;
    expect(trine_fill_f64(1, NULL), TRINE_E_ARGUMENT, "fill: out[0] is NULL");
    expect(trine_linspace_f64(0, 1, NULL), TRINE_E_ARGUMENT, "out[0] is NULL");
    expect(trine_axpy_f64(1, NULL, y), TRINE_E_ARGUMENT, "axpy: in[0] is NULL");
    expect(trine_axpy_f64(1, x, NULL), TRINE_E_ARGUMENT, "axpy: in[1] is NULL");
    expect(trine_fma_f64(x, x, NULL, y), TRINE_E_ARGUMENT, "fma: in[2] is NULL");
    expect(trine_cast(NULL, y), TRINE_E_ARGUMENT, "trine_cast: x is NULL");
    expect(trine_cast_wrap(x, NULL), TRINE_E_ARGUMENT, "trine_cast_wrap: y is NULL");
    expect(trine_scale_f64(narrow, 2, y), TRINE_E_DTYPE, "scale: in[0] is f32; expected f64");
    expect(trine_scale_f32(narrow, 2, y), TRINE_E_DTYPE, "scale: out[0] is f64; expected f32");
    expect(trine_where_f64(x, x, x, y), TRINE_E_DTYPE, "where: in[0] is f64; expected u8");
    expect(trine_add_f64(x, longer, y), TRINE_E_LENGTH, "add: in[1] has 11 elements");
    expect(trine_cast(x, longer), TRINE_E_LENGTH, "cast: out[0] has 11 elements");
    expect(trine_copy_f64(elsewhere, y), TRINE_E_TEAM, "belongs to team");
    CU_ASSERT_EQUAL(data[3], 42);
    CU_ASSERT_EQUAL(trine_where_f64(mask, x, x, y), TRINE_OK);
    trine_array *all[] = {x, y, narrow, longer, mask, elsewhere};
    for (int i = 0; i < 6; i++)
        trine_array_free(all[i]);
}

static void an_unknown_map_is_named_with_those_there_are(void)
{
    expect(trine_map_find("sine", TRINE_F64, TRINE_F64) ? TRINE_OK : TRINE_E_ARGUMENT,
           TRINE_E_ARGUMENT, "no map 'sine' of f64 to f64; there are fill, iota, linspace");
    expect(trine_map_find(NULL, TRINE_F64, TRINE_F64) ? TRINE_OK : TRINE_E_ARGUMENT,
           TRINE_E_ARGUMENT, "no map '(NULL)'");
    expect(trine_map_find("sqrt", TRINE_I32, TRINE_I32) ? TRINE_OK : TRINE_E_ARGUMENT,
           TRINE_E_ARGUMENT, "of i32 to i32; it is of f64 to f64, f32 to f32");
    expect(trine_map_find("fill", TRINE_F64, TRINE_F64) ? TRINE_OK : TRINE_E_ARGUMENT,
           TRINE_E_ARGUMENT, "it is of none to f64");
    expect(trine_map_find("cast", (trine_dtype)99, TRINE_F64) ? TRINE_OK : TRINE_E_ARGUMENT,
           TRINE_E_ARGUMENT, "of none to f64");
    CU_ASSERT_PTR_NULL(trine_map_name(1000));
    if (!trine_map_find("exp", TRINE_F64, TRINE_F64)) {
        trine_array *x = array_of(team, TRINE_F64, 1);
        expect(trine_exp_f64(x, x), TRINE_E_ABSENT, "SLEEF");
        trine_array_free(x);
    }
}

/* Where SLEEF is missing. */
static void what_is_absent_is_told_from_a_wrong_dtype(void)
{
    static const trine_dtype reals[] = {TRINE_F64, TRINE_F32};
    double result = 42;
    for (int i = 0; i < 2 && !trine_reducer_find("logsumexp", TRINE_F64); i++) {
        trine_array *x = array_of(team, reals[i], 1);
        expect(trine_logsumexp(x, &result), TRINE_E_ABSENT, "SLEEF");
        trine_array_free(x);
    }
    trine_array *x = array_of(team, TRINE_I32, 1);
    expect(trine_logsumexp(x, &result), TRINE_E_DTYPE, "logsumexp");
    CU_ASSERT_EQUAL(result, 42);
    trine_array_free(x);
}

static void impossible_sizes_are_refused(void)
{
    trine_array *x = NULL;
    double one = 1;
    expect(trine_array_create(team, TRINE_F64, INT64_MAX, TRINE_SHARED, &x), TRINE_E_ARGUMENT,
           "larger than any address space");
    expect(trine_array_create(team, TRINE_F64, (uint64_t)1 << 45, TRINE_SHARED, &x), TRINE_E_MEMORY,
           "available");
    expect(trine_array_wrap(team, TRINE_F64, (char *)&one + 1, 1, &x), TRINE_E_ARGUMENT,
           "not aligned");
    CU_ASSERT_PTR_NULL(x);
}

static void copy_apply(const trine_chunk *chunk, const void *param)
{
    (void)param;
    memcpy(chunk->out[0], chunk->in[0], chunk->n * sizeof(double));
}

static void no_stencil(const trine_stencil_row *rows, const void *param)
{
    (void)rows, (void)param;
}

static const trine_map copy_map = {
    TRINE_INIT(trine_map), .name = "copy",     .nin = 1,           .nout = 1,
    .in = {TRINE_F64},     .out = {TRINE_F64}, .apply = copy_apply};

static void arrays_must_match(void)
{
    trine_array *x = array_of(team, TRINE_F64, 10), *y = array_of(team, TRINE_F64, 11);
    trine_array *z = array_of(another, TRINE_F64, 10);
    const trine_array *in[] = {x};
    trine_array *longer[] = {y}, *elsewhere[] = {z};
    double dot = 7;
    expect(trine_dot_f64(x, y, TRINE_EXACT, &dot), TRINE_E_LENGTH, "in[1] has 11 elements");
    expect(trine_dot_f64(x, z, TRINE_EXACT, &dot), TRINE_E_TEAM, "belongs to team");
    expect(trine_dot_f64(x, NULL, TRINE_EXACT, &dot), TRINE_E_ARGUMENT, "y is NULL");
    CU_ASSERT_EQUAL(dot, 7);
    expect(trine_apply(&copy_map, in, NULL, longer), TRINE_E_LENGTH, "out[0] has 11 elements");
    expect(trine_apply(&copy_map, in, NULL, elsewhere), TRINE_E_TEAM, "belongs to team");
    trine_array_free(x);
    trine_array_free(y);
    trine_array_free(z);
}

static void outputs_that_half_overlap_inputs_are_refused(void)
{
    double data[20] = {0};
    trine_array *x, *y;
    CU_ASSERT_EQUAL(trine_array_wrap(team, TRINE_F64, data, 10, &x), TRINE_OK);
    CU_ASSERT_EQUAL(trine_array_wrap(team, TRINE_F64, data + 5, 10, &y), TRINE_OK);
    const trine_array *in[] = {x};
    trine_array *shifted[] = {y}, *same[] = {x};
    expect(trine_apply(&copy_map, in, NULL, shifted), TRINE_E_ARGUMENT, "overlaps in[0]");
    CU_ASSERT_EQUAL(trine_apply(&copy_map, in, NULL, same), TRINE_OK);
    trine_array_free(x);
    trine_array_free(y);
}

static void incomplete_reducers_are_refused(void)
{
    trine_array *x = array_of(team, TRINE_U64, 10);
    const trine_array *in[] = {x};
    hash_state result = {1, 2};
    trine_reducer bad = hash_reducer;
    bad.merge = NULL;
    expect(trine_reduce(&bad, in, NULL, &result), TRINE_E_ARGUMENT, "lacks a name or a function");
    bad = hash_reducer;
    bad.nin = TRINE_ARGS + 1;
    expect(trine_reduce(&bad, in, NULL, &result), TRINE_E_ARGUMENT, "5 inputs");
    bad = hash_reducer;
    bad.work_size = 64;
    expect(trine_reduce(&bad, in, NULL, &result), TRINE_E_ARGUMENT, "working state");
    bad = hash_reducer;
    bad.param_size = 8;
    expect(trine_reduce(&bad, in, NULL, &result), TRINE_E_ARGUMENT, "param is NULL");
    CU_ASSERT_EQUAL(result.hash, 1);
    trine_array_free(x);
}

/* Larger than any memory: by themselves, or as many as there must be. */
static void impossible_sizes_of_kernels_are_refused(void)
{
    static const size_t sizes[] = {(size_t)-8, (size_t)1 << 63, (size_t)1 << 52};
    static const char says[] = "expected up to 2251799813685247";
    const double row[6] = {0};
    uint64_t result = 42;
    trine_array *x = array_of(team, TRINE_U64, 10), *y = array_of(team, TRINE_F64, 10);
    trine_array *z = array_of(team, TRINE_F64, 10), *kept = NULL;
    const trine_array *in[] = {x}, *from[] = {y};
    trine_array *to[] = {z};
    for (int i = 0; i < 12; i++) {
        trine_reducer bad = hash_reducer;
        size_t *all[] = {&bad.state_size, &bad.result_size, &bad.param_size, &bad.work_size};
        *all[i % 4] = sizes[i / 4];
        bad.flags = i / 4 == 1 ? TRINE_ORDER_FREE : 0;
        expect(trine_reduce(&bad, in, row, &result), TRINE_E_ARGUMENT, says);
        expect(trine_reduce_axis(&bad, in, row, 0, &result), TRINE_E_ARGUMENT, says);
        expect(trine_scan_reducer(&bad, x, row, false, x), TRINE_E_ARGUMENT, says);
        expect(trine_reducer_test(&bad, (const void *const[]){row}, 6, row), TRINE_E_ARGUMENT,
               says);
    }
    for (int i = 0; i < 3; i++) {
        trine_map map = *trine_map_find("copy", TRINE_F64, TRINE_F64);
        trine_predicate keep = *trine_predicate_find("nonzero", TRINE_F64);
        const trine_stencil stencil = {.name = "none",
                                       .halo = 1,
                                       .in = TRINE_F64,
                                       .out = TRINE_F64,
                                       .param_size = sizes[i],
                                       .apply = no_stencil};
        map.param_size = keep.param_size = sizes[i];
        expect(trine_apply(&map, from, row, to), TRINE_E_ARGUMENT, says);
        expect(trine_compact(&keep, y, row, &kept), TRINE_E_ARGUMENT, says);
        expect(trine_apply_stencil(&stencil, y, row, z), TRINE_E_ARGUMENT, says);
    }
    trine_reducer large = hash_reducer;
    large.state_size = ((size_t)1 << 51) - 1;
    expect(trine_reduce(&large, in, NULL, &result), TRINE_E_MEMORY, "memory");
    expect(trine_reduce_axis(&large, in, NULL, 0, &result), TRINE_E_MEMORY, "memory");
    expect(trine_reducer_test(&large, (const void *const[]){row}, 6, NULL), TRINE_E_MEMORY,
           "memory");
    CU_ASSERT_EQUAL(result, 42);
    CU_ASSERT_PTR_NULL(kept);
    trine_array *made[] = {x, y, z};
    for (int i = 0; i < 3; i++)
        trine_array_free(made[i]);
}

/* What lies behind a struct of another size is not looked at. */
static void counts_of_another_size_are_not_trusted(void)
{
    double result = 42;
    trine_array *x = array_of(team, TRINE_F64, 2), *y = array_of(team, TRINE_F64, 2);
    trine_array *const wild = (trine_array *)&result;
    const trine_array *in[TRINE_ARGS] = {x, wild, wild, wild};
    trine_array *out[TRINE_ARGS] = {y, wild, wild, wild};
    trine_reducer reducer = *trine_reducer_find("sum", TRINE_F64);
    trine_map map = *trine_map_find("copy", TRINE_F64, TRINE_F64);
    reducer.size = map.size = 0;
    reducer.nin = map.nin = map.nout = TRINE_ARGS;
    expect(trine_reduce(&reducer, in, NULL, &result), TRINE_E_ARGUMENT, "trine_reducer");
    expect(trine_reduce_axis(&reducer, in, NULL, 0, &result), TRINE_E_ARGUMENT, "trine_reducer");
    expect(trine_apply(&map, in, NULL, out), TRINE_E_ARGUMENT, "trine_map");
    CU_ASSERT_EQUAL(result, 42);
    trine_array_free(x);
    trine_array_free(y);
}

static trine_status refuse_all(void *result, const void *state, const void *param)
{
    (void)result, (void)state, (void)param;
    return TRINE_E_EMPTY;
}

/* What is no single number cannot be NaN. */
static void only_a_number_becomes_nan(void)
{
    uint64_t result[3] = {42, 42, 42};
    trine_array *x = array_of(team, TRINE_U64, 4), *y = NULL;
    trine_reducer wide = hash_reducer;
    wide.finish = refuse_all;
    wide.out = TRINE_F64;
    wide.result_size = sizeof result;
    CU_ASSERT_EQUAL_FATAL(trine_array_create_2d(team, TRINE_U64, 1, 4, TRINE_SHARED, &y), TRINE_OK);
    expect(trine_reduce_axis(&wide, (const trine_array *const[]){x}, NULL, 0, result),
           TRINE_E_EMPTY, "hash");
    expect(trine_reduce_axis(&wide, (const trine_array *const[]){y}, NULL, 1, result),
           TRINE_E_EMPTY, "hash");
    CU_ASSERT_TRUE(result[0] == 42 && result[1] == 42 && result[2] == 42);
    trine_array_free(x);
    trine_array_free(y);
}

static void a_ddof_above_all_counts_leaves_nothing(void)
{
    const double counts[] = {3, 1e20, INFINITY};
    double result = 42;
    trine_array *x = array_of(team, TRINE_F64, 3);
    for (int i = 0; i < 3; i++) {
        expect(trine_var(x, counts[i], &result), TRINE_E_EMPTY, "var");
        expect(trine_var_exact(x, counts[i], &result), TRINE_E_EMPTY, "var_exact");
    }
    expect(trine_var_exact(x, 0.5, &result), TRINE_E_ARGUMENT, "expected a whole number");
    expect(trine_var_exact(x, (double)NAN, &result), TRINE_E_ARGUMENT, "expected 0 or more");
    CU_ASSERT_EQUAL(result, 42);
    trine_array_free(x);
}

static void a_team_with_arrays_does_not_close(void)
{
    trine_team *open;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &open), TRINE_OK);
    trine_array *x = array_of(open, TRINE_F64, 10);
    expect(trine_team_close(open), TRINE_E_BUSY, "still has 1 array");
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_team_close(open), TRINE_OK);
}

/* A reduction that makes another call on its own team. */
static trine_status inner;

static void meddle(void *state, const trine_chunk *chunk, const void *param)
{
    trine_array *x = NULL;
    hash_accumulate(state, chunk, param);
    inner = trine_array_create(team, TRINE_F64, 10, TRINE_SHARED, &x);
}

static void a_second_call_on_a_busy_team_is_refused(void)
{
    trine_reducer meddling = hash_reducer;
    hash_state result;
    trine_array *x = array_of(team, TRINE_U64, 10);
    const trine_array *in[] = {x};
    meddling.accumulate = meddle;
    CU_ASSERT_EQUAL(trine_reduce(&meddling, in, NULL, &result), TRINE_OK);
    CU_ASSERT_EQUAL(inner, TRINE_E_BUSY);
    trine_array_free(x);
}

static void unknown_names_are_answered_with_the_known_ones(void)
{
    CU_ASSERT_PTR_NULL(trine_reducer_find("summ", TRINE_F64));
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "sum"));
    CU_ASSERT_PTR_NULL(trine_reducer_find(NULL, TRINE_F64));
    CU_ASSERT_PTR_NULL(trine_reducer_find("sum", (trine_dtype)77));
    CU_ASSERT_STRING_EQUAL(trine_status_name((trine_status)999), "not a status");
    CU_ASSERT_EQUAL(trine_dtype_find("f63"), TRINE_DTYPE_NONE);
    CU_ASSERT_EQUAL(trine_dtype_find(NULL), TRINE_DTYPE_NONE);
}

static void *fail_elsewhere(void *data)
{
    (void)data;
    trine_team *none;
    trine_team_open("nonsense", &none);
    return NULL;
}

static void each_thread_has_its_own_detail(void)
{
    double sum;
    pthread_t thread;
    trine_sum_f64(NULL, TRINE_EXACT, &sum);
    pthread_create(&thread, NULL, fail_elsewhere, NULL);
    pthread_join(thread, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "x is NULL"));
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"NULL is named", null_is_named},
        {"negative counts are named", negative_counts_are_named},
        {"structs of another size are refused", structs_of_another_size_are_refused},
        {"what makes a reducer refuses another size", what_makes_a_reducer_refuses_another_size},
        {"a wrong dtype is named, with the right ones", a_wrong_dtype_is_named_with_the_right_ones},
        {"modes, places and schedules are checked", modes_places_and_schedules_are_checked},
        {"built-in maps check their arguments", built_in_maps_check_their_arguments},
        {"an unknown map is named with those there are",
         an_unknown_map_is_named_with_those_there_are},
        {"what is absent is told from a wrong dtype", what_is_absent_is_told_from_a_wrong_dtype},
        {"impossible sizes are refused", impossible_sizes_are_refused},
        {"arrays must match", arrays_must_match},
        {"outputs that half overlap inputs are refused",
         outputs_that_half_overlap_inputs_are_refused},
        {"incomplete reducers are refused", incomplete_reducers_are_refused},
        {"impossible sizes of kernels are refused", impossible_sizes_of_kernels_are_refused},
        {"counts of another size are not trusted", counts_of_another_size_are_not_trusted},
        {"only a number becomes NaN", only_a_number_becomes_nan},
        {"a ddof above all counts leaves nothing", a_ddof_above_all_counts_leaves_nothing},
        {"a team with arrays does not close", a_team_with_arrays_does_not_close},
        {"a second call on a busy team is refused", a_second_call_on_a_busy_team_is_refused},
        {"unknown names are answered with the known ones",
         unknown_names_are_answered_with_the_known_ones},
        {"each thread has its own detail", each_thread_has_its_own_detail},
        CU_TEST_INFO_NULL,
    };
    trine_init();
    if (trine_team_open("serial", &team) || trine_team_open("serial", &another))
        return 1;
    int status = trine_check_main("misuse", tests);
    return trine_team_close(team) || trine_team_close(another) || status;
}
