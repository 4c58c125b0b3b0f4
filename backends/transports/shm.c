/* backends/transports/shm.c - the caller copies the block into shared memory, where workers read it
 * in place. The memory is kept for the next block. */
#include <string.h>

#include "backends/transports/carriers.h"

static trine_status shm_open_block(trine_carrier *carrier)
{
    trine_status status = carrier->bytes ? trine_carrier_room(carrier, carrier->bytes) : TRINE_OK;
    if (status || carrier->bytes == 0)
        return status;
    memcpy(carrier->room, carrier->data, carrier->bytes);
    trine_carrier_count(carrier, carrier->bytes);
    return TRINE_OK;
}

static trine_status shm_attach(trine_carrier *carrier, trine_attachment *attachment)
{
    attachment->view = carrier->room;
    return TRINE_OK;
}

const trine_carrier_ops trine_shm_carrier = {
    .views = true, .open = shm_open_block, .attach = shm_attach};
