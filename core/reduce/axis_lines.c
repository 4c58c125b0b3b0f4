/* core/reduce/axis_lines.c - reductions along another axis than the first: each line is a whole of
 * its own, on its own grid.
 *
 * A row is outer x length x inner elements. Where inner is 1, a line is `length` elements that lie
 * one after the other, and gives one result. Elsewhere a line is `length` parts of rows of `inner`
 * elements, taken in by the reducer over such rows (axis_columns.c), one result an element.
 *
 * Lines are shared out among the workers. A worker reduces a line chunk by chunk in the canonical
 * tree over the line's chunks and writes its results. Where there are fewer lines than workers,
 * each line is shared out. Nothing is combined between ranks.
 */
#include <stdlib.h>
#include <string.h>

#include "core/system/clock.h"
#include "core/reduce/axis.h"
#include "core/input/stage.h"
#include "core/system/error.h"
#include "core/system/util.h"
#include "core/partition/share.h"

/* Lines of one width: the reducer over their items, its param, and the columns of a row part that
 * they take in. */
typedef struct line_kind {
    trine_reducer reducer;
    const void *param;
    size_t columns;
} line_kind;

/* One call on this rank's rows. tiles: lines side by side in `inner`; the last may be narrower:
 * kind[1]. given: the caller's reducer. results: of this rank's rows. */
typedef struct lines {
    trine_view view;
    trine_reducer given;
    line_kind kind[2];
    uint64_t tile, tiles, count;
    size_t step;
    unsigned char *results;
} lines;

/* The job's context, in memory that all workers address; params are copies. */
typedef struct lines_job {
    lines lines;
    size_t stride, work_space, tree_space, buffer_space, blocks;
} lines_job;

/* Bytes of rows that are read at a time from a source that only the caller can read. */
enum { BLOCKS_PER_WORKER = 32, LINE = 64, PIECE_BYTES = 1 << 26 };

/* The tile that a line is in; most often there is one alone, and a division would show. */
static uint64_t tile_of(const lines *l, uint64_t line)
{
    return l->tiles == 1 ? 0 : line % l->tiles;
}

/* How many lines along the axis come before. */
static uint64_t outer_of(const lines *l, uint64_t line)
{
    return l->tiles == 1 ? line : line / l->tiles;
}

static const line_kind *kind_of(const lines *l, uint64_t line)
{
    return &l->kind[tile_of(l, line) + 1 == l->tiles];
}

/* Where the results of a line go. */
static void *results_of(const lines *l, uint64_t line)
{
    uint64_t first = outer_of(l, line) * l->view.inner + tile_of(l, line) * l->tile;
    return l->results + first * l->given.result_size;
}

/* The source of a line's items, which number from 0. */
static trine_source line_source(const lines *l, uint64_t line, int input)
{
    const trine_view *f = &l->view;
    size_t row;
    uint64_t first = (f->row_offset * f->outer + outer_of(l, line)) * f->length;
    trine_source items = trine_rows_source(&f->source[input], f->inner, tile_of(l, line) * l->tile,
                                           kind_of(l, line)->columns, &row);
    items.offset -= first;
    return items;
}

static trine_status finish_line(const lines *l, uint64_t line, const void *state)
{
    const line_kind *kind = kind_of(l, line);
    void *result = results_of(l, line);
    trine_status status = kind->reducer.finish(result, state, kind->param);
    if (status)
        status = trine_line_refused(&kind->reducer, status, l->view.length, result);
    return status ? trine_fail(status, "%s: line %llu: %s", l->given.name,
                               (unsigned long long)outer_of(l, line), trine_status_text(status))
                  : TRINE_OK;
}

/* Makes items [at, at + n) of a line ready. */
static trine_status fetch_chunk(const lines_job *job, uint64_t line, uint64_t at, size_t n,
                                trine_worker *worker, unsigned char *buffers, trine_chunk *chunk)
{
    const lines *l = &job->lines;
    const trine_view *f = &l->view;
    uint64_t first = f->inner == 1 ? (f->row_offset * f->outer + line) * f->length : 0;
    chunk->offset = (int64_t)at;
    chunk->n = (int64_t)n;
    for (int i = 0; i < l->given.nin; i++) {
        trine_source parts;
        const trine_source *source = &f->source[i];
        if (f->inner > 1) {
            parts = line_source(l, line, i);
            source = &parts;
        }
        double began = source->copies ? trine_seconds() : 0;
        trine_status status = source->fetch(source, first + at, n, buffers, &chunk->in[i]);
        if (status)
            return status;
        if (source->copies)
            worker->transfer += trine_seconds() - began;
        buffers += job->buffer_space;
    }
    return TRINE_OK;
}

