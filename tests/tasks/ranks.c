/* ranks.c [SPEC [cap N] [remote]] - tasks over several ranks: the bytes of a plain loop from every
 * team, items once each, cancelling, failures of one rank that reach all, deaths. */
#include "ranks.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backends/mpi/mpi_data.h"
#include "core/team/team.h"

trine_team *team;
int rank, size;
bool has_pool, between_machines;

void nap(double seconds)
{
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds,
                                 .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)},
              NULL);
}

trine_task_queue *open_queue(const trine_task_kind *kind, const trine_task_options *options)
{
    trine_task_queue *queue = NULL;
    expect(trine_task_open(team, kind, options, &queue), TRINE_OK, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(queue);
    return queue;
}

void serve(trine_task_queue *queue, trine_status status, const char *says)
{
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome), .index = 5};
    expect(trine_task_next(queue, &outcome), status, says);
    CU_ASSERT_EQUAL(outcome.index, TRINE_TASK_NONE);
    expect(trine_task_close(queue), TRINE_OK, "");
}

void plain_words(uint64_t item, uint64_t *out, size_t *bytes)
{
    size_t words = mix(item) % (WORDS_MOST + 1);
    for (size_t i = 0; i < words; i++)
        out[i] = mix(item ^ (i << 32));
    *bytes = words * sizeof *out;
}

void map_and_compare(uint64_t n, uint64_t chunk, uint64_t window)
{
    const trine_task_options options = {TRINE_INIT(trine_task_options), .chunk = chunk,
                                        .window = window};
    if (rank > 0) {
        expect(trine_task_map(team, &words_kind, NULL, n, 8, &options, NULL, NULL, NULL), TRINE_OK,
               "");
        return;
    }
    uint64_t *items = calloc((size_t)n + 1, sizeof *items);
    uint64_t *results = calloc((size_t)(n + 1) * WORDS_MOST, sizeof *results);
    uint64_t *expected = calloc((size_t)(n + 1) * WORDS_MOST, sizeof *expected);
    size_t *sizes = calloc((size_t)n + 1, sizeof *sizes), bytes;
    trine_status *statuses = calloc((size_t)n + 1, sizeof *statuses);
    bool right = true;
    for (uint64_t i = 0; i < n; i++)
        items[i] = 7 * i + 3;
    expect(trine_task_map(team, &words_kind, items, n, sizeof *items, &options, results, sizes,
                          statuses),
           TRINE_OK, "");
    for (uint64_t i = 0; i < n; i++) {
        plain_words(items[i], expected + i * WORDS_MOST, &bytes);
        right = right && sizes[i] == bytes && statuses[i] == TRINE_OK;
    }
    CU_ASSERT_TRUE(right);
    CU_ASSERT_EQUAL(memcmp(results, expected, (size_t)n * WORDS_MOST * sizeof *results), 0);
    free(items);
    free(results);
    free(expected);
    free(sizes);
    free(statuses);
}

static trine_status nap_run(trine_task *task)
{
    uint64_t microseconds = 0;
    memcpy(&microseconds, task->item, task->item_size);
    if (microseconds > 0)
        nap((double)microseconds * 1e-6);
    return echo_run(task);
}

const trine_task_kind nap_kind = {.name = "nap", .run = nap_run, .item_max = 8, .result_max = 8};

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"maps equal a plain loop", maps_equal_a_plain_loop},
        {"streams give each item once", streams_give_each_item_once},
        {"every worker of every rank works", every_worker_of_every_rank_works},
        {"long items side by side come to several ranks",
         long_items_side_by_side_come_to_several_ranks},
        {"tickets can be waited for", tickets_can_be_waited_for},
        {"what waits can be cancelled", what_waits_can_be_cancelled},
        {"a queue closes with items uncollected", a_queue_closes_with_items_uncollected},
        {"one failure never loses other results", one_failure_never_loses_other_results},
        {"a begin that fails on one rank fails everywhere",
         a_begin_that_fails_on_one_rank_fails_everywhere},
        {"a rank that cannot go on fails the queue", a_rank_that_cannot_go_on_fails_the_queue},
        {"tasks of all ranks can count together", tasks_of_all_ranks_can_count_together},
        {"other kinds or windows are an error on all ranks",
         other_kinds_or_windows_are_an_error_on_all_ranks},
        {"large items and results come whole", large_items_and_results_come_whole},
        {"all ranks read the data", all_ranks_read_the_data},
        {"the item of a dead worker is run again", the_item_of_a_dead_worker_is_run_again},
        {"deadlines hold on all ranks", deadlines_hold_on_all_ranks},
        {"many empty items are done promptly", many_empty_items_are_done_promptly},
        CU_TEST_INFO_NULL,
    };
    const char *spec = argc > 1 ? argv[1] : "mpi";
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "remote") == 0)
            trine_mpi_window_shares = false;
        else
            trine_mpi_message_max = strtoull(argv[i], NULL, 10);
    }
    if (trine_init() || trine_team_open(spec, &team)) {
        printf("%s: %s\n", spec, trine_error_detail());
        return 1;
    }
    rank = trine_team_rank(team);
    size = trine_team_ranks(team);
    between_machines =
        !trine_mpi_window_shares || team->communicator.neighbours < team->communicator.size;
    has_pool = strstr(spec, "pool") != NULL;
    int failed = trine_check_main("tasks", tests);
    return trine_team_close(team) != TRINE_OK || failed;
}
