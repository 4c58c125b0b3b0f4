/* core/team/team.h - a team from the inside: an executor, a communicator, and the ledger of the
 * last call.
 *
 * Life of a call: begin (validate, claim the team, enter the default floating-point environment,
 * start the clock), any number of jobs, merge, end (fill the ledger, leave, release). A call that
 * failed in any function of the communicator ends there on all ranks: one that refuses its
 * arguments enters one function alone.
 */
#ifndef TRINE_CORE_TEAM_H
#define TRINE_CORE_TEAM_H

#include <stdatomic.h>

#include "core/backend/communicator.h"
#include "core/backend/executor.h"
#include "core/system/float_environment.h"
#include "core/system/guard.h"
#include "core/transport/transport.h"

#define TRINE_SPEC_SIZE 128

/* Who has a team that is busy: the number of the thread, and its call. kept: by a queue, which has
 * it from call to call. */
typedef struct trine_claim {
    atomic_int thread;
    atomic_bool kept;
    trine_activation call;
} trine_claim;

/* Memory that all workers address, for an output. */
typedef struct trine_output_memory {
    void *memory;
    size_t bytes;
} trine_output_memory;

/* alone: the calling thread, for memory that the workers do not address. arrays: also locks,
 * counters and open files, all that must be freed before the team. shares: the call's ledger of
 * each worker, summed over its jobs. transport: how arrays that the workers do not address reach
 * them, TRINE_TRANSPORT_NONE where they do not. process: trine_process() of the one that opened it.
 * asked_by: the variable that gave the number of workers, NULL where none did. noted: how many
 * workers the note speaks of. called, next: core/team/refuse.c's, which of the open teams of
 * several ranks was called last. forking, channels, outputs: what core/input/stage.c has made for
 * that. */
struct trine_team {
    trine_executor executor, alone;
    trine_communicator communicator;
    trine_schedule schedule;
    trine_float_environment callers_environment;
    atomic_flag busy;
    uint32_t process;
    trine_claim claim;
    atomic_int arrays;
    char spec[TRINE_SPEC_SIZE];
    char note[320];
    const char *asked_by;
    int noted;
    trine_ledger ledger;
    trine_ledger_worker *shares;
    double began, marked;
    uint64_t called;
    trine_team *next;
    /* Memory that all workers address, kept from call to call and grown as needed. */
    void *arena;
    size_t arena_size;
    trine_transport transport;
    trine_executor forking;
    trine_channel *channels[TRINE_ARGS];
    trine_output_memory outputs[TRINE_ARGS];
};

/* trine_team_open, on what the communicator backend joins (an MPI_Comm *); handle: NULL for all
 * ranks of the launch. */
trine_status trine_team_open_on(const void *handle, const char *text, trine_team **opened);

/* Whether this process was forked from the one that opened the team, and has not all that it needs:
 * its workers, its ranks. */
bool trine_team_inherited(const trine_team *team);

/* WORKER for a team that is inherited; what every function asks before it uses more of a team than
 * this process's own memory. */
trine_status trine_team_check(const trine_team *team);

/* Claims the team, enters the default floating-point environment and starts the ledger's clock.
 * BUSY when another call holds it; WORKER when it is inherited. */
trine_status trine_call_begin(trine_team *team);

/* The call goes on when the function that began it has returned, until trine_call_end; its last
 * part begins. */
void trine_call_keep(trine_team *team);
void trine_call_resume(trine_team *team);

/* The whole of a call that this rank refuses with that status before it has entered any function of
 * the communicator: the other ranks, which make the call, learn of it instead of waiting. A public
 * function that is Collective returns early by this alone. team may be NULL when no argument names
 * one. Returns the status that all return. Collective. */
trine_status trine_call_refuse(trine_team *team, trine_status status);

/* An opened team becomes one that can be told; a call of it was made; it will be closed. */
void trine_refuse_know(trine_team *team);
void trine_refuse_count(trine_team *team);
void trine_refuse_forget(trine_team *team);

/* Of two teams that one call names, the one on which other ranks are more likely to wait; either
 * may be NULL. */
trine_team *trine_refuse_likelier(trine_team *a, trine_team *b);

/* Adds the seconds since the last mark (or the beginning) to *field. */
void trine_call_mark(trine_team *team, double *field);

/* Ends the call: the seconds since the last mark go to *field (NULL: to what is left over), the
 * ledger is closed, the caller's floating-point environment is back. Returns status. */
trine_status trine_call_end(trine_team *team, double *field, trine_status status);

/* At least `bytes` of the team's arena, aligned to 64. What it held is lost when it grows. */
trine_status trine_team_arena(trine_team *team, size_t bytes, void **memory);

/* On several ranks, before the ranks agree on writing: `bytes` of the arena, and that scratch for
 * each worker, are there for what runs then. */
trine_status trine_team_ready(trine_team *team, trine_executor *executor, size_t bytes,
                              size_t scratch);

/* Runs a job on that executor of the team, by the team's schedule, and enters its dispatch, compute
 * and wait into the ledger. */
trine_status trine_team_run(trine_team *team, trine_executor *executor, trine_job *job);

/* All ranks learn the worst status, with its detail; COLLECTIVE when `call` differs. Collective. */
trine_status trine_team_agree(trine_team *team, uint64_t call, trine_status status);

/* The end of what the ranks agreed on, which gave status. A failure of MPI may be known to some
 * ranks alone: they agree once more, which meets the next function of the others, until all have
 * learned of it. Returns status. Collective when status is MPI. */
trine_status trine_team_settle(trine_team *team, trine_status status);

/* A number for one kind of call, to be mixed with its arguments: FNV-1a over the bytes. */
uint64_t trine_call_number(uint64_t seed, const void *bytes, size_t n);

#endif
