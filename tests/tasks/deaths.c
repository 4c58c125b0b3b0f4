/* deaths.c - whatever dies when, every item has its outcome, and only the item that kills workers
 * is lost. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "child.h"
#include "clock.h"
#include "kinds.h"

/* A page that this process and all workers share, mapped before anything is forked. */
typedef struct shared_page {
    pid_t parent;
    atomic_int times[4096];
} shared_page;

static shared_page *page;

static void reset_page(void)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    memset((void *)page, 0, sizeof *page);
    page->parent = getpid();
    MUST(trine_init() == TRINE_OK);
}

/* Item i dies in the way of i % 100 when that is one of these, as often as i / 100 says. */
enum { N = 1000, BY_KILL = 11, BY_EXIT = 33, BY_ABORT = 55, BY_STORE = 77 };

static uint64_t item_of(const trine_task *task)
{
    uint64_t item;
    memcpy(&item, task->item, sizeof item);
    return item;
}

static void die(uint64_t how)
{
    if (how == BY_KILL)
        raise(SIGKILL);
    else if (how == BY_EXIT)
        exit(0);
    else if (how == BY_ABORT)
        abort();
    else if (how == BY_STORE)
        raise(SIGSEGV);
}

static trine_status dying_run(trine_task *task)
{
    uint64_t item = item_of(task);
    int times = atomic_fetch_add(&page->times[item], 1);
    if (getpid() == page->parent || times + 1 != task->attempt)
        return TRINE_E_SYSTEM;
    if ((uint64_t)times < item / 100)
        die(item % 100);
    return echo_run(task);
}

static bool dies(uint64_t item)
{
    uint64_t how = item % 100;
    return how == BY_KILL || how == BY_EXIT || how == BY_ABORT || how == BY_STORE;
}

static void must_map_around_deaths(const char *spec, uint64_t chunk, int attempts)
{
    trine_team *team = open_team(spec);
    trine_task_kind kind = echo_kind;
    static uint64_t items[N], results[N];
    static trine_status statuses[N];
    trine_task_options options = {TRINE_INIT(trine_task_options), .chunk = chunk,
                                  .attempts = attempts, .window = 200};
    int most = attempts ? attempts : 3;
    uint64_t lowest = N;
    kind.run = dying_run;
    for (uint64_t i = 0; i < N; i++) {
        items[i] = i;
        page->times[i] = 0;
        if (dies(i) && i / 100 >= (uint64_t)most && i < lowest)
            lowest = i;
    }
    MUST(trine_task_map(team, &kind, items, N, sizeof *items, &options, results, NULL, statuses) ==
         TRINE_E_WORKER);
    char name[32];
    snprintf(name, sizeof name, "item %d", (int)lowest);
    MUST(strstr(trine_error_detail(), name) && strstr(trine_error_detail(), "(pid "));
    for (uint64_t i = 0; i < N; i++) {
        bool lost = dies(i) && i / 100 >= (uint64_t)most;
        MUST(statuses[i] == (lost ? TRINE_E_WORKER : TRINE_OK));
        MUST(lost || results[i] == i);
        MUST(page->times[i] == (lost ? most : dies(i) ? (int)(i / 100) + 1 : 1));
    }
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    MUST(trine_team_ledger(team, &ledger) == TRINE_OK);
    MUST(ledger.replaced > 0);
    MUST(trine_team_close(team) == TRINE_OK);
}

/* A map's queue is gone when it returns: its progress is told before. */
static void keep_progress(void *context, const trine_task_queue *queue,
                          const trine_task_progress *p)
{
    (void)queue;
    *(trine_task_progress *)context = *p;
}

static void progress_counts_what_was_begun_again_body(void)
{
    enum { ITEMS = 10 };
    trine_team *team = open_team("pool:2");
    trine_task_kind kind = echo_kind;
    /* One that dies once, one that dies twice, one that is lost. */
    uint64_t items[ITEMS] = {0, 1, 100 + BY_KILL, 3, 200 + BY_EXIT, 5, 6, 700 + BY_KILL, 8, 9};
    trine_task_progress last = {.done = 0};
    trine_task_options options = {TRINE_INIT(trine_task_options), .on_progress = keep_progress,
                                  .progress_context = &last};
    kind.run = dying_run;
    MUST(trine_task_map(team, &kind, items, ITEMS, sizeof *items, &options, NULL, NULL, NULL) ==
         TRINE_E_WORKER);
    MUST(last.done == ITEMS && last.failed == 1 && last.retried == 3 && last.lost == 1 + 2 + 3);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, progress_counts_what_was_begun_again)

