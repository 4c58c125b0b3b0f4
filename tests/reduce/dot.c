/* dot.c - the kernels of means, products and norms against MPFR, on every instruction set of this
 * CPU.
 *
 * The judge is MPFR with enough bits to hold any sum of products of doubles exactly, and any
 * quotient or root of such sums well enough to be rounded as the true one is. */
#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

#include <trine/error.h>

#include "check.h"
#include "kernels/registry/isa.h"
#include "random_reals.h"

enum { EXACT_BITS = 9000, MOST = 3 * TRINE_CHUNK + 1 };

static double xs[MOST + 1], ys[MOST + 1];
static size_t checked;

typedef struct variant {
    const char *name;
    const trine_reducer *families[5];
} variant;

#define FAMILIES_OF(isa)                                                                           \
    {                                                                                              \
        trine_sums_##isa, trine_means_##isa, trine_weighted_##isa, trine_dots_##isa,               \
            trine_norms_##isa                                                                      \
    }

static variant variants[4];
static int variant_count;

static const trine_reducer *find_in(const variant *v, const char *name, trine_dtype dtype)
{
    for (int f = 0; f < 5; f++)
        for (const trine_reducer *m = v->families[f]; m->name; m++)
            if (m->in[0] == dtype && strcmp(m->name, name) == 0)
                return m;
    return NULL;
}

/* How the elements are cut: blocks of chunks, and the order in which their partials merge. */
typedef enum cutting { ONE_BLOCK, A_BLOCK_A_CHUNK, BACKWARDS, ODD_PIECES } cutting;

static void one_run(const trine_reducer *m, const void *x, const void *y, size_t first, size_t end,
                    size_t step, void *state)
{
    static _Alignas(64) unsigned char work[1 << 18];
    size_t item = trine_dtype_size(m->in[0]);
    m->init(state, NULL);
    void *into = m->work_size ? work : state;
    if (m->work_size)
        m->work_init(work, NULL);
    for (size_t i = first; i < end; i += step) {
        trine_chunk chunk = {.offset = i, .n = end - i < step ? end - i : step};
        chunk.in[0] = (const char *)x + i * item;
        chunk.in[1] = m->nin > 1 ? (const char *)y + i * item : NULL;
        m->accumulate(into, &chunk, NULL);
    }
    if (m->work_size)
        m->work_flush(state, work, NULL);
}

static trine_status reduce_by(const trine_reducer *m, const void *x, const void *y, size_t n,
                              cutting how, void *result)
{
    static _Alignas(64) unsigned char all[2048], part[2048];
    size_t block = how == ONE_BLOCK ? MOST : how == ODD_PIECES ? 1777 : TRINE_CHUNK;
    size_t step = how == ODD_PIECES ? 333 : TRINE_CHUNK, blocks = (n + block - 1) / block;
    m->init(all, NULL);
    for (size_t k = 0; k < blocks; k++) {
        size_t at = how == BACKWARDS ? blocks - 1 - k : k;
        size_t first = at * block, end = first + block < n ? first + block : n;
        one_run(m, x, y, first, end, step, part);
        m->merge(all, part, NULL);
    }
    return m->finish(result, all, NULL);
}

/* What a reduction makes of true sums: itself, a quotient or a root. */
typedef struct operation {
    const char *name;
    int inputs;
    enum { TERM, ABS, SKIP_NAN, SQUARE, PRODUCT } term;
    enum { SUM, MEAN, WEIGHTED, ROOT } end;
} operation;

