/* backends/executors/pool/pool.c - the pool: the caller and forked workers over shared memory.
 *
 * Life of a job:
 *   1. The caller writes the job into the control block and raises the generation.
 *   2. Workers do their blocks, marking each as done after it is; so does the caller, as worker 0.
 *   3. The caller waits for every worker to be through: it spins, then sleeps and, every now and
 *      then, looks at the pidfds of those it waits for.
 *   4. Who died is replaced. The blocks that are not marked as done are handed out again (work in
 *      place: only if it was not begun), MAX_ROUNDS times in all, and to forked workers only, so
 *      that what kills workers does not reach the user's process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/executors/pool/pool.h"
#include "core/system/clock.h"
#include "core/system/memory.h"
#include "core/backend/usable_cpus.h"
#include "backends/list.h"

enum { MAX_ROUNDS = 3 };

/* task_workers: those who run tasks, forked when they are first needed. */
typedef struct pool {
    pool_caller caller;
    pool_group group, task_workers;
    size_t marks_size;
} pool;

static void pool_close(trine_executor *executor)
{
    pool *p = executor->data;
    if (p->marks_size && !trine_fork_server_foreign())
        trine_heap_release(p->group.control->marks, p->marks_size);
    trine_process_group_close(&p->task_workers);
    trine_process_group_close(&p->group);
    if (!trine_fork_server_foreign())
        trine_caller_release(&p->caller);
    free(p);
}

static trine_status own_pools(void)
{
    return trine_fork_server_own()
               ? TRINE_OK
               : trine_fail(TRINE_E_WORKER,
                            "pool: this process was forked from one that uses pools; only that one "
                            "can open more");
}

static trine_status open_group(pool *p, const trine_executor_options *options)
{
    double spin = options->spin_microseconds > 0 ? 1e-6 * options->spin_microseconds
                                                 : trine_spin_seconds(options->workers);
    trine_status status = own_pools();
    if (!status)
        status = trine_heap_open(options->heap_bytes);
    if (!status)
        status = trine_fork_server_start();
    if (!status)
        status = trine_caller_make(&p->caller);
    p->group.caller = p->task_workers.caller = &p->caller;
    return status ? status : trine_process_group_open(&p->group, 1, options->workers, spin);
}

static trine_status pool_open(trine_executor *executor, const trine_executor_options *options)
{
    pool *p = calloc(1, sizeof *p);
    executor->data = p;
    if (!p)
        return trine_fail(TRINE_E_MEMORY, "pool: no memory for %d workers", options->workers);
    trine_status status = open_group(p, options);
    if (status) {
        char why[TRINE_DETAIL_SIZE];
        snprintf(why, sizeof why, "%s", trine_error_detail());
        pool_close(executor);
        trine_fail(status, "%s", why);
    }
    return status;
}

/* Space for the marks of `blocks` blocks, and for a list of them. */
static trine_status make_marks(pool *p, size_t blocks)
{
    size_t bytes = blocks * (1 + sizeof(size_t)) + sizeof(size_t);
    if (bytes > p->marks_size) {
        void *memory;
        size_t size = trine_heap_pages(2 * bytes);
        trine_status status = trine_heap_alloc(size, &memory);
        if (status)
            return status;
        if (p->marks_size)
            trine_heap_release(p->group.control->marks, p->marks_size);
        p->group.control->marks = memory;
        p->marks_size = size;
    }
    return TRINE_OK;
}

static size_t *list_of(pool *p, size_t blocks)
{
    return (size_t *)(void *)(p->group.control->marks + (blocks + 7) / 8 * 8);
}

static trine_status replace_worker(trine_executor *executor, int number)
{
    pool *p = executor->data;
    trine_process_group_reap(&p->group, number);
    trine_status status = trine_process_group_fork(&p->group, number, false);
    if (status) {
        char why[TRINE_DETAIL_SIZE];
        snprintf(why, sizeof why, "%s", trine_error_detail());
        return trine_fail(TRINE_E_WORKER, "%s and cannot be replaced: %s", p->group.death, why);
    }
    executor->replaced++;
    return TRINE_OK;
}

/* Waits for all and replaces the dead; the statuses of blocks are not looked at. */
static trine_status wait_for_all(trine_executor *executor, bool *died)
{
    pool *p = executor->data;
    trine_status status = TRINE_OK;
    *died = false;
    for (int i = 1; i < p->group.control->workers; i++)
        if (!trine_process_group_wait(&p->group, i)) {
            *died = true;
            /* The replacement starts after this generation; the dead one's status is void. */
            p->group.control->threads[i].status = TRINE_OK;
            p->group.control->slots[i].entry = (trine_ledger_worker){.blocks = 0};
            trine_status replaced = replace_worker(executor, i);
            status = status ? status : replaced;
        }
    return status;
}

