/* drivers/lessons/passing.c - an array passed to a task that does nothing with it: what moving
 * alone costs.
 *
 * 1. run: a queue that brings the array by the transport, one item that returns the array's last
 *    element, the end of the queue. The ledger says how many bytes moved.
 * 2. check: every worker reads all that it was brought and says which bits they are.
 * 3. With --sweep, the same for sizes from --least to --most bytes, each four times the one before.
 *    When all teams and transports are done, their curves are shown, and where two of them cross:
 *    between two sizes, where straight lines through both curves' points meet, seconds and bytes
 *    on logarithmic scales. A crossing counts when each of the two has been ahead by CLEAR, so that
 *    curves that lie on one another do not cross at every size.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/data/transport_bench.h"
#include "drivers/harness/run/rows.h"
#include "drivers/harness/cli/log.h"

enum { EACH, PLACE, SWEEP, LEAST, MOST, PLOT };
enum { EACH_ITEM, EACH_WORKER };
enum { PLACE_SHARED, PLACE_PRIVATE };

enum { SIZES = 24, STEP = 4, CURVES = 64, CROSSINGS = 64, LABEL = 128 };

/* Of a sweep: repetitions of each size, more of those that take little. */
enum { OFTEN = 15, SELDOM = 5, SMALL = 1 << 20 };

static const double CLEAR = 1.2;

/* Starts the names of a sweep's figures; the bytes follow. */
static const char SWEPT[] = "seconds_of_";

typedef struct passing {
    transport_bench transport_bench;
    uint64_t wrong, moved;
    double open;
    bool other_bits;
} passing;

static bool is_shared(const harness_job *job)
{
    return job->transport == TRINE_TRANSPORT_SHM && job->setting[PLACE].whole[0] == PLACE_SHARED;
}

static trine_status begin_with(harness_job *job, passing *p, uint64_t n)
{
    trine_status status =
        transport_bench_begin(&p->transport_bench, job, TRINE_I64, n, is_shared(job));
    p->transport_bench.each_item = job->setting[EACH].whole[0] == EACH_ITEM;
    p->transport_bench.most = sizeof(int64_t);
    return status;
}

static trine_status begin(harness_job *job)
{
    passing *p = calloc(1, sizeof *p);
    job->own = p;
    if (job->n == 0) {
        log_line("passing", "--n 0: an array of nothing; give at least 1");
        return TRINE_E_ARGUMENT;
    }
    return p ? begin_with(job, p, job->n) : TRINE_E_MEMORY;
}

static void end(harness_job *job)
{
    passing *p = job->own;
    if (p)
        transport_bench_end(&p->transport_bench);
    free(p);
}

/* A queue, an item, the queue's end. */
static trine_status pass(harness_job *job, passing *p)
{
    const uint64_t last[] = {p->transport_bench.size - sizeof(int64_t), sizeof(int64_t)};
    trine_task_queue *queue = NULL;
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    double began = harness_seconds();
    trine_status status = transport_bench_open(&p->transport_bench, job, 0, &queue);
    if (status)
        return status;
    p->open = harness_seconds() - began;
    if (trine_team_rank(job->team) == 0)
        status = transport_bench_items(&p->transport_bench, queue, last, 1, &p->wrong);
    trine_status closed = trine_task_close(queue);
    trine_team_ledger(job->team, &ledger);
    p->moved = ledger.moved;
    return status ? status : closed;
}

