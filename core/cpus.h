/* core/cpus.h - the CPUs of a rank. */
#ifndef TRINE_CORE_CPUS_H
#define TRINE_CORE_CPUS_H

#include <trine/team.h>

/* CPUs that are one rank's own, when it may use `cpus` of the node's node_cpus and shares the node
 * with neighbours - 1 other ranks placed alike. At least 1. */
int trine_cpus_for_rank(int cpus, int node_cpus, int neighbours);

#endif
