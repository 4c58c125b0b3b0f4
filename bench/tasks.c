/* tasks.c [ITEMS [ROUNDS]] - streams of items that do nothing, on serial, omp:2 and pool:2, in
 * order and as they finish, one to a dispatch and as many as the queue chooses; maps of a few items
 * on a team that is hot; and what it costs that a worker is killed in the middle of a map. Prints
 * one JSON object. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <trine/trine.h>

#include "measure.h"
#include "numbers.h"

enum { SERIAL, OMP, POOL, TEAMS, STREAMS = 4, FEW = 64 };

static const char *const specs[] = {"serial", "omp:2", "pool:2"};
static const char *const streams[] = {"ordered_chunk_1", "unordered_chunk_1", "ordered",
                                      "unordered"};

typedef struct bench {
    trine_team *team;
    series seconds[STREAMS], few, whole, killed;
} bench;

static trine_status nothing(trine_task *task)
{
    (void)task;
    return TRINE_OK;
}

/* Sleeps a millisecond; the item that says so dies the first time. */
static trine_status nap(trine_task *task)
{
    char dies;
    memcpy(&dies, task->item, 1);
    usleep(1000);
    if (dies && task->attempt == 1)
        raise(SIGKILL);
    return TRINE_OK;
}

static double time_stream(trine_team *team, int stream, uint64_t n)
{
    const trine_task_kind kind = {.name = "nothing", .run = nothing, .item_max = 8};
    numbers numbers = {0, n};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .unordered = stream % 2,
                                        .chunk = stream < 2, .source = next_number,
                                        .source_context = &numbers};
    trine_task_queue *queue;
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    need(trine_task_open(team, &kind, &options, &queue));
    double began = seconds_now();
    do
        need(trine_task_next(queue, &outcome));
    while (outcome.index != TRINE_TASK_NONE);
    double taken = seconds_now() - began;
    need(trine_task_close(queue));
    return taken;
}

static double time_map(trine_team *team, trine_status (*run)(trine_task *), int dying)
{
    const trine_task_kind kind = {.name = "few", .run = run, .item_max = 1};
    char items[FEW] = {0};
    if (dying >= 0)
        items[dying] = 1;
    double began = seconds_now();
    need(trine_task_map(team, &kind, items, FEW, 1, NULL, NULL, NULL, NULL));
    return seconds_now() - began;
}

static void run_round(bench benches[TEAMS], uint64_t n)
{
    for (int stream = 0; stream < STREAMS; stream++)
        for (int t = 0; t < TEAMS; t++)
            series_add(&benches[t].seconds[stream], time_stream(benches[t].team, stream, n));
    for (int t = 0; t < TEAMS; t++)
        series_add(&benches[t].few, time_map(benches[t].team, nothing, -1));
    bench *pool = &benches[POOL];
    series_add(&pool->whole, time_map(pool->team, nap, -1));
    series_add(&pool->killed, time_map(pool->team, nap, 10));
}

static void print(bench benches[TEAMS], uint64_t n)
{
    static const char *const names[] = {"serial", "omp", "pool"};
    printf("{\"items\": %llu, \"rounds\": %zu", (unsigned long long)n,
           benches[0].seconds[0].rounds);
    for (int t = 0; t < TEAMS; t++) {
        for (int s = 0; s < STREAMS; s++)
            printf(", \"%s_%s_m_per_s\": %.3f", names[t], streams[s],
                   1e-6 * (double)n / series_median(&benches[t].seconds[s]));
        printf(", \"%s_map_of_%d_us\": %.1f", names[t], FEW, 1e6 * series_median(&benches[t].few));
    }
    for (int s = 0; s < STREAMS; s++)
        printf(", \"pool_over_omp_%s\": %.3f", streams[s],
               series_ratio(&benches[OMP].seconds[s], &benches[POOL].seconds[s]));
    series *whole = &benches[POOL].whole, *killed = &benches[POOL].killed, cost = {.rounds = 0};
    for (size_t i = 0; i < whole->rounds; i++)
        series_add(&cost, 1e3 * (killed->value[i] - whole->value[i]));
    printf(", \"kill_cost_ms\": %.2f}\n", series_median(&cost));
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 300000;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 7;
    static bench benches[TEAMS];
    need(trine_init());
    for (int t = 0; t < TEAMS; t++)
        need(trine_team_open(specs[t], &benches[t].team));
    for (int i = 0; i < rounds && i < MAX_ROUNDS; i++)
        run_round(benches, n);
    print(benches, n);
    for (int t = 0; t < TEAMS; t++)
        need(trine_team_close(benches[t].team));
    return 0;
}
