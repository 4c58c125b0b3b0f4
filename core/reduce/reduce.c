/* core/reduce/reduce.c - a reduction, from arrays or other sources to the result.
 *
 * 1. The rank's chunks are cut into blocks (core/partition/blocks.h), which the executor hands to
 *    its workers.
 * 2. A worker reduces a block to one partial in the block's slot: order-free kernels chunk after
 *    chunk into one state, the others by a canonical tree of the block's own.
 * 3. The caller pushes the slots, in order, into the rank's canonical tree.
 * 4. The communicator joins the ranks' trees; every rank folds the same tree and finishes.
 *
 * A slot is written by whoever does the block, wholly: a block done twice leaves the same bytes. A
 * sequential source is read by the caller, piece by piece, into memory that the workers reduce;
 * what workers read themselves is one piece.
 */
#include "core/reduce/reduce.h"

#include <string.h>

#include "core/array/array.h"
#include "core/array/ownership.h"
#include "core/input/stage.h"
#include "core/input/chunk_loader.h"
#include "core/reduce/axis.h"
#include "core/system/util.h"
#include "core/system/error.h"

/* --- A worker's side */

/* The job's context, in memory that all workers address; reducer and param are copies. */
typedef struct reduce_job {
    trine_loader loader;
    trine_reducer reducer;
    const void *param;
    unsigned char *slots;
    size_t stride, work_space, tree_space;
} reduce_job;

/* Of kernels that are not order-free a state holds one chunk, of others the block so far. */
static trine_status reduce_block(void *context, size_t i, trine_worker *worker)
{
    const reduce_job *job = context;
    const trine_reducer *reducer = &job->reducer;
    const void *param = job->param;
    trine_block block = trine_blocks_get(&job->loader.blocks, i);
    unsigned char *own = worker->scratch, *buffers = own + job->work_space + job->tree_space;
    void *slot = job->slots + i * job->stride;
    bool ordered = job->loader.blocks.ordered;
    void *state = ordered || reducer->work_size ? own : slot;
    trine_chunk chunk;
    trine_tree tree;
    trine_tree_begin(&tree, reducer, param, own + job->work_space);
    if (!ordered)
        reducer->init(slot, param);
    if (reducer->work_size)
        reducer->work_init(state, param);
    trine_status status = trine_loader_prefetch(&job->loader, block, worker);
    for (uint64_t k = block.first; k < block.first + block.chunks && !status; k++) {
        status = trine_loader_chunk(&job->loader, k, worker, buffers, &chunk);
        if (status)
            break;
        if (ordered)
            reducer->init(state, param);
        reducer->accumulate(state, &chunk, param);
        if (ordered)
            trine_tree_push(&tree, (trine_node){k, 0}, state);
    }
    if (ordered && !status)
        memcpy(slot, trine_tree_root(&tree), reducer->state_size);
    else if (reducer->work_size && !status)
        reducer->work_flush(slot, state, param);
    return status;
}

/* --- The caller's side */

/* Chunks of a piece for each worker, and in all at least, when a source is sequential. */
enum { PIECE_CHUNKS_PER_WORKER = 16, MIN_PIECE_CHUNKS = 64 };

/* What is left of the rank's chunks, from `chunk` on. A sequential source is read into memory,
 * `step` chunks at most at a time. */
typedef struct pieces {
    reduce_job *job;
    trine_source source;
    uint64_t chunk, end, step;
    void *memory;
} pieces;

static bool ordered(const trine_reducer *reducer)
{
    return !(reducer->flags & TRINE_ORDER_FREE);
}

static trine_blocks cut(const trine_team *team, const trine_reducer *reducer,
                        const trine_input *input, uint64_t first, uint64_t end)
{
    return trine_blocks_cut(first, end, trine_grid_chunks(&input->grid), input->executor->workers,
                            ordered(reducer), team->schedule == TRINE_DYNAMIC);
}

static uint64_t piece_chunks(const trine_team *team)
{
    uint64_t chunks = MIN_PIECE_CHUNKS;
    while (chunks < (uint64_t)team->executor.workers * PIECE_CHUNKS_PER_WORKER)
        chunks *= 2;
    return chunks;
}

