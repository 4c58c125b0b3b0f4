/* outputs.c - what a function may write, of every function that writes an array: the array that it
 * reads, where it says so; never a part of that, nor memory that is read-only; always what touches
 * it, and nothing. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <trine/trine.h>

#include "check.h"

enum { K = 8, N = K * K };

typedef trine_status function(const trine_array *x, trine_array *out);

/* A matrix that is neither x nor out. */
static trine_array *other;

#define OF_ONE(name, call)                                                                         \
    static trine_status name(const trine_array *x, trine_array *out)                               \
    {                                                                                              \
        (void)x;                                                                                   \
        return call;                                                                               \
    }
OF_ONE(copy, trine_copy_f64(x, out))
OF_ONE(neg, trine_neg_f64(x, out))
OF_ONE(magnitude, trine_abs_f64(x, out))
OF_ONE(add, trine_add_f64(other, x, out))
OF_ONE(sub, trine_sub_f64(x, other, out))
OF_ONE(mul, trine_mul_f64(x, x, out))
OF_ONE(divide, trine_div_f64(x, x, out))
OF_ONE(fused, trine_fma_f64(other, other, x, out))
OF_ONE(scale, trine_scale_f64(x, 2, out))
OF_ONE(axpy, trine_axpy_f64(2, x, out))
OF_ONE(axpby, trine_axpby_f64(2, x, 3, out))
OF_ONE(clip, trine_clip_f64(x, 0, 1, out))
OF_ONE(add_normal, trine_add_normal_f64(x, 1, 1, 0, out))
OF_ONE(standardise, trine_standardise(x, 0, out))
OF_ONE(standardise_by, trine_standardise_f64(x, 0, 1, out))
OF_ONE(root, trine_sqrt_f64(x, out))
OF_ONE(cast, trine_cast(x, out))
OF_ONE(cast_wrap, trine_cast_wrap(x, out))
OF_ONE(cumsum, trine_cumsum_f64(x, TRINE_EXACT, out))
OF_ONE(cumsum_fast, trine_cumsum_f64(x, TRINE_FAST, out))
OF_ONE(cumprod, trine_cumprod_f64(x, out))
OF_ONE(cummin, trine_cummin(x, out))
OF_ONE(cummax, trine_cummax(x, out))
OF_ONE(difference, trine_difference(x, out))
OF_ONE(scan_reducer, trine_scan_reducer(trine_reducer_find("sum", TRINE_F64), x, NULL, true, out))
OF_ONE(reverse, trine_reverse(x, out))
OF_ONE(fill, trine_fill_f64(1, out))
OF_ONE(iota, trine_iota_f64(1, 1, out))
OF_ONE(linspace, trine_linspace_f64(0, 1, out))
OF_ONE(uniform, trine_uniform_f64(0, 1, 1, 0, out))
OF_ONE(normal, trine_normal_f64(0, 1, 1, 0, out))
OF_ONE(sort, trine_sort(out))
OF_ONE(argsort, trine_argsort(x, out))
OF_ONE(jacobi, trine_jacobi(out, x, 0, 1, NULL))
OF_ONE(jacobi_of_zeros, trine_jacobi(out, NULL, 0, 1, NULL))
OF_ONE(transpose, trine_transpose(x, out))
OF_ONE(gemm, trine_gemm_f64(1, x, other, 0, out))
OF_ONE(gemm_second, trine_gemm_f64(1, other, x, 0, out))
OF_ONE(gemv, trine_gemv_f64(1, x, other, 0, out))
OF_ONE(gemv_vector, trine_gemv_f64(1, other, x, 0, out))

static trine_status stencil5(const trine_array *x, trine_array *out)
{
    static const double weight[5] = {1, 2, 3, 4, 5};
    return trine_stencil5(x, weight, out);
}

static trine_status convolve(const trine_array *x, trine_array *out)
{
    static const double kernel[3] = {1, 2, 3};
    return trine_convolve_f64(x, kernel, 3, out);
}

/* place: SAME, out may be x; APART, it may not; ALONE, nothing else is read. The shapes of x, of
 * out, of the other array, in rows and columns; no columns in x for what has no empty case. */
enum place { SAME, APART, ALONE };
typedef struct row {
    const char *name;
    function *call;
    enum place place;
    trine_dtype out;
    unsigned shape[3][2];
    bool never_empty;
} row;

