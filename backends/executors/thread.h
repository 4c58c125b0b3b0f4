/* backends/executors/thread.h - one worker that runs in a process: its scratch, its clock, its
 * first failure. What serial, omp and pool have in common. */
#ifndef TRINE_BACKENDS_THREAD_H
#define TRINE_BACKENDS_THREAD_H

#include "core/system/error.h"
#include "core/backend/executor.h"

/* failed_run and detail mean something while status is not OK. On cache lines of its own. */
typedef struct trine_thread {
    _Alignas(128) trine_worker worker;
    size_t scratch_size;
    double published, began, ended;
    double sampled_at, sampled_user, sampled_sys;
    double user_before, sys_before;
    uint64_t runs;
    trine_status status;
    size_t failed_run;
    char detail[TRINE_DETAIL_SIZE];
} trine_thread;

/* Starts the worker's part of a job that was handed out at `published`: floating-point environment,
 * clock, CPU sample, scratch. */
void trine_thread_begin(trine_thread *thread, int number, const trine_job *job, double published);

/* Does one run. False when it failed: the worker should stop. */
bool trine_thread_run(trine_thread *thread, const trine_job *job, size_t run);

/* Ends the worker's part and fills its entry, all but `wait`. */
void trine_thread_end(trine_thread *thread, trine_ledger_worker *entry);

/* The status of the failed run of the lowest number, its detail becoming the caller's. */
trine_status trine_thread_status(const trine_thread threads[], int count);

/* Frees the scratch. */
void trine_thread_release(trine_thread *thread);

#endif
