/* core/source.c - elements in memory as a source. */
#include "core/source.h"

static trine_status fetch_memory(const trine_source *source, uint64_t first, size_t n, void *buffer,
                                 const void **data)
{
    (void)n;
    (void)buffer;
    *data = (const unsigned char *)source->context + (first - source->first) * source->item;
    return TRINE_OK;
}

trine_source trine_memory_source(const void *data, uint64_t first, size_t item)
{
    return (trine_source){.fetch = fetch_memory, .context = data, .first = first, .item = item};
}
