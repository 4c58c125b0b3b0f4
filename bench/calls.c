/* calls.c [ROUNDS] - what a call costs when there is little to do: an empty job on pool:2 against
 * an empty OpenMP region of two threads, opening and closing a pool, a short sum, keeping the
 * caller's floating-point environment.
 * Prints one JSON object. */
#include <stdio.h>
#include <stdlib.h>

#include <trine/trine.h>

#include "core/backend/executor.h"
#include "core/system/float_environment.h"
#include "core/team/team.h"
#include "measure.h"

static trine_status nothing(void *context, size_t run, trine_worker *worker)
{
    (void)context;
    (void)run;
    (void)worker;
    return TRINE_OK;
}

enum { CALLS = 20000 };

static double time_jobs(trine_executor *executor)
{
    const trine_job job = {.blocks = 2, .body = nothing, .restartable = true};
    double began = seconds_now();
    for (int i = 0; i < CALLS; i++)
        need(executor->ops.run(executor, &job));
    return (seconds_now() - began) / CALLS;
}

static double time_regions(void)
{
    double began = seconds_now();
    for (int i = 0; i < CALLS; i++) {
#pragma omp parallel num_threads(2)
        {
            /* Keeps the compiler from dropping the region. */
            __asm__ volatile("" : : : "memory");
        }
    }
    return (seconds_now() - began) / CALLS;
}

static double time_open_close(void)
{
    trine_team *team;
    double began = seconds_now();
    need(trine_team_open("pool:2", &team));
    need(trine_team_close(team));
    return seconds_now() - began;
}

static double time_short_sum(const trine_array *x, trine_mode mode, int calls)
{
    double sum, began = seconds_now();
    for (int i = 0; i < calls; i++)
        need(trine_sum_f64(x, mode, &sum));
    return (seconds_now() - began) / calls;
}

/* One product, and what a call does about the environment around it. */
static double time_products(bool keep)
{
    static volatile double x = 0.1;
    trine_float_environment caller;
    double began = seconds_now();
    for (int i = 0; i < CALLS; i++) {
        if (keep)
            trine_float_enter(&caller);
        x = x * 0.5 + 0.1;
        if (keep)
            trine_float_leave(&caller);
    }
    return (seconds_now() - began) / CALLS;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 21;
    static double data[100];
    series job = {0}, region = {0}, open = {0}, fast = {0}, exact = {0}, kept = {0};
    trine_team *pool, *serial;
    trine_array *x;
    need(trine_init());
    need(trine_team_open("pool:2", &pool));
    need(trine_team_open("serial", &serial));
    for (int i = 0; i < 100; i++)
        data[i] = 1.0 / (i + 1);
    need(trine_array_wrap(serial, TRINE_F64, data, 100, &x));
    for (int i = 0; i <= rounds; i++) {
        double values[] = {time_jobs(&pool->executor),
                           time_regions(),
                           time_open_close(),
                           time_short_sum(x, TRINE_FAST, CALLS),
                           time_short_sum(x, TRINE_EXACT, CALLS),
                           time_products(true) - time_products(false)};
        series *all[] = {&job, &region, &open, &fast, &exact, &kept};
        for (int k = 0; k < 6 && i > 0; k++)
            series_add(all[k], values[k]);
    }
    printf("{\"pool_job_us\": %.3f, \"omp_region_us\": %.3f, \"job_over_region\": %.3f, "
           "\"open_close_ms\": %.3f, \"sum_100_fast_us\": %.3f, \"sum_100_exact_us\": %.3f, "
           "\"environment_ns\": %.2f}\n",
           1e6 * series_median(&job), 1e6 * series_median(&region), series_ratio(&job, &region),
           1e3 * series_median(&open), 1e6 * series_median(&fast), 1e6 * series_median(&exact),
           1e9 * series_median(&kept));
    trine_array_free(x);
    need(trine_team_close(serial));
    need(trine_team_close(pool));
    return 0;
}
