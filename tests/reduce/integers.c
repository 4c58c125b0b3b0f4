/* integers.c - sums of absolute values, products and squares of integers, and their means, against
 * MPFR, on every instruction set of this CPU. */
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernels/registry/isa.h"

enum { BITS = 400, MOST = 2 * TRINE_CHUNK + 77 };

typedef struct variant {
    const trine_reducer *families[3];
} variant;

static variant variants[4];
static int variant_count;

static const trine_reducer *find_in(const variant *v, const char *name, trine_dtype dtype)
{
    for (int f = 0; f < 3; f++)
        for (const trine_reducer *m = v->families[f]; m->name; m++)
            if (m->in[0] == dtype && strcmp(m->name, name) == 0)
                return m;
    return NULL;
}

/* In partials of `step` elements. */
static trine_status reduce(const trine_reducer *m, const void *x, const void *y, size_t item,
                           size_t n, size_t step, void *result)
{
    static _Alignas(64) unsigned char all[256], part[256];
    m->init(all, NULL);
    for (size_t i = 0; i < n; i += step) {
        trine_chunk chunk = {.offset = i, .n = n - i < step ? n - i : step};
        chunk.in[0] = (const char *)x + i * item;
        chunk.in[1] = (const char *)y + i * item;
        m->init(part, NULL);
        m->accumulate(part, &chunk, NULL);
        m->merge(all, part, NULL);
    }
    return m->finish(result, all, NULL);
}

static void expect(const char *name, trine_dtype dtype, size_t item, const void *x, const void *y,
                   size_t n, mpfr_srcptr value)
{
    bool sign = dtype == TRINE_I64 || dtype == TRINE_I32 || dtype == TRINE_I16 || dtype == TRINE_I8;
    bool mean = strcmp(name, "mean") == 0 || strcmp(name, "wmean") == 0;
    double real = mpfr_nan_p(value) ? NAN : mpfr_get_d(value, MPFR_RNDN);
    uint64_t bits;
    bool fits = sign ? mpfr_fits_slong_p(value, MPFR_RNDN) : mpfr_fits_ulong_p(value, MPFR_RNDN);
    if (mean)
        memcpy(&bits, &real, sizeof bits);
    else
        bits = sign ? (uint64_t)mpfr_get_si(value, MPFR_RNDN) : mpfr_get_ui(value, MPFR_RNDN);
    for (int v = 0; v < variant_count; v++)
        for (size_t step = TRINE_CHUNK; step > 1000; step /= 7) {
            uint64_t got = 77;
            trine_status status =
                reduce(find_in(&variants[v], name, dtype), x, y, item, n, step, &got);
            CU_ASSERT_EQUAL(status, mean && n == 0 ? TRINE_E_EMPTY
                                    : mean || fits ? TRINE_OK
                                                   : TRINE_E_OVERFLOW);
            if (status == TRINE_OK && got != bits)
                printf("\n  %s, dtype %d, n %zu: %llx, expected %llx\n", name, (int)dtype, n,
                       (unsigned long long)got, (unsigned long long)bits);
            CU_ASSERT_EQUAL(got, status == TRINE_OK ? bits : 77);
        }
}

/* Kinds of data: random bits, the extremes, small ones, and products that cancel. */
enum { RANDOM, LEAST, GREATEST, EXTREMES, SMALL, CANCELLING, KINDS };

