/* combine.c [ROUNDS] - under mpirun: combining the partials of an exact sum over all ranks, against
 * MPI_Allreduce of 8 bytes. Prints one JSON object (rank 0). */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include <trine/mpi.h>
#include <trine/trine.h>

#include "core/team/team.h"
#include "measure.h"

enum { CALLS = 20000 };

static void need_on_all(trine_status status)
{
    if (status == TRINE_OK)
        return;
    fprintf(stderr, "bench_combine: %s: %s\n", trine_status_name(status), trine_error_detail());
    MPI_Abort(MPI_COMM_WORLD, 3);
}

/* The communicator's merge of one partial of this rank, as a reduction calls it. */
static double time_merge(trine_team *team, const trine_reducer *reducer, const void *state,
                         void *states)
{
    trine_communicator *communicator = &team->communicator;
    MPI_Barrier(MPI_COMM_WORLD);
    double began = seconds_now();
    for (int i = 0; i < CALLS; i++) {
        trine_tree tree;
        trine_tree_begin(&tree, reducer, NULL, states);
        trine_tree_push(&tree, (trine_node){0, 0}, state);
        need_on_all(communicator->ops->merge(communicator, &tree, 1, TRINE_OK));
    }
    return (seconds_now() - began) / CALLS;
}

static double time_allreduce(void)
{
    double in = 1, out;
    MPI_Barrier(MPI_COMM_WORLD);
    double began = seconds_now();
    for (int i = 0; i < CALLS; i++)
        MPI_Allreduce(&in, &out, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    return (seconds_now() - began) / CALLS;
}

/* A whole call: one element a rank, so that what is left is the call and the combine. */
static double time_call(const trine_array *x)
{
    double sum;
    MPI_Barrier(MPI_COMM_WORLD);
    double began = seconds_now();
    for (int i = 0; i < CALLS; i++)
        need_on_all(trine_sum_f64(x, TRINE_EXACT, &sum));
    return (seconds_now() - began) / CALLS;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 21, rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    trine_team *team;
    trine_array *x;
    double one = 1;
    need_on_all(trine_team_open_comm(MPI_COMM_WORLD, "mpi", &team));
    need_on_all(trine_array_wrap(team, TRINE_F64, &one, 1, &x));
    const trine_reducer *reducer = trine_reducer_find("sum", TRINE_F64);
    void *states = aligned_alloc(64, trine_tree_states_size(reducer));
    void *state = aligned_alloc(64, trine_tree_stride(reducer));
    reducer->init(state, NULL);
    series merge = {0}, allreduce = {0}, call = {0};
    for (int i = 0; i <= rounds; i++) {
        double values[] = {time_merge(team, reducer, state, states), time_allreduce(),
                           time_call(x)};
        series *all[] = {&merge, &allreduce, &call};
        for (int k = 0; k < 3 && i > 0; k++)
            series_add(all[k], values[k]);
    }
    if (rank == 0)
        printf("{\"ranks\": %d, \"merge_us\": %.3f, \"allreduce_us\": %.3f, \"call_us\": %.3f, "
               "\"merge_over_allreduce\": %.3f}\n",
               size, 1e6 * series_median(&merge), 1e6 * series_median(&allreduce),
               1e6 * series_median(&call), series_ratio(&merge, &allreduce));
    free(states);
    free(state);
    trine_array_free(x);
    need_on_all(trine_team_close(team));
    MPI_Finalize();
    return 0;
}
