/* gemm.c - the product of two square matrices. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/say.h"

static trine_status begin(harness_job *job)
{
    const trine_array *a = job->in[0];
    trine_array *c = NULL;
    trine_status status = trine_array_create_2d(job->team, job->dtype, trine_array_rows(a),
                                                trine_array_columns(a), TRINE_DISTRIBUTED, &c);
    job->own = c;
    job->bytes = 3 * job->n * trine_dtype_size(job->dtype);
    return status;
}

static trine_status run(harness_job *job)
{
    if (job->dtype != TRINE_F64 && job->dtype != TRINE_F32)
        say("gemm", "elements of %s; this driver takes f64 and f32", trine_dtype_name(job->dtype));
    return job->dtype == TRINE_F64   ? trine_gemm_f64(1, job->in[0], job->in[1], 0, job->own)
           : job->dtype == TRINE_F32 ? trine_gemm_f32(1, job->in[0], job->in[1], 0, job->own)
                                     : TRINE_E_DTYPE;
}

/* Elements that are computed again, spread over the matrix. */
enum { SAMPLES = 100 };

typedef struct samples_param {
    uint64_t index[SAMPLES];
    long double right[SAMPLES], bound[SAMPLES];
    int64_t dtype;
} samples_param;

static void samples_identity(void *state, const void *param)
{
    (void)param;
    memset(state, 0, 2 * sizeof(uint64_t));
}

/* Counts those that this chunk holds, and those of them that are wrong. */
static void samples_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const samples_param *p = param;
    uint64_t *counts = state;
    for (int s = 0; s < SAMPLES; s++) {
        if (p->index[s] < chunk->first || p->index[s] - chunk->first >= chunk->n)
            continue;
        size_t i = (size_t)(p->index[s] - chunk->first);
        long double got = p->dtype == TRINE_F64 ? (long double)((const double *)chunk->in[0])[i]
                                                : (long double)((const float *)chunk->in[0])[i];
        counts[0]++;
        counts[1] += !(fabsl(got - p->right[s]) <= p->bound[s]);
    }
}

static void samples_merge(void *left, const void *right, const void *param)
{
    (void)param;
    for (int i = 0; i < 2; i++)
        ((uint64_t *)left)[i] += ((const uint64_t *)right)[i];
}

static trine_status samples_finish(void *result, const void *state, const void *param)
{
    (void)param;
    memcpy(result, state, 2 * sizeof(uint64_t));
    return TRINE_OK;
}

/* Dot products in long double of what was generated, with the bound of Higham (2nd ed.,
 * section 3.5). */
static void compute_samples(const harness_job *job, samples_param *p)
{
    uint64_t n = trine_array_rows(job->in[0]);
    long double u = job->dtype == TRINE_F64 ? 0x1p-53L : 0x1p-24L;
    p->dtype = (int64_t)job->dtype;
    for (int s = 0; s < SAMPLES; s++) {
        uint64_t index = job->n * (uint64_t)s / SAMPLES + (uint64_t)s * 7919;
        long double sum = 0, magnitude = 0;
        p->index[s] = index % job->n;
        for (uint64_t k = 0; k < n; k++) {
            long double a =
                (long double)harness_element(job->dtype, job->seed, p->index[s] / n * n + k);
            long double b =
                (long double)harness_element(job->dtype, job->seed + 1, k * n + p->index[s] % n);
            sum += a * b;
            magnitude += fabsl(a * b);
        }
        p->right[s] = sum;
        p->bound[s] = (long double)(n + 2) * u * magnitude;
    }
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const trine_array *in[] = {job->own};
    uint64_t counts[2] = {0, 0};
    samples_param *param = malloc(sizeof *param);
    if (!param)
        return TRINE_E_MEMORY;
    const trine_monoid monoid = {.name = "samples",
                                 .nin = 1,
                                 .in = {job->dtype},
                                 .param_size = sizeof *param,
                                 .state_size = sizeof counts,
                                 .result_size = sizeof counts,
                                 .flags = TRINE_ORDER_FREE,
                                 .identity = samples_identity,
                                 .accumulate = samples_accumulate,
                                 .merge = samples_merge,
                                 .finish = samples_finish};
    trine_status status = TRINE_OK;
    if (job->generated) {
        compute_samples(job, param);
        status = trine_reduce(&monoid, param, in, counts);
        *verdict = counts[0] == SAMPLES && counts[1] == 0 ? VERDICT_RIGHT : VERDICT_WRONG;
    }
    free(param);
    job->value.dtype = TRINE_U64;
    return status ? status : harness_digest(job->own, &job->value.as.u64);
}

static void print(const harness_job *job)
{
    const char *library = trine_gemm_library(), *note = trine_gemm_note();
    (void)job;
    printf("by %s%s%s\n\n", library ? library : "no BLAS", note ? "; " : "", note ? note : "");
}

static void end(harness_job *job)
{
    trine_array_free(job->own);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"gemm", "gemm"}, {NULL, NULL}};
    static const harness_extra extras[] = {{"shape", "NxN",
                                            "Rows and columns of both matrices (default 1Kx1K)",
                                            KIND_SHAPE, "1Kx1K", 1, 1e8},
                                           {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 2, .begin = begin, .run = run, .check = check, .print = print, .end = end};
    static const char *const examples[] = {
        "drivers/gemm --shape 512x512", "drivers/gemm --shape 256x256 --dtype f32",
        "drivers/gemm --shape 256x256 --team serial,pool:2", NULL};
    static const trine_driver driver = {
        .name = "gemm",
        .examples = examples,
        .about =
            "The product of two square matrices of f64 or f32, by OpenBLAS on each worker. The "
            "result shown is a digest of its bits.",
        .methods = methods,
        .operation = &operation,
        .extras = extras};
    return trine_driver_main(&driver, argc, argv);
}
