/* core/tasks/ranks/coordinator.c - rank 0's items of a queue on several ranks: from buffer to
 * release.
 *
 *   buffer -> HELD -> put -> WAITS -> OFFERED -> LOCAL, or another rank's -> READY -> take -> TAKEN
 *
 * 1. put copies an item to the next cell of the ring, or keeps it until that cell has been read.
 * 2. Rank 0 takes items like any other rank. Its own outcomes stay where its scheduler has them;
 *    the others' come by message and are copied, aligned.
 * 3. Cancelling raises the item's flag in its cell, and then looks at the counter: what was not
 *    taken by then never will be. Where they cross, the reader's mark says whether it saw the flag.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/clock.h"
#include "core/system/error.h"
#include "core/tasks/ranks/task_window.h"
#include "core/system/util.h"

#define NONE UINT32_MAX

/* Items that are shown to the others at once. */
enum { PUBLISH = 32 };

static const uint64_t most_ring_bytes = (uint64_t)16 << 20;

static const double rest_seconds = 1e-3;

/* ---- lists ---- */

static void add(trine_ranks *ranks, trine_own_list *list, uint32_t e)
{
    ranks->item[e].next = NONE;
    if (list->first == NONE)
        list->first = e;
    else
        ranks->item[list->last].next = e;
    list->last = e;
}

static uint32_t pop(const trine_ranks *ranks, trine_own_list *list)
{
    uint32_t e = list->first;
    list->first = ranks->item[e].next;
    return e;
}

static void unlink_entry(trine_ranks *ranks, trine_own_list *list, uint32_t e)
{
    uint32_t before = NONE;
    for (uint32_t i = list->first; i != e; i = ranks->item[i].next)
        before = i;
    if (before == NONE)
        list->first = ranks->item[e].next;
    else
        ranks->item[before].next = ranks->item[e].next;
    if (list->last == e)
        list->last = before;
}

/* ---- items on their way out ---- */

trine_status trine_ranks_buffer(trine_ranks *ranks, size_t size, uint32_t *slot, void **item)
{
    (void)size;
    if (ranks->free_count == 0)
        return trine_fail(TRINE_E_BUSY, "task queue: all %llu items are out",
                          (unsigned long long)ranks->items);
    *slot = ranks->free[--ranks->free_count];
    ranks->item[*slot] = (trine_own_item){.slot = NONE, .state = TRINE_OWN_HELD};
    *item = ranks->staging;
    return TRINE_OK;
}

void trine_ranks_leave_buffer(trine_ranks *ranks, uint32_t slot)
{
    ranks->item[slot].state = TRINE_OWN_FREE;
    ranks->free[ranks->free_count++] = slot;
}

/* The word that says who has read the item at that position. */
static trine_status read_holder(trine_ranks *ranks, uint64_t position, uint64_t *holder)
{
    size_t at = TRINE_WINDOW_HOLDERS + position % ranks->ring * sizeof *holder;
    return ranks->window->ops->get(ranks->window, at, holder, sizeof *holder);
}

/* Whether the next cell can be written. */
static trine_status find_place(trine_ranks *ranks, bool *found)
{
    uint64_t holder = 1;
    trine_status status = TRINE_OK;
    if (ranks->submitted >= ranks->ring)
        status = read_holder(ranks, ranks->submitted - ranks->ring, &holder);
    *found = holder != 0;
    return status;
}

static trine_status write_place(trine_ranks *ranks, uint32_t e, const void *bytes)
{
    trine_own_item *item = &ranks->item[e];
    trine_shared_window *window = ranks->window;
    uint64_t cell = ranks->submitted % ranks->ring, nobody = 0;
    size_t at = ranks->cells + cell * ranks->stride;
    trine_place_head head = {.index = item->index, .size = item->size, .entry = e};
    trine_status status = window->ops->put(window, TRINE_WINDOW_HOLDERS + cell * sizeof nobody,
                                           &nobody, sizeof nobody);
    if (!status)
        status = window->ops->put(window, at, &head, sizeof head);
    if (!status && item->size > 0)
        status = window->ops->put(window, at + sizeof head, bytes, item->size);
    item->state = TRINE_OWN_OFFERED;
    item->position = ranks->submitted++;
    return status;
}

