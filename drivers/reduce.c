/* reduce.c - any built-in reduction of one array to one number, on any team. */
#include <math.h>
#include <string.h>

#include "drivers/harness/survey.h"

#define METHOD(name, text) {#name, text},
static const harness_method methods[] = {TRINE_ELEMENT_REDUCTIONS(METHOD)
                                             TRINE_INDEX_REDUCTIONS(METHOD)
                                                 TRINE_COUNT_REDUCTIONS(METHOD){"prod", "product"},
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
    const trine_monoid *monoid = trine_monoid_find(job->method->mode, job->dtype);
    const trine_array *in[] = {job->in[0]};
    const double ddof = job->setting[0].real[0];
    uint64_t bytes;
    if (!monoid)
        return TRINE_E_ARGUMENT;
    trine_status status = trine_reduce(monoid, &ddof, in, &bytes);
    if (!status)
        widen(monoid->out, &bytes, &job->value);
    return status;
}

static long double number(const harness_value *v)
{
    return v->dtype == TRINE_F64   ? (long double)v->as.f64
           : v->dtype == TRINE_F32 ? (long double)v->as.f32
           : v->dtype == TRINE_I64 ? (long double)v->as.i64
                                   : (long double)v->as.u64;
}

/* What the survey says of the method. */
static long double expected(const harness_job *job, const harness_survey *s)
{
    const char *mode = job->method->mode;
    bool skips = strncmp(mode, "nan", 3) == 0, nan = s->nan > 0 && !skips;
    long double n = (long double)s->n, ddof = (long double)job->setting[0].real[0];
    if (strcmp(mode, "min") == 0 || strcmp(mode, "nanmin") == 0)
        return nan ? (long double)NAN : s->min;
    if (strcmp(mode, "max") == 0 || strcmp(mode, "nanmax") == 0)
        return nan ? (long double)NAN : s->max;
    if (strcmp(mode, "absmax") == 0)
        return nan ? (long double)NAN : fmaxl(fabsl(s->min), fabsl(s->max));
    if (strcmp(mode, "argmin") == 0)
        return (long double)(nan ? s->first_nan : s->argmin);
    if (strcmp(mode, "argmax") == 0)
        return (long double)(nan ? s->first_nan : s->argmax);
    if (strcmp(mode, "any") == 0)
        return s->nonzero + s->nan > 0;
    if (strcmp(mode, "all") == 0)
        return s->nonzero == s->n;
    if (strcmp(mode, "count_nonzero") == 0)
        return (long double)(s->nonzero + s->nan);
    if (strcmp(mode, "count_nan") == 0)
        return (long double)s->nan;
    if (strcmp(mode, "prod") == 0)
        return nan ? (long double)NAN
                   : (s->nonzero == s->n ? exp2l(s->log2_abs) : 0) * (s->negative % 2 ? -1 : 1);
    long double variance = s->power[2] / n;
    long double value = strcmp(mode, "skewness") == 0 ? s->power[3] / n / powl(variance, 1.5L)
                        : strcmp(mode, "kurtosis") == 0
                            ? s->power[4] / n / (variance * variance) - 3
                        : strstr(mode, "var") ? s->power[2] / (n - ddof)
                                              : sqrtl(s->power[2] / (n - ddof));
    return nan || s->infinite ? (long double)NAN : value;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    harness_survey s;
    trine_status status = harness_survey_moments(job->in[0], &s);
    if (status)
        return status;
    long double right = expected(job, &s), got = number(&job->value);
    const char *mode = job->method->mode;
    bool rounded = strstr(mode, "var") || strstr(mode, "std") || strstr(mode, "sis") ||
                   strcmp(mode, "skewness") == 0 || strcmp(mode, "prod") == 0;
    /* Moments about the mean: a rounding error an element and a few a merge (Chan, Golub, LeVeque).
     */
    long double bound =
        rounded ? 0x1p-52L * (64 + sqrtl((long double)s.n)) * (fabsl(right) + 1) : 0;
    bool same = got == right || (isnan(got) && isnan(right)) || fabsl(got - right) <= bound;
    *verdict = same ? VERDICT_RIGHT : VERDICT_WRONG;
    return TRINE_OK;
}

int main(int argc, char **argv)
{
    static const harness_extra extras[] = {
        {"ddof", "D", "Divisor n - D of var and std (default 0)", KIND_REAL, "0", 0, 1e15},
        {.name = NULL}};
    static const harness_operation operation = {.inputs = 1, .run = run, .check = check};
    static const trine_driver driver = {
        .name = "reduce",
        .about = "Any built-in reduction of one array to one number, on any team.",
        .methods = methods,
        .operation = &operation,
        .extras = extras};
    return trine_driver_main(&driver, argc, argv);
}
