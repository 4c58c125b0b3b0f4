/* drivers/lessons/frame.c - an array handed to workers that need a few rows of it: item i returns
 * the first i rows.
 *
 * 1. run: a queue that brings the array by the transport, the items, the end of the queue: what one
 *    call costs. The ledger says how many bytes of the array moved.
 * 2. check: another queue, on which the items are run again and again, as on workers that have the
 *    array already; then every worker reads all that it was brought, says which bits they are, and
 *    what memory it has.
 * 3. With --write, each worker then writes zeros to that part of what it was brought. Pages that it
 *    inherited are copied as it writes, and the caller keeps its own; what is shared is changed for
 *    everybody.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/data/transport_bench.h"
#include "drivers/harness/run/rows.h"
#include "drivers/harness/cli/log.h"

enum { SHAPE, ITEMS, EACH, WRITE };
enum { EACH_WORKER, EACH_ITEM };

/* Passes over the items of which the median is taken, on workers that have the array. */
enum { AGAIN = 9 };

/* Workers whose memory stands in the row; what names it after writing. */
enum { MEASURED = 4 };
static const char WRITTEN[] = "_written";

/* Repetitions that are remembered. */
enum { SAMPLES = 64 };

/* bytes: what each item asks for, as transport_bench_items takes it. open, items: seconds of each
 * run; again: of the items on workers that have the array. before, after: what each worker says,
 * and says once it has written. */
typedef struct frame {
    transport_bench transport_bench;
    uint64_t *bytes, wrong, digest, zeroed, moved;
    double open[SAMPLES], items[SAMPLES], again;
    int runs;
    transport_bench_look before[TRANSPORT_BENCH_SLOTS], after[TRANSPORT_BENCH_SLOTS];
    int looks, rewrites;
    bool other_bits;
} frame;

static uint64_t items_of(const harness_job *job)
{
    return job->setting[ITEMS].whole[0];
}

static bool writes(const harness_job *job)
{
    return job->setting[WRITE].real[0] > 0 &&
           (job->transport == TRINE_TRANSPORT_SHM || job->transport == TRINE_TRANSPORT_INHERIT);
}

static void end(harness_job *job)
{
    frame *f = job->own;
    if (!f)
        return;
    transport_bench_end(&f->transport_bench);
    free(f->bytes);
    free(f);
}

/* Whether the shape has the rows that are asked for, and its bytes can be counted. */
static trine_status check_shape(const harness_job *job, uint64_t rows, uint64_t columns)
{
    if (columns > UINT64_MAX / sizeof(double) / rows) {
        log_line("frame", "--shape %s: more bytes than 64 bits count", job->setting[SHAPE].text);
        return TRINE_E_ARGUMENT;
    }
    if (items_of(job) > rows + 1) {
        log_line("frame",
                 "--items %" PRIu64 ": item i returns the first i rows, and there are %" PRIu64
                 " rows; give at most %" PRIu64,
                 items_of(job), rows, rows + 1);
        return TRINE_E_ARGUMENT;
    }
    return TRINE_OK;
}

static trine_status begin(harness_job *job)
{
    uint64_t rows = job->setting[SHAPE].whole[0], columns = job->setting[SHAPE].whole[1];
    uint64_t row = columns * sizeof(double), items = items_of(job);
    trine_status status = check_shape(job, rows, columns);
    frame *f = status ? NULL : calloc(1, sizeof *f);
    if (!f)
        return status ? status : TRINE_E_MEMORY;
    job->own = f;
    f->bytes = calloc(items, 2 * sizeof *f->bytes);
    if (!f->bytes)
        return TRINE_E_MEMORY;
    for (uint64_t i = 0; i < items; i++)
        f->bytes[2 * i + 1] = i * row;
    status = transport_bench_begin(&f->transport_bench, job, TRINE_F64, rows * columns,
                                   job->transport == TRINE_TRANSPORT_SHM);
    f->transport_bench.most = (items - 1) * row;
    f->transport_bench.each_item = job->setting[EACH].whole[0] == EACH_ITEM;
    f->zeroed = (uint64_t)(job->setting[WRITE].real[0] * (double)f->transport_bench.size) /
                sizeof(uint64_t) * sizeof(uint64_t);
    return status;
}

