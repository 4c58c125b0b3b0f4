/* parity.c SPEC - results of tasks do not depend on team, window or chunk; streams keep their
 * order, give each item once, and stay inside their window. */
#include <stdlib.h>

#include "check.h"
#include "kinds.h"

static const char *spec;
static trine_team *team;

enum { N = 5000 };

/* What map must give, by a plain loop over the formula. */
static void expected_words(uint64_t item, uint64_t *out, size_t *size)
{
    size_t words = mix(item) % (WORDS_MOST + 1);
    for (size_t i = 0; i < words; i++)
        out[i] = mix(item ^ (i << 32));
    *size = words * sizeof *out;
}

static void maps_equal_a_plain_loop(void)
{
    static uint64_t items[N], results[N][WORDS_MOST], expected[N][WORDS_MOST];
    static size_t sizes[N], expected_sizes[N];
    static trine_status statuses[N];
    static const struct {
        uint64_t n, window, chunk;
    } cases[] = {{N, 0, 0},   {N, 1, 0},  {N, 1, 1},  {N, 2, 1},     {N, 100, 7},
                 {N, 64, 64}, {N, 64, 0}, {N, N, N},  {N, 3 * N, 1}, {1, 0, 0},
                 {2, 1, 5},   {0, 0, 0},  {17, 4, 3}, {1000, 0, 1},  {1000, 7, 1000}};
    for (size_t i = 0; i < N; i++) {
        items[i] = mix(i + 77);
        expected_words(items[i], expected[i], &expected_sizes[i]);
    }
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        trine_task_options options = {TRINE_INIT(trine_task_options), .window = cases[c].window,
                                      .chunk = cases[c].chunk};
        memset(results, 0, sizeof results);
        memset(sizes, 0xff, sizeof sizes);
        memset(statuses, 0xff, sizeof statuses);
        trine_status status = trine_task_map(team, &words_kind, items, cases[c].n, sizeof *items,
                                             &options, results, sizes, statuses);
        CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
        bool same = true;
        for (size_t i = 0; i < cases[c].n; i++)
            same = same && statuses[i] == TRINE_OK && sizes[i] == expected_sizes[i] &&
                   memcmp(results[i], expected[i], sizes[i]) == 0;
        CU_ASSERT_TRUE(same);
        CU_ASSERT_TRUE(cases[c].n == N || sizes[cases[c].n] == SIZE_MAX);
    }
    CU_ASSERT_EQUAL(
        trine_task_map(team, &words_kind, items, N, sizeof *items, NULL, NULL, NULL, NULL),
        TRINE_OK);
}

/* Whether item and param are aligned, and its item; every third item fails after it has written. */
static trine_status look_run(trine_task *task)
{
    unsigned char *out = trine_task_result(task, 3);
    if (!out)
        return trine_task_refused(task);
    memcpy(out, task->item, 3);
    bool aligned = (((uintptr_t)task->item | (uintptr_t)task->param) & 63) == 0;
    if (!aligned || memcmp(task->param, "param", 5) != 0)
        return trine_task_fail(task, TRINE_E_SYSTEM, "not as promised");
    return task->index % 3 == 2 ? TRINE_E_EMPTY : TRINE_OK;
}

