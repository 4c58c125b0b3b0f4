/* core/tasks/ranks/task_agent.c - one rank's part in a queue of several: getting items, giving
 * outcomes.
 *
 * 1. Whoever has room reads how many items are submitted and taken, and raises the counter of the
 *    taken ones by comparing and swapping, so that none is taken before it is there.
 * 2. It reads them, many short ones at once, and marks their places as read, so that they can be
 *    used again. A cancelled one is left alone.
 * 3. How many at a time: what takes some 200 us, less as the rest gets short; for long items no
 *    more than there are workers, so that none waits behind another while a rank is idle.
 *    When a rank's workers are at long items nevertheless, and nothing else is left for the others,
 *    it gives back what waits behind them.
 * 4. Where others reach the board only while rank 0 is in a call, and rank 0 works in the calling
 *    thread, it works little: of up to three ranks, an item and then a millisecond for the others;
 *    of more, not at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/clock.h"
#include "core/tasks/ranks/task_board.h"
#include "core/system/util.h"

enum { MOST_CHUNK = 256, LETTER_BYTES = 1 << 16, WORKING_RANKS = 3 };

static const double trip_seconds = 200e-6, long_seconds = 5e-3, letter_seconds = 500e-6;

/* ---- letters ---- */

static trine_status grow_letter(trine_ranks *ranks, size_t bytes)
{
    size_t room = ranks->letter_room ? ranks->letter_room : 4096;
    while (room < bytes)
        room *= 2;
    if (room == ranks->letter_room)
        return TRINE_OK;
    unsigned char *letter = realloc(ranks->letter, room);
    if (!letter)
        return trine_fail(TRINE_E_MEMORY, "rank %d: no memory for a letter of %zu bytes",
                          ranks->rank, bytes);
    ranks->letter = letter;
    ranks->letter_room = room;
    return TRINE_OK;
}

static void append(trine_ranks *ranks, const void *bytes, size_t n)
{
    if (n > 0 && bytes)
        memcpy(ranks->letter + ranks->letter_bytes, bytes, n);
    ranks->letter_bytes += n;
}

trine_status trine_letter_add(trine_ranks *ranks, const trine_letter_record *record,
                              const char *detail, const void *result)
{
    size_t head = ranks->letter_bytes ? 0 : sizeof(trine_letter_head);
    trine_status status = grow_letter(ranks, ranks->letter_bytes + head + sizeof *record +
                                                 record->detail_size + record->result_size);
    if (status)
        return status;
    if (head) {
        ranks->letter_bytes = head;
        ranks->written = trine_seconds();
    }
    append(ranks, record, sizeof *record);
    append(ranks, detail, record->detail_size);
    append(ranks, result, record->result_size);
    return TRINE_OK;
}

trine_status trine_letter_send(trine_ranks *ranks)
{
    if (ranks->letter_bytes == 0)
        return TRINE_OK;
    trine_letter_head head = {.lost = (uint64_t)trine_engine_lost(ranks->engine)};
    memcpy(ranks->letter, &head, sizeof head);
    void *letter = ranks->letter;
    size_t bytes = ranks->letter_bytes;
    ranks->letter = NULL;
    ranks->letter_bytes = ranks->letter_room = 0;
    uint64_t before;
    trine_status status = ranks->board->ops->send(ranks->board, letter, bytes);
    return status ? status : ranks->board->ops->add(ranks->board, TRINE_BOARD_MAIL, 1, &before);
}

trine_status trine_letter_lanes(trine_ranks *ranks)
{
    trine_status status = TRINE_OK;
    for (int w = 0; w < trine_engine_lanes(ranks->engine) && !status; w++) {
        trine_task_lane lane;
        trine_engine_lane(ranks->engine, w, &lane);
        status = trine_letter_add(
            ranks, &(trine_letter_record){.type = TRINE_RECORD_LANE, .worker = w, .pid = lane.pid},
            NULL, NULL);
    }
    return status ? status : trine_letter_send(ranks);
}

void trine_agent_lost(void *context, const trine_task_record *record)
{
    trine_ranks *ranks = context;
    if (ranks->rank == 0) {
        if (ranks->setup.lost)
            ranks->setup.lost(ranks->setup.lost_context, record);
        return;
    }
    /* A letter that is not written costs a line of the records, no more. */
    (void)trine_letter_add(ranks,
                           &(trine_letter_record){.type = TRINE_RECORD_LOST,
                                                  .index = record->index,
                                                  .began = record->began,
                                                  .ended = record->ended,
                                                  .worker = record->worker,
                                                  .status = record->status},
                           NULL, NULL);
}