static void an_item_that_kills_is_lost_alone_body(void)
{
    must_map_around_deaths("pool:3", 1, 0);
    must_map_around_deaths("pool:2", 10, 0);
    must_map_around_deaths("pool:1", 0, 0);
    must_map_around_deaths("pool:2", 200, 1);
    must_map_around_deaths("pool:3", 3, 5);
}
IN_CHILD(reset_page, an_item_that_kills_is_lost_alone)

static trine_status nap_run(trine_task *task)
{
    usleep(200 + (useconds_t)(mix(item_of(task)) % 400));
    return echo_run(task);
}

/* A killer in another process, at times that nobody chose: every item has its result. */
static void maps_survive_a_killer_at_random_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_task_kind kind = echo_kind;
    kind.run = nap_run;
    int deaths = 0;
    for (int round = 0; round < 50; round++) {
        enum { ITEMS = 300 };
        numbers numbers = {0, ITEMS};
        trine_task_options options = {
            TRINE_INIT(trine_task_options), .source = next_number,
            .source_context = &numbers,     .attempts = 20,
            .window = round % 3 ? 100 : 9,  .chunk = (uint64_t)(round % 7),
            .unordered = round % 2};
        bool seen[ITEMS] = {false};
        trine_task_queue *queue;
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
        pid_t victims[3];
        for (int w = 0; w < 3; w++) {
            trine_task_slot slot;
            MUST(trine_task_slot_of(queue, w, &slot) == TRINE_OK);
            victims[w] = (pid_t)slot.pid;
        }
        pid_t killer = fork();
        if (killer == 0) {
            for (int w = 0; w < 1 + round % 3; w++) {
                usleep((useconds_t)(mix((uint64_t)(10 * round + w)) % 12000));
                kill(victims[w], SIGKILL);
            }
            _exit(0);
        }
        for (uint64_t i = 0; i < ITEMS; i++) {
            uint64_t value;
            MUST(trine_task_next(queue, &o) == TRINE_OK && o.index < ITEMS && !seen[o.index]);
            MUST(o.status == TRINE_OK && o.result_size == sizeof value);
            memcpy(&value, o.result, sizeof value);
            MUST(value == (uint64_t)o.index && (options.unordered || value == i));
            seen[o.index] = true;
        }
        MUST(trine_task_next(queue, &o) == TRINE_OK && o.index == TRINE_TASK_NONE);
        trine_task_progress progress;
        MUST(trine_task_progress_of(queue, &progress) == TRINE_OK);
        deaths += progress.lost;
        MUST(waitpid(killer, NULL, 0) == killer);
        MUST(trine_task_close(queue) == TRINE_OK);
    }
    MUST(deaths >= 50);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, maps_survive_a_killer_at_random)

