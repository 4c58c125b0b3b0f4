/* tasks.c - the caller's data reaches every task, by every transport, once for each worker or once
 * for each item, also when workers are killed while it is on its way. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "child.h"
#include "hash_reducer.h"

static const trine_transport staged[] = {TRINE_TRANSPORT_SHM, TRINE_TRANSPORT_INHERIT,
                                         TRINE_TRANSPORT_PIPE, TRINE_TRANSPORT_FILE,
                                         TRINE_TRANSPORT_CMA};
enum { STAGED = sizeof staged / sizeof *staged, ITEMS = 40 };

static const size_t data_size = ((size_t)3 << 20) + 17;

static unsigned char *make_data(size_t bytes)
{
    unsigned char *data = malloc(bytes);
    MUST(data);
    for (size_t i = 0; i < bytes; i++)
        data[i] = (unsigned char)hash_mix(i, 9);
    return data;
}

/* The sum of every 7th byte from `item` on. */
static uint64_t sum_of(const unsigned char *data, size_t bytes, uint64_t item)
{
    uint64_t sum = item;
    for (size_t i = (size_t)item; i < bytes; i += 7)
        sum += data[i];
    return sum;
}

static trine_status run_sum(trine_task *task)
{
    uint64_t item, *result = trine_task_result(task, sizeof *result);
    if (!result)
        return trine_task_refused(task);
    memcpy(&item, task->item, sizeof item);
    *result = sum_of(task->data, task->data_size, item);
    return TRINE_OK;
}

/* Some tasks make their worker die a little later, most likely while it brings the next one's data.
 */
static trine_status run_and_die_later(trine_task *task)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 1500}};
    trine_status status = run_sum(task);
    if (task->index % 13 == 3 && task->attempt == 1)
        setitimer(ITIMER_REAL, &soon, NULL);
    return status;
}

static void map_all(trine_team *team, trine_status (*run)(trine_task *), trine_transport transport,
                    bool each, const unsigned char *data, size_t bytes)
{
    const trine_task_kind kind = {
        .name = "sum", .run = run, .item_max = sizeof(uint64_t), .result_max = sizeof(uint64_t)};
    const trine_task_options options = {
        TRINE_INIT(trine_task_options), .data = data,  .data_size = bytes, .data_each = each,
        .transport = transport,         .attempts = 20};
    uint64_t items[ITEMS], results[ITEMS];
    for (uint64_t i = 0; i < ITEMS; i++)
        items[i] = i * 3;
    MUST(trine_task_map(team, &kind, items, ITEMS, sizeof *items, &options, results, NULL, NULL) ==
         TRINE_OK);
    for (uint64_t i = 0; i < ITEMS; i++)
        MUST(results[i] == sum_of(data, bytes, items[i]));
}

static void reaches_every_task_body(void)
{
    trine_team *team = open_team("pool:2");
    unsigned char *data = make_data(data_size);
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    trine_memory memory;
    for (int i = 0; i < STAGED; i++)
        for (int each = 0; each < 2; each++) {
            trine_transport t = staged[i];
            data[data_size / 2]++;
            map_all(team, run_sum, t, each, data, data_size);
            MUST(trine_team_ledger(team, &ledger) == TRINE_OK);
            uint64_t times = ledger.moved / data_size;
            MUST(ledger.moved % data_size == 0);
            MUST(times == (t == TRINE_TRANSPORT_INHERIT                            ? 0
                           : t == TRINE_TRANSPORT_SHM || t == TRINE_TRANSPORT_FILE ? 1
                           : each                                                  ? ITEMS
                                                                                   : 2));
            MUST(trine_team_memory(team, 0, &memory) == TRINE_OK && memory.uss <= memory.pss &&
                 memory.pss <= memory.rss && memory.rss > 0);
        }
    MUST(trine_team_close(team) == TRINE_OK);
    free(data);
}
IN_CHILD(NULL, reaches_every_task)

static void uses_shared_arrays_where_they_are_body(void)
{
    trine_team *team = open_team("pool:2");
    trine_array *x;
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    MUST(trine_array_create(team, TRINE_U8, data_size, TRINE_SHARED, &x) == TRINE_OK);
    map_all(team, run_sum, TRINE_TRANSPORT_SHM, false, trine_array_data(x), data_size);
    MUST(trine_team_ledger(team, &ledger) == TRINE_OK && ledger.moved == 0);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, uses_shared_arrays_where_they_are)

static void threads_have_shm_only_body(void)
{
    static const char *const specs[] = {"serial", "omp:2"};
    unsigned char *data = make_data(data_size);
    for (int i = 0; i < 2; i++) {
        trine_team *team;
        if (trine_team_open(specs[i], &team) == TRINE_E_ABSENT)
            continue;
        map_all(team, run_sum, TRINE_TRANSPORT_SHM, true, data, data_size);
        const trine_task_kind kind = {.name = "sum", .run = run_sum, .item_max = 8};
        for (int t = TRINE_TRANSPORT_INHERIT; t < TRINE_TRANSPORT_COUNT; t++) {
            const trine_task_options options = {TRINE_INIT(trine_task_options), .data = data,
                                                .data_size = data_size,
                                                .transport = (trine_transport)t};
            trine_task_queue *queue = NULL;
            MUST(trine_task_open(team, &kind, &options, &queue) == TRINE_E_ABSENT && !queue);
            MUST(strstr(trine_error_detail(), t < TRINE_TRANSPORT_MESSAGE
                                                  ? "share the caller's memory"
                                                  : "between ranks"));
        }
        MUST(trine_team_close(team) == TRINE_OK);
    }
    free(data);
}
IN_CHILD(NULL, threads_have_shm_only)

static void survives_deaths_on_the_way_body(void)
{
    trine_team *team = open_team("pool:2");
    unsigned char *data = make_data(4 * data_size);
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    for (int i = 0; i < STAGED; i++) {
        map_all(team, run_and_die_later, staged[i], true, data, 4 * data_size);
        MUST(trine_team_ledger(team, &ledger) == TRINE_OK && ledger.replaced > 0);
        map_all(team, run_sum, staged[i], true, data, data_size);
    }
    MUST(trine_team_close(team) == TRINE_OK);
    free(data);
}
IN_CHILD(NULL, survives_deaths_on_the_way)

int main(void)
{
    CU_TestInfo tests[] = {{"reaches_every_task", reaches_every_task},
                           {"uses_shared_arrays_where_they_are", uses_shared_arrays_where_they_are},
                           {"threads_have_shm_only", threads_have_shm_only},
                           {"survives_deaths_on_the_way", survives_deaths_on_the_way},
                           CU_TEST_INFO_NULL};
    return trine_check_main("transports of tasks", tests);
}