static const operation operations[] = {
    {"asum", 1, ABS, SUM},          {"nansum", 1, SKIP_NAN, SUM}, {"mean", 1, TERM, MEAN},
    {"nanmean", 1, SKIP_NAN, MEAN}, {"sumsq", 1, SQUARE, SUM},    {"nrm2", 1, SQUARE, ROOT},
    {"dot", 2, PRODUCT, SUM},       {"wsum", 2, PRODUCT, SUM},    {"wmean", 2, PRODUCT, WEIGHTED},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* The true sum of the terms, into sum; *count of them. */
static void true_sum(const operation *o, const double *x, const double *y, size_t n, mpfr_t sum,
                     size_t *count)
{
    mpfr_t t;
    bool all_minus_zero = true;
    mpfr_init2(t, 128);
    mpfr_set_zero(sum, 1);
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        if (o->term == SKIP_NAN && isnan(x[i]))
            continue;
        mpfr_set_d(t, x[i], MPFR_RNDN);
        if (o->term == ABS)
            mpfr_abs(t, t, MPFR_RNDN);
        if (o->term >= SQUARE)
            mpfr_mul_d(t, t, o->term == SQUARE ? x[i] : y[i], MPFR_RNDN);
        all_minus_zero = all_minus_zero && mpfr_zero_p(t) && mpfr_signbit(t);
        mpfr_add(sum, sum, t, MPFR_RNDN);
        ++*count;
    }
    if (mpfr_zero_p(sum))
        mpfr_set_zero(sum, *count > 0 && all_minus_zero ? -1 : 1);
    mpfr_clear(t);
}

static trine_status true_result(const operation *o, const double *x, const double *y, size_t n,
                                double *wide, float *narrow)
{
    static const operation plain = {"sum", 1, TERM, SUM};
    mpfr_t sum, weights;
    size_t count;
    mpfr_inits2(EXACT_BITS, sum, weights, (mpfr_ptr)NULL);
    true_sum(o, x, y, n, sum, &count);
    if (o->end == MEAN)
        mpfr_div_ui(sum, sum, count, MPFR_RNDN);
    if (o->end == ROOT)
        mpfr_sqrt(sum, sum, MPFR_RNDN);
    if (o->end == WEIGHTED) {
        true_sum(&plain, y, NULL, n, weights, &count);
        mpfr_div(sum, sum, weights, MPFR_RNDN);
    }
    *wide = mpfr_get_d(sum, MPFR_RNDN);
    *narrow = mpfr_get_flt(sum, MPFR_RNDN);
    *wide = *wide != *wide ? NAN : *wide;
    *narrow = *narrow != *narrow ? NAN : *narrow;
    mpfr_clears(sum, weights, (mpfr_ptr)NULL);
    bool mean = o->end == MEAN || o->end == WEIGHTED;
    return mean && count == 0 ? TRINE_E_EMPTY : TRINE_OK;
}

static void complain(const char *what, const operation *o, int v, size_t n, int how, double got,
                     double expected)
{
    printf("\n  %s: %s, %s, n %zu, cut %d: %a, expected %a\n", what, o->name, variants[v].name, n,
           how, got, expected);
    CU_FAIL("another result");
}

static void expect_one(const char *what, const operation *o, const double *x, const double *y,
                       size_t n)
{
    double expected, got = 7;
    float narrow;
    trine_status status = true_result(o, x, y, n, &expected, &narrow);
    for (int v = 0; v < variant_count; v++)
        for (int how = ONE_BLOCK; how <= ODD_PIECES; how++) {
            const trine_reducer *m = find_in(&variants[v], o->name, TRINE_F64);
            CU_ASSERT_EQUAL(reduce_by(m, x, y, n, (cutting)how, &got), status);
            checked++;
            if (!status && memcmp(&got, &expected, sizeof got) != 0)
                complain(what, o, v, n, how, got, expected);
        }
}

static void expect_exact(const char *what, size_t n)
{
    for (size_t o = 0; o < OPERATIONS; o++)
        expect_one(what, &operations[o], xs, ys, n);
}

static double normal(void)
{
    return sqrt(-2 * log(1 - uniform())) * cos(6.28 * uniform());
}

static const size_t lengths[] = {1,    2,    7,    31,   32,   33,    64,    257,
                                 1000, 4097, 8191, 8192, 8193, 16384, 16385, MOST};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

