/* scan.c - running sums, products and extremes. */
#include <math.h>
#include <string.h>

#include "drivers/harness/harness.h"

#define METHOD(name, text) {#name, text},
static const harness_method methods[] = {TRINE_WIDE_SCANS(METHOD)
                                             TRINE_ELEMENT_SCANS(METHOD){NULL, NULL}};

static trine_status begin(harness_job *job)
{
    const trine_array *x = job->in[0];
    trine_scanner scanner;
    trine_array *out = NULL;
    trine_status status = trine_scanner_find(job->method->mode, job->dtype, &scanner);
    if (!status)
        status = trine_array_create_like(x, scanner.out, TRINE_DISTRIBUTED, &out);
    job->own = out;
    if (!status)
        job->bytes = job->n * (trine_dtype_size(job->dtype) + trine_dtype_size(scanner.out));
    return status;
}

static trine_status run(harness_job *job)
{
    trine_scanner scanner;
    trine_status status = trine_scanner_find(job->method->mode, job->dtype, &scanner);
    return status ? status : trine_scan(&scanner, NULL, job->in[0], job->own, false);
}

/* A piece: its ends, and the steps that are not what they should be. */
typedef struct steps {
    long double first_x, first, last_x, last;
    uint64_t n, wrong;
} steps;

typedef struct steps_param {
    int32_t in, out, kind;
    bool fast;
} steps_param;

enum { SUM, PRODUCT, LEAST, GREATEST, DIFFERENCE };

static void steps_identity(void *state, const void *param)
{
    (void)param;
    *(steps *)state = (steps){.n = 0};
}

/* What follows `before` when x is taken in. */
static long double next(int32_t kind, long double before, long double before_x, long double x)
{
    return kind == SUM        ? before + x
           : kind == PRODUCT  ? before * x
           : kind == LEAST    ? (x < before ? x : before)
           : kind == GREATEST ? (x > before ? x : before)
                              : x - before_x;
}

static bool follows(const steps_param *p, long double before, long double before_x, long double x,
                    long double got)
{
    long double right = next(p->kind, before, before_x, x), scale = fabsl(right) + fabsl(before);
    bool real = p->out == TRINE_F64 || p->out == TRINE_F32;
    /* A step of a fast scan may carry the roundings of the sums within a chunk. */
    long double units = p->fast ? 256 : 4;
    long double unit = p->out == TRINE_F64 ? 0x1p-52L : 0x1p-23L;
    long double least = p->out == TRINE_F64 ? 0x1p-1073L : 0x1p-148L;
    long double bound = real ? units * unit * scale + least : 0;
    return got == right || (isnan(got) && isnan(right)) || fabsl(got - right) <= bound;
}

static void steps_merge(void *left, const void *right, const void *param)
{
    steps *l = left;
    const steps *r = right;
    if (r->n == 0)
        return;
    if (l->n == 0) {
        *l = *r;
        return;
    }
    l->wrong += r->wrong + !follows(param, l->last, l->last_x, r->first_x, r->first);
    l->last = r->last;
    l->last_x = r->last_x;
    l->n += r->n;
}

static void steps_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const steps_param *p = param;
    for (size_t i = 0; i < chunk->n; i++) {
        long double x = harness_element_at((trine_dtype)p->in, chunk->in[0], i),
                    y = harness_element_at((trine_dtype)p->out, chunk->in[1], i);
        const steps one = {x, y, x, y, 1, 0};
        steps_merge(state, &one, param);
    }
}

static trine_status steps_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(steps *)result = *(const steps *)state;
    return TRINE_OK;
}

/* Every step is judged by itself, and the first element by the first. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const trine_array *in[] = {job->in[0], job->own};
    const char *mode = job->method->mode;
    const steps_param param = {(int32_t)job->dtype, (int32_t)trine_array_dtype(job->own),
                               strncmp(mode, "cumsum", 6) == 0 ? SUM
                               : strcmp(mode, "cumprod") == 0  ? PRODUCT
                               : strcmp(mode, "cummin") == 0   ? LEAST
                               : strcmp(mode, "cummax") == 0   ? GREATEST
                                                               : DIFFERENCE,
                               strcmp(mode, "cumsum_fast") == 0};
    const trine_monoid monoid = {.name = "steps",
                                 .nin = 2,
                                 .in = {job->dtype, trine_array_dtype(job->own)},
                                 .param_size = sizeof param,
                                 .state_size = sizeof(steps),
                                 .result_size = sizeof(steps),
                                 .identity = steps_identity,
                                 .accumulate = steps_accumulate,
                                 .merge = steps_merge,
                                 .finish = steps_finish};
    steps found;
    trine_status status = trine_reduce(&monoid, &param, in, &found);
    if (status)
        return status;
    bool right = found.wrong == 0 && (found.n == 0 || found.first == found.first_x);
    *verdict = right ? VERDICT_RIGHT : VERDICT_WRONG;
    job->value.dtype = TRINE_U64;
    return harness_digest(job->own, &job->value.as.u64);
}

static void end(harness_job *job)
{
    trine_array_free(job->own);
}

int main(int argc, char **argv)
{
    static const harness_operation operation = {
        .inputs = 1, .begin = begin, .run = run, .check = check, .end = end};
    static const char *const examples[] = {
        "drivers/scan --n 1M", "drivers/scan FILE.npy --mode cummax",
        "drivers/scan --n 256K --mode each --team serial,pool:2", NULL};
    static const trine_driver driver = {
        .name = "scan",
        .examples = examples,
        .about =
            "Running sums, products and extremes, and differences. The result shown is a digest "
            "of the output's bits.",
        .methods = methods,
        .operation = &operation};
    return trine_driver_main(&driver, argc, argv);
}