static trine_status publish(trine_ranks *ranks)
{
    uint64_t before;
    if (ranks->published == ranks->submitted)
        return TRINE_OK;
    ranks->published = ranks->words.submitted = ranks->submitted;
    return ranks->window->ops->swap(ranks->window, TRINE_WINDOW_SUBMITTED, ranks->submitted,
                                    &before);
}

/* Offers what waits, as far as there are cells. */
static trine_status offer_items(trine_ranks *ranks)
{
    trine_status status = TRINE_OK;
    bool found = true;
    while (ranks->waiting.first != NONE && !status) {
        status = find_place(ranks, &found);
        if (status || !found)
            break;
        uint32_t e = pop(ranks, &ranks->waiting);
        status = write_place(ranks, e, ranks->item[e].copy);
        free(ranks->item[e].copy);
        ranks->item[e].copy = NULL;
    }
    return status ? status : publish(ranks);
}

/* Keeps the item for later. */
static void keep_waiting(trine_ranks *ranks, uint32_t e, const void *bytes)
{
    trine_own_item *item = &ranks->item[e];
    item->copy = malloc(item->size ? item->size : 1);
    if (!item->copy) {
        char why[TRINE_DETAIL_SIZE];
        snprintf(why, sizeof why, "item %llu: no memory for its %zu bytes",
                 (unsigned long long)item->index, item->size);
        trine_coordinator_complete(ranks, e, TRINE_E_MEMORY, why);
        return;
    }
    memcpy(item->copy, bytes, item->size);
    item->state = TRINE_OWN_WAITS;
    add(ranks, &ranks->waiting, e);
}

void trine_coordinator_again(trine_ranks *ranks, uint32_t entry, const void *bytes)
{
    ranks->item[entry].slot = NONE;
    keep_waiting(ranks, entry, bytes);
}

void trine_ranks_put(trine_ranks *ranks, uint32_t slot, uint64_t index, size_t size, uint64_t tag)
{
    trine_own_item *item = &ranks->item[slot];
    item->index = index;
    item->size = size;
    item->tag = tag;
    ranks->out_of_all++;
    bool found = false;
    trine_status status = TRINE_OK;
    if (ranks->waiting.first == NONE)
        status = find_place(ranks, &found);
    if (!status && found)
        status = write_place(ranks, slot, ranks->staging);
    else if (!status)
        keep_waiting(ranks, slot, ranks->staging);
    if (!status && ranks->submitted - ranks->published >= PUBLISH)
        status = publish(ranks);
    trine_ranks_fail(ranks, status);
}

void trine_ranks_flush(trine_ranks *ranks)
{
    trine_ranks_fail(ranks, offer_items(ranks));
}

/* ---- outcomes ---- */

void trine_coordinator_local(trine_ranks *ranks, uint32_t entry, uint32_t slot)
{
    ranks->item[entry].state = TRINE_OWN_LOCAL;
    ranks->item[entry].slot = slot;
}

static void make_ready(trine_ranks *ranks, uint32_t e)
{
    ranks->item[e].state = TRINE_OWN_READY;
    add(ranks, &ranks->ready, e);
}

void trine_coordinator_complete(trine_ranks *ranks, uint32_t e, trine_status status,
                                const char *detail)
{
    trine_own_item *item = &ranks->item[e];
    double now = trine_seconds() - ranks->setup.opened;
    item->detail = strdup(detail);
    item->outcome =
        (trine_task_outcome){TRINE_INIT(trine_task_outcome),
                             .index = (int64_t)item->index,
                             .status = status,
                             .detail = item->detail ? item->detail : trine_status_text(status),
                             .worker = -1,
                             .began = now,
                             .ended = now};
    make_ready(ranks, e);
}

static void note_worker_slot(trine_ranks *ranks, int rank, const trine_message_record *record)
{
    int number = ranks->first_worker_slot[rank] + record->worker;
    if (record->worker < 0 || number >= ranks->first_worker_slot[rank + 1])
        return;
    trine_task_slot *worker_slot = &ranks->worker_slot[number];
    worker_slot->pid = record->pid;
    if (record->type == TRINE_RECORD_OUTCOME) {
        worker_slot->items++;
        worker_slot->busy += record->ended - record->began;
    }
}

