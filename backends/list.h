/* backends/list.h - the backends by name, for backends/list.c and for what one backend takes of
 * another. */
#ifndef TRINE_BACKENDS_LIST_H
#define TRINE_BACKENDS_LIST_H

#include "core/backend/communicator.h"
#include "core/backend/executor.h"

extern const trine_executor_ops trine_serial_executor, trine_omp_executor, trine_pool_executor;

/* A pool whose workers are forked from the calling process for each job. */
extern const trine_executor_ops trine_forking_executor;

extern const trine_communicator_ops trine_self_communicator, trine_mpi_communicator;

#endif