/* What became of an item, in the letter; without its result when there is no memory for it. */
static trine_status write_outcome(trine_ranks *ranks, const trine_engine_outcome *o)
{
    const trine_task_outcome *outcome = &o->outcome;
    trine_task_lane lane = {.pid = -1};
    if (outcome->worker >= 0)
        trine_engine_lane(ranks->engine, outcome->worker, &lane);
    trine_letter_record record = {.type = TRINE_RECORD_OUTCOME,
                                  .index = outcome->index,
                                  .entry = (uint32_t)o->tag,
                                  .status = outcome->status,
                                  .detail_size = (uint32_t)strlen(outcome->detail),
                                  .result_size = outcome->status ? 0 : outcome->result_size,
                                  .worker = outcome->worker,
                                  .attempts = outcome->attempts,
                                  .began = outcome->began,
                                  .ended = outcome->ended,
                                  .pid = lane.pid};
    if (!trine_letter_add(ranks, &record, outcome->detail, outcome->result))
        return TRINE_OK;
    char why[TRINE_DETAIL_SIZE];
    snprintf(why, sizeof why, "%s", trine_error_detail());
    record.status = TRINE_E_MEMORY;
    record.detail_size = (uint32_t)strlen(why);
    record.result_size = 0;
    return trine_letter_add(ranks, &record, why, NULL);
}

/* ---- how much ---- */

void trine_agent_measure(trine_ranks *ranks, const trine_task_outcome *outcome)
{
    double seconds = outcome->ended - outcome->began;
    ranks->measured++;
    double weight = ranks->measured < 16 ? 1.0 / (double)ranks->measured : 1.0 / 16;
    ranks->item_seconds += weight * (seconds - ranks->item_seconds);
    trine_trip_note(&ranks->trips, 1, ranks->chunk);
}

/* Items of one trip, when `there` are to be had. */
static uint64_t choose_chunk(const trine_ranks *ranks, uint64_t there)
{
    const trine_engine_setup *setup = &ranks->setup;
    if (setup->chunk)
        return setup->chunk;
    if (ranks->measured < 4)
        return 1;
    double items = trip_seconds / (ranks->item_seconds + 1e-9);
    uint64_t chunk = items < MOST_CHUNK ? (uint64_t)items : MOST_CHUNK;
    uint64_t rest = setup->total > ranks->words.taken ? setup->total - ranks->words.taken : there;
    chunk = trine_min(chunk, rest / (2 * (uint64_t)ranks->all_workers));
    return chunk ? chunk : 1;
}

