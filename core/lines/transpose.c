/* core/lines/transpose.c - transposing within a rank, and between ranks by panels.
 *
 * 1. The ranks tell each other how many rows of x and of out each holds.
 * 2. What a rank keeps is turned from x to out by its workers, each a band of out's rows.
 * 3. The rest goes in rounds. In each, a rank turns a panel of its rows of x into a buffer, one
 *    piece for each rank that holds those rows of out; the ranks exchange the pieces; every row of
 *    a piece is copied to its place in a row of out.
 */
#include "core/lines/transpose.h"

#include <stdlib.h>
#include <string.h>

#include "core/array/ownership.h"
#include "core/system/error.h"
#include "core/array/overlap.h"
#include "core/lines/non_temporal.h"
#include "core/partition/tiles.h"
#include "core/system/util.h"
#include "kernels/registry/grids.h"

/* Columns of x that are turned together, bytes of a row of out that are written together, the least
 * rows of x that travel in a round. */
enum { COLUMNS = 64, RUN_BYTES = 1024, MIN_PANEL = 16 };

uint64_t trine_panel_bytes = (uint64_t)32 << 20;

/* The job's context: transpose_block on `whole`, cut into tiles of its output; or, when it is NULL,
 * a copy. */
typedef struct turn_job {
    void (*transpose_block)(const trine_transpose_block *block);
    trine_transpose_block whole;
    trine_tiles tiles;
} turn_job;

/* One call. blocks: the ranks' rows of x, and of out. */
typedef struct transposition {
    trine_team *team;
    trine_executor *executor;
    const trine_grid_kernels *kernels;
    const trine_array *x;
    trine_array *out;
    trine_ownership blocks[2];
    size_t item;
    uint64_t call, panel;
    char *send, *receive;
    size_t send_bytes, receive_bytes;
    trine_part *parts;
} transposition;

enum { OF_X, OF_OUT };

static trine_status transpose_tile(void *context, size_t block, trine_worker *worker)
{
    const turn_job *job = context;
    trine_tile tile = trine_tiles_get(&job->tiles, block);
    const trine_transpose_block *w = &job->whole;
    trine_transpose_block part = *w;
    (void)worker;
    part.from = (const char *)w->from + tile.column * w->from_row + tile.row * w->item;
    part.to = (char *)w->to + tile.row * w->to_row + tile.column * w->item;
    part.rows = tile.columns;
    part.columns = tile.rows;
    job->transpose_block(&part);
    return TRINE_OK;
}

static trine_status copy_block(void *context, size_t block, trine_worker *worker)
{
    const turn_job *job = context;
    trine_tile tile = trine_tiles_get(&job->tiles, block);
    const trine_transpose_block *w = &job->whole;
    (void)worker;
    for (uint64_t r = tile.row; r < tile.row + tile.rows; r++)
        memcpy((char *)w->to + r * w->to_row + tile.column * w->item,
               (const char *)w->from + r * w->from_row + tile.column * w->item,
               (size_t)tile.columns * w->item);
    return TRINE_OK;
}

/* Runs a job over the rows x columns of its output. */
static trine_status run_tiles(const transposition *t, trine_block_body body,
                              const trine_transpose_block *whole, uint64_t rows, uint64_t columns)
{
    void *memory;
    trine_status status = trine_team_arena(t->team, sizeof(turn_job), &memory);
    if (status)
        return status;
    turn_job *job = memory;
    *job = (turn_job){.transpose_block = t->kernels->transpose_block,
                      .whole = *whole,
                      .tiles = trine_tiles_cut(rows, columns, COLUMNS, RUN_BYTES / t->item, columns,
                                               t->executor->workers,
                                               t->team->schedule == TRINE_DYNAMIC)};
    trine_job work = {.blocks = (size_t)(job->tiles.bands * job->tiles.panels),
                      .body = body,
                      .context = job,
                      .restartable = true};
    return work.blocks ? trine_team_run(t->team, t->executor, &work) : TRINE_OK;
}

static uint64_t first_row(const transposition *t, int which, int rank)
{
    return t->blocks[which].at[rank];
}

static uint64_t rows_of(const transposition *t, int which, int rank)
{
    return t->blocks[which].at[rank + 1] - t->blocks[which].at[rank];
}

/* Turns rows [row, row + rows) of this rank's x, those columns that are rank's rows of out. */
static trine_status turn_for(const transposition *t, int rank, uint64_t row, uint64_t rows,
                             char *to, size_t to_row, bool non_temporal)
{
    size_t x_row = (size_t)t->x->columns * t->item;
    trine_transpose_block block = {.from = (const char *)t->x->data + row * x_row +
                                           first_row(t, OF_OUT, rank) * t->item,
                                   .to = to,
                                   .from_row = x_row,
                                   .to_row = to_row,
                                   .rows = (size_t)rows,
                                   .columns = (size_t)rows_of(t, OF_OUT, rank),
                                   .item = t->item,
                                   .non_temporal = non_temporal};
    return run_tiles(t, transpose_tile, &block, block.columns, block.rows);
}

