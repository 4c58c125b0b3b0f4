/* drivers/harness/judge/scans.c - see scans.h. */
#include "drivers/harness/judge/scans.h"

#include <math.h>
#include <string.h>

#include "drivers/harness/judge/blocks.h"
#include "drivers/harness/judge/bounds.h"

/* The elements so far. high + low: the sum of the finite ones, off by `error` at most; sum: the
 * same exactly; size: the sum of their sizes. product 2^exponent: of those that are finite and not
 * 0. A real element that was last, or a whole one. */
typedef struct running {
    trine_dtype in, out;
    sum_mode mode;
    uint64_t n, nan, plus_inf, minus_inf, zeros, minus_zeros, negative;
    exact_number sum;
    double high, low, error;
    long double size, depth, product;
    int64_t exponent;
    harness_int128 whole, least, greatest, last_whole;
    harness_uint128 product_size;
    double last;
    bool any;
} running;

/* Beyond it a sum is not followed in doubles, which may overflow. */
#define FOLLOWED 0x1p1000

static void follow_exactly(running *r)
{
    exact_number rest = r->sum, part;
    r->high = exact_double(&rest);
    r->low = 0;
    r->error = (double)INFINITY;
    if (!(fabs(r->high) < FOLLOWED))
        return;
    exact_clear(&part);
    exact_add_real(&part, (long double)r->high);
    exact_add(&rest, &part, -1);
    r->low = exact_double(&rest);
    exact_clear(&part);
    exact_add_real(&part, (long double)r->low);
    r->error = exact_compare(&rest, &part) ? fabs(r->low) * 0x1p-52 : 0;
}

static bool is_followed(const running *r)
{
    return fabs(r->high) < FOLLOWED && r->error < FOLLOWED;
}

static double two_sum(double a, double b, double *error)
{
    double sum = a + b, part = sum - a;
    *error = (a - (sum - part)) + (b - part);
    return sum;
}

static void add_real(running *r, double x)
{
    double rest, lost;
    int e;
    uint64_t m = exact_split(x, &e);
    exact_add_bits(&r->sum, m, e, x < 0 ? -1 : 1);
    r->size += fabsl((long double)x);
    r->high = two_sum(r->high, x, &rest);
    r->low = two_sum(r->low, rest, &lost);
    r->high = two_sum(r->high, r->low, &r->low);
    r->error += fabs(lost);
}

static bool same_bits(trine_dtype dtype, double right, const void *got)
{
    truth t = truth_real(dtype, right);
    return truth_holds(&t, TRINE_OK, got);
}

/* Where rounding to a double first might change what a float becomes: half way between two, or
 * below the least normal one. */
static bool is_delicate(trine_dtype out, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return out == TRINE_F32 && ((bits & 0x1fffffff) == 0x10000000 || fabs(x) < 0x1p-126);
}

/* The sum, rounded once. */
static double nearest_sum(running *r)
{
    /* What was lost may decide a tie, however small it is. */
    double about = r->error > 0 ? 2 * r->error + fabs(r->low) * 0x1p-52 : 0,
           least = r->high + (r->low - about), most = r->high + (r->low + about);
    if (is_followed(r) && least == most && !is_delicate(r->out, least))
        return r->out == TRINE_F32 ? (double)(float)least : least;
    follow_exactly(r);
    return r->out == TRINE_F32 ? (double)exact_float(&r->sum) : exact_double(&r->sum);
}

static bool is_sum_near(running *r, const void *got)
{
    long double error = sum_error(r->mode, r->depth) * r->size;
    if (!is_followed(r)) {
        truth far = truth_near_exact(r->out, &r->sum, error, true);
        far.loose = r->mode == MODE_FAST && r->size + error >= 0x1p1024L;
        follow_exactly(r);
        return truth_holds(&far, TRINE_OK, got);
    }
    /* What was lost of the sum is far less than a unit of the error. */
    double bound = (double)error + r->error;
    truth t = truth_between(r->out, r->high + (r->low - bound), r->high + (r->low + bound));
    t.loose = r->mode == MODE_FAST && r->size + error >= 0x1p1024L;
    return truth_holds(&t, TRINE_OK, got);
}

