/* sum.c - the sum kernels against MPFR, on every instruction set of this CPU.
 *
 * The judge is MPFR with enough bits to hold any sum of doubles exactly, rounded once. */
#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

#include <trine/error.h>

#include "check.h"
#include "kernels/registry/isa.h"
#include "random_reals.h"

enum { EXACT_BITS = 2400, MOST = 3 * TRINE_CHUNK + 100 };

static double data[MOST + 1];
static size_t checked;

typedef struct variant {
    const char *name;
    const trine_reducer *reducers;
} variant;

static variant variants[4];
static int variant_count;

static const trine_reducer *find_in(const trine_reducer *all, const char *name, trine_dtype dtype)
{
    for (; all->name; all++)
        if (all->in[0] == dtype && strcmp(all->name, name) == 0)
            return all;
    return NULL;
}

/* How the sum is cut: blocks of chunks, and the order in which their partials merge. */
typedef enum cutting { ONE_BLOCK, A_BLOCK_A_CHUNK, BACKWARDS, ODD_PIECES } cutting;

static void one_run(const trine_reducer *m, const void *x, size_t item, size_t first, size_t end,
                    size_t step, void *state)
{
    static _Alignas(64) unsigned char work[1 << 18];
    m->init(state, NULL);
    void *into = m->work_size ? work : state;
    if (m->work_size)
        m->work_init(work, NULL);
    for (size_t i = first; i < end; i += step) {
        trine_chunk chunk = {.offset = i, .n = end - i < step ? end - i : step};
        chunk.in[0] = (const char *)x + i * item;
        m->accumulate(into, &chunk, NULL);
    }
    if (m->work_size)
        m->work_flush(state, work, NULL);
}

static trine_status sum_by(const trine_reducer *m, const void *x, size_t n, cutting how,
                           void *result)
{
    static _Alignas(64) unsigned char all[1024], part[1024];
    size_t item = trine_dtype_size(m->in[0]);
    size_t block = how == ONE_BLOCK ? MOST : how == ODD_PIECES ? 1777 : TRINE_CHUNK;
    size_t step = how == ODD_PIECES ? 333 : TRINE_CHUNK, blocks = (n + block - 1) / block;
    m->init(all, NULL);
    for (size_t k = 0; k < blocks; k++) {
        size_t at = how == BACKWARDS ? blocks - 1 - k : k;
        size_t first = at * block, end = first + block < n ? first + block : n;
        one_run(m, x, item, first, end, step, part);
        m->merge(all, part, NULL);
    }
    return m->finish(result, all, NULL);
}

static double true_sum(const double *x, size_t n)
{
    mpfr_t sum;
    double result;
    bool all_minus_zero = n > 0;
    mpfr_init2(sum, EXACT_BITS);
    mpfr_set_zero(sum, 1);
    for (size_t i = 0; i < n; i++) {
        mpfr_add_d(sum, sum, x[i], MPFR_RNDN);
        all_minus_zero = all_minus_zero && x[i] == 0 && signbit(x[i]);
    }
    /* The sum is exact; as a double it is rounded once, with the double's range of exponents. */
    result = mpfr_zero_p(sum) ? (all_minus_zero ? -0.0 : 0.0) : mpfr_get_d(sum, MPFR_RNDN);
    mpfr_clear(sum);
    return result != result ? NAN : result;
}

static void expect_exact(const char *what, const double *x, size_t n)
{
    double expected = true_sum(x, n), got;
    for (int v = 0; v < variant_count; v++)
        for (int how = ONE_BLOCK; how <= ODD_PIECES; how++) {
            const trine_reducer *m = find_in(variants[v].reducers, "sum", TRINE_F64);
            CU_ASSERT_EQUAL(sum_by(m, x, n, (cutting)how, &got), TRINE_OK);
            checked++;
            if (memcmp(&got, &expected, sizeof got) != 0) {
                printf("\n  %s, %s, n %zu, cut %d: %a, expected %a\n", what, variants[v].name, n,
                       how, got, expected);
                CU_FAIL("another sum");
            }
        }
}

