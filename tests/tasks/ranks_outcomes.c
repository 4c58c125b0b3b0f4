/* ranks_outcomes.c - what maps and streams over several ranks give: every item once, in order, to
 * any ticket, cancelled or done, of any size. */
#include "ranks.h"

#include <mpi.h>

#include <stdlib.h>
#include <string.h>

#include "backends/mpi/mpi_data.h"

void maps_equal_a_plain_loop(void)
{
    map_and_compare(0, 0, 0);
    map_and_compare(1, 0, 0);
    map_and_compare(2000, 0, 0);
    map_and_compare(2000, 7, 0);
    map_and_compare(500, 1, 3);
    map_and_compare(500, 100, 64);
    for (int shift = 60; shift < 63; shift++)
        map_and_compare(500, UINT64_C(1) << shift, 0);
    map_and_compare(500, INT64_MAX, 0);
}

static void stream(bool unordered, uint64_t n, uint64_t window, uint64_t chunk)
{
    numbers source = {0, n};
    trine_task_options options = {
        TRINE_INIT(trine_task_options), .unordered = unordered,   .window = window, .chunk = chunk,
        .source = next_number,          .source_context = &source};
    trine_task_queue *queue = open_queue(&words_kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    unsigned char *seen = calloc((size_t)n, 1);
    uint64_t expected[WORDS_MOST];
    bool right = true;
    for (uint64_t i = 0; i <= n; i++) {
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        size_t bytes;
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        if (i == n) {
            CU_ASSERT_EQUAL(o.index, TRINE_TASK_NONE);
            break;
        }
        CU_ASSERT_TRUE_FATAL((uint64_t)o.index < n);
        plain_words(o.index, expected, &bytes);
        right = right && (unordered || (uint64_t)o.index == i) && seen[o.index]++ == 0 &&
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

void streams_give_each_item_once(void)
{
    stream(false, 700, 16, 0);
    stream(true, 700, 16, 0);
    stream(false, 100, 1, 0);
    stream(true, 1500, 400, 20);
}

/* They are rank 0's, also those of this rank's own workers. */
static void figures_are_refused(const trine_task_queue *queue)
{
    trine_task_progress progress;
    trine_task_slot slot;
    const trine_task_record *records;
    int64_t count;
    expect(trine_task_progress_of(queue, &progress), TRINE_E_ARGUMENT, "rank 0");
    expect(trine_task_records(queue, &records, &count), TRINE_E_ARGUMENT, "rank 0");
    for (int n = 0; n < size; n++)
        expect(trine_task_slot_of(queue, n, &slot), TRINE_E_ARGUMENT, "rank 0");
}

void every_worker_of_every_rank_works(void)
{
    enum { EACH = 8 };
    const trine_task_options options = {TRINE_INIT(trine_task_options), .record = true};
    trine_task_queue *queue = open_queue(&nap_kind, &options);
    if (rank > 0) {
        figures_are_refused(queue);
        serve(queue, TRINE_OK, "");
        return;
    }
    trine_task_progress progress;
    expect(trine_task_progress_of(queue, &progress), TRINE_OK, "");
    int slots = progress.slots, items = EACH * slots;
    CU_ASSERT_TRUE(slots >= size);
    const uint64_t microseconds = 10000;
    for (int i = 0; i < items; i++)
        expect(trine_task_submit(queue, &microseconds, sizeof microseconds, NULL), TRINE_OK, "");
    for (int i = 0; i < items; i++) {
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        CU_ASSERT_EQUAL(o.index, i);
        CU_ASSERT_TRUE(o.ended - o.began >= 0.009);
    }
    uint64_t all = 0;
    int64_t count = 0;
    for (int n = 0; n < slots; n++) {
        trine_task_slot slot;
        expect(trine_task_slot_of(queue, n, &slot), TRINE_OK, "");
        /* Of ranks on several machines, the first has enough to do with the others' messages. */
        if (n > 0 || !between_machines)
            CU_ASSERT_TRUE(slot.items >= 1 && slot.busy > 0.009);
        CU_ASSERT_TRUE(slot.rank >= 0 && slot.rank < size && slot.pid > 1);
        all += slot.items;
    }
    CU_ASSERT_EQUAL(all, (uint64_t)items);
    const trine_task_record *records;
    expect(trine_task_records(queue, &records, &count), TRINE_OK, "");
    CU_ASSERT_EQUAL(count, items);
    for (int64_t i = 0; i < count; i++)
        CU_ASSERT_TRUE(records[i].began > 0 && records[i].ended < 60 &&
                       records[i].began < records[i].ended);
    expect(trine_task_close(queue), TRINE_OK, "");
}

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
void long_items_side_by_side_come_to_several_ranks(void)
{
    enum { ROUNDS = 4 };
    uint64_t most_of_one = 0;
    for (int round = 0; round < ROUNDS; round++) {
        static bool seen[AMONG];
        uint64_t next = 0, of_rank[64] = {0}, most = 0;
        const trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_among,
                                            .source_context = &next, .unordered = true,
                                            .total = AMONG};
        trine_task_queue *queue = open_queue(&nap_kind, &options);
        if (rank > 0) {
            serve(queue, TRINE_OK, "");
            continue;
        }
        memset(seen, 0, sizeof seen);
        for (int i = 0; i < AMONG; i++) {
            trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
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
    bool reached = trine_mpi_window_shares;
    CU_ASSERT_TRUE(size == 1 || rank > 0 || !reached || most_of_one < ROUNDS * LONG * 7 / 8);
}

void tickets_can_be_waited_for(void)
{
    trine_task_queue *queue = open_queue(&nap_kind, NULL);
    if (rank > 0) {
        expect(trine_task_submit(queue, "", 0, NULL), TRINE_E_ARGUMENT, "rank 0");
        expect(trine_task_cancel(queue, 0), TRINE_E_ARGUMENT, "rank 0");
        serve(queue, TRINE_OK, "");
        return;
    }
    int64_t tickets[60];
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
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
        int64_t left[30];
        int count = 0;
        for (int k = 0; k < 60; k += 2)
            if (tickets[k] != TRINE_TASK_NONE)
                left[count++] = tickets[k];
        expect(trine_task_wait_any(queue, left, count, -1, &o), TRINE_OK, "");
        CU_ASSERT_TRUE_FATAL(o.index < 60 && o.index % 2 == 0);
        tickets[o.index] = TRINE_TASK_NONE;
        sum += o.index;
    }
    CU_ASSERT_EQUAL(sum, 870);
    uint64_t item = 300000, slow = 0;
    int64_t ticket;
    expect(trine_task_submit(queue, &item, sizeof item, &ticket), TRINE_OK, "");
    expect(trine_task_wait(queue, ticket, 0, &o), TRINE_OK, "");
    while (o.index == TRINE_TASK_NONE && slow++ < 1000)
        expect(trine_task_wait(queue, ticket, 0.01, &o), TRINE_OK, "");
    CU_ASSERT_EQUAL(o.index, ticket);
    expect(trine_task_close(queue), TRINE_OK, "");
}

/* Of many that wait behind slow ones, each is either cancelled or done; one is never both. */
void what_waits_can_be_cancelled(void)
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
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
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
        CU_ASSERT_EQUAL(o.index, i);
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

void a_queue_closes_with_items_uncollected(void)
{
    for (int k = 0; k < 4; k++) {
        trine_task_queue *queue = open_queue(&nap_kind, NULL);
        uint64_t item = 5000;
        for (int i = 0; i < 50 * k && rank == 0; i++)
            expect(trine_task_submit(queue, &item, sizeof item, NULL), TRINE_OK, "");
        expect(trine_task_close(queue), TRINE_OK, "");
    }
}

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

void large_items_and_results_come_whole(void)
{
    enum { N = 30, MOST = 3000000 };
    const trine_task_kind kind = {
        .name = "long", .run = long_run, .item_max = MOST, .result_max = MOST};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .window = 12};
    trine_task_queue *queue = open_queue(&kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    unsigned char *item = malloc(MOST);
    size_t most = trine_mpi_message_max < 1000 ? 20000 : MOST;
    for (uint64_t i = 0; i < 2 * N; i++) {
        uint64_t bytes = mix(i % N) % most;
        size_t length = 8 + mix(i % N + 99) % (most - 8);
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
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

static trine_status no_run(trine_task *task)
{
    (void)task;
    return TRINE_OK;
}

void many_empty_items_are_done_promptly(void)
{
    enum { N = 2000 };
    const trine_task_kind kind = {.name = "nothing", .run = no_run, .item_max = 8};
    numbers source = {0, N};
    double began = MPI_Wtime();
    const trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                        .source_context = &source};
    trine_task_queue *queue = open_queue(&kind, &options);
    if (rank > 0) {
        serve(queue, TRINE_OK, "");
        return;
    }
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    do
        expect(trine_task_next(queue, &o), TRINE_OK, "");
    while (o.index != TRINE_TASK_NONE);
    double seconds = MPI_Wtime() - began;
    printf(" %.0f items/s ", N / seconds);
    CU_ASSERT_TRUE(seconds < 5);
    expect(trine_task_close(queue), TRINE_OK, "");
}
