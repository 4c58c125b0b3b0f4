/* core/tasks/ranks/rank_worker.c - one rank's part in a queue of several: getting items, giving
 * outcomes.
 *
 * 1. Whoever has space reads how many items are submitted and taken, and raises the counter of the
 *    taken ones by comparing and swapping, so that none is taken before it is there.
 * 2. It reads them, many short ones at once, and marks their cells as read, so that they can be
 *    used again. A cancelled one is left alone.
 * 3. How many at a time: what takes some 200 us, less as the rest gets short; for long items no
 *    more than there are workers, so that none waits behind another while a rank is idle.
 *    When a rank's workers are at long items nevertheless, and nothing else is left for the others,
 *    it gives back what waits behind them.
 * 4. Where others reach the shared window only while rank 0 is in a call, and rank 0 works in the
 *    calling thread, it works little: of up to three ranks, an item and then a millisecond for the
 *    others; of more, not at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/clock.h"
#include "core/tasks/ranks/task_window.h"
#include "core/system/util.h"

enum { MAX_CHUNK = 256, MESSAGE_BYTES = 1 << 16, WORKING_RANKS = 3 };

static const double dispatch_seconds = 200e-6, long_seconds = 5e-3, message_seconds = 500e-6;

/* ---- messages ---- */

static trine_status grow_message(trine_ranks *ranks, size_t bytes)
{
    size_t capacity = ranks->message_capacity ? ranks->message_capacity : 4096;
    while (capacity < bytes)
        capacity *= 2;
    if (capacity == ranks->message_capacity)
        return TRINE_OK;
    unsigned char *message = realloc(ranks->message, capacity);
    if (!message)
        return trine_fail(TRINE_E_MEMORY, "rank %d: no memory for a message of %zu bytes",
                          ranks->rank, bytes);
    ranks->message = message;
    ranks->message_capacity = capacity;
    return TRINE_OK;
}

static void append(trine_ranks *ranks, const void *bytes, size_t n)
{
    if (n > 0 && bytes)
        memcpy(ranks->message + ranks->message_bytes, bytes, n);
    ranks->message_bytes += n;
}

static trine_status add_record(trine_ranks *ranks, const trine_message_record *record,
                               const char *detail, const void *result)
{
    size_t head = ranks->message_bytes ? 0 : sizeof(trine_message_head);
    trine_status status = grow_message(ranks, ranks->message_bytes + head + sizeof *record +
                                                  record->detail_size + record->result_size);
    if (status)
        return status;
    if (head) {
        ranks->message_bytes = head;
        ranks->written = trine_seconds();
    }
    append(ranks, record, sizeof *record);
    append(ranks, detail, record->detail_size);
    append(ranks, result, record->result_size);
    return TRINE_OK;
}

static trine_status send_message(trine_ranks *ranks)
{
    if (ranks->message_bytes == 0)
        return TRINE_OK;
    trine_message_head head = {.lost = (uint64_t)trine_scheduler_lost(ranks->scheduler)};
    memcpy(ranks->message, &head, sizeof head);
    void *message = ranks->message;
    size_t bytes = ranks->message_bytes;
    ranks->message = NULL;
    ranks->message_bytes = ranks->message_capacity = 0;
    uint64_t before;
    trine_status status = ranks->window->ops->send(ranks->window, message, bytes);
    return status ? status : ranks->window->ops->add(ranks->window, TRINE_WINDOW_MAIL, 1, &before);
}

trine_status trine_message_worker_slots(trine_ranks *ranks)
{
    trine_status status = TRINE_OK;
    for (int w = 0; w < trine_scheduler_worker_slots(ranks->scheduler) && !status; w++) {
        trine_task_slot worker_slot;
        trine_scheduler_worker_slot(ranks->scheduler, w, &worker_slot);
        status =
            add_record(ranks,
                       &(trine_message_record){
                           .type = TRINE_RECORD_WORKER_SLOT, .worker = w, .pid = worker_slot.pid},
                       NULL, NULL);
    }
    return status ? status : send_message(ranks);
}