/* An outcome of another rank; detail and result are in the message. */
static void note_outcome(trine_ranks *ranks, int rank, const trine_message_record *record,
                         const char *detail, const void *result)
{
    trine_own_item *item = record->entry < ranks->items ? &ranks->item[record->entry] : NULL;
    if (!item || item->state != TRINE_OWN_OFFERED || item->index != record->index)
        return;
    item->detail = record->detail_size ? strndup(detail, record->detail_size) : NULL;
    item->outcome = (trine_task_outcome){
        TRINE_INIT(trine_task_outcome),
        .index = (int64_t)record->index,
        .status = (trine_status)record->status,
        .detail = item->detail     ? item->detail
                  : record->status ? trine_status_text((trine_status)record->status)
                                   : "",
        .rank = rank,
        .worker = record->worker,
        .attempts = record->attempts,
        .began = record->began,
        .ended = record->ended};
    trine_rank_worker_measure(ranks, &item->outcome);
    if (record->result_size > 0) {
        item->result = aligned_alloc(TRINE_CACHE_LINE, trine_whole_lines(record->result_size));
        if (item->result) {
            memcpy(item->result, result, record->result_size);
            item->outcome.result = item->result;
            item->outcome.result_size = record->result_size;
        } else {
            item->outcome.status = TRINE_E_MEMORY;
            item->outcome.detail = "no memory on rank 0 for the result that came from another";
        }
    }
    make_ready(ranks, record->entry);
}

/* An item that another rank has not begun. */
static void note_back(trine_ranks *ranks, const trine_message_record *record, const void *bytes)
{
    const trine_own_item *item = record->entry < ranks->items ? &ranks->item[record->entry] : NULL;
    if (!item || item->state != TRINE_OWN_OFFERED || item->index != record->index ||
        item->size != record->result_size)
        return;
    trine_coordinator_again(ranks, record->entry, bytes);
}

static void read_record(trine_ranks *ranks, int rank, const trine_message_record *record,
                        const unsigned char *rest)
{
    switch ((trine_record_type)record->type) {
    case TRINE_RECORD_OUTCOME:
        note_worker_slot(ranks, rank, record);
        note_outcome(ranks, rank, record, (const char *)rest, rest + record->detail_size);
        break;
    case TRINE_RECORD_LOST:
        if (ranks->setup.lost)
            ranks->setup.lost(ranks->setup.lost_context,
                              &(trine_task_record){.index = (int64_t)record->index,
                                                   .began = record->began,
                                                   .ended = record->ended,
                                                   .rank = rank,
                                                   .worker = record->worker,
                                                   .status = (trine_status)record->status});
        break;
    case TRINE_RECORD_WORKER_SLOT:
        note_worker_slot(ranks, rank, record);
        break;
    case TRINE_RECORD_BACK:
        note_back(ranks, record, rest);
        break;
    }
}

static void read_message(trine_ranks *ranks, int rank, const unsigned char *message, size_t bytes)
{
    trine_message_head head;
    memcpy(&head, message, sizeof head);
    ranks->lost[rank] = head.lost;
    for (size_t at = sizeof head; at < bytes;) {
        trine_message_record record;
        memcpy(&record, message + at, sizeof record);
        at += sizeof record;
        read_record(ranks, rank, &record, message + at);
        at += record.detail_size + record.result_size;
    }
}

static trine_status read_outcomes(trine_ranks *ranks, bool *some)
{
    trine_shared_window *window = ranks->window;
    enum { MOST = 64 };
    *some = false;
    for (int i = 0; i < MOST; i++) {
        /* Looking is not free: MPI may give the CPU away. */
        if (window->passive && ranks->messages == ranks->words.mail)
            return TRINE_OK;
        int from;
        void *message;
        size_t bytes;
        trine_status status = window->ops->receive(window, &from, &message, &bytes);
        /* Also one that there was no memory for. */
        ranks->messages += message || status == TRINE_E_MEMORY;
        if (status || !message)
            return status;
        read_message(ranks, from, message, bytes);
        free(message);
        *some = true;
    }
    return TRINE_OK;
}

