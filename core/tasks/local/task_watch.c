/* core/tasks/local/task_watch.c - what the caller of an engine watches: deaths, deadlines, failed
 * begins; and cancelling.
 *
 * A death: what the dead worker announced is finished, whatever happened then. The slot that it is
 * at, if it runs, loses an attempt, unless the worker was killed for another item's sake; those
 * behind it in the chain, and a batch that it had claimed and not begun, go to others as if nothing
 * had happened. A new servant takes its number and goes on counting where it stopped.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/system/clock.h"
#include "core/tasks/local/task_local.h"
#include "core/system/wait.h"

/* The least time that a worker is given for what takes microseconds: others use the CPUs, too. */
static const double least_patience = 0.5;

static uint32_t slot_at(const trine_engine *engine, int worker)
{
    return (uint32_t)atomic_load(&engine->shared->worker[worker].progress);
}

/* The batch that the worker has claimed and not taken; NULL for none. */
static trine_task_batch *claimed_by(const trine_engine *engine, int worker)
{
    const trine_task_shared *shared = engine->shared;
    uint64_t owner = TRINE_BATCH_OWNER + (uint64_t)worker;
    for (uint64_t i = 0; i < shared->batches; i++)
        if ((atomic_load(&shared->batch[i].word) & ((1 << TRINE_BATCH_BITS) - 1)) == owner)
            return &shared->batch[i];
    return NULL;
}

/* Where the chain begins that a dead worker leaves: the one that it is in, or the one that it has
 * claimed, which becomes the one that it is in. */
static uint32_t left_by(trine_engine *engine, int worker)
{
    uint32_t head = slot_at(engine, worker);
    trine_task_batch *batch = claimed_by(engine, worker);
    if (!batch)
        return head;
    uint64_t place = atomic_load(&batch->word) >> TRINE_BATCH_BITS;
    atomic_store(&batch->word, place << TRINE_BATCH_BITS | TRINE_BATCH_TAKEN);
    atomic_store(&engine->shared->worker[worker].chain, batch->chain);
    return batch->head;
}

void trine_engine_publish_anew(trine_engine *engine, uint32_t head)
{
    trine_task_shared *shared = engine->shared;
    uint64_t chain = ++engine->chains;
    for (uint32_t s = head; s != TRINE_SLOT_NONE; s = shared->slot[s].next)
        atomic_store(&shared->slot[s].word, trine_slot_word(chain, TRINE_SLOT_WAITS));
    trine_engine_publish(engine, head, chain);
}

uint32_t trine_engine_running_at(const trine_engine *engine, int worker)
{
    const trine_task_shared *shared = engine->shared;
    uint32_t s = slot_at(engine, worker);
    uint64_t chain = atomic_load(&shared->worker[worker].chain);
    bool runs = s != TRINE_SLOT_NONE &&
                atomic_load(&shared->slot[s].word) == trine_slot_word(chain, TRINE_SLOT_RUNS);
    return runs ? s : TRINE_SLOT_NONE;
}

