/* core/tasks/queue/map.c - a map over an array of items: a queue whose source is the array,
 * collected as items finish. */
#include <stdio.h>
#include <string.h>

#include "core/system/error.h"
#include "core/tasks/local/scheduler.h"
#include "core/team/team.h"

typedef struct array_source {
    const char *items;
    int64_t next, n;
    size_t item_size;
} array_source;

static bool next_item(void *context, void *item, size_t *size)
{
    array_source *a = context;
    if (a->next == a->n)
        return false;
    if (a->item_size > 0)
        memcpy(item, a->items + (size_t)a->next * a->item_size, a->item_size);
    a->next++;
    *size = a->item_size;
    return true;
}

static trine_status check_map(const trine_team *team, const trine_task_kind *kind,
                              const trine_task_options *options, const void *items, int64_t n,
                              size_t item_size)
{
    if (!kind)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_map: kind is NULL");
    trine_status status = options ? trine_size_check("trine_task_map", "trine_task_options",
                                                     options->size, sizeof *options)
                                  : TRINE_OK;
    if (status)
        return status;
    if (options && options->source)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_map: options->source is not NULL; the "
                                            "items come from the array");
    if (n < 0)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_map: n is %lld; expected 0 or more",
                          (long long)n);
    if (n > 0 && item_size > 0 && !items && trine_team_rank(team) == 0)
        return trine_fail(TRINE_E_ARGUMENT, "trine_task_map: items is NULL; n is %lld",
                          (long long)n);
    if (item_size > kind->item_max)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_task_map: items of %zu bytes; expected at most item_max, %zu",
                          item_size, kind->item_max);
    return TRINE_OK;
}

/* Where outcomes go, and the failed item of the lowest number. */
typedef struct map_results {
    char *results;
    size_t result_max, *sizes;
    trine_status *statuses, status;
    int64_t failed;
    char detail[TRINE_DETAIL_SIZE];
} map_results;

static void keep(map_results *m, const trine_task_outcome *o)
{
    if (m->results && o->result_size > 0)
        memcpy(m->results + (size_t)o->index * m->result_max, o->result, o->result_size);
    if (m->sizes)
        m->sizes[o->index] = o->result_size;
    if (m->statuses)
        m->statuses[o->index] = o->status;
    if (o->status && (!m->status || o->index < m->failed)) {
        m->status = o->status;
        m->failed = o->index;
        snprintf(m->detail, sizeof m->detail, "%s", o->detail);
    }
}

static trine_status collect_all(trine_task_queue *queue, map_results *m)
{
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    for (;;) {
        trine_status status = trine_task_next(queue, &outcome);
        if (status || outcome.index == TRINE_TASK_NONE)
            return status;
        keep(m, &outcome);
    }
}

/* Other ranks get rank 0's status; the ledger stays. */
static trine_status tell_all(trine_team *team, trine_status status)
{
    if (atomic_flag_test_and_set(&team->busy))
        return trine_fail(TRINE_E_BUSY, "team %s is at work on another call", team->spec);
    status = trine_team_agree(team, trine_call_number(1, "task_map", 8), status);
    status = trine_team_settle(team, status);
    atomic_flag_clear(&team->busy);
    return status;
}

trine_status trine_task_map(trine_team *team, const trine_task_kind *kind, const void *items,
                            int64_t n, size_t item_size, const trine_task_options *options,
                            void *results, size_t sizes[], trine_status statuses[])
{
    TRINE_FLOAT_SCOPE;
    trine_status status = check_map(team, kind, options, items, n, item_size);
    if (status)
        return trine_call_refuse(team, status);
    trine_task_options all = {TRINE_INIT(trine_task_options)};
    if (options)
        all = *options;
    array_source source = {items, 0, n, item_size};
    all.source = next_item;
    all.source_context = &source;
    all.unordered = true;
    all.total = n;
    /* The ranks of a team are to ask for the same window, whatever their n. */
    bool alone = trine_team_ranks(team) == 1;
    if (alone && !all.window)
        all.window = (int64_t)trine_scheduler_window(kind, trine_team_workers(team));
    if (alone && all.window > n)
        all.window = n ? n : 1;
    trine_task_queue *queue;
    status = trine_task_open(team, kind, &all, &queue);
    if (status)
        return status;
    map_results m = {results, kind->result_max, sizes, statuses, TRINE_OK, 0, ""};
    status = collect_all(queue, &m);
    char why[TRINE_DETAIL_SIZE];
    snprintf(why, sizeof why, "%s", trine_error_detail());
    trine_status closed = trine_task_close(queue);
    if (status)
        trine_fail(status, "%s", why);
    else if (closed)
        status = closed;
    else if (m.status)
        status = trine_fail(m.status, "trine_task_map: item %llu failed: %s",
                            (unsigned long long)m.failed, m.detail);
    return alone ? status : tell_all(team, status);
}
