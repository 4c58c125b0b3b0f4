/* harness/plot.h - SVG files by gnuplot, which reads its commands from a pipe. */
#ifndef TRINE_HARNESS_PLOT_H
#define TRINE_HARNESS_PLOT_H

#include <stdio.h>

#include "drivers/harness/harness.h"

/* EXIT_RIGHT when a drawing could be made there now: asked before work whose drawing would come too
 * late to complain of. Else what harness_plot gives, and why was said. */
int can_plot(const char *path);

/* gnuplot, set to draw into that file in so many pixels; NULL when it cannot be, which was said,
 * with what harness_plot gives then in *result. */
FILE *open_plot(const char *path, int width, int height, int *result);

/* Ends gnuplot: what harness_plot gives, of a drawing that is there and whole or not. */
int close_plot(FILE *gnuplot, const char *path);

/* "set title 'text'" and such, quoted; nothing for NULL. */
void put_text(FILE *gnuplot, const char *command, const char *text);

/* 'text', quoted as gnuplot reads it. */
void put_quoted(FILE *gnuplot, const char *text);

#endif
