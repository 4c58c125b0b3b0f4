/* drivers/harness/data/scatter.h - arrays that lie in the first rank's own memory, and what
 * bringing them to all ranks and back costs. */
#ifndef TRINE_HARNESS_SCATTER_H
#define TRINE_HARNESS_SCATTER_H

#include <trine/trine.h>

/* A DISTRIBUTED array's elements on rank 0, in memory that the caller frees; *whole stays NULL on
 * the other ranks. Collective. */
trine_status make_whole(const trine_array *array, void **whole);

/* Scatters whole[i], which is like[i], into in[i], for each like[i] that is not NULL; adds to the
 * ledger what that cost. in[] is to be released also after an error. Collective. */
trine_status scatter_arrays(trine_array *const like[TRINE_ARGS], void *const whole[TRINE_ARGS],
                            trine_transport transport, trine_array *in[TRINE_ARGS],
                            trine_ledger *ledger);

/* Gathers the array at `whole` on rank 0; adds what that cost. Collective. */
trine_status gather_whole(const trine_array *array, void *whole, trine_ledger *ledger);

void release_arrays(trine_array *in[TRINE_ARGS]);

/* Adds the seconds and the bytes moved of one call to those of others. */
void add_ledger(trine_ledger *sum, const trine_ledger *call);

/* The sum of every rank's number, on all ranks; unchanged when it cannot be had. Collective. */
void sum_of_ranks(trine_team *team, int64_t *number);

#endif
