/* nested.c - a team that is used inside a parallel region of the caller's says that it has fewer
 * threads there, and why. */
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

enum { N = 1 << 20 };

static void a_team_used_inside_a_region_has_one_thread_and_says_why(void)
{
    trine_team *team;
    trine_array *x;
    trine_ledger inside, outside;
    int workers = 0;
    char note[320] = "";
    CU_ASSERT_EQUAL_FATAL(trine_team_open("omp:2", &team), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &x), TRINE_OK);
    CU_ASSERT_EQUAL(trine_team_workers(team), 2);
#pragma omp parallel num_threads(2)
    {
#pragma omp single
        {
            CU_ASSERT_EQUAL(sum_of(x), 0);
            workers = trine_team_workers(team);
            trine_team_ledger(team, &inside);
            if (trine_team_note(team))
                snprintf(note, sizeof note, "%s", trine_team_note(team));
        }
    }
    CU_ASSERT_EQUAL(workers, 1);
    CU_ASSERT_EQUAL(inside.workers, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(note, "inside a parallel region, where OpenMP gives 1 of the 2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(note, "OMP_MAX_ACTIVE_LEVELS=2"));
    CU_ASSERT_EQUAL(sum_of(x), 0);
    trine_team_ledger(team, &outside);
    CU_ASSERT_EQUAL(trine_team_workers(team), 2);
    CU_ASSERT_EQUAL(outside.workers, 2);
    CU_ASSERT_TRUE(!trine_team_note(team) || !strstr(trine_team_note(team), "parallel region"));
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

static void a_team_opened_inside_a_region_has_its_threads_outside(void)
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
            CU_ASSERT_PTR_NOT_NULL(trine_team_note(team));
        }
    }
    CU_ASSERT_EQUAL(workers, 1);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &x), TRINE_OK);
    CU_ASSERT_EQUAL(sum_of(x), 0);
    CU_ASSERT_EQUAL(trine_team_workers(team), 3);
    CU_ASSERT_STRING_EQUAL(trine_team_spec(team), "omp:3");
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a team used inside a region has one thread and says why",
         a_team_used_inside_a_region_has_one_thread_and_says_why},
        {"a team opened inside a region has its threads outside",
         a_team_opened_inside_a_region_has_its_threads_outside},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("nested regions", tests);
}
