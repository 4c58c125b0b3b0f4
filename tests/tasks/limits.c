/* limits.c - how large, how many, how long: buffers get memory as it is used, streams of any length
 * stay in the same memory, progress is told. */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/system/clock.h"
#include "backends/executors/pool/pool.h"
#include "child.h"
#include "kinds.h"

static const char *const specs[] = {"serial", "omp:2", "pool:2"};
enum { SPECS = 3 };

/* Threads start before the pool does. */
static void prepare(void)
{
    MUST(trine_init() == TRINE_OK);
}

/* The item says how many bytes the result has: all its number's low byte. */
static trine_status sized_run(trine_task *task)
{
    uint64_t size;
    memcpy(&size, task->item, sizeof size);
    unsigned char *out = trine_task_result(task, size);
    if (!out)
        return trine_task_refused(task);
    memset(out, (int)(task->index & 0xff), size);
    return TRINE_OK;
}

static bool is_filled(const trine_task_outcome *o)
{
    const unsigned char *bytes = o->result;
    for (size_t i = 0; i < o->result_size; i += 4093)
        if (bytes[i] != (o->index & 0xff))
            return false;
    return o->result_size == 0 || bytes[o->result_size - 1] == (o->index & 0xff);
}

static void results_are_as_large_as_the_kind_says_body(void)
{
    const size_t most[] = {0, 1, 64, 65, 4096, 1 << 20, (size_t)1 << 30};
    for (int k = 0; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        for (int m = 0; m < 7; m++) {
            trine_task_kind kind = {
                .name = "sized", .run = sized_run, .item_max = 8, .result_max = most[m]};
            /* Near the limit, over it, small ones between. */
            size_t near = most[m] > (8 << 20) ? 8 << 20 : most[m];
            uint64_t sizes[] = {near, most[m] + 1, 0, near, near ? near - 1 : 0, most[m] + 4096, 0};
            trine_task_options options = {TRINE_INIT(trine_task_options), .window = 7};
            trine_task_queue *queue;
            trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
            MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
            for (int i = 0; i < 7; i++)
                MUST(trine_task_submit(queue, &sizes[i], 8, NULL) == TRINE_OK);
            for (uint64_t i = 0; i < 7; i++) {
                MUST(trine_task_next(queue, &o) == TRINE_OK && (uint64_t)o.index == i);
                MUST(o.status == (sizes[i] > most[m] ? TRINE_E_ARGUMENT : TRINE_OK));
                MUST(o.result_size == (o.status ? 0 : sizes[i]) && is_filled(&o));
                MUST(((uintptr_t)o.result & 63) == 0);
                MUST(!o.status || strstr(o.detail, "result_max"));
            }
            MUST(trine_task_close(queue) == TRINE_OK);
        }
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, results_are_as_large_as_the_kind_says)

static long heap_kilobytes(void)
{
    struct stat found;
    fstat(trine_heap_fd(), &found);
    return (long)found.st_blocks / 2;
}

static long resident_kilobytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    MUST(file && fscanf(file, "%*d %ld", &pages) == 1);
    fclose(file);
    return pages * 4;
}

/* The first team whose memory is seen to come back: the address sanitizer keeps what is freed. */
#if defined(__SANITIZE_ADDRESS__)
enum { SEEN = 2 };
#else
enum { SEEN = 0 };
#endif

/* A hundred results of 8 MiB pass through; no more than a few are in memory. */
static void large_results_give_their_memory_back_body(void)
{
    for (int k = SEEN; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        trine_task_kind kind = {
            .name = "sized", .run = sized_run, .item_max = 8, .result_max = (size_t)1 << 30};
        trine_task_options options = {TRINE_INIT(trine_task_options), .window = 3};
        trine_task_queue *queue;
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        uint64_t size = 8 << 20;
        long most = 0;
        MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
        long before = k < 2 ? resident_kilobytes() : heap_kilobytes();
        for (int i = 0; i < 100; i++) {
            if (i < 98)
                MUST(trine_task_submit(queue, &size, 8, NULL) == TRINE_OK);
            if (i < 2)
                continue;
            MUST(trine_task_next(queue, &o) == TRINE_OK && o.result_size == size && is_filled(&o));
            long now = (k < 2 ? resident_kilobytes() : heap_kilobytes()) - before;
            most = now > most ? now : most;
        }
        MUST(most >= 8 << 10 && most < 40 << 10);
        MUST(trine_task_next(queue, &o) == TRINE_OK && o.index == TRINE_TASK_NONE);
        MUST((k < 2 ? resident_kilobytes() : heap_kilobytes()) - before < 4 << 10);
        MUST(trine_task_close(queue) == TRINE_OK);
        MUST(trine_team_close(team) == TRINE_OK);
    }
    MUST(heap_kilobytes() == 0);
}
IN_CHILD(prepare, large_results_give_their_memory_back)

