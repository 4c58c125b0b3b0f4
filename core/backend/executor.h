/* core/backend/executor.h - what runs numbered pieces of work on the workers of one rank.
 *
 * A job is `blocks` independent pieces, numbered from 0. The executor calls body(context, block,
 * worker) once for each, on any worker, and returns when all are done or the job has failed. The
 * caller is always worker 0. A backend fills a trine_executor_ops; what it leaves NULL, serial's
 * does.
 */
#ifndef TRINE_CORE_EXECUTOR_H
#define TRINE_CORE_EXECUTOR_H

#include <sys/types.h>
#include <trine/ledger.h>
#include <trine/team.h>

#include "core/system/cpus.h"

/* One worker as a body sees it. scratch: job->scratch_size bytes of the worker's own, aligned to
 * 64, kept from block to block of a job with whatever the last one left there. Bodies add the
 * seconds that they spend reading their input to `transfer`. */
typedef struct trine_worker {
    int number;
    void *scratch;
    double transfer;
} trine_worker;

typedef trine_status (*trine_block_body)(void *context, size_t block, trine_worker *worker);

/* context lies in memory from `alloc` (or in static storage), so that every worker addresses it.
 * restartable: a block may be done again after its worker died in the middle of it. */
typedef struct trine_job {
    size_t blocks;
    trine_block_body body;
    void *context;
    size_t scratch_size;
    trine_schedule schedule;
    bool restartable;
} trine_job;

/* Options of one executor, as the spec gave them; 0 where it did not. */
typedef struct trine_executor_options {
    int workers;
    size_t heap_bytes;
    double spin_microseconds;
} trine_executor_options;

#define TRINE_SHORTFALL_SIZE 200

typedef struct trine_executor trine_executor;

typedef struct trine_executor_ops {
    const char *name;
    /* NULL; else why this library cannot run it, and what would provide it. */
    const char *absent;
    /* Workers other than the caller are processes: they do not address the caller's memory, so that
     * arrays there are staged for them, and they may die. */
    bool separate_memory;
    /* NULL; else the same workers, forked from the calling process for each job: they have its
     * memory, and get what they share from this executor. */
    const struct trine_executor_ops *forking;
    /* There are no workers other than the caller: a forked process has all that a team has. */
    bool alone;
    /* Starts the workers; options->workers is at least 1. Sets executor->data. On error nothing is
     * left behind. */
    trine_status (*open)(trine_executor *executor, const trine_executor_options *options);
    /* Ends the workers. */
    void (*close)(trine_executor *executor);
    /* Runs the job: the status (and detail) of the failed block of the lowest number, else OK; a
     * job that failed may leave blocks undone. Fills executor->ledger[w] for each worker (all but
     * `wait` of the others is measured by the worker itself), executor->replaced, and
     * executor->ended, when all were through. executor->published is when the work was there to be
     * handed out. */
    trine_status (*run)(trine_executor *executor, const trine_job *job);
    /* Zeroed memory, aligned to 64 bytes, that every worker addresses, really there (a shortage is
     * an error now, not a signal later) and, when it is large, first touched in equal shares by the
     * workers in their order. bytes > 0. */
    trine_status (*alloc)(trine_executor *executor, size_t bytes, void **memory);
    void (*free)(trine_executor *executor, void *memory, size_t bytes);
    /* Whether every worker addresses [memory, memory + bytes) of the caller. */
    bool (*addresses)(const trine_executor *executor, const void *memory, size_t bytes);
    /* The process of that worker, 0 <= worker < executor->workers. */
    pid_t (*worker_pid)(const trine_executor *executor, int worker);
    /* The memory of that worker; NULL: that of its process. */
    trine_status (*memory)(trine_executor *executor, int worker, trine_memory *memory);
    /* Task workers: threads or processes beside the caller that run tasks, one body at a time.
     * serve runs job->body(job->context, task_worker, worker) once in each of 0 .. *task_workers -
     * 1 and returns at once; memory and functions as in a job. A backend without serve and
     * serve_end has none: then the caller works itself. lost, restart, kill and task_worker_pid are
     * NULL where task workers are threads of this process. One thread calls them. */
    trine_status (*serve)(trine_executor *executor, const trine_job *job, int *task_workers);
    /* Whether a task worker died before its body returned; which, and how (one line). Each death is
     * told once. Never waits. */
    bool (*lost)(trine_executor *executor, int *task_worker, char *how, size_t size);
    /* Begins the body anew in another task worker of the number of one that was lost. */
    trine_status (*restart)(trine_executor *executor, int task_worker);
    /* Ends a task worker wherever it is; it is lost then. */
    trine_status (*kill)(trine_executor *executor, int task_worker);
    pid_t (*task_worker_pid)(const trine_executor *executor, int task_worker);
    /* Waits until all bodies have returned or their task workers have died. */
    void (*serve_end)(trine_executor *executor);
    /* Addresses that every worker has, without memory; memory behind a part of them, by whoever
     * calls (from a page's first byte on), MEMORY when there is none; giving that back; giving back
     * both. */
    trine_status (*reserve)(size_t bytes, void **memory);
    trine_status (*commit)(void *memory, size_t bytes);
    void (*discard)(void *memory, size_t bytes);
    void (*unreserve)(void *memory, size_t bytes);
    /* Workers that the environment asks for where a spec does not; 0 when it does not ask.
     * variable: the name of what asked. */
    int (*asked)(const char **variable);
    /* What the runtime has bound, asked by a thread of mask `own`; does not start the runtime.
     * NULL: it binds nothing. */
    void (*binding)(const trine_cpu_set *own, trine_binding *binding);
    /* To how many CPUs the runtime binds its threads, 0 where it does not; variable: what asked for
     * that. */
    int (*places)(const char **variable);
    /* Ends what is left of a job or a service whose caller never came to its end. When it fails,
     * the executor is good for nothing but being closed. NULL: nothing is left. */
    trine_status (*recover)(trine_executor *executor);
    /* What trine_init and trine_finalize do for this backend; NULL for nothing. */
    trine_status (*init)(void);
    void (*finalize)(void);
} trine_executor_ops;

/* ops: the backend's, completed by serial's. workers: those that were asked for, of numbers below
 * that. working: how many took part in the last job, or came when it opened; shortfall: why these
 * are fewer, and what mends that. */
struct trine_executor {
    trine_executor_ops ops;
    int workers, working;
    char shortfall[TRINE_SHORTFALL_SIZE];
    int replaced;
    double published, ended;
    trine_ledger_worker *ledger;
    void *data;
};

/* Every executor that a spec can name, NULL at the end (backends/list.c). The first has all that an
 * executor needs but a `separate_memory`, on the calling thread alone. Those that are not built
 * answer with `absent`. */
extern const trine_executor_ops *const trine_executors[];

/* Opens a backend with options->workers workers. */
trine_status trine_executor_open(trine_executor *executor, const trine_executor_ops *ops,
                                 const trine_executor_options *options);

/* Ends it; safe on one that was zeroed or failed to open. */
void trine_executor_close(trine_executor *executor);

#endif
