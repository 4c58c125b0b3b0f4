/* drivers/harness/judge/ranks.h - what ranks have found, brought together. */
#ifndef TRINE_HARNESS_JUDGE_RANKS_H
#define TRINE_HARNESS_JUDGE_RANKS_H

#include "drivers/harness/harness.h"

/* What each rank has, `bytes` of it, a multiple of 8, one after the other, malloc'ed. Collective.
 */
trine_status gather_ranks(trine_team *team, const void *own, size_t bytes, void **all);

/* All elements of an array of all ranks, malloc'ed. Collective. */
trine_status gather_array(const trine_array *x, void **all);

/* Right when it is on every rank. Collective. */
trine_status agree_on_verdict(trine_team *team, bool right, harness_verdict *verdict);

#endif
