/* backends/executors/pool/process_group.c - the forked workers of one pool or of one service, as
 * their caller sees them: forking, publishing, waiting, replacing, ending. */
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

static trine_status make_control(pool_group *group, int workers, double spin_seconds)
{
    void *memory;
    group->control_bytes = trine_heap_pages(control_size(workers));
    trine_status status = trine_heap_alloc(group->control_bytes, &memory);
    if (status)
        return status;
    pool_control *control = memory;
    control->workers = workers;
    control->spin_seconds = spin_seconds;
    control->threads = (trine_thread *)(control + 1);
    control->slots = (pool_slot *)(control->threads + workers);
    control->own_marks = (atomic_uchar *)(control->slots + workers);
    group->control = control;
    return TRINE_OK;
}

/* Seconds that a worker may take to begin. */
static const double begin_seconds = 10;

/* Waits until a worker has begun. One that dies on the way is replaced like any other. */
static trine_status wait_for_begin(const pool_group *group, int number)
{
    pool_slot *slot = &group->control->slots[number];
    double began = trine_seconds();
    while (atomic_load(&slot->life) == POOL_WORKER_BEGINS &&
           !trine_process_group_died(group, number)) {
        if (trine_seconds() - began > begin_seconds)
            return trine_fail(TRINE_E_WORKER, "pool: worker %d (pid %d) did not begin in %g s",
                              number, (int)group->worker[number].pid, begin_seconds);
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

static trine_status fork_worker(pool_group *group, int number, bool this_generation)
{
    pool_worker *worker = &group->worker[number];
    pool_slot *slot = &group->control->slots[number];
    unsigned generation = atomic_load(&group->control->generation);
    /* One that died asleep must not stay counted. */
    atomic_store(&slot->finished, this_generation ? generation - 1 : generation);
    if (atomic_exchange(&slot->asleep, false))
        atomic_fetch_sub(&group->control->sleepers, 1);
    atomic_store(&slot->life, POOL_WORKER_BEGINS);
    int pidfd = -1;
    trine_status status = group->own ? trine_own_fork(group->control, number, &worker->pid, &pidfd)
                                     : trine_fork_server_fork(group->control, group->caller, number,
                                                              &worker->pid, &pidfd);
    worker->pidfd = trine_descriptor_know(pidfd);
    return status;
}

trine_status trine_process_group_fork(pool_group *group, int number, bool this_generation)
{
    trine_status status = fork_worker(group, number, this_generation);
    return status ? status : wait_for_begin(group, number);
}

trine_status trine_process_group_open(pool_group *group, int first, int workers,
                                      double spin_seconds)
{
    *group = (pool_group){.first = first,
                          .own = group->own,
                          .caller = group->caller,
                          .worker = calloc((size_t)workers, sizeof *group->worker)};
    if (!group->worker)
        return trine_fail(TRINE_E_MEMORY, "pool: no memory for %d workers", workers);
    for (int i = 0; i < workers; i++)
        group->worker[i].pidfd = TRINE_NO_DESCRIPTOR;
    trine_status status = make_control(group, workers, spin_seconds);
    for (int i = first; i < workers && !status; i++)
        status = fork_worker(group, i, false);
    for (int i = first; i < workers && !status; i++)
        status = wait_for_begin(group, i);
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
    /* -1: of one that was reaped, as a dead fork server's are. */
    return says && (found == pid || found == -1);
}

static bool has_pidfd(const pool_worker *worker)
{
    return trine_descriptor_holds(&worker->pidfd) &&
           (S_ISFIFO(worker->pidfd.kind) || pidfds_differ(&worker->pidfd) ||
            is_pidfd_of(worker->pidfd.fd, worker->pid));
}

/* By itself, if this process may: on the way over the fork server the worker would get on. */
bool trine_process_group_kill(const pool_group *group, int number)
{
    const pool_worker *worker = &group->worker[number];
    if (group->own)
        return trine_own_kill(worker->pid);
    return (has_pidfd(worker) &&
            syscall(SYS_pidfd_send_signal, worker->pidfd.fd, SIGKILL, NULL, 0) == 0) ||
           trine_fork_server_kill(worker->pid);
}

/* Ends a worker and takes its status; it is no longer there then. */
static int end_worker(const pool_group *group, pool_worker *worker)
{
    if (has_pidfd(worker))
        trine_descriptor_close(&worker->pidfd);
    pid_t pid = worker->pid;
    *worker = (pool_worker){.pid = 0, .pidfd = TRINE_NO_DESCRIPTOR};
    int status = group->own ? trine_own_end(pid) : trine_fork_server_end(pid);
    trine_worker_leave_nothing(pid);
    return status;
}

static void end_workers(pool_group *group)
{
    pool_control *control = group->control;
    atomic_store(&control->closing, true);
    atomic_fetch_add(&control->generation, 1);
    trine_futex_wake(&control->generation, INT_MAX);
    for (int i = group->first; i < control->workers; i++) {
        /* It has nothing left to do; one that is stopped would not end by itself. */
        if (group->worker[i].pid)
            end_worker(group, &group->worker[i]);
    }
}

void trine_process_group_close(pool_group *group)
{
    if (group->control && !trine_fork_server_foreign()) {
        end_workers(group);
        if (group->first > 0)
            trine_thread_release(&group->control->threads[0]);
        trine_heap_release(group->control, group->control_bytes);
    }
    free(group->worker);
    *group = (pool_group){.own = group->own, .caller = group->caller};
}

void trine_process_group_publish(pool_group *group)
{
    pool_control *control = group->control;
    atomic_fetch_add(&control->generation, 1);
    if (atomic_load(&control->sleepers) > 0)
        trine_futex_wake(&control->generation, INT_MAX);
}

bool trine_process_group_died(const pool_group *group, int number)
{
    const pool_worker *worker = &group->worker[number];
    struct pollfd watch = {.fd = worker->pidfd.fd, .events = POLLIN};
    return !trine_descriptor_holds(&worker->pidfd) || poll(&watch, 1, 0) == 1;
}

bool trine_process_group_wait(pool_group *group, int number)
{
    pool_control *control = group->control;
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
        dead = trine_process_group_died(group, number);
        if (!dead)
            trine_futex_wait(&control->ended, ended, watch_seconds);
    }
    atomic_store(&control->caller_sleeps, false);
    return atomic_load(finished) == generation;
}

/* A worker without a process could not be replaced when it died: what is known stays. */
void trine_process_group_reap(pool_group *group, int number)
{
    char how[96];
    pool_worker *worker = &group->worker[number];
    if (worker->pid == 0)
        return;
    pid_t pid = worker->pid;
    bool known = trine_descriptor_holds(&worker->pidfd);
    int fd = worker->pidfd.fd, status = end_worker(group, worker);
    if (!known)
        snprintf(how, sizeof how,
                 "was given up: its descriptor %d was closed or replaced by the program", fd);
    else if (status == -1)
        snprintf(how, sizeof how, "ended with its fork server");
    else if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(how, sizeof how, "exited with status %d", WEXITSTATUS(status));
    snprintf(group->death, sizeof group->death, "worker %d (pid %d) %s", number, (int)pid, how);
}
