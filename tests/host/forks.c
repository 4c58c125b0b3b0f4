/* forks.c - a process that was forked from one that uses teams opens teams of its own; those that
 * it has inherited refuse each call, or work as serial does, and closing them harms nobody. */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "child.h"
#include "hash_reducer.h"
#include "kinds.h"

enum { CHUNKS = 64, N = CHUNKS * TRINE_CHUNK, PATIENCE = 60 };

static trine_array *filled(trine_team *team)
{
    trine_array *x;
    MUST(trine_array_create(team, TRINE_U64, N, TRINE_SHARED, &x) == TRINE_OK);
    uint64_t *data = trine_array_data(x);
    for (uint64_t i = 0; i < N; i++)
        data[i] = mix(i);
    return x;
}

static hash_state hash_of(const trine_array *x)
{
    hash_state hash;
    MUST(trine_reduce(&hash_reducer, (const trine_array *[]){x}, NULL, &hash) == TRINE_OK);
    return hash;
}

/* A new team has the bits of serial. */
static void must_compute(const char *spec)
{
    trine_team *team = open_team(spec), *serial = open_team("serial");
    trine_array *x = filled(team), *y = filled(serial);
    hash_state got = hash_of(x), expected = hash_of(y);
    MUST(memcmp(&got, &expected, sizeof got) == 0);
    trine_array_free(x);
    trine_array_free(y);
    MUST(trine_team_close(team) == TRINE_OK);
    MUST(trine_team_close(serial) == TRINE_OK);
}

/* LLVM's OpenMP does not know of a bare clone, in which it cannot begin, and waits for ever at
 * exit. */
#if defined(__clang__)
enum { BARE_OPENMP = 0 };
#else
enum { BARE_OPENMP = 1 };
#endif

/* LeakSanitizer looks for the threads of a forked process among those of its parent. */
static bool is_forked;

#if defined(__SANITIZE_ADDRESS__)
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return is_forked;
}
#endif

