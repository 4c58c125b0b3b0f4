/* pool.c - whatever is killed when, a pool gives the same bits or a named error, goes on working,
 * and leaves nothing behind. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "backends/executors/pool/pool.h"
#include "child.h"
#include "backends/list.h"
#include "core/team/team.h"
#include "hash_reducer.h"

/* A page that this process and all workers share, mapped before anything is forked. */
typedef struct shared_page {
    pid_t parent;
    atomic_int crashes, times[256];
    atomic_bool armed, crash_fork_server;
    int64_t crash_at;
    int crash_signal;
} shared_page;

static shared_page *page;

static void reset_page(void)
{
    page->parent = getpid();
    page->armed = false;
    page->crashes = 0;
    page->crash_fork_server = false;
}

/* Crashes in a forked worker when it comes to element crash_at, as often as `crashes` says. */
static void crashing_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    if (page->armed && getpid() != page->parent && chunk->offset >= page->crash_at &&
        atomic_fetch_sub(&page->crashes, 1) > 0) {
        if (page->crash_fork_server)
            kill(getppid(), SIGKILL);
        raise(page->crash_signal);
    }
    hash_accumulate(state, chunk, param);
}

static const trine_reducer crashing = {TRINE_INIT(trine_reducer),
                                       .name = "crashing",
                                       .nin = 1,
                                       .in = {TRINE_U64},
                                       .state_size = sizeof(hash_state),
                                       .result_size = sizeof(hash_state),
                                       .init = hash_init,
                                       .accumulate = crashing_accumulate,
                                       .merge = hash_merge,
                                       .finish = hash_finish};

static void arm(int crashes, uint64_t at, int signal)
{
    page->crashes = crashes;
    page->crash_at = at;
    page->crash_signal = signal;
    page->armed = true;
}

enum { N = 40 * TRINE_CHUNK + 3 };

static trine_array *numbers(trine_team *team, uint64_t n)
{
    trine_array *x;
    MUST(trine_array_create(team, TRINE_U64, n, TRINE_SHARED, &x) == TRINE_OK);
    for (uint64_t i = 0; i < n; i++)
        ((uint64_t *)trine_array_data(x))[i] = i * i;
    return x;
}

static trine_status reduce(const trine_array *x, hash_state *result)
{
    return trine_reduce(&crashing, &x, NULL, result);
}

static void must_be_right(const trine_array *x)
{
    trine_team *serial = open_team("serial");
    trine_array *same;
    hash_state got, expected;
    MUST(trine_array_wrap(serial, TRINE_U64, trine_array_data(x), trine_array_n(x), &same) == 0);
    MUST(reduce(same, &expected) == TRINE_OK);
    MUST(reduce(x, &got) == TRINE_OK);
    MUST(memcmp(&got, &expected, sizeof got) == 0);
    trine_array_free(same);
    MUST(trine_team_close(serial) == TRINE_OK);
}

static int replaced(trine_team *team)
{
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    trine_team_ledger(team, &ledger);
    return ledger.replaced;
}

static void a_worker_killed_mid_sum_is_replaced_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x = numbers(team, N);
    int64_t before[3], after[3];
    for (int i = 0; i < 3; i++)
        before[i] = trine_team_worker_pid(team, i);
    for (int schedule = TRINE_STATIC; schedule <= TRINE_DYNAMIC; schedule++) {
        trine_team_set_schedule(team, (trine_schedule)schedule);
        arm(1, schedule == TRINE_STATIC ? N / 2 : 0, SIGKILL);
        must_be_right(x);
        MUST(page->crashes > 0 || replaced(team) == 1);
        page->armed = false;
        must_be_right(x);
        MUST(replaced(team) == 0);
    }
    for (int i = 0; i < 3; i++)
        after[i] = trine_team_worker_pid(team, i);
    MUST(before[1] != after[1] || before[2] != after[2]);
    MUST(before[0] == after[0]);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_worker_killed_mid_sum_is_replaced)

