/* core/reduce/axis_columns.c - one result a column: a reducer over rows, made of one partial a
 * column.
 *
 * A chunk is as many rows as hold TRINE_CHUNK elements. It is turned (blocks of rows become
 * segments of columns, in a buffer that stays in cache), and each column's segment goes to the
 * kernel as a chunk of its own. So every column's partials merge in the canonical tree over chunks
 * of rows, and a column's result depends on the shape and its elements alone. Many columns go by
 * tiles, so that the partials of a tile stay small.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <trine/reduce.h>

#include "core/reduce/axis.h"
#include "core/input/stage.h"
#include "core/system/util.h"
#include "core/system/error.h"

/* Bytes of partials in a tile; the least columns of one. */
enum { TILE_BYTES = 1 << 16, MIN_TILE = 8, LINE = 64 };

/* A state begins with how many rows it has taken in, which take a line, so that the partials behind
 * it are aligned. */
static uint64_t *rows_of(void *state)
{
    return state;
}

static char *partials_of(void *state)
{
    return (char *)state + LINE;
}

static const void *inner(const trine_columns_param *p)
{
    return p->reducer.param_size ? p + 1 : NULL;
}

static void columns_init(void *state, const void *param)
{
    const trine_columns_param *p = param;
    *rows_of(state) = 0;
    for (size_t c = 0; c < p->columns; c++)
        p->reducer.init(partials_of(state) + c * p->stride, inner(p));
}

static void columns_merge(void *left, const void *right, const void *param)
{
    const trine_columns_param *p = param;
    *rows_of(left) += *(const uint64_t *)right;
    for (size_t c = 0; c < p->columns; c++)
        p->reducer.merge(partials_of(left) + c * p->stride,
                         (const char *)right + LINE + c * p->stride, inner(p));
}

static void columns_begin(void *work, const void *param)
{
    const trine_columns_param *p = param;
    *rows_of(work) = 0;
    for (size_t c = 0; c < p->columns; c++)
        p->reducer.work_init(partials_of(work) + c * p->work, inner(p));
}

static void columns_settle(void *state, void *work, const void *param)
{
    const trine_columns_param *p = param;
    *rows_of(state) += *rows_of(work);
    *rows_of(work) = 0;
    for (size_t c = 0; c < p->columns; c++)
        p->reducer.work_flush(partials_of(state) + c * p->stride, partials_of(work) + c * p->work,
                              inner(p));
}

trine_status trine_line_refused(const trine_reducer *reducer, trine_status status, uint64_t length,
                                void *result)
{
    const double nan = NAN;
    const float nan_single = NAN;
    bool real = (reducer->out == TRINE_F64 || reducer->out == TRINE_F32) &&
                reducer->result_size == trine_dtype_size(reducer->out);
    if (status != TRINE_E_EMPTY || length == 0 || !real || reducer->flags & TRINE_EMPTY_FAILS)
        return status;
    memcpy(result, reducer->out == TRINE_F64 ? (const void *)&nan : &nan_single,
           reducer->result_size);
    return TRINE_OK;
}

static trine_status columns_finish(void *result, const void *state, const void *param)
{
    const trine_columns_param *p = param;
    trine_status status = TRINE_OK;
    for (size_t c = 0; c < p->columns && !status; c++) {
        char *own = (char *)result + c * p->reducer.result_size;
        status = p->reducer.finish(own, (const char *)state + LINE + c * p->stride, inner(p));
        if (status)
            status = trine_line_refused(&p->reducer, status, *(const uint64_t *)state, own);
    }
    return status;
}

/* to[c][r] = from[r][c] for elements of TYPE; rows of `from` are `row` bytes apart, columns of `to`
 * `length` elements. */
#define TURN(name, type)                                                                           \
    static void name(const unsigned char *from, size_t row, size_t rows, size_t columns,           \
                     size_t length, void *to)                                                      \
    {                                                                                              \
        type *turned = to;                                                                         \
        for (size_t r = 0; r < rows; r++) {                                                        \
            const type *x = (const type *)(const void *)(from + r * row);                          \
            for (size_t c = 0; c < columns; c++)                                                   \
                turned[c * length + r] = x[c];                                                     \
        }                                                                                          \
    }
TURN(turn_1, uint8_t)
TURN(turn_2, uint16_t)
TURN(turn_4, uint32_t)
TURN(turn_8, uint64_t)

static void turn(const void *from, size_t row, size_t rows, size_t columns, size_t item,
                 size_t length, void *to)
{
    switch (item) {
    case 1:
        turn_1(from, row, rows, columns, length, to);
        break;
    case 2:
        turn_2(from, row, rows, columns, length, to);
        break;
    case 4:
        turn_4(from, row, rows, columns, length, to);
        break;
    default:
        turn_8(from, row, rows, columns, length, to);
    }
}

/* Columns that are turned at a time, and the buffer for them: rows come to a multiple of a line and
 * one line more, so that segments do not fall on the same sets of the cache. */
enum { BATCH = 64, BUFFER = (TRINE_CHUNK + BATCH * 2 * LINE) * 8 };

