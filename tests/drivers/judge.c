/* judge.c - what drivers judge by: its arithmetic against the processor's, results that are off by
 * a bit more than they may, and right results of a thousand arrays of special values. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "drivers/harness/judge/maps.h"
#include "drivers/harness/judge/orders.h"
#include "drivers/harness/judge/pairs.h"
#include "drivers/harness/judge/products.h"
#include "drivers/harness/judge/quantiles.h"
#include "drivers/harness/judge/reductions.h"
#include "drivers/harness/judge/scans.h"
#include "xorshift.h"

static uint64_t random_bits(void)
{
    static uint64_t state = 20;
    return xorshift(&state);
}

/* Finite, of any exponent. */
static double any_double(void)
{
    double x;
    do {
        uint64_t bits = random_bits();
        memcpy(&x, &bits, sizeof x);
    } while (!isfinite(x));
    return x;
}

static double uniform(void)
{
    return (double)(random_bits() >> 11) * 0x1p-53;
}

static exact_number exactly(double x)
{
    exact_number a;
    exact_clear(&a);
    exact_add_real(&a, (long double)x);
    return a;
}

static void the_arithmetic_rounds_as_the_processor(void)
{
    for (int i = 0; i < 4000; i++) {
        double x = any_double(), y = i % 2 ? any_double() : x * (uniform() - 0.5);
        exact_number a = exactly(x), b = exactly(y), product, quotient, root;
        exact_number sum = a;
        exact_add(&sum, &b, 1);
        CU_ASSERT(same_double(exact_double(&sum), x + y == 0 ? 0.0 : x + y));
        CU_ASSERT(exact_float(&a) == (float)x);
        exact_clear(&product);
        exact_add_product(&product, x, y);
        CU_ASSERT(exact_double(&product) == fabs(x * y));
        if (y != 0) {
            exact_quotient(&quotient, &a, &b);
            CU_ASSERT(exact_double(&quotient) == x / y);
        }
        a = exactly(fabs(x));
        exact_root(&root, &a);
        CU_ASSERT(exact_double(&root) == sqrt(fabs(x)));
        CU_ASSERT(exact_compare(&a, &b) == (fabs(x) > y) - (fabs(x) < y));
    }
}

static void sums_lose_nothing(void)
{
    const double hard[] = {1e308, 1, 1e308, -1e308, 5e-324, -1e308, -1};
    exact_number sum;
    exact_clear(&sum);
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++)
        exact_add_real(&sum, (long double)hard[i]);
    CU_ASSERT(exact_double(&sum) == 5e-324);
    /* A tie goes to the even one, unless anything lies above it. */
    exact_number tie = exactly(1);
    exact_add_real(&tie, 0x1p-53L);
    CU_ASSERT(exact_double(&tie) == 1);
    exact_add_real(&tie, 0x1p-1074L);
    CU_ASSERT(exact_double(&tie) == 1 + DBL_EPSILON);
    tie = exactly(DBL_MAX);
    exact_add_real(&tie, 0x1p969L);
    CU_ASSERT(exact_double(&tie) == DBL_MAX);
    exact_add_real(&tie, 0x1p969L);
    CU_ASSERT(isinf(exact_double(&tie)));
    harness_int128 whole;
    exact_clear(&sum);
    for (int i = 0; i < 1000; i++)
        exact_add_bits(&sum, UINT64_MAX, 0, -1);
    CU_ASSERT(exact_whole(&sum, &whole) && whole == -1000 * (harness_int128)UINT64_MAX);
}

/* The next number of the type, up or down. */
static void step(trine_dtype dtype, double from, double to, void *number)
{
    double next = nextafter(from, to);
    float single = nextafterf((float)from, (float)to);
    memcpy(number, dtype == TRINE_F32 ? (void *)&single : (void *)&next, trine_dtype_size(dtype));
}

static bool holds(const truth *t, double x)
{
    float single = (float)x;
    return truth_holds(t, TRINE_OK, t->dtype == TRINE_F32 ? (void *)&single : (void *)&x);
}

/* The ends of what may be are right, and a bit beyond them, another sign, NaN, or another status
 * is wrong. */
