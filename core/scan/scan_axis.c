/* core/scan/scan_axis.c - scans along an axis: each line is a whole of its own, on its own grid. */
#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"
#include "core/lines/lines.h"
#include "core/partition/prefix.h"
#include "core/scan/scan.h"
#include "core/system/util.h"

/* What apply needs to know; behind it comes the scanner's own param. */
typedef struct line_scan {
    trine_scanner scanner;
    unsigned flags;
} line_scan;

static const void *own_param(const line_scan *scan)
{
    return scan->scanner.monoid.param_size ? scan + 1 : NULL;
}

/* Scratch: the prefix, a chunk's partial, the working state. */
static size_t scratch_of(const trine_lines *lines)
{
    const line_scan *scan = lines->param;
    const trine_monoid *monoid = &scan->scanner.monoid;
    return trine_round_up(trine_prefix_size(monoid), TRINE_CACHE_LINE) + trine_tree_stride(monoid) +
           trine_round_up(monoid->work_size, TRINE_CACHE_LINE);
}

/* The partial of a chunk, before which the scan of it may be written over it. */
static void reduce_chunk(const line_scan *scan, const trine_chunk *chunk, unsigned char *partial)
{
    const trine_monoid *monoid = &scan->scanner.monoid;
    unsigned char *work = partial + trine_tree_stride(monoid);
    const void *param = own_param(scan);
    monoid->identity(partial, param);
    if (monoid->work_size && chunk->first == 0)
        monoid->begin(work, param);
    monoid->accumulate(monoid->work_size ? work : partial, chunk, param);
    if (monoid->work_size)
        monoid->settle(partial, work, param);
}

static trine_status scan_line(const trine_lines *lines, const void *in, void *out, void *scratch)
{
    const line_scan *scan = lines->param;
    const trine_monoid *monoid = &scan->scanner.monoid;
    unsigned char *partial =
        (unsigned char *)scratch + trine_round_up(trine_prefix_size(monoid), TRINE_CACHE_LINE);
    trine_prefix prefix;
    trine_status status = TRINE_OK;
    trine_prefix_begin(&prefix, monoid, own_param(scan), scratch);
    for (uint64_t at = 0; at < lines->length && !status; at += TRINE_CHUNK) {
        uint64_t left = lines->length - at;
        bool more = left > TRINE_CHUNK;
        trine_chunk chunk = {.first = at,
                             .n = more ? TRINE_CHUNK : (size_t)left,
                             .in = {(const char *)in + at * lines->item},
                             .out = {(char *)out + at * lines->out_item}};
        if (more)
            reduce_chunk(scan, &chunk, partial);
        status =
            scan->scanner.apply(&chunk, trine_prefix_get(&prefix), scan->flags, own_param(scan));
        if (more)
            trine_prefix_push(&prefix, (trine_node){at / TRINE_CHUNK, 0}, partial);
    }
    return status ? trine_fail(status, "%s: in one of the lines: %s", scan->scanner.name,
                               trine_status_text(status))
                  : TRINE_OK;
}

trine_status trine_scan_lines(const trine_scanner *scanner, const void *param, const trine_array *x,
                              trine_array *out, int axis, bool exclusive)
{
    const trine_monoid *monoid = &scanner->monoid;
    size_t size = sizeof(line_scan) + monoid->param_size;
    line_scan *scan = malloc(size);
    trine_lines lines = {
        .apply = scan_line, .param = scan, .param_size = size, .scratch = scratch_of};
    if (!scan)
        return trine_call_refuse(
            x->team, trine_fail(TRINE_E_MEMORY, "%s: no memory for its param", scanner->name));
    *scan = (line_scan){.scanner = *scanner, .flags = exclusive ? TRINE_SCAN_EXCLUSIVE : 0};
    if (monoid->param_size)
        memcpy(scan + 1, param, monoid->param_size);
    trine_status status = trine_lines_call(scanner->name, &lines, x, out, axis);
    free(scan);
    return status;
}
