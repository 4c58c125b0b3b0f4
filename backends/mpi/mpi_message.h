/* backends/mpi/mpi_message.h - packets between two ranks: a status, a call number, partials.
 *
 * Life of a packet: open (once), reserve (space for a reducer's partials, before anything is sent),
 * begin, then any number of messages, which need no more memory. */
#ifndef TRINE_BACKENDS_MPI_MESSAGE_H
#define TRINE_BACKENDS_MPI_MESSAGE_H

#include <mpi.h>

#include "core/system/error.h"
#include "core/partition/tree.h"

/* sum: of what the ranks of the packet's range bring. rank: that failed, or the first of the range.
 * nodes: partials in the body. body: bytes. */
typedef struct trine_packet_head {
    uint64_t call, sum, body;
    uint32_t status, rank, nodes, reserved;
} trine_packet_head;

/* Bytes that go in the first message: the head, and the body when it fits. */
enum { TRINE_FIRST_MESSAGE = 1024, TRINE_FIRST_BODY = 1024 - sizeof(trine_packet_head) };

/* A packet with space for its wire form: head and body in one piece. detail: of the failure. */
typedef struct trine_packet {
    trine_packet_head head;
    char detail[TRINE_DETAIL_SIZE];
    unsigned char *wire;
    size_t wire_size;
} trine_packet;

/* Most bytes that one message carries; a longer one goes in pieces. At most INT_MAX, since MPI
 * counts in int. */
extern size_t trine_mpi_message_max;

/* Bytes of the next message when that many are left. */
int trine_mpi_piece(uint64_t left);

/* Space for heads and failures. MEMORY. */
trine_status trine_packet_open(trine_packet *packet);

/* Space for whatever a tree of this reducer may hold. MEMORY; the packet then still carries a
 * failure. */
trine_status trine_packet_reserve(trine_packet *packet, const trine_reducer *reducer);

/* This rank's packet before the rounds; detail is the calling thread's. */
void trine_packet_begin(trine_packet *packet, int rank, uint64_t call, trine_status status);

/* It becomes a failure of that rank; detail is the calling thread's. */
void trine_packet_fail(trine_packet *packet, int rank, trine_status status);

/* own takes on other's failure, unless its own is of a lower rank, and finds out whether the two
 * come from the same call. The sums are added. */
void trine_packet_agree(trine_packet *own, const trine_packet *other);

/* Pushes the partials of a received packet. */
void trine_packet_push(const trine_packet *packet, trine_tree *tree);

/* The status, its detail becoming the calling thread's. */
trine_status trine_packet_status(const trine_packet *packet);

/* Both ranks send own (with the tree's partials; NULL for none) and receive other. Partials that do
 * not fit into the first message come only when both packets are healthy and of the same call. */
trine_status trine_packet_exchange(trine_packet *own, const trine_tree *tree, trine_packet *other,
                                   int partner, MPI_Comm comm);

/* Between ranks that have agreed that the call is the same, and whether it failed: own goes to one
 * rank, other comes from another. Either may be MPI_PROC_NULL: nothing goes to it, and what comes
 * from it is a packet without partials. */
trine_status trine_packet_shift(trine_packet *own, const trine_tree *tree, int to,
                                trine_packet *other, int from, MPI_Comm comm);

void trine_packet_release(trine_packet *packet);

/* MPI: what failed and what MPI says of it. */
trine_status trine_mpi_fail(const char *call, int error);

#endif
