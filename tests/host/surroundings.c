/* surroundings.c - a pool works, or says what is missing, whatever the user's process is like: its
 * threads, its copies, its limits, its streams, its signals. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "core/system/clock.h"
#include "backends/executors/pool/pool.h"
#include "child.h"

/* Sums n ones in shared memory. */
static void must_work(trine_team *team, uint64_t n)
{
    trine_array *x;
    double sum;
    MUST(trine_array_create(team, TRINE_F64, n, TRINE_SHARED, &x) == TRINE_OK);
    for (uint64_t i = 0; i < n; i++)
        ((double *)trine_array_data(x))[i] = 1;
    MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_OK);
    MUST(sum == (double)n);
    trine_array_free(x);
}

enum { SMALL = 1000, LARGE = 1 << 20 };

static void open_use_close(uint64_t n)
{
    trine_team *team = open_team("pool:3");
    must_work(team, n);
    MUST(trine_team_close(team) == TRINE_OK);
}

static void *use_pools(void *data)
{
    for (int i = 0; i < 100; i++)
        open_use_close(i % 10 ? SMALL : LARGE);
    return data;
}

static void two_threads_may_use_a_pool_each_body(void)
{
    pthread_t threads[2];
    MUST(trine_init() == TRINE_OK);
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&threads[i], NULL, use_pools, NULL) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}
IN_CHILD(NULL, two_threads_may_use_a_pool_each)

static trine_team *kept;

static void *go_on(void *data)
{
    (void)data;
    usleep(100000);
    must_work(kept, LARGE);
    kill((pid_t)trine_team_worker_pid(kept, 1), SIGKILL);
    must_work(kept, LARGE);
    _exit(0);
}

static void the_thread_that_began_may_end_body(void)
{
    pthread_t thread;
    kept = open_team("pool:2");
    MUST(pthread_create(&thread, NULL, go_on, NULL) == 0);
    pthread_exit(NULL);
}
IN_CHILD(NULL, the_thread_that_began_may_end)

static void a_copy_of_the_process_does_not_delay_the_end_body(void)
{
    open_use_close(SMALL);
    pid_t copy = fork();
    if (copy == 0) {
        sleep(30);
        _exit(0);
    }
    double began = trine_seconds();
    trine_finalize();
    MUST(trine_seconds() - began < 5);
    kill(copy, SIGKILL);
}
IN_CHILD(NULL, a_copy_of_the_process_does_not_delay_the_end)

static void few_file_descriptors_are_enough_body(void)
{
    limit(RLIMIT_NOFILE, 20);
    open_use_close(LARGE);
}
IN_CHILD(NULL, few_file_descriptors_are_enough)

static void too_few_file_descriptors_are_a_named_error_body(void)
{
    trine_team *team = NULL;
    MUST(trine_init() == TRINE_OK);
    limit(RLIMIT_NOFILE, 20);
    for (int i = 0; i < 3; i++) {
        MUST(trine_team_open("pool:30", &team) == TRINE_E_SYSTEM);
        MUST(strstr(trine_error_detail(), "ulimit -n") != NULL);
    }
    open_use_close(LARGE);
}
IN_CHILD(NULL, too_few_file_descriptors_are_a_named_error)

static void a_worker_that_cannot_be_replaced_is_so_later_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x;
    double sum;
    struct rlimit before;
    MUST(trine_array_create(team, TRINE_F64, LARGE, TRINE_SHARED, &x) == TRINE_OK);
    MUST(getrlimit(RLIMIT_NOFILE, &before) == 0);
    pid_t victim = (pid_t)trine_team_worker_pid(team, 1);
    char name[32];
    snprintf(name, sizeof name, "worker 1 (pid %d)", (int)victim);
    limit(RLIMIT_NOFILE, 3);
    kill(victim, SIGKILL);
    for (int i = 0; i < 3; i++) {
        MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_E_WORKER);
        MUST(strstr(trine_error_detail(), name) && strstr(trine_error_detail(), "ulimit -n"));
    }
    limit(RLIMIT_NOFILE, before.rlim_cur);
    must_work(team, LARGE);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, a_worker_that_cannot_be_replaced_is_so_later)

static void a_limit_on_file_size_makes_the_heap_smaller_body(void)
{
    trine_array *large;
    limit(RLIMIT_FSIZE, (rlim_t)256 << 20);
    trine_team *team = open_team("pool:2");
    must_work(team, LARGE);
    MUST(trine_array_create(team, TRINE_U8, (uint64_t)300 << 20, TRINE_SHARED, &large) ==
         TRINE_E_MEMORY);
    MUST(strstr(trine_error_detail(), "ulimit -v, -f") != NULL);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, a_limit_on_file_size_makes_the_heap_smaller)

