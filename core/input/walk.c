/* core/input/walk.c - making chunks ready for a kernel. */
#include "core/system/clock.h"
#include "core/input/walk.h"

/* Room for one source's chunk. */
static size_t buffer_size(const trine_walk *walk, const trine_source *source)
{
    return (trine_grid_longest(&walk->stream.grid) * source->item + 63) / 64 * 64;
}

size_t trine_walk_buffers(const trine_walk *walk)
{
    size_t bytes = 0;
    for (int i = 0; i < walk->stream.sources; i++)
        if (walk->stream.source[i].copies)
            bytes += buffer_size(walk, &walk->stream.source[i]);
    return bytes;
}

trine_status trine_walk_expect(const trine_walk *walk, trine_run run, trine_worker *worker)
{
    trine_status status = TRINE_OK;
    uint64_t first, last;
    size_t n;
    if (run.chunks == 0)
        return TRINE_OK;
    trine_grid_chunk(&walk->stream.grid, run.first, &first, &n);
    trine_grid_chunk(&walk->stream.grid, run.first + run.chunks - 1, &last, &n);
    for (int i = 0; i < walk->stream.sources && !status; i++)
        status = trine_source_expect(&walk->stream.source[i], first, (size_t)(last - first) + n,
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

trine_status trine_walk_chunk(const trine_walk *walk, uint64_t number, trine_worker *worker,
                              unsigned char *buffers, trine_chunk *chunk)
{
    uint64_t first;
    trine_grid_chunk(&walk->stream.grid, number, &first, &chunk->n);
    chunk->first = walk->origin + first;
    for (int i = 0; i < walk->stream.sources; i++) {
        const trine_source *source = &walk->stream.source[i];
        trine_status status;
        if (source->copies) {
            status = fetch_timed(source, first, chunk->n, buffers, worker, &chunk->in[i]);
            buffers += buffer_size(walk, source);
        } else {
            status = source->fetch(source, first, chunk->n, NULL, &chunk->in[i]);
        }
        if (status)
            return status;
    }
    for (int i = 0; i < walk->outs; i++)
        chunk->out[i] =
            (unsigned char *)walk->out[i] + (first - walk->stream.first) * walk->out_item[i];
    return TRINE_OK;
}