static trine_status run(harness_job *job)
{
    passing *p = job->own;
    trine_status status = pass(job, p);
    job->bytes = p->moved;
    job->statistics.items = 1;
    return status;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of several passings of so many bytes. */
static trine_status time_size(harness_job *job, uint64_t bytes, uint64_t *wrong)
{
    passing p = {.wrong = 0};
    double seconds[OFTEN];
    int times = bytes <= SMALL ? OFTEN : SELDOM;
    trine_status status = begin_with(job, &p, bytes / sizeof(int64_t));
    for (int i = 0; i < times && !status; i++) {
        double began = harness_seconds();
        status = pass(job, &p);
        seconds[i] = harness_seconds() - began;
    }
    transport_bench_end(&p.transport_bench);
    if (status)
        return status;
    qsort(seconds, (size_t)times, sizeof *seconds, compare);
    char name[HARNESS_NAME];
    snprintf(name, sizeof name, "%s%" PRIu64, SWEPT, bytes);
    harness_add_number(job, name, seconds[times / 2]);
    *wrong += p.wrong;
    return TRINE_OK;
}

static trine_status sweep(harness_job *job, uint64_t *wrong)
{
    uint64_t least = job->setting[LEAST].whole[0], most = job->setting[MOST].whole[0];
    trine_status status = TRINE_OK;
    int sizes = 0;
    for (uint64_t bytes = least; bytes <= most && sizes < SIZES && !status; bytes *= STEP, sizes++)
        status = time_size(job, bytes / sizeof(int64_t) * sizeof(int64_t), wrong);
    return status;
}

static trine_status look(harness_job *job, passing *p)
{
    transport_bench_look found[TRANSPORT_BENCH_SLOTS];
    trine_task_queue *queue = NULL;
    int looks = 0;
    bool first = trine_team_rank(job->team) == 0;
    trine_status status = transport_bench_open(&p->transport_bench, job, 1, &queue);
    if (status)
        return status;
    if (first)
        status = transport_bench_look_at(&p->transport_bench, queue, 0, found, &looks);
    trine_status closed = trine_task_close(queue);
    uint64_t digest =
        first ? transport_bench_digest(p->transport_bench.data, p->transport_bench.size, 0) : 0;
    for (int i = 0; i < looks; i++)
        p->other_bits = p->other_bits || found[i].digest != digest;
    p->other_bits = p->other_bits || (first && looks == 0);
    job->value.as.u64 = looks ? found[0].digest : 0;
    return status ? status : closed;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    passing *p = job->own;
    job->value.dtype = TRINE_U64;
    trine_status status = look(job, p);
    if (!status)
        status = transport_bench_sum(job->team, &p->moved);
    job->bytes = p->moved;
    harness_add_number(job, "array_bytes", (double)p->transport_bench.size);
    harness_add_number(job, "moved_bytes", (double)p->moved);
    harness_add_number(job, "open_queue_seconds", p->open);
    harness_add_number(job, "each_item", p->transport_bench.each_item);
    if (!status && job->setting[SWEEP].count)
        status = sweep(job, &p->wrong);
    *verdict = p->wrong || p->other_bits ? VERDICT_WRONG : VERDICT_RIGHT;
    return status;
}

/* Seconds by size, of one transport on one team. */
typedef struct curve {
    char label[LABEL];
    const char *team;
    double bytes[SIZES], seconds[SIZES];
    int n;
} curve;

typedef struct crossing {
    const curve *below, *above;
    double bytes, seconds;
    char text[LABEL];
} crossing;

static void read_curve(const harness_row *row, bool teams, curve *c)
{
    *c = (curve){.team = row->team};
    snprintf(c->label, sizeof c->label, "%s%s%s", row->transport, teams ? " on " : "",
             teams ? row->team : "");
    for (int i = 0; i < row->numbers && c->n < SIZES; i++)
        if (strncmp(row->number[i].name, SWEPT, sizeof SWEPT - 1) == 0) {
            c->bytes[c->n] = strtod(row->number[i].name + sizeof SWEPT - 1, NULL);
            c->seconds[c->n++] = row->number[i].value;
        }
}

static void size_text(double bytes, char *text, size_t size)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB"};
    int i = 0;
    for (; bytes >= 1024 && i < 3; i++)
        bytes /= 1024;
    snprintf(text, size, "%.3g %s", bytes, unit[i]);
}

/* How far a is above b at a size, on a logarithmic scale. */
static double above(const curve *a, const curve *b, int i)
{
    return log(a->seconds[i] / b->seconds[i]);
}

/* Where the curves cross between sizes i and i + 1. */
static crossing cross_at(const curve *a, const curve *b, int i)
{
    double from = above(a, b, i), to = above(a, b, i + 1), part = from / (from - to);
    crossing c = {.below = from < 0 ? a : b, .above = from < 0 ? b : a};
    c.bytes = a->bytes[i] * pow(a->bytes[i + 1] / a->bytes[i], part);
    c.seconds = a->seconds[i] * pow(a->seconds[i + 1] / a->seconds[i], part);
    size_text(c.bytes, c.text, sizeof c.text);
    return c;
}

static int cross(const curve *a, const curve *b, crossing found[], int count)
{
    int n = a->n < b->n ? a->n : b->n, leader = 0;
    for (int i = 0; i < n; i++) {
        double d = above(a, b, i);
        int ahead = fabs(d) < log(CLEAR) ? 0 : d < 0 ? -1 : 1;
        if (leader && ahead == -leader && count < CROSSINGS) {
            int k = i - 1;
            while (above(a, b, k) * leader <= 0)
                k--;
            found[count++] = cross_at(a, b, k);
        }
        leader = ahead ? ahead : leader;
    }
    return count;
}

