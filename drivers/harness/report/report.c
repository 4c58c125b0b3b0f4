/* drivers/harness/report/report.c - printing a run: a table for people, CSV and JSON for programs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/harness/report/report.h"
#include "drivers/harness/cli/log.h"
#include "drivers/harness/cli/standard.h"
#include "drivers/harness/run/task_statistics.h"

void row_value_text(const harness_row *row, char *text, size_t size)
{
    if (row->status)
        snprintf(text, size, "%s", trine_status_name(row->status));
    else
        value_text(&row->value, text, size);
}

void judged(const harness_row *row, char *text, size_t size)
{
    const char *verdict = !row->agrees                    ? "DIFFERS"
                          : row->verdict == VERDICT_WRONG ? "WRONG"
                                                          : verdict_name(row->verdict);
    const char *word = row->status == TRINE_E_OVERFLOW ? "overflow" : "empty";
    if (has_no_value(row->status))
        snprintf(text, size, "%s (%s)", word, verdict);
    else
        snprintf(text, size, "%s", verdict);
}

static int longer(int width, const char *text)
{
    int length = (int)strlen(text);
    return length > width ? length : width;
}

/* "moved MiB" */
enum { MOVED_WIDTH = 9 };

table_widths measure_table(const harness_run *run)
{
    table_widths w = {.team = longer(0, "team"), .value = longer(0, "result")};
    bool modes = run->options->methods > 1, staged = stages_arrays(run->options);
    bool transports = run->options->tasks.transports > 1 || staged;
    w.moved = staged ? MOVED_WIDTH : 0;
    for (int i = 0; i < run->rows; i++) {
        char value[VALUE_TEXT], bits[VALUE_TEXT];
        row_value_text(&run->row[i], value, sizeof value);
        bits_text(&run->row[i].value, bits, sizeof bits);
        w.team = longer(w.team, run->row[i].team);
        w.mode = modes ? longer(w.mode, run->row[i].mode) : 0;
        w.transport = transports ? longer((int)strlen("transport"), run->row[i].transport) : 0;
        w.value = longer(w.value, value);
        w.bits = longer(w.bits, bits);
    }
    return w;
}

void print_column(int width, const char *text)
{
    if (width > 0)
        printf("%-*s ", width, text);
}

/* Seconds of bringing the data: once, or in each repetition. */
static double load_of(const harness_row *row, bool staged)
{
    const trine_ledger *l = &row->ledger;
    return staged ? l->transfer_in + l->transfer_out : row->load + l->transfer_in;
}

void print_cpus(void)
{
    int cpus = trine_cpus();
    printf("%d CPU%s", cpus, cpus == 1 ? "" : "s");
}

static void print_table_row(const harness_row *row, table_widths w)
{
    char value[VALUE_TEXT], bits[VALUE_TEXT], check[VALUE_TEXT];
    const trine_ledger *l = &row->ledger;
    row_value_text(row, value, sizeof value);
    bits_text(&row->value, bits, sizeof bits);
    judged(row, check, sizeof check);
    print_column(w.team, row->team);
    print_column(w.mode, row->mode);
    print_column(w.transport, row->transport);
    if (w.moved)
        printf("%*.1f ", w.moved, (double)l->moved / (1 << 20));
    printf("%3d %8.4f %6.2f %5.2f %6.1f %6.1f %8.3f %8.2f %7.3f %7.3f %6.3f  ", row->workers,
           row->seconds, row->rate, row->ratio, 1e3 * row->open, 1e3 * load_of(row, w.moved > 0),
           1e3 * l->dispatch, 1e3 * l->compute, 1e3 * l->wait, 1e3 * l->combine, 1e3 * l->other);
    print_column(w.value, value);
    print_column(w.bits, row->status ? "" : bits);
    printf("%s\n", check);
}

static void print_table_head(const harness_run *run, table_widths w)
{
    int launched = trine_launched();
    printf("%s of %s: %" PRIu64 " elements of %s", run->options->driver->name, run->data, run->n,
           trine_dtype_name(run->dtype));
    if (run->stored)
        printf(" (%s in the file)", run->stored);
    printf(", %.3f GiB\n", (double)run->bytes / (1 << 30));
    printf("%s; ", trine_version());
    print_cpus();
    printf("%s; read bandwidth %.1f GB/s on one, %.1f GB/s on all; open to other: ms\n\n",
           launched > 1 ? " for rank 0" : "", run->bandwidth_one, run->bandwidth_all);
    print_column(w.team, "team");
    print_column(w.mode, "mode");
    print_column(w.transport, "transport");
    print_column(w.moved, "moved MiB");
    printf("%3s %8s %6s %5s %6s %6s %8s %8s %7s %7s %6s  ", "wrk", "seconds", "GB/s", "ratio",
           "open", "load", "dispatch", "compute", "wait", "combine", "other");
    print_column(w.value, "result");
    print_column(w.bits, "bits");
    printf("check\n");
}

/* What a wrong row gave, and what is right. */
static void print_wrong_rows(const harness_run *run)
{
    char value[VALUE_TEXT], right[REFERENCE_TEXT];
    reference_text(&run->reference, run->dtype, right, sizeof right);
    for (int i = 0; i < run->rows; i++) {
        const harness_row *row = &run->row[i];
        row_value_text(row, value, sizeof value);
        if (row->verdict == VERDICT_WRONG && run->options->driver->operation)
            printf("%s on %s: %s is wrong\n", row->mode, row->team, value);
        else if (row->verdict == VERDICT_WRONG)
            printf("%s on %s: got %s, expected %s\n", row->mode, row->team, value, right);
    }
}

