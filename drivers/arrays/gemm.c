/* drivers/arrays/gemm.c - the product of two square matrices. */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/products.h"
#include "drivers/harness/judge/ranks.h"
#include "drivers/harness/cli/log.h"

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
        log_line("gemm", "elements of %s; this driver takes f64 and f32",
                 trine_dtype_name(job->dtype));
    return job->dtype == TRINE_F64   ? trine_gemm_f64(1, job->in[0], job->in[1], 0, job->own)
           : job->dtype == TRINE_F32 ? trine_gemm_f32(1, job->in[0], job->in[1], 0, job->own)
                                     : TRINE_E_DTYPE;
}

/* Products that are made again; of larger matrices some rows only. */
enum { MAX_PRODUCTS = 1 << 30 };

/* The rows of this rank that are computed again: every so many of the whole. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const trine_array *a = job->in[0], *c = job->own;
    uint64_t n = trine_array_rows(a), rows = n ? trine_array_local_n(a) / n : 0,
             first = n ? trine_array_offset(a) / n : 0;
    uint64_t again = n ? MAX_PRODUCTS / (n * n) : 1, step = again ? (n + again - 1) / again : n;
    size_t bytes = (size_t)n * trine_dtype_size(job->dtype);
    void *b = NULL;
    bool right = true;
    trine_status status = gather_array(job->in[1], &b);
    for (uint64_t r = 0; r < rows && !status && right; r++)
        if (step < 2 || (first + r) % step == 0)
            right = judge_product_row(job->dtype, (size_t)n,
                                      (const char *)trine_array_data(a) + r * bytes, b,
                                      (const char *)trine_array_data(c) + r * bytes);
    free(b);
    if (!status)
        status = agree_on_verdict(job->team, right, verdict);
    job->value.dtype = TRINE_U64;
    return status ? status : harness_digest(c, &job->value.as.u64);
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
