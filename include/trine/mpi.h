/* trine/mpi.h - trine on a communicator of the caller's. The only header that includes mpi.h. */
#ifndef TRINE_MPI_H
#define TRINE_MPI_H

#include <mpi.h>
#include <trine/team.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As trine_team_open, over the ranks of comm, which is duplicated; MPI must be initialised. spec
 * must be mpi or mpi+...; NULL means `mpi`. Collective over comm. */
TRINE_API trine_status trine_team_open_comm(const char *spec, MPI_Comm comm, trine_team **team);

#ifdef __cplusplus
}
#endif
#endif
