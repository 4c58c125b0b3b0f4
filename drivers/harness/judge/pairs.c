/* drivers/harness/judge/pairs.c - see pairs.h. */
#include "drivers/harness/judge/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/judge/blocks.h"
#include "drivers/harness/judge/bounds.h"
#include "drivers/harness/judge/ranks.h"

void pair_facts_begin(pair_facts *p, trine_dtype dtype)
{
    *p = (pair_facts){.nan = 0};
    facts_begin(&p->x, dtype);
    facts_begin(&p->y, dtype);
}

static void take_reals(pair_facts *p, const double x[], const double y[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool negative = (signbit(x[i]) != 0) != (signbit(y[i]) != 0);
        bool finite = exact_is_finite(x[i]) && exact_is_finite(y[i]);
        if (finite && x[i] != 0 && y[i] != 0)
            exact_add_product(negative ? &p->minus : &p->plus, x[i], y[i]);
        else if (finite)
            p->minus_zeros += negative;
        else if (isnan(x[i]) || isnan(y[i]) || x[i] == 0 || y[i] == 0)
            p->nan++;
        else
            *(negative ? &p->minus_inf : &p->plus_inf) += 1;
    }
}

static void take_wholes(pair_facts *p, const harness_int128 x[], const harness_int128 y[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        harness_uint128 size = (harness_uint128)(x[i] < 0 ? -x[i] : x[i]);
        size *= (harness_uint128)(y[i] < 0 ? -y[i] : y[i]);
        exact_add_whole((x[i] < 0) != (y[i] < 0) ? &p->minus : &p->plus, size, 0, 1);
    }
}

void pair_facts_take(pair_facts *p, const void *x, const void *y, size_t n)
{
    trine_dtype dtype = p->x.dtype;
    facts_take(&p->x, FACTS_SUMS, x, n, p->x.n);
    facts_take(&p->y, FACTS_SUMS, y, n, p->y.n);
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        if (is_real(dtype)) {
            double reals[2][BLOCK];
            read_reals(dtype, x, i, some, reals[0]);
            read_reals(dtype, y, i, some, reals[1]);
            take_reals(p, reals[0], reals[1], some);
        } else {
            harness_int128 wholes[2][BLOCK];
            read_wholes(dtype, x, i, some, wholes[0]);
            read_wholes(dtype, y, i, some, wholes[1]);
            take_wholes(p, wholes[0], wholes[1], some);
        }
    }
}

static bool has_special(const facts *f)
{
    return f->nan + f->plus_inf + f->minus_inf > 0;
}

static void take_distances(pair_facts *p, const void *x, const void *y, size_t n)
{
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        long double a[BLOCK], b[BLOCK];
        read_numbers(p->x.dtype, x, i, some, a);
        read_numbers(p->x.dtype, y, i, some, b);
        for (size_t k = 0; k < some; k++) {
            long double d = (a[k] - p->x.high) - p->x.low, e = (b[k] - p->y.high) - p->y.low;
            long_sum_add(&p->xx, d * d);
            long_sum_add(&p->yy, e * e);
            long_sum_add(&p->xy, d * e);
            long_sum_add(&p->size, fabsl(d * e));
        }
    }
}

static void begin_again(pair_facts *p)
{
    facts_find_centre(&p->x);
    facts_find_centre(&p->y);
    p->central = !has_special(&p->x) && !has_special(&p->y);
}

void pair_facts_of_memory(pair_facts *p, trine_dtype dtype, const void *x, const void *y, size_t n)
{
    pair_facts_begin(p, dtype);
    pair_facts_take(p, x, y, n);
    begin_again(p);
    if (p->central)
        take_distances(p, x, y, n);
}

static void merge(pair_facts *l, const pair_facts *r)
{
    facts_merge(&l->x, &r->x);
    facts_merge(&l->y, &r->y);
    l->nan += r->nan;
    l->plus_inf += r->plus_inf;
    l->minus_inf += r->minus_inf;
    l->minus_zeros += r->minus_zeros;
    exact_add(&l->plus, &r->plus, 1);
    exact_add(&l->minus, &r->minus, 1);
}

