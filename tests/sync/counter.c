/* counter.c - a counter that the workers of one rank share, threads or processes: no addition is
 * lost, nor a write under the lock, also when a worker died holding it. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"
#include "core/team/team.h"

enum { BLOCKS = 64, EACH = 200 };

/* In memory that all workers address. */
typedef struct errand {
    trine_counter *adds, *writes;
    pid_t parent;
    bool dies;
    atomic_int deaths;
} errand;

static trine_status update(void *context, size_t block, trine_worker *worker)
{
    errand *e = context;
    trine_status status = TRINE_OK;
    (void)block, (void)worker;
    for (int i = 0; i < EACH && !status; i++) {
        int64_t value = 0;
        status = trine_counter_add(e->adds, 2, NULL);
        if (!status)
            status = trine_counter_lock(e->writes);
        if (e->dies && getpid() != e->parent && atomic_fetch_add(&e->deaths, 1) == 0)
            raise(SIGKILL);
        if (!status)
            status = trine_counter_get(e->writes, &value);
        if (!status)
            status = trine_counter_set(e->writes, value + 1);
        if (!status)
            status = trine_counter_unlock(e->writes);
    }
    return status;
}

static void count_on(const char *spec, bool dies)
{
    trine_team *team = NULL;
    void *memory = NULL;
    trine_status status = trine_team_open(spec, &team);
    if (status == TRINE_E_ABSENT)
        return;
    CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(team->executor.ops.alloc(&team->executor, sizeof(errand), &memory),
                          TRINE_OK);
    errand *e = memory;
    *e = (errand){.parent = getpid(), .dies = dies};
    CU_ASSERT_EQUAL_FATAL(trine_counter_open(team, -7, &e->adds), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_counter_open(team, 0, &e->writes), TRINE_OK);
    trine_job job = {.blocks = BLOCKS, .body = update, .context = e, .restartable = true};
    CU_ASSERT_EQUAL_FATAL(trine_call_begin(team), TRINE_OK);
    status = trine_call_end(team, NULL, trine_team_run(team, &team->executor, &job));
    CU_ASSERT_EQUAL(status, TRINE_OK);
    int64_t added = 0, written = 0;
    CU_ASSERT_EQUAL(trine_counter_get(e->adds, &added), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_get(e->writes, &written), TRINE_OK);
    /* The block whose worker died was done again: one addition more, or all but one. */
    CU_ASSERT_EQUAL(atomic_load(&e->deaths) > 0, dies);
    CU_ASSERT_TRUE(dies ? added > 2 * BLOCKS * EACH - 7 : added == 2 * BLOCKS * EACH - 7);
    CU_ASSERT_EQUAL(written, dies ? (added + 7) / 2 - 1 : BLOCKS * EACH);
    CU_ASSERT_EQUAL(trine_counter_close(e->adds), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_close(e->writes), TRINE_OK);
    team->executor.ops.free(&team->executor, e, sizeof *e);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

static void the_workers_of_a_rank_share_it(void)
{
    count_on("serial", false);
    count_on("omp:4", false);
    count_on("pool:4", false);
}

static void the_lock_of_one_that_died_is_taken_over(void)
{
    count_on("pool:3", true);
}

static void misuse_is_refused(void)
{
    trine_team *team = NULL;
    trine_counter *counter = NULL;
    int64_t value = 3;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &team), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_open(team, 0, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_counter_open(NULL, 0, &counter), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NULL(counter);
    CU_ASSERT_EQUAL_FATAL(trine_counter_open(team, INT64_MAX, &counter), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_unlock(counter), TRINE_E_SYSTEM);
    CU_ASSERT_EQUAL(trine_counter_lock(counter), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_lock(counter), TRINE_E_SYSTEM);
    CU_ASSERT_EQUAL(trine_counter_unlock(counter), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_get(counter, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_counter_set(NULL, 1), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_counter_lock(NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_E_BUSY);
    CU_ASSERT_EQUAL(trine_counter_add(counter, 1, &value), TRINE_OK);
    CU_ASSERT_EQUAL(value, INT64_MAX);
    CU_ASSERT_EQUAL(trine_counter_get(counter, &value), TRINE_OK);
    CU_ASSERT_EQUAL(value, INT64_MIN);
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_close(NULL), TRINE_OK);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"the workers of a rank share it", the_workers_of_a_rank_share_it},
        {"the lock of one that died is taken over", the_lock_of_one_that_died_is_taken_over},
        {"misuse is refused", misuse_is_refused},
        CU_TEST_INFO_NULL,
    };
    if (trine_init())
        return 1;
    return trine_check_main("counter", tests);
}