static void exact_on_uniform_and_normal_data(void)
{
    for (size_t k = 0; k < LENGTHS; k++) {
        size_t n = lengths[k];
        for (size_t i = 0; i <= n; i++) {
            xs[i] = uniform();
            ys[i] = uniform();
        }
        expect_exact("uniform", n);
        for (size_t i = 0; i <= n; i++) {
            xs[i] = normal();
            ys[i] = normal();
        }
        expect_exact("normal", n);
        /* Addresses that are aligned to eight bytes only, and differently. */
        for (size_t o = 0; o < OPERATIONS; o++)
            expect_one("misaligned", &operations[o], xs + 1, ys, n);
    }
}

static void exact_at_every_length_to_100(void)
{
    for (size_t n = 0; n <= 100; n++) {
        for (size_t i = 0; i < n; i++) {
            xs[i] = with_exponent(-5, 5);
            ys[i] = with_exponent(-5, 5);
        }
        expect_exact("short", n);
    }
}

static void exact_on_every_range_of_exponents(void)
{
    static const int spans[] = {0, 5, 11, 12, 13, 23, 24, 25, 31, 32, 33, 64, 65, 200, 600};
    for (int top = -1020; top <= 1020; top += 85)
        for (size_t s = 0; s < sizeof spans / sizeof *spans; s++) {
            int low = top - spans[s] < -1074 ? -1074 : top - spans[s];
            for (size_t i = 0; i < 600; i++) {
                xs[i] = with_exponent(low, top);
                ys[i] = with_exponent(s % 2 ? low : -low - 100, s % 2 ? top : -low);
            }
            expect_exact("range of exponents", 600);
        }
}

/* Products around the least that have exact errors, and around the least double. */
static void exact_around_underflow_and_overflow(void)
{
    static const int sums[] = {-2148, -2100, -1200, -1080, -1075, -1074, -1070, -1030, -1022,
                               -1000, -980,  -970,  -969,  -968,  -967,  -966,  -920,  -880,
                               -800,  -780,  970,   1000,  1010,  1020,  1023,  1024,  2046};
    for (size_t s = 0; s < sizeof sums / sizeof *sums; s++)
        for (int spread = 0; spread <= 30; spread += 15) {
            for (size_t i = 0; i < 500; i++) {
                int half = sums[s] / 2, rest = sums[s] - half;
                xs[i] = with_exponent(half - spread < -1074 ? -1074 : half - spread, half);
                ys[i] = with_exponent(rest - spread < -1074 ? -1074 : rest - spread, rest);
                if (i % 50 == 7)
                    xs[i] = 0;
            }
            expect_exact("around the limits", 500);
        }
}

/* The same products over and over, less their roundings: what is left are their errors alone, of
 * which those below the least double count. */
static void exact_where_only_lost_errors_are_left(void)
{
    for (int sum = -1070; sum <= -955; sum++)
        for (int trial = 0; trial < 20; trial++) {
            size_t n = 10;
            double x = with_exponent(sum / 2, sum / 2),
                   y = with_exponent(sum - sum / 2, sum - sum / 2);
            for (size_t i = 0; i < n; i++) {
                xs[i] = i % 2 ? x : -x * y;
                ys[i] = i % 2 ? y : 1;
            }
            expect_one("errors alone", &operations[OPERATIONS - 3], xs, ys, n);
        }
}

static void exact_on_denormals_and_at_the_top(void)
{
    for (size_t i = 0; i < 9000; i++) {
        xs[i] = (i % 3 ? 1 : -1) * DBL_TRUE_MIN * (double)(rand() % 1000000);
        ys[i] = with_exponent(-3, 3);
    }
    expect_exact("denormals", 9000);
    for (size_t i = 0; i < 9000; i++)
        ys[i] = xs[rand() % 9000];
    expect_exact("denormals times denormals", 9000);
    for (size_t i = 0; i < 9000; i++) {
        xs[i] = DBL_MAX;
        ys[i] = i % 2 ? -DBL_MAX : DBL_MAX;
    }
    expect_exact("huge, cancelling", 9000);
    ys[8999] = -nextafter(DBL_MAX, 0);
    expect_exact("huge, one left", 9000);
    ys[8999] = 0x1p-1074;
    expect_exact("huge, one more", 9000);
    for (size_t i = 0; i < 9000; i++)
        xs[i] = i < 8000 ? 0 : 0x1p-1074;
    expect_exact("huge times least", 9000);
}

