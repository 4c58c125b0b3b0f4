/* core/stencil/convolve.c - convolution of one axis with a short kernel.
 *
 * 1. The ranks tell each other how many elements each holds, and exchange those that the kernel
 *    reaches beyond their blocks, from as many ranks as that takes.
 * 2. Workers go through pieces of TRINE_CHUNK outputs. A piece's inputs, with zeros beyond the ends
 *    of the whole, are laid out as doubles; those of f64 that lie in the block are read in place.
 */
#include <trine/stencil.h>

#include <string.h>

#include "core/system/error.h"
#include "core/array/array.h"
#include "core/array/halo.h"
#include "core/array/overlap.h"
#include "core/lines/non_temporal.h"
#include "core/partition/tiles.h"
#include "kernels/registry/grids.h"

/* The job's context, followed by the kernel. x: this rank's elements [offset, offset + local_n);
 * above, below: the halo's. */
typedef struct convolve_job {
    void (*convolve)(const double *x, const double *kernel, size_t taps, size_t n, void *out,
                     bool non_temporal);
    const char *x, *above, *below;
    char *out;
    uint64_t offset, local_n, before, after;
    trine_tiles tiles;
    size_t taps, item;
    bool non_temporal;
    double kernel[];
} convolve_job;

/* Elements [first, end) of the whole that lie in [at, at + n) at data, as doubles. */
static void lay_out(const convolve_job *job, int64_t first, int64_t end, uint64_t at, uint64_t n,
                    const char *data, double *to)
{
    int64_t begin = (int64_t)at > first ? (int64_t)at : first;
    int64_t stop = (int64_t)(at + n) < end ? (int64_t)(at + n) : end;
    const double *wide = (const double *)(const void *)data;
    const float *narrow = (const float *)(const void *)data;
    for (int64_t i = begin; i < stop; i++)
        to[i - first] =
            job->item == sizeof *wide ? wide[i - (int64_t)at] : (double)narrow[i - (int64_t)at];
}

/* The inputs of outputs [first, first + n) of the whole. */
static const double *inputs(const convolve_job *job, uint64_t first, size_t n, double *scratch)
{
    int64_t begin = (int64_t)first - (int64_t)(job->taps / 2);
    int64_t end = (int64_t)(first + n + (job->taps - 1) / 2), own = (int64_t)job->offset;
    if (job->item == sizeof(double) && begin >= own && end <= own + (int64_t)job->local_n)
        return (const double *)(const void *)job->x + (begin - own);
    memset(scratch, 0, (size_t)(end - begin) * sizeof *scratch);
    lay_out(job, begin, end, job->offset - job->before, job->before, job->above, scratch);
    lay_out(job, begin, end, job->offset, job->local_n, job->x, scratch);
    lay_out(job, begin, end, job->offset + job->local_n, job->after, job->below, scratch);
    return scratch;
}

static trine_status convolve_block(void *context, size_t block, trine_worker *worker)
{
    const convolve_job *job = context;
    trine_tile tile = trine_tiles_get(&job->tiles, block);
    uint64_t end = tile.row + tile.rows;
    for (uint64_t i = tile.row; i < end; i += TRINE_CHUNK) {
        size_t n = end - i < TRINE_CHUNK ? (size_t)(end - i) : TRINE_CHUNK;
        const double *x = inputs(job, job->offset + i, n, worker->scratch);
        job->convolve(x, job->kernel, job->taps, n, job->out + i * job->item, job->non_temporal);
    }
    return TRINE_OK;
}

static size_t job_size(size_t taps)
{
    return sizeof(convolve_job) + taps * sizeof(double);
}

static size_t scratch_size(size_t taps)
{
    return (TRINE_CHUNK + taps) * sizeof(double);
}

