/* core/tasks/queue/report.c - how far a queue is: progress, worker slots, records. */
#include <stdlib.h>

#include "core/system/clock.h"
#include "core/system/error.h"
#include "core/system/float_environment.h"
#include "core/tasks/queue/queue.h"

/* Between two calls of on_progress. */
static const double report_seconds = 0.1;

void trine_queue_record(trine_task_queue *queue, const trine_task_record *record)
{
    if (queue->records == queue->records_capacity) {
        uint64_t capacity = queue->records_capacity ? 2 * queue->records_capacity : 1024;
        trine_task_record *more = realloc(queue->record, capacity * sizeof *more);
        if (!more) {
            trine_queue_fail(queue,
                             trine_fail(TRINE_E_MEMORY, "task queue: no memory for %llu records",
                                        (unsigned long long)capacity));
            return;
        }
        queue->record = more;
        queue->records_capacity = capacity;
    }
    queue->record[queue->records++] = *record;
}

static void progress_of(const trine_task_queue *queue, trine_task_progress *progress)
{
    *progress = (trine_task_progress){.submitted = (int64_t)queue->submitted,
                                      .done = (int64_t)queue->done,
                                      .failed = (int64_t)queue->failed,
                                      .resumed = (int64_t)queue->resumed,
                                      .retried = (int64_t)queue->retried,
                                      .total = queue->options.total,
                                      .seconds = trine_seconds() - queue->opened,
                                      .slots = trine_runner_worker_slots(&queue->runner),
                                      .lost = trine_runner_lost(&queue->runner)};
}

typedef struct progress_call {
    const trine_task_queue *queue;
    const trine_task_progress *progress;
} progress_call;

static trine_status call_on_progress(void *argument)
{
    const progress_call *c = argument;
    const trine_task_options *o = &c->queue->options;
    o->on_progress(o->progress_context, c->queue, c->progress);
    return TRINE_OK;
}

static void report(trine_task_queue *queue, double now)
{
    trine_task_progress progress;
    progress_of(queue, &progress);
    queue->reported = now;
    progress_call call = {queue, &progress};
    queue->frame = trine_activation_here();
    queue->inside = true;
    (void)trine_guard(call_on_progress, &call, false);
    queue->inside = false;
}

void trine_queue_report(trine_task_queue *queue)
{
    if (!queue->options.on_progress)
        return;
    double now = trine_seconds();
    if (now - queue->reported >= report_seconds)
        report(queue, now);
}

void trine_queue_report_end(trine_task_queue *queue)
{
    if (queue->options.on_progress && trine_team_rank(queue->team) == 0)
        report(queue, trine_seconds());
}

trine_status trine_task_progress_of(const trine_task_queue *queue, trine_task_progress *progress)
{
    TRINE_FLOAT_SCOPE;
    if (!queue || !progress)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_progress_of: %s is NULL",
                          queue ? "progress" : "queue");
    trine_status status = trine_queue_check_rank(queue, "trine_task_progress_of");
    if (!status)
        progress_of(queue, progress);
    return status;
}

trine_status trine_task_slot_of(const trine_task_queue *queue, int slot, trine_task_slot *entry)
{
    TRINE_FLOAT_SCOPE;
    if (!queue || !entry)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_slot_of: %s is NULL",
                          queue ? "entry" : "queue");
    trine_status status = trine_queue_check_rank(queue, "trine_task_slot_of");
    if (status)
        return status;
    int worker_slots = trine_runner_worker_slots(&queue->runner);
    if (slot < 0 || slot >= worker_slots)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_slot_of: slot %d; expected 0 to %d", slot,
                          worker_slots - 1);
    trine_runner_worker_slot(&queue->runner, slot, entry);
    return TRINE_OK;
}

trine_status trine_task_records(const trine_task_queue *queue, const trine_task_record **records,
                                int64_t *count)
{
    if (!queue || !records || !count)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_records: %s is NULL",
                          !queue     ? "queue"
                          : !records ? "records"
                                     : "count");
    trine_status status = trine_queue_check_rank(queue, "trine_task_records");
    if (status)
        return status;
    *records = queue->record;
    *count = (int64_t)queue->records;
    return TRINE_OK;
}

int64_t trine_task_chunk(const trine_task_queue *queue)
{
    return queue ? (int64_t)trine_runner_chunk(&queue->runner) : 0;
}