static void check_ends(const truth *t)
{
    uint64_t number = 0;
    const trine_status none = TRINE_E_OVERFLOW;
    CU_ASSERT(t->kind == TRUTH_VALUE && !t->loose);
    CU_ASSERT(holds(t, t->least) && holds(t, t->most));
    CU_ASSERT(!truth_holds(t, none, &number) && !truth_holds(t, TRINE_E_EMPTY, &number));
    CU_ASSERT(!holds(t, (double)NAN));
    step(t->dtype, t->least, -(double)INFINITY, &number);
    CU_ASSERT(!truth_holds(t, TRINE_OK, &number));
    step(t->dtype, t->most, (double)INFINITY, &number);
    CU_ASSERT(!truth_holds(t, TRINE_OK, &number));
    CU_ASSERT((t->least <= 0 && t->most >= 0 && t->least != t->most) || !holds(t, -t->least));
}

static const char *const real_methods[] = {"sum",
                                           "sum_fast",
                                           "sum_compensated",
                                           "asum",
                                           "asum_fast",
                                           "sumsq",
                                           "sumsq_fast",
                                           "nrm2",
                                           "nrm2_fast",
                                           "nrm2_compensated",
                                           "mean",
                                           "mean_fast",
                                           "nansum",
                                           "nanmean",
                                           "logsumexp",
                                           "min",
                                           "max",
                                           "absmax",
                                           "ptp",
                                           "nanmin",
                                           "nanmax",
                                           "prod",
                                           "var",
                                           "std",
                                           "skewness",
                                           "kurtosis",
                                           "nanvar",
                                           "nanstd"};

/* Offsets and scales: what has a bound of its own size must have it at any. */
static void a_bit_beyond_the_bound_is_wrong(void)
{
    const double offset[] = {0.25, 0, 1e6, 0.25, 0.25}, scale[] = {1, 1e-150, 1, 1e-170, 1e100};
    enum { N = 20000 };
    static double x[N];
    static float single[N];
    for (int c = 0; c < 5; c++)
        for (size_t m = 0; m < sizeof real_methods / sizeof *real_methods; m++) {
            const char *method = real_methods[m];
            facts f;
            size_t n = strcmp(method, "prod") == 0 ? 20 : N;
            for (size_t i = 0; i < n; i++)
                single[i] = (float)(x[i] = (offset[c] + uniform()) * scale[c]);
            facts_of_memory(&f, reduction_needs(method), TRINE_F64, x, n);
            truth t = reduction_truth(method, TRINE_F64, 0, &f);
            bool beyond = !(fabs(t.most) < DBL_MAX) || fabs(t.least) < DBL_MIN;
            if (!beyond)
                check_ends(&t);
            facts_of_memory(&f, reduction_needs(method), TRINE_F32, single, n);
            t = reduction_truth(method, TRINE_F32, 0, &f);
            if (fabs(t.most) <= (double)FLT_MAX && fabs(t.least) >= (double)FLT_MIN)
                check_ends(&t);
        }
}

static void no_bound_is_absolute(void)
{
    const double small[] = {1e-170, 2e-170, 3e-170, 4e-170, 10e-170};
    facts f;
    facts_of_memory(&f, FACTS_MOMENTS, TRINE_F64, small, 5);
    truth t = reduction_truth("std", TRINE_F64, 0, &f);
    CU_ASSERT(!holds(&t, 0) && holds(&t, 3.1622776601683795e-170));
    const double centred[] = {1e-20, -1e-20, 1e-30};
    facts_of_memory(&f, FACTS_SUMS, TRINE_F64, centred, 3);
    t = reduction_truth("sum_fast", TRINE_F64, 0, &f);
    CU_ASSERT(!holds(&t, 1e-20) && holds(&t, 1e-30));
}

