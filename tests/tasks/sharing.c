/* sharing.c - what waits behind a long item of its chunk goes to workers that have nothing to do.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "child.h"
#include "clock.h"
#include "kinds.h"

enum { MOST = 4096 };

/* How often each item was begun, in a page that this process and all workers share, mapped before
 * anything is forked. */
static atomic_int *begun;

static void prepare(void)
{
    memset((void *)begun, 0, MOST * sizeof *begun);
    MUST(trine_init() == TRINE_OK);
}

typedef struct nap_item {
    uint64_t number, microseconds;
} nap_item;

static trine_status nap_run(trine_task *task)
{
    nap_item item;
    memcpy(&item, task->item, sizeof item);
    atomic_fetch_add(&begun[item.number], 1);
    if (item.microseconds > 0)
        usleep((useconds_t)item.microseconds);
    uint64_t *out = trine_task_result(task, sizeof *out);
    *out = mix(item.number);
    return TRINE_OK;
}

static const trine_task_kind nap_kind = {
    .name = "nap", .run = nap_run, .item_max = sizeof(nap_item), .result_max = sizeof(uint64_t)};

/* Items first .. first + count of n take `microseconds`, the others nothing; seconds of the map. */
static double seconds_of_map(trine_team *team, uint64_t chunk, uint64_t n, uint64_t first,
                             uint64_t count, uint64_t microseconds)
{
    static nap_item items[MOST];
    static uint64_t results[MOST];
    trine_task_options options = {TRINE_INIT(trine_task_options), .chunk = chunk};
    for (uint64_t i = 0; i < n; i++) {
        bool naps = i >= first && i < first + count;
        items[i] = (nap_item){i, naps ? microseconds : 0};
        begun[i] = 0;
    }
    double began = seconds_now();
    MUST(trine_task_map(team, &nap_kind, items, n, sizeof *items, &options, results, NULL, NULL) ==
         TRINE_OK);
    double taken = seconds_now() - began;
    for (uint64_t i = 0; i < n; i++)
        MUST(begun[i] == 1 && results[i] == mix(i));
    return taken;
}

/* 16 naps of 50 ms in one chunk: 0.8 s one after the other, 0.2 s by four. */
static void long_items_side_by_side_are_shared_body(void)
{
    static const char *const specs[] = {"pool:4", "omp:4"};
    for (int k = 0; k < 2; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        MUST(seconds_of_map(team, 0, 4000, 3000, 16, 50000) < 0.65);
        MUST(seconds_of_map(team, 100, 1000, 500, 16, 50000) < 0.65);
        MUST(seconds_of_map(team, 16, 16, 0, 16, 50000) < 0.65);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, long_items_side_by_side_are_shared)

/* Naps of many lengths, while workers are killed and items cancelled: each has one outcome, and was
 * begun as often as that says. */
static void items_are_shared_once_whatever_dies_body(void)
{
    enum { ROUNDS = 40, ITEMS = 300, WORKERS = 4 };
    trine_team *team = open_team("pool:4");
    int deaths = 0;
    for (int round = 0; round < ROUNDS; round++) {
        trine_task_options options = {TRINE_INIT(trine_task_options), .chunk = round % 3 ? 30 : 0,
                                      .window = ITEMS, .attempts = 20, .unordered = true};
        trine_task_queue *queue;
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        MUST(trine_task_open(team, &nap_kind, &options, &queue) == TRINE_OK);
        pid_t victims[WORKERS];
        for (int w = 0; w < WORKERS; w++) {
            trine_task_slot slot;
            MUST(trine_task_slot_of(queue, w, &slot) == TRINE_OK);
            victims[w] = (pid_t)slot.pid;
        }
        for (uint64_t i = 0; i < ITEMS; i++) {
            uint64_t chance = mix(1000 * (uint64_t)round + i);
            nap_item item = {i, chance % 20 ? chance % 3 * 20 : 4000};
            begun[i] = 0;
            MUST(trine_task_submit(queue, &item, sizeof item, NULL) == TRINE_OK);
        }
        pid_t killer = fork();
        if (killer == 0) {
            for (int w = 0; w < 1 + round % 3; w++) {
                usleep((useconds_t)(mix((uint64_t)(10 * round + w)) % 15000));
                kill(victims[w], SIGKILL);
            }
            _exit(0);
        }
        uint64_t count = 0, begins = 0, attempts = 0;
        for (uint64_t i = 0; i < ITEMS / 10 && round % 2; i++)
            MUST(trine_task_cancel(queue, mix(i) % ITEMS) == TRINE_OK);
        for (; trine_task_next(queue, &o) == TRINE_OK && o.index != TRINE_TASK_NONE; count++) {
            uint64_t value;
            MUST(o.status == TRINE_OK || (o.status == TRINE_E_CANCELLED && round % 2));
            MUST(o.index < ITEMS && begun[o.index] >= o.attempts - 1);
            attempts += (uint64_t)o.attempts;
            if (o.status)
                continue;
            memcpy(&value, o.result, sizeof value);
            MUST(value == mix(o.index));
        }
        for (int i = 0; i < ITEMS; i++)
            begins += (uint64_t)begun[i];
        trine_task_progress progress;
        MUST(trine_task_progress_of(queue, &progress) == TRINE_OK);
        /* A worker that is killed for an item that is cancelled may have gone on to another one, of
         * which that is no attempt. */
        uint64_t lost = (uint64_t)progress.lost, innocent = round % 2 ? lost : 0;
        MUST(count == ITEMS && begins <= attempts + innocent && begins + lost >= attempts);
        deaths += progress.lost;
        MUST(waitpid(killer, NULL, 0) == killer);
        MUST(trine_task_close(queue) == TRINE_OK);
    }
    MUST(deaths >= ROUNDS);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(prepare, items_are_shared_once_whatever_dies)

int main(void)
{
    CU_TestInfo tests[] = {
        {"long items side by side are shared", long_items_side_by_side_are_shared},
        {"items are shared once, whatever dies", items_are_shared_once_whatever_dies},
        CU_TEST_INFO_NULL,
    };
    begun =
        mmap(NULL, MOST * sizeof *begun, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return begun == MAP_FAILED ? 1 : trine_check_main("task sharing", tests);
}
