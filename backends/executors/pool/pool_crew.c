/* backends/executors/pool/pool_crew.c - the forked workers of one pool or of one service, as their
 * caller sees them: forking, publishing, waiting, replacing, ending. */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "backends/executors/pool/pool.h"

/* How often the sleeping caller looks for deaths. */
static const double watch_seconds = 1e-3;

static size_t control_size(int workers)
{
    return sizeof(pool_control) +
           (size_t)workers * (sizeof(trine_thread) + sizeof(pool_slot) + sizeof(atomic_uchar));
}

static trine_status make_control(pool_crew *crew, int workers, double spin_seconds)
{
    void *memory;
    crew->control_bytes = trine_heap_pages(control_size(workers));
    trine_status status = trine_heap_alloc(crew->control_bytes, &memory);
    if (status)
        return status;
    pool_control *control = memory;
    control->workers = workers;
    control->spin_seconds = spin_seconds;
    control->threads = (trine_thread *)(control + 1);
    control->slots = (pool_slot *)(control->threads + workers);
    control->own_marks = (atomic_uchar *)(control->slots + workers);
    crew->control = control;
    return TRINE_OK;
}

/* Seconds that a worker may take to begin. */
static const double begin_seconds = 10;

/* Waits until a worker has begun. One that dies on the way is replaced like any other. */
static trine_status wait_for_begin(const pool_crew *crew, int number)
{
    pool_slot *slot = &crew->control->slots[number];
    double began = trine_seconds();
    while (atomic_load(&slot->life) == POOL_WORKER_BEGINS && !trine_crew_died(crew, number)) {
        if (trine_seconds() - began > begin_seconds)
            return trine_fail(TRINE_E_WORKER, "pool: worker %d (pid %d) did not begin in %g s",
                              number, (int)crew->worker[number].pid, begin_seconds);
        trine_futex_wait(&slot->life, POOL_WORKER_BEGINS, watch_seconds);
    }
    if (atomic_load(&slot->life) != POOL_WORKER_REFUSED)
        return TRINE_OK;
    return trine_fail(TRINE_E_WORKER,
                      "pool: a worker cannot have the %s that the program has now: workers are "
                      "forked from a process that began with trine_init() or the first pool; "
                      "trine_finalize() ends that, and the next pool begins another",
                      slot->lacks);
}

static trine_status fork_worker(pool_crew *crew, int number, bool this_generation)
{
    pool_worker *worker = &crew->worker[number];
    pool_slot *slot = &crew->control->slots[number];
    unsigned generation = atomic_load(&crew->control->generation);
    /* One that died asleep must not stay counted. */
    atomic_store(&slot->finished, this_generation ? generation - 1 : generation);
    if (atomic_exchange(&slot->asleep, false))
        atomic_fetch_sub(&crew->control->sleepers, 1);
    atomic_store(&slot->life, POOL_WORKER_BEGINS);
    int pidfd = -1;
    trine_status status =
        crew->own ? trine_own_fork(crew->control, number, &worker->pid, &pidfd)
                  : trine_zygote_fork(crew->control, crew->caller, number, &worker->pid, &pidfd);
    worker->pidfd = trine_descriptor_know(pidfd);
    return status;
}

trine_status trine_crew_fork(pool_crew *crew, int number, bool this_generation)
{
    trine_status status = fork_worker(crew, number, this_generation);
    return status ? status : wait_for_begin(crew, number);
}

trine_status trine_crew_open(pool_crew *crew, int first, int workers, double spin_seconds)
{
    *crew = (pool_crew){.first = first,
                        .own = crew->own,
                        .caller = crew->caller,
                        .worker = calloc((size_t)workers, sizeof *crew->worker)};
    if (!crew->worker)
        return trine_fail(TRINE_E_MEMORY, "pool: no memory for %d workers", workers);
    for (int i = 0; i < workers; i++)
        crew->worker[i].pidfd = TRINE_NO_DESCRIPTOR;
    trine_status status = make_control(crew, workers, spin_seconds);
    for (int i = first; i < workers && !status; i++)
        status = fork_worker(crew, i, false);
    for (int i = first; i < workers && !status; i++)
        status = wait_for_begin(crew, i);
    return status;
}

/* Whether each process's is a file of its own: so from version 6.9 of Linux on. */
static bool pidfds_differ(const trine_descriptor *workers)
{
    static atomic_int differ;
    int known = atomic_load(&differ);
    if (known == 0) {
        trine_descriptor own =
            trine_descriptor_know(trine_above_standard((int)syscall(SYS_pidfd_open, getpid(), 0)));
        known = own.fd >= 0 && own.inode != workers->inode ? 1 : -1;
        trine_descriptor_close(&own);
        atomic_store(&differ, known);
    }
    return known > 0;
}