/* What has no row. */
static void print_failures(const harness_run *run)
{
    for (int i = 0; i < run->failures; i++) {
        const harness_failure *f = &run->failure[i];
        printf("%s%s%s FAILED: %s\n", f->mode, *f->mode ? " on " : "", f->team,
               f->message && *f->message ? f->message : trine_status_text(f->status));
    }
}

static void print_conclusion(const harness_run *run)
{
    int wrong = 0, differ = 0, unverified = 0, none = 0;
    print_failures(run);
    for (int i = 0; i < run->rows; i++) {
        none += run->row[i].status != TRINE_OK;
        wrong += run->row[i].verdict == VERDICT_WRONG;
        unverified += run->row[i].verdict == VERDICT_UNVERIFIED;
        differ += !run->row[i].agrees;
    }
    if (run->rows > 1)
        printf("%s", differ                      ? "The teams do NOT agree. "
                     : run->failures > 0         ? "All others agree, bit for bit. "
                     : run->options->methods > 1 ? "In each mode all teams agree, bit for bit. "
                                                 : "All teams agree, bit for bit. ");
    if (unverified == run->rows)
        printf("Not verified against the reference.\n");
    else if (wrong)
        printf("%d of %d results are WRONG by the reference.\n", wrong, run->rows);
    else
        printf("Verified against an independent %s: right.\n",
               run->options->driver->operation ? "computation" : "sum");
    if (none)
        printf("%d of %d results %s no value.\n", none, run->rows, none == 1 ? "has" : "have");
    print_wrong_rows(run);
}

static void print_table(const harness_run *run)
{
    if (runs_tasks(run->options->driver)) {
        print_task_table(run);
    } else {
        table_widths widths = measure_table(run);
        print_table_head(run, widths);
        for (int i = 0; i < run->rows; i++)
            print_table_row(&run->row[i], widths);
    }
    printf("\n");
    if (run->options->memory)
        print_memory(run);
    print_conclusion(run);
    if (run->options->tasks.who)
        print_who(run);
}

/* A field that may hold anything, quoted (RFC 4180). */
static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    printf("\",");
}

static void print_csv_row(const harness_run *run, const harness_row *r)
{
    char value[VALUE_TEXT], bits[VALUE_TEXT], host[256] = "";
    const trine_ledger *l = &r->ledger;
    const task_statistics *t = &r->statistics;
    row_value_text(r, value, sizeof value);
    bits_text(&r->value, bits, sizeof bits);
    gethostname(host, sizeof host - 1);
    printf("%d,%s,", SCHEMA, run->options->driver->name);
    print_quoted(trine_version());
    printf("%s,", trine_isa());
    print_quoted(host);
    printf("%d,", trine_cpus());
    print_quoted(run->data);
    printf("%s,%.6g,%.6g,", trine_dtype_name(run->dtype), run->bandwidth_one, run->bandwidth_all);
    print_quoted(r->team);
    printf("%s,%d,%d,%" PRIu64 ",%" PRIu64 ",%.9g,%.9g,%.9g,%.9g,%.6g,%.6g,", r->mode, r->ranks,
           r->workers, r->n, r->bytes, r->seconds, r->least, r->load, r->open, r->rate, r->ratio);
    printf("%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,", l->transfer_in, l->dispatch, l->compute,
           l->wait, l->combine, l->transfer_out, l->other, l->user, l->sys);
    printf("%s,%s,%s,%s,%s,", trine_status_name(r->status), value, bits, verdict_name(r->verdict),
           r->agrees ? "true" : "false");
    print_quoted(r->note);
    printf("%d,%" PRIu64 ",%" PRIu64 ",%s,", l->replaced, l->bytes, l->moved, r->transport);
    printf("%" PRIu64 ",%.6g,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%d,", t->items,
           items_per_second(r), t->chunk, t->failed, t->retried, t->resumed, t->lost);
    const trine_memory m = r->all_memory;
    printf("%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", m.rss, m.pss, m.uss);
}

/* A row without figures: its status, and in the note what was said. */
static void print_csv_failure(const harness_run *run, const harness_failure *failure)
{
    harness_row row = {.status = failure->status, .verdict = VERDICT_UNVERIFIED};
    snprintf(row.team, sizeof row.team, "%s", failure->team);
    snprintf(row.mode, sizeof row.mode, "%s", failure->mode);
    snprintf(row.note, sizeof row.note, "%s", failure->message ? failure->message : "");
    print_csv_row(run, &row);
}

static void print_csv(const harness_run *run)
{
    printf(
        "schema,driver,version,isa,host,cpus,data,dtype,read_gb_per_s_one_cpu,read_gb_per_s,team,"
        "mode,ranks,workers,n,bytes,seconds,least_seconds,load_seconds,open_seconds,gb_per_s,"
        "of_read_bandwidth,transfer_in,dispatch,compute,wait,combine,transfer_out,other,user,sys,"
        "status,value,bits,verdict,agrees,note,replaced,ledger_bytes,moved,transport,items,items_"
        "per_"
        "s,chunk,failed,retried,resumed,lost,rss,pss,uss\n");
    for (int i = 0; i < run->rows; i++)
        print_csv_row(run, &run->row[i]);
    for (int i = 0; i < run->failures; i++)
        print_csv_failure(run, &run->failure[i]);
}

static bool print_json(const harness_run *run)
{
    char *text = run_to_json(run);
    if (text)
        puts(text);
    bool made = text != NULL;
    free(text);
    return made;
}

int print_run(const harness_run *run)
{
    switch (run->options->form) {
    case FORM_JSON:
        if (!print_json(run)) {
            log_line(run->options->driver->name, "no memory for the results as JSON");
            return EXIT_FAILED;
        }
        break;
    case FORM_CSV:
        print_csv(run);
        break;
    default:
        print_table(run);
    }
    return end_output(run->options->driver->name);
}
