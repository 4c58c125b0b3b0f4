/* drivers/harness/run/bandwidth.c - measuring read bandwidth: a reduction whose kernel only loads.
 */
#include "drivers/harness/run/bandwidth.h"

#include <stdio.h>
#include <unistd.h>

#include "drivers/harness/run/load.h"

enum { PASSES = 5, PREFETCH = 8192, MAX_MEASURED = 256 };

static const uint64_t least_bytes = (uint64_t)64 << 20, most_bytes = (uint64_t)1 << 30;

/* As the data, as far as memory allows. */
static uint64_t bytes_to_read(uint64_t bytes)
{
    uint64_t pages = (uint64_t)sysconf(_SC_AVPHYS_PAGES), page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t wanted = bytes < least_bytes ? least_bytes : bytes < most_bytes ? bytes : most_bytes;
    return wanted < pages * page / 4 ? wanted : pages * page / 4;
}

/* The loop's state is nothing; one byte stands for it. */
static void nothing(void *state, const void *param)
{
    (void)param;
    *(char *)state = 0;
}

typedef struct load_param {
    size_t item, prefetch;
} load_param;

static void load_chunk(void *state, const trine_chunk *chunk, const void *param)
{
    const load_param *p = param;
    (void)state;
    load_memory(chunk->in[0], chunk->n * p->item, p->prefetch);
}

static void merge_nothing(void *left, const void *right, const void *param)
{
    (void)left;
    (void)right;
    (void)param;
}

static trine_status finish_nothing(void *result, const void *state, const void *param)
{
    (void)param;
    *(char *)result = *(const char *)state;
    return TRINE_OK;
}

double array_bandwidth(const trine_array *x)
{
    const trine_reducer load = {TRINE_INIT(trine_reducer),
                                .name = "load",
                                .nin = 1,
                                .in = {trine_array_dtype(x)},
                                .param_size = sizeof(load_param),
                                .state_size = 1,
                                .result_size = 1,
                                .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,
                                .init = nothing,
                                .accumulate = load_chunk,
                                .merge = merge_nothing,
                                .finish = finish_nothing};
    size_t item = trine_dtype_size(trine_array_dtype(x));
    double best = 0, bytes = (double)trine_array_n(x) * (double)item;
    for (int i = 0; i < 2 * PASSES; i++) {
        const load_param param = {item, i % 2 ? PREFETCH : 0};
        const trine_array *in[] = {x};
        trine_ledger ledger = {TRINE_INIT(trine_ledger)};
        char none;
        if (trine_reduce(&load, in, &param, &none))
            break;
        trine_team_ledger(trine_array_team(x), &ledger);
        double rate = ledger.wall > 0 ? 1e-9 * bytes / ledger.wall : 0;
        best = rate > best ? rate : best;
    }
    return best;
}

static double team_bandwidth(trine_team *team, uint64_t bytes)
{
    trine_array *x;
    while (trine_array_create(team, TRINE_F64, bytes / sizeof(double), TRINE_DISTRIBUTED, &x))
        if ((bytes /= 2) < least_bytes)
            return 0;
    double rate = array_bandwidth(x);
    trine_array_free(x);
    return rate;
}

/* Threads, or processes where the environment keeps OpenMP from giving each reader a CPU of its own
 * (or there is no OpenMP): a note says that it does. */
static trine_status open_readers(int workers, trine_team **team)
{
    char threads[32], processes[32];
    snprintf(threads, sizeof threads, "omp:%d", workers);
    snprintf(processes, sizeof processes, "pool:%d", workers);
    if (workers == 1)
        return trine_team_open("serial", team);
    trine_status status = trine_team_open(threads, team);
    if (status == TRINE_E_ABSENT)
        return trine_team_open(processes, team);
    trine_team *pool;
    if (status == TRINE_OK && trine_team_note(*team) && !trine_team_open(processes, &pool)) {
        trine_team_close(*team);
        *team = pool;
    }
    return status;
}

double read_bandwidth(int workers, uint64_t bytes)
{
    static double measured[MAX_MEASURED + 1];
    trine_team *team;
    int cpus = trine_cpus();
    if (workers > cpus)
        workers = cpus;
    if (workers > MAX_MEASURED)
        workers = MAX_MEASURED;
    if (measured[workers] > 0)
        return measured[workers];
    if (open_readers(workers, &team))
        return 0;
    measured[workers] = team_bandwidth(team, bytes_to_read(bytes));
    trine_team_close(team);
    if (workers > 1 && measured[workers] < read_bandwidth(1, bytes))
        measured[workers] = measured[1];
    return measured[workers];
}
