/* drivers/arrays/reduce.c - any built-in reduction of one array to one number, on any team. */
#include <string.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/reductions.h"

#define METHOD(name, text) {#name, text},
#define MODES(name, text) {#name, text}, {#name "_compensated", text}, {#name "_fast", text},
static const harness_method methods[] = {
    TRINE_MODE_REDUCTIONS(MODES) TRINE_REAL_REDUCTIONS(METHOD) TRINE_ELEMENT_REDUCTIONS(METHOD)
        TRINE_INDEX_REDUCTIONS(METHOD) TRINE_COUNT_REDUCTIONS(METHOD){"prod", "product"},
    TRINE_MOMENT_REDUCTIONS(METHOD){NULL, NULL}};

/* The element at bytes as a value of 64 bits, or an f32. */
static void widen(trine_dtype dtype, const void *bytes, harness_value *value)
{
#define WIDEN(constant, suffix, type, name)                                                        \
    case constant:                                                                                 \
        if (constant == TRINE_F64 || constant == TRINE_F32)                                        \
            memcpy(&value->as, bytes, sizeof(type));                                               \
        else                                                                                       \
            value->as.i64 = (int64_t) * (const type *)bytes;                                       \
        value->dtype = constant == TRINE_F64 || constant == TRINE_F32 ? constant                   \
                       : strchr(name, 'u')                            ? TRINE_U64                  \
                                                                      : TRINE_I64;                                            \
        break;
    switch (dtype) {
        TRINE_DTYPES(WIDEN)
    default:
        break;
    }
}

static trine_status run(harness_job *job)
{
    const trine_reducer *reducer = trine_reducer_find(job->method->mode, job->dtype);
    const trine_array *in[] = {job->in[0]};
    const double ddof = job->setting[0].real[0];
    uint64_t bytes = 0;
    if (!reducer)
        return TRINE_E_ARGUMENT;
    trine_status status = trine_reduce(reducer, in, &ddof, &bytes);
    if (!status)
        widen(reducer->out, &bytes, &job->value);
    return status;
}

static bool has(const harness_method *method, trine_dtype dtype)
{
    return trine_reducer_find(method->mode, dtype) != NULL;
}

/* What the elements hold, found once for all methods and teams, which have the same ones. */
static facts elements;

static harness_int128 whole_of(const harness_value *value)
{
    return value->dtype == TRINE_U64 ? (harness_int128)value->as.u64
                                     : (harness_int128)value->as.i64;
}

static trine_status check_status(harness_job *job, trine_status came, harness_verdict *verdict)
{
    const trine_reducer *reducer = trine_reducer_find(job->method->mode, job->dtype);
    unsigned needs = reduction_needs(job->method->mode);
    if (!reducer || !needs)
        return TRINE_OK;
    trine_status status = facts_of_array(&elements, needs, job->in[0]);
    if (status)
        return status;
    truth right =
        reduction_truth(job->method->mode, reducer->out, job->setting[0].real[0], &elements);
    bool holds = right.kind == TRUTH_WHOLE ? truth_holds_whole(&right, came, whole_of(&job->value))
                                           : truth_holds(&right, came, &job->value.as);
    *verdict = right.kind == TRUTH_OPEN ? VERDICT_UNVERIFIED
               : holds                  ? VERDICT_RIGHT
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
        {"ddof", "D", "Divisor n - D of var and std (default 0)", KIND_REAL, "0", 0, 1e15},
        {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 1, .has = has, .run = run, .check = check, .check_none = check_status};
    static const char *const examples[] = {
        "drivers/reduce FILE.npy --mode argmin",
        "drivers/reduce --n 1M --dtype i16 --mode max --team serial,pool:2",
        "drivers/reduce --n 256K --mode each --csv", NULL};
    static const trine_driver driver = {
        .name = "reduce",
        .examples = examples,
        .about = "Any built-in reduction of one array to one number, on any team.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .transports = true};
    return trine_driver_main(&driver, argc, argv);
}
