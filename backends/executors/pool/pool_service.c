/* backends/executors/pool/pool_service.c - servants of a pool: forked workers beside the caller,
 * for tasks.
 *
 * 1. They are a crew of their own in which the caller takes no part: a task cannot harm the user's
 *    process, and every one of them can be killed.
 * 2. The crew is forked by the first service and kept for the next: a service is one job of as many
 *    runs as servants, handed out statically, so that run and servant have the same number.
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

/* Servants that are looked at by one system call. */
enum { BLOCK = 64 };

static trine_status fork_missing(pool_crew *crew)
{
    trine_status status = TRINE_OK;
    for (int i = 0; i < crew->control->workers && !status; i++)
        if (trine_crew_died(crew, i)) {
            trine_crew_bury(crew, i);
            status = trine_crew_fork(crew, i, false);
        }
    return status;
}

trine_status trine_pool_serve(pool_crew *crew, int workers, const trine_job *job)
{
    if (trine_zygote_foreign())
        return trine_fail(TRINE_E_WORKER, "pool: the team belongs to the process that this one was "
                                          "forked from");
    trine_status status;
    if (crew->control) {
        status = fork_missing(crew);
    } else {
        /* The caller beside them takes a CPU, too. */
        status = trine_crew_open(crew, 0, workers, trine_spin_seconds(workers + 1));
        if (status) {
            char why[TRINE_DETAIL_SIZE];
            snprintf(why, sizeof why, "%s", trine_error_detail());
            trine_crew_close(crew);
            trine_fail(status, "%s", why);
        }
    }
    if (status)
        return status;
    pool_control *control = crew->control;
    control->marks = control->own_marks;
    control->job = *job;
    control->job.runs = (size_t)workers;
    control->job.schedule = TRINE_STATIC;
    control->published = trine_seconds();
    trine_crew_publish(crew);
    return TRINE_OK;
}

/* Whether its body has returned. */
static bool is_through(const pool_crew *crew, int servant)
{
    return atomic_load(&crew->control->slots[servant].finished) ==
           atomic_load(&crew->control->generation);
}

/* The first of BLOCK servants from `first` on that died before its body returned, or -1. */
static int find_lost(const pool_crew *crew, int first)
{
    struct pollfd watch[BLOCK];
    int count = 0;
    for (; count < BLOCK && first + count < crew->control->workers; count++)
        watch[count] =
            (struct pollfd){.fd = crew->worker[first + count].pidfd.fd, .events = POLLIN};
    (void)poll(watch, (nfds_t)count, 0);
    for (int i = 0; i < count; i++) {
        const pool_worker *worker = &crew->worker[first + i];
        if (worker->pid && (watch[i].revents || !trine_descriptor_holds(&worker->pidfd)) &&
            !is_through(crew, first + i))
            return first + i;
    }
    return -1;
}

bool trine_pool_lost(pool_crew *crew, int *servant, char *how, size_t size)
{
    int workers = crew->control->workers, lost = -1;
    for (int i = 0; i < workers && lost < 0; i += BLOCK)
        lost = find_lost(crew, i);
    if (lost < 0)
        return false;
    trine_crew_bury(crew, lost);
    snprintf(how, size, "%s", crew->death);
    *servant = lost;
    return true;
}

trine_status trine_pool_restart(pool_crew *crew, int servant)
{
    return trine_crew_fork(crew, servant, true);
}

trine_status trine_pool_kill(pool_crew *crew, int servant)
{
    const pool_worker *worker = &crew->worker[servant];
    if (worker->pid == 0)
        return TRINE_OK;
    if (!trine_crew_kill(crew, servant))
        return trine_fail(TRINE_E_SYSTEM, "pool: worker %d (pid %d) cannot be killed", servant,
                          (int)worker->pid);
    struct pollfd watch = {.fd = worker->pidfd.fd, .events = POLLIN};
    if (trine_descriptor_holds(&worker->pidfd) && poll(&watch, 1, END_MILLISECONDS) != 1)
        return trine_fail(TRINE_E_SYSTEM, "pool: worker %d (pid %d) does not end when killed",
                          servant, (int)crew->worker[servant].pid);
    return TRINE_OK;
}

void trine_pool_serve_end(pool_crew *crew)
{
    /* The process that has the servants waits for them; a copy of it cannot. */
    if (trine_zygote_foreign())
        return;
    for (int i = 0; i < crew->control->workers; i++)
        if (!trine_crew_wait(crew, i))
            trine_crew_bury(crew, i);
}
