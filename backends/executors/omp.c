/* backends/executors/omp.c - OpenMP threads, with the caller as worker 0.
 *
 * 1. Opening a team starts a thread, which opens a parallel region. The region stays open until the
 *    team closes. Runtimes end the process when a thread cannot be started, so threads are started
 *    at that one moment, after trine_omp_probe has found that there can be so many.
 * 2. One thread of the region is in the caller's place: thread 0, or, where threads are bound, the
 *    one that is on the caller's CPUs. It works for tasks alone, which leave the caller free: it is
 *    task worker 0. The others are workers 1, 2, ... They wait for jobs: they spin, then sleep. No
 *    barrier of the runtime stands between two jobs.
 * 3. The region's thread is the team's own, so nothing of the caller's counts: neither a region
 *    that the caller is in, nor threads that libgomp keeps for the caller, which are not there in a
 *    forked process.
 * 4. Where the runtime gives fewer threads (OMP_THREAD_LIMIT, OMP_DYNAMIC) jobs are shared out
 *    among those that came, and the executor says how many, and why.
 * 5. A thread that user code ends (pthread_exit) is lost. The job fails, and so do all later ones:
 *    the runtime cannot replace a thread of a region. */
#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/executors/omp_environment.h"
#include "backends/executors/omp_probe.h"
#include "backends/executors/thread.h"
#include "core/system/clock.h"
#include "core/system/error.h"
#include "core/system/memory.h"
#include "core/system/process.h"
#include "core/system/wait.h"
#include "core/backend/usable_cpus.h"
#include "core/partition/share.h"

enum { REGION_OPENS, REGION_IS_OPEN, REGION_FAILED };

/* A sleep that only a wake ends, in seconds. */
static const double long_time = 1e6;

/* What the caller and the region's threads tell each other. state: one of the above; detail: of
 * REGION_FAILED. came: threads of the region; arrived: those that are in it. stand_in: the thread
 * in the caller's place. generation: raised when a job is there, and to close; services: the same
 * for thread 0. taking: threads that take part in this generation; finished: those of them that
 * are through, or lost. serving: the job is for task workers; abandoned: its caller has left it.
 * lost: a thread of the region ended, this one; told: trine_executor_ops.lost has said so.
 * process: trine_process() of the one that has the threads. left: threads that have seen the team
 * close. What several threads write has lines of its own.
 * NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
typedef struct threads_data {
    trine_executor *executor;
    trine_thread *threads;
    pthread_t region;
    bool started, serving, abandoned, told;
    int came;
    uint32_t process;
    trine_job job;
    double spin_seconds;
    char detail[TRINE_DETAIL_SIZE];
    trine_cpu_set callers_cpus;
    atomic_int stand_in, arrived;
    atomic_uint state, left;
    atomic_int lost;
    atomic_bool closing, caller_sleeps;
    atomic_int sleepers;
    unsigned taking;
    atomic_size_t next;
    _Alignas(128) atomic_uint generation;
    atomic_uint services;
    _Alignas(128) atomic_uint finished;
} threads_data;

/* A worker's part of the job. */
static void take_part(threads_data *data, int number)
{
    trine_executor *executor = data->executor;
    const trine_job *job = &data->job;
    trine_thread *thread = &data->threads[number];
    size_t block;
    trine_thread_begin(thread, number, data->came, job, executor->published);
    while (trine_thread_next(thread, job, &data->next, &block))
        trine_thread_done(
            thread, block,
            trine_guard_run(job->body, job->context, block, &thread->worker, number > 0));
    trine_thread_end(thread, &executor->ledger[number]);
}

/* --- The region's threads */

/* One thread of the region. works: it has begun its part of a job and is not through; volatile,
 * since what runs when the thread is ended comes back to it by a jump. */
typedef struct region_thread {
    threads_data *data;
    int number;
    volatile bool works;
} region_thread;

static void be_through(threads_data *data)
{
    /* Of this job: after that the caller may have begun another. */
    unsigned taking = data->taking;
    if (atomic_fetch_add(&data->finished, 1) + 1 >= taking && atomic_load(&data->caller_sleeps))
        trine_futex_wake(&data->finished, INT_MAX);
}

static void wait_for_job(threads_data *data, unsigned seen)
{
    if (trine_spin(&data->generation, seen, data->spin_seconds))
        return;
    atomic_fetch_add(&data->sleepers, 1);
    while (atomic_load(&data->generation) == seen)
        trine_futex_wait(&data->generation, seen, long_time);
    atomic_fetch_sub(&data->sleepers, 1);
}

