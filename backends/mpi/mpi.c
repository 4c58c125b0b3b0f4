/* backends/mpi/mpi.c - the communicator over MPI ranks: opening and closing it.
 *
 *   1. MPI starts, unless the caller has started it.
 *   2. The ranks' communicator is duplicated, and errors return on the duplicate.
 *   3. Each rank takes what memory its calls need whatever their arguments, and all learn whether
 *      every one got it.
 */
#include <trine/mpi.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/mpi/mpi_data.h"
#include "backends/mpi/mpi_leave.h"
#include "core/system/launch.h"
#include "core/team/team.h"

int trine_mpi_machines;

bool trine_mpi_ended(void)
{
    int finalized = 1;
    MPI_Finalized(&finalized);
    return finalized;
}

trine_status trine_mpi_check_ended(void)
{
    return trine_mpi_ended()
               ? trine_fail(TRINE_E_CLOSED,
                            "mpi: MPI was finalised while this team was open; expected "
                            "trine_team_close before MPI_Finalize")
               : TRINE_OK;
}

/* Open MPI 4 prefers windows of a kind (osc/rdma) that it cannot make between machines without RDMA
 * hardware, to one that always works. Whoever set the choice is right. */
static void choose_windows(void)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    if (MPI_Get_library_version(text, &length) == MPI_SUCCESS && strstr(text, "Open MPI v4"))
        setenv("OMPI_MCA_osc", "^rdma", 0);
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

static trine_status start_mpi(void)
{
    int initialized = 0, provided;
    if (trine_mpi_inherited())
        return trine_fail(TRINE_E_CLOSED,
                          "mpi: MPI was initialised by the process that this one (pid %d) was "
                          "forked from, and is that one's alone",
                          (int)getpid());
    MPI_Initialized(&initialized);
    if (trine_mpi_ended())
        return trine_fail(TRINE_E_CLOSED, "mpi: MPI was finalised; it cannot start again");
    if (initialized)
        return TRINE_OK;
    choose_windows();
    int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (error)
        return trine_mpi_fail("MPI_Init_thread", error);
    return trine_mpi_leave_at_exit();
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
                      launched, variable, world, mpi_library());
}

static void release(trine_mpi_data *data)
{
    if (!data)
        return;
    trine_packet_release(&data->own);
    trine_packet_release(&data->other);
    free(data->join.memory);
    free(data->window.memory);
    free(data->number);
    free(data->flows);
    free(data->requests);
    free(data->statuses);
    free(data->done);
    trine_mpi_claims_close(data);
    free(data);
}

static void mpi_close(trine_communicator *communicator)
{
    trine_mpi_data *data = communicator->data;
    trine_mpi_forget(data);
    if (!trine_mpi_ended()) {
        trine_mpi_blocks_free(data);
        MPI_Comm_free(&data->machine);
        MPI_Comm_free(&data->comm);
    }
    release(data);
}

/* What calls need whatever their arguments; NULL when there is no memory for it. */
static trine_mpi_data *new_data(MPI_Comm comm, int size)
{
    trine_mpi_data *data = calloc(1, sizeof *data);
    if (!data)
        return NULL;
    size_t flows = 2 * (size_t)size;
    data->comm = comm;
    data->number = calloc((size_t)size, sizeof *data->number);
    data->flows = calloc(flows, sizeof *data->flows);
    data->requests = calloc(flows, sizeof(MPI_Request));
    data->statuses = calloc(flows, sizeof *data->statuses);
    data->done = calloc(flows, sizeof *data->done);
    if (data->number && data->flows && data->requests && data->statuses && data->done &&
        !trine_packet_open(&data->own) && !trine_packet_open(&data->other))
        return data;
    release(data);
    return NULL;
}

/* The ranks of this machine. */
static trine_status join_machine(MPI_Comm comm, int rank, MPI_Comm *machine)
{
    int error = trine_mpi_machines
                    ? MPI_Comm_split(comm, rank % trine_mpi_machines, rank, machine)
                    : MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, machine);
    if (error)
        return trine_mpi_fail("MPI_Comm_split", error);
    MPI_Comm_set_errhandler(*machine, MPI_ERRORS_RETURN);
    return TRINE_OK;
}

/* Each rank of comm in the machine's numbering. */
static trine_status number_ranks(trine_mpi_data *data, int size)
{
    MPI_Group all, here;
    int error = MPI_Comm_group(data->comm, &all);
    if (error)
        return trine_mpi_fail("MPI_Comm_group", error);
    MPI_Comm_group(data->machine, &here);
    for (int r = 0; r < size && !error; r++)
        error = MPI_Group_translate_ranks(all, 1, &r, here, &data->number[r]);
    MPI_Group_free(&here);
    MPI_Group_free(&all);
    return error ? trine_mpi_fail("MPI_Group_translate_ranks", error) : TRINE_OK;
}

/* What this rank does before it hears from the others. data->machine is MPI_COMM_NULL after a
 * failure. */
static trine_status make_data(trine_communicator *communicator, MPI_Comm comm)
{
    MPI_Comm machine = MPI_COMM_NULL;
    trine_status status = join_machine(comm, communicator->rank, &machine);
    trine_mpi_data *data = new_data(comm, communicator->size);
    if (!status && !data)
        status = trine_fail(TRINE_E_MEMORY, "mpi: no memory to join %d ranks", communicator->size);
    communicator->data = data;
    if (data && !status) {
        data->machine = machine;
        MPI_Comm_size(machine, &communicator->neighbours);
        status = number_ranks(data, communicator->size);
    }
    if (status && machine != MPI_COMM_NULL)
        MPI_Comm_free(&machine);
    return status;
}

