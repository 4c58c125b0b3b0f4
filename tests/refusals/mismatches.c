/* mismatches.c - what ranks call differently is the same error on all of them: nobody waits, nobody
 * goes on alone. */
#include <stdlib.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"
#include "expect.h"

enum { PATIENCE = 30, ROWS = 10, COLUMNS = 1024, TAPS = 3 };

/* later: opened after the first one, so called last. */
static trine_team *team, *later;
static int rank;
static double results[2 * COLUMNS];

static trine_array *rows_of(trine_dtype dtype, int64_t rows, int64_t columns, trine_place place)
{
    trine_array *x = NULL;
    CU_ASSERT_EQUAL_FATAL(trine_array_create_2d(team, dtype, rows, columns, place, &x), TRINE_OK);
    alarm(PATIENCE);
    return x;
}

static trine_array *array_of(trine_dtype dtype)
{
    return rows_of(dtype, ROWS, 1, TRINE_DISTRIBUTED);
}

static void none_of_the_first_is_a_call(void)
{
    double value = 42;
    trine_array *x = array_of(TRINE_F64);
    bool bad = rank == 1;
    CU_ASSERT_EQUAL(trine_smallest(x, 0, &value, NULL), TRINE_OK);
    CU_ASSERT_EQUAL(trine_largest(x, 0, &value, NULL), TRINE_OK);
    expect(trine_smallest(bad ? NULL : x, 0, &value, NULL), TRINE_E_ARGUMENT, "x is NULL");
    expect(trine_largest(x, bad ? -1 : 0, &value, NULL), TRINE_E_ARGUMENT, "k is -1");
    expect(trine_smallest(x, bad ? 5 : 0, results, NULL), TRINE_E_COLLECTIVE, "rank");
    expect(bad ? trine_smallest(x, 0, &value, NULL) : trine_largest(x, 0, &value, NULL),
           TRINE_E_COLLECTIVE, "rank");
    CU_ASSERT_EQUAL(value, 42);
    trine_array_free(x);
}

/* Of one tile on one rank and two on the other. */
static void columns_must_be_alike(void)
{
    static const trine_place places[] = {TRINE_PRIVATE, TRINE_SHARED};
    const trine_reducer *max = trine_reducer_find("max", TRINE_F64);
    for (int i = 0; i < 2; i++) {
        trine_array *x = rows_of(TRINE_F64, ROWS, rank == 1 ? 2 * COLUMNS : COLUMNS, places[i]);
        const trine_array *in[] = {x};
        expect(trine_reduce_axis(max, in, NULL, 0, results), TRINE_E_COLLECTIVE, "rank");
        CU_ASSERT_EQUAL(trine_reduce_axis(max, in, NULL, 1, results), TRINE_E_COLLECTIVE);
        trine_array_free(x);
    }
}

/* As many elements, in other rows: other chunks, and other blocks of the ranks. */
static void shapes_must_be_alike(void)
{
    double sum = 42;
    trine_array *x = rows_of(TRINE_F64, ROWS, COLUMNS, TRINE_DISTRIBUTED);
    trine_array *turned = rows_of(TRINE_F64, COLUMNS, ROWS, TRINE_DISTRIBUTED);
    double *all = calloc(ROWS * COLUMNS, sizeof *all);
    const trine_array *own = rank == 1 ? turned : x;
    expect(trine_sum_f64(own, TRINE_FAST, &sum), TRINE_E_COLLECTIVE, "rank");
    expect(trine_array_gather(own, 0, all), TRINE_E_COLLECTIVE, "rank");
    CU_ASSERT_EQUAL(sum, 42);
    free(all);
    trine_array_free(x);
    trine_array_free(turned);
}

static void dtypes_of_a_convolution_must_be_alike(void)
{
    const double kernel[TAPS] = {1, 1, 1};
    trine_array *x = array_of(TRINE_F64), *y = array_of(TRINE_F64);
    trine_array *u = array_of(TRINE_F32), *v = array_of(TRINE_F32);
    expect(rank == 1 ? trine_convolve_f32(u, kernel, TAPS, v)
                     : trine_convolve_f64(x, kernel, TAPS, y),
           TRINE_E_COLLECTIVE, "rank");
    trine_array *made[] = {x, y, u, v};
    for (int i = 0; i < 4; i++)
        trine_array_free(made[i]);
}

/* Makes a call of the later team, so that it was called last. */
static void call_later(void)
{
    trine_array *x = NULL;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(later, TRINE_F64, 1, TRINE_DISTRIBUTED, &x), TRINE_OK);
    trine_array_free(x);
}

/* What another team was called for since. */
static void any_array_names_the_team(void)
{
    double result = 42;
    trine_array *x = array_of(TRINE_F64), *y = array_of(TRINE_F64);
    bool bad = rank == 1;
    call_later();
    expect(trine_cov(bad ? NULL : x, y, bad ? -1 : 0, &result), TRINE_E_ARGUMENT, "ddof -1");
    CU_ASSERT_EQUAL(result, 42);
    trine_array_free(x);
    trine_array_free(y);
}

/* Rank 1 has no kernels at all. */
static void any_array_names_the_team_of_a_map(void)
{
    trine_array *x = array_of(TRINE_F64), *y = array_of(TRINE_F64);
    bool bad = rank == 1;
    call_later();
    expect(trine_copy_f64(x, bad ? NULL : y), TRINE_E_ARGUMENT, "TRINE_ISA is 'none'");
    expect(trine_axpy_f64(1, x, bad ? NULL : y), TRINE_E_ARGUMENT, "TRINE_ISA is 'none'");
    trine_array_free(x);
    trine_array_free(y);
}

static bool is_rank(const char *variable, const char *number)
{
    const char *value = getenv(variable);
    return value && strcmp(value, number) == 0;
}

/* mismatches [lame]: rank 1 has no kernels. */
int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"none of the first is a call", none_of_the_first_is_a_call},
        {"columns must be alike", columns_must_be_alike},
        {"shapes must be alike", shapes_must_be_alike},
        {"dtypes of a convolution must be alike", dtypes_of_a_convolution_must_be_alike},
        {"any array names the team", any_array_names_the_team},
        CU_TEST_INFO_NULL,
    };
    CU_TestInfo lame[] = {
        {"any array names the team of a map", any_array_names_the_team_of_a_map},
        CU_TEST_INFO_NULL,
    };
    bool without = argc > 1 && strcmp(argv[1], "lame") == 0;
    if (without && (is_rank("OMPI_COMM_WORLD_RANK", "1") || is_rank("PMI_RANK", "1")))
        setenv("TRINE_ISA", "none", 1);
    trine_init();
    if (trine_team_open("mpi", &team) || trine_team_open("mpi", &later))
        return 1;
    rank = trine_team_rank(team);
    alarm(PATIENCE);
    int status = trine_check_main("mismatches", without ? lame : tests);
    alarm(0);
    return trine_team_close(later) || trine_team_close(team) || status;
}
