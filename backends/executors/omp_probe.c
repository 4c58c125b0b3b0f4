/* backends/executors/omp_probe.c - starting as many threads as a region will have, before the
 * region does. */
#include "backends/executors/omp_probe.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/system/cgroup.h"
#include "core/system/environment.h"
#include "core/system/error.h"
#include "core/system/wait.h"

/* What a runtime allocates for a region and for each of its threads is less. */
enum { REGION_BYTES = 1 << 20, THREAD_BYTES = 16 << 10 };

/* A thread that has been joined is counted by the system until it is released there, moments
 * later. */
static const struct timespec moment = {.tv_nsec = 50000};
enum { MAX_MOMENTS = 20000 };

static const double long_time = 1e6;

/* thread: `started` of them. tid: each one's. here: how many run; over: 1 when they may end. */
typedef struct probe {
    pthread_t *thread;
    _Atomic(pid_t) *tid;
    int started;
    atomic_uint here, over;
} probe;

typedef struct probe_thread {
    probe *probe;
    int number;
} probe_thread;

/* What says how large a thread's stack is, and the unit of a number that has none. */
static const struct stack_variable {
    const char *name, *unit;
} stack_variables[] = {
#if defined(__clang__)
    {"KMP_STACKSIZE", "B"},
#endif
    {"OMP_STACKSIZE", "K"},
    {"GOMP_STACKSIZE", "K"},
};

/* Each 1024 times the one before. */
#if defined(__clang__)
static const char units[] = "BKMGT";
#else
static const char units[] = "BKMG";
#endif

/* "64M"; 0 where it is not that. */
static size_t read_size(const char *text, const char *unit_of_none)
{
    char *end;
    while (isspace((unsigned char)*text))
        text++;
    if (!isdigit((unsigned char)*text))
        return 0;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    while (isspace((unsigned char)*end))
        end++;
    const char *unit = strchr(units, *end ? toupper((unsigned char)*end) : *unit_of_none);
    if (!unit || errno || (*end && end[1] && !isspace((unsigned char)end[1])))
        return 0;
    int shift = 10 * (int)(unit - units);
    return value > SIZE_MAX >> shift ? SIZE_MAX : (size_t)value << shift;
}

/* The variable that says how large a stack is, and what it says; NULL where none does. */
static const char *stack_variable(size_t *bytes)
{
    for (size_t i = 0; i < sizeof stack_variables / sizeof *stack_variables; i++) {
        const char *text = trine_environment(stack_variables[i].name);
        *bytes = text ? read_size(text, stack_variables[i].unit) : 0;
        if (*bytes > 0)
            return stack_variables[i].name;
    }
    return NULL;
}

/* What the runtime gives its threads. A size that the system refuses is ignored by runtimes, too.
 */
static void init_attributes(pthread_attr_t *attributes)
{
    size_t bytes;
    pthread_attr_init(attributes);
#if defined(__clang__)
    (void)pthread_attr_setstacksize(attributes, (size_t)4 << 20);
#endif
    if (stack_variable(&bytes))
        (void)pthread_attr_setstacksize(attributes, bytes);
}

static trine_status check_stack(const pthread_attr_t *attributes, int threads)
{
    size_t bytes = 0, named;
    pthread_attr_getstacksize(attributes, &bytes);
    if (bytes >= TRINE_OMP_LEAST_STACK)
        return TRINE_OK;
    const char *variable = stack_variable(&named);
    return trine_fail(TRINE_E_MEMORY,
                      "team 'omp:%d': its threads would have stacks of %zu KiB (%s%s%.20s); "
                      "expected at least %d KiB",
                      threads, bytes >> 10, variable ? variable : "ulimit -s", variable ? "=" : "",
                      variable ? trine_environment(variable) : "", TRINE_OMP_LEAST_STACK >> 10);
}

