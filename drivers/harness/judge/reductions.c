/* drivers/harness/judge/reductions.c - see reductions.h. */
#include "drivers/harness/judge/reductions.h"

#include <math.h>
#include <string.h>

#include "drivers/harness/judge/blocks.h"
#include "drivers/harness/judge/bounds.h"

/* One reduction of elements of which f tells. */
typedef struct question {
    const facts *f;
    trine_dtype out;
    sum_mode mode;
    double ddof;
} question;

static exact_number whole_number(uint64_t n)
{
    exact_number a;
    exact_clear(&a);
    exact_add_bits(&a, n, 0, 1);
    return a;
}

/* What infinities and NaN make of a sum: whether that is all there is to it. */
static bool is_special_sum(const question *q, bool skips_nan, truth *t)
{
    const facts *f = q->f;
    if ((f->nan && !skips_nan) || (f->plus_inf && f->minus_inf))
        *t = truth_nan(q->out);
    else if (f->plus_inf || f->minus_inf)
        *t = truth_real(q->out, f->plus_inf ? (double)INFINITY : -(double)INFINITY);
    else
        return false;
    exact_number size;
    facts_size(f, &size);
    /* Other partial sums may come to the other infinity. */
    t->loose =
        q->mode == MODE_FAST && t->kind == TRUTH_VALUE && exact_long_double(&size) * 2 >= 0x1p1024L;
    return true;
}

/* A sum by its true value and the sizes of its terms. zero: what stands for 0, when no term was
 * another number. */
static truth summed(const question *q, const exact_number *value, const exact_number *size,
                    double zero)
{
    long double sizes = exact_long_double(size);
    if (exact_sign(size) == 0)
        return truth_real(q->out, zero);
    long double bound = sum_error(q->mode, sum_depth(q->f->n)) * sizes;
    truth t = truth_near_exact(q->out, value, bound, q->mode != MODE_EXACT);
    t.loose = q->mode == MODE_FAST && sizes + bound >= 0x1p1024L;
    return t;
}

/* -0 is the identity: a sum of zeros has a sign when all do. */
static double zero_of(const facts *f)
{
    return f->minus_zeros > 0 && f->minus_zeros == facts_numbers(f) ? -0.0 : 0.0;
}

static truth whole_sum(const question *q, const exact_number *value)
{
    harness_int128 whole;
    bool fits = exact_whole(value, &whole);
    return truth_whole(q->out, fits ? whole : (harness_int128)1 << 126);
}

static truth sum_truth(const question *q, bool skips_nan)
{
    exact_number value, size;
    truth t;
    facts_sum(q->f, &value);
    facts_size(q->f, &size);
    if (!is_real(q->out))
        return whole_sum(q, &value);
    return is_special_sum(q, skips_nan, &t) ? t : summed(q, &value, &size, zero_of(q->f));
}

static truth plain_sum(const question *q)
{
    return sum_truth(q, false);
}

static truth number_sum(const question *q)
{
    return sum_truth(q, true);
}

/* Of what cannot be negative: NaN, or infinite, or neither. */
static bool is_special_size(const question *q, truth *t)
{
    bool special = q->f->nan + q->f->plus_inf + q->f->minus_inf > 0;
    *t = q->f->nan ? truth_nan(q->out) : truth_real(q->out, (double)INFINITY);
    return special;
}

static truth absolute_sum(const question *q)
{
    exact_number size;
    truth t;
    facts_size(q->f, &size);
    if (!is_real(q->out))
        return whole_sum(q, &size);
    return is_special_size(q, &t) ? t : summed(q, &size, &size, 0);
}

static truth square_sum(const question *q)
{
    truth t;
    if (!is_real(q->out))
        return whole_sum(q, &q->f->squares);
    if (is_special_size(q, &t))
        return t;
    if (exact_sign(&q->f->squares) == 0)
        return truth_real(q->out, 0);
    if (q->mode == MODE_EXACT)
        return truth_near_exact(q->out, &q->f->squares, 0, false);
    /* A square is rounded once more, in fast mode, where it may underflow. */
    long double error = sum_error(q->mode, sum_depth(q->f->n) + 1),
                lost = q->mode == MODE_FAST ? (long double)q->f->n * UNDERFLOW_ERROR : 0,
                bound = error * exact_long_double(&q->f->squares) + lost;
    return truth_near_exact(q->out, &q->f->squares, bound, true);
}

static truth norm(const question *q)
{
    exact_number root;
    truth t;
    if (is_special_size(q, &t))
        return t;
    exact_root(&root, &q->f->squares);
    long double error = sum_error(q->mode, sum_depth(q->f->n) + 1);
    /* A root halves what its argument is off by; the root itself and the scale round. */
    long double bound =
        q->mode == MODE_EXACT ? 0 : (error / 2 + 2 * ROUNDOFF) * exact_long_double(&root);
    return truth_near_exact(q->out, &root, bound, q->mode != MODE_EXACT);
}