static bool is_sum_right(running *r, const void *got)
{
    if (r->nan || (r->plus_inf && r->minus_inf))
        return same_bits(r->out, (double)NAN, got);
    if (r->plus_inf || r->minus_inf)
        return same_bits(r->out, r->plus_inf ? (double)INFINITY : -(double)INFINITY, got);
    if (r->size == 0)
        return same_bits(r->out, r->minus_zeros == r->n ? -0.0 : 0.0, got);
    if (r->mode != MODE_EXACT)
        return is_sum_near(r, got);
    double right = nearest_sum(r);
    return same_bits(r->out, right == 0 ? 0.0 : right, got);
}

static void multiply_real(running *r, double x)
{
    int moved;
    r->product *= (long double)x;
    long double size = fabsl(r->product);
    if (size > 0x1p8000L || size < 0x1p-8000L) {
        r->product = frexpl(r->product, &moved);
        r->exponent += moved;
    }
}

static bool is_product_right(const running *r, const void *got)
{
    uint64_t infinite = r->plus_inf + r->minus_inf;
    double sign = (r->negative + r->minus_zeros) % 2 ? -1 : 1;
    if (r->nan || (infinite && r->zeros))
        return same_bits(r->out, (double)NAN, got);
    if (infinite || r->zeros)
        return same_bits(r->out, sign * (infinite ? (double)INFINITY : 0.0), got);
    int64_t e = r->exponent > 20000 ? 20000 : r->exponent < -20000 ? -20000 : r->exponent;
    long double value = e ? ldexpl(r->product, (int)e) : r->product,
                k = (long double)(r->n - 1) * ROUNDOFF;
    truth t = truth_near(r->out, value, k / (1 - k) * fabsl(value));
    return truth_holds(&t, TRINE_OK, got);
}

static void count_real(running *r, double x)
{
    r->n++;
    r->zeros += x == 0;
    r->minus_zeros += x == 0 && signbit(x);
    r->negative += x < 0;
    r->nan += isnan(x) != 0;
    r->plus_inf += x == (double)INFINITY;
    r->minus_inf += x == -(double)INFINITY;
}

static bool is_real_sum(running *r, double x, const void *got)
{
    count_real(r, x);
    if (exact_is_finite(x))
        add_real(r, x);
    return is_sum_right(r, got);
}

static bool is_real_product(running *r, double x, const void *got)
{
    count_real(r, x);
    if (exact_is_finite(x) && x != 0)
        multiply_real(r, x);
    return is_product_right(r, got);
}

static bool is_real_least(running *r, double x, const void *got)
{
    r->nan += isnan(x) != 0;
    int64_t order = order_of_real(x);
    r->least = r->any && r->least < order ? r->least : order;
    r->any = true;
    return same_bits(r->out, r->nan ? (double)NAN : real_of_order((int64_t)r->least), got);
}

static bool is_real_greatest(running *r, double x, const void *got)
{
    r->nan += isnan(x) != 0;
    int64_t order = order_of_real(x);
    r->greatest = r->any && r->greatest > order ? r->greatest : order;
    r->any = true;
    return same_bits(r->out, r->nan ? (double)NAN : real_of_order((int64_t)r->greatest), got);
}

/* The first element stands as it is: a NaN with its own bits, or the one NaN. */
static bool is_real_difference(running *r, double x, const void *got)
{
    double before = r->last;
    bool first = !r->any;
    r->last = x;
    r->any = true;
    if (first && isnan(x)) {
        float single;
        double y;
        memcpy(&single, got, sizeof single);
        if (r->out == TRINE_F64)
            memcpy(&y, got, sizeof y);
        return isnan(r->out == TRINE_F32 ? (double)single : y);
    }
    double right = r->out == TRINE_F32 ? (double)((float)x - (float)before) : x - before;
    return same_bits(r->out, first ? x : right, got);
}

/* Whole numbers: *right is what the result must be. */
static void whole_sum(running *r, harness_int128 x, harness_int128 *right)
{
    *right = r->whole += x;
}

static void whole_product(running *r, harness_int128 x, harness_int128 *right)
{
    uint64_t size = (uint64_t)(x < 0 ? -x : x);
    const harness_uint128 full = (harness_uint128)1 << 65;
    r->zeros += size == 0;
    r->negative += x < 0;
    r->product_size = r->product_size > UINT64_MAX || !size
                          ? r->product_size
                          : r->product_size * (harness_uint128)size;
    r->product_size = r->product_size > UINT64_MAX ? full : r->product_size;
    *right = r->zeros ? 0 : (harness_int128)r->product_size * (r->negative % 2 ? -1 : 1);
}

