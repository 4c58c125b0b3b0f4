/* core/partition/prefix.c - left folds beside the roots of the canonical tree. */
#include "core/partition/prefix.h"

#include <string.h>

static unsigned char *fold_of(const trine_prefix *prefix, size_t roots)
{
    return prefix->folds + roots * prefix->tree.stride;
}

static bool order_free(const trine_prefix *prefix)
{
    return prefix->tree.reducer->flags & TRINE_ORDER_FREE;
}

size_t trine_prefix_size(const trine_reducer *reducer)
{
    return trine_tree_states_size(reducer) +
           (trine_tree_capacity(reducer) + 1) * trine_tree_stride(reducer);
}

void trine_prefix_begin(trine_prefix *prefix, const trine_reducer *reducer, const void *param,
                        void *memory)
{
    trine_tree_begin(&prefix->tree, reducer, param, memory);
    prefix->folds = (unsigned char *)memory + trine_tree_states_size(reducer);
    reducer->init(prefix->folds, param);
}

void trine_prefix_start(trine_prefix *prefix, trine_tree *before, bool ranks)
{
    if (before->count == 0)
        return;
    if (ranks) {
        memcpy(prefix->folds, trine_tree_root(before), before->reducer->state_size);
        return;
    }
    for (size_t i = 0; i < before->count; i++)
        trine_prefix_push(prefix, before->node[i], before->states + i * before->stride);
}

void trine_prefix_push(trine_prefix *prefix, trine_node node, const void *state)
{
    trine_tree *tree = &prefix->tree;
    if (order_free(prefix)) {
        tree->reducer->merge(prefix->folds, state, tree->param);
        return;
    }
    trine_tree_push(tree, node, state);
    size_t last = tree->count - 1;
    memcpy(fold_of(prefix, last + 1), fold_of(prefix, last), tree->reducer->state_size);
    tree->reducer->merge(fold_of(prefix, last + 1), tree->states + last * tree->stride,
                         tree->param);
}

const void *trine_prefix_get(const trine_prefix *prefix)
{
    return fold_of(prefix, prefix->tree.count);
}