static truth mean_truth(const question *q, bool skips_nan)
{
    uint64_t n = skips_nan ? facts_numbers(q->f) : q->f->n;
    exact_number value, size, count = whole_number(n), mean;
    truth t;
    if (n == 0)
        return truth_empty();
    if (is_special_sum(q, skips_nan, &t))
        return t;
    facts_sum(q->f, &value);
    facts_size(q->f, &size);
    if (exact_sign(&size) == 0)
        return truth_real(q->out, zero_of(q->f));
    exact_quotient(&mean, &value, &count);
    bool exactly = q->mode == MODE_EXACT || !is_real(q->f->dtype);
    long double error = exactly ? 0 : sum_error(q->mode, sum_depth(q->f->n));
    long double sizes = exact_long_double(&size);
    /* The sum is rounded before it is divided. */
    long double bound =
        exactly ? 0
                : (error * sizes + ROUNDOFF * fabsl(exact_long_double(&value))) / (long double)n;
    t = truth_near_exact(q->out, &mean, bound, !exactly);
    t.loose = !exactly && q->mode == MODE_FAST && sizes + error * sizes >= 0x1p1024L;
    return t;
}

static truth plain_mean(const question *q)
{
    return mean_truth(q, false);
}

static truth number_mean(const question *q)
{
    return mean_truth(q, true);
}

/* The element of that order, in the type of the elements. */
static truth element(const question *q, harness_int128 order)
{
    return is_real(q->out) ? truth_real(q->out, real_of_order((int64_t)order))
                           : truth_whole(q->out, order);
}

static truth extreme(const question *q, harness_int128 order, bool skips_nan)
{
    if (q->f->n == 0 || (skips_nan && facts_numbers(q->f) == 0))
        return truth_empty();
    return q->f->nan && !skips_nan ? truth_nan(q->out) : element(q, order);
}

static truth least(const question *q)
{
    return extreme(q, q->f->least, false);
}

static truth greatest(const question *q)
{
    return extreme(q, q->f->greatest, false);
}

static truth least_number(const question *q)
{
    return extreme(q, q->f->least, true);
}

static truth greatest_number(const question *q)
{
    return extreme(q, q->f->greatest, true);
}

static truth greatest_size(const question *q)
{
    if (q->f->n == 0)
        return truth_empty();
    if (q->f->nan)
        return truth_nan(q->out);
    if (is_real(q->out))
        return truth_real(q->out, fmax(fabs(real_of_order((int64_t)q->f->least)),
                                       fabs(real_of_order((int64_t)q->f->greatest))));
    harness_int128 below = -q->f->least, above = q->f->greatest;
    return truth_whole(q->out, below > above ? below : above);
}

static truth range(const question *q)
{
    if (q->f->n == 0)
        return truth_empty();
    if (q->f->nan)
        return truth_nan(q->out);
    if (!is_real(q->out))
        return truth_whole(q->out, q->f->greatest - q->f->least);
    double most = real_of_order((int64_t)q->f->greatest),
           least_one = real_of_order((int64_t)q->f->least);
    /* Floats are subtracted as such: one rounding. */
    return truth_real(q->out, q->out == TRINE_F32 ? (double)((float)most - (float)least_one)
                                                  : most - least_one);
}

static truth first_least(const question *q)
{
    return q->f->n == 0 ? truth_empty()
                        : truth_whole(q->out, q->f->nan ? q->f->nan_at : q->f->least_at);
}

static truth first_greatest(const question *q)
{
    return q->f->n == 0 ? truth_empty()
                        : truth_whole(q->out, q->f->nan ? q->f->nan_at : q->f->greatest_at);
}

static truth first_of_numbers(const question *q, uint64_t at)
{
    return facts_numbers(q->f) == 0 ? truth_empty() : truth_whole(q->out, at);
}

static truth first_least_number(const question *q)
{
    return first_of_numbers(q, q->f->least_at);
}

static truth first_greatest_number(const question *q)
{
    return first_of_numbers(q, q->f->greatest_at);
}

static truth is_any(const question *q)
{
    return truth_whole(q->out, q->f->zeros < q->f->n);
}

static truth is_all(const question *q)
{
    return truth_whole(q->out, q->f->zeros == 0);
}

static truth nonzero(const question *q)
{
    return truth_whole(q->out, q->f->n - q->f->zeros);
}

static truth nans(const question *q)
{
    return truth_whole(q->out, q->f->nan);
}

