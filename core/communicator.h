/* core/communicator.h - what combines the ranks' partials and agrees on statuses.
 *
 * Every function is Collective. A rank that failed locally still enters and brings its status: all
 * ranks leave with the same status and the same bytes, and none waits for one that will not come.
 */
#ifndef TRINE_CORE_COMMUNICATOR_H
#define TRINE_CORE_COMMUNICATOR_H

#include "core/tree.h"

typedef struct trine_communicator trine_communicator;

typedef struct trine_communicator_ops {
    const char *name;
    /* NULL; else why this library cannot use it, and what would provide it. */
    const char *absent;
    /* Joins the ranks. handle: the caller's communicator (an MPI_Comm *), NULL for all ranks of the
     * launch. Sets rank, size, neighbours (ranks on this machine) and data. */
    trine_status (*open)(trine_communicator *communicator, const void *handle);
    void (*close)(trine_communicator *communicator);
    /* Joins the trees of all ranks, in rank order: on success every rank's tree holds the same
     * partials. status: this rank's own. call: a number that ranks making the same call agree on;
     * TRINE_E_COLLECTIVE when they do not. The result is the status of the lowest rank that failed,
     * with its detail. */
    trine_status (*merge)(trine_communicator *communicator, trine_tree *tree, uint64_t call,
                          trine_status status);
    /* values[0 .. count) of every rank, in rank order, to all: gathered[size * count]. count is at
     * most TRINE_GATHER_MAX. gathered may be NULL on a rank that brings a failure. Statuses as in
     * merge. */
    trine_status (*gather)(trine_communicator *communicator, const uint64_t *values, size_t count,
                           uint64_t *gathered, uint64_t call, trine_status status);
    /* Name and version of the foreign library; NULL for none. Not collective. */
    const char *(*library)(void);
    /* What trine_finalize does for this backend; NULL for nothing. */
    void (*finalize)(void);
} trine_communicator_ops;

#define TRINE_GATHER_MAX 4

struct trine_communicator {
    const trine_communicator_ops *ops;
    int rank, size, neighbours;
    void *data;
};

extern const trine_communicator_ops trine_self_communicator, trine_mpi_communicator;

#endif
