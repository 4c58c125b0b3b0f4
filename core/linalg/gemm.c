/* core/linalg/gemm.c - matrix products: the BLAS on tiles of c that the matrices' shapes alone cut.
 *
 *   1. The grid: c is cut into panels of rows and these into tiles of columns, k into steps. A tile
 *      is one product of the BLAS a step, added up in c. So the BLAS is asked for the same products
 *      by every team, and gives the same bits (core/linalg/blas.h).
 *   2. A rank computes whole panels, an equal share of them in rank order, and its workers share
 *      out the tiles. Of a and c, what lies with another rank than the one that computes it
 *      travels there, and c back; nothing does where the ranks' blocks are whole panels.
 *   3. With several ranks, each step's rows of b go from the ranks that hold them to all, so that
 *      none ever holds all of b. One rank reads its b where it lies and does all steps of a tile
 *      at once.
 * Panels are tall, since for each product the BLAS copies b into the order that its kernel likes.
 */
#include <trine/matrix.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/linalg/blas.h"
#include "core/system/error.h"
#include "core/system/float_environment.h"
#include "core/linalg/matrix.h"
#include "core/array/row_ownership.h"
#include "core/partition/share.h"

/* The grid: most rows of a panel, and the panels that there are at least unless they would be
 * lower than MIN_HEIGHT; most columns of a tile; most elements of k in a step. What is cut is
 * cut into equal parts, but for rounding up to multiples of UNIT. */
enum { HEIGHT = 512, PANELS = 8, MIN_HEIGHT = 64, WIDTH = 6144, DEPTH = 1024, UNIT = 8 };

/* A product as the call gave it, and its grid. */
typedef struct product {
    trine_dtype dtype;
    size_t item;
    double alpha, beta;
    uint64_t m, n, k, height, width, depth;
} product;

/* What a job computes: rows [row, row_end), columns [column, column_end) of c, with elements
 * [l, l_end) of k. a, b and c point at the first of these; lda, ldb, ldc are elements. In memory
 * that all workers address. */
typedef struct part {
    product p;
    uint64_t row, row_end, column, column_end, l, l_end;
    const char *a, *b;
    char *c;
    size_t lda, ldb, ldc;
    size_t panels;
} part;

/* A call among several ranks. rows_*: which rank holds which rows of a, b and c; rows: and computes
 * which of c. work_a, work_c: what this rank computes with, when that is not where a and c lie;
 * panel: b's rows of a step. */
typedef struct travel {
    product p;
    trine_team *team;
    const trine_array *a, *b;
    trine_array *c;
    uint64_t *rows_a, *rows_b, *rows_c, *rows;
    char *memory, *work_a, *work_c, *panel;
    size_t bytes;
    uint64_t call;
} travel;

/* The size of `parts` equal parts of n, the last of which may be smaller. */
static uint64_t equal_part(uint64_t n, uint64_t parts)
{
    uint64_t part = trine_round_up(trine_divide_up(n, trine_max(parts, 1)), UNIT);
    return trine_max(part, UNIT);
}

static void make_grid(product *p)
{
    /* Numbers of panels with many divisors leave fewer workers without one at the end. */
    uint64_t panels = trine_round_up(trine_divide_up(p->m, HEIGHT), 4);
    p->height = trine_max(equal_part(p->m, trine_max(panels, PANELS)), MIN_HEIGHT);
    p->width = equal_part(p->n, trine_divide_up(p->n, WIDTH));
    p->depth = equal_part(p->k, trine_divide_up(p->k, DEPTH));
}

/* c's m x n elements of a tile from l elements of k. */
static trine_status multiply(const product *p, size_t m, size_t n, size_t l, const char *a,
                             size_t lda, const char *b, size_t ldb, double beta, char *c,
                             size_t ldc)
{
    if (p->dtype == TRINE_F64)
        return trine_blas_gemm_f64(m, n, l, p->alpha, (const void *)a, lda, (const void *)b, ldb,
                                   beta, (void *)c, ldc);
    return trine_blas_gemm_f32(m, n, l, (float)p->alpha, (const void *)a, lda, (const void *)b, ldb,
                               (float)beta, (void *)c, ldc);
}

/* Of several NaNs the BLAS keeps the bits of one or another, as its kernel for the core goes about
 * it; the product has one. */
