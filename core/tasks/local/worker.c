/* core/tasks/local/worker.c - a worker of a scheduler.
 *
 * 1. begin, once; when it fails, the caller learns why and nothing is run.
 * 2. Claim the first batch that is READY. The cursor is a hint that anybody may advance, so that it
 *    does not matter where a worker was killed.
 * 3. Run its slots one after the other, announcing each.
 * 4. Wake the caller when it has not been woken for a while, when many are announced, or when no
 *    work is left: short items do not cost a wake each, and long ones are known at once.
 * 5. With no work left: spin, then sleep until batches are published.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "core/system/float_environment.h"
#include "core/system/guard.h"
#include "core/system/memory.h"
#include "core/tasks/local/shared.h"
#include "core/system/wait.h"
#include "core/system/util.h"

/* How long a finished item may lie before the caller is woken for it. */
static const double lie_seconds = 100e-6;

/* How long a worker without work sleeps before it looks again. */
static const double look_seconds = 1;

enum { PAGE = 4096 };

/* One worker as it sees itself. ours: its thread is none of the program's. running, frame: it is in
 * a function of the kind's, called from there. slot: the item at hand, of that chain. buffer_size:
 * its result's. now: when the last item ended. called: when the worker last woke the caller for
 * finished items. user, sys: CPU seconds before. copy: of data that was brought. */
struct trine_task_context {
    trine_task_shared *shared;
    trine_task_worker *record;
    bool ours, running;
    trine_activation frame;
    uint32_t *ring, announced, slot;
    uint64_t chain;
    trine_task task;
    size_t buffer_size;
    double now, called, user, sys;
    trine_status refused;
    void *copy;
    bool has_detail;
    char detail[TRINE_DETAIL_SIZE];
};

/* Memory for so much of the buffer of a result. `asked` is raised before and `there` after,
 * wherever the worker may be killed. */
static trine_status give_memory(const trine_task_shared *shared, uint32_t s, size_t size)
{
    trine_item_slot *slot = &shared->slot[s];
    if (!shared->demand || size <= slot->there)
        return TRINE_OK;
    if (size > slot->asked)
        slot->asked = size;
    trine_status status = shared->commit(shared->results + s * shared->result_stride, size);
    if (!status)
        slot->there = size;
    return status;
}

void *trine_task_result(trine_task *task, size_t size)
{
    trine_task_context *c = task ? task->scheduler : NULL;
    if (!c || !task->item || c->slot == TRINE_SLOT_NONE)
        return NULL;
    const trine_task_shared *shared = c->shared;
    c->buffer_size = 0;
    c->refused = TRINE_OK;
    if (size > shared->kind.result_max)
        c->refused = trine_fail(TRINE_E_ARGUMENT,
                                "task '%s', item %llu: a result of %zu bytes; its kind's "
                                "result_max is %zu",
                                shared->name, (unsigned long long)task->index, size,
                                shared->kind.result_max);
    else
        c->refused = give_memory(shared, c->slot, size);
    if (c->refused)
        return NULL;
    c->buffer_size = size;
    return shared->results + c->slot * shared->result_stride;
}

trine_status trine_task_refused(const trine_task *task)
{
    const trine_task_context *c = task ? task->scheduler : NULL;
    return c ? c->refused : TRINE_E_ARGUMENT;
}

trine_status trine_task_fail(trine_task *task, trine_status status, const char *detail)
{
    trine_task_context *c = task ? task->scheduler : NULL;
    if (!c || status == TRINE_OK)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_fail: %s",
                          c ? "status is OK" : "task is NULL or not inside run or begin");
    snprintf(c->detail, sizeof c->detail, "%s", detail ? detail : "");
    c->has_detail = true;
    return status;
}

/* The page is there before it is written: a shortage must not kill who writes. */
void trine_slot_detail(const trine_task_shared *shared, uint32_t slot, const char *text)
{
    size_t offset = (size_t)slot * TRINE_DETAIL_SIZE;
    shared->slot[slot].has_detail =
        shared->commit(shared->details + offset / PAGE * PAGE, PAGE) == TRINE_OK;
    if (shared->slot[slot].has_detail)
        snprintf(shared->details + offset, TRINE_DETAIL_SIZE, "%s", text);
}

/* What is known of the failure of a run or a begin; NULL for nothing. A detail of this library's
 * counts when it is newer than the task. */
