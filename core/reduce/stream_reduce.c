/* core/reduce/stream_reduce.c - a reduction, from sources to result.
 *
 * 1. The rank's chunks are cut into runs (core/partition/runs.h), which the executor hands to its
 * workers.
 * 2. A worker reduces a run to one partial in the run's slot: order-free kernels chunk after chunk
 *    into one state, the others by a canonical tree of the run's own.
 * 3. The caller pushes the slots, in order, into the rank's canonical tree.
 * 4. The communicator joins the ranks' trees; every rank folds the same tree and finishes.
 *
 * A slot is written by whoever does the run, wholly: a run done twice leaves the same bytes. A
 * sequential source is read by the caller, piece by piece, into memory that the workers reduce.
 */
#include <string.h>

#include "core/input/carry.h"
#include "core/system/error.h"
#include "core/input/walk.h"

/* The job's context, in memory that all workers address; monoid and param are copies. */
typedef struct reduce_job {
    trine_walk walk;
    trine_monoid monoid;
    const void *param;
    unsigned char *slots;
    size_t stride, work_room, tree_room;
} reduce_job;

/* Chunks of a piece for each worker, and in all at least, when a source is sequential. */
enum { PIECE_CHUNKS_PER_WORKER = 16, LEAST_PIECE_CHUNKS = 64 };

static size_t round_up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static trine_status reduce_free(const reduce_job *job, trine_run run, trine_worker *worker,
                                void *slot)
{
    const trine_monoid *monoid = &job->monoid;
    unsigned char *buffers = (unsigned char *)worker->scratch + job->work_room;
    void *state = monoid->work_size ? worker->scratch : slot;
    monoid->identity(slot, job->param);
    if (monoid->work_size)
        monoid->begin(state, job->param);
    trine_chunk chunk;
    for (uint64_t i = 0; i < run.chunks; i++) {
        trine_status status = trine_walk_chunk(&job->walk, run.first + i, worker, buffers, &chunk);
        if (status)
            return status;
        monoid->accumulate(state, &chunk, job->param);
    }
    if (monoid->work_size)
        monoid->settle(slot, state, job->param);
    return TRINE_OK;
}

static trine_status reduce_in_order(const reduce_job *job, trine_run run, trine_worker *worker,
                                    void *slot)
{
    const trine_monoid *monoid = &job->monoid;
    unsigned char *state = worker->scratch;
    unsigned char *buffers = state + job->work_room + job->tree_room;
    trine_tree tree;
    trine_tree_begin(&tree, monoid, job->param, state + job->work_room);
    trine_chunk chunk;
    for (uint64_t i = 0; i < run.chunks; i++) {
        trine_status status = trine_walk_chunk(&job->walk, run.first + i, worker, buffers, &chunk);
        if (status)
            return status;
        monoid->identity(state, job->param);
        monoid->accumulate(state, &chunk, job->param);
        trine_tree_push(&tree, (trine_node){run.first + i, 0}, state);
    }
    memcpy(slot, trine_tree_root(&tree), monoid->state_size);
    return TRINE_OK;
}

static trine_status reduce_run(void *context, size_t i, trine_worker *worker)
{
    const reduce_job *job = context;
    trine_run run = trine_runs_get(&job->walk.runs, i);
    void *slot = job->slots + i * job->stride;
    trine_status status = trine_walk_expect(&job->walk, run, worker);
    if (status)
        return status;
    return job->walk.runs.ordered ? reduce_in_order(job, run, worker, slot)
                                  : reduce_free(job, run, worker, slot);
}

static bool ordered(const trine_monoid *monoid)
{
    return !(monoid->flags & TRINE_ORDER_FREE);
}

static trine_runs cut(const trine_team *team, const trine_monoid *monoid,
                      const trine_stream *stream, uint64_t first, uint64_t end)
{
    return trine_runs_cut(first, end, trine_grid_chunks(&stream->grid), stream->executor->workers,
                          ordered(monoid), team->schedule == TRINE_DYNAMIC);
}

