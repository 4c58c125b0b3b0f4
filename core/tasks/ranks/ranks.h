/* core/tasks/ranks/ranks.h - tasks on several ranks: every rank's scheduler, fed from rank 0.
 *
 * Rank 0's queue uses it as it uses a scheduler (core/tasks/local/scheduler.h); the other ranks
 * serve. Items are numbered cells in a ring on a shared window; whoever has space for some raises
 * the counter of what is taken, reads them, and runs them on its own scheduler. Outcomes come back
 * as messages.
 */
#ifndef TRINE_CORE_RANKS_H
#define TRINE_CORE_RANKS_H

#include "core/tasks/local/scheduler.h"
#include "core/team/team.h"

typedef struct trine_ranks trine_ranks;

/* Opens on all ranks. setup: for the scheduler; its rank, opened, window, chunk, attempts, total
 * and deadline are rank 0's on all. asked: the window that the caller asked for. options: for the
 * data. status: this rank's own so far. Collective. */
trine_status trine_ranks_open(trine_team *team, const trine_scheduler_setup *setup,
                              const trine_task_options *options, uint64_t asked,
                              trine_status status, trine_ranks **opened);

/* Rank 0: as the functions of a scheduler. */
trine_status trine_ranks_buffer(trine_ranks *ranks, size_t size, uint32_t *slot, void **item);
void trine_ranks_leave_buffer(trine_ranks *ranks, uint32_t slot);
void trine_ranks_put(trine_ranks *ranks, uint32_t slot, uint64_t index, size_t size, uint64_t tag);
void trine_ranks_flush(trine_ranks *ranks);
trine_status trine_ranks_take(trine_ranks *ranks, double seconds, trine_scheduler_outcome *outcome);
bool trine_ranks_has_outcome(const trine_ranks *ranks);
void trine_ranks_release(trine_ranks *ranks, uint32_t slot);
trine_status trine_ranks_cancel(trine_ranks *ranks, uint32_t slot);
int trine_ranks_worker_slots(const trine_ranks *ranks);
void trine_ranks_worker_slot(const trine_ranks *ranks, int number, trine_task_slot *worker_slot);
uint64_t trine_ranks_chunk(const trine_ranks *ranks);
int trine_ranks_lost(const trine_ranks *ranks);
double trine_ranks_waited(const trine_ranks *ranks);

/* Other ranks: works until rank 0 closes; what is wrong with the queue. */
trine_status trine_ranks_serve(trine_ranks *ranks);

/* Rank 0 ends the queue; failed: the queue's status (with the calling thread's detail); the others
 * serve until it does. Returns what went wrong in closing. Collective. */
trine_status trine_ranks_close(trine_ranks *ranks, trine_status failed);

#endif
