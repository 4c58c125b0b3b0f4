/* kernels/reduce/weighted.c - weighted means: of values, in[0], and their weights, in[1].
 *
 * Each mode keeps two sums of its own: of the values times the weights, and of the weights. exact
 * divides them as long integers and rounds once. The mean of none is refused; where the weights add
 * up to 0, the quotient is what IEEE 754 says: infinite or NaN.
 *
 * weighted_sum and weighted_mean are exact, and take weights of any type.
 */
#include "kernels/simd/halves.h"
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/reduce/modes.h"

typedef struct fast_wmean_state {
    fast_state products, weights;
} fast_wmean_state;

typedef struct compensated_wmean_state {
    compensated_state products, weights;
} compensated_wmean_state;

typedef struct exact_wmean_state {
    wide_accumulator products;
    accumulator weights;
    uint64_t count;
} exact_wmean_state;

typedef struct exact_wmean_work {
    exact_work products, weights;
} exact_wmean_work;

enum {
    fast_wmean_state_size = sizeof(fast_wmean_state),
    compensated_wmean_state_size = sizeof(compensated_wmean_state),
    exact_wmean_state_size = sizeof(exact_wmean_state),
    fast_wmean_work_size = 0,
    compensated_wmean_work_size = 0,
    exact_wmean_work_size = sizeof(exact_wmean_work),
    fast_wmean_flags = fast_flags,
    compensated_wmean_flags = compensated_flags,
    exact_wmean_flags = exact_flags
};

#define fast_wmean_work_init NULL
#define fast_wmean_work_flush NULL
#define compensated_wmean_work_init NULL
#define compensated_wmean_work_flush NULL

TRINE_INLINE elements weights_of(const trine_chunk *chunk, bool single)
{
    return (elements){chunk->in[1], chunk->in[1], chunk->n, single, PLAIN};
}

static void fast_wmean_init(void *state, const void *param)
{
    fast_wmean_state *s = state;
    fast_init(&s->products, param);
    fast_init(&s->weights, param);
}

TRINE_INLINE void fast_wmean(fast_wmean_state *s, const trine_chunk *chunk, bool single)
{
    fast_add(&s->products, fast_sum(elements_of(chunk, single, PRODUCTS)));
    fast_add(&s->weights, fast_sum(weights_of(chunk, single)));
}

static void fast_wmean_merge(void *left, const void *right, const void *param)
{
    fast_wmean_state *l = left;
    const fast_wmean_state *r = right;
    (void)param;
    fast_add(&l->products, r->products);
    fast_add(&l->weights, r->weights);
}

static trine_status fast_wmean_finish_f64(void *result, const void *state, const void *param)
{
    const fast_wmean_state *s = state;
    (void)param;
    if (s->weights.count == 0)
        return TRINE_E_EMPTY;
    *(double *)result = canonical(s->products.sum / s->weights.sum);
    return TRINE_OK;
}

static void compensated_wmean_init(void *state, const void *param)
{
    compensated_wmean_state *s = state;
    compensated_init(&s->products, param);
    compensated_init(&s->weights, param);
}

TRINE_INLINE void compensated_wmean(compensated_wmean_state *s, const trine_chunk *chunk,
                                    bool single)
{
    compensated_add(&s->products, compensated_chunk(elements_of(chunk, single, PRODUCTS)));
    compensated_add(&s->weights, compensated_chunk(weights_of(chunk, single)));
}

static void compensated_wmean_merge(void *left, const void *right, const void *param)
{
    compensated_wmean_state *l = left;
    const compensated_wmean_state *r = right;
    (void)param;
    compensated_add(&l->products, r->products);
    compensated_add(&l->weights, r->weights);
}