void trine_rank_worker_lost(void *context, const trine_task_record *record)
{
    trine_ranks *ranks = context;
    if (ranks->rank == 0) {
        if (ranks->setup.lost)
            ranks->setup.lost(ranks->setup.lost_context, record);
        return;
    }
    /* A message that is not written costs a line of the records, no more. */
    (void)add_record(ranks,
                     &(trine_message_record){.type = TRINE_RECORD_LOST,
                                             .index = (uint64_t)record->index,
                                             .began = record->began,
                                             .ended = record->ended,
                                             .worker = record->worker,
                                             .status = record->status},
                     NULL, NULL);
}

/* What became of an item, in the message; without its result when there is no memory for it. */
static trine_status write_outcome(trine_ranks *ranks, const trine_scheduler_outcome *o)
{
    const trine_task_outcome *outcome = &o->outcome;
    trine_task_slot worker_slot = {.pid = -1};
    if (outcome->worker >= 0)
        trine_scheduler_worker_slot(ranks->scheduler, outcome->worker, &worker_slot);
    trine_message_record record = {.type = TRINE_RECORD_OUTCOME,
                                   .index = (uint64_t)outcome->index,
                                   .entry = (uint32_t)o->tag,
                                   .status = outcome->status,
                                   .detail_size = (uint32_t)strlen(outcome->detail),
                                   .result_size = outcome->status ? 0 : outcome->result_size,
                                   .worker = outcome->worker,
                                   .attempts = outcome->attempts,
                                   .began = outcome->began,
                                   .ended = outcome->ended,
                                   .pid = worker_slot.pid};
    if (!add_record(ranks, &record, outcome->detail, outcome->result))
        return TRINE_OK;
    char why[TRINE_DETAIL_SIZE];
    snprintf(why, sizeof why, "%s", trine_error_detail());
    record.status = TRINE_E_MEMORY;
    record.detail_size = (uint32_t)strlen(why);
    record.result_size = 0;
    return add_record(ranks, &record, why, NULL);
}

/* ---- how much ---- */

void trine_rank_worker_measure(trine_ranks *ranks, const trine_task_outcome *outcome)
{
    double seconds = outcome->ended - outcome->began;
    ranks->measured++;
    double weight = ranks->measured < 16 ? 1.0 / (double)ranks->measured : 1.0 / 16;
    ranks->item_seconds += weight * (seconds - ranks->item_seconds);
    trine_dispatch_note(&ranks->dispatches, 1, ranks->chunk);
}

/* Items of one dispatch, when `there` are to be had. */
static uint64_t choose_chunk(const trine_ranks *ranks, uint64_t there)
{
    const trine_scheduler_setup *setup = &ranks->setup;
    if (setup->chunk)
        return setup->chunk;
    if (ranks->measured < 4)
        return 1;
    double items = dispatch_seconds / (ranks->item_seconds + 1e-9);
    uint64_t chunk = items < MAX_CHUNK ? (uint64_t)items : MAX_CHUNK;
    uint64_t rest = setup->total > ranks->words.taken ? setup->total - ranks->words.taken : there;
    chunk = trine_min(chunk, rest / (2 * (uint64_t)ranks->all_workers));
    return chunk ? chunk : 1;
}

/* How many more this rank's scheduler should have. */
static uint64_t space_for(const trine_ranks *ranks, uint64_t chunk)
{
    uint64_t workers = (uint64_t)ranks->workers, most;
    chunk = trine_min(chunk, ranks->setup.window);
    if (ranks->only_offers && (ranks->size > WORKING_RANKS || trine_seconds() < ranks->rests_until))
        return 0;
    if (ranks->serial)
        most = ranks->out == 0 ? chunk : 0;
    else if (ranks->measured >= 4 && ranks->item_seconds > long_seconds && chunk == 1)
        most = workers;
    else
        most = 2 * chunk * workers;
    most = trine_min(most, ranks->setup.window);
    return most > ranks->out ? most - ranks->out : 0;
}

/* ---- items ---- */

