/* backends/executors/thread.c - one worker's part of a job. */
#include "backends/executors/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "core/system/float_environment.h"
#include "core/transport/transport.h"
#include "core/partition/share.h"
#include "core/system/util.h"

/* CPU seconds cost a system call: taken again only when this many seconds have passed. */
#define CPU_SAMPLE_SECONDS 1e-3

static void sample_cpu(trine_thread *thread, double now)
{
    if (now - thread->sampled_at < CPU_SAMPLE_SECONDS)
        return;
    trine_thread_cpu_seconds(&thread->sampled_user, &thread->sampled_sys);
    thread->sampled_at = now;
}

static void fail(trine_thread *thread, trine_status status, size_t block)
{
    thread->status = status;
    thread->failed_block = block;
    snprintf(thread->detail, sizeof thread->detail, "%s", trine_error_detail());
}

static void grow_scratch(trine_thread *thread, size_t size)
{
    if (size <= thread->scratch_size)
        return;
    free(thread->worker.scratch);
    thread->scratch_size = trine_whole_lines(size);
    thread->worker.scratch = aligned_alloc(64, thread->scratch_size);
    if (!thread->worker.scratch) {
        thread->scratch_size = 0;
        fail(thread,
             trine_fail(TRINE_E_MEMORY, "worker %d: no memory for %zu bytes of scratch",
                        thread->worker.number, size),
             0);
    }
}

void trine_thread_begin(trine_thread *thread, int number, int workers, const trine_job *job,
                        double published)
{
    trine_float_default();
    thread->began = trine_seconds();
    thread->published = published;
    thread->worker.number = number;
    thread->worker.transfer = 0;
    thread->blocks = 0;
    thread->status = TRINE_OK;
    trine_range share = trine_fair_share(job->blocks, (uint64_t)workers, (uint64_t)number);
    thread->next = share.first;
    thread->end = share.end;
    sample_cpu(thread, thread->began);
    thread->user_before = thread->sampled_user;
    thread->sys_before = thread->sampled_sys;
    /* Bodies add to its address, which must be that of something. */
    grow_scratch(thread, job->scratch_size ? job->scratch_size : 1);
}

bool trine_thread_next(trine_thread *thread, const trine_job *job, atomic_size_t *shared,
                       size_t *block)
{
    if (thread->status)
        return false;
    if (job->schedule == TRINE_DYNAMIC) {
        *block = atomic_fetch_add_explicit(shared, 1, memory_order_relaxed);
        return *block < job->blocks;
    }
    *block = thread->next++;
    return *block < thread->end;
}

void trine_thread_done(trine_thread *thread, size_t block, trine_status status)
{
    if (status)
        fail(thread, status, block);
    else
        thread->blocks++;
}

void trine_thread_end(trine_thread *thread, trine_ledger_worker *entry)
{
    trine_channel_leave();
    thread->ended = trine_seconds();
    sample_cpu(thread, thread->ended);
    *entry = (trine_ledger_worker){
        .dispatch = thread->began - thread->published,
        .transfer = thread->worker.transfer,
        .compute = thread->ended - thread->began - thread->worker.transfer,
        .user = thread->sampled_user - thread->user_before,
        .sys = thread->sampled_sys - thread->sys_before,
        .blocks = (int64_t)thread->blocks,
        .pid = getpid(),
    };
}

trine_status trine_thread_status(const trine_thread threads[], int count)
{
    const trine_thread *first = NULL;
    for (int i = 0; i < count; i++)
        if (threads[i].status && (!first || threads[i].failed_block < first->failed_block))
            first = &threads[i];
    return first ? trine_fail(first->status, "%s", first->detail) : TRINE_OK;
}

void trine_thread_release(trine_thread *thread)
{
    free(thread->worker.scratch);
}
