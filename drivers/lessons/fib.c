/* drivers/lessons/fib.c - the first n Fibonacci numbers modulo 2^64: by tasks that share nothing,
 * and by one scan.
 *
 * alone     one task a number, each from the beginning: i additions for number i
 * doubling  one task a number, each by fast doubling: some products for each bit of i
 * scan      all numbers by one scan (examples/fibonacci.c): a product of two matrices for each
 * loop      all numbers by one loop: an addition for each
 *
 * Tasks are as many as the workers can share, but what one has computed is no use to the next; a
 * scan shares it.
 */
#include <stdio.h>
#include <string.h>

#include "drivers/harness/harness.h"

/* x: the ones that a scan multiplies along, NULL in other modes. seconds: of the last run. */
typedef struct numbers {
    trine_array *x, *y;
    double seconds;
} numbers;

static bool is_mode(const harness_job *job, const char *mode)
{
    return strcmp(job->method->mode, mode) == 0;
}

/* F(1) = F(2) = 1. */
static uint64_t by_additions(uint64_t i)
{
    uint64_t before = 0, now = 1;
    for (uint64_t k = 1; k < i; k++) {
        uint64_t next = before + now;
        before = now;
        now = next;
    }
    return i ? now : 0;
}

/* Binary digits of i. */
static int bits_of(uint64_t i)
{
    int bits = 0;
    for (; i; i >>= 1)
        bits++;
    return bits;
}

/* From F(k) and F(k + 1): F(2k) = F(k) (2 F(k + 1) - F(k)), F(2k + 1) = F(k)^2 + F(k + 1)^2. */
static uint64_t by_doubling(uint64_t i)
{
    uint64_t f = 0, next = 1;
    for (int bit = bits_of(i) - 1; bit >= 0; bit--) {
        uint64_t even = f * (2 * next - f), odd = f * f + next * next;
        bool up = i >> bit & 1;
        f = up ? odd : even;
        next = up ? even + odd : odd;
    }
    return f;
}

static trine_status give(trine_task *task, uint64_t (*number)(uint64_t i))
{
    uint64_t *result = trine_task_result(task, sizeof *result);
    if (!result)
        return trine_task_refused(task);
    *result = number(task->index + 1);
    return TRINE_OK;
}

static trine_status run_alone(trine_task *task)
{
    return give(task, by_additions);
}

static trine_status run_doubling(trine_task *task)
{
    return give(task, by_doubling);
}

static trine_status run_tasks(harness_job *job)
{
    const numbers *f = job->own;
    const trine_task_kind kind = {.name = "fib",
                                  .run = is_mode(job, "alone") ? run_alone : run_doubling,
                                  .result_max = sizeof(uint64_t)};
    trine_task_options options = harness_task_options(job);
    options.total = job->n;
    return harness_map_tasks(job, &kind, &options, NULL, 0, trine_array_data(f->y));
}

/* (a b; c d) */
typedef struct matrix {
    uint64_t a, b, c, d;
} matrix;

static void identity(void *state, const void *param)
{
    (void)param;
    *(matrix *)state = (matrix){1, 0, 0, 1};
}

/* What comes later stands on the left of the product. */
static void merge(void *left, const void *right, const void *param)
{
    const matrix e = *(const matrix *)left, l = *(const matrix *)right;
    (void)param;
    *(matrix *)left = (matrix){l.a * e.a + l.b * e.c, l.a * e.b + l.b * e.d, l.c * e.a + l.d * e.c,
                               l.c * e.b + l.d * e.d};
}

static void accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const uint64_t *x = chunk->in[0];
    for (int64_t i = 0; i < chunk->n; i++) {
        const matrix step = {x[i], 1, 1, 0};
        merge(state, &step, param);
    }
}

static trine_status finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(uint64_t *)result = ((const matrix *)state)->c;
    return TRINE_OK;
}

static trine_status run_scan(const numbers *f)
{
    static const trine_reducer fibonacci = {TRINE_INIT(trine_reducer),
                                            .name = "fibonacci",
                                            .nin = 1,
                                            .in = {TRINE_U64},
                                            .out = TRINE_U64,
                                            .state_size = sizeof(matrix),
                                            .result_size = sizeof(uint64_t),
                                            .flags = TRINE_POSITION_FREE,
                                            .init = identity,
                                            .accumulate = accumulate,
                                            .merge = merge,
                                            .finish = finish};
    return trine_scan_reducer(&fibonacci, f->x, NULL, false, f->y);
}

