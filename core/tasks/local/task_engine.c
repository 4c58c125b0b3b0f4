/* core/tasks/local/task_engine.c - the caller's side of an engine: rooms, chunks, outcomes.
 *
 * 1. All that workers see lies in one block that they address; rooms for items and results follow
 *    it, or, when they are large, lie in a range of addresses that gets memory as it is used.
 * 2. put links slots into the open chunk; a full chunk is published as a batch and workers who
 *    sleep are woken when the caller flushes, so that many short items cost one wake.
 * 3. take reads the rings in which workers announce what is finished. With nothing there it sleeps,
 *    and wakes at least every millisecond to look for deaths and deadlines.
 */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "core/tasks/local/task_local.h"
#include "core/system/wait.h"
#include "core/backend/usable_cpus.h"
#include "core/system/util.h"

enum { PAGE = 4096, ALIGNMENT = 64, DEFAULT_WINDOW = 1024 };

/* Rooms of more bytes than this in all have addresses only until they are used; what one item used
 * beyond kept_bytes is given back. */
static const size_t near_most = (size_t)64 << 20, kept_bytes = (size_t)64 << 10;

/* Rooms of a default window take no more than this, as long as every worker has a few. */
static const size_t window_bytes = (size_t)256 << 20;

/* How often the caller looks for deaths and deadlines. */
static const double look_seconds = 1e-3;

/* A chosen chunk: so many seconds, and at most so many bytes of items, for one trip. */
static const double trip_seconds = 200e-6;
static const size_t trip_bytes = (size_t)256 << 10;

static uint64_t power_above(uint64_t n)
{
    uint64_t power = 1;
    while (power < n)
        power *= 2;
    return power;
}

uint64_t trine_engine_window(const trine_task_kind *kind, int workers)
{
    double item = (double)kind->item_most + (double)kind->result_most + 1;
    double fits = (double)window_bytes / item, least = 4.0 * workers;
    double window = fits < DEFAULT_WINDOW ? fits : DEFAULT_WINDOW;
    return trine_max(window, least);
}

void trine_engine_fail(trine_engine *engine, trine_status status, const char *detail)
{
    if (engine->status)
        return;
    engine->status = status;
    snprintf(engine->detail, sizeof engine->detail, "%s", detail);
}

/* --- Memory */

/* What one block holds, as offsets from its beginning. */
typedef struct layout {
    size_t worker, batch, slot, announced, param, items, results, bytes;
} layout;

static size_t place_part(layout *l, size_t bytes)
{
    size_t offset = l->bytes;
    l->bytes = trine_round_up(l->bytes + bytes, 128);
    return offset;
}

static layout lay_out(const trine_task_shared *shared)
{
    layout l = {.bytes = trine_round_up(sizeof *shared, 128)};
    size_t workers = (size_t)shared->workers;
    l.worker = place_part(&l, workers * sizeof(trine_task_worker));
    l.batch = place_part(&l, shared->batches * sizeof(trine_task_batch));
    l.slot = place_part(&l, shared->slots * sizeof(trine_task_slot));
    l.announced = place_part(&l, workers * shared->ring * sizeof(uint32_t));
    l.param = place_part(&l, shared->kind.param_size);
    l.items = place_part(&l, shared->demand ? 0 : shared->slots * shared->item_stride);
    l.results = place_part(&l, shared->demand ? 0 : shared->slots * shared->result_stride);
    return l;
}

/* What is added and rounded up later must not wrap. */
static trine_status check_sizes(const trine_engine_setup *setup)
{
    const trine_task_kind *kind = setup->kind;
    const char *name = kind->name ? kind->name : "";
    size_t most = SIZE_MAX / 4;
    if (kind->param_size > most || kind->state_size > most)
        trine_fail(TRINE_E_MEMORY, "task '%s': %zu bytes of param and %zu of state", name,
                   kind->param_size, kind->state_size);
    else if (setup->window == 0 || setup->window > UINT32_MAX / 4 || kind->item_most > most ||
             kind->result_most > most)
        trine_fail(TRINE_E_MEMORY,
                   "task '%s': a window of %llu items of %zu bytes and results of %zu", name,
                   (unsigned long long)setup->window, kind->item_most, kind->result_most);
    else
        return TRINE_OK;
    return TRINE_E_MEMORY;
}

