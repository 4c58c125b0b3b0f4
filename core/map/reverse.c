/* core/map/reverse.c - the elements in the opposite order.
 *
 * On one rank a job copies from the other end, or swaps the two halves in place. On several ranks
 * each reverses its block to memory aside, which then is a piece of the whole's other end.
 */
#include <string.h>

#include "core/array/array.h"
#include "core/system/error.h"
#include "core/array/overlap.h"
#include "core/array/ownership.h"
#include "core/array/redistribute.h"
#include "core/partition/blocks.h"
#include "core/system/util.h"
#include <trine/scan.h>

/* The job's context: n elements at x, to out, which may be x. Blocks are of the first `count`. */
typedef struct reverse_job {
    trine_blocks blocks;
    const void *x;
    void *out;
    uint64_t n, count;
    size_t item;
} reverse_job;

#define REVERSE(bits)                                                                              \
    static void copy_##bits(void *to, const void *from, uint64_t n, uint64_t first, uint64_t end)  \
    {                                                                                              \
        uint##bits##_t *restrict out = to;                                                         \
        const uint##bits##_t *restrict x = from;                                                   \
        for (uint64_t i = first; i < end; i++)                                                     \
            out[i] = x[n - 1 - i];                                                                 \
    }                                                                                              \
    static void swap_##bits(void *both, uint64_t n, uint64_t first, uint64_t end)                  \
    {                                                                                              \
        uint##bits##_t *x = both;                                                                  \
        for (uint64_t i = first; i < end; i++) {                                                   \
            uint##bits##_t other = x[n - 1 - i];                                                   \
            x[n - 1 - i] = x[i];                                                                   \
            x[i] = other;                                                                          \
        }                                                                                          \
    }                                                                                              \
    static void reverse_##bits(const reverse_job *job, uint64_t first, uint64_t end)               \
    {                                                                                              \
        if (job->out == job->x)                                                                    \
            swap_##bits(job->out, job->n, first, end);                                             \
        else                                                                                       \
            copy_##bits(job->out, job->x, job->n, first, end);                                     \
    }
REVERSE(8)
REVERSE(16)
REVERSE(32)
REVERSE(64)

static trine_status reverse_run(void *context, size_t i, trine_worker *worker)
{
    const reverse_job *job = context;
    trine_block block = trine_blocks_get(&job->blocks, i);
    uint64_t first = block.first * TRINE_CHUNK, end = first + block.chunks * TRINE_CHUNK;
    (void)worker;
    end = trine_min(end, job->count);
    switch (job->item) {
    case 1:
        reverse_8(job, first, end);
        break;
    case 2:
        reverse_16(job, first, end);
        break;
    case 4:
        reverse_32(job, first, end);
        break;
    default:
        reverse_64(job, first, end);
        break;
    }
    return TRINE_OK;
}

/* This rank's elements, to out in the opposite order. */
static trine_status reverse_here(trine_team *team, const trine_array *x, const trine_array *out)
{
    const trine_array *all[] = {x, out};
    trine_executor *executor = trine_arrays_executor(team, all, 2);
    uint64_t count = out->data == x->data ? x->local_n / 2 : x->local_n;
    uint64_t chunks = trine_divide_up(count, TRINE_CHUNK);
    void *memory;
    trine_status status = trine_team_arena(team, sizeof(reverse_job), &memory);
    if (status || count == 0)
        return status;
    reverse_job *job = memory;
    *job = (reverse_job){.blocks = trine_blocks_cut(0, chunks, chunks, executor->workers, false,
                                                    team->schedule == TRINE_DYNAMIC),
                         .x = x->data,
                         .out = out->data,
                         .n = x->local_n,
                         .count = count,
                         .item = trine_dtype_size(x->dtype)};
    trine_job work = {.blocks = job->blocks.count,
                      .body = reverse_run,
                      .context = job,
                      .restartable = out->data != x->data};
    return trine_team_run(team, executor, &work);
}

/* On several ranks. */
static trine_status reverse_between(trine_team *team, const trine_array *x, const trine_array *out,
                                    uint64_t call)
{
    trine_array *aside = NULL;
    uint64_t offset = 0, global_n = 0;
    const int64_t n = (int64_t)x->local_n;
    trine_status status =
        trine_array_make(team, x->dtype, 1, &n, TRINE_SHARED, TRINE_MEMORY_NEW, &aside);
    if (!status)
        status = reverse_here(team, x, aside);
    status = trine_ownership_place(team, x->local_n, call, status, &offset, &global_n);
    if (!status) {
        trine_piece held = {aside->data, global_n - offset - x->local_n, x->local_n};
        trine_piece wanted = {out->data, offset, x->local_n};
        status = trine_redistribute(team, trine_dtype_size(x->dtype), held, wanted, call, TRINE_OK);
    }
    trine_array_free(aside);
    return status;
}

static trine_status check(const trine_array *x, const trine_array *out)
{
    bool in_place = false;
    if (!x || !out)
        return trine_fail(TRINE_E_ARGUMENT, "trine_reverse: %s is NULL", x ? "out" : "x");
    const trine_array *like = x;
    trine_status status = trine_arrays_check("trine_reverse", "out", &out, &x->dtype, 1, &like);
    return status ? status : trine_out_check("trine_reverse", x, out, &in_place);
}

trine_status trine_reverse(const trine_array *x, trine_array *out)
{
    trine_status status = check(x, out);
    if (status)
        return trine_call_refuse(trine_arrays_team((const trine_array *const[]){x, out}, 2),
                                 status);
    trine_team *team = x->team;
    uint64_t given[] = {x->dtype, x->place == TRINE_DISTRIBUTED ? x->n : 0};
    uint64_t call = trine_call_number(52, given, sizeof given);
    status = trine_call_begin(team);
    if (status)
        return status;
    team->ledger.bytes = (int64_t)(2 * x->local_n * trine_dtype_size(x->dtype));
    status = team->communicator.size > 1 ? reverse_between(team, x, out, call)
                                         : trine_team_agree(team, call, reverse_here(team, x, out));
    return trine_call_end(team, &team->ledger.combine, status);
}
