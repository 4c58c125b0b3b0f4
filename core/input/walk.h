/* core/input/walk.h - a run's chunks, one after the other: what every job body does. */
#ifndef TRINE_CORE_WALK_H
#define TRINE_CORE_WALK_H

#include "core/partition/runs.h"
#include "core/input/stream.h"

/* Plain bytes, for a job's context. origin: what to add to an element's number on the grid to get
 * its number in the whole. out: NULL, or the outputs' elements from `first` on. */
typedef struct trine_walk {
    trine_stream stream;
    trine_runs runs;
    uint64_t origin;
    int outs;
    void *out[TRINE_ARGS];
    size_t out_item[TRINE_ARGS];
} trine_walk;

/* Bytes of scratch, at the end of a worker's, that fetching needs. */
size_t trine_walk_buffers(const trine_walk *walk);

/* Tells the sources that a run's chunks will be made ready next, in order. */
trine_status trine_walk_expect(const trine_walk *walk, trine_run run, trine_worker *worker);

/* Makes chunk `number` of the grid ready. buffers: trine_walk_buffers() bytes, aligned to 64. */
trine_status trine_walk_chunk(const trine_walk *walk, uint64_t number, trine_worker *worker,
                              unsigned char *buffers, trine_chunk *chunk);

#endif
