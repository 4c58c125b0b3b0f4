/* backends/executors/pool/forking.c - a pool for one job or one service: workers are forked from
 * the calling process, whose memory they have as it is at that moment (copy on write), do their
 * part, and end.
 *
 * 1. The caller writes the job into a control block in the heap, as for the pool that stays, and
 *    forks P - 1 children, which end without a signal: no wait() of the user's meets them.
 * 2. All take part as the workers of that pool do; the caller waits for its children to end.
 * 3. Blocks that a dead child left are done by new children, MAX_ROUNDS rounds in all.
 *
 * A process that runs threads is refused: what they hold would stay locked in the children.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/executors/pool/pool.h"
#include "core/system/clock.h"
#include "core/system/memory.h"
#include "core/system/memory_usage.h"
#include "core/backend/usable_cpus.h"
#include "backends/list.h"

enum { MAX_ROUNDS = 3 };

/* control: with its threads, slots, marks and list, for `capacity` blocks. pid: of each child, 0
 * for none. task_workers: of a service; served: their pids, also when they have ended. */
typedef struct forking {
    pool_control *control;
    size_t bytes, capacity;
    size_t *list;
    pid_t *pid, *served;
    pool_group task_workers;
    char death[160];
} forking;

static trine_status check_threads(void)
{
    if (trine_fork_server_foreign())
        return trine_fail(TRINE_E_WORKER, "transport inherit: the team belongs to the process that "
                                          "this one was forked from");
    return trine_pool_check_threads("transport inherit",
                                    "expected another transport, or no threads "
                                    "(of OpenMP, MPI or a BLAS)");
}

/* What fork() does for the child's locks, and a bare clone does not: the child's C library learns
 * the number of its thread, which stands in a mutex that it holds, and the kernel the list of
 * those, which it hands on when the child dies. 0 in the child. */
static pid_t clone_with_locks(void)
{
    int *number = NULL;
    struct robust_list_head *held = NULL;
    size_t size = 0;
    bool known = prctl(PR_GET_TID_ADDRESS, &number, 0, 0, 0) == 0 && number;
    bool listed = syscall(SYS_get_robust_list, 0, &held, &size) == 0 && held;
    unsigned long flags = known ? CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID : 0;
    /* Which of the last two the number is depends on the processor; the other is not read. */
    pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, number, number);
    if (pid == 0 && listed) {
        held->list.next = &held->list;
        held->list_op_pending = NULL;
        syscall(SYS_set_robust_list, held, size);
    }
    return pid;
}

/* A clone without an exit signal, as the fork server is one: 0 in the child, which ends with the
 * caller and has no part in its fork server and its signals. */
static pid_t fork_silently(void)
{
    trine_cpu_set cpus = trine_cpus_mask();
    /* What the program has printed is not to be printed by the child, too. */
    fflush(NULL);
    sigset_t before = trine_fork_server_hold_signals();
    pid_t parent = getpid(), pid = clone_with_locks();
    if (pid != 0) {
        int error = errno;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        errno = error;
        return pid;
    }
    sched_setaffinity(0, sizeof cpus, cpus.part);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    trine_fork_server_disown();
    trine_fork_server_reset_signals();
    return 0;
}

trine_status trine_own_fork(pool_control *control, int number, pid_t *pid, int *pidfd)
{
    trine_status status = check_threads();
    if (status)
        return status;
    pid_t forked = fork_silently();
    if (forked == 0)
        trine_worker_live(control, number);
    int fd = forked > 0 ? trine_above_standard((int)syscall(SYS_pidfd_open, forked, 0)) : -1;
    if (fd < 0) {
        int error = errno;
        if (forked > 0)
            trine_own_end(forked);
        return trine_fail(TRINE_E_SYSTEM, "transport inherit: forking worker %d: %s", number,
                          strerror(error));
    }
    *pid = forked;
    *pidfd = fd;
    return TRINE_OK;
}

int trine_own_end(pid_t pid)
{
    return pid > 0 && trine_own_kill(pid) ? trine_fork_server_reap(pid) : -1;
}

bool trine_own_kill(pid_t pid)
{
    return kill(pid, SIGKILL) == 0;
}

static void forking_close(trine_executor *executor)
{
    forking *f = executor->data;
    if (f->control && !trine_fork_server_foreign()) {
        trine_thread_release(&f->control->threads[0]);
        trine_heap_release(f->control, f->bytes);
    }
    free(f->pid);
    free(f->served);
    free(f);
}

static trine_status forking_open(trine_executor *executor, const trine_executor_options *options)
{
    forking *f = calloc(1, sizeof *f);
    pid_t *pid = calloc((size_t)options->workers, sizeof *pid);
    pid_t *served = calloc((size_t)options->workers, sizeof *served);
    if (!f || !pid || !served) {
        free(f);
        free(pid);
        free(served);
        return trine_fail(TRINE_E_MEMORY, "transport inherit: no memory for %d workers",
                          options->workers);
    }
    f->pid = pid;
    f->served = served;
    f->task_workers.own = true;
    executor->data = f;
    return TRINE_OK;
}

