/* harness/elements.c - judging arrays element by element, in plain long double arithmetic. */
#include <math.h>
#include <string.h>

#include "drivers/harness/harness.h"

enum { PARAM = 256 };

#define ELEMENT(constant, suffix, type, name)                                                      \
    case constant:                                                                                 \
        return (long double)((const type *)x)[i];

long double harness_element_at(trine_dtype dtype, const void *x, size_t i)
{
    switch (dtype) {
        TRINE_DTYPES(ELEMENT)
    default:
        return 0;
    }
}

bool harness_has_room(trine_dtype dtype, long double number)
{
    bool has_sign =
        dtype == TRINE_I64 || dtype == TRINE_I32 || dtype == TRINE_I16 || dtype == TRINE_I8;
    if (dtype == TRINE_F64 || dtype == TRINE_F32)
        return true;
    long double end = ldexpl(1, 8 * (int)trine_dtype_size(dtype) - has_sign);
    return number < end && number >= (has_sign ? -end : 0);
}

long double harness_number(const harness_value *value)
{
    return harness_element_at(value->dtype, &value->as, 0);
}

/* The types of the arrays, and what expected is called with. */
typedef struct check_param {
    harness_expected *expected;
    double ulps;
    int32_t inputs, dtypes[TRINE_ARGS];
    _Alignas(uint64_t) char param[PARAM];
} check_param;

static void wrong_identity(void *state, const void *param)
{
    (void)param;
    *(uint64_t *)state = 0;
}

/* A unit in the last place of a real number of that type; 0 for integers. */
static long double unit(int32_t dtype, long double x)
{
    bool single = dtype == TRINE_F32;
    if (!single && dtype != TRINE_F64)
        return 0;
    long double least = single ? 0x1p-149L : 0x1p-1074L;
    long double relative = fabsl(x) * (single ? 0x1p-23L : 0x1p-52L);
    return relative > least ? relative : least;
}

static void wrong_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const check_param *p = param;
    uint64_t wrong = 0;
    for (size_t i = 0; i < chunk->n; i++) {
        long double x[TRINE_ARGS] = {0};
        for (int k = 0; k < p->inputs; k++)
            x[k] = harness_element_at((trine_dtype)p->dtypes[k], chunk->in[k], i);
        long double right = p->expected(x, chunk->first + i, p->param);
        long double got =
            harness_element_at((trine_dtype)p->dtypes[p->inputs], chunk->in[p->inputs], i);
        long double off = fabsl(got - right);
        bool same = got == right || (isnan(got) && isnan(right)) ||
                    off <= (long double)p->ulps * unit(p->dtypes[p->inputs], right);
        wrong += !same;
    }
    *(uint64_t *)state += wrong;
}

static void wrong_merge(void *left, const void *right, const void *param)
{
    (void)param;
    *(uint64_t *)left += *(const uint64_t *)right;
}

static trine_status wrong_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(uint64_t *)result = *(const uint64_t *)state;
    return TRINE_OK;
}

trine_status harness_check_elements(const trine_array *const in[], int inputs,
                                    const trine_array *out, harness_expected *expected,
                                    const void *param, size_t param_size, double ulps,
                                    harness_verdict *verdict)
{
    const trine_array *all[TRINE_ARGS] = {NULL};
    check_param p = {.expected = expected, .ulps = ulps, .inputs = inputs};
    trine_monoid monoid = {.name = "wrong elements",
                           .nin = inputs + 1,
                           .param_size = sizeof p,
                           .state_size = sizeof(uint64_t),
                           .result_size = sizeof(uint64_t),
                           .flags = TRINE_ORDER_FREE,
                           .identity = wrong_identity,
                           .accumulate = wrong_accumulate,
                           .merge = wrong_merge,
                           .finish = wrong_finish};
    if (param_size > 0 && param_size <= PARAM)
        memcpy(p.param, param, param_size);
    for (int k = 0; k <= inputs; k++) {
        all[k] = k < inputs ? in[k] : out;
        monoid.in[k] = trine_array_dtype(all[k]);
        p.dtypes[k] = (int32_t)monoid.in[k];
    }
    uint64_t wrong = 0;
    trine_status status = trine_reduce(&monoid, &p, all, &wrong);
    *verdict = wrong == 0 ? VERDICT_RIGHT : VERDICT_WRONG;
    return status;
}
