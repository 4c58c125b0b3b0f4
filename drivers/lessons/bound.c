/* drivers/lessons/bound.c - what bounds the work: the CPUs, or waiting; by threads and by
 * processes.
 *
 * 1. An item computes for the share --mix of --milliseconds, and waits for the rest. Computing is
 *    counted in CPU time, so that it takes longer where a CPU is shared.
 * 2. W workers finish at most W items in --milliseconds, and C CPUs at most C in what an item
 *    computes: computing stops at the CPUs, waiting goes on with the workers.
 * 3. --sweep runs them on 1 to four times as many threads and processes as there are CPUs; --plot
 *    draws that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/run/rows.h"
#include "drivers/harness/cli/log.h"

enum { MIX, MILLISECONDS, SWEEP, PLOT };

/* A sweep goes to so many workers a CPU, by at most so many points. */
enum { WORKERS_A_CPU = 4, MAX_POINTS = 24, KINDS = 2 };

static const char *const kind_names[KINDS] = {"threads", "processes"};
static const char *const kind_specs[KINDS] = {"omp", "pool"};

/* Seconds that an item computes, and waits. */
typedef struct demand {
    double computing, waiting;
} demand;

/* What an item measured by other clocks than those that it ran by. */
typedef struct answer {
    double cpu, wall;
} answer;

/* A sweep's points: rate[k][i], items a second of workers[i] of that kind (0 where this library has
 * no such team), and bound[i], the most that there can be. */
typedef struct findings {
    answer *answers;
    demand each;
    int points;
    double workers[MAX_POINTS], bound[MAX_POINTS], rate[KINDS][MAX_POINTS];
} findings;

/* Of the last team. */
static findings made;

