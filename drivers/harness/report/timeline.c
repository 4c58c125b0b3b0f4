/* drivers/harness/report/timeline.c - who ran what, when, as a drawing.
 *
 * 1. Every worker of every rank has a slot, slot 0 at the top.
 * 2. Records are sorted by status, slot and time. Neighbours of one slot and one status that are
 *    both narrower than a pixel, or begin in the same pixel, become one box, so that 100,000 items
 *    make no more boxes than there are pixels.
 * 3. Boxes are drawn status by status, finished items first: a failed one is never hidden, and is
 *    at least a pixel wide.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/report/plot.h"
#include "drivers/harness/cli/log.h"

/* The drawing, in pixels; BORDER: from where a box has a line around it. */
enum { WIDTH = 1100, MARGIN = 260, SLOT = 26, HEAD = 140, MAX_HEIGHT = 4000, BORDER = 4 };

typedef struct timeline {
    const task_statistics *statistics;
    trine_task_slot *slot;
    int slots;
    double most, pixel;
} timeline;

typedef struct timeline_box {
    double began, ended;
    int slot;
    trine_status status;
} timeline_box;

/* The slot of that worker, a new one when there is none; -1 when there is no memory. */
static int slot_of(timeline *t, int rank, int worker)
{
    for (int i = 0; i < t->slots; i++)
        if (t->slot[i].rank == rank && t->slot[i].worker == worker)
            return i;
    trine_task_slot *more = realloc(t->slot, (size_t)(t->slots + 1) * sizeof *more);
    if (!more)
        return -1;
    t->slot = more;
    t->slot[t->slots] = (trine_task_slot){.rank = rank, .worker = worker};
    return t->slots++;
}

static int compare_boxes(const void *a, const void *b)
{
    const timeline_box *x = a, *y = b;
    if (x->status != y->status)
        return x->status < y->status ? -1 : 1;
    if (x->slot != y->slot)
        return x->slot < y->slot ? -1 : 1;
    return (x->began > y->began) - (x->began < y->began);
}

/* Whether the next box may be drawn as part of the one before. */
static bool joins(const timeline *t, const timeline_box *box, const timeline_box *next)
{
    if (next->slot != box->slot || next->status != box->status)
        return false;
    bool narrow = next->ended - next->began < t->pixel;
    bool beside = next->began - box->ended < t->pixel / 2;
    return beside && (narrow || next->began - box->began < t->pixel) &&
           (box->ended - box->began < t->pixel || narrow);
}

/* Joins sorted boxes where they are; how many are left. */
static size_t join_boxes(const timeline *t, timeline_box *box, size_t count)
{
    size_t kept = 0;
    for (size_t i = 1; i < count; i++)
        if (joins(t, &box[kept], &box[i]))
            box[kept].ended = fmax(box[kept].ended, box[i].ended);
        else
            box[++kept] = box[i];
    return count ? kept + 1 : 0;
}

/* The boxes of a statistics, sorted and joined; NULL when there is no memory. */
static timeline_box *make_boxes(timeline *t, size_t *count)
{
    const task_statistics *statistics = t->statistics;
    timeline_box *box = calloc(statistics->records + 1, sizeof *box);
    if (!box)
        return NULL;
    for (int i = 0; i < statistics->slots; i++)
        if (slot_of(t, statistics->slot[i].rank, statistics->slot[i].worker) < 0)
            goto failed;
    for (uint64_t i = 0; i < statistics->records; i++) {
        const trine_task_record *r = &statistics->record[i];
        box[i] = (timeline_box){.began = r->began,
                                .ended = r->ended,
                                .slot = slot_of(t, r->rank, r->worker),
                                .status = r->status};
        if (box[i].slot < 0)
            goto failed;
        t->most = fmax(t->most, r->ended);
    }
    t->most = t->most > 0 ? t->most : 1e-6;
    t->pixel = t->most / (WIDTH - MARGIN);
    qsort(box, statistics->records, sizeof *box, compare_boxes);
    *count = join_boxes(t, box, statistics->records);
    return box;
failed:
    free(box);
    return NULL;
}

static const char *colour(trine_status status)
{
    switch (status) {
    case TRINE_OK:
        return "#4477aa";
    case TRINE_E_DEADLINE:
        return "#ddaa33";
    case TRINE_E_CANCELLED:
        return "#888888";
    case TRINE_E_WORKER:
        return "#bb2233";
    default:
        return "#aa3377";
    }
}

static const trine_task_slot *task_statistics_slot(const task_statistics *statistics, int rank,
                                                   int worker)
{
    for (int i = 0; i < statistics->slots; i++)
        if (statistics->slot[i].rank == rank && statistics->slot[i].worker == worker)
            return &statistics->slot[i];
    return NULL;
}

