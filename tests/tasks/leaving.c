/* leaving.c - functions of the program's that do not return (they throw, jump, end their thread or
 * the program) leave a team that works on, or that says what happened and can be closed.
 *
 * What is thrown here is what C++ throws, without C++: the unwinder's own exception.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

#include "counting.h"
#include "child.h"

enum { CHUNKS = 12, ITEMS = 30 };

/* How a function leaves. */
typedef enum way { RETURN, THROW, JUMP, END_THREAD, EXIT, CALL_AGAIN } way;

/* What the functions do: the accumulate of that chunk, the finish. owner: in this process alone, 0
 * for in any; caller: in this thread alone. */
static struct plan {
    way accumulate, finish, source, progress;
    int64_t chunk;
    bool owned;
    pid_t owner;
    pthread_t caller;
    jmp_buf back;
    const trine_array *array;
    trine_status again;
} * plan_of_all;

#define plan (*plan_of_all)

static void end_exception(_Unwind_Reason_Code reason, struct _Unwind_Exception *exception)
{
    (void)reason;
    free(exception);
}

static void leave(way way)
{
    double sum;
    struct _Unwind_Exception *exception;
    switch (way) {
    case RETURN:
        return;
    case THROW:
        exception = calloc(1, sizeof *exception);
        exception->exception_class = UINT64_C(0x54524e5454455354);
        exception->exception_cleanup = end_exception;
        _Unwind_RaiseException(exception);
        abort();
    case JUMP:
        longjmp(plan.back, 1);
    case END_THREAD:
        pthread_exit(NULL);
    case EXIT:
        exit(3);
    case CALL_AGAIN:
        plan.again = trine_sum_f64(plan.array, TRINE_EXACT, &sum);
    }
}

static bool is_meant(void)
{
    return !plan.owned || (getpid() == plan.owner && pthread_equal(pthread_self(), plan.caller));
}

static void accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    if (chunk->offset / TRINE_CHUNK == plan.chunk && is_meant())
        leave(plan.accumulate);
    *(uint64_t *)state += chunk->n;
}

static trine_status finish(void *result, const void *state, const void *param)
{
    leave(plan.finish);
    return counting_finish(result, state, param);
}

static const trine_reducer counting = COUNTING(accumulate, finish);

static trine_array *zeros(trine_team *team)
{
    trine_array *x;
    MUST(trine_array_create(team, TRINE_F64, CHUNKS * TRINE_CHUNK, TRINE_SHARED, &x) == TRINE_OK);
    return x;
}

static void make_plan(void)
{
    memset(plan_of_all, 0, sizeof plan);
    plan.owner = getpid();
    plan.caller = pthread_self();
}

static trine_status count(const trine_array *x, uint64_t *n)
{
    const trine_array *in[] = {x};
    return trine_reduce(&counting, in, NULL, n);
}

static void must_work(const trine_array *x)
{
    uint64_t n = 0;
    make_plan();
    MUST(count(x, &n) == TRINE_OK && n == (uint64_t)CHUNKS * TRINE_CHUNK);
}

/* Another depth of the stack. */
static __attribute__((noinline)) void must_work_deeper(const trine_array *x)
{
    volatile char deep[20000];
    deep[0] = deep[sizeof deep - 1] = 1;
    must_work(x);
}

static const char *specs[] = {"serial", "omp:3", "pool:3"};

/* NULL where this build has it not. */
static trine_team *open_if_there(const char *spec)
{
    trine_team *team = NULL;
    trine_status status = trine_team_open(spec, &team);
    MUST(status == TRINE_OK || status == TRINE_E_ABSENT);
    return team;
}

