/* core/tasks/queue/runner.h - who runs a queue's items: this rank's scheduler, or all ranks' with
 * rank 0's ring between them. */
#ifndef TRINE_CORE_RUNNER_H
#define TRINE_CORE_RUNNER_H

#include "core/tasks/ranks/ranks.h"

/* One of the two. */
typedef struct trine_runner {
    trine_scheduler *scheduler;
    trine_ranks *ranks;
} trine_runner;

static inline trine_status trine_runner_buffer(const trine_runner *r, size_t size, uint32_t *slot,
                                               void **item)
{
    return r->ranks ? trine_ranks_buffer(r->ranks, size, slot, item)
                    : trine_scheduler_buffer(r->scheduler, size, slot, item);
}

static inline void trine_runner_leave_buffer(const trine_runner *r, uint32_t slot)
{
    if (r->ranks)
        trine_ranks_leave_buffer(r->ranks, slot);
    else
        trine_scheduler_leave_buffer(r->scheduler, slot);
}

static inline void trine_runner_put(const trine_runner *r, uint32_t slot, uint64_t index,
                                    size_t size, uint64_t tag)
{
    if (r->ranks)
        trine_ranks_put(r->ranks, slot, index, size, tag);
    else
        trine_scheduler_put(r->scheduler, slot, index, size, tag);
}

static inline void trine_runner_flush(const trine_runner *r)
{
    if (r->ranks)
        trine_ranks_flush(r->ranks);
    else
        trine_scheduler_flush(r->scheduler);
}

static inline trine_status trine_runner_take(const trine_runner *r, double seconds,
                                             trine_scheduler_outcome *outcome)
{
    return r->ranks ? trine_ranks_take(r->ranks, seconds, outcome)
                    : trine_scheduler_take(r->scheduler, seconds, outcome);
}

static inline bool trine_runner_has_outcome(const trine_runner *r)
{
    return r->ranks ? trine_ranks_has_outcome(r->ranks) : trine_scheduler_has_outcome(r->scheduler);
}

static inline void trine_runner_release(const trine_runner *r, uint32_t slot)
{
    if (r->ranks)
        trine_ranks_release(r->ranks, slot);
    else
        trine_scheduler_release(r->scheduler, slot);
}

static inline trine_status trine_runner_cancel(const trine_runner *r, uint32_t slot)
{
    return r->ranks ? trine_ranks_cancel(r->ranks, slot)
                    : trine_scheduler_cancel(r->scheduler, slot);
}

static inline int trine_runner_worker_slots(const trine_runner *r)
{
    return r->ranks ? trine_ranks_worker_slots(r->ranks)
                    : trine_scheduler_worker_slots(r->scheduler);
}

static inline void trine_runner_worker_slot(const trine_runner *r, int number,
                                            trine_task_slot *worker_slot)
{
    if (r->ranks)
        trine_ranks_worker_slot(r->ranks, number, worker_slot);
    else
        trine_scheduler_worker_slot(r->scheduler, number, worker_slot);
}

static inline uint64_t trine_runner_chunk(const trine_runner *r)
{
    return r->ranks ? trine_ranks_chunk(r->ranks) : trine_scheduler_chunk(r->scheduler);
}

static inline int trine_runner_lost(const trine_runner *r)
{
    return r->ranks ? trine_ranks_lost(r->ranks) : trine_scheduler_lost(r->scheduler);
}

static inline double trine_runner_waited(const trine_runner *r)
{
    return r->ranks ? trine_ranks_waited(r->ranks) : trine_scheduler_waited(r->scheduler);
}

/* status: the queue's, with the calling thread's detail. */
static inline trine_status trine_runner_close(const trine_runner *r, trine_status status)
{
    if (r->ranks)
        return trine_ranks_close(r->ranks, status);
    trine_scheduler_close(r->scheduler);
    return TRINE_OK;
}

#endif
