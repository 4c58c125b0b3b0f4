/* core/lines/lines.h - doing something to each line of elements along an axis of an array. */
#ifndef TRINE_CORE_LINES_H
#define TRINE_CORE_LINES_H

#include "core/array/array.h"

/* What is done to a line: apply takes its `length` elements at `in`, one behind the other, and
 * writes out_length results to `out`, which may be `in`. param: param_size plain bytes. scratch:
 * bytes that apply needs for a line of that length, aligned to 64. */
typedef struct trine_lines trine_lines;
struct trine_lines {
    trine_status (*apply)(const trine_lines *lines, const void *in, void *out, void *scratch);
    size_t (*scratch)(const trine_lines *lines);
    const void *param;
    size_t param_size, item, out_item;
    uint64_t length, out_length;
};

/* Of outer x length x inner elements at x to outer x out_length x inner at out, by the workers of
 * the executor, which address both. In a call that has begun. Not collective. */
trine_status trine_lines_run(trine_team *team, trine_executor *executor, const trine_lines *lines,
                             uint64_t outer, uint64_t inner, const void *x, void *out);

/* This rank's outer and inner along an axis whose lines it holds whole: any but the first, or any
 * on a team of one rank. */
void trine_lines_around(const trine_array *x, int axis, uint64_t *outer, uint64_t *inner);

/* Whether lines along that axis lie on several ranks. */
bool trine_lines_are_cut(const trine_array *x, int axis);

/* x turned, so that lines along its first axis become rows of whole ones: a new DISTRIBUTED array
 * of x->columns rows. Collective. */
trine_status trine_lines_gather(const trine_array *x, trine_array **turned);

/* Lines of x along the axis to those of out, of the same shape: the whole call. Sets the item and
 * length of `lines`. name: the call's. Collective. */
trine_status trine_lines_call(const char *name, trine_lines *lines, const trine_array *x,
                              trine_array *out, int axis);

#endif