static const char *detail_of(const trine_task_context *c, unsigned long failures)
{
    if (c->has_detail)
        return c->detail;
    return trine_fail_count() != failures ? trine_error_detail() : NULL;
}

/* Makes the queue's data readable here: where the transport has it, or in a copy. */
static trine_status bring_data(trine_task_context *c)
{
    const trine_task_shared *shared = c->shared;
    if (!shared->channel)
        return TRINE_OK;
    double began = trine_seconds();
    const unsigned char *view;
    trine_status status = trine_channel_view(shared->channel, &view);
    if (!status && !view && !c->copy) {
        status = trine_memory_get(shared->data_size, &c->copy);
        if (!status) {
            trine_memory_touch(c->copy, shared->data_size);
            trine_memory_settle(shared->data_size);
        }
    }
    if (!status && !view) {
        const trine_span all = {0, shared->data_size, shared->data_size, 1};
        status = trine_channel_fetch(shared->channel, &all, c->copy);
    }
    c->task.data = view ? view : c->copy;
    c->record->transfer += trine_seconds() - began;
    return status;
}

/* For one item: a view is looked up anew, too. */
static trine_status bring_data_again(trine_task_context *c)
{
    if (!c->shared->channel || !c->shared->data_each)
        return TRINE_OK;
    if (c->shared->channel->ops->views)
        trine_channel_leave();
    return bring_data(c);
}

static void leave_data(trine_task_context *c)
{
    trine_channel_leave();
    if (c->copy)
        trine_memory_release(c->copy, c->shared->data_size);
    c->copy = NULL;
}

/* What a task has printed is out before its outcome is known: a worker may be killed after that. In
 * threads the streams are the program's. */
static void flush(const trine_task_shared *shared)
{
    if (shared->processes)
        fflush(stdout);
}

/* A function of the kind's, and what it is called with; one of the two. */
typedef struct task_call {
    trine_status (*function)(trine_task *task);
    void (*end)(trine_task *task);
    trine_task *task;
} task_call;

static trine_status make_call(void *argument)
{
    const task_call *c = argument;
    if (c->function)
        return c->function(c->task);
    c->end(c->task);
    return TRINE_OK;
}

/* What it does to the floating-point environment ends with it. */
static __attribute__((noinline)) trine_status call(trine_task_context *c, task_call made)
{
    made.task = &c->task;
    c->frame = trine_activation_here();
    c->running = true;
    trine_status status = trine_guard(make_call, &made, c->ours);
    c->running = false;
    trine_float_default();
    flush(c->shared);
    return status;
}

static void run_item(trine_task_context *c, trine_item_slot *slot, double began)
{
    const trine_task_shared *shared = c->shared;
    trine_task *task = &c->task;
    unsigned long failures = trine_fail_count();
    task->index = (int64_t)slot->index;
    task->item = shared->items + c->slot * shared->item_stride;
    task->item_size = slot->item_size;
    task->attempt = slot->attempt;
    c->buffer_size = 0;
    c->refused = TRINE_OK;
    c->has_detail = false;
    slot->has_detail = false;
    trine_status status = bring_data_again(c);
    if (!status)
        status = call(c, (task_call){.function = shared->kind.run});
    const char *detail = status ? detail_of(c, failures) : NULL;
    double ended = trine_seconds();
    char late[128];
    if (shared->deadline > 0 && ended - began > shared->deadline) {
        status = TRINE_E_DEADLINE;
        snprintf(late, sizeof late, "item %llu took %.6g s; its deadline is %.6g s",
                 (unsigned long long)slot->index, ended - began, shared->deadline);
        detail = late;
    }
    slot->ended = c->now = ended;
    slot->status = status;
    slot->result_size = status ? 0 : c->buffer_size;
    if (detail)
        trine_slot_detail(shared, c->slot, detail);
}

static void wake_caller(trine_task_shared *shared)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&shared->caller_sleeps) && atomic_exchange(&shared->caller_sleeps, false)) {
        atomic_fetch_add(&shared->called, 1);
        trine_futex_wake(&shared->called, 1);
    }
}

/* Runs the slot at hand if it waits. False when it is no longer of this chain. */
static bool take_slot(trine_task_context *c, trine_item_slot *slot)
{
    uint64_t word = trine_slot_word(c->chain, TRINE_SLOT_WAITS);
    double began = trine_seconds();
    atomic_store_explicit(&c->record->began, began, memory_order_relaxed);
    if (!atomic_compare_exchange_strong(&slot->word, &word,
                                        trine_slot_word(c->chain, TRINE_SLOT_RUNS)))
        return word == trine_slot_word(c->chain, TRINE_SLOT_CANCELLED);
    slot->began = began;
    slot->worker = c->task.worker;
    run_item(c, slot, began);
    return true;
}

