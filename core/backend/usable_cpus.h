/* core/backend/usable_cpus.h - the CPUs that this process may use, whatever a runtime has bound its
 * thread to. */
#ifndef TRINE_CORE_USABLE_CPUS_H
#define TRINE_CORE_USABLE_CPUS_H

#include "core/system/cpus.h"

/* The mask of this process, before any runtime bound its thread; empty where it is not known. */
trine_cpu_set trine_cpus_mask(void);

/* What this process may use. mask: how many CPUs its mask has. quota: of its cgroup, in CPUs, 0 for
 * none. cpus: the lesser of the two. */
typedef struct trine_cpus_found {
    int mask, quota, cpus;
} trine_cpus_found;

trine_cpus_found trine_cpus_find(void);

/* How long it pays that `workers` of this rank, its caller among them, spin before they sleep: 0
 * when they do not all have a CPU. */
double trine_spin_seconds(int workers);

#endif
