/* transports.c [MIB [ROUNDS]] - what it costs to bring a block of the caller's memory to one worker
 * of a pool, by each transport, against a memcpy of it in the caller, rounds interleaved, each
 * timed right after one of its own kind, so that all find their memory as near as it gets; and a
 * map of 32 small tasks that are brought 64 KiB. What bounds cma, one process that reads another's
 * memory in a single system call with nothing around it, is measured beside it. Prints one JSON
 * object: ratios are bandwidth over that of memcpy, of a pipe counting both its copies; `least`
 * ones are of the shortest times, for a machine that has other work. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <trine/trine.h>

#include "core/input/stage.h"
#include "core/team/team.h"
#include "measure.h"

static const trine_transport staged[] = {TRINE_TRANSPORT_SHM, TRINE_TRANSPORT_INHERIT,
                                         TRINE_TRANSPORT_PIPE, TRINE_TRANSPORT_FILE,
                                         TRINE_TRANSPORT_CMA};
enum { STAGED = sizeof staged / sizeof *staged, PAGE = 4096, TASKS = 32, SMALL = 1 << 16 };

/* In the team's arena. */
typedef struct block_job {
    trine_channel *channel;
    size_t bytes, step;
} block_job;

/* Worker 1 gets the whole block: a copy, or a view, which it looks at in a few places; the time
 * that reading takes is nobody's transport. */
static trine_status get_block(void *context, size_t run, trine_worker *worker)
{
    const block_job *job = context;
    const unsigned char *view;
    if (run == 0)
        return TRINE_OK;
    trine_status status = trine_channel_view(job->channel, &view);
    const trine_span all = {0, 1, 1, job->bytes};
    if (!status && !view)
        return trine_channel_fetch(job->channel, &all, worker->scratch);
    for (size_t at = 0; at < job->bytes && !status; at += job->step)
        (void)*(volatile const unsigned char *)(view + at);
    return status;
}

static double time_block(trine_team *team, block_job *job, size_t step, trine_transport transport,
                         const void *data)
{
    job->step = step;
    trine_job work = {.blocks = 2, .body = get_block, .context = job, .scratch_size = job->bytes};
    trine_executor *executor;
    need(trine_stage_workers(team, transport, &executor));
    double began = seconds_now();
    need(trine_channel_open(job->channel, transport, data, job->bytes));
    executor->published = began;
    need(executor->ops.run(executor, &work));
    trine_channel_close(job->channel);
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

/* A process that reads the block out of its parent's memory whenever it is sent a byte, twice, and
 * answers with the seconds of the second time. */
typedef struct reader {
    pid_t pid;
    int ask, answer;
} reader;

static void read_on_demand(const unsigned char *data, size_t bytes, int asked, int answer)
{
    struct iovec from = {(void *)(uintptr_t)data, bytes}, to = {malloc(bytes), bytes};
    const pid_t parent = getppid();
    char byte;
    while (to.iov_base && read(asked, &byte, 1) == 1) {
        ssize_t got = process_vm_readv(parent, &to, 1, &from, 1, 0);
        double began = seconds_now();
        got = got < 0 ? got : process_vm_readv(parent, &to, 1, &from, 1, 0);
        double took = got == (ssize_t)bytes ? seconds_now() - began : 0;
        if (write(answer, &took, sizeof took) != sizeof took)
            break;
    }
    _exit(0);
}

static void start_reader(reader *r, const unsigned char *data, size_t bytes)
{
    int asks[2], answers[2];
    if (pipe(asks) || pipe(answers) || (r->pid = fork()) < 0) {
        perror("bench_transports");
        exit(3);
    }
    if (r->pid == 0) {
        close(asks[1]);
        read_on_demand(data, bytes, asks[0], answers[1]);
    }
    close(asks[0]);
    close(answers[1]);
    r->ask = asks[1];
    r->answer = answers[0];
}

/* 0 where the system forbids it. */
static double time_reader(const reader *r)
{
    double took = 0;
    if (write(r->ask, "", 1) != 1 || read(r->answer, &took, sizeof took) != sizeof took)
        return 0;
    return took;
}

static void stop_reader(reader *r)
{
    close(r->ask);
    close(r->answer);
    waitpid(r->pid, NULL, 0);
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
        .name = "small", .run = small_task, .item_max = 1, .result_max = 1};
    const trine_task_options options = {TRINE_INIT(trine_task_options), .data = data,
                                        .data_size = SMALL, .transport = transport};
    const unsigned char items[TASKS] = {0};
    double began = seconds_now();
    need(trine_task_map(team, &kind, items, TASKS, 1, &options, NULL, NULL, NULL));
    return seconds_now() - began;
}

int main(int argc, char **argv)
{
    size_t bytes = (size_t)(argc > 1 ? atoi(argv[1]) : 64) << 20;
    int rounds = argc > 2 ? atoi(argv[2]) : 11;
    series copy = {0}, bare = {0}, block[STAGED] = {{0}}, ratio[STAGED] = {{0}},
           tasks[STAGED] = {{0}};
    trine_team *team;
    void *memory;
    unsigned char *data = malloc(bytes), *to = malloc(bytes);
    reader beside;
    if (!data || !to)
        return 3;
    memset(data, 1, bytes);
    memset(to, 2, bytes);
    start_reader(&beside, data, bytes);
    need(trine_init());
    need(trine_team_open("pool:2", &team));
    need(trine_team_arena(team, sizeof(block_job), &memory));
    block_job *job = memory;
    job->bytes = bytes;
    need(trine_channel_make(&team->executor, &job->channel));
    /* The first round warms what is measured. */
    for (int i = 0; i <= rounds; i++)
        for (int k = 0; k < STAGED; k++) {
            double copied = time_memcpy(to, data, bytes);
            (void)time_block(team, job, PAGE, staged[k], data);
            double brought = time_block(team, job, bytes / 8, staged[k], data);
            double mapped = time_tasks(team, staged[k], data);
            double read_alone = staged[k] == TRINE_TRANSPORT_CMA ? time_reader(&beside) : 0;
            if (i == 0)
                continue;
            if (k == 0)
                series_add(&copy, copied);
            series_add(&block[k], brought);
            series_add(&ratio[k], copied / brought * copies_of(staged[k]));
            series_add(&tasks[k], mapped);
            if (read_alone > 0)
                series_add(&bare, brought / read_alone);
        }
    printf("{\"mib\": %zu, \"memcpy_gb_per_s\": %.2f", bytes >> 20,
           1e-9 * (double)bytes / series_median(&copy));
    for (int k = 0; k < STAGED; k++)
        printf(", \"%s_of_memcpy\": %.3f", trine_transport_name(staged[k]),
               series_median(&ratio[k]));
    printf(", \"cma_of_bare_read\": %.3f", 1 / series_median(&bare));
    for (int k = 0; k < STAGED; k++)
        printf(", \"%s_least_of_memcpy\": %.3f", trine_transport_name(staged[k]),
               series_least(&copy) / series_least(&block[k]) * copies_of(staged[k]));
    for (int k = 0; k < STAGED; k++)
        printf(", \"%s_tasks_ms\": %.3f", trine_transport_name(staged[k]),
               1e3 * series_median(&tasks[k]));
    printf("}\n");
    trine_channel_release(job->channel);
    need(trine_team_close(team));
    stop_reader(&beside);
    free(data);
    free(to);
    return 0;
}