static void for_each_team(void (*test)(trine_team *team, trine_array *x))
{
    MUST(trine_init() == TRINE_OK);
    for (int i = 0; i < 3; i++) {
        trine_team *team = open_if_there(specs[i]);
        if (!team)
            continue;
        trine_array *x = zeros(team);
        must_work(x);
        test(team, x);
        trine_array_free(x);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}

static void throw_in_each_chunk(trine_team *team, trine_array *x)
{
    uint64_t n;
    (void)team;
    for (uint64_t chunk = 0; chunk < CHUNKS; chunk++) {
        make_plan();
        plan.chunk = chunk;
        plan.accumulate = THROW;
        MUST(count(x, &n) == TRINE_E_WORKER);
        MUST(strstr(trine_error_detail(), "threw an exception") != NULL);
        must_work(x);
    }
}

static void an_exception_is_an_error_body(void)
{
    for_each_team(throw_in_each_chunk);
}
IN_CHILD(NULL, an_exception_is_an_error)

static void jump(trine_array *x)
{
    uint64_t n;
    if (setjmp(plan.back) == 0) {
        (void)count(x, &n);
        MUST(false);
    }
}

static void jump_out(trine_team *team, trine_array *x)
{
    (void)team;
    for (int i = 0; i < 3; i++) {
        make_plan();
        plan.finish = JUMP;
        jump(x);
        must_work(x);
        make_plan();
        plan.finish = JUMP;
        jump(x);
        must_work_deeper(x);
    }
    make_plan();
    plan.owned = true;
    plan.accumulate = JUMP;
    jump(x);
    make_plan();
    must_work_deeper(x);
    make_plan();
    plan.finish = JUMP;
    jump(x);
}

static void a_jump_leaves_a_team_that_works_body(void)
{
    for_each_team(jump_out);
}
IN_CHILD(NULL, a_jump_leaves_a_team_that_works)

/* A function that calls the team which it works for is inside of a call, not out of one. */
static void call_again(trine_team *team, trine_array *x)
{
    uint64_t n;
    (void)team;
    for (int i = 0; i < 2; i++) {
        make_plan();
        plan.array = x;
        plan.owned = true;
        plan.accumulate = i ? RETURN : CALL_AGAIN;
        plan.finish = i ? CALL_AGAIN : RETURN;
        MUST(count(x, &n) == TRINE_OK && n == (uint64_t)CHUNKS * TRINE_CHUNK);
        MUST(plan.again == TRINE_E_BUSY);
        must_work(x);
    }
}

static void a_call_from_inside_stays_busy_body(void)
{
    for_each_team(call_again);
}
IN_CHILD(NULL, a_call_from_inside_stays_busy)

static void *count_in_thread(void *x)
{
    uint64_t n;
    plan.caller = pthread_self();
    (void)count(x, &n);
    return x;
}

/* The caller's thread ends in it, and another one takes the team over. */
static void end_callers_thread(trine_team *team, trine_array *x)
{
    pthread_t thread;
    void *returned;
    for (int i = 0; i < 2; i++) {
        bool omp = strncmp(trine_team_spec(team), "omp", 3) == 0;
        make_plan();
        plan.owned = true;
        plan.accumulate = i == 0 && !omp ? END_THREAD : RETURN;
        plan.finish = END_THREAD;
        MUST(pthread_create(&thread, NULL, count_in_thread, x) == 0);
        MUST(pthread_join(thread, &returned) == 0 && returned != x);
        must_work(x);
    }
}

static void a_thread_that_ends_leaves_its_team_body(void)
{
    for_each_team(end_callers_thread);
}
IN_CHILD(NULL, a_thread_that_ends_leaves_its_team)

static void *count_for_ever(void *x)
{
    uint64_t n;
    for (;;) {
        (void)count(x, &n);
        pthread_testcancel();
    }
    return NULL;
}

/* Wherever it is cancelled, another thread takes the team over. */
static void cancel_caller(trine_team *team, trine_array *x)
{
    pthread_t thread;
    void *returned;
    (void)team;
    for (int i = 0; i < 10; i++) {
        make_plan();
        MUST(pthread_create(&thread, NULL, count_for_ever, x) == 0);
        usleep(2000);
        MUST(pthread_cancel(thread) == 0 && pthread_join(thread, &returned) == 0);
        MUST(returned == PTHREAD_CANCELED);
        must_work(x);
    }
}

static void a_cancelled_thread_leaves_its_team_body(void)
{
    for_each_team(cancel_caller);
}
IN_CHILD(NULL, a_cancelled_thread_leaves_its_team)

/* The threads of OpenMP are none of the program's, and go on. */
static void threads_of_a_team_do_not_end_body(void)
{
    trine_team *team = open_if_there("omp:3");
    if (!team)
        return;
    trine_array *x = zeros(team);
    uint64_t n;
    for (int i = 0; i < 3; i++) {
        make_plan();
        plan.chunk = CHUNKS - 1;
        plan.accumulate = END_THREAD;
        MUST(count(x, &n) == TRINE_E_WORKER);
        MUST(strstr(trine_error_detail(), "pthread_exit") != NULL);
        must_work(x);
    }
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, threads_of_a_team_do_not_end)

static void exit_within(const char *spec)
{
    alarm(60);
    trine_team *team = open_if_there(spec);
    if (!team)
        exit(3);
    trine_array *x = zeros(team);
    uint64_t n;
    make_plan();
    plan.owned = true;
    plan.accumulate = EXIT;
    (void)count(x, &n);
}

static void exit_serial_body(void)
{
    exit_within("serial");
}

static void exit_omp_body(void)
{
    exit_within("omp:3");
}

static void exit_pool_body(void)
{
    exit_within("pool:3");
}

static void exit_in_the_caller_ends_the_program(void)
{
    CU_ASSERT_EQUAL(in_child(NULL, exit_serial_body), 3);
    CU_ASSERT_EQUAL(in_child(NULL, exit_omp_body), 3);
    CU_ASSERT_EQUAL(in_child(NULL, exit_pool_body), 3);
}

/* --- Tasks. */

static trine_status run_item(trine_task *task)
{
    if (task->index == plan.chunk && is_meant())
        leave(plan.accumulate);
    return TRINE_OK;
}

static const trine_task_kind kind = {.name = "leaving", .run = run_item};

/* Of ITEMS items the one of the plan fails. */
static void must_fail_once(trine_team *team, const char *why)
{
    trine_status statuses[ITEMS];
    MUST(trine_task_map(team, &kind, NULL, ITEMS, 0, NULL, NULL, NULL, statuses) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), why) != NULL);
    for (int64_t i = 0; i < ITEMS; i++)
        MUST(statuses[i] == (i == plan.chunk ? TRINE_E_WORKER : TRINE_OK));
}