trine_status trine_rank_worker_words(trine_ranks *ranks)
{
    return ranks->window->ops->get(ranks->window, TRINE_WINDOW_TAKEN, &ranks->words,
                                   sizeof ranks->words);
}

/* Raises the counter by what there is space for; *count is 0 when all is taken. */
static trine_status claim(trine_ranks *ranks, uint64_t *first, uint64_t *count)
{
    trine_shared_window *window = ranks->window;
    trine_shared_window_words *words = &ranks->words;
    *count = 0;
    while (words->taken < words->submitted && !words->closed) {
        uint64_t there = words->submitted - words->taken, before;
        ranks->chunk = choose_chunk(ranks, there);
        uint64_t some = trine_min(trine_min(space_for(ranks, ranks->chunk), there), ranks->ring);
        if (some == 0)
            return TRINE_OK;
        trine_status status = window->ops->compare(window, TRINE_WINDOW_TAKEN, words->taken,
                                                   words->taken + some, &before);
        if (status)
            return status;
        bool won = before == words->taken;
        *first = words->taken;
        words->taken = won ? before + some : before;
        if (won) {
            *count = some;
            return TRINE_OK;
        }
    }
    return TRINE_OK;
}

/* An item that this rank could not give to its scheduler. */
static trine_status refuse(trine_ranks *ranks, const trine_place_head *head, trine_status status)
{
    char why[TRINE_DETAIL_SIZE];
    snprintf(why, sizeof why, "%s", trine_error_detail());
    if (ranks->rank == 0) {
        trine_coordinator_complete(ranks, head->entry, status, why);
        return TRINE_OK;
    }
    double now = trine_seconds() - ranks->setup.opened;
    return write_outcome(ranks,
                         &(trine_scheduler_outcome){.outcome = {.index = (int64_t)head->index,
                                                                .status = status,
                                                                .detail = why,
                                                                .worker = -1,
                                                                .began = now,
                                                                .ended = now},
                                                    .tag = head->entry});
}

/* Gives an item to the scheduler. bytes: of it; NULL: they are still at `at` of the shared window.
 */
static trine_status keep(trine_ranks *ranks, const trine_place_head *head,
                         const unsigned char *bytes, size_t at)
{
    uint32_t slot;
    void *buffer;
    trine_status status = TRINE_OK;
    if (ranks->source)
        status = ranks->source->ops->get(ranks->source, 0, ranks->again, ranks->setup.data_size);
    if (status)
        return status;
    status = trine_scheduler_buffer(ranks->scheduler, head->size, &slot, &buffer);
    if (status == TRINE_E_MEMORY)
        return refuse(ranks, head, status);
    if (status)
        return status;
    if (bytes && head->size > 0)
        memcpy(buffer, bytes, head->size);
    else if (head->size > 0)
        status = ranks->window->ops->get(ranks->window, at, buffer, head->size);
    if (status) {
        trine_scheduler_leave_buffer(ranks->scheduler, slot);
        return status;
    }
    if (ranks->rank == 0)
        trine_coordinator_local(ranks, head->entry, slot);
    trine_scheduler_put(ranks->scheduler, slot, head->index, head->size, head->entry);
    ranks->out++;
    return TRINE_OK;
}

/* Reads `count` items that lie side by side, all at once when they are short. */
static trine_status read_cells(trine_ranks *ranks, uint64_t cell, uint64_t count)
{
    trine_shared_window *window = ranks->window;
    size_t at = ranks->cells + cell * ranks->stride;
    bool together = ranks->stride <= TRINE_FETCH_BYTES;
    trine_status status = TRINE_OK;
    if (together)
        status = window->ops->get(window, at, ranks->fetched, count * ranks->stride);
    for (uint64_t i = 0; i < count && !status; i++, at += ranks->stride) {
        const unsigned char *read = together ? ranks->fetched + i * ranks->stride : NULL;
        trine_place_head head;
        if (together)
            memcpy(&head, read, sizeof head);
        else
            status = window->ops->get(window, at, &head, sizeof head);
        ranks->holders[i] = (uint64_t)ranks->rank + 1 + (head.cancelled ? TRINE_HOLDER_SKIPPED : 0);
        if (!status && !head.cancelled)
            status = keep(ranks, &head, together ? read + sizeof head : NULL, at + sizeof head);
    }
    if (status)
        return status;
    return window->ops->put(window, TRINE_WINDOW_HOLDERS + cell * sizeof(uint64_t), ranks->holders,
                            count * sizeof(uint64_t));
}

