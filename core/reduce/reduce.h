/* core/reduce/reduce.h - reductions from the inside: of arrays, or of a stream from other sources.
 */
#ifndef TRINE_CORE_REDUCE_H
#define TRINE_CORE_REDUCE_H

#include <trine/reduce.h>

#include "core/input/stream.h"

/* Whether a caller's monoid is complete. ARGUMENT. */
trine_status trine_monoid_check(const trine_monoid *monoid, const void *param);

/* Checks the arguments of a reduction of arrays, and makes the stream of their elements. */
trine_status trine_reduce_stream(const trine_monoid *monoid, const void *param,
                                 const trine_array *const in[], const void *result,
                                 trine_stream *stream);

/* What a reduction is of a call: all of it, or a part of one that has begun and goes on after it,
 * with its ledger open and its sources carried. */
typedef enum trine_extent { TRINE_WHOLE_CALL, TRINE_WITHIN_CALL } trine_extent;

/* Reduces the whole. before: what went wrong before, on this rank. Collective. */
trine_status trine_stream_reduce(trine_team *team, const trine_monoid *monoid, const void *param,
                                 const trine_stream *stream, trine_extent extent,
                                 trine_status before, void *result);

/* Reduces this rank's part alone into the rank's canonical tree, within a call that has begun; the
 * tree's states lie in the team's arena. origin: as trine_walk's. Not collective. */
trine_status trine_stream_reduce_here(trine_team *team, const trine_monoid *monoid,
                                      const void *param, const trine_stream *stream,
                                      uint64_t origin, trine_tree *tree);

#endif
