/* trine/sync.h - for tasks that update the same memory: locks, atomics, a counter over all ranks.
 */
#ifndef TRINE_SYNC_H
#define TRINE_SYNC_H

#include <trine/team.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct trine_lock trine_lock;

/* A lock for the workers of this rank, threads or processes, at the same address in each: the
 * pointer can travel in a task's param. A team that has locks is not closed (BUSY). *lock is
 * untouched on error. Not collective. Errors: ARGUMENT, MEMORY, SYSTEM. */
TRINE_API trine_status trine_lock_create(trine_team *team, trine_lock **lock);

/* Waits for the lock. *recovered (may be NULL): the worker that held it died with it held; the lock
 * is the caller's now, and what it guards may be half done. ARGUMENT for NULL; SYSTEM when this
 * thread holds it already. */
TRINE_API trine_status trine_lock_acquire(trine_lock *lock, bool *recovered);

/* SYSTEM when this thread does not hold it. */
TRINE_API trine_status trine_lock_release(trine_lock *lock);

/* Releases the lock's memory; nobody may hold it. NULL does nothing. Not collective. */
TRINE_API void trine_lock_free(trine_lock *lock);

/* *at += value in one step that no other worker can come between; what was there before. at is
 * aligned, in memory that the workers share. Wraps (the integers); rounds, in the order of arrival
 * (f64: not reproducible; reduce instead). */
TRINE_API int64_t trine_atomic_add_i64(int64_t *at, int64_t value);
TRINE_API uint64_t trine_atomic_add_u64(uint64_t *at, uint64_t value);
TRINE_API double trine_atomic_add_f64(double *at, double value);

typedef struct trine_counter trine_counter;

/* A 64-bit counter that all ranks of the team can update, from the thread that opened the team; it
 * lies on rank 0. Collective. On teams of one rank any worker of the rank may use it: pass the
 * pointer in a task's param. Errors: ARGUMENT, MEMORY (also when /dev/shm is full), MPI, ABSENT
 * when several ranks have several workers each, which MPI's funneled threads do not let use it. */
TRINE_API trine_status trine_counter_create(trine_team *team, int64_t initial,
                                            trine_counter **counter);

/* Collective. NULL, which all ranks give or none, does nothing. */
TRINE_API trine_status trine_counter_free(trine_counter *counter);

/* One step; *before (may be NULL): what was there. Not collective. */
TRINE_API trine_status trine_counter_add(trine_counter *counter, int64_t value, int64_t *before);

/* Reads and writes, each whole, but with nothing between them that keeps others out. Not
 * collective. */
TRINE_API trine_status trine_counter_get(trine_counter *counter, int64_t *value);
TRINE_API trine_status trine_counter_set(trine_counter *counter, int64_t value);

/* Keeps others that call lock out until unlock. Not collective. */
TRINE_API trine_status trine_counter_lock(trine_counter *counter);
TRINE_API trine_status trine_counter_unlock(trine_counter *counter);

#ifdef __cplusplus
}
#endif
#endif
