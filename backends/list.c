/* backends/list.c - the backends, a line each: all that the rest of the library knows of them are
 * these lists, in their order, and the properties of each. */
#include "backends/list.h"
#include "backends/transports/channels.h"

const trine_executor_ops *const trine_executors[] = {
    &trine_serial_executor,
    &trine_omp_executor,
    &trine_pool_executor,
    NULL,
};

const trine_communicator_ops *const trine_alone_communicator = &trine_self_communicator;
const trine_communicator_ops *const trine_ranks_communicator = &trine_mpi_communicator;

static const char between_ranks[] =
    "it moves data between ranks (trine_array_scatter), not to the workers of a pool";
static const trine_channel_ops message_channel = {.absent = between_ranks};
static const trine_channel_ops window_channel = {.absent = between_ranks};

const trine_channel_ops *const trine_channels[TRINE_TRANSPORT_COUNT] = {
    [TRINE_TRANSPORT_SHM] = &trine_shm_channel,
    [TRINE_TRANSPORT_INHERIT] = &trine_inherit_channel,
    [TRINE_TRANSPORT_PIPE] = &trine_pipe_channel,
    [TRINE_TRANSPORT_FILE] = &trine_file_channel,
    [TRINE_TRANSPORT_CMA] = &trine_cma_channel,
    [TRINE_TRANSPORT_MESSAGE] = &message_channel,
    [TRINE_TRANSPORT_WINDOW] = &window_channel,
};
