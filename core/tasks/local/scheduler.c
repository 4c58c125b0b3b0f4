/* core/tasks/local/scheduler.c - the caller's side of a scheduler: buffers, chunks, outcomes.
 *
 * 1. All that workers see lies in one block that they address; buffers for items and results follow
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
#include "core/tasks/local/local.h"
#include "core/system/wait.h"
#include "core/backend/usable_cpus.h"
#include "core/system/util.h"

enum { PAGE = 4096, ALIGNMENT = 64, DEFAULT_WINDOW = 1024 };

/* Buffers of more bytes than this in all have addresses only until they are used; what one item
 * used beyond kept_bytes is given back. */
static const size_t near_max = (size_t)64 << 20, kept_bytes = (size_t)64 << 10;

/* Buffers of a default window take no more than this, as long as every worker has a few. */
static const size_t window_bytes = (size_t)256 << 20;

/* How often the caller looks for deaths and deadlines. */
static const double look_seconds = 1e-3;

/* A chosen chunk: so many seconds, and at most so many bytes of items, for one dispatch. */
static const double dispatch_seconds = 200e-6;
static const size_t dispatch_bytes = (size_t)256 << 10;

static uint64_t power_above(uint64_t n)
{
    uint64_t power = 1;
    while (power < n)
        power *= 2;
    return power;
}

uint64_t trine_scheduler_window(const trine_task_kind *kind, int workers)
{
    double item = (double)kind->item_max + (double)kind->result_max + 1;
    double fits = (double)window_bytes / item, least = 4.0 * workers;
    double window = fits < DEFAULT_WINDOW ? fits : DEFAULT_WINDOW;
    return trine_max((uint64_t)window, (uint64_t)least);
}

void trine_scheduler_fail(trine_scheduler *scheduler, trine_status status, const char *detail)
{
    if (scheduler->status)
        return;
    scheduler->status = status;
    snprintf(scheduler->detail, sizeof scheduler->detail, "%s", detail);
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
    l.slot = place_part(&l, shared->slots * sizeof(trine_item_slot));
    l.announced = place_part(&l, workers * shared->ring * sizeof(uint32_t));
    l.param = place_part(&l, shared->kind.param_size);
    l.items = place_part(&l, shared->demand ? 0 : shared->slots * shared->item_stride);
    l.results = place_part(&l, shared->demand ? 0 : shared->slots * shared->result_stride);
    return l;
}

/* What is added and rounded up later must not wrap. */
static trine_status check_sizes(const trine_scheduler_setup *setup)
{
    const trine_task_kind *kind = setup->kind;
    const char *name = kind->name ? kind->name : "";
    size_t most = SIZE_MAX / 4;
    if (kind->param_size > most || kind->state_size > most)
        trine_fail(TRINE_E_MEMORY, "task '%s': %zu bytes of param and %zu of state", name,
                   kind->param_size, kind->state_size);
    else if (setup->window == 0 || setup->window > UINT32_MAX / 4 || kind->item_max > most ||
             kind->result_max > most)
        trine_fail(TRINE_E_MEMORY,
                   "task '%s': a window of %llu items of %zu bytes and results of %zu", name,
                   (unsigned long long)setup->window, kind->item_max, kind->result_max);
    else
        return TRINE_OK;
    return TRINE_E_MEMORY;
}

