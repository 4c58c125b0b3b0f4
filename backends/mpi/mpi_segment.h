/* backends/mpi/mpi_segment.h - memory that the ranks of one machine share (MPI-3): each rank brings
 * a part, which the others of its machine address. */
#ifndef TRINE_BACKENDS_MPI_SEGMENT_H
#define TRINE_BACKENDS_MPI_SEGMENT_H

#include "backends/mpi/mpi_message.h"

/* own: this rank's part; NULL when it is empty. */
typedef struct trine_mpi_segment {
    MPI_Win window;
    unsigned char *own;
} trine_mpi_segment;

/* Its window is MPI_WIN_NULL until it is made. */
trine_mpi_segment trine_mpi_segment_none(void);

/* A part of `bytes` for this rank, in pages that are really there. What the machine lacks is an
 * error (MEMORY), not a signal at the first touch. Ranks may fail alone: all are told by the
 * caller, and then free the segment. Collective on the machine. */
trine_status trine_mpi_segment_make(MPI_Comm machine, size_t bytes, trine_mpi_segment *segment);

/* Whether `bytes` more can be had where the library makes what ranks of a machine share: without
 * them ranks wait for each other for ever, or end by a signal. Not collective. */
trine_status trine_mpi_files_check(const char *file, uint64_t bytes);

/* Where this rank has the part of rank `number` of the machine, which is not empty. */
trine_status trine_mpi_segment_find(const trine_mpi_segment *segment, int number,
                                    unsigned char **memory);

/* Before the others are told that something was written, and after being told so. */
void trine_mpi_segment_sync(const trine_mpi_segment *segment);

/* Does nothing to one that was not made. Collective on the machine. */
void trine_mpi_segment_free(trine_mpi_segment *segment);

#endif