static void every_kind_of_death_is_survived_body(void)
{
    static const int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGBUS, SIGABRT};
    trine_team *team = open_team("pool:4");
    trine_array *x = numbers(team, N);
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    for (int i = 0; i < 5; i++)
        for (int crashes = 1; crashes <= 3; crashes += 2) {
            arm(crashes, N / 3, signals[i]);
            must_be_right(x);
        }
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, every_kind_of_death_is_survived)

static void workers_killed_between_calls_are_replaced_body(void)
{
    trine_team *team = open_team("pool:4");
    trine_array *x = numbers(team, N);
    for (int round = 0; round < 3; round++) {
        for (int i = 1; i < 4; i++)
            kill((pid_t)trine_team_worker_pid(team, i), SIGKILL);
        must_be_right(x);
        MUST(replaced(team) == 3);
    }
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, workers_killed_between_calls_are_replaced)

/* A killer in another process, at times that nobody chose. */
static void sums_survive_a_killer_at_random_body(void)
{
    MUST(trine_init() == TRINE_OK);
    trine_team *team = open_team("pool:3");
    trine_array *x;
    double first, sum;
    uint64_t n = 1 << 23;
    MUST(trine_array_create(team, TRINE_F64, n, TRINE_SHARED, &x) == TRINE_OK);
    for (uint64_t i = 0; i < n; i++)
        ((double *)trine_array_data(x))[i] = 1.0 / (double)(i + 1);
    MUST(trine_sum_f64(x, TRINE_EXACT, &first) == TRINE_OK);
    int deaths = 0;
    for (int round = 0; round < 40; round++) {
        pid_t victim = (pid_t)trine_team_worker_pid(team, 1 + round % 2), killer = fork();
        if (killer == 0) {
            usleep((useconds_t)(100 * (round % 40)));
            kill(victim, SIGKILL);
            _exit(0);
        }
        for (int i = 0; i < 3; i++) {
            MUST(trine_sum_f64(x, i % 2 ? TRINE_FAST : TRINE_EXACT, &sum) == TRINE_OK);
            MUST(i % 2 || memcmp(&sum, &first, sizeof sum) == 0);
            deaths += replaced(team);
        }
        MUST(waitpid(killer, NULL, 0) == killer);
    }
    MUST(deaths >= 30);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, sums_survive_a_killer_at_random)

static void a_kernel_that_always_crashes_is_named_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x = numbers(team, N);
    hash_state result = {42, 42};
    arm(1 << 20, N / 2, SIGKILL);
    MUST(reduce(x, &result) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "was killed by signal 9") != NULL);
    MUST(strstr(trine_error_detail(), "(pid ") && strstr(trine_error_detail(), "attempts"));
    MUST(result.hash == 42);
    page->armed = false;
    must_be_right(x);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_kernel_that_always_crashes_is_named)

static void crashing_apply(const trine_chunk *chunk, const void *param)
{
    (void)param;
    if (page->armed && getpid() != page->parent && atomic_fetch_sub(&page->crashes, 1) > 0)
        raise(SIGKILL);
    uint64_t *x = chunk->out[0];
    for (int64_t i = 0; i < chunk->n; i++)
        x[i]++;
}

static const trine_map increment = {
    TRINE_INIT(trine_map), .name = "increment",    .nin = 1, .nout = 1, .in = {TRINE_U64},
    .out = {TRINE_U64},    .apply = crashing_apply};

static void work_in_place_survives_an_earlier_death_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x = numbers(team, N);
    const trine_array *in[] = {x};
    trine_array *const out[] = {x};
    for (uint64_t round = 1; round <= 4; round++) {
        kill((pid_t)trine_team_worker_pid(team, 1 + (int)round % 2), SIGKILL);
        usleep(20000);
        MUST(trine_apply(&increment, in, NULL, out) == TRINE_OK);
        MUST(replaced(team) == 1);
        for (uint64_t i = 0; i < N; i++)
            MUST(((const uint64_t *)trine_array_data(x))[i] == i * i + round);
    }
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, work_in_place_survives_an_earlier_death)

