/* core/partition/prefix.h - the partial of everything before a chunk, chunk after chunk.
 *
 * Beside each root of the canonical tree of what was pushed stands the fold of all roots up to it,
 * from the left: a push changes the last of them alone, so an exclusive prefix costs one merge more
 * than the tree. Partials of an order-free reducer merge one after the other, without a tree.
 */
#ifndef TRINE_CORE_PREFIX_H
#define TRINE_CORE_PREFIX_H

#include "core/partition/tree.h"

/* folds: space for one fold more than the tree has for partials; the first is of nothing. */
typedef struct trine_prefix {
    trine_tree tree;
    unsigned char *folds;
} trine_prefix;

/* Bytes that an exclusive prefix needs, aligned to 64. */
size_t trine_prefix_size(const trine_reducer *reducer);

/* The exclusive prefix of the first chunk: the identity. memory: trine_prefix_size() bytes. */
void trine_prefix_begin(trine_prefix *prefix, const trine_reducer *reducer, const void *param,
                        void *memory);

/* Puts `before`, the partials of what precedes the first chunk, in front. ranks: its nodes number
 * ranks, not chunks, so they are folded into one partial. Nothing was pushed yet. */
void trine_prefix_start(trine_prefix *prefix, trine_tree *before, bool ranks);

/* Takes in the partial of the subtree `node`, to the right of all so far. */
void trine_prefix_push(trine_prefix *prefix, trine_node node, const void *state);

/* The partial of all so far. Valid until the next push. */
const void *trine_prefix_get(const trine_prefix *prefix);

#endif