static void tell_lost(const trine_engine *engine, uint32_t s, int worker, double now)
{
    const trine_task_slot *slot = &engine->shared->slot[s];
    const trine_engine_setup *setup = &engine->setup;
    trine_task_record record = {.index = slot->index,
                                .began = atomic_load(&engine->shared->worker[worker].began) -
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
static bool judge(trine_engine *engine, uint32_t s, int worker, const char *how, bool innocent)
{
    trine_task_slot *slot = &engine->shared->slot[s];
    trine_engine_item *item = &engine->item[s];
    char text[TRINE_DETAIL_SIZE];
    unsigned long long index = slot->index;
    int most = engine->setup.attempts;
    item->worker = worker;
    if (item->stop == TRINE_E_DEADLINE) {
        snprintf(text, sizeof text, "item %llu took longer than its deadline of %.6g s; %s", index,
                 engine->setup.deadline, how);
        trine_engine_make(engine, s, item->stop, text);
        return false;
    }
    if (item->stop) {
        snprintf(text, sizeof text, "item %llu was cancelled while it ran; %s", index, how);
        trine_engine_make(engine, s, item->stop, text);
        return false;
    }
    if (innocent && !engine->closing)
        return true;
    tell_lost(engine, s, worker, trine_seconds());
    if (slot->attempt >= most || engine->closing) {
        snprintf(text, sizeof text, "item %llu: %s, in attempt %d of %d", index, how, slot->attempt,
                 most);
        trine_engine_make(engine, s, TRINE_E_WORKER, text);
        return false;
    }
    slot->attempt++;
    return true;
}

/* Hands out again what the dead worker left in its chain. */
static void inherit(trine_engine *engine, int worker, uint32_t head, const char *how, bool innocent)
{
    trine_task_shared *shared = engine->shared;
    uint32_t rest = TRINE_SLOT_NONE, last = TRINE_SLOT_NONE;
    uint64_t chain = atomic_load(&shared->worker[worker].chain);
    for (uint32_t s = head, next; s != TRINE_SLOT_NONE; s = next) {
        trine_task_slot *slot = &shared->slot[s];
        uint64_t word = atomic_load(&slot->word);
        if (word >> TRINE_SLOT_BITS != chain)
            break;
        next = slot->next;
        slot->next = TRINE_SLOT_NONE;
        if (word == trine_slot_word(chain, TRINE_SLOT_CANCELLED)) {
            trine_engine_unchain(engine, s);
        } else if (word == trine_slot_word(chain, TRINE_SLOT_RUNS)) {
            engine->item[s].chained = false;
            if (judge(engine, s, worker, how, innocent)) {
                engine->item[s].chained = true;
                trine_engine_publish_anew(engine, s);
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
        trine_engine_publish_anew(engine, rest);
}

static void restart(trine_engine *engine, int worker, const char *how)
{
    trine_task_worker *record = &engine->shared->worker[worker];
    char text[TRINE_DETAIL_SIZE + 256];
    if (atomic_exchange(&record->asleep, false))
        atomic_fetch_sub(&engine->shared->sleepers, 1);
    unsigned life = atomic_exchange(&record->life, TRINE_WORKER_STARTS);
    bool replaced = false;
    if (engine->closing) {
        /* Nothing is left for it to do. */
    } else if (life == TRINE_WORKER_STARTS &&
               ++engine->lane[worker].failed_begins >= engine->setup.attempts) {
        snprintf(text, sizeof text, "task '%s': %s before it had begun, %d times",
                 engine->shared->name, how, engine->lane[worker].failed_begins);
        trine_engine_fail(engine, TRINE_E_WORKER, text);
    } else if (engine->executor->ops.restart(engine->executor, worker)) {
        snprintf(text, sizeof text, "%s and cannot be replaced: %s", how, trine_error_detail());
        trine_engine_fail(engine, TRINE_E_WORKER, text);
    } else {
        replaced = true;
    }
    if (!replaced)
        atomic_store(&record->life, TRINE_WORKER_ENDED);
}

/* The replacement counts on from what was announced. */
static void bury(trine_engine *engine, int worker, const char *how, bool innocent)
{
    trine_task_worker *record = &engine->shared->worker[worker];
    uint64_t progress = atomic_load(&record->progress);
    uint32_t head = left_by(engine, worker);
    engine->lost++;
    engine->lane[worker].seen = (uint32_t)(progress >> 32);
    atomic_store(&record->progress,
                 trine_progress_word((uint32_t)(progress >> 32), TRINE_SLOT_NONE));
    inherit(engine, worker, head, how, innocent);
    restart(engine, worker, how);
}

static void look_for_deaths(trine_engine *engine, int killed, uint32_t guilty)
{
    trine_executor *executor = engine->executor;
    char how[192];
    int worker;
    while (executor->ops.lost && executor->ops.lost(executor, &worker, how, sizeof how)) {
        bool innocent = worker == killed && slot_at(engine, worker) != guilty;
        bury(engine, worker, how, innocent);
    }
}

static trine_status stop(trine_engine *engine, uint32_t s, int worker, trine_status status)
{
    trine_executor *executor = engine->executor;
    trine_status failed = executor->ops.kill(executor, worker);
    if (failed)
        return failed;
    engine->item[s].stop = status;
    look_for_deaths(engine, worker, s);
    trine_engine_flush(engine);
    return TRINE_OK;
}

static void look_for_deadlines(trine_engine *engine, double now)
{
    trine_task_shared *shared = engine->shared;
    for (int w = 0; w < shared->workers; w++) {
        uint32_t s = trine_engine_running_at(engine, w);
        if (s == TRINE_SLOT_NONE)
            continue;
        double began = atomic_load_explicit(&shared->worker[w].began, memory_order_relaxed);
        if (now - began > engine->setup.deadline && slot_at(engine, w) == s &&
            stop(engine, s, w, TRINE_E_DEADLINE) != TRINE_OK)
            trine_engine_fail(engine, TRINE_E_SYSTEM, trine_error_detail());
    }
}

/* Whether the worker, which runs no item, has something to do: a chain, or what is in line, or to
 * end. */
static bool is_wanted(const trine_engine *engine, int worker)
{
    const trine_task_worker *record = &engine->shared->worker[worker];
    if (atomic_load(&record->life) != TRINE_WORKER_WORKS ||
        trine_engine_running_at(engine, worker) != TRINE_SLOT_NONE)
        return false;
    return engine->closing || slot_at(engine, worker) != TRINE_SLOT_NONE ||
           atomic_load(&engine->shared->cursor) != engine->place ||
           (!atomic_load(&record->asleep) && claimed_by(engine, worker));
}

/* A worker that is wanted and does not come is stopped: it is killed, after all that sleep have
 * been woken, lest it is one whose wake a stopped one got. Nothing that it holds has been begun. */
static void look_for_stopped(trine_engine *engine, double now)
{
    trine_task_shared *shared = engine->shared;
    double patience =
        engine->setup.deadline > least_patience ? engine->setup.deadline : least_patience;
    for (int w = 0; w < shared->workers; w++) {
        trine_engine_lane_data *lane = &engine->lane[w];
        uint64_t progress = atomic_load(&shared->worker[w].progress);
        if (progress != lane->progress || !is_wanted(engine, w)) {
            lane->progress = progress;
            lane->since = now;
        } else if (now - lane->since > patience) {
            lane->since = now;
            if (engine->executor->ops.kill(engine->executor, w) != TRINE_OK)
                trine_engine_fail(engine, TRINE_E_SYSTEM, trine_error_detail());
            look_for_deaths(engine, w, TRINE_SLOT_NONE);
        } else if (now - lane->since > patience / 2) {
            trine_futex_wake(&shared->published, INT_MAX);
        }
    }
}

void trine_engine_look(trine_engine *engine)
{
    trine_task_shared *shared = engine->shared;
    double now = trine_seconds();
    engine->looked = now;
    if (engine->context)
        return;
    look_for_deaths(engine, -1, TRINE_SLOT_NONE);
    if (engine->setup.deadline > 0 && engine->executor->ops.kill) {
        look_for_deadlines(engine, now);
        look_for_stopped(engine, now);
    }
    trine_engine_share_out(engine, now);
    for (int w = 0; w < shared->workers && !engine->status; w++)
        if (atomic_load(&shared->worker[w].life) == TRINE_WORKER_FAILED)
            trine_engine_fail(engine, shared->worker[w].status, shared->worker[w].detail);
    trine_engine_flush(engine);
}

trine_status trine_engine_cancel(trine_engine *engine, uint32_t s)
{
    trine_task_slot *slot = &engine->shared->slot[s];
    trine_engine_item *item = &engine->item[s];
    if (item->place != TRINE_ITEM_OUT)
        return TRINE_OK;
    if (trine_engine_withdraw(engine, s)) {
        item->worker = -1;
        slot->attempt--;
        trine_engine_make(engine, s, TRINE_E_CANCELLED, "cancelled before it was begun");
        return TRINE_OK;
    }
    /* It runs, or its worker has died of it, or it has just been finished. */
    trine_engine_look(engine);
    int worker = 0;
    while (worker < engine->shared->workers && trine_engine_running_at(engine, worker) != s)
        worker++;
    if (item->place != TRINE_ITEM_OUT || worker == engine->shared->workers) {
        unsigned state = atomic_load(&slot->word) & ((1 << TRINE_SLOT_BITS) - 1);
        return state == TRINE_SLOT_WAITS ? trine_engine_cancel(engine, s) : TRINE_OK;
    }
    if (!engine->executor->ops.kill)
        return trine_fail(TRINE_E_BUSY,
                          "item %llu runs on thread %d of team %s: a thread cannot be stopped; "
                          "a pool's worker can",
                          (unsigned long long)slot->index, worker, engine->executor->ops.name);
    return stop(engine, s, worker, TRINE_E_CANCELLED);
}
