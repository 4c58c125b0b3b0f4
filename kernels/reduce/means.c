/* kernels/reduce/means.c - means of the elements, and of those that are numbers.
 *
 * exact: the exact sum as a long integer, divided and rounded once. compensated and fast: the sum
 * of that mode, divided. Integers: the sum in 128 bits, divided. The mean of none is refused.
 */
#include "kernels/reduce/integers.h"
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/reduce/modes.h"

TRINE_ACCUMULATE_MODES(mean, PLAIN)
TRINE_ACCUMULATE_MODES(nanmean, NUMBERS)

static trine_status fast_finish_f64(void *result, const void *state, const void *param)
{
    const fast_state *s = state;
    (void)param;
    if (s->count == 0)
        return TRINE_E_EMPTY;
    *(double *)result = canonical(s->sum / (double)s->count);
    return TRINE_OK;
}

static trine_status compensated_finish_f64(void *result, const void *state, const void *param)
{
    const compensated_state *s = state;
    (void)param;
    if (s->count == 0)
        return TRINE_E_EMPTY;
    *(double *)result =
        canonical(in_unit(corrected(s->sum, s->error) / (double)s->count, s->exponent));
    return TRINE_OK;
}

typedef struct exact_mean_state {
    accumulator sum;
    uint64_t count;
} exact_mean_state;

enum { exact_state_size = sizeof(exact_mean_state) };

static void exact_init(void *state, const void *param)
{
    exact_mean_state *s = state;
    (void)param;
    trine_accumulator_clear(&s->sum);
    s->count = 0;
}

static void exact_merge(void *left, const void *right, const void *param)
{
    exact_mean_state *l = left;
    const exact_mean_state *r = right;
    (void)param;
    trine_accumulator_merge(&l->sum, &r->sum);
    l->count += r->count;
}

static void exact_work_flush(void *state, void *work, const void *param)
{
    exact_mean_state *s = state;
    exact_work *w = work;
    (void)param;
    exact_work_gather(w);
    trine_accumulator_merge(&s->sum, &w->total);
    s->count += w->count;
    exact_work_reset(w);
}

static trine_status exact_mean(const exact_mean_state *s, bool single, double *mean)
{
    bigint sum, count;
    if (s->count == 0)
        return TRINE_E_EMPTY;
    trine_accumulator_bigint(&s->sum, &sum);
    trine_bigint_from_integer(&count, s->count);
    bool quotient = sum.top >= 0 && !trine_seen_special(s->sum.seen, mean);
    *mean = quotient ? trine_bigint_quotient(&sum, &count, single)
                     : trine_round_seen(&sum, s->sum.seen, single);
    return TRINE_OK;
}

static trine_status exact_finish_f64(void *result, const void *state, const void *param)
{
    (void)param;
    return exact_mean(state, false, result);
}

static trine_status integer_finish_f64(void *result, const void *state, const void *param)
{
    const integer_state *s = state;
    bigint sum, count;
    (void)param;
    if (s->count == 0)
        return TRINE_E_EMPTY;
    trine_bigint_from_integer(&sum, s->sum);
    trine_bigint_from_integer(&count, s->count);
    *(double *)result = trine_bigint_quotient(&sum, &count, false);
    return TRINE_OK;
}

TRINE_FINISH_F32(fast_finish_f32, fast_finish_f64(&value, state, param))
TRINE_FINISH_F32(compensated_finish_f32, compensated_finish_f64(&value, state, param))
TRINE_FINISH_F32(exact_finish_f32, exact_mean(state, true, &value))

#define MEAN_REDUCER(NAME, mode, operation, IN, in, OUT, out)                                      \
    TRINE_REDUCER(NAME, mode, mode##_##operation##_##in, mode##_finish_##out, 1, IN, OUT, out)

const trine_reducer VARIANT(trine_means)[] = {TRINE_MEANS(MEAN_REDUCER){.name = NULL}};