static void wait_for_service(threads_data *data, unsigned seen)
{
    while (atomic_load(&data->services) == seen)
        trine_futex_wait(&data->services, seen, long_time);
}

static void live(region_thread *self)
{
    threads_data *data = self->data;
    for (unsigned seen = 0;; seen++) {
        if (self->number == 0)
            wait_for_service(data, seen);
        else
            wait_for_job(data, seen);
        if (atomic_load(&data->closing))
            return;
        self->works = true;
        if (data->serving) {
            trine_worker worker = {.number = self->number};
            data->job.body(data->job.context, (size_t)self->number, &worker);
        } else {
            take_part(data, self->number);
        }
        self->works = false;
        be_through(data);
    }
}

static void fail_lost(trine_thread *thread, int number)
{
    thread->status = TRINE_E_WORKER;
    thread->failed_block = 0;
    snprintf(thread->detail, sizeof thread->detail,
             "team 'omp': user code has ended thread %d (pthread_exit or pthread_cancel), which "
             "OpenMP cannot replace; close the team",
             number);
}

/* The thread ends: in user code, or because the team closes. */
static void leave(void *context)
{
    const region_thread *self = context;
    threads_data *data = self->data;
    if (self->works) {
        fail_lost(&data->threads[self->number], self->number);
        atomic_store(&data->lost, self->number);
        be_through(data);
    }
    atomic_fetch_add(&data->left, 1);
    trine_futex_wake(&data->left, INT_MAX);
}

static void be_thread(threads_data *data, int number)
{
    region_thread self = {.data = data, .number = number};
    pthread_cleanup_push(leave, &self);
    live(&self);
    pthread_cleanup_pop(1);
}

static trine_cpu_set own_cpus(void)
{
    trine_cpu_set cpus = {0};
    (void)sched_getaffinity(0, sizeof cpus, cpus.part);
    return cpus;
}

/* The lowest thread that is on the caller's CPUs. */
static void find_stand_in(threads_data *data, int number)
{
    trine_cpu_set cpus = own_cpus();
    int lowest = atomic_load(&data->stand_in);
    if (!trine_cpu_set_equal(&cpus, &data->callers_cpus))
        return;
    while (number < lowest && !atomic_compare_exchange_weak(&data->stand_in, &lowest, number))
        ;
}

/* The number under which a thread of the region works: the one in the caller's place changes with
 * thread 0. */
static int number_of(const threads_data *data, int thread)
{
    int stand_in = atomic_load(&data->stand_in);
    if (stand_in == INT_MAX)
        return thread;
    return thread == stand_in ? 0 : thread == 0 ? stand_in : thread;
}

static void tell_state(threads_data *data, unsigned state)
{
    atomic_store(&data->state, state);
    trine_futex_wake(&data->state, INT_MAX);
}

/* How many threads work, the caller in the place of thread 0. */
static void count_threads(threads_data *data, int came)
{
    data->came = came;
    data->executor->working = came;
    if (came < data->executor->workers)
        trine_omp_explain(data->executor);
}

/* A barrier of the team's own: once it is open no thread is in the runtime, where LLVM's crashes
 * when the program exits. */
static void arrive(threads_data *data, int came)
{
    if (atomic_fetch_add(&data->arrived, 1) + 1 == came) {
        count_threads(data, came);
        tell_state(data, REGION_IS_OPEN);
    }
    while (atomic_load(&data->state) == REGION_OPENS)
        trine_futex_wait(&data->state, REGION_OPENS, long_time);
}

/* libomp prints a warning where more threads are asked for than its limit. */
static int threads_to_ask(int workers)
{
    int limit = omp_get_thread_limit();
    return limit > 0 && limit < workers ? limit : workers;
}

static void *open_region(void *context)
{
    threads_data *data = context;
    int asked = threads_to_ask(data->executor->workers);
    if (trine_omp_probe(asked)) {
        snprintf(data->detail, sizeof data->detail, "%s", trine_error_detail());
        tell_state(data, REGION_FAILED);
        return NULL;
    }
#pragma omp parallel num_threads(asked)
    {
        int thread = omp_get_thread_num();
        find_stand_in(data, thread);
        arrive(data, omp_get_num_threads());
        be_thread(data, number_of(data, thread));
    }
    return NULL;
}

/* --- The caller's side */

/* The region's threads take no signals, which are the caller's to handle, but for those that their
 * own instructions raise. */
