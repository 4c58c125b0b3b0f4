/* core/map/apply.c - jobs that write arrays: maps, and reading a source into memory. */
#include <stdlib.h>
#include <string.h>

#include "core/system/clock.h"
#include "core/array/array.h"
#include "core/array/ownership.h"
#include "core/input/stage.h"
#include "core/system/error.h"
#include "core/lines/non_temporal.h"
#include "core/input/chunk_loader.h"
#include "kernels/registry/params.h"

/* Elements of a piece of a chunk that is made in a buffer before it goes past the caches: few
 * enough that all arguments' pieces stay in the innermost cache. */
enum { PIECE = 256, PIECE_BYTES = PIECE * 8 };

/* The job's context; map and param are copies. A load has no map: its chunks are fetched straight
 * into the output. */
typedef struct map_job {
    trine_loader loader;
    trine_map map;
    const void *param;
    bool non_temporal;
} map_job;

static void apply_non_temporal(const map_job *job, const trine_chunk *chunk, unsigned char *buffers)
{
    const trine_loader *loader = &job->loader;
    for (int64_t at = 0; at < chunk->n; at += PIECE) {
        trine_chunk piece = {.offset = chunk->offset + at,
                             .n = chunk->n - at < PIECE ? chunk->n - at : PIECE};
        for (int i = 0; i < loader->input.sources; i++)
            piece.in[i] =
                (const unsigned char *)chunk->in[i] + (size_t)at * loader->input.source[i].item;
        for (int i = 0; i < loader->outs; i++)
            piece.out[i] = buffers + (size_t)i * PIECE_BYTES;
        job->map.apply(&piece, job->param);
        for (int i = 0; i < loader->outs; i++)
            trine_non_temporal((unsigned char *)chunk->out[i] + (size_t)at * loader->out_item[i],
                               piece.out[i], (size_t)piece.n * loader->out_item[i]);
    }
}

static trine_status map_block(void *context, size_t i, trine_worker *worker)
{
    const map_job *job = context;
    trine_block block = trine_blocks_get(&job->loader.blocks, i);
    unsigned char *pieces = (unsigned char *)worker->scratch + trine_loader_buffers(&job->loader);
    trine_chunk chunk = {.n = 0};
    trine_status expected = trine_loader_prefetch(&job->loader, block, worker);
    if (expected)
        return expected;
    for (uint64_t k = 0; k < block.chunks; k++) {
        trine_status status =
            trine_loader_chunk(&job->loader, block.first + k, worker, worker->scratch, &chunk);
        if (status)
            return status;
        if (job->non_temporal)
            apply_non_temporal(job, &chunk, pieces);
        else
            job->map.apply(&chunk, job->param);
    }
    if (job->non_temporal)
        trine_non_temporal_end();
    return TRINE_OK;
}

static trine_status load_block(void *context, size_t i, trine_worker *worker)
{
    const map_job *job = context;
    const trine_input *input = &job->loader.input;
    const trine_source *source = &input->source[0];
    trine_block block = trine_blocks_get(&job->loader.blocks, i);
    double began = trine_seconds();
    uint64_t first, last;
    size_t n;
    const void *data;
    trine_grid_chunk(&input->grid, block.first, &first, &n);
    trine_grid_chunk(&input->grid, block.first + block.chunks - 1, &last, &n);
    trine_status status = source->fetch(
        source, first, (size_t)(last - first) + n,
        (unsigned char *)job->loader.out[0] + (first - input->offset) * source->item, &data);
    worker->transfer += trine_seconds() - began;
    return status;
}

/* The job in memory that all workers address. */
static trine_status lay_out(trine_team *team, const map_job *prepared, const void *param,
                            size_t param_size, map_job **laid)
{
    const trine_input *input = &prepared->loader.input;
    void *memory;
    trine_status status = trine_team_arena(team, sizeof(map_job) + param_size, &memory);
    if (status)
        return status;
    map_job *job = memory;
    *job = *prepared;
    if (param_size)
        job->param = memcpy((unsigned char *)memory + sizeof *job, param, param_size);
    job->loader.blocks =
        trine_blocks_cut(trine_grid_chunk_at(&input->grid, input->offset),
                         trine_grid_chunk_at(&input->grid, input->offset + input->local_n),
                         trine_grid_chunks(&input->grid), input->executor->workers, false,
                         team->schedule == TRINE_DYNAMIC);
    *laid = job;
    return TRINE_OK;
}

static size_t scratch_of(const map_job *job)
{
    return trine_loader_buffers(&job->loader) +
           (job->non_temporal ? (size_t)job->loader.outs * PIECE_BYTES : 0);
}

/* Whether this rank's part may fail once it has begun: for want of memory, by a death, or in a
 * function of the program's. One rank has nobody to tell. */