/* How many more this rank's engine should have. */
static uint64_t room_for(const trine_ranks *ranks, uint64_t chunk)
{
    uint64_t workers = (uint64_t)ranks->workers, most;
    if (ranks->deals && (ranks->size > WORKING_RANKS || trine_seconds() < ranks->rests_until))
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

trine_status trine_agent_words(trine_ranks *ranks)
{
    return ranks->board->ops->get(ranks->board, TRINE_BOARD_TAKEN, &ranks->words,
                                  sizeof ranks->words);
}

/* Raises the counter by what there is room for; *count is 0 when all is taken. */
static trine_status claim(trine_ranks *ranks, uint64_t *first, uint64_t *count)
{
    trine_board *board = ranks->board;
    trine_board_words *words = &ranks->words;
    *count = 0;
    while (words->taken < words->submitted && !words->closed) {
        uint64_t there = words->submitted - words->taken, before;
        ranks->chunk = choose_chunk(ranks, there);
        uint64_t some = trine_min(trine_min(room_for(ranks, ranks->chunk), there), ranks->ring);
        if (some == 0)
            return TRINE_OK;
        trine_status status = board->ops->compare(board, TRINE_BOARD_TAKEN, words->taken,
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

/* An item that this rank could not give to its engine. */
static trine_status refuse(trine_ranks *ranks, const trine_place_head *head, trine_status status)
{
    char why[TRINE_DETAIL_SIZE];
    snprintf(why, sizeof why, "%s", trine_error_detail());
    if (ranks->rank == 0) {
        trine_deal_make(ranks, head->entry, status, why);
        return TRINE_OK;
    }
    double now = trine_seconds() - ranks->setup.opened;
    return write_outcome(ranks, &(trine_engine_outcome){.outcome = {.index = head->index,
                                                                    .status = status,
                                                                    .detail = why,
                                                                    .worker = -1,
                                                                    .began = now,
                                                                    .ended = now},
                                                        .tag = head->entry});
}

/* Gives an item to the engine. bytes: of it; NULL: they are still at `at` of the board. */
static trine_status keep(trine_ranks *ranks, const trine_place_head *head,
                         const unsigned char *bytes, size_t at)
{
    uint32_t slot;
    void *room;
    trine_status status = TRINE_OK;
    if (ranks->source)
        status = ranks->source->ops->get(ranks->source, 0, ranks->again, ranks->setup.data_size);
    if (status)
        return status;
    status = trine_engine_room(ranks->engine, head->size, &slot, &room);
    if (status == TRINE_E_MEMORY)
        return refuse(ranks, head, status);
    if (status)
        return status;
    if (bytes && head->size > 0)
        memcpy(room, bytes, head->size);
    else if (head->size > 0)
        status = ranks->board->ops->get(ranks->board, at, room, head->size);
    if (status) {
        trine_engine_leave_room(ranks->engine, slot);
        return status;
    }
    if (ranks->rank == 0)
        trine_deal_local(ranks, head->entry, slot);
    trine_engine_put(ranks->engine, slot, head->index, head->size, head->entry);
    ranks->out++;
    return TRINE_OK;
}

/* Reads `count` items that lie side by side, all at once when they are short. */
static trine_status read_run(trine_ranks *ranks, uint64_t place, uint64_t count)
{
    trine_board *board = ranks->board;
    size_t at = ranks->places + place * ranks->stride;
    bool together = ranks->stride <= TRINE_FETCH_BYTES;
    trine_status status = TRINE_OK;
    if (together)
        status = board->ops->get(board, at, ranks->fetched, count * ranks->stride);
    for (uint64_t i = 0; i < count && !status; i++, at += ranks->stride) {
        const unsigned char *read = together ? ranks->fetched + i * ranks->stride : NULL;
        trine_place_head head;
        if (together)
            memcpy(&head, read, sizeof head);
        else
            status = board->ops->get(board, at, &head, sizeof head);
        ranks->holders[i] = (uint64_t)ranks->rank + 1 + (head.cancelled ? TRINE_HOLDER_SKIPPED : 0);
        if (!status && !head.cancelled)
            status = keep(ranks, &head, together ? read + sizeof head : NULL, at + sizeof head);
    }
    if (status)
        return status;
    return board->ops->put(board, TRINE_BOARD_HOLDERS + place * sizeof(uint64_t), ranks->holders,
                           count * sizeof(uint64_t));
}

trine_status trine_agent_fetch(trine_ranks *ranks, bool *some)
{
    uint64_t first, count, most = TRINE_FETCH_BYTES / ranks->stride;
    trine_status status = claim(ranks, &first, &count);
    *some = count > 0;
    while (count > 0 && !status) {
        uint64_t place = first % ranks->ring;
        uint64_t run = trine_min(trine_min(count, ranks->ring - place), most ? most : 1);
        status = read_run(ranks, place, run);
        first += run;
        count -= run;
    }
    if (*some)
        trine_engine_flush(ranks->engine);
    return status;
}

/* Back to rank 0, which deals it again. */
static trine_status hand_back(trine_ranks *ranks, const trine_engine_unbegun *item)
{
    if (ranks->rank == 0) {
        trine_deal_again(ranks, (uint32_t)item->tag, item->item);
        return TRINE_OK;
    }
    return trine_letter_add(ranks,
                            &(trine_letter_record){.type = TRINE_RECORD_BACK,
                                                   .index = item->index,
                                                   .entry = (uint32_t)item->tag,
                                                   .result_size = item->size,
                                                   .worker = -1},
                            NULL, item->item);
}

trine_status trine_agent_give_back(trine_ranks *ranks, bool came)
{
    double now = trine_seconds(), since = ranks->moved;
    /* Who works in this thread is at no item now, and goes on with one. */
    uint64_t kept = ranks->serial ? 1 : 0;
    if (came || ranks->out <= kept)
        ranks->moved = now;
    if (ranks->out <= kept || now - since < long_seconds || ranks->setup.chunk)
        return TRINE_OK;
    trine_status status = trine_agent_words(ranks);
    if (status || ranks->words.taken < ranks->words.submitted || ranks->words.closed)
        return status;
    trine_engine_unbegun item = {.slot = 0};
    for (uint32_t from = 0; ranks->out > kept && !status; from = item.slot + 1) {
        if (!trine_engine_take_back(ranks->engine, from, &item))
            break;
        ranks->out--;
        status = hand_back(ranks, &item);
        trine_engine_release(ranks->engine, item.slot);
    }
    ranks->moved = now;
    return status;
}

/* ---- the other ranks ---- */

/* What the engine has finished, into the letter; waits at most `seconds` for the first. */
static trine_status collect(trine_ranks *ranks, double seconds, bool *some)
{
    trine_engine_outcome o;
    for (*some = false; ranks->out > 0;) {
        trine_status status = trine_engine_take(ranks->engine, *some ? 0 : seconds, &o);
        if (status || o.outcome.index == TRINE_TASK_NONE)
            return status;
        ranks->out--;
        trine_agent_measure(ranks, &o.outcome);
        status = write_outcome(ranks, &o);
        trine_engine_release(ranks->engine, o.slot);
        if (status)
            return status;
        *some = true;
        if (ranks->letter_bytes >= LETTER_BYTES || ranks->serial)
            return TRINE_OK;
    }
    return TRINE_OK;
}

static bool letter_is_due(const trine_ranks *ranks)
{
    if (ranks->letter_bytes == 0)
        return false;
    return ranks->out == 0 || ranks->letter_bytes >= LETTER_BYTES ||
           trine_seconds() - ranks->written > letter_seconds;
}

/* One round: fetch, collect, send. */
static trine_status work(trine_ranks *ranks, trine_pause *pause)
{
    bool fetched = false, finished;
    trine_status status = trine_agent_words(ranks);
    if (!status)
        status = trine_agent_fetch(ranks, &fetched);
    if (!status)
        status = collect(ranks, 0, &finished);
    if (!status)
        status = trine_agent_give_back(ranks, fetched || finished);
    if (!status && letter_is_due(ranks))
        status = trine_letter_send(ranks);
    if (status)
        return status;
    if (fetched || finished) {
        trine_pause_begin(pause);
        return TRINE_OK;
    }
    double seconds = trine_pause_next(ranks, pause, ranks->letter_bytes ? letter_seconds : 1);
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
    trine_board *board = ranks->board;
    uint64_t before = 1;
    trine_status status =
        board->ops->compare(board, TRINE_BOARD_CLAIM, 0, (uint64_t)ranks->rank + 1, &before);
    if (status || before != 0)
        return;
    char text[TRINE_DETAIL_SIZE];
    snprintf(text, sizeof text, "rank %d: %.480s", ranks->rank, ranks->detail);
    if (!board->ops->put(board, TRINE_BOARD_DETAIL, text, sizeof text))
        (void)board->ops->swap(board, TRINE_BOARD_FAILED, ranks->status, &before);
}

/* Waits until all letters have gone, and says so where that needs no memory. One that cannot be
 * sent any more is not needed. */
static trine_status leave(trine_ranks *ranks)
{
    trine_pause pause;
    size_t waiting = 1;
    uint64_t before;
    trine_status status = trine_letter_send(ranks);
    if (status == TRINE_E_MEMORY)
        status = TRINE_OK;
    trine_pause_begin(&pause);
    while (!status) {
        status = ranks->board->ops->advance(ranks->board, &waiting);
        if (status || waiting == 0)
            break;
        trine_pause_sleep(ranks, trine_pause_next(ranks, &pause, 1));
    }
    return status ? status : ranks->board->ops->add(ranks->board, TRINE_BOARD_LEFT, 1, &before);
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
        status = ranks->board->ops->advance(ranks->board, &waiting);
        if (!status && !ranks->status)
            trine_ranks_fail(ranks, work(ranks, &pause));
        else if (!status) {
            trine_pause_sleep(ranks, trine_pause_next(ranks, &pause, 1));
            status = trine_agent_words(ranks);
        }
    }
    ranks->served = true;
    trine_status own = ranks->status;
    uint64_t closed = ranks->words.closed;
    char text[TRINE_DETAIL_SIZE] = "";
    if (!status && closed > 1)
        status = ranks->board->ops->get(ranks->board, TRINE_BOARD_DETAIL, text, sizeof text);
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
