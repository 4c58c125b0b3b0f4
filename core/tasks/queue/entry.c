/* core/tasks/queue/entry.c - the entries of a queue: a free list, a table by number (chains of
 * entries with the same low bits), a list of the finished. */
#include <stdlib.h>

#include "core/system/error.h"
#include "core/tasks/queue/queue.h"

trine_status trine_entries_open(trine_task_queue *queue)
{
    uint32_t window = (uint32_t)queue->window, size = 4;
    while (size < window)
        size *= 2;
    queue->entry = calloc(window, sizeof *queue->entry);
    queue->free = malloc(window * sizeof *queue->free);
    queue->table = malloc(size * sizeof *queue->table);
    if (!queue->entry || !queue->free || !queue->table)
        return trine_fail(TRINE_E_MEMORY, "trine_task_open: no memory for a window of %u items",
                          window);
    for (uint32_t i = 0; i < window; i++)
        queue->free[i] = window - 1 - i;
    for (uint32_t i = 0; i < size; i++)
        queue->table[i] = TRINE_ENTRY_NONE;
    queue->free_count = window;
    queue->table_mask = size - 1;
    queue->first = queue->last = queue->held = TRINE_ENTRY_NONE;
    return TRINE_OK;
}

void trine_entries_close(trine_task_queue *queue)
{
    free(queue->entry);
    free(queue->free);
    free(queue->table);
}

/* Numbers come in sequence, so their low bits scatter them best. */
static uint32_t *bucket_of(const trine_task_queue *queue, uint64_t number)
{
    return &queue->table[(uint32_t)number & queue->table_mask];
}

uint32_t trine_entry_new(trine_task_queue *queue, uint64_t number)
{
    uint32_t e = queue->free[--queue->free_count], *bucket = bucket_of(queue, number);
    queue->entry[e].number = number;
    queue->entry[e].finished = false;
    queue->entry[e].chain = *bucket;
    *bucket = e;
    return e;
}

uint32_t trine_entry_find(const trine_task_queue *queue, uint64_t number)
{
    uint32_t e = *bucket_of(queue, number);
    while (e != TRINE_ENTRY_NONE && queue->entry[e].number != number)
        e = queue->entry[e].chain;
    return e;
}

void trine_entry_drop(trine_task_queue *queue, uint32_t entry)
{
    uint32_t *at = bucket_of(queue, queue->entry[entry].number);
    while (*at != entry)
        at = &queue->entry[*at].chain;
    *at = queue->entry[entry].chain;
}

void trine_entry_free(trine_task_queue *queue, uint32_t entry)
{
    queue->free[queue->free_count++] = entry;
}

void trine_entry_finish(trine_task_queue *queue, uint32_t entry)
{
    trine_task_entry *e = &queue->entry[entry];
    e->finished = true;
    e->next = TRINE_ENTRY_NONE;
    e->before = queue->last;
    if (queue->last == TRINE_ENTRY_NONE)
        queue->first = entry;
    else
        queue->entry[queue->last].next = entry;
    queue->last = entry;
}

void trine_entry_unlink(trine_task_queue *queue, uint32_t entry)
{
    const trine_task_entry *e = &queue->entry[entry];
    if (e->before == TRINE_ENTRY_NONE)
        queue->first = e->next;
    else
        queue->entry[e->before].next = e->next;
    if (e->next == TRINE_ENTRY_NONE)
        queue->last = e->before;
    else
        queue->entry[e->next].before = e->before;
}
