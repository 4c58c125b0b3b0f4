/* core/team/spec.h - team spec strings (the grammar stands in trine/team.h). */
#ifndef TRINE_CORE_SPEC_H
#define TRINE_CORE_SPEC_H

#include "core/backend/communicator.h"
#include "core/backend/executor.h"
#include "core/transport/transport.h"

/* ranks: 0 when the spec does not say. executor.workers: likewise. transport: TRINE_TRANSPORT_NONE
 * when it does not. asked_by: the variable of the environment that gave executor.workers; NULL for
 * none. */
typedef struct trine_spec {
    const trine_executor_ops *executor;
    const trine_communicator_ops *communicator;
    int ranks;
    trine_executor_options options;
    trine_transport transport;
    const char *asked_by;
} trine_spec;

/* Reads text. SPEC: says what is wrong, where, and the nearest good spec. */
trine_status trine_spec_parse(const char *text, trine_spec *spec);

/* Writes the spec in full into text[size]. */
void trine_spec_print(const trine_spec *spec, char *text, size_t size);

/* Changes the transport in a full spec, of a team on that executor. */
void trine_spec_set_transport(char *text, size_t size, const trine_executor_ops *executor,
                              trine_transport transport);

#endif
