/* backends/transports/table.c - which transports carry blocks to the workers of a pool. */
#include "backends/transports/carriers.h"

static const char between_ranks[] =
    "it moves data between ranks (trine_array_scatter), not to the workers of a pool";

const trine_carrier_ops trine_message_carrier = {.absent = between_ranks};
const trine_carrier_ops trine_window_carrier = {.absent = between_ranks};

const trine_carrier_ops *const trine_carriers[TRINE_TRANSPORT_COUNT] = {
    [TRINE_TRANSPORT_SHM] = &trine_shm_carrier,
    [TRINE_TRANSPORT_INHERIT] = &trine_inherit_carrier,
    [TRINE_TRANSPORT_PIPE] = &trine_pipe_carrier,
    [TRINE_TRANSPORT_FILE] = &trine_file_carrier,
    [TRINE_TRANSPORT_CMA] = &trine_cma_carrier,
    [TRINE_TRANSPORT_MESSAGE] = &trine_message_carrier,
    [TRINE_TRANSPORT_WINDOW] = &trine_window_carrier,
};