static trine_status plan(trine_task_shared *shared, const trine_executor *executor,
                         const trine_scheduler_setup *setup)
{
    const trine_task_kind *kind = setup->kind;
    trine_status status = check_sizes(setup);
    if (status)
        return status;
    *shared = (trine_task_shared){.kind = *kind,
                                  .data = setup->data,
                                  .data_size = setup->data_size,
                                  .channel = setup->channel,
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
    double buffers = (double)shared->slots * ((double)kind->item_max + (double)kind->result_max);
    shared->demand = buffers > (double)near_max;
    shared->processes = executor->ops.separate_memory;
    size_t unit = shared->demand ? PAGE : ALIGNMENT;
    shared->item_stride = trine_round_up(kind->item_max ? kind->item_max : 1, unit);
    shared->result_stride = trine_round_up(kind->result_max ? kind->result_max : 1, unit);
    if (buffers > (double)(SIZE_MAX / 8)) {
        trine_fail(TRINE_E_MEMORY, "task '%s': buffers of %.3g bytes", shared->name, buffers);
        return TRINE_E_MEMORY;
    }
    return TRINE_OK;
}

/* The range of addresses: details first, then buffers that get memory on demand. */
static trine_status reserve_far(trine_scheduler *scheduler)
{
    trine_task_shared *shared = scheduler->shared;
    size_t slots = shared->slots, details = trine_round_up(slots * TRINE_DETAIL_SIZE, PAGE);
    scheduler->far_bytes = details;
    if (shared->demand)
        scheduler->far_bytes += slots * (shared->item_stride + shared->result_stride);
    trine_status status = scheduler->executor->ops.reserve(scheduler->far_bytes, &scheduler->far);
    if (status)
        return status;
    shared->details = scheduler->far;
    if (shared->demand) {
        shared->items = shared->details + details;
        shared->results = shared->items + slots * shared->item_stride;
    }
    return TRINE_OK;
}

static void set_up(trine_scheduler *scheduler, const layout *l)
{
    trine_task_shared *shared = scheduler->shared;
    char *base = (char *)shared;
    shared->worker = (void *)(base + l->worker);
    shared->batch = (void *)(base + l->batch);
    shared->slot = (void *)(base + l->slot);
    shared->announced = (void *)(base + l->announced);
    shared->param = base + l->param;
    if (scheduler->setup.param && shared->kind.param_size)
        memcpy(base + l->param, scheduler->setup.param, shared->kind.param_size);
    if (!shared->demand) {
        shared->items = base + l->items;
        shared->results = base + l->results;
    }
    for (uint64_t i = 0; i < shared->batches; i++)
        atomic_init(&shared->batch[i].word, i << TRINE_BATCH_BITS | TRINE_BATCH_TAKEN);
    scheduler->position = shared->batches;
    atomic_init(&shared->cursor, scheduler->position);
    for (int w = 0; w < shared->workers; w++)
        atomic_init(&shared->worker[w].progress, trine_progress_word(0, TRINE_SLOT_NONE));
    for (uint32_t s = 0; s < shared->slots; s++)
        scheduler->free[s] = shared->slots - 1 - s;
    scheduler->free_count = shared->slots;
}

static trine_status allocate(trine_scheduler *scheduler)
{
    trine_task_shared planned;
    trine_status status = plan(&planned, scheduler->executor, &scheduler->setup);
    if (status)
        return status;
    scheduler->item = calloc(planned.slots, sizeof *scheduler->item);
    scheduler->free = malloc(planned.slots * sizeof *scheduler->free);
    scheduler->ready = malloc(planned.ring * sizeof *scheduler->ready);
    scheduler->worker_slot = calloc((size_t)planned.workers, sizeof *scheduler->worker_slot);
    if (!scheduler->item || !scheduler->free || !scheduler->ready || !scheduler->worker_slot) {
        trine_fail(TRINE_E_MEMORY, "task '%s': no memory for a window of %u items", planned.name,
                   planned.slots);
        return TRINE_E_MEMORY;
    }
    layout l = lay_out(&planned);
    void *memory;
    status = scheduler->executor->ops.alloc(scheduler->executor, l.bytes, &memory);
    if (status)
        return status;
    scheduler->shared = memory;
    scheduler->shared_bytes = l.bytes;
    *scheduler->shared = planned;
    set_up(scheduler, &l);
    return reserve_far(scheduler);
}

static void release_all(trine_scheduler *scheduler)
{
    trine_executor *executor = scheduler->executor;
    if (scheduler->far)
        executor->ops.unreserve(scheduler->far, scheduler->far_bytes);
    if (scheduler->shared)
        executor->ops.free(executor, scheduler->shared, scheduler->shared_bytes);
    free(scheduler->item);
    free(scheduler->free);
    free(scheduler->ready);
    free(scheduler->worker_slot);
    free(scheduler);
}

static bool something_announced(const trine_scheduler *scheduler)
{
    const trine_task_shared *shared = scheduler->shared;
    for (int w = 0; w < shared->workers; w++)
        if ((uint32_t)(atomic_load(&shared->worker[w].progress) >> 32) !=
            scheduler->worker_slot[w].drained)
            return true;
    return false;
}

/* Sleeps until a worker calls, at most `seconds`, then looks around. */
static void sleep_for_workers(trine_scheduler *scheduler, double seconds)
{
    trine_task_shared *shared = scheduler->shared;
    unsigned called = atomic_load(&shared->called);
    double began = trine_seconds();
    atomic_store(&shared->caller_sleeps, true);
    atomic_thread_fence(memory_order_seq_cst);
    if (!something_announced(scheduler))
        trine_futex_wait(&shared->called, called, seconds);
    atomic_store(&shared->caller_sleeps, false);
    double now = trine_seconds();
    scheduler->waited += now - began;
    if (now - scheduler->looked >= look_seconds)
        trine_scheduler_supervise(scheduler);
}

/* --- Opening */

static bool all_have(const trine_scheduler *scheduler, unsigned life)
{
    const trine_task_shared *shared = scheduler->shared;
    for (int w = 0; w < shared->workers; w++)
        if (atomic_load(&shared->worker[w].life) < life)
            return false;
    return true;
}

static trine_status start(trine_scheduler *scheduler)
{
    trine_executor *executor = scheduler->executor;
    trine_task_shared *shared = scheduler->shared;
    if (!executor->ops.serve) {
        shared->workers = 1;
        return trine_task_begin(shared, &scheduler->context);
    }
    shared->spin_seconds = trine_spin_seconds(shared->workers + 1);
    trine_job job = {.body = trine_task_serve, .context = shared, .restartable = true};
    int task_workers;
    trine_status status = executor->ops.serve(executor, &job, &task_workers);
    if (status)
        return status;
    scheduler->serving = true;
    shared->workers = task_workers;
    while (!all_have(scheduler, TRINE_WORKER_WORKS) && !scheduler->status)
        sleep_for_workers(scheduler, look_seconds);
    trine_scheduler_supervise(scheduler);
    return scheduler->status ? trine_fail(scheduler->status, "%s", scheduler->detail) : TRINE_OK;
}

trine_status trine_scheduler_open(trine_executor *executor, const trine_scheduler_setup *setup,
                                  trine_scheduler **opened)
{
    trine_scheduler *scheduler = calloc(1, sizeof *scheduler);
    if (!scheduler)
        return trine_fail(TRINE_E_MEMORY, "no memory for a queue of tasks");
    scheduler->executor = executor;
    scheduler->setup = *setup;
    scheduler->head = scheduler->tail = TRINE_SLOT_NONE;
    scheduler->chunk = setup->chunk ? setup->chunk : 1;
    scheduler->began = trine_seconds();
    trine_status status = allocate(scheduler);
    if (!status)
        status = start(scheduler);
    if (status) {
        char why[TRINE_DETAIL_SIZE];
        snprintf(why, sizeof why, "%s", trine_error_detail());
        if (scheduler->serving)
            trine_scheduler_close(scheduler);
        else
            release_all(scheduler);
        return trine_fail(status, "%s", why);
    }
    *opened = scheduler;
    return TRINE_OK;
}

/* --- What workers announce */

static void put_in_line(trine_scheduler *scheduler, uint32_t s)
{
    scheduler->item[s].state = TRINE_ITEM_READY;
    scheduler->ready[(scheduler->ready_first + scheduler->ready_count++) &
                     (scheduler->shared->ring - 1)] = s;
}

static void count_item(trine_scheduler *scheduler, int worker, double seconds)
{
    if (worker >= 0) {
        scheduler->worker_slot[worker].items++;
        scheduler->worker_slot[worker].busy += seconds;
    }
    scheduler->measured++;
    double weight = scheduler->measured < 16 ? 1.0 / (double)scheduler->measured : 1.0 / 16;
    scheduler->item_seconds += weight * (seconds - scheduler->item_seconds);
}

void trine_scheduler_unlink(trine_scheduler *scheduler, uint32_t s)
{
    scheduler->item[s].chained = false;
    if (scheduler->item[s].state == TRINE_ITEM_GONE)
        trine_scheduler_leave_buffer(scheduler, s);
}

/* The next slot that a worker has announced; false when there is none. */
static bool next_announced(trine_scheduler *scheduler, uint32_t *s)
{
    trine_task_shared *shared = scheduler->shared;
    for (int looked = 0; looked <= shared->workers; looked++) {
        int w = scheduler->turn;
        trine_worker_slot *worker_slot = &scheduler->worker_slot[w];
        if (worker_slot->drained != worker_slot->seen) {
            *s = trine_announced_ring(shared, w)[worker_slot->drained++ & (shared->ring - 1)];
            return true;
        }
        atomic_store_explicit(&shared->worker[w].drained, worker_slot->drained,
                              memory_order_relaxed);
        uint64_t progress = atomic_load_explicit(&shared->worker[w].progress, memory_order_acquire);
        worker_slot->seen = (uint32_t)(progress >> 32);
        if (worker_slot->seen == worker_slot->drained)
            scheduler->turn = w + 1 < shared->workers ? w + 1 : 0;
    }
    return false;
}

/* Takes note of one announced slot; false when there is none. */
static bool absorb(trine_scheduler *scheduler)
{
    uint32_t s;
    if (!next_announced(scheduler, &s))
        return false;
    trine_scheduler_unlink(scheduler, s);
    if (scheduler->item[s].state == TRINE_ITEM_OUT) {
        const trine_item_slot *slot = &scheduler->shared->slot[s];
        count_item(scheduler, slot->worker, slot->ended - slot->began);
        put_in_line(scheduler, s);
    }
    return true;
}

/* --- Items on their way out */

/* Waits until a slot is free. It is not when cancelled items still lie in chunks, until workers
 * have passed them. */
static trine_status wait_for_slot(trine_scheduler *scheduler)
{
    while (scheduler->free_count == 0) {
        if (scheduler->status)
            return trine_fail(scheduler->status, "%s", scheduler->detail);
        if (absorb(scheduler))
            continue;
        trine_scheduler_flush(scheduler);
        if (scheduler->context)
            trine_task_step(scheduler->context);
        else
            sleep_for_workers(scheduler, look_seconds);
    }
    return TRINE_OK;
}

trine_status trine_scheduler_buffer(trine_scheduler *scheduler, size_t size, uint32_t *slot,
                                    void **item)
{
    trine_task_shared *shared = scheduler->shared;
    trine_status status = wait_for_slot(scheduler);
    if (status)
        return status;
    uint32_t s = scheduler->free[scheduler->free_count - 1];
    char *buffer = shared->items + s * shared->item_stride;
    size_t *there = &scheduler->item[s].item_bytes;
    if (shared->demand && size > *there) {
        status = shared->commit(buffer, size);
        if (status)
            return status;
        *there = size;
    }
    scheduler->free_count--;
    scheduler->item[s].state = TRINE_ITEM_HELD;
    *slot = s;
    *item = buffer;
    return TRINE_OK;
}

bool trine_scheduler_buffers_are_whole(const trine_scheduler *scheduler)
{
    return !scheduler->shared->demand;
}

void trine_scheduler_leave_buffer(trine_scheduler *scheduler, uint32_t slot)
{
    scheduler->item[slot].state = TRINE_ITEM_FREE;
    scheduler->free[scheduler->free_count++] = slot;
}

/* Short items share a dispatch; the last dispatches are short, so that workers end together. */
static void choose_chunk(trine_scheduler *scheduler)
{
    const trine_task_shared *shared = scheduler->shared;
    uint64_t workers = (uint64_t)shared->workers, chunk = 1;
    if (scheduler->measured >= 4 * workers && !scheduler->context) {
        double items = dispatch_seconds / (scheduler->item_seconds + 1e-9);
        chunk = items < (double)shared->slots ? (uint64_t)items : shared->slots;
        chunk = trine_min(chunk, shared->slots / (4 * workers));
        chunk = trine_min(chunk, dispatch_bytes / shared->item_stride);
        if (scheduler->setup.total > scheduler->put)
            chunk = trine_min(chunk, (scheduler->setup.total - scheduler->put) / (4 * workers));
    }
    scheduler->chunk = chunk ? chunk : 1;
}

void trine_scheduler_publish(trine_scheduler *scheduler, uint32_t head, uint64_t chain)
{
    trine_task_shared *shared = scheduler->shared;
    uint64_t position = scheduler->position++;
    trine_task_batch *batch = &shared->batch[position & (shared->batches - 1)];
    uint64_t before = (position - shared->batches) << TRINE_BATCH_BITS | TRINE_BATCH_TAKEN;
    /* Only a worker that was stopped between claiming and taking holds a batch so long. */
    while (atomic_load_explicit(&batch->word, memory_order_acquire) != before) {
        trine_scheduler_supervise(scheduler);
        sched_yield();
    }
    batch->head = head;
    batch->chain = chain;
    atomic_store_explicit(&batch->word, position << TRINE_BATCH_BITS | TRINE_BATCH_READY,
                          memory_order_release);
    scheduler->unflushed++;
}

static void publish_open(trine_scheduler *scheduler)
{
    uint32_t head = scheduler->head;
    trine_dispatch_note(&scheduler->dispatches, scheduler->count, scheduler->count);
    scheduler->head = scheduler->tail = TRINE_SLOT_NONE;
    scheduler->count = 0;
    if (head != TRINE_SLOT_NONE)
        trine_scheduler_publish(scheduler, head, scheduler->open_chain);
}

void trine_scheduler_put(trine_scheduler *scheduler, uint32_t s, uint64_t index, size_t size,
                         uint64_t tag)
{
    trine_task_shared *shared = scheduler->shared;
    trine_item_slot *slot = &shared->slot[s];
    slot->index = index;
    slot->item_size = size;
    slot->result_size = 0;
    slot->next = TRINE_SLOT_NONE;
    slot->attempt = 1;
    slot->has_detail = false;
    trine_scheduler_item *item = &scheduler->item[s];
    *item = (trine_scheduler_item){
        .tag = tag, .state = TRINE_ITEM_OUT, .chained = true, .item_bytes = item->item_bytes};
    if (scheduler->count == 0) {
        if (!scheduler->setup.chunk)
            choose_chunk(scheduler);
        scheduler->head = s;
        scheduler->open_chain = ++scheduler->chains;
    } else {
        shared->slot[scheduler->tail].next = s;
    }
    scheduler->tail = s;
    atomic_store_explicit(&slot->word, trine_slot_word(scheduler->open_chain, TRINE_SLOT_WAITS),
                          memory_order_relaxed);
    scheduler->out++;
    scheduler->put++;
    if (++scheduler->count >= scheduler->chunk)
        publish_open(scheduler);
}

void trine_scheduler_flush(trine_scheduler *scheduler)
{
    trine_task_shared *shared = scheduler->shared;
    publish_open(scheduler);
    if (scheduler->unflushed == 0)
        return;
    uint32_t batches = scheduler->unflushed;
    scheduler->unflushed = 0;
    atomic_fetch_add(&shared->published, 1);
    int sleepers = atomic_load(&shared->sleepers);
    if (sleepers > 0)
        trine_futex_wake(&shared->published,
                         batches < (uint32_t)sleepers ? (int)batches : sleepers);
}

bool trine_scheduler_withdraw(trine_scheduler *scheduler, uint32_t s)
{
    trine_item_slot *slot = &scheduler->shared->slot[s];
    uint64_t word = atomic_load(&slot->word);
    uint64_t chain = word >> TRINE_SLOT_BITS;
    return word == trine_slot_word(chain, TRINE_SLOT_WAITS) &&
           atomic_compare_exchange_strong(&slot->word, &word,
                                          trine_slot_word(chain, TRINE_SLOT_CANCELLED));
}

/* --- Outcomes */

void trine_scheduler_complete(trine_scheduler *scheduler, uint32_t s, trine_status status,
                              const char *detail)
{
    trine_task_shared *shared = scheduler->shared;
    trine_scheduler_item *item = &scheduler->item[s];
    double now = trine_seconds();
    item->made = true;
    item->status = status;
    item->attempts = shared->slot[s].attempt;
    item->began = item->worker < 0 ? now : atomic_load(&shared->worker[item->worker].began);
    item->ended = now;
    trine_slot_detail(shared, s, detail);
    put_in_line(scheduler, s);
}

static void fill(const trine_scheduler *scheduler, uint32_t s, trine_scheduler_outcome *o)
{
    const trine_task_shared *shared = scheduler->shared;
    const trine_item_slot *slot = &shared->slot[s];
    const trine_scheduler_item *item = &scheduler->item[s];
    double opened = scheduler->setup.opened;
    bool made = item->made;
    trine_status status = made ? item->status : item->stop ? item->stop : slot->status;
    const char *detail = slot->has_detail ? shared->details + (size_t)s * TRINE_DETAIL_SIZE
                         : status         ? trine_status_text(status)
                                          : "";
    double began = made ? item->began : slot->began;
    *o =
        (trine_scheduler_outcome){.outcome = {.index = (int64_t)slot->index,
                                              .status = status,
                                              .detail = detail,
                                              .result = shared->results + s * shared->result_stride,
                                              .result_size = made || status ? 0 : slot->result_size,
                                              .rank = scheduler->setup.rank,
                                              .worker = made ? item->worker : slot->worker,
                                              .attempts = made ? item->attempts : slot->attempt,
                                              .began = began - opened,
                                              .ended = (made ? item->ended : slot->ended) - opened},
                                  .tag = item->tag,
                                  .slot = s};
}

/* An outcome that is there; false when there is none. */
static bool take_ready(trine_scheduler *scheduler, trine_scheduler_outcome *o)
{
    while (scheduler->ready_count == 0)
        if (!absorb(scheduler))
            return false;
    uint32_t s = scheduler->ready[scheduler->ready_first++ & (scheduler->shared->ring - 1)];
    scheduler->ready_count--;
    scheduler->item[s].state = TRINE_ITEM_TAKEN;
    scheduler->out--;
    fill(scheduler, s, o);
    return true;
}

/* Waits for something to happen; false when time is up. ends: 0 for never. */
static bool wait_for_workers(trine_scheduler *scheduler, double ends)
{
    double now = ends > 0 ? trine_seconds() : 0;
    if (ends > 0 && now >= ends)
        return false;
    if (scheduler->context) {
        if (trine_task_step(scheduler->context))
            return true;
        return false;
    }
    sleep_for_workers(scheduler, ends > 0 && ends - now < look_seconds ? ends - now : look_seconds);
    return true;
}

/* Looks even when the caller never sleeps, and does not look at the clock each time. */
static void look_now_and_then(trine_scheduler *scheduler)
{
    enum { TAKES = 64 };
    if (scheduler->measured % TAKES == 0 && trine_seconds() - scheduler->looked > look_seconds)
        trine_scheduler_supervise(scheduler);
}

trine_status trine_scheduler_take(trine_scheduler *scheduler, double seconds,
                                  trine_scheduler_outcome *outcome)
{
    double ends = seconds > 0 ? trine_seconds() + seconds : 0;
    look_now_and_then(scheduler);
    outcome->outcome.index = TRINE_TASK_NONE;
    for (bool worked = false;;) {
        if (scheduler->status)
            return trine_fail(scheduler->status, "%s", scheduler->detail);
        if (take_ready(scheduler, outcome) || scheduler->out == 0)
            return TRINE_OK;
        trine_scheduler_flush(scheduler);
        if (seconds == 0) {
            /* A look finds deaths and deadlines; a caller that works itself gets on by looking. */
            if (worked)
                return TRINE_OK;
            worked = true;
            if (scheduler->context)
                trine_task_step(scheduler->context);
            else
                trine_scheduler_supervise(scheduler);
        } else if (!wait_for_workers(scheduler, ends)) {
            return TRINE_OK;
        }
    }
}

bool trine_scheduler_has_outcome(const trine_scheduler *scheduler)
{
    return scheduler->ready_count > 0 || something_announced(scheduler);
}

void trine_scheduler_release(trine_scheduler *scheduler, uint32_t s)
{
    trine_task_shared *shared = scheduler->shared;
    trine_scheduler_item *item = &scheduler->item[s];
    trine_item_slot *slot = &shared->slot[s];
    if (item->item_bytes > kept_bytes) {
        scheduler->executor->ops.discard(shared->items + s * shared->item_stride, item->item_bytes);
        item->item_bytes = 0;
    }
    if (!item->chained && slot->asked > kept_bytes) {
        scheduler->executor->ops.discard(shared->results + s * shared->result_stride, slot->asked);
        slot->asked = slot->there = 0;
    }
    if (item->chained)
        item->state = TRINE_ITEM_GONE;
    else
        trine_scheduler_leave_buffer(scheduler, s);
}

bool trine_scheduler_take_back(trine_scheduler *scheduler, uint32_t from,
                               trine_scheduler_unbegun *item)
{
    const trine_task_shared *shared = scheduler->shared;
    for (uint32_t s = from; s < shared->slots; s++) {
        const trine_item_slot *slot = &shared->slot[s];
        if (scheduler->item[s].state != TRINE_ITEM_OUT || slot->attempt > 1 ||
            !trine_scheduler_withdraw(scheduler, s))
            continue;
        scheduler->item[s].state = TRINE_ITEM_TAKEN;
        scheduler->out--;
        *item = (trine_scheduler_unbegun){.index = slot->index,
                                          .tag = scheduler->item[s].tag,
                                          .item = shared->items + s * shared->item_stride,
                                          .size = slot->item_size,
                                          .slot = s};
        return true;
    }
    return false;
}

/* --- Closing */

static void cancel_waiting(trine_scheduler *scheduler)
{
    for (uint32_t s = 0; s < scheduler->shared->slots; s++)
        if (scheduler->item[s].state == TRINE_ITEM_OUT)
            (void)trine_scheduler_withdraw(scheduler, s);
}

static void end_task_workers(trine_scheduler *scheduler)
{
    trine_task_shared *shared = scheduler->shared;
    atomic_store(&shared->closing, true);
    atomic_fetch_add(&shared->published, 1);
    trine_futex_wake(&shared->published, INT_MAX);
    while (!all_have(scheduler, TRINE_WORKER_FAILED)) {
        for (int w = 0; w < shared->workers; w++)
            scheduler->worker_slot[w].drained =
                (uint32_t)(atomic_load(&shared->worker[w].progress) >> 32);
        sleep_for_workers(scheduler, look_seconds);
    }
    scheduler->executor->ops.serve_end(scheduler->executor);
}

static void fill_ledger(trine_scheduler *scheduler)
{
    double served = trine_seconds() - scheduler->began;
    for (int w = 0; w < scheduler->executor->workers; w++) {
        trine_ledger_worker *entry = &scheduler->executor->ledger[w];
        trine_task_slot worker_slot;
        *entry = (trine_ledger_worker){.wait = served};
        if (w >= scheduler->shared->workers)
            continue;
        trine_scheduler_worker_slot(scheduler, w, &worker_slot);
        /* What comes anew for each item comes within the item's time. */
        double transfer = scheduler->shared->worker[w].transfer;
        double busy = worker_slot.busy + (scheduler->shared->data_each ? 0 : transfer);
        *entry = (trine_ledger_worker){.transfer = transfer,
                                       .compute = busy > transfer ? busy - transfer : 0,
                                       .wait = served > busy ? served - busy : 0,
                                       .user = scheduler->shared->worker[w].user,
                                       .sys = scheduler->shared->worker[w].sys,
                                       .blocks = worker_slot.items,
                                       .pid = worker_slot.pid};
    }
}

trine_status trine_scheduler_close(trine_scheduler *scheduler)
{
    trine_status status = scheduler->status;
    scheduler->closing = true;
    cancel_waiting(scheduler);
    if (scheduler->context)
        trine_task_end(scheduler->context);
    else
        end_task_workers(scheduler);
    fill_ledger(scheduler);
    if (status)
        trine_fail(status, "%s", scheduler->detail);
    release_all(scheduler);
    return status;
}

/* --- Figures */

int trine_scheduler_worker_slots(const trine_scheduler *scheduler)
{
    return scheduler->shared->workers;
}

void trine_scheduler_worker_slot(const trine_scheduler *scheduler, int worker,
                                 trine_task_slot *worker_slot)
{
    const trine_executor *executor = scheduler->executor;
    *worker_slot = (trine_task_slot){.rank = scheduler->setup.rank,
                                     .worker = worker,
                                     .pid = executor->ops.task_worker_pid
                                                ? executor->ops.task_worker_pid(executor, worker)
                                                : getpid(),
                                     .items = (int64_t)scheduler->worker_slot[worker].items,
                                     .busy = scheduler->worker_slot[worker].busy};
}

uint64_t trine_scheduler_chunk(const trine_scheduler *scheduler)
{
    return scheduler->setup.chunk ? scheduler->setup.chunk
                                  : trine_dispatch_mean(&scheduler->dispatches);
}

int trine_scheduler_lost(const trine_scheduler *scheduler)
{
    return scheduler->lost;
}

double trine_scheduler_waited(const trine_scheduler *scheduler)
{
    return scheduler->waited;
}
