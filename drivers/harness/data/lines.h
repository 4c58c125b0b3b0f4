/* drivers/harness/data/lines.h - the lines of elements along an axis, as --axis names it. */
#ifndef TRINE_HARNESS_LINES_H
#define TRINE_HARNESS_LINES_H

#include <trine/trine.h>

/* axis: counted from the first. outer, length, inner: this rank's elements, of which the middle one
 * is the axis; along the first axis it is this rank's part of each line. */
typedef struct harness_lines {
    int axis;
    size_t outer, length, inner;
} harness_lines;

/* The lines of x along an axis, -ndim to ndim - 1. ARGUMENT, which it has said, of others. */
trine_status harness_lines_along(const char *driver, const trine_array *x, int axis,
                                 harness_lines *lines);

#endif
