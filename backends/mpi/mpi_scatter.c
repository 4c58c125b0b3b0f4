/* backends/mpi/mpi_scatter.c - parts of one rank's memory in memory that the ranks of each machine
 * share.
 *
 *   1. The ranks agree, also on the size of each part, as those of an exchange do.
 *   2. Segments that all ranks of the machine have closed are freed: freeing one needs all of them,
 *      closing must not. One of the same sizes is used again, its pages being there.
 *   3. Else the ranks of a machine make a segment, of which each rank's part is its own.
 *   4. The root writes the parts of its machine's ranks where these have them; the other ranks are
 *      sent theirs, by an exchange, which also tells all ranks that their parts are there.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "backends/mpi/mpi_data.h"

/* bytes: of this rank's part. made: by all ranks, which then all list it, in the same order.
 * closed: by this rank; the memory is there until all have. next: the one before. */
struct trine_mpi_block {
    trine_common_memory common;
    trine_mpi_segment segment;
    size_t bytes;
    bool made;
    atomic_bool closed;
    trine_mpi_block *next;
};

enum { FLAGS = 64 };

static void close_block(trine_common_memory *common)
{
    atomic_store(&((trine_mpi_block *)common)->closed, true);
}

static void drop(trine_mpi_block *block)
{
    trine_mpi_segment_free(&block->segment);
    free(block);
}

/* Of the next FLAGS blocks, one bit each: what all ranks of the machine have closed, and what is as
 * long on each as it wants. */
typedef struct answers {
    uint64_t closed, fitting;
} answers;

static trine_status ask(const trine_mpi_data *mpi, const trine_mpi_block *block, size_t bytes,
                        answers *all)
{
    answers own = {0, 0};
    for (int i = 0; i < FLAGS && block; i++, block = block->next) {
        own.closed |= (uint64_t)atomic_load(&block->closed) << i;
        own.fitting |= (uint64_t)(block->bytes == bytes) << i;
    }
    int error = MPI_Allreduce(&own, all, 2, MPI_UINT64_T, MPI_BAND, mpi->machine);
    return error ? trine_mpi_fail("MPI_Allreduce", error) : TRINE_OK;
}

/* Frees what all have closed, but for one that fits, which becomes *kept and leaves the list. */
static trine_status free_closed(trine_mpi_data *mpi, size_t bytes, trine_mpi_block **kept)
{
    trine_mpi_block **at = &mpi->blocks;
    while (*at) {
        answers all;
        trine_status status = ask(mpi, *at, bytes, &all);
        if (status)
            return status;
        for (int i = 0; i < FLAGS && *at; i++) {
            trine_mpi_block *block = *at;
            if (!(all.closed >> i & 1)) {
                at = &block->next;
                continue;
            }
            *at = block->next;
            if (!*kept && (all.fitting >> i & 1))
                *kept = block;
            else
                drop(block);
        }
    }
    return TRINE_OK;
}

void trine_mpi_blocks_free(trine_mpi_data *mpi)
{
    while (mpi->blocks) {
        trine_mpi_block *block = mpi->blocks;
        mpi->blocks = block->next;
        drop(block);
    }
}

/* What must be the same: the root, and what it has for each rank as what each rank wants. */
static uint64_t add_up(const trine_communicator *communicator, const trine_part parts[],
                       size_t bytes, int root)
{
    uint64_t sum = 0;
    for (int r = 0; r < communicator->size && communicator->rank == root; r++)
        sum += trine_mpi_part_number(root, r, parts[r].bytes);
    return sum - trine_mpi_part_number(root, communicator->rank, bytes);
}

