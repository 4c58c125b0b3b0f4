/* backends/executors/serial.c - the calling thread runs every block in order: the complete
 * reference executor.
 */
#include <unistd.h>

#include "backends/executors/thread.h"
#include "core/system/error.h"
#include "core/system/memory.h"

static trine_status serial_open(trine_executor *executor, const trine_executor_options *options)
{
    (void)options;
    return trine_memory_get(sizeof(trine_thread), &executor->data);
}

static void serial_close(trine_executor *executor)
{
    trine_thread_release(executor->data);
    trine_memory_release(executor->data, sizeof(trine_thread));
}

static trine_status serial_run(trine_executor *executor, const trine_job *job)
{
    trine_thread *thread = executor->data;
    atomic_size_t shared = 0;
    size_t block;
    trine_thread_begin(thread, 0, 1, job, executor->published);
    while (trine_thread_next(thread, job, &shared, &block))
        trine_thread_done(thread, block,
                          trine_guard_run(job->body, job->context, block, &thread->worker, false));
    trine_thread_end(thread, &executor->ledger[0]);
    executor->ended = thread->ended;
    return trine_thread_status(thread, 1);
}

static trine_status serial_alloc(trine_executor *executor, size_t bytes, void **memory)
{
    (void)executor;
    trine_status status = trine_memory_get(bytes, memory);
    if (status)
        return status;
    trine_memory_touch(*memory, bytes);
    trine_memory_settle(bytes);
    return TRINE_OK;
}

static void serial_free(trine_executor *executor, void *memory, size_t bytes)
{
    (void)executor;
    trine_memory_release(memory, bytes);
}

static bool serial_addresses(const trine_executor *executor, const void *memory, size_t bytes)
{
    (void)executor;
    (void)memory;
    (void)bytes;
    return true;
}

static pid_t serial_worker_pid(const trine_executor *executor, int worker)
{
    (void)executor;
    (void)worker;
    return getpid();
}

/* The pages come when they are touched; whether there are any is looked at now. */
static trine_status serial_commit(void *memory, size_t bytes)
{
    (void)memory;
    return trine_memory_check("memory", bytes);
}

const trine_executor_ops trine_serial_executor = {
    .name = "serial",
    .alone = true,
    .open = serial_open,
    .close = serial_close,
    .run = serial_run,
    .alloc = serial_alloc,
    .free = serial_free,
    .addresses = serial_addresses,
    .worker_pid = serial_worker_pid,
    .reserve = trine_memory_reserve,
    .commit = serial_commit,
    .discard = trine_memory_discard,
    .unreserve = trine_memory_unreserve,
};
