/* core/lines/lines.c - lines of elements along an axis, each by one worker.
 *
 * Lines whose elements lie one behind the other are worked on where they are. Others are taken side
 * by side: a few of them are turned into a buffer, worked on there, and turned back. Lines that the
 * ranks' blocks cut are turned as a whole, so that each rank gets some of them whole.
 */
#include "core/lines/lines.h"

#include <string.h>

#include <trine/kernel.h>
#include <trine/transpose.h>

#include "core/system/error.h"
#include "core/array/ownership.h"
#include "core/system/util.h"
#include "core/partition/share.h"
#include "kernels/registry/grids.h"

/* Lines that are turned together at most, so that whole lines of the cache are used; bytes of them
 * that are no reason to take fewer. */
enum { SIDE_BY_SIDE = 16, BUFFER = 1 << 22, BLOCKS_PER_WORKER = 32 };

/* The job's context, in memory that all workers address. */
typedef struct lines_job {
    trine_lines lines;
    uint64_t outer, inner, step, tiles;
    const char *x;
    char *out;
    size_t blocks;
    void (*transpose_block)(const trine_transpose_block *block);
} lines_job;

static size_t in_bytes(const lines_job *job)
{
    return trine_round_up((size_t)(job->step * job->lines.length) * job->lines.item,
                          TRINE_CACHE_LINE);
}

static size_t out_bytes(const lines_job *job)
{
    return trine_round_up((size_t)(job->step * job->lines.out_length) * job->lines.out_item,
                          TRINE_CACHE_LINE);
}

/* Lines [column, column + count) of those that lie side by side in `outer`. */
static trine_status turned_lines(const lines_job *job, uint64_t outer, uint64_t column,
                                 size_t count, char *scratch)
{
    const trine_lines *l = &job->lines;
    char *in = scratch, *out = in + in_bytes(job), *own = out + out_bytes(job);
    trine_transpose_block there = {.from =
                                       job->x + (outer * l->length * job->inner + column) * l->item,
                                   .to = in,
                                   .from_row = (size_t)job->inner * l->item,
                                   .to_row = (size_t)l->length * l->item,
                                   .rows = (size_t)l->length,
                                   .columns = count,
                                   .item = l->item};
    trine_transpose_block back = {.from = out,
                                  .to = job->out +
                                        (outer * l->out_length * job->inner + column) * l->out_item,
                                  .from_row = (size_t)l->out_length * l->out_item,
                                  .to_row = (size_t)job->inner * l->out_item,
                                  .rows = count,
                                  .columns = (size_t)l->out_length,
                                  .item = l->out_item};
    trine_status status = TRINE_OK;
    job->transpose_block(&there);
    for (size_t i = 0; i < count && !status; i++)
        status = l->apply(l, in + i * there.to_row, out + i * back.from_row, own);
    if (!status)
        job->transpose_block(&back);
    return status;
}

static trine_status some_lines(const lines_job *job, uint64_t group, char *scratch)
{
    const trine_lines *l = &job->lines;
    if (job->inner == 1)
        return l->apply(l, job->x + group * l->length * l->item,
                        job->out + group * l->out_length * l->out_item, scratch);
    uint64_t column = group % job->tiles * job->step;
    return turned_lines(job, group / job->tiles, column,
                        (size_t)trine_min(job->inner - column, job->step), scratch);
}

static trine_status lines_block(void *context, size_t block, trine_worker *worker)
{
    const lines_job *job = context;
    trine_range share = trine_fair_share(job->outer * job->tiles, job->blocks, block);
    trine_status status = TRINE_OK;
    for (uint64_t group = share.first; group < share.end && !status; group++)
        status = some_lines(job, group, worker->scratch);
    return status;
}

/* How many lines are taken at a time. */
static lines_job plan(const trine_lines *lines, uint64_t outer, uint64_t inner, int workers)
{
    uint64_t line = lines->length * lines->item + lines->out_length * lines->out_item;
    uint64_t step = line > BUFFER / SIDE_BY_SIDE ? BUFFER / line : SIDE_BY_SIDE;
    step = trine_max(trine_min(step, inner), 1);
    lines_job job = {.lines = *lines,
                     .outer = outer,
                     .inner = inner,
                     .step = step,
                     .tiles = trine_divide_up(inner, step)};
    uint64_t groups = outer * job.tiles, most = (uint64_t)workers * BLOCKS_PER_WORKER;
    job.blocks = (size_t)trine_min(groups, most);
    return job;
}

static size_t job_size(const trine_lines *lines)
{
    return trine_whole_lines(sizeof(lines_job)) + lines->param_size;
}

static size_t scratch_size(const lines_job *job)
{
    size_t buffers = job->inner > 1 ? in_bytes(job) + out_bytes(job) : 0;
    return job->lines.scratch(&job->lines) + buffers;
}

