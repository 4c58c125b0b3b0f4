/* backends/executors/pool/pool.h - what the parts of the pool share.
 *
 *   user's process            fork server               workers 1 .. P-1
 *   (worker 0)   --socket-->  forks, reaps   --fork-->  wait, run, wait
 *       |                                                      |
 *       +------------------ heap: one memfd, one address ------+
 *                           control | threads | marks | arrays
 *
 * The fork server is a child of the user's process that does not signal its end, so that no wait()
 * of the user's meets it. It was forked while there was one thread, and never runs anything but
 * fork and wait, so a worker can be forked from it at any time.
 */
#ifndef TRINE_BACKENDS_POOL_H
#define TRINE_BACKENDS_POOL_H

#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "backends/executors/pool/identity.h"
#include "backends/executors/thread.h"
#include "core/system/descriptor.h"
#include "core/system/wait.h"

/* How far a block has come, for the caller to know when its worker died. */
enum { POOL_BLOCK_WAITS, POOL_BLOCK_BEGUN, POOL_BLOCK_DONE };

/* What the workers of one pool watch; in the heap. The caller publishes a job by writing it and
 * raising `generation`, on which workers wait; each raises `ended` when it is through, on which the
 * caller waits. marks: how far each block has come. list: NULL, or the blocks to do in place of
 * all; only forked workers take part then. own_marks: space for as many marks as there are workers.
 */
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
    atomic_uchar *own_marks;
} pool_control;

/* How far a worker has come in taking over what its caller is like. */
enum { POOL_WORKER_BEGINS, POOL_WORKER_LIVES, POOL_WORKER_REFUSED };

/* One worker's: the generation it is through with, whether it is counted among the sleepers, its
 * entry for the ledger, and whether it took over what the caller is like: if not, what it lacks. */
typedef struct pool_slot {
    _Alignas(128) atomic_uint finished;
    atomic_bool asleep;
    trine_ledger_worker entry;
    atomic_uint life;
    char lacks[64];
} pool_slot;

/* --- process_group.c: the forked workers of one pool or of one service. The caller's thread. */

typedef struct pool_worker {
    pid_t pid;
    trine_descriptor pidfd;
} pool_worker;

/* Workers first .. control->workers - 1 are forked; pid 0 and no pidfd for one that is not there.
 * own: they are forked from the calling process at that moment, not from the fork server. caller:
 * what the others take over. death: what is known of the last that died. */
typedef struct pool_group {
    pool_control *control;
    const pool_caller *caller;
    size_t control_bytes;
    pool_worker *worker;
    int first;
    bool own;
    char death[160];
} pool_group;

/* Forks them, as group->own and group->caller say. A process group that failed to open is to be
 * closed, too. */
trine_status trine_process_group_open(pool_group *group, int first, int workers,
                                      double spin_seconds);

/* Ends and releases them; in a copy of the user's process, only what is the copy's. */
void trine_process_group_close(pool_group *group);

/* Raises the generation: what was written into control is there for all. */
void trine_process_group_publish(pool_group *group);

/* Waits until the worker is through with this generation. False: it died first. */
bool trine_process_group_wait(pool_group *group, int number);

/* Kills it at once, which is still to be reaped; false when that is not possible. */
bool trine_process_group_kill(const pool_group *group, int number);

/* Whether it died. */
bool trine_process_group_died(const pool_group *group, int number);

/* Reaps one that died, killing it if it lives, and writes down how it ended. */
void trine_process_group_reap(pool_group *group, int number);

/* Forks that worker, which begins with the generation after this one, or with this one. */
trine_status trine_process_group_fork(pool_group *group, int number, bool this_generation);

/* --- service.c: what pool.c's ops do for tasks, on a process group of their own. */

trine_status trine_pool_serve(pool_group *group, int workers, const trine_job *job);
bool trine_pool_lost(pool_group *group, int *task_worker, char *how, size_t size);
trine_status trine_pool_restart(pool_group *group, int task_worker);
trine_status trine_pool_kill(pool_group *group, int task_worker);
void trine_pool_serve_end(pool_group *group);

/* --- heap.c: the symmetric heap of this process. Any thread. */