/* Ordinary data among which one product over- or underflows. */
static void exact_beside_a_product_out_of_range(void)
{
    static const double odd[][2] = {{0x1p-600, 0x1.23p-600},
                                    {0x1p600, 0x1.8p600},
                                    {DBL_TRUE_MIN, DBL_TRUE_MIN},
                                    {DBL_MAX, -DBL_MAX},
                                    {0x1.1p-500, 0x1.7p-500},
                                    {0, INFINITY},
                                    {0x1.1p-484, 0x1.7p-484},
                                    {DBL_TRUE_MIN, INFINITY},
                                    {NAN, 0},
                                    {0, -1},
                                    {0x1.fffffffffffffp-540, 0x1.fffffffffffffp-540}};
    for (size_t k = 0; k < sizeof odd / sizeof *odd; k++)
        for (size_t n = 1; n <= 9000; n += 2999) {
            for (size_t i = 0; i < n; i++) {
                xs[i] = uniform();
                ys[i] = uniform();
            }
            xs[n - 1] = odd[k][0];
            ys[n - 1] = odd[k][1];
            expect_exact("a product out of range", n);
            for (size_t i = 0; i + 1 < n; i++)
                xs[i] = i % 2 ? 0.0 : -0.0;
            expect_exact("a product out of range beside zeros", n);
        }
}

static void exact_where_terms_cancel(void)
{
    for (int trial = 0; trial < 30; trial++) {
        size_t n = 2 * (100 + (size_t)rand() % 9000);
        for (size_t i = 0; i < n; i += 2) {
            xs[i] = with_exponent(-trial * 10, trial * 10);
            ys[i] = with_exponent(-trial * 10, trial * 10);
            xs[i + 1] = ys[i];
            ys[i + 1] = -xs[i];
        }
        expect_exact("complete cancellation", n);
        xs[n - 1] = with_exponent(-400, -300);
        expect_exact("cancellation to the last", n);
    }
}

static void exact_on_special_values(void)
{
    static const double specials[] = {NAN, INFINITY, -INFINITY, -0.0, 0.0, 1.5};
    for (size_t n = 1; n <= 300; n = 3 * n + 1)
        for (size_t a = 0; a < 6; a++)
            for (size_t b = 0; b < 6; b++) {
                for (size_t i = 0; i < n; i++) {
                    xs[i] = specials[a];
                    ys[i] = specials[b];
                }
                expect_exact("specials alone", n);
                for (size_t i = 0; i < n; i++) {
                    xs[i] = a >= 3 ? specials[a] : uniform();
                    ys[i] = uniform();
                }
                xs[(size_t)rand() % n] = specials[a];
                ys[(size_t)rand() % n] = specials[b];
                xs[(size_t)rand() % n] = specials[b];
                expect_exact("specials", n);
            }
    expect_exact("nothing", 0);
}

/* NaN in part of the chunks: those that are not count. */
static void exact_means_count_what_is_a_number(void)
{
    for (int trial = 0; trial < 12; trial++) {
        size_t n = (size_t)rand() % MOST;
        for (size_t i = 0; i < n; i++) {
            xs[i] = trial % 2 ? normal() : with_exponent(-200, 200);
            ys[i] = 1;
            if (i / TRINE_CHUNK % 2 == (size_t)trial % 2 && rand() % (trial + 1) == 0)
                xs[i] = NAN;
        }
        expect_exact("NaN here and there", n);
    }
}

