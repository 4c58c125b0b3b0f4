/* core/input/stage.h - bringing a call's arrays to workers that do not address them, by the team's
 * transport.
 *
 * Within a call: stage its inputs, give its outputs a place, run jobs, end, and on success copy the
 * outputs back. Without a transport nothing of this does anything, and such arrays are worked on by
 * the calling thread alone.
 */
#ifndef TRINE_CORE_STAGE_H
#define TRINE_CORE_STAGE_H

#include "core/team/team.h"
#include "core/input/chunk_loader.h"

/* Where the calling thread alone was to read `items` items of these sources, and the team has a
 * transport: makes them readable by the workers of *executor, which becomes one of several. */
trine_status trine_stage(trine_team *team, trine_source source[], int sources, uint64_t items,
                         trine_executor **executor);

/* The workers that a transport serves: the team's, or for inherit such as are forked from the
 * calling process. */
trine_status trine_stage_workers(trine_team *team, trine_transport transport,
                                 trine_executor **executor);

/* Makes a block of the caller's memory readable by workers through *channel, whatever the team's
 * own transport is; *executor as above. */
trine_status trine_stage_block(trine_team *team, trine_transport transport, const void *data,
                               size_t bytes, trine_executor **executor, trine_channel **channel);

/* Ends that, counting what was moved into the ledger. channel may be NULL. */
void trine_stage_block_end(trine_team *team, trine_channel *channel);

/* Places for the outputs of `items` items that the workers do not address, in loader->out.
 * *in_place: whether an input is written, which ceases where all outputs have other places. */
trine_status trine_stage_results(trine_team *team, trine_loader *loader, uint64_t items,
                                 bool *in_place);

/* Copies outputs from those places to where they belong. */
void trine_unstage(trine_team *team, const trine_loader *loader, void *const out[], uint64_t items);

/* Ends what trine_stage began, counting what was moved into the ledger. */
void trine_stage_end(trine_team *team);

#endif