static double seconds_of_map(trine_team *team, const uint64_t items[], uint64_t n)
{
    trine_task_kind kind = echo_kind;
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    kind.run = dying_run;
    for (uint64_t i = 0; i < n; i++)
        page->times[items[i]] = 0;
    MUST(trine_task_map(team, &kind, items, n, sizeof *items, NULL, NULL, NULL, NULL) == TRINE_OK);
    MUST(trine_team_ledger(team, &ledger) == TRINE_OK);
    return ledger.wall;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of the differences: other processes disturb single runs. */
static void a_death_costs_milliseconds_body(void)
{
    trine_team *team = open_team("pool:2");
    uint64_t whole[64], dying[64];
    double cost[15];
    for (uint64_t i = 0; i < 64; i++)
        whole[i] = dying[i] = i;
    dying[5] = 100 + BY_KILL;
    seconds_of_map(team, whole, 64);
    for (int i = 0; i < 15; i++)
        cost[i] = seconds_of_map(team, dying, 64) - seconds_of_map(team, whole, 64);
    qsort(cost, 15, sizeof *cost, ascending);
    MUST(cost[7] < 0.01 || getenv("TRINE_SLOW_MACHINE"));
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_death_costs_milliseconds)

/* Items sleep so many milliseconds. */
static trine_status sleep_run(trine_task *task)
{
    atomic_fetch_add(&page->times[task->index], 1);
    usleep((useconds_t)(1000 * item_of(task)));
    return echo_run(task);
}

static void must_keep_deadlines(const char *spec, uint64_t chunk)
{
    trine_team *team = open_team(spec);
    trine_task_kind kind = echo_kind;
    uint64_t items[30], results[30];
    trine_status statuses[30];
    trine_task_options options = {TRINE_INIT(trine_task_options), .deadline = 0.6, .chunk = chunk};
    bool pool = strncmp(spec, "pool", 4) == 0;
    double before;
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    kind.run = sleep_run;
    memset((void *)page->times, 0, sizeof page->times);
    for (uint64_t i = 0; i < 30; i++)
        items[i] = i % 10 == 4 ? (pool ? 60000 : 700) : 1;
    MUST(trine_task_map(team, &kind, items, 30, sizeof *items, &options, results, NULL, statuses) ==
         TRINE_E_DEADLINE);
    MUST(strstr(trine_error_detail(), "item 4") && strstr(trine_error_detail(), "deadline"));
    MUST(trine_team_ledger(team, &ledger) == TRINE_OK);
    before = ledger.wall;
    MUST(before < 40 && ledger.replaced == (pool ? 3 : 0));
    for (int i = 0; i < 30; i++) {
        MUST(statuses[i] == (i % 10 == 4 ? TRINE_E_DEADLINE : TRINE_OK));
        MUST(i % 10 == 4 || results[i] == items[i]);
        MUST(page->times[i] == 1);
    }
    MUST(trine_team_close(team) == TRINE_OK);
}

static void a_deadline_ends_an_item_and_no_other_body(void)
{
    must_keep_deadlines("pool:2", 0);
    must_keep_deadlines("pool:1", 10);
    must_keep_deadlines("pool:3", 1);
    if (is_built("omp")) {
        must_keep_deadlines("omp:2", 1);
        must_keep_deadlines("omp:1", 10);
    }
    must_keep_deadlines("serial", 0);
}
IN_CHILD(reset_page, a_deadline_ends_an_item_and_no_other)

static void wait_until_begun(uint64_t index)
{
    while (page->times[index] == 0)
        usleep(1000);
}

static void must_cancel(const char *spec, uint64_t chunk)
{
    trine_team *team = open_team(spec);
    trine_task_kind kind = echo_kind;
    trine_task_options options = {TRINE_INIT(trine_task_options), .chunk = chunk, .window = 10};
    bool pool = strncmp(spec, "pool", 4) == 0, serial = strcmp(spec, "serial") == 0;
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    uint64_t slow = pool ? 60000 : 300, quick = 1;
    kind.run = sleep_run;
    memset((void *)page->times, 0, sizeof page->times);
    MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
    for (uint64_t i = 0; i < 10; i++)
        MUST(trine_task_submit(queue, i == 0 ? &slow : &quick, sizeof slow, NULL) == TRINE_OK);
    MUST(trine_task_wait(queue, 9, 0, &o) == TRINE_OK);
    if (!serial)
        wait_until_begun(0);
    /* What waits, from the middle and the end of a chunk, is never begun. */
    MUST(trine_task_cancel(queue, 5) == TRINE_OK);
    MUST(trine_task_cancel(queue, 9) == TRINE_OK);
    MUST(trine_task_cancel(queue, 9) == TRINE_OK);
    if (page->times[5] == 0) {
        MUST(trine_task_wait(queue, 5, 0, &o) == TRINE_OK);
        MUST(o.index == 5 && o.status == TRINE_E_CANCELLED && o.worker == -1 && o.attempts == 0);
        MUST(trine_task_cancel(queue, 5) == TRINE_E_ARGUMENT);
    }
    if (pool) {
        MUST(trine_task_cancel(queue, 0) == TRINE_OK);
        MUST(trine_task_wait(queue, 0, 5, &o) == TRINE_OK);
        MUST(o.index == 0 && o.status == TRINE_E_CANCELLED && o.worker == 0 && o.attempts == 1);
    } else if (!serial) {
        MUST(trine_task_cancel(queue, 0) == TRINE_E_BUSY);
        MUST(strstr(trine_error_detail(), "thread"));
    }
    for (;;) {
        MUST(trine_task_next(queue, &o) == TRINE_OK);
        if (o.index == TRINE_TASK_NONE)
            break;
        MUST(o.status == (page->times[o.index] ? TRINE_OK : TRINE_E_CANCELLED));
        MUST(o.index == 9 || o.status == TRINE_OK);
    }
    MUST(trine_task_submit(queue, &quick, sizeof quick, NULL) == TRINE_OK);
    MUST(trine_task_next(queue, &o) == TRINE_OK && o.index == 10 && o.status == TRINE_OK);
    MUST(trine_task_close(queue) == TRINE_OK);
    MUST(trine_team_close(team) == TRINE_OK);
}

/* Stopped at any instruction: between claiming an item and beginning it, asleep, in an item. */
static void a_stopped_worker_holds_nobody_up_body(void)
{
    enum { ROUNDS = 16, ITEMS = 20000 };
    trine_team *team = open_team("pool:2");
    for (int round = 0; round < ROUNDS; round++) {
        numbers numbers = {0, ITEMS};
        trine_task_options options = {TRINE_INIT(trine_task_options),
                                      .source = next_number,
                                      .source_context = &numbers,
                                      .deadline = 0.1,
                                      .window = 64,
                                      .chunk = 1 + (uint64_t)(round % 3)};
        trine_task_queue *queue;
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        trine_task_slot slot;
        uint64_t late = 0;
        MUST(trine_task_open(team, &echo_kind, &options, &queue) == TRINE_OK);
        MUST(trine_task_slot_of(queue, round % 2, &slot) == TRINE_OK);
        pid_t stopper = fork();
        if (stopper == 0) {
            usleep((useconds_t)(mix((uint64_t)round) % 8000));
            kill((pid_t)slot.pid, SIGSTOP);
            _exit(0);
        }
        double began = seconds_now();
        for (uint64_t i = 0; i < ITEMS; i++) {
            MUST(trine_task_next(queue, &o) == TRINE_OK && (uint64_t)o.index == i);
            MUST(o.status == TRINE_OK || o.status == TRINE_E_DEADLINE);
            late += o.status != TRINE_OK;
        }
        MUST(waitpid(stopper, NULL, 0) == stopper);
        MUST(trine_task_close(queue) == TRINE_OK);
        MUST(late <= 1 && seconds_now() - began < 10);
    }
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_stopped_worker_holds_nobody_up)

/* The only worker is stopped while it has nothing to do. */
static void a_worker_stopped_in_its_sleep_is_replaced_body(void)
{
    trine_team *team = open_team("pool:1");
    for (int closes = 0; closes < 2; closes++) {
        trine_task_options options = {TRINE_INIT(trine_task_options), .deadline = 0.1};
        trine_task_queue *queue;
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        trine_task_slot slot;
        uint64_t item = 7;
        MUST(trine_task_open(team, &echo_kind, &options, &queue) == TRINE_OK);
        MUST(trine_task_slot_of(queue, 0, &slot) == TRINE_OK);
        usleep(10000);
        MUST(kill((pid_t)slot.pid, SIGSTOP) == 0);
        if (!closes) {
            MUST(trine_task_submit(queue, &item, sizeof item, NULL) == TRINE_OK);
            MUST(trine_task_next(queue, &o) == TRINE_OK && o.index == 0);
            MUST(o.status == TRINE_OK && o.attempts == 1);
        }
        MUST(trine_task_close(queue) == TRINE_OK);
    }
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_worker_stopped_in_its_sleep_is_replaced)

static void what_waits_is_cancelled_and_what_runs_on_a_pool_body(void)
{
    must_cancel("pool:1", 1);
    must_cancel("pool:1", 10);
    must_cancel("pool:1", 4);
    if (is_built("omp")) {
        must_cancel("omp:1", 1);
        must_cancel("omp:1", 4);
    }
    must_cancel("serial", 1);
    must_cancel("serial", 4);
}
IN_CHILD(reset_page, what_waits_is_cancelled_and_what_runs_on_a_pool)

/* A full window of cancelled items does not keep new ones out, wherever the old ones lie. */
static void cancelling_a_whole_window_makes_space_body(void)
{
    static const char *const specs[] = {"serial", "omp:2", "pool:2"};
    for (int k = 0; k < 9; k++) {
        if (!is_built(specs[k / 3]))
            continue;
        trine_team *team = open_team(specs[k / 3]);
        trine_task_options options = {TRINE_INIT(trine_task_options), .window = 8,
                                      .chunk = (uint64_t)(k % 3 * 4)};
        trine_task_queue *queue;
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        MUST(trine_task_open(team, &echo_kind, &options, &queue) == TRINE_OK);
        for (uint64_t round = 0; round < 100; round++) {
            for (uint64_t i = 0; i < 8; i++)
                MUST(trine_task_submit(queue, &i, sizeof i, NULL) == TRINE_OK);
            for (uint64_t i = 0; i < 8; i++) {
                trine_status status = trine_task_cancel(queue, 8 * round + i);
                MUST(status == TRINE_OK || status == TRINE_E_BUSY);
            }
            for (uint64_t i = 0; i < 8; i++) {
                MUST(trine_task_next(queue, &o) == TRINE_OK && (uint64_t)o.index == 8 * round + i);
                MUST(o.status == TRINE_OK || o.status == TRINE_E_CANCELLED);
            }
        }
        MUST(trine_task_close(queue) == TRINE_OK);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(reset_page, cancelling_a_whole_window_makes_space)

static trine_status dying_begin(trine_task *task)
{
    (void)task;
    if (atomic_fetch_add(&page->times[0], 1) < 2)
        raise(SIGKILL);
    atomic_fetch_add(&page->times[1], 1);
    return TRINE_OK;
}

static trine_status always_dying_begin(trine_task *task)
{
    (void)task;
    raise(SIGKILL);
    return TRINE_OK;
}

static void deaths_in_begin_are_tried_again_and_then_named_body(void)
{
    trine_team *team = open_team("pool:2");
    trine_task_kind kind = echo_kind;
    trine_task_queue *queue = NULL;
    uint64_t item = 7, result = 0;
    kind.begin = dying_begin;
    MUST(trine_task_map(team, &kind, &item, 1, 8, NULL, &result, NULL, NULL) == TRINE_OK);
    MUST(result == 7 && page->times[1] == 2);
    kind.begin = always_dying_begin;
    MUST(trine_task_open(team, &kind, NULL, &queue) == TRINE_E_WORKER && !queue);
    MUST(strstr(trine_error_detail(), "before it had begun"));
    MUST(trine_task_map(team, &echo_kind, &item, 1, 8, NULL, &result, NULL, NULL) == TRINE_OK);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, deaths_in_begin_are_tried_again_and_then_named)

static trine_status begin_fails_later(trine_task *task)
{
    return atomic_fetch_add(&page->times[0], 1) < 2
               ? TRINE_OK
               : trine_task_fail(task, TRINE_E_FORMAT, "not again");
}

static trine_status die_once_run(trine_task *task)
{
    if (task->attempt == 1 && task->index == 3)
        raise(SIGKILL);
    return echo_run(task);
}

/* In the replacement of a worker that died. */
static void a_begin_that_fails_later_fails_the_queue_body(void)
{
    trine_team *team = open_team("pool:2");
    trine_task_kind kind = echo_kind;
    uint64_t items[100] = {0};
    kind.begin = begin_fails_later;
    kind.run = die_once_run;
    /* The map ends with the other worker, unless it learns of the failure before. */
    trine_status status = trine_task_map(team, &kind, items, 100, 8, NULL, NULL, NULL, NULL);
    MUST(status == TRINE_OK || status == TRINE_E_FORMAT);
    kind.run = die_once_run;
    page->times[0] = 1;
    trine_team *one = open_team("pool:1");
    MUST(trine_task_map(one, &kind, items, 100, 8, NULL, NULL, NULL, NULL) == TRINE_E_FORMAT);
    MUST(strstr(trine_error_detail(), "not again"));
    MUST(trine_team_close(one) == TRINE_OK);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, a_begin_that_fails_later_fails_the_queue)

static void task_workers_killed_between_queues_are_replaced_body(void)
{
    trine_team *team = open_team("pool:2");
    uint64_t items[100];
    for (uint64_t i = 0; i < 100; i++)
        items[i] = i;
    for (int round = 0; round < 5; round++) {
        trine_task_queue *queue;
        trine_task_slot slots[2];
        MUST(trine_task_open(team, &echo_kind, NULL, &queue) == TRINE_OK);
        for (int w = 0; w < 2; w++)
            MUST(trine_task_slot_of(queue, w, &slots[w]) == TRINE_OK);
        MUST(trine_task_close(queue) == TRINE_OK);
        kill((pid_t)slots[round % 2].pid, SIGKILL);
        if (round > 2)
            kill((pid_t)slots[1 - round % 2].pid, SIGKILL);
        MUST(trine_task_map(team, &echo_kind, items, 100, 8, NULL, NULL, NULL, NULL) == TRINE_OK);
    }
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, task_workers_killed_between_queues_are_replaced)

static void records_tell_of_every_attempt_body(void)
{
    trine_team *team = open_team("pool:2");
    trine_task_kind kind = echo_kind;
    numbers numbers = {0, 3000};
    trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                  .source_context = &numbers, .record = true, .window = 50};
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    const trine_task_record *records;
    uint64_t lost = 0;
    int64_t count;
    kind.run = die_once_run;
    MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
    while (trine_task_next(queue, &o) == TRINE_OK && o.index != TRINE_TASK_NONE)
        MUST(o.attempts == (o.index == 3 ? 2 : 1) && o.ended >= o.began && o.began >= 0);
    MUST(trine_task_records(queue, &records, &count) == TRINE_OK && count == 3001);
    for (int64_t i = 0; i < count; i++) {
        lost += records[i].status == TRINE_E_WORKER && records[i].index == 3;
        MUST(records[i].status == TRINE_OK || records[i].index == 3);
        MUST(records[i].began >= 0 && records[i].ended >= records[i].began);
        MUST(records[i].worker >= 0 && records[i].worker < 2 && records[i].rank == 0);
    }
    MUST(lost == 1);
    MUST(trine_task_close(queue) == TRINE_OK);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(reset_page, records_tell_of_every_attempt)

/* A victim in the middle of a queue, having told its task workers' pids. */
static _Noreturn void be_killed(int out, bool working)
{
    trine_team *team = open_team("pool:3");
    trine_task_kind kind = echo_kind;
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    uint64_t item = working ? 60000 : 0;
    pid_t pids[3];
    kind.run = sleep_run;
    MUST(trine_task_open(team, &kind, NULL, &queue) == TRINE_OK);
    for (int w = 0; w < 3; w++) {
        trine_task_slot slot;
        MUST(trine_task_slot_of(queue, w, &slot) == TRINE_OK);
        pids[w] = (pid_t)slot.pid;
        MUST(trine_task_submit(queue, &item, sizeof item, NULL) == TRINE_OK);
    }
    MUST(write(out, pids, sizeof pids) == sizeof pids);
    for (;;)
        MUST(trine_task_next(queue, &o) == TRINE_OK);
}

static void no_task_worker_outlives_its_parent(void)
{
    for (int i = 0; i < 4; i++) {
        int ends[2];
        pid_t pids[3] = {0};
        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
        pid_t victim = fork();
        if (victim == 0)
            be_killed(ends[1], i % 2);
        CU_ASSERT_EQUAL(read(ends[0], pids, sizeof pids), sizeof pids);
        usleep(20000);
        kill(victim, i < 2 ? SIGKILL : SIGTERM);
        waitpid(victim, NULL, 0);
        bool gone = false;
        for (int waited = 0; waited < 500 && !gone; waited++) {
            usleep(10000);
            gone = is_gone(pids[0]) && is_gone(pids[1]) && is_gone(pids[2]);
        }
        CU_ASSERT_TRUE(gone);
        close(ends[0]);
        close(ends[1]);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"an item that kills is lost alone", an_item_that_kills_is_lost_alone},
        {"progress counts what was begun again", progress_counts_what_was_begun_again},
        {"maps survive a killer at random", maps_survive_a_killer_at_random},
        {"a death costs milliseconds", a_death_costs_milliseconds},
        {"a deadline ends an item and no other", a_deadline_ends_an_item_and_no_other},
        {"a stopped worker holds nobody up", a_stopped_worker_holds_nobody_up},
        {"a worker stopped in its sleep is replaced", a_worker_stopped_in_its_sleep_is_replaced},
        {"what waits is cancelled, and what runs on a pool",
         what_waits_is_cancelled_and_what_runs_on_a_pool},
        {"cancelling a whole window makes space", cancelling_a_whole_window_makes_space},
        {"deaths in begin are tried again and then named",
         deaths_in_begin_are_tried_again_and_then_named},
        {"a begin that fails later fails the queue", a_begin_that_fails_later_fails_the_queue},
        {"task workers killed between queues are replaced",
         task_workers_killed_between_queues_are_replaced},
        {"records tell of every attempt", records_tell_of_every_attempt},
        {"no task worker outlives its parent", no_task_worker_outlives_its_parent},
        CU_TEST_INFO_NULL,
    };
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? 1 : trine_check_main("task deaths", tests);
}