/* Chunks that call for other anchors, more levels, the bins, the wide accumulator, and back. */
static void exact_when_the_data_change_character(void)
{
    for (int trial = 0; trial < 12; trial++) {
        for (size_t i = 0; i < MOST; i++) {
            int kind = (int)(i / 1024 * 7919 + (size_t)trial) % 6;
            xs[i] = kind == 0   ? uniform()
                    : kind == 1 ? with_exponent(-300, 300)
                    : kind == 2 ? with_exponent(-60, 0)
                    : kind == 3 ? 1e300 * uniform()
                    : kind == 4 ? with_exponent(-700, -500)
                                : (double)(rand() % 100);
            ys[i] = kind == 3 && trial % 2 ? 1e300 * uniform() : xs[i] * normal();
        }
        expect_exact("changing character", MOST);
    }
}

/* Results that are denormal, or lie at a tie. */
static void exact_results_round_at_every_edge(void)
{
    static const double tails[] = {0x1p-53, -0x1p-53, 0x1p-54, 0x1p-1074, -0x1p-1074, 0};
    static const double heads[] = {1, 1 + DBL_EPSILON, 0x1p52 + 1, -1, -1 - DBL_EPSILON};
    for (size_t h = 0; h < 5; h++)
        for (size_t a = 0; a < 6; a++)
            for (size_t b = 0; b < 6; b++) {
                xs[0] = heads[h];
                xs[1] = tails[a] * (fabs(heads[h]) > 4 ? 0x1p53 : 1);
                xs[2] = tails[b];
                ys[0] = ys[1] = ys[2] = 1;
                expect_exact("ties", 3);
                ys[0] = 0x1p-1074;
                ys[1] = ys[2] = 0x1p-1073;
                expect_exact("ties of denormal products", 3);
            }
    for (int k = 0; k < 300; k++) {
        size_t n = 1 + (size_t)rand() % 6;
        for (size_t i = 0; i < n; i++) {
            xs[i] = (double)(rand() % 9 - 4) * DBL_TRUE_MIN;
            ys[i] =
                k % 3 ? (double)(rand() % 5 - 2) * 0.5 : (double)(rand() % 9 - 4) * DBL_TRUE_MIN;
        }
        expect_exact("least doubles", n);
        for (size_t i = 0; i < n; i++) {
            xs[i] = DBL_MAX * (rand() % 3 - 1);
            ys[i] = (double)(rand() % 5 - 2) * 0.5;
        }
        expect_exact("largest doubles", n);
    }
}

/* Squares that add up to M^2 - 1, M^2 and M^2 + 1, where M lies halfway between two doubles. */
static void exact_norms_round_at_ties(void)
{
    static const operation norm = {"nrm2", 1, SQUARE, ROOT};
    for (int k = 0; k < 60; k++) {
        uint64_t middle = (uint64_t)1 << 53 | (uint64_t)rand() << 22 | (uint64_t)rand() << 1 | 1;
        uint64_t rest = 2 * middle - 1 + (uint64_t)(k % 3) - 1;
        size_t n = 1;
        for (xs[0] = (double)(middle - 1); rest > 0; n++) {
            xs[n] = floor(sqrt((double)rest));
            rest -= (uint64_t)xs[n] * (uint64_t)xs[n];
        }
        for (size_t i = 0; i < n; i++)
            xs[i] = ldexp(xs[i], 10 * (k - 30));
        expect_one("ties of roots", &norm, xs, xs, n);
    }
}

static void exact_f32_rounds_the_true_value_once(void)
{
    static float x[MOST], y[MOST];
    for (int trial = 0; trial < 60; trial++) {
        size_t n = trial < 20 ? (size_t)trial : (size_t)rand() % MOST;
        for (size_t i = 0; i < n; i++) {
            x[i] = (float)(trial % 3 == 0 ? uniform() : with_exponent(-trial * 2, trial * 2));
            y[i] = (float)(trial % 3 == 1 ? normal() : with_exponent(-trial * 2, trial * 2));
            xs[i] = (double)x[i];
            ys[i] = (double)y[i];
        }
        for (size_t o = 0; o < OPERATIONS; o++) {
            double wide, expected;
            float got, narrow;
            char name[40];
            trine_status status = true_result(&operations[o], xs, ys, n, &expected, &narrow);
            snprintf(name, sizeof name, "%s_f64", operations[o].name);
            for (int v = 0; v < variant_count; v++) {
                const trine_reducer *m = find_in(&variants[v], operations[o].name, TRINE_F32);
                CU_ASSERT_EQUAL(reduce_by(m, x, y, n, ONE_BLOCK, &got), status);
                CU_ASSERT_TRUE(status || memcmp(&got, &narrow, sizeof got) == 0);
                m = find_in(&variants[v], name, TRINE_F32);
                CU_ASSERT_EQUAL(reduce_by(m, x, y, n, ODD_PIECES, &wide), status);
                CU_ASSERT_TRUE(status || memcmp(&wide, &expected, sizeof wide) == 0);
            }
        }
    }
}

