/* backends/executors/omp_probe.h - whether the OpenMP runtime can start threads, found out before
 * it tries: libgomp and libomp end the process where they cannot. */
#ifndef TRINE_BACKENDS_OMP_PROBE_H
#define TRINE_BACKENDS_OMP_PROBE_H

#include <trine/types.h>

/* Bytes of stack that a thread needs to run kernels; a runtime is told how many its threads have.
 */
enum { TRINE_OMP_LEAST_STACK = 256 << 10 };

/* Whether the calling thread can open a region of so many threads, itself among them: as many are
 * started, with stacks as large as the runtime's, are there at one time, and have ended when it
 * returns. MEMORY where there cannot be so many, or their stacks are too small. */
trine_status trine_omp_probe(int threads);

/* MEMORY: thread `number` of a team of so many could not be started; names the limits that there
 * are. */
trine_status trine_omp_no_thread(int number, int threads, int error);

#endif
