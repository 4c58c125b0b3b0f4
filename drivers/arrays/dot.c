/* drivers/arrays/dot.c - reductions of two arrays: products, weighted means, covariance,
 * correlation. */
#include "drivers/harness/harness.h"
#include "drivers/harness/judge/pairs.h"

#define METHOD(name, text) {#name, text},
#define MODES(name, text) {#name, text}, {#name "_compensated", text}, {#name "_fast", text},
static const harness_method methods[] = {TRINE_PAIRED_MODE_REDUCTIONS(MODES)
                                             TRINE_JOINT_REDUCTIONS(METHOD){NULL, NULL}};

static trine_status run(harness_job *job)
{
    const trine_reducer *reducer = trine_reducer_find(job->method->mode, job->dtype);
    const trine_array *in[] = {job->in[0], job->in[1]};
    const double ddof = job->setting[0].real[0];
    if (!reducer)
        return TRINE_E_ARGUMENT;
    job->value.dtype = reducer->out;
    return trine_reduce(reducer, in, &ddof, &job->value.as);
}

static bool has(const harness_method *method, trine_dtype dtype)
{
    return trine_reducer_find(method->mode, dtype) != NULL;
}

static trine_status check_status(harness_job *job, trine_status came, harness_verdict *verdict)
{
    /* What the elements hold, found once for all methods and teams, which have the same ones. */
    static pair_facts elements;
    static bool found;
    const trine_reducer *reducer = trine_reducer_find(job->method->mode, job->dtype);
    trine_status status =
        found ? TRINE_OK : pair_facts_of_arrays(&elements, job->in[0], job->in[1]);
    found = !status;
    if (status || !reducer)
        return status;
    truth right = pair_truth(job->method->mode, reducer->out, job->setting[0].real[0], &elements);
    *verdict = right.kind == TRUTH_OPEN                    ? VERDICT_UNVERIFIED
               : truth_holds(&right, came, &job->value.as) ? VERDICT_RIGHT
                                                           : VERDICT_WRONG;
    return TRINE_OK;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    return check_status(job, TRINE_OK, verdict);
}

int main(int argc, char **argv)
{
    static const harness_extra extras[] = {
        {"ddof", "D", "Divisor n - D of cov (default 0)", KIND_REAL, "0", 0, 1e15}, {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 2, .has = has, .run = run, .check = check, .check_none = check_status};
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
