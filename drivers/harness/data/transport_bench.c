/* drivers/harness/data/transport_bench.c - data brought to workers, and what it costs them in
 * memory.
 *
 * A look, so that PSS is what it is while all workers have the data:
 * 1. as many items as there are slots, in chunks of one; a worker that has one waits in it until
 *    every worker has one;
 * 2. each reads all that it was brought (a page that nobody has touched counts for nobody), and
 *    waits for the others again;
 * 3. each reads /proc/self/smaps_rollup, and waits a last time, so that nobody gives pages back
 *    before all have been measured.
 * Ranks do not wait for each other: there is no memory of all ranks to meet in.
 */
#include "drivers/harness/data/transport_bench.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/harness/data/data.h"
#include "drivers/harness/cli/log.h"

enum { MEETINGS = 4, PATIENCE_SECONDS = 60, GENERATED_AT_ONCE = 4096 };

typedef enum request { REQUEST_BYTES, REQUEST_LOOK } request;

/* from, size: the bytes asked for, or those to be zeroed. slots: workers that meet. */
typedef struct transport_bench_item {
    uint64_t what, from, size, slots;
} transport_bench_item;

typedef struct transport_bench_param {
    atomic_uint_least64_t *arrived;
} transport_bench_param;

trine_status transport_bench_sum(trine_team *team, uint64_t *number)
{
    trine_array *x = NULL;
    uint64_t own = *number;
    if (trine_team_ranks(team) == 1)
        return TRINE_OK;
    trine_status status = trine_array_wrap(team, TRINE_U64, &own, 1, &x);
    const trine_array *in[] = {x};
    if (!status)
        status = trine_reduce(trine_reducer_find("sum", TRINE_U64), in, NULL, number);
    trine_array_free(x);
    return status;
}

/* Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t transport_bench_digest(const void *data, size_t size, size_t zeroed)
{
    const uint64_t *word = data;
    uint64_t sum = 0;
    for (size_t i = 0; i < size / sizeof *word; i++)
        sum += mix((i < zeroed / sizeof *word ? 0 : word[i]) + i * 0x9e3779b97f4a7c15u);
    return sum;
}

/* Waits until `slots` workers are there, but not for ever: one of them may have died. */
static void meet(const transport_bench_param *param, int meeting, uint64_t slots)
{
    if (!param->arrived)
        return;
    atomic_uint_least64_t *arrived = &param->arrived[meeting];
    double until = harness_seconds() + PATIENCE_SECONDS;
    atomic_fetch_add(arrived, 1);
    while (atomic_load(arrived) < slots && harness_seconds() < until)
        sched_yield();
}

/* Adds what the line says, in bytes, when it is that field's. */
static void read_field(const char *line, const char *field, double *bytes)
{
    size_t length = strlen(field);
    if (strncmp(line, field, length) == 0)
        *bytes += 1024 * strtod(line + length, NULL);
}

static void read_memory(transport_bench_look *look)
{
    char line[128];
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    while (file && fgets(line, sizeof line, file)) {
        read_field(line, "Rss:", &look->rss);
        read_field(line, "Pss:", &look->pss);
        read_field(line, "Private_Clean:", &look->uss);
        read_field(line, "Private_Dirty:", &look->uss);
    }
    if (file)
        fclose(file);
}

static trine_status give_bytes(trine_task *task, const transport_bench_item *item)
{
    void *result = trine_task_result(task, item->size);
    if (!result)
        return trine_task_refused(task);
    if (item->size)
        memcpy(result, (const char *)task->data + item->from, item->size);
    return TRINE_OK;
}

static trine_status look_around(trine_task *task, const transport_bench_item *item)
{
    const transport_bench_param *param = task->param;
    transport_bench_look *found = trine_task_result(task, sizeof *found);
    if (!found)
        return trine_task_refused(task);
    *found = (transport_bench_look){.pid = getpid(), .rank = task->rank, .worker = task->worker};
    meet(param, 0, item->slots);
    /* What a transport brings is for reading; whoever asks for this knows that it can be written.
     */
    if (item->size)
        memset((void *)task->data, 0, item->size);
    found->digest = transport_bench_digest(task->data, task->data_size, 0);
    meet(param, 1, item->slots);
    read_memory(found);
    meet(param, 2, item->slots);
    return TRINE_OK;
}

static trine_status run_errand(trine_task *task)
{
    const transport_bench_item *item = task->item;
    return item->what == REQUEST_LOOK ? look_around(task, item) : give_bytes(task, item);
}

static void generate(const transport_bench *j, trine_dtype dtype, uint64_t n, uint64_t seed)
{
    size_t size = trine_dtype_size(dtype);
    for (uint64_t i = 0; i < n; i += GENERATED_AT_ONCE)
        generate_elements(dtype, seed, i, n - i < GENERATED_AT_ONCE ? n - i : GENERATED_AT_ONCE,
                          j->data + i * size);
}

