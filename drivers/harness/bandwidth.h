/* harness/bandwidth.h - the read bandwidth that results are held against. */
#ifndef TRINE_HARNESS_BANDWIDTH_H
#define TRINE_HARNESS_BANDWIDTH_H

#include <trine/trine.h>

/* GB/s (10^9 bytes) that `workers` threads read with the pure-load loop; measured at the first
 * question for that many, then remembered. More workers than CPUs count as the CPUs. 0 when it
 * cannot be measured. */
double read_bandwidth(int workers);

/* The same on all ranks and workers of a team. Collective. */
double team_bandwidth(trine_team *team);

#endif