static void throw_in_tasks(trine_team *team, trine_array *x)
{
    for (uint64_t item = 0; item < ITEMS; item += 7) {
        make_plan();
        plan.chunk = item;
        plan.accumulate = THROW;
        must_fail_once(team, "threw an exception");
        if (strcmp(trine_team_spec(team), "serial") != 0) {
            plan.accumulate = END_THREAD;
            must_fail_once(team, "ended its thread");
        }
        must_work(x);
    }
}

static void a_task_that_throws_fails_alone_body(void)
{
    for_each_team(throw_in_tasks);
}
IN_CHILD(NULL, a_task_that_throws_fails_alone)

static void a_task_that_jumps_fails_alone_body(void)
{
    trine_team *team = open_team("serial");
    trine_task_queue *queue;
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .chunk = 4};
    for (int64_t item = 0; item < 8; item++) {
        MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
        make_plan();
        plan.chunk = item;
        plan.accumulate = JUMP;
        for (int i = 0; i < 8; i++)
            MUST(trine_task_submit(queue, NULL, 0, NULL) == TRINE_OK);
        volatile int64_t done = 0;
        (void)setjmp(plan.back);
        while (done < 8) {
            MUST(trine_task_next(queue, &outcome) == TRINE_OK && outcome.index == done);
            MUST(outcome.status == (done == item ? TRINE_E_WORKER : TRINE_OK));
            done++;
        }
        MUST(trine_task_close(queue) == TRINE_OK);
    }
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, a_task_that_jumps_fails_alone)

static bool give_items(void *context, void *item, size_t *size)
{
    int *given = context;
    (void)item;
    *size = 0;
    if (*given == 5)
        leave(plan.source);
    return ++*given <= ITEMS;
}

static void note_progress(void *context, const trine_task_queue *queue,
                          const trine_task_progress *progress)
{
    (void)context;
    (void)queue;
    (void)progress;
    leave(plan.progress);
}