static trine_status plan(trine_task_shared *shared, const trine_executor *executor,
                         const trine_engine_setup *setup)
{
    const trine_task_kind *kind = setup->kind;
    trine_status status = check_sizes(setup);
    if (status)
        return status;
    *shared = (trine_task_shared){.kind = *kind,
                                  .data = setup->data,
                                  .data_size = setup->data_size,
                                  .carrier = setup->carrier,
                                  .data_each = setup->data_each,
                                  .rank = setup->rank,
                                  .workers = executor->workers,
                                  .deadline = setup->deadline,
                                  .commit = executor->ops.commit};
    snprintf(shared->name, sizeof shared->name, "%s", kind->name ? kind->name : "");
    shared->slots = (uint32_t)setup->window;
    shared->ring = (uint32_t)power_above(setup->window);
    shared->batches = 2 * (uint64_t)shared->ring;
    shared->wake_at = shared->slots / 4 / (uint32_t)shared->workers;
    shared->wake_at = shared->wake_at ? shared->wake_at : 1;
    double rooms = (double)shared->slots * ((double)kind->item_most + (double)kind->result_most);
    shared->demand = rooms > (double)near_most;
    shared->processes = executor->ops.separate_memory;
    size_t unit = shared->demand ? PAGE : ALIGNMENT;
    shared->item_stride = trine_round_up(kind->item_most ? kind->item_most : 1, unit);
    shared->result_stride = trine_round_up(kind->result_most ? kind->result_most : 1, unit);
    if (rooms > (double)(SIZE_MAX / 8)) {
        trine_fail(TRINE_E_MEMORY, "task '%s': rooms for %.3g bytes", shared->name, rooms);
        return TRINE_E_MEMORY;
    }
    return TRINE_OK;
}

/* The range of addresses: details first, then rooms that get memory on demand. */
static trine_status reserve_far(trine_engine *engine)
{
    trine_task_shared *shared = engine->shared;
    size_t slots = shared->slots, details = trine_round_up(slots * TRINE_DETAIL_SIZE, PAGE);
    engine->far_bytes = details;
    if (shared->demand)
        engine->far_bytes += slots * (shared->item_stride + shared->result_stride);
    trine_status status = engine->executor->ops.reserve(engine->far_bytes, &engine->far);
    if (status)
        return status;
    shared->details = engine->far;
    if (shared->demand) {
        shared->items = shared->details + details;
        shared->results = shared->items + slots * shared->item_stride;
    }
    return TRINE_OK;
}

static void set_up(trine_engine *engine, const layout *l)
{
    trine_task_shared *shared = engine->shared;
    char *base = (char *)shared;
    shared->worker = (void *)(base + l->worker);
    shared->batch = (void *)(base + l->batch);
    shared->slot = (void *)(base + l->slot);
    shared->announced = (void *)(base + l->announced);
    shared->param = base + l->param;
    if (engine->setup.param && shared->kind.param_size)
        memcpy(base + l->param, engine->setup.param, shared->kind.param_size);
    if (!shared->demand) {
        shared->items = base + l->items;
        shared->results = base + l->results;
    }
    for (uint64_t i = 0; i < shared->batches; i++)
        atomic_init(&shared->batch[i].word, i << TRINE_BATCH_BITS | TRINE_BATCH_TAKEN);
    engine->place = shared->batches;
    atomic_init(&shared->cursor, engine->place);
    for (int w = 0; w < shared->workers; w++)
        atomic_init(&shared->worker[w].progress, trine_progress_word(0, TRINE_SLOT_NONE));
    for (uint32_t s = 0; s < shared->slots; s++)
        engine->free[s] = shared->slots - 1 - s;
    engine->free_count = shared->slots;
}