static void merge_again(pair_facts *l, const pair_facts *r)
{
    long_sum_add(&l->xx, long_sum_value(&r->xx));
    long_sum_add(&l->yy, long_sum_value(&r->yy));
    long_sum_add(&l->xy, long_sum_value(&r->xy));
    long_sum_add(&l->size, long_sum_value(&r->size));
}

static trine_status merge_ranks(pair_facts *p, trine_team *team,
                                void (*join)(pair_facts *, const pair_facts *))
{
    void *all = NULL;
    if (trine_team_ranks(team) == 1)
        return TRINE_OK;
    trine_status status = gather_ranks(team, p, sizeof *p, &all);
    if (status)
        return status;
    const pair_facts *found = all;
    *p = found[0];
    for (int rank = 1; rank < trine_team_ranks(team); rank++)
        join(p, &found[rank]);
    free(all);
    return TRINE_OK;
}

trine_status pair_facts_of_arrays(pair_facts *p, const trine_array *x, const trine_array *y)
{
    trine_team *team = trine_array_team(x);
    size_t n = (size_t)trine_array_local_n(x);
    pair_facts_begin(p, trine_array_dtype(x));
    pair_facts_take(p, trine_array_data(x), trine_array_data(y), n);
    trine_status status = merge_ranks(p, team, merge);
    if (status)
        return status;
    begin_again(p);
    if (!p->central)
        return TRINE_OK;
    take_distances(p, trine_array_data(x), trine_array_data(y), n);
    return merge_ranks(p, team, merge_again);
}

/* A sum of products or of weights: what is not finite, or its value and the sizes of its terms. */
typedef struct part {
    bool special, may_overflow;
    double value;
    exact_number sum, size;
    long double error;
} part;

static part special_part(uint64_t nan, uint64_t plus, uint64_t minus)
{
    bool none = nan || (plus && minus);
    return (part){.special = nan + plus + minus > 0,
                  .value = none   ? (double)NAN
                           : plus ? (double)INFINITY
                                  : -(double)INFINITY};
}

static part products_of(const pair_facts *p, sum_mode mode)
{
    part a = special_part(p->nan, p->plus_inf, p->minus_inf);
    uint64_t n = p->x.n;
    a.sum = a.size = p->plus;
    exact_add(&a.sum, &p->minus, -1);
    exact_add(&a.size, &p->minus, 1);
    a.error = sum_error(mode, sum_depth(n) + 1) * exact_long_double(&a.size);
    /* In fast mode a product is rounded, and may underflow. */
    if (mode == MODE_FAST)
        a.error += (long double)n * UNDERFLOW_ERROR;
    a.may_overflow = mode == MODE_FAST && exact_long_double(&a.size) + a.error >= 0x1p1024L;
    return a;
}

static part weights_of(const pair_facts *p, sum_mode mode)
{
    part a = special_part(p->y.nan, p->y.plus_inf, p->y.minus_inf);
    facts_sum(&p->y, &a.sum);
    facts_size(&p->y, &a.size);
    a.error = sum_error(mode, sum_depth(p->y.n)) * exact_long_double(&a.size);
    a.may_overflow = mode == MODE_FAST && exact_long_double(&a.size) + a.error >= 0x1p1024L;
    return a;
}

/* Infinite or NaN; where other partial results may overflow, either. */
static truth special_truth(trine_dtype out, double value, const part *a)
{
    truth t = truth_real(out, value);
    t.loose = t.kind == TRUTH_VALUE && a->may_overflow;
    return t;
}