/* begun: whether any of them was. */
static size_t list_missing(pool *p, size_t blocks, size_t list[], bool *begun)
{
    size_t count = 0;
    *begun = false;
    for (size_t i = 0; i < blocks; i++) {
        unsigned char mark =
            atomic_load_explicit(&p->group.control->marks[i], memory_order_acquire);
        *begun = *begun || mark == POOL_BLOCK_BEGUN;
        if (mark != POOL_BLOCK_DONE)
            list[count++] = i;
    }
    return count;
}

/* What went wrong in a body of any worker, if anything did. */
static trine_status job_status(const pool *p)
{
    return trine_thread_status(p->group.control->threads, p->group.control->workers);
}

static trine_status give_up(const pool *p, const trine_job *job, size_t missing,
                            const size_t list[], bool begun)
{
    if (!job->restartable && begun)
        return trine_fail(
            TRINE_E_WORKER,
            "%s in the middle of work in place, which cannot be done again; %zu of %zu "
            "blocks are not done",
            p->group.death, missing, job->blocks);
    return trine_fail(
        TRINE_E_WORKER,
        "%s; %zu of %zu blocks, from block %zu on, were not done in %d attempts (code that "
        "was loaded after trine_init() is unknown to workers)",
        p->group.death, missing, job->blocks, list[0], (int)MAX_ROUNDS);
}

/* Hands the blocks that a dead worker left to the others and its replacement. */
static trine_status finish_missing(trine_executor *executor, const trine_job *job)
{
    pool *p = executor->data;
    pool_control *control = p->group.control;
    bool begun;
    size_t *list = list_of(p, job->blocks), missing = list_missing(p, job->blocks, list, &begun);
    for (int round = 1; missing > 0; round++) {
        trine_status status = job_status(p);
        if (status)
            return status;
        if ((begun && !job->restartable) || round == MAX_ROUNDS)
            return give_up(p, job, missing, list, begun);
        bool died;
        control->job = *job;
        control->job.blocks = missing;
        control->job.schedule = TRINE_DYNAMIC;
        control->list = list;
        atomic_store(&control->next, 0);
        trine_process_group_publish(&p->group);
        status = wait_for_all(executor, &died);
        control->list = NULL;
        if (status)
            return status;
        missing = list_missing(p, job->blocks, list, &begun);
    }
    return TRINE_OK;
}

void trine_pool_take_part(pool_control *control, int number)
{
    const trine_job *job = &control->job;
    trine_thread *thread = &control->threads[number];
    size_t i;
    trine_thread_begin(thread, number, control->workers, job, control->published);
    while (trine_thread_next(thread, job, &control->next, &i)) {
        size_t block = control->list ? control->list[i] : i;
        atomic_store_explicit(&control->marks[block], POOL_BLOCK_BEGUN, memory_order_relaxed);
        trine_status status =
            trine_guard_run(job->body, job->context, block, &thread->worker, number > 0);
        trine_thread_done(thread, block, status);
        if (!status)
            atomic_store_explicit(&control->marks[block], POOL_BLOCK_DONE, memory_order_release);
    }
    trine_thread_end(thread, &control->slots[number].entry);
}

