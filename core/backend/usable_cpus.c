/* core/backend/usable_cpus.c - how many CPUs this process may use: affinity mask and cgroup quota.
 *
 * An OpenMP runtime that is told to bind its threads (OMP_PROC_BIND, OMP_PLACES, GOMP_CPU_AFFINITY,
 * KMP_AFFINITY) binds the thread that loads it (libgomp, in a constructor) or calls it first
 * (libomp) to one place, which threads and processes begun later inherit. The CPUs of the process
 * are those of its mask before that:
 *
 * 1. The mask of the calling thread, unless the runtime says that this is where it bound the thread
 *    (backends/executors/omp.c): so a launcher's binding holds, and one that the program makes
 *    later.
 * 2. Then the mask of when this library was loaded (core/system/cpus_at_load.c), if it has as many
 *    CPUs as the runtime found when it began. It has not when the runtime was loaded first, by
 *    another library.
 * 3. Then all CPUs of the machine, if the runtime found as many.
 * 4. Else the runtime's places, unless they are more CPUs than it found (GOMP_CPU_AFFINITY may name
 *    some that a launcher had taken away): then the thread's mask after all.
 */
#include "core/backend/usable_cpus.h"

#include <unistd.h>

#include "core/backend/executor.h"
#include "core/system/cgroup.h"
#include "core/system/float_environment.h"
#include "core/system/launch.h"

/* Empty where some CPU is offline: their numbers are not known then. */
static trine_cpu_set machine_cpus(void)
{
    trine_cpu_set set = {0};
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    for (int i = 0; online == sysconf(_SC_NPROCESSORS_CONF) && i < online; i++)
        trine_cpu_set_add(&set, i);
    return set;
}

static void ask_runtime(const trine_cpu_set *own, trine_binding *binding)
{
    for (int i = 0; trine_executors[i]; i++)
        if (!trine_executors[i]->absent && trine_executors[i]->binding)
            trine_executors[i]->binding(own, binding);
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
    if (*cpus == 0 || quota < *cpus)
        *cpus = quota < TRINE_MOST_CPUS ? (int)quota : TRINE_MOST_CPUS;
}

trine_cpu_set trine_cpus_mask(void)
{
    trine_cpu_set own = {0};
    if (sched_getaffinity(0, sizeof own, own.part))
        return (trine_cpu_set){0};
    trine_cpu_set machine = machine_cpus();
    trine_binding binding = {.count = 0};
    ask_runtime(&own, &binding);
    return *trine_cpus_decide(&own, trine_cpus_at_load(), &binding, &machine);
}

trine_cpus_found trine_cpus_find(void)
{
    trine_cpus_found found = {.quota = 0};
    trine_cpu_set mask = trine_cpus_mask();
    int cpus = trine_cpu_set_count(&mask);
    found.mask = cpus > 0 ? cpus : 1;
    trine_cgroup_visit("cpu", lower_to_quota, &found.quota);
    found.cpus = found.quota && found.quota < found.mask ? found.quota : found.mask;
    return found;
}

int trine_cpus(void)
{
    TRINE_FLOAT_SCOPE;
    return trine_cpus_find().cpus;
}

/* Longer than the gap between two calls of a loop; far shorter than anybody's time slice. */
static const double default_spin_seconds = 50e-6;

double trine_spin_seconds(int workers)
{
    int cpus = trine_cpus_for_rank(trine_cpus(), trine_cpus_of_node(), trine_launch_neighbours());
    return workers <= cpus ? default_spin_seconds : 0;
}
