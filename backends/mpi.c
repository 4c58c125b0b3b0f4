/* backends/mpi.c - the communicator over MPI ranks.
 *
 * Merging, in steps. A packet is a rank range's status, call number and partials.
 *   1. With 2^k + r ranks, the first 2r form pairs: the odd one sends its packet to the even one,
 *      which now stands for both. 2^k ranks are left, each for a contiguous range of ranks.
 *   2. k rounds: partners at distance 1, 2, 4, ... exchange packets; each joins the left one's
 *      partials with the right one's, so both hold the same bytes for a range twice as long.
 *   3. The odd ones get the final packet back.
 * Every message goes whatever the status, so none waits for one that will not come. The joins
 * follow the canonical tree (or are order-free), so their bits do not depend on the rounds.
 */
#include <trine/mpi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/mpi_message.h"
#include "core/communicator.h"
#include "core/error.h"
#include "core/launch.h"
#include "core/open.h"

/* comm: a duplicate, so that no message meets one of the caller's. packets: this rank's, and the
 * partner's. join: states for joining from the left. */
typedef struct mpi_data {
    MPI_Comm comm;
    trine_packet own, other;
    void *join;
    size_t join_size;
} mpi_data;

static bool started_mpi;

static void finish_mpi(void)
{
    int finalized = 1;
    MPI_Finalized(&finalized);
    if (started_mpi && !finalized)
        MPI_Finalize();
}

static trine_status start_mpi(void)
{
    int initialized = 0, finalized = 0, provided;
    MPI_Initialized(&initialized);
    MPI_Finalized(&finalized);
    if (finalized)
        return trine_fail(TRINE_E_CLOSED, "mpi: MPI was finalised; it cannot start again");
    if (initialized)
        return TRINE_OK;
    int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (error)
        return trine_mpi_fail("MPI_Init_thread", error);
    started_mpi = true;
    atexit(finish_mpi);
    return TRINE_OK;
}

/* A launcher that started N processes of which each sees a world of one has another MPI. */
static trine_status check_world(void)
{
    const char *variable;
    int world, launched = trine_launch_size(&variable);
    MPI_Comm_size(MPI_COMM_WORLD, &world);
    if (launched <= 1 || world == launched)
        return TRINE_OK;
    return trine_fail(TRINE_E_LAUNCH,
                      "the launcher started %d processes (%s), but MPI sees a world of %d: the "
                      "launcher belongs to another MPI than this library (%s); use its mpirun, or "
                      "srun --mpi=pmix with Open MPI and srun --mpi=pmi2 with MPICH",
                      launched, variable, world, trine_mpi_communicator.library());
}

