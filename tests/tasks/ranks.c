/* ranks.c [SPEC [cap N] [remote]] - tasks over several ranks: the bytes of a plain loop from every
 * team, items once each, cancelling, failures of one rank that reach all, deaths. */
#include <mpi.h>

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <trine/trine.h>

#include "backends/mpi/mpi_data.h"
#include "check.h"
#include "expect.h"
#include "core/team/team.h"
#include "kinds.h"

static trine_team *team;
static int rank, size;
static bool has_pool, between_machines;

static void nap(double seconds)
{
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds,
                                 .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)},
              NULL);
}

static trine_task_queue *open_queue(const trine_task_kind *kind, const trine_task_options *options)
{
    trine_task_queue *queue = NULL;
    expect(trine_task_open(team, kind, options, &queue), TRINE_OK, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(queue);
    return queue;
}

/* Other ranks: work to the end, which is what it should be. */
static void serve(trine_task_queue *queue, trine_status status, const char *says)
{
    trine_task_outcome outcome = {.index = 5};
    expect(trine_task_next(queue, &outcome), status, says);
    CU_ASSERT_EQUAL(outcome.index, TRINE_TASK_NONE);
    expect(trine_task_close(queue), TRINE_OK, "");
}

/* ---- maps ---- */

static void plain_words(uint64_t item, uint64_t *out, size_t *bytes)
{
    size_t words = mix(item) % (WORDS_MOST + 1);
    for (size_t i = 0; i < words; i++)
        out[i] = mix(item ^ (i << 32));
    *bytes = words * sizeof *out;
}

static void map_and_compare(uint64_t n, uint64_t chunk, uint64_t window)
{
    const trine_task_options options = {.chunk = chunk, .window = window};
    if (rank > 0) {
        expect(trine_task_map(team, &words_kind, &options, NULL, n, 8, NULL, NULL, NULL), TRINE_OK,
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
    expect(trine_task_map(team, &words_kind, &options, items, n, sizeof *items, results, sizes,
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

static void maps_equal_a_plain_loop(void)
{
    map_and_compare(0, 0, 0);
    map_and_compare(1, 0, 0);
    map_and_compare(2000, 0, 0);
    map_and_compare(2000, 7, 0);
    map_and_compare(500, 1, 3);
    map_and_compare(500, 100, 64);
}

/* ---- streams ---- */

static void stream(bool unordered, uint64_t n, uint64_t window, uint64_t chunk)
{
    numbers source = {0, n};
    trine_task_options options = {.unordered = unordered,
                                  .window = window,
                                  .chunk = chunk,
                                  .source = next_number,
                                  .source_context = &source};
    trine_task_queue *queue = open_queue(&words_kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    unsigned char *seen = calloc((size_t)n, 1);
    uint64_t expected[WORDS_MOST];
    bool right = true;
    for (uint64_t i = 0; i <= n; i++) {
        trine_task_outcome o;
        size_t bytes;
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        if (i == n) {
            CU_ASSERT_EQUAL(o.index, TRINE_TASK_NONE);
            break;
        }
        CU_ASSERT_TRUE_FATAL(o.index < n);
        plain_words(o.index, expected, &bytes);
        right = right && (unordered || o.index == i) && seen[o.index]++ == 0 &&
                source.next <= i + window && o.result_size == bytes &&
                (uintptr_t)o.result % 64 == 0 &&
                (bytes == 0 || memcmp(o.result, expected, bytes) == 0);
        right = right && o.rank >= 0 && o.rank < size && o.worker >= 0 && o.attempts == 1 &&
                o.began <= o.ended && o.began > 0;
    }
    CU_ASSERT_TRUE(right);
    free(seen);
    expect(trine_task_close(queue), TRINE_OK, "");
}

static void streams_give_each_item_once(void)
{
    stream(false, 700, 16, 0);
    stream(true, 700, 16, 0);
    stream(false, 100, 1, 0);
    stream(true, 1500, 400, 20);
}

/* ---- who works ---- */

static trine_status nap_run(trine_task *task)
{
    uint64_t microseconds = 0;
    memcpy(&microseconds, task->item, task->item_size);
    if (microseconds > 0)
        nap((double)microseconds * 1e-6);
    return echo_run(task);
}

static const trine_task_kind nap_kind = {
    .name = "nap", .run = nap_run, .item_most = 8, .result_most = 8};

static void every_worker_of_every_rank_works(void)
{
    enum { EACH = 8 };
    const trine_task_options options = {.record = true};
    trine_task_queue *queue = open_queue(&nap_kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    trine_task_progress progress;
    expect(trine_task_progress_of(queue, &progress), TRINE_OK, "");
    int lanes = progress.lanes, items = EACH * lanes;
    CU_ASSERT_TRUE(lanes >= size);
    const uint64_t microseconds = 10000;
    for (int i = 0; i < items; i++)
        expect(trine_task_submit(queue, &microseconds, sizeof microseconds, NULL), TRINE_OK, "");
    for (int i = 0; i < items; i++) {
        trine_task_outcome o;
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        CU_ASSERT_EQUAL(o.index, (uint64_t)i);
        CU_ASSERT_TRUE(o.ended - o.began >= 0.009);
    }
    uint64_t all = 0, count = 0;
    for (int n = 0; n < lanes; n++) {
        trine_task_lane lane;
        expect(trine_task_lane_of(queue, n, &lane), TRINE_OK, "");
        /* Of ranks on several machines, the first has enough to do with the others' messages. */
        if (n > 0 || !between_machines)
            CU_ASSERT_TRUE(lane.items >= 1 && lane.busy > 0.009);
        CU_ASSERT_TRUE(lane.rank >= 0 && lane.rank < size && lane.pid > 1);
        all += lane.items;
    }
    CU_ASSERT_EQUAL(all, (uint64_t)items);
    const trine_task_record *records;
    expect(trine_task_records(queue, &records, &count), TRINE_OK, "");
    CU_ASSERT_EQUAL(count, (uint64_t)items);
    for (uint64_t i = 0; i < count; i++)
        CU_ASSERT_TRUE(records[i].began > 0 && records[i].ended < 60 &&
                       records[i].began < records[i].ended);
    expect(trine_task_close(queue), TRINE_OK, "");
}

/* ---- tickets ---- */

/* Long items side by side among thousands that take no time. */
enum { AMONG = 6000, FIRST_LONG = 3000, LONG = 16 };

static uint64_t microseconds_of(uint64_t i)
{
    return i >= FIRST_LONG && i < FIRST_LONG + LONG ? 40000 + i : 0;
}

static bool next_among(void *context, void *item, size_t *size)
{
    uint64_t *next = context, microseconds = microseconds_of(*next);
    memcpy(item, &microseconds, sizeof microseconds);
    *size = sizeof microseconds;
    return (*next)++ < AMONG;
}

/* One rank gets them at once and does not keep them all. Results hold the items' bytes, also of
 * those that went back. */
static void long_items_side_by_side_come_to_several_ranks(void)
{
    enum { ROUNDS = 4 };
    uint64_t most_of_one = 0;
    for (int round = 0; round < ROUNDS; round++) {
        static bool seen[AMONG];
        uint64_t next = 0, of_rank[64] = {0}, most = 0;
        const trine_task_options options = {
            .source = next_among, .source_context = &next, .unordered = true, .total = AMONG};
        trine_task_queue *queue = open_queue(&nap_kind, &options);
        if (rank > 0) {
            serve(queue, TRINE_OK, "");
            continue;
        }
        memset(seen, 0, sizeof seen);
        for (int i = 0; i < AMONG; i++) {
            trine_task_outcome o;
            expect(trine_task_next(queue, &o), TRINE_OK, "");
            CU_ASSERT_TRUE_FATAL(o.index < AMONG && o.status == TRINE_OK && !seen[o.index]);
            uint64_t microseconds = microseconds_of(o.index);
            CU_ASSERT_TRUE(o.result_size == sizeof microseconds &&
                           memcmp(o.result, &microseconds, sizeof microseconds) == 0);
            of_rank[o.rank % 64] += microseconds > 0;
            seen[o.index] = true;
        }
        for (int r = 0; r < 64; r++)
            most = of_rank[r] > most ? of_rank[r] : most;
        most_of_one += most;
        expect(trine_task_close(queue), TRINE_OK, "");
    }
    printf(" %d of %d by one rank ", (int)most_of_one, ROUNDS * LONG);
    /* Where others reach rank 0's memory only while it is in a call, they cannot have what it has.
     */
    bool reached = trine_mpi_board_shares;
    CU_ASSERT_TRUE(size == 1 || rank > 0 || !reached || most_of_one < ROUNDS * LONG * 7 / 8);
}

static void tickets_can_be_waited_for(void)
{
    trine_task_queue *queue = open_queue(&nap_kind, NULL);
    if (rank > 0) {
        expect(trine_task_submit(queue, "", 0, NULL), TRINE_E_ARGUMENT, "rank 0");
        expect(trine_task_cancel(queue, 0), TRINE_E_ARGUMENT, "rank 0");
        serve(queue, TRINE_OK, "");
        return;
    }
    uint64_t tickets[60];
    trine_task_outcome o;
    for (uint64_t i = 0; i < 60; i++) {
        uint64_t item = 10 * i;
        expect(trine_task_submit(queue, &item, sizeof item, &tickets[i]), TRINE_OK, "");
    }
    for (uint64_t i = 0; i < 60; i += 2) {
        uint64_t item = 10 * (59 - i), got = 0;
        expect(trine_task_wait(queue, tickets[59 - i], -1, &o), TRINE_OK, "");
        CU_ASSERT_EQUAL_FATAL(o.index, tickets[59 - i]);
        memcpy(&got, o.result, sizeof got);
        CU_ASSERT_EQUAL(got, item);
        tickets[59 - i] = tickets[0];
    }
    uint64_t sum = 0;
    for (int i = 0; i < 30; i++) {
        uint64_t left[30];
        int count = 0;
        for (int k = 0; k < 60; k += 2)
            if (tickets[k] != TRINE_TASK_NONE)
                left[count++] = tickets[k];
        expect(trine_task_wait_any(queue, left, (size_t)count, -1, &o), TRINE_OK, "");
        CU_ASSERT_TRUE_FATAL(o.index < 60 && o.index % 2 == 0);
        tickets[o.index] = TRINE_TASK_NONE;
        sum += o.index;
    }
    CU_ASSERT_EQUAL(sum, 870);
    uint64_t item = 300000, ticket, slow = 0;
    expect(trine_task_submit(queue, &item, sizeof item, &ticket), TRINE_OK, "");
    expect(trine_task_wait(queue, ticket, 0, &o), TRINE_OK, "");
    while (o.index == TRINE_TASK_NONE && slow++ < 1000)
        expect(trine_task_wait(queue, ticket, 0.01, &o), TRINE_OK, "");
    CU_ASSERT_EQUAL(o.index, ticket);
    expect(trine_task_close(queue), TRINE_OK, "");
}

/* ---- cancelling ---- */

/* Of many that wait behind slow ones, each is either cancelled or done; one is never both. */
static void what_waits_can_be_cancelled(void)
{
    enum { SLOW = 24, QUICK = 200 };
    trine_task_queue *queue = open_queue(&nap_kind, NULL);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    uint64_t item = 20000, quick = 1;
    int cancelled = 0, busy = 0, stopped = 0;
    trine_status said[SLOW + QUICK];
    trine_task_outcome o;
    for (int i = 0; i < SLOW + QUICK; i++)
        expect(trine_task_submit(queue, i < SLOW ? &item : &quick, sizeof item, NULL), TRINE_OK,
               "");
    nap(0.005);
    for (int i = SLOW + QUICK - 1; i >= 0; i--) {
        said[i] = trine_task_cancel(queue, (uint64_t)i);
        CU_ASSERT_TRUE(said[i] == TRINE_OK || said[i] == TRINE_E_BUSY);
        if (said[i] == TRINE_E_BUSY)
            CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "cannot be stopped"));
        busy += said[i] == TRINE_E_BUSY;
    }
    for (int i = 0; i < SLOW + QUICK; i++) {
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        CU_ASSERT_EQUAL(o.index, (uint64_t)i);
        CU_ASSERT_TRUE(o.status == TRINE_OK || o.status == TRINE_E_CANCELLED);
        if (said[i] == TRINE_E_BUSY)
            CU_ASSERT_EQUAL(o.status, TRINE_OK);
        cancelled += o.status == TRINE_E_CANCELLED;
        stopped += o.status == TRINE_E_CANCELLED && o.worker >= 0;
    }
    CU_ASSERT_TRUE(cancelled >= QUICK);
    CU_ASSERT_TRUE(busy <= SLOW);
    CU_ASSERT_TRUE(has_pool || stopped == 0);
    expect(trine_task_close(queue), TRINE_OK, "");
}

static void a_queue_closes_with_items_uncollected(void)
{
    for (int k = 0; k < 4; k++) {
        trine_task_queue *queue = open_queue(&nap_kind, NULL);
        uint64_t item = 5000;
        for (int i = 0; i < 50 * k && rank == 0; i++)
            expect(trine_task_submit(queue, &item, sizeof item, NULL), TRINE_OK, "");
        expect(trine_task_close(queue), TRINE_OK, "");
    }
}

/* ---- failures ---- */

static trine_status picky_run(trine_task *task)
{
    uint64_t item;
    memcpy(&item, task->item, sizeof item);
    if (item % 7 == 3)
        return trine_task_fail(task, TRINE_E_FORMAT, item % 2 ? "odd one" : "even one");
    return words_run(task);
}

static void one_failure_never_loses_other_results(void)
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
    expect(trine_task_map(team, &kind, NULL, items, N, 8, results, sizes, statuses), TRINE_E_FORMAT,
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

static void a_begin_that_fails_on_one_rank_fails_everywhere(void)
{
    trine_task_kind kind = echo_kind;
    kind.begin = begin_that_fails;
    kind.param_size = sizeof(int);
    for (int r = 0; r < size; r++) {
        trine_task_queue *queue = NULL;
        const trine_task_options options = {.window = 8, .param = &r};
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

static void a_rank_that_cannot_go_on_fails_the_queue(void)
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
        expect(trine_counter_create(own, 0, &t.begins), TRINE_OK, "");
    numbers source = {0, 400};
    const trine_task_options options = {
        .source = next_number, .source_context = &source, .param = &t};
    trine_task_queue *queue = open_queue(&kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_E_IO, "no second table");
    } else {
        trine_task_outcome o;
        trine_status status;
        do
            status = trine_task_next(queue, &o);
        while (status == TRINE_OK && o.index != TRINE_TASK_NONE);
        expect(status, TRINE_E_IO, "no second table");
        expect(trine_task_close(queue), TRINE_OK, "");
    }
    expect(trine_counter_free(t.begins), TRINE_OK, "");
    expect(trine_team_close(own), TRINE_OK, "");
    map_and_compare(50, 0, 0);
}

/* ---- what tasks share ---- */

typedef struct shared_param {
    trine_counter *counter;
    bool locks;
} shared_param;

static trine_status count_run(trine_task *task)
{
    const shared_param *p = task->param;
    int64_t value;
    if (!p->locks)
        return trine_counter_add(p->counter, 1, NULL);
    trine_status status = trine_counter_lock(p->counter);
    if (!status)
        status = trine_counter_get(p->counter, &value);
    if (!status)
        status = trine_counter_set(p->counter, value + 1);
    trine_status unlocked = trine_counter_unlock(p->counter);
    return status ? status : unlocked;
}

static void tasks_of_all_ranks_can_count_together(void)
{
    enum { N = 400 };
    const trine_task_kind kind = {
        .name = "count", .run = count_run, .item_most = 8, .param_size = sizeof(shared_param)};
    for (int locks = 0; locks < 2; locks++) {
        shared_param param = {.locks = locks};
        const trine_task_options options = {.param = &param};
        uint64_t items[N] = {0};
        trine_status status = trine_counter_create(team, 0, &param.counter);
        if (size > 1 && trine_team_workers(team) > 1) {
            expect(status, TRINE_E_ABSENT, "FUNNELED");
            return;
        }
        expect(status, TRINE_OK, "");
        expect(trine_task_map(team, &kind, &options, items, N, 8, NULL, NULL, NULL), TRINE_OK, "");
        int64_t value = 0;
        expect(trine_counter_get(param.counter, &value), TRINE_OK, "");
        CU_ASSERT_EQUAL(value, N);
        expect(trine_counter_free(param.counter), TRINE_OK, "");
    }
}

static void other_kinds_or_windows_are_an_error_on_all_ranks(void)
{
    if (size == 1)
        return;
    for (int i = 0; i < 6; i++) {
        trine_task_kind kind = echo_kind;
        trine_task_options options = {.window = 8};
        trine_task_queue *queue = NULL;
        bool other = rank == size - 1;
        kind.name = i == 0 && other ? "another" : kind.name;
        kind.item_most += i == 1 && other;
        kind.result_most += i == 2 && other;
        kind.state_size += i == 3 && other;
        options.window += i == 4 && other;
        kind.run = i == 5 && other ? NULL : kind.run;
        expect(trine_task_open(team, &kind, &options, &queue),
               i == 5 ? TRINE_E_ARGUMENT : TRINE_E_COLLECTIVE, i == 5 ? "run is NULL" : "calls");
        CU_ASSERT_PTR_NULL(queue);
    }
    map_and_compare(50, 0, 0);
}

/* ---- sizes ---- */

/* A result of so many bytes. */
static trine_status long_run(trine_task *task)
{
    uint64_t bytes;
    memcpy(&bytes, task->item, sizeof bytes);
    unsigned char *out = trine_task_result(task, bytes);
    if (!out)
        return trine_task_refused(task);
    for (uint64_t i = 0; i < bytes; i++)
        out[i] = (unsigned char)(i * 31 + bytes);
    for (size_t i = sizeof bytes; i < task->item_size; i++)
        if (((const unsigned char *)task->item)[i] != (unsigned char)(i * 5 + bytes))
            return trine_task_fail(task, TRINE_E_FORMAT, "another item");
    return TRINE_OK;
}

static void large_items_and_results_come_whole(void)
{
    enum { N = 30, MOST = 3000000 };
    const trine_task_kind kind = {
        .name = "long", .run = long_run, .item_most = MOST, .result_most = MOST};
    const trine_task_options options = {.window = 12};
    trine_task_queue *queue = open_queue(&kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    unsigned char *item = malloc(MOST);
    size_t most = trine_mpi_message_most < 1000 ? 20000 : MOST;
    for (uint64_t i = 0; i < 2 * N; i++) {
        uint64_t bytes = mix(i % N) % most;
        size_t length = 8 + mix(i % N + 99) % (most - 8);
        trine_task_outcome o;
        if (i >= 8) {
            uint64_t k = i - 8, expected = mix(k % N) % most;
            expect(trine_task_wait(queue, k, -1, &o), TRINE_OK, "");
            CU_ASSERT_EQUAL(o.status, TRINE_OK);
            bool right = o.result_size == expected;
            for (uint64_t b = 0; b < expected && right; b++)
                right = ((const unsigned char *)o.result)[b] == (unsigned char)(b * 31 + expected);
            CU_ASSERT_TRUE(right);
        }
        for (size_t b = 0; b < length; b++)
            item[b] = (unsigned char)(b * 5 + bytes);
        memcpy(item, &bytes, sizeof bytes);
        expect(trine_task_submit(queue, item, length, NULL), TRINE_OK, "");
    }
    free(item);
    expect(trine_task_close(queue), TRINE_OK, "");
}

/* ---- data ---- */

static trine_status data_run(trine_task *task)
{
    const unsigned char *data = task->data;
    uint64_t sum = 0, *out = trine_task_result(task, sizeof sum);
    for (size_t i = 0; i < task->data_size; i++)
        sum = sum * 131 + data[i];
    *out = sum;
    return TRINE_OK;
}

static const trine_task_kind data_kind = {
    .name = "data", .run = data_run, .item_most = 8, .result_most = 8};

static void read_data(trine_transport transport, bool each, size_t bytes)
{
    unsigned char *data = rank == 0 ? malloc(bytes) : NULL;
    uint64_t expected = 0;
    for (size_t i = 0; i < bytes && data; i++) {
        data[i] = (unsigned char)mix(i);
        expected = expected * 131 + data[i];
    }
    const trine_task_options options = {
        .data = data, .data_size = data ? bytes : 0, .transport = transport, .data_each = each};
    trine_task_queue *queue = open_queue(&data_kind, &options);
    for (int i = 0; i < 40 && rank == 0; i++)
        expect(trine_task_submit(queue, "", 0, NULL), TRINE_OK, "");
    for (int i = 0; i < 40 && rank == 0; i++) {
        trine_task_outcome o;
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        CU_ASSERT_TRUE(o.result_size == 8 && memcmp(o.result, &expected, 8) == 0);
    }
    expect(trine_task_close(queue), TRINE_OK, "");
    free(data);
}

static void all_ranks_read_the_data(void)
{
    if (size == 1)
        return;
    read_data(TRINE_TRANSPORT_SHM, false, 10000);
    read_data(TRINE_TRANSPORT_MESSAGE, false, 100003);
    read_data(TRINE_TRANSPORT_MESSAGE, true, 10001);
    trine_ledger ledger;
    expect(trine_team_ledger(team, &ledger), TRINE_OK, "");
    CU_ASSERT_TRUE(rank == 0 || ledger.moved >= 10001);
    if (!has_pool)
        read_data(TRINE_TRANSPORT_WINDOW, false, 50001);
    const trine_task_options options = {
        .data = "x", .data_size = 1, .transport = TRINE_TRANSPORT_PIPE};
    trine_task_queue *queue = NULL;
    expect(trine_task_open(team, &data_kind, &options, &queue), TRINE_E_ABSENT,
           "message or window");
    CU_ASSERT_PTR_NULL(queue);
}

/* ---- deaths ---- */

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

static void the_item_of_a_dead_worker_is_run_again(void)
{
    enum { N = 100 };
    trine_task_kind kind = words_kind;
    kind.run = deadly_run;
    if (!has_pool)
        return;
    numbers source = {0, N};
    const trine_task_options options = {
        .source = next_number, .source_context = &source, .record = true};
    trine_task_queue *queue = open_queue(&kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    bool elsewhere = false;
    for (uint64_t i = 0; i < N; i++) {
        trine_task_outcome o;
        uint64_t expected[WORDS_MOST];
        size_t bytes;
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        CU_ASSERT_EQUAL(o.index, i);
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
    uint64_t count;
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

static void deadlines_hold_on_all_ranks(void)
{
    enum { N = 60 };
    trine_task_kind kind = echo_kind;
    kind.run = stuck_run;
    if (!has_pool)
        return;
    numbers source = {0, N};
    const trine_task_options options = {
        .source = next_number, .source_context = &source, .deadline = 0.2, .unordered = true};
    trine_task_queue *queue = open_queue(&kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    for (uint64_t i = 0; i < N; i++) {
        trine_task_outcome o;
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        CU_ASSERT_EQUAL(o.status, o.index % 10 == 4 ? TRINE_E_DEADLINE : TRINE_OK);
    }
    expect(trine_task_close(queue), TRINE_OK, "");
}

/* ---- pace ---- */

static trine_status no_run(trine_task *task)
{
    (void)task;
    return TRINE_OK;
}

static void many_empty_items_are_done_promptly(void)
{
    enum { N = 2000 };
    const trine_task_kind kind = {.name = "nothing", .run = no_run, .item_most = 8};
    numbers source = {0, N};
    double began = MPI_Wtime();
    const trine_task_options options = {.source = next_number, .source_context = &source};
    trine_task_queue *queue = open_queue(&kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    trine_task_outcome o;
    do
        expect(trine_task_next(queue, &o), TRINE_OK, "");
    while (o.index != TRINE_TASK_NONE);
    double seconds = MPI_Wtime() - began;
    printf(" %.0f items/s ", N / seconds);
    CU_ASSERT_TRUE(seconds < 5);
    expect(trine_task_close(queue), TRINE_OK, "");
}

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
            trine_mpi_board_shares = false;
        else
            trine_mpi_message_most = strtoull(argv[i], NULL, 10);
    }
    if (trine_init() || trine_team_open(spec, &team)) {
        printf("%s: %s\n", spec, trine_error_detail());
        return 1;
    }
    rank = trine_team_rank(team);
    size = trine_team_ranks(team);
    between_machines =
        !trine_mpi_board_shares || team->communicator.neighbours < team->communicator.size;
    has_pool = strstr(spec, "pool") != NULL;
    int failed = trine_check_main("tasks", tests);
    return trine_team_close(team) != TRINE_OK || failed;
}
