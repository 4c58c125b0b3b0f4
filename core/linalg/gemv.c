/* core/linalg/gemv.c - a matrix times a vector: each row's dot product in the canonical tree over
 * its chunks.
 *
 *   1. Every rank gets all of x, and computes the rows of a that it holds, GROUP at a time. Rows
 *      are cut into segments of 2^SEGMENT chunks, each a subtree, which the workers share out: few
 *      long rows keep them as busy as many short ones.
 *   2. The caller joins each row's segments.
 *   3. The results, one double a row, go to the ranks that hold those rows of y, which are other
 *      ones since y has one axis. Nothing is written to y before all have come.
 */
#include <trine/matrix.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"
#include "core/system/float_environment.h"
#include "core/linalg/matrix.h"
#include "core/array/row_ownership.h"
#include "core/partition/share.h"
#include "kernels/registry/params.h"

enum { GROUP = 4, SEGMENT = 6, BLOCKS_PER_WORKER = 32 };

static const uint64_t segment_length = (uint64_t)TRINE_CHUNK << SEGMENT;

/* The job's context, in memory that all workers address. A unit is a segment of a group of rows:
 * `segments` of them a group. slots: a partial for each segment of each row; a result when a row
 * has only one. */
typedef struct rows_job {
    trine_reducer reducer;
    const char *a, *x;
    double *slots;
    uint64_t rows, columns, segments;
    size_t item, units, blocks;
} rows_job;

/* A call. rows_*: which rank holds which rows; memory: slots, then all of x when it does not lie
 * where the workers address it. results: of this rank's rows of y. */
typedef struct product {
    trine_team *team;
    const trine_array *a, *x;
    trine_array *y;
    double alpha, beta;
    const trine_reducer *reducer;
    trine_executor *executor;
    uint64_t *rows_a, *rows_x, *rows_y, rows, segments, call;
    void *memory;
    size_t bytes, item;
    double *slots, *results;
    char *whole_x;
} product;

/* A reducer for so many rows. */
static trine_reducer reducer_for(const trine_reducer *one, uint64_t rows)
{
    trine_reducer reducer = *one;
    reducer.state_size = reducer.result_size = (size_t)rows * sizeof(double);
    return reducer;
}

/* The partials of columns [at, end) of the rows, at `state`. */
static void reduce_segment(const rows_job *job, uint64_t row, const trine_gemv_param *param,
                           uint64_t at, uint64_t end, unsigned char *scratch, double *state)
{
    trine_reducer m = reducer_for(&job->reducer, param->more + 1);
    trine_tree tree;
    bool single = end - at <= TRINE_CHUNK;
    if (!single)
        trine_tree_begin(&tree, &m, param, scratch);
    if (at == end)
        m.init(state, param);
    for (; at < end; at += TRINE_CHUNK) {
        trine_chunk chunk = {
            .offset = (int64_t)at,
            .n = end - at < TRINE_CHUNK ? (int64_t)(end - at) : TRINE_CHUNK,
            .in = {job->a + (row * job->columns + at) * job->item, job->x + at * job->item}};
        m.init(state, param);
        m.accumulate(state, &chunk, param);
        if (!single)
            trine_tree_push(&tree, (trine_node){at / TRINE_CHUNK, 0}, state);
    }
    if (!single)
        memcpy(state, trine_tree_root(&tree), m.state_size);
}

static trine_status rows_block(void *context, size_t block, trine_worker *worker)
{
    const rows_job *job = context;
    trine_range share = trine_fair_share(job->units, job->blocks, block);
    for (uint64_t unit = share.first; unit < share.end; unit++) {
        uint64_t row = unit / job->segments * GROUP, segment = unit % job->segments;
        uint64_t at = segment * segment_length;
        uint64_t end = at + trine_min(job->columns - at, segment_length);
        uint64_t rows = trine_min(job->rows - row, GROUP);
        trine_gemv_param param = {.more = rows - 1, .stride = job->columns};
        double part[GROUP] = {0};
        reduce_segment(job, row, &param, at, end, worker->scratch, part);
        if (job->segments == 1)
            job->reducer.finish(part, part, &param);
        for (uint64_t r = 0; r < rows; r++)
            job->slots[(row + r) * job->segments + segment] = part[r];
    }
    return TRINE_OK;
}

