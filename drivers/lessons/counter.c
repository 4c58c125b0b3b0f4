/* drivers/lessons/counter.c - every worker adds one to the same number, again and again: what is
 * lost without care, and what care costs.
 *
 * unsynchronised  read, add, write: whoever comes between is overwritten
 * atomic          one step that nobody can come between
 * mutex           read, add, write, behind a lock
 * reduction       each worker a number of its own, added up at the end
 *
 * 1. On threads and processes: one task a worker, bound to a CPU of its own while there are as
 * many, for the system likes to wake all on one CPU, and 100,000 increments are over before it
 * moves them. The last worker to come names the moment at which all begin. The number lies in
 * memory that they share.
 * 2. On ranks: each adds to a trine_counter, which lies on rank 0 and is reached by MPI's one-sided
 *    calls.
 * 3. The seconds are those from when the first began to when the last ended; at once is the share
 * of them in which all were counting.
 */
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/harness.h"

/* Seconds to wait for the others: who comes later than that runs alone; those after which one that
 * waits leaves its CPU to others; those from the arrival of the last to the beginning. */
static const double patience = 2, eager = 1e-3, settling = 1e-3;

enum { INCREMENTS, METHODS = 4 };
enum { UNSYNCHRONISED, ATOMIC, MUTEX, REDUCTION };
static const harness_method methods[] = {[UNSYNCHRONISED] = {"unsynchronised", "read, add, write"},
                                         [ATOMIC] = {"atomic", "one step"},
                                         [MUTEX] = {"mutex", "behind a lock"},
                                         [REDUCTION] = {"reduction", "each its own"},
                                         [METHODS] = {NULL, NULL}};

/* What all workers of a rank share. The number has a cache line to itself. start: nanoseconds on
 * the clock of the machine, 0 until the last worker has come. */
typedef struct common {
    _Alignas(64) volatile int64_t count;
    _Alignas(64) volatile uint64_t arrived, start;
} common;

/* A worker's task, as its queue's param. */
typedef struct task_param {
    common *common;
    trine_lock *lock;
    uint64_t increments, workers;
    int method;
} task_param;

/* What a worker says: when it began and ended, on the clock of the machine; what it counted for
 * itself; whether all were there when it began. */
typedef struct share {
    double began, ended;
    int64_t own;
    int64_t together;
} share;

typedef struct contest {
    int method;
    trine_array *memory;
    trine_lock *lock;
    trine_counter *counter, *arrivals;
    int64_t counted;
    double seconds, at_once;
    bool together;
} contest;

/* Binds worker w to the CPU of that number among those that it may use, until its set is given
 * back; where that is refused, it stays where it is. */
static bool bind_to_own(int w, cpu_set_t *given)
{
    cpu_set_t own;
    if (sched_getaffinity(0, sizeof *given, given))
        return false;
    int nth = w % CPU_COUNT(given), cpu = 0;
    for (; !CPU_ISSET(cpu, given) || nth > 0; cpu++)
        nth -= CPU_ISSET(cpu, given) != 0;
    CPU_ZERO(&own);
    CPU_SET(cpu, &own);
    return sched_setaffinity(0, sizeof own, &own) == 0;
}

/* Until the moment at which all begin; false when some did not come in time. */
static bool wait_for_all(common *b, uint64_t workers)
{
    double began = harness_seconds(), waited = 0;
    if (trine_atomic_add_u64((uint64_t *)&b->arrived, 1) == workers - 1)
        trine_atomic_add_u64((uint64_t *)&b->start, (uint64_t)(1e9 * (began + settling)));
    while (b->start == 0 && waited < patience) {
        waited = harness_seconds() - began;
        if (waited > eager)
            sched_yield();
    }
    bool all = b->start != 0;
    while (all && 1e9 * harness_seconds() < (double)b->start) {
    }
    return all;
}

static trine_status add_locked(const task_param *p)
{
    trine_status status = TRINE_OK;
    for (uint64_t i = 0; i < p->increments && !status; i++) {
        status = trine_lock_acquire(p->lock, NULL);
        if (status)
            return status;
        p->common->count = p->common->count + 1;
        status = trine_lock_release(p->lock);
    }
    return status;
}

/* volatile: each is read and written in memory, as it would be in a program that does more between
 * two increments. */
static int64_t add_own(uint64_t increments)
{
    volatile int64_t own = 0;
    for (uint64_t i = 0; i < increments; i++)
        own = own + 1;
    return own;
}

