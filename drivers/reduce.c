/* reduce.c - any built-in reduction of one array to one number, on any team. */
#include <math.h>
#include <string.h>

#include "drivers/harness/survey.h"

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
    const trine_monoid *monoid = trine_monoid_find(job->method->mode, job->dtype);
    const trine_array *in[] = {job->in[0]};
    const double ddof = job->setting[0].real[0];
    uint64_t bytes = 0;
    if (!monoid)
        return TRINE_E_ARGUMENT;
    trine_status status = trine_reduce(monoid, &ddof, in, &bytes);
    if (!status)
        widen(monoid->out, &bytes, &job->value);
    return status;
}

/* What the survey says of each method: of the elements that are numbers, with n - ddof as divisor.
 */
static long double least(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return s->min;
}

static long double greatest(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return s->max;
}

static long double greatest_absolute(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return fmaxl(fabsl(s->min), fabsl(s->max));
}

static long double range(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return s->max - s->min;
}

static long double variance(const harness_survey *s, long double divisor)
{
    return s->infinite ? (long double)NAN : s->power[2] / divisor;
}

static long double deviation(const harness_survey *s, long double divisor)
{
    return sqrtl(variance(s, divisor));
}

static long double skewness(const harness_survey *s, long double divisor)
{
    long double n = (long double)s->n;
    (void)divisor;
    return s->power[3] / n / powl(variance(s, n), 1.5L);
}

static long double kurtosis(const harness_survey *s, long double divisor)
{
    long double n = (long double)s->n, spread = variance(s, n);
    (void)divisor;
    return s->power[4] / n / (spread * spread) - 3;
}

static long double product(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return (s->nonzero == s->n ? exp2l(s->log2_abs) : 0) * (s->negative % 2 ? -1 : 1);
}

static long double first_least(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return (long double)(s->nan ? s->first_nan : s->argmin);
}

static long double first_greatest(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return (long double)(s->nan ? s->first_nan : s->argmax);
}

static long double is_any(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return s->nonzero + s->nan > 0;
}

static long double is_all(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return s->nonzero == s->n;
}

static long double nonzero(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return (long double)(s->nonzero + s->nan);
}

static long double nans(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return (long double)s->nan;
}

static long double sum(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return s->sum;
}

static long double sum_of_absolutes(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return s->sum_abs;
}

static long double sum_of_squares(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return s->sum_squares;
}

static long double norm(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return sqrtl(s->sum_squares);
}

static long double log_sum(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return s->max + logl(s->exp_sum);
}

static long double mean(const harness_survey *s, long double divisor)
{
    (void)divisor;
    return s->sum / (long double)s->n;
}

/* NaN makes the result NaN, is passed over, or is counted like any other element. A method that is
 * not here is not verified. */
typedef enum nan_rule { NAN_SPREADS, NAN_SKIPPED, NAN_COUNTED } nan_rule;

static const struct {
    const char *mode;
    long double (*of)(const harness_survey *s, long double divisor);
    nan_rule rule;
    bool rounded;
} judges[] = {{"sum", sum, NAN_SPREADS, true},
              {"asum", sum_of_absolutes, NAN_SPREADS, true},
              {"sumsq", sum_of_squares, NAN_SPREADS, true},
              {"nrm2", norm, NAN_SPREADS, true},
              {"mean", mean, NAN_SPREADS, true},
              {"logsumexp", log_sum, NAN_SPREADS, true},
              {"nansum", sum, NAN_SKIPPED, true},
              {"nanmean", mean, NAN_SKIPPED, true},
              {"min", least, NAN_SPREADS, false},
              {"max", greatest, NAN_SPREADS, false},
              {"absmax", greatest_absolute, NAN_SPREADS, false},
              {"ptp", range, NAN_SPREADS, true},
              {"nanmin", least, NAN_SKIPPED, false},
              {"nanmax", greatest, NAN_SKIPPED, false},
              {"argmin", first_least, NAN_COUNTED, false},
              {"argmax", first_greatest, NAN_COUNTED, false},
              {"any", is_any, NAN_COUNTED, false},
              {"all", is_all, NAN_COUNTED, false},
              {"count_nonzero", nonzero, NAN_COUNTED, false},
              {"count_nan", nans, NAN_COUNTED, false},
              {"prod", product, NAN_SPREADS, true},
              {"var", variance, NAN_SPREADS, true},
              {"std", deviation, NAN_SPREADS, true},
              {"skewness", skewness, NAN_SPREADS, true},
              {"kurtosis", kurtosis, NAN_SPREADS, true},
              {"nanvar", variance, NAN_SKIPPED, true},
              {"nanstd", deviation, NAN_SKIPPED, true}};

enum { JUDGES = sizeof judges / sizeof *judges };

/* "asum", "asum_fast" and "asum_compensated" are modes of "asum". */
static bool is_mode_of(const char *mode, const char *kernel)
{
    size_t n = strlen(kernel);
    return strncmp(mode, kernel, n) == 0 && (mode[n] == '\0' || strcmp(mode + n, "_fast") == 0 ||
                                             strcmp(mode + n, "_compensated") == 0);
}

static int judge_of(const char *mode)
{
    int j = 0;
    while (j < JUDGES && !is_mode_of(mode, judges[j].mode))
        j++;
    return j;
}

/* The true value does not fit, or there is nothing to have one of. */
static trine_status check_none(harness_job *job, trine_status none, harness_verdict *verdict)
{
    const trine_monoid *monoid = trine_monoid_find(job->method->mode, job->dtype);
    harness_survey s;
    trine_status status = harness_survey_moments(job->in[0], &s);
    int j = judge_of(job->method->mode);
    if (status || j == JUDGES || !monoid)
        return status;
    long double divisor = (long double)s.n - (long double)job->setting[0].real[0];
    bool right = none == TRINE_E_EMPTY ? s.n == 0 || divisor <= 0
                                       : !harness_has_room(monoid->out, judges[j].of(&s, divisor));
    *verdict = right ? VERDICT_RIGHT : VERDICT_WRONG;
    return TRINE_OK;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    harness_survey s;
    trine_status status = harness_survey_moments(job->in[0], &s);
    int j = judge_of(job->method->mode);
    if (status || j == JUDGES)
        return status;
    long double divisor = (long double)s.n - (long double)job->setting[0].real[0];
    long double right =
        s.nan && judges[j].rule == NAN_SPREADS ? (long double)NAN : judges[j].of(&s, divisor);
    long double got = harness_number(&job->value);
    /* A few roundings an element and a merge (Chan, Golub and LeVeque 1979). */
    long double bound = 0x1p-52L * (64 + sqrtl((long double)s.n)) * (fabsl(right) + 1);
    if (job->value.dtype == TRINE_F32)
        bound += 0x1p-24L * fabsl(right);
    bool same = got == right || (isnan(got) && isnan(right)) ||
                (judges[j].rounded && fabsl(got - right) <= bound);
    *verdict = same ? VERDICT_RIGHT : VERDICT_WRONG;
    return TRINE_OK;
}

int main(int argc, char **argv)
{
    static const harness_extra extras[] = {
        {"ddof", "D", "Divisor n - D of var and std (default 0)", KIND_REAL, "0", 0, 1e15},
        {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 1, .run = run, .check = check, .check_none = check_none};
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
