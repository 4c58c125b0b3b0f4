/* backends/mpi_claims.c - a word in which the ranks of one machine add up the memory that they are
 * about to take (core/memory.h).
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

#include "backends/mpi_data.h"

enum { PAGE = 4096 };

/* Where the file is, and what tells it from another. inode 0: there is none. */
typedef struct offer {
    uint64_t inode, device;
    int32_t process, descriptor;
} offer;

static trine_claim_word *map(int fd)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return page == MAP_FAILED ? NULL : page;
}

/* The descriptor, which is kept until all have the page; -1 without. */
static int make(trine_mpi_data *data, offer *made)
{
    struct stat about;
    int fd = memfd_create("trine-claims", MFD_CLOEXEC);
    if (fd >= 0 && ftruncate(fd, PAGE) == 0 && fstat(fd, &about) == 0 && (data->claims = map(fd)))
        *made = (offer){about.st_ino, about.st_dev, getpid(), fd};
    return fd;
}

static void reach(trine_mpi_data *data, const offer *made)
{
    char path[64];
    struct stat about;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)made->process, (int)made->descriptor);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &about) == 0 && about.st_ino == made->inode && about.st_dev == made->device)
        data->claims = map(fd);
    close(fd);
}

void trine_mpi_claims_open(trine_mpi_data *data)
{
    offer made = {0};
    int rank = 0, size = 0, fd = -1;
    MPI_Comm_rank(data->machine, &rank);
    MPI_Comm_size(data->machine, &size);
    if (size == 1)
        return;
    if (rank == 0)
        fd = make(data, &made);
    /* Where MPI fails, the next call finds out. */
    int error = MPI_Bcast(&made, (int)sizeof made, MPI_BYTE, 0, data->machine);
    if (!error && rank > 0 && made.inode)
        reach(data, &made);
    if (!error)
        (void)MPI_Barrier(data->machine);
    if (fd >= 0)
        close(fd);
    if (data->claims)
        trine_memory_share_claims(data->claims);
}

void trine_mpi_claims_close(trine_mpi_data *data)
{
    if (!data->claims)
        return;
    trine_memory_forget_claims(data->claims);
    munmap(data->claims, PAGE);
}
