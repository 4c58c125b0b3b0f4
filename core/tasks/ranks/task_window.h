/* core/tasks/ranks/task_window.h - what the files of core/tasks/ranks/ranks.h share: the layout of
 * the shared window, messages, and one rank's part in a queue.
 *
 * Shared window:
 *   words     taken | submitted | closed | failed | messages sent | ranks that left | who failed
 *   detail    of the failure
 *   holders   a word for each cell of the ring: 0, or who has read it
 *   cells     a ring: head and bytes of an item each
 *
 * An item's position is how many were submitted before it. Position p lies in cell p mod ring, from
 * when its predecessor there has been read.
 */
#ifndef TRINE_CORE_TASK_WINDOW_H
#define TRINE_CORE_TASK_WINDOW_H

#include "core/system/error.h"
#include "core/tasks/ranks/ranks.h"

/* closed: 0, or 1 and the queue's status. failed: 0, or the status of the first rank that failed,
 * claimed by its rank + 1 in `claim`. */
enum {
    TRINE_WINDOW_TAKEN = 0,
    TRINE_WINDOW_SUBMITTED = 8,
    TRINE_WINDOW_CLOSED = 16,
    TRINE_WINDOW_FAILED = 24,
    TRINE_WINDOW_MAIL = 32,
    TRINE_WINDOW_LEFT = 40,
    TRINE_WINDOW_CLAIM = 48,
    TRINE_WINDOW_DETAIL = 64,
    TRINE_WINDOW_HOLDERS = 1024
};

/* The words that everyone reads together. */
typedef struct trine_shared_window_words {
    uint64_t taken, submitted, closed, failed, mail, left;
} trine_shared_window_words;

/* Added to a holder's rank + 1: it found the item cancelled. */
#define TRINE_HOLDER_SKIPPED ((uint64_t)1 << 32)

/* entry: rank 0's. cancelled: raised by rank 0 while the item lies there. */
typedef struct trine_place_head {
    uint64_t index, size, cancelled;
    uint32_t entry, reserved;
} trine_place_head;

/* A message: its head, then records, each followed by its detail and its result; an item that comes
 * BACK stands for the result. lost: workers of the sender that have died so far. */
typedef struct trine_message_head {
    uint64_t lost;
} trine_message_head;

typedef enum trine_record_type {
    TRINE_RECORD_OUTCOME = 1,
    TRINE_RECORD_LOST,
    TRINE_RECORD_WORKER_SLOT,
    TRINE_RECORD_BACK
} trine_record_type;

typedef struct trine_message_record {
    uint64_t index, result_size;
    int64_t pid;
    double began, ended;
    uint32_t type, entry, status, detail_size;
    int32_t worker, attempts;
} trine_message_record;

/* Where an item of rank 0 is. */
enum {
    TRINE_OWN_FREE,
    TRINE_OWN_HELD,
    TRINE_OWN_WAITS,
    TRINE_OWN_OFFERED,
    TRINE_OWN_LOCAL,
    TRINE_OWN_READY,
    TRINE_OWN_TAKEN
};

/* An item as rank 0 knows it. WAITS: for a cell, its bytes in copy; OFFERED: at `position`; LOCAL:
 * in rank 0's scheduler. slot: of that scheduler, UINT32_MAX for none. next: after it, among those
 * that wait or are ready. result, detail: of an outcome that came by message. */
typedef struct trine_own_item {
    trine_task_outcome outcome;
    uint64_t index, tag, position;
    size_t size;
    void *copy, *result;
    char *detail;
    uint32_t slot, next;
    int state;
} trine_own_item;

typedef struct trine_own_list {
    uint32_t first, last;
} trine_own_list;

/* One rank's part. serial: this rank's scheduler works only while it is called. opened: the
 * scheduler. ring: cells, of `stride` bytes each, from `cells` on. out: items in this rank's
 * scheduler. setup: this rank's, its zero of time on its own clock. served: rank 0 has closed, and
 * this rank has said its last. only_offers: it is rank 0, and without it the others do not get on:
 * so it works, if at all, not before rests_until. moved: when items last came to the scheduler or
 * ended. fetched, holders: space for what is read at a time. source, again: with data_each, what is
 * read anew for each item, and into what. message: being written, since `written`. */