trine_status transport_bench_begin(transport_bench *j, harness_job *job, trine_dtype dtype,
                                   uint64_t n, bool shared)
{
    bool first = trine_team_rank(job->team) == 0;
    *j = (transport_bench){.team = NULL};
    *j = (transport_bench){.team = job->team, .transport = job->transport};
    trine_status status = trine_array_create(j->team, dtype, first ? n : 0,
                                             shared ? TRINE_SHARED : TRINE_PRIVATE, &j->array);
    if (!status && trine_team_ranks(j->team) == 1)
        status = trine_array_create(j->team, TRINE_U64, MEETINGS, TRINE_SHARED, &j->meeting);
    if (status) {
        transport_bench_end(j);
        return status;
    }
    j->data = trine_array_data(j->array);
    j->size = (size_t)trine_array_local_n(j->array) * trine_dtype_size(dtype);
    if (first)
        generate(j, dtype, n, job->seed);
    return TRINE_OK;
}

void transport_bench_end(transport_bench *j)
{
    trine_array_free(j->array);
    trine_array_free(j->meeting);
    *j = (transport_bench){.team = NULL};
}

trine_status transport_bench_open(const transport_bench *j, harness_job *job, uint64_t chunk,
                                  trine_task_queue **queue)
{
    static const char name[] = "transport";
    const transport_bench_param param = {trine_array_data(j->meeting)};
    size_t most = j->most > sizeof(transport_bench_look) ? j->most : sizeof(transport_bench_look);
    const trine_task_kind kind = {.name = name,
                                  .run = run_errand,
                                  .param_size = sizeof param,
                                  .item_max = sizeof(transport_bench_item),
                                  .result_max = most};
    trine_task_options options = harness_task_options(job);
    options.param = &param;
    options.data = j->data;
    options.data_size = j->size;
    options.data_each = j->each_item;
    options.transport = j->transport;
    options.unordered = true;
    if (chunk)
        options.chunk = chunk;
    return trine_task_open(j->team, &kind, &options, queue);
}

/* Submits items until the queue is full or all of them are; *next is the first that is not. */
static trine_status submit(trine_task_queue *queue, const uint64_t bytes[], uint64_t n,
                           uint64_t *next)
{
    trine_status status = TRINE_OK;
    while (*next < n && !status) {
        const transport_bench_item item = {REQUEST_BYTES, bytes[2 * *next], bytes[2 * *next + 1],
                                           0};
        status = trine_task_submit(queue, &item, sizeof item, NULL);
        *next += !status;
    }
    return status == TRINE_E_BUSY ? TRINE_OK : status;
}

/* The next outcome; what is wrong with its item is wrong with all. */
static trine_status collect(trine_task_queue *queue, trine_task_outcome *outcome)
{
    trine_status status = trine_task_next(queue, outcome);
    if (status || outcome->index == TRINE_TASK_NONE || !outcome->status)
        return status;
    log_line("transport", "item %llu: %s", (unsigned long long)outcome->index, outcome->detail);
    return outcome->status;
}

trine_status transport_bench_items(const transport_bench *j, trine_task_queue *queue,
                                   const uint64_t bytes[], uint64_t n, uint64_t *wrong)
{
    trine_task_progress before;
    uint64_t next = 0;
    trine_status status = trine_task_progress_of(queue, &before);
    for (uint64_t done = 0; done < n && !status; done++) {
        trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
        status = submit(queue, bytes, n, &next);
        if (!status)
            status = collect(queue, &outcome);
        if (status || outcome.index == TRINE_TASK_NONE)
            return status ? status : TRINE_E_SYSTEM;
        uint64_t i = outcome.index - before.submitted;
        *wrong += i >= n || outcome.result_size != bytes[2 * i + 1] ||
                  (outcome.result_size &&
                   memcmp(outcome.result, j->data + bytes[2 * i], outcome.result_size) != 0);
    }
    return status;
}

/* On several ranks an item may come to any slot, and each is asked often enough that all have had
 * one. */
enum { ASKED_ON_RANKS = 8 };

trine_status transport_bench_look_at(const transport_bench *j, trine_task_queue *queue,
                                     uint64_t zeroed,
                                     transport_bench_look look[TRANSPORT_BENCH_SLOTS], int *looks)
{
    trine_task_progress progress;
    trine_status status = trine_task_progress_of(queue, &progress);
    int slots = progress.slots < TRANSPORT_BENCH_SLOTS ? progress.slots : TRANSPORT_BENCH_SLOTS;
    int items = j->meeting ? slots : slots * ASKED_ON_RANKS;
    const transport_bench_item item = {REQUEST_LOOK, 0, zeroed, (uint64_t)slots};
    if (j->meeting)
        memset(trine_array_data(j->meeting), 0, MEETINGS * sizeof(uint64_t));
    for (int i = 0; i < items && !status; i++)
        status = trine_task_submit(queue, &item, sizeof item, NULL);
    *looks = 0;
    for (int i = 0; i < items && !status; i++) {
        trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
        status = collect(queue, &outcome);
        if (status || outcome.index == TRINE_TASK_NONE)
            return status ? status : TRINE_E_SYSTEM;
        const transport_bench_look *one = outcome.result;
        int at = 0;
        while (at < *looks && (look[at].rank != one->rank || look[at].worker != one->worker))
            at++;
        if (at < TRANSPORT_BENCH_SLOTS) {
            look[at] = *one;
            *looks += at == *looks;
        }
    }
    return status;
}