static void whole_results_are_exact(void)
{
    const int64_t x[] = {INT64_MAX, INT64_MAX, INT64_MIN, 5, -1};
    int64_t got = 3;
    facts f;
    facts_of_memory(&f, FACTS_SUMS | FACTS_PRODUCT | FACTS_EXTREMES | FACTS_SQUARES, TRINE_I64, x,
                    5);
    truth t = reduction_truth("sum", TRINE_I64, 0, &f);
    CU_ASSERT(t.whole == (harness_int128)INT64_MAX + 3);
    CU_ASSERT(truth_holds(&t, TRINE_E_OVERFLOW, &got) && !truth_holds(&t, TRINE_OK, &got));
    t = reduction_truth("argmin", TRINE_U64, 0, &f);
    for (got = 0; got < 5; got++)
        CU_ASSERT(truth_holds(&t, TRINE_OK, &got) == (got == 2));
    t = reduction_truth("argmax", TRINE_U64, 0, &f);
    for (got = 0; got < 5; got++)
        CU_ASSERT(truth_holds(&t, TRINE_OK, &got) == (got == 0));
    t = reduction_truth("absmax", TRINE_I64, 0, &f);
    CU_ASSERT(truth_holds(&t, TRINE_E_OVERFLOW, &got));
    t = reduction_truth("prod", TRINE_I64, 0, &f);
    CU_ASSERT(truth_holds(&t, TRINE_E_OVERFLOW, &got));
}

/* A changed element of a scan, a map, an order. */
static void change_bit(trine_dtype dtype, void *x, size_t at)
{
    ((unsigned char *)x)[at * trine_dtype_size(dtype)] ^= 1;
}

static void a_changed_running_sum_is_wrong(void)
{
    enum { N = 1000 };
    static double x[N], y[N];
    facts none;
    long double sum = 0;
    facts_begin(&none, TRINE_F64);
    /* Of 30 bits, so that the sums are exact. */
    for (size_t i = 0; i < N; i++) {
        x[i] = (double)(random_bits() >> 34) - 0x1p29;
        y[i] = (double)(sum += (long double)x[i]);
    }
    const char *const methods[] = {"cumsum", "cumsum_compensated"};
    for (int m = 0; m < 2; m++)
        for (size_t i = 0; i < N; i += 37) {
            CU_ASSERT(judge_scan(methods[m], &none, NULL, x, TRINE_F64, y, N).right);
            change_bit(TRINE_F64, y, i);
            CU_ASSERT(!judge_scan(methods[m], &none, NULL, x, TRINE_F64, y, N).right);
            change_bit(TRINE_F64, y, i);
            y[i] = -y[i];
            CU_ASSERT(!judge_scan(methods[m], &none, NULL, x, TRINE_F64, y, N).right);
            y[i] = -y[i];
        }
    CU_ASSERT(judge_scan("cumsum_fast", &none, NULL, x, TRINE_F64, y, N).right);
    y[N - 1] += 1;
    CU_ASSERT(!judge_scan("cumsum_fast", &none, NULL, x, TRINE_F64, y, N).right);
}

/* Two units of the last place from the nearest are more than one from the true value. */
static void a_function_two_units_off_is_wrong(void)
{
    const char *const methods[] = {"exp", "log", "sin", "cos", "tanh", "pow"};
    const double none[] = {0, 0};
    for (int i = 0; i < 600; i++) {
        double x = uniform() * 20 + 1e-3, y = uniform() * 3,
               right[] = {exp(x), log(x), sin(x), cos(x), (double)tanhl((long double)x), pow(x, y)};
        double z = right[i % 6];
        const char *method = methods[i % 6];
        CU_ASSERT(judge_map(method, TRINE_F64, none, &x, &y, &z, 1));
        double beyond = nextafter(nextafter(z, 1e300), 1e300);
        CU_ASSERT(!judge_map(method, TRINE_F64, none, &x, &y, &beyond, 1));
        beyond = -z;
        CU_ASSERT(!judge_map(method, TRINE_F64, none, &x, &y, &beyond, 1));
        float a = (float)x, b = (float)y,
              c = (float)(i % 6 == 5 ? pow((double)a, (double)b)
                                     : (double[]){exp((double)a), log((double)a), sin((double)a),
                                                  cos((double)a), tanh((double)a)}[i % 6]);
        CU_ASSERT(judge_map(method, TRINE_F32, none, &a, &b, &c, 1));
        c = nextafterf(nextafterf(c, 1e30F), 1e30F);
        CU_ASSERT(!judge_map(method, TRINE_F32, none, &a, &b, &c, 1));
    }
    double x = 709.782712893384, inf = (double)INFINITY, largest = exp(x);
    CU_ASSERT(judge_map("exp", TRINE_F64, none, &x, &x, &largest, 1));
    CU_ASSERT(!judge_map("exp", TRINE_F64, none, &x, &x, &inf, 1));
}

