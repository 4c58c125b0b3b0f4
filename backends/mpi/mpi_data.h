/* backends/mpi/mpi_data.h - what the files of the MPI communicator share.
 *
 * mpi.c opens and closes, mpi_leave.c ends ranks, mpi_rounds.c joins partials in rounds of packets,
 * mpi_exchange.c moves the callers' bytes, mpi_window.c has what ranks do without one another,
 * mpi_replicate.c and mpi_scatter.c bring bytes into memory of a machine (mpi_segment.c). Whatever
 * memory a call needs is had before its first message. */
#ifndef TRINE_BACKENDS_MPI_DATA_H
#define TRINE_BACKENDS_MPI_DATA_H

#include <xxhash.h>

#include "backends/mpi/mpi_message.h"
#include "backends/mpi/mpi_segment.h"
#include "core/backend/communicator.h"
#include "core/system/memory.h"

/* Memory that is kept from call to call, and grown as needed. */
typedef struct trine_mpi_buffer {
    void *memory;
    size_t size;
} trine_mpi_buffer;

/* One direction between this rank and another: what is left to be sent, or received. */
typedef struct trine_mpi_flow {
    unsigned char *at;
    uint64_t left;
    int peer;
} trine_mpi_flow;

/* What mpi_scatter.c has brought. */
typedef struct trine_mpi_block trine_mpi_block;

/* comm: a duplicate, so that no message meets one of the caller's. machine: its ranks on this
 * machine; number: of each rank of comm there, MPI_UNDEFINED elsewhere. own, other: this rank's
 * packet, and a partner's. join: states for joining from the left. window: states of an exscan.
 * flows, requests, statuses, done: 2 * size each, of an exchange; the first half receives. blocks:
 * those whose memory is still there. claims: of the machine; NULL where there is none. next: of the
 * teams that are open. */
typedef struct trine_mpi_data {
    MPI_Comm comm, machine;
    int *number;
    trine_packet own, other;
    trine_mpi_buffer join, window;
    trine_mpi_flow *flows;
    MPI_Request *requests;
    MPI_Status *statuses;
    int *done;
    trine_mpi_block *blocks;
    trine_claim_word *claims;
    struct trine_mpi_data *next;
} trine_mpi_data;

typedef enum trine_mpi_kind {
    TRINE_MPI_MERGE = 1,
    TRINE_MPI_EXSCAN,
    TRINE_MPI_GATHER,
    TRINE_MPI_EXCHANGE,
    TRINE_MPI_BROADCAST,
    TRINE_MPI_WINDOW,
    TRINE_MPI_REPLICATE,
    TRINE_MPI_SCATTER,
    TRINE_MPI_AGREE
} trine_mpi_kind;

/* The call number that tells functions apart, and what must be the same on all ranks. */
static inline uint64_t trine_mpi_call(trine_mpi_kind kind, uint64_t call, uint64_t given)
{
    const uint64_t all[] = {(uint64_t)kind, call, given};
    return XXH3_64bits(all, sizeof all);
}

/* Whether MPI was finalised: nothing of it may be called any more. */
bool trine_mpi_ended(void);

/* CLOSED when it was. */
trine_status trine_mpi_check_ended(void);

/* All ranks learn the status of the lowest rank that failed, or that their calls differ. *sum
 * (NULL for 0): what each rank brings; becomes the sum of all. */
trine_status trine_mpi_agree(trine_communicator *communicator, uint64_t call, uint64_t *sum,
                             trine_status status);

/* Whether shared windows are shared memory where all ranks are on one machine. */
extern bool trine_mpi_window_shares;

/* As if rank r were on machine r modulo this number, for tests, before a team is opened; 0: as it
 * is. */
extern int trine_mpi_machines;

/* A hash of how many bytes go from whom to whom. */
uint64_t trine_mpi_part_number(int from, int to, size_t bytes);

/* What ranks of a machine are about to take of its memory is known to the others. *file: to be
 * closed when all ranks have opened it; -1 for none. Opening is Collective on the machine; MEMORY.
 */
trine_status trine_mpi_claims_open(trine_mpi_data *data, int *file);
void trine_mpi_claims_close(trine_mpi_data *data);

/* Frees what was scattered, once no rank has it any more. Collective. */
void trine_mpi_blocks_free(trine_mpi_data *mpi);

/* As in core/backend/communicator.h. */
trine_status trine_mpi_merge(trine_communicator *communicator, trine_tree *tree, uint64_t call,
                             trine_status status);
trine_status trine_mpi_exscan(trine_communicator *communicator, const trine_tree *own,
                              trine_tree *before, uint64_t call, trine_status status);
trine_status trine_mpi_agreement(trine_communicator *communicator, uint64_t call, uint64_t *sum,
                                 trine_status status);
trine_status trine_mpi_gather(trine_communicator *communicator, const uint64_t *values,
                              size_t count, uint64_t *gathered, uint64_t call, trine_status status);
trine_status trine_mpi_exchange(trine_communicator *communicator, const trine_part send[],
                                const trine_part receive[], uint64_t call, trine_status status);
trine_status trine_mpi_broadcast(trine_communicator *communicator, void *data, size_t bytes,
                                 int root, uint64_t call, trine_status status);
trine_status trine_mpi_shared_window(trine_communicator *communicator, size_t bytes,
                                     trine_shared_window **opened, uint64_t call,
                                     trine_status status);
trine_status trine_mpi_replicate(trine_communicator *communicator, const void *data, size_t bytes,
                                 trine_common_memory **common, uint64_t call, trine_status status);
trine_status trine_mpi_scatter(trine_communicator *communicator, const trine_part parts[],
                               size_t bytes, int root, trine_common_memory **common, uint64_t call,
                               trine_status status);

#endif
