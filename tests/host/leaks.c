/* leaks.c - a program for valgrind's leak check: a pool with sums, maps and tasks, opened and
 * closed.
 */
#include <stdio.h>

#include <trine/trine.h>

enum { N = 300000, ITEMS = 20 };

static trine_status run(trine_task *task)
{
    double *result = trine_task_result(task, sizeof *result);
    if (!result)
        return trine_task_refused(task);
    *result = 2.0 * (double)task->index;
    return TRINE_OK;
}

static trine_status use(trine_team *team)
{
    static const trine_task_kind kind = {.name = "leaks", .run = run, .result_max = sizeof(double)};
    trine_array *x = NULL, *y = NULL;
    double results[ITEMS], sum = 0;
    trine_status status = trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &x);
    if (!status)
        status = trine_array_create(team, TRINE_F64, N, TRINE_PRIVATE, &y);
    if (!status)
        status = trine_fill_f64(1, x);
    if (!status)
        status = trine_scale_f64(x, 2, y);
    if (!status)
        status = trine_sum_f64(y, TRINE_EXACT, &sum);
    if (!status)
        status = trine_task_map(team, &kind, NULL, ITEMS, 0, NULL, results, NULL, NULL);
    trine_array_free(x);
    trine_array_free(y);
    return status || (sum == 2.0 * N && results[ITEMS - 1] == 2.0 * (ITEMS - 1)) ? status
                                                                                 : TRINE_E_SYSTEM;
}

int main(void)
{
    trine_team *team = NULL;
    trine_status status = trine_init();
    for (int i = 0; i < 2 && !status; i++) {
        status = trine_team_open("pool:2", &team);
        if (!status)
            status = use(team);
        if (team)
            trine_team_close(team);
        team = NULL;
    }
    if (status)
        fprintf(stderr, "%s: %s\n", trine_status_name(status), trine_error_detail());
    return status != TRINE_OK;
}