static trine_status count(trine_task *task)
{
    const task_param *p = task->param;
    share *s = trine_task_result(task, sizeof *s);
    trine_status status = TRINE_OK;
    if (!s)
        return trine_task_refused(task);
    cpu_set_t given;
    bool bound = bind_to_own(task->worker, &given);
    *s = (share){.together = wait_for_all(p->common, p->workers)};
    s->began = harness_seconds();
    if (p->method == MUTEX)
        status = add_locked(p);
    else if (p->method == REDUCTION)
        s->own = add_own(p->increments);
    else
        for (uint64_t i = 0; i < p->increments; i++)
            if (p->method == ATOMIC)
                trine_atomic_add_i64((int64_t *)&p->common->count, 1);
            else
                p->common->count = p->common->count + 1;
    s->ended = harness_seconds();
    if (bound)
        sched_setaffinity(0, sizeof given, &given);
    return status;
}

/* Takes what the workers say in. */
static void take_shares(contest *c, const share shares[], uint64_t workers)
{
    double first = INFINITY, all = 0, some = INFINITY, last = 0;
    c->together = true;
    for (uint64_t i = 0; i < workers; i++) {
        c->counted += shares[i].own;
        c->together = c->together && shares[i].together;
        first = fmin(first, shares[i].began);
        all = fmax(all, shares[i].began);
        some = fmin(some, shares[i].ended);
        last = fmax(last, shares[i].ended);
    }
    c->seconds = last - first;
    c->at_once = some > all ? (some - all) / c->seconds : 0;
}

static trine_status run_workers(harness_job *job)
{
    static const trine_task_kind kind = {.name = "counter",
                                         .run = count,
                                         .param_size = sizeof(task_param),
                                         .result_max = sizeof(share)};
    contest *c = job->own;
    common *b = trine_array_data(c->memory);
    uint64_t workers = (uint64_t)trine_team_workers(job->team);
    const task_param param = {b, c->lock, job->setting[INCREMENTS].whole[0], workers, c->method};
    trine_task_options options = harness_task_options(job);
    share *shares = calloc(workers, sizeof *shares);
    if (!shares)
        return TRINE_E_MEMORY;
    options.param = &param;
    options.chunk = 1;
    options.total = workers;
    b->count = 0;
    b->arrived = b->start = 0;
    trine_status status =
        trine_task_map(job->team, &kind, NULL, workers, 0, &options, shares, NULL, NULL);
    c->counted = b->count;
    if (!status)
        take_shares(c, shares, workers);
    free(shares);
    return status;
}

/* One increment of the counter that ranks share. */
static trine_status add_to_counter(trine_counter *counter, int method)
{
    int64_t value;
    trine_status status = TRINE_OK;
    if (method == ATOMIC)
        return trine_counter_add(counter, 1, NULL);
    if (method == MUTEX)
        status = trine_counter_lock(counter);
    if (status)
        return status;
    status = trine_counter_get(counter, &value);
    if (!status)
        status = trine_counter_set(counter, value + 1);
    trine_status unlocked = method == MUTEX ? trine_counter_unlock(counter) : TRINE_OK;
    return status ? status : unlocked;
}

/* Until all ranks have come, or patience ends. */
static trine_status meet(contest *c, int64_t ranks)
{
    double began = harness_seconds();
    int64_t there = 0;
    trine_status status = trine_counter_add(c->arrivals, 1, NULL);
    while (!status && there < ranks && harness_seconds() - began < patience)
        status = trine_counter_get(c->arrivals, &there);
    c->together = there >= ranks;
    return status;
}

static trine_status sum_over_ranks(trine_team *team, int64_t own, int64_t *sum)
{
    trine_array *one = NULL;
    trine_status status = trine_array_wrap(team, TRINE_I64, &own, 1, &one);
    if (!status)
        status = trine_sum_i64(one, TRINE_EXACT, sum);
    trine_array_free(one);
    return status;
}

/* The sum at the end is also where all ranks are through. */
static trine_status run_ranks(harness_job *job)
{
    contest *c = job->own;
    uint64_t increments = job->setting[INCREMENTS].whole[0];
    int64_t own = 0, sum = 0;
    trine_status status = meet(c, trine_team_ranks(job->team));
    double began = harness_seconds();
    if (!status && c->method == REDUCTION)
        own = add_own(increments);
    for (uint64_t i = 0; i < increments && !status && c->method != REDUCTION; i++)
        status = add_to_counter(c->counter, c->method);
    trine_status summed = sum_over_ranks(job->team, own, &sum);
    c->seconds = harness_seconds() - began;
    c->counted = sum;
    if (!status && !summed && c->method != REDUCTION)
        status = trine_counter_get(c->counter, &c->counted);
    return status ? status : summed;
}