static void print_curves(const curve c[], int curves, const crossing x[], int crossings)
{
    char text[LABEL];
    printf("\nseconds of one passing\n%-10s", "size");
    for (int i = 0; i < curves; i++)
        printf(" %14s", c[i].label);
    printf("\n");
    for (int k = 0; k < c[0].n; k++) {
        size_text(c[0].bytes[k], text, sizeof text);
        printf("%-10s", text);
        for (int i = 0; i < curves; i++)
            printf(" %14.9f", k < c[i].n ? c[i].seconds[k] : NAN);
        printf("\n");
    }
    for (int i = 0; i < crossings; i++)
        printf("%s and %s cross at %s (%.0f bytes), %.9f s: below that, %s takes less\n",
               x[i].below->label, x[i].above->label, x[i].text, x[i].bytes, x[i].seconds,
               x[i].below->label);
}

static int draw(const char *path, const curve c[], int curves, const crossing x[], int crossings)
{
    harness_series series[CURVES];
    harness_mark mark[CROSSINGS];
    for (int i = 0; i < curves; i++)
        series[i] = (harness_series){c[i].label, c[i].bytes, c[i].seconds, (size_t)c[i].n, false};
    char text[CROSSINGS][3 * LABEL + sizeof ", then : "];
    for (int i = 0; i < crossings; i++) {
        snprintf(text[i], sizeof text[i], "%s, then %s: %s", x[i].below->label, x[i].above->label,
                 x[i].text);
        mark[i] = (harness_mark){x[i].bytes, x[i].seconds, text[i]};
    }
    const harness_figure figure = {.title = "Passing an array to a task that does nothing",
                                   .x_label = "size of the array",
                                   .y_label = "time [s]",
                                   .bytes_x = true,
                                   .log_y = true,
                                   .series = series,
                                   .series_count = curves,
                                   .mark = mark,
                                   .marks = crossings};
    return harness_plot(&figure, path);
}

/* The curves of all rows. */
static int conclude(const harness_run *run)
{
    static curve c[CURVES];
    static crossing x[CROSSINGS];
    const harness_setting *plot = &run->options->setting[PLOT];
    int curves = 0, crossings = 0;
    for (int i = 0; i < run->rows && curves < CURVES; i++) {
        read_curve(&run->row[i], run->options->teams > 1, &c[curves]);
        curves += c[curves].n > 0;
    }
    for (int i = 0; i < curves; i++)
        for (int k = i + 1; k < curves; k++)
            if (strcmp(c[i].team, c[k].team) == 0)
                crossings = cross(&c[i], &c[k], x, crossings);
    if (curves > 0 && run->options->form == FORM_TABLE)
        print_curves(c, curves, x, crossings);
    return curves > 0 && plot->count ? draw(plot->text, c, curves, x, crossings) : EXIT_RIGHT;
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"nothing", "nothing"}, {NULL, NULL}};
    static const harness_extra extras[] = {
        [EACH] = {"each", "item|worker",
                  "Bring the array with the item (default), or once to each worker", KIND_CHOICE,
                  "item", 0, 0},
        [PLACE] = {"place", "shared|private",
                   "By shm, the array is in shared memory already (default), or the caller's own, "
                   "which is copied there",
                   KIND_CHOICE, "shared", 0, 0},
        [SWEEP] = {"sweep", NULL, "Also pass arrays from --least to --most bytes", KIND_FLAG, NULL,
                   0, 0},
        [LEAST] = {"least", "BYTES", "Of --sweep (default 1K)", KIND_WHOLE, "1K", 8, 1e12},
        [MOST] = {"most", "BYTES", "Of --sweep (default 1G)", KIND_WHOLE, "1G", 8, 1e12},
        [PLOT] = {"plot", "FILE.svg", "Draw what --sweep found (by gnuplot)", KIND_PLOT, NULL, 0,
                  0},
        {.name = NULL}};
    static const harness_operation operation = {.tasks = true,
                                                .fleeting = true,
                                                .standard_n = 10000000,
                                                .standard_repeat = 5,
                                                .begin = begin,
                                                .run = run,
                                                .check = check,
                                                .end = end};
    static const char *const examples[] = {
        "drivers/passing --n 100K --team pool:2",
        "drivers/passing --n 100K --team pool:2 --transport each",
        "drivers/passing --team pool:2 --sweep --most 1M", NULL};
    static const trine_driver driver = {
        .name = "passing",
        .examples = examples,
        .about = "An array of --n int64 (default 10,000,000) passed to a task that does nothing "
                 "with it: what moving alone costs by each transport. The result shown is a digest "
                 "of the bits that the workers got.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .transports = true,
        .conclude = conclude};
    return trine_driver_main(&driver, argc, argv);
}
