/* drivers/lessons/forktrap.c - forking a process that has threads, and a pool in the same process.
 *
 * A fork copies the memory of a process but only the thread that forks. What another thread held
 * at that moment stays held in the child, where nobody is left to release it.
 *
 * 1. Each mode runs in a process of its own: this program again, from the beginning, so that it has
 *    no threads but those that it starts.
 * 2. It starts its threads, forks, and the child needs what a thread holds. Through a pipe it says
 *    how often it came to the end.
 * 3. A watchdog ends it, with all that it forked, when nothing was said for --patience seconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/cli/log.h"
#include "drivers/harness/cli/signals.h"

enum { TIMES, PATIENCE };

/* forktrap --provoke PARENT MODE SPEC TIMES: how this program starts itself. */
enum { PARENT = 2, MODE, SPEC, OFTEN, PROVOKE_ARGUMENTS };

/* Forks while another thread allocates; what a pool's workers sum. */
enum { MALLOC_FORKS = 100, POOL_CHUNKS = 16 };

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static sem_t begun;

/* A thread that holds a lock for ever. */
static _Noreturn void *keep_lock(void *data)
{
    (void)data;
    pthread_mutex_lock(&held);
    sem_post(&begun);
    for (;;)
        pause();
}

/* Memory of changing size, which the compiler must not leave out. */
static void use_malloc(unsigned i)
{
    void *volatile memory = malloc(16 + i * 97 % 8192);
    free(memory);
}

static _Noreturn void *keep_allocating(void *data)
{
    (void)data;
    sem_post(&begun);
    for (unsigned i = 0;; i++) {
        use_malloc(i);
        if (i % 64 == 0)
            usleep(1);
    }
}

static bool start_thread(void *(*body)(void *))
{
    pthread_t thread;
    if (sem_init(&begun, 0, 0) || pthread_create(&thread, NULL, body, NULL))
        return false;
    while (sem_wait(&begun))
        ;
    return true;
}

static void take_lock(void)
{
    pthread_mutex_lock(&held);
    pthread_mutex_unlock(&held);
}

static void allocate(void)
{
    for (unsigned i = 0; i < 1000; i++)
        use_malloc(i);
}

#ifdef _OPENMP
static void run_region(void)
{
    volatile int came = 0;
#pragma omp parallel num_threads(2)
    {
#pragma omp atomic
        came++;
    }
}
#endif

/* True when the child came to its end. It dies with this process, however that ends. */
static bool fork_once(void (*child)(void))
{
    int status = 0;
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != self)
            _exit(1);
        child();
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool trap_lock(void)
{
    return start_thread(keep_lock) && fork_once(take_lock);
}

static bool trap_malloc(void)
{
    /* One arena: the thread and the child need the same lock. Another malloc may know none. */
    (void)mallopt(M_ARENA_MAX, 1);
    bool came = start_thread(keep_allocating);
    for (int i = 0; i < MALLOC_FORKS && came; i++)
        came = fork_once(allocate);
    return came;
}

#ifdef _OPENMP
static bool trap_openmp(void)
{
    run_region();
    return fork_once(run_region);
}
#endif

/* What a pool's worker does once: all that the traps' children hang of. In the calling process,
 * whose threads hold those things, nothing. */
static void through_init(void *state, const void *param)
{
    (void)param;
    *(uint64_t *)state = 0;
}

static void through_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    static bool through;
    (void)chunk;
    if (through || getpid() == *(const pid_t *)param)
        return;
    through = true;
    take_lock();
    allocate();
#ifdef _OPENMP
    run_region();
#endif
    ++*(uint64_t *)state;
}

static void through_merge(void *left, const void *right, const void *param)
{
    (void)param;
    *(uint64_t *)left += *(const uint64_t *)right;
}

static trine_status through_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(uint64_t *)result = *(const uint64_t *)state;
    return TRINE_OK;
}