static trine_status run_here(trine_team *team, trine_executor *executor, const trine_array *x,
                             const double kernel[], size_t taps, const trine_ownership *blocks,
                             const trine_halo *halo, trine_array *out)
{
    const trine_grid_kernels *kernels = trine_grid_kernels_find();
    void *memory;
    if (!kernels)
        return TRINE_E_ARGUMENT;
    trine_status status = trine_team_arena(team, job_size(taps), &memory);
    if (status)
        return status;
    convolve_job *job = memory;
    *job = (convolve_job){
        .convolve = kernels->convolve[x->dtype == TRINE_F32],
        .x = x->data,
        .above = halo->above,
        .below = halo->below,
        .out = out->data,
        .offset = blocks->at[team->communicator.rank],
        .local_n = x->local_n,
        .before = halo->before,
        .after = halo->after,
        .tiles = trine_tiles_cut(x->local_n, 1, TRINE_CHUNK, 1, 1, executor->workers,
                                 team->schedule == TRINE_DYNAMIC),
        .taps = taps,
        .item = trine_dtype_size(x->dtype),
        .non_temporal = trine_non_temporal_pays(2 * x->local_n * trine_dtype_size(x->dtype))};
    memcpy(job->kernel, kernel, taps * sizeof *kernel);
    trine_job work = {.blocks = (size_t)(job->tiles.bands * job->tiles.panels),
                      .body = convolve_block,
                      .context = job,
                      .scratch_size = scratch_size(taps),
                      .restartable = true};
    return work.blocks ? trine_team_run(team, executor, &work) : TRINE_OK;
}

static trine_status run(trine_team *team, const trine_array *x, const double kernel[], size_t taps,
                        trine_array *out)
{
    uint64_t given[] = {(uint64_t)x->dtype, trine_array_common(x)};
    uint64_t call = trine_call_number(24, given, sizeof given);
    call = trine_call_number(call, kernel, taps * sizeof *kernel);
    uint64_t local_n = x->local_n;
    const trine_array *arrays[] = {x, out};
    trine_executor *executor = trine_arrays_executor(team, arrays, 2);
    trine_ownership blocks;
    trine_halo halo = {.team = NULL};
    trine_status status = trine_ownership_gather(team, &local_n, 1, call, TRINE_OK, &blocks);
    if (!status) {
        status = trine_halo_open(team, &blocks, trine_dtype_size(x->dtype), taps / 2,
                                 (taps - 1) / 2, &halo);
        if (!status)
            status = trine_team_ready(team, executor, job_size(taps), scratch_size(taps));
        status = trine_halo_exchange(&halo, x->data, call, status);
        if (!status || team->communicator.size == 1) {
            trine_call_mark(team, &team->ledger.combine);
            if (!status)
                status = run_here(team, executor, x, kernel, taps, &blocks, &halo, out);
            status = trine_team_agree(team, call, status);
        }
    }
    trine_halo_close(&halo);
    trine_ownership_free(&blocks, 1);
    return status;
}

static trine_status check(const char *call, const trine_array *x, trine_dtype dtype,
                          const double kernel[], int64_t taps, const trine_array *out)
{
    const trine_array *like = NULL;
    if (!kernel)
        return trine_fail(TRINE_E_ARGUMENT, "%s: kernel is NULL", call);
    if (taps < 1 || taps > TRINE_CHUNK)
        return trine_fail(TRINE_E_ARGUMENT, "%s: %lld taps; expected 1 to %d", call,
                          (long long)taps, TRINE_CHUNK);
    trine_status status = trine_arrays_check(call, "x", &x, &dtype, 1, &like);
    if (!status)
        status = trine_arrays_check(call, "out", &out, &dtype, 1, &like);
    if (!status && x->columns != 1)
        status = trine_fail(TRINE_E_LENGTH, "%s: x is %llu x %llu; expected one axis", call,
                            (unsigned long long)x->rows, (unsigned long long)x->columns);
    return status ? status : trine_out_check(call, x, out, NULL);
}

static trine_status convolve(const char *call, const trine_array *x, trine_dtype dtype,
                             const double kernel[], int64_t taps, trine_array *out)
{
    trine_team *team = trine_arrays_team((const trine_array *const[]){x, out}, 2);
    trine_status status = check(call, x, dtype, kernel, taps, out);
    if (status || !x || !out)
        return trine_call_refuse(team, status);
    status = trine_call_begin(team);
    if (status)
        return status;
    team->ledger.bytes = (int64_t)(2 * x->local_n * trine_dtype_size(dtype));
    status = run(team, x, kernel, (size_t)taps, out);
    return trine_call_end(team, &team->ledger.combine, status);
}

trine_status trine_convolve_f64(const trine_array *x, const double kernel[], int64_t taps,
                                trine_array *out)
{
    return convolve("trine_convolve_f64", x, TRINE_F64, kernel, taps, out);
}

trine_status trine_convolve_f32(const trine_array *x, const double kernel[], int64_t taps,
                                trine_array *out)
{
    return convolve("trine_convolve_f32", x, TRINE_F32, kernel, taps, out);
}