static trine_status run_here(const product *p)
{
    size_t most = (size_t)p->executor->workers * BLOCKS_PER_WORKER;
    size_t units = (size_t)(trine_divide_up(p->rows, GROUP) * p->segments);
    void *memory;
    trine_status status = trine_team_arena(p->team, sizeof(rows_job), &memory);
    if (status || units == 0)
        return status;
    rows_job *job = memory;
    *job = (rows_job){.reducer = *p->reducer,
                      .a = p->a->data,
                      .x = p->whole_x,
                      .slots = p->slots,
                      .rows = p->rows,
                      .columns = p->a->columns,
                      .segments = p->segments,
                      .item = p->item,
                      .units = units,
                      .blocks = trine_min(units, most)};
    trine_reducer group = reducer_for(p->reducer, GROUP);
    trine_job work = {.blocks = job->blocks,
                      .body = rows_block,
                      .context = job,
                      .scratch_size =
                          p->a->columns > TRINE_CHUNK ? trine_tree_states_size(&group) : 0,
                      .restartable = true};
    return trine_team_run(p->team, p->executor, &work);
}

/* The results of this rank's rows, from their segments: slots[0 .. rows). */
static trine_status join_segments(const product *p)
{
    if (p->segments == 1 || p->rows == 0)
        return TRINE_OK;
    size_t bytes = trine_tree_states_size(p->reducer);
    void *states = aligned_alloc(64, bytes);
    const trine_gemv_param one = {.more = 0};
    if (!states)
        return trine_fail(TRINE_E_MEMORY, "gemv: no memory for %zu bytes of partials", bytes);
    for (uint64_t row = 0; row < p->rows; row++) {
        trine_tree tree;
        trine_tree_begin(&tree, p->reducer, &one, states);
        for (uint64_t s = 0; s < p->segments; s++)
            trine_tree_push(&tree, (trine_node){s << SEGMENT, SEGMENT},
                            &p->slots[row * p->segments + s]);
        /* Slot `row` is of this row or of one before it. */
        p->reducer->finish(&p->slots[row], trine_tree_root(&tree), &one);
    }
    free(states);
    return TRINE_OK;
}

static trine_status prepare(product *p)
{
    trine_team *team = p->team;
    int own = team->communicator.rank;
    size_t entries = (size_t)team->communicator.size + 1;
    p->reducer = trine_reducer_find("gemv_rows", p->a->dtype);
    if (!p->reducer)
        return TRINE_E_ARGUMENT;
    p->rows_a = calloc(3 * entries, sizeof *p->rows_a);
    p->results = calloc(p->y->local_n > 0 ? (size_t)p->y->local_n : 1, sizeof *p->results);
    if (!p->rows_a || !p->results)
        return trine_fail(TRINE_E_MEMORY, "gemv: no memory for the results of %llu rows",
                          (unsigned long long)p->y->local_n);
    p->rows_x = p->rows_a + entries;
    p->rows_y = p->rows_x + entries;
    trine_row_ownership_of_array(p->a, p->rows_a);
    trine_row_ownership_of_array(p->x, p->rows_x);
    trine_row_ownership_of_array(p->y, p->rows_y);
    p->rows = p->rows_a[own + 1] - p->rows_a[own];
    p->segments = trine_max(trine_divide_up(p->a->columns, segment_length), 1);
    p->executor = trine_arrays_executor(team, &p->a, 1);
    size_t of_x = (size_t)p->x->n * p->item;
    size_t of_slots = (size_t)(p->rows * p->segments) * sizeof(double);
    if (entries == 2 && p->executor->ops.addresses(p->executor, p->x->data, of_x)) {
        p->whole_x = p->x->data;
        of_x = 0;
    }
    p->bytes = of_slots + of_x;
    if (p->bytes == 0)
        return TRINE_OK;
    trine_status status = team->executor.ops.alloc(&team->executor, p->bytes, &p->memory);
    if (status)
        return status;
    p->slots = p->memory;
    if (of_x > 0)
        p->whole_x = (char *)p->memory + of_slots;
    return TRINE_OK;
}

