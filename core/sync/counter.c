/* core/sync/counter.c - a counter that all ranks of a team can update.
 *
 * On one rank it is a word in memory that the rank's workers share, updated by atomic instructions,
 * with a lock of core/sync/lock.c beside it. On several it is a word of a shared window, which lies
 * on rank 0, with another for the lock: 0 when it is free, else the holder's rank and 1, taken by
 * comparing and swapping. Whoever finds it taken sleeps, longer each time, so that the holder gets
 * the CPU.
 */
#include <trine/sync.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/system/error.h"
#include "core/team/team.h"

/* Words of the shared window. */
enum { VALUE = 0, LOCK = 8, WINDOW_BYTES = 16 };

/* window: NULL on one rank. owner, process: the thread that may use it. The workers of one rank use
 * value and lock. */
struct trine_counter {
    trine_team *team;
    trine_shared_window *window;
    pthread_t owner;
    pid_t process;
    bool held;
    atomic_llong value;
    trine_lock *lock;
};

/* Why this team has no counter; OK when it has. */
static trine_status check_team(const trine_team *team)
{
    int ranks = team->communicator.size, workers = team->executor.workers;
    if (ranks == 1 || workers == 1)
        return TRINE_OK;
    return trine_fail(
        TRINE_E_ABSENT,
        "trine_counter_open: team %s has %d ranks of %d workers each, and of a "
        "rank MPI lets one thread alone use a counter (MPI_THREAD_FUNNELED); expected "
        "one rank, or one worker a rank (mpi:%d)",
        team->spec, ranks, workers, ranks * workers);
}

static void release(trine_counter *counter)
{
    trine_executor *executor = &counter->team->executor;
    trine_lock_free(counter->lock);
    executor->ops.free(executor, counter, sizeof *counter);
}

/* The part that a rank does alone. */
static trine_status new_counter(trine_team *team, int64_t initial, trine_counter **made)
{
    void *memory = NULL;
    trine_status status = check_team(team);
    if (!status)
        status = team->executor.ops.alloc(&team->executor, sizeof(trine_counter), &memory);
    if (status)
        return status;
    trine_counter *counter = memory;
    counter->team = team;
    counter->owner = pthread_self();
    counter->process = getpid();
    atomic_init(&counter->value, initial);
    if (team->communicator.size == 1)
        status = trine_lock_create(team, &counter->lock);
    if (status)
        team->executor.ops.free(&team->executor, counter, sizeof *counter);
    else
        *made = counter;
    return status;
}

static trine_status create(trine_team *team, int64_t initial, trine_counter **made)
{
    const trine_communicator_ops *ops = team->communicator.ops;
    uint64_t call = trine_call_number(1, "counter", 7), before;
    trine_counter *counter = NULL;
    trine_shared_window *window = NULL;
    call = trine_call_number(call, &initial, sizeof initial);
    trine_status status = new_counter(team, initial, &counter);
    if (team->communicator.size > 1)
        status = ops->window(&team->communicator, WINDOW_BYTES, &window, call, status);
    if (window && team->communicator.rank == 0)
        status = window->ops->swap(window, VALUE, (uint64_t)initial, &before);
    if (window) {
        /* Nobody reads it before rank 0 has written it. */
        status = trine_team_agree(team, call, status);
        if (status)
            window->ops->close(window);
    }
    if (status && counter)
        release(counter);
    if (status || !counter)
        return status;
    counter->window = window;
    *made = counter;
    return TRINE_OK;
}

trine_status trine_counter_open(trine_team *team, int64_t initial, trine_counter **counter)
{
    if (!team || !counter)
        return trine_call_refuse(
            team, trine_fail(TRINE_E_ARGUMENT, "trine_counter_open: %s is NULL; expected %s",
                             team ? "counter" : "team", team ? "where to put it" : "a team"));
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    status = create(team, initial, counter);
    if (!status)
        atomic_fetch_add(&team->arrays, 1);
    return trine_call_end(team, NULL, status);
}

