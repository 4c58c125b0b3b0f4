/* quantile.c - exact quantiles, by counting instead of sorting. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "drivers/harness/harness.h"

enum { Q };

/* What is counted to judge by: elements below and not above each quantile. */
typedef struct ranks {
    uint64_t n, nan, below[HARNESS_REALS], not_above[HARNESS_REALS];
} ranks;

typedef struct ranks_param {
    int64_t dtype, count;
    double quantile[HARNESS_REALS];
} ranks_param;

static trine_status begin(harness_job *job)
{
    job->own = calloc(HARNESS_REALS, sizeof(double));
    return job->own ? TRINE_OK : TRINE_E_MEMORY;
}

static void end(harness_job *job)
{
    free(job->own);
}

static trine_status run(harness_job *job)
{
    double *quantile = job->own;
    trine_status status =
        trine_quantile(job->in[0], job->setting[Q].count, job->setting[Q].real, quantile);
    job->value = (harness_value){.dtype = TRINE_F64, .as.f64 = quantile[0]};
    return status;
}

static void ranks_identity(void *state, const void *param)
{
    (void)param;
    *(ranks *)state = (ranks){.n = 0};
}

static void ranks_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const ranks_param *p = param;
    ranks *r = state;
    r->n += chunk->n;
    for (size_t i = 0; i < chunk->n; i++) {
        double x = (double)harness_element_at((trine_dtype)p->dtype, chunk->in[0], i);
        r->nan += x != x;
        for (int64_t k = 0; k < p->count; k++) {
            r->below[k] += x < p->quantile[k];
            r->not_above[k] += x <= p->quantile[k];
        }
    }
}

static void ranks_merge(void *left, const void *right, const void *param)
{
    const ranks_param *p = param;
    ranks *l = left;
    const ranks *r = right;
    l->n += r->n;
    l->nan += r->nan;
    for (int64_t k = 0; k < p->count; k++) {
        l->below[k] += r->below[k];
        l->not_above[k] += r->not_above[k];
    }
}

static trine_status ranks_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(ranks *)result = *(const ranks *)state;
    return TRINE_OK;
}

/* The quantile lies between the elements of ranks floor(h) and floor(h) + 1, h = (n - 1) q: at most
 * floor(h) + 1 elements are below it, and at least that many not above it. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const double *quantile = job->own;
    const trine_array *in[] = {job->in[0]};
    const harness_setting *q = &job->setting[Q];
    ranks_param param = {(int64_t)job->dtype, q->count, {0}};
    ranks found;
    for (int k = 0; k < q->count; k++)
        param.quantile[k] = quantile[k];
    const trine_monoid counting = {.name = "ranks of quantiles",
                                   .nin = 1,
                                   .in = {job->dtype},
                                   .param_size = sizeof param,
                                   .state_size = sizeof(ranks),
                                   .result_size = sizeof(ranks),
                                   .flags = TRINE_ORDER_FREE,
                                   .identity = ranks_identity,
                                   .accumulate = ranks_accumulate,
                                   .merge = ranks_merge,
                                   .finish = ranks_finish};
    trine_status status = trine_reduce(&counting, &param, in, &found);
    *verdict = VERDICT_RIGHT;
    for (int k = 0; k < q->count && !status; k++) {
        uint64_t rank = (uint64_t)((double)(found.n - 1) * q->real[k]) + 1;
        bool right =
            found.nan ? isnan(quantile[k]) : found.below[k] <= rank && found.not_above[k] >= rank;
        *verdict = right ? *verdict : VERDICT_WRONG;
    }
    return status;
}

static void print(const harness_job *job)
{
    const double *quantile = job->own;
    for (int k = 0; k < job->setting[Q].count; k++)
        printf("%12g %.17g\n", job->setting[Q].real[k], quantile[k]);
    printf("\n");
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"linear", "quantile"}, {NULL, NULL}};
    static const harness_extra extras[] = {[Q] = {"q", "Q,...",
                                                  "Probabilities (default 0.5,0.25,0.75,0,1)",
                                                  KIND_REALS, "0.5,0.25,0.75,0,1", 0, 1},
                                           {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 1, .begin = begin, .run = run, .check = check, .print = print, .end = end};
    static const char *const examples[] = {
        "drivers/quantile FILE.npy", "drivers/quantile --n 1M --q 0.01,0.5,0.99",
        "drivers/quantile --n 256K --dtype i32 --team serial,pool:2", NULL};
    static const trine_driver driver = {
        .name = "quantile",
        .examples = examples,
        .about =
            "Exact quantiles, by counting instead of sorting; between two elements linearly, as "
            "numpy's default. The result shown is the first one's.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .transports = true};
    return trine_driver_main(&driver, argc, argv);
}
