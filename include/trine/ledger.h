/* trine/ledger.h - where a call's wall time went. Every call on a team fills one. */
#ifndef TRINE_LEDGER_H
#define TRINE_LEDGER_H

#include <trine/team.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One worker's share of a call, in seconds. dispatch: making the work ready and handing it
 * out, until the worker began. transfer: reading input that it does not address (a file, an
 * array brought by a transport). wait:
 * from its end until the last worker's. user and sys: CPU seconds, sampled when at least a
 * millisecond has passed, so a shorter call shows 0. pid is the process that it ran in. */
typedef struct trine_ledger_worker {
    double dispatch, transfer, compute, wait, user, sys;
    uint64_t runs;
    int64_t pid;
} trine_ledger_worker;

/* One call on this rank, in seconds as the calling thread saw them:
 * wall = transfer_in + dispatch + compute + wait + combine + transfer_out + other.
 * launch (opening the team) and teardown (of the last team closed by this thread) stand beside it.
 * user and sys are sums over the workers. bytes: what the kernels read and wrote, on this rank.
 * moved: what was copied to get there: read from a file, or
 * copied by a transport, each copy counting. reproducible: the bits do not depend on
 * the team or on the decomposition. replaced: workers that died and were replaced during the call.
 */
typedef struct trine_ledger {
    double wall, launch, transfer_in, dispatch, compute, wait, combine, transfer_out, other;
    double teardown;
    double user, sys;
    uint64_t bytes, moved;
    int workers, replaced;
    bool reproducible;
} trine_ledger;

/* The ledger of the team's last call. Not collective. */
TRINE_API trine_status trine_team_ledger(const trine_team *team, trine_ledger *ledger);

/* The same for worker 0 <= worker < trine_team_workers(team) of this rank. Not collective. */
TRINE_API trine_status trine_team_ledger_worker(const trine_team *team, int worker,
                                                trine_ledger_worker *entry);

/* Memory of a process, in bytes. rss: resident, shared pages in full. pss: shared pages divided by
 * those who share them, so that the figures of several processes add up. uss: its own alone, what
 * would be free again without it. */
typedef struct trine_memory {
    uint64_t rss, pss, uss;
} trine_memory;

/* The memory, now, of the process in which worker 0 <= worker < trine_team_workers(team) of this
 * rank did its share of the last call (for tasks, of the last queue): the caller's own for threads
 * and for worker 0 of a pool. Takes from microseconds to a millisecond for each GiB, outside of any
 * call. Where the transport was inherit, workers exist during calls only, so that others are forked
 * to be looked at. Not collective. Errors: ARGUMENT; ABSENT before Linux 4.14; SYSTEM; THREADS as
 * in a call. */
TRINE_API trine_status trine_team_memory(trine_team *team, int worker, trine_memory *memory);

#ifdef __cplusplus
}
#endif
#endif
