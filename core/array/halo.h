/* core/array/halo.h - the items just before and after a rank's block, which other ranks hold.
 *
 * open (local), then any number of exchanges, close. A halo reaches over as many ranks as it
 * takes; where the whole ends it ends.
 */
#ifndef TRINE_CORE_HALO_H
#define TRINE_CORE_HALO_H

#include "core/array/ownership.h"

/* Items [offset - before, offset) lie at above, [offset + local_n, offset + local_n + after) at
 * below, memory that the team's workers address. reach_before, reach_after: how many items before
 * and after are wanted. */
typedef struct trine_halo {
    trine_team *team;
    const trine_ownership *blocks;
    size_t item, bytes;
    uint64_t reach_before, reach_after, before, after;
    char *memory, *above, *below;
    trine_part *parts;
} trine_halo;

/* blocks stay the caller's. Not collective; the halo can be closed also after an error. */
trine_status trine_halo_open(trine_team *team, const trine_ownership *blocks, size_t item,
                             uint64_t before, uint64_t after, trine_halo *halo);

/* Fetches the halo of the whole of which this rank's block lies at data. Does nothing, and returns
 * status, on a team of one rank. Collective: brings status. */
trine_status trine_halo_exchange(trine_halo *halo, const void *data, uint64_t call,
                                 trine_status status);

void trine_halo_close(trine_halo *halo);

#endif
