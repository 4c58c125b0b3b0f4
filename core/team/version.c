/* core/team/version.c - what this library is and what it was built with. */
#include <stdio.h>
#include <string.h>

#include <trine/error.h>
#include <trine/kernel.h>

#include "core/backend/communicator.h"
#include "core/backend/executor.h"

const char *trine_version(void)
{
    /* Every thread writes the same bytes, each into its own copy. */
    static _Thread_local char text[256];
    size_t used = (size_t)snprintf(text, sizeof text, "trine %d.%d.%d (%s", TRINE_VERSION_MAJOR,
                                   TRINE_VERSION_MINOR, TRINE_VERSION_PATCH, trine_isa());
    const char *separator = "; ";
    for (int i = 0; trine_executors[i]; i++)
        if (!trine_executors[i]->absent) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", separator,
                                     trine_executors[i]->name);
            separator = ", ";
        }
    if (!trine_ranks_communicator->absent)
        used += (size_t)snprintf(text + used, sizeof text - used, ", mpi: %.100s",
                                 trine_ranks_communicator->library());
    snprintf(text + used, sizeof text - used, ")");
    return text;
}