/* The control block, for that many blocks. The caller's scratch moves to a new one. */
static trine_status make_control(forking *f, int workers, size_t blocks)
{
    if (f->control && blocks <= f->capacity)
        return TRINE_OK;
    size_t threads = (size_t)workers * sizeof(trine_thread), capacity = 2 * blocks + 64;
    size_t slots = (size_t)workers * sizeof(pool_slot), list = capacity * sizeof(size_t);
    size_t bytes = trine_heap_pages(sizeof(pool_control) + threads + slots + list + capacity);
    void *memory;
    trine_status status = trine_heap_alloc(bytes, &memory);
    if (status)
        return status;
    pool_control *control = memory;
    control->workers = workers;
    control->threads = (trine_thread *)(control + 1);
    control->slots = (pool_slot *)(control->threads + workers);
    f->list = (size_t *)(void *)(control->slots + workers);
    control->marks = (atomic_uchar *)(f->list + capacity);
    if (f->control) {
        control->threads[0] = f->control->threads[0];
        trine_heap_release(f->control, f->bytes);
    }
    f->control = control;
    f->bytes = bytes;
    f->capacity = capacity;
    return TRINE_OK;
}

static _Noreturn void live(pool_control *control, int number)
{
    memset(&control->threads[number], 0, sizeof control->threads[number]);
    trine_worker_leave_at_exit();
    trine_pool_take_part(control, number);
    fflush(NULL);
    _exit(0);
}

static trine_status fork_child(forking *f, int number)
{
    f->control->slots[number].entry = (trine_ledger_worker){.blocks = 0};
    f->control->threads[number].status = TRINE_OK;
    pid_t pid = fork_silently();
    if (pid == 0)
        live(f->control, number);
    if (pid < 0)
        return trine_fail(TRINE_E_SYSTEM, "transport inherit: forking worker %d: %s", number,
                          strerror(errno));
    f->pid[number] = pid;
    return TRINE_OK;
}

