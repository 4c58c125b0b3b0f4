/* drivers/arrays/sort.c - sorting an array: each of its lines along an axis, or the whole. */
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/orders.h"
#include "drivers/harness/judge/ranks.h"
#include "drivers/harness/data/lines.h"
#include "drivers/harness/cli/log.h"

enum { AXIS, FLAT, SHAPE };

/* A single element without an axis is a line, too. */
static bool is_flat(const harness_job *job)
{
    bool none = trine_array_ndim(job->in[0]) == 0 && !job->setting[AXIS].count;
    return none || job->setting[FLAT].count;
}

/* The lines of x that are sorted: those along the last axis unless the user says otherwise. */
static trine_status look_along(const harness_job *job, const trine_array *x, harness_lines *lines)
{
    const harness_setting *axis = &job->setting[AXIS];
    if (!is_flat(job))
        return harness_lines_along("sort", x, axis->count ? (int)axis->real[0] : -1, lines);
    *lines = (harness_lines){0, 1, (size_t)trine_array_local_n(x), 1};
    return TRINE_OK;
}

static trine_status begin(harness_job *job)
{
    harness_lines lines;
    trine_array *sorted = NULL;
    if (is_flat(job) && job->setting[AXIS].count) {
        log_line("sort", "--axis and --flat: expected one of them");
        return TRINE_E_ARGUMENT;
    }
    trine_status status = look_along(job, job->in[0], &lines);
    if (status || is_flat(job))
        return status;
    status = trine_array_create_like(job->in[0], job->dtype, TRINE_DISTRIBUTED, &sorted);
    job->own = sorted;
    return status;
}

static void keep_all(const trine_chunk *chunk, const void *param)
{
    (void)param;
    memset(chunk->out[0], 1, chunk->n);
}

/* What is sorted is a copy, made again for each repetition. With --flat all elements are kept as an
 * array of one axis, which the ranks hold in another cut. */
static trine_status reset(harness_job *job)
{
    if (is_flat(job)) {
        const trine_predicate all = {.name = "all", .in = job->dtype, .test = keep_all};
        trine_array *sorted = NULL;
        trine_array_free(job->own);
        trine_status status = trine_compact(&all, job->in[0], NULL, &sorted);
        job->own = sorted;
        return status;
    }
    const trine_map *copy = trine_map_find("copy", job->dtype, job->dtype);
    const trine_array *in[] = {job->in[0]};
    trine_array *const out[] = {job->own};
    return copy ? trine_apply(copy, in, NULL, out) : TRINE_E_ARGUMENT;
}

static trine_status run(harness_job *job)
{
    const harness_setting *axis = &job->setting[AXIS];
    return trine_sort_axis(job->own, axis->count ? (int)axis->real[0] : -1);
}

/* Lines that are judged at a time. */
enum { TILE = 64 };

/* `count` lines from `line` on, which lie side by side, as far as this rank has them. */
static void take_own(const trine_array *x, const harness_lines *l, size_t line, size_t count,
                     ordered found[])
{
    size_t first = line / l->inner * l->length * l->inner + line % l->inner;
    trine_dtype dtype = trine_array_dtype(x);
    const char *data = trine_array_data(x);
    /* What has no elements has no address. */
    ordered_take_lines(found, count, dtype, data ? data + first * trine_dtype_size(dtype) : NULL,
                       l->length, l->inner);
}

/* NaN are numbered through all ranks: how many of each line the ranks before this one have. */
static trine_status number_nans(const trine_array *x, const harness_lines *l, size_t line,
                                size_t count, ordered found[])
{
    trine_team *team = trine_array_team(x);
    uint64_t own[TILE];
    void *each = NULL;
    take_own(x, l, line, count, found);
    for (size_t c = 0; c < count; c++) {
        own[c] = found[c].nans;
        found[c] = (ordered){.n = 0};
    }
    trine_status status = gather_ranks(team, own, count * sizeof *own, &each);
    for (int rank = 0; rank < trine_team_rank(team) && !status; rank++)
        for (size_t c = 0; c < count; c++)
            found[c].nans += ((const uint64_t *)each)[(size_t)rank * count + c];
    free(each);
    return status;
}

