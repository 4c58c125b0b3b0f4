/* core/array/ownership.h - which rank holds which items of a whole, whoever cut it. */
#ifndef TRINE_CORE_OWNERSHIP_H
#define TRINE_CORE_OWNERSHIP_H

#include "core/team/team.h"

/* Rank r holds items [at[r], at[r + 1]) of at[ranks] in all. */
typedef struct trine_ownership {
    int ranks;
    uint64_t *at;
} trine_ownership;

/* The blocks of `count` arrays (at most TRINE_GATHER_MAX), of which this rank holds local[i] items;
 * what was gathered is freed by trine_ownership_free, also after an error. Collective: brings
 * status, as the communicator's functions do. */
trine_status trine_ownership_gather(trine_team *team, const uint64_t local[], int count,
                                    uint64_t call, trine_status status, trine_ownership blocks[]);

void trine_ownership_free(trine_ownership blocks[], int count);

/* Of one whole: how many items the ranks before this one hold, when each brings `local_n` of them,
 * and how many all do. Both are 0 after an error. Collective, in the same way. */
trine_status trine_ownership_place(trine_team *team, uint64_t local_n, uint64_t call,
                                   trine_status status, uint64_t *offset, uint64_t *global_n);

#endif
