/* core/tasks/local/local.h - a scheduler as its caller sees it, shared by the files that make
 * it. */
#ifndef TRINE_CORE_LOCAL_H
#define TRINE_CORE_LOCAL_H

#include "core/tasks/local/scheduler.h"
#include "core/tasks/local/shared.h"

/* Where a slot is: free; held by the caller without an item; out among the workers; finished and
 * in line for take; taken; released while it still lies in a chain. */
enum {
    TRINE_ITEM_FREE,
    TRINE_ITEM_HELD,
    TRINE_ITEM_OUT,
    TRINE_ITEM_READY,
    TRINE_ITEM_TAKEN,
    TRINE_ITEM_GONE
};

/* stop: what the outcome is whatever its worker says; OK for nothing. made: the outcome was made by
 * the caller and not by a worker, and these are its fields. chained: in a chain of a batch or of a
 * worker. item_bytes: of the item's buffer, that have memory when buffers get it on demand. */
typedef struct trine_scheduler_item {
    uint64_t tag;
    unsigned char state;
    bool chained, made;
    trine_status stop, status;
    int worker, attempts;
    double began, ended;
    size_t item_bytes;
} trine_scheduler_item;

/* One worker as the caller knows it. seen: announced, of which `drained` were looked at. progress,
 * since: where it was wanted and did not come on from, and since when. */
typedef struct trine_worker_slot {
    uint64_t progress;
    double since;
    uint32_t seen, drained;
    uint64_t items;
    double busy;
    int failed_begins;
} trine_worker_slot;

/* free: slots without an item. ready: a ring of `ring` slots whose outcomes wait for take. head,
 * tail, count, open_chain: the open chunk. chains: the last chain's number. position: of the next
 * batch. unflushed: batches that sleepers have not been woken for. out: items that were put and not
 * taken. item_seconds: mean, newer ones weighing more. began, waited, looked: when it was opened;
 * seconds asleep; when it last looked around. status, detail: what is wrong with the scheduler. */
struct trine_scheduler {
    trine_executor *executor;
    trine_task_shared *shared;
    trine_task_context *context;
    trine_scheduler_setup setup;
    size_t shared_bytes, far_bytes;
    void *far;
    trine_scheduler_item *item;
    trine_worker_slot *worker_slot;
    uint32_t *free, *ready;
    uint32_t free_count, ready_first, ready_count;
    uint32_t head, tail, count, unflushed;
    uint64_t position, out, put, measured, chunk, chains, open_chain;
    int turn, lost;
    trine_dispatches dispatches;
    double item_seconds, began, waited, looked;
    bool closing, serving;
    trine_status status;
    char detail[TRINE_DETAIL_SIZE];
};

/* Fails the scheduler: the first status stays. */
void trine_scheduler_fail(trine_scheduler *scheduler, trine_status status, const char *detail);

/* Makes the outcome of an item that no worker has any more, and puts it in line for take. */
void trine_scheduler_complete(trine_scheduler *scheduler, uint32_t slot, trine_status status,
                              const char *detail);

/* Puts a chain of waiting slots, which have its number, in line for the workers. */
void trine_scheduler_publish(trine_scheduler *scheduler, uint32_t head, uint64_t chain);

/* Makes a slot that waits a cancelled one; false when it does not wait. */
bool trine_scheduler_withdraw(trine_scheduler *scheduler, uint32_t slot);

/* A slot that no chain holds any more; it is free when nobody else needs it. */
void trine_scheduler_unlink(trine_scheduler *scheduler, uint32_t slot);

/* --- core/tasks/local/supervise.c */

/* Looks for deaths, deadlines that have passed and begins that failed. */
void trine_scheduler_supervise(trine_scheduler *scheduler);

/* The slot that the worker is at, if it is its own and runs; else TRINE_SLOT_NONE. */
uint32_t trine_scheduler_running_at(const trine_scheduler *scheduler, int worker);

/* Takes waiting slots, which no worker has any more, into a new chain, in line for the workers. */
void trine_scheduler_publish_anew(trine_scheduler *scheduler, uint32_t head);

/* --- core/tasks/local/sharing.c */

/* Where workers sleep and nothing is in line for them, they get what others have in their chains
 * and will not begin soon. */
void trine_scheduler_share_out(trine_scheduler *scheduler, double now);

#endif