/* A rank that failed waits for the others, too, so that none of them goes on alone. */
static trine_status agree_to_join(const trine_communicator *communicator, MPI_Comm comm,
                                  trine_status status)
{
    struct {
        int status, rank;
    } own = {status, communicator->rank}, worst = {TRINE_OK, 0};
    int error = MPI_Allreduce(&own, &worst, 1, MPI_2INT, MPI_MAXLOC, comm);
    if (error)
        return trine_mpi_fail("MPI_Allreduce", error);
    if (!worst.status)
        return TRINE_OK;
    return worst.rank == communicator->rank
               ? trine_fail(status, "rank %d: %s", communicator->rank, trine_error_detail())
               : trine_fail((trine_status)worst.status, "rank %d could not join the other ranks",
                            worst.rank);
}

static trine_status join_ranks(trine_communicator *communicator, MPI_Comm comm)
{
    MPI_Comm_rank(comm, &communicator->rank);
    MPI_Comm_size(comm, &communicator->size);
    trine_status own = make_data(communicator, comm);
    trine_mpi_data *data = communicator->data;
    bool has_machine = !own && data;
    trine_status status = agree_to_join(communicator, comm, own);
    if (!status) {
        int file;
        own = trine_mpi_claims_open(data, &file);
        status = agree_to_join(communicator, comm, own);
        /* All have it by now. */
        if (file >= 0)
            close(file);
    }
    if (!status)
        return TRINE_OK;
    if (has_machine)
        MPI_Comm_free(&data->machine);
    release(data);
    communicator->data = NULL;
    return status;
}

static trine_status mpi_open(trine_communicator *communicator, const void *handle)
{
    trine_status status = start_mpi();
    if (!status && !handle)
        status = check_world();
    if (!status && !handle)
        status = trine_mpi_meet_leavers();
    if (status)
        return status;
    MPI_Comm comm;
    int error = MPI_Comm_dup(handle ? *(const MPI_Comm *)handle : MPI_COMM_WORLD, &comm);
    if (error)
        return trine_mpi_fail("MPI_Comm_dup", error);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    status = join_ranks(communicator, comm);
    if (status)
        MPI_Comm_free(&comm);
    else
        trine_mpi_know(communicator->data);
    return status;
}

const trine_communicator_ops trine_mpi_communicator = {
    .name = "mpi",
    .open = mpi_open,
    .close = mpi_close,
    .merge = trine_mpi_merge,
    .exscan = trine_mpi_exscan,
    .agree = trine_mpi_agreement,
    .gather = trine_mpi_gather,
    .exchange = trine_mpi_exchange,
    .broadcast = trine_mpi_broadcast,
    .window = trine_mpi_shared_window,
    .replicate = trine_mpi_replicate,
    .scatter = trine_mpi_scatter,
    .library = mpi_library,
    .ended = trine_mpi_ended,
    .finalize = trine_mpi_leave,
};

/* MPI reports a communicator that is none to the handlers of WORLD or SELF, which may end the
 * program: for this one question they return. */
static int ask_kind(MPI_Comm comm, int *is_inter)
{
    const MPI_Comm asked[] = {MPI_COMM_WORLD, MPI_COMM_SELF};
    MPI_Errhandler before[2];
    for (int i = 0; i < 2; i++) {
        MPI_Comm_get_errhandler(asked[i], &before[i]);
        MPI_Comm_set_errhandler(asked[i], MPI_ERRORS_RETURN);
    }
    int error = MPI_Comm_test_inter(comm, is_inter);
    for (int i = 0; i < 2; i++) {
        MPI_Comm_set_errhandler(asked[i], before[i]);
        MPI_Errhandler_free(&before[i]);
    }
    return error;
}

static trine_status check_comm(MPI_Comm comm)
{
    static const char call[] = "trine_team_open_comm";
    int initialized = 0, is_inter = 0;
    MPI_Initialized(&initialized);
    if (!initialized)
        return trine_fail(TRINE_E_ARGUMENT,
                          "%s: MPI is not initialised; call MPI_Init_thread first", call);
    if (trine_mpi_ended())
        return trine_fail(TRINE_E_CLOSED, "%s: MPI was finalised", call);
    if (comm == MPI_COMM_NULL)
        return trine_fail(TRINE_E_ARGUMENT, "%s: comm is MPI_COMM_NULL", call);
    /* A handle that Open MPI has freed leads nowhere from its number. */
    if (MPI_Comm_f2c(MPI_Comm_c2f(comm)) != comm || ask_kind(comm, &is_inter))
        return trine_fail(TRINE_E_ARGUMENT, "%s: comm is no communicator, or one that was freed",
                          call);
    if (is_inter)
        return trine_fail(TRINE_E_ARGUMENT,
                          "%s: comm is an intercommunicator, whose two groups have no common "
                          "order; expected an intracommunicator (MPI_Intercomm_merge makes one)",
                          call);
    return TRINE_OK;
}

trine_status trine_team_open_comm(MPI_Comm comm, const char *spec, trine_team **team)
{
    trine_status status = check_comm(comm);
    return status ? status : trine_team_open_on(&comm, spec, team);
}