/* The rule of 32 lanes, written down plainly. */
static double fast_model(const double *x, const double *y, size_t n)
{
    double lane[32], sum = -0.0;
    for (size_t c = 0; c < n; c += TRINE_CHUNK) {
        size_t m = n - c < TRINE_CHUNK ? n - c : TRINE_CHUNK;
        for (int j = 0; j < 32; j++)
            lane[j] = -0.0;
        for (size_t i = 0; i < m; i++)
            lane[i % 32] += x[c + i] * y[c + i];
        for (int half = 16; half > 0; half /= 2)
            for (int j = 0; j < half; j++)
                lane[j] += lane[j + half];
        sum += lane[0];
    }
    return n ? sum : 0.0;
}

static void fast_dot_follows_the_rule_of_32_lanes(void)
{
    for (size_t k = 0; k < LENGTHS; k++) {
        for (size_t i = 0; i < lengths[k]; i++) {
            xs[i] = with_exponent(-20, 20);
            ys[i] = with_exponent(-20, 20);
        }
        double expected = fast_model(xs, ys, lengths[k]), got;
        for (int v = 0; v < variant_count; v++) {
            const trine_reducer *m = find_in(&variants[v], "dot_fast", TRINE_F64);
            CU_ASSERT_EQUAL(reduce_by(m, xs, ys, lengths[k], ONE_BLOCK, &got), TRINE_OK);
            CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
        }
    }
}

/* What the sum of the terms' magnitudes allows for, relative to the result's scale. */
static double magnitude_of(const operation *o, size_t n)
{
    double magnitude = 0, weights = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(xs[i]))
            continue;
        magnitude += fabs(xs[i] * (o->term == SQUARE ? xs[i] : o->term == PRODUCT ? ys[i] : 1));
        weights += ys[i];
        count++;
    }
    return o->end == MEAN       ? magnitude / (double)count
           : o->end == WEIGHTED ? magnitude / fabs(weights)
           : o->end == ROOT     ? sqrt(magnitude)
                                : magnitude;
}

/* A chunk's lanes, the fold and the merges make this many additions in a row. Weights are positive
 * here, so that their sum has a small relative error too. */
static void both_other_modes_keep_their_bounds(void)
{
    const double depth = TRINE_CHUNK / 32 + 20, unit = DBL_EPSILON / 2;
    for (int trial = 0; trial < 40; trial++) {
        size_t n = 1 + (size_t)rand() % MOST;
        for (size_t i = 0; i < n; i++) {
            xs[i] = with_exponent(-trial, trial);
            ys[i] = fabs(with_exponent(-trial, trial));
        }
        for (size_t o = 0; o < OPERATIONS; o++) {
            double expected, got, magnitude = magnitude_of(&operations[o], n);
            float narrow;
            char name[40];
            true_result(&operations[o], xs, ys, n, &expected, &narrow);
            for (int mode = 0; mode < 2; mode++) {
                double first = 0,
                       relative = mode ? 3 * depth * depth * unit * unit : 2 * depth * unit;
                snprintf(name, sizeof name, "%s_%s", operations[o].name,
                         mode ? "compensated" : "fast");
                for (int v = 0; v < variant_count; v++) {
                    const trine_reducer *m = find_in(&variants[v], name, TRINE_F64);
                    CU_ASSERT_EQUAL(reduce_by(m, xs, ys, n, A_BLOCK_A_CHUNK, &got), TRINE_OK);
                    first = v == 0 ? got : first;
                    CU_ASSERT_EQUAL(memcmp(&got, &first, sizeof got), 0);
                    CU_ASSERT_TRUE(fabs(got - expected) <=
                                   2 * DBL_EPSILON * fabs(expected) + relative * magnitude);
                }
            }
        }
    }
}

