/* core/sync/lock.c - a lock for the workers of one rank, threads or processes alike.
 *
 * 1. A robust, error-checking, process-shared mutex of POSIX in memory that every worker addresses
 *    (the executor's), so that one pointer serves all of them.
 * 2. When its holder dies the kernel, which has the list of the mutexes that each thread holds,
 *    marks it and wakes one that waits; that one is told so and makes the mutex whole again.
 * 3. A lock counts as an array of its team: a team that has any is not closed.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <trine/sync.h>
#include <unistd.h>

#include "core/system/error.h"
#include "core/team/team.h"

/* team is the creator's address, which only trine_lock_free reads. */
struct trine_lock {
    pthread_mutex_t mutex;
    trine_team *team;
};

static int make_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);
    if (error)
        return error;
    error = pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    if (!error)
        error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (!error)
        error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (!error)
        error = pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return error;
}

trine_status trine_lock_create(trine_team *team, trine_lock **lock)
{
    TRINE_FLOAT_SCOPE;
    void *memory;
    if (!team || !lock)
        return trine_fail(TRINE_E_ARGUMENT, "trine_lock_create: %s is NULL",
                          team ? "lock" : "team");
    trine_executor *executor = &team->executor;
    trine_status status = trine_team_check(team);
    if (!status)
        status = executor->ops.alloc(executor, sizeof(trine_lock), &memory);
    if (status)
        return status;
    trine_lock *made = memory;
    int error = make_mutex(&made->mutex);
    if (error) {
        executor->ops.free(executor, memory, sizeof(trine_lock));
        return trine_fail(TRINE_E_SYSTEM,
                          "trine_lock_create: a robust mutex that processes share: %s",
                          strerror(error));
    }
    made->team = team;
    atomic_fetch_add(&team->arrays, 1);
    *lock = made;
    return TRINE_OK;
}

trine_status trine_lock_acquire(trine_lock *lock, bool *recovered)
{
    if (!lock)
        return trine_fail(TRINE_E_ARGUMENT, "trine_lock_acquire: lock is NULL");
    int error = pthread_mutex_lock(&lock->mutex);
    bool abandoned = error == EOWNERDEAD;
    if (abandoned)
        error = pthread_mutex_consistent(&lock->mutex);
    if (error == EDEADLK)
        return trine_fail(TRINE_E_SYSTEM,
                          "trine_lock_acquire: this thread (pid %d) holds the lock "
                          "already and would wait for itself",
                          (int)getpid());
    if (error)
        return trine_fail(TRINE_E_SYSTEM, "trine_lock_acquire (pid %d): %s", (int)getpid(),
                          strerror(error));
    if (recovered)
        *recovered = abandoned;
    return TRINE_OK;
}

trine_status trine_lock_release(trine_lock *lock)
{
    if (!lock)
        return trine_fail(TRINE_E_ARGUMENT, "trine_lock_release: lock is NULL");
    int error = pthread_mutex_unlock(&lock->mutex);
    if (error == EPERM)
        return trine_fail(TRINE_E_SYSTEM,
                          "trine_lock_release: this thread (pid %d) does not hold "
                          "the lock",
                          (int)getpid());
    if (error)
        return trine_fail(TRINE_E_SYSTEM, "trine_lock_release (pid %d): %s", (int)getpid(),
                          strerror(error));
    return TRINE_OK;
}

void trine_lock_free(trine_lock *lock)
{
    if (!lock)
        return;
    trine_executor *executor = &lock->team->executor;
    atomic_fetch_sub(&lock->team->arrays, 1);
    /* The memory of a pool is shared with the process that the lock belongs to. */
    if (!trine_team_inherited(lock->team))
        pthread_mutex_destroy(&lock->mutex);
    executor->ops.free(executor, lock, sizeof(trine_lock));
}