/* Reduces chunks [first, end) of the job's stream into the rank's tree. */
static trine_status reduce_range(trine_team *team, reduce_job *job, uint64_t first, uint64_t end,
                                 trine_tree *tree)
{
    job->walk.runs = cut(team, &job->monoid, &job->walk.stream, first, end);
    trine_job work = {.runs = job->walk.runs.count,
                      .body = reduce_run,
                      .context = job,
                      .scratch_size =
                          job->work_room + job->tree_room + trine_walk_buffers(&job->walk),
                      .restartable = true};
    trine_status status = trine_team_run(team, job->walk.stream.executor, &work);
    for (size_t i = 0; i < work.runs && !status; i++)
        trine_tree_push(tree, trine_runs_get(&job->walk.runs, i).node,
                        job->slots + i * job->stride);
    return status;
}

/* Reads chunks [first, end), which lie one behind the other, into memory; *at: their first item. */
static trine_status read_piece(const trine_source *source, const trine_grid *grid, uint64_t first,
                               uint64_t end, void *memory, uint64_t *at)
{
    uint64_t last;
    size_t n;
    const void *data;
    trine_grid_chunk(grid, first, at, &n);
    trine_grid_chunk(grid, end - 1, &last, &n);
    return source->fetch(source, *at, (size_t)(last - *at) + n, memory, &data);
}

static uint64_t piece_chunks(const trine_team *team)
{
    uint64_t chunks = LEAST_PIECE_CHUNKS;
    while (chunks < (uint64_t)team->executor.workers * PIECE_CHUNKS_PER_WORKER)
        chunks *= 2;
    return chunks;
}

static trine_status reduce_sequential(trine_team *team, reduce_job *job, void *memory,
                                      trine_tree *tree)
{
    trine_source source = job->walk.stream.source[0];
    const trine_stream *stream = &job->walk.stream;
    uint64_t step = piece_chunks(team), first = stream->first;
    uint64_t chunk = trine_grid_chunk_at(&stream->grid, first);
    uint64_t chunks = trine_grid_chunk_at(&stream->grid, first + stream->local);
    trine_status status = TRINE_OK;
    for (uint64_t end; chunk < chunks && !status; chunk = end) {
        /* A piece ends where a subtree of its size does. */
        end = (chunk / step + 1) * step;
        end = end < chunks ? end : chunks;
        trine_call_mark(team, &team->ledger.combine);
        status = read_piece(&source, &stream->grid, chunk, end, memory, &first);
        trine_call_mark(team, &team->ledger.transfer_in);
        job->walk.stream.source[0] = trine_memory_source(memory, first, source.item);
        if (!status)
            status = reduce_range(team, job, chunk, end, tree);
    }
    return status;
}

/* Lays the job out in the team's arena: the job, param, slots, the tree's states, a piece's memory.
 */
static trine_status lay_out(trine_team *team, const trine_monoid *monoid, const void *param,
                            const trine_stream *stream, reduce_job **laid, trine_tree *tree,
                            void **piece)
{
    uint64_t first = trine_grid_chunk_at(&stream->grid, stream->first);
    uint64_t end = trine_grid_chunk_at(&stream->grid, stream->first + stream->local);
    bool sequential = stream->source[0].sequential;
    size_t slots =
        sequential ? (size_t)piece_chunks(team) : cut(team, monoid, stream, first, end).count;
    size_t stride = trine_tree_stride(monoid), job_room = round_up(sizeof(reduce_job));
    size_t param_room = round_up(monoid->param_size), slots_room = slots * stride;
    size_t states_room = trine_tree_states_size(monoid);
    size_t piece_room =
        sequential ? slots * trine_grid_longest(&stream->grid) * stream->source[0].item : 0;
    void *memory;
    trine_status status = trine_team_arena(
        team, job_room + param_room + slots_room + states_room + piece_room, &memory);
    if (status)
        return status;
    unsigned char *at = memory;
    reduce_job *job = memory;
    void *param_copy = at + job_room;
    if (monoid->param_size)
        memcpy(param_copy, param, monoid->param_size);
    *job = (reduce_job){.walk = {.stream = *stream},
                        .monoid = *monoid,
                        .param = param_copy,
                        .slots = at + job_room + param_room,
                        .stride = stride};
    job->work_room = ordered(monoid) ? stride : round_up(monoid->work_size);
    job->tree_room = ordered(monoid) ? trine_tree_states_size(monoid) : 0;
    trine_tree_begin(tree, monoid, param_copy, job->slots + slots_room);
    *piece = job->slots + slots_room + states_room;
    *laid = job;
    return TRINE_OK;
}

