/* core/partition/blocks.c - equal shares, or aligned blocks of chunks.
 *
 * Ordered, level 2, chunks 3 to 14 of more:
 *      3 | 4 5 6 7 | 8 9 10 11 | 12 13 | 14      left 1, whole 2, then the right edge
 * Where the range ends with the last chunk of all, the right edge is one block cut short: its
 * missing siblings stand for their parents in the tree.
 */
#include "core/partition/blocks.h"
#include "core/partition/share.h"

/* Blocks a worker gets when there is enough to do. More of them even out the shares of aligned
 * blocks and lose less with a dead worker; each costs a merge. */
enum { BLOCKS_PER_WORKER = 32, ORDERED_BLOCKS_PER_WORKER = 64 };

/* Chunks that a block of an order-free kernel should have, to be worth flushing its working state.
 */
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

static void cut_freely(trine_blocks *blocks, uint64_t chunks, uint64_t workers, bool dynamic)
{
    uint64_t least = dynamic ? MIN_DYNAMIC_CHUNKS : MIN_STATIC_CHUNKS;
    uint64_t each = workers == 1 ? 1 : clamp(chunks / workers / least, 1, BLOCKS_PER_WORKER);
    blocks->count = (size_t)trine_min(chunks, each * workers);
}

/* The block at `chunk` outside the whole blocks: aligned, of at most 2^level, within the end. */
static trine_block edge_block(const trine_blocks *blocks, uint64_t chunk)
{
    int level = trailing_zeros(chunk);
    if (level > blocks->level)
        level = blocks->level;
    while (level > 0 && (uint64_t)1 << level > blocks->end - chunk)
        level--;
    return (trine_block){chunk, (uint64_t)1 << level, {chunk, level}};
}

static void cut_in_order(trine_blocks *blocks, uint64_t chunks, uint64_t workers, bool open)
{
    uint64_t each = workers == 1 ? 1 : ORDERED_BLOCKS_PER_WORKER * workers;
    /* One worker takes all in one block: the level is that of the whole tree. */
    blocks->level = workers == 1 ? 62 : floor_log2(clamp(chunks / each, 1, chunks));
    uint64_t step = (uint64_t)1 << blocks->level, chunk = blocks->first;
    while (chunk % step != 0 && chunk < blocks->end) {
        trine_block block = edge_block(blocks, chunk);
        chunk += block.chunks;
        blocks->left++;
    }
    blocks->whole_first = chunk;
    uint64_t rest = blocks->end - chunk;
    if (chunk % step == 0)
        blocks->whole = (size_t)(rest / step + (open && rest % step != 0));
    blocks->right_first = chunk + (uint64_t)blocks->whole * step;
    blocks->count = blocks->left + blocks->whole;
    for (chunk = blocks->right_first; chunk < blocks->end; blocks->count++)
        chunk += edge_block(blocks, chunk).chunks;
}

trine_blocks trine_blocks_cut(uint64_t first, uint64_t end, uint64_t total, int workers,
                              bool ordered, bool dynamic)
{
    trine_blocks blocks = {.first = first, .end = end, .ordered = ordered};
    if (end > first && ordered)
        cut_in_order(&blocks, end - first, (uint64_t)workers, end == total);
    else if (end > first)
        cut_freely(&blocks, end - first, (uint64_t)workers, dynamic);
    return blocks;
}

static trine_block free_block(const trine_blocks *blocks, size_t i)
{
    trine_range share = trine_fair_share(blocks->end - blocks->first, blocks->count, i);
    uint64_t first = blocks->first + share.first;
    return (trine_block){first, share.end - share.first, {first, 0}};
}

trine_block trine_blocks_get(const trine_blocks *blocks, size_t i)
{
    if (!blocks->ordered)
        return free_block(blocks, i);
    if (i >= blocks->left && i < blocks->left + blocks->whole) {
        uint64_t step = (uint64_t)1 << blocks->level;
        uint64_t first = blocks->whole_first + (i - blocks->left) * step;
        uint64_t chunks = trine_min(blocks->end - first, step);
        return (trine_block){first, chunks, {first, blocks->level}};
    }
    uint64_t chunk = i < blocks->left ? blocks->first : blocks->right_first;
    for (size_t k = i < blocks->left ? i : i - blocks->left - blocks->whole; k > 0; k--)
        chunk += edge_block(blocks, chunk).chunks;
    return edge_block(blocks, chunk);
}