static trine_status join_ranks(trine_communicator *communicator, mpi_data *data, MPI_Comm comm)
{
    MPI_Comm node;
    int error = MPI_Comm_dup(comm, &data->comm);
    if (error)
        return trine_mpi_fail("MPI_Comm_dup", error);
    MPI_Comm_set_errhandler(data->comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(data->comm, &communicator->rank);
    MPI_Comm_size(data->comm, &communicator->size);
    error = MPI_Comm_split_type(data->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    if (error)
        return trine_mpi_fail("MPI_Comm_split_type", error);
    MPI_Comm_size(node, &communicator->neighbours);
    MPI_Comm_free(&node);
    return TRINE_OK;
}

static void mpi_close(trine_communicator *communicator)
{
    mpi_data *data = communicator->data;
    int finalized = 1;
    MPI_Finalized(&finalized);
    if (!finalized && data->comm != MPI_COMM_NULL)
        MPI_Comm_free(&data->comm);
    trine_packet_release(&data->own);
    trine_packet_release(&data->other);
    free(data->join);
    free(data);
}

static trine_status mpi_open(trine_communicator *communicator, const void *handle)
{
    trine_status status = start_mpi();
    if (!status && !handle)
        status = check_world();
    if (status)
        return status;
    mpi_data *data = calloc(1, sizeof *data);
    if (!data)
        return trine_fail(TRINE_E_MEMORY, "mpi: no memory for a communicator");
    data->comm = MPI_COMM_NULL;
    communicator->data = data;
    status = join_ranks(communicator, data, handle ? *(const MPI_Comm *)handle : MPI_COMM_WORLD);
    if (status)
        mpi_close(communicator);
    return status;
}

/* States to join into from the left; grown once to what a tree of this monoid may need. */
static trine_status join_room(mpi_data *data, const trine_monoid *monoid)
{
    size_t size = trine_tree_states_size(monoid);
    if (size <= data->join_size)
        return TRINE_OK;
    free(data->join);
    data->join = aligned_alloc(64, size);
    data->join_size = data->join ? size : 0;
    return data->join ? TRINE_OK : trine_fail(TRINE_E_MEMORY, "mpi: no memory to join partials");
}

/* Joins the partner's packet into the tree and own packet. */
static void join_packet(mpi_data *data, trine_tree *tree, bool partner_is_left)
{
    trine_packet_agree(&data->own, &data->other);
    if (data->own.head.status)
        return;
    if (!partner_is_left) {
        trine_packet_push(&data->other, tree);
        return;
    }
    trine_tree joined;
    trine_tree_begin(&joined, tree->monoid, tree->param, data->join);
    trine_packet_push(&data->other, &joined);
    for (size_t i = 0; i < tree->count; i++)
        trine_tree_push(&joined, tree->node[i], tree->states + i * tree->stride);
    memcpy(tree->node, joined.node, joined.count * sizeof *joined.node);
    memcpy(tree->states, joined.states, joined.count * tree->stride);
    tree->count = joined.count;
}

/* Takes the partner's packet as the whole. */
static void take_packet(mpi_data *data, trine_tree *tree)
{
    tree->count = 0;
    trine_packet_agree(&data->own, &data->other);
    if (!data->own.head.status)
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

static trine_status run_rounds(trine_communicator *communicator, trine_tree *tree)
{
    mpi_data *data = communicator->data;
    int rank = communicator->rank, power = power_of_two_below(communicator->size);
    int pairs = communicator->size - power;
    bool paired = rank < 2 * pairs;
    if (paired && rank % 2 == 1) {
        trine_status status = trine_packet_send(&data->own, tree, rank - 1, data->comm);
        if (!status)
            status = trine_packet_receive(&data->other, rank - 1, data->comm);
        if (!status)
            take_packet(data, tree);
        return status;
    }
    trine_status status = TRINE_OK;
    if (paired) {
        status = trine_packet_receive(&data->other, rank + 1, data->comm);
        if (!status)
            join_packet(data, tree, false);
    }
    int position = paired ? rank / 2 : rank - pairs;
    for (int distance = 1; distance < power && !status; distance *= 2) {
        int partner = rank_at(position ^ distance, pairs);
        status = trine_packet_exchange(&data->own, tree, &data->other, partner, data->comm);
        if (!status)
            join_packet(data, tree, (position & distance) != 0);
    }
    if (paired && !status)
        status = trine_packet_send(&data->own, tree, rank + 1, data->comm);
    return status;
}

static trine_status mpi_merge(trine_communicator *communicator, trine_tree *tree, uint64_t call,
                              trine_status status)
{
    mpi_data *data = communicator->data;
    if (!status)
        status = join_room(data, tree->monoid);
    trine_packet_begin(&data->own, communicator->rank, call, status);
    status = run_rounds(communicator, tree);
    return status ? status : trine_packet_status(&data->own);
}

/* What every rank tells the others; plain bytes. */
typedef struct gathered_entry {
    uint64_t call, status, values[TRINE_GATHER_MAX];
} gathered_entry;

/* The detail of the rank that failed, to all. */
static trine_status spread_failure(trine_communicator *communicator, int failed,
                                   trine_status status)
{
    mpi_data *data = communicator->data;
    char detail[TRINE_DETAIL_SIZE];
    snprintf(detail, sizeof detail, "%s", trine_error_detail());
    int error = MPI_Bcast(detail, sizeof detail, MPI_CHAR, failed, data->comm);
    if (error)
        return trine_mpi_fail("MPI_Bcast", error);
    return trine_mpi_rank_failed(failed, status, detail);
}

static trine_status mpi_gather(trine_communicator *communicator, const uint64_t *values,
                               size_t count, uint64_t *gathered, uint64_t call, trine_status status)
{
    mpi_data *data = communicator->data;
    int size = communicator->size;
    gathered_entry own = {.call = call, .status = status};
    if (count > 0)
        memcpy(own.values, values, count * sizeof *values);
    gathered_entry *all = malloc((size_t)size * sizeof *all);
    if (!all)
        return trine_fail(TRINE_E_MEMORY, "mpi: no memory to hear from %d ranks", size);
    int error = MPI_Allgather(&own, sizeof own, MPI_BYTE, all, sizeof own, MPI_BYTE, data->comm);
    int failed = -1, differs = -1;
    for (int i = size - 1; i >= 0 && !error; i--) {
        if (all[i].status)
            failed = i;
        if (all[i].call != all[0].call)
            differs = i;
        if (gathered)
            memcpy(gathered + (size_t)i * count, all[i].values, count * sizeof *values);
    }
    trine_status worst = failed >= 0 && !error ? (trine_status)all[failed].status : TRINE_OK;
    free(all);
    if (error)
        return trine_mpi_fail("MPI_Allgather", error);
    if (worst)
        return spread_failure(communicator, failed, worst);
    if (differs >= 0)
        return trine_fail(TRINE_E_COLLECTIVE,
                          "rank %d and rank 0 made different calls, or gave different arguments",
                          differs);
    return TRINE_OK;
}

static const char *mpi_library(void)
{
    static _Thread_local char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    /* MPICH writes "MPICH Version:\t4.0.2". */
    char *tab = strchr(text, '\t');
    if (tab)
        *tab = ' ';
    return text;
}

const trine_communicator_ops trine_mpi_communicator = {
    .name = "mpi",
    .open = mpi_open,
    .close = mpi_close,
    .merge = mpi_merge,
    .gather = mpi_gather,
    .library = mpi_library,
    .finalize = finish_mpi,
};

trine_status trine_team_open_comm(const char *spec, MPI_Comm comm, trine_team **team)
{
    int initialized = 0;
    MPI_Initialized(&initialized);
    if (!initialized)
        return trine_fail(
            TRINE_E_ARGUMENT,
            "trine_team_open_comm: MPI is not initialised; call MPI_Init_thread first");
    if (comm == MPI_COMM_NULL)
        return trine_fail(TRINE_E_ARGUMENT, "trine_team_open_comm: comm is MPI_COMM_NULL");
    return trine_open(spec, &comm, team);
}
