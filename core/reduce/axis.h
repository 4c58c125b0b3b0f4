/* core/reduce/axis.h - reductions along one axis of an array. */
#ifndef TRINE_CORE_AXIS_H
#define TRINE_CORE_AXIS_H

#include "core/reduce/reduce.h"

/* This rank's rows [row_offset, row_offset + local_rows) of rows x columns elements, from a source
 * of elements for each of the reducer's inputs. own_blocks as in an input. Along another axis than
 * the first a row is outer x length x inner elements, and the axis is the middle one. */
typedef struct trine_view {
    trine_source source[TRINE_ARGS];
    uint64_t rows, columns, row_offset, local_rows;
    uint64_t outer, length, inner;
    bool own_blocks;
    trine_executor *executor;
} trine_view;

/* outer, length and inner for that axis of a shape. */
void trine_view_axis(trine_view *view, int ndim, const int64_t shape[], int axis);

/* Along the first axis: a result for each of the columns, the same on all ranks. Collective. */
trine_status trine_view_columns(trine_team *team, const trine_reducer *reducer, const void *param,
                                const trine_view *view, void *result);

/* Along another: outer x inner results for each of this rank's rows. Collective. */
trine_status trine_view_lines(trine_team *team, const trine_reducer *reducer, const void *param,
                              const trine_view *view, void *result);

/* Bytes of so many results. MEMORY when nothing could hold them. */
trine_status trine_results_size(const trine_reducer *reducer, uint64_t count, size_t *bytes);

/* What it means that finish refused the result of a line which had that many elements: EMPTY of
 * some becomes a NaN, and OK, where the result is a real number, unless the reducer has
 * TRINE_EMPTY_FAILS. */
trine_status trine_line_refused(const trine_reducer *reducer, trine_status status, uint64_t length,
                                void *result);

/* The param of the reducer over rows (parts of them, of `columns` elements), followed by the param
 * of the reducer over elements. stride: bytes from one partial to the next; work: from one working
 * state to the next. row: bytes from one row to the next in each input. */
typedef struct trine_columns_param {
    trine_reducer reducer;
    size_t columns, stride, work, row[TRINE_ARGS], item[TRINE_ARGS];
} trine_columns_param;

/* Columns of a tile: as many as keep their partials small. */
uint64_t trine_columns_tile(const trine_reducer *reducer);

/* The param's bytes; making it in as many bytes at `made`; the reducer over rows of as many columns
 * as it says. row is for the caller to set. */
size_t trine_columns_size(const trine_reducer *reducer);
void trine_columns_make(trine_columns_param *made, const trine_reducer *reducer, const void *param,
                        size_t columns);
trine_reducer trine_columns_reducer(const trine_columns_param *p);

#endif
