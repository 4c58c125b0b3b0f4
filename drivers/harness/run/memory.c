/* drivers/harness/run/memory.c - what a row's workers take of memory. */
#include <inttypes.h>
#include <stdio.h>

#include "drivers/harness/report/report.h"

static double mebibytes(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

void print_memory(const harness_run *run)
{
    table_widths w = measure_table(run);
    printf("memory after the last repetition, MiB\n");
    print_column(w.team, "team");
    print_column(w.mode, "mode");
    print_column(w.transport, "transport");
    printf("%6s %8s %9s %9s %9s\n", "worker", "pid", "RSS", "PSS", "USS");
    for (int i = 0; i < run->rows; i++) {
        const harness_row *row = &run->row[i];
        for (int k = 0; k < row->shares && row->memory; k++) {
            const trine_memory *m = &row->memory[k];
            print_column(w.team, row->team);
            print_column(w.mode, row->mode);
            print_column(w.transport, row->transport);
            printf("%6d %8" PRId64 " %9.1f %9.1f %9.1f\n", k, row->share[k].pid, mebibytes(m->rss),
                   mebibytes(m->pss), mebibytes(m->uss));
        }
        print_column(w.team, row->team);
        print_column(w.mode, row->mode);
        print_column(w.transport, row->transport);
        printf("%6s %8s %9.1f %9.1f %9.1f\n", "all", row->ranks > 1 ? "ranks" : "",
               mebibytes(row->all_memory.rss), mebibytes(row->all_memory.pss),
               mebibytes(row->all_memory.uss));
    }
    printf("\n");
}
