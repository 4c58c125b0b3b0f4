/* drivers/lessons/times10.c - numbers times ten: what a task costs beside next to no work, and how
 * chunks mend it.
 *
 * 1. Every mode makes the same n products: by tasks over an array of items, by a stream of tasks,
 *    by trine's map of arrays, by a plain loop.
 * 2. --sweep runs the tasks with chunks of 1, 10, 100 ... n items to a dispatch, and with the chunk
 *    that trine chooses; --plot draws what each took.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/run/rows.h"

enum { SWEEP, PLOT, MAX_CHUNKS = 24, MAX_LINES = 16, SWEEP_ROUNDS = 3 };

/* Names of a sweep's figures: the chunk follows, 0 for what trine chooses. */
static const char SWEPT[] = "seconds_chunk_", CHOSEN[] = "chosen_chunk";

/* Chunks below this are run once in a sweep: they take long, and vary less. */
enum { SLOW_CHUNK = 10 };

/* x, y: of mode `array` DISTRIBUTED, else all on rank 0. What a sweep found: chunk[i] items to a
 * dispatch took seconds[i]; chosen is trine's. */
typedef struct products {
    trine_array *x, *y;
    double chunk[MAX_CHUNKS], seconds[MAX_CHUNKS];
    int chunks;
    double chosen, chosen_seconds;
} products;

static bool is_mode(const harness_job *job, const char *mode)
{
    return strcmp(job->method->mode, mode) == 0;
}

static trine_status multiply(trine_task *task)
{
    uint64_t *result = trine_task_result(task, sizeof *result);
    if (!result)
        return trine_task_refused(task);
    *result = *(const uint64_t *)task->item * 10;
    return TRINE_OK;
}

static const trine_task_kind times_ten = {.name = "times10",
                                          .run = multiply,
                                          .item_max = sizeof(uint64_t),
                                          .result_max = sizeof(uint64_t)};

static trine_status map_tasks(harness_job *job, uint64_t chunk)
{
    const products *p = job->own;
    trine_task_options options = harness_task_options(job);
    options.chunk = chunk;
    options.total = job->n;
    return harness_map_tasks(job, &times_ten, &options, trine_array_data(p->x), sizeof(uint64_t),
                             trine_array_data(p->y));
}

/* The items of a stream, one after the other. */
typedef struct reader {
    const uint64_t *x;
    uint64_t next, n;
} reader;

static bool next_item(void *context, void *item, size_t *size)
{
    reader *r = context;
    if (r->next == r->n)
        return false;
    memcpy(item, &r->x[r->next++], sizeof *r->x);
    *size = sizeof *r->x;
    return true;
}

static trine_status keep_product(harness_job *job, const trine_task_outcome *outcome)
{
    const products *p = job->own;
    uint64_t *y = trine_array_data(p->y);
    if (!outcome->status)
        memcpy(&y[outcome->index], outcome->result, sizeof *y);
    return outcome->status;
}

static trine_task_options stream_options(harness_job *job, reader *r)
{
    trine_task_options options = harness_task_options(job);
    options.source = next_item;
    options.source_context = r;
    options.total = job->n;
    return options;
}

static trine_status stream_tasks(harness_job *job)
{
    const products *p = job->own;
    reader r = {trine_array_data(p->x), 0, job->n};
    const trine_task_options options = stream_options(job, &r);
    return harness_run_tasks(job, &times_ten, &options, keep_product);
}

/* The chunk that trine chooses for a stream of these items: a map's queue is gone when it returns.
 */
static trine_status find_chosen(harness_job *job)
{
    products *p = job->own;
    reader r = {trine_array_data(p->x), 0, job->n};
    const trine_task_options options = stream_options(job, &r);
    trine_task_queue *queue = NULL;
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    trine_status status = trine_task_open(job->team, &times_ten, &options, &queue);
    while (!status && outcome.index != TRINE_TASK_NONE)
        status = trine_task_next(queue, &outcome);
    p->chosen = (double)trine_task_chunk(queue);
    trine_status closed = trine_task_close(queue);
    harness_add_number(job, CHOSEN, p->chosen);
    return status ? status : closed;
}