/* What rank 0's scheduler has finished; works itself where that has no task workers. */
static trine_status collect_own(trine_ranks *ranks, double seconds, bool *some)
{
    trine_scheduler_outcome o;
    for (*some = false; ranks->out > 0;) {
        trine_status status = trine_scheduler_take(ranks->scheduler, *some ? 0 : seconds, &o);
        if (status || o.outcome.index == TRINE_TASK_NONE)
            return status;
        ranks->out--;
        trine_rank_worker_measure(ranks, &o.outcome);
        uint32_t e = (uint32_t)o.tag;
        ranks->item[e].outcome = o.outcome;
        make_ready(ranks, e);
        ranks->rests_until = ranks->only_offers ? trine_seconds() + rest_seconds : 0;
        *some = true;
        if (ranks->serial)
            return TRINE_OK;
    }
    return TRINE_OK;
}

/* A rank that cannot go on has left its reason on the shared window. */
static trine_status check_failed(trine_ranks *ranks)
{
    char text[TRINE_DETAIL_SIZE] = "";
    if (!ranks->words.failed)
        return TRINE_OK;
    trine_status status =
        ranks->window->ops->get(ranks->window, TRINE_WINDOW_DETAIL, text, sizeof text);
    return status
               ? status
               : trine_fail((trine_status)ranks->words.failed, "%.*s", TRINE_DETAIL_SIZE - 1, text);
}

/* One round: messages, items to cells, items to rank 0's scheduler, its outcomes. */
static trine_status work(trine_ranks *ranks, bool *some)
{
    bool came = false, fetched = false, finished = false;
    trine_status status = trine_rank_worker_words(ranks);
    if (!status)
        status = read_outcomes(ranks, &came);
    if (!status)
        status = offer_items(ranks);
    if (!status)
        status = check_failed(ranks);
    if (!status)
        status = trine_rank_worker_fetch(ranks, &fetched);
    if (!status)
        status = collect_own(ranks, 0, &finished);
    if (!status)
        status = trine_rank_worker_give_back(ranks, fetched || finished);
    *some = came || fetched || finished;
    return status;
}

/* Sleeps until rank 0's scheduler has something, or for as long as there was nothing so far. */
static trine_status rest(trine_ranks *ranks, trine_pause *pause, double most)
{
    double seconds = trine_pause_next(ranks, pause, most);
    bool some;
    if (ranks->out > 0 && !ranks->serial && seconds > 0) {
        trine_status status = collect_own(ranks, seconds, &some);
        ranks->moved = some ? trine_seconds() : ranks->moved;
        return status;
    }
    trine_pause_sleep(ranks, seconds);
    return TRINE_OK;
}

static void give(trine_ranks *ranks, trine_scheduler_outcome *o)
{
    uint32_t e = pop(ranks, &ranks->ready);
    trine_own_item *item = &ranks->item[e];
    item->state = TRINE_OWN_TAKEN;
    ranks->out_of_all--;
    *o = (trine_scheduler_outcome){.outcome = item->outcome, .tag = item->tag, .slot = e};
}

trine_status trine_ranks_take(trine_ranks *ranks, double seconds, trine_scheduler_outcome *o)
{
    double ends = seconds > 0 ? trine_seconds() + seconds : 0, left = 1;
    trine_pause pause;
    trine_pause_begin(&pause);
    o->outcome.index = TRINE_TASK_NONE;
    for (bool first = true;; first = false) {
        bool some = false;
        if (ranks->status)
            return trine_fail(ranks->status, "%s", ranks->detail);
        if (ranks->ready.first != NONE) {
            give(ranks, o);
            return TRINE_OK;
        }
        if (ranks->out_of_all == 0 || (seconds == 0 && !first) || left <= 0)
            return TRINE_OK;
        trine_ranks_fail(ranks, work(ranks, &some));
        if (seconds > 0)
            left = ends - trine_seconds();
        if (some)
            trine_pause_begin(&pause);
        else if (seconds != 0 && left > 0)
            trine_ranks_fail(ranks, rest(ranks, &pause, left));
    }
}

bool trine_ranks_has_outcome(const trine_ranks *ranks)
{
    return ranks->ready.first != NONE;
}