/* The quotient of significands, so that only the true one over- or underflows. */
static trine_status compensated_wmean_finish_f64(void *result, const void *state, const void *param)
{
    const compensated_wmean_state *s = state;
    int of_products = 0, of_weights = 0;
    (void)param;
    if (s->weights.count == 0)
        return TRINE_E_EMPTY;
    double products = frexp(corrected(s->products.sum, s->products.error), &of_products);
    double weights = frexp(corrected(s->weights.sum, s->weights.error), &of_weights);
    *(double *)result = canonical(in_unit(
        products / weights, s->products.exponent + of_products - s->weights.exponent - of_weights));
    return TRINE_OK;
}

static void exact_wmean_init(void *state, const void *param)
{
    exact_wmean_state *s = state;
    (void)param;
    trine_wide_clear(&s->products);
    trine_accumulator_clear(&s->weights);
    s->count = 0;
}

static void exact_wmean_work_init(void *work, const void *param)
{
    exact_wmean_work *w = work;
    (void)param;
    exact_work_clear(&w->products);
    exact_work_clear(&w->weights);
}

TRINE_INLINE void exact_wmean(exact_wmean_work *w, const trine_chunk *chunk, bool single)
{
    exact_work_add(&w->products, elements_of(chunk, single, PRODUCTS));
    exact_work_add(&w->weights, weights_of(chunk, single));
}

static void exact_wmean_work_flush(void *state, void *work, const void *param)
{
    exact_wmean_state *s = state;
    exact_wmean_work *w = work;
    (void)param;
    exact_work_flush_wide(&s->products, &w->products);
    exact_work_gather(&w->weights);
    trine_accumulator_merge(&s->weights, &w->weights.total);
    s->count += w->weights.count;
    exact_work_reset(&w->weights);
}

static void exact_wmean_merge(void *left, const void *right, const void *param)
{
    exact_wmean_state *l = left;
    const exact_wmean_state *r = right;
    (void)param;
    trine_wide_merge(&l->products, &r->products);
    trine_accumulator_merge(&l->weights, &r->weights);
    l->count += r->count;
}

/* A number of the sign, and the finiteness, of the sum that n and seen tell; 1 for a finite one. */
static double kind_of_sum(const bigint *n, uint32_t seen)
{
    double sum;
    if (trine_seen_special(seen, &sum) || n->top < 0)
        return trine_round_seen(n, seen, false);
    return n->negative ? -1 : 1;
}

static trine_status exact_weighted_mean(const exact_wmean_state *s, bool single, double *mean)
{
    bigint products, weights;
    if (s->count == 0)
        return TRINE_E_EMPTY;
    trine_wide_bigint(&s->products, &products);
    trine_accumulator_bigint(&s->weights, &weights);
    double product = kind_of_sum(&products, s->products.seen);
    double weight = kind_of_sum(&weights, s->weights.seen);
    *mean = product != 0 && isfinite(product) && weight != 0 && isfinite(weight)
                ? trine_bigint_quotient(&products, &weights, single)
                : canonical(product / weight);
    return TRINE_OK;
}

static trine_status exact_wmean_finish_f64(void *result, const void *state, const void *param)
{
    (void)param;
    return exact_weighted_mean(state, false, result);
}

static trine_status exact_wsum_finish_f64(void *result, const void *state, const void *param)
{
    const exact_wmean_state *s = state;
    (void)param;
    *(double *)result = trine_wide_round(&s->products, false);
    return TRINE_OK;
}

/* rest: of what is left over, whose size is another. */
typedef struct any_work {
    exact_wmean_work main, rest;
} any_work;

static void any_work_init(void *work, const void *param)
{
    any_work *w = work;
    exact_wmean_work_init(&w->main, param);
    exact_wmean_work_init(&w->rest, param);
}

static void any_work_flush(void *state, void *work, const void *param)
{
    any_work *w = work;
    exact_wmean_work_flush(state, &w->main, param);
    exact_wmean_work_flush(state, &w->rest, param);
}

static bool is_whole(trine_dtype dtype)
{
    return dtype != TRINE_F64 && dtype != TRINE_F32;
}