static void another_order_is_wrong(void)
{
    const double nan = (double)NAN, other = -(double)NAN;
    const double x[] = {3, nan, -0.0, 1, other, 0.0, 2};
    double y[] = {-0.0, 0.0, 1, 2, 3, nan, other};
    ordered before = {.n = 0}, after;
    ordered_take(&before, TRINE_F64, x, 7);
    for (size_t i = 0; i < 7; i++) {
        after = (ordered){.n = 0};
        ordered_take(&after, TRINE_F64, y, 7);
        CU_ASSERT(ordered_holds(&before, &after));
        if (i == 6)
            break;
        double first = y[i];
        y[i] = y[i + 1];
        y[i + 1] = first;
        after = (ordered){.n = 0};
        ordered_take(&after, TRINE_F64, y, 7);
        CU_ASSERT(!ordered_holds(&before, &after));
        y[i + 1] = y[i];
        y[i] = first;
    }
}

/* Of 3 rows, whose columns are the lines: an element that goes to another place of its line, or to
 * another line. */
static void another_order_is_wrong_in_its_line_alone(void)
{
    enum { COLUMNS = 300, AT = 9 };
    static float x[3][COLUMNS], y[3][COLUMNS];
    static ordered before[COLUMNS], after[COLUMNS];
    float *const places[] = {&y[0][AT], &y[1][AT], &y[0][AT + 1], &y[2][AT + 1]};
    for (int c = 0; c < COLUMNS; c++) {
        x[0][c] = y[1][c] = (float)c + 3;
        x[1][c] = y[2][c] = (float)NAN;
        x[2][c] = y[0][c] = (float)c + 1;
    }
    ordered_take_lines(before, COLUMNS, TRINE_F32, x, 3, COLUMNS);
    for (int with = 0; with < 4; with++) {
        float element = *places[0];
        *places[0] = *places[with];
        *places[with] = element;
        memset(after, 0, sizeof after);
        ordered_take_lines(after, COLUMNS, TRINE_F32, y, 3, COLUMNS);
        for (int c = 0; c < COLUMNS; c++) {
            bool changed = (with > 0 && c == AT) || (with > 1 && c == AT + 1);
            CU_ASSERT(ordered_holds(&before[c], &after[c]) == !changed);
        }
        *places[with] = *places[0];
        *places[0] = element;
    }
}

static void a_changed_product_is_wrong(void)
{
    enum { N = 90 };
    static double a[N], b[N * N], c[N];
    for (size_t i = 0; i < N * N; i++)
        b[i] = uniform() - 0.5;
    for (size_t i = 0; i < N; i++)
        a[i] = uniform() - 0.5;
    for (size_t j = 0; j < N; j++) {
        long double sum = 0, size = 0;
        for (size_t k = 0; k < N; k++) {
            sum += (long double)a[k] * (long double)b[k * N + j];
            size += fabsl((long double)a[k] * (long double)b[k * N + j]);
        }
        c[j] = (double)sum;
        (void)size;
    }
    CU_ASSERT(judge_product_row(TRINE_F64, N, a, b, c));
    for (size_t j = 0; j < N; j += 7) {
        double kept = c[j], size = 0;
        for (size_t k = 0; k < N; k++)
            size += fabs(a[k] * b[k * N + j]);
        c[j] = kept + size * (N + 1) * 0x1p-53;
        CU_ASSERT(judge_product_row(TRINE_F64, N, a, b, c));
        c[j] = kept + size * (N + 4) * 0x1p-53;
        CU_ASSERT(!judge_product_row(TRINE_F64, N, a, b, c));
        c[j] = kept;
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"its arithmetic rounds as the processor's", the_arithmetic_rounds_as_the_processor},
        {"sums lose nothing", sums_lose_nothing},
        {"a bit beyond the bound is wrong", a_bit_beyond_the_bound_is_wrong},
        {"no bound is absolute", no_bound_is_absolute},
        {"whole results are exact", whole_results_are_exact},
        {"a changed running sum is wrong", a_changed_running_sum_is_wrong},
        {"a function two units off is wrong", a_function_two_units_off_is_wrong},
        {"another order is wrong", another_order_is_wrong},
        {"another order is wrong in its line alone", another_order_is_wrong_in_its_line_alone},
        {"a changed product is wrong", a_changed_product_is_wrong},
        CU_TEST_INFO_NULL};
    return trine_check_main("what drivers judge by", tests);
}
