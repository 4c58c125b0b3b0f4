/* core/array/halo.c - which items of whose block go to whom: both sides work it out from the
 * blocks. */
#include "core/array/halo.h"

#include <stdlib.h>

#include "core/system/error.h"
#include "core/partition/share.h"

static trine_range block_of(const trine_halo *halo, int rank)
{
    return (trine_range){halo->blocks->at[rank], halo->blocks->at[rank + 1]};
}

/* What rank wants before and after its block; nothing when that is empty. */
static trine_range before_of(const trine_halo *halo, int rank)
{
    trine_range own = block_of(halo, rank);
    uint64_t reach = own.first < own.end ? halo->reach_before : 0;
    return (trine_range){own.first > reach ? own.first - reach : 0, own.first};
}

static trine_range after_of(const trine_halo *halo, int rank)
{
    trine_range own = block_of(halo, rank);
    uint64_t n = halo->blocks->at[halo->blocks->ranks], left = n - own.end;
    uint64_t reach = own.first < own.end ? halo->reach_after : 0;
    return (trine_range){own.end, own.end + trine_min(left, reach)};
}

trine_status trine_halo_open(trine_team *team, const trine_ownership *blocks, size_t item,
                             uint64_t before, uint64_t after, trine_halo *halo)
{
    *halo = (trine_halo){
        .team = team, .blocks = blocks, .item = item, .reach_before = before, .reach_after = after};
    int own = team->communicator.rank;
    trine_range above = before_of(halo, own), below = after_of(halo, own);
    halo->before = above.end - above.first;
    halo->after = below.end - below.first;
    halo->bytes = (size_t)(halo->before + halo->after) * item;
    halo->parts = calloc(2 * (size_t)blocks->ranks, sizeof *halo->parts);
    if (!halo->parts)
        return trine_fail(TRINE_E_MEMORY, "no memory for the halos of %d ranks", blocks->ranks);
    if (halo->bytes == 0)
        return TRINE_OK;
    void *memory;
    trine_status status = team->executor.ops.alloc(&team->executor, halo->bytes, &memory);
    if (status)
        return status;
    halo->memory = halo->above = memory;
    halo->below = halo->above + halo->before * item;
    return TRINE_OK;
}

/* The part of `from`'s block that `to` wants: before its own or after it, never both. */
static trine_range wanted(const trine_halo *halo, int from, int to)
{
    trine_range block = block_of(halo, from);
    trine_range part = trine_range_common(block, before_of(halo, to));
    return part.first < part.end ? part : trine_range_common(block, after_of(halo, to));
}

/* Those items in memory that begins with item `offset`. */
static trine_part part_of(const trine_halo *halo, trine_range items, uint64_t offset, char *memory)
{
    size_t bytes = (size_t)(items.end - items.first) * halo->item;
    if (bytes == 0)
        return (trine_part){NULL, 0};
    return (trine_part){memory + (items.first - offset) * halo->item, bytes};
}

trine_status trine_halo_exchange(trine_halo *halo, const void *data, uint64_t call,
                                 trine_status status)
{
    trine_communicator *communicator = &halo->team->communicator;
    int own = communicator->rank, ranks = communicator->size;
    if (ranks == 1)
        return status;
    trine_part *send = halo->parts, *receive = send ? send + ranks : NULL;
    uint64_t first = halo->blocks->at[own], end = halo->blocks->at[own + 1];
    for (int r = 0; r < ranks && send && !status; r++) {
        trine_range in = wanted(halo, r, own);
        send[r] = part_of(halo, wanted(halo, own, r), first, (char *)data);
        receive[r] = in.first < first ? part_of(halo, in, first - halo->before, halo->above)
                                      : part_of(halo, in, end, halo->below);
        halo->team->ledger.moved += (int64_t)send[r].bytes;
    }
    return communicator->ops->exchange(communicator, send, receive, call, status);
}

void trine_halo_close(trine_halo *halo)
{
    if (halo->memory)
        halo->team->executor.ops.free(&halo->team->executor, halo->memory, halo->bytes);
    free(halo->parts);
    *halo = (trine_halo){.team = NULL};
}
