/* core/scan/scan_input.c - a scan, from an array to another.
 *
 * 1. On several ranks the rank reduces its part first; the communicator gives it the partials of
 *    the ranks before it.
 * 2. The part goes by in blocks that the workers' caches hold. A job applies the scan to one block
 *    and reduces the chunks of the next to a partial each: one job a block, and memory is read
 *    once. Each worker takes the same share of every block, so it applies what it has just read.
 * 3. Between two jobs the caller turns the next block's partials into its chunks' prefixes.
 *
 * Method: reduce, then scan, in blocks (Blelloch, Prefix sums and their applications, CMU-CS-90-190
 * (1990)). A block writes its slots and its part of out wholly, from what nobody else writes, so
 * out of place it can be done twice.
 */
#include <stdlib.h>
#include <string.h>

#include "core/array/array.h"
#include "core/array/ownership.h"
#include "core/system/error.h"
#include "core/partition/prefix.h"
#include "core/reduce/reduce.h"
#include "core/scan/scan.h"
#include "core/input/chunk_loader.h"
#include "core/system/util.h"
#include "core/partition/share.h"

/* Bytes of input of one block for each worker. Outputs that are larger than LARGE, and no input,
 * are written past the caches. */
enum { BLOCK_BYTES = 1 << 19, LARGE = 1 << 24 };

/* The job's context, in memory that all workers address. apply, reduce: chunks. slots: the
 * exclusive prefixes of the block `apply`, and the partials of the block `reduce`. */
typedef struct scan_job {
    trine_loader loader;
    trine_scan_operator op;
    const void *param;
    unsigned flags;
    size_t shares, stride, work_space;
    trine_range apply, reduce;
    unsigned char *prefixes, *partials;
} scan_job;

/* Everything that one call keeps. */
typedef struct scan_call {
    trine_team *team;
    trine_input input;
    trine_loader loader;
    trine_prefix prefix;
    uint64_t number, block;
    unsigned char *memory;
    bool in_place;
} scan_call;

/* A worker's share of a range. */
static trine_range share_of(trine_range whole, size_t shares, size_t share)
{
    trine_range own = trine_fair_share(whole.end - whole.first, shares, share);
    return (trine_range){whole.first + own.first, whole.first + own.end};
}

static void reduce_chunk(const scan_job *job, const trine_chunk *chunk, void *work, void *partial)
{
    const trine_reducer *reducer = &job->op.reducer;
    reducer->init(partial, job->param);
    reducer->accumulate(reducer->work_size ? work : partial, chunk, job->param);
    if (reducer->work_size)
        reducer->work_flush(partial, work, job->param);
}

/* One element more. work: as work_init leaves it, if the reducer has one. */
static void take_one(const trine_reducer *reducer, void *state, void *work, const trine_chunk *one,
                     const void *param)
{
    reducer->accumulate(reducer->work_size ? work : state, one, param);
    if (reducer->work_size)
        reducer->work_flush(state, work, param);
}

/* The scan by the reducer's own functions. */
static trine_status apply_reducer(const scan_job *job, const trine_chunk *chunk, const void *prefix,
                                  void *work, void *state)
{
    const trine_reducer *reducer = &job->op.reducer;
    size_t item = job->loader.input.source[0].item, size = reducer->result_size;
    bool exclusive = job->flags & TRINE_SCAN_EXCLUSIVE;
    trine_status status = TRINE_OK;
    memcpy(state, prefix, reducer->state_size);
    for (int64_t i = 0; i < chunk->n && !status; i++) {
        uint64_t result = 0;
        const trine_chunk one = {.offset = chunk->offset + i,
                                 .n = 1,
                                 .in = {(const char *)chunk->in[0] + (size_t)i * item}};
        if (exclusive)
            status = reducer->finish(&result, state, job->param);
        take_one(reducer, state, work, &one, job->param);
        if (!exclusive)
            status = reducer->finish(&result, state, job->param);
        memcpy((char *)chunk->out[0] + (size_t)i * size, &result, size);
    }
    return status;
}

static trine_status apply_chunk(const scan_job *job, const trine_chunk *chunk, const void *prefix,
                                void *work, void *state)
{
    const trine_scan_operator *op = &job->op;
    trine_status status = op->apply ? op->apply(chunk, prefix, job->flags, job->param)
                                    : apply_reducer(job, chunk, prefix, work, state);
    return status ? trine_fail(status, "%s: element %llu or one soon after it: %s", op->name,
                               (unsigned long long)chunk->offset, trine_status_text(status))
                  : TRINE_OK;
}

/* Chunk `number` of the grid, made ready. */
static trine_chunk chunk_at(const scan_job *job, uint64_t number, trine_worker *worker)
{
    trine_chunk chunk = {.n = 0};
    /* Fetching from memory does not fail. */
    (void)trine_loader_chunk(&job->loader, number, worker, NULL, &chunk);
    return chunk;
}