static trine_status run(harness_job *job)
{
    const products *p = job->own;
    if (is_mode(job, "array"))
        return trine_scale_u64(p->x, 10, p->y);
    if (is_mode(job, "stream"))
        return stream_tasks(job);
    if (!is_mode(job, "loop"))
        return map_tasks(job, is_mode(job, "single") ? 1 : harness_task_options(job).chunk);
    const uint64_t *x = trine_array_data(p->x);
    uint64_t *y = trine_array_data(p->y);
    for (int64_t i = 0; i < trine_array_local_n(p->y); i++)
        y[i] = 10 * x[i];
    return TRINE_OK;
}

static int compare_seconds(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median seconds of the tasks with that chunk. */
static trine_status time_chunk(harness_job *job, uint64_t chunk, double *median)
{
    double seconds[SWEEP_ROUNDS];
    int rounds = chunk > 0 && chunk < SLOW_CHUNK ? 1 : SWEEP_ROUNDS;
    for (int i = 0; i < rounds; i++) {
        double began = harness_seconds();
        trine_status status = map_tasks(job, chunk);
        if (status)
            return status;
        seconds[i] = harness_seconds() - began;
    }
    qsort(seconds, (size_t)rounds, sizeof *seconds, compare_seconds);
    *median = seconds[rounds / 2];
    char name[HARNESS_NAME];
    snprintf(name, sizeof name, "%s%" PRIu64, SWEPT, chunk);
    harness_add_number(job, name, *median);
    return TRINE_OK;
}

static trine_status sweep(harness_job *job)
{
    products *p = job->own;
    trine_status status = TRINE_OK;
    for (uint64_t chunk = 1; !status && p->chunks < MAX_CHUNKS; chunk *= 10) {
        chunk = chunk < job->n ? chunk : job->n;
        p->chunk[p->chunks] = (double)chunk;
        status = time_chunk(job, chunk, &p->seconds[p->chunks++]);
        if (chunk == job->n)
            break;
    }
    if (!status)
        status = time_chunk(job, 0, &p->chosen_seconds);
    return status ? status : find_chosen(job);
}

static trine_status begin(harness_job *job)
{
    static products made;
    bool array = is_mode(job, "array");
    uint64_t local = array || trine_team_rank(job->team) == 0 ? job->n : 0;
    trine_place place = array ? TRINE_DISTRIBUTED : TRINE_PRIVATE;
    made = (products){.chunks = 0};
    job->own = &made;
    job->bytes = 2 * sizeof(uint64_t) * job->n;
    trine_status status = trine_array_create(job->team, TRINE_U64, local, place, &made.x);
    if (!status)
        status = trine_array_create(job->team, TRINE_U64, local, place, &made.y);
    if (!status)
        status = trine_iota_u64(0, 1, made.x);
    bool wanted = job->setting[SWEEP].count && is_mode(job, "tasks") && job->n > 0;
    return !status && wanted ? sweep(job) : status;
}

/* The products are wiped before each repetition, so that none is an earlier one's. */
static trine_status reset(harness_job *job)
{
    const products *p = job->own;
    return trine_fill_u64(UINT64_MAX, p->y);
}

/* Every product by additions: ten times i is ten more than that of i - 1. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const products *p = job->own;
    const uint64_t *y = trine_array_data(p->y);
    uint64_t wrong = 0, all = 0, expected = 0, local_n = trine_array_local_n(p->y);
    for (int64_t i = 0; i < trine_array_offset(p->y); i++)
        expected += 10;
    for (uint64_t i = 0; i < local_n; i++, expected += 10)
        wrong += y[i] != expected;
    trine_array *counted = NULL;
    trine_status status = trine_array_wrap(job->team, TRINE_U64, &wrong, 1, &counted);
    if (!status)
        status = trine_sum_u64(counted, TRINE_EXACT, &all);
    trine_array_free(counted);
    *verdict = all == 0 ? VERDICT_RIGHT : VERDICT_WRONG;
    job->value.dtype = TRINE_U64;
    return status ? status : harness_digest(p->y, &job->value.as.u64);
}

static void print_chunk(const harness_job *job, const char *text, double chunk, double seconds)
{
    printf("%-6s %10.0f %10.6f %12.1f\n", text, chunk, seconds, 1e9 * seconds / (double)job->n);
}

static void print(const harness_job *job)
{
    const products *p = job->own;
    if (p->chunks == 0)
        return;
    printf("tasks on %s\n%-6s %10s %10s %12s\n", trine_team_spec(job->team), "", "chunk", "seconds",
           "ns an item");
    for (int i = 0; i < p->chunks; i++)
        print_chunk(job, "", p->chunk[i], p->seconds[i]);
    print_chunk(job, "chosen", p->chosen, p->chosen_seconds);
}

/* What a sweep found on one team, as its row has it. */
static bool read_sweep(const harness_row *row, products *p)
{
    *p = (products){.chunks = 0};
    for (int i = 0; i < row->numbers; i++) {
        const char *name = row->number[i].name;
        double value = row->number[i].value;
        bool timed = strncmp(name, SWEPT, sizeof SWEPT - 1) == 0;
        double chunk = timed ? strtod(name + sizeof SWEPT - 1, NULL) : 0;
        if (timed && chunk == 0)
            p->chosen_seconds = value;
        else if (timed && p->chunks < MAX_CHUNKS) {
            p->chunk[p->chunks] = chunk;
            p->seconds[p->chunks++] = value;
        } else if (strcmp(name, CHOSEN) == 0)
            p->chosen = value;
    }
    return p->chunks > 0;
}

/* A line for each team that has a sweep. */
static int plot(const harness_run *run)
{
    static products found[MAX_LINES];
    harness_series series[MAX_LINES];
    harness_mark mark[MAX_LINES];
    char title[128], chosen[MAX_LINES][128];
    int lines = 0;
    for (int i = 0; i < run->rows && lines < MAX_LINES; i++) {
        products *p = &found[lines];
        if (!read_sweep(&run->row[i], p))
            continue;
        series[lines] =
            (harness_series){run->row[i].team, p->chunk, p->seconds, (size_t)p->chunks, false};
        snprintf(chosen[lines], sizeof chosen[lines], "chosen on %s", run->row[i].team);
        mark[lines] = (harness_mark){p->chosen, p->chosen_seconds, chosen[lines]};
        lines++;
    }
    snprintf(title, sizeof title, "%" PRIu64 " numbers times ten by tasks", run->n);
    const harness_figure figure = {.title = title,
                                   .x_label = "items of one dispatch to a worker",
                                   .y_label = "seconds",
                                   .log_x = true,
                                   .log_y = true,
                                   .series = series,
                                   .series_count = lines,
                                   .mark = mark,
                                   .marks = lines};
    return harness_plot(&figure, run->options->setting[PLOT].text);
}

static int conclude(const harness_run *run)
{
    return run->options->setting[PLOT].count ? plot(run) : EXIT_RIGHT;
}

static void end(harness_job *job)
{
    products *p = job->own;
    trine_array_free(p->x);
    trine_array_free(p->y);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {
        {"tasks", "trine_task_map"},   {"single", "trine_task_map, one item to a dispatch"},
        {"stream", "trine_task_next"}, {"array", "trine_scale"},
        {"loop", "a plain loop"},      {NULL, NULL}};
    static const harness_extra extras[] = {
        [SWEEP] = {"sweep", NULL, "tasks: also with chunks of 1, 10, 100 ... n items", KIND_FLAG,
                   NULL, 0, 0},
        [PLOT] = {"plot", "FILE.svg", "Draw what --sweep found (by gnuplot)", KIND_PLOT, NULL, 0,
                  0},
        {.name = NULL}};
    static const harness_operation operation = {.tasks = true,
                                                .standard_n = 1000000,
                                                .begin = begin,
                                                .reset = reset,
                                                .run = run,
                                                .check = check,
                                                .print = print,
                                                .end = end};
    static const char *const examples[] = {"drivers/times10 --n 100K --team serial,pool:2",
                                           "drivers/times10 --n 2000 --team pool:2 --mode each",
                                           "drivers/times10 --n 20 --team pool:2 --who", NULL};
    static const trine_driver driver = {
        .name = "times10",
        .examples = examples,
        .about = "Numbers times ten, by tasks of --chunk items, by tasks of one item, by a stream "
                 "of tasks, by a map of arrays, by a loop. The result shown is a digest of the "
                 "products.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .conclude = conclude};
    return trine_driver_main(&driver, argc, argv);
}
