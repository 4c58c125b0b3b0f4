/* backends/transports/carriers.h - the carriers, one file each. What this system lacks answers with
 * why. */
#ifndef TRINE_BACKENDS_TRANSPORTS_CARRIERS_H
#define TRINE_BACKENDS_TRANSPORTS_CARRIERS_H

#include "core/transport/transport.h"

extern const trine_carrier_ops trine_shm_carrier, trine_inherit_carrier, trine_pipe_carrier,
    trine_file_carrier, trine_cma_carrier;

#endif
