/* backends/omp.c - OpenMP threads. The caller is thread 0 of the parallel region.
 *
 * Threads of a region live as long as the OpenMP runtime keeps them; a team of T asks for T at each
 * job. Where the runtime gives fewer (nested regions, OMP_THREAD_LIMIT, OMP_DYNAMIC) the job is
 * shared out among those that came, and the executor says how many, and why.
 *
 * Servants are the threads of a region that a thread of its own opens, so that the caller stays
 * free. The first service opens it and it stays open until the team closes: its threads sleep
 * between services, and no barrier of the runtime, where threads spin, stands between two. */
#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backends/omp_environment.h"
#include "backends/thread.h"
#include "core/error.h"
#include "core/float_environment.h"
#include "core/memory.h"
#include "core/wait.h"

/* What the caller and the servants tell each other. came: how many threads the region has, 0 before
 * it is open. generation: raised when a job is there, and to close. finished: bodies of this
 * generation that have returned. */
typedef struct service {
    pthread_t thread;
    bool started;
    int workers;
    trine_job job;
    atomic_bool closing;
    atomic_uint came, generation, finished;
} service;

/* Seconds that other threads may take to end their parts of a job which the caller has left. */
static const double patience = 10;

/* A sleep that only a wake ends, in seconds. */
static const double long_time = 1e6;

/* asked: threads that each region asks for. inside: the caller is in a region; left: it has left
 * one without its end, where the others wait for it for ever; serving: a service has not ended.
 * came: threads of the region; entered, through: those but the caller that have begun
 * and done their part. executor, job, next: of that region. */
typedef struct threads_data {
    trine_thread *threads;
    int asked;
    bool inside, serving, left;
    int came;
    atomic_int entered, through;
    trine_executor *executor;
    trine_job job;
    atomic_size_t next;
    service service;
} threads_data;

/* How many threads a region had. */
static void count_threads(trine_executor *executor, int came)
{
    if (came == executor->working)
        return;
    executor->working = came;
    trine_omp_explain(executor);
}

/* Threads to ask for: libomp prints a warning where they are more than its limit. */
static int threads_to_ask(int workers)
{
    int limit = omp_get_thread_limit();
    return limit > 0 && limit < workers ? limit : workers;
}

/* The first region starts the runtime's threads: that is the launch. They have the floating-point
 * environment of who starts them, and are the caller's in regions of its own. How many came. */
static int start_threads(int asked, const trine_float_environment *callers_environment)
{
    trine_float_environment own, theirs;
    int came = 1;
    trine_float_enter(&own);
    if (callers_environment) {
        theirs = trine_float_quiet(callers_environment);
        trine_float_leave(&theirs);
    }
#pragma omp parallel num_threads(asked)
    {
        if (omp_get_thread_num() == 0)
            came = omp_get_num_threads();
    }
    trine_float_leave(&own);
    return came;
}

static trine_status threads_open(trine_executor *executor, const trine_executor_options *options)
{
    size_t size = (size_t)options->workers * sizeof(trine_thread);
    threads_data *data = calloc(1, sizeof *data);
    trine_thread *threads = aligned_alloc(_Alignof(trine_thread), size);
    if (!data || !threads) {
        free(data);
        free(threads);
        return trine_fail(TRINE_E_MEMORY, "team 'omp:%d': no memory", options->workers);
    }
    memset(threads, 0, size);
    data->threads = threads;
    executor->data = data;
    data->asked = threads_to_ask(options->workers);
    data->service.workers = data->asked;
    count_threads(executor, start_threads(data->asked, options->callers_environment));
    return TRINE_OK;
}

/* Raises the generation and wakes the servants. */
static void publish(service *s)
{
    atomic_fetch_add(&s->generation, 1);
    trine_futex_wake(&s->generation, INT_MAX);
}

static void threads_close(trine_executor *executor)
{
    threads_data *data = executor->data;
    /* What threads use that wait for ever stays theirs. */
    if (data->left)
        return;
    if (data->service.started) {
        atomic_store(&data->service.closing, true);
        publish(&data->service);
        pthread_join(data->service.thread, NULL);
    }
    for (int i = 0; i < executor->workers; i++)
        trine_thread_release(&data->threads[i]);
    free(data->threads);
    free(data);
}

/* One servant's life. */
static void be_servant(service *s, int number)
{
    for (unsigned seen = 0;;) {
        while (atomic_load(&s->generation) == seen)
            trine_futex_wait(&s->generation, seen, long_time);
        seen++;
        if (atomic_load(&s->closing))
            return;
        trine_worker worker = {.number = number};
        s->job.body(s->job.context, (size_t)number, &worker);
        atomic_fetch_add(&s->finished, 1);
        trine_futex_wake(&s->finished, 1);
    }
}

static void *open_region(void *data)
{
    service *s = data;
#pragma omp parallel num_threads(s->workers)
    {
        int number = omp_get_thread_num();
        if (number == 0) {
            atomic_store(&s->came, (unsigned)omp_get_num_threads());
            trine_futex_wake(&s->came, 1);
        }
        be_servant(s, number);
    }
    return NULL;
}

/* The thread takes no signals: they are the caller's to handle. */
static int start_thread(service *s)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&s->thread, NULL, open_region, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    s->started = error == 0;
    return error;
}

