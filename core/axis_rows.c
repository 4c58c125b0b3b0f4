/* core/axis_rows.c - one result a row: each row is a whole of its own, on its own grid.
 *
 * Rows are shared out among the workers. A worker reduces a row chunk by chunk in the canonical
 * tree over the row's chunks and writes its result. Nothing is combined between ranks.
 */
#include <string.h>

#include "core/axis.h"
#include "core/carry.h"
#include "core/error.h"

/* The job's context, in memory that all workers address; param is a copy. results: of this rank's
 * rows, in memory that all workers address. */
typedef struct rows_job {
    trine_frame frame;
    trine_monoid monoid;
    const void *param;
    unsigned char *results;
    size_t stride, work_room, tree_room, buffer_room;
    size_t runs;
} rows_job;

enum { RUNS_PER_WORKER = 32, LINE = 64 };

static size_t round_up(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

/* Makes chunk [at, at + n) of a row ready. */
static trine_status fetch_chunk(const rows_job *job, uint64_t row, uint64_t at, size_t n,
                                trine_worker *worker, unsigned char *buffers, trine_chunk *chunk)
{
    chunk->first = at;
    chunk->n = n;
    for (int i = 0; i < job->monoid.nin; i++) {
        const trine_source *source = &job->frame.source[i];
        double began = source->copies ? trine_seconds() : 0;
        trine_status status =
            source->fetch(source, row * job->frame.columns + at, n, buffers, &chunk->in[i]);
        if (status)
            return status;
        if (source->copies)
            worker->transfer += trine_seconds() - began;
        buffers += job->buffer_room;
    }
    return TRINE_OK;
}

static trine_status reduce_row(const rows_job *job, uint64_t row, trine_worker *worker,
                               void *result)
{
    const trine_monoid *m = &job->monoid;
    unsigned char *state = worker->scratch, *work = state + job->stride;
    unsigned char *states = work + job->work_room, *buffers = states + job->tree_room;
    bool ordered = !(m->flags & TRINE_ORDER_FREE);
    uint64_t columns = job->frame.columns;
    trine_tree tree;
    trine_tree_begin(&tree, m, job->param, states);
    m->identity(state, job->param);
    if (m->work_size)
        m->begin(work, job->param);
    for (uint64_t at = 0; at < columns; at += TRINE_CHUNK) {
        trine_chunk chunk;
        size_t n = columns - at < TRINE_CHUNK ? (size_t)(columns - at) : TRINE_CHUNK;
        trine_status status = fetch_chunk(job, row, at, n, worker, buffers, &chunk);
        if (status)
            return status;
        if (ordered)
            m->identity(state, job->param);
        m->accumulate(m->work_size ? work : state, &chunk, job->param);
        if (ordered && columns > TRINE_CHUNK)
            trine_tree_push(&tree, (trine_node){at / TRINE_CHUNK, 0}, state);
    }
    if (m->work_size)
        m->settle(state, work, job->param);
    const void *whole = ordered && columns > TRINE_CHUNK ? trine_tree_root(&tree) : state;
    trine_status status = m->finish(result, whole, job->param);
    return status ? trine_fail(status, "%s: row %llu: %s", m->name, (unsigned long long)row,
                               trine_status_text(status))
                  : TRINE_OK;
}

static trine_status rows_run(void *context, size_t run, trine_worker *worker)
{
    const rows_job *job = context;
    size_t row, end;
    trine_status status = TRINE_OK;
    trine_static_share((size_t)job->frame.local, (int)job->runs, (int)run, &row, &end);
    for (int i = 0; i < job->monoid.nin && !status; i++)
        status = trine_source_expect(&job->frame.source[i],
                                     (job->frame.first + row) * job->frame.columns,
                                     (end - row) * (size_t)job->frame.columns, &worker->transfer);
    for (; row < end && !status; row++)
        status = reduce_row(job, job->frame.first + row, worker,
                            job->results + row * job->monoid.result_size);
    return status;
}

static trine_status run_here(trine_team *team, const trine_monoid *monoid, const void *param,
                             const trine_frame *frame, void *results)
{
    void *memory;
    trine_status status = trine_team_arena(team, sizeof(rows_job) + monoid->param_size, &memory);
    if (status || frame->local == 0)
        return status;
    rows_job *job = memory;
    bool ordered = !(monoid->flags & TRINE_ORDER_FREE);
    size_t most = (size_t)frame->executor->workers * RUNS_PER_WORKER;
    *job = (rows_job){.frame = *frame,
                      .monoid = *monoid,
                      .param = job + 1,
                      .results = results,
                      .stride = trine_tree_stride(monoid),
                      .work_room = round_up(monoid->work_size),
                      .tree_room = ordered ? trine_tree_states_size(monoid) : 0,
                      .runs = frame->local < most ? (size_t)frame->local : most};
    memcpy(job + 1, param, monoid->param_size);
    for (int i = 0; i < monoid->nin; i++)
        if (frame->source[i].copies)
            job->buffer_room = TRINE_CHUNK * sizeof(uint64_t);
    trine_job work = {.runs = job->runs,
                      .body = rows_run,
                      .context = job,
                      .scratch_size = job->stride + job->work_room + job->tree_room +
                                      (size_t)monoid->nin * job->buffer_room,
                      .restartable = true};
    return trine_team_run(team, frame->executor, &work);
}

/* Results go to memory that all workers address, and from there to the caller once no rank failed.
 */
trine_status trine_frame_rows(trine_team *team, const trine_monoid *monoid, const void *param,
                              const trine_frame *frame, void *result)
{
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    size_t bytes = (size_t)frame->local * monoid->result_size;
    void *results = NULL;
    trine_frame carried = *frame;
    status = trine_carry(team, carried.source, monoid->nin, frame->local * frame->columns,
                         &carried.executor);
    if (!status && bytes > 0)
        status = team->executor.ops.alloc(&team->executor, bytes, &results);
    if (!status)
        status = run_here(team, monoid, param, &carried, results);
    uint64_t given[] = {monoid->state_size, frame->cut ? 0 : frame->rows, frame->columns};
    status = trine_team_agree(team, trine_call_number(8, given, sizeof given), status);
    if (!status && results)
        memcpy(result, results, bytes);
    for (int i = 0; i < monoid->nin; i++)
        team->ledger.bytes += frame->local * frame->columns * frame->source[i].item;
    trine_carry_end(team);
    if (results)
        team->executor.ops.free(&team->executor, results, bytes);
    return trine_call_end(team, &team->ledger.combine, status);
}
