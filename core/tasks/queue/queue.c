/* core/tasks/queue/queue.c - the public queue: opening, submitting, collecting, closing.
 *
 * 1. open checks its arguments, claims the team, brings the data to the workers and starts the
 *    scheduler.
 * 2. Items get numbers in the order of submission, from the source (many at a time, as the window
 *    allows) or from submit.
 * 3. Outcomes come from the scheduler as items finish; each marks its entry, from which next, wait
 *    and wait_any collect.
 * 4. What a user was given is valid until the next call: its buffer is released then.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/clock.h"
#include "core/input/stage.h"
#include "core/system/error.h"
#include "core/system/float_environment.h"
#include "core/tasks/queue/queue.h"

/* How long the scheduler is waited for at a time while progress is to be told. */
static const double report_seconds = 0.1;

/* --- Opening */

static trine_status check_open(const trine_team *team, const trine_task_kind *kind,
                               const trine_task_options *o, trine_task_queue *const *queue)
{
    const char *null = !team ? "team" : !kind ? "kind" : !queue ? "queue" : NULL;
    if (null)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_open: %s is NULL", null);
    trine_status status =
        trine_size_check("trine_task_open", "trine_task_options", o->size, sizeof *o);
    if (status)
        return status;
    if (!kind->run)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_open: kind->run is NULL");
    if (kind->param_size > 0 && !o->param)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_task_open: options->param is NULL; kind->param_size is %zu",
                          kind->param_size);
    const int64_t counts[] = {o->window, o->chunk, o->total};
    static const char *const names[] = {"window", "chunk", "total"};
    for (int i = 0; i < 3; i++)
        if (counts[i] < 0)
            return trine_fail(TRINE_E_ARGUMENT,
                              "trine_task_open: options->%s is %lld; expected 0 or more", names[i],
                              (long long)counts[i]);
    if (o->attempts < 0)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_task_open: %d attempts; expected 1 or more, or 0 for 3",
                          o->attempts);
    if (!(o->deadline >= 0))
        return trine_fail(
            TRINE_E_ARGUMENT,
            "trine_task_open: a deadline of %g s; expected more than 0, or 0 for none",
            o->deadline);
    if (o->data_size > 0 && !o->data && trine_team_rank(team) == 0)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_task_open: options->data is NULL; data_size is %zu", o->data_size);
    if ((unsigned)o->transport >= TRINE_TRANSPORT_COUNT)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_open: %d is no transport",
                          (int)o->transport);
    bool alone = trine_team_ranks(team) == 1;
    if (o->data && o->data_size && alone)
        return trine_channel_check(&team->executor, o->transport);
    return TRINE_OK;
}

/* The data is where all workers address it, or is staged for them. */
static trine_status bring_data(trine_task_queue *queue)
{
    trine_team *team = queue->team;
    const trine_executor *executor = &team->executor;
    const trine_task_options *o = &queue->options;
    if (!o->data || o->data_size == 0)
        return TRINE_OK;
    if (o->transport == TRINE_TRANSPORT_SHM &&
        executor->ops.addresses(executor, o->data, o->data_size))
        return TRINE_OK;
    trine_call_mark(team, NULL);
    trine_status status = trine_stage_block(team, o->transport, o->data, o->data_size,
                                            &queue->executor, &queue->channel);
    team->ledger.bytes += (int64_t)o->data_size;
    trine_call_mark(team, &team->ledger.transfer_in);
    return status;
}

static void note_lost(void *context, const trine_task_record *record)
{
    trine_task_queue *queue = context;
    if (queue->options.record)
        trine_queue_record(queue, record);
}

static trine_scheduler_setup make_setup(trine_task_queue *queue)
{
    const trine_task_options *o = &queue->options;
    return (trine_scheduler_setup){.kind = &queue->kind,
                                   .param = o->param,
                                   .data = o->data_size && !queue->channel ? o->data : NULL,
                                   .data_size = o->data_size,
                                   .channel = queue->channel,
                                   .data_each = o->data_each,
                                   .rank = trine_team_rank(queue->team),
                                   .attempts = o->attempts ? o->attempts : 3,
                                   .window = queue->window,
                                   .chunk = (uint64_t)o->chunk,
                                   .total = (uint64_t)o->total,
                                   .deadline = o->deadline,
                                   .opened = queue->opened,
                                   .lost = note_lost,
                                   .lost_context = queue};
}