#define DEFINE_ONE_NAN(suffix, type, word, infinity)                                               \
    static void one_nan_##suffix(type *x, size_t n)                                                \
    {                                                                                              \
        word bits, seen = 0;                                                                       \
        for (size_t i = 0; i < n; i++) {                                                           \
            memcpy(&bits, x + i, sizeof bits);                                                     \
            seen |= infinity - (bits << 1 >> 1);                                                   \
        }                                                                                          \
        if (seen >> (8 * sizeof seen - 1))                                                         \
            for (size_t i = 0; i < n; i++)                                                         \
                x[i] = x[i] == x[i] ? x[i] : (type)NAN;                                            \
    }
DEFINE_ONE_NAN(f64, double, uint64_t, UINT64_C(0x7ff0000000000000))
DEFINE_ONE_NAN(f32, float, uint32_t, UINT32_C(0x7f800000))

static trine_status tile_block(void *context, size_t block, trine_worker *worker)
{
    const part *job = context;
    const product *p = &job->p;
    size_t item = p->item;
    uint64_t i = block % job->panels * p->height, j = block / job->panels * p->width;
    size_t m = (size_t)trine_min(job->row_end - job->row - i, p->height);
    size_t n = (size_t)trine_min(job->column_end - job->column - j, p->width);
    uint64_t depth = job->l_end - job->l, l = 0;
    (void)worker;
    do {
        size_t step = (size_t)trine_min(depth - l, p->depth);
        /* Matrices of no elements have no memory. */
        const char *a = step > 0 ? job->a + (i * job->lda + l) * item : NULL;
        const char *b = step > 0 ? job->b + (l * job->ldb + j) * item : NULL;
        trine_status status =
            multiply(p, m, n, step, a, job->lda, b, job->ldb, job->l + l > 0 ? 1 : p->beta,
                     job->c + (i * job->ldc + j) * item, job->ldc);
        if (status)
            return status;
        l += step;
    } while (l < depth);
    for (size_t r = 0; r < m; r++) {
        char *row = job->c + ((i + r) * job->ldc + j) * item;
        if (p->dtype == TRINE_F64)
            one_nan_f64((double *)(void *)row, n);
        else
            one_nan_f32((float *)(void *)row, n);
    }
    return TRINE_OK;
}

/* A tile may be computed again only while what it reads of c is not what it has written. */
static trine_status run_part(trine_team *team, trine_executor *executor, const part *given)
{
    void *memory;
    trine_status status = trine_team_arena(team, sizeof *given, &memory);
    if (status || given->row >= given->row_end)
        return status;
    part *job = memory;
    *job = *given;
    job->panels = (size_t)trine_divide_up(job->row_end - job->row, job->p.height);
    uint64_t tiles = trine_divide_up(job->column_end - job->column, job->p.width);
    trine_job work = {.blocks = job->panels * (size_t)tiles,
                      .body = tile_block,
                      .context = job,
                      .restartable = job->l == 0 && job->p.beta == 0};
    return trine_team_run(team, executor, &work);
}

static trine_status multiply_here(trine_team *team, const product *p, const trine_array *a,
                                  const trine_array *b, const trine_array *c, uint64_t depth)
{
    const trine_array *all[] = {a, b, c};
    part whole = {.p = *p,
                  .row_end = p->m,
                  .column_end = p->n,
                  .l_end = depth,
                  .a = a->data,
                  .b = b->data,
                  .c = c->data,
                  .lda = (size_t)p->k,
                  .ldb = (size_t)p->n,
                  .ldc = (size_t)p->n};
    return run_part(team, trine_arrays_executor(team, all, 3), &whole);
}

/* Which panels each rank computes, as rows. */
static void share_out(const product *p, int ranks, uint64_t *rows)
{
    for (int r = 0; r < ranks; r++)
        rows[r] = trine_fair_share_of_units(p->m, p->height, (uint64_t)ranks, (uint64_t)r).first;
    rows[ranks] = p->m;
}

