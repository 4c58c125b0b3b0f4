/* core/tasks/local/sharing.c - workers without work get what waits behind a long item of another's
 * chain.
 *
 * 1. The caller looks for it with everything else that it looks for, so it costs a worker that runs
 *    its chain nothing.
 * 2. A chain is cut at a slot that waits: its number changes in one step, unless the worker begins
 *    it before. The worker stops where it finds another number, so that this slot and all behind it
 *    are the caller's.
 * 3. They go into new chains, a few for each worker that sleeps, which may be cut again.
 */
#include "core/tasks/local/local.h"
#include "core/system/util.h"

/* What is begun within this time needs no other worker. */
static const double soon_seconds = 1e-3;

/* The slot behind that one in a chain; none when it was cut off there: what it leads to then may
 * have gone anywhere. */
static uint32_t behind(const trine_task_shared *shared, uint32_t s, uint64_t chain)
{
    uint32_t next = shared->slot[s].next;
    bool there = next != TRINE_SLOT_NONE &&
                 atomic_load(&shared->slot[next].word) >> TRINE_SLOT_BITS == chain;
    return there ? next : TRINE_SLOT_NONE;
}

/* How many slots of its chain the worker has not begun, and in *seconds how long they will wait, by
 * what is known now; 0 when it runs none. */
static uint32_t count_behind(const trine_scheduler *scheduler, int worker, double now,
                             double *seconds)
{
    const trine_task_shared *shared = scheduler->shared;
    uint64_t chain = atomic_load(&shared->worker[worker].chain);
    uint32_t s = trine_scheduler_running_at(scheduler, worker), count = 0;
    while (s != TRINE_SLOT_NONE && (s = behind(shared, s, chain)) != TRINE_SLOT_NONE)
        count++;
    *seconds = now - atomic_load(&shared->worker[worker].began) + count * scheduler->item_seconds;
    return count;
}

/* Takes what is behind the worker's item, but for the first `kept`, out of *chain: from the first
 * slot whose number changes before the worker comes there, all are the caller's. Returns it. */
static uint32_t cut_off(trine_scheduler *scheduler, int worker, uint32_t kept, uint64_t *chain)
{
    trine_task_shared *shared = scheduler->shared;
    *chain = atomic_load(&shared->worker[worker].chain);
    uint64_t other = trine_slot_word(scheduler->chains + 1, TRINE_SLOT_WAITS);
    uint32_t s = trine_scheduler_running_at(scheduler, worker);
    while (s != TRINE_SLOT_NONE && (s = behind(shared, s, *chain)) != TRINE_SLOT_NONE) {
        uint64_t waits = trine_slot_word(*chain, TRINE_SLOT_WAITS);
        if (kept > 0)
            kept--;
        else if (atomic_compare_exchange_strong(&shared->slot[s].word, &waits, other))
            break;
    }
    return s;
}

/* Puts a chain that was cut off in line, in pieces of so many slots; its cancelled ones are free.
 */
static void publish_pieces(trine_scheduler *scheduler, uint32_t head, uint64_t chain, uint32_t most)
{
    trine_task_shared *shared = scheduler->shared;
    uint64_t cancelled = trine_slot_word(chain, TRINE_SLOT_CANCELLED);
    uint32_t first = TRINE_SLOT_NONE, last = TRINE_SLOT_NONE, count = 0;
    for (uint32_t s = head, next; s != TRINE_SLOT_NONE; s = next) {
        next = behind(shared, s, chain);
        shared->slot[s].next = TRINE_SLOT_NONE;
        if (atomic_load(&shared->slot[s].word) == cancelled) {
            trine_scheduler_unlink(scheduler, s);
            continue;
        }
        if (first == TRINE_SLOT_NONE)
            first = s;
        else
            shared->slot[last].next = s;
        last = s;
        if (++count == most) {
            trine_scheduler_publish_anew(scheduler, first);
            first = TRINE_SLOT_NONE;
            count = 0;
        }
    }
    if (first != TRINE_SLOT_NONE)
        trine_scheduler_publish_anew(scheduler, first);
}

void trine_scheduler_share_out(trine_scheduler *scheduler, double now)
{
    trine_task_shared *shared = scheduler->shared;
    int idle = atomic_load(&shared->sleepers);
    if (idle <= 0 || atomic_load(&shared->cursor) != scheduler->position || scheduler->closing)
        return;
    for (int w = 0; w < shared->workers; w++) {
        double seconds;
        uint64_t chain;
        uint32_t count = count_behind(scheduler, w, now, &seconds);
        if (count == 0 || seconds < soon_seconds)
            continue;
        bool stays = now - atomic_load(&shared->worker[w].began) > soon_seconds;
        uint32_t parts = 2 * (uint32_t)idle, kept = stays ? 0 : count / (parts + 1);
        uint32_t head = cut_off(scheduler, w, kept, &chain);
        if (head != TRINE_SLOT_NONE)
            publish_pieces(scheduler, head, chain, (uint32_t)trine_divide_up(count - kept, parts));
    }
}
