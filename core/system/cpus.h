/* core/system/cpus.h - the CPUs of a process, and of a rank. */
#ifndef TRINE_CORE_CPUS_H
#define TRINE_CORE_CPUS_H

#include <sched.h>
#include <stdbool.h>
#include <trine/team.h>

/* More CPUs than Linux numbers on any machine. */
enum { TRINE_MOST_CPUS = 16384 };

/* A set of CPUs, which is a cpu_set_t of that size to the system's functions. */
typedef struct trine_cpu_set {
    cpu_set_t part[TRINE_MOST_CPUS / CPU_SETSIZE];
} trine_cpu_set;

void trine_cpu_set_add(trine_cpu_set *set, int cpu);
int trine_cpu_set_count(const trine_cpu_set *set);
bool trine_cpu_set_equal(const trine_cpu_set *a, const trine_cpu_set *b);

/* What a runtime that binds its threads (OpenMP) knows. places: all CPUs that it binds threads to;
 * none where it does not bind. count: how many CPUs the process had when the runtime began. bound:
 * whether the calling thread has the mask that the runtime gave it. */
typedef struct trine_binding {
    trine_cpu_set places;
    int count;
    bool bound;
} trine_binding;

/* The process's mask, from that of the calling thread (own), that of when this library was loaded
 * (empty: unknown), what the runtime knows, and the CPUs of the machine if they are known. */
const trine_cpu_set *trine_cpus_decide(const trine_cpu_set *own, const trine_cpu_set *loaded,
                                       const trine_binding *binding, const trine_cpu_set *machine);

/* The mask of the process when this library was loaded, where that can be before the constructors
 * of libraries that it needs. */
const trine_cpu_set *trine_cpus_at_load(void);

/* CPUs of this machine. */
int trine_cpus_of_node(void);

/* CPUs that are one rank's own, when it may use `cpus` of the node's node_cpus and shares the node
 * with neighbours - 1 other ranks placed alike. At least 1. */
int trine_cpus_for_rank(int cpus, int node_cpus, int neighbours);

#endif