static trine_status reduce_line(const lines_job *job, uint64_t line, trine_worker *worker)
{
    const lines *l = &job->lines;
    const line_kind *kind = kind_of(l, line);
    const trine_reducer *m = &kind->reducer;
    unsigned char *state = worker->scratch, *work = state + job->stride;
    unsigned char *states = work + job->work_space, *buffers = states + job->tree_space;
    uint64_t length = l->view.length;
    bool tree = !(m->flags & TRINE_ORDER_FREE) && length > l->step;
    trine_tree chunks;
    for (int i = 0; i < l->given.nin && l->view.inner > 1; i++) {
        trine_source source = line_source(l, line, i);
        trine_status status = trine_source_prefetch(&source, 0, (size_t)length, &worker->transfer);
        if (status)
            return status;
    }
    if (tree)
        trine_tree_begin(&chunks, m, kind->param, states);
    m->init(state, kind->param);
    if (m->work_size)
        m->work_init(work, kind->param);
    for (uint64_t at = 0; at < length; at += l->step) {
        trine_chunk chunk;
        size_t n = length - at < l->step ? (size_t)(length - at) : l->step;
        trine_status status = fetch_chunk(job, line, at, n, worker, buffers, &chunk);
        if (status)
            return status;
        if (tree)
            m->init(state, kind->param);
        m->accumulate(m->work_size ? work : state, &chunk, kind->param);
        if (tree)
            trine_tree_push(&chunks, (trine_node){at / l->step, 0}, state);
    }
    if (m->work_size)
        m->work_flush(state, work, kind->param);
    return finish_line(l, line, tree ? trine_tree_root(&chunks) : state);
}

static trine_status lines_block(void *context, size_t block, trine_worker *worker)
{
    const lines_job *job = context;
    const trine_view *f = &job->lines.view;
    trine_range share = trine_fair_share(job->lines.count, job->blocks, block);
    size_t line = share.first, end = share.end;
    trine_status status = TRINE_OK;
    for (int i = 0; i < job->lines.given.nin && f->inner == 1 && !status; i++)
        status = trine_source_prefetch(&f->source[i],
                                       f->row_offset * f->columns + (uint64_t)line * f->length,
                                       (end - line) * (size_t)f->length, &worker->transfer);
    for (; line < end && !status; line++)
        status = reduce_line(job, line, worker);
    return status;
}

/* Each line by itself, shared out among the workers. */
static trine_status share_lines(trine_team *team, const lines *l)
{
    const trine_view *f = &l->view;
    trine_status status = TRINE_OK;
    for (uint64_t line = 0; line < l->count && !status; line++) {
        const line_kind *kind = kind_of(l, line);
        trine_tree tree;
        trine_input input = {.sources = l->given.nin,
                             .grid = trine_grid_of_rows(f->length, f->inner),
                             .local_n = f->length,
                             .executor = f->executor};
        for (int i = 0; i < l->given.nin; i++)
            input.source[i] = line_source(l, line, i);
        trine_tree_begin(&tree, &kind->reducer, kind->param, NULL);
        status = trine_input_reduce_here(team, &kind->reducer, kind->param, &input, 0, &tree);
        if (!status)
            status = finish_line(l, line, trine_tree_root(&tree));
    }
    return status;
}

static trine_status hand_out_lines(trine_team *team, const lines *l)
{
    void *memory;
    size_t param = trine_whole_lines(l->kind[0].reducer.param_size);
    size_t head = trine_whole_lines(sizeof(lines_job));
    trine_status status = trine_team_arena(team, head + 2 * param, &memory);
    if (status)
        return status;
    const trine_reducer *widest = &l->kind[l->tiles == 1].reducer;
    bool ordered = !(widest->flags & TRINE_ORDER_FREE);
    size_t most = (size_t)l->view.executor->workers * BLOCKS_PER_WORKER;
    lines_job *job = memory;
    *job = (lines_job){.lines = *l,
                       .stride = trine_tree_stride(widest),
                       .work_space = trine_whole_lines(widest->work_size),
                       .tree_space = ordered ? trine_tree_states_size(widest) : 0,
                       .blocks = l->count < most ? (size_t)l->count : most};
    for (int k = 0; k < 2; k++) {
        unsigned char *copy = (unsigned char *)memory + head + (size_t)k * param;
        if (l->kind[k].reducer.param_size)
            memcpy(copy, l->kind[k].param, l->kind[k].reducer.param_size);
        job->lines.kind[k].param = copy;
    }
    for (int i = 0; i < l->given.nin; i++)
        if (l->view.source[i].copies)
            job->buffer_space = trine_whole_lines(l->step * l->kind[l->tiles == 1].columns * 8);
    trine_job work = {.blocks = job->blocks,
                      .body = lines_block,
                      .context = job,
                      .scratch_size = job->stride + job->work_space + job->tree_space +
                                      (size_t)l->given.nin * job->buffer_space,
                      .restartable = true};
    return trine_team_run(team, l->view.executor, &work);
}

