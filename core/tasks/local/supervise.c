/* core/tasks/local/supervise.c - what the caller of a scheduler watches: deaths, deadlines, failed
 * begins; and cancelling.
 *
 * A death: what the dead worker announced is finished, whatever happened then. The slot that it is
 * at, if it runs, loses an attempt, unless the worker was killed for another item's sake; those
 * behind it in the chain, and a batch that it had claimed and not begun, go to others as if nothing
 * had happened. A new task worker takes its number and goes on counting where it stopped.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/system/clock.h"
#include "core/tasks/local/local.h"
#include "core/system/wait.h"

/* The least time that a worker is given for what takes microseconds: others use the CPUs, too. */
static const double least_patience = 0.5;

static uint32_t slot_at(const trine_scheduler *scheduler, int worker)
{
    return (uint32_t)atomic_load(&scheduler->shared->worker[worker].progress);
}

/* The batch that the worker has claimed and not taken; NULL for none. */
static trine_task_batch *claimed_by(const trine_scheduler *scheduler, int worker)
{
    const trine_task_shared *shared = scheduler->shared;
    uint64_t owner = TRINE_BATCH_OWNER + (uint64_t)worker;
    for (uint64_t i = 0; i < shared->batches; i++)
        if ((atomic_load(&shared->batch[i].word) & ((1 << TRINE_BATCH_BITS) - 1)) == owner)
            return &shared->batch[i];
    return NULL;
}

/* Where the chain begins that a dead worker leaves: the one that it is in, or the one that it has
 * claimed, which becomes the one that it is in. */
static uint32_t left_by(trine_scheduler *scheduler, int worker)
{
    uint32_t head = slot_at(scheduler, worker);
    trine_task_batch *batch = claimed_by(scheduler, worker);
    if (!batch)
        return head;
    uint64_t position = atomic_load(&batch->word) >> TRINE_BATCH_BITS;
    atomic_store(&batch->word, position << TRINE_BATCH_BITS | TRINE_BATCH_TAKEN);
    atomic_store(&scheduler->shared->worker[worker].chain, batch->chain);
    return batch->head;
}

void trine_scheduler_publish_anew(trine_scheduler *scheduler, uint32_t head)
{
    trine_task_shared *shared = scheduler->shared;
    uint64_t chain = ++scheduler->chains;
    for (uint32_t s = head; s != TRINE_SLOT_NONE; s = shared->slot[s].next)
        atomic_store(&shared->slot[s].word, trine_slot_word(chain, TRINE_SLOT_WAITS));
    trine_scheduler_publish(scheduler, head, chain);
}

uint32_t trine_scheduler_running_at(const trine_scheduler *scheduler, int worker)
{
    const trine_task_shared *shared = scheduler->shared;
    uint32_t s = slot_at(scheduler, worker);
    uint64_t chain = atomic_load(&shared->worker[worker].chain);
    bool runs = s != TRINE_SLOT_NONE &&
                atomic_load(&shared->slot[s].word) == trine_slot_word(chain, TRINE_SLOT_RUNS);
    return runs ? s : TRINE_SLOT_NONE;
}

static void tell_lost(const trine_scheduler *scheduler, uint32_t s, int worker, double now)
{
    const trine_item_slot *slot = &scheduler->shared->slot[s];
    const trine_scheduler_setup *setup = &scheduler->setup;
    trine_task_record record = {.index = (int64_t)slot->index,
                                .began = atomic_load(&scheduler->shared->worker[worker].began) -
                                         setup->opened,
                                .ended = now - setup->opened,
                                .rank = setup->rank,
                                .worker = worker,
                                .status = TRINE_E_WORKER};
    if (setup->lost)
        setup->lost(setup->lost_context, &record);
}

/* What becomes of an item that ran when its worker died. innocent: the worker was killed for
 * another item. True when it is to be run again. */
static bool decide_retry(trine_scheduler *scheduler, uint32_t s, int worker, const char *how,
                         bool innocent)
{
    trine_item_slot *slot = &scheduler->shared->slot[s];
    trine_scheduler_item *item = &scheduler->item[s];
    char text[TRINE_DETAIL_SIZE];
    unsigned long long index = slot->index;
    int most = scheduler->setup.attempts;
    item->worker = worker;
    if (item->stop == TRINE_E_DEADLINE) {
        snprintf(text, sizeof text, "item %llu took longer than its deadline of %.6g s; %s", index,
                 scheduler->setup.deadline, how);
        trine_scheduler_complete(scheduler, s, item->stop, text);
        return false;
    }
    if (item->stop) {
        snprintf(text, sizeof text, "item %llu was cancelled while it ran; %s", index, how);
        trine_scheduler_complete(scheduler, s, item->stop, text);
        return false;
    }
    if (innocent && !scheduler->closing)
        return true;
    tell_lost(scheduler, s, worker, trine_seconds());
    if (slot->attempt >= most || scheduler->closing) {
        snprintf(text, sizeof text, "item %llu: %s, in attempt %d of %d", index, how, slot->attempt,
                 most);
        trine_scheduler_complete(scheduler, s, TRINE_E_WORKER, text);
        return false;
    }
    slot->attempt++;
    return true;
}

