/* drivers/arrays/stats.c - number, mean, standard deviation, skewness, kurtosis and range of an
 * array, or of each of its lines along an axis, in one reading. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/ranks.h"
#include "drivers/harness/judge/reductions.h"
#include "drivers/harness/data/lines.h"

enum { AXIS, DDOF, SHAPE };

/* The axis of no axis: the whole. */
enum { WHOLE = -1 };

/* description: of the whole, or of each line along the axis that this rank has the result of. */
typedef struct outputs {
    trine_description *description;
    size_t count;
    harness_lines lines;
} outputs;

static trine_status look_around(const harness_job *job, outputs *o)
{
    const harness_setting *axis = &job->setting[AXIS];
    o->lines = (harness_lines){WHOLE, 1, 1, 1};
    trine_status status = TRINE_OK;
    if (axis->count)
        status = harness_lines_along("stats", job->in[0], (int)axis->real[0], &o->lines);
    o->count = o->lines.outer * o->lines.inner;
    return status;
}

static trine_status begin(harness_job *job)
{
    outputs *o = calloc(1, sizeof *o);
    job->own = o;
    if (!o)
        return TRINE_E_MEMORY;
    trine_status status = look_around(job, o);
    if (status)
        return status;
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
    bool every = o->lines.axis > 0 || trine_team_rank(job->team) == 0;
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
    const trine_reducer *describe = trine_reducer_find("describe", job->dtype);
    int axis = o->lines.axis;
    if (!describe)
        return TRINE_E_ARGUMENT;
    return axis == WHOLE ? trine_reduce(describe, in, NULL, o->description)
                         : trine_reduce_axis(describe, in, NULL, axis, o->description);
}

enum { NEEDS = FACTS_SUMS | FACTS_EXTREMES | FACTS_MOMENTS };

static bool is_whole_right(const trine_array *x, const outputs *o, trine_status *status)
{
    /* What the elements hold, found once for all teams, which have the same ones. */
    static facts elements;
    *status = facts_of_array(&elements, NEEDS, x);
    return *status || description_holds(o->description, &elements);
}

/* Lines that this rank holds whole, each taken out. */
static bool are_lines_right(const trine_array *x, const outputs *o, trine_status *status)
{
    size_t item = trine_dtype_size(trine_array_dtype(x));
    const char *data = trine_array_data(x);
    const harness_lines *l = &o->lines;
    char *line = malloc(l->length * item + 1);
    bool right = true;
    *status = line ? TRINE_OK : TRINE_E_MEMORY;
    for (size_t i = 0; i < o->count && right && line; i++) {
        facts elements;
        size_t first = i / l->inner * l->length * l->inner + i % l->inner;
        for (size_t k = 0; k < l->length; k++)
            memcpy(line + k * item, data + (first + k * l->inner) * item, item);
        facts_of_memory(&elements, NEEDS, trine_array_dtype(x), line, l->length);
        right = description_holds(&o->description[i], &elements);
    }
    free(line);
    return right;
}

/* Columns whose facts are found at a time, of which all ranks send theirs. */
enum { TILE = 64 };

static bool are_columns_right(const trine_array *x, const outputs *o, trine_status *status)
{
    facts *elements = malloc(TILE * sizeof *elements);
    bool right = true;
    *status = elements ? TRINE_OK : TRINE_E_MEMORY;
    for (size_t first = 0; first < o->count && !*status; first += TILE) {
        size_t count = o->count - first < TILE ? o->count - first : TILE;
        *status = facts_of_columns(elements, NEEDS, x, first, count);
        for (size_t c = 0; c < count && !*status; c++)
            right = right && description_holds(&o->description[first + c], &elements[c]);
    }
    free(elements);
    return right;
}

/* The whole, or each line by what its elements hold. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const outputs *o = job->own;
    bool right = true;
    trine_status status = digest(job), found = TRINE_OK;
    if (status)
        return status;
    if (o->lines.axis == WHOLE)
        right = is_whole_right(job->in[0], o, &found);
    else if (o->lines.axis == 0)
        right = are_columns_right(job->in[0], o, &found);
    else
        right = are_lines_right(job->in[0], o, &found);
    return found ? found : agree_on_verdict(job->team, right, verdict);
}

/* Lines of the table of results that are shown; the others are counted. */
enum { SHOWN = 20 };

/* Where a result lies: its indices along the other axes. */
static void name_place(const harness_job *job, size_t result, char *text, size_t size)
{
    const int64_t *shape = trine_array_shape(job->in[0]);
    size_t index[TRINE_DIMS], used = 0;
    const outputs *o = job->own;
    int axis = o->lines.axis, ndim = trine_array_ndim(job->in[0]);
    snprintf(text, size, "all");
    for (int k = ndim - 1; k >= 0 && axis != WHOLE; k--) {
        index[k] = k == axis ? 0 : k > 0 ? result % (size_t)shape[k] : result;
        result /= k == axis ? 1 : (size_t)shape[k];
    }
    for (int k = 0; k < ndim && axis != WHOLE && used < size; k++)
        if (k != axis)
            used += (size_t)snprintf(text + used, size - used, "%s%zu", used ? "," : "", index[k]);
}

static void print(const harness_job *job)
{
    const outputs *o = job->own;
    double ddof = job->setting[DDOF].real[0];
    printf("%12s %14s %10s %13s %13s %9s %9s %13s %13s\n", o->lines.axis == WHOLE ? "" : "at", "n",
           "NaN", "mean", "std", "skewness", "kurtosis", "min", "max");
    for (size_t i = 0; i < o->count && i < SHOWN; i++) {
        const trine_description *d = &o->description[i];
        double n = (double)d->n, std = n > ddof ? d->std * sqrt(n / (n - ddof)) : (double)NAN;
        char place[64];
        name_place(job, i, place, sizeof place);
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
        [AXIS] = {"axis", "A",
                  "Statistics of each line along that axis: 0 of each column, 1 or -1 "
                  "of each row of two axes (default: of all)",
                  KIND_SIGNED, NULL, -TRINE_DIMS, TRINE_DIMS - 1},
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
            "each of its lines along an axis (columns, rows), in one reading.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .transports = true};
    return trine_driver_main(&driver, argc, argv);
}