static trine_status run(harness_job *job)
{
    frame *f = job->own;
    trine_task_queue *queue = NULL;
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    double began = harness_seconds();
    trine_status status = transport_bench_open(&f->transport_bench, job, 0, &queue);
    if (status)
        return status;
    double opened = harness_seconds();
    if (trine_team_rank(job->team) == 0)
        status =
            transport_bench_items(&f->transport_bench, queue, f->bytes, items_of(job), &f->wrong);
    f->open[f->runs % SAMPLES] = opened - began;
    f->items[f->runs++ % SAMPLES] = harness_seconds() - opened;
    trine_status tallied = task_statistics_tasks(job, queue), closed = trine_task_close(queue);
    trine_team_ledger(job->team, &ledger);
    f->moved = ledger.moved;
    job->bytes = f->moved;
    return status ? status : tallied ? tallied : closed;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double seconds[], int n)
{
    qsort(seconds, (size_t)n, sizeof *seconds, compare);
    return seconds[n / 2];
}

/* Of the runs that are remembered. */
static double median_run(double seconds[], const frame *f)
{
    return median(seconds, f->runs < SAMPLES ? f->runs : SAMPLES);
}

/* The items on workers that have the array: the median of several passes. Where it is brought with
 * each item they never have it, and what run took stands. */
static trine_status repeat_items(harness_job *job, trine_task_queue *queue)
{
    frame *f = job->own;
    double seconds[AGAIN];
    trine_status status = TRINE_OK;
    f->again = median_run(f->items, f);
    if (f->transport_bench.each_item && job->transport != TRINE_TRANSPORT_SHM)
        return TRINE_OK;
    for (int i = 0; i < AGAIN && !status; i++) {
        double began = harness_seconds();
        status =
            transport_bench_items(&f->transport_bench, queue, f->bytes, items_of(job), &f->wrong);
        seconds[i] = harness_seconds() - began;
    }
    if (!status)
        f->again = median(seconds, AGAIN);
    return status;
}

static bool all_say(const transport_bench_look look[], int looks, uint64_t digest)
{
    bool all = looks > 0;
    for (int i = 0; i < looks; i++)
        all = all && look[i].digest == digest;
    return all;
}

/* What workers have before they write, and after; whether the bits are those they should be, in
 * the workers and in the caller. */
static trine_status look_around(harness_job *job, trine_task_queue *queue)
{
    frame *f = job->own;
    const transport_bench *j = &f->transport_bench;
    f->digest = transport_bench_digest(j->data, j->size, 0);
    trine_status status = repeat_items(job, queue);
    if (!status)
        status = transport_bench_look_at(j, queue, 0, f->before, &f->looks);
    if (status)
        return status;
    f->other_bits = !all_say(f->before, f->looks, f->digest);
    if (!writes(job))
        return TRINE_OK;
    status = transport_bench_look_at(j, queue, f->zeroed, f->after, &f->rewrites);
    uint64_t zeroed = transport_bench_digest(j->data, j->size, f->zeroed);
    bool shared = job->transport == TRINE_TRANSPORT_SHM;
    f->other_bits = f->other_bits || !all_say(f->after, f->rewrites, zeroed) ||
                    transport_bench_digest(j->data, j->size, 0) != (shared ? zeroed : f->digest);
    return status;
}

static void add_memory(harness_job *job, const char *when, const transport_bench_look look[],
                       int looks)
{
    for (int i = 0; i < looks && i < MEASURED; i++) {
        char name[HARNESS_NAME];
        snprintf(name, sizeof name, "rss%s_%d", when, i);
        harness_add_number(job, name, look[i].rss);
        snprintf(name, sizeof name, "pss%s_%d", when, i);
        harness_add_number(job, name, look[i].pss);
        snprintf(name, sizeof name, "uss%s_%d", when, i);
        harness_add_number(job, name, look[i].uss);
    }
}

static void add_numbers(harness_job *job)
{
    frame *f = job->own;
    harness_add_number(job, "array_bytes", (double)f->transport_bench.size);
    harness_add_number(job, "items", (double)items_of(job));
    harness_add_number(job, "each_item", f->transport_bench.each_item);
    harness_add_number(job, "moved_bytes", (double)f->moved);
    harness_add_number(job, "open_queue_seconds", median_run(f->open, f));
    harness_add_number(job, "items_seconds", median_run(f->items, f));
    harness_add_number(job, "again_seconds", f->again);
    harness_add_number(job, "workers_measured", f->looks);
    harness_add_number(job, "written_bytes", writes(job) ? (double)f->zeroed : 0);
    add_memory(job, "", f->before, f->looks);
    add_memory(job, WRITTEN, f->after, f->rewrites);
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    frame *f = job->own;
    trine_task_queue *queue = NULL;
    bool first = trine_team_rank(job->team) == 0;
    trine_status status = transport_bench_open(&f->transport_bench, job, 1, &queue);
    if (status)
        return status;
    if (first)
        status = look_around(job, queue);
    trine_status closed = trine_task_close(queue);
    *verdict = f->wrong || f->other_bits ? VERDICT_WRONG : VERDICT_RIGHT;
    job->value.dtype = TRINE_U64;
    job->value.as.u64 = f->looks ? f->before[0].digest : 0;
    trine_status summed = transport_bench_sum(job->team, &f->moved);
    job->bytes = f->moved;
    if (first)
        add_numbers(job);
    return status ? status : closed ? closed : summed;
}

