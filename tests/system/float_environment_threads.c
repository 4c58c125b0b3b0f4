/* float_environment_threads.c - a team leaves the threads of the caller's own regions alone: what
 * these have set of the floating-point environment stays there. */
#include <omp.h>

#include <trine/trine.h>

#include "check.h"
#include "float_environments.h"

enum { THREADS = 2 };

static void read_all(environment now[THREADS])
{
#pragma omp parallel num_threads(THREADS)
    environment_get(&now[omp_get_thread_num()]);
}

static void set_all(const environment *e)
{
#pragma omp parallel num_threads(THREADS)
    environment_set(e);
}

static void threads_keep_what_the_caller_has_set(void)
{
    static double data[4 * TRINE_CHUNK];
    const environment *e = &environments[1], *other = &environments[ENVIRONMENTS - 1];
    environment now[THREADS];
    trine_team *team;
    trine_array *x;
    double sum;
    for (int i = 0; i < 4 * TRINE_CHUNK; i++)
        data[i] = 0.1 * i;
    set_all(e);
    trine_status status = trine_team_open("omp:2", &team);
    read_all(now);
    set_all(environments);
    CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_TRUE(environment_equal(&now[i], e));
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_F64, data, 4 * TRINE_CHUNK, &x), TRINE_OK);
    set_all(other);
    status = trine_sum_f64(x, TRINE_FAST, &sum);
    read_all(now);
    set_all(environments);
    CU_ASSERT_EQUAL(status, TRINE_OK);
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_TRUE(environment_equal(&now[i], other));
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"threads keep what the caller has set", threads_keep_what_the_caller_has_set},
        CU_TEST_INFO_NULL};
    return trine_check_main("threads", tests);
}
