/* backends/mpi/mpi_claims.c - a word in which the ranks of one machine add up the memory that they
 * are about to take (core/system/memory.h).
 *
 * The machine's lowest rank makes it in a file without a name, and tells the others where /proc has
 * that. A rank that cannot reach it does without: then memory that several ranks take at the same
 * time may be found to be short only when it is used.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/mpi/mpi_data.h"

enum { PAGE = 4096 };

/* Where the file is, and what tells it from another. inode 0: there is none. */
typedef struct offer {
    uint64_t inode, device;
    int32_t process, descriptor;
} offer;

static trine_status map(trine_mpi_data *data, int fd)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return trine_fail(TRINE_E_MEMORY, "mpi: no memory for what ranks claim of it");
    data->claims = page;
    return TRINE_OK;
}

static trine_status make(trine_mpi_data *data, int *file, offer *made)
{
    struct stat about;
    *file = memfd_create("trine-claims", MFD_CLOEXEC);
    if (*file < 0 || ftruncate(*file, PAGE) || fstat(*file, &about))
        return TRINE_OK;
    *made = (offer){about.st_ino, about.st_dev, getpid(), *file};
    return map(data, *file);
}

static trine_status reach(trine_mpi_data *data, const offer *made)
{
    char path[64];
    struct stat about;
    trine_status status = TRINE_OK;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)made->process, (int)made->descriptor);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return TRINE_OK;
    if (fstat(fd, &about) == 0 && about.st_ino == made->inode && about.st_dev == made->device)
        status = map(data, fd);
    close(fd);
    return status;
}

trine_status trine_mpi_claims_open(trine_mpi_data *data, int *file)
{
    offer made = {0};
    int rank = 0, size = 0;
    trine_status status = TRINE_OK;
    *file = -1;
    MPI_Comm_rank(data->machine, &rank);
    MPI_Comm_size(data->machine, &size);
    if (size == 1)
        return TRINE_OK;
    if (rank == 0)
        status = make(data, file, &made);
    int error = MPI_Bcast(&made, (int)sizeof made, MPI_BYTE, 0, data->machine);
    if (error)
        return trine_mpi_fail("MPI_Bcast", error);
    if (rank > 0 && made.inode)
        status = reach(data, &made);
    if (data->claims)
        trine_memory_share_claims(data->claims);
    return status;
}

void trine_mpi_claims_close(trine_mpi_data *data)
{
    if (!data->claims)
        return;
    trine_memory_forget_claims(data->claims);
    munmap(data->claims, PAGE);
}
