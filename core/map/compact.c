/* core/map/compact.c - keeping some elements, in their order.
 *
 * 1. A job counts what each chunk keeps. The sums of the counts before each chunk are where what it
 *    keeps begins.
 * 2. The result is made as long as all counts, and a second job asks the predicate again and
 *    writes.
 * 3. A DISTRIBUTED whole on several ranks is written rank by rank to memory aside, then cut anew.
 */
#include <string.h>

#include "core/array/array.h"
#include "core/system/error.h"
#include "core/array/ownership.h"
#include "core/array/redistribute.h"
#include "core/input/chunk_loader.h"
#include "core/system/util.h"
#include <trine/scan.h>

/* The job's context. test NULL: the second source is the mask. positions: for each chunk, how many
 * it keeps, then where they begin, and behind the last where it ends. out NULL: count. */
typedef struct compact_job {
    trine_loader loader;
    trine_predicate keep;
    const void *param;
    size_t item;
    uint64_t first_chunk, *positions;
    unsigned char *out;
} compact_job;

/* One call, from its arguments to its result. kept: the result; held: this rank's part of it. */
typedef struct compact_call {
    const char *name;
    trine_team *team;
    const trine_array *x, *mask;
    const trine_predicate *keep;
    const void *param;
    uint64_t number, chunks;
    compact_job *job;
    trine_array *held, *kept;
} compact_call;

#define PACK(bits)                                                                                 \
    static size_t pack_##bits(void *to, const void *from, const uint8_t *keep, size_t n)           \
    {                                                                                              \
        const uint##bits##_t *restrict x = from;                                                   \
        uint##bits##_t *restrict packed = to;                                                      \
        size_t kept = 0;                                                                           \
        for (size_t i = 0; i < n; i++) {                                                           \
            packed[kept] = x[i];                                                                   \
            kept += keep[i] != 0;                                                                  \
        }                                                                                          \
        return kept;                                                                               \
    }
PACK(8)
PACK(16)
PACK(32)
PACK(64)

/* Puts what is kept at the beginning of `to`, which has space for all; how many. */
static size_t pack(void *to, const void *from, const uint8_t *keep, size_t n, size_t item)
{
    switch (item) {
    case 1:
        return pack_8(to, from, keep, n);
    case 2:
        return pack_16(to, from, keep, n);
    case 4:
        return pack_32(to, from, keep, n);
    default:
        return pack_64(to, from, keep, n);
    }
}

static uint64_t count_kept(const uint8_t *keep, size_t n)
{
    uint64_t kept = 0;
    for (size_t i = 0; i < n; i++)
        kept += keep[i] != 0;
    return kept;
}

static trine_status write_chunk(const compact_job *job, const trine_chunk *chunk,
                                const uint8_t *keep, const uint64_t *position, void *packed)
{
    size_t kept = pack(packed, chunk->in[0], keep, (size_t)chunk->n, job->item);
    if (kept != position[1] - position[0])
        return trine_fail(TRINE_E_ARGUMENT,
                          "%s: predicate '%s' kept %zu elements of a chunk where it had kept %llu",
                          "trine_compact", job->keep.name, kept,
                          (unsigned long long)(position[1] - position[0]));
    memcpy(job->out + position[0] * job->item, packed, kept * job->item);
    return TRINE_OK;
}

static trine_status compact_block(void *context, size_t i, trine_worker *worker)
{
    const compact_job *job = context;
    trine_block block = trine_blocks_get(&job->loader.blocks, i);
    uint8_t *bytes = worker->scratch;
    void *packed = bytes + trine_whole_lines(trine_grid_longest(&job->loader.input.grid));
    trine_status status = TRINE_OK;
    for (uint64_t k = 0; k < block.chunks && !status; k++) {
        trine_chunk chunk;
        uint64_t *position = job->positions + (block.first + k - job->first_chunk);
        status = trine_loader_chunk(&job->loader, block.first + k, worker, NULL, &chunk);
        if (status)
            return status;
        const uint8_t *keep = job->keep.test ? bytes : chunk.in[1];
        chunk.out[0] = bytes;
        if (job->keep.test)
            job->keep.test(&chunk, job->param);
        if (job->out)
            status = write_chunk(job, &chunk, keep, position, packed);
        else
            *position = count_kept(keep, (size_t)chunk.n);
    }
    return status;
}

