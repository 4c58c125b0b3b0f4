/* misuse.c - what is wrong is refused, with a text that says what was given, and changes nothing.
 */
#include <math.h>
#include <pthread.h>

#include "check.h"
#include "kinds.h"

static trine_team *team;

#define REFUSED(call, status, text)                                                                \
    do {                                                                                           \
        CU_ASSERT_EQUAL(call, status);                                                             \
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), text));                                \
    } while (0)

static void open_refuses(void)
{
    trine_task_queue *queue = NULL;
    trine_task_kind kind = echo_kind;
    trine_task_options o = {TRINE_INIT(trine_task_options)};
    REFUSED(trine_task_open(NULL, &kind, NULL, &queue), TRINE_E_ARGUMENT, "team is NULL");
    REFUSED(trine_task_open(team, NULL, NULL, &queue), TRINE_E_ARGUMENT, "kind is NULL");
    REFUSED(trine_task_open(team, &kind, NULL, NULL), TRINE_E_ARGUMENT, "queue is NULL");
    kind.run = NULL;
    REFUSED(trine_task_open(team, &kind, NULL, &queue), TRINE_E_ARGUMENT, "run is NULL");
    kind = echo_kind;
    kind.param_size = 8;
    REFUSED(trine_task_open(team, &kind, NULL, &queue), TRINE_E_ARGUMENT, "param_size is 8");
    kind = echo_kind;
    o.attempts = -1;
    REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_ARGUMENT, "-1 attempts");
    o = (trine_task_options){TRINE_INIT(trine_task_options), .deadline = -2};
    REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_ARGUMENT, "-2 s");
    o.deadline = NAN;
    REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_ARGUMENT, "nan s");
    o = (trine_task_options){TRINE_INIT(trine_task_options), .data_size = 5};
    REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_ARGUMENT, "data_size is 5");
    o = (trine_task_options){TRINE_INIT(trine_task_options), .transport = (trine_transport)99};
    REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_ARGUMENT, "99 is no transport");
    o = (trine_task_options){TRINE_INIT(trine_task_options), .window = -1};
    REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_ARGUMENT, "options->window is -1");
    o.size = 8;
    REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_ARGUMENT,
            "TRINE_INIT(trine_task_options)");
    o = (trine_task_options){TRINE_INIT(trine_task_options), .window = INT64_MAX};
    REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_MEMORY, "window");
    kind.result_max = SIZE_MAX;
    REFUSED(trine_task_open(team, &kind, NULL, &queue), TRINE_E_MEMORY, "echo");
    kind = echo_kind;
    kind.item_max = SIZE_MAX / 8;
    o.window = 1000;
    REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_MEMORY, "echo");
    CU_ASSERT_PTR_NULL(queue);
}

/* What is rounded up must not come out as nothing. */
static void open_refuses_what_no_memory_holds(void)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 63, SIZE_MAX - 4095, SIZE_MAX / 2};
    char byte = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        trine_task_queue *queue = NULL;
        trine_task_kind kind = echo_kind;
        trine_task_options o = {TRINE_INIT(trine_task_options), .param = &byte};
        kind.state_size = sizes[i];
        REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_MEMORY, "state");
        kind = echo_kind;
        kind.param_size = sizes[i];
        REFUSED(trine_task_open(team, &kind, &o, &queue), TRINE_E_MEMORY, "param");
        o = (trine_task_options){TRINE_INIT(trine_task_options), .data = &byte,
                                 .data_size = sizes[i]};
        if (strncmp(trine_team_spec(team), "pool", 4) == 0)
            REFUSED(trine_task_open(team, &echo_kind, &o, &queue), TRINE_E_MEMORY, "GiB");
        CU_ASSERT_PTR_NULL(queue);
    }
}