static trine_status allocate(trine_engine *engine)
{
    trine_task_shared planned;
    trine_status status = plan(&planned, engine->executor, &engine->setup);
    if (status)
        return status;
    engine->item = calloc(planned.slots, sizeof *engine->item);
    engine->free = malloc(planned.slots * sizeof *engine->free);
    engine->ready = malloc(planned.ring * sizeof *engine->ready);
    engine->lane = calloc((size_t)planned.workers, sizeof *engine->lane);
    if (!engine->item || !engine->free || !engine->ready || !engine->lane) {
        trine_fail(TRINE_E_MEMORY, "task '%s': no memory for a window of %u items", planned.name,
                   planned.slots);
        return TRINE_E_MEMORY;
    }
    layout l = lay_out(&planned);
    void *memory;
    status = engine->executor->ops.alloc(engine->executor, l.bytes, &memory);
    if (status)
        return status;
    engine->shared = memory;
    engine->shared_bytes = l.bytes;
    *engine->shared = planned;
    set_up(engine, &l);
    return reserve_far(engine);
}

static void release_all(trine_engine *engine)
{
    trine_executor *executor = engine->executor;
    if (engine->far)
        executor->ops.unreserve(engine->far, engine->far_bytes);
    if (engine->shared)
        executor->ops.free(executor, engine->shared, engine->shared_bytes);
    free(engine->item);
    free(engine->free);
    free(engine->ready);
    free(engine->lane);
    free(engine);
}

/* --- Opening */

static bool all_have(const trine_engine *engine, unsigned life)
{
    const trine_task_shared *shared = engine->shared;
    for (int w = 0; w < shared->workers; w++)
        if (atomic_load(&shared->worker[w].life) < life)
            return false;
    return true;
}

static trine_status start(trine_engine *engine)
{
    trine_executor *executor = engine->executor;
    trine_task_shared *shared = engine->shared;
    if (!executor->ops.serve) {
        shared->workers = 1;
        return trine_task_begin(shared, &engine->context);
    }
    shared->spin_seconds = trine_spin_seconds(shared->workers + 1);
    trine_job job = {.body = trine_task_serve, .context = shared, .restartable = true};
    int servants;
    trine_status status = executor->ops.serve(executor, &job, &servants);
    if (status)
        return status;
    engine->serving = true;
    shared->workers = servants;
    while (!all_have(engine, TRINE_WORKER_WORKS) && !engine->status)
        trine_engine_sleep(engine, look_seconds);
    trine_engine_look(engine);
    return engine->status ? trine_fail(engine->status, "%s", engine->detail) : TRINE_OK;
}

trine_status trine_engine_open(trine_executor *executor, const trine_engine_setup *setup,
                               trine_engine **opened)
{
    trine_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return trine_fail(TRINE_E_MEMORY, "no memory for a queue of tasks");
    engine->executor = executor;
    engine->setup = *setup;
    engine->head = engine->tail = TRINE_SLOT_NONE;
    engine->chunk = setup->chunk ? setup->chunk : 1;
    engine->began = trine_seconds();
    trine_status status = allocate(engine);
    if (!status)
        status = start(engine);
    if (status) {
        char why[TRINE_DETAIL_SIZE];
        snprintf(why, sizeof why, "%s", trine_error_detail());
        if (engine->serving)
            trine_engine_close(engine);
        else
            release_all(engine);
        return trine_fail(status, "%s", why);
    }
    *opened = engine;
    return TRINE_OK;
}

/* --- What workers announce */

static void put_in_line(trine_engine *engine, uint32_t s)
{
    engine->item[s].place = TRINE_ITEM_READY;
    engine->ready[(engine->ready_first + engine->ready_count++) & (engine->shared->ring - 1)] = s;
}

static void count_item(trine_engine *engine, int worker, double seconds)
{
    if (worker >= 0) {
        engine->lane[worker].items++;
        engine->lane[worker].busy += seconds;
    }
    engine->measured++;
    double weight = engine->measured < 16 ? 1.0 / (double)engine->measured : 1.0 / 16;
    engine->item_seconds += weight * (seconds - engine->item_seconds);
}

void trine_engine_unchain(trine_engine *engine, uint32_t s)
{
    engine->item[s].chained = false;
    if (engine->item[s].place == TRINE_ITEM_GONE)
        trine_engine_leave_room(engine, s);
}

