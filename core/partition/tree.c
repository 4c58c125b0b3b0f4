/* core/partition/tree.c - the binary counter of partials. */
#include "core/partition/tree.h"
#include "core/system/util.h"

#include <string.h>

size_t trine_tree_stride(const trine_reducer *reducer)
{
    return trine_whole_lines(reducer->state_size);
}

size_t trine_tree_capacity(const trine_reducer *reducer)
{
    return reducer->flags & TRINE_ORDER_FREE ? 2 : TRINE_TREE_NODES + 1;
}

size_t trine_tree_states_size(const trine_reducer *reducer)
{
    return trine_tree_capacity(reducer) * trine_tree_stride(reducer);
}

void trine_tree_begin(trine_tree *tree, const trine_reducer *reducer, const void *param,
                      void *states)
{
    tree->reducer = reducer;
    tree->param = param;
    tree->stride = trine_tree_stride(reducer);
    tree->count = 0;
    tree->states = states;
}

static unsigned char *state_of(const trine_tree *tree, size_t i)
{
    return tree->states + i * tree->stride;
}

/* Joins the top two partials into the lower one. */
static void merge_top(trine_tree *tree)
{
    tree->count--;
    tree->reducer->merge(state_of(tree, tree->count - 1), state_of(tree, tree->count), tree->param);
}

static bool top_are_siblings(const trine_tree *tree)
{
    if (tree->count < 2)
        return false;
    trine_node left = tree->node[tree->count - 2], right = tree->node[tree->count - 1];
    return left.level == right.level && (left.chunk >> left.level) % 2 == 0 &&
           left.chunk + ((uint64_t)1 << left.level) == right.chunk;
}

void trine_tree_push(trine_tree *tree, trine_node node, const void *state)
{
    bool order_free = tree->reducer->flags & TRINE_ORDER_FREE;
    tree->node[tree->count] = node;
    memcpy(state_of(tree, tree->count), state, tree->reducer->state_size);
    tree->count++;
    if (order_free && tree->count == 2)
        merge_top(tree);
    while (top_are_siblings(tree)) {
        merge_top(tree);
        tree->node[tree->count - 1].level++;
    }
}

const void *trine_tree_root(trine_tree *tree)
{
    if (tree->count == 0) {
        tree->reducer->init(tree->states, tree->param);
        tree->count = 1;
        tree->node[0] = (trine_node){0, 0};
    }
    while (tree->count > 1)
        merge_top(tree);
    return tree->states;
}
