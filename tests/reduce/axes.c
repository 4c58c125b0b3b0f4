/* axes.c - calls along the axes of arrays of several: the bits of one rank's serial team on every
 * team, in every place, wherever the ranks' blocks lie. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"

/* The widest results: six words of a description and two of counts, or QUANTILES doubles. */
enum { SHAPES = 6, QUANTILES = 3, WIDEST = 8, MOST = 9001 * 4 * 3 };

static const struct {
    int ndim;
    int64_t shape[4];
} shapes[SHAPES] = {{2, {7, 5}},       {3, {2, 3, 4}},       {3, {9001, 4, 3}},
                    {3, {3, 9001, 2}}, {4, {3, 1, 2, 8195}}, {3, {4, 0, 3}}};

static trine_team *team, *serial;

static double element(uint64_t i)
{
    uint64_t bits = (i + 1) * 0x9e3779b97f4a7c15u;
    /* Some alike, one in 64 no number. */
    return bits >> 58 == 0 ? (double)NAN : (double)(int64_t)(bits >> 44) * 0x1p-9;
}

/* Elements in the place: this rank's own blocks are cut unevenly. */
static trine_array *make(trine_team *on, int s, trine_place place)
{
    trine_array *x;
    int64_t shape[4], row_offset = 0;
    memcpy(shape, shapes[s].shape, sizeof shape);
    if (place != TRINE_DISTRIBUTED) {
        uint64_t r = (uint64_t)trine_team_rank(on), ranks = (uint64_t)trine_team_ranks(on);
        row_offset = shape[0] * r * r / (ranks * ranks);
        shape[0] = shape[0] * (r + 1) * (r + 1) / (ranks * ranks) - row_offset;
    }
    CU_ASSERT_EQUAL_FATAL(trine_array_create_nd(on, TRINE_F64, shapes[s].ndim, shape, place, &x),
                          TRINE_OK);
    if (place == TRINE_DISTRIBUTED)
        row_offset = trine_array_row_offset(x);
    row_offset *= trine_array_columns(x);
    double *data = trine_array_data(x);
    for (int64_t i = 0; i < trine_array_local_n(x); i++)
        data[i] = element(row_offset + i);
    return x;
}

static int64_t first_row_of(const trine_array *x, int s)
{
    int64_t r = trine_team_rank(team), ranks = trine_team_ranks(team);
    return trine_array_place(x) == TRINE_DISTRIBUTED ? trine_array_row_offset(x)
                                                     : shapes[s].shape[0] * r * r / (ranks * ranks);
}

static int64_t results_of(const trine_array *x, int axis)
{
    int64_t n = axis == 0 ? 1 : trine_array_local_rows(x);
    for (int i = 1; i < trine_array_ndim(x); i++)
        n *= i == axis ? 1 : trine_array_shape(x)[i];
    return n;
}

static unsigned char got[MOST * WIDEST * 8], expected[MOST * WIDEST * 8];

/* `count` blocks of the results along an axis: this rank's of `got`, in each block of `expected`.
 */
static void compare(const char *what, int s, int axis, const trine_array *x, const trine_array *one,
                    size_t item, int64_t count)
{
    int64_t own = results_of(x, axis), all = results_of(one, axis), rows = shapes[s].shape[0];
    int64_t first = axis == 0 || rows == 0 ? 0 : first_row_of(x, s) * (all / rows);
    bool same = true;
    for (int64_t i = 0; i < count; i++)
        same = same && memcmp(got + i * own * item, expected + (i * all + first) * item,
                              (size_t)own * item) == 0;
    if (!same)
        printf("\n  %s, shape %d, axis %d, place %d\n", what, s, axis, trine_array_place(x));
    CU_ASSERT_TRUE(same);
}

static void reductions(const trine_array *x, const trine_array *one, int s, int axis)
{
    static const char *const names[] = {"sum", "sum_fast", "describe", "argmax", "nanmin"};
    /* Blocks of the caller's own give orders of their own along the axis that they cut. */
    bool cut = axis == 0 && trine_array_place(x) != TRINE_DISTRIBUTED && trine_team_ranks(team) > 1;
    for (int i = 0; i < 5; i++) {
        const trine_reducer *m = trine_reducer_find(names[i], TRINE_F64);
        if (cut && !(m->flags & TRINE_ORDER_FREE))
            continue;
        trine_status status = trine_reduce_axis(m, &x, NULL, axis, got);
        CU_ASSERT_EQUAL(status, trine_reduce_axis(m, &one, NULL, axis, expected));
        if (!status)
            compare(names[i], s, axis, x, one, m->result_size, 1);
    }
}

