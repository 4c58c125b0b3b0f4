/* backends/omp.c - OpenMP threads. The caller is thread 0 of the parallel region.
 *
 * Threads of a region live as long as the OpenMP runtime keeps them; a team of T asks for T at each
 * job. Where the runtime gives fewer (nested regions, OMP_THREAD_LIMIT) the job is shared out among
 * those that came. */
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "backends/thread.h"
#include "core/error.h"
#include "core/memory.h"

static trine_status threads_open(trine_executor *executor, const trine_executor_options *options)
{
    size_t size = (size_t)options->workers * sizeof(trine_thread);
    trine_thread *threads = aligned_alloc(_Alignof(trine_thread), size);
    if (!threads)
        return trine_fail(TRINE_E_MEMORY, "team 'omp:%d': no memory", options->workers);
    memset(threads, 0, size);
    executor->data = threads;
/* The first region starts the runtime's threads: that is the launch. */
#pragma omp parallel num_threads(options->workers)
    {
    }
    return TRINE_OK;
}

static void threads_close(trine_executor *executor)
{
    trine_thread *threads = executor->data;
    for (int i = 0; i < executor->workers; i++)
        trine_thread_release(&threads[i]);
    free(threads);
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

static trine_status threads_run(trine_executor *executor, const trine_job *job)
{
    trine_thread *threads = executor->data;
    atomic_size_t next = 0;
    int came = 1;
#pragma omp parallel num_threads(executor->workers)
    {
        int number = omp_get_thread_num(), workers = omp_get_num_threads();
        if (number == 0)
            came = workers;
        trine_thread_begin(&threads[number], number, job, executor->published, trine_seconds());
        if (job->schedule == TRINE_DYNAMIC)
            run_dynamic(&threads[number], job, &next);
        else
            run_static(&threads[number], job, workers);
        trine_thread_end(&threads[number], &executor->ledger[number]);
    }
    executor->ended = trine_seconds();
    for (int i = came; i < executor->workers; i++)
        executor->ledger[i] = (trine_ledger_worker){.runs = 0};
    return trine_thread_status(threads, came);
}

static trine_status threads_alloc(trine_executor *executor, size_t bytes, void **memory)
{
    trine_status status = trine_memory_get(bytes, memory);
    if (status || bytes < TRINE_LARGE_MEMORY)
        return status;
    char *first = *memory;
#pragma omp parallel num_threads(executor->workers)
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
};
