/* drivers/harness/report/plot.h - SVG files by gnuplot, which reads its commands from a file
 * without a name. */
#ifndef TRINE_HARNESS_PLOT_H
#define TRINE_HARNESS_PLOT_H

#include <stdio.h>

#include "core/output/output.h"
#include "drivers/harness/harness.h"

/* A drawing that is being made: gnuplot will read that file, and write to the output, of whose name
 * it knows nothing. */
typedef struct drawing {
    FILE *gnuplot;
    const char *path;
    trine_output output;
} drawing;

/* EXIT_RIGHT when a drawing could be made there now: asked before work whose drawing would come too
 * late to complain of. Else what harness_plot gives, and why was said. */
int can_plot(const char *path);

/* Whether what is drawn there goes into a pipe, a device or the like. */
bool plots_into_stream(const char *path);

/* Begins a drawing of so many pixels. EXIT_RIGHT; else what harness_plot gives then, and
 * why was said. */
int open_plot(drawing *d, const char *path, int width, int height);

/* Has gnuplot draw: what harness_plot gives, of a drawing that is there and whole or not. */
int close_plot(drawing *d);

/* "set title 'text'" and such, quoted; nothing for NULL. */
void put_text(FILE *gnuplot, const char *command, const char *text);

/* 'text', quoted as gnuplot reads it. */
void put_quoted(FILE *gnuplot, const char *text);

#endif
