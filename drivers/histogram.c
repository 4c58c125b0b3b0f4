/* histogram.c - how many elements lie in each of some bins of one width. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/harness.h"

enum { BINS, LOW, HIGH };

typedef struct outputs {
    uint64_t *counts;
    double *edges;
} outputs;

static uint64_t bins_of(const harness_job *job)
{
    return job->setting[BINS].whole[0];
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
    for (uint64_t i = 0; i < bins && o->edges; i++)
        o->edges[i] = low + (double)i * ((high - low) / (double)bins);
    if (o->edges)
        o->edges[bins] = high;
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

/* Element by element, with a search through the edges by bsearch. */
typedef struct naive_param {
    uint64_t bins;
    int64_t dtype;
} naive_param;

static const double *edges_of(const naive_param *p)
{
    return (const double *)(p + 1);
}

static void naive_identity(void *state, const void *param)
{
    const naive_param *p = param;
    memset(state, 0, (size_t)(p->bins + 3) * sizeof(uint64_t));
}

/* Is x below the bin that begins at `edge`, in it, or above it? The next edge follows. */
static int compare(const void *x, const void *edge)
{
    const double *value = x, *bin = edge;
    return *value < bin[0] ? -1 : *value >= bin[1] ? 1 : 0;
}

static void naive_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const naive_param *p = param;
    const double *edges = edges_of(p);
    uint64_t *counts = state;
    for (size_t i = 0; i < chunk->n; i++) {
        double x = (double)harness_element_at((trine_dtype)p->dtype, chunk->in[0], i);
        const double *bin = bsearch(&x, edges, (size_t)p->bins, sizeof *edges, compare);
        counts[bin                   ? (size_t)(bin - edges)
               : x == edges[p->bins] ? p->bins - 1
               : x < edges[0]        ? p->bins
               : x > edges[p->bins]  ? p->bins + 1
                                     : p->bins + 2]++;
    }
}

static void naive_merge(void *left, const void *right, const void *param)
{
    const naive_param *p = param;
    uint64_t *l = left;
    const uint64_t *r = right;
    for (uint64_t i = 0; i < p->bins + 3; i++)
        l[i] += r[i];
}

static trine_status naive_finish(void *result, const void *state, const void *param)
{
    const naive_param *p = param;
    memcpy(result, state, (size_t)(p->bins + 3) * sizeof(uint64_t));
    return TRINE_OK;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const outputs *o = job->own;
    uint64_t bins = bins_of(job);
    size_t size = (size_t)(bins + 3) * sizeof(uint64_t),
           edges = (size_t)(bins + 1) * sizeof(double);
    naive_param *param = malloc(sizeof *param + edges);
    uint64_t *counts = malloc(size);
    trine_status status = param && counts ? TRINE_OK : TRINE_E_MEMORY;
    if (!status) {
        const trine_array *in[] = {job->in[0]};
        *param = (naive_param){bins, (int64_t)job->dtype};
        memcpy(param + 1, o->edges, edges);
        const trine_monoid naive = {.name = "naive histogram",
                                    .nin = 1,
                                    .in = {job->dtype},
                                    .param_size = sizeof *param + edges,
                                    .state_size = size,
                                    .result_size = size,
                                    .flags = TRINE_ORDER_FREE,
                                    .identity = naive_identity,
                                    .accumulate = naive_accumulate,
                                    .merge = naive_merge,
                                    .finish = naive_finish};
        status = trine_reduce(&naive, param, in, counts);
    }
    if (!status)
        *verdict = memcmp(counts, o->counts, size) == 0 ? VERDICT_RIGHT : VERDICT_WRONG;
    trine_array *words = NULL;
    size_t n = trine_team_rank(job->team) == 0 ? (size_t)bins + 3 : 0;
    if (!status)
        status = trine_array_wrap(job->team, TRINE_U64, o->counts, n, &words);
    job->value.dtype = TRINE_U64;
    if (!status)
        status = harness_digest(words, &job->value.as.u64);
    trine_array_free(words);
    free(param);
    free(counts);
    return status;
}

enum { SHOWN = 25, BAR = 50 };

static void print(const harness_job *job)
{
    const outputs *o = job->own;
    uint64_t bins = bins_of(job), most = 1;
    for (uint64_t i = 0; i < bins; i++)
        most = o->counts[i] > most ? o->counts[i] : most;
    for (uint64_t i = 0; i < bins && i < SHOWN; i++)
        printf("%12.6g %14" PRIu64 " %.*s\n", o->edges[i], o->counts[i],
               (int)((double)o->counts[i] / (double)most * BAR + 0.5),
               "##################################################");
    if (bins > SHOWN)
        printf("... and %" PRIu64 " more bins\n", bins - SHOWN);
    printf("below %" PRIu64 ", above %" PRIu64 ", NaN %" PRIu64 "\n\n", o->counts[bins],
           o->counts[bins + 1], o->counts[bins + 2]);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"histogram", "histogram"}, {NULL, NULL}};
    static const harness_extra extras[] = {
        [BINS] = {"bins", "N", "Bins (default 100)", KIND_WHOLE, "100", 1, TRINE_HISTOGRAM_BINS},
        [LOW] = {"low", "X", "Lower edge of the first (default 0)", KIND_REAL, "0", -1e300, 1e300},
        [HIGH] = {"high", "X", "Upper edge of the last (default 1)", KIND_REAL, "1", -1e300, 1e300},
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