static void columns_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const trine_columns_param *p = param;
    const trine_reducer *m = &p->reducer;
    _Alignas(LINE) unsigned char buffer[TRINE_ARGS][BUFFER];
    size_t length = trine_round_up((uint64_t)chunk->n, LINE) + LINE,
           step = m->work_size ? p->work : p->stride;
    *rows_of(state) += (uint64_t)chunk->n;
    /* BUFFER holds a batch of any chunk: rows x columns <= TRINE_CHUNK, or one row. */
    for (size_t first = 0; first < p->columns; first += BATCH) {
        size_t some = p->columns - first < BATCH ? p->columns - first : BATCH;
        for (int i = 0; i < m->nin; i++)
            turn((const unsigned char *)chunk->in[i] + first * p->item[i], p->row[i],
                 (size_t)chunk->n, some, p->item[i], length, buffer[i]);
        for (size_t c = 0; c < some; c++) {
            trine_chunk segment = {.offset = chunk->offset, .n = chunk->n};
            for (int i = 0; i < m->nin; i++)
                segment.in[i] = buffer[i] + c * length * p->item[i];
            m->accumulate(partials_of(state) + (first + c) * step, &segment, inner(p));
        }
    }
}

uint64_t trine_columns_tile(const trine_reducer *reducer)
{
    size_t stride = trine_whole_lines(reducer->state_size);
    uint64_t tile = TILE_BYTES / (stride ? stride : 1);
    return tile < MIN_TILE ? MIN_TILE : tile;
}

size_t trine_columns_size(const trine_reducer *reducer)
{
    return sizeof(trine_columns_param) + reducer->param_size;
}

void trine_columns_make(trine_columns_param *made, const trine_reducer *reducer, const void *param,
                        size_t columns)
{
    *made = (trine_columns_param){.reducer = *reducer,
                                  .columns = columns,
                                  .stride = trine_whole_lines(reducer->state_size),
                                  .work = trine_whole_lines(reducer->work_size)};
    for (int i = 0; i < reducer->nin; i++)
        made->item[i] = trine_dtype_size(reducer->in[i]);
    if (reducer->param_size)
        memcpy(made + 1, param, reducer->param_size);
}

trine_reducer trine_columns_reducer(const trine_columns_param *p)
{
    const trine_reducer *m = &p->reducer;
    bool works = m->work_size > 0;
    return (trine_reducer){TRINE_INIT(trine_reducer),
                           .name = m->name,
                           .nin = m->nin,
                           .out = TRINE_DTYPE_NONE,
                           .param_size = trine_columns_size(m),
                           .state_size = LINE + p->columns * p->stride,
                           .result_size = p->columns * m->result_size,
                           .flags = m->flags,
                           .init = columns_init,
                           .accumulate = columns_accumulate,
                           .merge = columns_merge,
                           .finish = columns_finish,
                           .work_size = works ? LINE + p->columns * p->work : 0,
                           .work_init = works ? columns_begin : NULL,
                           .work_flush = works ? columns_settle : NULL};
}

/* Columns [first, first + p->columns) of the view. */
static trine_status reduce_tile(trine_team *team, trine_columns_param *p, const trine_view *view,
                                uint64_t first, trine_status before, void *result)
{
    trine_reducer rows = trine_columns_reducer(p);
    trine_input input = {.sources = p->reducer.nin,
                         .grid = trine_grid_of_rows(view->rows, view->columns),
                         .offset = view->row_offset,
                         .local_n = view->local_rows,
                         .columns = view->columns,
                         .own_blocks = view->own_blocks,
                         .executor = view->executor};
    for (int i = 0; i < p->reducer.nin; i++)
        input.source[i] =
            trine_rows_source(&view->source[i], view->columns, first, p->columns, &p->row[i]);
    return trine_input_reduce(team, &rows, p, &input, TRINE_WITHIN_CALL, before, result);
}

/* All tiles, one after the other. No columns are no results, on which the ranks agree. */
static trine_status reduce_tiles(trine_team *team, trine_columns_param *p, const trine_view *view,
                                 trine_status before, char *results)
{
    uint64_t tile = trine_columns_tile(&p->reducer), columns = view->columns;
    trine_status status = before;
    if (columns == 0)
        return trine_team_agree(team, trine_call_number(8, &columns, sizeof columns), status);
    for (uint64_t c = 0; c < columns; c += tile) {
        p->columns = (size_t)(columns - c < tile ? columns - c : tile);
        status = reduce_tile(team, p, view, c, status, results + c * p->reducer.result_size);
        if (status)
            break;
    }
    return status;
}

trine_status trine_results_size(const trine_reducer *reducer, uint64_t count, size_t *bytes)
{
    if (reducer->result_size > 0 && count > PTRDIFF_MAX / reducer->result_size)
        return trine_fail(TRINE_E_MEMORY, "%s: no memory for %llu results", reducer->name,
                          (unsigned long long)count);
    *bytes = (size_t)count * reducer->result_size;
    return TRINE_OK;
}

trine_status trine_view_columns(trine_team *team, const trine_reducer *reducer, const void *param,
                                const trine_view *view, void *result)
{
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    trine_view staged = *view;
    status = trine_stage(team, staged.source, reducer->nin, view->local_rows * view->columns,
                         &staged.executor);
    size_t bytes = 0;
    if (!status)
        status = trine_results_size(reducer, view->columns, &bytes);
    trine_columns_param none = {.reducer = *reducer,
                                .stride = trine_whole_lines(reducer->state_size)};
    trine_columns_param *p = malloc(trine_columns_size(reducer));
    char *results = malloc(bytes + 1);
    if (!status && (!p || !results))
        status = trine_fail(TRINE_E_MEMORY, "%s: no memory for the results of %llu columns",
                            reducer->name, (unsigned long long)view->columns);
    if (p)
        trine_columns_make(p, reducer, param, 0);
    status = reduce_tiles(team, p ? p : &none, &staged, status, results ? results : result);
    if (!status && results)
        memcpy(result, results, bytes);
    free(results);
    free(p);
    trine_stage_end(team);
    return trine_call_end(team, &team->ledger.combine, status);
}
