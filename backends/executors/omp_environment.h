/* backends/executors/omp_environment.h - what the user's environment tells the OpenMP runtime: how
 * many threads, bound to which CPUs, and why there are fewer. */
#ifndef TRINE_BACKENDS_OMP_ENVIRONMENT_H
#define TRINE_BACKENDS_OMP_ENVIRONMENT_H

#include "core/backend/executor.h"

/* The first of the counts in OMP_NUM_THREADS, one a level of nested regions; 0 for none. */
int trine_omp_asked(const char **variable);

/* Whether the runtime begins and goes on with what the environment tells it; SYSTEM where it would
 * end the process or hang, naming the variable. Does not start the runtime. */
trine_status trine_omp_check(int workers);

/* Whether the runtime bound the calling thread, whose mask is `own`, and where it binds. */
void trine_omp_binding(const trine_cpu_set *own, trine_binding *binding);

/* How many CPUs the runtime binds threads to; 0 where it does not. */
int trine_omp_places(const char **variable);

/* Whether threads that wait may spin (OMP_WAIT_POLICY). */
bool trine_omp_spins(void);

/* In the team's region: writes executor->shortfall: why fewer came than were asked for, as far as
 * the runtime says, and what mends it. */
void trine_omp_explain(trine_executor *executor);

#endif
