/* backends/omp_environment.c - what the user's environment tells the OpenMP runtime. */
#include "backends/omp_environment.h"

#include <omp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Whether place `place` of the runtime is `own`; its CPUs are added to `all`. */
static bool is_place(int place, const trine_cpu_set *own, trine_cpu_set *all)
{
    trine_cpu_set set = {0};
    int count = omp_get_place_num_procs(place);
    int *cpu = malloc(((size_t)count + 1) * sizeof *cpu);
    if (!cpu)
        return false;
    omp_get_place_proc_ids(place, cpu);
    for (int i = 0; i < count; i++) {
        trine_cpu_set_add(&set, cpu[i]);
        trine_cpu_set_add(all, cpu[i]);
    }
    free(cpu);
    return trine_cpu_set_equal(&set, own);
}

/* What makes a runtime bind threads. */
static const char *binding_variable(void)
{
    static const char *const names[] = {"OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY",
                                        "OMP_PROC_BIND"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            return names[i];
    return NULL;
}

/* All CPUs of the runtime's places. Returns whether one of them (place; -1: any) is `own`. */
static bool join_places(const trine_cpu_set *own, int place, trine_cpu_set *all)
{
    bool found = false;
    for (int i = 0; i < omp_get_num_places(); i++)
        if (is_place(i, own, all) && (place < 0 || place == i))
            found = true;
    return found;
}

/* Whether the runtime may have bound the calling thread. libomp begins when it is first called, and
 * binds then: before a zygote is forked it must not, since it does not survive every fork. */
static bool may_be_bound(const trine_cpu_set *own)
{
#if defined(__clang__)
    if (trine_cpu_set_equal(own, trine_cpus_at_load()))
        return false;
#else
    (void)own;
#endif
    return binding_variable() && omp_get_proc_bind() != omp_proc_bind_false;
}

/* Another thread than the initial one is not asked in which place it is: libgomp would bind it. */
void trine_omp_binding(const trine_cpu_set *own, trine_binding *binding)
{
    if (!may_be_bound(own))
        return;
    bool initial = getpid() == (pid_t)syscall(SYS_gettid);
    binding->bound = join_places(own, initial ? omp_get_place_num() : -1, &binding->places);
    binding->count = omp_get_num_procs();
}