/* Collects until something is wrong. */
static trine_status collect(trine_task_queue *queue)
{
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    trine_status status;
    do {
        status = trine_task_next(queue, &outcome);
    } while (!status && outcome.index != TRINE_TASK_NONE);
    return status;
}

static void leave_source(trine_team *team, trine_array *x)
{
    for (volatile int i = 0; i < 4; i++) {
        volatile int jumps = 0;
        int given = 0;
        trine_task_queue *queue;
        const trine_task_options options = {TRINE_INIT(trine_task_options), .source = give_items,
                                            .source_context = &given,
                                            .on_progress = i > 1 ? note_progress : NULL};
        make_plan();
        MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
        plan.source = i == 0 ? THROW : i == 1 ? JUMP : RETURN;
        plan.progress = i == 2 ? THROW : i == 3 ? JUMP : RETURN;
        if (setjmp(plan.back) == 0)
            MUST(collect(queue) == (i > 1 ? TRINE_OK : TRINE_E_WORKER));
        else
            jumps++;
        MUST(jumps == 0 || collect(queue) == TRINE_E_WORKER);
        MUST(jumps == 0 || i == 1 || i == 3);
        plan.progress = i == 2 ? THROW : RETURN;
        trine_status status = trine_task_close(queue);
        MUST(status == TRINE_OK || status == TRINE_E_WORKER);
        must_work(x);
    }
}

static void sources_that_leave_end_their_queue_body(void)
{
    for_each_team(leave_source);
}
IN_CHILD(NULL, sources_that_leave_end_their_queue)

/* The last word of a queue is its progress. The threads of OpenMP then wait for it for ever. */
static void leave_close(trine_team *team, trine_array *x)
{
    trine_task_queue *queue;
    const trine_task_options options = {TRINE_INIT(trine_task_options),
                                        .on_progress = note_progress};
    make_plan();
    if (strncmp(trine_team_spec(team), "omp", 3) == 0)
        return;
    MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
    plan.progress = JUMP;
    if (setjmp(plan.back) == 0) {
        (void)trine_task_close(queue);
        MUST(false);
    }
    must_work_deeper(x);
    make_plan();
    MUST(trine_task_map(team, &kind, NULL, ITEMS, 0, NULL, NULL, NULL, NULL) == TRINE_OK);
}

static void a_close_that_is_left_leaves_its_team_body(void)
{
    for_each_team(leave_close);
}
IN_CHILD(NULL, a_close_that_is_left_leaves_its_team)

static trine_task_queue *left_open;

static void *open_and_end(void *team)
{
    MUST(trine_task_open(team, &kind, NULL, &left_open) == TRINE_OK);
    return NULL;
}

static void leave_queue(trine_team *team, trine_array *x)
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, open_and_end, team) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(trine_task_close(left_open) == TRINE_OK);
    must_work(x);
}

static void a_queue_of_an_ended_thread_can_be_closed_body(void)
{
    for_each_team(leave_queue);
}
IN_CHILD(NULL, a_queue_of_an_ended_thread_can_be_closed)

int main(void)
{
    /* For all processes. */
    plan_of_all =
        mmap(NULL, sizeof plan, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (plan_of_all == MAP_FAILED)
        return 1;
    CU_TestInfo tests[] = {
        {"an exception is an error", an_exception_is_an_error},
        {"a jump leaves a team that works", a_jump_leaves_a_team_that_works},
        {"a call from inside stays busy", a_call_from_inside_stays_busy},
        {"a thread that ends leaves its team", a_thread_that_ends_leaves_its_team},
        {"a cancelled thread leaves its team", a_cancelled_thread_leaves_its_team},
        {"threads of a team do not end", threads_of_a_team_do_not_end},
        {"exit in the caller ends the program", exit_in_the_caller_ends_the_program},
        {"a task that throws fails alone", a_task_that_throws_fails_alone},
        {"a task that jumps fails alone", a_task_that_jumps_fails_alone},
        {"sources that leave end their queue", sources_that_leave_end_their_queue},
        {"a close that is left leaves its team", a_close_that_is_left_leaves_its_team},
        {"a queue of an ended thread can be closed", a_queue_of_an_ended_thread_can_be_closed},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("leaving", tests);
}
