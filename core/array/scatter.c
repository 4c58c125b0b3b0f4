/* core/array/scatter.c - arrays between one rank's memory and the blocks of all ranks.
 *
 * By message, one exchange: the root's part to each rank is that rank's block in its memory, so
 * that nothing is packed, and what stays on the root is copied once. By window, the communicator's
 * scatter: the blocks are where the root can write them, if it is on the same machine.
 */
#include <stdlib.h>

#include "core/array/array.h"
#include "core/system/error.h"
#include "core/input/input.h"

/* The two directions of one exchange. */
typedef struct directions {
    trine_part *send, *receive;
} directions;

static trine_status make_directions(const trine_team *team, directions *d)
{
    size_t ranks = (size_t)team->communicator.size;
    d->send = calloc(2 * ranks, sizeof *d->send);
    d->receive = d->send ? d->send + ranks : NULL;
    return d->send ? TRINE_OK
                   : trine_fail(TRINE_E_MEMORY, "no memory for the parts of %zu ranks", ranks);
}

static trine_status check_root(const trine_team *team, const char *call, int root, uint64_t n,
                               const void *data)
{
    if (root < 0 || root >= team->communicator.size)
        return trine_fail(TRINE_E_ARGUMENT, "%s: root %d; expected a rank from 0 to %d", call, root,
                          team->communicator.size - 1);
    if (root == team->communicator.rank && n > 0 && !data)
        return trine_fail(TRINE_E_ARGUMENT, "%s: data is NULL on root %d", call, root);
    return TRINE_OK;
}

/* The blocks of all ranks as parts of data, which is the root's. */
static void divide(const trine_array *array, const void *data, trine_part parts[])
{
    size_t item = trine_dtype_size(array->dtype);
    int ranks = array->team->communicator.size;
    for (int r = 0; r < ranks; r++) {
        uint64_t offset, local_n;
        trine_grid_block(&array->grid, r, ranks, &offset, &local_n);
        if (local_n > 0)
            parts[r] = (trine_part){(char *)data + offset * item, (size_t)local_n * item};
    }
}

static trine_part own_block(const trine_array *array)
{
    return (trine_part){array->data, (size_t)array->local_n * trine_dtype_size(array->dtype)};
}

static void enter_ledger(trine_team *team, size_t bytes, size_t moved)
{
    team->ledger.bytes += (int64_t)bytes;
    team->ledger.moved += (int64_t)moved;
}

static trine_status check_scatter(trine_team *team, uint64_t n, const void *data, int root,
                                  trine_transport transport)
{
    static const char call[] = "trine_array_scatter";
    bool window = transport == TRINE_TRANSPORT_WINDOW;
    if ((unsigned)transport >= TRINE_TRANSPORT_COUNT)
        return trine_fail(TRINE_E_ARGUMENT, "%s: %d is no transport", call, (int)transport);
    if (transport != TRINE_TRANSPORT_MESSAGE && !window)
        return trine_fail(TRINE_E_ABSENT,
                          "%s: transport %s does not move arrays between ranks; expected message "
                          "or window",
                          call, trine_transport_name(transport));
    if (window && team->communicator.size > 1 && team->executor.ops.separate_memory)
        return trine_fail(TRINE_E_ABSENT,
                          "%s: transport window on team %s: the pool's processes were forked "
                          "before the ranks shared memory, and do not address it; expected "
                          "message, or a team of mpi or mpi+omp",
                          call, team->spec);
    return check_root(team, call, root, n, data);
}

/* Makes the array over the block that the root writes, or sends, there. array is NULL on a rank
 * that brings a failure. */
static trine_status scatter_in_common(trine_team *team, trine_array *array, const directions *d,
                                      int root, uint64_t call, trine_status status, size_t *moved)
{
    trine_common_memory *common;
    size_t bytes = array ? own_block(array).bytes : 0;
    status = team->communicator.ops->scatter(&team->communicator, d->send, bytes, root, &common,
                                             call, status);
    if (status || !array)
        return status;
    array->common = common;
    array->data = common->memory;
    *moved = common->moved;
    return TRINE_OK;
}

/* The same with memory of its own. */
static trine_status send_blocks(trine_team *team, const trine_array *array, const directions *d,
                                int root, uint64_t call, trine_status status, size_t *moved)
{
    if (!status && array && d->receive) {
        d->receive[root] = own_block(array);
        *moved = own_block(array).bytes;
    }
    return team->communicator.ops->exchange(&team->communicator, d->send, d->receive, call, status);
}

