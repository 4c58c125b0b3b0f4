/* backends/mpi/mpi_share.c - bytes of rank 0 in memory that the ranks of each machine share.
 *
 *   1. The ranks of a machine make a segment, all of it the lowest's.
 *   2. Those lowest ranks get the bytes from rank 0, in pieces, among themselves.
 *   3. All agree, so that nobody reads before the bytes are there.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/mpi/mpi_data.h"

typedef struct mpi_share {
    trine_share share;
    MPI_Comm lowest;
    trine_mpi_segment segment;
    unsigned char *memory;
} mpi_share;

static void share_close(trine_share *base)
{
    mpi_share *share = (mpi_share *)base;
    if (!trine_mpi_ended()) {
        trine_mpi_segment_free(&share->segment);
        if (share->lowest != MPI_COMM_NULL)
            MPI_Comm_free(&share->lowest);
    }
    free(share);
}

static trine_status make(mpi_share *share, const trine_mpi_data *mpi, int rank, size_t bytes)
{
    bool lowest = mpi->number[rank] == 0;
    int error = MPI_Comm_split(mpi->comm, lowest ? 0 : MPI_UNDEFINED, rank, &share->lowest);
    trine_status status = trine_mpi_segment_make(mpi->machine, lowest ? bytes : 0, &share->segment);
    if (error)
        status = trine_mpi_fail("MPI_Comm_split", error);
    if (!status)
        status = trine_mpi_segment_find(&share->segment, 0, &share->memory);
    share->share.memory = share->memory;
    return status;
}

static trine_status copy(mpi_share *share, const void *data, size_t bytes, int rank)
{
    if (rank == 0)
        memcpy(share->memory, data, bytes);
    for (size_t done = 0; done < bytes && share->lowest != MPI_COMM_NULL;) {
        int some = trine_mpi_piece(bytes - done);
        int error = MPI_Bcast(share->memory + done, some, MPI_BYTE, 0, share->lowest);
        if (error)
            return trine_mpi_fail("MPI_Bcast", error);
        done += (size_t)some;
    }
    trine_mpi_segment_sync(&share->segment);
    return TRINE_OK;
}

trine_status trine_mpi_share(trine_communicator *communicator, const void *data, size_t bytes,
                             trine_share **shared, uint64_t call, trine_status status)
{
    const trine_mpi_data *mpi = communicator->data;
    int rank = communicator->rank;
    uint64_t given = trine_mpi_call(TRINE_MPI_SHARE, call, bytes);
    mpi_share *share = status ? NULL : calloc(1, sizeof *share);
    if (!status && !share)
        status = trine_fail(TRINE_E_MEMORY, "mpi: no memory");
    status = trine_mpi_agree(communicator, given, NULL, status);
    if (status || !share) {
        free(share);
        return status;
    }
    share->lowest = MPI_COMM_NULL;
    share->segment = trine_mpi_segment_none();
    share->share.close = share_close;
    share->share.moved = mpi->number[rank] == 0 ? bytes : 0;
    status = make(share, mpi, rank, bytes);
    status = trine_mpi_agree(communicator, given + 1, NULL, status);
    if (!status)
        status = trine_mpi_agree(communicator, given + 2, NULL, copy(share, data, bytes, rank));
    if (status) {
        share_close(&share->share);
        return status;
    }
    trine_mpi_segment_sync(&share->segment);
    *shared = &share->share;
    return TRINE_OK;
}