static trine_status large_item_run(trine_task *task)
{
    const unsigned char *bytes = task->item;
    uint64_t *sum = trine_task_result(task, sizeof *sum);
    *sum = 0;
    for (size_t i = 0; i < task->item_size; i++)
        *sum += bytes[i];
    return TRINE_OK;
}

static bool next_large(void *context, void *item, size_t *size)
{
    uint64_t *next = context;
    *size = (size_t)(*next % 4) << 20;
    memset(item, (int)(*next & 0xff), *size);
    return (*next)++ < 40;
}

static void large_items_come_from_a_source_body(void)
{
    for (int k = 0; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        uint64_t next = 0;
        trine_task_kind kind = {
            .name = "large", .run = large_item_run, .item_max = 512 << 20, .result_max = 8};
        trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_large,
                                      .source_context = &next, .window = 4};
        trine_task_queue *queue;
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
        for (uint64_t i = 0; i < 40; i++) {
            uint64_t sum;
            MUST(trine_task_next(queue, &o) == TRINE_OK && (uint64_t)o.index == i && !o.status);
            memcpy(&sum, o.result, 8);
            MUST(sum == (i % 4 << 20) * (i & 0xff));
        }
        MUST(trine_task_next(queue, &o) == TRINE_OK && o.index == TRINE_TASK_NONE);
        MUST(trine_task_close(queue) == TRINE_OK);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, large_items_come_from_a_source)

static trine_status nothing_run(trine_task *task)
{
    (void)task;
    return TRINE_OK;
}

static const trine_task_kind nothing_kind = {.name = "nothing", .run = nothing_run, .item_max = 8};

static void a_stream_of_any_length_stays_in_the_same_memory_body(void)
{
    for (int k = 0; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        enum { ITEMS = 2000000 };
        numbers numbers = {0, ITEMS};
        trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                      .source_context = &numbers};
        trine_task_queue *queue;
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        long before = 0;
        MUST(trine_task_open(team, &nothing_kind, &options, &queue) == TRINE_OK);
        for (uint64_t i = 0; i < ITEMS; i++) {
            MUST(trine_task_next(queue, &o) == TRINE_OK && (uint64_t)o.index == i && !o.status);
            if (i == ITEMS / 10)
                before = resident_kilobytes() + heap_kilobytes();
        }
        MUST(resident_kilobytes() + heap_kilobytes() <= before + 256);
        MUST(trine_task_close(queue) == TRINE_OK);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, a_stream_of_any_length_stays_in_the_same_memory)