/* The root's: parts of its own machine are written, the others become those to be sent. */
static trine_status write_parts(const trine_communicator *communicator, const trine_part parts[],
                                trine_mpi_block *block, trine_part send[])
{
    const trine_mpi_data *mpi = communicator->data;
    for (int r = 0; r < communicator->size; r++) {
        unsigned char *memory;
        if (mpi->number[r] == MPI_UNDEFINED) {
            send[r] = parts[r];
            continue;
        }
        if (parts[r].bytes == 0)
            continue;
        trine_status status = trine_mpi_segment_find(&block->segment, mpi->number[r], &memory);
        if (status)
            return status;
        memcpy(memory, parts[r].data, parts[r].bytes);
        block->common.moved += parts[r].bytes;
    }
    trine_mpi_segment_sync(&block->segment);
    return TRINE_OK;
}

/* Steps 3 and 4. mail: two parts a rank, of an exchange. */
static trine_status fill(trine_communicator *communicator, const trine_part parts[], size_t bytes,
                         int root, uint64_t given, trine_mpi_block *block, trine_part mail[])
{
    const trine_mpi_data *mpi = communicator->data;
    trine_part *send = mail, *receive = mail + communicator->size;
    trine_status status = TRINE_OK;
    if (block->segment.window == MPI_WIN_NULL)
        status = trine_mpi_segment_make(mpi->machine, bytes, &block->segment);
    status = trine_mpi_agree(communicator, given + 1, NULL, status);
    if (status)
        return status;
    block->made = true;
    if (communicator->rank == root)
        status = write_parts(communicator, parts, block, send);
    if (mpi->number[root] == MPI_UNDEFINED) {
        receive[root] = (trine_part){block->segment.own, bytes};
        block->common.moved = bytes;
    }
    status = trine_mpi_exchange(communicator, send, receive, given + 2, status);
    if (!status)
        trine_mpi_segment_sync(&block->segment);
    return status;
}

/* Steps 2 to 4. After a failure of MPI segments are left, since freeing one needs all ranks of the
 * machine. */
static trine_status place(trine_communicator *communicator, const trine_part parts[], size_t bytes,
                          int root, uint64_t given, trine_mpi_block *block, trine_part mail[])
{
    trine_mpi_block *kept = NULL;
    trine_status status = trine_mpi_agree(communicator, given + 3, NULL,
                                          free_closed(communicator->data, bytes, &kept));
    if (status)
        return status;
    block->bytes = bytes;
    block->common.close = close_block;
    block->segment = kept ? kept->segment : trine_mpi_segment_none();
    free(kept);
    status = fill(communicator, parts, bytes, root, given, block, mail);
    if (status && !block->made && status != TRINE_E_MPI)
        trine_mpi_segment_free(&block->segment);
    block->common.memory = block->segment.own;
    return status;
}

trine_status trine_mpi_scatter(trine_communicator *communicator, const trine_part parts[],
                               size_t bytes, int root, trine_common_memory **common, uint64_t call,
                               trine_status status)
{
    trine_mpi_data *mpi = communicator->data;
    uint64_t given = trine_mpi_call(TRINE_MPI_SCATTER, call, (uint64_t)root);
    uint64_t sum = status ? 0 : add_up(communicator, parts, bytes, root);
    trine_mpi_block *block = calloc(1, sizeof *block);
    trine_part *mail = calloc(2 * (size_t)communicator->size, sizeof *mail);
    if (!status && (!block || !mail))
        status = trine_fail(TRINE_E_MEMORY, "mpi: no memory for the parts of %d ranks",
                            communicator->size);
    status = trine_mpi_agree(communicator, given, &sum, status);
    if (!status && sum != 0)
        status = trine_fail(TRINE_E_COLLECTIVE,
                            "a scatter among %d ranks: the root has another number of bytes for a "
                            "rank than that rank expects",
                            communicator->size);
    if (!status && block && mail)
        status = place(communicator, parts, bytes, root, given, block, mail);
    free(mail);
    if (!block || !block->made) {
        free(block);
        return status;
    }
    block->next = mpi->blocks;
    mpi->blocks = block;
    if (status)
        close_block(&block->common);
    else
        *common = &block->common;
    return status;
}
