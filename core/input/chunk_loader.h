/* core/input/chunk_loader.h - a block's chunks, one after the other: what every job body does. */
#ifndef TRINE_CORE_CHUNK_LOADER_H
#define TRINE_CORE_CHUNK_LOADER_H

#include "core/partition/blocks.h"
#include "core/input/input.h"

/* Plain bytes, for a job's context. offset: what to add to an element's number on the grid to get
 * its number in the whole. out: NULL, or the outputs' elements from the rank's first on. */
typedef struct trine_loader {
    trine_input input;
    trine_blocks blocks;
    uint64_t offset;
    int outs;
    void *out[TRINE_ARGS];
    size_t out_item[TRINE_ARGS];
} trine_loader;

/* Bytes of scratch, at the end of a worker's, that fetching needs. */
size_t trine_loader_buffers(const trine_loader *loader);

/* Tells the sources that a block's chunks will be made ready next, in order. */
trine_status trine_loader_prefetch(const trine_loader *loader, trine_block block,
                                   trine_worker *worker);

/* Makes chunk `number` of the grid ready. buffers: trine_loader_buffers() bytes, aligned to 64. */
trine_status trine_loader_chunk(const trine_loader *loader, uint64_t number, trine_worker *worker,
                                unsigned char *buffers, trine_chunk *chunk);

#endif
