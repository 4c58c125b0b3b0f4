/* backends/mpi/mpi_leave.h - a rank's end where trine has started MPI: the other ranks do not wait
 * for it for ever. */
#ifndef TRINE_BACKENDS_MPI_LEAVE_H
#define TRINE_BACKENDS_MPI_LEAVE_H

#include "backends/mpi/mpi_data.h"

/* Whether this process was forked from one that had initialised MPI. */
bool trine_mpi_inherited(void);

/* trine has started MPI, and ends it when the process exits. */
trine_status trine_mpi_leave_at_exit(void);

/* Finalises MPI where trine has started it, once all ranks do: as at exit. */
void trine_mpi_leave(void);

/* The first step of opening a team over all ranks of the launch: LAUNCH on all that open one when a
 * rank is ending meanwhile. Collective over the launch. */
trine_status trine_mpi_meet_leavers(void);

/* A team of these ranks is open; it is closed. */
void trine_mpi_know(trine_mpi_data *data);
void trine_mpi_forget(trine_mpi_data *data);

/* So many shared windows more are open. */
void trine_mpi_count_windows(int more);

#endif
