/* core/reduce/reduce.h - reductions from the inside: of arrays, or of an input from other sources.
 */
#ifndef TRINE_CORE_REDUCE_H
#define TRINE_CORE_REDUCE_H

#include <trine/reduce.h>

#include "core/input/input.h"

/* Whether a caller's reducer is complete. ARGUMENT. */
trine_status trine_reducer_check(const trine_reducer *reducer, const void *param);

/* The built-in reducer of which `made`, a caller's, is to be made. NULL when there is none, or when
 * `made` has another size: ARGUMENT. */
const trine_reducer *trine_reducer_for(const char *call, const char *name, trine_dtype dtype,
                                       const trine_reducer *made);

/* Checks the arguments of a reduction of arrays, and makes the input of their elements. */
trine_status trine_reduce_input(const trine_reducer *reducer, const void *param,
                                const trine_array *const in[], const void *result,
                                trine_input *input);

/* What a reduction is of a call: all of it, or a part of one that has begun and goes on after it,
 * with its ledger open and its sources staged. */
typedef enum trine_extent { TRINE_WHOLE_CALL, TRINE_WITHIN_CALL } trine_extent;

/* Reduces the whole. before: what went wrong before, on this rank. Collective. */
trine_status trine_input_reduce(trine_team *team, const trine_reducer *reducer, const void *param,
                                const trine_input *given, trine_extent extent, trine_status before,
                                void *result);

/* Reduces this rank's part alone into the rank's canonical tree, within a call that has begun; the
 * tree's states lie in the team's arena. offset: as trine_loader's. Not collective. */
trine_status trine_input_reduce_here(trine_team *team, const trine_reducer *reducer,
                                     const void *param, const trine_input *input, uint64_t offset,
                                     trine_tree *tree);

#endif
