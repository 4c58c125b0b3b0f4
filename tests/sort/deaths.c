/* deaths.c - workers of a pool that are killed in the middle of a sort cost time alone. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "child.h"
#include "clock.h"

enum { N = 1 << 21, ROUNDS = 24 };

static void fill(double *x)
{
    for (uint64_t i = 0; i < N; i++)
        x[i] = (double)((i + 1) * 0x9e3779b97f4a7c15u % 1000003);
}

/* The deaths come at equal distances over the time that a sort takes. */
static void killed_workers_change_no_bit_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x, *permutation;
    MUST(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &x) == TRINE_OK);
    MUST(trine_array_create(team, TRINE_I64, N, TRINE_SHARED, &permutation) == TRINE_OK);
    size_t bytes = (size_t)N * sizeof(double);
    double *sorted = malloc(bytes), *data = trine_array_data(x);
    uint64_t *order = malloc(bytes);
    MUST(sorted && order);
    fill(data);
    MUST(trine_argsort(x, permutation) == TRINE_OK);
    memcpy(order, trine_array_data(permutation), bytes);
    double began = seconds_now();
    MUST(trine_sort(x) == TRINE_OK);
    double took = seconds_now() - began;
    memcpy(sorted, data, bytes);
    int deaths = 0;
    for (int round = 0; round < ROUNDS; round++) {
        fill(data);
        pid_t victim = (pid_t)trine_team_worker_pid(team, 1 + round % 2), killer = fork();
        if (killer == 0) {
            usleep((useconds_t)(1e6 * took * round / ROUNDS));
            kill(victim, SIGKILL);
            _exit(0);
        }
        if (round % 2) {
            MUST(trine_argsort(x, permutation) == TRINE_OK);
            MUST(memcmp(trine_array_data(permutation), order, bytes) == 0);
        } else {
            MUST(trine_sort(x) == TRINE_OK);
            MUST(memcmp(data, sorted, bytes) == 0);
        }
        trine_ledger ledger = {TRINE_INIT(trine_ledger)};
        MUST(trine_team_ledger(team, &ledger) == TRINE_OK);
        deaths += ledger.replaced;
        MUST(waitpid(killer, NULL, 0) == killer);
    }
    printf("\n  %d of %d deaths in a sort\n", deaths, (int)ROUNDS);
    fflush(stdout);
    MUST(deaths > ROUNDS / 4);
    trine_array_free(x);
    trine_array_free(permutation);
    free(sorted);
    free(order);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, killed_workers_change_no_bit)

int main(void)
{
    CU_TestInfo tests[] = {
        {"killed workers change no bit", killed_workers_change_no_bit},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("deaths in sorts", tests);
}