/* Waits until a child has ended. False: not by itself. */
static bool reap(forking *f, int number)
{
    int status = 0;
    pid_t got, pid = f->pid[number];
    if (pid == 0)
        return true;
    do {
        got = waitpid(pid, &status, __WALL);
    } while (got < 0 && errno == EINTR);
    f->pid[number] = 0;
    if (got == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (got == pid && WIFSIGNALED(status))
        snprintf(f->death, sizeof f->death, "worker %d (pid %d) was killed by signal %d (%s)",
                 number, (int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(f->death, sizeof f->death, "worker %d (pid %d) has ended", number, (int)pid);
    return false;
}

/* Children 1 .. P-1 for the job in the control block; the caller takes part if it is to. Returns
 * how many died. */
static int run_round(trine_executor *executor, bool caller, trine_status *status)
{
    forking *f = executor->data;
    int died = 0;
    for (int i = 1; i < executor->workers && !*status; i++)
        *status = fork_child(f, i);
    if (caller)
        trine_pool_take_part(f->control, 0);
    for (int i = 1; i < executor->workers; i++)
        died += !reap(f, i);
    return died;
}

static size_t list_missing(forking *f, size_t blocks, bool *begun)
{
    size_t count = 0;
    *begun = false;
    for (size_t i = 0; i < blocks; i++) {
        unsigned char mark = atomic_load(&f->control->marks[i]);
        *begun = *begun || mark == POOL_BLOCK_BEGUN;
        if (mark != POOL_BLOCK_DONE)
            f->list[count++] = i;
    }
    return count;
}

static trine_status body_status(const forking *f)
{
    return trine_thread_status(f->control->threads, f->control->workers);
}

static trine_status finish_missing(trine_executor *executor, const trine_job *job)
{
    forking *f = executor->data;
    pool_control *control = f->control;
    trine_status status = body_status(f);
    bool begun;
    size_t missing = list_missing(f, job->blocks, &begun);
    for (int round = 1; missing > 0 && !status; round++) {
        if (round == MAX_ROUNDS || (begun && !job->restartable))
            return trine_fail(
                TRINE_E_WORKER,
                "transport inherit: %s; %zu of %zu blocks, from block %zu on, were not "
                "done in %d attempt%s",
                f->death, missing, job->blocks, f->list[0], round, round == 1 ? "" : "s");
        control->job.blocks = missing;
        control->job.schedule = TRINE_DYNAMIC;
        control->list = f->list;
        atomic_store(&control->next, 0);
        executor->replaced += run_round(executor, false, &status);
        control->list = NULL;
        status = status ? status : body_status(f);
        missing = list_missing(f, job->blocks, &begun);
    }
    return status;
}

static trine_status forking_run(trine_executor *executor, const trine_job *job)
{
    forking *f = executor->data;
    trine_status status = check_threads();
    if (!status)
        status = make_control(f, executor->workers, job->blocks);
    if (status)
        return status;
    pool_control *control = f->control;
    for (size_t i = 0; i < job->blocks; i++)
        atomic_store_explicit(&control->marks[i], POOL_BLOCK_WAITS, memory_order_relaxed);
    control->job = *job;
    control->list = NULL;
    control->published = executor->published;
    atomic_store(&control->next, 0);
    int died = run_round(executor, true, &status);
    executor->replaced += died;
    if (!status && died)
        status = finish_missing(executor, job);
    if (!status)
        status = body_status(f);
    executor->ended = trine_seconds();
    for (int i = 0; i < executor->workers; i++)
        executor->ledger[i] = control->slots[i].entry;
    return status;
}

static _Noreturn void wait_to_be_killed(void)
{
    for (;;)
        pause();
}

/* Children that only are there to be looked at: all of a team, so that each counts its part of what
 * they share. */
static trine_status forking_memory(trine_executor *executor, int worker, trine_memory *memory)
{
    forking *f = executor->data;
    if (worker == 0)
        return trine_memory_usage(getpid(), memory);
    trine_status status = check_threads();
    for (int i = 1; i < executor->workers && !status; i++) {
        pid_t pid = fork_silently();
        if (pid == 0)
            wait_to_be_killed();
        f->pid[i] = pid > 0 ? pid : 0;
        if (pid < 0)
            status = trine_fail(TRINE_E_SYSTEM, "transport inherit: forking: %s", strerror(errno));
    }
    if (!status)
        status = trine_memory_usage(f->pid[worker], memory);
    for (int i = 1; i < executor->workers; i++)
        if (f->pid[i]) {
            kill(f->pid[i], SIGKILL);
            reap(f, i);
        }
    return status;
}

static trine_status forking_recover(trine_executor *executor)
{
    forking *f = executor->data;
    if (trine_fork_server_foreign())
        return TRINE_OK;
    trine_process_group_close(&f->task_workers);
    for (int i = 1; i < executor->workers; i++)
        if (f->pid[i]) {
            kill(f->pid[i], SIGKILL);
            reap(f, i);
        }
    return TRINE_OK;
}

/* --- Task workers: a process group of the pool's kind, forked for each service. */

static trine_status forking_serve(trine_executor *executor, const trine_job *job, int *task_workers)
{
    forking *f = executor->data;
    *task_workers = executor->workers;
    return trine_pool_serve(&f->task_workers, executor->workers, job);
}

static bool forking_lost(trine_executor *executor, int *task_worker, char *how, size_t size)
{
    return trine_pool_lost(&((forking *)executor->data)->task_workers, task_worker, how, size);
}

static trine_status forking_restart(trine_executor *executor, int task_worker)
{
    return trine_pool_restart(&((forking *)executor->data)->task_workers, task_worker);
}

static trine_status forking_kill(trine_executor *executor, int task_worker)
{
    return trine_pool_kill(&((forking *)executor->data)->task_workers, task_worker);
}

static pid_t forking_task_worker_pid(const trine_executor *executor, int task_worker)
{
    const forking *f = executor->data;
    return f->task_workers.worker ? f->task_workers.worker[task_worker].pid
                                  : f->served[task_worker];
}

static void forking_serve_end(trine_executor *executor)
{
    forking *f = executor->data;
    trine_pool_serve_end(&f->task_workers);
    for (int i = 0; i < executor->workers; i++)
        f->served[i] = f->task_workers.worker[i].pid;
    trine_process_group_close(&f->task_workers);
}

/* Memory is the pool's that stays. */
static trine_status forking_alloc(trine_executor *executor, size_t bytes, void **memory)
{
    (void)executor;
    return trine_heap_alloc(bytes, memory);
}

static void forking_free(trine_executor *executor, void *memory, size_t bytes)
{
    (void)executor;
    trine_heap_release(memory, trine_heap_pages(bytes));
    trine_memory_give_back(trine_heap_pages(bytes));
}

static trine_status forking_reserve(size_t bytes, void **memory)
{
    return trine_pool_executor.reserve(bytes, memory);
}

static trine_status forking_commit(void *memory, size_t bytes)
{
    return trine_pool_executor.commit(memory, bytes);
}

static void forking_discard(void *memory, size_t bytes)
{
    trine_pool_executor.discard(memory, bytes);
}

static void forking_unreserve(void *memory, size_t bytes)
{
    trine_pool_executor.unreserve(memory, bytes);
}

const trine_executor_ops trine_forking_executor = {
    .name = "inherit",
    .separate_memory = true,
    .open = forking_open,
    .close = forking_close,
    .run = forking_run,
    .alloc = forking_alloc,
    .free = forking_free,
    .memory = forking_memory,
    .serve = forking_serve,
    .lost = forking_lost,
    .restart = forking_restart,
    .kill = forking_kill,
    .task_worker_pid = forking_task_worker_pid,
    .serve_end = forking_serve_end,
    .reserve = forking_reserve,
    .commit = forking_commit,
    .recover = forking_recover,
    .discard = forking_discard,
    .unreserve = forking_unreserve,
};
