/* core/input/source.c - elements in memory as a source, and rows as items. */
#include "core/input/source.h"

#include "core/system/clock.h"
#include "core/backend/executor.h"

static trine_status fetch_memory(const trine_source *source, uint64_t first, size_t n, void *buffer,
                                 const void **data)
{
    (void)n;
    (void)buffer;
    *data = (const unsigned char *)source->context + (first - source->offset) * source->stride +
            source->skip;
    return TRINE_OK;
}

trine_source trine_memory_source(const void *data, uint64_t first, size_t item)
{
    return (trine_source){
        .fetch = fetch_memory, .context = data, .offset = first, .item = item, .stride = item};
}

bool trine_source_in_memory(const trine_source *source)
{
    return source->fetch == fetch_memory;
}

trine_status trine_source_prefetch(const trine_source *source, uint64_t first, size_t n,
                                   double *transfer)
{
    if (!source->prefetch || n == 0)
        return TRINE_OK;
    double began = trine_seconds();
    trine_status status = source->prefetch(source, first, n);
    *transfer += trine_seconds() - began;
    return status;
}

trine_source trine_rows_source(const trine_source *elements, uint64_t columns, uint64_t first,
                               size_t n, size_t *row)
{
    trine_source rows = *elements;
    rows.stride = (size_t)columns * elements->item;
    rows.skip = (size_t)first * elements->item;
    rows.item = n * elements->item;
    rows.offset = elements->offset / columns;
    *row = rows.copies ? rows.item : rows.stride;
    return rows;
}
