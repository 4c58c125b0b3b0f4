/* stats.c - number, mean, standard deviation, skewness, kurtosis and range of an array, or of each
 * of its columns or rows, in one reading. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/survey.h"

enum { AXIS, DDOF, SHAPE };

/* description: of the whole, of each column, or of each of this rank's rows. */
typedef struct outputs {
    trine_description *description;
    size_t count;
} outputs;

static int axis_of(const harness_job *job)
{
    return job->setting[AXIS].count ? (int)job->setting[AXIS].whole[0] : -1;
}

static trine_status begin(harness_job *job)
{
    const trine_array *x = job->in[0];
    outputs *o = calloc(1, sizeof *o);
    job->own = o;
    if (!o)
        return TRINE_E_MEMORY;
    uint64_t columns = trine_array_columns(x);
    o->count = axis_of(job) < 0    ? 1
               : axis_of(job) == 0 ? (size_t)columns
                                   : (size_t)(trine_array_local_n(x) / columns);
    o->description = calloc(o->count + 1, sizeof *o->description);
    return o->description ? TRINE_OK : TRINE_E_MEMORY;
}

static void end(harness_job *job)
{
    outputs *o = job->own;
    if (o)
        free(o->description);
    free(o);
}

/* The bits of all results of all ranks, whichever holds them. */
static trine_status digest(harness_job *job)
{
    const outputs *o = job->own;
    trine_array *words;
    bool every = axis_of(job) == 1 || trine_team_rank(job->team) == 0;
    size_t n = every ? o->count * sizeof *o->description / sizeof(uint64_t) : 0;
    trine_status status = trine_array_wrap(job->team, TRINE_U64, o->description, n, &words);
    if (status)
        return status;
    job->value.dtype = TRINE_U64;
    status = harness_digest(words, &job->value.as.u64);
    trine_array_free(words);
    return status;
}

static trine_status run(harness_job *job)
{
    const outputs *o = job->own;
    const trine_array *in[] = {job->in[0]};
    const trine_monoid *describe = trine_monoid_find("describe", job->dtype);
    int axis = axis_of(job);
    if (!describe)
        return TRINE_E_ARGUMENT;
    return axis < 0 ? trine_reduce(describe, NULL, in, o->description)
                    : trine_reduce_axis(describe, NULL, in, axis, o->description);
}

static bool near(double got, long double right, long double bound)
{
    return (long double)got == right || (isnan(got) && isnan(right)) ||
           fabsl((long double)got - right) <= bound;
}

/* The whole against a survey; columns and rows by what they must add up to. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const outputs *o = job->own;
    harness_survey s;
    trine_status status = digest(job);
    if (!status)
        status = harness_survey_moments(job->in[0], &s);
    if (status)
        return status;
    long double n = (long double)s.n, least = INFINITY, most = -INFINITY, sum = 0, square = 0;
    long double mean = n ? s.sum / n : 0, tolerance = 1e-12L * sqrtl(n + 1);
    uint64_t numbers = 0;
    for (size_t i = 0; i < o->count; i++) {
        const trine_description *d = &o->description[i];
        if (d->n == 0)
            continue;
        numbers += d->n;
        sum += (long double)d->mean * (long double)d->n;
        square +=
            ((long double)d->var + ((long double)d->mean - mean) * ((long double)d->mean - mean)) *
            (long double)d->n;
        least = d->min < least ? (long double)d->min : least;
        most = d->max > most ? (long double)d->max : most;
    }
    bool whole = axis_of(job) < 1 || trine_team_ranks(job->team) == 1;
    bool right = !whole || s.infinite ||
                 (numbers == s.n && (s.n == 0 || (least == s.min && most == s.max)) &&
                  near((double)sum, s.sum, tolerance * (s.sum_abs + 1)) &&
                  near((double)square, s.power[2], tolerance * (s.power[2] + s.sum_abs + 1)));
    *verdict = right ? VERDICT_RIGHT : VERDICT_WRONG;
    return TRINE_OK;
}

/* Lines of the table of results that are shown; the others are counted. */
enum { SHOWN = 20 };

static void print(const harness_job *job)
{
    const outputs *o = job->own;
    double ddof = job->setting[DDOF].real[0];
    printf("%12s %14s %10s %13s %13s %9s %9s %13s %13s\n",
           axis_of(job) == 0   ? "column"
           : axis_of(job) == 1 ? "row"
                               : "",
           "n", "NaN", "mean", "std", "skewness", "kurtosis", "min", "max");
    for (size_t i = 0; i < o->count && i < SHOWN; i++) {
        const trine_description *d = &o->description[i];
        double n = (double)d->n, std = n > ddof ? sqrt(d->var * (n / (n - ddof))) : (double)NAN;
        char place[24] = "all";
        if (axis_of(job) >= 0)
            snprintf(place, sizeof place, "%zu", i);
        printf("%12s %14" PRIu64 " %10" PRIu64 " %13.6g %13.6g %9.4f %9.4f %13.6g %13.6g\n", place,
               d->n, d->nan, d->mean, std, d->skewness, d->kurtosis, d->min, d->max);
    }
    if (o->count > SHOWN)
        printf("... and %zu more\n", o->count - SHOWN);
    printf("\n");
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"describe", "describe"}, {NULL, NULL}};
    static const harness_extra extras[] = {
        [AXIS] = {"axis", "A", "0: statistics of each column; 1: of each row (default: of all)",
                  KIND_WHOLE, NULL, 0, 1},
        [DDOF] = {"ddof", "D", "Divisor n - D of the standard deviation (default 0)", KIND_REAL,
                  "0", 0, 1e15},
        [SHAPE] = {"shape", "RxC", "Generate so many rows and columns instead of --n", KIND_SHAPE,
                   NULL, 1, 1e15},
        {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 1, .begin = begin, .run = run, .check = check, .print = print, .end = end};
    static const char *const examples[] = {
        "drivers/stats FILE.npy", "drivers/stats --shape 4Kx100 --axis 0",
        "drivers/stats --n 1M --team serial,omp,pool --json", NULL};
    static const trine_driver driver = {
        .name = "stats",
        .examples = examples,
        .about =
            "Number, mean, standard deviation, skewness, kurtosis and range of an array, or of "
            "each of its columns or rows, in one reading.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .transports = true};
    return trine_driver_main(&driver, argc, argv);
}