static const size_t lengths[] = {1,    2,    7,    31,   32,    33,    63,   64,   65,
                                 255,  256,  257,  1000, 2047,  2048,  2049, 4095, 4096,
                                 4097, 8191, 8192, 8193, 16384, 24577, MOST};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

static void exact_on_uniform_and_normal_data(void)
{
    for (size_t k = 0; k < LENGTHS; k++) {
        for (size_t i = 0; i < lengths[k]; i++)
            data[i] = uniform();
        expect_exact("uniform", data, lengths[k]);
        for (size_t i = 0; i < lengths[k]; i++)
            data[i] = sqrt(-2 * log(1 - uniform())) * cos(6.28 * uniform());
        expect_exact("normal", data, lengths[k]);
        /* Addresses that are aligned to eight bytes only. */
        expect_exact("misaligned", data + 1, lengths[k] - 1);
    }
}

static void exact_at_every_length_to_200(void)
{
    for (size_t n = 0; n <= 200; n++) {
        for (size_t i = 0; i < n; i++)
            data[i] = with_exponent(-5, 5);
        expect_exact("short", data, n);
    }
}

static void exact_on_every_range_of_exponents(void)
{
    static const int spans[] = {0,  10, 13, 26, 27,  39,  40,  41, 66,
                                67, 79, 80, 81, 119, 120, 200, 600};
    for (int top = -1000; top <= 1000; top += 125)
        for (size_t s = 0; s < sizeof spans / sizeof *spans; s++) {
            int low = top - spans[s] < -1070 ? -1070 : top - spans[s];
            for (size_t i = 0; i < 3000; i++)
                data[i] = with_exponent(low, top);
            expect_exact("range of exponents", data, 3000);
        }
}

static void exact_where_terms_cancel(void)
{
    for (int trial = 0; trial < 40; trial++) {
        size_t n = 2 * (100 + (size_t)rand() % 9000);
        for (size_t i = 0; i < n; i += 2) {
            data[i] = with_exponent(-trial * 10, trial * 10);
            data[i + 1] = -data[i];
        }
        expect_exact("complete cancellation", data, n);
        data[n - 1] = with_exponent(-1000, -900);
        expect_exact("cancellation to the last", data, n);
        for (size_t i = n - 1; i > 0; i--) {
            size_t j = (size_t)rand() % (i + 1);
            double swap = data[i];
            data[i] = data[j];
            data[j] = swap;
        }
        expect_exact("shuffled cancellation", data, n);
    }
}

static void exact_on_denormals_and_at_the_top(void)
{
    for (size_t i = 0; i < 9000; i++)
        data[i] = (i % 3 ? 1 : -1) * DBL_TRUE_MIN * (double)(rand() % 1000000);
    expect_exact("denormals", data, 9000);
    for (size_t i = 0; i < 9000; i++)
        data[i] = with_exponent(-1074, -1000);
    expect_exact("near denormals", data, 9000);
    for (size_t i = 0; i < 9000; i++)
        data[i] = i % 2 ? -DBL_MAX : DBL_MAX;
    expect_exact("huge, cancelling", data, 9000);
    data[8999] = 1;
    expect_exact("huge, one left", data, 9000);
    for (size_t i = 0; i < 9000; i++)
        data[i] = DBL_MAX;
    expect_exact("overflow of the true sum", data, 9000);
    for (size_t i = 0; i < 4500; i++)
        data[i] = -DBL_MAX;
    expect_exact("overflow on the way only", data, 9000);
    data[0] = DBL_MAX;
    data[1] = ldexp(1, 969);
    expect_exact("just below the tie to infinity", data, 2);
    data[1] = ldexp(1, 970);
    expect_exact("the tie to infinity", data, 2);
    data[1] = nextafter(ldexp(1, 970), 0);
    expect_exact("a hair below that tie", data, 2);
}

