/* core/tasks/queue/queue_journal.c - a queue and its journal, on rank 0, by the queue's thread.
 *
 * 1. An item that gets its number is looked for. When it is there it is finished at once and no
 *    worker sees it; its result is read when it is due.
 * 2. An item that finishes with OK is recorded before its outcome can be collected. What failed is
 *    not: the next run begins it again.
 */
#include <stdlib.h>

#include "core/system/error.h"
#include "core/tasks/queue/journal.h"
#include "core/tasks/queue/queue.h"
#include "core/system/util.h"

trine_status trine_queue_open_journal(trine_task_queue *queue)
{
    const trine_task_options *o = &queue->options;
    const trine_task_kind *kind = &queue->kind;
    if (!o->journal || trine_team_rank(queue->team) != 0)
        return TRINE_OK;
    return trine_journal_open(o->journal,
                              &(trine_journal_owner){.kind = kind->name,
                                                     .param = o->param,
                                                     .param_size = kind->param_size,
                                                     .data = o->data,
                                                     .data_size = o->data ? o->data_size : 0,
                                                     .item_max = kind->item_max,
                                                     .result_max = kind->result_max},
                              &queue->journal);
}

trine_status trine_queue_look(const trine_task_queue *queue, const void *item, size_t size,
                              trine_task_entry *seen)
{
    bool found;
    size_t result_size = 0;
    uint64_t number = queue->submitted;
    *seen =
        (trine_task_entry){.identity = trine_journal_identity(queue->journal, number, item, size)};
    trine_status status =
        trine_journal_find(queue->journal, number, seen->identity, &found, &result_size);
    if (!status && found)
        seen->outcome = (trine_task_outcome){TRINE_INIT(trine_task_outcome),
                                             .index = (int64_t)number,
                                             .detail = "",
                                             .result_size = result_size,
                                             .worker = -1,
                                             .resumed = true};
    return status;
}

trine_status trine_queue_note(trine_task_queue *queue, const trine_task_entry *entry)
{
    const trine_task_outcome *o = &entry->outcome;
    if (!queue->journal || o->status)
        return TRINE_OK;
    return trine_journal_append(queue->journal, (uint64_t)o->index, entry->identity, o->result,
                                o->result_size);
}

trine_status trine_queue_bring(trine_task_queue *queue, trine_task_outcome *outcome)
{
    size_t size = outcome->result_size;
    if (!outcome->resumed || size == 0)
        return TRINE_OK;
    if (size > queue->brought_bytes) {
        size_t capacity = trine_whole_lines(size);
        free(queue->brought);
        queue->brought_bytes = 0;
        queue->brought = aligned_alloc(TRINE_CACHE_LINE, capacity);
        if (!queue->brought)
            return trine_fail(TRINE_E_MEMORY, "trine_task: no memory for a result of %zu bytes",
                              size);
        queue->brought_bytes = capacity;
    }
    outcome->result = queue->brought;
    return trine_journal_read(queue->journal, (uint64_t)outcome->index, queue->brought, size);
}

trine_status trine_queue_close_journal(trine_task_queue *queue)
{
    trine_status status = trine_journal_close(queue->journal);
    free(queue->brought);
    queue->journal = NULL;
    queue->brought = NULL;
    return status;
}