/* Hands out again what the dead worker left in its chain. */
static void requeue(trine_scheduler *scheduler, int worker, uint32_t head, const char *how,
                    bool innocent)
{
    trine_task_shared *shared = scheduler->shared;
    uint32_t rest = TRINE_SLOT_NONE, last = TRINE_SLOT_NONE;
    uint64_t chain = atomic_load(&shared->worker[worker].chain);
    for (uint32_t s = head, next; s != TRINE_SLOT_NONE; s = next) {
        trine_item_slot *slot = &shared->slot[s];
        uint64_t word = atomic_load(&slot->word);
        if (word >> TRINE_SLOT_BITS != chain)
            break;
        next = slot->next;
        slot->next = TRINE_SLOT_NONE;
        if (word == trine_slot_word(chain, TRINE_SLOT_CANCELLED)) {
            trine_scheduler_unlink(scheduler, s);
        } else if (word == trine_slot_word(chain, TRINE_SLOT_RUNS)) {
            scheduler->item[s].chained = false;
            if (decide_retry(scheduler, s, worker, how, innocent)) {
                scheduler->item[s].chained = true;
                trine_scheduler_publish_anew(scheduler, s);
            }
        } else {
            if (last == TRINE_SLOT_NONE)
                rest = s;
            else
                shared->slot[last].next = s;
            last = s;
        }
    }
    if (rest != TRINE_SLOT_NONE)
        trine_scheduler_publish_anew(scheduler, rest);
}

static void restart(trine_scheduler *scheduler, int worker, const char *how)
{
    trine_task_worker *record = &scheduler->shared->worker[worker];
    char text[TRINE_DETAIL_SIZE + 256];
    if (atomic_exchange(&record->asleep, false))
        atomic_fetch_sub(&scheduler->shared->sleepers, 1);
    unsigned life = atomic_exchange(&record->life, TRINE_WORKER_STARTS);
    bool replaced = false;
    if (scheduler->closing) {
        /* Nothing is left for it to do. */
    } else if (life == TRINE_WORKER_STARTS &&
               ++scheduler->worker_slot[worker].failed_begins >= scheduler->setup.attempts) {
        snprintf(text, sizeof text, "task '%s': %s before it had begun, %d times",
                 scheduler->shared->name, how, scheduler->worker_slot[worker].failed_begins);
        trine_scheduler_fail(scheduler, TRINE_E_WORKER, text);
    } else if (scheduler->executor->ops.restart(scheduler->executor, worker)) {
        snprintf(text, sizeof text, "%s and cannot be replaced: %s", how, trine_error_detail());
        trine_scheduler_fail(scheduler, TRINE_E_WORKER, text);
    } else {
        replaced = true;
    }
    if (!replaced)
        atomic_store(&record->life, TRINE_WORKER_ENDED);
}

/* The replacement counts on from what was announced. */
static void reap(trine_scheduler *scheduler, int worker, const char *how, bool innocent)
{
    trine_task_worker *record = &scheduler->shared->worker[worker];
    uint64_t progress = atomic_load(&record->progress);
    uint32_t head = left_by(scheduler, worker);
    scheduler->lost++;
    scheduler->worker_slot[worker].seen = (uint32_t)(progress >> 32);
    atomic_store(&record->progress,
                 trine_progress_word((uint32_t)(progress >> 32), TRINE_SLOT_NONE));
    requeue(scheduler, worker, head, how, innocent);
    restart(scheduler, worker, how);
}

static void look_for_deaths(trine_scheduler *scheduler, int killed, uint32_t guilty)
{
    trine_executor *executor = scheduler->executor;
    char how[192];
    int worker;
    while (executor->ops.lost && executor->ops.lost(executor, &worker, how, sizeof how)) {
        bool innocent = worker == killed && slot_at(scheduler, worker) != guilty;
        reap(scheduler, worker, how, innocent);
    }
}

static trine_status stop(trine_scheduler *scheduler, uint32_t s, int worker, trine_status status)
{
    trine_executor *executor = scheduler->executor;
    trine_status failed = executor->ops.kill(executor, worker);
    if (failed)
        return failed;
    scheduler->item[s].stop = status;
    look_for_deaths(scheduler, worker, s);
    trine_scheduler_flush(scheduler);
    return TRINE_OK;
}

