/* sort.c - sorting an array. */
#include <string.h>

#include "drivers/harness/harness.h"

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

/* Of a piece: its ends, whether it ascends, and a sum over a mix of each element's bits, which
 * tells whether both arrays hold the same elements. */
typedef struct piece {
    long double first, last;
    uint64_t n, mixed, falls;
} piece;

static void piece_identity(void *state, const void *param)
{
    (void)param;
    *(piece *)state = (piece){.n = 0};
}

/* Whether b may follow a: what is not a number comes last. */
static bool ascends(long double a, long double b)
{
    return a <= b || b != b;
}

static void piece_merge(void *left, const void *right, const void *param)
{
    piece *l = left;
    const piece *r = right;
    (void)param;
    if (r->n == 0)
        return;
    if (l->n == 0) {
        *l = *r;
        return;
    }
    l->falls += r->falls + !ascends(l->last, r->first);
    l->last = r->last;
    l->n += r->n;
    l->mixed += r->mixed;
}

static void piece_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    trine_dtype dtype = *(const trine_dtype *)param;
    size_t item = trine_dtype_size(dtype);
    for (size_t i = 0; i < chunk->n; i++) {
        uint64_t bits = 0;
        memcpy(&bits, (const char *)chunk->in[0] + i * item, item);
        long double x = harness_element_at(dtype, chunk->in[0], i);
        bits = (bits + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
        const piece one = {x, x, 1, bits ^ bits >> 31, 0};
        piece_merge(state, &one, param);
    }
}

static trine_status piece_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(piece *)result = *(const piece *)state;
    return TRINE_OK;
}

static trine_status examine(const trine_array *x, piece *found)
{
    trine_dtype dtype = trine_array_dtype(x);
    const trine_monoid monoid = {.name = "ascent",
                                 .nin = 1,
                                 .in = {dtype},
                                 .param_size = sizeof dtype,
                                 .state_size = sizeof *found,
                                 .result_size = sizeof *found,
                                 .identity = piece_identity,
                                 .accumulate = piece_accumulate,
                                 .merge = piece_merge,
                                 .finish = piece_finish};
    return trine_reduce(&monoid, &dtype, &x, found);
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    piece before, after;
    trine_status status = examine(job->in[0], &before);
    if (!status)
        status = examine(job->own, &after);
    if (status)
        return status;
    bool right = after.falls == 0 && after.n == before.n && after.mixed == before.mixed;
    *verdict = right ? VERDICT_RIGHT : VERDICT_WRONG;
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
