/* core/reduce/top.c - the k first elements in ascending or descending order.
 *
 * Few are found by a reduction in one reading (kernels/reduce/top.c). Many:
 * 1. Selection finds the key of the last of them, and how many come before that key.
 * 2. A job counts, block by block, the elements before that key and those that have it; all ranks
 *    learn of all counts, so each knows what it gives: of those that have the key the first ones.
 * 3. A job writes pairs of a key and an index; all ranks get all pairs, in the order of their
 *    index.
 * 4. A stable sort by key puts them in order.
 */
#include <stdlib.h>
#include <string.h>

#include <trine/reduce.h>

#include "core/array/array.h"
#include "core/system/error.h"
#include "core/reduce/reduce.h"
#include "core/reduce/selection.h"
#include "core/system/util.h"
#include "kernels/sort/radix.h"

typedef struct top_call {
    const char *name;
    const trine_array *x;
    uint64_t k;
    bool largest;
    void *values;
    int64_t *indices;
} top_call;

trine_status trine_top_reducer(trine_dtype dtype, int64_t k, bool largest, trine_reducer *reducer,
                               trine_top_param *param)
{
    if (!reducer || !param)
        return trine_fail(TRINE_E_ARGUMENT, "trine_top_reducer: %s is NULL",
                          reducer ? "param" : "reducer");
    if (k < 1 || k > TRINE_TOP)
        return trine_fail(TRINE_E_ARGUMENT, "trine_top_reducer: k is %lld; expected 1 to %d",
                          (long long)k, TRINE_TOP);
    const trine_reducer *found =
        trine_reducer_for("trine_top_reducer", largest ? "largest" : "smallest", dtype, reducer);
    if (!found)
        return TRINE_E_ARGUMENT;
    *param = (trine_top_param){.k = k};
    *reducer = *found;
    reducer->state_size += (size_t)(k - 1) * sizeof(trine_pair);
    reducer->result_size = (size_t)k * sizeof(trine_indexed);
    return TRINE_OK;
}

static trine_status fail_few(const top_call *call, uint64_t n)
{
    return trine_fail(TRINE_E_ARGUMENT, "%s: k is %llu; x has %llu elements", call->name,
                      (unsigned long long)call->k, (unsigned long long)n);
}

static trine_status check(const top_call *call)
{
    const trine_array *x = call->x;
    if (!x || (!call->values && !call->indices))
        return trine_fail(TRINE_E_ARGUMENT, "%s: %s NULL", call->name,
                          x ? "values and indices are" : "x is");
    bool whole = x->place == TRINE_DISTRIBUTED || x->team->communicator.size == 1;
    return whole && call->k > x->n ? fail_few(call, x->n) : TRINE_OK;
}

static trine_status find_few(const top_call *call)
{
    trine_indexed found[TRINE_TOP];
    trine_reducer reducer = {TRINE_INIT(trine_reducer)};
    trine_top_param param;
    size_t item = trine_dtype_size(call->x->dtype);
    trine_status status =
        trine_top_reducer(call->x->dtype, (int64_t)call->k, call->largest, &reducer, &param);
    if (status)
        return trine_call_refuse(call->x->team, status);
    status = trine_reduce(&reducer, &call->x, &param, found);
    for (uint64_t i = 0; i < call->k && !status; i++) {
        if (call->values)
            memcpy((char *)call->values + i * item, &found[i].value, item);
        if (call->indices)
            call->indices[i] = found[i].index;
    }
    return status;
}

/* The context of both jobs. bound: what is looked for; counts: for each block, how many elements
 * are before and at the bound, then where its pairs begin and how many of the latter it gives.
 * pairs NULL: count. */
typedef struct top_job {
    trine_dtype dtype;
    const void *x;
    uint64_t n, offset;
    trine_bound bound;
    uint64_t (*counts)[2];
    trine_pair *pairs;
} top_job;

static trine_status run_block(void *context, size_t i, trine_worker *worker)
{
    const top_job *job = context;
    uint64_t first = (uint64_t)i * TRINE_CHUNK;
    size_t n = (size_t)trine_min(job->n - first, TRINE_CHUNK);
    const char *x = (const char *)job->x + first * trine_dtype_size(job->dtype);
    (void)worker;
    if (job->pairs)
        trine_radix_take(job->dtype, x, n, job->offset + first, job->bound, job->counts[i][1],
                         job->pairs + job->counts[i][0]);
    else
        trine_radix_compare(job->dtype, x, n, job->bound, job->counts[i]);
    return TRINE_OK;
}

