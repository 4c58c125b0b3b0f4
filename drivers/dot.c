/* dot.c - reductions of two arrays: products, weighted means, covariance, correlation. */
#include <math.h>
#include <string.h>

#include "drivers/harness/harness.h"

#define METHOD(name, text) {#name, text},
#define MODES(name, text) {#name, text}, {#name "_compensated", text}, {#name "_fast", text},
static const harness_method methods[] = {TRINE_PAIRED_MODE_REDUCTIONS(MODES)
                                             TRINE_JOINT_REDUCTIONS(METHOD){NULL, NULL}};

static trine_status run(harness_job *job)
{
    const trine_monoid *monoid = trine_monoid_find(job->method->mode, job->dtype);
    const trine_array *in[] = {job->in[0], job->in[1]};
    const double ddof = job->setting[0].real[0];
    if (!monoid)
        return TRINE_E_ARGUMENT;
    job->value.dtype = monoid->out;
    return trine_reduce(monoid, &ddof, in, &job->value.as);
}

/* Plain sums in long double: of x, y, x y, |x y|, x^2, y^2. */
typedef struct sums {
    uint64_t n;
    long double x, y, xy, magnitude, xx, yy;
} sums;

static void sums_identity(void *state, const void *param)
{
    (void)param;
    *(sums *)state = (sums){.n = 0};
}

static void sums_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    trine_dtype dtype = *(const trine_dtype *)param;
    sums *s = state;
    s->n += chunk->n;
    for (size_t i = 0; i < chunk->n; i++) {
        long double x = harness_element_at(dtype, chunk->in[0], i),
                    y = harness_element_at(dtype, chunk->in[1], i);
        s->x += x;
        s->y += y;
        s->xy += x * y;
        s->magnitude += fabsl(x * y);
        s->xx += x * x;
        s->yy += y * y;
    }
}

static void sums_merge(void *left, const void *right, const void *param)
{
    sums *l = left;
    const sums *r = right;
    (void)param;
    *l =
        (sums){l->n + r->n,   l->x + r->x,  l->y + r->y, l->xy + r->xy, l->magnitude + r->magnitude,
               l->xx + r->xx, l->yy + r->yy};
}

static trine_status sums_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(sums *)result = *(const sums *)state;
    return TRINE_OK;
}

static long double expected(const harness_job *job, const sums *s)
{
    long double n = (long double)s->n, ddof = (long double)job->setting[0].real[0];
    const char *mode = job->method->mode;
    if (strncmp(mode, "wmean", 5) == 0)
        return s->xy / s->y;
    if (strcmp(mode, "cov") == 0)
        return (s->xy - s->x * s->y / n) / (n - ddof);
    if (strcmp(mode, "corr") == 0)
        return (s->xy - s->x * s->y / n) /
               sqrtl((s->xx - s->x * s->x / n) * (s->yy - s->y * s->y / n));
    return s->xy;
}

static trine_status find_sums(const harness_job *job, sums *s)
{
    const trine_array *in[] = {job->in[0], job->in[1]};
    const trine_monoid plain = {.name = "plain sums",
                                .nin = 2,
                                .in = {job->dtype, job->dtype},
                                .param_size = sizeof job->dtype,
                                .state_size = sizeof(sums),
                                .result_size = sizeof(sums),
                                .identity = sums_identity,
                                .accumulate = sums_accumulate,
                                .merge = sums_merge,
                                .finish = sums_finish};
    return trine_reduce(&plain, &job->dtype, in, s);
}

/* The true value does not fit, or there is nothing to have one of. */
static trine_status check_none(harness_job *job, trine_status none, harness_verdict *verdict)
{
    sums s;
    trine_status status = find_sums(job, &s);
    if (status)
        return status;
    bool empty = s.n == 0 || (long double)s.n <= (long double)job->setting[0].real[0];
    bool right =
        none == TRINE_E_EMPTY ? empty : !harness_has_room(job->value.dtype, expected(job, &s));
    *verdict = right ? VERDICT_RIGHT : VERDICT_WRONG;
    return TRINE_OK;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    sums s;
    trine_status status = find_sums(job, &s);
    if (status)
        return status;
    long double right = expected(job, &s), got = harness_number(&job->value),
                scale = fabsl(right) + 1;
    if (strncmp(job->method->mode, "wmean", 5) != 0 && right == s.xy)
        scale = s.magnitude;
    long double bound = 0x1p-52L * (64 + sqrtl((long double)s.n)) * scale;
    if (job->value.dtype == TRINE_F32)
        bound += 0x1p-24L * fabsl(right);
    bool same = got == right || (isnan(got) && isnan(right)) || fabsl(got - right) <= bound;
    *verdict = same ? VERDICT_RIGHT : VERDICT_WRONG;
    return TRINE_OK;
}

int main(int argc, char **argv)
{
    static const harness_extra extras[] = {
        {"ddof", "D", "Divisor n - D of cov (default 0)", KIND_REAL, "0", 0, 1e15}, {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 2, .run = run, .check = check, .check_none = check_none};
    static const char *const examples[] = {
        "drivers/dot --n 1M", "drivers/dot --n 1M --mode each --team serial,pool:2",
        "drivers/dot --n 1e6 --dtype i16 --mode dot --json", NULL};
    static const trine_driver driver = {
        .name = "dot",
        .examples = examples,
        .about = "Reductions of two arrays: products, weighted sums and means, covariance, "
                 "correlation.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .transports = true};
    return trine_driver_main(&driver, argc, argv);
}