/* Reserves it if it is not there; bytes 0 for the default. */
trine_status trine_heap_open(size_t bytes);

/* Gives it back if nothing of it is in use; whether that is so. */
bool trine_heap_close(void);

/* The memfd that holds it; -1 when the program has closed that. */
int trine_heap_fd(void);

/* WORKER when the program has closed it. */
trine_status trine_heap_check(void);

/* Another one for each heap that the process makes. */
unsigned trine_heap_number(void);

/* Addresses of `bytes` (whole pages) without memory behind them; and memory behind a part of them,
 * by whoever calls. */
trine_status trine_heap_reserve(size_t bytes, void **memory);
trine_status trine_heap_commit(void *memory, size_t bytes);

/* Gives memory back, which reads as zero then; addresses and memory. */
void trine_heap_discard(void *memory, size_t bytes);
void trine_heap_release(void *memory, size_t bytes);

/* Both, after checking that there is so much memory. */
trine_status trine_heap_alloc(size_t bytes, void **memory);

bool trine_heap_holds(const void *memory, size_t bytes);

/* For valgrind: a process that is told of no allocation may use all of it, until it ends. */
void trine_heap_is_anybodys(bool used);

/* Bytes of whole pages. */
size_t trine_heap_pages(size_t bytes);

/* --- pool.c */

/* Worker `number`'s part of the published job. */
void trine_pool_take_part(pool_control *control, int number);

/* --- fork_server.c. Any thread. */

/* Starts the fork server if there is none or it has died. THREADS when this process runs threads.
 */
trine_status trine_fork_server_start(void);

/* Ends it, and with it every worker. */
void trine_fork_server_stop(void);

pid_t trine_fork_server_pid(void);

/* Forks worker `number` of that pool, which is to be like the caller, from a new fork server if
 * need be. */
trine_status trine_fork_server_fork(pool_control *control, const pool_caller *caller, int number,
                                    pid_t *pid, int *pidfd);

/* Ends a worker that has not ended; its status as of waitpid, or -1 when nobody knows. pid 0: there
 * is none. */
int trine_fork_server_end(pid_t pid);

/* Kills a worker, which is still to be ended; false when that is not possible. */
bool trine_fork_server_kill(pid_t pid);

/* Waits until a child has ended, which is on its way to that: at most ten seconds. Its status as of
 * waitpid; -1 when nobody knows or it does not end. */
int trine_fork_server_reap(pid_t pid);

/* Makes the fork server and the heap this process's, if they are nobody's. False where they belong
 * to another, from which this one was forked. */
bool trine_fork_server_own(void);

/* True in a process that the user forked from the one that owns the fork server and the heap; makes
 * it so. */
bool trine_fork_server_foreign(void);
void trine_fork_server_disown(void);

/* The owner has neither any more. */
void trine_fork_server_release(void);

/* Signals wait from before a fork until the new process has them as a new program does, so that no
 * handler of the user's runs there. Returns the mask that the old process goes on with. */
sigset_t trine_fork_server_hold_signals(void);
void trine_fork_server_reset_signals(void);

/* --- forking.c: the same from this process. THREADS when it runs threads. */

trine_status trine_own_fork(pool_control *control, int number, pid_t *pid, int *pidfd);
int trine_own_end(pid_t pid);
bool trine_own_kill(pid_t pid);

/* --- threads.c */

/* THREADS, with what to do instead, when this process runs more than one thread, or when that
 * cannot be told. One that has just been joined is the system's for some milliseconds more; that is
 * waited for. */
trine_status trine_pool_check_threads(const char *who, const char *remedy);

/* --- worker.c */

/* The OpenMP of LLVM and Intel makes a file for each process that it runs in, and for each that is
 * forked from one, to find a second copy of itself there; it removes it in exit(), which workers do
 * not come to. Removes that of a worker: when it begins, since it may be killed, and when it has
 * ended, since its tasks may have used OpenMP. */
void trine_worker_leave_nothing(pid_t pid);

/* The life of a worker. */
_Noreturn void trine_worker_live(pool_control *control, int number);

/* exit() in a function of the program's ends the worker alone: none of what the program wants to be
 * done at its own end. */
void trine_worker_leave_at_exit(void);

#endif
