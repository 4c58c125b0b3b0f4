/* tasks.c TEAM - tasks that update the same memory behind a lock or by atomic steps lose nothing,
 * also when one dies with the lock held. */
#include "shared.h"

enum { ITEMS = 60 };

typedef struct task_param {
    shared_page *page;
    bool deadly;
} task_param;

static const char *spec = "serial";

static trine_status update(trine_task *task)
{
    const task_param *p = task->param;
    shared_page *page = p->page;
    bool recovered = false;
    for (int i = 0; i < STEPS; i++) {
        trine_status status = trine_lock_acquire(page->lock, &recovered);
        if (status)
            return trine_task_fail(task, status, trine_error_detail());
        page->recovered += recovered;
        if (p->deadly && i == STEPS / 2 && task->attempt == 1 && task->index % 20 == 7)
            raise(SIGKILL);
        page->count++;
        status = trine_lock_release(page->lock);
        if (status)
            return status;
        trine_atomic_add_i64(&page->i64, 1);
    }
    return TRINE_OK;
}

static void map_updates(const char *team_spec, trine_transport transport, bool deadly,
                        shared_page *seen)
{
    static const char data[1] = "";
    trine_array *array;
    shared_page *page;
    trine_team *team = open_page(team_spec, &array, &page);
    const trine_task_kind kind = {
        .name = "update", .run = update, .param_size = sizeof(task_param)};
    const task_param param = {page, deadly};
    const trine_task_options options = {TRINE_INIT(trine_task_options),
                                        .param = &param,
                                        .chunk = 1,
                                        .transport = transport,
                                        .data = transport ? data : NULL,
                                        .data_size = transport ? sizeof data : 0};
    CU_ASSERT_EQUAL(trine_task_map(team, &kind, NULL, ITEMS, 0, &options, NULL, NULL, NULL),
                    TRINE_OK);
    seen->count = page->count;
    seen->i64 = page->i64;
    seen->recovered = page->recovered;
    close_page(team, array, page);
}

static shared_page seen;

static void tasks_lose_no_update(void)
{
    map_updates(spec, TRINE_TRANSPORT_SHM, false, &seen);
    CU_ASSERT_EQUAL(seen.count, ITEMS * STEPS);
    CU_ASSERT_EQUAL(seen.i64, ITEMS * STEPS);
    CU_ASSERT_EQUAL(seen.recovered, 0);
}

static void must_survive_deaths(trine_transport transport)
{
    map_updates(spec, transport, true, &seen);
    CU_ASSERT_EQUAL(seen.recovered, 3);
    CU_ASSERT_EQUAL(seen.count, ITEMS * STEPS + 3 * (STEPS / 2));
    CU_ASSERT_EQUAL(seen.i64, ITEMS * STEPS + 3 * (STEPS / 2));
}

/* Three items die in the middle, with half of their updates made, and are begun again. */
static void a_task_that_dies_with_the_lock_held_keeps_none_waiting(void)
{
    if (strncmp(spec, "pool", 4) == 0)
        must_survive_deaths(TRINE_TRANSPORT_SHM);
}

/* Workers that are forked from the caller for the queue. */
static void tasks_that_inherit_share_the_lock_like_others(void)
{
    if (strncmp(spec, "pool", 4) != 0)
        return;
    map_updates(spec, TRINE_TRANSPORT_INHERIT, false, &seen);
    CU_ASSERT_EQUAL(seen.count, ITEMS * STEPS);
    must_survive_deaths(TRINE_TRANSPORT_INHERIT);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"tasks lose no update", tasks_lose_no_update},
        {"a task that dies with the lock held keeps none waiting",
         a_task_that_dies_with_the_lock_held_keeps_none_waiting},
        {"tasks that inherit share the lock like others",
         tasks_that_inherit_share_the_lock_like_others},
        CU_TEST_INFO_NULL,
    };
    /* A wait that does not end is a failure. */
    alarm(60);
    trine_init();
    if (argc > 1)
        spec = argv[1];
    return trine_check_main(spec, tests);
}
