/* core/sort/sort_local.c - the sort of one rank's elements by its workers: a sample sort whose
 * buckets are sorted by radix.
 *
 * 1. The caller takes a sample from positions that depend on n alone, and splitters from it.
 * 2. Each share of the elements counts its own by bucket.
 * 3. Prefix sums over (bucket, share) say where each share's part of each bucket goes.
 * 4. Each share moves its elements there, in order, into temporary memory.
 * 5. Buckets are sorted, and written to the result. Those of equal keys are only copied, and cut
 *    where it suits.
 * Steps 2, 4 and 5 are jobs that read what they do not write, so a worker's death costs nothing but
 * time. Splitters decide about time alone: the result is that of any stable sort.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "core/system/error.h"
#include "core/sort/sort.h"
#include "core/partition/share.h"
#include "kernels/sort/radix.h"

enum { SAMPLES_PER_BUCKET = 32, SHARES_PER_WORKER = 4, PARTS_PER_WORKER = 16 };

/* Elements that a bucket should have, so that it is sorted in cache, and bytes of which most would
 * not be found in a cache by those who read them next. */
enum { BUCKET = 1 << 16, CACHE = 1 << 23 };

/* The context of all three jobs. next: buckets times shares, first counts, then positions. begin:
 * where each bucket begins, and n. */
typedef struct sort_job {
    trine_sorting sorting;
    trine_splitters splitters;
    void *moved;
    size_t buckets, shares, parts;
    uint64_t *next, *begin;
} sort_job;

static size_t item_of(const trine_sorting *s)
{
    return s->by_index ? sizeof(trine_pair) : trine_dtype_size(s->dtype);
}

static const void *element(const trine_sorting *s, uint64_t i)
{
    return (const unsigned char *)s->x + i * trine_dtype_size(s->dtype);
}

static trine_status count_share(void *context, size_t i, trine_worker *worker)
{
    const sort_job *job = context;
    const trine_sorting *s = &job->sorting;
    trine_range share = trine_fair_share(s->n, job->shares, i);
    (void)worker;
    uint64_t *count = job->next + i * job->buckets;
    memset(count, 0, job->buckets * sizeof *count);
    trine_radix_count(&job->splitters, s->dtype, element(s, share.first), share.end - share.first,
                      count);
    return TRINE_OK;
}

static trine_status move_share(void *context, size_t i, trine_worker *worker)
{
    const sort_job *job = context;
    const trine_sorting *s = &job->sorting;
    trine_range share = trine_fair_share(s->n, job->shares, i);
    size_t n = (size_t)(share.end - share.first);
    const uint64_t *next = job->next + i * job->buckets;
    bool far = s->n * item_of(s) > CACHE;
    if (s->by_index)
        trine_radix_move_pairs(&job->splitters, s->dtype, element(s, share.first), n,
                               s->offset + share.first, next, far, worker->scratch, job->moved);
    else
        trine_radix_move(&job->splitters, s->dtype, element(s, share.first), n, next, far,
                         worker->scratch, job->moved);
    return TRINE_OK;
}

/* Pairs that are in order, or are sorted first. */
static void sort_pairs(const trine_sorting *s, const trine_pair *from, bool even, uint64_t first,
                       size_t n, trine_pair *scratch)
{
    if (s->pairs && even)
        memcpy(s->pairs + first, from, n * sizeof *from);
    else if (s->pairs)
        trine_radix_sort_pairs(from, n, s->pairs + first, scratch);
    if (s->pairs)
        return;
    if (!even)
        trine_radix_sort_pairs(from, n, scratch, scratch + n);
    const trine_pair *sorted = even ? from : scratch;
    for (size_t i = 0; i < n; i++)
        s->indices[first + i] = sorted[i].index;
}

/* A bucket, or a piece of one whose keys are equal: moved[first .. end). */
static void sort_bucket(const sort_job *job, size_t bucket, uint64_t first, uint64_t end,
                        void *scratch)
{
    const trine_sorting *s = &job->sorting;
    size_t n = (size_t)(end - first), item = item_of(s);
    bool even = trine_bucket_is_even(bucket);
    const void *from = (const unsigned char *)job->moved + first * item;
    if (s->by_index) {
        sort_pairs(s, from, even, first, n, scratch);
        return;
    }
    void *to = (unsigned char *)s->elements + first * item;
    if (bucket + 1 == job->buckets)
        memcpy(to, from, n * item);
    else if (even)
        trine_radix_elements(s->dtype, from, n, to);
    else
        trine_radix_sort(s->dtype, from, n, to, scratch);
}

/* Part i takes the buckets that begin in its share of the elements, and what lies in it of those of
 * equal keys. */