/* Whatever the data, whatever over- or underflows: the same bits from all instruction sets. */
static void all_instruction_sets_agree_in_every_mode(void)
{
    static const char *const modes[] = {"", "_fast", "_compensated"};
    for (int trial = 0; trial < 200; trial++) {
        size_t n = 1 + (size_t)rand() % (trial % 10 ? 300 : MOST);
        for (size_t i = 0; i < n; i++) {
            xs[i] = with_exponent(-1074 + trial * 4, trial * 5);
            ys[i] = with_exponent(-1074, 1023);
            if (rand() % 1000 == 0)
                xs[i] = trial % 3 ? INFINITY : NAN;
        }
        for (size_t o = 0; o < OPERATIONS; o++)
            for (int mode = 0; mode < 3; mode++) {
                char name[40];
                double got, first = 0;
                snprintf(name, sizeof name, "%s%s", operations[o].name, modes[mode]);
                for (int v = 0; v < variant_count; v++) {
                    got = 0;
                    reduce_by(find_in(&variants[v], name, TRINE_F64), xs, ys, n, ODD_PIECES, &got);
                    first = v == 0 ? got : first;
                    CU_ASSERT_EQUAL(memcmp(&got, &first, sizeof got), 0);
                }
            }
    }
}

static void norms_neither_overflow_nor_underflow_on_the_way(void)
{
    static const char *const names[] = {"nrm2", "nrm2_fast", "nrm2_compensated"};
    for (int exponent = -1074; exponent <= 1010; exponent += 4)
        for (int v = 0; v < variant_count; v++)
            for (int m = 0; m < 3; m++) {
                double got;
                xs[0] = ldexp(3, exponent);
                xs[1] = ldexp(-4, exponent);
                const trine_reducer *reducer = find_in(&variants[v], names[m], TRINE_F64);
                CU_ASSERT_EQUAL(reduce_by(reducer, xs, NULL, 2, ONE_BLOCK, &got), TRINE_OK);
                CU_ASSERT_EQUAL(got, ldexp(5, exponent));
            }
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < TRINE_CHUNK; i++)
            xs[c * TRINE_CHUNK + i] = (c == 0 ? 0x1p-700 : c == 1 ? 1 : 0x1p700);
    for (int v = 0; v < variant_count; v++)
        for (int how = ONE_BLOCK; how <= BACKWARDS; how++)
            for (int m = 0; m < 3; m++) {
                double got;
                const trine_reducer *reducer = find_in(&variants[v], names[m], TRINE_F64);
                reduce_by(reducer, xs, NULL, 3 * TRINE_CHUNK, (cutting)how, &got);
                CU_ASSERT_DOUBLE_EQUAL(got * 0x1p-700, sqrt(TRINE_CHUNK), 1e-12);
                reduce_by(reducer, xs, NULL, 2 * TRINE_CHUNK, (cutting)how, &got);
                CU_ASSERT_DOUBLE_EQUAL(got, sqrt(TRINE_CHUNK), 1e-12);
            }
}