static void a_kind_is_copied_and_what_fails_leaves_no_result(void)
{
    char items[300], results[300], param[] = "param";
    size_t sizes[100];
    trine_status statuses[100];
    trine_task_kind kind = {
        .name = "look", .run = look_run, .param_size = 5, .item_max = 3, .result_max = 3};
    trine_task_options options = {TRINE_INIT(trine_task_options), .param = param, .chunk = 4};
    for (int i = 0; i < 300; i++)
        items[i] = (char)i;
    memset(results, 'x', sizeof results);
    CU_ASSERT_EQUAL(trine_task_map(team, &kind, items, 100, 3, &options, results, sizes, statuses),
                    TRINE_E_EMPTY);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "item 2 "));
    for (size_t i = 0; i < 100; i++) {
        bool failed = i % 3 == 2;
        CU_ASSERT_EQUAL(statuses[i], failed ? TRINE_E_EMPTY : TRINE_OK);
        CU_ASSERT_EQUAL(sizes[i], failed ? 0 : 3);
        CU_ASSERT_EQUAL(memcmp(results + 3 * i, failed ? "xxx" : items + 3 * i, 3), 0);
    }
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &kind, &options, &queue), TRINE_OK);
    memset(&kind, 0, sizeof kind);
    memset(param, 0, sizeof param);
    CU_ASSERT_EQUAL(trine_task_submit(queue, "abc", 3, NULL), TRINE_OK);
    CU_ASSERT_EQUAL(trine_task_next(queue, &o), TRINE_OK);
    CU_ASSERT_EQUAL(o.status, TRINE_OK);
    CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
}

/* Runs a stream of n numbers; the window's bound is looked at on the way. */
static void stream(uint64_t n, uint64_t window, uint64_t chunk, bool unordered)
{
    numbers numbers = {0, n};
    unsigned char *seen = calloc(n + 1, 1);
    trine_task_options options = {
        TRINE_INIT(trine_task_options), .window = window,      .chunk = chunk,
        .unordered = unordered,         .source = next_number, .source_context = &numbers};
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    int64_t collected = 0;
    bool right = true, once = true, bounded = true;
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &echo_kind, &options, &queue), TRINE_OK);
    while (trine_task_next(queue, &o) == TRINE_OK && o.index != TRINE_TASK_NONE) {
        uint64_t value;
        right = right && o.status == TRINE_OK && o.result_size == sizeof value &&
                ((uintptr_t)o.result & 63) == 0 && o.detail[0] == '\0' && o.attempts == 1;
        memcpy(&value, o.result, sizeof value);
        right = right && value == (uint64_t)o.index && (unordered || o.index == collected);
        once = once && (uint64_t)o.index < n && !seen[o.index]++;
        collected++;
        bounded = bounded && (window == 0 || numbers.next - (collected - 1) <= window);
    }
    CU_ASSERT_TRUE(right);
    CU_ASSERT_TRUE(once);
    CU_ASSERT_TRUE(bounded);
    CU_ASSERT_EQUAL((uint64_t)collected, n);
    CU_ASSERT_EQUAL(trine_task_next(queue, &o), TRINE_OK);
    CU_ASSERT_EQUAL(o.index, TRINE_TASK_NONE);
    CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
    free(seen);
}

static void streams_give_each_item_once_within_their_window(void)
{
    static const uint64_t windows[] = {0, 1, 2, 3, 50, 1000}, chunks[] = {0, 1, 4, 2000};
    for (int unordered = 0; unordered < 2; unordered++)
        for (int w = 0; w < 6; w++)
            for (int c = 0; c < 4; c++) {
                stream(3000, windows[w], chunks[c], unordered);
                stream(0, windows[w], chunks[c], unordered);
                stream(1, windows[w], chunks[c], unordered);
            }
}

static void tickets_can_be_waited_for_in_any_order(void)
{
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    int64_t tickets[100], ticket;
    trine_task_options options = {TRINE_INIT(trine_task_options), .window = 100};
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &echo_kind, &options, &queue), TRINE_OK);
    for (uint64_t round = 0; round < 20; round++) {
        for (uint64_t i = 0; i < 100; i++) {
            uint64_t item = mix(100 * round + i);
            CU_ASSERT_EQUAL(trine_task_submit(queue, &item, sizeof item, &tickets[i]), TRINE_OK);
            CU_ASSERT_EQUAL((uint64_t)tickets[i], 100 * round + i);
        }
        CU_ASSERT_EQUAL(trine_task_submit(queue, &round, sizeof round, &ticket), TRINE_E_BUSY);
        for (uint64_t i = 0; i < 100; i++) {
            int64_t t = tickets[(i * 37 + round) % 100];
            uint64_t value;
            CU_ASSERT_EQUAL(trine_task_wait(queue, t, -1, &o), TRINE_OK);
            CU_ASSERT_EQUAL_FATAL(o.index, t);
            memcpy(&value, o.result, sizeof value);
            CU_ASSERT_EQUAL(value, mix((uint64_t)t));
            CU_ASSERT_EQUAL(trine_task_wait(queue, t, -1, &o), TRINE_E_ARGUMENT);
        }
        CU_ASSERT_EQUAL(trine_task_next(queue, &o), TRINE_OK);
        CU_ASSERT_EQUAL(o.index, TRINE_TASK_NONE);
    }
    CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
}

