/* backends/mpi/mpi_exchange.c - moving the callers' bytes between ranks.
 *
 * An exchange, in steps:
 *   1. The ranks agree on their statuses and the call. In the same rounds each brings a sum over
 *      its parts: a hash of (from, to, bytes), added for what it sends, taken away for what it
 *      expects. The total is 0 when all parts match, and but for one chance in 2^64 only then.
 *   2. One receive and one send a partner are under way at a time, each of at most
 *      trine_mpi_message_max bytes; when one ends, the next piece of its part begins. So the
 *      requests are as many as the ranks, whatever the sizes.
 */
#include <string.h>
#include <xxhash.h>

#include "backends/mpi/mpi_data.h"

enum { TAG = 2 };

trine_status trine_mpi_gather(trine_communicator *communicator, const uint64_t *values,
                              size_t count, uint64_t *gathered, uint64_t call, trine_status status)
{
    trine_mpi_data *data = communicator->data;
    uint64_t given = trine_mpi_call(TRINE_MPI_GATHER, call, count);
    status = trine_mpi_agree(communicator, given, NULL, status);
    if (status || count == 0)
        return status;
    int error = MPI_Allgather(values, (int)count, MPI_UINT64_T, gathered, (int)count, MPI_UINT64_T,
                              data->comm);
    return error ? trine_mpi_fail("MPI_Allgather", error) : TRINE_OK;
}

uint64_t trine_mpi_part_number(int from, int to, size_t bytes)
{
    const uint64_t part[] = {(uint64_t)from, (uint64_t)to, bytes};
    return XXH3_64bits(part, sizeof part);
}

/* Begins the next piece of a flow, if any is left. */
static trine_status begin_piece(trine_mpi_data *data, int i, bool receives)
{
    trine_mpi_flow *flow = &data->flows[i];
    int bytes = trine_mpi_piece(flow->left);
    if (bytes == 0)
        return TRINE_OK;
    int error =
        receives
            ? MPI_Irecv(flow->at, bytes, MPI_BYTE, flow->peer, TAG, data->comm, &data->requests[i])
            : MPI_Isend(flow->at, bytes, MPI_BYTE, flow->peer, TAG, data->comm, &data->requests[i]);
    if (error)
        return trine_mpi_fail(receives ? "MPI_Irecv" : "MPI_Isend", error);
    flow->at += bytes;
    flow->left -= (uint64_t)bytes;
    return TRINE_OK;
}

/* Receives come first, so that what is sent finds where to go; each rank begins with the one above
 * it, so that not all send to the same one. */
static trine_status begin_flows(const trine_communicator *communicator, const trine_part send[],
                                const trine_part receive[])
{
    trine_mpi_data *data = communicator->data;
    int size = communicator->size, rank = communicator->rank;
    for (int i = 0; i < 2 * size; i++)
        data->requests[i] = MPI_REQUEST_NULL;
    for (int i = 0; i < 2 * size; i++) {
        bool receives = i < size;
        int step = receives ? size - i : i - size, peer = (rank + step) % size;
        const trine_part *part = receives ? &receive[peer] : &send[peer];
        data->flows[i] = (trine_mpi_flow){part->data, peer == rank ? 0 : part->bytes, peer};
        trine_status status = begin_piece(data, i, receives);
        if (status)
            return status;
    }
    return TRINE_OK;
}

static trine_status run_flows(const trine_communicator *communicator)
{
    trine_mpi_data *data = communicator->data;
    for (;;) {
        int ended = 0;
        int error = MPI_Waitsome(2 * communicator->size, data->requests, &ended, data->done,
                                 data->statuses);
        if (error)
            return trine_mpi_fail("MPI_Waitsome", error);
        if (ended == MPI_UNDEFINED)
            return TRINE_OK;
        for (int i = 0; i < ended; i++) {
            trine_status status =
                begin_piece(data, data->done[i], data->done[i] < communicator->size);
            if (status)
                return status;
        }
    }
}

/* After MPI failed: nothing may still be written into the caller's memory. */
static void abandon_flows(const trine_communicator *communicator)
{
    trine_mpi_data *data = communicator->data;
    for (int i = 0; i < communicator->size; i++)
        if (data->requests[i] != MPI_REQUEST_NULL) {
            MPI_Cancel(&data->requests[i]);
            MPI_Wait(&data->requests[i], MPI_STATUS_IGNORE);
        }
    for (int i = communicator->size; i < 2 * communicator->size; i++)
        if (data->requests[i] != MPI_REQUEST_NULL)
            MPI_Request_free(&data->requests[i]);
}

trine_status trine_mpi_exchange(trine_communicator *communicator, const trine_part send[],
                                const trine_part receive[], uint64_t call, trine_status status)
{
    int size = communicator->size, rank = communicator->rank;
    uint64_t sum = 0;
    for (int r = 0; r < size && !status; r++)
        sum += trine_mpi_part_number(rank, r, send[r].bytes) -
               trine_mpi_part_number(r, rank, receive[r].bytes);
    status =
        trine_mpi_agree(communicator, trine_mpi_call(TRINE_MPI_EXCHANGE, call, 0), &sum, status);
    if (status)
        return status;
    if (sum != 0)
        return trine_fail(TRINE_E_COLLECTIVE,
                          "an exchange among %d ranks: a rank sends another number of bytes than "
                          "its partner expects",
                          size);
    if (send[rank].bytes > 0)
        memmove(receive[rank].data, send[rank].data, send[rank].bytes);
    status = begin_flows(communicator, send, receive);
    if (!status)
        status = run_flows(communicator);
    if (status)
        abandon_flows(communicator);
    return status;
}

trine_status trine_mpi_broadcast(trine_communicator *communicator, void *data, size_t bytes,
                                 int root, uint64_t call, trine_status status)
{
    const trine_mpi_data *mpi = communicator->data;
    uint64_t given =
        trine_mpi_call(TRINE_MPI_BROADCAST, call, trine_mpi_part_number(root, root, bytes));
    status = trine_mpi_agree(communicator, given, NULL, status);
    unsigned char *at = data;
    for (size_t left = bytes; left > 0 && !status;) {
        int some = trine_mpi_piece(left);
        int error = MPI_Bcast(at, some, MPI_BYTE, root, mpi->comm);
        if (error)
            return trine_mpi_fail("MPI_Bcast", error);
        at += some;
        left -= (size_t)some;
    }
    return status;
}
