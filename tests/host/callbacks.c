/* callbacks.c - user code on a thread of a team that ends the thread or the process: a call comes
 * to its end with an error, and the process ends with the status that it was given. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "counting.h"
#include "child.h"
#include "kinds.h"

enum { CHUNKS = 64, N = CHUNKS * TRINE_CHUNK, STATUS = 7, ITEMS = 40 };

/* What the user code does, once, on a thread of the team's that is not the caller's, or on the
 * caller's. */
static struct {
    void (*_Atomic leave)(void);
    bool by_caller;
    pthread_t caller;
} deed;

static void leave_once(void)
{
    bool is_caller = pthread_equal(pthread_self(), deed.caller);
    void (*leave)(void) = NULL;
    if (is_caller == deed.by_caller)
        leave = atomic_exchange(&deed.leave, NULL);
    if (leave)
        leave();
}

static void leaving_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    leave_once();
    *(uint64_t *)state += chunk->n;
}

static const trine_reducer leaving = COUNTING(leaving_accumulate, counting_finish);

static void end_thread(void)
{
    pthread_exit(NULL);
}

static void end_process(void)
{
    exit(STATUS);
}

static void must_tell(trine_status status)
{
    MUST(status == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "pthread_exit") != NULL);
}

static void a_thread_that_ends_is_an_error_body(void)
{
    for (int round = 0; round < 5; round++) {
        trine_team *team = open_team("omp:3");
        trine_array *x;
        uint64_t n = 0;
        MUST(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &x) == TRINE_OK);
        const trine_array *in[] = {x};
        MUST(trine_reduce(&leaving, in, NULL, &n) == TRINE_OK && n == N);
        deed.caller = pthread_self();
        deed.leave = end_thread;
        must_tell(trine_reduce(&leaving, in, NULL, &n));
        MUST(trine_reduce(&leaving, in, NULL, &n) == TRINE_OK && n == N);
        trine_array_free(x);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(NULL, a_thread_that_ends_is_an_error)

static trine_status leave_in_task(trine_task *task)
{
    (void)task;
    leave_once();
    return TRINE_OK;
}

static const trine_task_kind leaving_kind = {
    .name = "leaving", .run = leave_in_task, .item_max = sizeof(uint64_t)};

static void a_thread_that_ends_in_a_task_is_an_error_body(void)
{
    trine_team *team = open_team("omp:3");
    trine_task_queue *queue;
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    numbers items = {0, ITEMS};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                        .source_context = &items};
    deed.caller = pthread_self();
    deed.leave = end_thread;
    MUST(trine_task_open(team, &leaving_kind, &options, &queue) == TRINE_OK);
    int failed = 0;
    for (int i = 0; i < ITEMS; i++) {
        MUST(trine_task_next(queue, &outcome) == TRINE_OK);
        failed += outcome.status == TRINE_E_WORKER;
    }
    MUST(failed == 1);
    (void)trine_task_close(queue);
    items.next = 0;
    MUST(trine_task_open(team, &leaving_kind, &options, &queue) == TRINE_OK);
    MUST(trine_task_next(queue, &outcome) == TRINE_OK && outcome.status == TRINE_OK);
    MUST(trine_task_close(queue) == TRINE_OK);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, a_thread_that_ends_in_a_task_is_an_error)

static void leave_process(const char *spec, bool by_caller)
{
    trine_team *team = open_team(spec);
    trine_array *x;
    uint64_t n;
    MUST(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &x) == TRINE_OK);
    deed.caller = pthread_self();
    deed.by_caller = by_caller;
    deed.leave = end_process;
    (void)trine_reduce(&leaving, (const trine_array *[]){x}, NULL, &n);
    MUST(false);
}

static void exit_by_worker(void)
{
    leave_process("omp:3", false);
}

static void exit_by_caller(void)
{
    leave_process("omp:3", true);
}

static void exit_by_serial(void)
{
    leave_process("serial", true);
}

static void exit_with_an_open_team(void)
{
    (void)open_team("omp:3");
    exit(STATUS);
}

static void exit_ends_the_process_with_its_status(void)
{
    CU_ASSERT_EQUAL(in_child(NULL, exit_by_worker), STATUS);
    CU_ASSERT_EQUAL(in_child(NULL, exit_by_caller), STATUS);
    CU_ASSERT_EQUAL(in_child(NULL, exit_by_serial), STATUS);
    /* Threads that have only begun may still be in the runtime. */
    for (int round = 0; round < 20; round++)
        CU_ASSERT_EQUAL(in_child(NULL, exit_with_an_open_team), STATUS);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a thread that ends is an error", a_thread_that_ends_is_an_error},
        {"a thread that ends in a task is an error", a_thread_that_ends_in_a_task_is_an_error},
        {"exit ends the process with its status", exit_ends_the_process_with_its_status},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("callbacks", tests);
}