static trine_status start_engine(trine_task_queue *queue)
{
    trine_scheduler_setup setup = make_setup(queue);
    trine_scheduler **scheduler = &queue->runner.scheduler;
    trine_status status = trine_scheduler_open(queue->executor, &setup, scheduler);
    if (status || !queue->options.source || trine_scheduler_buffers_are_whole(*scheduler))
        return status;
    queue->staging = malloc(queue->kind.item_max ? queue->kind.item_max : 1);
    if (!queue->staging)
        return trine_fail(TRINE_E_MEMORY, "trine_task_open: no memory for an item of %zu bytes",
                          queue->kind.item_max);
    return TRINE_OK;
}

static void release_queue(trine_task_queue *queue)
{
    trine_stage_block_end(queue->team, queue->channel);
    trine_entries_close(queue);
    (void)trine_queue_close_journal(queue);
    free(queue->staging);
    free(queue->record);
    free(queue);
}

static trine_status open_entries(trine_task_queue *queue)
{
    const trine_team *team = queue->team;
    uint64_t most = UINT32_MAX / 8, window = (uint64_t)queue->options.window;
    if (window > most)
        return trine_fail(TRINE_E_MEMORY, "trine_task_open: a window of %llu items; at most %llu",
                          (unsigned long long)window, (unsigned long long)most);
    int workers = team->executor.workers * team->communicator.size;
    queue->window = window ? window : trine_scheduler_window(&queue->kind, workers);
    return trine_entries_open(queue);
}

static trine_status start_queue(trine_task_queue *queue)
{
    trine_status status = open_entries(queue);
    if (queue->team->communicator.size > 1) {
        const trine_task_options *o = &queue->options;
        if (!status && trine_team_rank(queue->team) == 0)
            status = trine_queue_open_journal(queue);
        trine_scheduler_setup setup = make_setup(queue);
        return trine_ranks_open(queue->team, &setup, o, (uint64_t)o->window, status,
                                &queue->runner.ranks);
    }
    if (!status)
        status = trine_queue_open_journal(queue);
    if (!status)
        status = bring_data(queue);
    return status ? status : start_engine(queue);
}

trine_status trine_task_open(trine_team *team, const trine_task_kind *kind,
                             const trine_task_options *options, trine_task_queue **opened)
{
    TRINE_FLOAT_SCOPE;
    static const trine_task_options none = {TRINE_INIT(trine_task_options)};
    options = options ? options : &none;
    trine_status status = check_open(team, kind, options, opened);
    trine_task_queue *queue = status ? NULL : calloc(1, sizeof *queue);
    if (!status && !queue)
        status = trine_fail(TRINE_E_MEMORY, "trine_task_open: no memory");
    if (status || !queue)
        return trine_call_refuse(team, status);
    status = trine_call_begin(team);
    if (status) {
        free(queue);
        return status;
    }
    queue->team = team;
    queue->executor = &team->executor;
    queue->kind = *kind;
    queue->options = *options;
    queue->thread = trine_thread_number();
    queue->opened = team->began;
    queue->reported = queue->opened;
    status = start_queue(queue);
    if (status) {
        char why[TRINE_DETAIL_SIZE];
        snprintf(why, sizeof why, "%s", trine_error_detail());
        if (queue->runner.scheduler)
            trine_scheduler_close(queue->runner.scheduler);
        release_queue(queue);
        return trine_call_end(team, NULL, trine_fail(status, "%s", why));
    }
    trine_call_mark(team, &team->ledger.dispatch);
    trine_call_keep(team);
    *opened = queue;
    return TRINE_OK;
}

/* --- Calls */