/* Lays the job out in the team's arena: the job, param, slots, the tree's states, a piece's memory.
 */
static trine_status lay_out(trine_team *team, const trine_reducer *reducer, const void *param,
                            const trine_input *input, pieces *left, trine_tree *tree)
{
    bool sequential = input->source[0].sequential;
    *left = (pieces){.source = input->source[0],
                     .chunk = trine_grid_chunk_at(&input->grid, input->offset),
                     .end = trine_grid_chunk_at(&input->grid, input->offset + input->local_n)};
    trine_blocks blocks = cut(team, reducer, input, left->chunk, left->end);
    left->step = sequential ? piece_chunks(team) : left->end - left->chunk;
    size_t slots = sequential ? (size_t)left->step : blocks.count;
    size_t stride = trine_tree_stride(reducer), job_space = trine_whole_lines(sizeof(reduce_job));
    size_t param_space = trine_whole_lines(reducer->param_size);
    size_t slots_space = trine_bytes_of(slots, stride);
    size_t states_space = trine_tree_states_size(reducer);
    size_t piece_space =
        sequential ? slots * trine_grid_longest(&input->grid) * input->source[0].item : 0;
    void *memory;
    trine_status status = trine_team_arena(
        team, job_space + param_space + slots_space + states_space + piece_space, &memory);
    if (status)
        return status;
    unsigned char *at = memory;
    reduce_job *job = memory;
    void *param_copy = at + job_space;
    if (reducer->param_size)
        memcpy(param_copy, param, reducer->param_size);
    *job = (reduce_job){.loader = {.input = *input, .blocks = blocks},
                        .reducer = *reducer,
                        .param = param_copy,
                        .slots = at + job_space + param_space,
                        .stride = stride};
    job->work_space = ordered(reducer) ? stride : trine_whole_lines(reducer->work_size);
    job->tree_space = ordered(reducer) ? trine_tree_states_size(reducer) : 0;
    trine_tree_begin(tree, reducer, param_copy, job->slots + slots_space);
    left->job = job;
    left->memory = job->slots + slots_space + states_space;
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
    trine_input *input = &job->loader.input;
    uint64_t chunk = left->chunk, first;
    if (!left->source.sequential) {
        left->chunk = left->end;
        return TRINE_OK;
    }
    /* A piece ends where a subtree of its size does. */
    uint64_t end = (chunk / left->step + 1) * left->step;
    end = end < left->end ? end : left->end;
    trine_call_mark(team, &team->ledger.combine);
    trine_status status = read_piece(&left->source, &input->grid, chunk, end, left->memory, &first);
    trine_call_mark(team, &team->ledger.transfer_in);
    input->source[0] = trine_memory_source(left->memory, first, left->source.item);
    job->loader.blocks = cut(team, &job->reducer, input, chunk, end);
    left->chunk = end;
    return status;
}

trine_status trine_input_reduce_here(trine_team *team, const trine_reducer *reducer,
                                     const void *param, const trine_input *input, uint64_t offset,
                                     trine_tree *tree)
{
    pieces left;
    trine_status status = lay_out(team, reducer, param, input, &left, tree);
    if (status || input->local_n == 0)
        return status;
    reduce_job *job = left.job;
    job->loader.offset = offset;
    while (left.chunk < left.end && !status) {
        status = take_piece(team, &left);
        trine_job work = {.blocks = job->loader.blocks.count,
                          .body = reduce_block,
                          .context = job,
                          .scratch_size = job->work_space + job->tree_space +
                                          trine_loader_buffers(&job->loader),
                          .restartable = true};
        if (!status)
            status = trine_team_run(team, input->executor, &work);
        for (size_t i = 0; i < work.blocks && !status; i++)
            trine_tree_push(tree, trine_blocks_get(&job->loader.blocks, i).node,
                            job->slots + i * job->stride);
    }
    if (!status && input->own_blocks && ordered(reducer)) {
        /* The ranks' own grids do not fit together: merge whole ranks, in the tree over ranks. */
        trine_tree_root(tree);
        tree->node[0] = (trine_node){(uint64_t)team->communicator.rank, 0};
    }
    return status;
}

