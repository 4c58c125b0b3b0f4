/* printing.c - what tasks and the program print stands in the output once, wherever it goes; exit()
 * in a task ends its worker, and nothing of the program's. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "counting.h"
#include "child.h"

enum { ITEMS = 40, MOST = 1 << 16 };

static char output[64], text[MOST];

static trine_status print(trine_task *task)
{
    printf("item %d.", (int)task->index);
    return TRINE_OK;
}

static trine_status print_first(trine_task *task)
{
    (void)task;
    printf("begin.");
    return TRINE_OK;
}

static const trine_task_kind printing = {.name = "printing", .run = print, .begin = print_first};

static trine_status exit_once(trine_task *task)
{
    printf("attempt %d.", task->attempt);
    if (task->attempt == 1)
        exit(3);
    return TRINE_OK;
}

static const trine_task_kind exiting = {.name = "exiting", .run = exit_once};

static trine_status exit_always(trine_task *task)
{
    (void)task;
    exit(3);
}

static const trine_task_kind leaving = {.name = "leaving", .run = exit_always};

static int occurrences(const char *what)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

/* Standard output goes into a file, which is no terminal. */
static void redirect(void)
{
    MUST(freopen(output, "w", stdout) != NULL);
}

static void say_end(void)
{
    printf("end of the program.");
}

static void print_in(const char *spec)
{
    redirect();
    atexit(say_end);
    printf("before.");
    trine_team *team = open_team(spec);
    printf("open.");
    for (int i = 0; i < 2; i++)
        MUST(trine_task_map(team, &printing, NULL, ITEMS, 0, NULL, NULL, NULL, NULL) == TRINE_OK);
    kill((pid_t)trine_team_worker_pid(team, 1), SIGKILL);
    MUST(trine_team_close(team) == TRINE_OK);
    printf("after.");
    exit(0);
}

static void print_in_pool_body(void)
{
    print_in("pool:3");
}

static void inherit_body(void)
{
    redirect();
    printf("before.");
    trine_team *team = open_team("pool:3");
    printf("open.");
    const trine_task_options options = {TRINE_INIT(trine_task_options), .data = text,
                                        .data_size = 8, .transport = TRINE_TRANSPORT_INHERIT};
    MUST(trine_task_map(team, &printing, NULL, ITEMS, 0, &options, NULL, NULL, NULL) == TRINE_OK);
    MUST(trine_task_map(team, &exiting, NULL, 1, 0, &options, NULL, NULL, NULL) == TRINE_OK);
    MUST(trine_team_close(team) == TRINE_OK);
    printf("after.");
    exit(0);
}

static void accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    printf("chunk %d.", (int)(chunk->offset / TRINE_CHUNK));
    *(uint64_t *)state += chunk->n;
}

static const trine_reducer counting = COUNTING(accumulate, counting_finish);

enum { CHUNKS = 9 };

static void reduction_body(void)
{
    redirect();
    trine_team *team = open_team("pool:3");
    trine_array *x;
    uint64_t count;
    MUST(trine_array_create(team, TRINE_F64, CHUNKS * TRINE_CHUNK, TRINE_SHARED, &x) == TRINE_OK);
    const trine_array *in[] = {x};
    MUST(trine_reduce(&counting, in, NULL, &count) == TRINE_OK);
    MUST(count == (uint64_t)CHUNKS * TRINE_CHUNK);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
    exit(0);
}

static void exit_body(void)
{
    trine_status statuses[2];
    redirect();
    atexit(say_end);
    printf("before.");
    trine_team *team = open_team("pool:2");
    MUST(trine_task_map(team, &exiting, NULL, 1, 0, NULL, NULL, NULL, statuses) == TRINE_OK);
    MUST(trine_task_map(team, &leaving, NULL, 1, 0, NULL, NULL, NULL, statuses) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "exited with status 3") != NULL);
    MUST(trine_team_close(team) == TRINE_OK);
    exit(0);
}

/* Runs it in a child, and has what it printed in `text`. */
static void run(void (*body)(void))
{
    snprintf(output, sizeof output, "/tmp/trine-printed-%d", (int)getpid());
    CU_ASSERT_EQUAL(in_child(NULL, body), 0);
    int fd = open(output, O_RDONLY);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    text[got > 0 ? got : 0] = 0;
    close(fd);
    unlink(output);
}

static void must_be_once(const char *what)
{
    CU_ASSERT_EQUAL(occurrences(what), 1);
}

static void must_have_items(int times)
{
    for (int i = 0; i < ITEMS; i++) {
        char item[32];
        snprintf(item, sizeof item, "item %d.", i);
        CU_ASSERT_EQUAL(occurrences(item), times);
    }
}

static void tasks_of_a_pool_print_once(void)
{
    run(print_in_pool_body);
    must_be_once("before.");
    must_be_once("open.");
    must_be_once("after.");
    must_be_once("end of the program.");
    CU_ASSERT_EQUAL(occurrences("begin."), 6);
    must_have_items(2);
}

static void inheriting_tasks_print_once(void)
{
    run(inherit_body);
    must_be_once("before.");
    must_be_once("open.");
    must_be_once("after.");
    must_be_once("attempt 1.");
    must_be_once("attempt 2.");
    must_have_items(1);
}

static void reductions_print_once(void)
{
    run(reduction_body);
    for (int i = 0; i < CHUNKS; i++) {
        char chunk[32];
        snprintf(chunk, sizeof chunk, "chunk %d.", i);
        must_be_once(chunk);
    }
}

static void exit_ends_the_worker_alone(void)
{
    run(exit_body);
    must_be_once("before.");
    must_be_once("end of the program.");
    must_be_once("attempt 1.");
    must_be_once("attempt 2.");
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"tasks of a pool print once", tasks_of_a_pool_print_once},
        {"inheriting tasks print once", inheriting_tasks_print_once},
        {"reductions print once", reductions_print_once},
        {"exit ends the worker alone", exit_ends_the_worker_alone},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("printing", tests);
}
