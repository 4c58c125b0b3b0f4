/* drivers/harness/run/task_statistics.c - what tasks came to, for people: the table, who ran what,
 * timelines.
 */
#include "drivers/harness/run/task_statistics.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/report/plot.h"
#include "drivers/harness/report/report.h"
#include "drivers/harness/cli/log.h"

void clear_statistics(task_statistics *statistics)
{
    free(statistics->slot);
    free(statistics->record);
    *statistics = (task_statistics){.items = 0};
}

double items_per_second(const harness_row *row)
{
    uint64_t ran = row->statistics.items - row->statistics.resumed;
    return row->seconds > 0 ? (double)ran / row->seconds : 0;
}

/* Of the time that the workers had, the percentage that they spent in items. */
static double busy_percentage(const task_statistics *statistics)
{
    double busy = 0;
    for (int i = 0; i < statistics->slots; i++)
        busy += statistics->slot[i].busy;
    double whole = statistics->seconds * statistics->slots;
    return whole > 0 ? 100 * busy / whole : 0;
}

static void print_task_row(const harness_row *row, table_widths w)
{
    char value[VALUE_TEXT], bits[VALUE_TEXT], check[VALUE_TEXT];
    const trine_ledger *l = &row->ledger;
    const task_statistics *t = &row->statistics;
    row_value_text(row, value, sizeof value);
    bits_text(&row->value, bits, sizeof bits);
    judged(row, check, sizeof check);
    print_column(w.team, row->team);
    print_column(w.mode, row->mode);
    print_column(w.transport, row->transport);
    printf("%3d %8.4f %8" PRIu64 " %9.4g %6.2f %6" PRIu64 " %7.2f %5.1f ", row->workers,
           row->seconds, t->items, items_per_second(row), row->rate, t->chunk,
           1e-6 * (double)l->moved, busy_percentage(t));
    printf("%6" PRIu64 " %7" PRIu64 " %7" PRIu64 " %4d %6.1f  ", t->failed, t->retried, t->resumed,
           t->lost, 1e3 * row->open);
    print_column(w.value, value);
    print_column(w.bits, row->status ? "" : bits);
    printf("%s\n", check);
}

/* The figures of rows that came from under mpirun: what a driver says of its others for people it
 * says where they ran. */
static void print_numbers(const harness_run *run)
{
    for (int i = 0; i < run->rows && !trine_launched(); i++) {
        const harness_row *row = &run->row[i];
        if (row->ranks == 1 || row->numbers == 0)
            continue;
        printf("%s on %s:", row->mode, row->team);
        for (int k = 0; k < row->numbers; k++)
            printf("%s %s %.9g", k ? "," : "", row->number[k].name, row->number[k].value);
        printf("\n");
    }
}

void print_task_table(const harness_run *run)
{
    table_widths w = measure_table(run);
    printf("%s of %s\n", run->options->driver->name, run->data);
    printf("%s; ", trine_version());
    print_cpus();
    printf("; moved: MB, busy: %%, open: ms\n\n");
    print_column(w.team, "team");
    print_column(w.mode, "mode");
    print_column(w.transport, "transport");
    printf("%3s %8s %8s %9s %6s %6s %7s %5s %6s %7s %7s %4s %6s  ", "wrk", "seconds", "items",
           "items/s", "GB/s", "chunk", "moved", "busy", "failed", "retried", "resumed", "lost",
           "open");
    print_column(w.value, "result");
    print_column(w.bits, "bits");
    printf("check\n");
    for (int i = 0; i < run->rows; i++)
        print_task_row(&run->row[i], w);
    print_numbers(run);
}

static void print_who_of(const harness_row *row)
{
    const task_statistics *t = &row->statistics;
    printf("\nWho ran what on %s%s%s, seconds since the queue was opened:\n", row->team,
           row->transport[0] ? " by " : "", row->transport);
    for (int i = 0; i < t->slots; i++)
        printf("worker %d of rank %d (pid %" PRId64 "): %" PRIu64 " items, busy %.6f s\n",
               t->slot[i].worker, t->slot[i].rank, t->slot[i].pid, t->slot[i].items,
               t->slot[i].busy);
    printf("%10s %4s %6s %12s %12s  %s\n", "item", "rank", "worker", "began", "ended", "status");
    for (uint64_t i = 0; i < t->records; i++) {
        const trine_task_record *r = &t->record[i];
        printf("%10" PRId64 " %4d %6d %12.6f %12.6f  %s\n", r->index, r->rank, r->worker, r->began,
               r->ended, trine_status_name(r->status));
    }
}

void print_who(const harness_run *run)
{
    for (int i = 0; i < run->rows; i++)
        print_who_of(&run->row[i]);
}

/* The row's own file among those of several rows: "a.svg" becomes "a-pool-2-shm.svg". A stream
 * takes them all. */
static void timeline_path(const harness_run *run, const harness_row *row, char *path, size_t size)
{
    const char *given = run->options->tasks.timeline, *dot = strrchr(given, '.');
    size_t stem = dot && !strchr(dot, '/') ? (size_t)(dot - given) : strlen(given);
    if (run->rows == 1 || plots_into_stream(given)) {
        snprintf(path, size, "%s", given);
        return;
    }
    int used = snprintf(path, size, "%.*s-", (int)stem, given);
    int more = snprintf(path + used, size - (size_t)used, "%s-%s-%s", row->team, row->mode,
                        row->transport);
    for (char *at = path + used; *at; at++)
        *at = isalnum((unsigned char)*at) ? *at : '-';
    snprintf(path + used + more, size - (size_t)(used + more), "%s", given + stem);
}

int draw_timelines(const harness_run *run)
{
    const char *timeline = run->options->tasks.timeline;
    int result = EXIT_RIGHT;
    for (int i = 0; i < run->rows && timeline && !result; i++) {
        const harness_row *row = &run->row[i];
        if (row->statistics.records == 0) {
            log_line(run->options->driver->name,
                     "--timeline: no item was run on %s, nothing is drawn", row->team);
            continue;
        }
        size_t size =
            strlen(timeline) + sizeof row->team + sizeof row->mode + sizeof row->transport;
        char *path = malloc(size + 8), title[256];
        snprintf(title, sizeof title, "%s on %s: %" PRIu64 " items", run->options->driver->name,
                 row->team, row->statistics.items);
        if (path)
            timeline_path(run, row, path, size + 8);
        result = path ? harness_plot_timeline(title, &row->statistics, path) : EXIT_FAILED;
        free(path);
    }
    return result;
}
