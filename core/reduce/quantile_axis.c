/* core/reduce/quantile_axis.c - quantiles along an axis: each line is sorted by one worker. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"
#include "core/system/float_environment.h"
#include "core/lines/lines.h"
#include "core/reduce/order_statistics.h"
#include "core/system/util.h"
#include "core/sort/sort_lines.h"
#include "kernels/reduce/interpolate.h"

/* What apply needs to know. skip: NaN is passed over. */
typedef struct line_quantiles {
    trine_dtype dtype;
    trine_quantile_method method;
    bool skip;
    int count;
    double q[TRINE_QUANTILES];
} line_quantiles;

static size_t line_space(const trine_lines *lines)
{
    return trine_whole_lines((size_t)lines->length * lines->item);
}

/* The sorted line, and what sorting takes. */
static size_t scratch_of(const trine_lines *lines)
{
    const line_quantiles *p = lines->param;
    return line_space(lines) + trine_line_scratch(p->dtype, lines->length);
}

static trine_status quantiles_of_line(const trine_lines *lines, const void *in, void *out,
                                      void *scratch)
{
    const line_quantiles *p = lines->param;
    double *quantiles = out;
    size_t item = lines->item;
    char *sorted = scratch;
    uint64_t numbers =
        trine_line_sort(p->dtype, in, lines->length, sorted, sorted + line_space(lines));
    bool defined = numbers > 0 && (p->skip || numbers == lines->length);
    for (int i = 0; i < p->count; i++) {
        quantiles[i] = NAN;
        if (!defined)
            continue;
        trine_neighbours at = trine_quantile_neighbours(p->method, numbers, p->q[i]);
        quantiles[i] = trine_interpolate(p->dtype, sorted + at.below * item,
                                         sorted + at.above * item, at.part);
    }
    return TRINE_OK;
}

/* Brings the `count` quantiles of each line from the rank that has them, in own, to all. */
static trine_status share_out(trine_team *team, const trine_array *turned, int count,
                              const double *own, double *all)
{
    int ranks = team->communicator.size;
    trine_part *parts = calloc(2 * (size_t)ranks, sizeof *parts);
    trine_grid rows = trine_grid_of_rows(turned->rows, turned->columns);
    size_t line = (size_t)count * sizeof(double);
    trine_status status =
        parts && all ? TRINE_OK : trine_fail(TRINE_E_MEMORY, "trine_quantile_axis: no memory");
    for (int r = 0; r < ranks && parts && all; r++) {
        uint64_t offset, local_n;
        trine_grid_block(&rows, r, ranks, &offset, &local_n);
        parts[r] = (trine_part){(void *)own, (size_t)turned->local_rows * line};
        parts[ranks + r] = (trine_part){(char *)all + offset * line, (size_t)local_n * line};
    }
    status =
        team->communicator.ops->exchange(&team->communicator, parts, parts ? parts + ranks : NULL,
                                         trine_call_number(70, &count, sizeof count), status);
    free(parts);
    return status;
}

/* outer x count x inner become count x outer x inner. */
static void put_in_order(const double *from, uint64_t outer, uint64_t count, uint64_t inner,
                         double *to)
{
    for (uint64_t o = 0; o < outer; o++)
        for (uint64_t i = 0; i < count && inner > 0; i++)
            memcpy(to + (i * outer + o) * inner, from + (o * count + i) * inner,
                   (size_t)inner * sizeof *to);
}

/* This rank's lines, held whole; from there `turned` (the array itself was: the lines are the
 * columns of another) to all ranks. */
static trine_status quantiles_here(const trine_array *x, int axis, bool turned, trine_lines *lines,
                                   double quantiles[])
{
    trine_team *team = x->team;
    trine_executor *executor = &team->executor;
    uint64_t outer, inner, count = lines->out_length;
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    trine_lines_around(x, axis, &outer, &inner);
    size_t bytes = (size_t)(outer * inner * count) * sizeof(double);
    size_t all_bytes = (size_t)(x->rows * count) * sizeof(double);
    void *results = NULL;
    double *all = turned ? malloc(all_bytes + 1) : NULL;
    lines->item = trine_dtype_size(x->dtype);
    lines->out_item = sizeof(double);
    lines->length = (uint64_t)x->shape[axis];
    if (lines->length == 0)
        status = trine_fail(TRINE_E_EMPTY, "trine_quantile_axis: lines of no elements");
    if (!status && bytes > 0)
        status = executor->ops.alloc(executor, bytes, &results);
    if (!status && bytes > 0)
        status = trine_lines_run(team, trine_arrays_executor(team, &x, 1), lines, outer, inner,
                                 x->data, results);
    uint64_t call = trine_call_number(71, &count, sizeof count);
    status = trine_team_agree(team, trine_call_number(call, &axis, sizeof axis), status);
    if (!status && turned) {
        status = share_out(team, x, (int)count, results, all);
        if (!status)
            put_in_order(all, x->rows, count, 1, quantiles);
    } else if (!status && bytes > 0) {
        put_in_order(results, outer, count, inner, quantiles);
    }
    if (results)
        executor->ops.free(executor, results, bytes);
    free(all);
    team->ledger.bytes = (int64_t)(x->local_n * lines->item);
    return trine_call_end(team, &team->ledger.combine, status);
}

static trine_status check(const trine_array *x, const double q[], const void *quantiles)
{
    if (x && q && quantiles)
        return TRINE_OK;
    return trine_fail(TRINE_E_ARGUMENT, "trine_quantile_axis: %s is NULL",
                      !x   ? "x"
                      : !q ? "q"
                           : "quantiles");
}

static trine_status quantile_axis(const trine_array *x, trine_quantile_method method, bool skip,
                                  int count, const double q[], int axis, double quantiles[])
{
    TRINE_FLOAT_SCOPE;
    trine_status status = check(x, q, quantiles);
    if (!status)
        status = trine_quantile_check("trine_quantile_axis", method, count, q);
    if (!status)
        status = trine_axis_check("trine_quantile_axis", x->ndim, &axis);
    if (status)
        return trine_call_refuse(trine_array_team(x), status);
    /* One line: the workers and ranks share it. */
    if (axis == 0 && x->columns == 1)
        return trine_quantile_line(x, method, skip, count, q, quantiles);
    line_quantiles p = {.dtype = x->dtype, .method = method, .skip = skip, .count = count};
    memcpy(p.q, q, (size_t)count * sizeof *q);
    trine_lines lines = {.apply = quantiles_of_line,
                         .scratch = scratch_of,
                         .param = &p,
                         .param_size = sizeof p,
                         .out_length = (uint64_t)count};
    if (!trine_lines_are_cut(x, axis))
        return quantiles_here(x, axis, false, &lines, quantiles);
    trine_array *turned = NULL;
    status = trine_lines_gather(x, &turned);
    if (!status)
        status = quantiles_here(turned, 1, true, &lines, quantiles);
    trine_array_free(turned);
    return status;
}

trine_status trine_quantile_axis(const trine_array *x, trine_quantile_method method, int count,
                                 const double q[], int axis, double quantiles[])
{
    return quantile_axis(x, method, false, count, q, axis, quantiles);
}

trine_status trine_nanquantile_axis(const trine_array *x, trine_quantile_method method, int count,
                                    const double q[], int axis, double quantiles[])
{
    return quantile_axis(x, method, true, count, q, axis, quantiles);
}