static trine_status run_job(const compact_call *call, trine_executor *executor)
{
    compact_job *job = call->job;
    const trine_grid *grid = &job->loader.input.grid;
    size_t longest = trine_grid_longest(grid);
    job->loader.blocks =
        trine_blocks_cut(job->first_chunk, job->first_chunk + call->chunks, trine_grid_chunks(grid),
                         executor->workers, false, call->team->schedule == TRINE_DYNAMIC);
    trine_job work = {.blocks = job->loader.blocks.count,
                      .body = compact_block,
                      .context = job,
                      .scratch_size =
                          trine_whole_lines(longest) + trine_whole_lines(longest * job->item),
                      .restartable = true};
    return trine_team_run(call->team, executor, &work);
}

static trine_input input_of(const compact_call *call)
{
    const trine_array *x = call->x;
    const trine_array *const in[] = {x, call->mask};
    trine_input input = {.sources = call->mask ? 2 : 1,
                         .grid = x->grid,
                         .offset = x->offset,
                         .local_n = x->local_n,
                         .own_blocks = x->place != TRINE_DISTRIBUTED};
    for (int i = 0; i < input.sources; i++)
        input.source[i] =
            trine_memory_source(in[i]->data, in[i]->offset, trine_dtype_size(in[i]->dtype));
    return input;
}

/* Lays the job out in the team's arena: the job, param, the chunks' positions. */
static trine_status lay_out(compact_call *call, uint64_t offset)
{
    const trine_array *x = call->x;
    size_t param_size = call->keep ? call->keep->param_size : 0;
    size_t job_space = trine_whole_lines(sizeof(compact_job)),
           param_space = trine_whole_lines(param_size);
    uint64_t first = trine_grid_chunk_at(&x->grid, x->offset);
    void *memory;
    call->chunks = trine_grid_chunk_at(&x->grid, x->offset + x->local_n) - first;
    trine_status status = trine_team_arena(
        call->team, job_space + param_space + (size_t)(call->chunks + 1) * sizeof(uint64_t),
        &memory);
    if (status)
        return status;
    unsigned char *at = memory;
    call->job = memory;
    *call->job = (compact_job){.loader = {.input = input_of(call), .offset = offset},
                               .param = at + job_space,
                               .item = trine_dtype_size(x->dtype),
                               .first_chunk = first,
                               .positions = (uint64_t *)(void *)(at + job_space + param_space)};
    if (call->keep)
        call->job->keep = *call->keep;
    if (param_size > 0 && call->param)
        memcpy(at + job_space, call->param, param_size);
    return TRINE_OK;
}

/* Counts, and makes the positions; *kept: how many this rank keeps. */
static trine_status count_here(compact_call *call, uint64_t offset, uint64_t *kept)
{
    const trine_array *in[] = {call->x, call->mask};
    trine_status status = lay_out(call, offset);
    *kept = 0;
    if (!status && call->chunks > 0)
        status = run_job(call, trine_arrays_executor(call->team, in, call->mask ? 2 : 1));
    for (uint64_t i = 0; i < call->chunks && !status; i++) {
        uint64_t count = call->job->positions[i];
        call->job->positions[i] = *kept;
        *kept += count;
    }
    if (!status)
        call->job->positions[call->chunks] = *kept;
    return status;
}

/* Writes what this rank keeps to a new array of that place. */
static trine_status write_here(compact_call *call, uint64_t kept, trine_place place,
                               trine_array **written)
{
    const int64_t n = (int64_t)kept;
    trine_status status =
        trine_array_make(call->team, call->x->dtype, 1, &n, place, TRINE_MEMORY_NEW, written);
    if (status || kept == 0)
        return status;
    const trine_array *all[] = {call->x, *written, call->mask};
    call->job->out = (*written)->data;
    return run_job(call, trine_arrays_executor(call->team, all, call->mask ? 3 : 2));
}

/* Counts and writes, on ranks that each have a block of the result. */
static trine_status compact_blocks(compact_call *call, uint64_t offset)
{
    uint64_t kept;
    trine_status status = count_here(call, offset, &kept);
    if (!status)
        status = write_here(call, kept, call->x->place, &call->kept);
    return trine_team_agree(call->team, call->number, status);
}

