/* backends/self.c - the communicator of one rank. */
#include <string.h>

#include "core/communicator.h"

static trine_status self_open(trine_communicator *communicator, const void *handle)
{
    (void)handle;
    communicator->rank = 0;
    communicator->size = 1;
    communicator->neighbours = 1;
    return TRINE_OK;
}

static void self_close(trine_communicator *communicator)
{
    (void)communicator;
}

static trine_status self_merge(trine_communicator *communicator, trine_tree *tree, uint64_t call,
                               trine_status status)
{
    (void)communicator;
    (void)tree;
    (void)call;
    return status;
}

static trine_status self_gather(trine_communicator *communicator, const uint64_t *values,
                                size_t count, uint64_t *gathered, uint64_t call,
                                trine_status status)
{
    (void)communicator;
    (void)call;
    if (gathered)
        memcpy(gathered, values, count * sizeof *values);
    return status;
}

const trine_communicator_ops trine_self_communicator = {
    .name = "self",
    .open = self_open,
    .close = self_close,
    .merge = self_merge,
    .gather = self_gather,
};
