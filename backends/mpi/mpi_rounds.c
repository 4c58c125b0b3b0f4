/* backends/mpi/mpi_rounds.c - joining partials, and agreeing, in rounds of packets.
 *
 * Merging, in steps. A packet is a rank range's status, call number and partials.
 *   1. With 2^k + r ranks, the first 2r form pairs: the odd one gives its packet to the even one,
 *      which now stands for both. 2^k ranks are left, each for a contiguous range of ranks.
 *   2. k rounds: partners at distance 1, 2, 4, ... exchange packets; each joins the left one's
 *      partials with the right one's, so both hold the same bytes for a range twice as long.
 *   3. The odd ones get the final packet back.
 * An agreement is the same without partials. Every message goes whatever the status, so none waits
 * for one that will not come. The joins follow the canonical tree (or are order-free), so their
 * bits do not depend on the rounds.
 *
 * An exclusive scan, in steps (Hillis and Steele, "Data parallel algorithms", CACM 29, 1986):
 *   1. The ranks agree. Each holds a window, at first its own partials.
 *   2. Rounds at distance d = 1, 2, 4, ...: the window goes to rank + d; what comes from rank - d
 *      lies just left of this rank's window and of what it has of the lower ranks, and joins both.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/mpi/mpi_data.h"

static trine_status reserve_buffer(trine_mpi_buffer *buffer, size_t size)
{
    if (size <= buffer->size)
        return TRINE_OK;
    void *memory = aligned_alloc(64, size);
    if (!memory)
        return trine_fail(TRINE_E_MEMORY, "mpi: no memory to join partials of %zu bytes", size);
    free(buffer->memory);
    *buffer = (trine_mpi_buffer){memory, size};
    return TRINE_OK;
}

/* All the memory that joining trees of this reducer takes. */
static trine_status reserve(trine_mpi_data *data, const trine_reducer *reducer)
{
    trine_status status = reserve_buffer(&data->join, trine_tree_states_size(reducer));
    if (!status)
        status = trine_packet_reserve(&data->own, reducer);
    if (!status)
        status = trine_packet_reserve(&data->other, reducer);
    return status;
}

/* The tree becomes the received packet's partials, followed by its own. */
static void join_left(const trine_mpi_data *data, trine_tree *tree)
{
    trine_tree joined;
    trine_tree_begin(&joined, tree->reducer, tree->param, data->join.memory);
    trine_packet_push(&data->other, &joined);
    for (size_t i = 0; i < tree->count; i++)
        trine_tree_push(&joined, tree->node[i], tree->states + i * tree->stride);
    if (joined.count == 0)
        return;
    memcpy(tree->node, joined.node, joined.count * sizeof *joined.node);
    memcpy(tree->states, joined.states, joined.count * tree->stride);
    tree->count = joined.count;
}

/* Joins the received packet into own packet and the tree, if there is one. */
static void join_packet(trine_mpi_data *data, trine_tree *tree, bool partner_is_left)
{
    trine_packet_agree(&data->own, &data->other);
    if (data->own.head.status || !tree)
        return;
    if (partner_is_left)
        join_left(data, tree);
    else
        trine_packet_push(&data->other, tree);
}

/* Takes the received packet as the whole. */
static void take_packet(trine_mpi_data *data, trine_tree *tree)
{
    data->own.head.sum = 0;
    trine_packet_agree(&data->own, &data->other);
    if (data->own.head.status || !tree)
        return;
    tree->count = 0;
    trine_packet_push(&data->other, tree);
}

static int power_of_two_below(int size)
{
    int power = 1;
    while (power <= size / 2)
        power *= 2;
    return power;
}

/* The rank that stands for position `p` of the 2^k in the rounds. */
static int rank_at(int p, int pairs)
{
    return p < pairs ? 2 * p : p + pairs;
}

/* A rank that MPI refuses a message goes on, so that nobody waits for those that it still has to
 * send: whom it sends them learns of the failure, the others at their next function. */
static void note_failure(trine_mpi_data *data, int rank, trine_status status)
{
    if (status && !data->own.head.status)
        trine_packet_fail(&data->own, rank, status);
}

/* An odd rank's part: it gives its packet away, and gets the final one. */
static void stand_aside(trine_mpi_data *data, trine_tree *tree, int rank)
{
    int partner = rank - 1;
    trine_status given = trine_packet_exchange(&data->own, tree, &data->other, partner, data->comm);
    if (!given)
        trine_packet_agree(&data->own, &data->other);
    trine_status taken =
        trine_packet_shift(&data->own, NULL, MPI_PROC_NULL, &data->other, partner, data->comm);
    if (!taken)
        take_packet(data, tree);
    note_failure(data, rank, given ? given : taken);
}

