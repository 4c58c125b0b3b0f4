/* backends/executors/pool/service.c - task workers of a pool: forked workers beside the caller that
 * run tasks.
 *
 * 1. They are a process group of their own in which the caller takes no part: a task cannot harm
 *    the user's process, and every one of them can be killed.
 * 2. The process group is forked by the first service and kept for the next: a service is one job
 *    of as many blocks as task workers, handed out statically, so that block and task worker have
 *    the same number.
 * 3. Who dies is told to the caller once, and forked again when it asks, or by the next service.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/system/clock.h"
#include "core/backend/usable_cpus.h"
#include "backends/executors/pool/pool.h"

/* Milliseconds that a killed process may take to end. */
enum { END_MILLISECONDS = 10000 };

/* Task workers that are looked at by one system call. */
enum { BLOCK = 64 };

static trine_status fork_missing(pool_group *group)
{
    trine_status status = TRINE_OK;
    for (int i = 0; i < group->control->workers && !status; i++)
        if (trine_process_group_died(group, i)) {
            trine_process_group_reap(group, i);
            status = trine_process_group_fork(group, i, false);
        }
    return status;
}

trine_status trine_pool_serve(pool_group *group, int workers, const trine_job *job)
{
    if (trine_fork_server_foreign())
        return trine_fail(TRINE_E_WORKER, "pool: the team belongs to the process that this one was "
                                          "forked from");
    trine_status status;
    if (group->control) {
        status = fork_missing(group);
    } else {
        /* The caller beside them takes a CPU, too. */
        status = trine_process_group_open(group, 0, workers, trine_spin_seconds(workers + 1));
        if (status) {
            char why[TRINE_DETAIL_SIZE];
            snprintf(why, sizeof why, "%s", trine_error_detail());
            trine_process_group_close(group);
            trine_fail(status, "%s", why);
        }
    }
    if (status)
        return status;
    pool_control *control = group->control;
    control->marks = control->own_marks;
    control->job = *job;
    control->job.blocks = (size_t)workers;
    control->job.schedule = TRINE_STATIC;
    control->published = trine_seconds();
    trine_process_group_publish(group);
    return TRINE_OK;
}

/* Whether its body has returned. */
static bool is_through(const pool_group *group, int task_worker)
{
    return atomic_load(&group->control->slots[task_worker].finished) ==
           atomic_load(&group->control->generation);
}

/* The first of BLOCK task workers from `first` on that died before its body returned, or -1. */
static int find_lost(const pool_group *group, int first)
{
    struct pollfd watch[BLOCK];
    int count = 0;
    for (; count < BLOCK && first + count < group->control->workers; count++)
        watch[count] =
            (struct pollfd){.fd = group->worker[first + count].pidfd.fd, .events = POLLIN};
    (void)poll(watch, (nfds_t)count, 0);
    for (int i = 0; i < count; i++) {
        const pool_worker *worker = &group->worker[first + i];
        if (worker->pid && (watch[i].revents || !trine_descriptor_holds(&worker->pidfd)) &&
            !is_through(group, first + i))
            return first + i;
    }
    return -1;
}

bool trine_pool_lost(pool_group *group, int *task_worker, char *how, size_t size)
{
    int workers = group->control->workers, lost = -1;
    for (int i = 0; i < workers && lost < 0; i += BLOCK)
        lost = find_lost(group, i);
    if (lost < 0)
        return false;
    trine_process_group_reap(group, lost);
    snprintf(how, size, "%s", group->death);
    *task_worker = lost;
    return true;
}

trine_status trine_pool_restart(pool_group *group, int task_worker)
{
    return trine_process_group_fork(group, task_worker, true);
}

trine_status trine_pool_kill(pool_group *group, int task_worker)
{
    const pool_worker *worker = &group->worker[task_worker];
    if (worker->pid == 0)
        return TRINE_OK;
    if (!trine_process_group_kill(group, task_worker))
        return trine_fail(TRINE_E_SYSTEM, "pool: worker %d (pid %d) cannot be killed", task_worker,
                          (int)worker->pid);
    struct pollfd watch = {.fd = worker->pidfd.fd, .events = POLLIN};
    if (trine_descriptor_holds(&worker->pidfd) && poll(&watch, 1, END_MILLISECONDS) != 1)
        return trine_fail(TRINE_E_SYSTEM, "pool: worker %d (pid %d) does not end when killed",
                          task_worker, (int)group->worker[task_worker].pid);
    return TRINE_OK;
}

void trine_pool_serve_end(pool_group *group)
{
    /* The process that has the task workers waits for them; a copy of it cannot. */
    if (trine_fork_server_foreign())
        return;
    for (int i = 0; i < group->control->workers; i++)
        if (!trine_process_group_wait(group, i))
            trine_process_group_reap(group, i);
}
