/* core/stencil/stencil.c - running a stencil over the rows of an array.
 *
 * 1. The ranks tell each other how many rows each holds, and exchange those next to their blocks.
 * 2. Workers go through tiles, row by row: the inside by the stencil, the border copied.
 */
#include <trine/stencil.h>

#include <string.h>

#include "core/system/error.h"
#include "core/stencil/ghosted_patch.h"
#include "core/array/overlap.h"
#include "core/lines/non_temporal.h"
#include "kernels/registry/grids.h"

/* The job's context. out: this rank's rows of the output. */
typedef struct stencil_job {
    trine_stencil stencil;
    const void *param;
    trine_patch patch;
    trine_tiles tiles;
    char *out;
    size_t out_item;
    bool non_temporal;
} stencil_job;

/* The border's columns [column, end) of a row. */
static void copy_border(const stencil_job *job, uint64_t row, uint64_t column, uint64_t end)
{
    const trine_patch *patch = &job->patch;
    char *to = job->out + ((row - patch->row_offset) * patch->columns + column) * job->out_item;
    size_t bytes = (size_t)(end - column) * job->out_item;
    if (job->stencil.in == job->stencil.out)
        memcpy(to, trine_patch_at(patch, row, column), bytes);
    else
        memset(to, 0, bytes);
}

static void apply_row(const stencil_job *job, uint64_t row, const trine_tile *tile)
{
    const trine_patch *patch = &job->patch;
    const void *in[2 * TRINE_HALO + 1];
    uint64_t first, end, halo = patch->border;
    trine_patch_inside(patch, row, tile->column, tile->columns, &first, &end);
    copy_border(job, row, tile->column, first);
    copy_border(job, row, end, tile->column + tile->columns);
    if (first == end)
        return;
    for (uint64_t i = 0; i <= 2 * halo; i++)
        in[i] = trine_patch_at(patch, row + i - halo, first);
    trine_stencil_row rows = {
        .row = (int64_t)row,
        .column = (int64_t)first,
        .n = (int64_t)(end - first),
        .in = in + halo,
        .out = job->out + ((row - patch->row_offset) * patch->columns + first) * job->out_item,
        .non_temporal = job->non_temporal};
    job->stencil.apply(&rows, job->param);
}

static trine_status stencil_block(void *context, size_t block, trine_worker *worker)
{
    const stencil_job *job = context;
    trine_tile tile = trine_tiles_get(&job->tiles, block);
    (void)worker;
    for (uint64_t r = 0; r < tile.rows; r++)
        apply_row(job, job->patch.row_offset + tile.row + r, &tile);
    return TRINE_OK;
}

static trine_status run_here(trine_team *team, trine_executor *executor,
                             const trine_stencil *stencil, const void *param,
                             const trine_patch *patch, trine_array *out)
{
    void *memory;
    trine_status status =
        trine_team_arena(team, sizeof(stencil_job) + stencil->param_size, &memory);
    if (status)
        return status;
    stencil_job *job = memory;
    *job = (stencil_job){.stencil = *stencil,
                         .patch = *patch,
                         .tiles = trine_patch_tiles(patch, team, executor),
                         .out = out->data,
                         .out_item = trine_dtype_size(out->dtype)};
    if (param && stencil->param_size)
        job->param = memcpy(job + 1, param, stencil->param_size);
    job->non_temporal =
        trine_non_temporal_pays((size_t)out->local_n * (patch->item + job->out_item));
    trine_job work = {.blocks = (size_t)(job->tiles.bands * job->tiles.panels),
                      .body = stencil_block,
                      .context = job,
                      .restartable = true};
    return work.blocks ? trine_team_run(team, executor, &work) : TRINE_OK;
}

