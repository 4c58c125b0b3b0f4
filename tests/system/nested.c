/* nested.c - a parallel region of the caller's takes no thread from a team that is used, opened or
 * closed inside of it. */
#include <omp.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"

static double sum_of(trine_array *x)
{
    double sum = -1;
    CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_EXACT, &sum), TRINE_OK);
    return sum;
}

enum { N = 1 << 17 };

static void a_team_used_inside_a_region_has_all_its_threads(void)
{
    trine_team *team;
    trine_array *x;
    trine_ledger inside = {TRINE_INIT(trine_ledger)};
    CU_ASSERT_EQUAL_FATAL(trine_team_open("omp:2", &team), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &x), TRINE_OK);
#pragma omp parallel num_threads(2)
    {
#pragma omp single
        {
            CU_ASSERT_EQUAL(sum_of(x), 0);
            trine_team_ledger(team, &inside);
        }
    }
    CU_ASSERT_EQUAL(inside.workers, 2);
    CU_ASSERT_EQUAL(trine_team_workers(team), 2);
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

static void a_team_opened_inside_a_region_has_all_its_threads(void)
{
    trine_team *team = NULL;
    trine_array *x;
    int workers = 0;
#pragma omp parallel num_threads(2)
    {
#pragma omp single
        {
            CU_ASSERT_EQUAL(trine_team_open("omp:3", &team), TRINE_OK);
            workers = trine_team_workers(team);
        }
    }
    CU_ASSERT_EQUAL(workers, 3);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &x), TRINE_OK);
    CU_ASSERT_EQUAL(sum_of(x), 0);
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

enum { CALLERS = 4, ROUNDS = 20 };

/* Opens, uses and closes a team of its own; how often the sum was not that of serial. */
static int use_team(const double *data, double expected)
{
    int wrong = 0;
    for (int i = 0; i < ROUNDS; i++) {
        trine_team *team;
        trine_array *x;
        double sum = 0;
        if (trine_team_open("omp:3", &team))
            return ROUNDS;
        if (trine_array_wrap_const(team, TRINE_F64, data, N, &x) == TRINE_OK) {
            wrong += trine_sum_f64(x, TRINE_FAST, &sum) || sum != expected;
            trine_array_free(x);
        }
        wrong += trine_team_close(team) != TRINE_OK;
    }
    return wrong;
}

static void threads_of_a_region_have_a_team_each(void)
{
    static double data[N];
    trine_team *team;
    trine_array *x;
    double expected = 0;
    int wrong = 0;
    for (int i = 0; i < N; i++)
        data[i] = 0.1 * i;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &team), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap_const(team, TRINE_F64, data, N, &x), TRINE_OK);
    CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_FAST, &expected), TRINE_OK);
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
#pragma omp parallel num_threads(CALLERS) reduction(+ : wrong)
    wrong += use_team(data, expected);
    CU_ASSERT_EQUAL(wrong, 0);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a team used inside a region has all its threads",
         a_team_used_inside_a_region_has_all_its_threads},
        {"a team opened inside a region has all its threads",
         a_team_opened_inside_a_region_has_all_its_threads},
        {"threads of a region have a team each", threads_of_a_region_have_a_team_each},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("nested regions", tests);
}
