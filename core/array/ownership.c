/* core/array/ownership.c - see ownership.h. */
#include "core/array/ownership.h"

#include <stdlib.h>

#include "core/system/error.h"

trine_status trine_ownership_gather(trine_team *team, const uint64_t local[], int count,
                                    uint64_t call, trine_status status, trine_ownership blocks[])
{
    size_t ranks = (size_t)team->communicator.size, values = (size_t)count;
    uint64_t *all = calloc(ranks * values, sizeof *all);
    bool there = all != NULL;
    for (int i = 0; i < count; i++) {
        blocks[i] = (trine_ownership){(int)ranks, calloc(ranks + 1, sizeof(uint64_t))};
        there = there && blocks[i].at;
    }
    if (!there && !status)
        status = trine_fail(TRINE_E_MEMORY, "no memory for the blocks of %zu ranks", ranks);
    status = team->communicator.ops->gather(&team->communicator, local, values, all, call, status);
    for (size_t i = 0; i < values && there && !status; i++)
        for (size_t r = 0; r < ranks; r++)
            blocks[i].at[r + 1] = blocks[i].at[r] + all[r * values + i];
    free(all);
    return status;
}

void trine_ownership_free(trine_ownership blocks[], int count)
{
    for (int i = 0; i < count; i++)
        free(blocks[i].at);
}

trine_status trine_ownership_place(trine_team *team, uint64_t local_n, uint64_t call,
                                   trine_status status, uint64_t *offset, uint64_t *global_n)
{
    trine_ownership blocks;
    status = trine_ownership_gather(team, &local_n, 1, call, status, &blocks);
    *offset = status ? 0 : blocks.at[team->communicator.rank];
    *global_n = status ? 0 : blocks.at[blocks.ranks];
    trine_ownership_free(&blocks, 1);
    return status;
}