static void a_ticket_can_be_polled_until_it_is_done(void)
{
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &echo_kind, NULL, &queue), TRINE_OK);
    for (uint64_t item = 0; item < 200; item++) {
        int64_t ticket;
        CU_ASSERT_EQUAL(trine_task_submit(queue, &item, sizeof item, &ticket), TRINE_OK);
        do {
            CU_ASSERT_EQUAL_FATAL(trine_task_wait(queue, ticket, 0, &o), TRINE_OK);
        } while (o.index == TRINE_TASK_NONE);
        CU_ASSERT_EQUAL(o.index, ticket);
    }
    CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
}

static void wait_any_gives_every_ticket_once(void)
{
    enum { K = 60 };
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    int64_t tickets[K];
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &echo_kind, NULL, &queue), TRINE_OK);
    for (uint64_t i = 0; i < K; i++)
        CU_ASSERT_EQUAL(trine_task_submit(queue, &i, sizeof i, &tickets[i]), TRINE_OK);
    for (size_t left = K; left > 0; left--) {
        CU_ASSERT_EQUAL_FATAL(trine_task_wait_any(queue, tickets, left, -1, &o), TRINE_OK);
        size_t i = 0;
        while (i < left && tickets[i] != o.index)
            i++;
        CU_ASSERT_TRUE_FATAL(i < left);
        tickets[i] = tickets[left - 1];
    }
    CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
}

/* Counters in an array that all workers address. */
typedef struct counts {
    _Atomic int begun, ended, run;
} counts;

static trine_status count_begin(trine_task *task)
{
    counts *c = *(counts *const *)task->param;
    c->begun++;
    const char *state = task->state;
    bool fresh = ((uintptr_t)state & 63) == 0 && !task->item;
    for (int i = 0; i < 100; i++)
        fresh = fresh && state[i] == 0;
    return fresh ? TRINE_OK : trine_task_fail(task, TRINE_E_SYSTEM, "state is not fresh");
}

static trine_status count_run(trine_task *task)
{
    counts *c = *(counts *const *)task->param;
    uint64_t *runs = task->state;
    c->run++;
    ++*runs;
    uint64_t *out = trine_task_result(task, 2 * sizeof *out);
    out[0] = (uint64_t)task->worker;
    out[1] = *runs;
    return TRINE_OK;
}

static void count_end(trine_task *task)
{
    counts *c = *(counts *const *)task->param;
    c->ended += task->item == NULL;
}

