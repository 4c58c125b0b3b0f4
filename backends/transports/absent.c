/* backends/transports/absent.c - the carriers that need Linux. */
#include "backends/transports/carriers.h"

static const char needs_linux[] = "it needs Linux (as the pool does), which this is not";

const trine_carrier_ops trine_inherit_carrier = {.absent = needs_linux};
const trine_carrier_ops trine_pipe_carrier = {.absent = needs_linux};
const trine_carrier_ops trine_file_carrier = {.absent = needs_linux};
const trine_carrier_ops trine_cma_carrier = {.absent = needs_linux};
