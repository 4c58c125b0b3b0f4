/* failing_mpi.h - a function of MPI that does its work and then says that it failed (by MPI's
 * profiling interface). */
#ifndef TRINE_TESTS_REFUSALS_FAILING_MPI_H
#define TRINE_TESTS_REFUSALS_FAILING_MPI_H

/* From now on the k-th call fails, counted from 1; 0: none. */
void fail_mpi(int k);

/* How many there were since. */
int mpi_calls(void);

#endif
