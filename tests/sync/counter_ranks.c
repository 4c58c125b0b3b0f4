/* counter_ranks.c [remote] - a counter over several ranks: no update of add, or of set under the
 * lock, is lost; updates without the lock can be. */
#include <mpi.h>

#include <pthread.h>
#include <string.h>
#include <time.h>

#include <trine/trine.h>

#include "backends/mpi/mpi_data.h"
#include "check.h"

enum { EACH = 300 };

static int rank, size;
static trine_team *team;

static trine_counter *new_counter(int64_t initial)
{
    trine_counter *counter = NULL;
    trine_status status = trine_counter_open(team, initial, &counter);
    if (status)
        printf("\n  rank %d: %s\n", rank, trine_error_detail());
    CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
    return counter;
}

static int64_t value_of(trine_counter *counter)
{
    int64_t value = -1;
    CU_ASSERT_EQUAL(trine_counter_get(counter, &value), TRINE_OK);
    return value;
}

/* The value after all ranks are through. */
static int64_t final_value(trine_counter *counter)
{
    MPI_Barrier(MPI_COMM_WORLD);
    return value_of(counter);
}

static void all_ranks_see_the_initial_value(void)
{
    trine_counter *counter = new_counter(-1234567890123);
    CU_ASSERT_EQUAL(value_of(counter), -1234567890123);
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_close(NULL), TRINE_OK);
}

static void no_addition_is_lost(void)
{
    trine_counter *counter = new_counter(5);
    int64_t before = 0, last = -1;
    bool grows = true;
    for (int i = 0; i < EACH; i++) {
        CU_ASSERT_EQUAL(trine_counter_add(counter, 3, &before), TRINE_OK);
        grows = grows && before > last && (before - 5) % 3 == 0;
        last = before;
    }
    CU_ASSERT_TRUE(grows);
    MPI_Barrier(MPI_COMM_WORLD);
    CU_ASSERT_EQUAL(trine_counter_add(counter, -1, NULL), TRINE_OK);
    CU_ASSERT_EQUAL(final_value(counter), 5 + (int64_t)size * (3 * EACH - 1));
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
}

/* Reads, lets others in, writes. */
static void raise_by_one(trine_counter *counter)
{
    int64_t value = value_of(counter);
    nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    CU_ASSERT_EQUAL(trine_counter_set(counter, value + 1), TRINE_OK);
}

static void no_write_under_the_lock_is_lost(void)
{
    trine_counter *counter = new_counter(0);
    for (int i = 0; i < EACH / 3; i++) {
        CU_ASSERT_EQUAL(trine_counter_lock(counter), TRINE_OK);
        raise_by_one(counter);
        CU_ASSERT_EQUAL(trine_counter_unlock(counter), TRINE_OK);
    }
    CU_ASSERT_EQUAL(final_value(counter), (int64_t)size * (EACH / 3));
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
}

/* All ranks read before any writes: then all but one of the writes are lost. */
static void writes_without_the_lock_can_be_lost(void)
{
    trine_counter *counter = new_counter(0);
    for (int i = 0; i < 20; i++) {
        int64_t value = final_value(counter);
        MPI_Barrier(MPI_COMM_WORLD);
        CU_ASSERT_EQUAL(trine_counter_set(counter, value + 1), TRINE_OK);
    }
    CU_ASSERT_EQUAL(final_value(counter), 20);
    MPI_Barrier(MPI_COMM_WORLD);
    for (int i = 0; i < EACH; i++)
        raise_by_one(counter);
    int64_t value = final_value(counter);
    CU_ASSERT_TRUE(value > 20 && value <= 20 + (int64_t)size * EACH);
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
}