static void begin_and_end_run_once_in_each_worker(void)
{
    trine_array *memory;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_I32, 64, TRINE_SHARED, &memory), TRINE_OK);
    counts *c = trine_array_data(memory);
    memset((void *)c, 0, sizeof *c);
    trine_task_kind kind = {.name = "counts",
                            .run = count_run,
                            .begin = count_begin,
                            .end = count_end,
                            .param_size = sizeof c,
                            .state_size = 100,
                            .item_max = sizeof(uint64_t),
                            .result_max = 2 * sizeof(uint64_t)};
    numbers numbers = {0, 500};
    trine_task_options options = {TRINE_INIT(trine_task_options), .param = &c,
                                  .source = next_number, .source_context = &numbers, .chunk = 1};
    uint64_t last[64] = {0};
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &kind, &options, &queue), TRINE_OK);
    CU_ASSERT_EQUAL(c->begun, trine_team_workers(team));
    while (trine_task_next(queue, &o) == TRINE_OK && o.index != TRINE_TASK_NONE) {
        uint64_t out[2];
        CU_ASSERT_EQUAL(o.status, TRINE_OK);
        memcpy(out, o.result, sizeof out);
        CU_ASSERT_EQUAL(out[0], (uint64_t)o.worker);
        CU_ASSERT_TRUE(out[1] > last[o.worker]);
        last[o.worker] = out[1];
    }
    trine_task_progress progress;
    CU_ASSERT_EQUAL(trine_task_progress_of(queue, &progress), TRINE_OK);
    CU_ASSERT_EQUAL(progress.submitted, 500);
    CU_ASSERT_EQUAL(progress.done, 500);
    CU_ASSERT_EQUAL(progress.slots, trine_team_workers(team));
    uint64_t items = 0;
    for (int i = 0; i < progress.slots; i++) {
        trine_task_slot slot;
        CU_ASSERT_EQUAL(trine_task_slot_of(queue, i, &slot), TRINE_OK);
        CU_ASSERT_EQUAL(slot.worker, i);
        CU_ASSERT_EQUAL((uint64_t)slot.items, last[i]);
        items += slot.items;
    }
    CU_ASSERT_EQUAL(items, 500);
    CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
    CU_ASSERT_EQUAL(c->begun, trine_team_workers(team));
    CU_ASSERT_EQUAL(c->ended, trine_team_workers(team));
    CU_ASSERT_EQUAL(c->run, 500);
    trine_array_free(memory);
}

/* Fails in many ways, by number. */
static trine_status fail_run(trine_task *task)
{
    uint64_t item;
    memcpy(&item, task->item, sizeof item);
    uint64_t *out = trine_task_result(task, sizeof *out);
    *out = item;
    if (item % 10 == 3)
        return trine_task_fail(task, TRINE_E_IO, "the third of ten");
    if (item % 10 == 5)
        return trine_sum_f64(NULL, TRINE_EXACT, NULL);
    if (item % 10 == 7)
        return TRINE_E_EMPTY;
    if (item % 10 == 9)
        return trine_task_result(task, sizeof *out + 1) ? TRINE_OK : trine_task_refused(task);
    return TRINE_OK;
}

static void one_failure_never_loses_other_results(void)
{
    static uint64_t items[1000], results[1000];
    static size_t sizes[1000];
    static trine_status statuses[1000];
    trine_task_kind kind = echo_kind;
    kind.run = fail_run;
    for (uint64_t i = 0; i < 1000; i++)
        items[i] = i;
    CU_ASSERT_EQUAL(
        trine_task_map(team, &kind, items, 1000, sizeof *items, NULL, results, sizes, statuses),
        TRINE_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "item 3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "the third of ten"));
    for (uint64_t i = 0; i < 1000; i++) {
        static const trine_status expected[] = {
            0, 0, 0, TRINE_E_IO, 0, TRINE_E_ARGUMENT, 0, TRINE_E_EMPTY, 0, TRINE_E_ARGUMENT};
        CU_ASSERT_EQUAL(statuses[i], expected[i % 10]);
        if (!expected[i % 10])
            CU_ASSERT_TRUE(sizes[i] == sizeof *results && results[i] == i);
    }
}

static void an_outcome_carries_its_detail(void)
{
    trine_task_kind kind = echo_kind;
    numbers numbers = {0, 40};
    trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                  .source_context = &numbers, .chunk = 8};
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    kind.run = fail_run;
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &kind, &options, &queue), TRINE_OK);
    while (trine_task_next(queue, &o) == TRINE_OK && o.index != TRINE_TASK_NONE) {
        static const char *const expected[] = {"", "",
                                               "", "the third of ten",
                                               "", "trine_sum",
                                               "", "the input is empty",
                                               "", "result_max is 8"};
        CU_ASSERT_PTR_NOT_NULL(strstr(o.detail, expected[o.index % 10]));
        CU_ASSERT_EQUAL(o.detail[0] == '\0', o.status == TRINE_OK);
    }
    CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
}

