/* core/partition/blocks.c - equal shares, or aligned blocks of chunks.
 *
 * Ordered, level 2, chunks 3 to 14 of more:
 *      3 | 4 5 6 7 | 8 9 10 11 | 12 13 | 14      left 1, whole 2, then the right edge
 * Where the range ends with the last chunk of all, the right edge is one block cut short: its
 * missing siblings stand for their parents in the tree.
 */
#include "core/partition/blocks.h"
#include "core/partition/share.h"

/* Runs a worker gets when there is enough to do. More of them even out the shares of aligned blocks
 * and lose less with a dead worker; each costs a merge. */
enum { RUNS_PER_WORKER = 32, ORDERED_RUNS_PER_WORKER = 64 };

/* Chunks that a run of an order-free kernel should have, to be worth settling its working state. */
enum { MIN_STATIC_CHUNKS = 128, MIN_DYNAMIC_CHUNKS = 8 };

static int trailing_zeros(uint64_t x)
{
    return x ? __builtin_ctzll(x) : 63;
}

static int floor_log2(uint64_t x)
{
    return 63 - __builtin_clzll(x | 1);
}

static uint64_t clamp(uint64_t x, uint64_t low, uint64_t high)
{
    return trine_max(low, trine_min(x, high));
}

static void cut_freely(trine_blocks *runs, uint64_t chunks, uint64_t workers, bool dynamic)
{
    uint64_t least = dynamic ? MIN_DYNAMIC_CHUNKS : MIN_STATIC_CHUNKS;
    uint64_t each = workers == 1 ? 1 : clamp(chunks / workers / least, 1, RUNS_PER_WORKER);
    runs->count = (size_t)trine_min(chunks, each * workers);
}

/* The run at `chunk` outside the whole blocks: aligned, of at most 2^level, within the end. */
static trine_block edge_run(const trine_blocks *runs, uint64_t chunk)
{
    int level = trailing_zeros(chunk);
    if (level > runs->level)
        level = runs->level;
    while (level > 0 && (uint64_t)1 << level > runs->end - chunk)
        level--;
    return (trine_block){chunk, (uint64_t)1 << level, {chunk, level}};
}

static void cut_in_order(trine_blocks *runs, uint64_t chunks, uint64_t workers, bool open)
{
    uint64_t each = workers == 1 ? 1 : ORDERED_RUNS_PER_WORKER * workers;
    /* One worker takes all in one block: the level is that of the whole tree. */
    runs->level = workers == 1 ? 62 : floor_log2(clamp(chunks / each, 1, chunks));
    uint64_t block = (uint64_t)1 << runs->level, chunk = runs->first;
    while (chunk % block != 0 && chunk < runs->end) {
        trine_block run = edge_run(runs, chunk);
        chunk += run.chunks;
        runs->left++;
    }
    runs->whole_first = chunk;
    uint64_t rest = runs->end - chunk;
    if (chunk % block == 0)
        runs->whole = (size_t)(rest / block + (open && rest % block != 0));
    runs->right_first = chunk + (uint64_t)runs->whole * block;
    runs->count = runs->left + runs->whole;
    for (chunk = runs->right_first; chunk < runs->end; runs->count++)
        chunk += edge_run(runs, chunk).chunks;
}

trine_blocks trine_blocks_cut(uint64_t first, uint64_t end, uint64_t total, int workers,
                              bool ordered, bool dynamic)
{
    trine_blocks runs = {.first = first, .end = end, .ordered = ordered};
    if (end > first && ordered)
        cut_in_order(&runs, end - first, (uint64_t)workers, end == total);
    else if (end > first)
        cut_freely(&runs, end - first, (uint64_t)workers, dynamic);
    return runs;
}

static trine_block free_run(const trine_blocks *runs, size_t i)
{
    trine_range share = trine_fair_share(runs->end - runs->first, runs->count, i);
    uint64_t first = runs->first + share.first;
    return (trine_block){first, share.end - share.first, {first, 0}};
}

trine_block trine_blocks_get(const trine_blocks *runs, size_t i)
{
    if (!runs->ordered)
        return free_run(runs, i);
    if (i >= runs->left && i < runs->left + runs->whole) {
        uint64_t block = (uint64_t)1 << runs->level;
        uint64_t first = runs->whole_first + (i - runs->left) * block;
        uint64_t chunks = trine_min(runs->end - first, block);
        return (trine_block){first, chunks, {first, runs->level}};
    }
    uint64_t chunk = i < runs->left ? runs->first : runs->right_first;
    for (size_t k = i < runs->left ? i : i - runs->left - runs->whole; k > 0; k--)
        chunk += edge_run(runs, chunk).chunks;
    return edge_run(runs, chunk);
}
