/* backends/mpi/mpi_segment.c - memory that the ranks of one machine share (MPI-3).
 *
 *   1. The machine's ranks add up what they want, and see whether it can be had.
 *   2. They allocate a shared window, of which each has a part, and use it from the part's first
 *      page boundary on: libraries align it less than kernels want, but as pages are mapped, the
 *      boundary is the same one in every process.
 *   3. Each makes its part's pages be there, near itself.
 */
#include "backends/mpi/mpi_segment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/system/memory.h"
#include "core/system/environment.h"

static const char what[] = "memory that ranks of one machine share";

enum { PAGE = 4096 };

/* Whether all ranks of the machine are well. */
static trine_status all_well(MPI_Comm machine, trine_status status)
{
    int well = !status, all = 0;
    int error = MPI_Allreduce(&well, &all, 1, MPI_INT, MPI_LAND, machine);
    if (error)
        return trine_mpi_fail("MPI_Allreduce", error);
    if (well && !all)
        return trine_fail(TRINE_E_MEMORY, "mpi: another rank of this machine cannot share memory");
    return status;
}

/* Libraries make a window in a file. When it does not fit, ranks of Open MPI wait for each other
 * for ever, and those of MPICH end by SIGBUS. */
trine_status trine_mpi_files_check(const char *file, uint64_t bytes)
{
    const char *directory = trine_environment("OMPI_MCA_osc_sm_backing_directory");
    struct statvfs files;
    if (!directory)
        directory = "/dev/shm";
    if (statvfs(directory, &files))
        return TRINE_OK;
    uint64_t there = (uint64_t)files.f_bavail * files.f_frsize;
    if (bytes <= there)
        return TRINE_OK;
    return trine_fail(TRINE_E_MEMORY, "%s, %.3f MiB, but only %.3f MiB are left in %s", file,
                      (double)bytes / (1 << 20), (double)there / (1 << 20), directory);
}

static trine_status check_machine(MPI_Comm machine, size_t bytes)
{
    /* What the library adds to each part, at most. */
    uint64_t own = bytes + 2 * PAGE, sum = 0;
    int error = MPI_Allreduce(&own, &sum, 1, MPI_UINT64_T, MPI_SUM, machine);
    if (error)
        return trine_mpi_fail("MPI_Allreduce", error);
    trine_status status = trine_memory_check(what, sum);
    return all_well(machine, status ? status : trine_mpi_files_check(what, sum));
}

static unsigned char *page_in(void *part)
{
    return (unsigned char *)part + (PAGE - (uintptr_t)part % PAGE) % PAGE;
}

/* A window that not all ranks got cannot be freed, for which all are needed: it is left. */
static trine_status allocate(MPI_Comm machine, size_t bytes, trine_mpi_segment *segment)
{
    void *memory = NULL;
    MPI_Win window = MPI_WIN_NULL;
    MPI_Aint reserved = bytes > 0 ? (MPI_Aint)bytes + PAGE : 0;
    int error = MPI_Win_allocate_shared(reserved, 1, MPI_INFO_NULL, machine, &memory, &window);
    trine_status status =
        all_well(machine, error ? trine_mpi_fail("MPI_Win_allocate_shared", error) : TRINE_OK);
    if (status)
        return status;
    MPI_Win_set_errhandler(window, MPI_ERRORS_RETURN);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window);
    *segment = (trine_mpi_segment){window, bytes > 0 ? page_in(memory) : NULL};
    return TRINE_OK;
}

trine_mpi_segment trine_mpi_segment_none(void)
{
    return (trine_mpi_segment){MPI_WIN_NULL, NULL};
}

trine_status trine_mpi_segment_make(MPI_Comm machine, size_t bytes, trine_mpi_segment *segment)
{
    *segment = trine_mpi_segment_none();
    trine_status status = check_machine(machine, bytes);
    if (!status)
        status = allocate(machine, bytes, segment);
    if (!status && bytes > 0)
        status = trine_memory_populate(what, segment->own, bytes);
    return status;
}

trine_status trine_mpi_segment_find(const trine_mpi_segment *segment, int number,
                                    unsigned char **memory)
{
    MPI_Aint size;
    void *part;
    int unit, error = MPI_Win_shared_query(segment->window, number, &size, &unit, &part);
    if (error)
        return trine_mpi_fail("MPI_Win_shared_query", error);
    *memory = page_in(part);
    return TRINE_OK;
}

void trine_mpi_segment_sync(const trine_mpi_segment *segment)
{
    MPI_Win_sync(segment->window);
}

void trine_mpi_segment_free(trine_mpi_segment *segment)
{
    if (segment->window == MPI_WIN_NULL)
        return;
    MPI_Win_unlock_all(segment->window);
    MPI_Win_free(&segment->window);
}