static trine_status begin(harness_job *job)
{
    static contest made;
    contest *c = &made;
    made = (contest){.method = 0};
    job->own = c;
    while (strcmp(methods[c->method].mode, job->method->mode) != 0)
        c->method++;
    trine_status status =
        trine_array_create(job->team, TRINE_U8, sizeof(common), TRINE_SHARED, &c->memory);
    if (!status)
        status = trine_lock_create(job->team, &c->lock);
    if (!status && trine_team_ranks(job->team) > 1) {
        status = trine_counter_open(job->team, 0, &c->counter);
        if (!status)
            status = trine_counter_open(job->team, 0, &c->arrivals);
    }
    return status;
}

/* New counters for each repetition: all ranks begin with 0, and none is still at the last one. */
static trine_status reset(harness_job *job)
{
    contest *c = job->own;
    if (!c->counter)
        return TRINE_OK;
    trine_counter **const counters[] = {&c->counter, &c->arrivals};
    trine_status status = TRINE_OK;
    for (int i = 0; i < 2 && !status; i++) {
        status = trine_counter_close(*counters[i]);
        *counters[i] = NULL;
        if (!status)
            status = trine_counter_open(job->team, 0, counters[i]);
    }
    return status;
}

static int64_t total_of(const harness_job *job)
{
    return (int64_t)(job->setting[INCREMENTS].whole[0] * (uint64_t)trine_team_workers(job->team) *
                     (uint64_t)trine_team_ranks(job->team));
}

/* Losing is what unsynchronised increments do; none may count more than there were. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const contest *c = job->own;
    int64_t total = total_of(job);
    bool right =
        c->method == UNSYNCHRONISED ? c->counted > 0 && c->counted <= total : c->counted == total;
    *verdict = right ? VERDICT_RIGHT : VERDICT_WRONG;
    return TRINE_OK;
}

static trine_status run(harness_job *job)
{
    trine_status status = trine_team_ranks(job->team) > 1 ? run_ranks(job) : run_workers(job);
    const contest *c = job->own;
    double total = (double)total_of(job);
    job->value.dtype = TRINE_U64;
    job->value.as.u64 = job->setting[INCREMENTS].whole[0];
    harness_add_number(job, "total", total);
    harness_add_number(job, "counted", (double)c->counted);
    harness_add_number(job, "lost", total - (double)c->counted);
    harness_add_number(job, "together", c->together);
    if (trine_team_ranks(job->team) == 1)
        harness_add_number(job, "at_once", c->at_once);
    harness_add_number(job, "seconds", c->seconds);
    harness_add_number(job, "nanoseconds_an_increment", 1e9 * c->seconds / total);
    return status;
}

static void print(const harness_job *job)
{
    const contest *c = job->own;
    int64_t total = total_of(job), lost = total - c->counted;
    printf("%-14s on %s: %" PRId64 " of %" PRId64 " counted, %" PRId64
           " lost (%.1f %%); %.6f s, %.1f ns an increment",
           job->method->mode, trine_team_spec(job->team), c->counted, total, lost,
           100 * (double)lost / (double)total, c->seconds, 1e9 * c->seconds / (double)total);
    if (trine_team_ranks(job->team) == 1)
        printf(", all at once for %.0f %% of it", 100 * c->at_once);
    printf("\n");
}

static void end(harness_job *job)
{
    contest *c = job->own;
    trine_counter_close(c->arrivals);
    trine_counter_close(c->counter);
    trine_lock_free(c->lock);
    trine_array_free(c->memory);
}

int main(int argc, char **argv)
{
    static const harness_extra extras[] = {
        [INCREMENTS] = {"increments", "N", "How often each worker adds one (default 100000)",
                        KIND_WHOLE, "100000", 1, 1e12},
        {.name = NULL}};
    static const harness_operation operation = {.tasks = true,
                                                .fleeting = true,
                                                .begin = begin,
                                                .reset = reset,
                                                .run = run,
                                                .check = check,
                                                .print = print,
                                                .end = end};
    static const char *const examples[] = {
        "drivers/counter --increments 10K", "drivers/counter --mode atomic --team pool:2",
        "drivers/counter --increments 10K --mode atomic --team pool:2 --json", NULL};
    static const trine_driver driver = {
        .name = "counter",
        .examples = examples,
        .about = "All workers add one to the same number --increments times: without care, which "
                 "loses some, by atomic steps, behind a lock, or each to one of its own. The "
                 "result shown is how often each worker added.",
        .methods = methods,
        .operation = &operation,
        .extras = extras};
    return trine_driver_main(&driver, argc, argv);
}