/* Items of no bytes, results of no bytes. */
static void items_and_results_may_be_empty_body(void)
{
    for (int k = 0; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        trine_task_kind kind = {.name = "nothing", .run = nothing_run};
        size_t sizes[100];
        MUST(trine_task_map(team, &kind, NULL, 100, 0, NULL, NULL, sizes, NULL) == TRINE_OK);
        for (int i = 0; i < 100; i++)
            MUST(sizes[i] == 0);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, items_and_results_may_be_empty)

/* The data's own address where workers have it, else one copy that all see. */
static trine_status read_data_run(trine_task *task)
{
    const uint64_t *data = task->data;
    uint64_t *out = trine_task_result(task, 2 * sizeof *out);
    out[0] = task->data_size;
    out[1] = data[task->index];
    return data == *(const uint64_t *const *)task->param
               ? TRINE_OK
               : trine_task_fail(task, TRINE_E_IO, "elsewhere");
}

static void data_is_copied_only_where_it_must_be_body(void)
{
    for (int k = 0; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        trine_array *shared;
        uint64_t own[100], results[100][2];
        trine_status statuses[100];
        MUST(trine_array_create(team, TRINE_U64, 100, TRINE_SHARED, &shared) == TRINE_OK);
        for (uint64_t i = 0; i < 100; i++)
            own[i] = ((uint64_t *)trine_array_data(shared))[i] = mix(i);
        for (int copied = 0; copied < 2; copied++) {
            const void *data = copied ? own : trine_array_data(shared);
            trine_task_kind kind = {.name = "data",
                                    .run = read_data_run,
                                    .param_size = sizeof data,
                                    .result_max = sizeof results[0]};
            trine_task_options options = {TRINE_INIT(trine_task_options), .param = &data,
                                          .data = data, .data_size = sizeof own,
                                          .data_each = copied};
            trine_task_map(team, &kind, NULL, 100, 0, &options, results, NULL, statuses);
            bool moves = k == 2 && copied;
            trine_ledger ledger = {TRINE_INIT(trine_ledger)};
            MUST(trine_team_ledger(team, &ledger) == TRINE_OK);
            MUST(ledger.moved == (moves ? (int64_t)sizeof own : 0));
            for (uint64_t i = 0; i < 100; i++)
                MUST(statuses[i] == (moves ? TRINE_E_IO : TRINE_OK) &&
                     (moves || (results[i][0] == sizeof own && results[i][1] == own[i])));
        }
        trine_array_free(shared);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, data_is_copied_only_where_it_must_be)

static trine_status sleep_run(trine_task *task)
{
    (void)task;
    usleep(20000);
    return TRINE_OK;
}

typedef struct reports {
    int count;
    uint64_t done;
    double last;
    bool right;
    trine_task_queue **queue;
} reports;

static void note_progress(void *context, const trine_task_queue *queue,
                          const trine_task_progress *progress)
{
    reports *r = context;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    r->right = r->right && queue == *r->queue && progress->total == 40 && progress->done <= 40 &&
               (r->count == 0 || progress->seconds - r->last > 0.099) &&
               trine_task_next(*r->queue, &o) == TRINE_E_BUSY;
    r->last = progress->seconds;
    r->done = progress->done;
    r->count++;
}

static void progress_is_told_ten_times_a_second_and_at_the_end_body(void)
{
    for (int k = 0; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        trine_task_kind kind = nothing_kind;
        trine_task_queue *queue;
        reports reports = {.right = true, .queue = &queue};
        numbers numbers = {0, 40};
        trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                      .source_context = &numbers,     .total = 40,
                                      .on_progress = note_progress,   .progress_context = &reports};
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        trine_task_progress progress;
        kind.run = sleep_run;
        MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
        do
            MUST(trine_task_next(queue, &o) == TRINE_OK);
        while (o.index != TRINE_TASK_NONE);
        MUST(trine_task_progress_of(queue, &progress) == TRINE_OK);
        MUST(progress.done == 40 && progress.failed == 0 && progress.lost == 0);
        MUST(reports.right && reports.count >= 2 && reports.count <= progress.seconds / 0.1);
        int before = reports.count;
        MUST(trine_task_close(queue) == TRINE_OK);
        MUST(reports.count == before + 1 && reports.done == 40);
        trine_ledger ledger = {TRINE_INIT(trine_ledger)};
        trine_ledger_worker share;
        double busy = 0;
        uint64_t items = 0;
        MUST(trine_team_ledger(team, &ledger) == TRINE_OK && ledger.wall >= 0.35);
        for (int w = 0; trine_team_ledger_worker(team, w, &share) == TRINE_OK; w++) {
            busy += share.compute;
            items += share.blocks;
        }
        MUST(items == 40 && busy >= 0.8 && busy <= 1.01 * ledger.wall * ledger.workers);
        MUST(ledger.other < 0.5 * ledger.wall);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, progress_is_told_ten_times_a_second_and_at_the_end)

/* A task may use a team of its own. */
static trine_status nested_run(trine_task *task)
{
    trine_team *team;
    trine_array *x;
    double values[100], *out = trine_task_result(task, sizeof *out);
    for (int i = 0; i < 100; i++)
        values[i] = (double)task->index;
    trine_status status = trine_team_open("serial", &team);
    if (status)
        return status;
    status = trine_array_wrap(team, TRINE_F64, values, 100, &x);
    if (!status)
        status = trine_sum_f64(x, TRINE_EXACT, out);
    trine_array_free(x);
    uint64_t item = task->index;
    uint64_t result = 0;
    if (!status)
        status = trine_task_map(team, &echo_kind, &item, 1, 8, NULL, &result, NULL, NULL);
    trine_team_close(team);
    return status || result == item ? status : TRINE_E_SYSTEM;
}

static void a_task_may_use_a_team_of_its_own_body(void)
{
    for (int k = 0; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        trine_task_kind kind = {.name = "nested", .run = nested_run, .result_max = 8};
        double sums[20];
        MUST(trine_task_map(team, &kind, NULL, 20, 0, NULL, sums, NULL, NULL) == TRINE_OK);
        for (int i = 0; i < 20; i++)
            MUST(sums[i] == 100.0 * i);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, a_task_may_use_a_team_of_its_own)

static void a_chosen_chunk_follows_the_items_body(void)
{
    for (int k = 1; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        for (int slow = 0; slow < 2; slow++) {
            trine_task_kind kind = nothing_kind;
            numbers numbers = {0, slow ? 50 : 100000};
            trine_task_options options = {TRINE_INIT(trine_task_options), .source = next_number,
                                          .source_context = &numbers};
            trine_task_queue *queue;
            trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
            kind.run = slow ? sleep_run : nothing_run;
            MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_OK);
            MUST(trine_task_chunk(queue) == 1);
            do
                MUST(trine_task_next(queue, &o) == TRINE_OK);
            while (o.index != TRINE_TASK_NONE);
            MUST(slow ? trine_task_chunk(queue) == 1 : trine_task_chunk(queue) > 8);
            MUST(trine_task_chunk(queue) <= 1024 / 4);
            MUST(trine_task_close(queue) == TRINE_OK);
        }
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, a_chosen_chunk_follows_the_items)

static void keep_chunk(void *context, const trine_task_queue *queue, const trine_task_progress *p)
{
    (void)p;
    *(uint64_t *)context = trine_task_chunk(queue);
}

/* The last dispatches of a map are short; they say nothing of the others. */
static void a_map_tells_the_chunk_of_most_items_body(void)
{
    enum { ITEMS = 200000 };
    static uint64_t items[ITEMS];
    for (int k = 1; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        for (uint64_t asked = 0; asked <= 7; asked += 7) {
            uint64_t chunk = 0;
            trine_task_options options = {TRINE_INIT(trine_task_options), .chunk = asked,
                                          .on_progress = keep_chunk, .progress_context = &chunk};
            MUST(trine_task_map(team, &nothing_kind, items, ITEMS, sizeof *items, &options, NULL,
                                NULL, NULL) == TRINE_OK);
            MUST(asked ? chunk == asked : chunk > 8);
        }
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, a_map_tells_the_chunk_of_most_items)

static void waiting_takes_no_longer_than_it_may_body(void)
{
    for (int k = 1; k < SPECS; k++) {
        if (!is_built(specs[k]))
            continue;
        trine_team *team = open_team(specs[k]);
        trine_task_kind kind = nothing_kind;
        trine_task_queue *queue;
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        int64_t tickets[2];
        kind.run = sleep_run;
        MUST(trine_task_open(team, &kind, NULL, &queue) == TRINE_OK);
        for (int i = 0; i < 2; i++)
            MUST(trine_task_submit(queue, NULL, 0, &tickets[i]) == TRINE_OK);
        double began = trine_seconds();
        MUST(trine_task_wait_any(queue, tickets, 2, 0.005, &o) == TRINE_OK);
        MUST(o.index == TRINE_TASK_NONE || trine_seconds() - began > 0.015);
        MUST(trine_seconds() - began >= 0.005);
        MUST(trine_task_wait_any(queue, tickets, 2, 30, &o) == TRINE_OK && o.index < 2);
        MUST(trine_task_wait(queue, 1 - o.index, 30, &o) == TRINE_OK && o.index < 2);
        MUST(trine_task_close(queue) == TRINE_OK);
        MUST(trine_team_close(team) == TRINE_OK);
    }
}
IN_CHILD(prepare, waiting_takes_no_longer_than_it_may)

int main(void)
{
    CU_TestInfo tests[] = {
        {"results are as large as the kind says", results_are_as_large_as_the_kind_says},
        {"large results give their memory back", large_results_give_their_memory_back},
        {"large items come from a source", large_items_come_from_a_source},
        {"a stream of any length stays in the same memory",
         a_stream_of_any_length_stays_in_the_same_memory},
        {"items and results may be empty", items_and_results_may_be_empty},
        {"data is copied only where it must be", data_is_copied_only_where_it_must_be},
        {"progress is told at most ten times a second, and at the end",
         progress_is_told_ten_times_a_second_and_at_the_end},
        {"a task may use a team of its own", a_task_may_use_a_team_of_its_own},
        {"a chosen chunk follows the items", a_chosen_chunk_follows_the_items},
        {"a map tells the chunk of most items", a_map_tells_the_chunk_of_most_items},
        {"waiting takes no longer than it may", waiting_takes_no_longer_than_it_may},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("task limits", tests);
}