static void exact_ties_go_to_even(void)
{
    static const double tails[] = {0x1p-53, -0x1p-53, 0x1p-54, -0x1p-54, 0x1p-1074, -0x1p-1074, 0};
    static const double heads[] = {1,  1 + DBL_EPSILON, 2, 0x1p52 + 1, 0x1p53 - 1,
                                   -1, -1 - DBL_EPSILON};
    for (size_t h = 0; h < 7; h++)
        for (size_t a = 0; a < 7; a++)
            for (size_t b = 0; b < 7; b++) {
                data[0] = heads[h];
                data[1] = tails[a] * (fabs(heads[h]) > 4 ? 0x1p53 : 1);
                data[2] = tails[b];
                expect_exact("ties", data, 3);
            }
}

static void exact_on_special_values(void)
{
    static const double specials[] = {NAN, INFINITY, -INFINITY, -0.0, 0.0};
    for (size_t k = 0; k < LENGTHS; k++)
        for (size_t a = 0; a < 5; a++)
            for (size_t b = 0; b < 5; b++) {
                size_t n = lengths[k];
                for (size_t i = 0; i < n; i++)
                    data[i] = a >= 3 ? specials[a] : uniform();
                data[(size_t)rand() % n] = specials[a];
                data[(size_t)rand() % n] = specials[b];
                if (k % 4 == 0 || n < 300)
                    expect_exact("specials", data, n);
            }
    for (size_t i = 0; i < 5000; i++)
        data[i] = -0.0;
    expect_exact("minus zeros", data, 5000);
    expect_exact("nothing", data, 0);
    data[4321] = 0.0;
    expect_exact("minus zeros and one zero", data, 5000);
}

/* Chunks that call for other anchors, more levels, the bins, and back. */
static void exact_when_the_data_change_character(void)
{
    for (int trial = 0; trial < 30; trial++) {
        for (size_t i = 0; i < MOST; i++) {
            int kind = (int)(i / 1024 * 7919 + (size_t)trial) % 5;
            data[i] = kind == 0   ? uniform()
                      : kind == 1 ? with_exponent(-300, 300)
                      : kind == 2 ? with_exponent(-60, 0)
                      : kind == 3 ? 1e300 * uniform()
                                  : (double)(rand() % 100);
        }
        expect_exact("changing character", data, MOST);
    }
}

/* A running sum that loses what it holds to a huge term, and comes back to where it could have
 * been: 49152 is the first anchor for elements below 1. */
static void exact_when_huge_terms_come_and_go(void)
{
    for (size_t lane = 0; lane < 32; lane++) {
        for (size_t i = 0; i < 2 * TRINE_CHUNK; i++)
            data[i] = i < TRINE_CHUNK ? uniform() : 0;
        data[TRINE_CHUNK + lane] = 0x1p80;
        data[TRINE_CHUNK + 32 + lane] = -0x1p80;
        data[TRINE_CHUNK + 64 + lane] = 49152;
        expect_exact("huge terms", data, 2 * TRINE_CHUNK);
    }
}

static void exact_f32_rounds_the_true_sum_once(void)
{
    static float x[MOST];
    for (int trial = 0; trial < 60; trial++) {
        size_t n = trial < 20 ? (size_t)trial : (size_t)rand() % MOST;
        for (size_t i = 0; i < n; i++) {
            data[i] = trial % 3 == 0 ? uniform() : with_exponent(-trial * 2, trial * 2);
            x[i] = (float)data[i];
            data[i] = (double)x[i];
        }
        mpfr_t sum;
        mpfr_init2(sum, EXACT_BITS);
        mpfr_set_zero(sum, 1);
        for (size_t i = 0; i < n; i++)
            mpfr_add_d(sum, sum, data[i], MPFR_RNDN);
        float expected = mpfr_get_flt(sum, MPFR_RNDN), got;
        double wide, expected_wide = mpfr_get_d(sum, MPFR_RNDN);
        mpfr_clear(sum);
        for (int v = 0; v < variant_count; v++) {
            sum_by(find_in(variants[v].reducers, "sum", TRINE_F32), x, n, ONE_BLOCK, &got);
            sum_by(find_in(variants[v].reducers, "sum_f64", TRINE_F32), x, n, ODD_PIECES, &wide);
            CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
            CU_ASSERT_EQUAL(memcmp(&wide, &expected_wide, sizeof wide), 0);
        }
    }
}

