/* core/system/cpus.c - sets of CPUs, and which of them is the process's
 * (core/backend/usable_cpus.c). */
#include "core/system/cpus.h"

#include <string.h>
#include <unistd.h>

void trine_cpu_set_add(trine_cpu_set *set, int cpu)
{
    if (cpu >= 0 && cpu < TRINE_MOST_CPUS)
        CPU_SET_S((size_t)cpu, sizeof *set, set->part);
}

int trine_cpu_set_count(const trine_cpu_set *set)
{
    return CPU_COUNT_S(sizeof *set, set->part);
}

bool trine_cpu_set_equal(const trine_cpu_set *a, const trine_cpu_set *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

const trine_cpu_set *trine_cpus_decide(const trine_cpu_set *own, const trine_cpu_set *loaded,
                                       const trine_binding *binding, const trine_cpu_set *machine)
{
    int count = binding->count;
    if (!binding->bound)
        return own;
    if (trine_cpu_set_count(loaded) == count)
        return loaded;
    if (trine_cpu_set_count(own) >= count)
        return own;
    if (trine_cpu_set_count(machine) == count)
        return machine;
    int places = trine_cpu_set_count(&binding->places);
    return places > 0 && places <= count ? &binding->places : own;
}

int trine_cpus_of_node(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

int trine_cpus_for_rank(int cpus, int node_cpus, int neighbours)
{
    /* The ranks of a node may be bound to disjoint CPUs, or several may share each set of `cpus`.
     */
    int sharing = (int)(((long long)cpus * neighbours + node_cpus - 1) / node_cpus);
    return sharing <= 1 ? cpus : cpus / sharing > 0 ? cpus / sharing : 1;
}
