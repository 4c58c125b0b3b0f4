/* core/tasks/queue/task_runner.h - who runs a queue's items: this rank's engine, or all ranks' with
 * rank 0's ring between them. */
#ifndef TRINE_CORE_TASK_RUNNER_H
#define TRINE_CORE_TASK_RUNNER_H

#include "core/tasks/ranks/task_ranks.h"

/* One of the two. */
typedef struct trine_runner {
    trine_engine *engine;
    trine_ranks *ranks;
} trine_runner;

static inline trine_status trine_runner_room(const trine_runner *r, size_t size, uint32_t *slot,
                                             void **item)
{
    return r->ranks ? trine_ranks_room(r->ranks, size, slot, item)
                    : trine_engine_room(r->engine, size, slot, item);
}

static inline void trine_runner_leave_room(const trine_runner *r, uint32_t slot)
{
    if (r->ranks)
        trine_ranks_leave_room(r->ranks, slot);
    else
        trine_engine_leave_room(r->engine, slot);
}

static inline void trine_runner_put(const trine_runner *r, uint32_t slot, uint64_t index,
                                    size_t size, uint64_t tag)
{
    if (r->ranks)
        trine_ranks_put(r->ranks, slot, index, size, tag);
    else
        trine_engine_put(r->engine, slot, index, size, tag);
}

static inline void trine_runner_flush(const trine_runner *r)
{
    if (r->ranks)
        trine_ranks_flush(r->ranks);
    else
        trine_engine_flush(r->engine);
}

static inline trine_status trine_runner_take(const trine_runner *r, double seconds,
                                             trine_engine_outcome *outcome)
{
    return r->ranks ? trine_ranks_take(r->ranks, seconds, outcome)
                    : trine_engine_take(r->engine, seconds, outcome);
}

static inline bool trine_runner_has_outcome(const trine_runner *r)
{
    return r->ranks ? trine_ranks_has_outcome(r->ranks) : trine_engine_has_outcome(r->engine);
}

static inline void trine_runner_release(const trine_runner *r, uint32_t slot)
{
    if (r->ranks)
        trine_ranks_release(r->ranks, slot);
    else
        trine_engine_release(r->engine, slot);
}

static inline trine_status trine_runner_cancel(const trine_runner *r, uint32_t slot)
{
    return r->ranks ? trine_ranks_cancel(r->ranks, slot) : trine_engine_cancel(r->engine, slot);
}

static inline int trine_runner_lanes(const trine_runner *r)
{
    return r->ranks ? trine_ranks_lanes(r->ranks) : trine_engine_lanes(r->engine);
}

static inline void trine_runner_lane(const trine_runner *r, int number, trine_task_lane *lane)
{
    if (r->ranks)
        trine_ranks_lane(r->ranks, number, lane);
    else
        trine_engine_lane(r->engine, number, lane);
}

static inline uint64_t trine_runner_chunk(const trine_runner *r)
{
    return r->ranks ? trine_ranks_chunk(r->ranks) : trine_engine_chunk(r->engine);
}

static inline int trine_runner_lost(const trine_runner *r)
{
    return r->ranks ? trine_ranks_lost(r->ranks) : trine_engine_lost(r->engine);
}

static inline double trine_runner_waited(const trine_runner *r)
{
    return r->ranks ? trine_ranks_waited(r->ranks) : trine_engine_waited(r->engine);
}

/* status: the queue's, with the calling thread's detail. */
static inline trine_status trine_runner_close(const trine_runner *r, trine_status status)
{
    if (r->ranks)
        return trine_ranks_close(r->ranks, status);
    trine_engine_close(r->engine);
    return TRINE_OK;
}

#endif