/* Applies a share of one block and reduces one of the next, a chunk of each in turn. */
static trine_status scan_block(void *context, size_t share, trine_worker *worker)
{
    const scan_job *job = context;
    unsigned char *work = worker->scratch, *state = work + job->work_space;
    trine_range apply = share_of(job->apply, job->shares, share);
    trine_range reduce = share_of(job->reduce, job->shares, share);
    trine_status status = TRINE_OK;
    trine_chunk now, next;
    if (job->op.reducer.work_size)
        job->op.reducer.work_init(work, job->param);
    for (; !status && (apply.first < apply.end || reduce.first < reduce.end);
         apply.first++, reduce.first++) {
        bool reduces = reduce.first < reduce.end;
        if (reduces)
            next = chunk_at(job, reduce.first, worker);
        if (apply.first < apply.end) {
            const void *prefix = job->prefixes + (apply.first - job->apply.first) * job->stride;
            now = chunk_at(job, apply.first, worker);
            now.in[1] = reduces ? next.in[0] : NULL;
            status = apply_chunk(job, &now, prefix, work, state);
        }
        if (reduces && !status)
            reduce_chunk(job, &next, work,
                         job->partials + (reduce.first - job->reduce.first) * job->stride);
    }
    return status;
}

/* Of the job, param and the slots of two blocks. */
static size_t job_size(const scan_call *call, const trine_reducer *reducer)
{
    return trine_whole_lines(sizeof(scan_job)) + trine_whole_lines(reducer->param_size) +
           trine_bytes_of(2 * (size_t)call->block, trine_tree_stride(reducer));
}

static size_t scratch_size(const trine_reducer *reducer)
{
    return trine_whole_lines(reducer->work_size) + trine_tree_stride(reducer);
}

/* Lays the job out in the team's arena. */
static trine_status lay_out(const scan_call *call, const trine_scan_operator *op, const void *param,
                            unsigned flags, scan_job **laid)
{
    const trine_reducer *reducer = &op->reducer;
    size_t stride = trine_tree_stride(reducer), slots = (size_t)call->block * stride;
    size_t job_space = trine_whole_lines(sizeof(scan_job)),
           param_space = trine_whole_lines(reducer->param_size);
    void *memory;
    trine_status status = trine_team_arena(call->team, job_size(call, reducer), &memory);
    if (status)
        return status;
    unsigned char *at = memory;
    scan_job *job = memory;
    *job = (scan_job){.loader = call->loader,
                      .op = *op,
                      .param = at + job_space,
                      .flags = flags,
                      .shares = (size_t)call->input.executor->workers,
                      .stride = stride,
                      .work_space = trine_whole_lines(reducer->work_size),
                      .prefixes = at + job_space + param_space,
                      .partials = at + job_space + param_space + slots};
    if (reducer->param_size && param)
        memcpy(at + job_space, param, reducer->param_size);
    *laid = job;
    return TRINE_OK;
}

/* Makes the partials of a block the exclusive prefixes of its chunks, in the same slots. */
static void make_prefixes(scan_call *call, scan_job *job, trine_range block)
{
    const trine_reducer *reducer = &job->op.reducer;
    unsigned char *own = call->memory + trine_prefix_size(reducer);
    for (uint64_t chunk = block.first; chunk < block.end; chunk++) {
        unsigned char *slot = job->partials + (chunk - block.first) * job->stride;
        memcpy(own, slot, reducer->state_size);
        memcpy(slot, trine_prefix_get(&call->prefix), reducer->state_size);
        trine_prefix_push(&call->prefix, (trine_node){chunk, 0}, own);
    }
    unsigned char *slots = job->partials;
    job->partials = job->prefixes;
    job->prefixes = slots;
}

static trine_status scan_blocks(scan_call *call, scan_job *job, trine_range chunks)
{
    trine_job work = {.blocks = job->shares,
                      .body = scan_block,
                      .context = job,
                      .scratch_size = scratch_size(&job->op.reducer),
                      .restartable = !call->in_place};
    trine_range none = {chunks.first, chunks.first}, next = none;
    trine_status status = TRINE_OK;
    for (job->reduce = none; !status;) {
        job->apply = job->reduce;
        next.first = job->reduce.end;
        next.end = next.first + trine_min(call->block, chunks.end - next.first);
        job->reduce = next;
        if (job->apply.first == job->apply.end && next.first == next.end)
            break;
        status = trine_team_run(call->team, call->input.executor, &work);
        make_prefixes(call, job, status ? none : next);
    }
    return status;
}

static trine_range own_chunks(const scan_call *call)
{
    const trine_grid *grid = &call->input.grid;
    return (trine_range){trine_grid_chunk_at(grid, call->input.offset),
                         trine_grid_chunk_at(grid, call->input.offset + call->input.local_n)};
}