static void closed_standard_streams_do_no_harm_body(void)
{
    int kept_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        close(fd);
    trine_team *team = open_team("pool:3");
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        MUST(fcntl(fd, F_GETFD) == -1);
    dup2(kept_stderr, STDERR_FILENO);
    must_work(team, LARGE);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, closed_standard_streams_do_no_harm)

static void under_nohup_a_hangup_ends_nothing_body(void)
{
    signal(SIGHUP, SIG_IGN);
    trine_team *team = open_team("pool:2");
    pid_t worker = (pid_t)trine_team_worker_pid(team, 1), fork_server = trine_fork_server_pid();
    kill(worker, SIGHUP);
    kill(fork_server, SIGHUP);
    usleep(20000);
    must_work(team, LARGE);
    MUST(trine_team_worker_pid(team, 1) == worker && trine_fork_server_pid() == fork_server);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, under_nohup_a_hangup_ends_nothing)

enum { STORMS = 100 };

static pid_t owner;
static volatile int *elsewhere;

static void note_process(int number)
{
    (void)number;
    *elsewhere += getpid() != owner;
}

/* Signals that do nothing where nobody handles them, to this process and all that it forks. */
static pid_t begin_storm(void)
{
    setpgid(0, 0);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGWINCH, SIG_IGN);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            kill(0, SIGWINCH);
    }
    return pid;
}

static void handlers_of_the_program_run_in_no_worker_body(void)
{
    struct sigaction noting = {.sa_handler = note_process, .sa_flags = SA_RESTART};
    owner = getpid();
    elsewhere =
        mmap(NULL, sizeof *elsewhere, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(elsewhere != MAP_FAILED);
    sigaction(SIGWINCH, &noting, NULL);
    pid_t storm = begin_storm();
    for (int i = 0; i < STORMS; i++) {
        const double ones[] = {1, 1};
        double sum;
        trine_array *x;
        open_use_close(SMALL);
        kill(trine_fork_server_pid(), SIGKILL);
        trine_team *team = open_team("pool:3,transport=inherit");
        MUST(trine_array_wrap_const(team, TRINE_F64, ones, 2, &x) == TRINE_OK);
        MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_OK && sum == 2);
        trine_array_free(x);
        MUST(trine_team_close(team) == TRINE_OK);
    }
    kill(storm, SIGKILL);
    waitpid(storm, NULL, 0);
    MUST(*elsewhere == 0);
}
IN_CHILD(NULL, handlers_of_the_program_run_in_no_worker)

static void with_sigchld_ignored_deaths_are_named_body(void)
{
    signal(SIGCHLD, SIG_IGN);
    trine_team *team = open_team("pool:3");
    double sum;
    trine_array *x;
    struct rlimit before;
    MUST(trine_array_create(team, TRINE_F64, LARGE, TRINE_SHARED, &x) == TRINE_OK);
    MUST(getrlimit(RLIMIT_NOFILE, &before) == 0);
    limit(RLIMIT_NOFILE, 3);
    kill((pid_t)trine_team_worker_pid(team, 1), SIGTERM);
    MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "signal 15 (Terminated)") != NULL);
    limit(RLIMIT_NOFILE, before.rlim_cur);
    must_work(team, LARGE);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, with_sigchld_ignored_deaths_are_named)

int main(void)
{
    CU_TestInfo tests[] = {
        {"two threads may use a pool each", two_threads_may_use_a_pool_each},
        {"the thread that began may end", the_thread_that_began_may_end},
        {"a copy of the process does not delay the end",
         a_copy_of_the_process_does_not_delay_the_end},
        {"few file descriptors are enough", few_file_descriptors_are_enough},
        {"too few file descriptors are a named error", too_few_file_descriptors_are_a_named_error},
        {"a worker that cannot be replaced is so later",
         a_worker_that_cannot_be_replaced_is_so_later},
        {"a limit on file size makes the heap smaller",
         a_limit_on_file_size_makes_the_heap_smaller},
        {"closed standard streams do no harm", closed_standard_streams_do_no_harm},
        {"under nohup a hangup ends nothing", under_nohup_a_hangup_ends_nothing},
        {"handlers of the program run in no worker", handlers_of_the_program_run_in_no_worker},
        {"with SIGCHLD ignored deaths are named", with_sigchld_ignored_deaths_are_named},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("pool surroundings", tests);
}