/* The next slot that a worker has announced; false when there is none. */
static bool next_announced(trine_engine *engine, uint32_t *s)
{
    trine_task_shared *shared = engine->shared;
    for (int looked = 0; looked <= shared->workers; looked++) {
        int w = engine->turn;
        trine_engine_lane_data *lane = &engine->lane[w];
        if (lane->drained != lane->seen) {
            *s = trine_announced_ring(shared, w)[lane->drained++ & (shared->ring - 1)];
            return true;
        }
        atomic_store_explicit(&shared->worker[w].drained, lane->drained, memory_order_relaxed);
        uint64_t progress = atomic_load_explicit(&shared->worker[w].progress, memory_order_acquire);
        lane->seen = (uint32_t)(progress >> 32);
        if (lane->seen == lane->drained)
            engine->turn = w + 1 < shared->workers ? w + 1 : 0;
    }
    return false;
}

/* Takes note of one announced slot; false when there is none. */
static bool absorb(trine_engine *engine)
{
    uint32_t s;
    if (!next_announced(engine, &s))
        return false;
    trine_engine_unchain(engine, s);
    if (engine->item[s].place == TRINE_ITEM_OUT) {
        const trine_task_slot *slot = &engine->shared->slot[s];
        count_item(engine, slot->worker, slot->ended - slot->began);
        put_in_line(engine, s);
    }
    return true;
}

/* --- Items on their way out */

/* Waits until a slot is free. It is not when cancelled items still lie in chunks, until workers
 * have passed them. */
static trine_status wait_for_slot(trine_engine *engine)
{
    while (engine->free_count == 0) {
        if (engine->status)
            return trine_fail(engine->status, "%s", engine->detail);
        if (absorb(engine))
            continue;
        trine_engine_flush(engine);
        if (engine->context)
            trine_task_step(engine->context);
        else
            trine_engine_sleep(engine, look_seconds);
    }
    return TRINE_OK;
}

trine_status trine_engine_room(trine_engine *engine, size_t size, uint32_t *slot, void **item)
{
    trine_task_shared *shared = engine->shared;
    trine_status status = wait_for_slot(engine);
    if (status)
        return status;
    uint32_t s = engine->free[engine->free_count - 1];
    char *room = shared->items + s * shared->item_stride;
    size_t *there = &engine->item[s].item_bytes;
    if (shared->demand && size > *there) {
        status = shared->commit(room, size);
        if (status)
            return status;
        *there = size;
    }
    engine->free_count--;
    engine->item[s].place = TRINE_ITEM_HELD;
    *slot = s;
    *item = room;
    return TRINE_OK;
}

bool trine_engine_rooms_are_whole(const trine_engine *engine)
{
    return !engine->shared->demand;
}

void trine_engine_leave_room(trine_engine *engine, uint32_t slot)
{
    engine->item[slot].place = TRINE_ITEM_FREE;
    engine->free[engine->free_count++] = slot;
}

/* Short items share a trip; the last trips are short, so that workers end together. */
static void choose_chunk(trine_engine *engine)
{
    const trine_task_shared *shared = engine->shared;
    uint64_t workers = (uint64_t)shared->workers, chunk = 1;
    if (engine->measured >= 4 * workers && !engine->context) {
        double items = trip_seconds / (engine->item_seconds + 1e-9);
        chunk = items < (double)shared->slots ? (uint64_t)items : shared->slots;
        chunk = trine_min(chunk, shared->slots / (4 * workers));
        chunk = trine_min(chunk, trip_bytes / shared->item_stride);
        if (engine->setup.total > engine->put)
            chunk = trine_min(chunk, (engine->setup.total - engine->put) / (4 * workers));
    }
    engine->chunk = chunk ? chunk : 1;
}

void trine_engine_publish(trine_engine *engine, uint32_t head, uint64_t chain)
{
    trine_task_shared *shared = engine->shared;
    uint64_t place = engine->place++;
    trine_task_batch *batch = &shared->batch[place & (shared->batches - 1)];
    uint64_t before = (place - shared->batches) << TRINE_BATCH_BITS | TRINE_BATCH_TAKEN;
    /* Only a worker that was stopped between claiming and taking holds a place so long. */
    while (atomic_load_explicit(&batch->word, memory_order_acquire) != before) {
        trine_engine_look(engine);
        sched_yield();
    }
    batch->head = head;
    batch->chain = chain;
    atomic_store_explicit(&batch->word, place << TRINE_BATCH_BITS | TRINE_BATCH_READY,
                          memory_order_release);
    engine->unflushed++;
}

