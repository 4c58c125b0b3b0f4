/* trine/task.h - tasks: many items, and one function that works on each.
 *
 * A task takes the plain bytes of one item and gives the plain bytes of one result, and a status.
 * Three ways to run them, all through a queue on a team:
 *
 *     trine_task_map    an array of items; waits for all of them
 *     a stream          items come from an iterator, outcomes from trine_task_next, in order or as
 *                       they finish, with no more than a window of items in memory
 *     tickets           trine_task_submit gives a ticket, a future that can be waited for, polled
 *                       and cancelled
 *
 * Who works: on `serial` the calling thread, while it waits; on omp:T, T threads beside the calling
 * one; on pool:P, P forked processes beside the calling one, so that no task can harm the caller
 * (in reductions and maps of arrays the caller is one of the T or P); on several ranks, the workers
 * of every rank. The first queue starts these T threads or P processes, and they sleep between
 * queues until the team is closed. Items belong to rank 0: it alone submits and collects, and the
 * other ranks work until it closes the queue.
 *
 * Results do not depend on the team, the chunk, or the window. When a worker of a pool dies, the
 * item that it was at is begun again by another, `attempts` times in all, then reported alone with
 * TRINE_E_WORKER; every other result stands.
 *
 * team.h says what the functions of a kind, a source and on_progress may not do: they are to
 * return. An item whose task throws or ends its thread has the status WORKER; a source that throws
 * ends its stream with WORKER, and what on_progress throws is lost. A queue whose thread has ended
 * may be closed by another.
 *
 * Each item begins in the default floating-point environment (team.h): what a task or begin sets
 * ends with it.
 *
 * A queue claims its team (other calls get TRINE_E_BUSY) until it is closed, and belongs to the
 * thread that opened it. Arrays that tasks use are made before: SHARED ones have the same address
 * in every worker of the rank, so that their data's address can travel in param or in an item. What
 * tasks write there is theirs to order, with trine/sync.h.
 */
#ifndef TRINE_TASK_H
#define TRINE_TASK_H

#include <trine/team.h>
#include <trine/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The index of no item: nothing is left, or time is up. */
#define TRINE_TASK_NONE INT64_C(-1)

/** One item as its task sees it. */
typedef struct trine_task {
    int64_t index;     /**< Its number, from 0 in the order of submission. */
    const void *item;  /**< Its item_size bytes, aligned to 64. */
    size_t item_size;  /**< At most the kind's item_max. */
    const void *param; /**< The kind's param_size bytes, aligned to 64. */
    void *state;      /**< The worker's own state_size bytes, aligned to 64, zeroed before begin. */
    const void *data; /**< What the queue's transport brought, NULL for nothing. */
    size_t data_size; /**< Bytes of it. */
    int rank;         /**< Where the task runs. */
    int worker;       /**< Of that rank, from 0. */
    int attempt;      /**< 1, and one more each time that a worker died of it. */
    void *scheduler;  /**< Trine's own. */
} trine_task;

/** Space for this item's result of `size` bytes, aligned to 64, of undefined content.
 *
 * A task that does not ask has a result of 0 bytes. Asking again gives another size and loses what
 * was written. NULL when size is more than the kind's result_max or memory is short: then return
 * the status that trine_task_refused says. Inside run only. */
TRINE_API void *trine_task_result(trine_task *task, size_t size);

/** What a task returns when its last trine_task_result was NULL: ARGUMENT or MEMORY. Inside run
 * only. */
TRINE_API trine_status trine_task_refused(const trine_task *task);

/** What a task returns to fail with a detail of its own, which is copied. status is not OK. Inside
 * run and begin only. */
TRINE_API trine_status trine_task_fail(trine_task *task, trine_status status, const char *detail);

/** What is run.
 *
 * All ranks give the same kind, each its own addresses of it. It is copied when a queue is opened,
 * as param is, and the text of its name is not needed after. A library that functions come from
 * must have been loaded before trine_init, or before the first pool. */