struct trine_ranks {
    trine_team *team;
    trine_shared_window *window;
    trine_scheduler *scheduler;
    trine_scheduler_setup setup;
    int rank, size, workers, all_workers;
    bool serial, served, only_offers;
    unsigned spins;
    uint64_t ring, out, measured, chunk;
    trine_dispatches dispatches;
    size_t stride, cells;
    double item_seconds, waited, rests_until, moved;
    trine_shared_window_words words;
    unsigned char *fetched;
    uint64_t *holders;
    void *data, *again;
    trine_common_memory *common;
    trine_shared_window *source;
    unsigned char *message;
    size_t message_bytes, message_capacity;
    double written;
    trine_status status;
    char detail[TRINE_DETAIL_SIZE];
    /* first_worker_slot: of each rank, and after the last. Rank 0's: items: entries, as many as the
     * window has; waiting, ready: lists of them; submitted, published: positions; messages: read,
     * or dropped; lost: of others. */
    int *first_worker_slot;
    trine_own_item *item;
    uint32_t *free, free_count;
    trine_own_list waiting, ready;
    uint64_t items, submitted, published, out_of_all, messages;
    void *staging;
    trine_task_slot *worker_slot;
    uint64_t *lost;
};

/* Notes what this rank cannot go on after; another rank's reaches rank 0. */
void trine_ranks_fail(trine_ranks *ranks, trine_status status);

/* Whoever finds nothing to do rests, longer each time. next: how long, at most `most`; 0 after it
 * has let others run. sleep: so long. */
typedef struct trine_pause {
    unsigned spun;
    double seconds;
} trine_pause;
void trine_pause_begin(trine_pause *pause);
double trine_pause_next(const trine_ranks *ranks, trine_pause *pause, double most);
void trine_pause_sleep(trine_ranks *ranks, double seconds);

/* --- core/tasks/ranks/rank_worker.c: this rank's scheduler */

/* Takes as many items as the scheduler has space for. *some: whether there were any. */
trine_status trine_rank_worker_fetch(trine_ranks *ranks, bool *some);

/* Gives back what this rank's scheduler has not begun, when its workers are all at long items,
 * nothing else is there for the others, and no chunk was asked for. came: items have come to it or
 * ended in this round. */
trine_status trine_rank_worker_give_back(trine_ranks *ranks, bool came);

/* Notes how long an item took. */
void trine_rank_worker_measure(trine_ranks *ranks, const trine_task_outcome *outcome);

/* Reads the words that all watch. */
trine_status trine_rank_worker_words(trine_ranks *ranks);

/* Writes records of this rank's worker slots. */
trine_status trine_message_worker_slots(trine_ranks *ranks);

/* Called by this rank's scheduler. */
void trine_rank_worker_lost(void *context, const trine_task_record *record);

/* Items that are read at once are no more bytes, if they are several. */
#define TRINE_FETCH_BYTES ((size_t)1 << 16)

/* --- core/tasks/ranks/coordinator.c: rank 0's items */

/* Cells of a ring for that window. */
uint64_t trine_coordinator_ring(uint64_t window, size_t stride);

trine_status trine_coordinator_open(trine_ranks *ranks, uint64_t window);
void trine_coordinator_close(trine_ranks *ranks);

/* An item is in rank 0's scheduler. */
void trine_coordinator_local(trine_ranks *ranks, uint32_t entry, uint32_t slot);

/* An item of those bytes, which nobody has begun, waits for a cell again. */
void trine_coordinator_again(trine_ranks *ranks, uint32_t entry, const void *bytes);

/* An item that is not in rank 0's scheduler has that outcome. */
void trine_coordinator_complete(trine_ranks *ranks, uint32_t entry, trine_status status,
                                const char *detail);

/* Tells all ranks that the queue is closed; waits until they have sent their last message. */
trine_status trine_coordinator_end(trine_ranks *ranks, trine_status failed);
trine_status trine_coordinator_wait(trine_ranks *ranks);

#endif