/* The kinds of lines, whose params come to lie in `memory`, of twice trine_columns_size. */
static void make_kinds(lines *l, const void *param, void *memory)
{
    const trine_view *f = &l->view;
    l->tile = f->inner == 1 ? 1 : trine_columns_tile(&l->given);
    l->tiles = (f->inner + l->tile - 1) / l->tile;
    l->step = (size_t)trine_grid_of_rows(f->length, f->inner).step;
    l->count = f->local_rows * f->outer * l->tiles;
    for (int k = 0; k < 2; k++) {
        trine_columns_param *made =
            (void *)((char *)memory + (size_t)k * trine_whole_lines(trine_columns_size(&l->given)));
        uint64_t last = l->tiles ? f->inner - (l->tiles - 1) * l->tile : 0;
        size_t columns = (size_t)(k ? last : l->tile);
        trine_columns_make(made, &l->given, param, columns);
        for (int i = 0; i < l->given.nin; i++)
            trine_rows_source(&f->source[i], f->inner ? f->inner : 1, 0, columns, &made->row[i]);
        l->kind[k] = f->inner == 1 ? (line_kind){l->given, param, 1}
                                   : (line_kind){trine_columns_reducer(made), made, columns};
    }
}

/* Results of rows [row_offset, row_offset + local_rows) of the view, all of which its workers
 * address. */
static trine_status reduce_rows(trine_team *team, const trine_reducer *reducer, const void *param,
                                const trine_view *view, void *results)
{
    void *memory = aligned_alloc(LINE, 2 * trine_whole_lines(trine_columns_size(reducer)));
    if (!memory)
        return trine_fail(TRINE_E_MEMORY, "%s: no memory for its param", reducer->name);
    lines l = {.view = *view, .given = *reducer, .results = results};
    trine_status status = TRINE_OK;
    make_kinds(&l, param, memory);
    /* A line that is one chunk cannot be shared out. */
    if (l.count < (uint64_t)view->executor->workers && view->length > l.step)
        status = share_lines(team, &l);
    else if (l.count > 0)
        status = hand_out_lines(team, &l);
    free(memory);
    return status;
}

/* The same from a source that the caller reads in order: some rows at a time. */
static trine_status reduce_in_pieces(trine_team *team, const trine_reducer *reducer,
                                     const void *param, const trine_view *view,
                                     unsigned char *results)
{
    const trine_source *source = &view->source[0];
    size_t row = (size_t)view->columns * source->item;
    uint64_t rows = row > 0 && row < PIECE_BYTES ? PIECE_BYTES / row : 1;
    rows = rows < view->local_rows ? rows : view->local_rows;
    void *piece = NULL;
    trine_executor *executor = &team->executor;
    trine_status status = TRINE_OK;
    if (rows * row > 0)
        status = executor->ops.alloc(executor, (size_t)rows * row, &piece);
    for (uint64_t done = 0; done < view->local_rows && !status; done += rows) {
        trine_view some = *view;
        const void *data = piece;
        some.row_offset = view->row_offset + done;
        some.local_rows = view->local_rows - done < rows ? view->local_rows - done : rows;
        some.executor = executor;
        trine_call_mark(team, &team->ledger.combine);
        if (piece)
            status = source->fetch(source, some.row_offset * view->columns,
                                   (size_t)(some.local_rows * view->columns), piece, &data);
        trine_call_mark(team, &team->ledger.transfer_in);
        some.source[0] = trine_memory_source(data, some.row_offset * view->columns, source->item);
        if (!status)
            status = reduce_rows(team, reducer, param, &some, results);
        results += some.local_rows * view->outer * view->inner * reducer->result_size;
    }
    if (piece)
        executor->ops.free(executor, piece, (size_t)rows * row);
    return status;
}

void trine_view_axis(trine_view *view, int ndim, const int64_t shape[], int axis)
{
    view->outer = view->inner = 1;
    for (int i = 1; i < axis; i++)
        view->outer *= (uint64_t)shape[i];
    for (int i = axis + 1; i < ndim; i++)
        view->inner *= (uint64_t)shape[i];
    view->length = (uint64_t)shape[axis];
}

/* Results go to memory that all workers address, and from there to the caller once no rank failed.
 */
trine_status trine_view_lines(trine_team *team, const trine_reducer *reducer, const void *param,
                              const trine_view *view, void *result)
{
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    size_t bytes = 0;
    void *results = NULL;
    trine_view staged = *view;
    status = trine_stage(team, staged.source, reducer->nin, view->local_rows * view->columns,
                         &staged.executor);
    if (!status)
        status = trine_results_size(reducer, view->local_rows * view->outer * view->inner, &bytes);
    if (!status && bytes > 0)
        status = team->executor.ops.alloc(&team->executor, bytes, &results);
    if (!status && results)
        status = view->source[0].sequential
                     ? reduce_in_pieces(team, reducer, param, &staged, results)
                     : reduce_rows(team, reducer, param, &staged, results);
    uint64_t given[] = {reducer->state_size, view->own_blocks ? 0 : view->rows, view->columns,
                        view->outer, view->length};
    status = trine_team_agree(team, trine_call_number(8, given, sizeof given), status);
    if (!status && results)
        memcpy(result, results, bytes);
    for (int i = 0; i < reducer->nin; i++)
        team->ledger.bytes += (int64_t)(view->local_rows * view->columns * view->source[i].item);
    trine_stage_end(team);
    if (results)
        team->executor.ops.free(&team->executor, results, bytes);
    return trine_call_end(team, &team->ledger.combine, status);
}
