/* trine/ledger.h - where a call's wall time went. Every call on a team fills one. */
#ifndef TRINE_LEDGER_H
#define TRINE_LEDGER_H

#include <trine/team.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One worker's part of a call, in seconds. */
typedef struct trine_ledger_worker {
    double dispatch; /**< Making the work ready and handing it out, until the worker began. */
    double transfer; /**< Reading input that it does not address: a file, a transported array. */
    double compute;  /**< In kernels. */
    double wait;     /**< From its end until the last worker's. */
    double user;     /**< CPU time; 0 for a call that is shorter than a millisecond. */
    double sys;      /**< CPU time in the system, likewise. */
    int64_t blocks;  /**< How many blocks of chunks it took. */
    int64_t pid;     /**< The process that it ran in. */
} trine_ledger_worker;

/** One call on this rank, in seconds as the calling thread saw them: wall = transfer_in + dispatch
 * + compute + wait + combine + transfer_out + other. launch and teardown stand beside it. */
typedef struct trine_ledger {
    size_t size;         /**< TRINE_INIT(trine_ledger) sets it. */
    double wall;         /**< All of the call. */
    double launch;       /**< Opening the team. */
    double transfer_in;  /**< Bringing input to the workers. */
    double dispatch;     /**< Making the work ready and handing it out. */
    double compute;      /**< In kernels. */
    double wait;         /**< For the other workers. */
    double combine;      /**< Merging partials, of workers and of ranks. */
    double transfer_out; /**< Bringing output back. */
    double other;        /**< The rest. */
    double teardown;     /**< Of the last team that this thread closed. */
    double user;         /**< CPU time, the sum over the workers. */
    double sys;          /**< CPU time in the system, likewise. */
    int64_t bytes;       /**< What the kernels read and wrote, on this rank. */
    int64_t moved;       /**< Read from a file or copied by a transport, each copy counting. */
    int workers;         /**< That took part. */
    int replaced;        /**< Workers that died and were replaced during the call. */
    bool reproducible;   /**< The bits do not depend on the team or on the decomposition. */
} trine_ledger;

/** The ledger of the team's last call. Not collective. Errors: ARGUMENT (NULL). */
TRINE_API trine_status trine_team_ledger(const trine_team *team, trine_ledger *ledger);

/** One worker's part of it, 0 <= worker < trine_team_workers(team), of this rank. Not collective.
 * Errors: ARGUMENT (NULL, no such worker). */
TRINE_API trine_status trine_team_ledger_worker(const trine_team *team,
                                                int worker,
                                                trine_ledger_worker *entry);

/** Memory of a process, in bytes. */
typedef struct trine_memory {
    int64_t rss; /**< Resident, shared pages in full. */
    int64_t pss; /**< Shared pages divided by those who share them: figures that add up. */
    int64_t uss; /**< Its own alone: what would be free again without it. */
} trine_memory;

/** The memory, now, of the process in which a worker of this rank did its part of the last call.
 *
 * 0 <= worker < trine_team_workers(team); for tasks, of the last queue. It is the caller's own for
 * threads and for worker 0 of a pool. Takes from microseconds to a millisecond for each GiB,
 * outside of any call. Where the transport was inherit, workers exist during calls only; others
 * are then forked to be looked at. Not collective. Errors: ARGUMENT; ABSENT before Linux 4.14;
 * SYSTEM; THREADS and WORKER as in a call. */
TRINE_API trine_status trine_team_memory(trine_team *team, int worker, trine_memory *memory);

#ifdef __cplusplus
}
#endif
#endif