static uint64_t blocks_of(const trine_array *x)
{
    return trine_divide_up(x->local_n, TRINE_CHUNK);
}

static trine_status run_job(const top_call *call, trine_executor *executor, top_job *job)
{
    trine_job work = {.blocks = (size_t)blocks_of(call->x),
                      .body = run_block,
                      .context = job,
                      .restartable = true};
    return work.blocks ? trine_team_run(call->x->team, executor, &work) : TRINE_OK;
}

/* Lays the job out in the team's arena, and counts: own[0] elements before the bound, own[1] at it.
 */
static trine_status count_here(const top_call *call, trine_executor *executor, trine_bound bound,
                               uint64_t own[2], top_job **laid)
{
    const trine_array *x = call->x;
    size_t job_space = trine_whole_lines(sizeof(top_job));
    void *memory;
    trine_status status =
        trine_team_arena(x->team, job_space + (size_t)blocks_of(x) * 2 * sizeof(uint64_t), &memory);
    if (status)
        return status;
    top_job *job = *laid = memory;
    *job = (top_job){.dtype = x->dtype,
                     .x = x->data,
                     .n = x->local_n,
                     .bound = bound,
                     .counts = (void *)((char *)memory + job_space)};
    status = run_job(call, executor, job);
    for (uint64_t i = 0; i < blocks_of(x) && !status; i++) {
        own[0] += job->counts[i][0];
        own[1] += job->counts[i][1];
    }
    return status;
}

/* Where each block's pairs go when `equal` of those at the bound are given; how many in all. */
static uint64_t place_pairs(const top_call *call, top_job *job, uint64_t equal)
{
    uint64_t at = 0;
    for (uint64_t i = 0; i < blocks_of(call->x); i++) {
        uint64_t before = job->counts[i][0], here = job->counts[i][1];
        here = trine_min(here, equal);
        equal -= here;
        job->counts[i][0] = at;
        job->counts[i][1] = here;
        at += before + here;
    }
    return at;
}

/* What each rank has, [0] elements in all, [1] before the bound and [2] at it, becomes what it
 * gives: [0] the index of its first element, [1] where its pairs begin, [2] how many of those at
 * the bound it gives. */
static void share_out(uint64_t (*rank)[3], int ranks, uint64_t equal)
{
    uint64_t index = 0, at = 0;
    for (int r = 0; r < ranks; r++) {
        uint64_t n = rank[r][0], before = rank[r][1], here = rank[r][2];
        here = trine_min(here, equal);
        equal -= here;
        rank[r][0] = index;
        rank[r][1] = at;
        rank[r][2] = here;
        index += n;
        at += before + here;
    }
}

/* Writes this rank's pairs to where they belong in `all`. */
static trine_status write_here(const top_call *call, trine_executor *executor, top_job *job,
                               const uint64_t rank[3], trine_pair *all)
{
    void *memory = NULL;
    uint64_t count = place_pairs(call, job, rank[2]);
    size_t bytes = (size_t)count * sizeof *all;
    trine_status status = bytes ? executor->ops.alloc(executor, bytes, &memory) : TRINE_OK;
    if (!status && bytes) {
        job->offset = rank[0];
        job->pairs = memory;
        status = run_job(call, executor, job);
        if (!status)
            memcpy(all + rank[1], memory, bytes);
    }
    if (memory)
        executor->ops.free(executor, memory, bytes);
    return status;
}

static trine_status broadcast_pairs(const top_call *call, const uint64_t (*rank)[3],
                                    uint64_t number, trine_status status, trine_pair *all)
{
    trine_communicator *communicator = &call->x->team->communicator;
    for (int r = 0; r < communicator->size; r++) {
        uint64_t end = r + 1 < communicator->size ? rank[r + 1][1] : call->k;
        status = communicator->ops->broadcast(communicator, all + rank[r][1],
                                              (size_t)(end - rank[r][1]) * sizeof *all, r, number,
                                              status);
        if (status)
            return status;
    }
    return TRINE_OK;
}

/* Steps 2 and 3, within a call. all: the pairs; rank: space for what each rank has; either may be
 * NULL, and status then says why. */
