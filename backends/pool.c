/* backends/pool.c - the pool: the caller and forked workers over shared memory.
 *
 * Life of a job:
 *   1. The caller writes the job into the control block and raises the generation.
 *   2. Workers do their runs, marking each as done after it is; so does the caller, as worker 0.
 *   3. The caller waits for every worker to be through: it spins, then sleeps and, every now and
 *      then, looks at the pidfds of those it waits for.
 *   4. Who died is replaced. The runs that are not marked as done are handed out again (work in
 *      place: only if it was not begun), MOST_ROUNDS times in all, and to forked workers only, so
 *      that what kills workers does not reach the user's process.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/pool.h"
#include "core/cpus.h"
#include "core/launch.h"
#include "core/memory.h"

enum { MOST_ROUNDS = 3 };

/* How long workers spin for the next job, and the caller for the last worker, when every worker has
 * a CPU. Longer than the gap between two calls of a loop; far shorter than anybody's time slice. */
static const double default_spin_seconds = 50e-6;

/* How often the sleeping caller looks for deaths. */
static const double watch_seconds = 1e-3;

typedef struct pool_worker {
    pid_t pid;
    int pidfd;
} pool_worker;

/* death: what is known of the last worker that died in a call. */
typedef struct pool {
    pool_control *control;
    size_t control_bytes, runs_room;
    pool_worker *worker;
    char death[160];
} pool;

static size_t control_size(int workers)
{
    return sizeof(pool_control) + (size_t)workers * (sizeof(trine_thread) + sizeof(pool_slot));
}

static void forget_worker(pool_worker *worker)
{
    if (worker->pidfd >= 0)
        close(worker->pidfd);
    *worker = (pool_worker){.pid = 0, .pidfd = -1};
}

static bool is_dead(const pool_worker *worker)
{
    struct pollfd watch = {.fd = worker->pidfd, .events = POLLIN};
    return worker->pidfd < 0 || poll(&watch, 1, 0) == 1;
}

static double spin_seconds(const trine_executor_options *options)
{
    if (options->spin_microseconds > 0)
        return 1e-6 * options->spin_microseconds;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    int cpus =
        trine_cpus_for_rank(trine_cpus(), online > 0 ? (int)online : 1, trine_launch_neighbours());
    return options->workers <= cpus ? default_spin_seconds : 0;
}

static trine_status make_control(pool *p, const trine_executor_options *options)
{
    void *memory;
    p->control_bytes = trine_heap_pages(control_size(options->workers));
    trine_status status = trine_heap_alloc(p->control_bytes, &memory);
    if (status)
        return status;
    pool_control *control = memory;
    control->workers = options->workers;
    control->spin_seconds = spin_seconds(options);
    control->threads = (trine_thread *)(control + 1);
    control->slots = (pool_slot *)(control->threads + options->workers);
    p->control = control;
    return TRINE_OK;
}

static trine_status fork_worker(pool *p, int number)
{
    pool_worker *worker = &p->worker[number];
    pool_slot *slot = &p->control->slots[number];
    /* A new worker has nothing to catch up with; one that died asleep must not stay counted. */
    atomic_store(&slot->finished, atomic_load(&p->control->generation));
    if (atomic_exchange(&slot->asleep, false))
        atomic_fetch_sub(&p->control->sleepers, 1);
    return trine_zygote_fork(p->control, number, &worker->pid, &worker->pidfd);
}

static void end_workers(pool *p)
{
    pool_control *control = p->control;
    atomic_store(&control->closing, true);
    atomic_fetch_add(&control->generation, 1);
    trine_futex_wake(&control->generation);
    for (int i = 1; i < control->workers; i++) {
        pool_worker *worker = &p->worker[i];
        struct pollfd watch = {.fd = worker->pidfd, .events = POLLIN};
        if (worker->pidfd < 0)
            continue;
        /* A worker stopped by a debugger or SIGSTOP would not end by itself. */
        (void)poll(&watch, 1, 1000);
        trine_zygote_end(worker->pid);
        forget_worker(worker);
    }
}

