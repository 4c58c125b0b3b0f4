/* core/stencil/jacobi.c - Jacobi's iteration (C. G. J. Jacobi, Astron. Nachr. 22 (1845)) for
 * Poisson's equation, with boundary values.
 *
 * 1. A second array is made, with the border of the first.
 * 2. A sweep fetches the rows next to the block from other ranks; workers then go through tiles,
 *    reading one array and writing the inside of the other, and note each tile's greatest change.
 * 3. The greatest of all ranks is the residual; a maximum is the same in any order. The arrays
 *    change places.
 * 4. When the last sweep wrote the second array, it is copied to the first.
 */
#include <trine/stencil.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"
#include "core/system/float_environment.h"
#include "core/stencil/ghosted_patch.h"
#include "core/array/overlap.h"
#include "core/lines/non_temporal.h"
#include "kernels/registry/grids.h"

/* The job's context; residual: of each block. f: NULL, or this rank's rows of it. */
typedef struct jacobi_job {
    double (*sweep)(const trine_stencil_row *rows, const double *f);
    trine_patch patch;
    trine_tiles tiles;
    const double *f;
    double *out;
    bool non_temporal;
    double residual[];
} jacobi_job;

/* One call. */
typedef struct jacobi {
    trine_team *team;
    trine_executor *executor;
    trine_array *u;
    trine_ownership blocks;
    trine_halo halo;
    double *other;
    jacobi_job *job;
    size_t tile_count;
    uint64_t call;
    uint64_t *gathered;
    bool left;
} jacobi;

/* The greater of two that are not negative; NaN is the greatest. */
static double greater(double a, double b)
{
    return a > b || a != a ? a : b;
}

static trine_status sweep_block(void *context, size_t block, trine_worker *worker)
{
    jacobi_job *job = context;
    const trine_patch *patch = &job->patch;
    trine_tile tile = trine_tiles_get(&job->tiles, block);
    double residual = 0;
    (void)worker;
    for (uint64_t r = tile.row; r < tile.row + tile.rows; r++) {
        uint64_t row = patch->row_offset + r, first, end;
        trine_patch_inside(patch, row, tile.column, tile.columns, &first, &end);
        if (first == end)
            continue;
        const void *in[] = {trine_patch_at(patch, row - 1, first),
                            trine_patch_at(patch, row, first),
                            trine_patch_at(patch, row + 1, first)};
        uint64_t at = r * patch->columns + first;
        trine_stencil_row rows = {.row = (int64_t)row,
                                  .column = (int64_t)first,
                                  .n = (int64_t)(end - first),
                                  .in = in + 1,
                                  .out = job->out + at,
                                  .non_temporal = job->non_temporal};
        residual = greater(residual, job->sweep(&rows, job->f ? job->f + at : NULL));
    }
    job->residual[block] = residual;
    return TRINE_OK;
}

static trine_status copy_block(void *context, size_t block, trine_worker *worker)
{
    const jacobi_job *job = context;
    const trine_patch *patch = &job->patch;
    trine_tile tile = trine_tiles_get(&job->tiles, block);
    (void)worker;
    for (uint64_t r = tile.row; r < tile.row + tile.rows; r++)
        memcpy(job->out + r * patch->columns + tile.column,
               trine_patch_at(patch, patch->row_offset + r, tile.column),
               (size_t)tile.columns * sizeof(double));
    return TRINE_OK;
}

static trine_status run_job(const jacobi *j, trine_block_body body)
{
    trine_job work = {
        .blocks = j->tile_count, .body = body, .context = j->job, .restartable = true};
    return work.blocks ? trine_team_run(j->team, j->executor, &work) : TRINE_OK;
}

/* What the call needs on this rank alone: the halo, the job, the second array. */
static trine_status prepare(jacobi *j, const trine_array *f)
{
    trine_team *team = j->team;
    const trine_grid_kernels *kernels = trine_grid_kernels_find();
    size_t bytes = (size_t)j->u->local_n * sizeof(double), row_bytes = (size_t)j->u->columns * 8;
    trine_status status = kernels ? TRINE_OK : TRINE_E_ARGUMENT;
    void *memory = NULL;
    if (!status)
        status = trine_halo_open(team, &j->blocks, row_bytes, 1, 1, &j->halo);
    if (status)
        return status;
    trine_patch patch = trine_patch_of(j->u, &j->blocks, &j->halo, 1);
    trine_tiles tiles = trine_patch_tiles(&patch, team, j->executor);
    j->tile_count = (size_t)(tiles.bands * tiles.panels);
    status = trine_team_arena(team, sizeof *j->job + j->tile_count * sizeof(double), &memory);
    if (status)
        return status;
    j->job = memory;
    *j->job = (jacobi_job){.sweep = kernels->jacobi,
                           .patch = patch,
                           .tiles = tiles,
                           .f = f ? f->data : NULL,
                           .non_temporal = trine_non_temporal_pays((f ? 3 : 2) * bytes)};
    j->gathered = calloc((size_t)team->communicator.size, sizeof *j->gathered);
    if (!j->gathered)
        return trine_fail(TRINE_E_MEMORY, "trine_jacobi: no memory for the residuals of %d ranks",
                          team->communicator.size);
    memory = NULL;
    if (bytes > 0)
        status = j->executor->ops.alloc(j->executor, bytes, &memory);
    j->other = memory;
    return status;
}