void trine_ranks_release(trine_ranks *ranks, uint32_t slot)
{
    trine_own_item *item = &ranks->item[slot];
    if (item->slot != NONE)
        trine_scheduler_release(ranks->scheduler, item->slot);
    free(item->result);
    free(item->detail);
    free(item->copy);
    item->result = item->detail = item->copy = NULL;
    trine_ranks_leave_buffer(ranks, slot);
}

/* ---- cancelling ---- */

/* Waits until whoever took the item has read it, which takes it microseconds. */
static trine_status wait_for_reader(trine_ranks *ranks, uint64_t position, uint64_t *holder)
{
    trine_pause pause;
    trine_pause_begin(&pause);
    for (;;) {
        trine_status status = ranks->window->ops->advance(ranks->window, NULL);
        if (!status)
            status = read_holder(ranks, position, holder);
        if (status || *holder != 0)
            return status;
        trine_pause_sleep(ranks, trine_pause_next(ranks, &pause, 1));
    }
}

static trine_status cancel_offered(trine_ranks *ranks, uint32_t e)
{
    static const char never[] = "cancelled before it was begun";
    trine_own_item *item = &ranks->item[e];
    trine_shared_window *window = ranks->window;
    size_t flag = ranks->cells + item->position % ranks->ring * ranks->stride +
                  offsetof(trine_place_head, cancelled);
    uint64_t holder = 0, before;
    trine_status status = trine_rank_worker_words(ranks);
    if (!status && ranks->words.taken <= item->position) {
        status = window->ops->swap(window, flag, 1, &before);
        if (!status)
            status = trine_rank_worker_words(ranks);
    }
    if (!status && ranks->words.taken <= item->position) {
        trine_coordinator_complete(ranks, e, TRINE_E_CANCELLED, never);
        return TRINE_OK;
    }
    if (!status)
        status = wait_for_reader(ranks, item->position, &holder);
    if (status)
        return status;
    if (holder & TRINE_HOLDER_SKIPPED) {
        trine_coordinator_complete(ranks, e, TRINE_E_CANCELLED, never);
        return TRINE_OK;
    }
    bool some;
    status = read_outcomes(ranks, &some);
    if (status || item->state != TRINE_OWN_OFFERED)
        return status;
    return trine_fail(TRINE_E_BUSY,
                      "item %llu is at rank %d of team %s, where it cannot be stopped; a pool's "
                      "worker of rank 0 can",
                      (unsigned long long)item->index, (int)(uint32_t)holder - 1,
                      ranks->team->spec);
}

trine_status trine_ranks_cancel(trine_ranks *ranks, uint32_t slot)
{
    trine_own_item *item = &ranks->item[slot];
    if (ranks->status)
        return trine_fail(ranks->status, "%s", ranks->detail);
    switch (item->state) {
    case TRINE_OWN_WAITS:
        unlink_entry(ranks, &ranks->waiting, slot);
        trine_coordinator_complete(ranks, slot, TRINE_E_CANCELLED, "cancelled before it was begun");
        return TRINE_OK;
    case TRINE_OWN_OFFERED:
        return cancel_offered(ranks, slot);
    case TRINE_OWN_LOCAL:
        return trine_scheduler_cancel(ranks->scheduler, item->slot);
    default:
        return TRINE_OK;
    }
}

/* ---- opening and closing ---- */

uint64_t trine_coordinator_ring(uint64_t window, size_t stride)
{
    uint64_t ring = 2;
    while (ring < window && 2 * ring * stride <= most_ring_bytes)
        ring *= 2;
    return ring;
}