static int start_thread(threads_data *data)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    sigset_t most, before;
    sigfillset(&most);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(&most, own[i]);
    pthread_attr_t attributes;
    size_t stack = 0;
    pthread_attr_init(&attributes);
    pthread_attr_getstacksize(&attributes, &stack);
    if (stack < TRINE_OMP_LEAST_STACK)
        pthread_attr_setstacksize(&attributes, TRINE_OMP_LEAST_STACK);
    pthread_sigmask(SIG_SETMASK, &most, &before);
    int error = pthread_create(&data->region, &attributes, open_region, data);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

static trine_status start_region(threads_data *data)
{
    data->callers_cpus = own_cpus();
    int error = start_thread(data);
    if (error)
        return trine_omp_no_thread(1, data->executor->workers, error);
    while (atomic_load(&data->state) == REGION_OPENS)
        trine_futex_wait(&data->state, REGION_OPENS, long_time);
    data->started = atomic_load(&data->state) == REGION_IS_OPEN;
    if (data->started)
        return TRINE_OK;
    pthread_join(data->region, NULL);
    atomic_store(&data->state, REGION_OPENS);
    return trine_fail(TRINE_E_MEMORY, "%s", data->detail);
}

static void release(threads_data *data)
{
    for (int i = 0; i < data->executor->workers; i++)
        trine_thread_release(&data->threads[i]);
    free(data->threads);
    free(data);
}

/* LLVM's runtime learns of a fork by pthread_atfork. Where it does not, it waits for threads of the
 * other process. */
static trine_status check_process(void)
{
#if defined(__clang__)
    if (trine_process_is_bare())
        return trine_fail(TRINE_E_SYSTEM,
                          "team 'omp': this process was cloned without fork(), of which LLVM's "
                          "OpenMP knows nothing; use fork(), or a team that is not of OpenMP's "
                          "threads");
#endif
    return TRINE_OK;
}

static trine_status threads_open(trine_executor *executor, const trine_executor_options *options)
{
    size_t size = (size_t)options->workers * sizeof(trine_thread);
    trine_status status = check_process();
    if (!status)
        status = trine_omp_check(options->workers);
    if (status)
        return status;
    threads_data *data = aligned_alloc(_Alignof(threads_data), sizeof *data);
    trine_thread *threads = aligned_alloc(_Alignof(trine_thread), size);
    if (!data || !threads) {
        free(data);
        free(threads);
        return trine_fail(TRINE_E_MEMORY, "team 'omp:%d': no memory", options->workers);
    }
    memset(threads, 0, size);
    memset(data, 0, sizeof *data);
    data->executor = executor;
    data->threads = threads;
    data->came = 1;
    data->process = trine_process();
    data->spin_seconds = trine_omp_spins() ? trine_spin_seconds(options->workers) : 0;
    atomic_init(&data->lost, -1);
    atomic_init(&data->stand_in, INT_MAX);
    executor->data = data;
    if (options->workers > 1)
        status = start_region(data);
    if (status)
        release(data);
    return status;
}

/* The job is there for all who are to take part. */
static void publish(threads_data *data)
{
    atomic_store(&data->next, 0);
    atomic_store(&data->finished, 0);
    atomic_fetch_add(&data->generation, 1);
    if (atomic_load(&data->sleepers) > 0)
        trine_futex_wake(&data->generation, INT_MAX);
}

static void publish_service(threads_data *data)
{
    atomic_fetch_add(&data->services, 1);
    trine_futex_wake(&data->services, 1);
}

static void wait_for_all(threads_data *data)
{
    unsigned finished;
    while ((finished = atomic_load(&data->finished)) < data->taking) {
        if (trine_spin(&data->finished, finished, data->spin_seconds))
            continue;
        atomic_store(&data->caller_sleeps, true);
        while ((finished = atomic_load(&data->finished)) < data->taking)
            trine_futex_wait(&data->finished, finished, long_time);
        atomic_store(&data->caller_sleeps, false);
    }
}

/* A region that has lost a thread never ends: those that are left wait for it in the runtime, and
 * touch nothing of the team's. */
static void end_region(threads_data *data)
{
    wait_for_all(data);
    atomic_store(&data->closing, true);
    publish(data);
    publish_service(data);
    if (atomic_load(&data->lost) < 0) {
        pthread_join(data->region, NULL);
        return;
    }
    for (unsigned left; (left = atomic_load(&data->left)) < (unsigned)data->came;)
        trine_futex_wait(&data->left, left, long_time);
    pthread_detach(data->region);
}

/* In a forked process there is no thread to end, and what one that was at work then was changing is
 * left alone. */