static truth whole_product(const question *q)
{
    harness_int128 sign = q->f->negative % 2 ? -1 : 1;
    return truth_whole(q->out, q->f->zeros ? 0 : sign * (harness_int128)q->f->product_size);
}

static truth real_product(const question *q)
{
    const facts *f = q->f;
    uint64_t signs = f->negative + f->minus_zeros, infinite = f->plus_inf + f->minus_inf;
    /* facts counts -inf as negative. */
    double sign = signs % 2 ? -1 : 1;
    if (f->nan || (infinite && f->zeros))
        return truth_nan(q->out);
    if (infinite || f->zeros)
        return truth_real(q->out, sign * (infinite ? (double)INFINITY : 0.0));
    int64_t e = f->exponent > 10000 ? 10000 : f->exponent < -10000 ? -10000 : f->exponent;
    long double value = ldexpl(f->product, (int)e);
    /* Every multiplication rounds, none of the first element. */
    long double k = (long double)(f->n ? f->n - 1 : 0) * ROUNDOFF;
    return truth_near(q->out, value, k / (1 - k) * fabsl(value));
}

static truth product(const question *q)
{
    return is_real(q->out) ? real_product(q) : whole_product(q);
}

static truth log_sum(const question *q)
{
    const facts *f = q->f;
    truth t;
    if (f->n == 0)
        return truth_empty();
    if (f->nan)
        return truth_nan(q->out);
    if (f->plus_inf || f->minus_inf == f->n) {
        t = truth_real(q->out, f->plus_inf ? (double)INFINITY : -(double)INFINITY);
        return t;
    }
    long double sum = long_sum_value(&f->exponentials), spread = long_sum_value(&f->spread);
    long double logarithm = logl(sum), merges = log2l((long double)f->n / TRINE_CHUNK + 2);
    /* A difference rounds, its exponential and what two chunks' differ by are off by a unit each,
     * and so is the logarithm; what a sum is off by, relative to it, its logarithm is. */
    long double units = sum_depth(f->n) + 4 + 4 * merges + 2 * spread / sum + 2 * fabsl(logarithm);
    return truth_near(q->out, (long double)real_of_order((int64_t)f->greatest) + logarithm,
                      units * ROUNDOFF);
}

static long double moment(const facts *f, int power)
{
    return long_sum_value(&f->central[power]) / (long double)facts_numbers(f);
}

static bool has_no_moments(const facts *f, bool skips_nan)
{
    return f->plus_inf + f->minus_inf > 0 || (f->nan && !skips_nan);
}

static truth variance_truth(const question *q, bool skips_nan, bool root)
{
    const facts *f = q->f;
    long double n = (long double)(skips_nan ? facts_numbers(f) : f->n),
                divisor = n - (long double)q->ddof;
    if (!(divisor > 0))
        return truth_empty();
    if (has_no_moments(f, skips_nan))
        return truth_nan(q->out);
    long double value = long_sum_value(&f->central[2]) / divisor;
    value = root ? sqrtl(value) : value;
    return truth_near(q->out, value, MOMENT_ROUNDINGS * ROUNDOFF * value);
}

static truth variance(const question *q)
{
    return variance_truth(q, false, false);
}

static truth deviation(const question *q)
{
    return variance_truth(q, false, true);
}

static truth number_variance(const question *q)
{
    return variance_truth(q, true, false);
}

static truth number_deviation(const question *q)
{
    return variance_truth(q, true, true);
}

static truth skewness_truth(const question *q, bool skips_nan)
{
    const facts *f = q->f;
    if (has_no_moments(f, skips_nan))
        return truth_nan(q->out);
    long double spread = powl(moment(f, 2), 1.5L),
                sizes = long_sum_value(&f->cube_size) / (long double)facts_numbers(f) / spread;
    return truth_near(q->out, moment(f, 3) / spread, MOMENT_ROUNDINGS * ROUNDOFF * sizes);
}

static truth kurtosis_truth(const question *q, bool skips_nan)
{
    const facts *f = q->f;
    if (has_no_moments(f, skips_nan))
        return truth_nan(q->out);
    long double quotient = moment(f, 4) / (moment(f, 2) * moment(f, 2));
    return truth_near(q->out, quotient - 3, MOMENT_ROUNDINGS * ROUNDOFF * (quotient + 3));
}

static truth skewness(const question *q)
{
    return q->f->n == 0 ? truth_empty() : skewness_truth(q, false);
}

static truth kurtosis(const question *q)
{
    return q->f->n == 0 ? truth_empty() : kurtosis_truth(q, false);
}

