/* ranks_failures.c - items, begins, ranks and workers that fail or die: what is lost, what is not,
 * and who is told. */
#include "ranks.h"

#include <signal.h>
#include <string.h>

static trine_status picky_run(trine_task *task)
{
    uint64_t item;
    memcpy(&item, task->item, sizeof item);
    if (item % 7 == 3)
        return trine_task_fail(task, TRINE_E_FORMAT, item % 2 ? "odd one" : "even one");
    return words_run(task);
}

void one_failure_never_loses_other_results(void)
{
    enum { N = 300 };
    trine_task_kind kind = words_kind;
    kind.run = picky_run;
    uint64_t items[N];
    static uint64_t results[N * WORDS_MOST], expected[N * WORDS_MOST];
    size_t sizes[N], bytes;
    trine_status statuses[N];
    memset(results, 0, sizeof results);
    memset(expected, 0, sizeof expected);
    for (uint64_t i = 0; i < N; i++)
        items[i] = i;
    expect(trine_task_map(team, &kind, items, N, 8, NULL, results, sizes, statuses), TRINE_E_FORMAT,
           "item 3 failed: odd one");
    for (uint64_t i = 0; i < N && rank == 0; i++) {
        bool bad = i % 7 == 3;
        if (!bad)
            plain_words(i, expected + i * WORDS_MOST, &bytes);
        CU_ASSERT_EQUAL(statuses[i], bad ? TRINE_E_FORMAT : TRINE_OK);
        CU_ASSERT_EQUAL(sizes[i], bad ? 0 : bytes);
    }
    CU_ASSERT_EQUAL(memcmp(results, expected, sizeof results), 0);
}

static trine_status begin_that_fails(trine_task *task)
{
    int failing;
    memcpy(&failing, task->param, sizeof failing);
    if (task->rank != failing || task->worker != 0)
        return TRINE_OK;
    return trine_task_fail(task, TRINE_E_IO, "no table");
}

void a_begin_that_fails_on_one_rank_fails_everywhere(void)
{
    trine_task_kind kind = echo_kind;
    kind.begin = begin_that_fails;
    kind.param_size = sizeof(int);
    for (int r = 0; r < size; r++) {
        trine_task_queue *queue = NULL;
        const trine_task_options options = {TRINE_INIT(trine_task_options), .window = 8,
                                            .param = &r};
        expect(trine_task_open(team, &kind, &options, &queue), TRINE_E_IO, "no table");
        CU_ASSERT_PTR_NULL(queue);
    }
    map_and_compare(50, 0, 0);
}

/* Workers of one rank: the first item kills its worker, whose replacement cannot begin. */
typedef struct trap {
    trine_counter *begins;
    int rank;
} trap;

static trine_status begin_again(trine_task *task)
{
    const trap *t = task->param;
    int64_t before = 0;
    trine_status status = t->begins ? trine_counter_add(t->begins, 1, &before) : TRINE_OK;
    if (!status && before >= 2)
        return trine_task_fail(task, TRINE_E_IO, "no second table");
    return status;
}

static trine_status fall(trine_task *task)
{
    const trap *t = task->param;
    nap(0.002);
    if (t->begins && task->rank == t->rank)
        raise(SIGKILL);
    return echo_run(task);
}

void a_rank_that_cannot_go_on_fails_the_queue(void)
{
    trine_task_kind kind = echo_kind;
    kind.begin = begin_again;
    kind.run = fall;
    kind.param_size = sizeof(trap);
    if (!has_pool)
        return;
    /* A counter of this rank's pool alone. */
    trine_team *own = NULL;
    trap t = {.rank = size - 1};
    expect(trine_team_open("pool:2", &own), TRINE_OK, "");
    if (rank == t.rank)
        expect(trine_counter_open(own, 0, &t.begins), TRINE_OK, "");
    numbers source = {0, 400};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                        .source_context = &source, .param = &t};
    trine_task_queue *queue = open_queue(&kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_E_IO, "no second table");
    } else {
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        trine_status status;
        do
            status = trine_task_next(queue, &o);
        while (status == TRINE_OK && o.index != TRINE_TASK_NONE);
        expect(status, TRINE_E_IO, "no second table");
        expect(trine_task_close(queue), TRINE_OK, "");
    }
    expect(trine_counter_close(t.begins), TRINE_OK, "");
    expect(trine_team_close(own), TRINE_OK, "");
    map_and_compare(50, 0, 0);
}

