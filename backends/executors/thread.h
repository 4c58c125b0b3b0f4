/* backends/executors/thread.h - one worker that runs in a process: its scratch, its clock, its
 * first failure. What serial, omp and pool have in common. */
#ifndef TRINE_BACKENDS_THREAD_H
#define TRINE_BACKENDS_THREAD_H

#include <stdatomic.h>

#include "core/system/error.h"
#include "core/backend/executor.h"
#include "core/system/guard.h"

/* next, end: blocks that are left of its static share. failed_block and detail mean something while
 * status is not OK. On cache lines of its own. */
typedef struct trine_thread {
    _Alignas(128) trine_worker worker;
    size_t next, end;
    size_t scratch_size;
    double published, began, ended;
    double sampled_at, sampled_user, sampled_sys;
    double user_before, sys_before;
    uint64_t blocks;
    trine_status status;
    size_t failed_block;
    char detail[TRINE_DETAIL_SIZE];
} trine_thread;

/* Starts the part of worker `number` of so many in a job that was handed out at `published`:
 * floating-point environment, clock, CPU sample, scratch. Then the worker does its blocks:
 *
 *     while (trine_thread_next(thread, job, shared, &block))
 *         trine_thread_done(thread, block, trine_guard_run(job->body, job->context, block,
 *                                                        &thread->worker, number > 0));
 */
void trine_thread_begin(trine_thread *thread, int number, int workers, const trine_job *job,
                        double published);

/* The block that the worker does next: of its static share, or, where the job's hand-out is
 * dynamic, the next of all by the number that the workers share. False where it has none or one has
 * failed. */
bool trine_thread_next(trine_thread *thread, const trine_job *job, atomic_size_t *shared,
                       size_t *block);

/* What that block has come to. */
void trine_thread_done(trine_thread *thread, size_t block, trine_status status);

/* Ends the worker's part and fills its entry, all but `wait`. */
void trine_thread_end(trine_thread *thread, trine_ledger_worker *entry);

/* The status of the failed block of the lowest number, its detail becoming the caller's. */
trine_status trine_thread_status(const trine_thread threads[], int count);

/* Frees the scratch. */
void trine_thread_release(trine_thread *thread);

#endif
