/* tree.c - the canonical tree does not depend on how its chunks were grouped. */
#include "core/partition/tree.h"

#include <stdlib.h>

#include "check.h"
#include "core/partition/blocks.h"
#include "hash_reducer.h"

static _Alignas(64) unsigned char states[(TRINE_TREE_NODES + 1) * 64];
static _Alignas(64) unsigned char run_states[(TRINE_TREE_NODES + 1) * 64];

static hash_state leaf(uint64_t chunk)
{
    return (hash_state){hash_mix(chunk, 1), 1};
}

/* The definition: node i of level k merges its two halves; what lies beyond `total` is absent. */
static hash_state defined(uint64_t first, int level, uint64_t total)
{
    if (level == 0)
        return leaf(first);
    hash_state left = defined(first, level - 1, total);
    uint64_t middle = first + ((uint64_t)1 << (level - 1));
    if (middle < total) {
        hash_state right = defined(middle, level - 1, total);
        hash_merge(&left, &right, NULL);
    }
    return left;
}

static hash_state canonical(uint64_t total)
{
    return defined(0, 20, total);
}

/* What a worker makes of a block. */
static hash_state of_block(trine_block block)
{
    trine_tree tree;
    trine_tree_begin(&tree, &hash_reducer, NULL, run_states);
    for (uint64_t i = 0; i < block.chunks; i++) {
        hash_state state = leaf(block.first + i);
        trine_tree_push(&tree, (trine_node){block.first + i, 0}, &state);
    }
    return *(const hash_state *)trine_tree_root(&tree);
}

static void push_range(trine_tree *tree, uint64_t first, uint64_t end, uint64_t total, int workers)
{
    trine_blocks blocks = trine_blocks_cut(first, end, total, workers, true, false);
    for (size_t i = 0; i < blocks.count; i++) {
        trine_block block = trine_blocks_get(&blocks, i);
        hash_state state = of_block(block);
        trine_tree_push(tree, block.node, &state);
    }
}

static void chunk_after_chunk_gives_the_defined_tree(void)
{
    for (uint64_t total = 1; total <= 300; total++) {
        trine_tree tree;
        trine_tree_begin(&tree, &hash_reducer, NULL, states);
        for (uint64_t i = 0; i < total; i++) {
            hash_state state = leaf(i);
            trine_tree_push(&tree, (trine_node){i, 0}, &state);
        }
        hash_state expected = canonical(total);
        CU_ASSERT_EQUAL(((const hash_state *)trine_tree_root(&tree))->hash, expected.hash);
    }
}

static void any_ranks_and_workers_give_the_defined_tree(void)
{
    srand(1);
    for (int trial = 0; trial < 2000; trial++) {
        uint64_t total = 1 + (uint64_t)rand() % 500, at = 0;
        trine_tree tree;
        trine_tree_begin(&tree, &hash_reducer, NULL, states);
        while (at < total) {
            uint64_t end = at + (uint64_t)rand() % (total - at + 1);
            push_range(&tree, at, end, total, 1 + rand() % 5);
            at = end;
        }
        hash_state expected = canonical(total);
        CU_ASSERT_EQUAL(((const hash_state *)trine_tree_root(&tree))->hash, expected.hash);
    }
}

static void a_range_is_held_in_twice_its_logarithm(void)
{
    for (uint64_t first = 0; first < 200; first++)
        for (uint64_t end = first + 1; end < 256; end++) {
            trine_tree tree;
            trine_tree_begin(&tree, &hash_reducer, NULL, states);
            push_range(&tree, first, end, 1 << 20, 1);
            CU_ASSERT_TRUE(tree.count <= 16);
        }
}

static void an_empty_tree_gives_the_init(void)
{
    trine_tree tree;
    trine_tree_begin(&tree, &hash_reducer, NULL, states);
    CU_ASSERT_EQUAL(((const hash_state *)trine_tree_root(&tree))->n, 0);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"chunk after chunk gives the defined tree", chunk_after_chunk_gives_the_defined_tree},
        {"any ranks and workers give the defined tree",
         any_ranks_and_workers_give_the_defined_tree},
        {"a range is held in twice its logarithm", a_range_is_held_in_twice_its_logarithm},
        {"an empty tree gives the identity", an_empty_tree_gives_the_init},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("canonical tree", tests);
}