static void exact_f32_rounds_at_the_edges_of_float(void)
{
    static const float edges[][3] = {{FLT_MAX, FLT_MAX, 0},
                                     {FLT_MAX, 0x1p103f, 0},
                                     {FLT_MAX, 0x1.fffffep102f, 0},
                                     {FLT_TRUE_MIN, FLT_TRUE_MIN, 0},
                                     {1, 0x1p-24f, 0},
                                     {1, 0x1p-24f, FLT_TRUE_MIN},
                                     {1, 0x1p-24f, -FLT_TRUE_MIN},
                                     {1 + FLT_EPSILON, 0x1p-24f, 0},
                                     {-0.0f, -0.0f, -0.0f}};
    for (size_t k = 0; k < sizeof edges / sizeof *edges; k++) {
        mpfr_t sum;
        float got;
        mpfr_init2(sum, EXACT_BITS);
        mpfr_set_zero(sum, k == 8 ? -1 : 1);
        for (int i = 0; i < 3; i++)
            mpfr_add_d(sum, sum, (double)edges[k][i], MPFR_RNDN);
        float expected = mpfr_get_flt(sum, MPFR_RNDN);
        mpfr_clear(sum);
        for (int v = 0; v < variant_count; v++) {
            sum_by(find_in(variants[v].reducers, "sum", TRINE_F32), edges[k], 3, ONE_BLOCK, &got);
            CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
        }
    }
}

/* The rule of 32 lanes, written down plainly. */
static double fast_model(const double *x, size_t n)
{
    double lane[32], sum = -0.0;
    for (size_t c = 0; c < n; c += TRINE_CHUNK) {
        size_t m = n - c < TRINE_CHUNK ? n - c : TRINE_CHUNK;
        for (int j = 0; j < 32; j++)
            lane[j] = -0.0;
        for (size_t i = 0; i < m; i++)
            lane[i % 32] += x[c + i];
        for (int half = 16; half > 0; half /= 2)
            for (int j = 0; j < half; j++)
                lane[j] += lane[j + half];
        sum += lane[0];
    }
    return n ? sum : 0.0;
}

static void fast_follows_the_rule_of_32_lanes(void)
{
    for (size_t k = 0; k < LENGTHS; k++) {
        for (size_t i = 0; i < lengths[k]; i++)
            data[i] = with_exponent(-20, 20);
        double expected = fast_model(data, lengths[k]), got;
        for (int v = 0; v < variant_count; v++) {
            sum_by(find_in(variants[v].reducers, "sum_fast", TRINE_F64), data, lengths[k],
                   ONE_BLOCK, &got);
            CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
        }
    }
}

static void compensated_is_as_good_as_twice_the_precision(void)
{
    for (int trial = 0; trial < 40; trial++) {
        size_t n = 1 + (size_t)rand() % MOST;
        double magnitude = 0, first = 0;
        for (size_t i = 0; i < n; i++) {
            data[i] = with_exponent(-trial, trial);
            magnitude += fabs(data[i]);
        }
        double expected = true_sum(data, n), got;
        double k = (TRINE_CHUNK / 32 + 20) * DBL_EPSILON / 2;
        for (int v = 0; v < variant_count; v++) {
            sum_by(find_in(variants[v].reducers, "sum_compensated", TRINE_F64), data, n, ONE_BLOCK,
                   &got);
            first = v == 0 ? got : first;
            CU_ASSERT_TRUE(fabs(got - expected) <=
                           DBL_EPSILON * fabs(expected) + 2 * k * k * magnitude);
            CU_ASSERT_EQUAL(memcmp(&got, &first, sizeof got), 0);
        }
    }
}