/* clang-format off */
#define LINE {{N, 1}, {N, 1}, {N, 1}}
#define SQUARE {{K, K}, {K, K}, {K, K}}
#define ROW(name, place, ...) {#name, name, place, TRINE_F64, __VA_ARGS__, false}
static const row rows[] = {
    ROW(copy, SAME, LINE), ROW(neg, SAME, LINE), ROW(magnitude, SAME, LINE), ROW(add, SAME, LINE),
    ROW(sub, SAME, LINE), ROW(mul, SAME, LINE), ROW(divide, SAME, LINE), ROW(fused, SAME, LINE),
    ROW(scale, SAME, LINE), ROW(axpy, SAME, LINE), ROW(axpby, SAME, LINE), ROW(clip, SAME, LINE),
    ROW(add_normal, SAME, LINE), ROW(standardise_by, SAME, LINE), ROW(root, SAME, LINE),
    {"standardise", standardise, SAME, TRINE_F64, LINE, true},
    ROW(cast, SAME, LINE), ROW(cast_wrap, SAME, LINE), ROW(cumsum, SAME, LINE),
    ROW(cumsum_fast, SAME, LINE), ROW(cumprod, SAME, LINE), ROW(cummin, SAME, LINE),
    ROW(cummax, SAME, LINE), ROW(difference, SAME, LINE), ROW(scan_reducer, SAME, LINE),
    ROW(reverse, SAME, LINE), ROW(convolve, APART, LINE), ROW(fill, ALONE, LINE),
    ROW(iota, ALONE, LINE), ROW(linspace, ALONE, LINE), ROW(uniform, ALONE, LINE),
    ROW(normal, ALONE, LINE), ROW(sort, ALONE, LINE),
    {"argsort", argsort, APART, TRINE_I64, LINE, false},
    ROW(stencil5, APART, SQUARE), ROW(jacobi, APART, SQUARE), ROW(jacobi_of_zeros, ALONE, SQUARE),
    {"transpose", transpose, APART, TRINE_F64, SQUARE, true},
    ROW(gemm, APART, SQUARE), {"gemm_second", gemm_second, APART, TRINE_F64, SQUARE, true},
    ROW(gemv, APART, {{K, K}, {K, 1}, {K, 1}}),
    {"gemv_vector", gemv_vector, APART, TRINE_F64, {{K, 1}, {K, 1}, {K, K}}, true},
};
/* clang-format on */

static trine_team *team;
static double buffer[3 * N];

static trine_array *wrap(trine_dtype dtype, void *data, const unsigned shape[2], bool empty)
{
    trine_array *array;
    CU_ASSERT_EQUAL_FATAL(
        trine_array_wrap_2d(team, dtype, data, empty ? 0 : shape[0], shape[1], &array), TRINE_OK);
    return array;
}

/* One call with x at buffer[N], out at `out_at`; says: words of the detail, NULL for OK. */
static void expect(const row *r, const char *what, trine_array *out, bool empty, const char *says)
{
    static double aside[N], before[3 * N];
    trine_array *x = wrap(TRINE_F64, buffer + N, r->shape[0], empty);
    bool second_is_empty = empty && r->shape[2][1] == 1;
    other = wrap(TRINE_F64, aside, r->shape[2], second_is_empty && r->shape[0][1] == 1);
    for (int i = 0; i < 3 * N; i++)
        buffer[i] = i * 37 % 11;
    memcpy(before, buffer, sizeof before);
    trine_status status = r->call(x, out);
    bool right = says ? status == TRINE_E_ARGUMENT && strstr(trine_error_detail(), says) &&
                            memcmp(buffer, before, sizeof before) == 0
                      : status == TRINE_OK;
    if (!right && status != TRINE_E_ABSENT) {
        printf("\n  %s, %s: %s (%s); expected %s\n", r->name, what, trine_status_name(status),
               status ? trine_error_detail() : "", says ? says : "OK");
        CU_FAIL("another status");
    }
    trine_array_free(x);
    trine_array_free(out);
    trine_array_free(other);
}

enum { ROWS = sizeof rows / sizeof *rows };

static void outputs_and_inputs_share_all_or_nothing(void)
{
    for (const row *r = rows; r < rows + ROWS; r++) {
        const unsigned *shape = r->shape[1];
        size_t n = (size_t)shape[0] * shape[1], x_n = (size_t)r->shape[0][0] * r->shape[0][1];
        const char *partly = r->place == ALONE ? NULL : "overlaps";
        double *x = buffer + N;
        expect(r, "the same array", wrap(r->out, x, shape, false), false,
               r->place == APART ? "overlaps" : NULL);
        expect(r, "one element on", wrap(r->out, x + 1, shape, false), false, partly);
        expect(r, "one element back", wrap(r->out, x - 1, shape, false), false, partly);
        expect(r, "the last element", wrap(r->out, x + x_n - 1, shape, false), false, partly);
        expect(r, "touching behind", wrap(r->out, x + x_n, shape, false), false, NULL);
        expect(r, "touching before", wrap(r->out, x - n, shape, false), false, NULL);
        if (!r->never_empty)
            expect(r, "empty", wrap(r->out, x, shape, true), true, NULL);
    }
}