trine_status trine_counter_close(trine_counter *counter)
{
    if (!counter)
        return TRINE_OK;
    trine_team *team = counter->team;
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    status = trine_team_agree(team, trine_call_number(1, "counter_close", 12), TRINE_OK);
    if (status && status != TRINE_E_MPI && status != TRINE_E_CLOSED)
        return trine_call_end(team, NULL, status);
    if (counter->window)
        counter->window->ops->close(counter->window);
    release(counter);
    atomic_fetch_sub(&team->arrays, 1);
    return trine_call_end(team, NULL, status);
}

/* What every function asks first: several ranks' counter is used by one thread of each. The team is
 * not where a pool's worker could read it. */
static trine_status check_use(const trine_counter *counter, const char *call)
{
    if (!counter)
        return trine_fail(TRINE_E_ARGUMENT, "%s: counter is NULL", call);
    if (!counter->window ||
        (getpid() == counter->process && pthread_equal(pthread_self(), counter->owner)))
        return TRINE_OK;
    return trine_fail(TRINE_E_ABSENT,
                      "%s: a counter of several ranks is for the thread that opened it, not for "
                      "workers beside it; expected a team of one worker a rank that is that "
                      "thread (mpi)",
                      call);
}

trine_status trine_counter_add(trine_counter *counter, int64_t value, int64_t *before)
{
    TRINE_FLOAT_SCOPE;
    uint64_t was = 0;
    trine_status status = check_use(counter, "trine_counter_add");
    if (status)
        return status;
    if (counter->window)
        status = counter->window->ops->add(counter->window, VALUE, (uint64_t)value, &was);
    else
        was = (uint64_t)atomic_fetch_add(&counter->value, value);
    if (!status && before)
        *before = (int64_t)was;
    return status;
}

trine_status trine_counter_get(trine_counter *counter, int64_t *value)
{
    TRINE_FLOAT_SCOPE;
    uint64_t now = 0;
    trine_status status = check_use(counter, "trine_counter_get");
    if (!status && !value)
        status = trine_fail(TRINE_E_ARGUMENT, "trine_counter_get: value is NULL; expected where to "
                                              "put it");
    if (status || !value)
        return status;
    if (counter->window)
        status = counter->window->ops->load(counter->window, VALUE, &now);
    else
        now = (uint64_t)atomic_load(&counter->value);
    if (!status)
        *value = (int64_t)now;
    return status;
}

trine_status trine_counter_set(trine_counter *counter, int64_t value)
{
    TRINE_FLOAT_SCOPE;
    uint64_t before;
    trine_status status = check_use(counter, "trine_counter_set");
    if (status)
        return status;
    if (counter->window)
        return counter->window->ops->swap(counter->window, VALUE, (uint64_t)value, &before);
    atomic_store(&counter->value, value);
    return TRINE_OK;
}

static trine_status lock_window(trine_counter *counter)
{
    trine_shared_window *window = counter->window;
    uint64_t mine = (uint64_t)counter->team->communicator.rank + 1, holder;
    if (counter->held)
        return trine_fail(TRINE_E_SYSTEM, "trine_counter_lock: this rank holds the lock already");
    long most = window->passive ? 1000000 : 50000;
    for (long nanoseconds = 1000;; nanoseconds += nanoseconds < most ? nanoseconds : 0) {
        trine_status status = window->ops->compare(window, LOCK, 0, mine, &holder);
        if (status)
            return status;
        if (holder == 0)
            break;
        nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
    }
    counter->held = true;
    return TRINE_OK;
}

trine_status trine_counter_lock(trine_counter *counter)
{
    TRINE_FLOAT_SCOPE;
    trine_status status = check_use(counter, "trine_counter_lock");
    if (status)
        return status;
    if (counter->window)
        return lock_window(counter);
    /* When its holder died: the value is one word, so nothing is half done. */
    return trine_lock_acquire(counter->lock, NULL);
}

trine_status trine_counter_unlock(trine_counter *counter)
{
    TRINE_FLOAT_SCOPE;
    trine_status status = check_use(counter, "trine_counter_unlock");
    if (status)
        return status;
    uint64_t before;
    if (counter->window && !counter->held)
        return trine_fail(TRINE_E_SYSTEM, "trine_counter_unlock: this rank does not hold the lock");
    if (counter->window) {
        counter->held = false;
        return counter->window->ops->swap(counter->window, LOCK, 0, &before);
    }
    return trine_lock_release(counter->lock);
}