static void exchange_packets(trine_mpi_data *data, trine_tree *tree, int rank, int partner,
                             bool gives, bool partner_is_left)
{
    trine_status status =
        trine_packet_exchange(&data->own, gives ? tree : NULL, &data->other, partner, data->comm);
    if (!status)
        join_packet(data, tree, partner_is_left);
    note_failure(data, rank, status);
}

static void run_rounds(trine_communicator *communicator, trine_tree *tree)
{
    trine_mpi_data *data = communicator->data;
    int rank = communicator->rank, power = power_of_two_below(communicator->size);
    int pairs = communicator->size - power;
    bool paired = rank < 2 * pairs;
    trine_status ended = trine_mpi_check_ended();
    if (ended) {
        trine_packet_fail(&data->own, rank, ended);
        return;
    }
    if (paired && rank % 2 == 1) {
        stand_aside(data, tree, rank);
        return;
    }
    if (paired)
        exchange_packets(data, tree, rank, rank + 1, false, false);
    int position = paired ? rank / 2 : rank - pairs;
    for (int distance = 1; distance < power; distance *= 2)
        exchange_packets(data, tree, rank, rank_at(position ^ distance, pairs), true,
                         (position & distance) != 0);
    if (paired)
        note_failure(data, rank,
                     trine_packet_shift(&data->own, tree, rank + 1, &data->other, MPI_PROC_NULL,
                                        data->comm));
}

trine_status trine_mpi_agree(trine_communicator *communicator, uint64_t call, uint64_t *sum,
                             trine_status status)
{
    trine_mpi_data *data = communicator->data;
    trine_packet_begin(&data->own, communicator->rank, call, status);
    data->own.head.sum = sum ? *sum : 0;
    run_rounds(communicator, NULL);
    if (sum)
        *sum = data->own.head.sum;
    return trine_packet_status(&data->own);
}

trine_status trine_mpi_agreement(trine_communicator *communicator, uint64_t call, uint64_t *sum,
                                 trine_status status)
{
    return trine_mpi_agree(communicator, trine_mpi_call(TRINE_MPI_AGREE, call, 0), sum, status);
}

trine_status trine_mpi_merge(trine_communicator *communicator, trine_tree *tree, uint64_t call,
                             trine_status status)
{
    trine_mpi_data *data = communicator->data;
    if (!status)
        status = reserve(data, tree->reducer);
    /* Ranks that have space for different states must not send them to each other. */
    uint64_t given = trine_mpi_call(TRINE_MPI_MERGE, call, tree->reducer->state_size);
    trine_packet_begin(&data->own, communicator->rank, given, status);
    run_rounds(communicator, tree);
    return trine_packet_status(&data->own);
}

static trine_status run_scan(trine_communicator *communicator, trine_tree *window,
                             trine_tree *before)
{
    trine_mpi_data *data = communicator->data;
    int rank = communicator->rank, size = communicator->size;
    for (int distance = 1; distance < size; distance *= 2) {
        int to = distance < size - rank ? rank + distance : MPI_PROC_NULL;
        int from = distance <= rank ? rank - distance : MPI_PROC_NULL;
        trine_status status =
            trine_packet_shift(&data->own, window, to, &data->other, from, data->comm);
        if (!status && from != MPI_PROC_NULL)
            trine_packet_agree(&data->own, &data->other);
        note_failure(data, rank, status);
        if (from == MPI_PROC_NULL || data->own.head.status)
            continue;
        join_left(data, before);
        join_left(data, window);
    }
    return trine_packet_status(&data->own);
}

trine_status trine_mpi_exscan(trine_communicator *communicator, const trine_tree *own,
                              trine_tree *before, uint64_t call, trine_status status)
{
    trine_mpi_data *data = communicator->data;
    if (!status)
        status = reserve(data, own->reducer);
    if (!status)
        status = reserve_buffer(&data->window, trine_tree_states_size(own->reducer));
    uint64_t given = trine_mpi_call(TRINE_MPI_EXSCAN, call, own->reducer->state_size);
    status = trine_mpi_agree(communicator, given, NULL, status);
    if (status)
        return status;
    trine_tree window = *own;
    window.states = data->window.memory;
    if (own->count > 0)
        memcpy(window.states, own->states, own->count * own->stride);
    before->count = 0;
    return run_scan(communicator, &window, before);
}