trine_status trine_rank_worker_fetch(trine_ranks *ranks, bool *some)
{
    uint64_t first, count, most = TRINE_FETCH_BYTES / ranks->stride;
    trine_status status = claim(ranks, &first, &count);
    *some = count > 0;
    while (count > 0 && !status) {
        uint64_t cell = first % ranks->ring;
        uint64_t cells = trine_min(trine_min(count, ranks->ring - cell), most ? most : 1);
        status = read_cells(ranks, cell, cells);
        first += cells;
        count -= cells;
    }
    if (*some)
        trine_scheduler_flush(ranks->scheduler);
    return status;
}

/* Back to rank 0, which offers it again. */
static trine_status hand_back(trine_ranks *ranks, const trine_scheduler_unbegun *item)
{
    if (ranks->rank == 0) {
        trine_coordinator_again(ranks, (uint32_t)item->tag, item->item);
        return TRINE_OK;
    }
    return add_record(ranks,
                      &(trine_message_record){.type = TRINE_RECORD_BACK,
                                              .index = item->index,
                                              .entry = (uint32_t)item->tag,
                                              .result_size = item->size,
                                              .worker = -1},
                      NULL, item->item);
}

trine_status trine_rank_worker_give_back(trine_ranks *ranks, bool came)
{
    double now = trine_seconds(), since = ranks->moved;
    /* Who works in this thread is at no item now, and goes on with one. */
    uint64_t kept = ranks->serial ? 1 : 0;
    if (came || ranks->out <= kept)
        ranks->moved = now;
    if (ranks->out <= kept || now - since < long_seconds || ranks->setup.chunk)
        return TRINE_OK;
    trine_status status = trine_rank_worker_words(ranks);
    if (status || ranks->words.taken < ranks->words.submitted || ranks->words.closed)
        return status;
    trine_scheduler_unbegun item = {.slot = 0};
    for (uint32_t from = 0; ranks->out > kept && !status; from = item.slot + 1) {
        if (!trine_scheduler_take_back(ranks->scheduler, from, &item))
            break;
        ranks->out--;
        status = hand_back(ranks, &item);
        trine_scheduler_release(ranks->scheduler, item.slot);
    }
    ranks->moved = now;
    return status;
}

/* ---- the other ranks ---- */

/* What the scheduler has finished, into the message; waits at most `seconds` for the first. */
static trine_status collect(trine_ranks *ranks, double seconds, bool *some)
{
    trine_scheduler_outcome o;
    for (*some = false; ranks->out > 0;) {
        trine_status status = trine_scheduler_take(ranks->scheduler, *some ? 0 : seconds, &o);
        if (status || o.outcome.index == TRINE_TASK_NONE)
            return status;
        ranks->out--;
        trine_rank_worker_measure(ranks, &o.outcome);
        status = write_outcome(ranks, &o);
        trine_scheduler_release(ranks->scheduler, o.slot);
        if (status)
            return status;
        *some = true;
        if (ranks->message_bytes >= MESSAGE_BYTES || ranks->serial)
            return TRINE_OK;
    }
    return TRINE_OK;
}

static bool message_is_due(const trine_ranks *ranks)
{
    if (ranks->message_bytes == 0)
        return false;
    return ranks->out == 0 || ranks->message_bytes >= MESSAGE_BYTES ||
           trine_seconds() - ranks->written > message_seconds;
}