static uint64_t call_number(const trine_reducer *reducer, const trine_input *input)
{
    uint64_t given[] = {reducer->state_size, reducer->result_size, input->columns,
                        input->own_blocks ? 0 : input->grid.n,
                        input->own_blocks ? 0 : input->grid.step};
    return trine_call_number(trine_call_number(3, given, sizeof given), reducer->name,
                             strlen(reducer->name));
}

static void count_bytes(trine_ledger *ledger, const trine_input *input)
{
    for (int i = 0; i < input->sources; i++) {
        const trine_source *source = &input->source[i];
        uint64_t bytes = input->local_n * source->item;
        ledger->bytes += (int64_t)bytes;
        ledger->moved += source->copies && !source->counts ? (int64_t)bytes : 0;
    }
}

static trine_status finish(const trine_reducer *reducer, const void *param, trine_tree *tree,
                           void *result)
{
    trine_status status = reducer->finish(result, trine_tree_root(tree), param);
    return status ? trine_fail(status, "%s: %s", reducer->name, trine_status_text(status))
                  : TRINE_OK;
}

trine_status trine_input_reduce(trine_team *team, const trine_reducer *reducer, const void *param,
                                const trine_input *given, trine_extent extent, trine_status before,
                                void *result)
{
    trine_input input = *given;
    trine_status status = extent == TRINE_WHOLE_CALL ? trine_call_begin(team) : TRINE_OK;
    if (status)
        return status;
    status = before;
    if (extent == TRINE_WHOLE_CALL && !status)
        status = trine_stage(team, input.source, input.sources, input.local_n, &input.executor);
    trine_communicator *ranks = &team->communicator;
    bool several = ranks->size > 1;
    bool counted = several && input.own_blocks && !(reducer->flags & TRINE_POSITION_FREE);
    uint64_t call = several ? call_number(reducer, &input) : 0, offset = 0, whole;
    trine_tree tree;
    trine_tree_begin(&tree, reducer, param, NULL);
    if (counted)
        status = trine_ownership_place(team, input.local_n, call, status, &offset, &whole);
    /* What failed in there all ranks know, and enter no other function. */
    if (!counted || !status) {
        if (!status)
            status = trine_input_reduce_here(team, reducer, param, &input, offset, &tree);
        status = ranks->ops->merge(ranks, &tree, call, status);
    }
    if (!status) {
        count_bytes(&team->ledger, &input);
        team->ledger.reproducible = !(several && input.own_blocks && ordered(reducer));
        status = finish(reducer, param, &tree, result);
    }
    if (extent == TRINE_WITHIN_CALL)
        return status;
    trine_stage_end(team);
    return trine_call_end(team, &team->ledger.combine, status);
}

/* --- Of arrays */

const trine_reducer *trine_reducer_for(const char *call, const char *name, trine_dtype dtype,
                                       const trine_reducer *made)
{
    if (trine_size_check(call, "trine_reducer", made->size, sizeof *made))
        return NULL;
    return trine_reducer_find(name, dtype);
}

trine_status trine_reducer_check(const trine_reducer *reducer, const void *param)
{
    trine_status status =
        trine_size_check("a reduction", "trine_reducer", reducer->size, sizeof *reducer);
    if (status)
        return status;
    if (!reducer->name || !reducer->init || !reducer->accumulate || !reducer->merge ||
        !reducer->finish)
        return trine_fail(TRINE_E_ARGUMENT,
                          "a reduction: reducer '%s' lacks a name or a function; init, "
                          "accumulate, merge and finish are needed",
                          reducer->name ? reducer->name : "");
    if (reducer->nin < 1 || reducer->nin > TRINE_ARGS || reducer->state_size == 0)
        return trine_fail(
            TRINE_E_ARGUMENT,
            "a reduction: reducer '%s' has %d inputs and %zu bytes of state; expected "
            "1 to %d and more than 0",
            reducer->name, reducer->nin, reducer->state_size, TRINE_ARGS);
    if (reducer->state_size > TRINE_MOST_BYTES || reducer->work_size > TRINE_MOST_BYTES ||
        reducer->result_size > TRINE_MOST_BYTES || reducer->param_size > TRINE_MOST_BYTES)
        return trine_fail(TRINE_E_ARGUMENT,
                          "a reduction: reducer '%s' has a state of %zu bytes, a working state of "
                          "%zu, a result of %zu and a param of %zu; expected up to %zu",
                          reducer->name, reducer->state_size, reducer->work_size,
                          reducer->result_size, reducer->param_size, TRINE_MOST_BYTES);
    if (reducer->work_size &&
        !(reducer->work_init && reducer->work_flush && reducer->flags & TRINE_ORDER_FREE))
        return trine_fail(TRINE_E_ARGUMENT,
                          "a reduction: reducer '%s' keeps a working state, so it needs work_init, "
                          "work_flush and TRINE_ORDER_FREE",
                          reducer->name);
    if (reducer->param_size && !param)
        return trine_fail(TRINE_E_ARGUMENT, "a reduction: param is NULL; '%s' takes %zu bytes",
                          reducer->name, reducer->param_size);
    return TRINE_OK;
}