trine_status trine_coordinator_open(trine_ranks *ranks, uint64_t window)
{
    size_t worker_slots = (size_t)ranks->all_workers, item_max = ranks->setup.kind->item_max;
    ranks->items = window;
    ranks->waiting = ranks->ready = (trine_own_list){NONE, NONE};
    ranks->item = calloc(window, sizeof *ranks->item);
    ranks->free = malloc(window * sizeof *ranks->free);
    ranks->staging = aligned_alloc(TRINE_CACHE_LINE, trine_whole_lines(item_max + 1));
    ranks->worker_slot = calloc(worker_slots, sizeof *ranks->worker_slot);
    ranks->lost = calloc((size_t)ranks->size, sizeof *ranks->lost);
    if (!ranks->item || !ranks->free || !ranks->staging || !ranks->worker_slot || !ranks->lost)
        return trine_fail(TRINE_E_MEMORY, "task queue: no memory for a window of %llu items",
                          (unsigned long long)window);
    for (uint64_t i = 0; i < window; i++)
        ranks->free[i] = (uint32_t)(window - 1 - i);
    ranks->free_count = (uint32_t)window;
    for (int r = 0; r < ranks->size; r++)
        for (int n = ranks->first_worker_slot[r]; n < ranks->first_worker_slot[r + 1]; n++)
            ranks->worker_slot[n] =
                (trine_task_slot){.rank = r, .worker = n - ranks->first_worker_slot[r], .pid = -1};
    return TRINE_OK;
}

void trine_coordinator_close(trine_ranks *ranks)
{
    for (uint64_t i = 0; i < ranks->items && ranks->item; i++) {
        free(ranks->item[i].copy);
        free(ranks->item[i].result);
        free(ranks->item[i].detail);
    }
    free(ranks->item);
    free(ranks->free);
    free(ranks->staging);
    free(ranks->worker_slot);
    free(ranks->lost);
}

/* Takes what nobody has taken, so that nobody will. */
static trine_status take_all(trine_ranks *ranks)
{
    trine_status status = trine_rank_worker_words(ranks);
    trine_shared_window_words *words = &ranks->words;
    while (!status && words->taken < ranks->submitted) {
        uint64_t before;
        status = ranks->window->ops->compare(ranks->window, TRINE_WINDOW_TAKEN, words->taken,
                                             ranks->submitted, &before);
        words->taken = before == words->taken ? ranks->submitted : before;
    }
    return status;
}

trine_status trine_coordinator_end(trine_ranks *ranks, trine_status failed)
{
    trine_shared_window *window = ranks->window;
    char text[TRINE_DETAIL_SIZE];
    uint64_t before;
    snprintf(text, sizeof text, "%s", failed ? trine_error_detail() : "");
    trine_status status = take_all(ranks);
    if (!status)
        status = window->ops->put(window, TRINE_WINDOW_DETAIL, text, sizeof text);
    if (!status)
        status = window->ops->swap(window, TRINE_WINDOW_CLOSED, 1 + (uint64_t)failed, &before);
    return status;
}

trine_status trine_coordinator_wait(trine_ranks *ranks)
{
    trine_pause pause;
    trine_pause_begin(&pause);
    while (ranks->words.left < (uint64_t)ranks->size - 1 || ranks->messages < ranks->words.mail) {
        bool some = false;
        trine_status status = trine_rank_worker_words(ranks);
        if (!status)
            status = read_outcomes(ranks, &some);
        /* A message that there was no memory for is no longer needed. */
        if (status && status != TRINE_E_MEMORY)
            return status;
        if (some)
            trine_pause_begin(&pause);
        else
            trine_pause_sleep(ranks, trine_pause_next(ranks, &pause, 1));
    }
    return TRINE_OK;
}

/* ---- figures ---- */

int trine_ranks_worker_slots(const trine_ranks *ranks)
{
    return ranks->all_workers;
}

void trine_ranks_worker_slot(const trine_ranks *ranks, int number, trine_task_slot *worker_slot)
{
    if (number < ranks->first_worker_slot[1] &&
        number < trine_scheduler_worker_slots(ranks->scheduler))
        trine_scheduler_worker_slot(ranks->scheduler, number, worker_slot);
    else
        *worker_slot = ranks->worker_slot[number];
}

uint64_t trine_ranks_chunk(const trine_ranks *ranks)
{
    return ranks->setup.chunk ? ranks->setup.chunk : trine_dispatch_mean(&ranks->dispatches);
}

int trine_ranks_lost(const trine_ranks *ranks)
{
    uint64_t lost = (uint64_t)trine_scheduler_lost(ranks->scheduler);
    for (int r = 1; r < ranks->size && ranks->rank == 0; r++)
        lost += ranks->lost[r];
    return (int)lost;
}

double trine_ranks_waited(const trine_ranks *ranks)
{
    return ranks->waited + trine_scheduler_waited(ranks->scheduler);
}
