/* sum.c - the least that it takes: an exact sum on all CPUs of this process. */
#include <stdio.h>
#include <trine/trine.h>

int main(void)
{
    const double x[] = {1e16, 1, -1e16, 0.5};
    double sum;
    trine_team *team;
    trine_array *array;
    if (trine_team_open("omp", &team) || trine_array_wrap_const(team, TRINE_F64, x, 4, &array) ||
        trine_sum_f64(array, TRINE_EXACT, &sum))
        return fprintf(stderr, "%s\n", trine_error_detail()), 1;
    printf("%g on %s\n", sum, trine_team_spec(team));
    trine_array_free(array);
    return trine_team_close(team);
}