static trine_status run(trine_team *team, const trine_stencil *stencil, const void *param,
                        const trine_array *x, trine_array *out)
{
    const trine_array *arrays[] = {x, out};
    uint64_t given[] = {(uint64_t)x->dtype, x->columns, (uint64_t)stencil->halo,
                        trine_array_common(x)};
    uint64_t call = trine_call_number(22, given, sizeof given);
    call = trine_call_number(call, stencil->name, strlen(stencil->name));
    if (stencil->param_size)
        call = trine_call_number(call, param, stencil->param_size);
    uint64_t local_rows = x->local_rows, border = (uint64_t)stencil->halo;
    trine_ownership blocks;
    trine_halo halo = {.team = NULL};
    trine_status status = trine_ownership_gather(team, &local_rows, 1, call, TRINE_OK, &blocks);
    if (!status) {
        status = trine_halo_open(team, &blocks, (size_t)x->columns * trine_dtype_size(x->dtype),
                                 border, border, &halo);
        if (!status)
            status = trine_team_ready(team, &team->executor,
                                      sizeof(stencil_job) + stencil->param_size, 0);
        status = trine_halo_exchange(&halo, x->data, call, status);
        if (!status || team->communicator.size == 1) {
            trine_call_mark(team, &team->ledger.combine);
            trine_patch patch = trine_patch_of(x, &blocks, &halo, border);
            if (!status)
                status = run_here(team, trine_arrays_executor(team, arrays, 2), stencil, param,
                                  &patch, out);
            status = trine_team_agree(team, call, status);
        }
    }
    trine_halo_close(&halo);
    trine_ownership_free(&blocks, 1);
    return status;
}

static trine_status check_stencil(const trine_stencil *stencil, const void *param)
{
    if (!stencil || !stencil->name || !stencil->apply)
        return trine_fail(TRINE_E_ARGUMENT, "trine_apply_stencil: %s",
                          stencil ? "the stencil lacks its name or apply" : "stencil is NULL");
    if (stencil->halo < 1 || stencil->halo > TRINE_HALO)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_apply_stencil: '%s' has a halo of %d; expected 1 to %d",
                          stencil->name, stencil->halo, TRINE_HALO);
    return trine_param_check("trine_apply_stencil", "stencil", stencil->name, stencil->param_size,
                             param);
}

static trine_status check(const trine_stencil *stencil, const void *param, const trine_array *x,
                          const trine_array *out)
{
    const trine_array *like = NULL;
    trine_status status = check_stencil(stencil, param);
    if (!status)
        status = trine_arrays_check(stencil->name, "in", &x, &stencil->in, 1, &like);
    if (!status)
        status = trine_arrays_check(stencil->name, "out", &out, &stencil->out, 1, &like);
    return status ? status : trine_out_check(stencil->name, x, out, NULL);
}

trine_status trine_apply_stencil(const trine_stencil *stencil, const trine_array *x,
                                 const void *param, trine_array *out)
{
    trine_team *team = trine_arrays_team((const trine_array *const[]){x, out}, 2);
    trine_status status = check(stencil, param, x, out);
    if (status || !x || !out)
        return trine_call_refuse(team, status);
    status = trine_call_begin(team);
    if (status)
        return status;
    team->ledger.bytes =
        (int64_t)(x->local_n * (trine_dtype_size(x->dtype) + trine_dtype_size(out->dtype)));
    status = run(team, stencil, param, x, out);
    return trine_call_end(team, &team->ledger.combine, status);
}

trine_status trine_stencil5(const trine_array *x, const double weight[5], trine_array *out)
{
    const trine_grid_kernels *kernels = trine_grid_kernels_find();
    trine_team *team = trine_arrays_team((const trine_array *const[]){x, out}, 2);
    trine_status status = kernels ? TRINE_OK : TRINE_E_ARGUMENT;
    if (!status && (!weight || !x))
        status =
            trine_fail(TRINE_E_ARGUMENT, "trine_stencil5: %s is NULL", weight ? "x" : "weight");
    if (!status && x && x->dtype != TRINE_F64 && x->dtype != TRINE_F32)
        status = trine_fail(TRINE_E_DTYPE, "trine_stencil5: x is %s; expected f64 or f32",
                            trine_dtype_name(x->dtype));
    if (status || !x)
        return trine_call_refuse(team, status);
    return trine_apply_stencil(&kernels->stencil5[x->dtype == TRINE_F32], x, weight, out);
}