static void publish_open(trine_engine *engine)
{
    uint32_t head = engine->head;
    trine_trip_note(&engine->trips, engine->count, engine->count);
    engine->head = engine->tail = TRINE_SLOT_NONE;
    engine->count = 0;
    if (head != TRINE_SLOT_NONE)
        trine_engine_publish(engine, head, engine->open_chain);
}

void trine_engine_put(trine_engine *engine, uint32_t s, uint64_t index, size_t size, uint64_t tag)
{
    trine_task_shared *shared = engine->shared;
    trine_task_slot *slot = &shared->slot[s];
    slot->index = index;
    slot->item_size = size;
    slot->result_size = 0;
    slot->next = TRINE_SLOT_NONE;
    slot->attempt = 1;
    slot->has_detail = false;
    trine_engine_item *item = &engine->item[s];
    *item = (trine_engine_item){
        .tag = tag, .place = TRINE_ITEM_OUT, .chained = true, .item_bytes = item->item_bytes};
    if (engine->count == 0) {
        if (!engine->setup.chunk)
            choose_chunk(engine);
        engine->head = s;
        engine->open_chain = ++engine->chains;
    } else {
        shared->slot[engine->tail].next = s;
    }
    engine->tail = s;
    atomic_store_explicit(&slot->word, trine_slot_word(engine->open_chain, TRINE_SLOT_WAITS),
                          memory_order_relaxed);
    engine->out++;
    engine->put++;
    if (++engine->count >= engine->chunk)
        publish_open(engine);
}

void trine_engine_flush(trine_engine *engine)
{
    trine_task_shared *shared = engine->shared;
    publish_open(engine);
    if (engine->unflushed == 0)
        return;
    uint32_t batches = engine->unflushed;
    engine->unflushed = 0;
    atomic_fetch_add(&shared->published, 1);
    int sleepers = atomic_load(&shared->sleepers);
    if (sleepers > 0)
        trine_futex_wake(&shared->published,
                         batches < (uint32_t)sleepers ? (int)batches : sleepers);
}

bool trine_engine_withdraw(trine_engine *engine, uint32_t s)
{
    trine_task_slot *slot = &engine->shared->slot[s];
    uint64_t word = atomic_load(&slot->word);
    uint64_t chain = word >> TRINE_SLOT_BITS;
    return word == trine_slot_word(chain, TRINE_SLOT_WAITS) &&
           atomic_compare_exchange_strong(&slot->word, &word,
                                          trine_slot_word(chain, TRINE_SLOT_CANCELLED));
}

/* --- Outcomes */

void trine_engine_make(trine_engine *engine, uint32_t s, trine_status status, const char *detail)
{
    trine_task_shared *shared = engine->shared;
    trine_engine_item *item = &engine->item[s];
    double now = trine_seconds();
    item->made = true;
    item->status = status;
    item->attempts = shared->slot[s].attempt;
    item->began = item->worker < 0 ? now : atomic_load(&shared->worker[item->worker].began);
    item->ended = now;
    trine_slot_detail(shared, s, detail);
    put_in_line(engine, s);
}

static void fill(const trine_engine *engine, uint32_t s, trine_engine_outcome *o)
{
    const trine_task_shared *shared = engine->shared;
    const trine_task_slot *slot = &shared->slot[s];
    const trine_engine_item *item = &engine->item[s];
    double opened = engine->setup.opened;
    bool made = item->made;
    trine_status status = made ? item->status : item->stop ? item->stop : slot->status;
    const char *detail = slot->has_detail ? shared->details + (size_t)s * TRINE_DETAIL_SIZE
                         : status         ? trine_status_text(status)
                                          : "";
    double began = made ? item->began : slot->began;
    *o = (trine_engine_outcome){.outcome = {.index = slot->index,
                                            .status = status,
                                            .detail = detail,
                                            .result = shared->results + s * shared->result_stride,
                                            .result_size = made || status ? 0 : slot->result_size,
                                            .rank = engine->setup.rank,
                                            .worker = made ? item->worker : slot->worker,
                                            .attempts = made ? item->attempts : slot->attempt,
                                            .began = began - opened,
                                            .ended = (made ? item->ended : slot->ended) - opened},
                                .tag = item->tag,
                                .slot = s};
}

