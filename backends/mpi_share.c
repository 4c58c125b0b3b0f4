/* backends/mpi_share.c - bytes of rank 0 in memory that the ranks of each machine share (MPI-3).
 *
 *   1. The ranks of a machine allocate a shared window, all of it on the lowest of them.
 *   2. Those lowest ranks get the bytes from rank 0, in pieces, among themselves.
 *   3. All agree, so that nobody reads before the bytes are there.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/mpi_data.h"
#include "core/memory.h"

typedef struct mpi_share {
    trine_share share;
    MPI_Comm machine, lowest;
    MPI_Win window;
    unsigned char *memory;
} mpi_share;

static void free_window(mpi_share *share)
{
    if (share->window != MPI_WIN_NULL)
        MPI_Win_free(&share->window);
    if (share->lowest != MPI_COMM_NULL)
        MPI_Comm_free(&share->lowest);
    if (share->machine != MPI_COMM_NULL)
        MPI_Comm_free(&share->machine);
}

static void share_close(trine_share *base)
{
    mpi_share *share = (mpi_share *)base;
    int finalized = 1;
    MPI_Finalized(&finalized);
    if (!finalized)
        free_window(share);
    free(share);
}

static trine_status join_machine(mpi_share *share, MPI_Comm comm, int rank, int *number)
{
    int error =
        MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &share->machine);
    if (error)
        return trine_mpi_fail("MPI_Comm_split_type", error);
    MPI_Comm_rank(share->machine, number);
    error = MPI_Comm_split(comm, *number == 0 ? 0 : MPI_UNDEFINED, rank, &share->lowest);
    return error ? trine_mpi_fail("MPI_Comm_split", error) : TRINE_OK;
}

static trine_status allocate(mpi_share *share, size_t own)
{
    MPI_Aint size;
    int unit, error = MPI_Win_allocate_shared((MPI_Aint)own, 1, MPI_INFO_NULL, share->machine,
                                              &share->memory, &share->window);
    if (error)
        return trine_mpi_fail("MPI_Win_allocate_shared", error);
    error = MPI_Win_shared_query(share->window, 0, &size, &unit, &share->memory);
    share->share.memory = share->memory;
    return error ? trine_mpi_fail("MPI_Win_shared_query", error) : TRINE_OK;
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
    return TRINE_OK;
}

trine_status trine_mpi_share(trine_communicator *communicator, const void *data, size_t bytes,
                             trine_share **shared, uint64_t call, trine_status status)
{
    const trine_mpi_data *mpi = communicator->data;
    int rank = communicator->rank, number = 0;
    uint64_t given = trine_mpi_call(TRINE_MPI_SHARE, call, bytes);
    mpi_share *share = status ? NULL : calloc(1, sizeof *share);
    if (!status)
        status = share ? trine_memory_check("shared data", bytes)
                       : trine_fail(TRINE_E_MEMORY, "mpi: no memory");
    status = trine_mpi_agree(communicator, given, NULL, status);
    if (status || !share) {
        free(share);
        return status;
    }
    share->machine = share->lowest = MPI_COMM_NULL;
    share->window = MPI_WIN_NULL;
    share->share.close = share_close;
    status = join_machine(share, mpi->comm, rank, &number);
    if (!status)
        status = allocate(share, number == 0 ? bytes : 0);
    status = trine_mpi_agree(communicator, given + 1, NULL, status);
    if (!status)
        status = trine_mpi_agree(communicator, given + 2, NULL, copy(share, data, bytes, rank));
    share->share.copied = number == 0 && rank > 0;
    if (status)
        share_close(&share->share);
    else
        *shared = &share->share;
    return status;
}