/* modes: its name with _fast and _compensated, too. */
static const struct {
    const char *method;
    truth (*of)(const question *q);
    unsigned needs;
    bool modes;
} table[] = {{"sum", plain_sum, FACTS_SUMS, true},
             {"asum", absolute_sum, FACTS_SUMS, true},
             {"sumsq", square_sum, FACTS_SQUARES, true},
             {"nrm2", norm, FACTS_SQUARES, true},
             {"mean", plain_mean, FACTS_SUMS, true},
             {"nansum", number_sum, FACTS_SUMS, true},
             {"nanmean", number_mean, FACTS_SUMS, true},
             {"logsumexp", log_sum, FACTS_EXPONENTIALS, false},
             {"min", least, FACTS_EXTREMES, false},
             {"max", greatest, FACTS_EXTREMES, false},
             {"absmax", greatest_size, FACTS_EXTREMES, false},
             {"ptp", range, FACTS_EXTREMES, false},
             {"nanmin", least_number, FACTS_EXTREMES, false},
             {"nanmax", greatest_number, FACTS_EXTREMES, false},
             {"argmin", first_least, FACTS_EXTREMES, false},
             {"argmax", first_greatest, FACTS_EXTREMES, false},
             {"nanargmin", first_least_number, FACTS_EXTREMES, false},
             {"nanargmax", first_greatest_number, FACTS_EXTREMES, false},
             {"any", is_any, FACTS_EXTREMES, false},
             {"all", is_all, FACTS_EXTREMES, false},
             {"count_nonzero", nonzero, FACTS_EXTREMES, false},
             {"count_nan", nans, FACTS_EXTREMES, false},
             {"prod", product, FACTS_PRODUCT, false},
             {"var", variance, FACTS_MOMENTS, false},
             {"std", deviation, FACTS_MOMENTS, false},
             {"skewness", skewness, FACTS_MOMENTS, false},
             {"kurtosis", kurtosis, FACTS_MOMENTS, false},
             {"nanvar", number_variance, FACTS_MOMENTS, false},
             {"nanstd", number_deviation, FACTS_MOMENTS, false}};

enum { REDUCTIONS = sizeof table / sizeof *table };

static int find_reduction(const char *method, sum_mode *mode)
{
    int length, i = 0;
    *mode = mode_of(method, &length);
    while (i < REDUCTIONS && (strlen(table[i].method) != (size_t)length ||
                              strncmp(table[i].method, method, (size_t)length) != 0 ||
                              (*mode != MODE_EXACT && !table[i].modes)))
        i++;
    return i;
}

unsigned reduction_needs(const char *method)
{
    sum_mode mode;
    int i = find_reduction(method, &mode);
    return i < REDUCTIONS ? table[i].needs : 0;
}

truth reduction_truth(const char *method, trine_dtype out, double ddof, const facts *f)
{
    question q = {.f = f, .out = out, .ddof = ddof};
    int i = find_reduction(method, &q.mode);
    return i < REDUCTIONS ? table[i].of(&q) : (truth){.kind = TRUTH_OPEN};
}

/* The mean of the elements that are numbers, as moments have it. */
static truth described_mean(const question *q)
{
    exact_number size;
    truth t;
    if (is_special_sum(q, true, &t))
        return t;
    facts_size(q->f, &size);
    long double sizes = exact_long_double(&size) / (long double)facts_numbers(q->f);
    return truth_near(TRINE_F64, q->f->high + q->f->low, MOMENT_ROUNDINGS * ROUNDOFF * sizes);
}

bool description_holds(const trine_description *d, const facts *f)
{
    question q = {.f = f, .out = TRINE_F64, .mode = MODE_FAST};
    const double nan = (double)NAN;
    bool none = facts_numbers(f) == 0;
    double least_one = none ? nan : (double)real_of_order((int64_t)f->least), most = nan;
    if (!none && is_real(f->dtype))
        most = real_of_order((int64_t)f->greatest);
    else if (!none) {
        least_one = (double)f->least;
        most = (double)f->greatest;
    }
    const truth none_of_them = truth_nan(TRINE_F64);
    const truth right[] = {none ? none_of_them : described_mean(&q),
                           none ? none_of_them : number_variance(&q),
                           none ? none_of_them : skewness_truth(&q, true),
                           none ? none_of_them : kurtosis_truth(&q, true),
                           truth_real(TRINE_F64, least_one),
                           truth_real(TRINE_F64, most)};
    const double *got[] = {&d->mean, &d->var, &d->skewness, &d->kurtosis, &d->min, &d->max};
    bool holds = (uint64_t)d->n == facts_numbers(f) && (uint64_t)d->nan == f->nan;
    for (int i = 0; i < 6; i++)
        holds = holds && truth_holds(&right[i], TRINE_OK, got[i]);
    return holds;
}
