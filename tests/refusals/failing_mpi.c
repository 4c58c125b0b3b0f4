/* failing_mpi.c - see failing_mpi.h. */
#include "failing_mpi.h"

#include <mpi.h>
#include <stddef.h>

static int fails_at, calls;

void fail_mpi(int k)
{
    fails_at = k;
    calls = 0;
}

int mpi_calls(void)
{
    return calls;
}

static int after(int error)
{
    calls++;
    return calls == fails_at ? MPI_ERR_OTHER : error;
}

int MPI_Allgather(const void *send, int send_n, MPI_Datatype send_type, void *receive,
                  int receive_n, MPI_Datatype receive_type, MPI_Comm comm)
{
    return after(PMPI_Allgather(send, send_n, send_type, receive, receive_n, receive_type, comm));
}

int MPI_Bcast(void *data, int n, MPI_Datatype type, int root, MPI_Comm comm)
{
    return after(PMPI_Bcast(data, n, type, root, comm));
}

int MPI_Waitsome(int n, MPI_Request requests[], int *ended, int indices[], MPI_Status statuses[])
{
    int error = PMPI_Waitsome(n, requests, ended, indices, statuses);
    /* How often it returns before the last is a matter of time. */
    return *ended == MPI_UNDEFINED ? after(error) : error;
}

int MPI_Comm_split_type(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *made)
{
    return after(PMPI_Comm_split_type(comm, type, key, info, made));
}

int MPI_Win_allocate_shared(MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void *memory,
                            MPI_Win *window)
{
    return after(PMPI_Win_allocate_shared(size, unit, info, comm, memory, window));
}
