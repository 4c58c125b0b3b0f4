/* drivers/harness/run/tasks.c - what drivers of tasks call: their options, the loop over outcomes,
 * the statistics.
 *
 * 1. harness_task_options fills options from the command line, with progress where stderr is a
 *    terminal.
 * 2. harness_run_tasks opens the queue, collects, tallies and closes; a driver that needs a loop of
 *    its own calls task_statistics_tasks. What a journal gives is as long as what a task gives, or
 *    refused.
 * 3. The statistics (slots, records, counts) is copied out of the queue, for the row, the timeline
 * and
 *    --who, which outlive it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/cli/options.h"
#include "drivers/harness/cli/log.h"
#include "drivers/harness/run/task_statistics.h"

/* Slots whose busy shares are shown one by one; of more, the least, the mean and the most. */
enum { SLOTS_SHOWN = 8, LINE = 512 };

static void append(char line[LINE], const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(char line[LINE], const char *format, ...)
{
    size_t used = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + used, LINE - used, format, arguments);
    va_end(arguments);
}

/* " busy 97 93 %": the share of the time that each worker spent in items. */
static void append_busy(char line[LINE], const trine_task_queue *queue,
                        const trine_task_progress *p)
{
    double least = 100, most = 0, sum = 0;
    if (p->seconds <= 0 || p->slots <= 0)
        return;
    append(line, ", busy");
    for (int i = 0; i < p->slots; i++) {
        trine_task_slot slot = {.rank = 0};
        (void)trine_task_slot_of(queue, i, &slot);
        double share = 100 * slot.busy / p->seconds;
        share = share > 100 ? 100 : share;
        if (p->slots <= SLOTS_SHOWN)
            append(line, " %.0f", share);
        least = share < least ? share : least;
        most = share > most ? share : most;
        sum += share;
    }
    if (p->slots > SLOTS_SHOWN)
        append(line, " %.0f to %.0f, mean %.0f", least, most, sum / p->slots);
    append(line, " %%");
}

static void show_progress(const harness_job *job, const trine_task_queue *queue,
                          const trine_task_progress *p)
{
    char line[LINE] = "";
    double ran = (double)(p->done - p->resumed), rate = p->seconds > 0 ? ran / p->seconds : 0;
    append(line, "%s: %" PRIu64, trine_team_spec(job->team), p->done);
    if (p->total)
        append(line, " of %" PRIu64, p->total);
    append(line, " items, %.3g/s", rate);
    if (p->total > p->done && rate > 0)
        append(line, ", %.0f s left", (double)(p->total - p->done) / rate);
    append_busy(line, queue, p);
    if (p->failed)
        append(line, ", %" PRIu64 " failed", p->failed);
    if (p->lost)
        append(line, ", %d workers lost", p->lost);
    progress(job->options->driver->name, "%s", line);
}

/* A map's queue can be looked at here alone. */
static void see_progress(void *context, const trine_task_queue *queue, const trine_task_progress *p)
{
    harness_job *job = context;
    if (progress_is_shown())
        show_progress(job, queue, p);
    if (p->total && p->done == p->total)
        (void)task_statistics_tasks(job, queue);
}

trine_task_options harness_task_options(harness_job *job)
{
    const task_settings *set = &job->options->tasks;
    return (trine_task_options){TRINE_INIT(trine_task_options),
                                .unordered = set->unordered,
                                .record = set->who || set->timeline,
                                .window = set->window,
                                .chunk = set->chunk,
                                .attempts = set->attempts,
                                .deadline = set->deadline,
                                .transport = job->transport,
                                .journal = set->journal,
                                .on_progress = see_progress,
                                .progress_context = job};
}

static trine_status copy_slots(task_statistics *statistics, const trine_task_queue *queue,
                               int slots)
{
    statistics->slot = calloc((size_t)slots + 1, sizeof *statistics->slot);
    if (!statistics->slot)
        return TRINE_E_MEMORY;
    for (int i = 0; i < slots; i++) {
        trine_status status = trine_task_slot_of(queue, i, &statistics->slot[i]);
        if (status)
            return status;
        statistics->slots = i + 1;
    }
    return TRINE_OK;
}

