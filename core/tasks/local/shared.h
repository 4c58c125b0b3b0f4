/* core/tasks/local/shared.h - what the caller and the workers of a scheduler share.
 *
 * All of it lies in memory that every worker addresses. What may be read after its writer was
 * killed at any instruction changes by single atomic stores:
 *
 *   batch   a chunk of items on its way to a worker: a chain of slots, first come first served. One
 *           word holds its position in line and who has claimed it.
 *   slot    an item. One word holds the number of the chain that it is in and its state, which goes
 *           from WAITS to RUNS (by the worker) or to CANCELLED (by the caller), whoever comes
 *           first. A slot that waits may also go to another chain (by the caller), and all behind
 *           it with it: the worker finds another number there and leaves them alone.
 *   worker  one word holds how many slots it has announced as finished and which one it is at, so
 *           that finishing one and going on to the next cannot be torn apart. The numbers of the
 *           announced slots stand in a ring that the worker alone writes and the caller reads.
 */
#ifndef TRINE_CORE_SHARED_H
#define TRINE_CORE_SHARED_H

#include <stdatomic.h>

#include <trine/task.h>

#include "core/system/clock.h"
#include "core/system/error.h"
#include "core/backend/executor.h"
#include "core/transport/transport.h"

#define TRINE_SLOT_NONE UINT32_MAX

enum { TRINE_SLOT_WAITS, TRINE_SLOT_RUNS, TRINE_SLOT_CANCELLED, TRINE_SLOT_BITS = 2 };

/* word: chain << TRINE_SLOT_BITS, and the state; no chain has the number 0. began: seconds on
 * trine_seconds' clock. next: the slot after it in its chain. there, asked: bytes of the result's
 * buffer that have memory, and that may have some. */
typedef struct trine_item_slot {
    _Alignas(128) uint64_t index;
    size_t item_size, result_size, there, asked;
    double began, ended;
    _Atomic uint64_t word;
    uint32_t next;
    int attempt, worker;
    trine_status status;
    bool has_detail;
} trine_item_slot;

/* word: position << TRINE_BATCH_BITS, and one of these or TRINE_BATCH_OWNER + worker, of which
 * there are 65536 at most. */
enum { TRINE_BATCH_READY, TRINE_BATCH_TAKEN, TRINE_BATCH_OWNER, TRINE_BATCH_BITS = 17 };

typedef struct trine_task_batch {
    _Atomic uint64_t word;
    uint64_t chain;
    uint32_t head;
} trine_task_batch;

/* In which part of its life a worker is. */
enum {
    TRINE_WORKER_STARTS,
    TRINE_WORKER_WORKS,
    TRINE_WORKER_ENDS,
    TRINE_WORKER_FAILED,
    TRINE_WORKER_ENDED
};

/* progress: slots announced << 32 | the slot that it is at. chain: which that slot is of, while
 * nobody took it away; began: when it began it. status, detail: why begin failed. transfer: seconds
 * of bringing data. drained: how many of the announced the caller has seen. */
typedef struct trine_task_worker {
    _Alignas(128) _Atomic uint64_t progress;
    _Atomic uint64_t chain;
    _Atomic double began;
    atomic_uint life;
    atomic_bool asleep;
    trine_status status;
    double user, sys, transfer;
    char detail[TRINE_DETAIL_SIZE];
    _Alignas(128) atomic_uint drained;
} trine_task_worker;

/* published: raised when batches have been added, on which workers sleep. called: raised to wake
 * the caller. cursor: no batch before it is READY. wake_at: finished slots of one worker on which
 * it wakes the caller. demand: items and results have addresses only until they are used.
 * processes: workers are processes of their own. Padding keeps those who write on lines of their
 * own. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
typedef struct trine_task_shared {
    trine_task_kind kind;
    char name[64];
    const void *param, *data;
    size_t data_size, item_stride, result_stride;
    trine_channel *channel;
    int rank, workers;
    uint32_t slots, ring, wake_at;
    uint64_t batches;
    bool demand, data_each, processes;
    double deadline, spin_seconds;
    trine_status (*commit)(void *memory, size_t bytes);
    trine_item_slot *slot;
    trine_task_batch *batch;
    trine_task_worker *worker;
    uint32_t *announced;
    char *items, *results, *details;
    _Alignas(128) atomic_uint published;
    atomic_int sleepers;
    atomic_bool closing;
    _Alignas(128) _Atomic uint64_t cursor;
    _Alignas(128) atomic_uint called;
    atomic_bool caller_sleeps;
} trine_task_shared;

static inline uint32_t *trine_announced_ring(const trine_task_shared *shared, int worker)
{
    return shared->announced + (size_t)worker * shared->ring;
}

static inline uint64_t trine_slot_word(uint64_t chain, unsigned state)
{
    return chain << TRINE_SLOT_BITS | state;
}

static inline uint64_t trine_progress_word(uint32_t announced, uint32_t at)
{
    return (uint64_t)announced << 32 | at;
}

/* Stores the detail of a slot that failed, as long as there is memory for it. */
void trine_slot_detail(const trine_task_shared *shared, uint32_t slot, const char *text);

/* --- core/tasks/local/worker.c */

/* The whole of a task worker: begin, work until the scheduler closes, end. job->context is the
 * shared block. */
trine_status trine_task_serve(void *context, size_t task_worker, trine_worker *worker);

/* The same in steps, for a caller that works itself: worker 0. */
typedef struct trine_task_context trine_task_context;
trine_status trine_task_begin(trine_task_shared *shared, trine_task_context **context);
/* Works off one batch; false when there was none. */
bool trine_task_step(trine_task_context *context);
void trine_task_end(trine_task_context *context);

#endif
