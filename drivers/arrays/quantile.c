/* drivers/arrays/quantile.c - exact quantiles, by counting instead of sorting. */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/quantiles.h"
#include "drivers/harness/judge/ranks.h"

enum { Q };

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
    trine_quantile_method method;
    trine_status status = trine_quantile_method_find(job->method->mode, &method);
    if (!status)
        status = trine_quantile_by(job->in[0], method, job->setting[Q].count, job->setting[Q].real,
                                   quantile);
    job->value = (harness_value){.dtype = TRINE_F64, .as.f64 = quantile[0]};
    return status;
}

/* How all ranks' elements lie to the quantiles that were found. */
static trine_status rank_elements(const harness_job *job, ranked *all)
{
    const trine_array *x = job->in[0];
    void *each = NULL;
    ranked own;
    ranked_begin(&own, job->dtype, job->setting[Q].count, job->own);
    ranked_take(&own, trine_array_data(x), (size_t)trine_array_local_n(x));
    trine_status status = gather_ranks(job->team, &own, sizeof own, &each);
    if (status)
        return status;
    const ranked *found = each;
    *all = found[0];
    for (int rank = 1; rank < trine_team_ranks(job->team); rank++)
        ranked_merge(all, &found[rank]);
    free(each);
    return TRINE_OK;
}

static trine_status check_status(harness_job *job, trine_status came, harness_verdict *verdict)
{
    const double *quantile = job->own;
    const harness_setting *q = &job->setting[Q];
    ranked elements;
    truth right;
    trine_status status = rank_elements(job, &elements);
    bool holds = true;
    for (int k = 0; k < q->count && !status; k++)
        holds = holds && ranked_truth(&elements, job->method->mode, q->real[k], &right) &&
                truth_holds(&right, came, &quantile[k]);
    *verdict = holds ? VERDICT_RIGHT : VERDICT_WRONG;
    return status;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    return check_status(job, TRINE_OK, verdict);
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
    static const harness_method methods[] = {{"linear", "(n - 1) q"},
                                             {"inverted_cdf", "Hyndman and Fan's 1"},
                                             {"averaged_inverted_cdf", "their 2"},
                                             {"closest_observation", "their 3"},
                                             {"interpolated_inverted_cdf", "their 4"},
                                             {"hazen", "their 5"},
                                             {"weibull", "their 6"},
                                             {"median_unbiased", "their 8"},
                                             {"normal_unbiased", "their 9"},
                                             {"lower", "(n - 1) q rounded down"},
                                             {"higher", "(n - 1) q rounded up"},
                                             {"midpoint", "halfway between lower and higher"},
                                             {"nearest", "(n - 1) q rounded to the nearest"},
                                             {NULL, NULL}};
    static const harness_extra extras[] = {[Q] = {"q", "Q,...",
                                                  "Probabilities (default 0.5,0.25,0.75,0,1)",
                                                  KIND_REALS, "0.5,0.25,0.75,0,1", 0, 1},
                                           {.name = NULL}};
    static const harness_operation operation = {.inputs = 1,
                                                .begin = begin,
                                                .run = run,
                                                .check = check,
                                                .check_none = check_status,
                                                .print = print,
                                                .end = end};
    static const char *const examples[] = {
        "drivers/quantile FILE.npy", "drivers/quantile --n 1M --q 0.01,0.5,0.99",
        "drivers/quantile --n 256K --dtype i32 --mode hazen --team serial,pool:2", NULL};
    static const trine_driver driver = {
        .name = "quantile",
        .examples = examples,
        .about =
            "Exact quantiles, by counting instead of sorting, by the definition that --mode names "
            "as numpy does. The result shown is the first one's.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .transports = true};
    return trine_driver_main(&driver, argc, argv);
}