static trine_status turn_own(const transposition *t)
{
    int own = t->team->communicator.rank;
    /* What has no elements has no address. */
    if (rows_of(t, OF_X, own) == 0 || rows_of(t, OF_OUT, own) == 0)
        return TRINE_OK;
    return turn_for(t, own, 0, rows_of(t, OF_X, own),
                    (char *)t->out->data + first_row(t, OF_X, own) * t->item,
                    (size_t)t->out->columns * t->item,
                    trine_non_temporal_pays(2 * (size_t)t->out->local_n * t->item));
}

/* Rows [*row, *row + *rows) of its block that a rank sends in that round. */
static void panel_of(const transposition *t, int rank, uint64_t round, uint64_t *row,
                     uint64_t *rows)
{
    uint64_t local = rows_of(t, OF_X, rank), begin = round * t->panel;
    *row = trine_min(begin, local);
    *rows = trine_min(local - *row, t->panel);
}

static trine_status pack(transposition *t, uint64_t round)
{
    int own = t->team->communicator.rank;
    uint64_t row, rows;
    char *at = t->send;
    trine_status status = TRINE_OK;
    panel_of(t, own, round, &row, &rows);
    for (int r = 0; r < t->blocks[0].ranks && !status; r++) {
        size_t bytes = r == own ? 0 : (size_t)(rows * rows_of(t, OF_OUT, r)) * t->item;
        t->parts[r] = (trine_part){at, bytes};
        if (bytes == 0)
            continue;
        t->team->ledger.moved += (int64_t)bytes;
        status = turn_for(t, r, row, rows, at, (size_t)rows * t->item, false);
        at += bytes;
    }
    return status;
}

/* Where the pieces from all ranks come to lie. */
static trine_part *expect(const transposition *t, uint64_t round)
{
    int own = t->team->communicator.rank, ranks = t->blocks[0].ranks;
    trine_part *parts = t->parts + ranks;
    char *at = t->receive;
    for (int r = 0; r < ranks; r++) {
        uint64_t row, rows;
        panel_of(t, r, round, &row, &rows);
        parts[r] =
            (trine_part){at, r == own ? 0 : (size_t)(rows * rows_of(t, OF_OUT, own)) * t->item};
        if (parts[r].bytes > 0)
            at += parts[r].bytes;
    }
    return parts;
}

static trine_status unpack(const transposition *t, uint64_t round)
{
    int ranks = t->blocks[0].ranks;
    size_t out_row = (size_t)t->out->columns * t->item;
    trine_status status = TRINE_OK;
    for (int r = 0; r < ranks && !status; r++) {
        const trine_part *part = t->parts + ranks + r;
        uint64_t row, rows;
        if (part->bytes == 0)
            continue;
        panel_of(t, r, round, &row, &rows);
        trine_transpose_block copy = {.from = part->data,
                                      .to = (char *)t->out->data +
                                            (first_row(t, OF_X, r) + row) * t->item,
                                      .from_row = (size_t)rows * t->item,
                                      .to_row = out_row,
                                      .item = t->item};
        status =
            run_tiles(t, copy_block, &copy, rows_of(t, OF_OUT, t->team->communicator.rank), rows);
    }
    return status;
}

/* The rows of a panel, the same on all ranks, and memory for its pieces. */
static trine_status prepare(transposition *t)
{
    trine_executor *executor = &t->team->executor;
    int own = t->team->communicator.rank, ranks = t->blocks[0].ranks;
    uint64_t received = 0;
    t->panel = trine_max(trine_panel_bytes / (t->x->columns * t->item), MIN_PANEL);
    for (int r = 0; r < ranks; r++) {
        uint64_t row, rows;
        panel_of(t, r, 0, &row, &rows);
        received += r == own ? 0 : rows * rows_of(t, OF_OUT, own);
        if (r == own)
            t->send_bytes = (size_t)(rows * (t->x->columns - rows_of(t, OF_OUT, own))) * t->item;
    }
    t->receive_bytes = (size_t)received * t->item;
    trine_status status = TRINE_OK;
    t->parts = calloc(2 * (size_t)ranks, sizeof *t->parts);
    if (!t->parts)
        return trine_fail(TRINE_E_MEMORY, "trine_transpose: no memory for the pieces of %d ranks",
                          ranks);
    void *memory = NULL;
    if (t->send_bytes > 0)
        status = executor->ops.alloc(executor, t->send_bytes, &memory);
    t->send = memory;
    memory = NULL;
    if (!status && t->receive_bytes > 0)
        status = executor->ops.alloc(executor, t->receive_bytes, &memory);
    t->receive = memory;
    return status ? status : trine_team_ready(t->team, t->executor, sizeof(turn_job), 0);
}

