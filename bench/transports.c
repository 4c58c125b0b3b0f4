/* transports.c [MIB [ROUNDS]] - what it costs to bring a block of the caller's memory to one worker
 * of a pool, by each transport, against a memcpy of it in the caller, rounds interleaved, each
 * timed right after one of its own kind, so that all find their memory as near as it gets; and a
 * map of 32 small tasks that are brought 64 KiB. Prints one JSON object: ratios are bandwidth over
 * that of memcpy, of a pipe counting both its copies; `least` ones are of the shortest times, for a
 * machine that has other work. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <trine/trine.h>

#include "core/carry.h"
#include "core/team.h"
#include "measure.h"

static void need(trine_status status)
{
    if (status == TRINE_OK)
        return;
    fprintf(stderr, "bench_transports: %s: %s\n", trine_status_name(status), trine_error_detail());
    exit(3);
}

static const trine_transport carried[] = {TRINE_TRANSPORT_SHM, TRINE_TRANSPORT_INHERIT,
                                          TRINE_TRANSPORT_PIPE, TRINE_TRANSPORT_FILE,
                                          TRINE_TRANSPORT_CMA};
enum { CARRIED = sizeof carried / sizeof *carried, PAGE = 4096, TASKS = 32, SMALL = 1 << 16 };

/* In the team's arena. */
typedef struct block_job {
    trine_carrier *carrier;
    size_t bytes;
} block_job;

/* Worker 1 gets the whole block: a copy, or a view of which every page can be read without a fault.
 */
static trine_status get_block(void *context, size_t run, trine_worker *worker)
{
    const block_job *job = context;
    const unsigned char *view;
    if (run == 0)
        return TRINE_OK;
    trine_status status = trine_carrier_view(job->carrier, &view);
    const trine_span all = {0, 1, 1, job->bytes};
    if (!status && !view)
        return trine_carrier_fetch(job->carrier, &all, worker->scratch);
    if (!status) {
        size_t into_page = (uintptr_t)view % PAGE;
        if (madvise((void *)(uintptr_t)(view - into_page), job->bytes + into_page,
                    MADV_POPULATE_READ))
            return TRINE_E_SYSTEM;
    }
    return status;
}

static double time_block(trine_team *team, block_job *job, trine_transport transport,
                         const void *data)
{
    trine_job work = {.runs = 2, .body = get_block, .context = job, .scratch_size = job->bytes};
    trine_executor *executor;
    need(trine_carry_workers(team, transport, &executor));
    double began = seconds_now();
    need(trine_carrier_open(job->carrier, transport, data, job->bytes));
    executor->published = began;
    need(executor->ops.run(executor, &work));
    trine_carrier_close(job->carrier);
    return seconds_now() - began;
}

static double time_memcpy(void *to, const void *data, size_t bytes)
{
    /* A fork of the caller leaves its pages to be taken back, one by one, at their next write. */
    memcpy(to, data, bytes);
    double began = seconds_now();
    memcpy(to, data, bytes);
    __asm__ volatile("" : : "r"(to) : "memory");
    return seconds_now() - began;
}

/* What counts as moved. */
static double copies_of(trine_transport transport)
{
    return transport == TRINE_TRANSPORT_PIPE ? 2 : 1;
}

static trine_status small_task(trine_task *task)
{
    unsigned char *result = trine_task_result(task, 1);
    if (!result)
        return trine_task_refused(task);
    *result = ((const unsigned char *)task->data)[0];
    return TRINE_OK;
}

static double time_tasks(trine_team *team, trine_transport transport, const void *data)
{
    const trine_task_kind kind = {
        .name = "small", .run = small_task, .item_most = 1, .result_most = 1};
    const trine_task_options options = {.data = data, .data_size = SMALL, .transport = transport};
    const unsigned char items[TASKS] = {0};
    double began = seconds_now();
    need(trine_task_map(team, &kind, &options, items, TASKS, 1, NULL, NULL, NULL));
    return seconds_now() - began;
}

int main(int argc, char **argv)
{
    size_t bytes = (size_t)(argc > 1 ? atoi(argv[1]) : 64) << 20;
    int rounds = argc > 2 ? atoi(argv[2]) : 11;
    series copy = {0}, block[CARRIED] = {{0}}, ratio[CARRIED] = {{0}}, tasks[CARRIED] = {{0}};
    trine_team *team;
    void *memory;
    need(trine_init());
    need(trine_team_open("pool:2", &team));
    need(trine_team_arena(team, sizeof(block_job), &memory));
    block_job *job = memory;
    job->bytes = bytes;
    need(trine_carrier_make(&team->executor, &job->carrier));
    unsigned char *data = malloc(bytes), *to = malloc(bytes);
    if (!data || !to)
        return 3;
    memset(data, 1, bytes);
    memset(to, 2, bytes);
    /* The first round warms what is measured. */
    for (int i = 0; i <= rounds; i++)
        for (int k = 0; k < CARRIED; k++) {
            double copied = time_memcpy(to, data, bytes);
            (void)time_block(team, job, carried[k], data);
            double brought = time_block(team, job, carried[k], data);
            double mapped = time_tasks(team, carried[k], data);
            if (i == 0)
                continue;
            if (k == 0)
                series_add(&copy, copied);
            series_add(&block[k], brought);
            series_add(&ratio[k], copied / brought * copies_of(carried[k]));
            series_add(&tasks[k], mapped);
        }
    printf("{\"mib\": %zu, \"memcpy_gb_per_s\": %.2f", bytes >> 20,
           1e-9 * (double)bytes / series_median(&copy));
    for (int k = 0; k < CARRIED; k++)
        printf(", \"%s_of_memcpy\": %.3f", trine_transport_name(carried[k]),
               series_median(&ratio[k]));
    for (int k = 0; k < CARRIED; k++)
        printf(", \"%s_least_of_memcpy\": %.3f", trine_transport_name(carried[k]),
               series_least(&copy) / series_least(&block[k]) * copies_of(carried[k]));
    for (int k = 0; k < CARRIED; k++)
        printf(", \"%s_tasks_ms\": %.3f", trine_transport_name(carried[k]),
               1e3 * series_median(&tasks[k]));
    printf("}\n");
    trine_carrier_release(job->carrier);
    need(trine_team_close(team));
    free(data);
    free(to);
    return 0;
}
