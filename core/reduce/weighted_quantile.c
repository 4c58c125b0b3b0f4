/* core/reduce/weighted_quantile.c - selection by weights instead of ranks.
 *
 * 1. The first round adds up the weights by the first 8 bits of the elements' order keys, exactly.
 *    Its sums give the total, and for each probability the digit in which its share is reached.
 * 2. Each further round does the same for the next 8 bits of the elements whose keys begin alike.
 * 3. When all bits are known, the key is the element.
 */
#include <stdlib.h>

#include <trine/reduce.h>

#include "core/array/array.h"
#include "core/system/error.h"
#include "core/system/float_environment.h"
#include "core/reduce/order_statistics.h"
#include "kernels/registry/params.h"
#include "kernels/reduce/interpolate.h"
#include "kernels/sort/radix.h"
#include "kernels/exact/weight_sums.h"

/* GROUP: probabilities that share the rounds, so that memory is bounded. */
enum { WEIGHT_BITS = 8, GROUP = 8 };

typedef struct weighted_call {
    const char *name;
    const trine_array *x, *weights;
    bool skip;
    int count;
    const double *q;
} weighted_call;

/* before: the weights of all elements whose keys are below those that begin with prefix. */
typedef struct sought {
    double q;
    int at;
    uint64_t prefix;
    accumulator before;
} sought;

typedef struct weighing {
    const trine_array *in[2];
    trine_reducer reducer;
    trine_order_param param;
    accumulator total, first[TRINE_WEIGHT_DIGITS], sums[GROUP * TRINE_WEIGHT_DIGITS];
    sought sought[TRINE_QUANTILES];
} weighing;

static trine_status check(const weighted_call *call, const void *result)
{
    const char *missing = !call->x         ? "x"
                          : !call->weights ? "weights"
                          : !call->q       ? "q"
                          : !result        ? "the result"
                                           : NULL;
    return missing ? trine_fail(TRINE_E_ARGUMENT, "%s: %s is NULL", call->name, missing)
                   : trine_quantile_check(call->name, TRINE_INVERTED_CDF, call->count, call->q);
}

static trine_status weigh(weighing *w, int shift, accumulator sums[])
{
    w->param.shift = (uint32_t)shift;
    w->reducer.state_size = w->param.prefixes * (size_t)TRINE_WEIGHT_DIGITS * sizeof *sums;
    w->reducer.result_size = w->reducer.state_size;
    return trine_reduce(&w->reducer, w->in, &w->param, sums);
}

/* The next digit of some that are sought, in ascending order. */
static void descend(weighing *w, sought s[], int count, const accumulator sums[])
{
    uint64_t before = s[0].prefix;
    for (int i = 0; i < count; i++) {
        if (s[i].prefix != before) {
            before = s[i].prefix;
            sums += TRINE_WEIGHT_DIGITS;
        }
        size_t digit =
            trine_weights_find(sums, TRINE_WEIGHT_DIGITS, &w->total, s[i].q, &s[i].before);
        s[i].prefix = s[i].prefix << WEIGHT_BITS | digit;
    }
}

static trine_status find_group(weighing *w, sought s[], int count, int shift)
{
    descend(w, s, count, w->first);
    for (shift -= WEIGHT_BITS; shift >= 0; shift -= WEIGHT_BITS) {
        w->param.prefixes = 0;
        for (int i = 0; i < count; i++)
            if (i == 0 || s[i].prefix != s[i - 1].prefix)
                w->param.prefix[w->param.prefixes++] = s[i].prefix;
        trine_status status = weigh(w, shift, w->sums);
        if (status)
            return status;
        descend(w, s, count, w->sums);
    }
    return TRINE_OK;
}

/* In ascending order of q: insertion, of few. */
static void set_sought(weighing *w, const weighted_call *call)
{
    for (int i = 0; i < call->count; i++) {
        int at = i;
        for (; at > 0 && w->sought[at - 1].q > call->q[i]; at--)
            w->sought[at] = w->sought[at - 1];
        w->sought[at] = (sought){.q = call->q[i], .at = i};
        trine_accumulator_clear(&w->sought[at].before);
    }
}