static trine_status lay_out(travel *t)
{
    const product *p = &t->p;
    int ranks = t->team->communicator.size, own = t->team->communicator.rank;
    size_t entries = (size_t)ranks + 1;
    t->rows = calloc(4 * entries, sizeof *t->rows);
    if (!t->rows)
        return trine_fail(TRINE_E_MEMORY, "gemm: no memory for the layouts of %d ranks", ranks);
    t->rows_a = t->rows + entries;
    t->rows_b = t->rows_a + entries;
    t->rows_c = t->rows_b + entries;
    trine_row_ownership_of_array(t->a, t->rows_a);
    trine_row_ownership_of_array(t->b, t->rows_b);
    trine_row_ownership_of_array(t->c, t->rows_c);
    share_out(p, ranks, t->rows);
    bool moves_a = !trine_row_ownership_alike(t->team, t->rows, t->rows_a);
    bool moves_c = !trine_row_ownership_alike(t->team, t->rows, t->rows_c);
    size_t rows = (size_t)(t->rows[own + 1] - t->rows[own]);
    size_t width = (size_t)trine_min(p->n, p->width), depth = (size_t)trine_min(p->k, p->depth);
    size_t of_a = moves_a ? rows * depth * p->item : 0, of_c = moves_c ? rows * width * p->item : 0;
    t->bytes = trine_max(depth * width * p->item + of_a + of_c, 1);
    void *memory;
    trine_status status = t->team->executor.ops.alloc(&t->team->executor, t->bytes, &memory);
    if (status)
        return status;
    t->panel = t->memory = memory;
    status = trine_team_ready(t->team, &t->team->executor, sizeof(part), 0);
    if (status)
        return status;
    t->work_a = moves_a ? t->panel + depth * width * p->item : NULL;
    t->work_c = moves_c ? t->panel + depth * width * p->item + of_a : NULL;
    return TRINE_OK;
}

static void clear(travel *t)
{
    if (t->memory)
        t->team->executor.ops.free(&t->team->executor, t->memory, t->bytes);
    free(t->rows);
}

/* Brings the job's columns of b's rows [l, l_end) to all ranks. A rank that holds all of them,
 * without gaps, leaves them where they are. */
static trine_status bring_b(const travel *t, part *job, trine_status status)
{
    const product *p = &t->p;
    trine_communicator *communicator = &t->team->communicator;
    uint64_t columns = job->column_end - job->column;
    size_t row = (size_t)columns * p->item;
    job->b = t->panel;
    job->ldb = (size_t)columns;
    for (int r = 0; r < communicator->size && !status; r++) {
        trine_range here = trine_range_common((trine_range){t->rows_b[r], t->rows_b[r + 1]},
                                              (trine_range){job->l, job->l_end});
        uint64_t first = here.first, end = here.end;
        if (first == end)
            continue;
        char *piece = t->panel + (first - job->l) * row;
        if (r == communicator->rank) {
            char *own =
                (char *)t->b->data + ((first - t->rows_b[r]) * p->n + job->column) * p->item;
            bool in_place = columns == p->n && first == job->l && end == job->l_end;
            if (in_place)
                job->b = piece = own;
            else
                trine_row_ownership_copy(piece, row, own, (size_t)p->n * p->item, end - first, row);
        }
        status = communicator->ops->broadcast(communicator, piece, (size_t)(end - first) * row, r,
                                              t->call, status);
    }
    t->team->ledger.moved += (int64_t)((job->l_end - job->l) * row);
    return status;
}

/* Brings elements [l, l_end) of a's rows to the ranks that compute with them. */
static trine_status bring_a(const travel *t, part *job, trine_status status)
{
    char *at = trine_array_at(t->a, job->l * t->p.item);
    job->a = at;
    job->lda = (size_t)t->p.k;
    if (!t->work_a)
        return status;
    size_t depth = (size_t)(job->l_end - job->l);
    trine_row_ownership from = {t->rows_a, at, (size_t)t->p.k * t->p.item};
    trine_row_ownership to = {t->rows, t->work_a, depth * t->p.item};
    job->a = t->work_a;
    job->lda = depth;
    return trine_row_ownership_move(t->team, &from, &to, depth * t->p.item, t->call, status);
}

/* Moves columns [column, column_end) of c to the ranks that compute them, or back. */
static trine_status move_c(const travel *t, const part *job, bool back, trine_status status)
{
    if (!t->work_c)
        return status;
    size_t row = (size_t)(job->column_end - job->column) * t->p.item;
    trine_row_ownership home = {t->rows_c, trine_array_at(t->c, job->column * t->p.item),
                                (size_t)t->p.n * t->p.item};
    trine_row_ownership work = {t->rows, t->work_c, row};
    return trine_row_ownership_move(t->team, back ? &work : &home, back ? &home : &work, row,
                                    t->call, status);
}

/* One column of tiles, step by step. Leaves after the first function of the communicator that
 * failed. */
