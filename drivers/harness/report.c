/* harness/report.c - printing a run: a table for people, CSV and JSON for programs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/rows.h"
#include "drivers/harness/say.h"

static const char *const verdicts[] = {"right", "WRONG", "unverified"};

static void print_value(const harness_row *row, char *text, size_t size)
{
    if (row->status)
        snprintf(text, size, "%s", trine_status_name(row->status));
    else if (row->value.dtype == TRINE_F64)
        snprintf(text, size, "%.17g", row->value.as.f64);
    else if (row->value.dtype == TRINE_F32)
        snprintf(text, size, "%.9g", (double)row->value.as.f32);
    else if (row->value.dtype == TRINE_U64)
        snprintf(text, size, "%" PRIu64, row->value.as.u64);
    else
        snprintf(text, size, "%" PRId64, row->value.as.i64);
}

static const char *judged(const harness_row *row)
{
    return row->agrees ? verdicts[row->verdict] : "DIFFERS";
}

static void print_table_row(const harness_run *run, const harness_row *row)
{
    char value[40], mode[40] = "";
    const trine_ledger *l = &row->ledger;
    print_value(row, value, sizeof value);
    if (run->options->methods > 1)
        snprintf(mode, sizeof mode, "%-12s", row->mode);
    printf(
        "%-14s %s%3d %9.4f %7.2f %5.2f %8.2f %8.1f %8.3f %8.2f %8.3f %8.3f %8.3f  %-22s %0*" PRIx64
        " %s\n",
        row->team, mode, row->workers, row->seconds, row->rate, row->ratio, 1e3 * row->open,
        1e3 * (row->load + l->transfer_in), 1e3 * l->dispatch, 1e3 * l->compute, 1e3 * l->wait,
        1e3 * l->combine, 1e3 * l->other, value, row->value.dtype == TRINE_F32 ? 8 : 16,
        row->status ? 0 : value_bits(&row->value), judged(row));
}

static void print_conclusion(const harness_run *run)
{
    int wrong = 0, differ = 0, unverified = 0;
    for (int i = 0; i < run->rows; i++) {
        wrong += run->row[i].verdict == VERDICT_WRONG;
        unverified += run->row[i].verdict == VERDICT_UNVERIFIED;
        differ += !run->row[i].agrees;
    }
    if (run->rows > 1)
        printf("%s", differ                      ? "The teams do NOT agree. "
                     : run->options->methods > 1 ? "In each mode all teams agree, bit for bit. "
                                                 : "All teams agree, bit for bit. ");
    if (unverified == run->rows)
        printf("Not verified against the reference.\n");
    else if (wrong)
        printf("%d of %d results are WRONG by the reference.\n", wrong, run->rows);
    else
        printf("Verified against an independent sum: right.\n");
}

static void print_table(const harness_run *run)
{
    printf("%s of %s: %" PRIu64 " elements of %s, %.3f GiB\n", run->options->driver->name,
           run->data, run->n, trine_dtype_name(run->dtype), (double)run->bytes / (1 << 30));
    printf("%s; %d CPUs; read bandwidth %.1f GB/s on one, %.1f GB/s on all\n\n", trine_version(),
           trine_cpus(), run->bandwidth_one, run->bandwidth_all);
    printf("%-14s %s%3s %9s %7s %5s %8s %8s %8s %8s %8s %8s %8s  %-22s %s\n", "team",
           run->options->methods > 1 ? "mode        " : "", "wrk", "seconds", "GB/s", "ratio",
           "open", "load", "dispatch", "compute", "wait", "combine", "other ms", "result",
           "bits             check");
    for (int i = 0; i < run->rows; i++)
        print_table_row(run, &run->row[i]);
    printf("\n");
    print_conclusion(run);
}

static void print_csv(const harness_run *run)
{
    printf("schema,driver,team,mode,ranks,workers,n,bytes,seconds,least_seconds,load_seconds,"
           "open_seconds,gb_per_s,of_read_bandwidth,dispatch,compute,wait,combine,other,status,"
           "value,bits,verdict,agrees\n");
    for (int i = 0; i < run->rows; i++) {
        const harness_row *r = &run->row[i];
        char value[40];
        print_value(r, value, sizeof value);
        printf("1,%s,%s,%s,%d,%d,%" PRIu64 ",%" PRIu64
               ",%.9g,%.9g,%.9g,%.9g,%.6g,%.6g,%.9g,%.9g,%.9g,%.9g,%.9g,%s,%s,%016" PRIx64
               ",%s,%d\n",
               run->options->driver->name, r->team, r->mode, r->ranks, r->workers, r->n, r->bytes,
               r->seconds, r->least, r->load, r->open, r->rate, r->ratio, r->ledger.dispatch,
               r->ledger.compute, r->ledger.wait, r->ledger.combine, r->ledger.other,
               trine_status_name(r->status), value, value_bits(&r->value), verdicts[r->verdict],
               r->agrees);
    }
}

static void print_json(const harness_run *run)
{
    char *text = run_to_json(run);
    if (text)
        puts(text);
    free(text);
}

int print_run(const harness_run *run)
{
    switch (run->options->form) {
    case FORM_JSON:
        print_json(run);
        break;
    case FORM_CSV:
        print_csv(run);
        break;
    default:
        print_table(run);
    }
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_RIGHT;
    say(run->options->driver->name, "writing the results: %s", strerror(errno));
    return EXIT_FAILED;
}
