/* ranks_sharing.c - what tasks of several ranks share: a counter, the data of the caller. */
#include "ranks.h"

#include <stdlib.h>
#include <string.h>

typedef struct shared_param {
    trine_counter *counter;
    bool locks;
} shared_param;

static trine_status count_run(trine_task *task)
{
    const shared_param *p = task->param;
    int64_t value;
    if (!p->locks)
        return trine_counter_add(p->counter, 1, NULL);
    trine_status status = trine_counter_lock(p->counter);
    if (!status)
        status = trine_counter_get(p->counter, &value);
    if (!status)
        status = trine_counter_set(p->counter, value + 1);
    trine_status unlocked = trine_counter_unlock(p->counter);
    return status ? status : unlocked;
}

void tasks_of_all_ranks_can_count_together(void)
{
    enum { N = 400 };
    const trine_task_kind kind = {
        .name = "count", .run = count_run, .item_max = 8, .param_size = sizeof(shared_param)};
    for (int locks = 0; locks < 2; locks++) {
        shared_param param = {.locks = locks};
        const trine_task_options options = {TRINE_INIT(trine_task_options), .param = &param};
        uint64_t items[N] = {0};
        trine_status status = trine_counter_open(team, 0, &param.counter);
        if (size > 1 && trine_team_workers(team) > 1) {
            expect(status, TRINE_E_ABSENT, "FUNNELED");
            return;
        }
        expect(status, TRINE_OK, "");
        expect(trine_task_map(team, &kind, items, N, 8, &options, NULL, NULL, NULL), TRINE_OK, "");
        int64_t value = 0;
        expect(trine_counter_get(param.counter, &value), TRINE_OK, "");
        CU_ASSERT_EQUAL(value, N);
        expect(trine_counter_close(param.counter), TRINE_OK, "");
    }
}

static trine_status data_run(trine_task *task)
{
    const unsigned char *data = task->data;
    uint64_t sum = 0, *out = trine_task_result(task, sizeof sum);
    for (size_t i = 0; i < task->data_size; i++)
        sum = sum * 131 + data[i];
    *out = sum;
    return TRINE_OK;
}

static const trine_task_kind data_kind = {
    .name = "data", .run = data_run, .item_max = 8, .result_max = 8};

static void read_data(trine_transport transport, bool each, size_t bytes)
{
    unsigned char *data = rank == 0 ? malloc(bytes) : NULL;
    uint64_t expected = 0;
    for (size_t i = 0; i < bytes && data; i++) {
        data[i] = (unsigned char)mix(i);
        expected = expected * 131 + data[i];
    }
    const trine_task_options options = {TRINE_INIT(trine_task_options), .data = data,
                                        .data_size = data ? bytes : 0, .transport = transport,
                                        .data_each = each};
    trine_task_queue *queue = open_queue(&data_kind, &options);
    for (int i = 0; i < 40 && rank == 0; i++)
        expect(trine_task_submit(queue, "", 0, NULL), TRINE_OK, "");
    for (int i = 0; i < 40 && rank == 0; i++) {
        trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
        expect(trine_task_next(queue, &o), TRINE_OK, "");
        CU_ASSERT_TRUE(o.result_size == 8 && memcmp(o.result, &expected, 8) == 0);
    }
    expect(trine_task_close(queue), TRINE_OK, "");
    free(data);
}

void all_ranks_read_the_data(void)
{
    if (size == 1)
        return;
    read_data(TRINE_TRANSPORT_SHM, false, 10000);
    read_data(TRINE_TRANSPORT_MESSAGE, false, 100003);
    read_data(TRINE_TRANSPORT_MESSAGE, true, 10001);
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    expect(trine_team_ledger(team, &ledger), TRINE_OK, "");
    CU_ASSERT_TRUE(rank == 0 || ledger.moved >= 10001);
    if (!has_pool)
        read_data(TRINE_TRANSPORT_WINDOW, false, 50001);
    const trine_task_options options = {TRINE_INIT(trine_task_options), .data = "x", .data_size = 1,
                                        .transport = TRINE_TRANSPORT_PIPE};
    trine_task_queue *queue = NULL;
    expect(trine_task_open(team, &data_kind, &options, &queue), TRINE_E_ABSENT,
           "message or window");
    CU_ASSERT_PTR_NULL(queue);
}
