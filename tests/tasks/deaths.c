/* deaths.c - whatever dies when, every item has its outcome, and only the item that kills workers
 * is lost. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "faults/child.h"
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
    trine_task_options options = {.chunk = chunk, .attempts = attempts, .window = 200};
    int most = attempts ? attempts : 3;
    uint64_t lowest = N;
    kind.run = dying_run;
    for (uint64_t i = 0; i < N; i++) {
        items[i] = i;
        page->times[i] = 0;
        if (dies(i) && i / 100 >= (uint64_t)most && i < lowest)
            lowest = i;
    }
    MUST(trine_task_map(team, &kind, &options, items, N, sizeof *items, results, NULL, statuses) ==
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
    trine_ledger ledger;
    MUST(trine_team_ledger(team, &ledger) == TRINE_OK);
    MUST(ledger.replaced > 0);
    MUST(trine_team_close(team) == TRINE_OK);
}

static void an_item_that_kills_is_lost_alone_body(void)
{
    must_map_around_deaths("pool:3", 1, 0);
    must_map_around_deaths("pool:2", 10, 0);
    must_map_around_deaths("pool:1", 0, 0);
    must_map_around_deaths("pool:2", 200, 1);
    must_map_around_deaths("pool:3", 3, 5);
}
IN_CHILD(reset_page, an_item_that_kills_is_lost_alone)

int main(void)
{
    CU_TestInfo tests[] = {
        {"an item that kills is lost alone", an_item_that_kills_is_lost_alone},
        CU_TEST_INFO_NULL,
    };
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? 1 : trine_check_main("task deaths", tests);
}