/* One round: fetch, collect, send. */
static trine_status work(trine_ranks *ranks, trine_pause *pause)
{
    bool fetched = false, finished;
    trine_status status = trine_rank_worker_words(ranks);
    if (!status)
        status = trine_rank_worker_fetch(ranks, &fetched);
    if (!status)
        status = collect(ranks, 0, &finished);
    if (!status)
        status = trine_rank_worker_give_back(ranks, fetched || finished);
    if (!status && message_is_due(ranks))
        status = send_message(ranks);
    if (status)
        return status;
    if (fetched || finished) {
        trine_pause_begin(pause);
        return TRINE_OK;
    }
    double seconds = trine_pause_next(ranks, pause, ranks->message_bytes ? message_seconds : 1);
    if (ranks->out > 0 && !ranks->serial && seconds > 0) {
        status = collect(ranks, seconds, &finished);
        ranks->moved = finished ? trine_seconds() : ranks->moved;
        return status;
    }
    trine_pause_sleep(ranks, seconds);
    return TRINE_OK;
}

/* Tells rank 0 that this rank cannot go on. */
static void tell_failure(trine_ranks *ranks)
{
    trine_shared_window *window = ranks->window;
    uint64_t before = 1;
    trine_status status =
        window->ops->compare(window, TRINE_WINDOW_CLAIM, 0, (uint64_t)ranks->rank + 1, &before);
    if (status || before != 0)
        return;
    char text[TRINE_DETAIL_SIZE];
    snprintf(text, sizeof text, "rank %d: %.480s", ranks->rank, ranks->detail);
    if (!window->ops->put(window, TRINE_WINDOW_DETAIL, text, sizeof text))
        (void)window->ops->swap(window, TRINE_WINDOW_FAILED, ranks->status, &before);
}

/* Waits until all messages have gone, and says so where that needs no memory. One that cannot be
 * sent any more is not needed. */
static trine_status leave(trine_ranks *ranks)
{
    trine_pause pause;
    size_t waiting = 1;
    uint64_t before;
    trine_status status = send_message(ranks);
    if (status == TRINE_E_MEMORY)
        status = TRINE_OK;
    trine_pause_begin(&pause);
    while (!status) {
        status = ranks->window->ops->advance(ranks->window, &waiting);
        if (status || waiting == 0)
            break;
        trine_pause_sleep(ranks, trine_pause_next(ranks, &pause, 1));
    }
    return status ? status : ranks->window->ops->add(ranks->window, TRINE_WINDOW_LEFT, 1, &before);
}

trine_status trine_ranks_serve(trine_ranks *ranks)
{
    trine_pause pause;
    trine_status status = TRINE_OK;
    if (ranks->served)
        return ranks->status ? trine_fail(ranks->status, "%s", ranks->detail) : TRINE_OK;
    trine_pause_begin(&pause);
    while (!ranks->words.closed && !status) {
        size_t waiting;
        status = ranks->window->ops->advance(ranks->window, &waiting);
        if (!status && !ranks->status)
            trine_ranks_fail(ranks, work(ranks, &pause));
        else if (!status) {
            trine_pause_sleep(ranks, trine_pause_next(ranks, &pause, 1));
            status = trine_rank_worker_words(ranks);
        }
    }
    ranks->served = true;
    trine_status own = ranks->status;
    uint64_t closed = ranks->words.closed;
    char text[TRINE_DETAIL_SIZE] = "";
    if (!status && closed > 1)
        status = ranks->window->ops->get(ranks->window, TRINE_WINDOW_DETAIL, text, sizeof text);
    if (!status)
        status = leave(ranks);
    if (!status && closed > 1)
        status = trine_fail((trine_status)(closed - 1), "%.*s", TRINE_DETAIL_SIZE - 1, text);
    if (!status && own)
        return trine_fail(own, "%s", ranks->detail);
    ranks->status = TRINE_OK;
    trine_ranks_fail(ranks, status);
    return status;
}

void trine_ranks_fail(trine_ranks *ranks, trine_status status)
{
    if (!status || ranks->status)
        return;
    ranks->status = status;
    snprintf(ranks->detail, sizeof ranks->detail, "%s", trine_error_detail());
    if (ranks->rank > 0 && !ranks->served)
        tell_failure(ranks);
}