/* "rank 1 worker 0, 93 %", where slots have several ranks. */
static void put_slots(FILE *gnuplot, const timeline *t)
{
    bool ranks = false;
    for (int i = 0; i < t->slots; i++)
        ranks = ranks || t->slot[i].rank > 0;
    fprintf(gnuplot, "set yrange [%g:-0.5]\nset ytics (", t->slots - 0.5);
    for (int i = 0; i < t->slots; i++) {
        const trine_task_slot *slot = &t->slot[i],
                              *known =
                                  task_statistics_slot(t->statistics, slot->rank, slot->worker);
        double busy =
            known && t->statistics->seconds > 0 ? 100 * known->busy / t->statistics->seconds : NAN;
        char rank[32] = "", share[32] = "";
        if (ranks)
            snprintf(rank, sizeof rank, "rank %d ", slot->rank);
        if (busy >= 0)
            snprintf(share, sizeof share, ", busy %.0f %%%%", fmin(busy, 100));
        fprintf(gnuplot, "%s'%sworker %d%s' %d", i ? ", " : "", rank, slot->worker, share, i);
    }
    fprintf(gnuplot, ")\n");
}

/* The boxes of one status, of which there are `count`: with a border where there is space. */
static void put_boxes(FILE *gnuplot, const timeline *t, const timeline_box *box, size_t count,
                      bool wide)
{
    for (size_t i = 0; i < count; i++) {
        double width = box[i].ended - box[i].began;
        if ((width >= BORDER * t->pixel) != wide)
            continue;
        fprintf(gnuplot, "%.9g %d %.9g %.9g %g %g\n", box[i].began, box[i].slot, box[i].began,
                box[i].began + fmax(width, t->pixel), box[i].slot - 0.4, box[i].slot + 0.4);
    }
    fprintf(gnuplot, "e\n");
}

static size_t count_wide(const timeline *t, const timeline_box *box, size_t count)
{
    size_t wide = 0;
    for (size_t i = 0; i < count; i++)
        wide += box[i].ended - box[i].began >= BORDER * t->pixel;
    return wide;
}

/* Boxes of one status: those without a border, then those with one. pass 0 writes what is plotted,
 * pass 1 the data. */
static void put_status(FILE *gnuplot, const timeline *t, const timeline_box *box, size_t count,
                       int pass)
{
    size_t wide = count_wide(t, box, count);
    trine_status status = box->status;
    for (int i = 0; i < 2; i++) {
        if ((i == 0 ? count - wide : wide) == 0)
            continue;
        if (pass == 1) {
            put_boxes(gnuplot, t, box, count, i == 1);
            continue;
        }
        fprintf(gnuplot, ", '-' using 1:2:3:4:5:6 with boxxyerror fs solid %s lc rgb '%s' notitle",
                i ? "border lc rgb 'white'" : "noborder", colour(status));
    }
    /* The key has a line without points, one a status. */
    if (pass == 0)
        fprintf(gnuplot, ", NaN with lines lw 8 lc rgb '%s' title '%s'", colour(status),
                trine_status_name(status));
}

static void put_timeline(FILE *gnuplot, const timeline *t, const timeline_box *box, size_t count)
{
    fprintf(gnuplot,
            "set xlabel 'seconds since the queue was opened'\nset xrange [0:%.9g]\n"
            "set key outside bottom center horizontal\nset tics nomirror out\nset border 3\n"
            "set grid xtics lc rgb '#dddddd'\n",
            t->most);
    put_slots(gnuplot, t);
    for (int pass = 0; pass < 2; pass++) {
        fprintf(gnuplot, "%s", pass == 0 ? "plot NaN notitle" : "\n");
        for (size_t first = 0, next; first < count; first = next) {
            for (next = first; next < count && box[next].status == box[first].status; next++)
                ;
            put_status(gnuplot, t, box + first, next - first, pass);
        }
    }
}

int harness_plot_timeline(const char *title, const task_statistics *statistics, const char *path)
{
    timeline t = {.statistics = statistics};
    size_t count = 0;
    timeline_box *box = make_boxes(&t, &count);
    int height = HEAD + SLOT * t.slots;
    int result = EXIT_FAILED;
    if (!box)
        log_line("plot", "%s: no memory for %llu records", path,
                 (unsigned long long)statistics->records);
    else if (count == 0)
        log_line("plot", "%s: no item was run, there is nothing to draw", path);
    drawing d;
    if (count)
        result = open_plot(&d, path, WIDTH, height < MAX_HEIGHT ? height : MAX_HEIGHT);
    if (count && !result) {
        put_text(d.gnuplot, "set title", title);
        put_timeline(d.gnuplot, &t, box, count);
        result = close_plot(&d);
    }
    free(box);
    free(t.slot);
    return result;
}