static trine_status check_call(const trine_reducer *reducer, const void *param,
                               const trine_array *const in[], const void *result)
{
    if (!reducer || !result)
        return trine_fail(TRINE_E_ARGUMENT, "trine_reduce: %s is NULL",
                          reducer ? "result" : "reducer");
    const trine_array *like = NULL;
    trine_status status = trine_reducer_check(reducer, param);
    return status ? status
                  : trine_arrays_check(reducer->name, "in", in, reducer->in, reducer->nin, &like);
}

/* How many entries `in` has for certain, whatever the reducer. */
static int inputs_of(const trine_reducer *reducer)
{
    bool sound = reducer && reducer->size == sizeof *reducer && reducer->nin >= 1 &&
                 reducer->nin <= TRINE_ARGS;
    return sound ? reducer->nin : 1;
}

trine_status trine_reduce_input(const trine_reducer *reducer, const void *param,
                                const trine_array *const in[], const void *result,
                                trine_input *input)
{
    trine_status status = check_call(reducer, param, in, result);
    if (status)
        return status;
    const trine_array *x = in[0];
    *input = (trine_input){.sources = reducer->nin,
                           .offset = x->offset,
                           .local_n = x->local_n,
                           .grid = x->grid,
                           .own_blocks = x->place != TRINE_DISTRIBUTED,
                           .executor = trine_arrays_executor(x->team, in, reducer->nin)};
    for (int i = 0; i < reducer->nin; i++)
        input->source[i] =
            trine_memory_source(in[i]->data, in[i]->offset, trine_dtype_size(in[i]->dtype));
    return TRINE_OK;
}

trine_status trine_reduce(const trine_reducer *reducer, const trine_array *const in[],
                          const void *param, void *result)
{
    trine_input input;
    trine_status status = trine_reduce_input(reducer, param, in, result, &input);
    return status ? trine_call_refuse(trine_arrays_team(in, inputs_of(reducer)), status)
                  : trine_input_reduce(in[0]->team, reducer, param, &input, TRINE_WHOLE_CALL,
                                       TRINE_OK, result);
}

trine_status trine_reduce_axis(const trine_reducer *reducer, const trine_array *const in[],
                               const void *param, int axis, void *result)
{
    trine_status status = check_call(reducer, param, in, result);
    if (!status)
        status = trine_axis_check(reducer->name, in[0]->ndim, &axis);
    if (status)
        return trine_call_refuse(trine_arrays_team(in, inputs_of(reducer)), status);
    const trine_array *x = in[0];
    trine_view view = {.rows = x->rows,
                       .columns = x->columns,
                       .row_offset = x->row_offset,
                       .local_rows = x->local_rows,
                       .own_blocks = x->place != TRINE_DISTRIBUTED,
                       .executor = trine_arrays_executor(x->team, in, reducer->nin)};
    for (int i = 0; i < reducer->nin; i++)
        view.source[i] =
            trine_memory_source(in[i]->data, in[i]->offset, trine_dtype_size(in[i]->dtype));
    trine_view_axis(&view, x->ndim, x->shape, axis);
    return axis == 0 ? trine_view_columns(x->team, reducer, param, &view, result)
                     : trine_view_lines(x->team, reducer, param, &view, result);
}