static void weigh(any_work *w, trine_dtype dtype, const trine_chunk *chunk,
                  const trine_weighted_param *p, bool mean)
{
    halves x, y;
    /* A product of integers is no negative zero. */
    if (is_whole(dtype) && is_whole(p->weights))
        w->main.products.total.seen |= SEEN_OTHER;
    for (int64_t i = 0; i < chunk->n; i += HALVES) {
        size_t n = chunk->n - i < HALVES ? chunk->n - i : HALVES;
        halves_read(&x, dtype, chunk->in[0], i, n);
        halves_read(&y, p->weights, chunk->in[1], i, n);
        halves_add_products(&w->main.products, &w->rest.products, &x, &y, n);
        if (mean)
            halves_add(&w->main.weights, &w->rest.weights, &y, n);
    }
}

#define WEIGH(constant, suffix, type, name)                                                        \
    static void weighted_sum_##suffix(void *work, const trine_chunk *chunk, const void *param)     \
    {                                                                                              \
        weigh(work, constant, chunk, param, false);                                                \
    }                                                                                              \
    static void weighted_mean_##suffix(void *work, const trine_chunk *chunk, const void *param)    \
    {                                                                                              \
        weigh(work, constant, chunk, param, true);                                                 \
    }
TRINE_DTYPES(WEIGH)

#define WEIGHTED(mode)                                                                             \
    TRINE_ACCUMULATE(mode, wmean, f64, mode##_wmean(state, chunk, false))                          \
    TRINE_ACCUMULATE(mode, wmean, f32, mode##_wmean(state, chunk, true))
WEIGHTED(fast)
WEIGHTED(compensated)
WEIGHTED(exact)

TRINE_FINISH_F32(fast_wmean_finish_f32, fast_wmean_finish_f64(&value, state, param))
TRINE_FINISH_F32(compensated_wmean_finish_f32, compensated_wmean_finish_f64(&value, state, param))
TRINE_FINISH_F32(exact_wmean_finish_f32, exact_weighted_mean(state, true, &value))

#define WEIGHTED_REDUCER(NAME, mode, operation, IN, in, OUT, out)                                  \
    TRINE_REDUCER(NAME, mode##_wmean, mode##_wmean_##in, mode##_wmean_finish_##out, 2, IN, OUT, out)

/* With weights in double; trine_weighted_reducer sets what there is. */
#define OF_ANY_WEIGHTS(NAME, ACCUMULATE, FINISH, IN)                                               \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = NAME,                                                                                 \
     .nin = 2,                                                                                     \
     .in = {IN, TRINE_F64},                                                                        \
     .out = TRINE_F64,                                                                             \
     .param_size = sizeof(trine_weighted_param),                                                   \
     .state_size = exact_wmean_state_size,                                                         \
     .result_size = sizeof(double),                                                                \
     .flags = exact_wmean_flags,                                                                   \
     .init = exact_wmean_init,                                                                     \
     .accumulate = ACCUMULATE,                                                                     \
     .merge = exact_wmean_merge,                                                                   \
     .finish = FINISH,                                                                             \
     .work_size = sizeof(any_work),                                                                \
     .work_init = any_work_init,                                                                   \
     .work_flush = any_work_flush},

#define SUM_OF_WEIGHTED(constant, suffix, type, name_)                                             \
    OF_ANY_WEIGHTS("weighted_sum", weighted_sum_##suffix, exact_wsum_finish_f64, constant)
#define MEAN_OF_WEIGHTED(constant, suffix, type, name_)                                            \
    OF_ANY_WEIGHTS("weighted_mean", weighted_mean_##suffix, exact_wmean_finish_f64, constant)

const trine_reducer VARIANT(trine_weighted)[] = {
    TRINE_WEIGHTED_MEANS(WEIGHTED_REDUCER) TRINE_DTYPES(SUM_OF_WEIGHTED)
        TRINE_DTYPES(MEAN_OF_WEIGHTED){.name = NULL}};