static void map_refuses(void)
{
    uint64_t items[4] = {0};
    numbers numbers = {0, 1};
    trine_task_options o = {TRINE_INIT(trine_task_options), .source = next_number,
                            .source_context = &numbers};
    REFUSED(trine_task_map(NULL, &echo_kind, items, 4, 8, NULL, NULL, NULL, NULL), TRINE_E_ARGUMENT,
            "team is NULL");
    REFUSED(trine_task_map(team, NULL, items, 4, 8, NULL, NULL, NULL, NULL), TRINE_E_ARGUMENT,
            "kind is NULL");
    REFUSED(trine_task_map(team, &echo_kind, NULL, 4, 8, NULL, NULL, NULL, NULL), TRINE_E_ARGUMENT,
            "items is NULL");
    REFUSED(trine_task_map(team, &echo_kind, items, -4, 8, NULL, NULL, NULL, NULL),
            TRINE_E_ARGUMENT, "n is -4; expected 0 or more");
    REFUSED(trine_task_map(team, &echo_kind, items, 4, 9, NULL, NULL, NULL, NULL), TRINE_E_ARGUMENT,
            "item_max, 8");
    REFUSED(trine_task_map(team, &echo_kind, items, 4, 8, &o, NULL, NULL, NULL), TRINE_E_ARGUMENT,
            "source");
    o.size = offsetof(trine_task_options, source);
    REFUSED(trine_task_map(team, &echo_kind, items, 4, 8, &o, NULL, NULL, NULL), TRINE_E_ARGUMENT,
            "trine_task_map: a trine_task_options whose size");
    CU_ASSERT_EQUAL(trine_task_map(team, &echo_kind, NULL, 0, 8, NULL, NULL, NULL, NULL), TRINE_OK);
}

static void *other_thread(void *queue)
{
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    return trine_task_next(queue, &o) == TRINE_E_BUSY &&
                   strstr(trine_error_detail(), "another thread")
               ? queue
               : NULL;
}

static void a_queue_refuses(void)
{
    trine_task_queue *queue;
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    trine_task_progress progress;
    trine_task_slot slot;
    const trine_task_record *records;
    uint64_t item = 1;
    int64_t ticket = 7, count;
    trine_task_options options = {TRINE_INIT(trine_task_options), .window = 2};
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &echo_kind, &options, &queue), TRINE_OK);
    REFUSED(trine_task_submit(NULL, &item, 8, NULL), TRINE_E_ARGUMENT, "queue is NULL");
    REFUSED(trine_task_submit(queue, NULL, 8, &ticket), TRINE_E_ARGUMENT, "NULL for an item");
    REFUSED(trine_task_submit(queue, &item, 9, &ticket), TRINE_E_ARGUMENT, "item_max, 8");
    CU_ASSERT_EQUAL(ticket, 7);
    REFUSED(trine_task_next(NULL, &o), TRINE_E_ARGUMENT, "queue is NULL");
    REFUSED(trine_task_next(queue, NULL), TRINE_E_ARGUMENT, "outcome is NULL");
    REFUSED(trine_task_wait(queue, 0, 0, &o), TRINE_E_ARGUMENT, "never given");
    REFUSED(trine_task_wait(queue, 0, NAN, &o), TRINE_E_ARGUMENT, "not a number");
    REFUSED(trine_task_wait(queue, 0, 0, NULL), TRINE_E_ARGUMENT, "outcome is NULL");
    REFUSED(trine_task_wait_any(queue, NULL, 1, 0, &o), TRINE_E_ARGUMENT, "tickets is NULL");
    REFUSED(trine_task_wait_any(queue, &ticket, 0, 0, &o), TRINE_E_ARGUMENT, "count is 0");
    REFUSED(trine_task_wait_any(queue, &ticket, -1, 0, &o), TRINE_E_ARGUMENT, "count is -1");
    REFUSED(trine_task_wait(queue, -5, 0, &o), TRINE_E_ARGUMENT, "ticket -5 was never given");
    o.size = 0;
    REFUSED(trine_task_next(queue, &o), TRINE_E_ARGUMENT, "TRINE_INIT(trine_task_outcome)");
    REFUSED(trine_task_wait(queue, 0, 0, &o), TRINE_E_ARGUMENT, "TRINE_INIT(trine_task_outcome)");
    o.size = sizeof o;
    REFUSED(trine_task_cancel(queue, 3), TRINE_E_ARGUMENT, "never given");
    REFUSED(trine_task_cancel(NULL, 3), TRINE_E_ARGUMENT, "queue is NULL");
    REFUSED(trine_task_progress_of(NULL, &progress), TRINE_E_ARGUMENT, "queue is NULL");
    REFUSED(trine_task_progress_of(queue, NULL), TRINE_E_ARGUMENT, "progress is NULL");
    REFUSED(trine_task_slot_of(queue, -1, &slot), TRINE_E_ARGUMENT, "slot -1");
    REFUSED(trine_task_slot_of(queue, 1000, &slot), TRINE_E_ARGUMENT, "slot 1000");
    REFUSED(trine_task_slot_of(queue, 0, NULL), TRINE_E_ARGUMENT, "entry is NULL");
    REFUSED(trine_task_records(queue, NULL, &count), TRINE_E_ARGUMENT, "records is NULL");
    REFUSED(trine_task_records(queue, &records, NULL), TRINE_E_ARGUMENT, "count is NULL");
    CU_ASSERT_EQUAL(trine_task_records(queue, &records, &count), TRINE_OK);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_EQUAL(trine_task_chunk(NULL), 0);
    CU_ASSERT_EQUAL(trine_task_submit(queue, &item, 8, &ticket), TRINE_OK);
    CU_ASSERT_EQUAL(ticket, 0);
    CU_ASSERT_EQUAL(trine_task_wait(queue, 0, -1, &o), TRINE_OK);
    REFUSED(trine_task_wait(queue, 0, -1, &o), TRINE_E_ARGUMENT, "collected already");
    pthread_t thread;
    void *refused = NULL;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, other_thread, queue), 0);
    pthread_join(thread, &refused);
    CU_ASSERT_PTR_EQUAL(refused, queue);
    REFUSED(trine_team_close(team), TRINE_E_BUSY, "at work");
    CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
    CU_ASSERT_EQUAL(trine_task_close(NULL), TRINE_OK);
}

