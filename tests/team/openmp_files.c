/* openmp_files.c - LLVM's OpenMP makes a file in /dev/shm for each process that uses it, or is
 * forked from one that does, which only exit() removes: workers of a pool leave none, whether they
 * use OpenMP, end, or are killed. Skipped where OpenMP makes no such files. */
#include <omp.h>
#include <signal.h>
#include <string.h>

#include "child.h"

enum { ITEMS = 40, WORKERS = 2 };

static char *file_of(pid_t pid)
{
    static char path[64];
    snprintf(path, sizeof path, "/dev/shm/__KMP_REGISTERED_LIB_%d_%u", (int)pid, getuid());
    return path;
}

static bool has_file(pid_t pid)
{
    return access(file_of(pid), F_OK) == 0;
}

static int use_openmp(void)
{
    int threads = 0;
#pragma omp parallel num_threads(2) reduction(+ : threads)
    threads++;
    return threads;
}

/* Whether a process that ends by _exit leaves one; it is removed. */
static bool files_are_left(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(use_openmp() < 1);
    waitpid(pid, NULL, 0);
    return unlink(file_of(pid)) == 0;
}

/* The worker's pid is the result; item 3 of each ten kills its worker when it is first begun. */
static trine_status run(trine_task *task)
{
    uint64_t *pid = trine_task_result(task, sizeof *pid);
    const bool *uses = task->param;
    if (!pid)
        return trine_task_refused(task);
    *pid = (uint64_t)getpid();
    if (*uses && use_openmp() < 1)
        return TRINE_E_SYSTEM;
    if (task->index % 10 == 3 && task->attempt == 1)
        kill(getpid(), SIGKILL);
    return TRINE_OK;
}

/* The pids of all that worked. */
static void run_tasks(trine_team *team, bool uses, uint64_t pids[ITEMS])
{
    static const trine_task_kind kind = {.name = "openmp_files",
                                         .run = run,
                                         .param_size = sizeof(bool),
                                         .result_max = sizeof(uint64_t)};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .param = &uses, .chunk = 1};
    MUST(trine_task_map(team, &kind, NULL, ITEMS, 0, &options, pids, NULL, NULL) == TRINE_OK);
}

/* OpenMP is there before the process that workers are forked from, which its threads are not. */
static trine_team *pool_beside_openmp(pid_t workers[WORKERS])
{
    trine_array *x;
    double sum;
    MUST(omp_get_max_threads() >= 1);
    MUST(trine_init() == TRINE_OK);
    MUST(use_openmp() >= 1);
    trine_team *team = open_team("pool:3");
    MUST(trine_array_create(team, TRINE_F64, 100000, TRINE_SHARED, &x) == TRINE_OK);
    MUST(trine_fill_f64(1, x) == TRINE_OK);
    MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_OK);
    trine_array_free(x);
    for (int i = 0; i < WORKERS; i++)
        workers[i] = (pid_t)trine_team_worker_pid(team, i + 1);
    return team;
}

static void workers_leave_none_body(void)
{
    uint64_t pids[2][ITEMS];
    pid_t workers[WORKERS];
    trine_team *team = pool_beside_openmp(workers);
    for (int uses = 0; uses < 2; uses++)
        run_tasks(team, uses, pids[uses]);
    MUST(trine_team_close(team) == TRINE_OK);
    for (int i = 0; i < 2 * ITEMS; i++)
        MUST(!has_file((pid_t)pids[i / ITEMS][i % ITEMS]));
    for (int i = 0; i < WORKERS; i++)
        MUST(!has_file(workers[i]));
    trine_finalize();
    unlink(file_of(getpid()));
}
IN_CHILD(NULL, workers_leave_none)

/* Nobody is there to remove what its workers would have left. */
static void a_program_that_is_killed_leaves_none_of_its_workers(void)
{
    int ends[2];
    pid_t workers[WORKERS];
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)pool_beside_openmp(workers);
        _exit(write(ends[1], workers, sizeof workers) == sizeof workers ? pause() : 1);
    }
    close(ends[1]);
    CU_ASSERT_EQUAL(read(ends[0], workers, sizeof workers), sizeof workers);
    close(ends[0]);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    unlink(file_of(pid));
    for (int i = 0; i < WORKERS; i++)
        CU_ASSERT_FALSE(has_file(workers[i]));
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"workers leave none", workers_leave_none},
        {"a program that is killed leaves none of its workers",
         a_program_that_is_killed_leaves_none_of_its_workers},
        CU_TEST_INFO_NULL,
    };
    if (!files_are_left()) {
        printf("skipped: OpenMP makes no files here\n");
        return 77;
    }
    return trine_check_main("openmp_files", tests);
}