/* The memory that trine_lines_run takes, on several ranks. */
static trine_status ready(trine_team *team, trine_executor *executor, const trine_lines *lines,
                          uint64_t outer, uint64_t inner)
{
    lines_job job = plan(lines, outer, inner, executor->workers);
    if (outer * inner * lines->length == 0)
        return TRINE_OK;
    return trine_team_ready(team, executor, job_size(lines), scratch_size(&job));
}

trine_status trine_lines_run(trine_team *team, trine_executor *executor, const trine_lines *lines,
                             uint64_t outer, uint64_t inner, const void *x, void *out)
{
    void *memory;
    const trine_grid_kernels *kernels = trine_grid_kernels_find();
    if (!kernels)
        return TRINE_E_ARGUMENT;
    if (outer * inner * lines->length == 0)
        return TRINE_OK;
    trine_status status = trine_team_arena(team, job_size(lines), &memory);
    if (status)
        return status;
    lines_job *job = memory;
    *job = plan(lines, outer, inner, executor->workers);
    job->x = x;
    job->out = out;
    job->transpose_block = kernels->transpose_block;
    if (lines->param_size)
        job->lines.param = memcpy((char *)memory + trine_whole_lines(sizeof *job), lines->param,
                                  lines->param_size);
    trine_job work = {.blocks = job->blocks,
                      .body = lines_block,
                      .context = job,
                      .scratch_size = scratch_size(job),
                      .restartable = x != out};
    return trine_team_run(team, executor, &work);
}

void trine_lines_around(const trine_array *x, int axis, uint64_t *outer, uint64_t *inner)
{
    *outer = axis == 0 ? 1 : x->local_rows * trine_shape_elements(axis - 1, x->shape + 1);
    *inner = trine_shape_elements(x->ndim - axis - 1, x->shape + axis + 1);
}

bool trine_lines_are_cut(const trine_array *x, int axis)
{
    return axis == 0 && x->team->communicator.size > 1;
}

trine_status trine_lines_gather(const trine_array *x, trine_array **turned)
{
    uint64_t first, columns = 0;
    trine_array *made = NULL;
    trine_status status = trine_call_begin(x->team);
    if (status)
        return status;
    status = trine_ownership_place(x->team, x->local_rows,
                                   trine_call_number(60, &x->columns, sizeof x->columns), status,
                                   &first, &columns);
    status = trine_call_end(x->team, &x->team->ledger.combine, status);
    if (!status)
        status = trine_array_create_2d(x->team, x->dtype, (int64_t)x->columns, (int64_t)columns,
                                       TRINE_DISTRIBUTED, &made);
    if (!status)
        status = trine_transpose(x, made);
    if (status)
        trine_array_free(made);
    else
        *turned = made;
    return status;
}

/* Lines that this rank holds whole. */
static trine_status call_here(const char *name, const trine_lines *lines, const trine_array *x,
                              trine_array *out, int axis)
{
    trine_team *team = x->team;
    const trine_array *all[] = {x, out};
    uint64_t outer, inner;
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    trine_executor *executor = trine_arrays_executor(team, all, 2);
    uint64_t call = trine_call_number(61 + (uint64_t)axis, name, strlen(name));
    call = trine_shape_number(call, x->ndim, x->shape, x->place != TRINE_DISTRIBUTED);
    trine_lines_around(x, axis, &outer, &inner);
    /* Nothing is written before every rank is known to be here and to lack nothing. */
    status = trine_team_agree(team, call, ready(team, executor, lines, outer, inner));
    if (status)
        return trine_call_end(team, &team->ledger.combine, status);
    status = trine_lines_run(team, executor, lines, outer, inner, x->data, out->data);
    status = trine_team_agree(team, call, status);
    team->ledger.bytes = (int64_t)(x->local_n * (lines->item + lines->out_item));
    return trine_call_end(team, &team->ledger.combine, status);
}

trine_status trine_lines_call(const char *name, trine_lines *lines, const trine_array *x,
                              trine_array *out, int axis)
{
    lines->item = trine_dtype_size(x->dtype);
    lines->out_item = trine_dtype_size(out->dtype);
    lines->length = lines->out_length = (uint64_t)x->shape[axis];
    if (!trine_lines_are_cut(x, axis))
        return call_here(name, lines, x, out, axis);
    trine_array *turned = NULL, *results = NULL;
    trine_status status = trine_lines_gather(x, &turned);
    if (!status)
        status = trine_array_create_like(turned, out->dtype, TRINE_DISTRIBUTED, &results);
    if (!status) {
        lines->length = lines->out_length = (uint64_t)turned->shape[1];
        status = call_here(name, lines, turned, results, 1);
    }
    if (!status)
        status = trine_transpose(results, out);
    trine_array_free(turned);
    trine_array_free(results);
    return status;
}
