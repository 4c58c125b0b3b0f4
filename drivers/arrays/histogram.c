/* drivers/arrays/histogram.c - how many elements lie in each of some bins of one width. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/ranks.h"

enum { BINS, LOW, HIGH };

typedef struct outputs {
    int64_t *counts;
    double *edges;
} outputs;

static uint64_t bins_of(const harness_job *job)
{
    return job->setting[BINS].whole[0];
}

/* numpy.linspace's: low + i step, at most high, as if exponents had no limit; where a step would be
 * 0, low + (i / bins) (high - low). */
static void make_edges(uint64_t bins, double low, double high, double *edges)
{
    double unit = high - low > DBL_MAX ? 2 : 1, first = low / unit, range = high / unit - first,
           step = range / (double)bins;
    for (uint64_t i = 0; i < bins; i++) {
        double edge = first + (step > 0 ? (double)i * step : (double)i / (double)bins * range);
        edges[i] = fmin(edge * unit, high);
    }
    edges[bins] = high;
}

static trine_status begin(harness_job *job)
{
    uint64_t bins = bins_of(job);
    double low = job->setting[LOW].real[0], high = job->setting[HIGH].real[0];
    outputs *o = calloc(1, sizeof *o);
    job->own = o;
    if (!o)
        return TRINE_E_MEMORY;
    o->counts = calloc((size_t)bins + 3, sizeof *o->counts);
    o->edges = calloc((size_t)bins + 1, sizeof *o->edges);
    if (o->edges)
        make_edges(bins, low, high, o->edges);
    return o->counts && o->edges ? TRINE_OK : TRINE_E_MEMORY;
}

static void end(harness_job *job)
{
    outputs *o = job->own;
    if (o) {
        free(o->counts);
        free(o->edges);
    }
    free(o);
}

static trine_status run(harness_job *job)
{
    const outputs *o = job->own;
    return trine_histogram(job->in[0], bins_of(job), job->setting[LOW].real[0],
                           job->setting[HIGH].real[0], o->counts);
}

/* The bin of x among edges that ascend: the last one that begins at x or below; `bins` below all,
 * bins + 1 above. Bins of one width are guessed. */
static uint64_t bin_of(double x, const double *edges, uint64_t bins)
{
    if (x < edges[0])
        return bins;
    if (x >= edges[bins])
        return x > edges[bins] ? bins + 1 : bins - 1;
    double guess = (x - edges[0]) / (edges[bins] - edges[0]) * (double)bins;
    uint64_t low = guess >= 0 && guess < (double)bins ? (uint64_t)guess : 0, high = bins;
    if (edges[low] <= x && x < edges[low + 1])
        return low;
    for (low = 0; low + 1 < high;) {
        uint64_t middle = low + (high - low) / 2;
        if (edges[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Element by element, of this rank. */
static void count_plainly(const trine_array *x, const double *edges, uint64_t bins,
                          uint64_t *counts)
{
    uint64_t n = trine_array_local_n(x);
    for (uint64_t i = 0; i < n; i++) {
        double v = (double)harness_element_at(trine_array_dtype(x), trine_array_data(x), (size_t)i);
        counts[v != v ? bins + 2 : bin_of(v, edges, bins)]++;
    }
}

/* The counts of all ranks against those that were found, which all ranks have. */
static trine_status compare_counts(harness_job *job, bool *same)
{
    const outputs *o = job->own;
    size_t slots = (size_t)bins_of(job) + 3;
    uint64_t *own = calloc(slots, sizeof *own);
    void *all = NULL;
    if (!own)
        return TRINE_E_MEMORY;
    count_plainly(job->in[0], o->edges, bins_of(job), own);
    trine_status status = gather_ranks(job->team, own, slots * sizeof *own, &all);
    for (size_t i = 0; i < slots && !status; i++) {
        uint64_t count = 0;
        for (int rank = 0; rank < trine_team_ranks(job->team); rank++)
            count += ((const uint64_t *)all)[(size_t)rank * slots + i];
        *same = *same && count == (uint64_t)o->counts[i];
    }
    free(all);
    free(own);
    return status;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const outputs *o = job->own;
    bool same = true;
    trine_array *words = NULL;
    size_t n = trine_team_rank(job->team) == 0 ? (size_t)bins_of(job) + 3 : 0;
    trine_status status = compare_counts(job, &same);
    *verdict = same ? VERDICT_RIGHT : VERDICT_WRONG;
    if (!status)
        status = trine_array_wrap(job->team, TRINE_I64, o->counts, n, &words);
    job->value.dtype = TRINE_U64;
    if (!status)
        status = harness_digest(words, &job->value.as.u64);
    trine_array_free(words);
    return status;
}

enum { SHOWN = 25, BAR = 50 };

static void print(const harness_job *job)
{
    const outputs *o = job->own;
    uint64_t bins = bins_of(job);
    int64_t most = 1;
    for (uint64_t i = 0; i < bins; i++)
        most = o->counts[i] > most ? o->counts[i] : most;
    for (uint64_t i = 0; i < bins && i < SHOWN; i++)
        printf("%12.6g %14" PRId64 " %.*s\n", o->edges[i], o->counts[i],
               (int)((double)o->counts[i] / (double)most * BAR + 0.5),
               "##################################################");
    if (bins > SHOWN)
        printf("... and %" PRIu64 " more bins\n", bins - SHOWN);
    printf("below %" PRId64 ", above %" PRId64 ", NaN %" PRId64 "\n\n", o->counts[bins],
           o->counts[bins + 1], o->counts[bins + 2]);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"histogram", "histogram"}, {NULL, NULL}};
    static const harness_extra extras[] = {
        [BINS] = {"bins", "N", "Bins (default 100)", KIND_WHOLE, "100", 1, TRINE_HISTOGRAM_BINS},
        [LOW] = {"low", "X", "Lower edge of the first (default 0)", KIND_REAL, "0", -DBL_MAX,
                 DBL_MAX},
        [HIGH] = {"high", "X", "Upper edge of the last (default 1)", KIND_REAL, "1", -DBL_MAX,
                  DBL_MAX},
        {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 1, .begin = begin, .run = run, .check = check, .print = print, .end = end};
    static const char *const examples[] = {
        "drivers/histogram FILE.npy", "drivers/histogram --n 1M --bins 10",
        "drivers/histogram --n 1M --dtype u8 --low 0 --high 256 --bins 16", NULL};
    static const trine_driver driver = {
        .name = "histogram",
        .examples = examples,
        .about =
            "How many elements lie in each of some bins of one width; those outside, and NaN, are "
            "counted apart.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .transports = true};
    return trine_driver_main(&driver, argc, argv);
}