static void release_held(trine_task_queue *queue)
{
    if (queue->held == TRINE_ENTRY_NONE)
        return;
    if (queue->entry[queue->held].slot != TRINE_SLOT_NONE)
        trine_runner_release(&queue->runner, queue->entry[queue->held].slot);
    trine_entry_free(queue, queue->held);
    queue->held = TRINE_ENTRY_NONE;
}

/* Begins a call on the queue; `name` is the function's. */
static __attribute__((noinline)) trine_status enter(trine_task_queue *queue, const char *name)
{
    if (!queue)
        return trine_fail(TRINE_E_ARGUMENT, "%s: queue is NULL", name);
    if (queue->thread != trine_thread_number()) {
        if (trine_thread_runs(queue->thread))
            return trine_fail(TRINE_E_BUSY,
                              "%s: the queue belongs to another thread, which opened it", name);
        queue->thread = trine_thread_number();
        queue->inside = false;
    }
    const trine_activation own = TRINE_CALLER;
    if (queue->inside && !trine_activation_left(&queue->frame, &own))
        return trine_fail(TRINE_E_BUSY, "%s: called from inside another call on the queue", name);
    trine_status status = trine_team_check(queue->team);
    if (status)
        return status;
    if (queue->inside) {
        queue->inside = false;
        queue->status = trine_fail(TRINE_E_WORKER, "source or on_progress was left by longjmp; it "
                                                   "is to return");
        snprintf(queue->detail, sizeof queue->detail, "%s", trine_error_detail());
    }
    release_held(queue);
    trine_queue_report(queue);
    return TRINE_OK;
}

trine_status trine_queue_check_rank(const trine_task_queue *queue, const char *name)
{
    int rank = trine_team_rank(queue->team);
    if (rank == 0)
        return TRINE_OK;
    return trine_fail(TRINE_E_ARGUMENT,
                      "%s: on rank %d; items belong to rank 0: expected trine_task_next or "
                      "trine_task_close",
                      name, rank);
}

static trine_status queue_status(const trine_task_queue *queue)
{
    return queue->status ? trine_fail(queue->status, "%s", queue->detail) : TRINE_OK;
}

/* Gives the item in that buffer the next number: to the workers, unless the journal has it. */
static trine_status put_item(trine_task_queue *queue, uint32_t slot, const void *item, size_t size)
{
    trine_task_entry seen = {.identity = 0};
    trine_status status = queue->journal ? trine_queue_look(queue, item, size, &seen) : TRINE_OK;
    if (status || seen.outcome.resumed)
        trine_runner_leave_buffer(&queue->runner, slot);
    if (status)
        return status;
    uint64_t number = queue->submitted++;
    uint32_t e = trine_entry_new(queue, number);
    trine_task_entry *entry = &queue->entry[e];
    entry->slot = seen.outcome.resumed ? TRINE_SLOT_NONE : slot;
    entry->identity = seen.identity;
    queue->used++;
    if (!seen.outcome.resumed) {
        trine_runner_put(&queue->runner, slot, number, size, e);
        return TRINE_OK;
    }
    entry->outcome = seen.outcome;
    trine_entry_finish(queue, e);
    queue->done++;
    queue->resumed++;
    return TRINE_OK;
}

trine_status trine_task_submit(trine_task_queue *queue, const void *item, size_t size,
                               int64_t *ticket)
{
    TRINE_FLOAT_SCOPE;
    static const char name[] = "trine_task_submit";
    trine_status status = enter(queue, name);
    if (!status)
        status = trine_queue_check_rank(queue, name);
    if (!status)
        status = queue_status(queue);
    if (status)
        return status;
    if (queue->options.source)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_submit: items of this queue come from its "
                                            "source");
    if (size > queue->kind.item_max || (size > 0 && !item))
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_task_submit: %s of %zu bytes; expected at most item_max, %zu",
                          item ? "an item" : "NULL for an item", size, queue->kind.item_max);
    if (queue->used == queue->window)
        return trine_fail(TRINE_E_BUSY,
                          "trine_task_submit: %llu items wait to be collected, the window is full",
                          (unsigned long long)queue->window);
    uint32_t slot;
    void *buffer;
    status = trine_runner_buffer(&queue->runner, size, &slot, &buffer);
    if (status)
        return status;
    if (size > 0)
        memcpy(buffer, item, size);
    status = put_item(queue, slot, buffer, size);
    if (ticket && !status)
        *ticket = (int64_t)queue->submitted - 1;
    /* A chunk that was asked for fills; else nobody knows when the next item comes. */
    if (queue->options.chunk <= 1)
        trine_runner_flush(&queue->runner);
    return status;
}