static trine_status sort_part(void *context, size_t i, trine_worker *worker)
{
    const sort_job *job = context;
    trine_range share = trine_fair_share(job->sorting.n, job->parts, i);
    for (size_t b = 0; b < job->buckets; b++) {
        trine_range bucket = {job->begin[b], job->begin[b + 1]};
        if (trine_bucket_is_even(b))
            bucket = trine_range_common(bucket, share);
        else if (bucket.first < share.first || bucket.first >= share.end)
            continue;
        if (bucket.first < bucket.end)
            sort_bucket(job, b, bucket.first, bucket.end, worker->scratch);
    }
    return TRINE_OK;
}

/* A pseudo-random number of i: data in step with the sample would make the buckets uneven. */
static uint64_t scatter_bits(uint64_t i)
{
    return XXH3_64bits(&i, sizeof i);
}

static trine_status choose_splitters(const trine_sorting *s, trine_splitters *splitters)
{
    int levels = 0;
    while (levels < TRINE_SPLITTER_LEVELS && s->n >> levels > BUCKET)
        levels++;
    size_t samples = (size_t)SAMPLES_PER_BUCKET << levels;
    uint64_t *sample = malloc(2 * samples * sizeof *sample);
    if (!sample)
        return trine_fail(TRINE_E_MEMORY, "sorting: no memory for a sample of %zu keys", samples);
    for (size_t i = 0; i < samples; i++)
        sample[i] = trine_radix_key(s->dtype, element(s, scatter_bits(i) % s->n));
    trine_splitters_make(splitters, s->dtype, levels, sample, sample + samples, samples);
    free(sample);
    return TRINE_OK;
}

/* Counts become positions. The longest bucket that has to be sorted. */
static uint64_t place_buckets(sort_job *job)
{
    uint64_t position = 0, longest = 0;
    for (size_t b = 0; b < job->buckets; b++) {
        job->begin[b] = position;
        for (size_t i = 0; i < job->shares; i++) {
            uint64_t *cell = &job->next[i * job->buckets + b], count = *cell;
            *cell = position;
            position += count;
        }
        if (!trine_bucket_is_even(b) && position - job->begin[b] > longest)
            longest = position - job->begin[b];
    }
    job->begin[job->buckets] = position;
    return longest;
}

static trine_status run_job(trine_team *team, sort_job *job, trine_block_body body, size_t blocks,
                            size_t scratch)
{
    trine_job work = {.blocks = blocks,
                      .body = body,
                      .context = job,
                      .scratch_size = scratch,
                      .restartable = true};
    return trine_team_run(team, job->sorting.executor, &work);
}

/* The job in the team's arena, with space for its tables. */
static trine_status make_job(trine_team *team, const trine_sorting *s, sort_job **made)
{
    trine_splitters splitters = {.levels = 0};
    trine_status status = choose_splitters(s, &splitters);
    if (status)
        return status;
    size_t workers = (size_t)s->executor->workers, buckets = trine_buckets(&splitters);
    size_t shares = trine_min(trine_divide_up(s->n, TRINE_CHUNK), SHARES_PER_WORKER * workers);
    size_t tables = (buckets * shares + buckets + 1) * sizeof(uint64_t);
    void *memory;
    status = trine_team_arena(team, sizeof(sort_job) + tables, &memory);
    if (status)
        return status;
    sort_job *job = memory;
    *job = (sort_job){.sorting = *s,
                      .splitters = splitters,
                      .buckets = buckets,
                      .shares = shares,
                      .parts = trine_min(s->n, PARTS_PER_WORKER * workers)};
    job->next = (uint64_t *)(job + 1);
    job->begin = job->next + buckets * shares;
    *made = job;
    return TRINE_OK;
}

static trine_status run_jobs(trine_team *team, sort_job *job)
{
    const trine_sorting *s = &job->sorting;
    trine_status status = run_job(team, job, count_share, job->shares, 0);
    if (status)
        return status;
    uint64_t longest = place_buckets(job);
    status = run_job(team, job, move_share, job->shares, trine_radix_move_scratch(&job->splitters));
    if (status)
        return status;
    return run_job(team, job, sort_part, job->parts, 2 * (size_t)longest * item_of(s));
}

trine_status trine_sort_local(trine_team *team, const trine_sorting *s)
{
    sort_job *job;
    if (s->n == 0)
        return TRINE_OK;
    trine_status status = make_job(team, s, &job);
    if (status)
        return status;
    size_t bytes = (size_t)s->n * item_of(s);
    status = s->executor->ops.alloc(s->executor, bytes, &job->moved);
    if (status)
        return status;
    status = run_jobs(team, job);
    s->executor->ops.free(s->executor, job->moved, bytes);
    return status;
}
