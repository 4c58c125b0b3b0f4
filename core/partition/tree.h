/* core/partition/tree.h - the canonical tree: partials merge in the binary tree over chunk numbers.
 *
 *   level 2          0
 *                ____|____
 *   level 1     0         1           node i of level k covers chunks [i 2^k, (i+1) 2^k)
 *              / \       / \
 *   level 0   0   1     2   3   4     a node without a right sibling stands for its parent
 *
 * A contiguous range of chunks is held as the roots of its maximal aligned subtrees, lowest chunk
 * first: at most 2 log2(chunks) of them. Partials are pushed in order of chunk; two siblings at the
 * top merge at once, like the carry of a binary counter. The tree of an order-free reducer holds
 * one partial at most. */
#ifndef TRINE_CORE_TREE_H
#define TRINE_CORE_TREE_H

#include <trine/kernel.h>

/* Roots of maximal aligned subtrees in any contiguous range of 2^64 / TRINE_CHUNK chunks. */
#define TRINE_TREE_NODES 104

/* chunk: the first that it covers, a multiple of 2^level. */
typedef struct trine_node {
    uint64_t chunk;
    int level;
} trine_node;

/* states: space for trine_tree_capacity() partials of `stride` bytes, aligned to 64. */
typedef struct trine_tree {
    const trine_reducer *reducer;
    const void *param;
    size_t stride;
    size_t count;
    trine_node node[TRINE_TREE_NODES + 1];
    unsigned char *states;
} trine_tree;

/* Bytes from one partial to the next: state_size, rounded up to 64. */
size_t trine_tree_stride(const trine_reducer *reducer);

/* Partials that a tree may hold, the one that is being pushed included. */
size_t trine_tree_capacity(const trine_reducer *reducer);

/* Bytes of `states`. */
size_t trine_tree_states_size(const trine_reducer *reducer);

/* An empty tree over states. */
void trine_tree_begin(trine_tree *tree, const trine_reducer *reducer, const void *param,
                      void *states);

/* Takes in the partial of the subtree `node`, which lies to the right of all that the tree holds.
 * state is copied, and may lie unaligned. */
void trine_tree_push(trine_tree *tree, trine_node node, const void *state);

/* The partial of everything: folds the roots from the right, each remainder standing for the
 * sibling that it is the beginning of. An empty tree gives the identity. Valid until the tree
 * changes; the tree then holds this one partial. */
const void *trine_tree_root(trine_tree *tree);

#endif
