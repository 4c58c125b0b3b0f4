/* use.c - a program of somebody else's: exits 0 when the exact sum is right. */
#include <stdio.h>
#include <trine/trine.h>

int main(void)
{
    const double x[] = {1e16, 1, -1e16};
    double sum = 0;
    trine_team *team;
    trine_array *array;
    if (trine_team_open("serial", &team) || trine_array_wrap_const(team, TRINE_F64, x, 3, &array) ||
        trine_sum_f64(array, TRINE_EXACT, &sum)) {
        fprintf(stderr, "%s\n", trine_error_detail());
        return 2;
    }
    trine_array_free(array);
    trine_team_close(team);
    return sum == 1 ? 0 : 1;
}