trine_status trine_stream_reduce_here(trine_team *team, const trine_monoid *monoid,
                                      const void *param, const trine_stream *stream,
                                      uint64_t origin, trine_tree *tree)
{
    reduce_job *job;
    void *piece;
    trine_status status = lay_out(team, monoid, param, stream, &job, tree, &piece);
    if (status || stream->local == 0)
        return status;
    job->walk.origin = origin;
    status =
        stream->source[0].sequential
            ? reduce_sequential(team, job, piece, tree)
            : reduce_range(team, job, trine_grid_chunk_at(&stream->grid, stream->first),
                           trine_grid_chunk_at(&stream->grid, stream->first + stream->local), tree);
    if (!status && stream->cut && ordered(monoid)) {
        /* The ranks' own grids do not fit together: merge whole ranks, in the tree over ranks. */
        trine_tree_root(tree);
        tree->node[0] = (trine_node){(uint64_t)team->communicator.rank, 0};
    }
    return status;
}

static uint64_t call_number(const trine_monoid *monoid, const trine_stream *stream)
{
    uint64_t given[] = {monoid->state_size, monoid->result_size, stream->cut ? 0 : stream->grid.n};
    return trine_call_number(trine_call_number(3, given, sizeof given), monoid->name,
                             strlen(monoid->name));
}

trine_status trine_stream_reduce_within(trine_team *team, const trine_monoid *monoid,
                                        const void *param, const trine_stream *stream,
                                        trine_status before, void *result)
{
    trine_status status = before;
    uint64_t call = call_number(monoid, stream), origin = 0;
    bool several = team->communicator.size > 1;
    trine_tree tree;
    trine_tree_begin(&tree, monoid, param, NULL);
    if (several && stream->cut && !(monoid->flags & TRINE_POSITION_FREE)) {
        status = trine_team_origin(team, stream->local, call, status, &origin);
        if (status)
            return status;
    }
    if (!status)
        status = trine_stream_reduce_here(team, monoid, param, stream, origin, &tree);
    status = team->communicator.ops->merge(&team->communicator, &tree, call, status);
    if (status)
        return status;
    for (int i = 0; i < stream->sources; i++) {
        uint64_t bytes = stream->local * stream->source[i].item;
        team->ledger.bytes += bytes;
        team->ledger.moved += stream->source[i].copies && !stream->source[i].counts ? bytes : 0;
    }
    team->ledger.reproducible = !(several && stream->cut && ordered(monoid));
    status = monoid->finish(result, trine_tree_root(&tree), param);
    return status ? trine_fail(status, "%s: %s", monoid->name, trine_status_text(status))
                  : TRINE_OK;
}

trine_status trine_stream_reduce(trine_team *team, const trine_monoid *monoid, const void *param,
                                 const trine_stream *stream, trine_status before, void *result)
{
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    trine_stream carried = *stream;
    status = before ? before
                    : trine_carry(team, carried.source, carried.sources, carried.local,
                                  &carried.executor);
    status = trine_stream_reduce_within(team, monoid, param, &carried, status, result);
    trine_carry_end(team);
    return trine_call_end(team, &team->ledger.combine, status);
}
