/* backends/transports/inherit.c - workers are forked from the caller after the block was opened,
 * and have it where the caller has it (backends/executors/pool/pool_forking.c). */
#include "backends/transports/carriers.h"

static trine_status inherit_open(trine_carrier *carrier)
{
    (void)carrier;
    return TRINE_OK;
}

static trine_status inherit_attach(trine_carrier *carrier, trine_attachment *attachment)
{
    attachment->view = carrier->data;
    return TRINE_OK;
}

const trine_carrier_ops trine_inherit_carrier = {
    .views = true, .open = inherit_open, .attach = inherit_attach};
