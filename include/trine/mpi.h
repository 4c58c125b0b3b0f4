/* trine/mpi.h - trine on a communicator of the caller's. The only header that includes mpi.h. */
#ifndef TRINE_MPI_H
#define TRINE_MPI_H

#include <mpi.h>
#include <trine/team.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opens a team as trine_team_open does, over the ranks of comm, which is duplicated.
 *
 * MPI must be initialised. spec must be mpi or mpi+...; NULL means `mpi`. Collective over comm.
 *
 * comm keeps its error handler, as do MPI_COMM_WORLD and MPI_COMM_SELF: errors of MPI in trine's
 * own calls are TRINE_E_MPI on every one of these teams, whatever the handlers are.
 *
 * Errors: those of trine_team_open. ARGUMENT on all ranks: MPI is not initialised, or comm is
 * MPI_COMM_NULL, an intercommunicator or, where the library can tell, freed. CLOSED: MPI was
 * finalised. The calls of a team that was still open then return CLOSED, too, and closing it frees
 * what is left.
 *
 * Thread levels: trine calls MPI in the thread that calls trine, and in no other, whatever the
 * executor. MPI_THREAD_FUNNELED is enough where that is the thread that initialised MPI (and what
 * trine asks for where it starts MPI itself), MPI_THREAD_SERIALIZED where it is another, and
 * MPI_THREAD_MULTIPLE where several threads call MPI at a time: one with each team of its own, or
 * the caller's own calls. MPI_THREAD_SINGLE allows a process no threads: mpi, and mpi+pool, which
 * has processes.
 *
 * Where trine has started MPI, a rank that ends (exit, or return from main) with such a team open,
 * while another waits for it in a call, ends all ranks by MPI_Abort, with its exit status (1 for
 * 0): a line on stderr says so. Ranks that open a team of all ranks of the launch while another
 * ends get LAUNCH. */
TRINE_API trine_status trine_team_open_comm(MPI_Comm comm, const char *spec, trine_team **team);

#ifdef __cplusplus
}
#endif
#endif
