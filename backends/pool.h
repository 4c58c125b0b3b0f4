/* backends/pool.h - what the parts of the pool share.
 *
 *   user's process            zygote                        workers 1 .. P-1
 *   (worker 0)   --socket-->  forks, reaps   --fork-->      wait, run, wait
 *       |                                                       |
 *       +------------------- heap: one memfd, one address ------+
 *                            control | threads | marks | arrays
 *
 * The zygote is a child of the user's process that does not signal its end, so that no wait() of
 * the user's meets it. It was forked while there was one thread, and never runs anything but fork
 * and wait, so a worker can be forked from it at any time.
 */
#ifndef TRINE_BACKENDS_POOL_H
#define TRINE_BACKENDS_POOL_H

#include <stdatomic.h>
#include <sys/types.h>

#include "backends/thread.h"

/* How far a run has come, for the caller to know when its worker died. */
enum { POOL_RUN_WAITS, POOL_RUN_BEGUN, POOL_RUN_DONE };

/* What the workers of one pool watch; in the heap. The caller publishes a job by writing it and
 * raising `generation`, on which workers wait; each raises `ended` when it is through, on which the
 * caller waits. marks: how far each run has come. list: NULL, or the runs to do in place of all;
 * only forked workers take part then. */
typedef struct pool_control {
    _Alignas(128) atomic_uint generation;
    atomic_int sleepers;
    atomic_bool closing;
    int workers;
    double spin_seconds, published;
    trine_job job;
    const size_t *list;
    atomic_uchar *marks;
    _Alignas(128) atomic_size_t next;
    _Alignas(128) atomic_uint ended;
    atomic_bool caller_sleeps;
    trine_thread *threads;
    struct pool_slot *slots;
} pool_control;

/* One worker's: the generation it is through with, whether it is counted among the sleepers, and
 * its entry for the ledger. */
typedef struct pool_slot {
    _Alignas(128) atomic_uint finished;
    atomic_bool asleep;
    trine_ledger_worker entry;
} pool_slot;

/* --- pool_heap.c: the symmetric heap of this process. Any thread. */

/* Reserves it if it is not there; bytes 0 for the default. */
trine_status trine_heap_open(size_t bytes);

/* The memfd that holds it. */
int trine_heap_fd(void);

/* Addresses of `bytes` (whole pages) without memory behind them; and memory behind a part of them,
 * by whoever calls. */
trine_status trine_heap_reserve(size_t bytes, void **memory);
trine_status trine_heap_commit(void *memory, size_t bytes);

/* Gives addresses and memory back. */
void trine_heap_release(void *memory, size_t bytes);

/* Both, after checking that there is so much memory. */
trine_status trine_heap_alloc(size_t bytes, void **memory);

bool trine_heap_holds(const void *memory, size_t bytes);

/* Bytes of whole pages. */
size_t trine_heap_pages(size_t bytes);

/* The descriptor, or another for the same file where this one (if any) would be taken for a
 * standard stream that the program has closed; -1 and errno when there is none. */
int trine_above_standard(int fd);

/* --- pool_zygote.c. Any thread. */

/* Starts the zygote if there is none or it has died. THREADS when this process runs threads. */
trine_status trine_zygote_start(void);

/* Ends it, and with it every worker. */
void trine_zygote_stop(void);

pid_t trine_zygote_pid(void);

/* Threads of this process. */
int trine_pool_threads(void);

/* Forks worker `number` of that pool, from a new zygote if need be. */
trine_status trine_zygote_fork(pool_control *control, int number, pid_t *pid, int *pidfd);

/* Ends a worker that has not ended; its status as of waitpid, or -1 when nobody knows. pid 0: there
 * is none. */
int trine_zygote_end(pid_t pid);

/* True in a process that the user forked from the one that owns zygote and heap. */
bool trine_zygote_foreign(void);

/* --- pool_worker.c */

/* The life of a worker. */
_Noreturn void trine_worker_live(pool_control *control, int number);

/* A worker's part of the published job. */
void trine_worker_take_part(pool_control *control, int number);

/* Waits while *word is `value`, at most `seconds`; wakes all who do. */
void trine_futex_wait(atomic_uint *word, unsigned value, double seconds);
void trine_futex_wake(atomic_uint *word);

/* Spins until *word is not `value`, at most `seconds`. True when it changed. */
bool trine_spin(const atomic_uint *word, unsigned value, double seconds);

#endif