typedef struct trine_task_kind {
    const char *name; /**< For messages and the journal. */
    /** Works on one item. */
    trine_status (*run)(trine_task *task);
    /** Once in each worker before its first item (also in the replacement of one that died), with
     * item NULL; when it fails, the queue does. May be NULL. */
    trine_status (*begin)(trine_task *task);
    /** Once in each worker that lives to the end, with item NULL. May be NULL. */
    void (*end)(trine_task *task);
    size_t param_size; /**< Bytes of param. */
    size_t state_size; /**< Bytes of a worker's state, kept from item to item. */
    size_t item_max;   /**< The most bytes of one item. */
    size_t result_max; /**< The most bytes of one result. */
} trine_task_kind;

/** Writes the next item into item[item_max], its bytes into `*size`; false when there are no more.
 * Called by the queue's thread on rank 0, inside trine_task_next. */
typedef bool trine_task_source(void *context, void *item, size_t *size);

/** How far a queue has come. */
typedef struct trine_task_progress {
    int64_t submitted; /**< Items so far. */
    int64_t done;      /**< Of them, those that have an outcome. */
    int64_t failed;    /**< Of those, which failed. */
    int64_t resumed;   /**< Which were taken from the journal. */
    int64_t retried;   /**< Which were begun more than once. */
    int64_t total;     /**< Items that there will be, 0 when that is not known. */
    double seconds;    /**< Since the queue was opened. */
    int slots;         /**< Workers of all ranks. */
    int lost;          /**< Workers that died. */
} trine_task_progress;

/** An open queue of tasks; it belongs to the thread that opened it. */
typedef struct trine_task_queue trine_task_queue;

/** How a queue works. All zero behind the size is a good choice; a NULL pointer to options means
 * that. */
typedef struct trine_task_options {
    size_t size; /**< TRINE_INIT(trine_task_options) sets it. */
    /** The kind's param_size bytes, each rank its own; NULL when that is 0. */
    const void *param;
    /** trine_task_next gives outcomes as they finish. */
    bool unordered;
    /** data is brought once for each item, so that begin has none. */
    bool data_each;
    /** Keep who ran which item when, for trine_task_records. */
    bool record;
    /** Most items between submission and collection. 0: 1024, fewer when items or results are
     * large. */
    int64_t window;
    /** Items of one dispatch to a worker; submitted items of a chunk that is not full set out with
     * the next call that waits. 0: chosen, and chosen anew, from the measured time and size of
     * items, such that a dispatch costs little beside its items and the last dispatches end
     * together; a submitted item sets out at once. Either way, what waits behind a long item of its
     * dispatch goes to workers of the rank that have nothing to do; of a chosen chunk, also to
     * other ranks. */
    int64_t chunk;
    /** Items there will be, for progress and for the chunk. 0: not known. */
    int64_t total;
    /** How often an item is begun when its worker dies of it. 0: 3. */
    int attempts;
    /** Seconds that one item may take. 0: any. Enforced while the queue's thread is in a call of
     * the queue: on a pool the worker is killed and replaced; a thread cannot be stopped, there the
     * item's outcome comes when it ends. DEADLINE either way, and no second attempt. With a
     * deadline a pool's worker that is stopped (SIGSTOP) in no item is replaced as well, after that
     * time or half a second, and what it was to do is done by others. */
    double deadline;
    /** The items of a stream. NULL: items come by trine_task_submit. It may not collect, submit,
     * cancel or close. */
    trine_task_source *source;
    /** What source gets. */
    void *source_context;
    /** data_size bytes of the caller's (rank 0's) memory that every task may read, brought to the
     * workers by `transport`: once for each worker, before begin, or with data_each once for each
     * item. It must stay as it is until the queue is closed. What is copied into shared memory for
     * that keeps its memory until the team is closed, for the next queue. NULL: none. */
    const void *data;
    /** Bytes of data. */
    size_t data_size;
    /** What brings data. */
    trine_transport transport;
    /** Path of a file that records each finished item, made or found at the end of links; what is
     * no regular file is FORMAT. When it is there already, the items in it are not run again: their
     * outcomes come from it. Kind, param, data and items must be those that it was made with, byte
     * by byte (an address in them is not): else FORMAT. What the file says is not believed: a
     * record that is damaged, or longer than result_max, is cut off with all that follows it, and
     * those items are run again; whether a shorter one is what run gives is for the caller to see,
     * by its size. NULL: none. */
    const char *journal;
    /** Called by the queue's thread, in calls of the queue, at most ten times a second, and a last
     * time when rank 0 closes the queue (so at the end of a map, too). May be NULL. It may not
     * collect, submit, cancel or close. */
    void (*on_progress)(void *context,
                        const trine_task_queue *queue,
                        const trine_task_progress *progress);
    /** What on_progress gets. */
    void *progress_context;
} trine_task_options;

