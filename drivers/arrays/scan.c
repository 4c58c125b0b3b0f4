/* drivers/arrays/scan.c - running sums, products and extremes. */
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/ranks.h"
#include "drivers/harness/judge/scans.h"

#define METHOD(name, text) {#name, text},
static const harness_method methods[] = {TRINE_WIDE_SCANS(METHOD)
                                             TRINE_ELEMENT_SCANS(METHOD){NULL, NULL}};

static trine_status begin(harness_job *job)
{
    const trine_array *x = job->in[0];
    trine_scan_operator op = {TRINE_INIT(trine_scan_operator)};
    trine_array *out = NULL;
    trine_status status = trine_scan_operator_find(job->method->mode, job->dtype, &op);
    if (!status)
        status = trine_array_create_like(x, op.out, TRINE_DISTRIBUTED, &out);
    job->own = out;
    if (!status)
        job->bytes = job->n * (trine_dtype_size(job->dtype) + trine_dtype_size(op.out));
    return status;
}

static trine_status run(harness_job *job)
{
    trine_scan_operator op = {TRINE_INIT(trine_scan_operator)};
    trine_status status = trine_scan_operator_find(job->method->mode, job->dtype, &op);
    return status ? status : trine_scan(&op, job->in[0], NULL, false, job->own);
}

/* A rank's elements, and the last of them. */
typedef struct part {
    facts elements;
    uint64_t last;
} part;

/* What the elements before this rank's hold, and the last of them. */
static trine_status find_before(const trine_array *x, unsigned needs, part *before, bool *any)
{
    trine_team *team = trine_array_team(x);
    size_t item = trine_dtype_size(trine_array_dtype(x)), n = (size_t)trine_array_local_n(x);
    const char *data = trine_array_data(x);
    part own = {.last = 0};
    void *all = NULL;
    *any = false;
    facts_begin(&before->elements, trine_array_dtype(x));
    if (trine_team_ranks(team) == 1)
        return TRINE_OK;
    facts_of_memory(&own.elements, needs, trine_array_dtype(x), data, n);
    if (n)
        memcpy(&own.last, data + (n - 1) * item, item);
    trine_status status = gather_ranks(team, &own, sizeof own, &all);
    for (int rank = 0; !status && rank < trine_team_rank(team); rank++) {
        const part *there = (const part *)all + rank;
        facts_merge(&before->elements, &there->elements);
        before->last = there->elements.n ? there->last : before->last;
        *any = *any || there->elements.n;
    }
    free(all);
    return status;
}

/* Every result by all elements up to it. */
static trine_status judge(harness_job *job, scan_verdict *found)
{
    const trine_array *x = job->in[0], *y = job->own;
    part before = {.last = 0};
    bool any;
    trine_status status = find_before(x, scan_needs(job->method->mode), &before, &any);
    if (!status)
        *found = judge_scan(job->method->mode, &before.elements, any ? &before.last : NULL,
                            trine_array_data(x), trine_array_dtype(y), trine_array_data(y),
                            (size_t)trine_array_local_n(x));
    return status;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    scan_verdict found;
    trine_status status = judge(job, &found);
    if (!status)
        status = agree_on_verdict(job->team, found.right && found.fits, verdict);
    job->value.dtype = TRINE_U64;
    return status ? status : harness_digest(job->own, &job->value.as.u64);
}

/* There is no result when one of them does not fit. */
static trine_status check_none(harness_job *job, trine_status none, harness_verdict *verdict)
{
    scan_verdict found;
    harness_verdict all_fit;
    trine_status status = judge(job, &found);
    if (!status)
        status = agree_on_verdict(job->team, found.fits, &all_fit);
    *verdict = none == TRINE_E_OVERFLOW && all_fit == VERDICT_WRONG ? VERDICT_RIGHT : VERDICT_WRONG;
    return status;
}

static void end(harness_job *job)
{
    trine_array_free(job->own);
}

int main(int argc, char **argv)
{
    static const harness_operation operation = {.inputs = 1,
                                                .begin = begin,
                                                .run = run,
                                                .check = check,
                                                .check_none = check_none,
                                                .end = end};
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
