/* core/array/redistribute.h - moving a whole between the ranks from one cut to another. */
#ifndef TRINE_CORE_REDISTRIBUTE_H
#define TRINE_CORE_REDISTRIBUTE_H

#include "core/team/team.h"

/* Elements [offset, offset + n) of a whole, at data. */
typedef struct trine_piece {
    void *data;
    uint64_t offset, n;
} trine_piece;

/* Elements of `item` bytes that each rank has in `held` go to where ranks want them. The pieces
 * that are held make up the whole, and so do those that are wanted. Collective. */
trine_status trine_redistribute(trine_team *team, size_t item, trine_piece held, trine_piece wanted,
                                uint64_t call, trine_status status);

#endif
