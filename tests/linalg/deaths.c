/* deaths.c - a worker of a pool that is killed in the middle of a product: the same bits when the
 * tile can be computed again, else a named error; and the team goes on working. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matrices.h"

enum { N = 1200, ROUNDS = 8 };

static trine_team *team;

/* Kills worker 1 from another process after so many microseconds. */
static pid_t begin_killing(useconds_t after)
{
    pid_t victim = (pid_t)trine_team_worker_pid(team, 1), killer = fork();
    if (killer == 0) {
        usleep(after);
        kill(victim, SIGKILL);
        _exit(0);
    }
    return killer;
}

/* N x N x N, once undisturbed and then under the killer; how many calls failed. */
static int multiply_under_a_killer(double beta)
{
    int failures = 0;
    size_t bytes = (size_t)N * N * sizeof(double);
    trine_array *a = new_matrix(team, TRINE_F64, N, N, TRINE_SHARED, 1);
    trine_array *b = new_matrix(team, TRINE_F64, N, N, TRINE_SHARED, 2);
    trine_array *c = new_matrix(team, TRINE_F64, N, N, TRINE_SHARED, 3);
    trine_array *expected = new_matrix(team, TRINE_F64, N, N, TRINE_SHARED, 3);
    void *before = malloc(bytes);
    memcpy(before, trine_array_data(c), bytes);
    CU_ASSERT_EQUAL_FATAL(trine_gemm_f64(1, a, b, beta, expected), TRINE_OK);
    for (int round = 0; round < ROUNDS; round++) {
        memcpy(trine_array_data(c), before, bytes);
        pid_t killer = begin_killing((useconds_t)(1000 + round * 9000));
        trine_status status = trine_gemm_f64(1, a, b, beta, c);
        waitpid(killer, NULL, 0);
        failures += status != TRINE_OK;
        if (status)
            CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "killed"));
        CU_ASSERT_TRUE(status == TRINE_OK || status == TRINE_E_WORKER);
        CU_ASSERT_TRUE(status ||
                       memcmp(trine_array_data(c), trine_array_data(expected), bytes) == 0);
    }
    free(before);
    trine_array_free(a);
    trine_array_free(b);
    trine_array_free(c);
    trine_array_free(expected);
    return failures;
}

static void a_tile_is_computed_again(void)
{
    CU_ASSERT_EQUAL(multiply_under_a_killer(0), 0);
}

static void what_was_added_to_is_not(void)
{
    CU_ASSERT_TRUE(multiply_under_a_killer(1) > 0);
    CU_ASSERT_EQUAL(multiply_under_a_killer(0), 0);
}

int main(void)
{
    trine_init();
    trine_status status = trine_team_open("pool:2", &team);
    if (status == TRINE_E_ABSENT || !trine_gemm_library()) {
        fprintf(stderr, "skipped: %s\n", trine_error_detail());
        return 77;
    }
    CU_TestInfo tests[] = {
        {"a tile is computed again", a_tile_is_computed_again},
        {"what was added to is not", what_was_added_to_is_not},
        CU_TEST_INFO_NULL,
    };
    int failed = trine_check_main("workers", tests);
    return trine_team_close(team) || failed;
}