/* What the first round and the NaNs say. *nan: the quantiles are. */
static trine_status judge_weights(weighing *w, const weighted_call *call, bool *nan)
{
    double sum;
    int64_t nans = 0;
    bigint total;
    trine_status status = call->skip ? TRINE_OK : trine_count_nan(call->x, &nans);
    if (status)
        return status;
    trine_weights_total(w->first, TRINE_WEIGHT_DIGITS, &w->total);
    trine_accumulator_bigint(&w->total, &total);
    *nan = nans > 0;
    if (trine_seen_special(w->total.seen, &sum))
        return trine_fail(TRINE_E_ARGUMENT, "%s: a weight is negative, infinite or NaN",
                          call->name);
    if (*nan)
        return TRINE_OK;
    if (!w->total.seen)
        return trine_fail(TRINE_E_EMPTY, "%s: %s", call->name, trine_status_text(TRINE_E_EMPTY));
    if (total.top < 0)
        return trine_fail(TRINE_E_ARGUMENT, "%s: the weights add up to 0", call->name);
    return TRINE_OK;
}

/* The elements, of x's type, one after the other; untouched on error. */
static trine_status find_all(weighing *w, const weighted_call *call, void *elements)
{
    trine_dtype dtype = call->x->dtype;
    size_t item = trine_dtype_size(dtype);
    int shift = 8 * (int)item - WEIGHT_BITS;
    bool nan = false;
    w->param = (trine_order_param){.prefixes = 1, .weights = call->weights->dtype};
    trine_status status = weigh(w, shift, w->first);
    if (!status)
        status = judge_weights(w, call, &nan);
    set_sought(w, call);
    for (int i = 0; i < call->count && !status && !nan; i += GROUP)
        status =
            find_group(w, w->sought + i, call->count - i < GROUP ? call->count - i : GROUP, shift);
    for (int i = 0; i < call->count && !status; i++) {
        void *element = (char *)elements + (size_t)w->sought[i].at * item;
        trine_radix_element(dtype, nan ? trine_radix_last(dtype) : w->sought[i].prefix, element);
    }
    return status;
}

static trine_status find_elements(const weighted_call *call, void *elements)
{
    TRINE_FLOAT_SCOPE;
    const trine_array *in[] = {call->x, call->weights};
    trine_status status = check(call, elements);
    const trine_reducer *reducer =
        status ? NULL : trine_reducer_find("order_weights", call->x->dtype);
    weighing *w = reducer ? malloc(sizeof *w) : NULL;
    if (!status && !w)
        status = reducer ? trine_fail(TRINE_E_MEMORY, "%s: no memory for the sums", call->name)
                         : TRINE_E_ARGUMENT;
    if (status || !w) {
        status = trine_call_refuse(trine_arrays_team(in, 2), status);
    } else {
        w->in[0] = call->x;
        w->in[1] = call->weights;
        w->reducer = *reducer;
        w->reducer.in[1] = call->weights->dtype;
        status = find_all(w, call, elements);
    }
    free(w);
    return status;
}

static trine_status weighted_quantile(const weighted_call *call, double quantiles[])
{
    TRINE_FLOAT_SCOPE;
    uint64_t elements[TRINE_QUANTILES];
    trine_status status = find_elements(call, quantiles ? elements : NULL);
    for (int i = 0; i < call->count && quantiles && !status; i++) {
        const char *element = (const char *)elements + (size_t)i * trine_dtype_size(call->x->dtype);
        quantiles[i] = trine_interpolate(call->x->dtype, element, element, 0);
    }
    return status;
}

trine_status trine_quantile_weighted(const trine_array *x, const trine_array *weights, int count,
                                     const double q[], double quantiles[])
{
    const weighted_call call = {"trine_quantile_weighted", x, weights, false, count, q};
    return weighted_quantile(&call, quantiles);
}

trine_status trine_nanquantile_weighted(const trine_array *x, const trine_array *weights, int count,
                                        const double q[], double quantiles[])
{
    const weighted_call call = {"trine_nanquantile_weighted", x, weights, true, count, q};
    return weighted_quantile(&call, quantiles);
}

trine_status trine_quantile_weighted_elements(const trine_array *x, const trine_array *weights,
                                              int count, const double q[], void *elements)
{
    const weighted_call call = {"trine_quantile_weighted_elements", x, weights, false, count, q};
    return find_elements(&call, elements);
}

trine_status trine_nanquantile_weighted_elements(const trine_array *x, const trine_array *weights,
                                                 int count, const double q[], void *elements)
{
    const weighted_call call = {"trine_nanquantile_weighted_elements", x, weights, true, count, q};
    return find_elements(&call, elements);
}