static pid_t fork_bare(void)
{
    return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

/* A forked process runs it, and ends by exit(), with what the library does then. */
static void must_in_fork(pid_t (*fork_one)(void), void (*run)(void *), void *context)
{
    int status;
    fflush(stdout);
    pid_t pid = fork_one();
    MUST(pid >= 0);
    if (pid == 0) {
        alarm(PATIENCE);
        is_forked = true;
        run(context);
        if (fork_one == fork_bare && !BARE_OPENMP)
            _exit(0);
        exit(0);
    }
    MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What is absent needs no test. */
static bool is_there(const char *spec)
{
    return is_built(spec);
}

static void compute(void *spec)
{
    must_compute(spec);
}

/* libgomp keeps the threads of whoever enters a region. */
static void have_threads(void)
{
    if (is_there("omp"))
        must_compute("omp:3");
#if defined(_OPENMP)
#pragma omp parallel num_threads(3)
    sched_yield();
#endif
}

static void compute_and_fork_on(void *spec)
{
    must_compute(spec);
    must_in_fork(fork, compute, spec);
    must_compute(spec);
}

static void be_refused_or_compute(void *spec)
{
    trine_team *team;
    if (strncmp(spec, "omp", 3) == 0)
        MUST(trine_team_open(spec, &team) == TRINE_E_SYSTEM);
    else
        must_compute(spec);
}

static void a_forked_process_opens_teams_of_its_own_body(void)
{
    static char *const specs[] = {"serial", "omp:3", "omp:1"};
    have_threads();
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        for (int round = 0; round < 5 && is_there(specs[i]); round++) {
            must_in_fork(fork, compute_and_fork_on, specs[i]);
            must_in_fork(fork_bare, BARE_OPENMP ? compute : be_refused_or_compute, specs[i]);
        }
    have_threads();
}
IN_CHILD(NULL, a_forked_process_opens_teams_of_its_own)

/* Of an item that runs, the same for all processes. Who forks while it waits finds no thread in the
 * allocator, whose locks neither a bare clone nor the fork of a sanitizer gives back. */
typedef struct item_gate {
    atomic_bool runs, may_end;
} item_gate;

static item_gate *gate;

static void make_gate(void)
{
    gate = mmap(NULL, sizeof *gate, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(gate != MAP_FAILED);
}

static trine_status wait_and_echo(trine_task *task)
{
    atomic_store(&gate->runs, true);
    while (!atomic_load(&gate->may_end))
        usleep(100);
    return echo_run(task);
}

static const trine_task_kind waiting_kind = {.name = "waiting",
                                             .run = wait_and_echo,
                                             .item_max = sizeof(uint64_t),
                                             .result_max = sizeof(uint64_t)};

/* All that is there when a process forks. queue: of a team of its own, whose item runs. */
typedef struct inheritance {
    const char *spec;
    trine_team *team, *busy;
    trine_array *x, *y;
    trine_lock *lock;
    trine_counter *counter;
    trine_task_queue *queue;
    hash_state hash;
} inheritance;

static inheritance leave_behind(const char *spec)
{
    inheritance all = {.spec = spec, .team = open_team(spec), .busy = open_team(spec)};
    uint64_t item = 7;
    *gate = (item_gate){false, strcmp(spec, "serial") == 0};
    all.x = filled(all.team);
    all.y = filled(all.team);
    all.hash = hash_of(all.x);
    MUST(trine_lock_create(all.team, &all.lock) == TRINE_OK);
    MUST(trine_counter_open(all.team, 5, &all.counter) == TRINE_OK);
    MUST(trine_task_open(all.busy, &waiting_kind, NULL, &all.queue) == TRINE_OK);
    MUST(trine_task_submit(all.queue, &item, sizeof item, NULL) == TRINE_OK);
    while (!atomic_load(&gate->runs) && !atomic_load(&gate->may_end))
        usleep(100);
    return all;
}

static void must_be_refused(trine_status status)
{
    MUST(status == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "forked from") != NULL);
}

static void refuse_all(void *context)
{
    inheritance *all = context;
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    trine_array *made;
    trine_lock *lock;
    trine_counter *counter;
    trine_task_queue *queue;
    trine_memory memory;
    hash_state hash;
    uint64_t item = 1;
    must_be_refused(trine_reduce(&hash_reducer, (const trine_array *[]){all->x}, NULL, &hash));
    must_be_refused(trine_array_create(all->team, TRINE_F64, 10, TRINE_SHARED, &made));
    must_be_refused(trine_array_wrap(all->team, TRINE_U64, &item, 1, &made));
    must_be_refused(trine_sort(all->x));
    must_be_refused(trine_team_set_schedule(all->team, TRINE_DYNAMIC));
    must_be_refused(trine_team_set_transport(all->team, TRINE_TRANSPORT_SHM));
    must_be_refused(trine_team_set_transport(all->team, TRINE_TRANSPORT_NONE));
    must_be_refused(trine_lock_create(all->team, &lock));
    must_be_refused(trine_counter_open(all->team, 0, &counter));
    must_be_refused(trine_counter_close(all->counter));
    must_be_refused(trine_team_memory(all->team, 0, &memory));
    must_be_refused(trine_task_open(all->team, &echo_kind, NULL, &queue));
    must_be_refused(trine_task_submit(all->queue, &item, sizeof item, NULL));
    must_be_refused(trine_task_next(all->queue, &outcome));
    must_be_refused(trine_task_wait(all->queue, 0, -1, &outcome));
    must_be_refused(trine_task_cancel(all->queue, 0));
    must_be_refused(trine_task_close(all->queue));
    MUST(strcmp(trine_team_spec(all->team), all->spec) == 0);
    MUST(trine_team_close(all->team) == TRINE_E_BUSY);
    trine_array_free(all->x);
    trine_array_free(all->y);
    trine_lock_free(all->lock);
    MUST(trine_team_close(all->busy) == TRINE_OK);
}

static void close_at_once(void *context)
{
    inheritance *all = context;
    MUST(trine_team_close(all->busy) == TRINE_OK);
    trine_finalize();
    (void)trine_init();
    trine_finalize();
}

/* What the forked process did has changed nothing. */
static void go_on(inheritance *all)
{
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    int64_t value = 0;
    hash_state hash = hash_of(all->x), other = hash_of(all->y);
    MUST(memcmp(&hash, &all->hash, sizeof hash) == 0);
    MUST(memcmp(&other, &all->hash, sizeof other) == 0);
    MUST(trine_lock_acquire(all->lock, NULL) == TRINE_OK);
    MUST(trine_lock_release(all->lock) == TRINE_OK);
    MUST(trine_counter_add(all->counter, 1, &value) == TRINE_OK && value == 5);
    atomic_store(&gate->may_end, true);
    MUST(trine_task_next(all->queue, &outcome) == TRINE_OK && outcome.status == TRINE_OK);
    MUST(outcome.attempts == 1 && memcmp(outcome.result, &(uint64_t){7}, sizeof(uint64_t)) == 0);
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    MUST(trine_team_ledger(all->team, &ledger) == TRINE_OK && ledger.replaced == 0);
    trine_array_free(all->x);
    trine_array_free(all->y);
    trine_lock_free(all->lock);
    MUST(trine_counter_close(all->counter) == TRINE_OK);
    MUST(trine_task_close(all->queue) == TRINE_OK);
    MUST(trine_team_close(all->team) == TRINE_OK);
    MUST(trine_team_close(all->busy) == TRINE_OK);
    must_compute(all->spec);
}

static void inherited_teams_refuse_and_harm_nobody_body(void)
{
    static const char *const specs[] = {"pool:3", "pool:1", "omp:3", "omp:1"};
    make_gate();
    MUST(trine_init() == TRINE_OK);
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        for (int bare = 0; bare < 2 && is_there(specs[i]); bare++) {
            inheritance all = leave_behind(specs[i]);
            must_in_fork(bare ? fork_bare : fork, refuse_all, &all);
            must_in_fork(bare ? fork_bare : fork, close_at_once, &all);
            go_on(&all);
        }
}
IN_CHILD(NULL, inherited_teams_refuse_and_harm_nobody)

static void use_serial(void *context)
{
    inheritance *all = context;
    go_on(all);
}

static void a_serial_team_works_on_both_sides_body(void)
{
    make_gate();
    inheritance all = leave_behind("serial");
    must_in_fork(fork, use_serial, &all);
    go_on(&all);
}
IN_CHILD(NULL, a_serial_team_works_on_both_sides)

static void refuse_pools(void *context)
{
    trine_team *team;
    (void)context;
    must_be_refused(trine_init());
    must_be_refused(trine_team_open("pool:2", &team));
}

static void use_pools(void *context)
{
    (void)context;
    MUST(trine_init() == TRINE_OK);
    must_compute("pool:2");
    trine_finalize();
}

static void pools_are_the_process_s_that_began_with_them_body(void)
{
    MUST(trine_init() == TRINE_OK);
    must_in_fork(fork, refuse_pools, NULL);
    must_compute("pool:2");
    trine_finalize();
    must_in_fork(fork, use_pools, NULL);
    use_pools(NULL);
}
IN_CHILD(NULL, pools_are_the_process_s_that_began_with_them)

int main(void)
{
    CU_TestInfo tests[] = {
        {"a forked process opens teams of its own", a_forked_process_opens_teams_of_its_own},
        {"inherited teams refuse and harm nobody", inherited_teams_refuse_and_harm_nobody},
        {"a serial team works on both sides", a_serial_team_works_on_both_sides},
        {"pools are the process's that began with them",
         pools_are_the_process_s_that_began_with_them},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("forks", tests);
}
