/* core/cpus.c - how many CPUs this process may use: affinity mask and cgroup quota. */
#include <sched.h>
#include <stdlib.h>

#include "core/cgroup.h"
#include "core/cpus.h"

static int affinity_cpus(void)
{
    /* The kernel refuses a set smaller than its own: grow until it fits. */
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        if (!set)
            break;
        size_t size = CPU_ALLOC_SIZE((size_t)cpus);
        int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0)
            return count;
    }
    return 1;
}

static void lower_to_quota(const char *directory, void *data)
{
    int *cpus = data;
    long long v[2] = {0, 0};
    if (trine_cgroup_read(directory, "cpu.max", v, 2) != 2)
        if (!trine_cgroup_read(directory, "cpu.cfs_quota_us", &v[0], 1) ||
            !trine_cgroup_read(directory, "cpu.cfs_period_us", &v[1], 1))
            return;
    if (v[0] <= 0 || v[1] <= 0)
        return;
    long long quota = (v[0] + v[1] - 1) / v[1];
    if (quota < *cpus)
        *cpus = (int)quota;
}

int trine_cpus(void)
{
    int cpus = affinity_cpus();
    trine_cgroup_visit("cpu", lower_to_quota, &cpus);
    return cpus;
}

int trine_cpus_for_rank(int cpus, int node_cpus, int neighbours)
{
    /* The ranks of a node may be bound to disjoint CPUs, or several may share each set of `cpus`.
     */
    int sharing = (int)(((long long)cpus * neighbours + node_cpus - 1) / node_cpus);
    return sharing <= 1 ? cpus : cpus / sharing > 0 ? cpus / sharing : 1;
}