static void pool_close(trine_executor *executor)
{
    pool *p = executor->data;
    if (!trine_zygote_foreign()) {
        if (p->control) {
            end_workers(p);
            trine_thread_release(&p->control->threads[0]);
            if (p->runs_room)
                trine_heap_release(p->control->marks, p->runs_room);
            trine_heap_release(p->control, p->control_bytes);
        }
    }
    free(p->worker);
    free(p);
}

static trine_status pool_open(trine_executor *executor, const trine_executor_options *options)
{
    pool *p = calloc(1, sizeof *p);
    executor->data = p;
    if (p)
        p->worker = calloc((size_t)options->workers, sizeof *p->worker);
    if (!p || !p->worker) {
        free(p);
        return trine_fail(TRINE_E_MEMORY, "pool: no memory for %d workers", options->workers);
    }
    for (int i = 0; i < options->workers; i++)
        p->worker[i].pidfd = -1;
    trine_status status = TRINE_OK;
    if (trine_zygote_foreign())
        status =
            trine_fail(TRINE_E_WORKER, "pool: this process was forked from one that uses pools; "
                                       "only that one can open more");
    if (!status)
        status = trine_heap_open(options->heap_bytes);
    if (!status)
        status = trine_zygote_start();
    if (!status)
        status = make_control(p, options);
    for (int i = 1; i < options->workers && !status; i++)
        status = fork_worker(p, i);
    if (status) {
        char why[TRINE_DETAIL_SIZE];
        snprintf(why, sizeof why, "%s", trine_error_detail());
        pool_close(executor);
        trine_fail(status, "%s", why);
    }
    return status;
}

/* Room for the marks of `runs` runs, and for a list of them. */
static trine_status make_marks(pool *p, size_t runs)
{
    size_t bytes = runs * (1 + sizeof(size_t)) + sizeof(size_t);
    if (bytes > p->runs_room) {
        void *memory;
        size_t room = trine_heap_pages(2 * bytes);
        trine_status status = trine_heap_alloc(room, &memory);
        if (status)
            return status;
        if (p->runs_room)
            trine_heap_release(p->control->marks, p->runs_room);
        p->control->marks = memory;
        p->runs_room = room;
    }
    return TRINE_OK;
}

static size_t *list_of(pool *p, size_t runs)
{
    return (size_t *)(void *)(p->control->marks + (runs + 7) / 8 * 8);
}

static void publish(pool *p)
{
    pool_control *control = p->control;
    atomic_fetch_add(&control->generation, 1);
    if (atomic_load(&control->sleepers) > 0)
        trine_futex_wake(&control->generation);
}

/* Waits until the worker is through with this generation. False: it died first. */
static bool wait_for_worker(pool *p, int number)
{
    pool_control *control = p->control;
    atomic_uint *finished = &control->slots[number].finished;
    unsigned generation = atomic_load_explicit(&control->generation, memory_order_relaxed);
    if (atomic_load_explicit(finished, memory_order_acquire) == generation ||
        trine_spin(finished, generation - 1, control->spin_seconds))
        return true;
    bool dead = false;
    atomic_store(&control->caller_sleeps, true);
    for (;;) {
        unsigned ended = atomic_load(&control->ended);
        if (atomic_load(finished) == generation)
            break;
        /* Dead, and found so before this look at its mark: it will not come. */
        if (dead)
            break;
        dead = is_dead(&p->worker[number]);
        if (!dead)
            trine_futex_wait(&control->ended, ended, watch_seconds);
    }
    atomic_store(&control->caller_sleeps, false);
    return atomic_load(finished) == generation;
}

