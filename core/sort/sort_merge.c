/* core/sort/sort_merge.c - merging sorted pieces by the workers of one rank.
 *
 * 1. The result is cut into slices that are sorted in cache.
 * 2. Where a slice begins in each piece is found by bisecting the keys: the largest key that no
 *    more elements precede than the slice does. Of those with that key, earlier pieces give first.
 * 3. A worker gathers the slice's part of every piece and sorts it; NaN, whose key does not tell
 *    its bits, is last in each and only copied.
 */
#include <string.h>

#include <trine/error.h>

#include "core/sort/sort.h"
#include "core/partition/share.h"
#include "kernels/sort/radix.h"

enum { SLICE = 1 << 15 };

/* The context of the job. */
typedef struct merge_job {
    trine_sorting sorting;
    const unsigned char *data;
    size_t pieces, slices;
    uint64_t begin[];
} merge_job;

size_t trine_sorted_item(const trine_sorted *sorted)
{
    return sorted->pairs ? sizeof(trine_pair) : trine_dtype_size(sorted->dtype);
}

uint64_t trine_sorted_below(const trine_sorted *sorted, uint64_t key)
{
    const unsigned char *data = sorted->data;
    size_t item = trine_sorted_item(sorted);
    uint64_t first = 0, end = sorted->n;
    while (first < end) {
        uint64_t middle = first + (end - first) / 2;
        const void *element = data + middle * item;
        uint64_t its = sorted->pairs ? ((const trine_pair *)element)->key
                                     : trine_radix_key(sorted->dtype, element);
        if (its < key)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

static trine_sorted piece_of(const merge_job *job, size_t i)
{
    trine_sorted piece = {.n = job->begin[i + 1] - job->begin[i],
                          .dtype = job->sorting.dtype,
                          .pairs = job->sorting.by_index};
    piece.data = job->data + job->begin[i] * trine_sorted_item(&piece);
    return piece;
}

static uint64_t all_below(const merge_job *job, uint64_t key)
{
    uint64_t count = 0;
    for (size_t i = 0; i < job->pieces; i++) {
        trine_sorted piece = piece_of(job, i);
        count += trine_sorted_below(&piece, key);
    }
    return count;
}

/* Splits every piece so that `position` elements lie before the splits. */
static void split_pieces(const merge_job *job, uint64_t position, uint64_t split[])
{
    uint64_t key = 0, last = trine_radix_last(job->sorting.dtype);
    for (uint64_t bit = last / 2 + 1; bit > 0; bit /= 2)
        if (all_below(job, key | bit) <= position)
            key |= bit;
    uint64_t equal = position - all_below(job, key);
    for (size_t i = 0; i < job->pieces; i++) {
        trine_sorted piece = piece_of(job, i);
        uint64_t below = trine_sorted_below(&piece, key);
        uint64_t end = key < last ? trine_sorted_below(&piece, key + 1) : piece.n;
        uint64_t given = trine_min(equal, end - below);
        split[i] = below + given;
        equal -= given;
    }
}

/* The part of each piece between its splits, as keys; those of NaN are left out. */
static size_t gather_keys(const merge_job *job, const uint64_t split[], const uint64_t end[],
                          unsigned char *keys)
{
    trine_dtype dtype = job->sorting.dtype;
    size_t item = trine_dtype_size(dtype), n = 0;
    for (size_t i = 0; i < job->pieces; i++) {
        trine_sorted piece = piece_of(job, i);
        uint64_t numbers = trine_sorted_below(&piece, trine_radix_last(dtype));
        uint64_t stop = trine_min(end[i], numbers);
        if (split[i] >= stop)
            continue;
        trine_radix_keys(dtype, (const unsigned char *)piece.data + split[i] * item,
                         stop - split[i], keys + n * item);
        n += stop - split[i];
    }
    return n;
}

static void copy_last(const merge_job *job, const uint64_t split[], const uint64_t end[],
                      unsigned char *out)
{
    size_t item = trine_dtype_size(job->sorting.dtype);
    for (size_t i = 0; i < job->pieces; i++) {
        trine_sorted piece = piece_of(job, i);
        uint64_t numbers = trine_sorted_below(&piece, trine_radix_last(job->sorting.dtype));
        uint64_t first = trine_max(split[i], numbers);
        if (first >= end[i])
            continue;
        memcpy(out, (const unsigned char *)piece.data + first * item, (end[i] - first) * item);
        out += (end[i] - first) * item;
    }
}

static void merge_pairs(const merge_job *job, const uint64_t split[], const uint64_t end[],
                        trine_pair *pairs, uint64_t *indices)
{
    size_t n = 0;
    for (size_t i = 0; i < job->pieces; i++) {
        const trine_pair *piece = piece_of(job, i).data;
        memcpy(pairs + n, piece + split[i], (end[i] - split[i]) * sizeof *pairs);
        n += end[i] - split[i];
    }
    trine_radix_sort_pairs(pairs, n, pairs + SLICE, pairs + (size_t)2 * SLICE);
    for (size_t k = 0; k < n; k++)
        indices[k] = pairs[SLICE + k].index;
}

/* Scratch: three slices, then the splits. */
static trine_status merge_slice(void *context, size_t i, trine_worker *worker)
{
    const merge_job *job = context;
    const trine_sorting *s = &job->sorting;
    const trine_sorted whole = {.dtype = s->dtype, .pairs = s->by_index};
    size_t item = trine_sorted_item(&whole);
    unsigned char *items = worker->scratch;
    uint64_t *split = (uint64_t *)(void *)(items + 3 * SLICE * item), *end = split + job->pieces;
    trine_range slice = trine_fair_share(s->n, job->slices, i);
    split_pieces(job, slice.first, split);
    split_pieces(job, slice.end, end);
    if (s->by_index) {
        merge_pairs(job, split, end, (trine_pair *)(void *)items, s->indices + slice.first);
        return TRINE_OK;
    }
    unsigned char *out = (unsigned char *)s->elements + slice.first * item;
    size_t n = gather_keys(job, split, end, items);
    trine_radix_sort(s->dtype, items, n, out, items + SLICE * item);
    copy_last(job, split, end, out + n * item);
    return TRINE_OK;
}

trine_status trine_sort_merge(trine_team *team, const trine_sorting *s, const void *data,
                              const uint64_t begin[], size_t pieces)
{
    const trine_sorted whole = {.dtype = s->dtype, .pairs = s->by_index};
    void *memory;
    if (s->n == 0)
        return TRINE_OK;
    trine_status status =
        trine_team_arena(team, sizeof(merge_job) + (pieces + 1) * sizeof *begin, &memory);
    if (status)
        return status;
    merge_job *job = memory;
    *job = (merge_job){.sorting = *s,
                       .data = data,
                       .pieces = pieces,
                       .slices = (size_t)trine_divide_up(s->n, SLICE)};
    memcpy(job->begin, begin, (pieces + 1) * sizeof *begin);
    trine_job work = {.blocks = job->slices,
                      .body = merge_slice,
                      .context = job,
                      .scratch_size =
                          3 * SLICE * trine_sorted_item(&whole) + 2 * pieces * sizeof *begin,
                      .restartable = true};
    return trine_team_run(team, s->executor, &work);
}
