/* core/axis_columns.c - one result a column: a monoid over rows, made of one partial a column.
 *
 * A chunk is as many rows as hold TRINE_CHUNK elements. It is turned (blocks of rows become
 * segments of columns, in a buffer that stays in cache), and each column's segment goes to the
 * kernel as a chunk of its own. So every column's partials merge in the canonical tree over chunks
 * of rows, and a column's result depends on the shape and its elements alone. Many columns go by
 * tiles, so that the partials of a tile stay small.
 */
#include <stdlib.h>
#include <string.h>

#include "core/axis.h"
#include "core/carry.h"
#include "core/error.h"

/* Bytes of partials in a tile; the least columns of one. */
enum { TILE_BYTES = 1 << 16, LEAST_TILE = 8, LINE = 64 };

/* The param of the monoid over rows, followed by the param of the monoid over elements. stride:
 * bytes from one partial to the next; work: from one working state to the next. row: bytes from one
 * row to the next in each input. */
typedef struct columns_param {
    trine_monoid monoid;
    size_t columns, stride, work, row[TRINE_ARGS], item[TRINE_ARGS];
} columns_param;

static const void *inner(const columns_param *p)
{
    return p->monoid.param_size ? p + 1 : NULL;
}

static void columns_identity(void *state, const void *param)
{
    const columns_param *p = param;
    for (size_t c = 0; c < p->columns; c++)
        p->monoid.identity((char *)state + c * p->stride, inner(p));
}

static void columns_merge(void *left, const void *right, const void *param)
{
    const columns_param *p = param;
    for (size_t c = 0; c < p->columns; c++)
        p->monoid.merge((char *)left + c * p->stride, (const char *)right + c * p->stride,
                        inner(p));
}

static void columns_begin(void *work, const void *param)
{
    const columns_param *p = param;
    for (size_t c = 0; c < p->columns; c++)
        p->monoid.begin((char *)work + c * p->work, inner(p));
}

static void columns_settle(void *state, void *work, const void *param)
{
    const columns_param *p = param;
    for (size_t c = 0; c < p->columns; c++)
        p->monoid.settle((char *)state + c * p->stride, (char *)work + c * p->work, inner(p));
}

static trine_status columns_finish(void *result, const void *state, const void *param)
{
    const columns_param *p = param;
    trine_status status = TRINE_OK;
    for (size_t c = 0; c < p->columns && !status; c++)
        status = p->monoid.finish((char *)result + c * p->monoid.result_size,
                                  (const char *)state + c * p->stride, inner(p));
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
    const columns_param *p = param;
    const trine_monoid *m = &p->monoid;
    _Alignas(LINE) unsigned char buffer[TRINE_ARGS][BUFFER];
    size_t length = (chunk->n + LINE - 1) / LINE * LINE + LINE,
           step = m->work_size ? p->work : p->stride;
    /* BUFFER holds a batch of any chunk: rows x columns <= TRINE_CHUNK, or one row. */
    for (size_t first = 0; first < p->columns; first += BATCH) {
        size_t some = p->columns - first < BATCH ? p->columns - first : BATCH;
        for (int i = 0; i < m->nin; i++)
            turn((const unsigned char *)chunk->in[i] + first * p->item[i], p->row[i], chunk->n,
                 some, p->item[i], length, buffer[i]);
        for (size_t c = 0; c < some; c++) {
            trine_chunk segment = {.first = chunk->first, .n = chunk->n};
            for (int i = 0; i < m->nin; i++)
                segment.in[i] = buffer[i] + c * length * p->item[i];
            m->accumulate((char *)state + (first + c) * step, &segment, inner(p));
        }
    }
}

static size_t round_up(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

/* The monoid over rows of `columns` columns. */
static trine_monoid monoid_over_rows(const columns_param *p)
{
    const trine_monoid *m = &p->monoid;
    bool works = m->work_size > 0;
    return (trine_monoid){.name = m->name,
                          .nin = m->nin,
                          .out = TRINE_DTYPE_NONE,
                          .param_size = sizeof *p + m->param_size,
                          .state_size = p->columns * p->stride,
                          .result_size = p->columns * m->result_size,
                          .flags = m->flags,
                          .identity = columns_identity,
                          .accumulate = columns_accumulate,
                          .merge = columns_merge,
                          .finish = columns_finish,
                          .work_size = works ? p->columns * p->work : 0,
                          .begin = works ? columns_begin : NULL,
                          .settle = works ? columns_settle : NULL};
}

/* Columns [first, first + p->columns) of the frame. */
static trine_status reduce_tile(trine_team *team, columns_param *p, const trine_frame *frame,
                                uint64_t first, trine_status before, void *result)
{
    trine_monoid rows = monoid_over_rows(p);
    trine_stream stream = {.sources = p->monoid.nin,
                           .grid = trine_grid_of_rows(frame->rows, frame->columns),
                           .first = frame->first,
                           .local = frame->local,
                           .cut = frame->cut,
                           .executor = frame->executor};
    for (int i = 0; i < p->monoid.nin; i++)
        stream.source[i] =
            trine_rows_source(&frame->source[i], frame->columns, first, p->columns, &p->row[i]);
    return trine_stream_reduce_within(team, &rows, p, &stream, before, result);
}

trine_status trine_frame_columns(trine_team *team, const trine_monoid *monoid, const void *param,
                                 const trine_frame *frame, void *result)
{
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    trine_frame carried = *frame;
    status = trine_carry(team, carried.source, monoid->nin, frame->local * frame->columns,
                         &carried.executor);
    columns_param *p = malloc(sizeof *p + monoid->param_size);
    char *results = malloc(frame->columns * monoid->result_size + 1);
    if (!status && (!p || !results))
        status = trine_fail(TRINE_E_MEMORY, "%s: no memory for the results of %llu columns",
                            monoid->name, (unsigned long long)frame->columns);
    columns_param none = {.monoid = *monoid};
    columns_param *used = p ? p : &none;
    *used = (columns_param){.monoid = *monoid,
                            .stride = round_up(monoid->state_size),
                            .work = round_up(monoid->work_size)};
    for (int i = 0; i < monoid->nin; i++)
        used->item[i] = trine_dtype_size(monoid->in[i]);
    if (p && monoid->param_size)
        memcpy(p + 1, param, monoid->param_size);
    uint64_t tile = TILE_BYTES / (used->stride ? used->stride : 1);
    tile = tile < LEAST_TILE ? LEAST_TILE : tile;
    for (uint64_t c = 0; c < frame->columns; c += tile) {
        used->columns = (size_t)(frame->columns - c < tile ? frame->columns - c : tile);
        trine_status done = reduce_tile(team, used, &carried, c, status,
                                        results ? results + c * monoid->result_size : result);
        if (done) {
            status = done;
            break;
        }
    }
    if (!status && results)
        memcpy(result, results, frame->columns * monoid->result_size);
    free(results);
    free(p);
    trine_carry_end(team);
    return trine_call_end(team, &team->ledger.combine, status);
}
