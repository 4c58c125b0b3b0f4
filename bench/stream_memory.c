/* stream_memory.c [ITEMS [SPEC]] - the memory of streams of 10, 1000, ... ITEMS items from an
 * iterator (default 10,000,000, on pool:2), eight bytes each and as many back. Prints one JSON
 * object: after each stream the items, its seconds, the most memory that the caller ever had
 * resident, and what all workers have together, shared pages divided, in bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <trine/trine.h>

#include "measure.h"
#include "numbers.h"

static trine_status give_back(trine_task *task)
{
    void *result = trine_task_result(task, task->item_size);
    if (!result)
        return trine_task_refused(task);
    memcpy(result, task->item, task->item_size);
    return TRINE_OK;
}

static void stream(trine_team *team, uint64_t n)
{
    const trine_task_kind kind = {.name = "give_back",
                                  .run = give_back,
                                  .item_max = sizeof(uint64_t),
                                  .result_max = sizeof(uint64_t)};
    numbers numbers = {0, n};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                        .source_context = &numbers};
    trine_task_queue *queue;
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    need(trine_task_open(team, &kind, &options, &queue));
    for (uint64_t i = 0; i <= n; i++) {
        uint64_t value = i;
        need(trine_task_next(queue, &outcome));
        need(outcome.status);
        if (i < n)
            memcpy(&value, outcome.result, sizeof value);
        if (value != i || (i == n) != (outcome.index == TRINE_TASK_NONE)) {
            fprintf(stderr, "bench_stream_memory: item %" PRIu64 " came back as %" PRIu64 "\n", i,
                    value);
            exit(1);
        }
    }
    need(trine_task_close(queue));
}

int main(int argc, char **argv)
{
    uint64_t items = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    trine_team *team;
    need(trine_init());
    need(trine_team_open(argc > 2 ? argv[2] : "pool:2", &team));
    printf("{\"team\": \"%s\", \"streams\": [", trine_team_spec(team));
    for (uint64_t n = 0; n < items;) {
        struct rusage used;
        uint64_t together = 0;
        n = n == 0 ? 10 : 100 * n;
        n = n < items ? n : items;
        double began = seconds_now();
        stream(team, n);
        double seconds = seconds_now() - began;
        for (int w = 0; w < trine_team_workers(team); w++) {
            trine_memory memory;
            need(trine_team_memory(team, w, &memory));
            together += memory.pss;
        }
        getrusage(RUSAGE_SELF, &used);
        printf("%s\n  {\"items\": %" PRIu64 ", \"seconds\": %.3f, \"caller_max\": %ld, "
               "\"workers_now\": %" PRIu64 "}",
               n > 10 ? "," : "", n, seconds, used.ru_maxrss * 1024, together);
        fflush(stdout);
    }
    printf("]}\n");
    need(trine_team_close(team));
    return 0;
}