/* The same lines with the parts of all ranks, which all have some where the axis is the first. */
static trine_status examine(const trine_array *x, const harness_lines *l, size_t line, size_t count,
                            ordered found[])
{
    trine_team *team = trine_array_team(x);
    void *each = NULL;
    memset(found, 0, count * sizeof *found);
    if (l->axis > 0 || trine_team_ranks(team) == 1) {
        take_own(x, l, line, count, found);
        return TRINE_OK;
    }
    trine_status status = number_nans(x, l, line, count, found);
    if (status)
        return status;
    take_own(x, l, line, count, found);
    status = gather_ranks(team, found, count * sizeof *found, &each);
    memset(found, 0, count * sizeof *found);
    for (int rank = 0; rank < trine_team_ranks(team) && !status; rank++)
        for (size_t c = 0; c < count; c++)
            ordered_merge(&found[c], (const ordered *)each + (size_t)rank * count + c);
    free(each);
    return status;
}

/* Lines [first, first + in->inner), which lie side by side. */
static trine_status judge_some(const harness_job *job, const harness_lines *in,
                               const harness_lines *out, size_t first, bool *right)
{
    trine_status status = TRINE_OK;
    for (size_t c = 0; c < in->inner && !status; c += TILE) {
        ordered before[TILE], after[TILE];
        size_t count = in->inner - c < TILE ? in->inner - c : TILE;
        status = examine(job->in[0], in, first + c, count, before);
        if (!status)
            status = examine(job->own, out, first + c, count, after);
        for (size_t i = 0; i < count && !status; i++)
            *right = *right && ordered_holds(&before[i], &after[i]);
    }
    return status;
}

/* Each line by itself. */
static trine_status judge(const harness_job *job, bool *right)
{
    harness_lines in, out;
    trine_status status = look_along(job, job->in[0], &in);
    if (!status)
        status = look_along(job, job->own, &out);
    *right = true;
    for (size_t i = 0; !status && i < in.outer; i++)
        status = judge_some(job, &in, &out, i * in.inner, right);
    return status;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    bool right;
    trine_status status = judge(job, &right);
    if (!status)
        status = agree_on_verdict(job->team, right, verdict);
    job->value.dtype = TRINE_U64;
    return status ? status : harness_digest(job->own, &job->value.as.u64);
}

static void end(harness_job *job)
{
    trine_array_free(job->own);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"sort", "sort"}, {NULL, NULL}};
    static const harness_extra extras[] = {
        [AXIS] = {"axis", "A",
                  "Sort each line along that axis: 0 each column, 1 each row of two axes (default: "
                  "the last, -1)",
                  KIND_SIGNED, NULL, -TRINE_DIMS, TRINE_DIMS - 1},
        [FLAT] = {"flat", NULL, "Sort all elements as one line", KIND_FLAG, NULL, 0, 0},
        [SHAPE] = {"shape", "RxC", "Generate so many rows and columns instead of --n", KIND_SHAPE,
                   NULL, 1, 1e15},
        {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 1, .begin = begin, .reset = reset, .run = run, .check = check, .end = end};
    static const char *const examples[] = {"drivers/sort FILE.npy --team serial,pool:2",
                                           "drivers/sort --shape 4Kx100 --axis 0",
                                           "drivers/sort --n 1e6 --dtype u16 --json", NULL};
    static const trine_driver driver = {
        .name = "sort",
        .examples = examples,
        .about =
            "Sorts an array, or each of its lines along an axis: ascending, stable, NaN last. "
            "The result shown is a digest of the output's bits; GB/s counts each element once.",
        .methods = methods,
        .operation = &operation,
        .extras = extras};
    return trine_driver_main(&driver, argc, argv);
}
