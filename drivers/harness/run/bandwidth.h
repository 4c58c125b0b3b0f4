/* drivers/harness/run/bandwidth.h - the read bandwidth that results are held against. */
#ifndef TRINE_HARNESS_BANDWIDTH_H
#define TRINE_HARNESS_BANDWIDTH_H

#include <trine/trine.h>

/* GB/s (10^9 bytes) that `workers` readers, on a CPU each, read with the pure-load loop, over about
 * as many bytes as the data have (64 MiB to 1 GiB); measured at the first question for that many
 * workers, then remembered. More workers than CPUs count as the CPUs; several read at least what
 * one does. 0 when it cannot be measured. */
double read_bandwidth(int workers, uint64_t bytes);

/* GB/s at which the array's own team reads it with the pure-load loop: what ranks that are bound to
 * a CPU each are held against. Collective; 0 when it cannot be measured. */
double array_bandwidth(const trine_array *x);

#endif
