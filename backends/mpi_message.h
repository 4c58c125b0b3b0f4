/* backends/mpi_message.h - packets between two ranks: a status, a call number, partials. */
#ifndef TRINE_BACKENDS_MPI_MESSAGE_H
#define TRINE_BACKENDS_MPI_MESSAGE_H

#include <mpi.h>

#include "core/error.h"
#include "core/tree.h"

/* rank: that failed, or that the packet came from. nodes: partials in the body. body: bytes. */
typedef struct trine_packet_head {
    uint64_t call, body;
    uint32_t status, rank, nodes, reserved;
} trine_packet_head;

/* Bytes that go in the first message: the head, and the body when it fits. */
enum { TRINE_FIRST_MESSAGE = 1024, TRINE_FIRST_BODY = 1024 - sizeof(trine_packet_head) };

/* A packet with room for its wire form: head and body in one piece. detail: of the failure. */
typedef struct trine_packet {
    trine_packet_head head;
    char detail[TRINE_DETAIL_SIZE];
    unsigned char *wire;
    size_t wire_size;
} trine_packet;

/* Most bytes that one message carries; a longer one goes in pieces. At most INT_MAX, since MPI
 * counts in int. */
extern size_t trine_mpi_message_most;

/* This rank's packet before the rounds; detail is the calling thread's. */
void trine_packet_begin(trine_packet *packet, int rank, uint64_t call, trine_status status);

/* Makes it a failure of that rank, with the calling thread's detail. */
void trine_packet_fail(trine_packet *packet, uint32_t rank, trine_status status);

/* own takes on other's failure, unless its own is of a lower rank, and finds out whether the two
 * come from the same call. */
void trine_packet_agree(trine_packet *own, const trine_packet *other);

/* Pushes the partials of a received packet. */
void trine_packet_push(const trine_packet *packet, trine_tree *tree);

/* The status, its detail becoming the calling thread's. */
trine_status trine_packet_status(const trine_packet *packet);

/* Send own (with the tree's partials), receive other, or both at once. */
trine_status trine_packet_send(trine_packet *own, const trine_tree *tree, int to, MPI_Comm comm);
trine_status trine_packet_receive(trine_packet *other, int from, MPI_Comm comm);
trine_status trine_packet_exchange(trine_packet *own, const trine_tree *tree, trine_packet *other,
                                   int partner, MPI_Comm comm);

void trine_packet_release(trine_packet *packet);

/* status, with the detail of the rank that it came from (which names that rank already when it went
 * through several agreements). */
trine_status trine_mpi_rank_failed(int rank, trine_status status, const char *detail);

/* MPI: what failed and what MPI says of it. */
trine_status trine_mpi_fail(const char *call, int error);

#endif
