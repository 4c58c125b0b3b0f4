/* sort.c - sorting an array. */
#include <stdlib.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/orders.h"
#include "drivers/harness/judge/ranks.h"

static trine_status begin(harness_job *job)
{
    trine_array *sorted = NULL;
    trine_status status =
        trine_array_create(job->team, job->dtype, job->n, TRINE_DISTRIBUTED, &sorted);
    job->own = sorted;
    return status;
}

/* What is sorted is a copy, made again for each repetition. */
static trine_status reset(harness_job *job)
{
    const trine_map *copy = trine_map_find("copy", job->dtype, job->dtype);
    const trine_array *in[] = {job->in[0]};
    trine_array *const out[] = {job->own};
    return copy ? trine_apply(copy, NULL, in, out) : TRINE_E_ARGUMENT;
}

static trine_status run(harness_job *job)
{
    return trine_sort(job->own);
}

static uint64_t count_nans(trine_dtype dtype, const void *x, size_t n)
{
    uint64_t nans = 0;
    for (size_t i = 0; i < n && dtype == TRINE_F64; i++)
        nans += ((const double *)x)[i] != ((const double *)x)[i];
    for (size_t i = 0; i < n && dtype == TRINE_F32; i++)
        nans += ((const float *)x)[i] != ((const float *)x)[i];
    return nans;
}

/* The elements of all ranks, in the order of their indices. */
static trine_status examine(const trine_array *x, ordered *all)
{
    trine_team *team = trine_array_team(x);
    const void *data = trine_array_data(x);
    size_t n = (size_t)trine_array_local_n(x);
    uint64_t nans = count_nans(trine_array_dtype(x), data, n);
    ordered own = {.n = 0};
    void *each = NULL;
    trine_status status = gather_ranks(team, &nans, sizeof nans, &each);
    if (status)
        return status;
    /* NaN are numbered through all ranks. */
    for (int rank = 0; rank < trine_team_rank(team); rank++)
        own.nans += ((const uint64_t *)each)[rank];
    free(each);
    each = NULL;
    ordered_take(&own, trine_array_dtype(x), data, n);
    status = gather_ranks(team, &own, sizeof own, &each);
    *all = (ordered){.n = 0};
    for (int rank = 0; rank < trine_team_ranks(team) && !status; rank++)
        ordered_merge(all, (const ordered *)each + rank);
    free(each);
    return status;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    ordered before, after;
    trine_status status = examine(job->in[0], &before);
    if (!status)
        status = examine(job->own, &after);
    if (status)
        return status;
    *verdict = ordered_holds(&before, &after) ? VERDICT_RIGHT : VERDICT_WRONG;
    job->value.dtype = TRINE_U64;
    return harness_digest(job->own, &job->value.as.u64);
}

static void end(harness_job *job)
{
    trine_array_free(job->own);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"sort", "sort"}, {NULL, NULL}};
    static const harness_operation operation = {
        .inputs = 1, .begin = begin, .reset = reset, .run = run, .check = check, .end = end};
    static const char *const examples[] = {"drivers/sort --n 1M",
                                           "drivers/sort FILE.npy --team serial,pool:2",
                                           "drivers/sort --n 1e6 --dtype u16 --json", NULL};
    static const trine_driver driver = {
        .name = "sort",
        .examples = examples,
        .about = "Sorts an array: ascending, stable, NaN last. The result shown is a digest of the "
                 "output's bits; GB/s counts each element once.",
        .methods = methods,
        .operation = &operation};
    return trine_driver_main(&driver, argc, argv);
}