/* Chunks of a block. */
static uint64_t block_size(const scan_call *call)
{
    uint64_t bytes = trine_grid_longest(&call->input.grid) * call->input.source[0].item;
    uint64_t block = (uint64_t)call->input.executor->workers *
                     (bytes < BLOCK_BYTES ? BLOCK_BYTES / (bytes ? bytes : 1) : 1);
    trine_range chunks = own_chunks(call);
    return trine_min(block, chunks.end - chunks.first);
}

static trine_status scan_here(scan_call *call, const trine_scan_operator *op, const void *param,
                              unsigned flags)
{
    trine_range chunks = own_chunks(call);
    scan_job *job;
    if (call->input.local_n == 0)
        return TRINE_OK;
    trine_status status = lay_out(call, op, param, flags, &job);
    return status ? status : scan_blocks(call, job, chunks);
}

/* What the ranks before this one hold, into the exclusive prefix. */
static trine_status start_prefix(scan_call *call, const trine_reducer *reducer, const void *param,
                                 trine_status status)
{
    trine_tree own, before;
    bool ranks = call->input.own_blocks && !(reducer->flags & TRINE_ORDER_FREE);
    unsigned char *states =
        call->memory ? call->memory + trine_prefix_size(reducer) + trine_tree_stride(reducer)
                     : NULL;
    trine_tree_begin(&own, reducer, param, NULL);
    trine_tree_begin(&before, reducer, param, states);
    if (!status)
        status = trine_input_reduce_here(call->team, reducer, param, &call->input,
                                         call->loader.offset, &own);
    trine_communicator *communicator = &call->team->communicator;
    status = communicator->ops->exscan(communicator, &own, &before, call->number, status);
    if (!status)
        trine_prefix_start(&call->prefix, &before, ranks);
    return status;
}

/* The call once it has begun: whether it agreed with the other ranks in its last function. */
static trine_status scan_within(scan_call *call, const trine_scan_operator *op, const void *param,
                                unsigned flags)
{
    const trine_reducer *reducer = &op->reducer;
    bool several = call->team->communicator.size > 1;
    trine_status status = TRINE_OK;
    /* The exclusive prefix, one partial aside, and the partials of the ranks before. */
    call->memory = aligned_alloc(64, trine_prefix_size(reducer) + trine_tree_stride(reducer) +
                                         trine_tree_states_size(reducer));
    if (call->memory)
        trine_prefix_begin(&call->prefix, reducer, param, call->memory);
    else
        status = trine_fail(TRINE_E_MEMORY, "%s: no memory for the prefixes", op->name);
    call->block = block_size(call);
    if (!status)
        status = trine_team_ready(call->team, call->input.executor, job_size(call, reducer),
                                  scratch_size(reducer));
    if (several && call->input.own_blocks && !(reducer->flags & TRINE_POSITION_FREE)) {
        uint64_t whole;
        status = trine_ownership_place(call->team, call->input.local_n, call->number, status,
                                       &call->loader.offset, &whole);
        if (status)
            return status;
    }
    if (several) {
        status = start_prefix(call, reducer, param, status);
        if (status)
            return status;
    }
    if (!status && call->memory)
        status = scan_here(call, op, param, flags);
    return trine_team_agree(call->team, call->number, status);
}

trine_status trine_scan_run(const trine_scan_operator *op, const void *param, const trine_array *x,
                            trine_array *out, bool exclusive, bool in_place)
{
    trine_team *team = x->team;
    const trine_array *all[] = {x, out};
    size_t item = trine_dtype_size(x->dtype), out_item = trine_dtype_size(out->dtype);
    scan_call call = {.team = team, .in_place = in_place};
    call.input = (trine_input){.source = {trine_memory_source(x->data, x->offset, item)},
                               .sources = 1,
                               .grid = x->grid,
                               .offset = x->offset,
                               .local_n = x->local_n,
                               .own_blocks = x->place != TRINE_DISTRIBUTED,
                               .executor = trine_arrays_executor(team, all, 2)};
    call.loader =
        (trine_loader){.input = call.input, .outs = 1, .out = {out->data}, .out_item = {out_item}};
    uint64_t given[] = {op->reducer.state_size, out->dtype, exclusive,
                        call.input.own_blocks ? 0 : x->grid.n};
    call.number =
        trine_call_number(trine_call_number(50, given, sizeof given), op->name, strlen(op->name));
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    bool several = team->communicator.size > 1;
    unsigned flags = (exclusive ? TRINE_SCAN_EXCLUSIVE : 0) |
                     (!in_place && out->local_n * out_item > LARGE ? TRINE_SCAN_NON_TEMPORAL : 0);
    status = scan_within(&call, op, param, flags);
    free(call.memory);
    team->ledger.bytes = (int64_t)(x->local_n * (item + (several ? item : 0) + out_item));
    team->ledger.reproducible =
        !(several && call.input.own_blocks && !(op->reducer.flags & TRINE_ORDER_FREE));
    return trine_call_end(team, &team->ledger.combine, status);
}