void other_kinds_or_windows_are_an_error_on_all_ranks(void)
{
    if (size == 1)
        return;
    for (int i = 0; i < 6; i++) {
        trine_task_kind kind = echo_kind;
        trine_task_options options = {TRINE_INIT(trine_task_options), .window = 8};
        trine_task_queue *queue = NULL;
        bool other = rank == size - 1;
        kind.name = i == 0 && other ? "another" : kind.name;
        kind.item_max += i == 1 && other;
        kind.result_max += i == 2 && other;
        kind.state_size += i == 3 && other;
        options.window += i == 4 && other;
        kind.run = i == 5 && other ? NULL : kind.run;
        expect(trine_task_open(team, &kind, &options, &queue),
               i == 5 ? TRINE_E_ARGUMENT : TRINE_E_COLLECTIVE, i == 5 ? "run is NULL" : "calls");
        CU_ASSERT_PTR_NULL(queue);
    }
    map_and_compare(50, 0, 0);
}

/* Item 5 kills its worker while the file that its param names is there. */
static trine_status deadly_run(trine_task *task)
{
    uint64_t item;
    memcpy(&item, task->item, sizeof item);
    if (item % 20 == 5 && task->attempt == 1)
        raise(SIGKILL);
    if (item == 77)
        raise(SIGSEGV);
    nap(0.001);
    return words_run(task);
}

void the_item_of_a_dead_worker_is_run_again(void)
{
    enum { N = 100 };
    trine_task_kind kind = words_kind;
    kind.run = deadly_run;
    if (!has_pool)
        return;
    numbers source = {0, N};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                        .source_context = &source, .record = true};
    trine_task_queue *queue = open_queue(&kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    bool elsewhere = false;
    for (uint64_t i = 0; i < N; i++) {
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        uint64_t expected[WORDS_MOST];
        size_t bytes;
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        CU_ASSERT_EQUAL((uint64_t)o.index, i);
        plain_words(i, expected, &bytes);
        if (i == 77) {
            CU_ASSERT_EQUAL(o.status, TRINE_E_WORKER);
            CU_ASSERT_EQUAL(o.attempts, 3);
            continue;
        }
        CU_ASSERT_EQUAL(o.status, TRINE_OK);
        CU_ASSERT_EQUAL(o.attempts, i % 20 == 5 ? 2 : 1);
        CU_ASSERT_TRUE(o.result_size == bytes);
        CU_ASSERT_TRUE(bytes == 0 || memcmp(o.result, expected, bytes) == 0);
        elsewhere = elsewhere || (i % 20 == 5 && o.rank > 0);
    }
    trine_task_progress progress;
    expect(trine_task_progress_of(queue, &progress), TRINE_OK, "");
    CU_ASSERT_EQUAL(progress.lost, 5 + 3);
    CU_ASSERT_EQUAL(progress.failed, 1);
    const trine_task_record *records;
    int64_t count;
    expect(trine_task_records(queue, &records, &count), TRINE_OK, "");
    CU_ASSERT_EQUAL(count, N - 1 + 5 + 3);
    CU_ASSERT_TRUE(size == 1 || elsewhere);
    expect(trine_task_close(queue), TRINE_OK, "");
}

static trine_status stuck_run(trine_task *task)
{
    uint64_t item;
    memcpy(&item, task->item, sizeof item);
    nap(item % 10 == 4 ? 30 : 0.002);
    return echo_run(task);
}

void deadlines_hold_on_all_ranks(void)
{
    enum { N = 60 };
    trine_task_kind kind = echo_kind;
    kind.run = stuck_run;
    if (!has_pool)
        return;
    numbers source = {0, N};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                        .source_context = &source, .deadline = 0.2,
                                        .unordered = true};
    trine_task_queue *queue = open_queue(&kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    for (uint64_t i = 0; i < N; i++) {
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        CU_ASSERT_EQUAL(o.status, o.index % 10 == 4 ? TRINE_E_DEADLINE : TRINE_OK);
    }
    expect(trine_task_close(queue), TRINE_OK, "");
}
