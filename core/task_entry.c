/* core/task_entry.c - the entries of a queue: a free list, a table by number (open addressing, at
 * most half full), a list of the finished. */
#include <stdlib.h>

#include "core/error.h"
#include "core/task_queue.h"

trine_status trine_entries_open(trine_task_queue *queue)
{
    uint32_t window = (uint32_t)queue->window, size = 4;
    while (size < 2 * window)
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

/* Where the number is in the table, or where it would be put. Numbers come in sequence, so their
 * low bits scatter them best. */
static uint32_t place_of(const trine_task_queue *queue, uint64_t number)
{
    uint32_t at = (uint32_t)number & queue->table_mask;
    while (queue->table[at] != TRINE_ENTRY_NONE && queue->entry[queue->table[at]].number != number)
        at = (at + 1) & queue->table_mask;
    return at;
}

uint32_t trine_entry_new(trine_task_queue *queue, uint64_t number)
{
    uint32_t e = queue->free[--queue->free_count];
    queue->entry[e].number = number;
    queue->entry[e].finished = false;
    queue->table[place_of(queue, number)] = e;
    return e;
}

uint32_t trine_entry_find(const trine_task_queue *queue, uint64_t number)
{
    return queue->table[place_of(queue, number)];
}

/* What follows in the same run of the table moves up, so that searches need no marks of what was
 * there once (Knuth, The Art of Computer Programming 3, algorithm 6.4R). */
void trine_entry_drop(trine_task_queue *queue, uint32_t entry)
{
    uint32_t mask = queue->table_mask, hole = place_of(queue, queue->entry[entry].number);
    for (uint32_t at = (hole + 1) & mask; queue->table[at] != TRINE_ENTRY_NONE;
         at = (at + 1) & mask) {
        uint32_t home = (uint32_t)queue->entry[queue->table[at]].number & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        queue->table[hole] = queue->table[at];
        hole = at;
    }
    queue->table[hole] = TRINE_ENTRY_NONE;
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
