/* trine/sync.h - for tasks that update the same memory: locks, atomics, a counter over all ranks.
 */
#ifndef TRINE_SYNC_H
#define TRINE_SYNC_H

#include <trine/team.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A lock for the workers of one rank. */
typedef struct trine_lock trine_lock;

/** Makes a lock for the workers of this rank, threads or processes.
 *
 * It is at the same address in each: the pointer can travel in a task's param. A team that has
 * locks is not closed (BUSY). `*lock` is untouched on error. Not collective. Errors: ARGUMENT,
 * MEMORY, SYSTEM. */
TRINE_API trine_status trine_lock_create(trine_team *team, trine_lock **lock);

/** Waits for the lock. Any worker of the rank.
 *
 * `*recovered` (recovered may be NULL): the worker that held it died with it held; the lock is the
 * caller's now, and what it guards may be half done. Errors: ARGUMENT for NULL; SYSTEM when this
 * thread holds it already. */
TRINE_API trine_status trine_lock_acquire(trine_lock *lock, bool *recovered);

/** Gives the lock back. Errors: ARGUMENT for NULL; SYSTEM when this thread does not hold it. */
TRINE_API trine_status trine_lock_release(trine_lock *lock);

/** Releases the lock's memory; nobody may hold it. NULL does nothing. Not collective. */
TRINE_API void trine_lock_free(trine_lock *lock);

/** Adds value to what is at `at`, in one step that no other worker can come between; returns what
 * was there before.
 *
 * at is aligned, in memory that the workers share, and not NULL. Any thread. Integers wrap; f64
 * rounds, in the order of arrival (not reproducible; reduce instead). @{ */
TRINE_API int64_t trine_atomic_add_i64(int64_t *at, int64_t value);
TRINE_API uint64_t trine_atomic_add_u64(uint64_t *at, uint64_t value);
TRINE_API double trine_atomic_add_f64(double *at, double value);
/** @} */

/** A number that all ranks of a team can update. */
typedef struct trine_counter trine_counter;

/** Makes a 64-bit counter that all ranks of the team can update; it lies on rank 0.
 *
 * They do so from the thread that opened the team. On teams of one rank any worker of the rank may
 * use it: pass the pointer in a task's param. `*counter` is untouched on error. Collective. Errors:
 * ARGUMENT, BUSY, MEMORY (also when /dev/shm is full), COLLECTIVE, MPI, ABSENT when several ranks
 * have several workers each, which MPI's funneled threads do not let use it. */
TRINE_API trine_status trine_counter_open(trine_team *team,
                                          int64_t initial,
                                          trine_counter **counter);

/** Releases the counter. NULL, which all ranks give or none, does nothing. Collective. Errors:
 * BUSY; COLLECTIVE; MPI, or CLOSED after MPI_Finalize, and then the counter is released all the
 * same. */
TRINE_API trine_status trine_counter_close(trine_counter *counter);

/** Adds value in one step; `*before` (before may be NULL) becomes what was there. Not collective.
 * Errors: ARGUMENT; MPI; ABSENT of several ranks in another thread than that which opened the
 * counter. */
TRINE_API trine_status trine_counter_add(trine_counter *counter, int64_t value, int64_t *before);

/** Reads the counter, whole; nothing keeps others out between this and a later call. Not
 * collective. Errors: as trine_counter_add. */
TRINE_API trine_status trine_counter_get(trine_counter *counter, int64_t *value);

/** Writes the counter, whole. Not collective. Errors: as trine_counter_add. */
TRINE_API trine_status trine_counter_set(trine_counter *counter, int64_t value);

/** Keeps out others that call it until trine_counter_unlock. Not collective. Errors: as
 * trine_counter_add; SYSTEM where this thread holds it already. */
TRINE_API trine_status trine_counter_lock(trine_counter *counter);

/** Lets the next one in. Not collective. Errors: as trine_counter_add; SYSTEM where this rank does
 * not hold it. */
TRINE_API trine_status trine_counter_unlock(trine_counter *counter);

#ifdef __cplusplus
}
#endif
#endif
