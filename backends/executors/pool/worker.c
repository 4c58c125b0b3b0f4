/* backends/executors/pool/worker.c - a worker of a pool: wait for a job, take part, say so, wait
 * again.
 *
 * Waiting spins first, which costs a fraction of a microsecond when the next job comes soon, then
 * sleeps on a futex.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "backends/executors/pool/pool.h"

/* Seconds of sleep after which a worker looks whether it is orphaned. PDEATHSIG ends it long
 * before; this is for a system where that was lost. */
static const double orphan_check_seconds = 1;

/* The count of sleepers is raised before `asleep` and lowered after it: wherever the worker is
 * killed, the count errs towards a needless wake, never towards a missing one. */
static void wait_for_job(pool_control *control, pool_slot *slot, unsigned seen, pid_t fork_server)
{
    if (trine_spin(&control->generation, seen, control->spin_seconds))
        return;
    atomic_fetch_add(&control->sleepers, 1);
    atomic_store(&slot->asleep, true);
    while (atomic_load(&control->generation) == seen) {
        trine_futex_wait(&control->generation, seen, orphan_check_seconds);
        if (getppid() != fork_server)
            _exit(1);
    }
    atomic_store(&slot->asleep, false);
    atomic_fetch_sub(&control->sleepers, 1);
}

#if defined(__GLIBC__)
static void leave(int status, void *unused)
{
    (void)unused;
    fflush(NULL);
    _exit(status);
}
#else
static void leave(void)
{
    fflush(NULL);
    _exit(1);
}
#endif

void trine_worker_leave_at_exit(void)
{
#if defined(__GLIBC__)
    on_exit(leave, NULL);
#else
    atexit(leave);
#endif
}

void trine_worker_leave_nothing(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/__KMP_REGISTERED_LIB_%d_%u", (int)pid,
             (unsigned)getuid());
    (void)unlink(path);
}

_Noreturn void trine_worker_live(pool_control *control, int number)
{
    char name[16];
    pid_t fork_server = getppid();
    trine_worker_leave_nothing(getpid());
    pool_slot *slot = &control->slots[number];
    trine_thread *thread = &control->threads[number];
    snprintf(name, sizeof name, "trine-worker-%d", number);
    prctl(PR_SET_NAME, name);
    trine_worker_leave_at_exit();
    /* What a predecessor left here means nothing in this process. */
    memset(thread, 0, sizeof *thread);
    unsigned seen = atomic_load(&slot->finished);
    atomic_store(&slot->life, POOL_WORKER_LIVES);
    trine_futex_wake(&slot->life, 1);
    for (;;) {
        wait_for_job(control, slot, seen, fork_server);
        seen = atomic_load_explicit(&control->generation, memory_order_acquire);
        if (atomic_load(&control->closing)) {
            trine_thread_release(thread);
            trine_heap_is_anybodys(false);
            _exit(0);
        }
        trine_pool_take_part(control, number);
        fflush(NULL);
        atomic_store_explicit(&slot->finished, seen, memory_order_release);
        atomic_fetch_add(&control->ended, 1);
        if (atomic_load(&control->caller_sleeps))
            trine_futex_wake(&control->ended, INT_MAX);
    }
}
