/* core/tasks/queue/queue.h - a queue of tasks from the inside: what numbers, orders and keeps
 * items.
 *
 *   source or submit -> number, entry -> runner -> finished entry -> next, wait, wait_any -> user
 *
 * An entry stands for an item from its number until its outcome is collected; there are `window` of
 * them. A table finds entries by number.
 */
#ifndef TRINE_CORE_QUEUE_H
#define TRINE_CORE_QUEUE_H

#include "core/tasks/queue/runner.h"
#include "core/team/team.h"

#define TRINE_ENTRY_NONE UINT32_MAX

/* The slot of an item that no worker had: its outcome came from the journal. */
#define TRINE_SLOT_NONE UINT32_MAX

struct trine_journal;

/* chain: the next of the same hash. next, before: neighbours among the finished, in the order in
 * which they finished. */
typedef struct trine_task_entry {
    trine_task_outcome outcome;
    uint64_t number, identity;
    uint32_t slot, chain, next, before;
    bool finished;
} trine_task_entry;

/* used: items between submission and collection. collect: the lowest number that may not be
 * collected yet. held: the entry whose outcome the user has until the next call. inside: a call is
 * at work, and what it calls (source, on_progress) may not call the queue; frame: who called those.
 * staging: where the source writes an item whose buffer depends on its size. brought: the journal's
 * result that the user has until the next call. executor: whose task workers work. channel: of the
 * data, NULL where every worker addresses it. */
struct trine_task_queue {
    trine_team *team;
    trine_runner runner;
    trine_task_options options;
    trine_task_kind kind;
    int thread;
    trine_activation frame;
    double opened, reported;
    trine_task_entry *entry;
    uint32_t *free, *table;
    uint32_t free_count, table_mask, used, held, first, last;
    uint64_t window, submitted, collect;
    uint64_t done, failed, resumed, retried;
    bool source_ended, inside;
    void *staging;
    trine_executor *executor;
    trine_channel *channel;
    trine_task_record *record;
    uint64_t records, records_capacity;
    struct trine_journal *journal;
    void *brought;
    size_t brought_bytes;
    trine_status status;
    char detail[TRINE_DETAIL_SIZE];
};

/* Keeps the first error of the queue's own, which all later calls say. Returns status. */
trine_status trine_queue_fail(trine_task_queue *queue, trine_status status);

/* ARGUMENT on other ranks than 0: of the function of that name, which is for rank 0 alone. */
trine_status trine_queue_check_rank(const trine_task_queue *queue, const char *name);

/* --- core/tasks/queue/entry.c: entries and their table. */

trine_status trine_entries_open(trine_task_queue *queue);
void trine_entries_close(trine_task_queue *queue);

/* A new entry of that number, in the table. There must be a free one. */
uint32_t trine_entry_new(trine_task_queue *queue, uint64_t number);

/* TRINE_ENTRY_NONE when no entry has that number. */
uint32_t trine_entry_find(const trine_task_queue *queue, uint64_t number);

/* Takes the entry out of the table; and makes it free. */
void trine_entry_drop(trine_task_queue *queue, uint32_t entry);
void trine_entry_free(trine_task_queue *queue, uint32_t entry);

/* Puts it last, or takes it, among the finished. */
void trine_entry_finish(trine_task_queue *queue, uint32_t entry);
void trine_entry_unlink(trine_task_queue *queue, uint32_t entry);

/* --- core/tasks/queue/queue_journal.c: what a queue's journal remembers. */

/* Opens the journal that options ask for. */
trine_status trine_queue_open_journal(trine_task_queue *queue);

/* What the journal knows of the next item: its identity and, when it is there, its outcome, which
 * is `resumed` then. For a queue with a journal. FORMAT when it is another item. */
trine_status trine_queue_look(const trine_task_queue *queue, const void *item, size_t size,
                              trine_task_entry *seen);

/* Records a finished item, if there is a journal. */
trine_status trine_queue_note(trine_task_queue *queue, const trine_task_entry *entry);

/* Reads the result of an outcome that is resumed. */
trine_status trine_queue_bring(trine_task_queue *queue, trine_task_outcome *outcome);

/* Makes it durable and closes it; also without one. */
trine_status trine_queue_close_journal(trine_task_queue *queue);

/* --- core/tasks/queue/report.c: progress and records. */

/* Enters an attempt; a shortage of memory fails the queue. */
void trine_queue_record(trine_task_queue *queue, const trine_task_record *record);

/* Calls on_progress when it is due; a last time, on rank 0. */
void trine_queue_report(trine_task_queue *queue);
void trine_queue_report_end(trine_task_queue *queue);

#endif
