/* harness/survey.c - see survey.h. */
#include "drivers/harness/survey.h"

#include <math.h>

typedef struct survey_param {
    long double mean, max;
    int64_t dtype;
    bool central;
} survey_param;

static void survey_identity(void *state, const void *param)
{
    (void)param;
    *(harness_survey *)state = (harness_survey){.min = INFINITY,
                                                .max = -INFINITY,
                                                .argmin = UINT64_MAX,
                                                .argmax = UINT64_MAX,
                                                .first_nan = UINT64_MAX};
}

/* Whether a comes before b: -0 before +0. */
static bool below(long double a, long double b)
{
    return a < b || (a == b && signbit(a) && !signbit(b));
}

static void take(harness_survey *s, const survey_param *p, long double x, uint64_t index)
{
    if (isnan(x)) {
        s->first_nan = s->nan++ == 0 ? index : s->first_nan;
        return;
    }
    if (below(x, s->min) || s->n == 0) {
        s->min = x;
        s->argmin = index;
    }
    if (below(s->max, x) || s->n == 0) {
        s->max = x;
        s->argmax = index;
    }
    s->n++;
    s->infinite += isinf(x) != 0;
    s->nonzero += x != 0;
    s->negative += signbit(x) != 0;
    s->sum += x;
    s->sum_abs += fabsl(x);
    s->sum_squares += x * x;
    s->log2_abs += p->central || x == 0 ? 0 : log2l(fabsl(x));
    long double d = x - p->mean, power = 1;
    s->exp_sum += p->central ? expl(x - p->max) : 0;
    for (int k = 1; k <= 4 && p->central; k++) {
        power *= d;
        s->power[k] += power;
    }
}

static void survey_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const survey_param *p = param;
    for (size_t i = 0; i < chunk->n; i++)
        take(state, p, harness_element_at((trine_dtype)p->dtype, chunk->in[0], i),
             chunk->first + i);
}

static void survey_merge(void *left, const void *right, const void *param)
{
    harness_survey *l = left;
    const harness_survey *r = right;
    (void)param;
    if (r->n > 0 && (l->n == 0 || below(r->min, l->min))) {
        l->min = r->min;
        l->argmin = r->argmin;
    }
    if (r->n > 0 && (l->n == 0 || below(l->max, r->max))) {
        l->max = r->max;
        l->argmax = r->argmax;
    }
    l->first_nan = l->nan ? l->first_nan : r->first_nan;
    l->n += r->n;
    l->nan += r->nan;
    l->nonzero += r->nonzero;
    l->infinite += r->infinite;
    l->negative += r->negative;
    l->sum += r->sum;
    l->sum_abs += r->sum_abs;
    l->sum_squares += r->sum_squares;
    l->log2_abs += r->log2_abs;
    l->exp_sum += r->exp_sum;
    for (int k = 1; k <= 4; k++)
        l->power[k] += r->power[k];
}

static trine_status survey_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(harness_survey *)result = *(const harness_survey *)state;
    return TRINE_OK;
}

trine_status harness_survey_array(const trine_array *x, const harness_survey *first,
                                  harness_survey *survey)
{
    trine_dtype dtype = trine_array_dtype(x);
    survey_param param = {.dtype = (int64_t)dtype, .central = first != NULL};
    if (first && first->n > 0) {
        param.mean = first->sum / (long double)first->n;
        param.max = first->max;
    }
    const trine_monoid monoid = {.name = "survey",
                                 .nin = 1,
                                 .in = {dtype},
                                 .param_size = sizeof param,
                                 .state_size = sizeof *survey,
                                 .result_size = sizeof *survey,
                                 .identity = survey_identity,
                                 .accumulate = survey_accumulate,
                                 .merge = survey_merge,
                                 .finish = survey_finish};
    return trine_reduce(&monoid, &param, &x, survey);
}

trine_status harness_survey_moments(const trine_array *x, harness_survey *survey)
{
    harness_survey first;
    trine_status status = harness_survey_array(x, NULL, &first);
    if (status)
        return status;
    status = harness_survey_array(x, &first, survey);
    survey->log2_abs = first.log2_abs;
    return status;
}
