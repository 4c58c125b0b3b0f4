/* backends/mpi_message.c - packets on the wire.
 *
 *   first message          head | body, or nothing when it does not fit      at most 1 KiB
 *   pieces                 the body                                          at most `most` each
 *
 * The receiver learns the body's size from the head, so ranks that made different calls still read
 * each other's packets to the end. The body is the nodes, then their states without padding; of a
 * failure, the detail.
 */
#include "backends/mpi_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG = 1 };

size_t trine_mpi_message_most = (size_t)1 << 30;

trine_status trine_mpi_fail(const char *call, int error)
{
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    if (MPI_Error_string(error, text, &length))
        length = 0;
    return trine_fail(TRINE_E_MPI, "%s: %.*s (error %d)", call, length, text, error);
}

void trine_packet_begin(trine_packet *packet, int rank, uint64_t call, trine_status status)
{
    packet->head = (trine_packet_head){.call = call, .rank = (uint32_t)rank};
    if (status)
        trine_packet_fail(packet, (uint32_t)rank, status);
}

void trine_packet_fail(trine_packet *packet, uint32_t rank, trine_status status)
{
    packet->head.status = status;
    packet->head.rank = rank;
    snprintf(packet->detail, sizeof packet->detail, "%s", trine_error_detail());
}

void trine_packet_agree(trine_packet *own, const trine_packet *other)
{
    uint32_t failed = own->head.status, theirs = other->head.status;
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
        trine_packet_fail(own, low, TRINE_E_COLLECTIVE);
    } else if (!failed && other->head.rank < own->head.rank) {
        /* A healthy packet is named for the first rank of its range. */
        own->head.rank = other->head.rank;
    }
}

trine_status trine_mpi_rank_failed(int rank, trine_status status, const char *detail)
{
    bool named = strncmp(detail, "rank ", 5) == 0;
    return named ? trine_fail(status, "%s", detail)
                 : trine_fail(status, "rank %d: %s", rank, detail);
}

trine_status trine_packet_status(const trine_packet *packet)
{
    if (packet->head.status == TRINE_OK)
        return TRINE_OK;
    return trine_mpi_rank_failed((int)packet->head.rank, (trine_status)packet->head.status,
                                 packet->detail);
}

static trine_status grow(trine_packet *packet, size_t size)
{
    if (size <= packet->wire_size)
        return TRINE_OK;
    size_t new_size = size < TRINE_FIRST_MESSAGE ? TRINE_FIRST_MESSAGE : size;
    unsigned char *wire = realloc(packet->wire, new_size);
    if (!wire)
        return trine_fail(TRINE_E_MEMORY, "mpi: no memory for a message of %zu bytes", size);
    packet->wire = wire;
    packet->wire_size = new_size;
    return TRINE_OK;
}

/* Puts the packet into its wire form. */
static trine_status pack(trine_packet *packet, const trine_tree *tree)
{
    size_t nodes = packet->head.status ? 0 : tree->count, state = 0;
    if (nodes)
        state = tree->monoid->state_size;
    packet->head.nodes = (uint32_t)nodes;
    packet->head.body =
        packet->head.status ? sizeof packet->detail : nodes * (sizeof(trine_node) + state);
    trine_status status = grow(packet, sizeof packet->head + packet->head.body);
    if (status)
        return status;
    unsigned char *at = packet->wire;
    memcpy(at, &packet->head, sizeof packet->head);
    at += sizeof packet->head;
    if (packet->head.status) {
        memcpy(at, packet->detail, sizeof packet->detail);
        return TRINE_OK;
    }
    memcpy(at, tree->node, nodes * sizeof *tree->node);
    at += nodes * sizeof *tree->node;
    for (size_t i = 0; i < nodes; i++)
        memcpy(at + i * state, tree->states + i * tree->stride, state);
    return TRINE_OK;
}

