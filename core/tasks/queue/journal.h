/* core/tasks/queue/journal.h - a file that remembers which items of a map are finished, and their
 * results. */
#ifndef TRINE_CORE_JOURNAL_H
#define TRINE_CORE_JOURNAL_H

#include <trine/types.h>

typedef struct trine_journal trine_journal;

/* What a journal belongs to: the kind's name, param and limits, and the data that all tasks read.
 * param and data may be NULL when their size is 0. */
typedef struct trine_journal_owner {
    const char *kind;
    const void *param, *data;
    size_t param_size, data_size, item_max, result_max;
} trine_journal_owner;

/* Opens the journal at that path for this process alone, or makes it. *journal is untouched on
 * error. Errors: ARGUMENT; MEMORY; IO; BUSY, when another run uses it; FORMAT, when the file is no
 * journal, or that of another owner: what differs is said. A new one has the newest version of the
 * format; one of an older version is gone on with in that. */
trine_status trine_journal_open(const char *path, const trine_journal_owner *owner,
                                trine_journal **journal);

/* What stands for the bytes of item `index` in that journal. */
uint64_t trine_journal_identity(const trine_journal *journal, uint64_t index, const void *item,
                                size_t size);

/* Whether an item is in it; its result's bytes, at most the owner's result_max, into *size. FORMAT
 * when the item of that number had another identity; IO. */
trine_status trine_journal_find(trine_journal *journal, uint64_t index, uint64_t identity,
                                bool *found, size_t *size);

/* The result of an item that was found, of `size` bytes as find said. IO. */
trine_status trine_journal_read(trine_journal *journal, uint64_t index, void *result, size_t size);

/* Records a finished item. On error (IO) the journal is as before, and can be used on. */
trine_status trine_journal_append(trine_journal *journal, uint64_t index, uint64_t identity,
                                  const void *result, size_t size);

/* How many items were in it when it was opened. */
uint64_t trine_journal_count(const trine_journal *journal);

/* Makes all of it durable, and closes it. NULL does nothing. IO. */
trine_status trine_journal_close(trine_journal *journal);

#endif