static void look_for_deadlines(trine_scheduler *scheduler, double now)
{
    trine_task_shared *shared = scheduler->shared;
    for (int w = 0; w < shared->workers; w++) {
        uint32_t s = trine_scheduler_running_at(scheduler, w);
        if (s == TRINE_SLOT_NONE)
            continue;
        double began = atomic_load_explicit(&shared->worker[w].began, memory_order_relaxed);
        if (now - began > scheduler->setup.deadline && slot_at(scheduler, w) == s &&
            stop(scheduler, s, w, TRINE_E_DEADLINE) != TRINE_OK)
            trine_scheduler_fail(scheduler, TRINE_E_SYSTEM, trine_error_detail());
    }
}

/* Whether the worker, which runs no item, has something to do: a chain, or what is in line, or to
 * end. */
static bool is_wanted(const trine_scheduler *scheduler, int worker)
{
    const trine_task_worker *record = &scheduler->shared->worker[worker];
    if (atomic_load(&record->life) != TRINE_WORKER_WORKS ||
        trine_scheduler_running_at(scheduler, worker) != TRINE_SLOT_NONE)
        return false;
    return scheduler->closing || slot_at(scheduler, worker) != TRINE_SLOT_NONE ||
           atomic_load(&scheduler->shared->cursor) != scheduler->position ||
           (!atomic_load(&record->asleep) && claimed_by(scheduler, worker));
}

/* A worker that is wanted and does not come is stopped: it is killed, after all that sleep have
 * been woken, lest it is one whose wake a stopped one got. Nothing that it holds has been begun. */
static void look_for_stopped(trine_scheduler *scheduler, double now)
{
    trine_task_shared *shared = scheduler->shared;
    double patience =
        scheduler->setup.deadline > least_patience ? scheduler->setup.deadline : least_patience;
    for (int w = 0; w < shared->workers; w++) {
        trine_worker_slot *worker_slot = &scheduler->worker_slot[w];
        uint64_t progress = atomic_load(&shared->worker[w].progress);
        if (progress != worker_slot->progress || !is_wanted(scheduler, w)) {
            worker_slot->progress = progress;
            worker_slot->since = now;
        } else if (now - worker_slot->since > patience) {
            worker_slot->since = now;
            if (scheduler->executor->ops.kill(scheduler->executor, w) != TRINE_OK)
                trine_scheduler_fail(scheduler, TRINE_E_SYSTEM, trine_error_detail());
            look_for_deaths(scheduler, w, TRINE_SLOT_NONE);
        } else if (now - worker_slot->since > patience / 2) {
            trine_futex_wake(&shared->published, INT_MAX);
        }
    }
}

void trine_scheduler_supervise(trine_scheduler *scheduler)
{
    trine_task_shared *shared = scheduler->shared;
    double now = trine_seconds();
    scheduler->looked = now;
    if (scheduler->context)
        return;
    look_for_deaths(scheduler, -1, TRINE_SLOT_NONE);
    if (scheduler->setup.deadline > 0 && scheduler->executor->ops.kill) {
        look_for_deadlines(scheduler, now);
        look_for_stopped(scheduler, now);
    }
    trine_scheduler_share_out(scheduler, now);
    for (int w = 0; w < shared->workers && !scheduler->status; w++)
        if (atomic_load(&shared->worker[w].life) == TRINE_WORKER_FAILED)
            trine_scheduler_fail(scheduler, shared->worker[w].status, shared->worker[w].detail);
    trine_scheduler_flush(scheduler);
}

trine_status trine_scheduler_cancel(trine_scheduler *scheduler, uint32_t s)
{
    trine_item_slot *slot = &scheduler->shared->slot[s];
    trine_scheduler_item *item = &scheduler->item[s];
    if (item->state != TRINE_ITEM_OUT)
        return TRINE_OK;
    if (trine_scheduler_withdraw(scheduler, s)) {
        item->worker = -1;
        slot->attempt--;
        trine_scheduler_complete(scheduler, s, TRINE_E_CANCELLED, "cancelled before it was begun");
        return TRINE_OK;
    }
    /* It runs, or its worker has died of it, or it has just been finished. */
    trine_scheduler_supervise(scheduler);
    int worker = 0;
    while (worker < scheduler->shared->workers &&
           trine_scheduler_running_at(scheduler, worker) != s)
        worker++;
    if (item->state != TRINE_ITEM_OUT || worker == scheduler->shared->workers) {
        unsigned state = atomic_load(&slot->word) & ((1 << TRINE_SLOT_BITS) - 1);
        return state == TRINE_SLOT_WAITS ? trine_scheduler_cancel(scheduler, s) : TRINE_OK;
    }
    if (!scheduler->executor->ops.kill)
        return trine_fail(TRINE_E_BUSY,
                          "item %llu runs on thread %d of team %s: a thread cannot be stopped; "
                          "a pool's worker can",
                          (unsigned long long)slot->index, worker, scheduler->executor->ops.name);
    return stop(scheduler, s, worker, TRINE_E_CANCELLED);
}