/* A worker without a process could not be replaced when it died: what is known stays. */
static void describe_death(pool *p, int number, int status)
{
    char how[64];
    if (p->worker[number].pid == 0)
        return;
    if (status == -1)
        snprintf(how, sizeof how, "ended with its zygote");
    else if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(how, sizeof how, "exited with status %d", WEXITSTATUS(status));
    snprintf(p->death, sizeof p->death, "worker %d (pid %d) %s", number, (int)p->worker[number].pid,
             how);
}

static trine_status replace_worker(trine_executor *executor, int number)
{
    pool *p = executor->data;
    describe_death(p, number, trine_zygote_end(p->worker[number].pid));
    forget_worker(&p->worker[number]);
    trine_status status = fork_worker(p, number);
    if (status) {
        char why[TRINE_DETAIL_SIZE];
        snprintf(why, sizeof why, "%s", trine_error_detail());
        return trine_fail(TRINE_E_WORKER, "%s and cannot be replaced: %s", p->death, why);
    }
    executor->replaced++;
    return TRINE_OK;
}

/* Waits for all and replaces the dead; the statuses of runs are not looked at. */
static trine_status wait_for_all(trine_executor *executor, bool *died)
{
    pool *p = executor->data;
    trine_status status = TRINE_OK;
    *died = false;
    for (int i = 1; i < p->control->workers; i++)
        if (!wait_for_worker(p, i)) {
            *died = true;
            /* The replacement starts after this generation; the dead one's status is void. */
            p->control->threads[i].status = TRINE_OK;
            p->control->slots[i].entry = (trine_ledger_worker){.runs = 0};
            trine_status replaced = replace_worker(executor, i);
            status = status ? status : replaced;
        }
    return status;
}

/* begun: whether any of them was. */
static size_t list_missing(pool *p, size_t runs, size_t list[], bool *begun)
{
    size_t count = 0;
    *begun = false;
    for (size_t i = 0; i < runs; i++) {
        unsigned char mark = atomic_load_explicit(&p->control->marks[i], memory_order_acquire);
        *begun = *begun || mark == POOL_RUN_BEGUN;
        if (mark != POOL_RUN_DONE)
            list[count++] = i;
    }
    return count;
}

/* What went wrong in a body of any worker, if anything did. */
static trine_status job_status(const pool *p)
{
    return trine_thread_status(p->control->threads, p->control->workers);
}

static trine_status give_up(const pool *p, const trine_job *job, size_t missing,
                            const size_t list[], bool begun)
{
    if (!job->restartable && begun)
        return trine_fail(
            TRINE_E_WORKER,
            "%s in the middle of work in place, which cannot be done again; %zu of %zu "
            "runs are not done",
            p->death, missing, job->runs);
    return trine_fail(
        TRINE_E_WORKER,
        "%s; %zu of %zu runs, from run %zu on, were not done in %d attempts (code that "
        "was loaded after trine_init() is unknown to workers)",
        p->death, missing, job->runs, list[0], (int)MOST_ROUNDS);
}

/* Hands the runs that a dead worker left to the others and its replacement. */
static trine_status finish_missing(trine_executor *executor, const trine_job *job)
{
    pool *p = executor->data;
    pool_control *control = p->control;
    bool begun;
    size_t *list = list_of(p, job->runs), missing = list_missing(p, job->runs, list, &begun);
    for (int round = 1; missing > 0; round++) {
        trine_status status = job_status(p);
        if (status)
            return status;
        if ((begun && !job->restartable) || round == MOST_ROUNDS)
            return give_up(p, job, missing, list, begun);
        bool died;
        control->job = *job;
        control->job.runs = missing;
        control->job.schedule = TRINE_DYNAMIC;
        control->list = list;
        atomic_store(&control->next, 0);
        publish(p);
        status = wait_for_all(executor, &died);
        control->list = NULL;
        if (status)
            return status;
        missing = list_missing(p, job->runs, list, &begun);
    }
    return TRINE_OK;
}