static trine_status multiply_tiles(const travel *t, part *job, uint64_t depth)
{
    trine_status status = TRINE_OK;
    trine_team *team = t->team;
    job->c = t->work_c ? t->work_c : trine_array_at(t->c, job->column * t->p.item);
    job->ldc = (size_t)(t->work_c ? job->column_end - job->column : t->p.n);
    if (t->p.beta != 0)
        status = move_c(t, job, false, status);
    if (status)
        return status;
    uint64_t l = 0;
    do {
        job->l = l;
        job->l_end = trine_min(l + t->p.depth, depth);
        status = bring_a(t, job, TRINE_OK);
        if (!status)
            status = bring_b(t, job, TRINE_OK);
        trine_call_mark(team, &team->ledger.transfer_in);
        if (status)
            return status;
        status = trine_team_agree(team, t->call, run_part(team, &team->executor, job));
        trine_call_mark(team, &team->ledger.combine);
        if (status)
            return status;
        l = job->l_end;
    } while (l < depth);
    status = move_c(t, job, true, TRINE_OK);
    trine_call_mark(team, &team->ledger.transfer_out);
    return status;
}

static trine_status multiply_among_ranks(travel *t, uint64_t depth, trine_status status)
{
    trine_team *team = t->team;
    const product *p = &t->p;
    int own = team->communicator.rank;
    if (!status)
        status = lay_out(t);
    status = trine_team_agree(team, t->call, status);
    for (uint64_t j = 0; j < p->n && !status && t->rows; j += p->width) {
        part job = {.p = *p,
                    .row = t->rows[own],
                    .row_end = t->rows[own + 1],
                    .column = j,
                    .column_end = trine_min(j + p->width, p->n)};
        status = multiply_tiles(t, &job, depth);
    }
    clear(t);
    return status;
}

/* Arguments are sound. A BLAS that is missing on one rank is so for all. */
static trine_status gemm(product p, const trine_array *a, const trine_array *b, trine_array *c)
{
    trine_team *team = c->team;
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    make_grid(&p);
    status = trine_blas_open();
    uint64_t depth = p.alpha != 0 ? p.k : 0, given[6] = {(uint64_t)p.dtype, p.m, p.n, p.k};
    memcpy(&given[4], &p.alpha, sizeof p.alpha);
    memcpy(&given[5], &p.beta, sizeof p.beta);
    travel t = {.p = p,
                .team = team,
                .a = a,
                .b = b,
                .c = c,
                .call = trine_call_number(9, given, sizeof given)};
    if (team->communicator.size > 1)
        status = multiply_among_ranks(&t, depth, status);
    else if (!status)
        status = multiply_here(team, &p, a, b, c, depth);
    team->ledger.bytes =
        (int64_t)((a->local_n + b->local_n + c->local_n * (p.beta != 0 ? 2 : 1)) * p.item);
    return trine_call_end(team, &team->ledger.combine, status);
}

static trine_status check(const char *call, trine_dtype dtype, const trine_array *a,
                          const trine_array *b, const trine_array *c)
{
    static const char *const names[] = {"a", "b", "c"};
    const trine_array *const arrays[] = {a, b, c};
    trine_status status = trine_operands_given(call, arrays, names);
    if (status)
        return status;
    const trine_operand operands[] = {{"a", a, a->rows, a->columns},
                                      {"b", b, a->columns, b->columns},
                                      {"c", c, a->rows, b->columns}};
    return trine_operands_check(call, dtype, operands);
}

#define DEFINE_GEMM(suffix, type, constant)                                                        \
    trine_status trine_gemm_##suffix(type alpha, const trine_array *a, const trine_array *b,       \
                                     type beta, trine_array *c)                                    \
    {                                                                                              \
        TRINE_FLOAT_SCOPE;                                                                         \
        const trine_array *const arrays[] = {a, b, c};                                             \
        trine_status status = check("trine_gemm_" #suffix, constant, a, b, c);                     \
        if (status)                                                                                \
            return trine_call_refuse(trine_arrays_team(arrays, 3), status);                        \
        product p = {.dtype = constant,                                                            \
                     .item = sizeof(type),                                                         \
                     .alpha = (double)alpha,                                                       \
                     .beta = (double)beta,                                                         \
                     .m = a->rows,                                                                 \
                     .n = b->columns,                                                              \
                     .k = a->columns};                                                             \
        return gemm(p, a, b, c);                                                                   \
    }
DEFINE_GEMM(f64, double, TRINE_F64)
DEFINE_GEMM(f32, float, TRINE_F32)

const char *trine_gemm_library(void)
{
    TRINE_FLOAT_SCOPE;
    return trine_blas_open() ? NULL : trine_blas_name();
}

const char *trine_gemm_note(void)
{
    TRINE_FLOAT_SCOPE;
    return trine_blas_open() ? NULL : trine_blas_note();
}