typedef struct source_call {
    const trine_task_options *options;
    void *item;
    size_t *size;
    bool more;
} source_call;

static trine_status ask_source(void *argument)
{
    source_call *c = argument;
    c->more = c->options->source(c->options->source_context, c->item, c->size);
    return TRINE_OK;
}

/* One item of the source, into a buffer of the scheduler; sets source_ended when there is none. */
static trine_status pull_item(trine_task_queue *queue)
{
    const trine_task_options *o = &queue->options;
    uint32_t slot = TRINE_SLOT_NONE;
    void *buffer = NULL;
    size_t size = 0;
    trine_status status = TRINE_OK;
    if (!queue->staging)
        status = trine_runner_buffer(&queue->runner, queue->kind.item_max, &slot, &buffer);
    if (status)
        return status;
    source_call asked = {o, queue->staging ? queue->staging : buffer, &size, false};
    queue->frame = trine_activation_here();
    queue->inside = true;
    status = trine_guard(ask_source, &asked, false);
    queue->inside = false;
    queue->source_ended = !asked.more;
    if (!status && !queue->source_ended && size > queue->kind.item_max)
        status =
            trine_fail(TRINE_E_ARGUMENT, "the source gave item %llu %zu bytes; item_max is %zu",
                       (unsigned long long)queue->submitted, size, queue->kind.item_max);
    if (queue->staging && !queue->source_ended && !status) {
        status = trine_runner_buffer(&queue->runner, size, &slot, &buffer);
        if (!status && size > 0)
            memcpy(buffer, queue->staging, size);
    } else if (!queue->staging && (queue->source_ended || status)) {
        trine_runner_leave_buffer(&queue->runner, slot);
    }
    return status || queue->source_ended ? status : put_item(queue, slot, buffer, size);
}

/* Many at a time: workers are woken once for all of them. */
static trine_status refill(trine_task_queue *queue)
{
    uint64_t space = queue->window - queue->used;
    trine_status status = TRINE_OK;
    enum { FLUSH = 128 };
    if (!queue->options.source || queue->source_ended || space == 0 ||
        (space < queue->window / 4 && queue->used > 0))
        return TRINE_OK;
    for (unsigned i = 1; queue->used < queue->window && !queue->source_ended && !status; i++) {
        status = pull_item(queue);
        if (i % FLUSH == 0)
            trine_runner_flush(&queue->runner);
    }
    trine_runner_flush(&queue->runner);
    return status;
}

trine_status trine_queue_fail(trine_task_queue *queue, trine_status status)
{
    if (status && !queue->status) {
        queue->status = status;
        snprintf(queue->detail, sizeof queue->detail, "%s", trine_error_detail());
    }
    return status;
}

/* --- Outcomes */

static trine_status finish(trine_task_queue *queue, const trine_scheduler_outcome *o)
{
    uint32_t e = (uint32_t)o->tag;
    trine_task_entry *entry = &queue->entry[e];
    entry->outcome = o->outcome;
    entry->slot = o->slot;
    trine_entry_finish(queue, e);
    queue->done++;
    queue->failed += o->outcome.status != TRINE_OK;
    queue->retried += o->outcome.attempts > 1;
    /* An attempt that ended with its worker has been entered already. */
    if (queue->options.record && o->outcome.worker >= 0 && o->outcome.status != TRINE_E_WORKER)
        trine_queue_record(queue, &(trine_task_record){.index = o->outcome.index,
                                                       .began = o->outcome.began,
                                                       .ended = o->outcome.ended,
                                                       .rank = o->outcome.rank,
                                                       .worker = o->outcome.worker,
                                                       .status = o->outcome.status});
    return trine_queue_note(queue, entry);
}