static void special_values_pass_through_the_other_modes(void)
{
    static const char *const modes[] = {"_fast", "_compensated"};
    static const double pairs[][2] = {{INFINITY, 1}, {-INFINITY, 1}, {NAN, 1}, {1, 1}};
    for (size_t a = 0; a < 4; a++)
        for (size_t b = 0; b < 4; b++)
            for (size_t o = 0; o < OPERATIONS; o++)
                for (int mode = 0; mode < 2; mode++) {
                    char name[40];
                    double got, expected;
                    float narrow;
                    xs[0] = pairs[a][0];
                    xs[1] = pairs[b][0];
                    ys[0] = ys[1] = 1;
                    snprintf(name, sizeof name, "%s%s", operations[o].name, modes[mode]);
                    trine_status status =
                        true_result(&operations[o], xs, ys, 2, &expected, &narrow);
                    for (int v = 0; v < variant_count; v++) {
                        const trine_reducer *m = find_in(&variants[v], name, TRINE_F64);
                        got = 7;
                        CU_ASSERT_EQUAL(reduce_by(m, xs, ys, 2, ONE_BLOCK, &got), status);
                        if (!status && memcmp(&got, &expected, sizeof got) != 0 &&
                            !(fabs(got - expected) < 1e-15))
                            complain("special values", &operations[o], v, 2, mode, got, expected);
                    }
                }
}

/* What is skipped adds -0, and so leaves a sum of -0 what it is; of none but NaN there is +0. */
static void skipped_elements_leave_no_trace(void)
{
    static const char *const names[] = {"nansum", "nansum_fast", "nansum_compensated"};
    for (size_t n = 2; n <= 200; n += 33)
        for (int v = 0; v < variant_count; v++)
            for (int m = 0; m < 3; m++) {
                const trine_reducer *reducer = find_in(&variants[v], names[m], TRINE_F64);
                double got;
                for (size_t i = 0; i < n; i++)
                    xs[i] = i % 2 ? NAN : -0.0;
                CU_ASSERT_EQUAL(reduce_by(reducer, xs, NULL, n, ONE_BLOCK, &got), TRINE_OK);
                CU_ASSERT_TRUE(got == 0 && signbit(got));
                for (size_t i = 0; i < n; i++)
                    xs[i] = NAN;
                CU_ASSERT_EQUAL(reduce_by(reducer, xs, NULL, n, ONE_BLOCK, &got), TRINE_OK);
                CU_ASSERT_TRUE(got == 0 && !signbit(got));
            }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"exact on uniform and normal data", exact_on_uniform_and_normal_data},
        {"exact at every length to 100", exact_at_every_length_to_100},
        {"exact on every range of exponents", exact_on_every_range_of_exponents},
        {"exact around underflow and overflow", exact_around_underflow_and_overflow},
        {"exact where only lost errors are left", exact_where_only_lost_errors_are_left},
        {"exact on denormals and at the top", exact_on_denormals_and_at_the_top},
        {"exact beside a product out of range", exact_beside_a_product_out_of_range},
        {"exact where terms cancel", exact_where_terms_cancel},
        {"exact on special values", exact_on_special_values},
        {"exact means count what is a number", exact_means_count_what_is_a_number},
        {"exact when the data change character", exact_when_the_data_change_character},
        {"exact results round at every edge", exact_results_round_at_every_edge},
        {"exact norms round at ties", exact_norms_round_at_ties},
        {"exact f32 rounds the true value once", exact_f32_rounds_the_true_value_once},
        {"fast dot follows the rule of 32 lanes", fast_dot_follows_the_rule_of_32_lanes},
        {"both other modes keep their bounds", both_other_modes_keep_their_bounds},
        {"all instruction sets agree in every mode", all_instruction_sets_agree_in_every_mode},
        {"norms neither overflow nor underflow on the way",
         norms_neither_overflow_nor_underflow_on_the_way},
        {"special values pass through the other modes",
         special_values_pass_through_the_other_modes},
        {"skipped elements leave no trace", skipped_elements_leave_no_trace},
        CU_TEST_INFO_NULL,
    };
    variants[variant_count++] = (variant){"baseline", FAMILIES_OF(baseline)};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        variants[variant_count++] = (variant){"avx2", FAMILIES_OF(avx2)};
    if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        variants[variant_count++] = (variant){"avx512", FAMILIES_OF(avx512)};
#endif
    srand(21);
    int status = trine_check_main("products", tests);
    printf("%zu exact results of %d instruction sets compared with MPFR\n", checked, variant_count);
    return status;
}
