/* core/input/stage.c - staged arrays as sources, and places for outputs.
 *
 * The caller is one of the workers and reads its own memory in place, as do workers whose transport
 * gives them a view. The others fetch each chunk into the buffers of their scratch.
 */
#include "core/input/stage.h"

#include <string.h>

#include "core/system/error.h"

static trine_span span_of(const trine_source *source, uint64_t first, size_t n)
{
    return (trine_span){.offset = (size_t)(first - source->offset) * source->stride + source->skip,
                        .item = source->item,
                        .stride = source->stride,
                        .n = n};
}

/* A context lies in shared memory and is written by atomics, and by fetch. */
static trine_channel *channel_of(const trine_source *source)
{
    return (trine_channel *)source->context;
}

static trine_status fetch_view(const trine_source *source, uint64_t first, size_t n, void *buffer,
                               const void **data)
{
    const unsigned char *view;
    trine_status status = trine_channel_view(channel_of(source), &view);
    (void)buffer;
    if (!status)
        *data = view + span_of(source, first, n).offset;
    return status;
}

static trine_status fetch_copy(const trine_source *source, uint64_t first, size_t n, void *buffer,
                               const void **data)
{
    trine_channel *channel = channel_of(source);
    trine_span span = span_of(source, first, n);
    /* Of rows, the others' copies have their items one behind the other, and so has the caller's.
     */
    if (span.item == span.stride && trine_channel_owned(channel)) {
        *data = channel->data + span.offset;
        return TRINE_OK;
    }
    *data = buffer;
    return trine_channel_fetch(channel, &span, buffer);
}

static trine_status prefetch(const trine_source *source, uint64_t first, size_t n)
{
    trine_span span = span_of(source, first, n);
    return trine_channel_prefetch(channel_of(source), &span);
}

static bool reaches(const trine_team *team, const void *memory, size_t bytes)
{
    return bytes == 0 || team->executor.ops.addresses(&team->executor, memory, bytes);
}

static trine_status open_channel(trine_team *team, int i, trine_transport transport,
                                 const void *data, size_t bytes)
{
    trine_channel **channel = &team->channels[i];
    trine_status status = *channel ? TRINE_OK : trine_channel_make(&team->executor, channel);
    return status ? status : trine_channel_open(*channel, transport, data, bytes);
}

static trine_status stage_one(trine_team *team, int i, trine_source *source, size_t bytes)
{
    trine_status status = open_channel(team, i, team->transport, source->context, bytes);
    if (status)
        return status;
    const trine_channel_ops *ops = team->channels[i]->ops;
    source->fetch = ops->views ? fetch_view : fetch_copy;
    source->prefetch = ops->prefetch ? prefetch : NULL;
    source->context = team->channels[i];
    source->copies = !ops->views;
    source->counts = true;
    return TRINE_OK;
}

trine_status trine_stage_workers(trine_team *team, trine_transport transport,
                                 trine_executor **executor)
{
    *executor = &team->executor;
    if (transport != TRINE_TRANSPORT_INHERIT)
        return TRINE_OK;
    const trine_executor_options options = {.workers = team->executor.workers};
    *executor = &team->forking;
    return team->forking.workers
               ? TRINE_OK
               : trine_executor_open(&team->forking, team->executor.ops.forking, &options);
}

trine_status trine_stage(trine_team *team, trine_source source[], int sources, uint64_t items,
                         trine_executor **executor)
{
    if (*executor != &team->alone || team->transport == TRINE_TRANSPORT_NONE || items == 0)
        return TRINE_OK;
    trine_status status = trine_stage_workers(team, team->transport, executor);
    for (int i = 0; i < sources && !status; i++) {
        size_t bytes = (size_t)items * source[i].item;
        if (trine_source_in_memory(&source[i]) && !reaches(team, source[i].context, bytes))
            status = stage_one(team, i, &source[i], bytes);
    }
    trine_call_mark(team, &team->ledger.transfer_in);
    return status;
}

trine_status trine_stage_block(trine_team *team, trine_transport transport, const void *data,
                               size_t bytes, trine_executor **executor, trine_channel **channel)
{
    trine_status status = trine_stage_workers(team, transport, executor);
    if (!status)
        status = open_channel(team, 0, transport, data, bytes);
    if (!status)
        *channel = team->channels[0];
    return status;
}

trine_status trine_stage_results(trine_team *team, trine_loader *loader, uint64_t items,
                                 bool *in_place)
{
    bool all = true;
    for (int i = 0; i < loader->outs; i++) {
        size_t bytes = (size_t)items * loader->out_item[i];
        trine_output_memory *kept = &team->outputs[i];
        if (loader->input.executor == &team->alone || reaches(team, loader->out[i], bytes)) {
            all = false;
            continue;
        }
        if (bytes > kept->bytes) {
            if (kept->memory)
                team->executor.ops.free(&team->executor, kept->memory, kept->bytes);
            *kept = (trine_output_memory){NULL, 0};
            trine_status status = team->executor.ops.alloc(&team->executor, bytes, &kept->memory);
            if (status)
                return status;
            kept->bytes = bytes;
        }
        loader->out[i] = kept->memory;
    }
    *in_place = *in_place && !all;
    return TRINE_OK;
}

void trine_unstage(trine_team *team, const trine_loader *loader, void *const out[], uint64_t items)
{
    for (int i = 0; i < loader->outs; i++) {
        size_t bytes = (size_t)items * loader->out_item[i];
        if (loader->out[i] == out[i] || bytes == 0)
            continue;
        memcpy(out[i], loader->out[i], bytes);
        team->ledger.moved += (int64_t)bytes;
        trine_call_mark(team, &team->ledger.transfer_out);
    }
}

void trine_stage_block_end(trine_team *team, trine_channel *channel)
{
    if (!channel || channel->number == 0)
        return;
    team->ledger.moved += (int64_t)atomic_load(&channel->moved);
    trine_channel_close(channel);
}

void trine_stage_end(trine_team *team)
{
    if (team->transport == TRINE_TRANSPORT_NONE)
        return;
    trine_call_mark(team, &team->ledger.combine);
    for (int i = 0; i < TRINE_ARGS; i++)
        trine_stage_block_end(team, team->channels[i]);
    trine_call_mark(team, &team->ledger.transfer_in);
}