static void run_loop(const numbers *f)
{
    uint64_t *y = trine_array_data(f->y), before = 0, now = 1;
    for (int64_t i = 0; i < trine_array_local_n(f->y); i++) {
        uint64_t next = before + now;
        y[i] = now;
        before = now;
        now = next;
    }
}

static trine_status run(harness_job *job)
{
    numbers *f = job->own;
    double began = harness_seconds();
    trine_status status = TRINE_OK;
    if (is_mode(job, "scan"))
        status = run_scan(f);
    else if (is_mode(job, "loop"))
        run_loop(f);
    else
        status = run_tasks(job);
    f->seconds = harness_seconds() - began;
    return status;
}

/* Steps of the method: additions, doublings, products of matrices. Numbers of more than k digits
 * are n + 1 - 2^k. */
static double steps(const harness_job *job)
{
    double n = (double)job->n, doublings = 0;
    for (int k = 0; k < bits_of(job->n); k++)
        doublings += n + 1 - (double)((uint64_t)1 << k);
    return is_mode(job, "alone") ? n * (n - 1) / 2 : is_mode(job, "doubling") ? doublings : n;
}

static trine_status begin(harness_job *job)
{
    static numbers made;
    bool scan = is_mode(job, "scan");
    uint64_t n = scan || trine_team_rank(job->team) == 0 ? job->n : 0;
    trine_place place = scan ? TRINE_DISTRIBUTED : TRINE_PRIVATE;
    made = (numbers){.x = NULL};
    job->own = &made;
    job->bytes = job->n * sizeof(uint64_t);
    harness_add_number(job, "steps", steps(job));
    trine_status status = trine_array_create(job->team, TRINE_U64, n, place, &made.y);
    if (!status && scan)
        status = trine_array_create(job->team, TRINE_U64, n, place, &made.x);
    return !status && scan ? trine_fill_u64(1, made.x) : status;
}

/* The numbers are wiped before each repetition, so that none is an earlier one's. */
static trine_status reset(harness_job *job)
{
    const numbers *f = job->own;
    return trine_fill_u64(UINT64_MAX, f->y);
}

/* Against a plain loop from the beginning, on every rank. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const numbers *f = job->own;
    const uint64_t *y = trine_array_data(f->y);
    uint64_t offset = trine_array_offset(f->y), local_n = trine_array_local_n(f->y);
    uint64_t wrong = 0, all = 0, before = 0, now = 1;
    for (uint64_t i = 0; i < offset + local_n; i++) {
        uint64_t next = before + now;
        wrong += i >= offset && y[i - offset] != now;
        before = now;
        now = next;
    }
    trine_array *counted = NULL;
    trine_status status = trine_array_wrap(job->team, TRINE_U64, &wrong, 1, &counted);
    if (!status)
        status = trine_sum_u64(counted, TRINE_EXACT, &all);
    trine_array_free(counted);
    *verdict = all == 0 ? VERDICT_RIGHT : VERDICT_WRONG;
    job->value.dtype = TRINE_U64;
    return status ? status : harness_digest(f->y, &job->value.as.u64);
}

static void print(const harness_job *job)
{
    const numbers *f = job->own;
    printf("%-8s on %s: %llu numbers in %.0f steps, %.7f s\n", job->method->mode,
           trine_team_spec(job->team), (unsigned long long)job->n, steps(job), f->seconds);
}

static void end(harness_job *job)
{
    numbers *f = job->own;
    trine_array_free(f->x);
    trine_array_free(f->y);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"alone", "tasks, each from the beginning"},
                                             {"doubling", "tasks, each by fast doubling"},
                                             {"scan", "one scan"},
                                             {"loop", "one loop"},
                                             {NULL, NULL}};
    static const harness_operation operation = {.tasks = true,
                                                .standard_n = 10000,
                                                .begin = begin,
                                                .reset = reset,
                                                .run = run,
                                                .check = check,
                                                .print = print,
                                                .end = end};
    static const char *const examples[] = {"drivers/fib", "drivers/fib --n 5000 --mode each",
                                           "drivers/fib --n 2000 --team serial,pool:2 --json",
                                           NULL};
    static const trine_driver driver = {
        .name = "fib",
        .examples = examples,
        .about = "The first n Fibonacci numbers modulo 2^64: by tasks that share nothing (alone, "
                 "doubling), by one scan, by one loop. The result shown is a digest of them.",
        .methods = methods,
        .operation = &operation};
    return trine_driver_main(&driver, argc, argv);
}