static trine_status pool_run(trine_executor *executor, const trine_job *job)
{
    pool *p = executor->data;
    if (trine_zygote_foreign())
        return trine_fail(TRINE_E_WORKER, "pool: the team belongs to the process that this one was "
                                          "forked from");
    trine_status status = make_marks(p, job->runs);
    if (status)
        return status;
    pool_control *control = p->control;
    bool died = false;
    memset(control->marks, POOL_RUN_WAITS, job->runs);
    control->job = *job;
    control->published = executor->published;
    atomic_store_explicit(&control->next, 0, memory_order_relaxed);
    publish(p);
    trine_worker_take_part(control, 0);
    status = wait_for_all(executor, &died);
    if (!status && died)
        status = finish_missing(executor, job);
    if (!status)
        status = job_status(p);
    executor->ended = trine_seconds();
    for (int i = 0; i < control->workers; i++)
        executor->ledger[i] = control->slots[i].entry;
    return status;
}

/* The context of a first touch: equal shares of whole pages. */
typedef struct commit_context {
    char *memory;
    size_t bytes;
    int shares;
} commit_context;

static trine_status commit_share(void *context, size_t run, trine_worker *worker)
{
    const commit_context *c = context;
    size_t share = trine_heap_pages(c->bytes / (size_t)c->shares), first = run * share;
    (void)worker;
    if (first >= c->bytes)
        return TRINE_OK;
    bool last = run + 1 == (size_t)c->shares;
    return trine_heap_commit(c->memory + first,
                             last || share > c->bytes - first ? c->bytes - first : share);
}

/* Large memory is reserved by the workers, each its share, so that it lies near them. */
static trine_status commit_in_shares(trine_executor *executor, void *memory, size_t bytes)
{
    void *page;
    trine_status status = trine_heap_alloc(sizeof(commit_context), &page);
    if (status)
        return status;
    commit_context *context = page;
    *context = (commit_context){memory, bytes, executor->workers};
    trine_job job = {.runs = (size_t)executor->workers,
                     .body = commit_share,
                     .context = context,
                     .restartable = true};
    status = pool_run(executor, &job);
    trine_heap_release(page, trine_heap_pages(sizeof(commit_context)));
    return status;
}

static trine_status pool_alloc(trine_executor *executor, size_t bytes, void **memory)
{
    if (bytes < TRINE_LARGE_MEMORY)
        return trine_heap_alloc(bytes, memory);
    bytes = trine_heap_pages(bytes);
    void *reserved;
    trine_status status = trine_memory_check("shared memory", bytes);
    if (!status)
        status = trine_heap_reserve(bytes, &reserved);
    if (status)
        return status;
    status = commit_in_shares(executor, reserved, bytes);
    if (status)
        trine_heap_release(reserved, bytes);
    else
        *memory = reserved;
    return status;
}

static void pool_free(trine_executor *executor, void *memory, size_t bytes)
{
    (void)executor;
    if (!trine_zygote_foreign())
        trine_heap_release(memory, trine_heap_pages(bytes));
}

static bool pool_addresses(const trine_executor *executor, const void *memory, size_t bytes)
{
    return executor->workers == 1 || trine_heap_holds(memory, bytes);
}

static pid_t pool_worker_pid(const trine_executor *executor, int worker)
{
    const pool *p = executor->data;
    return worker == 0 ? getpid() : p->worker[worker].pid;
}

static trine_status pool_init(void)
{
    trine_status status = trine_heap_open(0);
    return status ? status : trine_zygote_start();
}

const trine_executor_ops trine_pool_executor = {
    .name = "pool",
    .open = pool_open,
    .close = pool_close,
    .run = pool_run,
    .alloc = pool_alloc,
    .free = pool_free,
    .addresses = pool_addresses,
    .worker_pid = pool_worker_pid,
    .init = pool_init,
    .finalize = trine_zygote_stop,
};
