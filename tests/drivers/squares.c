/* squares.c - a driver of tasks for the tests of the harness: squares of 0 to n - 1, which take,
 * fail or die as the options say. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "drivers/harness/harness.h"
#include "clock.h"

enum { MICROS, WORK, FAIL, KILL, EXIT, OUTPUT };

typedef struct squares_param {
    uint64_t nanoseconds, spin, fail, kill;
} squares_param;

/* next: of the source; sum: of what was collected; all: the results, by number. */
typedef struct squares {
    squares_param param;
    uint64_t n, next, sum, collected, *all;
} squares;

static trine_status square(trine_task *task)
{
    const squares_param *p = task->param;
    const struct timespec time = {.tv_nsec = (long)p->nanoseconds};
    uint64_t i, *result = trine_task_result(task, sizeof *result);
    if (!result)
        return trine_task_refused(task);
    memcpy(&i, task->item, sizeof i);
    if (p->kill && i % p->kill == p->kill - 1 && task->attempt == 1)
        kill(getpid(), SIGKILL);
    if (p->spin)
        for (double began = seconds_now(); seconds_now() - began < 1e-9 * (double)time.tv_nsec;)
            ;
    else if (time.tv_nsec)
        nanosleep(&time, NULL);
    if (p->fail && i % p->fail == p->fail - 1)
        return trine_task_fail(task, TRINE_E_ARGUMENT, "failed as it was told to");
    *result = i * i;
    return TRINE_OK;
}

static bool next_item(void *context, void *item, size_t *size)
{
    squares *s = context;
    if (s->next == s->n)
        return false;
    memcpy(item, &s->next, sizeof s->next);
    *size = sizeof s->next;
    s->next++;
    return true;
}

static trine_status begin(harness_job *job)
{
    squares *s = calloc(1, sizeof *s);
    bool is_last = trine_team_rank(job->team) == trine_team_ranks(job->team) - 1;
    if (job->setting[EXIT].whole[0] && is_last)
        exit((int)job->setting[EXIT].whole[0]);
    job->own = s;
    if (s)
        s->all = calloc(job->n + 1, sizeof *s->all);
    if (!s || !s->all)
        return TRINE_E_MEMORY;
    s->n = job->n;
    s->param = (squares_param){.nanoseconds = 1000 * job->setting[MICROS].whole[0],
                               .spin = job->setting[WORK].whole[0],
                               .fail = job->setting[FAIL].whole[0],
                               .kill = job->setting[KILL].whole[0]};
    return TRINE_OK;
}

static trine_status reset(harness_job *job)
{
    squares *s = job->own;
    s->next = s->sum = s->collected = 0;
    return TRINE_OK;
}

static trine_status collect(harness_job *job, const trine_task_outcome *outcome)
{
    squares *s = job->own;
    s->collected++;
    if (outcome->status == TRINE_OK) {
        memcpy(&s->all[outcome->index], outcome->result, sizeof *s->all);
        s->sum += s->all[outcome->index];
    }
    return TRINE_OK;
}

static trine_status run(harness_job *job)
{
    squares *s = job->own;
    static const trine_task_kind kind = {.name = "squares",
                                         .run = square,
                                         .param_size = sizeof(squares_param),
                                         .item_max = sizeof(uint64_t),
                                         .result_max = sizeof(uint64_t)};
    trine_task_options options = harness_task_options(job);
    options.param = &s->param;
    options.source = next_item;
    options.source_context = s;
    options.total = job->n;
    return harness_run_tasks(job, &kind, &options, collect);
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const squares *s = job->own;
    bool right = true;
    if (trine_team_rank(job->team) == 0) {
        uint64_t sum = 0;
        for (uint64_t i = 0; i < s->n; i++)
            sum += s->param.fail && i % s->param.fail == s->param.fail - 1 ? 0 : i * i;
        right = sum == s->sum && s->collected == s->n;
    }
    *verdict = right ? VERDICT_RIGHT : VERDICT_WRONG;
    job->value = (harness_value){.dtype = TRINE_U64, .as.u64 = s->sum};
    harness_add_number(job, "files", job->files);
    harness_add_number(job, "spin", (double)s->param.spin);
    return TRINE_OK;
}

static void print(const harness_job *job)
{
    const squares *s = job->own;
    FILE *file = job->setting[OUTPUT].count ? fopen(job->setting[OUTPUT].text, "we") : NULL;
    if (!file)
        return;
    fwrite(s->all, sizeof *s->all, s->n, file);
    fclose(file);
}

static void end(harness_job *job)
{
    squares *s = job->own;
    if (s)
        free(s->all);
    free(s);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"squares", NULL}, {NULL, NULL}};
    static const harness_extra extras[] = {
        [MICROS] = {"micros", "N", "Microseconds that each item takes", KIND_WHOLE, "0", 0, 999999},
        [WORK] = {"work", "sleep|spin", "How it takes them", KIND_CHOICE, "sleep", 0, 0},
        [FAIL] = {"fail", "N", "Each Nth item fails", KIND_WHOLE, "0", 0, 1e9},
        [KILL] = {"kill", "N", "Each Nth item kills its worker, once", KIND_WHOLE, "0", 0, 1e9},
        [EXIT] = {"exit", "N", "The last rank exits with status N", KIND_WHOLE, "0", 0, 255},
        [OUTPUT] = {"output", "FILE", "Where the squares are written", KIND_TEXT, NULL, 0, 0},
        {.name = NULL}};
    static const harness_operation operation = {.tasks = true,
                                                .files = true,
                                                .standard_n = 100,
                                                .standard_repeat = 1,
                                                .begin = begin,
                                                .reset = reset,
                                                .run = run,
                                                .check = check,
                                                .print = print,
                                                .end = end};
    static const trine_driver driver = {.name = "squares",
                                        .about = "Squares, for the tests of the harness.",
                                        .methods = methods,
                                        .operation = &operation,
                                        .extras = extras};
    return trine_driver_main(&driver, argc, argv);
}