/* Whether the caller should know of what is announced, though there is more work. */
static bool is_due(trine_task_context *c)
{
    uint32_t drained = atomic_load_explicit(&c->record->drained, memory_order_relaxed);
    if (c->now - c->called < lie_seconds && c->announced - drained < c->shared->wake_at)
        return false;
    c->called = c->now;
    return true;
}

static void tell_progress(trine_task_context *c, uint32_t next)
{
    atomic_store_explicit(&c->record->progress, trine_progress_word(c->announced, next),
                          memory_order_release);
}

/* The slot is finished; which is the next of its chain. */
static uint32_t announce(trine_task_context *c, uint32_t s)
{
    uint32_t next = c->shared->slot[s].next;
    c->ring[c->announced++ & (c->shared->ring - 1)] = s;
    tell_progress(c, next);
    return next;
}

static void run_chain(trine_task_context *c, uint32_t head)
{
    trine_task_shared *shared = c->shared;
    for (uint32_t s = head, next; s != TRINE_SLOT_NONE; s = next) {
        c->slot = s;
        next = TRINE_SLOT_NONE;
        if (take_slot(c, &shared->slot[s]))
            next = announce(c, s);
        else
            tell_progress(c, next);
        if (is_due(c))
            wake_caller(shared);
    }
    c->slot = TRINE_SLOT_NONE;
}

/* The claimed batch's chain is the worker's before the batch is TAKEN: one of the two tells of it
 * at any time. */
static bool claim(trine_task_context *c, uint32_t *head)
{
    trine_task_shared *shared = c->shared;
    uint64_t owner = TRINE_BATCH_OWNER + (uint64_t)c->task.worker;
    for (;;) {
        uint64_t at = atomic_load_explicit(&shared->cursor, memory_order_acquire);
        trine_task_batch *batch = &shared->batch[at & (shared->batches - 1)];
        uint64_t word = atomic_load_explicit(&batch->word, memory_order_acquire);
        uint64_t position = at << TRINE_BATCH_BITS;
        if (word >> TRINE_BATCH_BITS < at)
            return false;
        bool mine = word == (position | TRINE_BATCH_READY) &&
                    atomic_compare_exchange_strong(&batch->word, &word, position | owner);
        if (mine) {
            *head = batch->head;
            c->chain = batch->chain;
            atomic_store_explicit(&c->record->chain, c->chain, memory_order_relaxed);
            atomic_store(&c->record->progress, trine_progress_word(c->announced, *head));
            atomic_store(&batch->word, position | TRINE_BATCH_TAKEN);
        }
        atomic_compare_exchange_strong(&shared->cursor, &at, at + 1);
        if (mine)
            return true;
    }
}

/* An item whose task was left by longjmp has failed; the rest of its chain is still to be run. */
static __attribute__((noinline)) bool give_up_left(trine_task_context *c)
{
    const trine_activation own = TRINE_CALLER;
    if (!c->running || c->slot == TRINE_SLOT_NONE || !trine_activation_left(&c->frame, &own))
        return false;
    trine_item_slot *slot = &c->shared->slot[c->slot];
    c->running = false;
    trine_float_default();
    slot->ended = c->now = trine_seconds();
    slot->status = TRINE_E_WORKER;
    slot->result_size = 0;
    trine_slot_detail(c->shared, c->slot, "its task was left by longjmp; it is to return");
    run_chain(c, announce(c, c->slot));
    return true;
}

bool trine_task_step(trine_task_context *c)
{
    uint32_t head;
    if (give_up_left(c))
        return true;
    if (!claim(c, &head))
        return false;
    run_chain(c, head);
    return true;
}

/* The count of sleepers is raised before `asleep` and lowered after it: wherever the worker is
 * killed, the count errs towards a needless wake, never towards a missing one. */
