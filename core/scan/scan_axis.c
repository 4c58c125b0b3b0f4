/* core/scan/scan_axis.c - scans along an axis: each line is a whole of its own, on its own grid. */
#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"
#include "core/lines/lines.h"
#include "core/partition/prefix.h"
#include "core/scan/scan.h"
#include "core/system/util.h"

/* What apply needs to know; behind it comes the scan operator's own param. */
typedef struct line_scan {
    trine_scan_operator op;
    unsigned flags;
} line_scan;

static const void *own_param(const line_scan *scan)
{
    return scan->op.reducer.param_size ? scan + 1 : NULL;
}

/* Scratch: the exclusive prefix, a chunk's partial, the working state. */
static size_t scratch_of(const trine_lines *lines)
{
    const line_scan *scan = lines->param;
    const trine_reducer *reducer = &scan->op.reducer;
    return trine_whole_lines(trine_prefix_size(reducer)) + trine_tree_stride(reducer) +
           trine_whole_lines(reducer->work_size);
}

/* The partial of a chunk; it is made before the chunk's scan, which may be written over it. */
static void reduce_chunk(const line_scan *scan, const trine_chunk *chunk, unsigned char *partial)
{
    const trine_reducer *reducer = &scan->op.reducer;
    unsigned char *work = partial + trine_tree_stride(reducer);
    const void *param = own_param(scan);
    reducer->init(partial, param);
    if (reducer->work_size && chunk->offset == 0)
        reducer->work_init(work, param);
    reducer->accumulate(reducer->work_size ? work : partial, chunk, param);
    if (reducer->work_size)
        reducer->work_flush(partial, work, param);
}

static trine_status scan_line(const trine_lines *lines, const void *in, void *out, void *scratch)
{
    const line_scan *scan = lines->param;
    const trine_reducer *reducer = &scan->op.reducer;
    unsigned char *partial =
        (unsigned char *)scratch + trine_whole_lines(trine_prefix_size(reducer));
    trine_prefix prefix;
    trine_status status = TRINE_OK;
    trine_prefix_begin(&prefix, reducer, own_param(scan), scratch);
    for (uint64_t at = 0; at < lines->length && !status; at += TRINE_CHUNK) {
        uint64_t left = lines->length - at;
        bool more = left > TRINE_CHUNK;
        trine_chunk chunk = {.offset = (int64_t)at,
                             .n = more ? TRINE_CHUNK : (int64_t)left,
                             .in = {(const char *)in + at * lines->item},
                             .out = {(char *)out + at * lines->out_item}};
        if (more)
            reduce_chunk(scan, &chunk, partial);
        status = scan->op.apply(&chunk, trine_prefix_get(&prefix), scan->flags, own_param(scan));
        if (more)
            trine_prefix_push(&prefix, (trine_node){at / TRINE_CHUNK, 0}, partial);
    }
    return status ? trine_fail(status, "%s: in one of the lines: %s", scan->op.name,
                               trine_status_text(status))
                  : TRINE_OK;
}

trine_status trine_scan_lines(const trine_scan_operator *op, const void *param,
                              const trine_array *x, trine_array *out, int axis, bool exclusive)
{
    const trine_reducer *reducer = &op->reducer;
    size_t size = sizeof(line_scan) + reducer->param_size;
    line_scan *scan = malloc(size);
    trine_lines lines = {
        .apply = scan_line, .param = scan, .param_size = size, .scratch = scratch_of};
    if (!scan)
        return trine_call_refuse(
            x->team, trine_fail(TRINE_E_MEMORY, "%s: no memory for its param", op->name));
    *scan = (line_scan){.op = *op, .flags = exclusive ? TRINE_SCAN_EXCLUSIVE : 0};
    if (reducer->param_size)
        memcpy(scan + 1, param, reducer->param_size);
    trine_status status = trine_lines_call(op->name, &lines, x, out, axis);
    free(scan);
    return status;
}