static void unpack_detail(trine_packet *packet)
{
    if (packet->head.status)
        memcpy(packet->detail, packet->wire + sizeof packet->head, sizeof packet->detail);
}

void trine_packet_push(const trine_packet *packet, trine_tree *tree)
{
    const unsigned char *nodes = packet->wire + sizeof packet->head;
    const unsigned char *states = nodes + packet->head.nodes * sizeof(trine_node);
    for (uint32_t i = 0; i < packet->head.nodes; i++) {
        trine_node node;
        memcpy(&node, nodes + i * sizeof node, sizeof node);
        trine_tree_push(tree, node, states + i * tree->monoid->state_size);
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

static int next_piece(const pieces *p)
{
    return (int)(p->bytes < trine_mpi_message_most ? p->bytes : trine_mpi_message_most);
}

static void advance(pieces *p, int bytes)
{
    p->at += bytes;
    p->bytes -= (uint64_t)bytes;
}

/* Moves what is left in both directions; either may be empty. */
static trine_status move_pieces(pieces out, pieces in, int partner, MPI_Comm comm)
{
    while (out.bytes || in.bytes) {
        int send = next_piece(&out), receive = next_piece(&in);
        int to = send ? partner : MPI_PROC_NULL, from = receive ? partner : MPI_PROC_NULL;
        int error = MPI_Sendrecv(out.at, send, MPI_BYTE, to, TAG, in.at, receive, MPI_BYTE, from,
                                 TAG, comm, MPI_STATUS_IGNORE);
        if (error)
            return trine_mpi_fail("MPI_Sendrecv", error);
        advance(&out, send);
        advance(&in, receive);
    }
    return TRINE_OK;
}

/* After the first message came: the head, and room for the rest. */
static trine_status open_packet(trine_packet *other)
{
    memcpy(&other->head, other->wire, sizeof other->head);
    return grow(other, sizeof other->head + other->head.body);
}

trine_status trine_packet_send(trine_packet *own, const trine_tree *tree, int to, MPI_Comm comm)
{
    trine_status status = pack(own, tree);
    if (status)
        return status;
    int error = MPI_Send(own->wire, (int)first_size(&own->head), MPI_BYTE, to, TAG, comm);
    if (error)
        return trine_mpi_fail("MPI_Send", error);
    return move_pieces(rest_of(own), (pieces){NULL, 0}, to, comm);
}

trine_status trine_packet_receive(trine_packet *other, int from, MPI_Comm comm)
{
    trine_status status = grow(other, TRINE_FIRST_MESSAGE);
    if (status)
        return status;
    int error =
        MPI_Recv(other->wire, TRINE_FIRST_MESSAGE, MPI_BYTE, from, TAG, comm, MPI_STATUS_IGNORE);
    if (error)
        return trine_mpi_fail("MPI_Recv", error);
    status = open_packet(other);
    if (!status)
        status = move_pieces((pieces){NULL, 0}, rest_of(other), from, comm);
    if (!status)
        unpack_detail(other);
    return status;
}

trine_status trine_packet_exchange(trine_packet *own, const trine_tree *tree, trine_packet *other,
                                   int partner, MPI_Comm comm)
{
    trine_status status = pack(own, tree);
    if (!status)
        status = grow(other, TRINE_FIRST_MESSAGE);
    if (status)
        return status;
    int error =
        MPI_Sendrecv(own->wire, (int)first_size(&own->head), MPI_BYTE, partner, TAG, other->wire,
                     TRINE_FIRST_MESSAGE, MPI_BYTE, partner, TAG, comm, MPI_STATUS_IGNORE);
    if (error)
        return trine_mpi_fail("MPI_Sendrecv", error);
    status = open_packet(other);
    if (!status)
        status = move_pieces(rest_of(own), rest_of(other), partner, comm);
    if (!status)
        unpack_detail(other);
    return status;
}

void trine_packet_release(trine_packet *packet)
{
    free(packet->wire);
}