/* Waits for one item, whichever, at most `seconds`; *came is false when time is up. */
static trine_status advance(trine_task_queue *queue, double seconds, bool *came)
{
    trine_scheduler_outcome o;
    double ends = seconds > 0 ? trine_seconds() + seconds : 0;
    for (;;) {
        double left = seconds > 0 ? ends - trine_seconds() : seconds;
        bool last = left >= 0;
        if (seconds > 0 && left <= 0)
            left = 0;
        if (queue->options.on_progress && (left < 0 || left > report_seconds)) {
            left = report_seconds;
            last = false;
        }
        trine_status status = trine_runner_take(&queue->runner, left, &o);
        *came = !status && o.outcome.index != TRINE_TASK_NONE;
        if (*came)
            status = finish(queue, &o);
        if (status || *came || last)
            return trine_queue_fail(queue, status);
        trine_queue_report(queue);
    }
}

static trine_status deliver(trine_task_queue *queue, uint32_t e, trine_task_outcome *outcome)
{
    trine_status status = trine_queue_bring(queue, &queue->entry[e].outcome);
    if (status)
        return trine_queue_fail(queue, status);
    *outcome = queue->entry[e].outcome;
    outcome->size = sizeof *outcome;
    trine_entry_unlink(queue, e);
    trine_entry_drop(queue, e);
    queue->held = e;
    queue->used--;
    return TRINE_OK;
}

/* The entry that next gives, if it is finished. */
static uint32_t next_entry(trine_task_queue *queue)
{
    if (queue->options.unordered)
        return queue->first;
    uint32_t e = TRINE_ENTRY_NONE;
    while (queue->collect < queue->submitted &&
           (e = trine_entry_find(queue, queue->collect)) == TRINE_ENTRY_NONE)
        queue->collect++;
    return e != TRINE_ENTRY_NONE && queue->entry[e].finished ? e : TRINE_ENTRY_NONE;
}

trine_status trine_task_next(trine_task_queue *queue, trine_task_outcome *outcome)
{
    TRINE_FLOAT_SCOPE;
    trine_status status = enter(queue, "trine_task_next");
    if (status)
        return status;
    if (!outcome)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_next: outcome is NULL");
    status =
        trine_size_check("trine_task_next", "trine_task_outcome", outcome->size, sizeof *outcome);
    if (status)
        return status;
    outcome->index = TRINE_TASK_NONE;
    if (trine_team_rank(queue->team) > 0)
        return trine_ranks_serve(queue->runner.ranks);
    for (;;) {
        status = queue_status(queue);
        if (!status)
            status = trine_queue_fail(queue, refill(queue));
        if (status)
            return status;
        uint32_t e = next_entry(queue);
        if (e != TRINE_ENTRY_NONE)
            return deliver(queue, e, outcome);
        if (queue->used == 0)
            return TRINE_OK;
        bool came;
        status = advance(queue, -1, &came);
        if (status)
            return status;
    }
}

/* The entry of a ticket, or why there is none. */
static trine_status find_ticket(const trine_task_queue *queue, const char *name, int64_t ticket,
                                uint32_t *e)
{
    uint64_t number = (uint64_t)ticket;
    *e = trine_entry_find(queue, number);
    if (*e != TRINE_ENTRY_NONE)
        return TRINE_OK;
    return trine_fail(TRINE_E_ARGUMENT, "%s: ticket %lld %s", name, (long long)ticket,
                      number < queue->submitted ? "is collected already" : "was never given");
}