/* The least of the groups' limits on processes and threads. */
static void lower_to_limit(const char *directory, void *data)
{
    long long *least = data, limit;
    if (trine_cgroup_read(directory, "pids.max", &limit, 1) && limit >= 0 &&
        (*least < 0 || limit < *least))
        *least = limit;
}

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size,
                                                         const char *format, ...)
{
    va_list arguments;
    size_t used = strlen(text);
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

trine_status trine_omp_no_thread(int number, int threads, int error)
{
    char limits[256] = "";
    struct rlimit limit;
    long long most = -1;
    size_t stack;
    const char *variable = stack_variable(&stack);
    if (getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        append(limits, sizeof limits, ", ulimit -u %llu", (unsigned long long)limit.rlim_cur);
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        append(limits, sizeof limits, ", ulimit -v %llu", (unsigned long long)limit.rlim_cur >> 10);
    trine_cgroup_visit("pids", lower_to_limit, &most);
    if (most >= 0)
        append(limits, sizeof limits, ", pids.max %lld of its control group", most);
    if (variable)
        append(limits, sizeof limits, ", %s=%.20s", variable, trine_environment(variable));
    return trine_fail(TRINE_E_MEMORY,
                      "team 'omp:%d': thread %d of %d cannot be started: %s (limits of this "
                      "process: %s)",
                      threads, number, threads, strerror(error),
                      *limits ? limits + 2 : "none but the machine's");
}

static void *be_here(void *context)
{
    probe_thread *own = context;
    probe *p = own->probe;
    atomic_store(&p->tid[own->number], (pid_t)syscall(SYS_gettid));
    atomic_fetch_add(&p->here, 1);
    trine_futex_wake(&p->here, INT_MAX);
    while (atomic_load(&p->over) == 0)
        trine_futex_wait(&p->over, 0, long_time);
    return NULL;
}

static int start_all(probe *p, probe_thread *own, int count, const pthread_attr_t *attributes)
{
    int error = 0;
    for (; p->started < count; p->started++) {
        own[p->started] = (probe_thread){p, p->started};
        error = pthread_create(&p->thread[p->started], attributes, be_here, &own[p->started]);
        if (error)
            break;
    }
    for (unsigned here; (here = atomic_load(&p->here)) < (unsigned)p->started;)
        trine_futex_wait(&p->here, here, long_time);
    return error;
}

static void wait_until_gone(pid_t tid)
{
    for (int i = 0; i < MAX_MOMENTS && syscall(SYS_tgkill, getpid(), tid, 0) == 0; i++)
        nanosleep(&moment, NULL);
}

static void end_all(probe *p)
{
    atomic_store(&p->over, 1);
    trine_futex_wake(&p->over, INT_MAX);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->thread[i], NULL);
    for (int i = 0; i < p->started; i++)
        wait_until_gone(p->tid[i]);
}

/* Memory for what the runtime allocates beside stacks is there, too, at that time. */
static int start_and_end(probe *p, probe_thread *own, int count, const pthread_attr_t *attributes)
{
    size_t bytes = REGION_BYTES + (size_t)count * THREAD_BYTES;
    void *reserved = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int error = reserved == MAP_FAILED ? ENOMEM : start_all(p, own, count, attributes);
    end_all(p);
    if (reserved != MAP_FAILED)
        munmap(reserved, bytes);
    return error;
}

static trine_status try_threads(int threads, const pthread_attr_t *attributes)
{
    int error = ENOMEM;
    size_t capacity = (size_t)threads;
    probe p = {.thread = calloc(capacity, sizeof *p.thread),
               .tid = calloc(capacity, sizeof *p.tid)};
    probe_thread *own = calloc(capacity, sizeof *own);
    if (p.thread && p.tid && own)
        error = start_and_end(&p, own, threads - 1, attributes);
    free(p.thread);
    free(p.tid);
    free(own);
    return error ? trine_omp_no_thread(p.started + 2, threads, error) : TRINE_OK;
}

trine_status trine_omp_probe(int threads)
{
    pthread_attr_t attributes;
    if (threads == 1)
        return TRINE_OK;
    init_attributes(&attributes);
    trine_status status = check_stack(&attributes, threads);
    if (!status)
        status = try_threads(threads, &attributes);
    pthread_attr_destroy(&attributes);
    return status;
}
