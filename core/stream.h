/* core/stream.h - running monoids and reads over sources; what reduce.h and io.h are made of. */
#ifndef TRINE_CORE_STREAM_H
#define TRINE_CORE_STREAM_H

#include <trine/array.h>

#include "core/source.h"
#include "core/team.h"

/* The part of a whole of n elements that this rank holds as whole chunks: [*first, *first +
 * *local).
 */
void trine_block(const trine_team *team, uint64_t n, uint64_t *first, uint64_t *local);

/* Reduces elements [first, first + local) of a whole of n elements, local elements on this rank,
 * whose chunks lie on the whole's grid. sources: monoid->nin of them; they may lie on the caller's
 * stack, but their contexts must be addressed by the workers. status: what went wrong before, on
 * this rank. Collective. */
trine_status trine_stream_reduce(trine_team *team, const trine_monoid *monoid, const void *param,
                                 const trine_source sources[], uint64_t first, uint64_t local,
                                 uint64_t n, trine_status status, void *result);

/* Reads a whole of n elements into a new DISTRIBUTED array, each rank its block. status: as above.
 * Collective. */
trine_status trine_stream_load(trine_team *team, trine_dtype dtype, const trine_source *source,
                               uint64_t n, trine_status status, trine_array **array);

#endif