static bool may_fail(const trine_team *team, const trine_map *map, const map_job *job)
{
    return scratch_of(job) > 0 || job->loader.input.executor->ops.separate_memory ||
           (team->communicator.size > 1 && !trine_map_is_built_in(map));
}

static trine_status run_here(trine_team *team, trine_block_body body, map_job *job, bool in_place)
{
    if (job->loader.input.local_n == 0)
        return TRINE_OK;
    trine_job work = {.blocks = job->loader.blocks.count,
                      .body = body,
                      .context = job,
                      .scratch_size = scratch_of(job),
                      .restartable = !in_place};
    return trine_team_run(team, job->loader.input.executor, &work);
}

/* What a rank does before anything is written. */
static trine_status prepare(trine_team *team, const trine_map *map, void *const out[], map_job *job,
                            bool *in_place)
{
    trine_input *input = &job->loader.input;
    trine_status status =
        trine_stage(team, input->source, input->sources, input->local_n, &input->executor);
    job->loader.outs = map->nout;
    for (int i = 0; i < map->nout; i++) {
        job->loader.out[i] = out[i];
        job->loader.out_item[i] = trine_dtype_size(map->out[i]);
        team->ledger.bytes += (int64_t)(input->local_n * job->loader.out_item[i]);
    }
    for (int i = 0; i < map->nin; i++)
        team->ledger.bytes += (int64_t)(input->local_n * input->source[i].item);
    /* The ranks on one machine share its last cache, more or less. */
    uint64_t together = (uint64_t)team->ledger.bytes * (uint64_t)team->communicator.neighbours;
    job->non_temporal = !*in_place && trine_non_temporal_pays((size_t)together);
    return status ? status : trine_stage_results(team, &job->loader, input->local_n, in_place);
}

/* The ranks agree before anything is written, so that outputs stay as they were where a rank
 * refuses. *uncertain: on any rank's, whether writing may fail. *offset: as trine_loader's. */
static trine_status agree_to_write(trine_team *team, const trine_input *input, uint64_t call,
                                   trine_status status, uint64_t *offset, uint64_t *uncertain)
{
    trine_communicator *communicator = &team->communicator;
    if (!input->own_blocks || communicator->size == 1)
        return communicator->ops->agree(communicator, call, uncertain, status);
    const uint64_t own[] = {input->local_n, *uncertain};
    trine_ownership all[2];
    status = trine_ownership_gather(team, own, 2, call, status, all);
    if (!status) {
        *offset = all[0].at[communicator->rank];
        *uncertain = all[1].at[communicator->size];
    }
    trine_ownership_free(all, 2);
    return status;
}

trine_status trine_input_apply(trine_team *team, const trine_map *map, const void *param,
                               const trine_input *input, void *const out[], bool in_place)
{
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    uint64_t seed = 4 ^ (input->own_blocks ? 0 : input->grid.n << 3);
    uint64_t call = trine_call_number(seed, map->name, strlen(map->name)), uncertain = 0;
    map_job job = {.loader = {.input = *input}, .map = *map}, *laid = NULL;
    status = prepare(team, map, out, &job, &in_place);
    if (!status)
        status = lay_out(team, &job, param, map->param_size, &laid);
    if (!status)
        uncertain = may_fail(team, map, laid);
    status = agree_to_write(team, input, call, status, &job.loader.offset, &uncertain);
    if (!status && laid) {
        laid->loader.offset = job.loader.offset;
        status = run_here(team, map_block, laid, in_place);
        if (uncertain)
            status = trine_team_agree(team, call, status);
    }
    trine_stage_end(team);
    if (!status)
        trine_unstage(team, &job.loader, out, input->local_n);
    return trine_call_end(team, &team->ledger.combine, status);
}

trine_status trine_input_load(trine_team *team, trine_dtype dtype, const trine_source *source,
                              int ndim, const int64_t shape[], trine_array **loaded)
{
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    trine_array *array = NULL;
    status =
        trine_array_make(team, dtype, ndim, shape, TRINE_DISTRIBUTED, TRINE_MEMORY_NEW, &array);
    if (!status) {
        map_job job = {
            .loader = {.input = {.source = {*source},
                                 .sources = 1,
                                 .offset = array->offset,
                                 .local_n = array->local_n,
                                 .grid = array->grid,
                                 .executor = source->sequential ? &team->alone : &team->executor},
                       .outs = 1,
                       .out = {array->data}}};
        map_job *laid;
        status = lay_out(team, &job, NULL, 0, &laid);
        if (!status)
            status = run_here(team, load_block, laid, false);
        team->ledger.bytes = team->ledger.moved = (int64_t)array->bytes;
    }
    uint64_t call = trine_shape_number(5 + (uint64_t)dtype, ndim, shape, false);
    status = trine_team_agree(team, call, status);
    if (status)
        trine_array_free(array);
    else
        *loaded = array;
    return trine_call_end(team, &team->ledger.combine, status);
}
