/* core/backend/communicator.h - what combines the ranks' partials, moves their bytes, agrees on
 * statuses.
 *
 * Every function is Collective and begins with the same agreement. A rank that failed locally still
 * enters and brings its status: all ranks leave with the same status, that of the lowest rank that
 * failed, with its detail, and none waits for one that will not come. call is a number that ranks
 * making the same call agree on; when they do not, or when they enter different functions, all
 * leave with TRINE_E_COLLECTIVE. When any failed, nothing is moved. Only a failure of the foreign
 * library itself (TRINE_E_MPI) may be known to some ranks alone.
 */
#ifndef TRINE_CORE_COMMUNICATOR_H
#define TRINE_CORE_COMMUNICATOR_H

#include "core/backend/shared_window.h"
#include "core/partition/tree.h"

typedef struct trine_communicator trine_communicator;

/* A piece of memory that goes to, or comes from, one rank. */
typedef struct trine_part {
    void *data;
    size_t bytes;
} trine_part;

/* Memory that ranks of one machine share. moved: bytes that this rank wrote there, or was sent. */
typedef struct trine_common_memory trine_common_memory;
struct trine_common_memory {
    void *memory;
    size_t moved;
    void (*close)(trine_common_memory *common);
};

typedef struct trine_communicator_ops {
    const char *name;
    /* NULL; else why this library cannot use it, and what would provide it. */
    const char *absent;
    /* Joins the ranks. handle: the caller's communicator (an MPI_Comm *), NULL for all ranks of the
     * launch. Sets rank, size, neighbours (ranks on this machine) and data. */
    trine_status (*open)(trine_communicator *communicator, const void *handle);
    void (*close)(trine_communicator *communicator);
    /* Joins the trees of all ranks, in rank order: on success every rank's tree holds the same
     * partials. status: this rank's own. */
    trine_status (*merge)(trine_communicator *communicator, trine_tree *tree, uint64_t call,
                          trine_status status);
    /* Joins the trees of all lower ranks, in rank order, into `before`, which the caller began over
     * states of its own; it is left empty on rank 0. own is not changed. Both trees are begun, as
     * merge's is, also on a rank that brings a failure. */
    trine_status (*exscan)(trine_communicator *communicator, const trine_tree *own,
                           trine_tree *before, uint64_t call, trine_status status);
    /* That agreement and no more. *sum (NULL for 0): what each rank brings; becomes the sum of all.
     */
    trine_status (*agree)(trine_communicator *communicator, uint64_t call, uint64_t *sum,
                          trine_status status);
    /* values[0 .. count) of every rank, in rank order, to all: gathered[size * count]. count is at
     * most TRINE_GATHER_MAX. Either may be NULL on a rank that brings a failure. */
    trine_status (*gather)(trine_communicator *communicator, const uint64_t *values, size_t count,
                           uint64_t *gathered, uint64_t call, trine_status status);
    /* send[r] goes to rank r, receive[r] comes from rank r: `size` parts each, of any sizes, 0
     * bytes for nothing. The part to oneself is copied, and may overlap where it comes from; no
     * other memory that is received into overlaps what is sent. COLLECTIVE when any rank expects
     * another number of bytes than it is sent. Either may be NULL on a rank that brings a failure.
     */
    trine_status (*exchange)(trine_communicator *communicator, const trine_part send[],
                             const trine_part receive[], uint64_t call, trine_status status);
    /* bytes at data from rank root to all. COLLECTIVE when bytes or root differ. data may be NULL
     * on a rank that brings a failure, or when bytes is 0. */
    trine_status (*broadcast)(trine_communicator *communicator, void *data, size_t bytes, int root,
                              uint64_t call, trine_status status);
    /* A shared window with `bytes` of memory on rank 0, a multiple of 8. COLLECTIVE when bytes
     * differ. NULL in a communicator that never has several ranks. */
    trine_status (*window)(trine_communicator *communicator, size_t bytes,
                           trine_shared_window **window, uint64_t call, trine_status status);
    /* bytes at data on rank 0, copied once for each machine into memory that its ranks share.
     * COLLECTIVE when bytes differ. Closing is Collective. NULL as above. */
    trine_status (*replicate)(trine_communicator *communicator, const void *data, size_t bytes,
                              trine_common_memory **common, uint64_t call, trine_status status);
    /* parts[r] of rank root's memory becomes rank r's common->memory, `bytes` long, aligned to 64:
     * written there by the root for the ranks of its machine, which share that memory with it, sent
     * to each of the others. parts matters on the root alone. COLLECTIVE when root differs, or when
     * a rank expects another number of bytes than there are for it. common->memory is NULL for 0
     * bytes. Closing is not Collective: the memory is there until every rank has closed it, and
     * then until the next scatter, which may use it again, or until the communicator closes. NULL
     * as above. */
    trine_status (*scatter)(trine_communicator *communicator, const trine_part parts[],
                            size_t bytes, int root, trine_common_memory **common, uint64_t call,
                            trine_status status);
    /* Name and version of the foreign library; NULL for none. Not collective. */
    const char *(*library)(void);
    /* Whether the foreign library has ended, so that only close may be called; NULL for never. */
    bool (*ended)(void);
    /* What trine_finalize does for this backend; NULL for nothing. */
    void (*finalize)(void);
} trine_communicator_ops;

#define TRINE_GATHER_MAX 4

struct trine_communicator {
    const trine_communicator_ops *ops;
    int rank, size, neighbours;
    void *data;
};

/* The communicator of one process alone, and that of the ranks of a launch (backends/list.c). */
extern const trine_communicator_ops *const trine_alone_communicator;
extern const trine_communicator_ops *const trine_ranks_communicator;

#endif