static bool something_announced(const trine_engine *engine)
{
    const trine_task_shared *shared = engine->shared;
    for (int w = 0; w < shared->workers; w++)
        if ((uint32_t)(atomic_load(&shared->worker[w].progress) >> 32) != engine->lane[w].drained)
            return true;
    return false;
}

/* An outcome that is there; false when there is none. */
static bool take_ready(trine_engine *engine, trine_engine_outcome *o)
{
    while (engine->ready_count == 0)
        if (!absorb(engine))
            return false;
    uint32_t s = engine->ready[engine->ready_first++ & (engine->shared->ring - 1)];
    engine->ready_count--;
    engine->item[s].place = TRINE_ITEM_TAKEN;
    engine->out--;
    fill(engine, s, o);
    return true;
}

void trine_engine_sleep(trine_engine *engine, double seconds)
{
    trine_task_shared *shared = engine->shared;
    unsigned called = atomic_load(&shared->called);
    double began = trine_seconds();
    atomic_store(&shared->caller_sleeps, true);
    atomic_thread_fence(memory_order_seq_cst);
    if (!something_announced(engine))
        trine_futex_wait(&shared->called, called, seconds);
    atomic_store(&shared->caller_sleeps, false);
    double now = trine_seconds();
    engine->waited += now - began;
    if (now - engine->looked >= look_seconds)
        trine_engine_look(engine);
}

/* Waits for something to happen; false when time is up. ends: 0 for never. */
static bool wait_for_workers(trine_engine *engine, double ends)
{
    double now = ends > 0 ? trine_seconds() : 0;
    if (ends > 0 && now >= ends)
        return false;
    if (engine->context) {
        if (trine_task_step(engine->context))
            return true;
        return false;
    }
    trine_engine_sleep(engine, ends > 0 && ends - now < look_seconds ? ends - now : look_seconds);
    return true;
}

/* Looks even when the caller never sleeps, and does not look at the clock each time. */
static void look_now_and_then(trine_engine *engine)
{
    enum { TAKES = 64 };
    if (engine->measured % TAKES == 0 && trine_seconds() - engine->looked > look_seconds)
        trine_engine_look(engine);
}

trine_status trine_engine_take(trine_engine *engine, double seconds, trine_engine_outcome *outcome)
{
    double ends = seconds > 0 ? trine_seconds() + seconds : 0;
    look_now_and_then(engine);
    outcome->outcome.index = TRINE_TASK_NONE;
    for (bool worked = false;;) {
        if (engine->status)
            return trine_fail(engine->status, "%s", engine->detail);
        if (take_ready(engine, outcome) || engine->out == 0)
            return TRINE_OK;
        trine_engine_flush(engine);
        if (seconds == 0) {
            /* A look finds deaths and deadlines; a caller that works itself gets on by looking. */
            if (worked)
                return TRINE_OK;
            worked = true;
            if (engine->context)
                trine_task_step(engine->context);
            else
                trine_engine_look(engine);
        } else if (!wait_for_workers(engine, ends)) {
            return TRINE_OK;
        }
    }
}

bool trine_engine_has_outcome(const trine_engine *engine)
{
    return engine->ready_count > 0 || something_announced(engine);
}

void trine_engine_release(trine_engine *engine, uint32_t s)
{
    trine_task_shared *shared = engine->shared;
    trine_engine_item *item = &engine->item[s];
    trine_task_slot *slot = &shared->slot[s];
    if (item->item_bytes > kept_bytes) {
        engine->executor->ops.discard(shared->items + s * shared->item_stride, item->item_bytes);
        item->item_bytes = 0;
    }
    if (!item->chained && slot->asked > kept_bytes) {
        engine->executor->ops.discard(shared->results + s * shared->result_stride, slot->asked);
        slot->asked = slot->there = 0;
    }
    if (item->chained)
        item->place = TRINE_ITEM_GONE;
    else
        trine_engine_leave_room(engine, s);
}