static trine_status check_left(const threads_data *data)
{
    return data->left ? trine_fail(TRINE_E_WORKER,
                                   "team 'omp:%d': a function of the program's left a call by "
                                   "longjmp, or ended its thread, and the team's other threads "
                                   "wait for ever; close the team, and open another",
                                   data->asked)
                      : TRINE_OK;
}

static trine_status threads_serve(trine_executor *executor, const trine_job *job, int *servants)
{
    service *s = &((threads_data *)executor->data)->service;
    trine_status status = check_left(executor->data);
    if (status)
        return status;
    int error = s->started ? 0 : start_thread(s);
    if (error)
        return trine_fail(TRINE_E_SYSTEM, "team 'omp:%d': starting a thread: %s", s->workers,
                          strerror(error));
    while (atomic_load(&s->came) == 0)
        trine_futex_wait(&s->came, 0, long_time);
    *servants = (int)atomic_load(&s->came);
    count_threads(executor, *servants);
    s->job = *job;
    atomic_store(&s->finished, 0);
    ((threads_data *)executor->data)->serving = true;
    publish(s);
    return TRINE_OK;
}

static void threads_serve_end(trine_executor *executor)
{
    service *s = &((threads_data *)executor->data)->service;
    for (unsigned finished; (finished = atomic_load(&s->finished)) < atomic_load(&s->came);)
        trine_futex_wait(&s->finished, finished, long_time);
    ((threads_data *)executor->data)->serving = false;
}

static void run_static(trine_thread *thread, const trine_job *job, int workers)
{
    size_t run, end;
    trine_static_share(job->runs, workers, thread->worker.number, &run, &end);
    while (run < end && trine_thread_run(thread, job, run))
        run++;
}

static void run_dynamic(trine_thread *thread, const trine_job *job, atomic_size_t *next)
{
    size_t run;
    do {
        run = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
    } while (run < job->runs && trine_thread_run(thread, job, run));
}

/* A thread's part of the job. */
static __attribute__((noinline)) void take_part(threads_data *data, int number, int workers)
{
    trine_thread *thread = &data->threads[number];
    trine_executor *executor = data->executor;
    trine_float_environment callers_environment;
    trine_float_enter(&callers_environment);
    trine_thread_begin(thread, number, &data->job, executor->published);
    if (data->job.schedule == TRINE_DYNAMIC)
        run_dynamic(thread, &data->job, &data->next);
    else
        run_static(thread, &data->job, workers);
    trine_thread_end(thread, &executor->ledger[number]);
    trine_float_leave(&callers_environment);
}

/* The caller begins when all others have: what a region gives its threads lies in the caller's
 * frame, which a function of the program's may leave. They would wait for each other in the end. */
static void wait_for_others(threads_data *data, int others)
{
    enum { SPINS = 1000 };
    for (int spins = 0; atomic_load(&data->entered) < others; spins++)
        if (spins > SPINS)
            sched_yield();
}

static trine_status threads_run(trine_executor *executor, const trine_job *job)
{
    threads_data *data = executor->data;
    trine_status status = check_left(data);
    if (status)
        return status;
    data->executor = executor;
    data->job = *job;
    data->inside = true;
    atomic_store(&data->next, 0);
    atomic_store(&data->entered, 0);
    atomic_store(&data->through, 0);
#pragma omp parallel num_threads(data->asked) firstprivate(data)
    {
        int number = omp_get_thread_num(), workers = omp_get_num_threads();
        if (number == 0) {
            data->came = workers;
            wait_for_others(data, workers - 1);
        } else {
            atomic_fetch_add(&data->entered, 1);
        }
        take_part(data, number, workers);
        if (number > 0)
            atomic_fetch_add(&data->through, 1);
    }
    int came = data->came;
    data->inside = false;
    executor->ended = trine_seconds();
    count_threads(executor, came);
    for (int i = came; i < executor->workers; i++)
        executor->ledger[i] = (trine_ledger_worker){.runs = 0};
    return trine_thread_status(data->threads, came);
}

/* The others do their parts first, which are in memory that is about to go. */
static trine_status threads_recover(trine_executor *executor)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    threads_data *data = executor->data;
    double began = trine_seconds();
    while (data->inside && atomic_load(&data->through) < data->came - 1 &&
           trine_seconds() - began < patience)
        nanosleep(&moment, NULL);
    data->left = data->left || data->inside || data->serving;
    return check_left(data);
}

static trine_status threads_alloc(trine_executor *executor, size_t bytes, void **memory)
{
    trine_status status = trine_memory_get(bytes, memory);
    if (status || bytes < TRINE_LARGE_MEMORY)
        return status;
    char *first = *memory;
#pragma omp parallel num_threads(((threads_data *)executor->data)->asked)
    {
        size_t begin, end;
        trine_static_share(bytes, omp_get_num_threads(), omp_get_thread_num(), &begin, &end);
        trine_memory_touch(first + begin, end - begin);
    }
    return TRINE_OK;
}

const trine_executor_ops trine_omp_executor = {
    .name = "omp",
    .open = threads_open,
    .close = threads_close,
    .run = threads_run,
    .alloc = threads_alloc,
    .serve = threads_serve,
    .serve_end = threads_serve_end,
    .asked = trine_omp_asked,
    .binding = trine_omp_binding,
    .places = trine_omp_places,
    .recover = threads_recover,
};