static trine_status gather_pairs(const top_call *call, trine_bound bound, uint64_t equal,
                                 trine_status status, uint64_t (*rank)[3], trine_pair *all)
{
    trine_team *team = call->x->team;
    trine_communicator *communicator = &team->communicator;
    trine_executor *executor = trine_arrays_executor(team, &call->x, 1);
    uint64_t given[] = {(uint64_t)call->x->dtype, call->k, call->largest};
    uint64_t number = trine_call_number(41, given, sizeof given), own[3] = {call->x->local_n};
    top_job *job = NULL;
    if (!status)
        status = count_here(call, executor, bound, own + 1, &job);
    status = communicator->ops->gather(communicator, own, 3, rank ? *rank : NULL, number, status);
    if (status || !job || !rank || !all)
        return status;
    share_out(rank, communicator->size, equal);
    status = write_here(call, executor, job, rank[communicator->rank], all);
    return broadcast_pairs(call, (const uint64_t(*)[3])rank, number, status, all);
}

/* Step 4. pairs: k of them, of which `sorted` takes as many. */
static void write_result(const top_call *call, uint64_t flip, trine_pair *pairs, trine_pair *sorted)
{
    trine_dtype dtype = call->x->dtype;
    size_t item = trine_dtype_size(dtype);
    trine_radix_sort_pairs(pairs, (size_t)call->k, sorted, pairs);
    for (uint64_t i = 0; i < call->k; i++) {
        if (call->values)
            trine_radix_element(dtype, sorted[i].key ^ flip, (char *)call->values + i * item);
        if (call->indices)
            call->indices[i] = (int64_t)sorted[i].index;
    }
}

/* Steps 2 to 4. equal: how many of those that have the bound's key belong to the first k. */
static trine_status collect(const top_call *call, trine_bound bound, uint64_t equal)
{
    trine_team *team = call->x->team;
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    size_t bytes = (size_t)call->k * sizeof(trine_pair);
    bool fits = call->k <= SIZE_MAX / 2 / sizeof(trine_pair);
    trine_pair *pairs = fits ? calloc(2, bytes) : NULL;
    uint64_t(*rank)[3] = calloc((size_t)team->communicator.size, sizeof *rank);
    if (!pairs || !rank)
        status = trine_fail(TRINE_E_MEMORY, "%s: no memory for %llu elements and their indices",
                            call->name, (unsigned long long)call->k);
    status = gather_pairs(call, bound, equal, status, rank, pairs);
    if (!status && pairs)
        write_result(call, bound.flip, pairs, pairs + call->k);
    free(rank);
    free(pairs);
    return trine_call_end(team, &team->ledger.combine, status);
}

static trine_status find_many(const top_call *call)
{
    uint64_t n, nans;
    trine_selection *selection;
    trine_status status = trine_selection_begin(call->name, call->x, &n, &nans, &selection);
    if (status)
        return status;
    trine_ranked last = {.rank = call->largest ? n - call->k : call->k - 1};
    if (call->k > n)
        status = trine_call_refuse(call->x->team, fail_few(call, n));
    else
        status = trine_selection_find(selection, &last, 1);
    trine_selection_end(selection);
    if (status)
        return status;
    uint64_t flip = call->largest ? trine_radix_last(call->x->dtype) : 0;
    uint64_t before = call->largest ? n - last.below - last.equal : last.below;
    return collect(call, (trine_bound){.key = last.key ^ flip, .flip = flip}, call->k - before);
}

/* No elements are asked for, but the ranks meet. */
static trine_status find_none(const top_call *call)
{
    trine_team *team = call->x->team;
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    status = trine_team_agree(team, trine_call_number(42, call->name, strlen(call->name)), status);
    return trine_call_end(team, &team->ledger.combine, status);
}

static trine_status top(const char *name, const trine_array *x, int64_t k, bool largest,
                        void *values, int64_t *indices)
{
    const top_call call = {name, x, (uint64_t)k, largest, values, indices};
    trine_status status = k < 0 ? trine_fail(TRINE_E_ARGUMENT, "%s: k is %lld; expected 0 or more",
                                             name, (long long)k)
                                : check(&call);
    if (status)
        return trine_call_refuse(trine_arrays_team(&call.x, 1), status);
    return call.k == 0           ? find_none(&call)
           : call.k <= TRINE_TOP ? find_few(&call)
                                 : find_many(&call);
}

trine_status trine_smallest(const trine_array *x, int64_t k, void *values, int64_t indices[])
{
    return top("trine_smallest", x, k, false, values, indices);
}

trine_status trine_largest(const trine_array *x, int64_t k, void *values, int64_t indices[])
{
    return top("trine_largest", x, k, true, values, indices);
}
