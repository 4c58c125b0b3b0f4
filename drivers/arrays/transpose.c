/* drivers/arrays/transpose.c - rows become columns. */
#include <stdlib.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/orders.h"
#include "drivers/harness/judge/ranks.h"

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

/* The elements with the places that they had to come to, against those that they have. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const trine_array *x = job->in[0], *y = job->own;
    size_t item = trine_dtype_size(job->dtype);
    const uint64_t mixes[] = {turned_mix(trine_array_data(x), item, trine_array_offset(x),
                                         (size_t)trine_array_local_n(x), trine_array_rows(x),
                                         trine_array_columns(x)),
                              placed_mix(trine_array_data(y), item, trine_array_offset(y),
                                         (size_t)trine_array_local_n(y))};
    uint64_t difference = 0;
    void *all = NULL;
    trine_status status = gather_ranks(job->team, mixes, sizeof mixes, &all);
    for (int i = 0; i < 2 * trine_team_ranks(job->team) && !status; i++)
        difference += i % 2 ? ((const uint64_t *)all)[i] : 0 - ((const uint64_t *)all)[i];
    free(all);
    *verdict = difference == 0 ? VERDICT_RIGHT : VERDICT_WRONG;
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