static void misuse_is_refused(void)
{
    trine_counter *counter = new_counter(0);
    CU_ASSERT_EQUAL(trine_counter_unlock(counter), TRINE_E_SYSTEM);
    CU_ASSERT_EQUAL(trine_counter_lock(counter), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_lock(counter), TRINE_E_SYSTEM);
    CU_ASSERT_EQUAL(trine_counter_unlock(counter), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_get(counter, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_counter_add(NULL, 1, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_E_BUSY);
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
    CU_ASSERT_EQUAL(trine_counter_open(NULL, 0, &counter), TRINE_E_ARGUMENT);
    for (int bad = 0; bad < size; bad++)
        CU_ASSERT_EQUAL(trine_counter_open(team, 0, rank == bad ? NULL : &counter),
                        TRINE_E_ARGUMENT);
    if (size > 1)
        CU_ASSERT_EQUAL(trine_counter_open(team, rank, &counter), TRINE_E_COLLECTIVE);
}

/* Whatever the other ranks call instead, or refuse. */
static void a_counter_that_is_not_closed_is_kept(void)
{
    trine_counter *counter = new_counter(3), *other = NULL;
    trine_array *array = NULL;
    if (size > 1) {
        CU_ASSERT_EQUAL(rank == 0 ? trine_counter_close(counter)
                                  : trine_array_create(team, TRINE_F64, 9, TRINE_PRIVATE, &array),
                        TRINE_E_COLLECTIVE);
        CU_ASSERT_EQUAL(rank == 0 ? trine_counter_close(counter)
                                  : trine_counter_open(team, 0, NULL),
                        TRINE_E_ARGUMENT);
        CU_ASSERT_EQUAL(rank > 0 ? trine_counter_close(counter)
                                 : trine_counter_open(team, 0, &other),
                        TRINE_E_COLLECTIVE);
    }
    CU_ASSERT_EQUAL(value_of(counter), 3);
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
}

static void *use_in_another_thread(void *context)
{
    trine_counter *counter = context;
    int64_t value;
    trine_status expected = size > 1 ? TRINE_E_ABSENT : TRINE_OK;
    CU_ASSERT_EQUAL(trine_counter_lock(counter), expected);
    CU_ASSERT_EQUAL(trine_counter_add(counter, 1, NULL), expected);
    CU_ASSERT_EQUAL(trine_counter_get(counter, &value), expected);
    CU_ASSERT_EQUAL(trine_counter_set(counter, 8), expected);
    CU_ASSERT_EQUAL(trine_counter_unlock(counter), expected);
    if (size > 1)
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "the thread that opened it"));
    return NULL;
}

/* MPI serves the thread alone that has started it. */
static void another_thread_of_several_ranks_is_refused(void)
{
    trine_counter *counter = new_counter(7);
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, use_in_another_thread, counter), 0);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(value_of(counter), size > 1 ? 7 : 8);
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
}

static trine_status use_in_a_task(trine_task *task)
{
    trine_counter *counter;
    memcpy(&counter, task->param, sizeof counter);
    trine_status status = trine_counter_add(counter, 1, NULL);
    return status ? trine_task_fail(task, status, trine_error_detail()) : status;
}

/* Its one worker is the calling process, but another one has the tasks. */
static void tasks_on_a_pool_of_one_are_refused(void)
{
    static const trine_task_kind kind = {
        .name = "use", .run = use_in_a_task, .item_max = 1, .param_size = sizeof(trine_counter *)};
    trine_team *pool = NULL;
    trine_counter *counter = NULL;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("mpi+pool:1", &pool), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_counter_open(pool, 0, &counter), TRINE_OK);
    const trine_task_options options = {TRINE_INIT(trine_task_options), .param = &counter};
    CU_ASSERT_EQUAL(trine_task_map(pool, &kind, "", 1, 1, &options, NULL, NULL, NULL),
                    size > 1 ? TRINE_E_ABSENT : TRINE_OK);
    if (size > 1)
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "the thread that opened it, not"));
    CU_ASSERT_EQUAL(value_of(counter), size > 1 ? 0 : 1);
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
    CU_ASSERT_EQUAL(trine_team_close(pool), TRINE_OK);
}

static void ranks_of_several_workers_have_none(void)
{
    trine_team *threads = NULL;
    trine_counter *counter = NULL;
    trine_status status = trine_team_open("mpi+omp:2", &threads);
    if (status == TRINE_E_ABSENT)
        return;
    CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
    status = trine_counter_open(threads, 0, &counter);
    CU_ASSERT_EQUAL(status, size > 1 ? TRINE_E_ABSENT : TRINE_OK);
    if (size > 1)
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "FUNNELED"));
    CU_ASSERT_EQUAL(trine_counter_close(counter), TRINE_OK);
    CU_ASSERT_EQUAL(trine_team_close(threads), TRINE_OK);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"all ranks see the initial value", all_ranks_see_the_initial_value},
        {"no addition is lost", no_addition_is_lost},
        {"no write under the lock is lost", no_write_under_the_lock_is_lost},
        {"writes without the lock can be lost", writes_without_the_lock_can_be_lost},
        {"misuse is refused", misuse_is_refused},
        {"a counter that is not closed is kept", a_counter_that_is_not_closed_is_kept},
        {"another thread of several ranks is refused", another_thread_of_several_ranks_is_refused},
        {"tasks on a pool of one are refused", tasks_on_a_pool_of_one_are_refused},
        {"ranks of several workers have none", ranks_of_several_workers_have_none},
        CU_TEST_INFO_NULL,
    };
    trine_mpi_window_shares = argc < 2;
    if (trine_init() || trine_team_open("mpi", &team)) {
        printf("%s: %s\n", argv[0], trine_error_detail());
        return 1;
    }
    rank = trine_team_rank(team);
    size = trine_team_ranks(team);
    int status = trine_check_main("counter", tests);
    status |= trine_team_close(team) != TRINE_OK;
    return status;
}
