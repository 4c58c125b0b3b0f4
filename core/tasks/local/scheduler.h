/* core/tasks/local/scheduler.h - the local scheduler of tasks: runs items on the task workers of
 * one executor.
 *
 * It knows neither order nor where items come from: the caller gives each item a number and a tag,
 * and takes outcomes as they finish. One thread calls all of it. Life of an item:
 *   buffer -> (the caller writes the item) -> put -> flush -> take -> (reads the result) -> release
 * Where an executor has no task workers, the caller's thread works inside take.
 */
#ifndef TRINE_CORE_SCHEDULER_H
#define TRINE_CORE_SCHEDULER_H

#include <trine/task.h>

#include "core/backend/executor.h"
#include "core/transport/transport.h"

typedef struct trine_scheduler trine_scheduler;

/* kind and param are copied. data: data_size bytes that every worker addresses, or that are brought
 * to each by `channel`, with data_each anew for each item. window: most items between buffer and
 * release. chunk 0: chosen. attempts at least 1. opened: when the queue was, the zero of outcomes'
 * times. lost: called for each attempt that ended with its worker; may be NULL.
 */
typedef struct trine_scheduler_setup {
    const trine_task_kind *kind;
    const void *param, *data;
    size_t data_size;
    trine_channel *channel;
    bool data_each;
    int rank, attempts;
    uint64_t window, chunk, total;
    double deadline, opened;
    void (*lost)(void *context, const trine_task_record *record);
    void *lost_context;
} trine_scheduler_setup;

/* What one item became: tag as in put; slot to be released, until when outcome.result and detail
 * hold. */
typedef struct trine_scheduler_outcome {
    trine_task_outcome outcome;
    uint64_t tag;
    uint32_t slot;
} trine_scheduler_outcome;

/* Dispatches so far. items: in all of them; weighed: the sum over items of the chunk that each was
 * in. */
typedef struct trine_dispatches {
    double items, weighed;
} trine_dispatches;

static inline void trine_dispatch_note(trine_dispatches *dispatches, uint64_t items, uint64_t chunk)
{
    dispatches->items += (double)items;
    dispatches->weighed += (double)items * (double)chunk;
}

/* The chunk that a mean item was in; 1 before there was any. */
static inline uint64_t trine_dispatch_mean(const trine_dispatches *dispatches)
{
    return dispatches->items > 0 ? (uint64_t)(dispatches->weighed / dispatches->items + 0.5) : 1;
}

/* The window that is used when none is asked for. */
uint64_t trine_scheduler_window(const trine_task_kind *kind, int workers);

/* Starts the task workers and waits until all have begun. *opened is untouched on error: MEMORY,
 * what begin says, WORKER when task workers die in it. */
trine_status trine_scheduler_open(trine_executor *executor, const trine_scheduler_setup *setup,
                                  trine_scheduler **opened);

/* A buffer for an item of `size` bytes. There is one as long as fewer than `window` are out; should
 * a cancelled item still lie in a worker's chunk, this waits until the worker has passed it. */
trine_status trine_scheduler_buffer(trine_scheduler *scheduler, size_t size, uint32_t *slot,
                                    void **item);

/* Whether a buffer holds item_max bytes, whatever size it was asked for. */
bool trine_scheduler_buffers_are_whole(const trine_scheduler *scheduler);

/* Gives back a buffer that was not used. */
void trine_scheduler_leave_buffer(trine_scheduler *scheduler, uint32_t slot);

/* Puts the item of `size` bytes into the open chunk, which goes to the workers when it is full. */
void trine_scheduler_put(trine_scheduler *scheduler, uint32_t slot, uint64_t index, size_t size,
                         uint64_t tag);

/* Sends the open chunk and wakes workers. */
void trine_scheduler_flush(trine_scheduler *scheduler);

/* The outcome of whichever item is finished; waits at most `seconds` (below 0: for ever).
 * outcome->outcome.index is TRINE_TASK_NONE when time is up or nothing is out. With 0 it looks for
 * deaths and deadlines, too, and a caller that works itself works off one batch when nothing is
 * finished. Returns what is wrong with the scheduler. */
trine_status trine_scheduler_take(trine_scheduler *scheduler, double seconds,
                                  trine_scheduler_outcome *outcome);

/* Whether an outcome can be taken at once, without any work. */
bool trine_scheduler_has_outcome(const trine_scheduler *scheduler);

/* The item's outcome is no longer looked at. */
void trine_scheduler_release(trine_scheduler *scheduler, uint32_t slot);

/* As trine_task_cancel, for an item that was put and not taken. */
trine_status trine_scheduler_cancel(trine_scheduler *scheduler, uint32_t slot);

/* An item that was put and never begun: its bytes hold until its slot is released. */
typedef struct trine_scheduler_unbegun {
    uint64_t index, tag;
    const void *item;
    size_t size;
    uint32_t slot;
} trine_scheduler_unbegun;

/* Takes such an item back, of the slots from that one on; false when there is none. */
bool trine_scheduler_take_back(trine_scheduler *scheduler, uint32_t from,
                               trine_scheduler_unbegun *item);

/* Cancels what waits, waits for what runs (deadlines hold), runs `end`. Fills executor->ledger with
 * what each task worker did. Returns what was wrong with the scheduler. */
trine_status trine_scheduler_close(trine_scheduler *scheduler);

int trine_scheduler_worker_slots(const trine_scheduler *scheduler);
void trine_scheduler_worker_slot(const trine_scheduler *scheduler, int worker,
                                 trine_task_slot *worker_slot);
uint64_t trine_scheduler_chunk(const trine_scheduler *scheduler);

/* Task workers that died. */
int trine_scheduler_lost(const trine_scheduler *scheduler);

/* Seconds that the caller slept in take. */
double trine_scheduler_waited(const trine_scheduler *scheduler);

#endif
