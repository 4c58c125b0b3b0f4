/* backends/mpi/mpi_message.c - packets on the wire.
 *
 *   first message          head | body, or nothing when it does not fit      at most 1 KiB
 *   pieces                 the body                                          at most `most` each
 *
 * The body is the nodes, then their states without padding; of a failure, the detail, which fits
 * into the first message. Both ends know from the two heads alone whether pieces follow: ranks that
 * made different calls, or of which one has no memory, need no space for each other's partials.
 */
#include "backends/mpi/mpi_message.h"
#include "core/system/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG = 1 };

size_t trine_mpi_message_max = (size_t)1 << 30;

_Static_assert(TRINE_DETAIL_SIZE <= TRINE_FIRST_BODY, "a failure fits into the first message");

int trine_mpi_piece(uint64_t left)
{
    return (int)trine_min(left, trine_mpi_message_max);
}

trine_status trine_mpi_fail(const char *call, int error)
{
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    if (MPI_Error_string(error, text, &length))
        length = 0;
    return trine_fail(TRINE_E_MPI, "%s: %.*s (error %d)", call, length, text, error);
}

void trine_packet_fail(trine_packet *packet, int rank, trine_status status)
{
    packet->head.status = status;
    packet->head.rank = (uint32_t)rank;
    snprintf(packet->detail, sizeof packet->detail, "%s", trine_error_detail());
}

void trine_packet_begin(trine_packet *packet, int rank, uint64_t call, trine_status status)
{
    packet->head = (trine_packet_head){.call = call, .rank = (uint32_t)rank};
    if (status)
        trine_packet_fail(packet, rank, status);
}

void trine_packet_agree(trine_packet *own, const trine_packet *other)
{
    uint32_t failed = own->head.status, theirs = other->head.status;
    own->head.sum += other->head.sum;
    if (theirs && (!failed || other->head.rank < own->head.rank)) {
        own->head.status = theirs;
        own->head.rank = other->head.rank;
        memcpy(own->detail, other->detail, sizeof own->detail);
    } else if (!failed && !theirs && own->head.call != other->head.call) {
        bool lower = own->head.rank < other->head.rank;
        uint32_t low = lower ? own->head.rank : other->head.rank;
        uint32_t high = lower ? other->head.rank : own->head.rank;
        trine_fail(TRINE_E_COLLECTIVE,
                   "the ranks from %u on and those from %u on made different calls, or gave "
                   "different arguments",
                   low, high);
        trine_packet_fail(own, (int)low, TRINE_E_COLLECTIVE);
    } else if (!failed && other->head.rank < own->head.rank) {
        /* A healthy packet is named for the first rank of its range. */
        own->head.rank = other->head.rank;
    }
}

trine_status trine_packet_status(const trine_packet *packet)
{
    trine_status status = (trine_status)packet->head.status;
    if (status == TRINE_OK)
        return TRINE_OK;
    /* A detail that went through several agreements names its rank already. */
    bool named = strncmp(packet->detail, "rank ", 5) == 0;
    return named ? trine_fail(status, "%s", packet->detail)
                 : trine_fail(status, "rank %u: %s", packet->head.rank, packet->detail);
}

static trine_status grow(trine_packet *packet, size_t size)
{
    if (size <= packet->wire_size)
        return TRINE_OK;
    unsigned char *wire = malloc(size);
    if (!wire)
        return trine_fail(TRINE_E_MEMORY, "mpi: no memory for a message of %zu bytes", size);
    free(packet->wire);
    packet->wire = wire;
    packet->wire_size = size;
    return TRINE_OK;
}

trine_status trine_packet_open(trine_packet *packet)
{
    return grow(packet, TRINE_FIRST_MESSAGE);
}

trine_status trine_packet_reserve(trine_packet *packet, const trine_reducer *reducer)
{
    return grow(packet, sizeof packet->head + trine_tree_capacity(reducer) *
                                                  (sizeof(trine_node) + reducer->state_size));
}

