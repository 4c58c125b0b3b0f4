/* backends/omp_environment.h - what the user's environment tells the OpenMP runtime. */
#ifndef TRINE_BACKENDS_OMP_ENVIRONMENT_H
#define TRINE_BACKENDS_OMP_ENVIRONMENT_H

#include "core/executor.h"

/* Whether the runtime bound the calling thread, whose mask is `own`, and where it binds. */
void trine_omp_binding(const trine_cpu_set *own, trine_binding *binding);

#endif
