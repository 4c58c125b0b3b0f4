/* backends/transports/shm.c - the caller copies the block into shared memory, where workers read it
 * in place. The memory is kept for the next block. */
#include <string.h>

#include "backends/transports/channels.h"

static trine_status shm_open_block(trine_channel *channel)
{
    trine_status status = channel->bytes ? trine_channel_buffer(channel, channel->bytes) : TRINE_OK;
    if (status || channel->bytes == 0)
        return status;
    memcpy(channel->buffer, channel->data, channel->bytes);
    trine_channel_count(channel, channel->bytes);
    return TRINE_OK;
}

static trine_status shm_attach(trine_channel *channel, trine_attachment *attachment)
{
    attachment->view = channel->buffer;
    return TRINE_OK;
}

const trine_channel_ops trine_shm_channel = {
    .views = true, .open = shm_open_block, .attach = shm_attach};
