/* core/reduce/reduce.c - a reduction, from arrays or other sources to the result.
 *
 * 1. The rank's chunks are cut into runs (core/partition/runs.h), which the executor hands to its
 * workers.
 * 2. A worker reduces a run to one partial in the run's slot: order-free kernels chunk after chunk
 *    into one state, the others by a canonical tree of the run's own.
 * 3. The caller pushes the slots, in order, into the rank's canonical tree.
 * 4. The communicator joins the ranks' trees; every rank folds the same tree and finishes.
 *
 * A slot is written by whoever does the run, wholly: a run done twice leaves the same bytes. A
 * sequential source is read by the caller, piece by piece, into memory that the workers reduce;
 * what workers read themselves is one piece.
 */
#include "core/reduce/reduce.h"

#include <string.h>

#include "core/array/array.h"
#include "core/input/carry.h"
#include "core/input/walk.h"
#include "core/reduce/axis.h"
#include "core/system/error.h"

/* --- A worker's side */

/* The job's context, in memory that all workers address; monoid and param are copies. */
typedef struct reduce_job {
    trine_walk walk;
    trine_monoid monoid;
    const void *param;
    unsigned char *slots;
    size_t stride, work_room, tree_room;
} reduce_job;

/* Of kernels that are not order-free a state holds one chunk, of others the run so far. */
static trine_status reduce_run(void *context, size_t i, trine_worker *worker)
{
    const reduce_job *job = context;
    const trine_monoid *monoid = &job->monoid;
    const void *param = job->param;
    trine_run run = trine_runs_get(&job->walk.runs, i);
    unsigned char *own = worker->scratch, *buffers = own + job->work_room + job->tree_room;
    void *slot = job->slots + i * job->stride;
    bool ordered = job->walk.runs.ordered;
    void *state = ordered || monoid->work_size ? own : slot;
    trine_chunk chunk;
    trine_tree tree;
    trine_tree_begin(&tree, monoid, param, own + job->work_room);
    if (!ordered)
        monoid->identity(slot, param);
    if (monoid->work_size)
        monoid->begin(state, param);
    trine_status status = trine_walk_expect(&job->walk, run, worker);
    for (uint64_t k = run.first; k < run.first + run.chunks && !status; k++) {
        status = trine_walk_chunk(&job->walk, k, worker, buffers, &chunk);
        if (status)
            break;
        if (ordered)
            monoid->identity(state, param);
        monoid->accumulate(state, &chunk, param);
        if (ordered)
            trine_tree_push(&tree, (trine_node){k, 0}, state);
    }
    if (ordered && !status)
        memcpy(slot, trine_tree_root(&tree), monoid->state_size);
    else if (monoid->work_size && !status)
        monoid->settle(slot, state, param);
    return status;
}

/* --- The caller's side */

/* Chunks of a piece for each worker, and in all at least, when a source is sequential. */
enum { PIECE_CHUNKS_PER_WORKER = 16, LEAST_PIECE_CHUNKS = 64 };

/* What is left of the rank's chunks, from `chunk` on. A sequential source is read into memory,
 * `step` chunks at most at a time. */
typedef struct pieces {
    reduce_job *job;
    trine_source source;
    uint64_t chunk, end, step;
    void *memory;
} pieces;

static size_t round_up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
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

static uint64_t piece_chunks(const trine_team *team)
{
    uint64_t chunks = LEAST_PIECE_CHUNKS;
    while (chunks < (uint64_t)team->executor.workers * PIECE_CHUNKS_PER_WORKER)
        chunks *= 2;
    return chunks;
}

/* Lays the job out in the team's arena: the job, param, slots, the tree's states, a piece's memory.
 */