/* Puts the packet into its wire form. */
static void pack(trine_packet *packet, const trine_tree *tree)
{
    size_t nodes = packet->head.status || !tree ? 0 : tree->count;
    size_t state = nodes ? tree->reducer->state_size : 0;
    packet->head.nodes = (uint32_t)nodes;
    packet->head.body =
        packet->head.status ? sizeof packet->detail : nodes * (sizeof(trine_node) + state);
    unsigned char *at = packet->wire;
    memcpy(at, &packet->head, sizeof packet->head);
    at += sizeof packet->head;
    if (packet->head.status)
        memcpy(at, packet->detail, sizeof packet->detail);
    if (!nodes)
        return;
    memcpy(at, tree->node, nodes * sizeof *tree->node);
    at += nodes * sizeof *tree->node;
    for (size_t i = 0; i < nodes; i++)
        memcpy(at + i * state, tree->states + i * tree->stride, state);
}

void trine_packet_push(const trine_packet *packet, trine_tree *tree)
{
    const unsigned char *nodes = packet->wire + sizeof packet->head;
    const unsigned char *states = nodes + packet->head.nodes * sizeof(trine_node);
    for (uint32_t i = 0; i < packet->head.nodes; i++) {
        trine_node node;
        memcpy(&node, nodes + i * sizeof node, sizeof node);
        trine_tree_push(tree, node, states + i * tree->reducer->state_size);
    }
}

static size_t first_size(const trine_packet_head *head)
{
    return sizeof *head + (head->body <= TRINE_FIRST_BODY ? head->body : 0);
}

/* The pieces of one direction; bytes 0 means that there are none. */
typedef struct pieces {
    unsigned char *at;
    uint64_t bytes;
} pieces;

static pieces rest_of(const trine_packet *packet)
{
    bool whole = packet->head.body <= TRINE_FIRST_BODY;
    return (pieces){packet->wire + sizeof packet->head, whole ? 0 : packet->head.body};
}

static void advance(pieces *p, int bytes)
{
    if (bytes == 0)
        return;
    p->at += bytes;
    p->bytes -= (uint64_t)bytes;
}

/* Moves what is left in both directions; either may be empty. */
static trine_status move_pieces(pieces out, int to, pieces in, int from, MPI_Comm comm)
{
    while (out.bytes || in.bytes) {
        int send = trine_mpi_piece(out.bytes), receive = trine_mpi_piece(in.bytes);
        int error =
            MPI_Sendrecv(out.at, send, MPI_BYTE, send ? to : MPI_PROC_NULL, TAG, in.at, receive,
                         MPI_BYTE, receive ? from : MPI_PROC_NULL, TAG, comm, MPI_STATUS_IGNORE);
        if (error)
            return trine_mpi_fail("MPI_Sendrecv", error);
        advance(&out, send);
        advance(&in, receive);
    }
    return TRINE_OK;
}

/* Sends own's first message and receives other's; no sender, an empty packet. */
static trine_status move_first(trine_packet *own, const trine_tree *tree, int to,
                               trine_packet *other, int from, MPI_Comm comm)
{
    pack(own, tree);
    if (from == MPI_PROC_NULL)
        memset(other->wire, 0, sizeof other->head);
    int error = MPI_Sendrecv(own->wire, (int)first_size(&own->head), MPI_BYTE, to, TAG, other->wire,
                             TRINE_FIRST_MESSAGE, MPI_BYTE, from, TAG, comm, MPI_STATUS_IGNORE);
    if (error)
        return trine_mpi_fail("MPI_Sendrecv", error);
    memcpy(&other->head, other->wire, sizeof other->head);
    if (other->head.status)
        memcpy(other->detail, other->wire + sizeof other->head, sizeof other->detail);
    return TRINE_OK;
}

trine_status trine_packet_exchange(trine_packet *own, const trine_tree *tree, trine_packet *other,
                                   int partner, MPI_Comm comm)
{
    trine_status status = move_first(own, tree, partner, other, partner, comm);
    if (status || own->head.status || other->head.status || own->head.call != other->head.call)
        return status;
    return move_pieces(rest_of(own), partner, rest_of(other), partner, comm);
}

trine_status trine_packet_shift(trine_packet *own, const trine_tree *tree, int to,
                                trine_packet *other, int from, MPI_Comm comm)
{
    trine_status status = move_first(own, tree, to, other, from, comm);
    if (status)
        return status;
    pieces none = {NULL, 0};
    return move_pieces(to == MPI_PROC_NULL ? none : rest_of(own), to, rest_of(other), from, comm);
}

void trine_packet_release(trine_packet *packet)
{
    free(packet->wire);
}