static double clock_seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cpu_of_thread(void)
{
    struct rusage used;
    getrusage(RUSAGE_THREAD, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void wait_for(double seconds)
{
    struct timespec left = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
    while (nanosleep(&left, &left) && errno == EINTR)
        ;
}

static trine_status work(trine_task *task)
{
    const demand *d = task->param;
    answer *a = trine_task_result(task, sizeof *a);
    if (!a)
        return trine_task_refused(task);
    double wall = clock_seconds(CLOCK_REALTIME), cpu = cpu_of_thread();
    double until = clock_seconds(CLOCK_THREAD_CPUTIME_ID) + d->computing;
    while (clock_seconds(CLOCK_THREAD_CPUTIME_ID) < until)
        ;
    a->cpu = cpu_of_thread() - cpu;
    if (d->waiting > 0)
        wait_for(d->waiting);
    a->wall = clock_seconds(CLOCK_REALTIME) - wall;
    return TRINE_OK;
}

static trine_status work_all(harness_job *job, trine_team *team)
{
    static const trine_task_kind kind = {
        .name = "bound", .run = work, .param_size = sizeof(demand), .result_max = sizeof(answer)};
    const findings *f = job->own;
    trine_task_options options = harness_task_options(job);
    options.param = &f->each;
    options.total = job->n;
    return trine_task_map(team, &kind, NULL, job->n, 0, &options, f->answers, NULL, NULL);
}

static trine_status run(harness_job *job)
{
    return work_all(job, job->team);
}

/* Items a second of a team of its own. Without that kind of team in this library: 0. */
static trine_status rate_of(harness_job *job, int kind, int workers, double *rate)
{
    char spec[32];
    trine_team *team = NULL;
    snprintf(spec, sizeof spec, "%s:%d", kind_specs[kind], workers);
    trine_status status = trine_team_open(spec, &team);
    if (status == TRINE_E_ABSENT)
        return TRINE_OK;
    double began = clock_seconds(CLOCK_MONOTONIC);
    if (!status)
        status = work_all(job, team);
    *rate = (double)job->n / (clock_seconds(CLOCK_MONOTONIC) - began);
    trine_team_close(team);
    char name[HARNESS_NAME];
    snprintf(name, sizeof name, "items_per_second_%s_%d", kind_specs[kind], workers);
    harness_add_number(job, name, *rate);
    return status;
}

/* Most items a second that so many workers, and the CPUs, can do. */
static double bound_of(const findings *f, int workers)
{
    double by_workers = workers / (f->each.computing + f->each.waiting);
    double by_cpus = f->each.computing > 0 ? trine_cpus() / f->each.computing : by_workers;
    return by_workers < by_cpus ? by_workers : by_cpus;
}

static trine_status sweep(harness_job *job)
{
    findings *f = job->own;
    if (trine_team_ranks(job->team) > 1) {
        log_line("bound",
                 "--sweep compares threads and processes of one rank: leave mpi out of --team");
        return TRINE_E_ARGUMENT;
    }
    int most = WORKERS_A_CPU * trine_cpus();
    f->points = most < MAX_POINTS ? most : MAX_POINTS;
    trine_status status = TRINE_OK;
    for (int i = 0; i < f->points && !status; i++) {
        int workers = 1 + i * (most - 1) / (f->points - 1);
        f->workers[i] = workers;
        f->bound[i] = bound_of(f, workers);
        for (int kind = 0; kind < KINDS && !status; kind++)
            status = rate_of(job, kind, workers, &f->rate[kind][i]);
    }
    return status;
}

static trine_status begin(harness_job *job)
{
    double mix = job->setting[MIX].real[0], seconds = 1e-3 * job->setting[MILLISECONDS].real[0];
    memset(&made, 0, sizeof made);
    made.each = (demand){mix * seconds, (1 - mix) * seconds};
    made.answers = calloc(job->n + 1, sizeof *made.answers);
    job->own = &made;
    if (!made.answers)
        return TRINE_E_MEMORY;
    return job->setting[SWEEP].count ? sweep(job) : TRINE_OK;
}

static trine_status reset(harness_job *job)
{
    const findings *f = job->own;
    memset(f->answers, 0, job->n * sizeof *f->answers);
    return TRINE_OK;
}

/* Each item took what it should, by clocks that it did not run by; those of the kernel count in
 * ticks of a microsecond. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const double tick = 5e-6;
    const findings *f = job->own;
    double least_wall = f->each.computing + f->each.waiting - tick;
    *verdict = VERDICT_RIGHT;
    if (trine_team_rank(job->team) == 0)
        for (uint64_t i = 0; i < job->n; i++)
            if (f->answers[i].cpu < f->each.computing - tick || f->answers[i].wall < least_wall)
                *verdict = VERDICT_WRONG;
    job->value.dtype = TRINE_U64;
    job->value.as.u64 = job->n;
    if (trine_team_ranks(job->team) == 1)
        harness_add_number(job, "most_items_per_second",
                           bound_of(f, trine_team_workers(job->team)));
    return TRINE_OK;
}

static int conclude(const harness_run *run)
{
    const harness_setting *set = run->options->setting;
    const findings *f = &made;
    char title[128];
    if (!set[PLOT].count)
        return EXIT_RIGHT;
    snprintf(title, sizeof title, "items of %g ms, of which %g %% computing, on %d CPU%s",
             set[MILLISECONDS].real[0], 100 * set[MIX].real[0], trine_cpus(),
             trine_cpus() == 1 ? "" : "s");
    size_t n = (size_t)f->points;
    harness_series series[KINDS + 1] = {{"at most", f->workers, f->bound, n, false}};
    int count = 1;
    for (int kind = 0; kind < KINDS; kind++)
        if (f->rate[kind][0] > 0)
            series[count++] =
                (harness_series){kind_names[kind], f->workers, f->rate[kind], n, false};
    const harness_figure figure = {.title = title,
                                   .x_label = "workers",
                                   .y_label = "items a second",
                                   .series = series,
                                   .series_count = count};
    return harness_plot(&figure, set[PLOT].text);
}

static void print(const harness_job *job)
{
    const findings *f = job->own;
    if (f->points == 0)
        return;
    printf("items a second, of %g ms, of which %g %% computing\n%7s %10s %10s %10s\n",
           job->setting[MILLISECONDS].real[0], 100 * job->setting[MIX].real[0], "workers",
           kind_names[0], kind_names[1], "at most");
    for (int i = 0; i < f->points; i++)
        printf("%7.0f %10.1f %10.1f %10.1f\n", f->workers[i], f->rate[0][i], f->rate[1][i],
               f->bound[i]);
}

static void end(harness_job *job)
{
    findings *f = job->own;
    free(f->answers);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"tasks", "trine_task_map"}, {NULL, NULL}};
    static const harness_extra extras[] = {
        [MIX] = {"mix", "SHARE",
                 "Of an item's time, what it computes; it waits for the rest "
                 "(default 1)",
                 KIND_REAL, "1", 0, 1},
        [MILLISECONDS] = {"milliseconds", "MS", "What an item takes (default 5)", KIND_REAL, "5",
                          0.001, 60000},
        [SWEEP] = {"sweep", NULL, "Also on 1 to 4 threads and processes a CPU", KIND_FLAG, NULL, 0,
                   0},
        [PLOT] = {"plot", "FILE.svg", "Draw what --sweep found (by gnuplot)", KIND_PLOT, NULL, 0,
                  0},
        {.name = NULL}};
    static const harness_operation operation = {.tasks = true,
                                                .fleeting = true,
                                                .standard_n = 200,
                                                .begin = begin,
                                                .reset = reset,
                                                .run = run,
                                                .check = check,
                                                .print = print,
                                                .end = end};
    static const char *const examples[] = {"drivers/bound --n 40 --team serial,pool:2",
                                           "drivers/bound --n 40 --mix 0.5 --milliseconds 2",
                                           "drivers/bound --n 20 --team pool:2 --who", NULL};
    static const trine_driver driver = {
        .name = "bound",
        .examples = examples,
        .about = "n items that compute or wait, on any team: computing stops at the CPUs, waiting "
                 "goes on with the workers. The result shown is how many were done.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .conclude = conclude};
    return trine_driver_main(&driver, argc, argv);
}