static trine_status lay_out(trine_team *team, const trine_monoid *monoid, const void *param,
                            const trine_stream *stream, pieces *left, trine_tree *tree)
{
    bool sequential = stream->source[0].sequential;
    *left = (pieces){.source = stream->source[0],
                     .chunk = trine_grid_chunk_at(&stream->grid, stream->first),
                     .end = trine_grid_chunk_at(&stream->grid, stream->first + stream->local)};
    trine_runs runs = cut(team, monoid, stream, left->chunk, left->end);
    left->step = sequential ? piece_chunks(team) : left->end - left->chunk;
    size_t slots = sequential ? (size_t)left->step : runs.count;
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
    *job = (reduce_job){.walk = {.stream = *stream, .runs = runs},
                        .monoid = *monoid,
                        .param = param_copy,
                        .slots = at + job_room + param_room,
                        .stride = stride};
    job->work_room = ordered(monoid) ? stride : round_up(monoid->work_size);
    job->tree_room = ordered(monoid) ? trine_tree_states_size(monoid) : 0;
    trine_tree_begin(tree, monoid, param_copy, job->slots + slots_room);
    left->job = job;
    left->memory = job->slots + slots_room + states_room;
    return TRINE_OK;
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

/* The next piece becomes what the job reduces. */
static trine_status take_piece(trine_team *team, pieces *left)
{
    reduce_job *job = left->job;
    trine_stream *stream = &job->walk.stream;
    uint64_t chunk = left->chunk, first;
    if (!left->source.sequential) {
        left->chunk = left->end;
        return TRINE_OK;
    }
    /* A piece ends where a subtree of its size does. */
    uint64_t end = (chunk / left->step + 1) * left->step;
    end = end < left->end ? end : left->end;
    trine_call_mark(team, &team->ledger.combine);
    trine_status status =
        read_piece(&left->source, &stream->grid, chunk, end, left->memory, &first);
    trine_call_mark(team, &team->ledger.transfer_in);
    stream->source[0] = trine_memory_source(left->memory, first, left->source.item);
    job->walk.runs = cut(team, &job->monoid, stream, chunk, end);
    left->chunk = end;
    return status;
}

trine_status trine_stream_reduce_here(trine_team *team, const trine_monoid *monoid,
                                      const void *param, const trine_stream *stream,
                                      uint64_t origin, trine_tree *tree)
{
    pieces left;
    trine_status status = lay_out(team, monoid, param, stream, &left, tree);
    if (status || stream->local == 0)
        return status;
    reduce_job *job = left.job;
    job->walk.origin = origin;
    while (left.chunk < left.end && !status) {
        status = take_piece(team, &left);
        trine_job work = {.runs = job->walk.runs.count,
                          .body = reduce_run,
                          .context = job,
                          .scratch_size =
                              job->work_room + job->tree_room + trine_walk_buffers(&job->walk),
                          .restartable = true};
        if (!status)
            status = trine_team_run(team, stream->executor, &work);
        for (size_t i = 0; i < work.runs && !status; i++)
            trine_tree_push(tree, trine_runs_get(&job->walk.runs, i).node,
                            job->slots + i * job->stride);
    }
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

static void count_bytes(trine_ledger *ledger, const trine_stream *stream)
{
    for (int i = 0; i < stream->sources; i++) {
        const trine_source *source = &stream->source[i];
        uint64_t bytes = stream->local * source->item;
        ledger->bytes += bytes;
        ledger->moved += source->copies && !source->counts ? bytes : 0;
    }
}

static trine_status finish(const trine_monoid *monoid, const void *param, trine_tree *tree,
                           void *result)
{
    trine_status status = monoid->finish(result, trine_tree_root(tree), param);
    return status ? trine_fail(status, "%s: %s", monoid->name, trine_status_text(status))
                  : TRINE_OK;
}

trine_status trine_stream_reduce(trine_team *team, const trine_monoid *monoid, const void *param,
                                 const trine_stream *given, trine_extent extent,
                                 trine_status before, void *result)
{
    trine_stream stream = *given;
    trine_status status = extent == TRINE_WHOLE_CALL ? trine_call_begin(team) : TRINE_OK;
    if (status)
        return status;
    status = before;
    if (extent == TRINE_WHOLE_CALL && !status)
        status = trine_carry(team, stream.source, stream.sources, stream.local, &stream.executor);
    trine_communicator *ranks = &team->communicator;
    bool several = ranks->size > 1;
    bool counted = several && stream.cut && !(monoid->flags & TRINE_POSITION_FREE);
    uint64_t call = several ? call_number(monoid, &stream) : 0, origin = 0;
    trine_tree tree;
    trine_tree_begin(&tree, monoid, param, NULL);
    if (counted)
        status = trine_team_origin(team, stream.local, call, status, &origin);
    /* What failed in there all ranks know, and enter no other function. */
    if (!counted || !status) {
        if (!status)
            status = trine_stream_reduce_here(team, monoid, param, &stream, origin, &tree);
        status = ranks->ops->merge(ranks, &tree, call, status);
    }
    if (!status) {
        count_bytes(&team->ledger, &stream);
        team->ledger.reproducible = !(several && stream.cut && ordered(monoid));
        status = finish(monoid, param, &tree, result);
    }
    if (extent == TRINE_WITHIN_CALL)
        return status;
    trine_carry_end(team);
    return trine_call_end(team, &team->ledger.combine, status);
}

/* --- Of arrays */

trine_status trine_monoid_check(const trine_monoid *m, const void *param)
{
    if (!m->name || !m->identity || !m->accumulate || !m->merge || !m->finish)
        return trine_fail(TRINE_E_ARGUMENT,
                          "a reduction: monoid '%s' lacks a name or a function; identity, "
                          "accumulate, merge and finish are needed",
                          m->name ? m->name : "");
    if (m->nin < 1 || m->nin > TRINE_ARGS || m->state_size == 0)
        return trine_fail(TRINE_E_ARGUMENT,
                          "a reduction: monoid '%s' has %d inputs and %zu bytes of state; expected "
                          "1 to %d and more than 0",
                          m->name, m->nin, m->state_size, TRINE_ARGS);
    if (m->work_size && !(m->begin && m->settle && m->flags & TRINE_ORDER_FREE))
        return trine_fail(TRINE_E_ARGUMENT,
                          "a reduction: monoid '%s' keeps a working state, so it needs begin, "
                          "settle and TRINE_ORDER_FREE",
                          m->name);
    if (m->param_size && !param)
        return trine_fail(TRINE_E_ARGUMENT, "a reduction: param is NULL; '%s' takes %zu bytes",
                          m->name, m->param_size);
    return TRINE_OK;
}

static trine_status check_call(const trine_monoid *monoid, const void *param,
                               const trine_array *const in[], const void *result)
{
    if (!monoid || !result)
        return trine_fail(TRINE_E_ARGUMENT, "trine_reduce: %s is NULL",
                          monoid ? "result" : "monoid");
    const trine_array *like = NULL;
    trine_status status = trine_monoid_check(monoid, param);
    return status ? status
                  : trine_arrays_check(monoid->name, "in", in, monoid->in, monoid->nin, &like);
}

/* How many entries `in` has for certain, whatever the monoid. */
static int inputs_of(const trine_monoid *monoid)
{
    return monoid && monoid->nin >= 1 && monoid->nin <= TRINE_ARGS ? monoid->nin : 1;
}

trine_status trine_reduce_stream(const trine_monoid *monoid, const void *param,
                                 const trine_array *const in[], const void *result,
                                 trine_stream *stream)
{
    trine_status status = check_call(monoid, param, in, result);
    if (status)
        return status;
    const trine_array *x = in[0];
    *stream = (trine_stream){.sources = monoid->nin,
                             .first = x->first,
                             .local = x->local,
                             .grid = x->grid,
                             .cut = x->place != TRINE_DISTRIBUTED,
                             .executor = trine_arrays_executor(x->team, in, monoid->nin)};
    for (int i = 0; i < monoid->nin; i++)
        stream->source[i] =
            trine_memory_source(in[i]->data, in[i]->first, trine_dtype_size(in[i]->dtype));
    return TRINE_OK;
}

trine_status trine_reduce(const trine_monoid *monoid, const void *param,
                          const trine_array *const in[], void *result)
{
    trine_stream stream;
    trine_status status = trine_reduce_stream(monoid, param, in, result, &stream);
    return status ? trine_call_refuse(trine_arrays_team(in, inputs_of(monoid)), status)
                  : trine_stream_reduce(in[0]->team, monoid, param, &stream, TRINE_WHOLE_CALL,
                                        TRINE_OK, result);
}

trine_status trine_reduce_axis(const trine_monoid *monoid, const void *param,
                               const trine_array *const in[], int axis, void *result)
{
    trine_status status = check_call(monoid, param, in, result);
    if (!status)
        status = trine_axis_check(monoid->name, in[0]->ndim, &axis);
    if (status)
        return trine_call_refuse(trine_arrays_team(in, inputs_of(monoid)), status);
    const trine_array *x = in[0];
    trine_frame frame = {.rows = x->rows,
                         .columns = x->columns,
                         .first = x->first_row,
                         .local = x->local_rows,
                         .cut = x->place != TRINE_DISTRIBUTED,
                         .executor = trine_arrays_executor(x->team, in, monoid->nin)};
    for (int i = 0; i < monoid->nin; i++)
        frame.source[i] =
            trine_memory_source(in[i]->data, in[i]->first, trine_dtype_size(in[i]->dtype));
    trine_frame_axis(&frame, x->ndim, x->shape, axis);
    return axis == 0 ? trine_frame_columns(x->team, monoid, param, &frame, result)
                     : trine_frame_lines(x->team, monoid, param, &frame, result);
}