/* Opens a pool, has its workers go through all that, closes it. */
static bool use_pool(const char *spec)
{
    static const trine_reducer through = {TRINE_INIT(trine_reducer),
                                          .name = "through",
                                          .nin = 1,
                                          .in = {TRINE_U8},
                                          .out = TRINE_U64,
                                          .param_size = sizeof(pid_t),
                                          .state_size = sizeof(uint64_t),
                                          .result_size = sizeof(uint64_t),
                                          .init = through_init,
                                          .accumulate = through_accumulate,
                                          .merge = through_merge,
                                          .finish = through_finish};
    const pid_t self = getpid();
    trine_team *team = NULL;
    trine_array *x = NULL;
    uint64_t came = 0;
    trine_status status = trine_team_open(spec, &team);
    if (!status)
        status = trine_array_create(team, TRINE_U8, POOL_CHUNKS * TRINE_CHUNK, TRINE_SHARED, &x);
    if (!status)
        status = trine_reduce(&through, (const trine_array *[]){x}, &self, &came);
    if (status)
        fprintf(stderr, "forktrap: %s\n", trine_error_detail());
    trine_array_free(x);
    return trine_team_close(team) == TRINE_OK && status == TRINE_OK && came > 0;
}

static void say_came(void)
{
    while (write(STDOUT_FILENO, "", 1) < 0 && errno == EINTR)
        ;
}

static bool run_pools(const char *spec, uint64_t times)
{
    bool came =
        trine_init() == TRINE_OK && start_thread(keep_lock) && start_thread(keep_allocating);
#ifdef _OPENMP
    run_region();
#endif
    for (uint64_t i = 0; i < times && came; i++) {
        came = use_pool(spec);
        if (came)
            say_came();
    }
    return came;
}

/* The process of one mode. */
static int provoke(char **argv)
{
    static const struct {
        const char *mode;
        bool (*trap)(void);
    } traps[] = {{"lock", trap_lock},
#ifdef _OPENMP
                 {"openmp", trap_openmp},
#endif
                 {"malloc", trap_malloc}};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != strtol(argv[PARENT], NULL, 10))
        return EXIT_FAILED;
    for (size_t i = 0; i < sizeof traps / sizeof *traps; i++)
        if (strcmp(argv[MODE], traps[i].mode) == 0) {
            bool came = traps[i].trap();
            if (came)
                say_came();
            return came ? EXIT_RIGHT : EXIT_FAILED;
        }
    return run_pools(argv[SPEC], strtoull(argv[OFTEN], NULL, 10)) ? EXIT_RIGHT : EXIT_FAILED;
}

/* What the watchdog saw. hung: nothing was said for so long. status: waitpid's. */
typedef struct sight {
    uint64_t came;
    bool hung;
    int status;
} sight;

/* Starts this program again, in a process group of its own, its output into a pipe. */
static pid_t start_subject(const harness_job *job, int *output)
{
    char parent[24], spec[32], times[24];
    int ends[2], workers = trine_team_workers(job->team);
    pid_t pid = -1;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    snprintf(parent, sizeof parent, "%ld", (long)getpid());
    snprintf(spec, sizeof spec, "pool:%d", workers > 2 ? workers : 2);
    snprintf(times, sizeof times, "%llu", (unsigned long long)job->setting[TIMES].whole[0]);
    char mode[32], self[] = "forktrap", option[] = "--provoke";
    snprintf(mode, sizeof mode, "%s", job->method->mode);
    char *const argv[] = {self, option, parent, mode, spec, times, NULL};
    if (pipe2(ends, O_CLOEXEC))
        return -1;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    int error = posix_spawn(&pid, "/proc/self/exe", &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        errno = error;
        return -1;
    }
    *output = ends[0];
    return pid;
}

/* Counts what the subject says until it ends, or says nothing for too long. */
static void count_came(int output, double patience, sight *seen)
{
    char said[256];
    struct pollfd watch = {.fd = output, .events = POLLIN};
    for (;;) {
        int ready = poll(&watch, 1, (int)(1000 * patience));
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t got = ready > 0 ? read(output, said, sizeof said) : 0;
        seen->hung = ready == 0;
        if (got <= 0)
            return;
        seen->came += (uint64_t)got;
    }
}

