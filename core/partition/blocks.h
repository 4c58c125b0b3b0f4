/* core/partition/blocks.h - cutting a rank's chunks into the blocks of a job. */
#ifndef TRINE_CORE_BLOCKS_H
#define TRINE_CORE_BLOCKS_H

#include "core/partition/tree.h"

/* Blocks of chunks [first, end), in order. Ordered blocks are subtrees of the canonical tree:
 * growing ones at the left edge up to 2^level chunks, whole ones, then (where the range stops
 * before the last chunk of all) shrinking ones. Free blocks are equal shares. Plain bytes. */
typedef struct trine_blocks {
    uint64_t first, end;
    size_t count;
    bool ordered;
    int level;
    size_t left, whole;
    uint64_t whole_first, right_first;
} trine_blocks;

/* One block: chunks [first, first + chunks), which is the subtree `node` when the blocks are
 * ordered. */
typedef struct trine_block {
    uint64_t first, chunks;
    trine_node node;
} trine_block;

/* Cuts chunks [first, end) of `total` for that many workers. */
trine_blocks trine_blocks_cut(uint64_t first, uint64_t end, uint64_t total, int workers,
                              bool ordered, bool dynamic);

/* Block i < blocks->count. */
trine_block trine_blocks_get(const trine_blocks *blocks, size_t i);

#endif