bool trine_engine_take_back(trine_engine *engine, uint32_t from, trine_engine_unbegun *item)
{
    const trine_task_shared *shared = engine->shared;
    for (uint32_t s = from; s < shared->slots; s++) {
        const trine_task_slot *slot = &shared->slot[s];
        if (engine->item[s].place != TRINE_ITEM_OUT || slot->attempt > 1 ||
            !trine_engine_withdraw(engine, s))
            continue;
        engine->item[s].place = TRINE_ITEM_TAKEN;
        engine->out--;
        *item = (trine_engine_unbegun){.index = slot->index,
                                       .tag = engine->item[s].tag,
                                       .item = shared->items + s * shared->item_stride,
                                       .size = slot->item_size,
                                       .slot = s};
        return true;
    }
    return false;
}

/* --- Closing */

static void cancel_waiting(trine_engine *engine)
{
    for (uint32_t s = 0; s < engine->shared->slots; s++)
        if (engine->item[s].place == TRINE_ITEM_OUT)
            (void)trine_engine_withdraw(engine, s);
}

static void end_servants(trine_engine *engine)
{
    trine_task_shared *shared = engine->shared;
    atomic_store(&shared->closing, true);
    atomic_fetch_add(&shared->published, 1);
    trine_futex_wake(&shared->published, INT_MAX);
    while (!all_have(engine, TRINE_WORKER_FAILED)) {
        for (int w = 0; w < shared->workers; w++)
            engine->lane[w].drained = (uint32_t)(atomic_load(&shared->worker[w].progress) >> 32);
        trine_engine_sleep(engine, look_seconds);
    }
    engine->executor->ops.serve_end(engine->executor);
}

static void fill_ledger(trine_engine *engine)
{
    double served = trine_seconds() - engine->began;
    for (int w = 0; w < engine->executor->workers; w++) {
        trine_ledger_worker *entry = &engine->executor->ledger[w];
        trine_task_lane lane;
        *entry = (trine_ledger_worker){.wait = served};
        if (w >= engine->shared->workers)
            continue;
        trine_engine_lane(engine, w, &lane);
        /* What comes anew for each item comes within the item's time. */
        double transfer = engine->shared->worker[w].transfer;
        double busy = lane.busy + (engine->shared->data_each ? 0 : transfer);
        *entry = (trine_ledger_worker){.transfer = transfer,
                                       .compute = busy > transfer ? busy - transfer : 0,
                                       .wait = served > busy ? served - busy : 0,
                                       .user = engine->shared->worker[w].user,
                                       .sys = engine->shared->worker[w].sys,
                                       .runs = lane.items,
                                       .pid = lane.pid};
    }
}

trine_status trine_engine_close(trine_engine *engine)
{
    trine_status status = engine->status;
    engine->closing = true;
    cancel_waiting(engine);
    if (engine->context)
        trine_task_end(engine->context);
    else
        end_servants(engine);
    fill_ledger(engine);
    if (status)
        trine_fail(status, "%s", engine->detail);
    release_all(engine);
    return status;
}

/* --- Figures */

int trine_engine_lanes(const trine_engine *engine)
{
    return engine->shared->workers;
}

void trine_engine_lane(const trine_engine *engine, int worker, trine_task_lane *lane)
{
    const trine_executor *executor = engine->executor;
    *lane = (trine_task_lane){
        .rank = engine->setup.rank,
        .worker = worker,
        .pid = executor->ops.servant_pid ? executor->ops.servant_pid(executor, worker) : getpid(),
        .items = engine->lane[worker].items,
        .busy = engine->lane[worker].busy};
}

uint64_t trine_engine_chunk(const trine_engine *engine)
{
    return engine->setup.chunk ? engine->setup.chunk : trine_trip_mean(&engine->trips);
}

int trine_engine_lost(const trine_engine *engine)
{
    return engine->lost;
}

double trine_engine_waited(const trine_engine *engine)
{
    return engine->waited;
}
