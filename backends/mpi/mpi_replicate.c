/* backends/mpi/mpi_replicate.c - bytes of rank 0 in memory that the ranks of each machine share.
 *
 *   1. The ranks of a machine make a segment, all of it the lowest's.
 *   2. Those lowest ranks get the bytes from rank 0, in pieces, among themselves.
 *   3. All agree, so that nobody reads before the bytes are there.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/mpi/mpi_data.h"

typedef struct replicate {
    trine_common_memory common;
    MPI_Comm lowest;
    trine_mpi_segment segment;
    unsigned char *memory;
} replicate;

static void replicate_close(trine_common_memory *base)
{
    replicate *r = (replicate *)base;
    if (!trine_mpi_ended()) {
        trine_mpi_segment_free(&r->segment);
        if (r->lowest != MPI_COMM_NULL)
            MPI_Comm_free(&r->lowest);
    }
    free(r);
}

static trine_status make(replicate *r, const trine_mpi_data *mpi, int rank, size_t bytes)
{
    bool lowest = mpi->number[rank] == 0;
    int error = MPI_Comm_split(mpi->comm, lowest ? 0 : MPI_UNDEFINED, rank, &r->lowest);
    trine_status status = trine_mpi_segment_make(mpi->machine, lowest ? bytes : 0, &r->segment);
    if (error)
        status = trine_mpi_fail("MPI_Comm_split", error);
    if (!status)
        status = trine_mpi_segment_find(&r->segment, 0, &r->memory);
    r->common.memory = r->memory;
    return status;
}

static trine_status copy(replicate *r, const void *data, size_t bytes, int rank)
{
    if (rank == 0)
        memcpy(r->memory, data, bytes);
    for (size_t done = 0; done < bytes && r->lowest != MPI_COMM_NULL;) {
        int some = trine_mpi_piece(bytes - done);
        int error = MPI_Bcast(r->memory + done, some, MPI_BYTE, 0, r->lowest);
        if (error)
            return trine_mpi_fail("MPI_Bcast", error);
        done += (size_t)some;
    }
    trine_mpi_segment_sync(&r->segment);
    return TRINE_OK;
}

trine_status trine_mpi_replicate(trine_communicator *communicator, const void *data, size_t bytes,
                                 trine_common_memory **common, uint64_t call, trine_status status)
{
    const trine_mpi_data *mpi = communicator->data;
    int rank = communicator->rank;
    uint64_t given = trine_mpi_call(TRINE_MPI_REPLICATE, call, bytes);
    replicate *r = status ? NULL : calloc(1, sizeof *r);
    if (!status && !r)
        status = trine_fail(TRINE_E_MEMORY, "mpi: no memory");
    status = trine_mpi_agree(communicator, given, NULL, status);
    if (status || !r) {
        free(r);
        return status;
    }
    r->lowest = MPI_COMM_NULL;
    r->segment = trine_mpi_segment_none();
    r->common.close = replicate_close;
    r->common.moved = mpi->number[rank] == 0 ? bytes : 0;
    status = make(r, mpi, rank, bytes);
    status = trine_mpi_agree(communicator, given + 1, NULL, status);
    if (!status)
        status = trine_mpi_agree(communicator, given + 2, NULL, copy(r, data, bytes, rank));
    if (status) {
        replicate_close(&r->common);
        return status;
    }
    trine_mpi_segment_sync(&r->segment);
    *common = &r->common;
    return TRINE_OK;
}