/** What became of an item. detail and result are valid until the next call that collects, submits,
 * cancels or closes. */
typedef struct trine_task_outcome {
    size_t size;         /**< TRINE_INIT(trine_task_outcome) sets it. */
    int64_t index;       /**< The item's number; TRINE_TASK_NONE for no item. */
    trine_status status; /**< What its task returned, or why it did not run. */
    const char *detail;  /**< "" when OK. */
    const void *result;  /**< result_size bytes, aligned to 64; undefined when it failed. */
    size_t result_size;  /**< Bytes of it. */
    int rank;            /**< Where it ran. */
    int worker;          /**< Of that rank; -1 when it was never begun, and when it was resumed. */
    int attempts;        /**< How often it was begun; 0 when it was resumed. */
    double began;        /**< Seconds since the queue was opened; 0 when it was resumed. */
    double ended;        /**< Likewise. */
    bool resumed;        /**< It comes from the journal. */
} trine_task_outcome;

/** Opens a queue. Collective.
 *
 * kind and options are copied; options may be NULL. `*queue` is untouched on error. Errors:
 * ARGUMENT, MEMORY (of several ranks also when /dev/shm is full), BUSY, ABSENT (a transport that
 * this team does not have), THREADS (inherit in a process with threads), IO and FORMAT (the
 * journal), what begin says, and team.h's. */
TRINE_API trine_status trine_task_open(trine_team *team,
                                       const trine_task_kind *kind,
                                       const trine_task_options *options,
                                       trine_task_queue **queue);

/** Submits an item of `size` bytes, which are copied; `*ticket` (ticket may be NULL) becomes its
 * number. Rank 0 only. Errors: BUSY when a window of items is waiting to be collected; ARGUMENT for
 * more than item_max bytes, on another rank, or in a queue with a source. */
TRINE_API trine_status trine_task_submit(trine_task_queue *queue,
                                         const void *item,
                                         size_t size,
                                         int64_t *ticket);

/** Waits for the next outcome: of the lowest number that was not collected, or as they finish.
 *
 * index is TRINE_TASK_NONE when all items are collected (and the source has ended). On other ranks
 * than 0: works until rank 0 closes, then says TRINE_TASK_NONE. Returns what is wrong with the
 * queue; what is wrong with an item stands in its outcome. */
TRINE_API trine_status trine_task_next(trine_task_queue *queue, trine_task_outcome *outcome);

/** Waits for the outcome of that ticket, at most `seconds`.
 *
 * 0 only looks (on `serial`, where nobody else works, it first works off one dispatch, so that
 * looking gets on), below 0 waits for ever. index is TRINE_TASK_NONE when time is up. Rank 0 only.
 * Errors: ARGUMENT for a ticket that was never given or is collected already. */
TRINE_API trine_status trine_task_wait(trine_task_queue *queue,
                                       int64_t ticket,
                                       double seconds,
                                       trine_task_outcome *outcome);

/** Waits for whichever of count tickets is done first, at most `seconds`; otherwise as
 * trine_task_wait. */