static trine_task_queue *current;
static trine_status inside;

static bool calling_source(void *context, void *item, size_t *size)
{
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    (void)context;
    (void)item;
    (void)size;
    inside = trine_task_next(current, &o);
    return false;
}

static bool too_large_source(void *context, void *item, size_t *size)
{
    (void)context;
    (void)item;
    *size = 9;
    return true;
}

static void a_source_is_held_to_its_part(void)
{
    trine_task_outcome o = {TRINE_INIT(trine_task_outcome)};
    uint64_t item = 1;
    trine_task_options options = {TRINE_INIT(trine_task_options), .source = calling_source};
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &echo_kind, &options, &current), TRINE_OK);
    REFUSED(trine_task_submit(current, &item, 8, NULL), TRINE_E_ARGUMENT, "source");
    CU_ASSERT_EQUAL(trine_task_next(current, &o), TRINE_OK);
    CU_ASSERT_EQUAL(o.index, TRINE_TASK_NONE);
    CU_ASSERT_EQUAL(inside, TRINE_E_BUSY);
    CU_ASSERT_EQUAL(trine_task_close(current), TRINE_OK);
    options.source = too_large_source;
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &echo_kind, &options, &current), TRINE_OK);
    REFUSED(trine_task_next(current, &o), TRINE_E_ARGUMENT, "item 0 9 bytes; item_max is 8");
    REFUSED(trine_task_next(current, &o), TRINE_E_ARGUMENT, "item_max is 8");
    CU_ASSERT_EQUAL(trine_task_close(current), TRINE_OK);
}

static trine_status misusing_run(trine_task *task)
{
    trine_task copy = *task;
    bool right = trine_task_fail(task, TRINE_OK, "fine") == TRINE_E_ARGUMENT &&
                 trine_task_fail(NULL, TRINE_E_IO, "") == TRINE_E_ARGUMENT &&
                 trine_task_result(NULL, 1) == NULL && trine_task_refused(task) == TRINE_OK &&
                 trine_task_result(task, SIZE_MAX) == NULL &&
                 trine_task_refused(task) == TRINE_E_ARGUMENT;
    uint64_t *first = trine_task_result(task, 8);
    *first = 1;
    uint64_t *second = trine_task_result(&copy, 4);
    right = right && second && trine_task_refused(task) == TRINE_OK;
    return right ? TRINE_OK : trine_task_fail(task, TRINE_E_SYSTEM, NULL);
}

static void a_task_is_refused_what_is_wrong(void)
{
    trine_task_kind kind = echo_kind;
    size_t size = 0;
    uint64_t item = 0, result;
    kind.run = misusing_run;
    CU_ASSERT_EQUAL(trine_task_map(team, &kind, &item, 1, 8, NULL, &result, &size, NULL), TRINE_OK);
    CU_ASSERT_EQUAL(size, 4);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"open refuses what is wrong", open_refuses},
        {"open refuses what no memory holds", open_refuses_what_no_memory_holds},
        {"map refuses what is wrong", map_refuses},
        {"a queue refuses what is wrong", a_queue_refuses},
        {"a source is held to its part", a_source_is_held_to_its_part},
        {"a task is refused what is wrong", a_task_is_refused_what_is_wrong},
        CU_TEST_INFO_NULL,
    };
    static const char *const specs[] = {"serial", "omp:2", "pool:2"};
    int failed = trine_init() != TRINE_OK;
    for (int i = 0; i < 3; i++) {
        if (!is_built(specs[i]))
            continue;
        if (trine_team_open(specs[i], &team) != TRINE_OK)
            return 1;
        failed |= trine_check_main(specs[i], tests);
        failed |= trine_team_close(team) != TRINE_OK;
    }
    return failed;
}