static trine_status begin(harness_job *job)
{
    static sight seen;
    job->own = &seen;
    if (trine_team_ranks(job->team) == 1)
        return TRINE_OK;
    log_line("forktrap", "team %s: forks one process; leave mpi out of --team",
             trine_team_spec(job->team));
    return TRINE_E_ARGUMENT;
}

static trine_status run(harness_job *job)
{
    int output;
    sight *seen = job->own;
    *seen = (sight){.hung = false};
    pid_t pid = start_subject(job, &output);
    if (pid < 0) {
        log_line("forktrap", "starting itself again: %s", strerror(errno));
        return TRINE_E_SYSTEM;
    }
    count_came(output, job->setting[PATIENCE].real[0], seen);
    /* The group: also what it forked. */
    kill(-pid, SIGKILL);
    while (waitpid(pid, &seen->status, 0) < 0 && errno == EINTR)
        ;
    close(output);
    job->statistics.items = seen->came;
    job->value.dtype = TRINE_U64;
    job->value.as.u64 = seen->came;
    harness_add_number(job, "hung", seen->hung);
    return TRINE_OK;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const sight *seen = job->own;
    bool pool = strcmp(job->method->mode, "pool") == 0;
    uint64_t times = pool ? job->setting[TIMES].whole[0] : 1;
    /* A trap that does not hang is right on a system that guards against it. */
    bool right = pool ? seen->came == times : seen->came == times || seen->hung;
    *verdict = right ? VERDICT_RIGHT : VERDICT_WRONG;
    return TRINE_OK;
}

static void print(const harness_job *job)
{
    const sight *seen = job->own;
    const char *mode = job->method->mode;
    if (strcmp(mode, "pool") == 0)
        printf("pool: opened, used and closed %llu times beside a thread that holds a lock, one "
               "that allocates, and OpenMP's\n",
               (unsigned long long)seen->came);
    else if (seen->hung)
        printf("%s: the forked child hung, and was killed after %.3g s\n", mode,
               job->setting[PATIENCE].real[0]);
    else if (seen->came)
        printf("%s: the forked child came to its end: this system guards against it\n", mode);
    else if (WIFSIGNALED(seen->status))
        printf("%s: not seen: the forking process was ended by signal %d\n", mode,
               WTERMSIG(seen->status));
    else
        printf("%s: not seen: the forking process failed\n", mode);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"lock", "a thread's own lock"},
#ifdef _OPENMP
                                             {"openmp", "a region, a fork, a region"},
#endif
                                             {"malloc", "a thread in malloc"},
                                             {"pool", "trine's pool"},
                                             {NULL, NULL}};
    static const harness_extra extras[] = {
        [TIMES] = {"times", "N", "pool: how often a pool is opened, used and closed (default 1000)",
                   KIND_WHOLE, "1000", 1, 1e9},
        [PATIENCE] = {"patience", "SECONDS",
                      "How long nothing may come to its end until all is killed (default 2)",
                      KIND_REAL, "2", 0.05, 3600},
        {.name = NULL}};
    static const harness_operation operation = {.tasks = true,
                                                .fleeting = true,
                                                .standard_n = 1,
                                                .standard_repeat = 1,
                                                .begin = begin,
                                                .run = run,
                                                .check = check,
                                                .print = print};
    static const char *const examples[] = {"drivers/forktrap",
                                           "drivers/forktrap --mode pool --times 100",
                                           "drivers/forktrap --patience 0.5", NULL};
    static const trine_driver driver = {
        .name = "forktrap",
        .examples = examples,
        .about = "Forks a process that has threads, whose child then hangs (lock, openmp) or not "
                 "(malloc), and opens pools in such a process. The result shown is how often the "
                 "end was reached: 0 for one that hung.",
        .methods = methods,
        .operation = &operation,
        .extras = extras};
    take_signals_back();
    if (argc == PROVOKE_ARGUMENTS && strcmp(argv[1], "--provoke") == 0)
        return provoke(argv);
    return trine_driver_main(&driver, argc, argv);
}