static trine_status copy_records(task_statistics *statistics, const trine_task_queue *queue)
{
    const trine_task_record *records = NULL;
    int64_t count = 0;
    trine_status status = trine_task_records(queue, &records, &count);
    if (status || count == 0)
        return status;
    statistics->record = malloc((size_t)count * sizeof *statistics->record);
    if (!statistics->record)
        return TRINE_E_MEMORY;
    memcpy(statistics->record, records, (size_t)count * sizeof *records);
    statistics->records = (uint64_t)count;
    return TRINE_OK;
}

trine_status task_statistics_tasks(harness_job *job, const trine_task_queue *queue)
{
    task_statistics *statistics = &job->statistics;
    trine_task_progress p;
    if (trine_team_rank(job->team) != 0)
        return TRINE_OK;
    trine_status status = trine_task_progress_of(queue, &p);
    if (status)
        return status;
    clear_statistics(statistics);
    *statistics = (task_statistics){.items = p.done,
                                    .failed = p.failed,
                                    .resumed = p.resumed,
                                    .retried = p.retried,
                                    .lost = p.lost,
                                    .seconds = p.seconds,
                                    .chunk = trine_task_chunk(queue)};
    status = copy_slots(statistics, queue, p.slots);
    return status || !harness_task_options(job).record ? status : copy_records(statistics, queue);
}

/* The worst status of all ranks, which rank 0 alone may have: what follows is collective. */
static trine_status agree(const harness_job *job, trine_status status)
{
    uint64_t own = (uint64_t)status, worst = own;
    trine_array *x = NULL;
    if (trine_team_ranks(job->team) == 1)
        return status;
    trine_status failed = trine_array_wrap(job->team, TRINE_U64, &own, 1, &x);
    const trine_array *in[] = {x};
    if (!failed)
        failed = trine_reduce(trine_reducer_find("max", TRINE_U64), in, NULL, &worst);
    trine_array_free(x);
    return status ? status : failed ? failed : (trine_status)worst;
}

/* A result of item `index`, which may have come from the journal. */
static trine_status check_size(const harness_job *job, const trine_task_kind *kind, uint64_t index,
                               size_t size)
{
    if (size == kind->result_max)
        return TRINE_OK;
    log_line(job->options->driver->name,
             "--journal %s: item %" PRIu64
             " has a result of %zu bytes; expected %zu; remove the file to begin anew",
             job->options->tasks.journal, index, size, kind->result_max);
    return TRINE_E_ARGUMENT;
}

/* Collects until there is nothing left. */
static trine_status collect_all(harness_job *job, const trine_task_kind *kind,
                                trine_task_queue *queue, harness_collect *collect)
{
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    trine_status status = TRINE_OK;
    while (!status && outcome.index != TRINE_TASK_NONE) {
        status = trine_task_next(queue, &outcome);
        if (!status && outcome.resumed)
            status = check_size(job, kind, outcome.index, outcome.result_size);
        if (!status && outcome.index != TRINE_TASK_NONE && collect)
            status = collect(job, &outcome);
    }
    return status;
}

trine_status harness_run_tasks(harness_job *job, const trine_task_kind *kind,
                               const trine_task_options *options, harness_collect *collect)
{
    trine_task_queue *queue = NULL;
    trine_status status = trine_task_open(job->team, kind, options, &queue);
    if (status)
        return status;
    status = collect_all(job, kind, queue, collect);
    trine_status tallied = task_statistics_tasks(job, queue);
    trine_status closed = trine_task_close(queue);
    progress(job->options->driver->name, NULL);
    return agree(job, status ? status : tallied ? tallied : closed);
}

trine_status harness_map_tasks(harness_job *job, const trine_task_kind *kind,
                               const trine_task_options *options, const void *items,
                               size_t item_size, void *results)
{
    bool checked = options->journal && trine_team_rank(job->team) == 0;
    size_t *sizes = checked ? calloc(job->n + 1, sizeof *sizes) : NULL;
    trine_status status = checked && !sizes ? TRINE_E_MEMORY : TRINE_OK;
    if (options->journal)
        status = agree(job, status);
    if (!status)
        status = trine_task_map(job->team, kind, items, job->n, item_size, options, results, sizes,
                                NULL);
    for (uint64_t i = 0; !status && checked && i < job->n; i++)
        status = check_size(job, kind, i, sizes[i]);
    free(sizes);
    return options->journal ? agree(job, status) : status;
}