/* Adding the first two, TwoSum overflows on its way to an error that it need not have had. */
static void compensated_stays_finite_beside_the_largest_double(void)
{
    double x[] = {3 * 0x1p970, -DBL_MAX}, expected = true_sum(x, 2), got;
    for (int v = 0; v < variant_count; v++)
        for (int sign = 1; sign >= -1; sign -= 2) {
            double y[] = {sign * x[0], sign * x[1]};
            const trine_reducer *m = find_in(variants[v].reducers, "sum_compensated", TRINE_F64);
            sum_by(m, y, 2, ONE_BLOCK, &got);
            CU_ASSERT_EQUAL(got, sign * expected);
        }
}

static void result_size_is_that_of_the_result_type(void)
{
    for (int v = 0; v < variant_count; v++)
        for (const trine_reducer *m = variants[v].reducers; m->name; m++)
            CU_ASSERT_EQUAL(m->result_size, trine_dtype_size(m->out));
}

static void infinity_and_nan_pass_through_every_mode(void)
{
    static const char *const names[] = {"sum", "sum_fast", "sum_compensated"};
    for (int v = 0; v < variant_count; v++)
        for (int m = 0; m < 3; m++) {
            const trine_reducer *reducer = find_in(variants[v].reducers, names[m], TRINE_F64);
            double got;
            for (size_t i = 0; i < 100; i++)
                data[i] = 1;
            data[77] = -INFINITY;
            sum_by(reducer, data, 100, ONE_BLOCK, &got);
            CU_ASSERT_EQUAL(got, -INFINITY);
            data[3] = INFINITY;
            sum_by(reducer, data, 100, ONE_BLOCK, &got);
            uint64_t bits;
            memcpy(&bits, &got, sizeof bits);
            CU_ASSERT_EQUAL(bits, 0x7ff8000000000000u);
            data[0] = data[1] = -0.0;
            sum_by(reducer, data, 2, ONE_BLOCK, &got);
            CU_ASSERT_TRUE(got == 0 && signbit(got));
            sum_by(reducer, data, 0, ONE_BLOCK, &got);
            CU_ASSERT_TRUE(got == 0 && !signbit(got));
        }
}

static void integer_sums_are_exact_or_refused(void)
{
    static int64_t x[MOST];
    int64_t got = 7;
    for (int v = 0; v < variant_count; v++) {
        const trine_reducer *m = find_in(variants[v].reducers, "sum", TRINE_I64);
        for (size_t i = 0; i < MOST; i++)
            x[i] = i % 2 ? INT64_MIN : INT64_MAX;
        CU_ASSERT_EQUAL(sum_by(m, x, MOST / 2 * 2, A_BLOCK_A_CHUNK, &got), TRINE_OK);
        CU_ASSERT_EQUAL(got, -(int64_t)(MOST / 2));
        x[0] = INT64_MAX;
        x[1] = 1;
        got = 7;
        CU_ASSERT_EQUAL(sum_by(m, x, 2, ONE_BLOCK, &got), TRINE_E_OVERFLOW);
        CU_ASSERT_EQUAL(got, 7);
        x[2] = -1;
        CU_ASSERT_EQUAL(sum_by(m, x, 3, ONE_BLOCK, &got), TRINE_OK);
        CU_ASSERT_EQUAL(got, INT64_MAX);
        x[0] = INT64_MIN;
        x[1] = -1;
        CU_ASSERT_EQUAL(sum_by(m, x, 2, ONE_BLOCK, &got), TRINE_E_OVERFLOW);
        const trine_reducer *u = find_in(variants[v].reducers, "sum", TRINE_U64);
        uint64_t big[2] = {UINT64_MAX, 0}, sum = 5;
        CU_ASSERT_EQUAL(sum_by(u, big, 2, ONE_BLOCK, &sum), TRINE_OK);
        CU_ASSERT_EQUAL(sum, UINT64_MAX);
        big[1] = 1;
        CU_ASSERT_EQUAL(sum_by(u, big, 2, ONE_BLOCK, &sum), TRINE_E_OVERFLOW);
    }
}