static trine_status scatter(trine_team *team, trine_dtype dtype, int ndim, const int64_t shape[],
                            const void *data, int root, trine_transport transport,
                            trine_array **scattered)
{
    if (!team || !scattered)
        return trine_call_refuse(team,
                                 trine_fail(TRINE_E_ARGUMENT, "trine_array_scatter: %s is NULL",
                                            team ? "array" : "team"));
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    directions d = {NULL, NULL};
    trine_array *array = NULL;
    size_t moved = 0;
    /* What nobody shares, or is nothing, needs no window. */
    bool has_shape = ndim >= 0 && ndim <= TRINE_DIMS && (shape || ndim == 0);
    uint64_t n = has_shape ? trine_shape_elements(ndim, shape) : 0;
    bool shares = transport == TRINE_TRANSPORT_WINDOW && team->communicator.size > 1 && n > 0;
    status = check_scatter(team, n, data, root, transport);
    if (!status)
        status = trine_array_make(team, dtype, ndim, shape, TRINE_DISTRIBUTED,
                                  shares ? TRINE_MEMORY_GIVEN : TRINE_MEMORY_NEW, &array);
    if (!status)
        status = make_directions(team, &d);
    if (!status && array && team->communicator.rank == root)
        divide(array, data, d.send);
    const uint64_t given[] = {(uint64_t)dtype, (uint64_t)root, (uint64_t)transport};
    uint64_t call = trine_call_number(14, given, sizeof given);
    call = has_shape ? trine_shape_number(call, ndim, shape, false) : call;
    status = shares ? scatter_in_common(team, array, &d, root, call, status, &moved)
                    : send_blocks(team, array, &d, root, call, status, &moved);
    free(d.send);
    if (!status && array) {
        enter_ledger(team, own_block(array).bytes, moved);
        *scattered = array;
    } else {
        trine_array_free(array);
    }
    return trine_call_end(team, &team->ledger.transfer_in, status);
}

trine_status trine_array_scatter(trine_team *team, trine_dtype dtype, const void *data, int64_t n,
                                 int root, trine_transport transport, trine_array **array)
{
    return scatter(team, dtype, 1, &n, data, root, transport, array);
}

trine_status trine_array_scatter_2d(trine_team *team, trine_dtype dtype, const void *data,
                                    int64_t rows, int64_t columns, int root,
                                    trine_transport transport, trine_array **array)
{
    const int64_t shape[] = {rows, columns};
    return scatter(team, dtype, 2, shape, data, root, transport, array);
}

trine_status trine_array_scatter_nd(trine_team *team, trine_dtype dtype, const void *data, int ndim,
                                    const int64_t shape[], int root, trine_transport transport,
                                    trine_array **array)
{
    return scatter(team, dtype, ndim, shape, data, root, transport, array);
}

trine_status trine_array_gather(const trine_array *array, int root, void *data)
{
    if (!array)
        return trine_call_refuse(NULL,
                                 trine_fail(TRINE_E_ARGUMENT, "trine_array_gather: array is NULL"));
    trine_team *team = array->team;
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    directions d = {NULL, NULL};
    status = check_root(team, "trine_array_gather", root, array->n, data);
    if (!status && array->place != TRINE_DISTRIBUTED)
        status = trine_fail(TRINE_E_ARGUMENT,
                            "trine_array_gather: an array of another place; expected DISTRIBUTED");
    if (!status)
        status = make_directions(team, &d);
    if (!status) {
        d.send[root] = own_block(array);
        if (team->communicator.rank == root)
            divide(array, data, d.receive);
    }
    const uint64_t given[] = {(uint64_t)array->dtype, (uint64_t)root};
    uint64_t call = trine_call_number(15, given, sizeof given);
    call = trine_shape_number(call, array->ndim, array->shape, false);
    status = team->communicator.ops->exchange(&team->communicator, d.send, d.receive, call, status);
    free(d.send);
    size_t all = (size_t)array->n * trine_dtype_size(array->dtype);
    if (!status && team->communicator.rank == root)
        enter_ledger(team, all, all);
    return trine_call_end(team, &team->ledger.transfer_out, status);
}