static trine_status pool_run(trine_executor *executor, const trine_job *job)
{
    pool *p = executor->data;
    if (trine_fork_server_foreign())
        return trine_fail(TRINE_E_WORKER, "pool: the team belongs to the process that this one was "
                                          "forked from");
    trine_status status = make_marks(p, job->blocks);
    if (status)
        return status;
    pool_control *control = p->group.control;
    bool died = false;
    memset(control->marks, POOL_BLOCK_WAITS, job->blocks);
    control->job = *job;
    control->published = executor->published;
    atomic_store_explicit(&control->next, 0, memory_order_relaxed);
    trine_process_group_publish(&p->group);
    trine_pool_take_part(control, 0);
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

static trine_status commit_share(void *context, size_t block, trine_worker *worker)
{
    const commit_context *c = context;
    size_t share = trine_heap_pages(c->bytes / (size_t)c->shares), first = block * share;
    (void)worker;
    if (first >= c->bytes)
        return TRINE_OK;
    bool last = block + 1 == (size_t)c->shares;
    return trine_heap_commit(c->memory + first,
                             last || share > c->bytes - first ? c->bytes - first : share);
}

/* Large memory is reserved by the workers, each a share of it, so that it lies near them. */
static trine_status commit_in_shares(trine_executor *executor, void *memory, size_t bytes)
{
    void *page;
    trine_status status = trine_heap_alloc(sizeof(commit_context), &page);
    if (status)
        return status;
    commit_context *context = page;
    *context = (commit_context){memory, bytes, executor->workers};
    trine_job job = {.blocks = (size_t)executor->workers,
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
    void *reserved;
    bytes = trine_heap_pages(bytes);
    trine_status status = trine_memory_claim("shared memory", bytes);
    if (status)
        return status;
    status = trine_heap_reserve(bytes, &reserved);
    bool is_reserved = !status;
    if (!status)
        status = commit_in_shares(executor, reserved, bytes);
    trine_memory_settle(bytes);
    if (status && is_reserved)
        trine_heap_release(reserved, bytes);
    else if (!status)
        *memory = reserved;
    return status;
}

static void pool_free(trine_executor *executor, void *memory, size_t bytes)
{
    (void)executor;
    if (trine_fork_server_foreign())
        return;
    trine_heap_release(memory, trine_heap_pages(bytes));
    trine_memory_give_back(trine_heap_pages(bytes));
}

static bool pool_addresses(const trine_executor *executor, const void *memory, size_t bytes)
{
    return executor->workers == 1 || trine_heap_holds(memory, bytes);
}

static pid_t pool_worker_pid(const trine_executor *executor, int worker)
{
    const pool *p = executor->data;
    return worker == 0 ? getpid() : p->group.worker[worker].pid;
}

static trine_status pool_serve(trine_executor *executor, const trine_job *job, int *task_workers)
{
    pool *p = executor->data;
    *task_workers = executor->workers;
    return trine_pool_serve(&p->task_workers, executor->workers, job);
}

static bool pool_lost(trine_executor *executor, int *task_worker, char *how, size_t size)
{
    return trine_pool_lost(&((pool *)executor->data)->task_workers, task_worker, how, size);
}

static trine_status pool_restart(trine_executor *executor, int task_worker)
{
    return trine_pool_restart(&((pool *)executor->data)->task_workers, task_worker);
}

static trine_status pool_kill(trine_executor *executor, int task_worker)
{
    return trine_pool_kill(&((pool *)executor->data)->task_workers, task_worker);
}

static pid_t pool_task_worker_pid(const trine_executor *executor, int task_worker)
{
    return ((const pool *)executor->data)->task_workers.worker[task_worker].pid;
}

static void pool_serve_end(trine_executor *executor)
{
    trine_pool_serve_end(&((pool *)executor->data)->task_workers);
}

static trine_status pool_reserve(size_t bytes, void **memory)
{
    return trine_heap_reserve(trine_heap_pages(bytes), memory);
}

static trine_status pool_commit(void *memory, size_t bytes)
{
    trine_status status = trine_memory_check("a result", trine_heap_pages(bytes));
    return status ? status : trine_heap_commit(memory, trine_heap_pages(bytes));
}

static void pool_discard(void *memory, size_t bytes)
{
    if (!trine_fork_server_foreign())
        trine_heap_discard(memory, trine_heap_pages(bytes));
}

static void pool_unreserve(void *memory, size_t bytes)
{
    if (!trine_fork_server_foreign())
        trine_heap_release(memory, trine_heap_pages(bytes));
}

/* Workers end the part that they are at; tasks, whose queue is gone, do not end by themselves. */
static trine_status pool_recover(trine_executor *executor)
{
    bool died;
    pool *p = executor->data;
    if (trine_fork_server_foreign())
        return TRINE_OK;
    trine_process_group_close(&p->task_workers);
    p->group.control->list = NULL;
    return wait_for_all(executor, &died);
}

static trine_status pool_init(void)
{
    trine_status status = own_pools();
    if (!status)
        status = trine_heap_open(0);
    return status ? status : trine_fork_server_start();
}

/* What a pool that is still open has stays. */
static void pool_finalize(void)
{
    if (trine_fork_server_foreign())
        return;
    trine_fork_server_stop();
    if (trine_heap_close())
        trine_fork_server_release();
}

const trine_executor_ops trine_pool_executor = {
    .name = "pool",
    .separate_memory = true,
    .forking = &trine_forking_executor,
    .open = pool_open,
    .close = pool_close,
    .run = pool_run,
    .alloc = pool_alloc,
    .free = pool_free,
    .addresses = pool_addresses,
    .worker_pid = pool_worker_pid,
    .serve = pool_serve,
    .lost = pool_lost,
    .restart = pool_restart,
    .kill = pool_kill,
    .task_worker_pid = pool_task_worker_pid,
    .serve_end = pool_serve_end,
    .reserve = pool_reserve,
    .commit = pool_commit,
    .discard = pool_discard,
    .unreserve = pool_unreserve,
    .recover = pool_recover,
    .init = pool_init,
    .finalize = pool_finalize,
};
