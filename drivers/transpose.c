/* transpose.c - rows become columns. */
#include "drivers/harness/harness.h"

static trine_status begin(harness_job *job)
{
    const trine_array *x = job->in[0];
    trine_array *out = NULL;
    trine_status status = trine_array_create_2d(job->team, job->dtype, trine_array_columns(x),
                                                trine_array_rows(x), TRINE_DISTRIBUTED, &out);
    job->own = out;
    job->bytes = 2 * job->n * trine_dtype_size(job->dtype);
    return status;
}

static trine_status run(harness_job *job)
{
    return trine_transpose(job->in[0], job->own);
}

typedef struct source_param {
    uint64_t rows, columns, seed;
    int64_t dtype;
} source_param;

/* The element that was generated at the place that this one came from. */
static long double source(const long double x[], uint64_t index, const void *param)
{
    const source_param *p = param;
    uint64_t row = index % p->rows, column = index / p->rows;
    (void)x;
    return (long double)harness_element((trine_dtype)p->dtype, p->seed, row * p->columns + column);
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const source_param param = {trine_array_rows(job->in[0]), trine_array_columns(job->in[0]),
                                job->seed, (int64_t)job->dtype};
    trine_status status = TRINE_OK;
    if (job->generated)
        status =
            harness_check_elements(NULL, 0, job->own, source, &param, sizeof param, 0, verdict);
    job->value.dtype = TRINE_U64;
    return status ? status : harness_digest(job->own, &job->value.as.u64);
}

static void end(harness_job *job)
{
    trine_array_free(job->own);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"transpose", "transpose"}, {NULL, NULL}};
    static const harness_extra extras[] = {{"shape", "RxC",
                                            "Rows and columns to generate (default 4Kx4K)",
                                            KIND_SHAPE, "4Kx4K", 1, 1e15},
                                           {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 1, .begin = begin, .run = run, .check = check, .end = end};
    static const char *const examples[] = {
        "drivers/transpose --shape 1Kx1K",
        "drivers/transpose --shape 300x5000 --team serial,pool:2",
        "drivers/transpose --shape 1Kx2K --dtype u8 --json", NULL};
    static const trine_driver driver = {
        .name = "transpose",
        .examples = examples,
        .about =
            "Rows become columns. The result shown is a digest of the output's bits; GB/s counts "
            "each element once read and once written.",
        .methods = methods,
        .operation = &operation,
        .extras = extras};
    return trine_driver_main(&driver, argc, argv);
}
