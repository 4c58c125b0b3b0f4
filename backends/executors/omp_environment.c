/* backends/executors/omp_environment.c - what the user's environment tells the OpenMP runtime. */
#include "backends/executors/omp_environment.h"
#include "core/system/environment.h"

#include <ctype.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/system/error.h"

/* As many as a team spec may name. */
enum { MAX_ASKED = 65536 };

/* Digits, then whatever may follow a count in a list; 0 when it is not that. */
static int read_count(const char **text)
{
    char *end;
    while (isspace((unsigned char)**text))
        ++*text;
    if (!isdigit((unsigned char)**text))
        return 0;
    long value = strtol(*text, &end, 10);
    while (isspace((unsigned char)*end))
        end++;
    *text = end;
    return value <= MAX_ASKED && (*end == '\0' || *end == ',') ? (int)value : 0;
}

/* What is no list of counts is ignored, as the runtime ignores it. */
int trine_omp_asked(const char **variable)
{
    static const char name[] = "OMP_NUM_THREADS";
    const char *text = trine_environment(name);
    int first = text ? read_count(&text) : 0, next = first;
    while (next > 0 && *text == ',') {
        text++;
        next = read_count(&text);
    }
    if (next == 0)
        return 0;
    *variable = name;
    return first;
}

#if defined(__clang__)
/* LLVM's runtime takes a number for each thread that ever begins, of so many as these say, and ends
 * the process where there is none left. Of these many no program of few threads runs out. */
static const char *const device_limits[] = {"KMP_DEVICE_THREAD_LIMIT", "KMP_ALL_THREADS"};
enum { MIN_DEVICE_LIMIT = 1024 };

/* Of a blank, of too large a number, and of what is none, it makes an assertion that fails, or a
 * table that never ends. */
static bool is_deadly(const char *counts)
{
    size_t length = strlen(counts);
    bool deadly = strspn(counts, " \t\n") == length || strspn(counts, "0123456789, \t\n") < length;
    while (*counts && !deadly) {
        char *end = (char *)counts + 1;
        if (isdigit((unsigned char)*counts))
            deadly = strtol(counts, &end, 10) > MAX_ASKED;
        counts = end;
    }
    return deadly;
}

trine_status trine_omp_check(int workers)
{
    const char *counts = trine_environment("OMP_NUM_THREADS");
    if (counts && is_deadly(counts))
        return trine_fail(TRINE_E_SYSTEM,
                          "team 'omp:%d': OMP_NUM_THREADS='%.40s', which LLVM's OpenMP does not "
                          "survive; expected counts of at most %d, or that it is unset",
                          workers, counts, MAX_ASKED);
    for (size_t i = 0; i < sizeof device_limits / sizeof *device_limits; i++) {
        const char *text = trine_environment(device_limits[i]);
        if (text && strtol(text, NULL, 10) < MIN_DEVICE_LIMIT + workers)
            return trine_fail(TRINE_E_SYSTEM,
                              "team 'omp:%d': %s=%.40s, at which LLVM's OpenMP ends the process; "
                              "expected at least %d, or that it is unset",
                              workers, device_limits[i], text, MIN_DEVICE_LIMIT + workers);
    }
    return TRINE_OK;
}
#else
trine_status trine_omp_check(int workers)
{
    (void)workers;
    return TRINE_OK;
}
#endif

/* Whether the runtime may be asked, which starts it. */
static bool may_be_asked(void)
{
#if defined(__clang__)
    const char *counts = trine_environment("OMP_NUM_THREADS");
    return !counts || !is_deadly(counts);
#else
    return true;
#endif
}

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
        if (trine_environment(names[i]))
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
 * binds then: before a fork server is forked it must not, since it does not survive every fork. */
static bool may_be_bound(const trine_cpu_set *own)
{
#if defined(__clang__)
    if (trine_cpu_set_equal(own, trine_cpus_at_load()))
        return false;
#else
    (void)own;
#endif
    return binding_variable() && may_be_asked() && omp_get_proc_bind() != omp_proc_bind_false;
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

int trine_omp_places(const char **variable)
{
    trine_cpu_set none = {0}, all = {0};
    *variable = binding_variable();
    if (!*variable || !may_be_asked() || omp_get_proc_bind() == omp_proc_bind_false)
        return 0;
    join_places(&none, -1, &all);
    return trine_cpu_set_count(&all);
}

bool trine_omp_spins(void)
{
    const char *policy = trine_environment("OMP_WAIT_POLICY");
    while (policy && isspace((unsigned char)*policy))
        policy++;
    return !policy || strncasecmp(policy, "passive", sizeof "passive" - 1) != 0;
}

void trine_omp_explain(trine_executor *executor)
{
    int came = executor->working, asked = executor->workers, limit = omp_get_thread_limit();
    char *text = executor->shortfall;
    size_t size = sizeof executor->shortfall;
    if (omp_get_max_active_levels() == 0)
        snprintf(text, size,
                 "OMP_MAX_ACTIVE_LEVELS=0: %d of the %d threads asked for work; unset it", came,
                 asked);
    else if (limit < asked)
        snprintf(text, size,
                 "OMP_THREAD_LIMIT=%d: %d of the %d threads asked for work; raise it or unset it",
                 limit, came, asked);
    else if (omp_get_dynamic())
        snprintf(text, size,
                 "OMP_DYNAMIC=true: %d of the %d threads asked for work; OMP_DYNAMIC=false gives "
                 "them all",
                 came, asked);
    else
        snprintf(text, size, "OpenMP gives %d of the %d threads asked for", came, asked);
}
