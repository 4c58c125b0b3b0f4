/* core/input/chunk_loader.c - making chunks ready for a kernel. */
#include "core/system/clock.h"
#include "core/system/util.h"
#include "core/input/chunk_loader.h"

/* Space for one source's chunk. */
static size_t buffer_size(const trine_loader *loader, const trine_source *source)
{
    return trine_whole_lines(trine_grid_longest(&loader->input.grid) * source->item);
}

size_t trine_loader_buffers(const trine_loader *loader)
{
    size_t bytes = 0;
    for (int i = 0; i < loader->input.sources; i++)
        if (loader->input.source[i].copies)
            bytes += buffer_size(loader, &loader->input.source[i]);
    return bytes;
}

trine_status trine_loader_prefetch(const trine_loader *loader, trine_block block,
                                   trine_worker *worker)
{
    trine_status status = TRINE_OK;
    uint64_t first, last;
    size_t n;
    if (block.chunks == 0)
        return TRINE_OK;
    trine_grid_chunk(&loader->input.grid, block.first, &first, &n);
    trine_grid_chunk(&loader->input.grid, block.first + block.chunks - 1, &last, &n);
    for (int i = 0; i < loader->input.sources && !status; i++)
        status = trine_source_prefetch(&loader->input.source[i], first, (size_t)(last - first) + n,
                                       &worker->transfer);
    return status;
}

static trine_status fetch_timed(const trine_source *source, uint64_t first, size_t n, void *buffer,
                                trine_worker *worker, const void **data)
{
    double began = trine_seconds();
    trine_status status = source->fetch(source, first, n, buffer, data);
    worker->transfer += trine_seconds() - began;
    return status;
}

trine_status trine_loader_chunk(const trine_loader *loader, uint64_t number, trine_worker *worker,
                                unsigned char *buffers, trine_chunk *chunk)
{
    uint64_t first;
    size_t n;
    trine_grid_chunk(&loader->input.grid, number, &first, &n);
    chunk->n = (int64_t)n;
    chunk->offset = (int64_t)(loader->offset + first);
    for (int i = 0; i < loader->input.sources; i++) {
        const trine_source *source = &loader->input.source[i];
        trine_status status;
        if (source->copies) {
            status = fetch_timed(source, first, n, buffers, worker, &chunk->in[i]);
            buffers += buffer_size(loader, source);
        } else {
            status = source->fetch(source, first, n, NULL, &chunk->in[i]);
        }
        if (status)
            return status;
    }
    for (int i = 0; i < loader->outs; i++)
        chunk->out[i] =
            (unsigned char *)loader->out[i] + (first - loader->input.offset) * loader->out_item[i];
    return TRINE_OK;
}