static void quantiles(const trine_array *x, const trine_array *one, int s, int axis)
{
    const double q[QUANTILES] = {0.1, 0.5, 1};
    trine_status status =
        trine_nanquantile_axis(x, TRINE_LINEAR, QUANTILES, q, axis, (double *)(void *)got);
    CU_ASSERT_EQUAL(status, trine_nanquantile_axis(one, TRINE_LINEAR, QUANTILES, q, axis,
                                                   (double *)(void *)expected));
    if (!status)
        compare("nanquantile", s, axis, x, one, sizeof *q, QUANTILES);
}

/* Elements of x are those of its rows in `one`. */
static void compare_elements(const char *what, int s, int axis, const trine_array *x,
                             const trine_array *one)
{
    int64_t first = first_row_of(x, s) * trine_array_columns(x), n = trine_array_local_n(x);
    const double *own = trine_array_data(x), *all = trine_array_data(one);
    bool same = n == 0 || memcmp(own, all + first, (size_t)n * sizeof *own) == 0;
    if (!same)
        printf("\n  %s, shape %d, axis %d, place %d\n", what, s, axis, trine_array_place(x));
    CU_ASSERT_TRUE(same);
}

static void scans(const trine_array *x, const trine_array *one, int s, int axis)
{
    static const char *const names[] = {"cumsum", "cumsum_fast", "cummax"};
    for (int i = 0; i < 3; i++) {
        trine_scan_operator op = {TRINE_INIT(trine_scan_operator)};
        trine_array *out, *all;
        CU_ASSERT_EQUAL(trine_scan_operator_find(names[i], TRINE_F64, &op), TRINE_OK);
        CU_ASSERT_EQUAL(trine_array_create_like(x, TRINE_F64, trine_array_place(x), &out),
                        TRINE_OK);
        CU_ASSERT_EQUAL(trine_array_create_like(one, TRINE_F64, TRINE_SHARED, &all), TRINE_OK);
        CU_ASSERT_EQUAL(trine_scan_axis(&op, x, NULL, axis, i == 1, out), TRINE_OK);
        CU_ASSERT_EQUAL(trine_scan_axis(&op, one, NULL, axis, i == 1, all), TRINE_OK);
        compare_elements(names[i], s, axis, out, all);
        trine_array_free(out);
        trine_array_free(all);
    }
}

static void sorts(trine_array *x, trine_array *one, int s, int axis)
{
    trine_array *places, *all;
    CU_ASSERT_EQUAL(trine_array_create_like(x, TRINE_I64, trine_array_place(x), &places), TRINE_OK);
    CU_ASSERT_EQUAL(trine_array_create_like(one, TRINE_I64, TRINE_SHARED, &all), TRINE_OK);
    CU_ASSERT_EQUAL(trine_argsort_axis(x, axis, places), TRINE_OK);
    CU_ASSERT_EQUAL(trine_argsort_axis(one, axis, all), TRINE_OK);
    compare_elements("argsort", s, axis, places, all);
    CU_ASSERT_EQUAL(trine_sort_axis(x, axis), TRINE_OK);
    CU_ASSERT_EQUAL(trine_sort_axis(one, axis), TRINE_OK);
    compare_elements("sort", s, axis, x, one);
    trine_array_free(places);
    trine_array_free(all);
}

static void every_team_gives_the_bits_of_one(void)
{
    for (int s = 0; s < SHAPES; s++)
        for (int place = TRINE_PRIVATE; place <= TRINE_DISTRIBUTED; place++)
            for (int axis = 0; axis < shapes[s].ndim; axis++) {
                trine_array *x = make(team, s, (trine_place)place);
                trine_array *one = make(serial, s, TRINE_SHARED);
                reductions(x, one, s, axis);
                quantiles(x, one, s, axis);
                scans(x, one, s, axis);
                sorts(x, one, s, axis);
                trine_array_free(x);
                trine_array_free(one);
            }
}

/* What one rank alone is refused, all are. */
static void a_rank_that_refuses_is_heard(void)
{
    trine_array *x = make(team, 1, TRINE_DISTRIBUTED);
    int last = trine_team_rank(team) == trine_team_ranks(team) - 1;
    const double q = 0.5;
    double quantile[24];
    const trine_reducer *m = trine_reducer_find("sum", TRINE_F64);
    const trine_array *in = x;
    CU_ASSERT_EQUAL(trine_sort_axis(x, last ? 3 : 0), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_reduce_axis(m, &in, NULL, last ? -4 : 1, quantile), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_quantile_axis(x, TRINE_LINEAR, 1, last ? NULL : &q, 0, quantile),
                    TRINE_E_ARGUMENT);
    trine_array_free(x);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"every team gives the bits of one", every_team_gives_the_bits_of_one},
        {"a rank that refuses is heard", a_rank_that_refuses_is_heard},
        CU_TEST_INFO_NULL,
    };
    if (trine_init() || trine_team_open(argc > 1 ? argv[1] : "mpi", &team) ||
        trine_team_open("serial", &serial))
        return 1;
    int status = trine_check_main("calls along axes", tests);
    trine_team_close(serial);
    trine_team_close(team);
    trine_finalize();
    return status;
}