/* A row's figure of that name, NAN when it has none. */
static double figure(const harness_row *row, const char *name)
{
    for (int i = 0; i < row->numbers; i++)
        if (strcmp(row->number[i].name, name) == 0)
            return row->number[i].value;
    return NAN;
}

static double mebibytes_of(const harness_row *row, const char *kind, const char *when, int worker)
{
    char name[HARNESS_NAME];
    snprintf(name, sizeof name, "%s%s_%d", kind, when, worker);
    return figure(row, name) / (1 << 20);
}

/* One line for each worker; what it has after it has written, if it has. */
static void print_workers(const harness_row *row)
{
    for (int i = 0; i < MEASURED && i < (int)figure(row, "workers_measured"); i++) {
        printf("%*s%2d: %8.1f %8.1f %8.1f", i ? 67 : 0, "", i, mebibytes_of(row, "rss", "", i),
               mebibytes_of(row, "pss", "", i), mebibytes_of(row, "uss", "", i));
        if (figure(row, "written_bytes") > 0)
            printf("   then %8.1f %8.1f %8.1f", mebibytes_of(row, "rss", WRITTEN, i),
                   mebibytes_of(row, "pss", WRITTEN, i), mebibytes_of(row, "uss", WRITTEN, i));
        printf("\n");
    }
}

/* Where the seconds went and what each worker's memory was, for people. */
static int conclude(const harness_run *run)
{
    if (run->options->form != FORM_TABLE)
        return EXIT_RIGHT;
    bool written = run->options->setting[WRITE].real[0] > 0;
    printf(
        "\nopen to again: ms; moved: arrays of %.3f MiB; RSS, PSS, USS of a worker that has read "
        "the array%s: MiB\n%-12s %-9s %10s %11s %10s %8s %13s %8s %8s\n",
        run->rows ? figure(&run->row[0], "array_bytes") / (1 << 20) : 0,
        written ? ", then written to its part" : "", "team", "transport", "open", "items", "again",
        "moved", "worker RSS", "PSS", "USS");
    for (int i = 0; i < run->rows; i++) {
        const harness_row *row = &run->row[i];
        printf("%-12s %-9s %10.3f %11.3f %10.3f %8.2f  ", row->team, row->transport,
               1e3 * figure(row, "open_queue_seconds"), 1e3 * figure(row, "items_seconds"),
               1e3 * figure(row, "again_seconds"),
               figure(row, "moved_bytes") / figure(row, "array_bytes"));
        print_workers(row);
    }
    return EXIT_RIGHT;
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"rows", "rows"}, {NULL, NULL}};
    static const harness_extra extras[] = {
        [SHAPE] = {"shape", "RxC", "Rows and columns of f64 (default 13421773x10: 1 GiB)",
                   KIND_SHAPE, "13421773x10", 1, 1e15},
        [ITEMS] = {"items", "N", "Items; item i returns the first i rows (default 32)", KIND_WHOLE,
                   "32", 1, 1e6},
        [EACH] = {"each", "worker|item",
                  "Bring the array once for each worker (default), or with each item", KIND_CHOICE,
                  "worker", 0, 0},
        [WRITE] = {"write", "FRACTION",
                   "By shm and inherit, each worker then writes to that part of the array, from 0 "
                   "(default) to 1",
                   KIND_REAL, "0", 0, 1},
        {.name = NULL}};
    static const harness_operation operation = {
        .tasks = true, .fleeting = true, .begin = begin, .run = run, .check = check, .end = end};
    static const char *const examples[] = {
        "drivers/frame --shape 100Kx10 --team pool:2",
        "drivers/frame --shape 100Kx10 --team pool:2 --transport each",
        "drivers/frame --shape 20Kx10 --team pool:2 --each item", NULL};
    static const trine_driver driver = {
        .name = "frame",
        .examples = examples,
        .about = "An array handed to workers of which each item needs a few rows: what it costs by "
                 "each transport, in seconds, bytes moved and memory. The result shown is a digest "
                 "of the bits that the workers got.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .transports = true,
        .conclude = conclude};
    return trine_driver_main(&driver, argc, argv);
}