static truth dot_truth(trine_dtype out, sum_mode mode, const pair_facts *p)
{
    part a = products_of(p, mode);
    if (!is_real(out)) {
        harness_int128 whole;
        bool fits = exact_whole(&a.sum, &whole);
        return truth_whole(out, fits ? whole : (harness_int128)1 << 126);
    }
    if (a.special)
        return special_truth(out, a.value, &a);
    if (exact_sign(&a.size) == 0)
        return truth_real(out, p->minus_zeros && p->minus_zeros == p->x.n ? -0.0 : 0.0);
    truth t = truth_near_exact(out, &a.sum, a.error, mode != MODE_EXACT);
    t.loose = a.may_overflow;
    return t;
}

/* What stands for a sum in a quotient of which one part is not an ordinary number. */
static double stand_in(const part *a, uint64_t minus_zeros, uint64_t n)
{
    if (a->special)
        return a->value;
    return exact_sign(&a->sum) ? (double)exact_sign(&a->sum)
                               : (minus_zeros && minus_zeros == n ? -0.0 : 0.0);
}

static truth mean_truth(trine_dtype out, sum_mode mode, const pair_facts *p)
{
    mode = is_real(p->x.dtype) ? mode : MODE_EXACT;
    part above = products_of(p, mode), below = weights_of(p, mode);
    exact_number quotient;
    if (p->x.n == 0)
        return truth_empty();
    bool exactly = mode == MODE_EXACT;
    bool zero_above = exact_sign(exactly ? &above.sum : &above.size) == 0,
         zero_below = exact_sign(exactly ? &below.sum : &below.size) == 0;
    double stands_for =
        stand_in(&above, p->minus_zeros, p->x.n) / stand_in(&below, p->y.minus_zeros, p->x.n);
    if (above.special || below.special)
        return special_truth(out, stands_for, above.may_overflow ? &above : &below);
    if (zero_below || (zero_above && exact_sign(&below.sum)))
        return truth_real(out, stands_for);
    long double weights = fabsl(exact_long_double(&below.sum)) - below.error;
    if (!(weights > 0))
        return (truth){.kind = TRUTH_OPEN};
    exact_quotient(&quotient, &above.sum, &below.sum);
    long double size = fabsl(exact_long_double(&quotient));
    /* Both sums are rounded before they are divided. */
    long double error =
        exactly ? 0 : (above.error + size * below.error) / weights + 2 * ROUNDOFF * size;
    truth t = truth_near_exact(out, &quotient, error, mode != MODE_EXACT);
    t.loose = above.may_overflow || below.may_overflow;
    return t;
}

static truth covariance(trine_dtype out, double ddof, const pair_facts *p)
{
    long double divisor = (long double)p->x.n - (long double)ddof;
    if (!(divisor > 0))
        return truth_empty();
    if (!p->central)
        return truth_nan(out);
    return truth_near(out, long_sum_value(&p->xy) / divisor,
                      MOMENT_ROUNDINGS * ROUNDOFF * long_sum_value(&p->size) / divisor);
}

static truth correlation(trine_dtype out, const pair_facts *p)
{
    if (p->x.n == 0)
        return truth_empty();
    if (!p->central)
        return truth_nan(out);
    long double spread = sqrtl(long_sum_value(&p->xx)) * sqrtl(long_sum_value(&p->yy)),
                value = long_sum_value(&p->xy) / spread;
    return truth_near(out, value,
                      MOMENT_ROUNDINGS * ROUNDOFF *
                          (long_sum_value(&p->size) / spread + fabsl(value)));
}

truth pair_truth(const char *method, trine_dtype out, double ddof, const pair_facts *p)
{
    int length;
    sum_mode mode = mode_of(method, &length);
    if (strncmp(method, "cov", (size_t)length) == 0)
        return covariance(out, ddof, p);
    if (strncmp(method, "corr", (size_t)length) == 0)
        return correlation(out, p);
    if (strncmp(method, "wmean", (size_t)length) == 0)
        return mean_truth(out, mode, p);
    return strncmp(method, "dot", (size_t)length) == 0 ||
                   strncmp(method, "wsum", (size_t)length) == 0
               ? dot_truth(out, mode, p)
               : (truth){.kind = TRUTH_OPEN};
}
