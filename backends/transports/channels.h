/* backends/transports/channels.h - the channels, one file each. What this system lacks answers with
 * why. */
#ifndef TRINE_BACKENDS_TRANSPORTS_CHANNELS_H
#define TRINE_BACKENDS_TRANSPORTS_CHANNELS_H

#include "core/transport/transport.h"

extern const trine_channel_ops trine_shm_channel, trine_inherit_channel, trine_pipe_channel,
    trine_file_channel, trine_cma_channel;

#endif