/* Of no rows, it may point into what is read. */
static void arrays_of_nothing_overlap_nothing(void)
{
    static const unsigned square[2] = {K, K}, line[2] = {K, 1};
    trine_array *a = wrap(TRINE_F64, NULL, square, true),
                *b = wrap(TRINE_F64, buffer, square, false);
    trine_array *c = wrap(TRINE_F64, buffer + 3, square, true),
                *x = wrap(TRINE_F64, buffer, line, false);
    trine_array *y = wrap(TRINE_F64, buffer + 3, line, true);
    trine_status status = trine_gemm_f64(1, a, b, 0, c);
    CU_ASSERT_TRUE(status == TRINE_OK || status == TRINE_E_ABSENT);
    CU_ASSERT_EQUAL(trine_gemv_f64(1, a, x, 0, y), TRINE_OK);
    trine_array *all[] = {a, b, c, x, y};
    for (int i = 0; i < 5; i++)
        trine_array_free(all[i]);
}

static void read_only_arrays_are_no_outputs(void)
{
    static const double constant[N] = {1};
    void *page = mmap(NULL, sizeof constant, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_NOT_EQUAL_FATAL(page, MAP_FAILED);
    for (const row *r = rows; r < rows + ROWS; r++) {
        trine_array *out;
        const unsigned *shape = r->shape[1];
        CU_ASSERT_EQUAL_FATAL(
            trine_array_wrap_const_2d(team, r->out, buffer, shape[0], shape[1], &out), TRINE_OK);
        expect(r, "wrap_const_2d", out, false, "is read-only");
        const int64_t axes[] = {shape[0], shape[1]};
        CU_ASSERT_EQUAL_FATAL(trine_array_wrap_const_nd(team, r->out, buffer, 2, axes, &out),
                              TRINE_OK);
        expect(r, "wrap_const_nd", out, false, "is read-only");
        /* Whoever casts const away is found, too. */
        expect(r, "a constant", wrap(r->out, (void *)constant, shape, false), false,
               "write permission");
        expect(r, "a page to read", wrap(r->out, page, shape, false), false, "write permission");
    }
    munmap(page, sizeof constant);
}

static void read_only_arrays_are_inputs(void)
{
    static const double constant[] = {1, 2, 3};
    trine_array *x, *y, *kept;
    double sum, result[3];
    int64_t counts[5];
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap_const(team, TRINE_F64, constant, 3, &x), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_F64, result, 3, &y), TRINE_OK);
    CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_EXACT, &sum), TRINE_OK);
    CU_ASSERT_EQUAL(sum, 6);
    CU_ASSERT_EQUAL(trine_scale_f64(x, 2, y), TRINE_OK);
    CU_ASSERT_EQUAL(result[2], 6);
    CU_ASSERT_EQUAL(trine_histogram(x, 2, 0, 4, counts), TRINE_OK);
    CU_ASSERT_EQUAL(trine_compact(trine_predicate_find("nonzero", TRINE_F64), x, NULL, &kept),
                    TRINE_OK);
    trine_array_free(kept);
    trine_array_free(x);
    trine_array_free(y);
    CU_ASSERT_EQUAL(trine_array_wrap_const(NULL, TRINE_F64, constant, 3, &x), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_array_wrap_const(team, TRINE_F64, constant, 3, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_array_wrap_const(team, (trine_dtype)99, constant, 3, &x), TRINE_E_DTYPE);
    CU_ASSERT_EQUAL(trine_array_wrap_const(team, TRINE_F64, NULL, 0, &x), TRINE_OK);
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_array_wrap_const(team, TRINE_F64, NULL, 3, &x), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_array_wrap_const(team, TRINE_F64, (const char *)constant + 1, 1, &x),
                    TRINE_E_ARGUMENT);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"outputs and inputs share all or nothing", outputs_and_inputs_share_all_or_nothing},
        {"arrays of nothing overlap nothing", arrays_of_nothing_overlap_nothing},
        {"read-only arrays are no outputs", read_only_arrays_are_no_outputs},
        {"read-only arrays are inputs", read_only_arrays_are_inputs},
        CU_TEST_INFO_NULL};
    if (trine_team_open("serial", &team))
        return 1;
    int failed = trine_check_main("outputs", tests);
    return trine_team_close(team) ? 1 : failed;
}