static void work_in_place_is_not_done_twice_body(void)
{
    trine_team *team = open_team("pool:2");
    trine_array *x = numbers(team, N);
    const trine_array *in[] = {x};
    trine_array *const out[] = {x};
    arm(1, 0, SIGKILL);
    MUST(trine_apply(&increment, in, NULL, out) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "in place") && strstr(trine_error_detail(), "signal 9"));
    MUST(trine_apply(&increment, in, NULL, out) == TRINE_OK);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, work_in_place_is_not_done_twice)

/* Every other array, so that each leaves a hole of its own; then the rest. */
static void arrays_are_freed_in_any_order_body(void)
{
    enum { ARRAYS = 400 };
    trine_team *team = open_team("pool:2");
    trine_array *x[ARRAYS];
    for (int i = 0; i < ARRAYS; i++)
        x[i] = numbers(team, 100);
    for (int first = 0; first < 2; first++)
        for (int i = first; i < ARRAYS; i += 2)
            trine_array_free(x[i]);
    x[0] = numbers(team, N);
    must_be_right(x[0]);
    trine_array_free(x[0]);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, arrays_are_freed_in_any_order)

static void a_killed_fork_server_is_replaced_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x = numbers(team, N);
    pid_t fork_server = trine_fork_server_pid();
    kill(fork_server, SIGKILL);
    usleep(20000);
    must_be_right(x);
    MUST(trine_fork_server_pid() != fork_server);
    must_be_right(x);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_killed_fork_server_is_replaced)

/* The transport pipe starts a thread of the library's own. */
static void a_killed_fork_server_is_replaced_before_a_pipe_is_fed_body(void)
{
    static const double ones[] = {1, 1, 1};
    trine_team *team = open_team("pool:2,transport=pipe");
    trine_array *x;
    double sum;
    MUST(trine_array_wrap_const(team, TRINE_F64, ones, 3, &x) == TRINE_OK);
    for (int i = 0; i < 3; i++) {
        MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_OK && sum == 3);
        kill(trine_fork_server_pid(), SIGKILL);
        usleep(20000);
    }
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_killed_fork_server_is_replaced_before_a_pipe_is_fed)

static void a_fork_server_killed_mid_sum_is_replaced_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x = numbers(team, N);
    page->crash_fork_server = true;
    arm(1, N / 2, SIGKILL);
    must_be_right(x);
    page->crash_fork_server = false;
    must_be_right(x);
    MUST(replaced(team) == 0);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_fork_server_killed_mid_sum_is_replaced)

/* No pause after a kill: who is killed may still be dying when it is needed. */
static void whatever_is_killed_together_is_replaced_body(void)
{
    for (int i = 0; i < 60; i++) {
        trine_team *team = open_team("pool:3");
        trine_array *x = numbers(team, N);
        pid_t fork_server = trine_fork_server_pid();
        if (i % 4 == 0)
            kill(fork_server, SIGKILL);
        for (int k = 1; k < 3 && i % 4 < 3; k++)
            kill((pid_t)trine_team_worker_pid(team, k), SIGKILL);
        if (i % 4 == 1 || i % 4 == 3)
            kill(fork_server, SIGKILL);
        trine_team *other = open_team("pool:2");
        must_be_right(x);
        trine_array_free(x);
        x = numbers(other, N);
        must_be_right(x);
        trine_array_free(x);
        MUST(trine_team_close(team) == TRINE_OK);
        MUST(trine_team_close(other) == TRINE_OK);
    }
}
IN_CHILD(reset_page, whatever_is_killed_together_is_replaced)

static void *sleep_long(void *data)
{
    (void)data;
    pause();
    return NULL;
}