static uint64_t random_bits(void)
{
    return (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
}

#define CHECK(TYPE, dtype, least, greatest, set)                                                   \
    static void check_##TYPE(size_t n, int kind)                                                   \
    {                                                                                              \
        static TYPE x[MOST], y[MOST];                                                              \
        mpfr_t sum, magnitudes, products, squares, weights, t;                                     \
        mpfr_inits2(BITS, sum, magnitudes, products, squares, weights, t, (mpfr_ptr)NULL);         \
        mpfr_set_zero(sum, 1);                                                                     \
        mpfr_set_zero(magnitudes, 1);                                                              \
        mpfr_set_zero(products, 1);                                                                \
        mpfr_set_zero(squares, 1);                                                                 \
        mpfr_set_zero(weights, 1);                                                                 \
        for (size_t i = 0; i < n; i++) {                                                           \
            x[i] = kind == LEAST || (kind == EXTREMES && rand() % 2) ? (TYPE)(least)               \
                   : kind == GREATEST || kind == EXTREMES            ? (TYPE)(greatest)            \
                   : kind == SMALL                                   ? (TYPE)(rand() % 100)        \
                                                                     : (TYPE)random_bits();                                          \
            y[i] = kind == SMALL    ? (TYPE)(rand() % 100)                                         \
                   : kind == RANDOM ? (TYPE)random_bits()                                          \
                                    : x[i];                                                        \
            if (kind == CANCELLING && i % 2) {                                                     \
                x[i] = x[i - 1];                                                                   \
                y[i] = (TYPE)(0 - y[i - 1]);                                                       \
            }                                                                                      \
            set(t, x[i], MPFR_RNDN);                                                               \
            mpfr_add(sum, sum, t, MPFR_RNDN);                                                      \
            mpfr_abs(t, t, MPFR_RNDN);                                                             \
            mpfr_add(magnitudes, magnitudes, t, MPFR_RNDN);                                        \
            mpfr_sqr(t, t, MPFR_RNDN);                                                             \
            mpfr_add(squares, squares, t, MPFR_RNDN);                                              \
            set(t, x[i], MPFR_RNDN);                                                               \
            mpfr_prec_round(t, BITS, MPFR_RNDN);                                                   \
            mpfr_t s;                                                                              \
            mpfr_init2(s, BITS);                                                                   \
            set(s, y[i], MPFR_RNDN);                                                               \
            mpfr_add(weights, weights, s, MPFR_RNDN);                                              \
            mpfr_mul(t, t, s, MPFR_RNDN);                                                          \
            mpfr_clear(s);                                                                         \
            mpfr_add(products, products, t, MPFR_RNDN);                                            \
        }                                                                                          \
        expect("asum", dtype, sizeof *x, x, y, n, magnitudes);                                     \
        expect("dot", dtype, sizeof *x, x, y, n, products);                                        \
        expect("wsum_fast", dtype, sizeof *x, x, y, n, products);                                  \
        expect("sumsq", dtype, sizeof *x, x, y, n, squares);                                       \
        mpfr_div(products, products, weights, MPFR_RNDN);                                          \
        expect("wmean", dtype, sizeof *x, x, y, n, products);                                      \
        mpfr_div_ui(sum, sum, n, MPFR_RNDN);                                                       \
        expect("mean", dtype, sizeof *x, x, y, n, sum);                                            \
        mpfr_clears(sum, magnitudes, products, squares, weights, t, (mpfr_ptr)NULL);               \
    }

CHECK(int64_t, TRINE_I64, INT64_MIN, INT64_MAX, mpfr_set_si)
CHECK(int32_t, TRINE_I32, INT32_MIN, INT32_MAX, mpfr_set_si)
CHECK(int16_t, TRINE_I16, INT16_MIN, INT16_MAX, mpfr_set_si)
CHECK(int8_t, TRINE_I8, INT8_MIN, INT8_MAX, mpfr_set_si)
CHECK(uint64_t, TRINE_U64, 0, UINT64_MAX, mpfr_set_ui)
CHECK(uint32_t, TRINE_U32, 0, UINT32_MAX, mpfr_set_ui)
CHECK(uint16_t, TRINE_U16, 0, UINT16_MAX, mpfr_set_ui)
CHECK(uint8_t, TRINE_U8, 0, UINT8_MAX, mpfr_set_ui)

static void integers_are_exact_or_refused(void)
{
    static const size_t lengths[] = {0, 1, 2, 3, 4, 100, 1001, TRINE_CHUNK, MOST};
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
        for (int kind = 0; kind < KINDS; kind++) {
            check_int64_t(lengths[k], kind);
            check_int32_t(lengths[k], kind);
            check_int16_t(lengths[k], kind);
            check_int8_t(lengths[k], kind);
            check_uint64_t(lengths[k], kind);
            check_uint32_t(lengths[k], kind);
            check_uint16_t(lengths[k], kind);
            check_uint8_t(lengths[k], kind);
        }
}

/* Sums of products that reach the ends of 64 bits exactly, and go one beyond. */
static void overflow_is_decided_on_the_final_value(void)
{
    int64_t x[] = {INT64_MAX, INT64_MAX, 1, 1}, y[] = {2, -1, 0, 1}, got = 7;
    uint64_t a[] = {UINT64_MAX, 1}, b[] = {1, 0}, sum = 7;
    for (int v = 0; v < variant_count; v++) {
        const trine_reducer *m = find_in(&variants[v], "dot", TRINE_I64);
        CU_ASSERT_EQUAL(reduce(m, x, y, sizeof *x, 1, 1, &got), TRINE_E_OVERFLOW);
        CU_ASSERT_EQUAL(got, 7);
        CU_ASSERT_EQUAL(reduce(m, x, y, sizeof *x, 3, 1, &got), TRINE_OK);
        CU_ASSERT_EQUAL(got, INT64_MAX);
        got = 7;
        CU_ASSERT_EQUAL(reduce(m, x, y, sizeof *x, 4, 1, &got), TRINE_E_OVERFLOW);
        m = find_in(&variants[v], "dot", TRINE_U64);
        CU_ASSERT_EQUAL(reduce(m, a, b, sizeof *a, 2, 2, &sum), TRINE_OK);
        CU_ASSERT_EQUAL(sum, UINT64_MAX);
        b[1] = 1;
        CU_ASSERT_EQUAL(reduce(m, a, b, sizeof *a, 2, 2, &sum), TRINE_E_OVERFLOW);
        b[1] = 0;
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"integers are exact or refused", integers_are_exact_or_refused},
        {"overflow is decided on the final value", overflow_is_decided_on_the_final_value},
        CU_TEST_INFO_NULL,
    };
#define FAMILIES_OF(isa)                                                                           \
    {                                                                                              \
        {                                                                                          \
            trine_sums_##isa, trine_means_##isa, trine_integer_dots_##isa                          \
        }                                                                                          \
    }
    variants[variant_count++] = (variant)FAMILIES_OF(baseline);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        variants[variant_count++] = (variant)FAMILIES_OF(avx2);
    if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        variants[variant_count++] = (variant)FAMILIES_OF(avx512);
#endif
    srand(22);
    return trine_check_main("integers", tests);
}