/* Brings all of x to every rank. */
static trine_status bring_x(const product *p, trine_status status)
{
    trine_communicator *communicator = &p->team->communicator;
    int ranks = communicator->size;
    trine_part *parts = calloc(2 * (size_t)ranks, sizeof *parts);
    if (!status && !parts)
        status = trine_fail(TRINE_E_MEMORY, "gemv: no memory for the parts of %d ranks", ranks);
    for (int r = 0; r < ranks && parts && !status; r++) {
        size_t first = (size_t)p->rows_x[r], end = (size_t)p->rows_x[r + 1];
        parts[r] = (trine_part){p->x->data, (size_t)p->x->local_n * p->item};
        parts[ranks + r].bytes = (end - first) * p->item;
        if (end > first)
            parts[ranks + r].data = p->whole_x + first * p->item;
    }
    if (!status && p->whole_x == p->x->data)
        status = trine_team_agree(p->team, p->call, status);
    else
        status = communicator->ops->exchange(communicator, parts, parts ? parts + ranks : NULL,
                                             p->call, status);
    free(parts);
    return status;
}

#define DEFINE_UPDATE(suffix, type)                                                                \
    static void update_##suffix(const product *p)                                                  \
    {                                                                                              \
        type *y = p->y->data;                                                                      \
        for (uint64_t i = 0; i < p->y->local_n; i++) {                                             \
            double sum = p->alpha != 0 ? p->alpha * p->results[i] : 0;                             \
            sum = p->beta != 0 ? sum + p->beta * (double)y[i] : sum;                               \
            y[i] = (type)(sum == sum ? sum : (double)NAN);                                         \
        }                                                                                          \
    }
DEFINE_UPDATE(f64, double)
DEFINE_UPDATE(f32, float)

/* alpha a x, in results. */
static trine_status multiply(const product *p, trine_status status)
{
    trine_team *team = p->team;
    status = bring_x(p, status);
    trine_call_mark(team, &team->ledger.transfer_in);
    if (status)
        return status;
    status = run_here(p);
    if (!status)
        status = join_segments(p);
    trine_row_ownership from = {p->rows_a, (char *)p->slots, sizeof(double)};
    trine_row_ownership to = {p->rows_y, (char *)p->results, sizeof(double)};
    return trine_row_ownership_move(team, &from, &to, sizeof(double), p->call, status);
}

/* Arguments are sound. */
static trine_status gemv(product *p)
{
    trine_team *team = p->team;
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    uint64_t given[5] = {(uint64_t)p->a->dtype, p->a->rows, p->a->columns};
    memcpy(&given[3], &p->alpha, sizeof p->alpha);
    memcpy(&given[4], &p->beta, sizeof p->beta);
    p->call = trine_call_number(10, given, sizeof given);
    p->item = trine_dtype_size(p->a->dtype);
    status = prepare(p);
    status = p->alpha != 0 ? multiply(p, status) : trine_team_agree(team, p->call, status);
    if (!status && p->a->dtype == TRINE_F64)
        update_f64(p);
    else if (!status)
        update_f32(p);
    team->ledger.bytes =
        (int64_t)((p->a->local_n + p->x->n + p->y->local_n * (p->beta != 0 ? 2 : 1)) * p->item);
    if (p->memory)
        team->executor.ops.free(&team->executor, p->memory, p->bytes);
    free(p->results);
    free(p->rows_a);
    return trine_call_end(team, &team->ledger.combine, status);
}

static trine_status check(const char *call, trine_dtype dtype, const trine_array *a,
                          const trine_array *x, const trine_array *y)
{
    static const char *const names[] = {"a", "x", "y"};
    const trine_array *const arrays[] = {a, x, y};
    trine_status status = trine_operands_given(call, arrays, names);
    if (status)
        return status;
    const trine_operand operands[] = {
        {"a", a, a->rows, a->columns}, {"x", x, a->columns, 1}, {"y", y, a->rows, 1}};
    return trine_operands_check(call, dtype, operands);
}

#define DEFINE_GEMV(suffix, type, constant)                                                        \
    trine_status trine_gemv_##suffix(type alpha, const trine_array *a, const trine_array *x,       \
                                     type beta, trine_array *y)                                    \
    {                                                                                              \
        TRINE_FLOAT_SCOPE;                                                                         \
        const trine_array *const arrays[] = {a, x, y};                                             \
        trine_status status = check("trine_gemv_" #suffix, constant, a, x, y);                     \
        if (status)                                                                                \
            return trine_call_refuse(trine_arrays_team(arrays, 3), status);                        \
        product p = {.team = a->team,                                                              \
                     .a = a,                                                                       \
                     .x = x,                                                                       \
                     .y = y,                                                                       \
                     .alpha = (double)alpha,                                                       \
                     .beta = (double)beta};                                                        \
        return gemv(&p);                                                                           \
    }
DEFINE_GEMV(f64, double, TRINE_F64)
DEFINE_GEMV(f32, float, TRINE_F32)
