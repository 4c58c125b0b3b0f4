/* drivers/arrays/top.c - the k largest or smallest elements, and where they are. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/ranks.h"

enum { K };

typedef struct outputs {
    uint64_t k;
    int64_t *indices;
    unsigned char *values;
} outputs;

static bool is_largest(const harness_job *job)
{
    return strcmp(job->method->mode, "largest") == 0;
}

static trine_status begin(harness_job *job)
{
    outputs *o = calloc(1, sizeof *o);
    job->own = o;
    if (!o)
        return TRINE_E_MEMORY;
    o->k = job->setting[K].whole[0] < job->n ? job->setting[K].whole[0] : job->n;
    o->indices = calloc((size_t)o->k + 1, sizeof *o->indices);
    o->values = calloc((size_t)o->k + 1, trine_dtype_size(job->dtype));
    return o->indices && o->values ? TRINE_OK : TRINE_E_MEMORY;
}

static void end(harness_job *job)
{
    outputs *o = job->own;
    if (o) {
        free(o->indices);
        free(o->values);
    }
    free(o);
}

static trine_status run(harness_job *job)
{
    const outputs *o = job->own;
    return is_largest(job) ? trine_largest(job->in[0], (int64_t)o->k, o->values, o->indices)
                           : trine_smallest(job->in[0], (int64_t)o->k, o->values, o->indices);
}

/* Below 0 when a is before b in ascending order: -0 before 0, every NaN last. */
static int compare(long double a, long double b)
{
    if (isnan(a) || isnan(b))
        return (isnan(a) != 0) - (isnan(b) != 0);
    return a != b ? (a > b) - (a < b) : (signbit(b) != 0) - (signbit(a) != 0);
}

typedef struct indexed {
    long double value;
    uint64_t index;
} indexed;

static bool precedes(const harness_job *job, indexed a, indexed b)
{
    int order = is_largest(job) ? compare(b.value, a.value) : compare(a.value, b.value);
    return order < 0 || (order == 0 && a.index < b.index);
}

static indexed found_at(const harness_job *job, uint64_t i)
{
    const outputs *o = job->own;
    return (indexed){harness_element_at(job->dtype, o->values, (size_t)i), (uint64_t)o->indices[i]};
}

/* Of this rank's elements, how many come before the last that was found, and how many of those
 * found are the element of their index. */
static void count_here(const harness_job *job, uint64_t counts[2])
{
    const outputs *o = job->own;
    const trine_array *x = job->in[0];
    uint64_t n = trine_array_local_n(x), offset = trine_array_offset(x);
    indexed last = found_at(job, o->k - 1);
    for (uint64_t i = 0; i < n; i++) {
        long double value = harness_element_at(job->dtype, trine_array_data(x), (size_t)i);
        counts[0] += precedes(job, (indexed){value, offset + i}, last);
    }
    for (uint64_t i = 0; i < o->k; i++) {
        indexed found = found_at(job, i);
        if (found.index >= offset && found.index - offset < n)
            counts[1] += compare(found.value, harness_element_at(job->dtype, trine_array_data(x),
                                                                 found.index - offset)) == 0;
    }
}

/* They are the k first when each is an element, they are in strict order, and k - 1 elements come
 * before the last. */
static trine_status judge(harness_job *job, bool *right)
{
    const outputs *o = job->own;
    uint64_t own[2] = {0, 0}, before = 0, real = 0;
    void *all = NULL;
    *right = true;
    if (o->k == 0)
        return TRINE_OK;
    count_here(job, own);
    trine_status status = gather_ranks(job->team, own, sizeof own, &all);
    for (int rank = 0; rank < trine_team_ranks(job->team) && !status; rank++) {
        before += ((const uint64_t *)all)[2 * rank];
        real += ((const uint64_t *)all)[2 * rank + 1];
    }
    *right = before == o->k - 1 && real == o->k;
    for (uint64_t i = 1; i < o->k; i++)
        *right = *right && precedes(job, found_at(job, i - 1), found_at(job, i));
    free(all);
    return status;
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const outputs *o = job->own;
    bool right = false;
    trine_array *words = NULL;
    size_t n = trine_team_rank(job->team) == 0 ? (size_t)o->k : 0;
    trine_status status = judge(job, &right);
    *verdict = right ? VERDICT_RIGHT : VERDICT_WRONG;
    if (!status)
        status = trine_array_wrap(job->team, TRINE_I64, o->indices, n, &words);
    job->value.dtype = TRINE_U64;
    if (!status)
        status = harness_digest(words, &job->value.as.u64);
    trine_array_free(words);
    return status;
}

enum { SHOWN = 25 };

static void print(const harness_job *job)
{
    const outputs *o = job->own;
    for (uint64_t i = 0; i < o->k && i < SHOWN; i++)
        printf("%14" PRId64 " %.21Lg\n", o->indices[i],
               harness_element_at(job->dtype, o->values, (size_t)i));
    if (o->k > SHOWN)
        printf("... and %" PRIu64 " more\n", o->k - SHOWN);
    printf("\n");
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"largest", "the greatest first, NaN before all"},
                                             {"smallest", "the least first, NaN after all"},
                                             {NULL, NULL}};
    static const harness_extra extras[] = {
        [K] = {"k", "N", "How many (default 10; at most all)", KIND_WHOLE, "10", 1, 1e9},
        {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 1, .begin = begin, .run = run, .check = check, .print = print, .end = end};
    static const char *const examples[] = {
        "drivers/top FILE.npy", "drivers/top --n 1M --k 3 --mode smallest",
        "drivers/top --n 256K --dtype u16 --k 2000 --team serial,pool:2", NULL};
    static const trine_driver driver = {
        .name = "top",
        .examples = examples,
        .about = "The k largest or smallest elements and where they are; of equal ones the first. "
                 "The result shown is a digest of the places.",
        .methods = methods,
        .operation = &operation,
        .extras = extras};
    return trine_driver_main(&driver, argc, argv);
}