static void whole_least(running *r, harness_int128 x, harness_int128 *right)
{
    r->least = r->any && r->least < x ? r->least : x;
    r->any = true;
    *right = r->least;
}

static void whole_greatest(running *r, harness_int128 x, harness_int128 *right)
{
    r->greatest = r->any && r->greatest > x ? r->greatest : x;
    r->any = true;
    *right = r->greatest;
}

static void whole_difference(running *r, harness_int128 x, harness_int128 *right)
{
    *right = wrapped_whole(r->out, (harness_uint128)(r->any ? x - r->last_whole : x));
    r->last_whole = x;
    r->any = true;
}

static const struct scan {
    const char *method;
    unsigned needs;
    bool (*real)(running *r, double x, const void *got);
    void (*whole)(running *r, harness_int128 x, harness_int128 *right);
} scans[] = {{"cumsum", FACTS_SUMS, is_real_sum, whole_sum},
             {"cumprod", FACTS_PRODUCT, is_real_product, whole_product},
             {"cummin", FACTS_EXTREMES, is_real_least, whole_least},
             {"cummax", FACTS_EXTREMES, is_real_greatest, whole_greatest},
             {"difference", FACTS_EXTREMES, is_real_difference, whole_difference}};

enum { SCANS = sizeof scans / sizeof *scans };

static const struct scan *find_scan(const char *method, sum_mode *mode)
{
    int length;
    *mode = mode_of(method, &length);
    for (int i = 0; i < SCANS; i++)
        if (strlen(scans[i].method) == (size_t)length &&
            strncmp(scans[i].method, method, (size_t)length) == 0)
            return &scans[i];
    return NULL;
}

unsigned scan_needs(const char *method)
{
    sum_mode mode;
    const struct scan *scan = find_scan(method, &mode);
    return scan ? scan->needs : 0;
}

static void begin(running *r, const facts *before, const void *last)
{
    exact_number sum, size;
    facts_sum(before, &sum);
    facts_size(before, &size);
    r->n = before->n;
    r->nan = before->nan;
    r->plus_inf = before->plus_inf;
    r->minus_inf = before->minus_inf;
    r->zeros = before->zeros;
    r->minus_zeros = before->minus_zeros;
    r->negative = before->negative;
    r->sum = sum;
    follow_exactly(r);
    r->size = exact_long_double(&size);
    r->product = before->product;
    r->exponent = before->exponent;
    r->product_size = before->product_size;
    r->least = before->least;
    r->greatest = before->greatest;
    r->any = facts_numbers(before) > 0;
    (void)exact_whole(&sum, &r->whole);
    if (last && is_real(r->in))
        read_reals(r->in, last, 0, 1, &r->last);
    else if (last)
        read_wholes(r->in, last, 0, 1, &r->last_whole);
    r->any = r->any || last;
}

static bool are_reals_right(running *r, const struct scan *scan, const void *x, const char *y,
                            size_t n)
{
    size_t item = trine_dtype_size(r->out);
    bool right = true;
    for (size_t i = 0; i < n && right; i += BLOCK) {
        double block[BLOCK];
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        read_reals(r->in, x, i, some, block);
        r->depth = scan_depth(r->n + some);
        for (size_t k = 0; k < some && right; k++)
            right = scan->real(r, block[k], y + (i + k) * item);
    }
    return right;
}

static scan_verdict are_wholes_right(running *r, const struct scan *scan, const void *x,
                                     const void *y, size_t n)
{
    scan_verdict verdict = {true, true};
    for (size_t i = 0; i < n && verdict.fits; i += BLOCK) {
        harness_int128 block[BLOCK], got[BLOCK], right;
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        read_wholes(r->in, x, i, some, block);
        read_wholes(r->out, y, i, some, got);
        for (size_t k = 0; k < some; k++) {
            scan->whole(r, block[k], &right);
            verdict.right = verdict.right && got[k] == right;
            verdict.fits = verdict.fits && type_holds(r->out, right);
        }
    }
    return verdict;
}

scan_verdict judge_scan(const char *method, const facts *before, const void *last, const void *x,
                        trine_dtype out, const void *y, size_t n)
{
    running r = {.in = before->dtype, .out = out};
    const struct scan *scan = find_scan(method, &r.mode);
    if (!scan)
        return (scan_verdict){false, false};
    begin(&r, before, last);
    if (is_real(out))
        return (scan_verdict){are_reals_right(&r, scan, x, y, n), true};
    return are_wholes_right(&r, scan, x, y, n);
}