static trine_status begin_fails(trine_task *task)
{
    return task->worker == *(const int *)task->param
               ? trine_task_fail(task, TRINE_E_FORMAT, "no licence")
               : TRINE_OK;
}

static void a_begin_that_fails_fails_the_queue(void)
{
    trine_task_kind kind = echo_kind;
    trine_task_queue *queue = NULL;
    int last = trine_team_workers(team) - 1;
    trine_task_options options = {TRINE_INIT(trine_task_options), .param = &last};
    kind.begin = begin_fails;
    kind.param_size = sizeof last;
    CU_ASSERT_EQUAL(trine_task_open(team, &kind, &options, &queue), TRINE_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "no licence"));
    CU_ASSERT_PTR_NULL(queue);
    CU_ASSERT_EQUAL(trine_task_map(team, &kind, &kind, 1, 8, &options, NULL, NULL, NULL),
                    TRINE_E_FORMAT);
    stream(100, 0, 0, false);
}

static void a_queue_holds_its_team(void)
{
    trine_task_queue *queue, *second = NULL;
    trine_array *x = NULL;
    double sum;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_F64, 10, TRINE_SHARED, &x), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &echo_kind, NULL, &queue), TRINE_OK);
    CU_ASSERT_EQUAL(trine_task_open(team, &echo_kind, NULL, &second), TRINE_E_BUSY);
    CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_FAST, &sum), TRINE_E_BUSY);
    CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
    CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_FAST, &sum), TRINE_OK);
    trine_array_free(x);
}

static trine_status slow_run(trine_task *task)
{
    usleep(2000);
    return echo_run(task);
}

static void a_queue_closes_with_items_uncollected(void)
{
    trine_task_kind kind = echo_kind;
    trine_task_queue *queue;
    kind.run = slow_run;
    for (int chunk = 0; chunk < 20; chunk += 9) {
        trine_task_options options = {TRINE_INIT(trine_task_options), .chunk = (uint64_t)chunk};
        CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &kind, &options, &queue), TRINE_OK);
        for (uint64_t i = 0; i < 1000; i++)
            CU_ASSERT_EQUAL(trine_task_submit(queue, &i, sizeof i, NULL), TRINE_OK);
        CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
    }
    stream(10, 0, 0, false);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"maps equal a plain loop", maps_equal_a_plain_loop},
        {"a kind is copied, and what fails leaves no result",
         a_kind_is_copied_and_what_fails_leaves_no_result},
        {"streams give each item once, within their window",
         streams_give_each_item_once_within_their_window},
        {"tickets can be waited for in any order", tickets_can_be_waited_for_in_any_order},
        {"a ticket can be polled until it is done", a_ticket_can_be_polled_until_it_is_done},
        {"wait_any gives every ticket once", wait_any_gives_every_ticket_once},
        {"begin and end run once in each worker", begin_and_end_run_once_in_each_worker},
        {"one failure never loses other results", one_failure_never_loses_other_results},
        {"an outcome carries its detail", an_outcome_carries_its_detail},
        {"a begin that fails fails the queue", a_begin_that_fails_fails_the_queue},
        {"a queue holds its team", a_queue_holds_its_team},
        {"a queue closes with items uncollected", a_queue_closes_with_items_uncollected},
        CU_TEST_INFO_NULL,
    };
    spec = argc > 1 ? argv[1] : "serial";
    if (trine_init() != TRINE_OK || trine_team_open(spec, &team) != TRINE_OK) {
        fprintf(stderr, "%s: %s\n", spec, trine_error_detail());
        return 1;
    }
    int failed = trine_check_main(spec, tests);
    return trine_team_close(team) != TRINE_OK || failed;
}