/* Else all are one file, which tells in /proc whose each is. */
static bool is_pidfd_of(int fd, pid_t pid)
{
    static const char key[] = "Pid:";
    char path[64], line[128];
    long found = pid;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    FILE *about = fopen(path, "re");
    if (!about)
        return true;
    bool says = false;
    while (!says && fgets(line, sizeof line, about)) {
        says = strncmp(line, key, sizeof key - 1) == 0;
        found = says ? strtol(line + sizeof key - 1, NULL, 10) : found;
    }
    fclose(about);
    /* -1: of one that was reaped, as a dead zygote's are. */
    return says && (found == pid || found == -1);
}

static bool has_pidfd(const pool_worker *worker)
{
    return trine_descriptor_holds(&worker->pidfd) &&
           (S_ISFIFO(worker->pidfd.kind) || pidfds_differ(&worker->pidfd) ||
            is_pidfd_of(worker->pidfd.fd, worker->pid));
}

/* By itself, if this process may: on the way over the zygote the worker would get on. */
bool trine_crew_kill(const pool_crew *crew, int number)
{
    const pool_worker *worker = &crew->worker[number];
    if (crew->own)
        return trine_own_kill(worker->pid);
    return (has_pidfd(worker) &&
            syscall(SYS_pidfd_send_signal, worker->pidfd.fd, SIGKILL, NULL, 0) == 0) ||
           trine_zygote_kill(worker->pid);
}

/* Ends a worker and takes its status; it is no longer there then. */
static int end_worker(const pool_crew *crew, pool_worker *worker)
{
    if (has_pidfd(worker))
        trine_descriptor_close(&worker->pidfd);
    pid_t pid = worker->pid;
    *worker = (pool_worker){.pid = 0, .pidfd = TRINE_NO_DESCRIPTOR};
    int status = crew->own ? trine_own_end(pid) : trine_zygote_end(pid);
    trine_worker_leave_nothing(pid);
    return status;
}

static void end_workers(pool_crew *crew)
{
    pool_control *control = crew->control;
    atomic_store(&control->closing, true);
    atomic_fetch_add(&control->generation, 1);
    trine_futex_wake(&control->generation, INT_MAX);
    for (int i = crew->first; i < control->workers; i++) {
        /* It has nothing left to do; one that is stopped would not end by itself. */
        if (crew->worker[i].pid)
            end_worker(crew, &crew->worker[i]);
    }
}

void trine_crew_close(pool_crew *crew)
{
    if (crew->control && !trine_zygote_foreign()) {
        end_workers(crew);
        if (crew->first > 0)
            trine_thread_release(&crew->control->threads[0]);
        trine_heap_release(crew->control, crew->control_bytes);
    }
    free(crew->worker);
    *crew = (pool_crew){.own = crew->own, .caller = crew->caller};
}

void trine_crew_publish(pool_crew *crew)
{
    pool_control *control = crew->control;
    atomic_fetch_add(&control->generation, 1);
    if (atomic_load(&control->sleepers) > 0)
        trine_futex_wake(&control->generation, INT_MAX);
}

bool trine_crew_died(const pool_crew *crew, int number)
{
    const pool_worker *worker = &crew->worker[number];
    struct pollfd watch = {.fd = worker->pidfd.fd, .events = POLLIN};
    return !trine_descriptor_holds(&worker->pidfd) || poll(&watch, 1, 0) == 1;
}

bool trine_crew_wait(pool_crew *crew, int number)
{
    pool_control *control = crew->control;
    atomic_uint *finished = &control->slots[number].finished;
    unsigned generation = atomic_load_explicit(&control->generation, memory_order_relaxed);
    if (atomic_load_explicit(finished, memory_order_acquire) == generation ||
        trine_spin(finished, generation - 1, control->spin_seconds))
        return true;
    bool dead = false;
    atomic_store(&control->caller_sleeps, true);
    for (;;) {
        unsigned ended = atomic_load(&control->ended);
        if (atomic_load(finished) == generation)
            break;
        /* Dead, and found so before this look at its mark: it will not come. */
        if (dead)
            break;
        dead = trine_crew_died(crew, number);
        if (!dead)
            trine_futex_wait(&control->ended, ended, watch_seconds);
    }
    atomic_store(&control->caller_sleeps, false);
    return atomic_load(finished) == generation;
}

/* A worker without a process could not be replaced when it died: what is known stays. */
void trine_crew_bury(pool_crew *crew, int number)
{
    char how[96];
    pool_worker *worker = &crew->worker[number];
    if (worker->pid == 0)
        return;
    pid_t pid = worker->pid;
    bool known = trine_descriptor_holds(&worker->pidfd);
    int fd = worker->pidfd.fd, status = end_worker(crew, worker);
    if (!known)
        snprintf(how, sizeof how,
                 "was given up: its descriptor %d was closed or replaced by the program", fd);
    else if (status == -1)
        snprintf(how, sizeof how, "ended with its zygote");
    else if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(how, sizeof how, "exited with status %d", WEXITSTATUS(status));
    snprintf(crew->death, sizeof crew->death, "worker %d (pid %d) %s", number, (int)pid, how);
}