/* The border is written once: sweeps leave it alone. */
static void copy_border(const jacobi *j)
{
    const double *from = j->u->data;
    const trine_patch *patch = &j->job->patch;
    uint64_t columns = patch->columns;
    for (uint64_t r = 0; r < patch->local_rows; r++) {
        uint64_t first, end;
        trine_patch_inside(patch, patch->row_offset + r, 0, columns, &first, &end);
        memcpy(j->other + r * columns, from + r * columns, (size_t)first * sizeof *from);
        memcpy(j->other + r * columns + end, from + r * columns + end,
               (size_t)(columns - end) * sizeof *from);
    }
}

/* One sweep, from `from` to `to`; what all ranks then know of it. */
static trine_status sweep(jacobi *j, double *from, double *to, trine_status status,
                          double *residual)
{
    trine_communicator *communicator = &j->team->communicator;
    uint64_t bits = 0;
    status = trine_halo_exchange(&j->halo, from, j->call, status);
    j->left = status && communicator->size > 1;
    if (j->left)
        return status;
    trine_call_mark(j->team, &j->team->ledger.combine);
    if (!status) {
        j->job->patch.data = (const char *)from;
        j->job->out = to;
        status = run_job(j, sweep_block);
        *residual = 0;
        for (size_t i = 0; i < j->tile_count && !status; i++)
            *residual = greater(j->job->residual[i], *residual);
        memcpy(&bits, residual, sizeof bits);
    }
    status = communicator->ops->gather(communicator, &bits, 1, j->gathered, j->call, status);
    trine_call_mark(j->team, &j->team->ledger.combine);
    j->left = status != TRINE_OK;
    for (int r = 0; r < communicator->size && !status; r++) {
        double other;
        memcpy(&other, &j->gathered[r], sizeof other);
        *residual = greater(other, *residual);
    }
    return status;
}

static trine_status iterate(jacobi *j, trine_status status, double tolerance, int64_t most_sweeps,
                            trine_jacobi_result *result)
{
    double *from = j->u->data, *to = j->other;
    while (result->sweeps < most_sweeps && !(result->residual <= tolerance)) {
        double residual = 0;
        status = sweep(j, from, to, status, &residual);
        if (status)
            return status;
        double *last = from;
        from = to;
        to = last;
        result->sweeps++;
        result->residual = residual != residual ? (double)NAN : residual;
    }
    if (from == j->other && !status && j->other) {
        j->job->patch.data = (const char *)from;
        j->job->out = to;
        status = run_job(j, copy_block);
    }
    return status;
}

static trine_status solve(jacobi *j, const trine_array *f, double tolerance, int64_t most_sweeps,
                          trine_jacobi_result *result)
{
    uint64_t local_rows = j->u->local_rows;
    trine_status status =
        trine_ownership_gather(j->team, &local_rows, 1, j->call, TRINE_OK, &j->blocks);
    if (status)
        return status;
    status = prepare(j, f);
    if (!status && j->other)
        copy_border(j);
    trine_call_mark(j->team, &j->team->ledger.dispatch);
    status = iterate(j, status, tolerance, most_sweeps, result);
    j->team->ledger.bytes =
        result->sweeps * (int64_t)(j->u->local_n * sizeof(double)) * (f ? 3 : 2);
    return j->left ? status : trine_team_agree(j->team, j->call, status);
}

static trine_status check(const trine_array *u, const trine_array *f, double tolerance,
                          int64_t most_sweeps)
{
    const trine_dtype f64 = TRINE_F64;
    const trine_array *like = NULL;
    if (!u)
        return trine_fail(TRINE_E_ARGUMENT, "trine_jacobi: u is NULL");
    if (!(tolerance >= 0))
        return trine_fail(TRINE_E_ARGUMENT, "trine_jacobi: tolerance %g; expected 0 or more",
                          tolerance);
    if (most_sweeps < 0)
        return trine_fail(TRINE_E_ARGUMENT, "trine_jacobi: most_sweeps %lld; expected 0 or more",
                          (long long)most_sweeps);
    trine_status status = trine_arrays_check("trine_jacobi", "u", &u, &f64, 1, &like);
    if (!status && f)
        status = trine_arrays_check("trine_jacobi", "f", &f, &f64, 1, &like);
    const trine_argument output = {"u", -1, u};
    if (!status)
        status = trine_output_check("trine_jacobi", output);
    if (!status && f)
        status = trine_overlap_check("trine_jacobi", output, (trine_argument){"f", -1, f}, NULL);
    return status;
}

trine_status trine_jacobi(trine_array *u, const trine_array *f, double tolerance,
                          int64_t most_sweeps, trine_jacobi_result *result)
{
    TRINE_FLOAT_SCOPE;
    trine_team *team = trine_arrays_team((const trine_array *const[]){u, f}, 2);
    trine_status status = check(u, f, tolerance, most_sweeps);
    if (status || !u)
        return trine_call_refuse(team, status);
    status = trine_call_begin(team);
    if (status)
        return status;
    const trine_array *arrays[] = {u, f};
    uint64_t given[] = {u->columns, f != NULL, (uint64_t)most_sweeps, trine_array_common(u), 0};
    memcpy(&given[4], &tolerance, sizeof tolerance);
    jacobi j = {.team = team,
                .executor = trine_arrays_executor(team, arrays, f ? 2 : 1),
                .u = u,
                .call = trine_call_number(23, given, sizeof given)};
    trine_jacobi_result found = {.residual = INFINITY};
    status = solve(&j, f, tolerance, most_sweeps, &found);
    if (j.other)
        j.executor->ops.free(j.executor, j.other, (size_t)u->local_n * sizeof(double));
    free(j.gathered);
    trine_halo_close(&j.halo);
    trine_ownership_free(&j.blocks, 1);
    if (!status && result)
        *result = found;
    return trine_call_end(team, &team->ledger.combine, status);
}
