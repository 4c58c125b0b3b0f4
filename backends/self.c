/* backends/self.c - the communicator of one rank. */
#include <string.h>

#include "core/backend/communicator.h"
#include "core/system/error.h"

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

static trine_status self_agree(trine_communicator *communicator, uint64_t call, uint64_t *sum,
                               trine_status status)
{
    (void)communicator;
    (void)call;
    (void)sum;
    return status;
}

static trine_status self_gather(trine_communicator *communicator, const uint64_t *values,
                                size_t count, uint64_t *gathered, uint64_t call,
                                trine_status status)
{
    (void)communicator;
    (void)call;
    if (count > 0 && !status)
        memcpy(gathered, values, count * sizeof *values);
    return status;
}

static trine_status self_exscan(trine_communicator *communicator, const trine_tree *own,
                                trine_tree *before, uint64_t call, trine_status status)
{
    (void)communicator;
    (void)own;
    (void)call;
    if (!status)
        before->count = 0;
    return status;
}

static trine_status self_exchange(trine_communicator *communicator, const trine_part send[],
                                  const trine_part receive[], uint64_t call, trine_status status)
{
    (void)communicator;
    (void)call;
    if (status)
        return status;
    if (send[0].bytes != receive[0].bytes)
        return trine_fail(TRINE_E_COLLECTIVE, "%zu bytes to oneself, where %zu are expected",
                          send[0].bytes, receive[0].bytes);
    if (send[0].bytes > 0)
        memmove(receive[0].data, send[0].data, send[0].bytes);
    return TRINE_OK;
}

static trine_status self_broadcast(trine_communicator *communicator, void *data, size_t bytes,
                                   int root, uint64_t call, trine_status status)
{
    (void)communicator;
    (void)data;
    (void)bytes;
    (void)root;
    (void)call;
    return status;
}

const trine_communicator_ops trine_self_communicator = {
    .name = "self",
    .open = self_open,
    .close = self_close,
    .merge = self_merge,
    .exscan = self_exscan,
    .agree = self_agree,
    .gather = self_gather,
    .exchange = self_exchange,
    .broadcast = self_broadcast,
};
