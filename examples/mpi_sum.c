/* mpi_sum.c - in a program that has MPI and its own decomposition: each rank wraps the block that
 * it holds, and every rank gets the same exact sum, however many ranks there are. */
#include <mpi.h>
#include <stdio.h>
#include <trine/mpi.h>
#include <trine/trine.h>

int main(int argc, char **argv)
{
    int rank;
    double block[1000], sum = 0;
    trine_team *team;
    trine_array *array;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int i = 0; i < 1000; i++)
        block[i] = 1.0 / (1 + i + 1000 * rank);
    trine_status status = trine_team_open_comm(MPI_COMM_WORLD, "mpi", &team);
    if (!status)
        status = trine_array_wrap(team, TRINE_F64, block, 1000, &array);
    if (!status)
        status = trine_sum_f64(array, TRINE_EXACT, &sum);
    if (status)
        fprintf(stderr, "rank %d: %s\n", rank, trine_error_detail());
    else if (rank == 0)
        printf("%.17g on %s\n", sum, trine_team_spec(team));
    if (!status) {
        trine_array_free(array);
        trine_team_close(team);
    }
    MPI_Finalize();
    return status != TRINE_OK;
}
