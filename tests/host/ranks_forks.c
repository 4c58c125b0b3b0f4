/* ranks_forks.c - a process that was forked from a rank: MPI and the rank's teams are refused
 * there, and its end is not the rank's. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"

enum { N = 100000, PATIENCE = 60 };

static const char *spec;

/* In the forked process. */
static void need(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "\n  %s: %s\n", what, trine_error_detail());
        _exit(1);
    }
}

static void be_forked(trine_team *team, trine_array *x, trine_counter *counter)
{
    double sum = 0;
    trine_team *other;
    trine_array *made;
    need(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_E_WORKER, "a sum");
    need(trine_sum_f64(NULL, TRINE_EXACT, &sum) == TRINE_E_ARGUMENT, "a refusal");
    need(trine_array_create(team, TRINE_F64, N, TRINE_DISTRIBUTED, &made) == TRINE_E_WORKER,
         "a new array");
    need(trine_counter_close(counter) == TRINE_E_WORKER, "freeing a counter");
    need(trine_team_open("mpi", &other) == TRINE_E_CLOSED, "a new team of ranks");
    need(trine_team_open("mpi+omp:2", &other) == TRINE_E_CLOSED, "a new team of ranks of threads");
    need(strstr(trine_error_detail(), "forked from") != NULL, "why");
    need(trine_team_open("serial", &other) == TRINE_OK, "a serial team");
    need(trine_team_close(other) == TRINE_OK, "closing it");
    trine_array_free(x);
    trine_finalize();
}

static void a_forked_process_is_no_rank(void)
{
    trine_team *team;
    trine_array *x;
    trine_counter *counter = NULL;
    double before = 0, after = 1;
    int status = -1;
    CU_ASSERT_EQUAL_FATAL(trine_team_open(spec, &team), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_F64, N, TRINE_DISTRIBUTED, &x), TRINE_OK);
    double *data = trine_array_data(x);
    for (int64_t i = 0; i < trine_array_local_n(x); i++)
        data[i] = 0.1 * (double)(trine_array_offset(x) + i);
    CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_EXACT, &before), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_open(team, 0, &counter), TRINE_OK);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(PATIENCE);
        be_forked(team, x, counter);
        exit(0);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_EXACT, &after), TRINE_OK);
    CU_ASSERT_EQUAL(before, after);
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

int main(int argc, char **argv)
{
    spec = argc > 1 ? argv[1] : "mpi";
    CU_TestInfo tests[] = {
        {"a forked process is no rank", a_forked_process_is_no_rank},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("forks", tests);
}