static void wait_for_work(trine_task_context *c, unsigned seen)
{
    trine_task_shared *shared = c->shared;
    if (shared->spin_seconds > 0 && trine_spin(&shared->published, seen, shared->spin_seconds))
        return;
    atomic_fetch_add(&shared->sleepers, 1);
    atomic_store(&c->record->asleep, true);
    while (atomic_load(&shared->published) == seen && !atomic_load(&shared->closing))
        trine_futex_wait(&shared->published, seen, look_seconds);
    atomic_store(&c->record->asleep, false);
    atomic_fetch_sub(&shared->sleepers, 1);
}

static void work(trine_task_context *c)
{
    trine_task_shared *shared = c->shared;
    while (!atomic_load(&shared->closing)) {
        unsigned seen = atomic_load(&shared->published);
        if (trine_task_step(c))
            continue;
        wake_caller(shared);
        wait_for_work(c, seen);
    }
}

static size_t state_bytes(const trine_task_shared *shared)
{
    return trine_whole_lines(shared->kind.state_size);
}

static trine_status begin(trine_task_context *c)
{
    const trine_task_shared *shared = c->shared;
    size_t bytes = state_bytes(shared);
    if (bytes) {
        c->task.state = aligned_alloc(64, bytes);
        if (!c->task.state)
            return trine_fail(TRINE_E_MEMORY, "task '%s': no memory for %zu bytes of state",
                              shared->name, bytes);
        memset(c->task.state, 0, bytes);
    }
    trine_status brought = shared->data_each ? TRINE_OK : bring_data(c);
    if (brought)
        return brought;
    unsigned long failures = trine_fail_count();
    trine_status status =
        shared->kind.begin ? call(c, (task_call){.function = shared->kind.begin}) : TRINE_OK;
    if (!status)
        return TRINE_OK;
    const char *detail = detail_of(c, failures);
    return trine_fail(status, "task '%s': begin failed in worker %d: %s", shared->name,
                      c->task.worker, detail ? detail : trine_status_text(status));
}

static void prepare(trine_task_context *c, trine_task_shared *shared, int number, bool ours)
{
    trine_task_worker *record = &shared->worker[number];
    trine_float_default();
    *c = (trine_task_context){.shared = shared,
                              .ours = ours,
                              .record = record,
                              .ring = trine_announced_ring(shared, number),
                              .announced = (uint32_t)(atomic_load(&record->progress) >> 32),
                              .slot = TRINE_SLOT_NONE};
    c->task = (trine_task){.index = TRINE_TASK_NONE,
                           .param = shared->param,
                           .data = shared->data,
                           .data_size = shared->data_size,
                           .rank = shared->rank,
                           .worker = number,
                           .scheduler = c};
    trine_thread_cpu_seconds(&c->user, &c->sys);
}

static void end(trine_task_context *c)
{
    c->task.item = NULL;
    c->task.item_size = 0;
    c->task.index = TRINE_TASK_NONE;
    if (c->shared->kind.end)
        (void)call(c, (task_call){.end = c->shared->kind.end});
    leave_data(c);
    free(c->task.state);
    trine_thread_cpu_seconds(&c->record->user, &c->record->sys);
    c->record->user -= c->user;
    c->record->sys -= c->sys;
}

trine_status trine_task_serve(void *context, size_t task_worker, trine_worker *worker)
{
    trine_task_context c;
    (void)worker;
    prepare(&c, context, (int)task_worker, true);
    trine_status status = begin(&c);
    if (status) {
        leave_data(&c);
        free(c.task.state);
        c.record->status = status;
        snprintf(c.record->detail, sizeof c.record->detail, "%s", trine_error_detail());
    }
    atomic_store(&c.record->life, status ? TRINE_WORKER_FAILED : TRINE_WORKER_WORKS);
    wake_caller(c.shared);
    if (status)
        return TRINE_OK;
    work(&c);
    atomic_store(&c.record->life, TRINE_WORKER_ENDS);
    end(&c);
    atomic_store(&c.record->life, TRINE_WORKER_ENDED);
    wake_caller(c.shared);
    return TRINE_OK;
}

trine_status trine_task_begin(trine_task_shared *shared, trine_task_context **context)
{
    trine_task_context *c = malloc(sizeof *c);
    if (!c)
        return trine_fail(TRINE_E_MEMORY, "task '%s': no memory", shared->name);
    prepare(c, shared, 0, false);
    trine_status status = begin(c);
    if (status) {
        leave_data(c);
        free(c->task.state);
        free(c);
        return status;
    }
    *context = c;
    return TRINE_OK;
}

void trine_task_end(trine_task_context *context)
{
    end(context);
    free(context);
}