TRINE_API trine_status trine_task_wait_any(trine_task_queue *queue,
                                           const int64_t tickets[],
                                           int64_t count,
                                           double seconds,
                                           trine_task_outcome *outcome);

/** Cancels an item, whose outcome is then CANCELLED and is to be collected like any other.
 *
 * One that waits is never begun; one that runs on a pool of this rank is stopped by killing its
 * worker, which is replaced. BUSY, and nothing is done, for one that runs where it cannot be
 * stopped (a thread, another rank), saying where; OK and nothing is done for one that is finished.
 * Rank 0 only. */
TRINE_API trine_status trine_task_cancel(trine_task_queue *queue, int64_t ticket);

/** Ends the queue: what waits is cancelled, what runs is waited for, workers run `end`, the team's
 * ledger is filled.
 *
 * On other ranks than 0: works until rank 0 closes. NULL, which all ranks give or none, does
 * nothing. What was wrong with the queue has been said by the calls before: closing it is OK.
 * Collective. Errors: BUSY, WORKER, and the queue stays open; IO (the journal), MEMORY, COLLECTIVE,
 * MPI, and it is closed all the same. */
TRINE_API trine_status trine_task_close(trine_task_queue *queue);

/** A worker slot: one worker of one rank. */
typedef struct trine_task_slot {
    int rank;      /**< Its rank. */
    int worker;    /**< Its number there. */
    int64_t pid;   /**< The process that it runs in. */
    int64_t items; /**< That it finished. */
    double busy;   /**< Seconds in them. */
} trine_task_slot;

/** One attempt at an item that came to an end. */
typedef struct trine_task_record {
    int64_t index;       /**< The item's number. */
    double began;        /**< Seconds since the queue was opened. */
    double ended;        /**< Likewise. */
    int rank;            /**< Where it ran. */
    int worker;          /**< Of that rank. */
    trine_status status; /**< How the attempt ended. */
} trine_task_record;

/** How far the queue is. Rank 0 only. Errors: ARGUMENT (NULL, on another rank). */
TRINE_API trine_status trine_task_progress_of(const trine_task_queue *queue,
                                              trine_task_progress *progress);

/** What the worker of a slot has done, 0 <= slot < progress.slots. Rank 0 only. Errors: ARGUMENT
 * (NULL, no such slot, on another rank). */
TRINE_API trine_status trine_task_slot_of(const trine_task_queue *queue,
                                          int slot,
                                          trine_task_slot *entry);

/** What options.record kept, in order of collection: `*records` becomes `*count` of them, valid
 * until the next call on the queue. Rank 0 only. Errors: ARGUMENT (NULL, on another rank). */
TRINE_API trine_status trine_task_records(const trine_task_queue *queue,
                                          const trine_task_record **records,
                                          int64_t *count);

/** The chunk to ask for that makes dispatches like this queue's: the one that was asked for, or the
 * mean of those that were chosen so far, each weighing as many items as travelled in it. 0 for
 * NULL. */
TRINE_API int64_t trine_task_chunk(const trine_task_queue *queue);

/** Runs n items of item_size bytes each, one after the other at items, and waits for all.
 *
 * items may be NULL when item_size is 0: a task then has its index alone. Result i goes to results
 * + i result_max, its bytes to sizes[i], its status to statuses[i]; each of the three may be NULL.
 * Of an item that failed the size is 0 and the result as it was. Rank 0's matter, the others' may
 * all be NULL (kind may not). options: without a source; may be NULL.
 *
 * Collective. Returns OK; or the status of the failed item of the lowest number, whose detail
 * trine_error_detail has (the results of all others are there); or what is wrong with the whole
 * call: results, sizes and statuses of items that it did not come to are then as they were. */
TRINE_API trine_status trine_task_map(trine_team *team,
                                      const trine_task_kind *kind,
                                      const void *items,
                                      int64_t n,
                                      size_t item_size,
                                      const trine_task_options *options,
                                      void *results,
                                      size_t sizes[],
                                      trine_status statuses[]);

#ifdef __cplusplus
}
#endif
#endif