static void without_a_fork_server_threads_are_a_named_error_body(void)
{
    trine_team *team = open_team("pool:2");
    trine_array *x = numbers(team, N);
    hash_state result;
    pthread_t thread;
    pthread_create(&thread, NULL, sleep_long, NULL);
    kill(trine_fork_server_pid(), SIGKILL);
    usleep(20000);
    MUST(reduce(x, &result) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "runs 2 threads") != NULL);
    MUST(strstr(trine_error_detail(), "has ended") != NULL);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, without_a_fork_server_threads_are_a_named_error)

static void threads_are_refused_with_the_remedy_body(void)
{
    trine_team *team = NULL;
    pthread_t thread;
    pthread_create(&thread, NULL, sleep_long, NULL);
    MUST(trine_team_open("pool:2", &team) == TRINE_E_THREADS);
    MUST(strstr(trine_error_detail(), "trine_init() first thing in main") != NULL);
    MUST(team == NULL);
}
IN_CHILD(reset_page, threads_are_refused_with_the_remedy)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *hold_mutex(void *data)
{
    (void)data;
    pthread_mutex_lock(&mutex);
    pause();
    return NULL;
}

static void locking_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    if (getpid() != page->parent) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    hash_accumulate(state, chunk, param);
}

static void with_trine_init_threads_and_their_locks_do_no_harm_body(void)
{
    MUST(trine_init() == TRINE_OK);
    pthread_t thread;
    pthread_create(&thread, NULL, hold_mutex, NULL);
    usleep(10000);
    trine_team *team = open_team("pool:3");
    trine_array *x = numbers(team, N);
    trine_reducer locking = crashing;
    hash_state result;
    locking.accumulate = locking_accumulate;
    const trine_array *in[] = {x};
    MUST(trine_reduce(&locking, in, NULL, &result) == TRINE_OK);
    arm(1, N / 2, SIGKILL);
    must_be_right(x);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, with_trine_init_threads_and_their_locks_do_no_harm)