static void release(transposition *t)
{
    trine_executor *executor = &t->team->executor;
    if (t->send)
        executor->ops.free(executor, t->send, t->send_bytes);
    if (t->receive)
        executor->ops.free(executor, t->receive, t->receive_bytes);
    free(t->parts);
    trine_ownership_free(t->blocks, 2);
}

/* Sends the panels of all rounds. Every rank makes as many rounds as the longest block needs.
 * *left: all ranks have left the call. */
static trine_status exchange_panels(transposition *t, bool *left)
{
    trine_communicator *communicator = &t->team->communicator;
    uint64_t longest = 0, rounds;
    trine_status status = prepare(t);
    for (int r = 0; r < communicator->size; r++)
        longest = trine_max(longest, rows_of(t, OF_X, r));
    rounds = trine_divide_up(longest, t->panel);
    for (uint64_t round = 0; round < rounds; round++) {
        trine_part *expected = NULL;
        if (!status)
            status = pack(t, round);
        if (!status)
            expected = expect(t, round);
        trine_call_mark(t->team, &t->team->ledger.dispatch);
        status = communicator->ops->exchange(communicator, t->parts, expected, t->call, status);
        trine_call_mark(t->team, &t->team->ledger.combine);
        *left = status != TRINE_OK;
        if (status)
            return status;
        status = unpack(t, round);
    }
    return status;
}

/* Blocks that do not make up one transposition are refused by every rank alike. */
static trine_status check_shapes(const transposition *t)
{
    uint64_t rows = t->blocks[OF_X].at[t->blocks[OF_X].ranks];
    uint64_t out_rows = t->blocks[OF_OUT].at[t->blocks[OF_OUT].ranks];
    if ((rows == t->out->columns && out_rows == t->x->columns) || rows + out_rows == 0)
        return TRINE_OK;
    return trine_fail(TRINE_E_LENGTH,
                      "trine_transpose: x is %llu x %llu, out %llu x %llu; expected out of %llu x "
                      "%llu",
                      (unsigned long long)rows, (unsigned long long)t->x->columns,
                      (unsigned long long)out_rows, (unsigned long long)t->out->columns,
                      (unsigned long long)t->x->columns, (unsigned long long)rows);
}

static trine_status transpose(transposition *t)
{
    uint64_t local[] = {t->x->local_rows, t->out->local_rows};
    trine_status status = t->kernels ? TRINE_OK : TRINE_E_ARGUMENT;
    bool left = false;
    status = trine_ownership_gather(t->team, local, 2, t->call, status, t->blocks);
    if (!status)
        status = check_shapes(t);
    if (status || t->x->columns == 0 || t->out->columns == 0)
        return status;
    t->team->ledger.bytes = (int64_t)((t->x->local_n + t->out->local_n) * t->item);
    if (t->team->communicator.size == 1)
        return turn_own(t);
    status = exchange_panels(t, &left);
    if (left)
        return status;
    if (!status)
        status = turn_own(t);
    return trine_team_agree(t->team, t->call, status);
}

static trine_status check(const trine_array *x, const trine_array *out)
{
    if (!x || !out)
        return trine_fail(TRINE_E_ARGUMENT, "trine_transpose: %s is NULL", x ? "out" : "x");
    if (x->team != out->team)
        return trine_fail(TRINE_E_TEAM, "trine_transpose: x belongs to team %s, out to %s",
                          x->team->spec, out->team->spec);
    if (x->dtype != out->dtype)
        return trine_fail(TRINE_E_DTYPE, "trine_transpose: out is %s; expected %s, as x",
                          trine_dtype_name(out->dtype), trine_dtype_name(x->dtype));
    return trine_out_check("trine_transpose", x, out, NULL);
}

trine_status trine_transpose(const trine_array *x, trine_array *out)
{
    trine_team *team = trine_arrays_team((const trine_array *const[]){x, out}, 2);
    trine_status status = check(x, out);
    if (status || !x || !out)
        return trine_call_refuse(team, status);
    status = trine_call_begin(team);
    if (status)
        return status;
    const trine_array *arrays[] = {x, out};
    uint64_t given[] = {(uint64_t)x->dtype, x->columns, out->columns, trine_array_common(x),
                        trine_array_common(out)};
    transposition t = {.team = team,
                       .executor = trine_arrays_executor(team, arrays, 2),
                       .kernels = trine_grid_kernels_find(),
                       .x = x,
                       .out = out,
                       .item = trine_dtype_size(x->dtype),
                       .call = trine_call_number(21, given, sizeof given)};
    status = transpose(&t);
    release(&t);
    return trine_call_end(team, &team->ledger.combine, status);
}
