/* backends/transports/inherit.c - workers are forked from the caller after the block was opened,
 * and have it where the caller has it (backends/executors/pool/forking.c). */
#include "backends/transports/channels.h"

static trine_status inherit_open(trine_channel *channel)
{
    (void)channel;
    return TRINE_OK;
}

static trine_status inherit_attach(trine_channel *channel, trine_attachment *attachment)
{
    attachment->view = channel->data;
    return TRINE_OK;
}

const trine_channel_ops trine_inherit_channel = {
    .views = true, .open = inherit_open, .attach = inherit_attach};