static void wait_sees_none_of_our_processes_body(void)
{
    trine_team *team = open_team("pool:4");
    MUST(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    MUST(trine_team_close(team) == TRINE_OK);
    MUST(wait(NULL) == -1 && errno == ECHILD);
}
IN_CHILD(reset_page, wait_sees_none_of_our_processes)

static int open_files(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static long heap_kilobytes(void)
{
    struct stat found;
    fstat(trine_heap_fd(), &found);
    return (long)found.st_blocks / 2;
}

static void open_and_close_leave_nothing_body(void)
{
    MUST(trine_init() == TRINE_OK);
    MUST(trine_team_close(open_team("pool:3")) == TRINE_OK);
    int files = open_files();
    for (int i = 0; i < 300; i++) {
        trine_team *team = open_team("pool:3"), *other = open_team("pool:2");
        trine_array *x = numbers(team, 2 << 20), *y = numbers(other, 100);
        MUST(heap_kilobytes() >= 16 << 10);
        if (i % 100 == 0) {
            must_be_right(x);
            must_be_right(y);
        }
        trine_array_free(x);
        trine_array_free(y);
        MUST(trine_team_close(team) == TRINE_OK);
        MUST(trine_team_close(other) == TRINE_OK);
    }
    MUST(open_files() == files);
    MUST(heap_kilobytes() == 0);
    trine_finalize();
    MUST(trine_fork_server_pid() == 0);
}
IN_CHILD(reset_page, open_and_close_leave_nothing)

static void a_shortage_is_an_error_before_the_first_store_body(void)
{
    trine_team *team = open_team("pool:2,heap=32M");
    trine_array *x = NULL;
    MUST(trine_array_create(team, TRINE_F64, 8 << 20, TRINE_SHARED, &x) == TRINE_E_MEMORY);
    MUST(strstr(trine_error_detail(), "larger heap=SIZE") != NULL);
    MUST(trine_array_create(team, TRINE_F64, (uint64_t)1 << 42, TRINE_SHARED, &x) ==
         TRINE_E_MEMORY);
    MUST(strstr(trine_error_detail(), "available") != NULL);
    x = numbers(team, 1 << 20);
    must_be_right(x);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_shortage_is_an_error_before_the_first_store)

#if !defined(__SANITIZE_ADDRESS__)
static void a_limited_address_space_makes_the_heap_smaller_body(void)
{
    struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
    trine_team *team = open_team("pool:2");
    trine_array *x = numbers(team, 1 << 20);
    must_be_right(x);
    trine_array *large = NULL;
    MUST(trine_array_create(team, TRINE_U8, (uint64_t)600 << 20, TRINE_SHARED, &large) != TRINE_OK);
    MUST(strstr(trine_error_detail(), "ulimit -v") != NULL);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_limited_address_space_makes_the_heap_smaller)
#endif

static trine_status count_run(void *context, size_t block, trine_worker *worker)
{
    (void)context;
    (void)worker;
    atomic_fetch_add(&page->times[block], 1);
    return TRINE_OK;
}

static trine_status fail_some(void *context, size_t block, trine_worker *worker)
{
    (void)context;
    (void)worker;
    return block % 10 == 7 ? trine_fail(TRINE_E_IO, "block %zu", block) : TRINE_OK;
}

static void every_block_is_done_once_body(void)
{
    for (int workers = 1; workers <= 16; workers += 5) {
        trine_executor executor;
        trine_executor_options options = {.workers = workers};
        MUST(trine_executor_open(&executor, &trine_pool_executor, &options) == TRINE_OK);
        for (int repeat = 0; repeat < 20; repeat++)
            for (int schedule = TRINE_STATIC; schedule <= TRINE_DYNAMIC; schedule++) {
                trine_job job = {.blocks = (size_t)(1 + 12 * repeat),
                                 .body = count_run,
                                 .schedule = (trine_schedule)schedule,
                                 .restartable = true};
                memset(page->times, 0, sizeof page->times);
                MUST(executor.ops.run(&executor, &job) == TRINE_OK);
                for (size_t i = 0; i < 256; i++)
                    MUST(page->times[i] == (i < job.blocks));
            }
        trine_executor_close(&executor);
    }
}
IN_CHILD(reset_page, every_block_is_done_once)

static void the_lowest_failed_block_is_reported_body(void)
{
    trine_executor executor;
    trine_executor_options options = {.workers = 4};
    MUST(trine_executor_open(&executor, &trine_pool_executor, &options) == TRINE_OK);
    trine_job job = {.blocks = 100, .body = fail_some, .restartable = true};
    MUST(executor.ops.run(&executor, &job) == TRINE_E_IO);
    MUST(strcmp(trine_error_detail(), "block 7") == 0);
    job.body = count_run;
    MUST(executor.ops.run(&executor, &job) == TRINE_OK);
    trine_executor_close(&executor);
}
IN_CHILD(reset_page, the_lowest_failed_block_is_reported)

static void a_forked_copy_of_the_user_cannot_use_the_pool_body(void)
{
    trine_team *team = open_team("pool:2");
    trine_array *x = numbers(team, N);
    int status;
    pid_t copy = fork();
    if (copy == 0) {
        hash_state result;
        MUST(reduce(x, &result) == TRINE_E_WORKER);
        MUST(strstr(trine_error_detail(), "forked from") != NULL);
        exit(0);
    }
    MUST(waitpid(copy, &status, 0) == copy && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    must_be_right(x);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_forked_copy_of_the_user_cannot_use_the_pool)

/* Files of /dev/shm that a process has mapped: what would be left behind when it is killed. */
static int shared_files(pid_t pid)
{
    char path[32], line[512];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "r");
    while (maps && fgets(line, sizeof line, maps))
        count += strstr(line, " /dev/shm/") != NULL;
    if (maps)
        fclose(maps);
    return maps ? count : -1;
}

static void spin_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    usleep(20000);
    hash_accumulate(state, chunk, param);
}

/* A victim that works on pool:4 until it is killed, having told its processes' pids. */
static _Noreturn void be_killed(int out, bool working)
{
    page->parent = getpid();
    trine_team *team = open_team("pool:4");
    trine_array *x = numbers(team, 64 * TRINE_CHUNK);
    pid_t pids[5] = {trine_fork_server_pid(), getpid()};
    for (int i = 1; i < 4; i++)
        pids[i + 1] = (pid_t)trine_team_worker_pid(team, i);
    trine_reducer slow = crashing;
    slow.accumulate = spin_accumulate;
    const trine_array *in[] = {x};
    hash_state result;
    if (write(out, pids, sizeof pids) != sizeof pids)
        _exit(1);
    while (working)
        trine_reduce(&slow, in, NULL, &result);
    for (;;)
        pause();
}

static void no_process_outlives_its_parent(void)
{
    static const int signals[] = {SIGKILL, SIGTERM, SIGINT};
    for (int i = 0; i < 6; i++) {
        int ends[2];
        pid_t pids[5] = {0};
        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
        pid_t victim = fork();
        if (victim == 0)
            be_killed(ends[1], i % 2);
        CU_ASSERT_EQUAL(read(ends[0], pids, sizeof pids), sizeof pids);
        usleep(30000);
        for (int k = 0; k < 5; k++)
            CU_ASSERT_EQUAL(shared_files(pids[k]), 0);
        kill(victim, signals[i / 2]);
        waitpid(victim, NULL, 0);
        bool gone = false;
        for (int waited = 0; waited < 200 && !gone; waited++) {
            usleep(10000);
            gone = true;
            for (int k = 0; k < 5; k++)
                gone = gone && is_gone(pids[k]);
        }
        CU_ASSERT_TRUE(gone);
        close(ends[0]);
        close(ends[1]);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a worker killed in the middle of a sum is replaced", a_worker_killed_mid_sum_is_replaced},
        {"every kind of death is survived", every_kind_of_death_is_survived},
        {"workers killed between calls are replaced", workers_killed_between_calls_are_replaced},
        {"sums survive a killer at random", sums_survive_a_killer_at_random},
        {"a kernel that always crashes is named", a_kernel_that_always_crashes_is_named},
        {"work in place is not done twice", work_in_place_is_not_done_twice},
        {"arrays are freed in any order", arrays_are_freed_in_any_order},
        {"work in place survives an earlier death", work_in_place_survives_an_earlier_death},
        {"a killed fork server is replaced", a_killed_fork_server_is_replaced},
        {"a killed fork server is replaced before a pipe is fed",
         a_killed_fork_server_is_replaced_before_a_pipe_is_fed},
        {"a fork server killed in the middle of a sum is replaced",
         a_fork_server_killed_mid_sum_is_replaced},
        {"whatever is killed together is replaced", whatever_is_killed_together_is_replaced},
        {"without a fork server threads are a named error",
         without_a_fork_server_threads_are_a_named_error},
        {"threads are refused, with the remedy", threads_are_refused_with_the_remedy},
        {"with trine_init threads and their locks do no harm",
         with_trine_init_threads_and_their_locks_do_no_harm},
        {"wait() sees none of our processes", wait_sees_none_of_our_processes},
        {"open and close leave nothing", open_and_close_leave_nothing},
        {"a shortage is an error before the first store",
         a_shortage_is_an_error_before_the_first_store},
#if !defined(__SANITIZE_ADDRESS__)
        /* The address sanitizer itself needs more address space than any limit leaves. */
        {"a limited address space makes the heap smaller",
         a_limited_address_space_makes_the_heap_smaller},
#endif
        {"every block is done once", every_block_is_done_once},
        {"the lowest failed block is reported", the_lowest_failed_block_is_reported},
        {"a forked copy of the user cannot use the pool",
         a_forked_copy_of_the_user_cannot_use_the_pool},
        {"no process outlives its parent", no_process_outlives_its_parent},
        CU_TEST_INFO_NULL,
    };
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? 1 : trine_check_main("pool faults", tests);
}
