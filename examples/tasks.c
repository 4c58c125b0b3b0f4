/* tasks.c - tasks of one's own: the longest Collatz sequence below each of some bounds, on every
 * team. The same three steps everywhere: a function of one item, a map that waits for all, and a
 * ticket for one item. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <trine/trine.h>

enum { ITEMS = 8 };

typedef struct longest {
    uint64_t start, steps;
} longest;

static trine_status find_longest(trine_task *task)
{
    uint64_t bound;
    memcpy(&bound, task->item, sizeof bound);
    longest *best = trine_task_result(task, sizeof *best);
    if (!best)
        return trine_task_refused(task);
    if (bound == 0)
        return trine_task_fail(task, TRINE_E_ARGUMENT, "a bound of 0; expected at least 1");
    *best = (longest){1, 0};
    for (uint64_t start = 1; start <= bound; start++) {
        uint64_t steps = 0;
        for (uint64_t x = start; x != 1; steps++)
            x = x % 2 ? 3 * x + 1 : x / 2;
        if (steps > best->steps)
            *best = (longest){start, steps};
    }
    return TRINE_OK;
}

static const trine_task_kind collatz = {.name = "collatz",
                                        .run = find_longest,
                                        .item_max = sizeof(uint64_t),
                                        .result_max = sizeof(longest)};

static int complain(void)
{
    fprintf(stderr, "%s\n", trine_error_detail());
    return 1;
}

/* One item by a ticket: it fails, and says why, and nothing else does. */
static int try_zero(trine_team *team)
{
    const uint64_t zero = 0;
    int64_t ticket;
    trine_task_queue *queue;
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    if (trine_task_open(team, &collatz, NULL, &queue))
        return complain();
    if (trine_task_submit(queue, &zero, sizeof zero, &ticket) ||
        trine_task_wait(queue, ticket, -1, &outcome))
        return complain();
    bool as_expected = outcome.status == TRINE_E_ARGUMENT && *outcome.detail;
    return trine_task_close(queue) ? complain() : !as_expected;
}

int main(void)
{
    const char *const specs[] = {"serial", "omp:2", "pool:2"};
    uint64_t bounds[ITEMS];
    longest found[3][ITEMS];
    trine_init();
    for (int i = 0; i < ITEMS; i++)
        bounds[i] = (uint64_t)1 << (i + 8);
    for (int i = 0; i < 3; i++) {
        trine_team *team;
        if (trine_team_open(specs[i], &team) ||
            trine_task_map(team, &collatz, bounds, ITEMS, sizeof *bounds, NULL, found[i], NULL,
                           NULL))
            return complain();
        if (memcmp(found[0], found[i], sizeof found[0]) != 0)
            return fprintf(stderr, "%s differs\n", specs[i]), 1;
        if (try_zero(team))
            return 1;
        trine_team_close(team);
    }
    for (int i = 0; i < ITEMS; i++)
        printf("up to %6" PRIu64 ": %6" PRIu64 " takes %3" PRIu64 " steps\n", bounds[i],
               found[0][i].start, found[0][i].steps);
    trine_finalize();
    return 0;
}
