/* backends/mpi/mpi_leave.c - see mpi_leave.h.
 *
 * MPI_Finalize waits for all ranks. A rank that exits while others are in a call of a team, or open
 * one, would wait for them, and they for it. So before it finalises:
 *   1. On a communicator that is used for nothing else, the ranks add up how many are ending. Those
 *      that open a team take part, too, and learn that they would be alone. Who ends asks again
 *      until all do.
 *   2. Meanwhile it looks whether a message waits for it on the communicator of a team that it left
 *      open: in every round of a call two ranks send to each other, so that whoever waits for this
 *      rank has sent to it, or waits for one that has. Then the program is wrong and cannot go on:
 *      MPI_Abort.
 *   3. What ranks do on a shared window shows in no message. While one is open the others have so
 *      many seconds to end, too.
 */
#include "backends/mpi/mpi_leave.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/system/clock.h"
#include "core/backend/executor.h"

enum { WINDOW_SECONDS = 5 };

/* inherited: MPI had been initialised when this process was forked: it is the other process's. */
static bool started_mpi, inherited;
static MPI_Comm leaving = MPI_COMM_NULL;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static trine_mpi_data *open_teams;
static int open_windows;

static void note_fork(void)
{
    int initialized = 0;
    MPI_Initialized(&initialized);
    inherited = inherited || initialized;
}

__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, note_fork);
}

bool trine_mpi_inherited(void)
{
    return inherited;
}

void trine_mpi_know(trine_mpi_data *data)
{
    pthread_mutex_lock(&lock);
    data->next = open_teams;
    open_teams = data;
    pthread_mutex_unlock(&lock);
}

void trine_mpi_forget(trine_mpi_data *data)
{
    pthread_mutex_lock(&lock);
    trine_mpi_data **at = &open_teams;
    while (*at && *at != data)
        at = &(*at)->next;
    if (*at)
        *at = data->next;
    pthread_mutex_unlock(&lock);
}

void trine_mpi_count_windows(int more)
{
    pthread_mutex_lock(&lock);
    open_windows += more;
    pthread_mutex_unlock(&lock);
}

/* Made by the first that opens a team over all ranks, whoever has started MPI. */
static trine_status make_leaving(void)
{
    if (leaving != MPI_COMM_NULL)
        return TRINE_OK;
    int error = MPI_Comm_dup(MPI_COMM_WORLD, &leaving);
    if (error)
        return trine_mpi_fail("MPI_Comm_dup", error);
    MPI_Comm_set_errhandler(leaving, MPI_ERRORS_RETURN);
    return TRINE_OK;
}

trine_status trine_mpi_meet_leavers(void)
{
    int own = 0, all = 0;
    trine_status status = make_leaving();
    if (status)
        return status;
    /* What is blocking meets nothing that is not. */
    MPI_Request request;
    int error = MPI_Iallreduce(&own, &all, 1, MPI_INT, MPI_SUM, leaving, &request);
    if (!error)
        error = MPI_Wait(&request, MPI_STATUS_IGNORE);
    if (error)
        return trine_mpi_fail("MPI_Iallreduce", error);
    return all == 0 ? TRINE_OK
                    : trine_fail(TRINE_E_LAUNCH,
                                 "mpi: %d rank%s of this launch end%s the program, while others "
                                 "open a team of all ranks",
                                 all, all == 1 ? "" : "s", all == 1 ? "s" : "");
}

/* Whether another rank is in a call on a team that this one has left open. */
static bool someone_waits(void)
{
    int found = 0;
    for (trine_mpi_data *team = open_teams; team && !found; team = team->next)
        if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, team->comm, &found, MPI_STATUS_IGNORE))
            found = 0;
    return found;
}

static void abort_ranks(int status, const char *why)
{
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    fprintf(stderr,
            "trine: rank %d ends (exit status %d) without closing its team, %s: all ranks are "
            "ended\n",
            rank, status, why);
    MPI_Abort(MPI_COMM_WORLD, status ? status : EXIT_FAILURE);
}

/* Adds up how many ranks end; false where MPI fails. */
static bool count_leaving(int status, double until, int *all)
{
    static const int own = 1;
    MPI_Request request;
    int done = 0;
    struct timespec pause = {.tv_nsec = 10000};
    if (MPI_Iallreduce(&own, all, 1, MPI_INT, MPI_SUM, leaving, &request))
        return false;
    for (;;) {
        if (MPI_Test(&request, &done, MPI_STATUS_IGNORE))
            return false;
        if (done)
            return true;
        if (someone_waits())
            abort_ranks(status, "and another rank waits for it in a call");
        if (open_windows > 0 && trine_seconds() > until)
            abort_ranks(status, "whose counter or task queue others still use");
        nanosleep(&pause, NULL);
        pause.tv_nsec += pause.tv_nsec < 5000000 ? pause.tv_nsec : 0;
    }
}

static void leave(int status)
{
    int main_thread = 1, all = 0, size = 0;
    if (!started_mpi || inherited || trine_mpi_ended())
        return;
    MPI_Is_thread_main(&main_thread);
    /* The main thread may be in MPI, which at this level lets no other in. */
    if (!main_thread && open_teams)
        abort_ranks(status, "by a thread that may not call MPI");
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    double until = trine_seconds() + WINDOW_SECONDS;
    while (leaving != MPI_COMM_NULL && all < size && count_leaving(status, until, &all))
        ;
    if (leaving != MPI_COMM_NULL)
        MPI_Comm_free(&leaving);
    MPI_Finalize();
}

void trine_mpi_leave(void)
{
    leave(EXIT_SUCCESS);
}

static void leave_at_exit(int status, void *unused)
{
    (void)unused;
    leave(status);
}

trine_status trine_mpi_leave_at_exit(void)
{
    started_mpi = true;
    on_exit(leave_at_exit, NULL);
    return TRINE_OK;
}