#define CHECK_NARROW(type, dtype, least, most)                                                     \
    {                                                                                              \
        static type x[MOST];                                                                       \
        int64_t expected = 0, got;                                                                 \
        for (size_t i = 0; i < MOST; i++) {                                                        \
            x[i] = i % 3 == 0 ? (type)(least) : i % 3 == 1 ? (type)(most) : (type)rand();          \
            expected += (int64_t)x[i];                                                             \
        }                                                                                          \
        for (int v = 0; v < variant_count; v++) {                                                  \
            CU_ASSERT_EQUAL(                                                                       \
                sum_by(find_in(variants[v].reducers, "sum", dtype), x, MOST, ONE_BLOCK, &got),     \
                TRINE_OK);                                                                         \
            CU_ASSERT_EQUAL(got, expected);                                                        \
            for (size_t i = 0; i < MOST; i++)                                                      \
                x[i] = (type)(least);                                                              \
            expected = (int64_t)MOST * (int64_t)(type)(least);                                     \
        }                                                                                          \
    }

static void narrow_integers_do_not_overflow_inside(void)
{
    CHECK_NARROW(int32_t, TRINE_I32, INT32_MIN, INT32_MAX)
    CHECK_NARROW(uint32_t, TRINE_U32, UINT32_MAX, 0)
    CHECK_NARROW(int16_t, TRINE_I16, INT16_MIN, INT16_MAX)
    CHECK_NARROW(uint16_t, TRINE_U16, UINT16_MAX, 0)
    CHECK_NARROW(int8_t, TRINE_I8, INT8_MIN, INT8_MAX)
    CHECK_NARROW(uint8_t, TRINE_U8, UINT8_MAX, 0)
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"exact on uniform and normal data", exact_on_uniform_and_normal_data},
        {"exact at every length to 200", exact_at_every_length_to_200},
        {"exact on every range of exponents", exact_on_every_range_of_exponents},
        {"exact where terms cancel", exact_where_terms_cancel},
        {"exact on denormals and at the top", exact_on_denormals_and_at_the_top},
        {"exact ties go to even", exact_ties_go_to_even},
        {"exact on special values", exact_on_special_values},
        {"exact when the data change character", exact_when_the_data_change_character},
        {"exact when huge terms come and go", exact_when_huge_terms_come_and_go},
        {"exact f32 rounds the true sum once", exact_f32_rounds_the_true_sum_once},
        {"exact f32 rounds at the edges of float", exact_f32_rounds_at_the_edges_of_float},
        {"fast follows the rule of 32 lanes", fast_follows_the_rule_of_32_lanes},
        {"compensated is as good as twice the precision",
         compensated_is_as_good_as_twice_the_precision},
        {"compensated stays finite beside the largest double",
         compensated_stays_finite_beside_the_largest_double},
        {"result size is that of the result type", result_size_is_that_of_the_result_type},
        {"infinity and NaN pass through every mode", infinity_and_nan_pass_through_every_mode},
        {"integer sums are exact or refused", integer_sums_are_exact_or_refused},
        {"narrow integers do not overflow inside", narrow_integers_do_not_overflow_inside},
        CU_TEST_INFO_NULL,
    };
    variants[variant_count++] = (variant){"baseline", trine_sums_baseline};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        variants[variant_count++] = (variant){"avx2", trine_sums_avx2};
    if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        variants[variant_count++] = (variant){"avx512", trine_sums_avx512};
#endif
    srand(20);
    int status = trine_check_main("sums", tests);
    printf("%zu exact sums of %d instruction sets compared with MPFR\n", checked, variant_count);
    return status;
}