/* Collects the first of the tickets that is finished; waits for one. */
static trine_status collect(trine_task_queue *queue, const char *name, const int64_t tickets[],
                            int64_t count, double seconds, trine_task_outcome *outcome)
{
    double ends = seconds > 0 ? trine_seconds() + seconds : 0;
    outcome->index = TRINE_TASK_NONE;
    for (bool came = true, looked = false;;) {
        trine_status status = queue_status(queue);
        for (int64_t i = 0; i < count && !status; i++) {
            uint32_t e;
            status = find_ticket(queue, name, tickets[i], &e);
            if (!status && queue->entry[e].finished)
                return deliver(queue, e, outcome);
        }
        if (status || !came)
            return status;
        if (looked && !trine_runner_has_outcome(&queue->runner))
            return TRINE_OK;
        looked = seconds == 0;
        double left = seconds > 0 ? ends - trine_seconds() : seconds;
        status = advance(queue, seconds > 0 && left < 0 ? 0 : left, &came);
        if (status)
            return status;
    }
}

static trine_status check_wait(trine_task_queue *queue, const char *name, double seconds,
                               const trine_task_outcome *outcome)
{
    trine_status status = enter(queue, name);
    if (!status)
        status = trine_queue_check_rank(queue, name);
    if (status)
        return status;
    if (!outcome)
        return trine_fail(TRINE_E_ARGUMENT, "%s: outcome is NULL", name);
    if (isnan(seconds))
        return trine_fail(TRINE_E_ARGUMENT, "%s: seconds is not a number", name);
    return trine_size_check(name, "trine_task_outcome", outcome->size, sizeof *outcome);
}

trine_status trine_task_wait(trine_task_queue *queue, int64_t ticket, double seconds,
                             trine_task_outcome *outcome)
{
    TRINE_FLOAT_SCOPE;
    static const char name[] = "trine_task_wait";
    trine_status status = check_wait(queue, name, seconds, outcome);
    return status ? status : collect(queue, name, &ticket, 1, seconds, outcome);
}

trine_status trine_task_wait_any(trine_task_queue *queue, const int64_t tickets[], int64_t count,
                                 double seconds, trine_task_outcome *outcome)
{
    TRINE_FLOAT_SCOPE;
    static const char name[] = "trine_task_wait_any";
    trine_status status = check_wait(queue, name, seconds, outcome);
    if (!status && !tickets)
        return trine_fail(TRINE_E_ARGUMENT, "%s: tickets is NULL; expected at least one ticket",
                          name);
    if (!status && count < 1)
        return trine_fail(TRINE_E_ARGUMENT, "%s: count is %lld; expected at least one ticket", name,
                          (long long)count);
    return status ? status : collect(queue, name, tickets, count, seconds, outcome);
}

trine_status trine_task_cancel(trine_task_queue *queue, int64_t ticket)
{
    TRINE_FLOAT_SCOPE;
    static const char name[] = "trine_task_cancel";
    uint32_t e;
    trine_status status = enter(queue, name);
    if (!status)
        status = trine_queue_check_rank(queue, name);
    if (!status)
        status = find_ticket(queue, name, ticket, &e);
    if (status || queue->entry[e].finished)
        return status;
    return trine_runner_cancel(&queue->runner, queue->entry[e].slot);
}

trine_status trine_task_close(trine_task_queue *queue)
{
    TRINE_FLOAT_SCOPE;
    if (!queue)
        return TRINE_OK;
    trine_status status = enter(queue, "trine_task_close");
    if (status)
        return status;
    trine_team *team = queue->team;
    trine_call_resume(team);
    trine_queue_report_end(queue);
    double waited = trine_runner_waited(&queue->runner);
    int lost = trine_runner_lost(&queue->runner);
    status = trine_runner_close(&queue->runner, queue_status(queue));
    trine_status recorded = trine_queue_close_journal(queue);
    for (int w = 0; w < team->executor.workers; w++)
        team->shares[w] = queue->executor->ledger[w];
    double own = team->executor.ops.serve ? 0 : team->shares[0].compute;
    team->ledger.replaced += lost;
    release_queue(queue);
    team->ledger.wait += waited;
    team->ledger.compute += own;
    return trine_call_end(team, NULL, status ? status : recorded);
}
