/* drivers/harness/report/report.h - what the tables of all drivers share. */
#ifndef TRINE_HARNESS_REPORT_H
#define TRINE_HARNESS_REPORT_H

#include "drivers/harness/run/rows.h"

/* Widths of the columns of text: as the longest entry; 0 for a column that is left out. */
typedef struct table_widths {
    int team, mode, transport, moved, value, bits;
} table_widths;

table_widths measure_table(const harness_run *run);

/* A column of text and the space after it; none at width 0. */
void print_column(int width, const char *text);

/* "1 CPU", "2 CPUs": what this process may use. */
void print_cpus(void);

/* The row's result, or its status; and what was found of it, as "right" or "overflow (right)". */
void row_value_text(const harness_row *row, char *text, size_t size);
void judged(const harness_row *row, char *text, size_t size);

#endif