static void threads_close(trine_executor *executor)
{
    threads_data *data = executor->data;
    bool own = data->process == trine_process();
    /* What abandoned threads use stays theirs. */
    if (own && data->abandoned)
        return;
    if (own && data->started)
        end_region(data);
    if (own || atomic_load(&data->finished) >= data->taking) {
        release(data);
        return;
    }
    free(data->threads);
    free(data);
}

/* A region without one of its threads cannot go on. */
static trine_status check_lost(const threads_data *data)
{
    int lost = atomic_load(&data->lost);
    if (data->abandoned)
        return trine_fail(TRINE_E_WORKER,
                          "team 'omp:%d': a function of the program's left a call on tasks by "
                          "longjmp, and the team's threads wait for its items for ever; close the "
                          "team, and open another",
                          data->executor->workers);
    return lost < 0 ? TRINE_OK
                    : trine_fail(data->threads[lost].status, "%s", data->threads[lost].detail);
}

/* A call that user code left by a jump may have left a job behind. */
static trine_status make_ready(threads_data *data)
{
    if (!data->abandoned)
        wait_for_all(data);
    return check_lost(data);
}

/* The others do their parts first, which are in memory that is about to go. Task workers would go
 * on waiting for items. */
static trine_status threads_recover(trine_executor *executor)
{
    threads_data *data = executor->data;
    if (!data->serving)
        return make_ready(data);
    data->abandoned = true;
    return check_lost(data);
}

static trine_status threads_serve(trine_executor *executor, const trine_job *job, int *task_workers)
{
    threads_data *data = executor->data;
    trine_status status = data->started ? make_ready(data) : start_region(data);
    if (status)
        return status;
    *task_workers = data->came;
    data->job = *job;
    data->serving = true;
    data->taking = (unsigned)data->came;
    publish(data);
    publish_service(data);
    return TRINE_OK;
}

static bool threads_lost(trine_executor *executor, int *task_worker, char *how, size_t size)
{
    threads_data *data = executor->data;
    int lost = atomic_load(&data->lost);
    if (lost < 0 || data->told)
        return false;
    data->told = true;
    *task_worker = lost;
    snprintf(how, size, "thread %d was ended by user code (pthread_exit or pthread_cancel)", lost);
    return true;
}

static trine_status threads_restart(trine_executor *executor, int task_worker)
{
    (void)task_worker;
    return check_lost(executor->data);
}

static void threads_serve_end(trine_executor *executor)
{
    threads_data *data = executor->data;
    wait_for_all(data);
    data->serving = false;
}

static trine_status threads_run(trine_executor *executor, const trine_job *job)
{
    threads_data *data = executor->data;
    trine_status status = make_ready(data);
    if (status)
        return status;
    data->job = *job;
    data->serving = false;
    data->taking = (unsigned)data->came - 1;
    publish(data);
    take_part(data, 0);
    wait_for_all(data);
    executor->ended = trine_seconds();
    for (int i = data->came; i < executor->workers; i++)
        executor->ledger[i] = (trine_ledger_worker){.blocks = 0};
    return trine_thread_status(data->threads, data->came);
}

/* The context of a first touch: equal shares. */
typedef struct touch_context {
    char *memory;
    size_t bytes;
    int shares;
} touch_context;

static trine_status touch_share(void *context, size_t block, trine_worker *worker)
{
    const touch_context *c = context;
    trine_range share = trine_fair_share(c->bytes, (uint64_t)c->shares, block);
    (void)worker;
    trine_memory_touch(c->memory + share.first, share.end - share.first);
    return TRINE_OK;
}

static trine_status threads_alloc(trine_executor *executor, size_t bytes, void **memory)
{
    const threads_data *data = executor->data;
    trine_status status = trine_memory_get(bytes, memory);
    if (status || bytes < TRINE_LARGE_MEMORY)
        return status;
    touch_context context = {*memory, bytes, data->came};
    trine_job job = {.blocks = (size_t)data->came, .body = touch_share, .context = &context};
    status = threads_run(executor, &job);
    trine_memory_settle(bytes);
    if (status)
        trine_memory_release(*memory, bytes);
    return status;
}

const trine_executor_ops trine_omp_executor = {
    .name = "omp",
    .open = threads_open,
    .close = threads_close,
    .run = threads_run,
    .alloc = threads_alloc,
    .serve = threads_serve,
    .lost = threads_lost,
    .restart = threads_restart,
    .serve_end = threads_serve_end,
    .recover = threads_recover,
    .asked = trine_omp_asked,
    .binding = trine_omp_binding,
    .places = trine_omp_places,
};