/* The same for a DISTRIBUTED array on several ranks. */
static trine_status compact_anew(compact_call *call)
{
    uint64_t kept, offset, global_n;
    trine_status status = count_here(call, 0, &kept);
    if (!status)
        status = write_here(call, kept, TRINE_SHARED, &call->held);
    status = trine_ownership_place(call->team, kept, call->number, status, &offset, &global_n);
    if (status)
        return status;
    const int64_t n = (int64_t)global_n;
    status = trine_array_make(call->team, call->x->dtype, 1, &n, TRINE_DISTRIBUTED,
                              TRINE_MEMORY_NEW, &call->kept);
    trine_piece held = {call->held->data, offset, kept}, wanted = {NULL, 0, 0};
    if (!status)
        wanted = (trine_piece){call->kept->data, call->kept->offset, call->kept->local_n};
    return trine_redistribute(call->team, trine_dtype_size(call->x->dtype), held, wanted,
                              call->number, status);
}

static trine_status compact_within(compact_call *call)
{
    uint64_t offset = 0, whole;
    const trine_array *x = call->x;
    bool several = call->team->communicator.size > 1, blocks = x->place != TRINE_DISTRIBUTED;
    if (several && !blocks)
        return compact_anew(call);
    trine_status status = TRINE_OK;
    if (several)
        status =
            trine_ownership_place(call->team, x->local_n, call->number, status, &offset, &whole);
    return status ? status : compact_blocks(call, offset);
}

static trine_status compact(compact_call *call, trine_array **kept)
{
    trine_status status = trine_call_begin(call->team);
    if (status)
        return status;
    size_t item = trine_dtype_size(call->x->dtype);
    uint64_t given[] = {call->x->dtype, call->x->place == TRINE_DISTRIBUTED ? call->x->n : 0,
                        call->mask != NULL};
    call->number = trine_call_number(trine_call_number(51, given, sizeof given), call->name,
                                     strlen(call->name));
    status = compact_within(call);
    trine_array_free(call->held);
    if (status)
        trine_array_free(call->kept);
    else
        *kept = call->kept;
    uint64_t written = status ? 0 : call->kept->local_n * item;
    call->team->ledger.bytes =
        (int64_t)(2 * call->x->local_n * (item + (call->mask ? 1 : 0)) + written);
    return trine_call_end(call->team, &call->team->ledger.combine, status);
}

static trine_status refuse(const trine_array *x, const trine_array *mask, const char *call,
                           const char *what)
{
    return trine_call_refuse(trine_arrays_team((const trine_array *const[]){x, mask}, 2),
                             trine_fail(TRINE_E_ARGUMENT, "%s: %s is NULL", call, what));
}

trine_status trine_compact(const trine_predicate *keep, const trine_array *x, const void *param,
                           trine_array **kept)
{
    const trine_array *like = NULL;
    if (!keep || !x || !kept)
        return refuse(x, NULL, "trine_compact", !keep ? "keep" : !x ? "x" : "kept");
    if (!keep->name || !keep->test)
        return refuse(x, NULL, "trine_compact", "the predicate's name or test");
    if (keep->param_size && !param)
        return refuse(x, NULL, "trine_compact", "param");
    trine_status status = trine_arrays_check("trine_compact", "x", &x, &keep->in, 1, &like);
    if (!status)
        status =
            trine_param_check("trine_compact", "predicate", keep->name, keep->param_size, param);
    if (status)
        return trine_call_refuse(x->team, status);
    compact_call call = {.name = keep->name, .team = x->team, .x = x, .keep = keep, .param = param};
    return compact(&call, kept);
}

trine_status trine_compact_mask(const trine_array *x, const trine_array *mask, trine_array **kept)
{
    const trine_array *like = x, *all[] = {x, mask};
    const trine_dtype byte = TRINE_U8;
    if (!x || !mask || !kept)
        return refuse(x, mask, "trine_compact_mask", !x ? "x" : !mask ? "mask" : "kept");
    trine_status status = trine_arrays_check("trine_compact_mask", "mask", &mask, &byte, 1, &like);
    if (status)
        return trine_call_refuse(trine_arrays_team(all, 2), status);
    compact_call call = {.name = "mask", .team = x->team, .x = x, .mask = mask};
    return compact(&call, kept);
}
