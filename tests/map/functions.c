/* functions.c [STEP [COUNT [NAME]]] - the elementary functions are within one unit in the last
 * place of the true value, and finite wherever that rounds to a finite number: floats of every
 * STEPth bit pattern against functions in double, doubles at their edges and COUNT of all exponents
 * against MPFR. `functions 1` goes through all 2^32 floats; a NAME does so for one function. */
#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "kernels/simd/loops.h"
#include "map_cases.h"
#include "variants.h"

typedef int function_mpfr(mpfr_t, const mpfr_t, mpfr_rnd_t);

/* range: beyond it, arguments show nothing new. near: where the values of two branches meet. */
typedef struct function {
    const char *name;
    double (*wide)(double);
    function_mpfr *true_value;
    double range;
    double edges[8];
} function;

static const function functions[] = {
    {"exp", exp, mpfr_exp, 746, {0x1.62e42fefa39efp9, -0x1.6232bdd7abcd2p9, -0x1.74910d52d3051p9}},
    {"log", log, mpfr_log, 0, {1, 0x1.6a09e667f3bcdp-1, 0x1.6a09e667f3bcdp0, 0x1p-1022, 2.0 / 3}},
    {"sin", sin, mpfr_sin, 0, {0x1.921fb54442d18p1, 0x1.921fb54442d18p0, 15, 39000, 1e14, 1e-8}},
    {"cos", cos, mpfr_cos, 0, {0x1.921fb54442d18p1, 0x1.921fb54442d18p0, 15, 39000, 1e14, 1e-8}},
    {"tanh", tanh, mpfr_tanh, 23, {18.714973875118524, 22, 1e-8, 7.33797734e-08, 0x1p-28, 1}},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions, EDGES = 8, PRECISION = 200, AROUND = 300 };

static uint64_t step = 4099, count = 5 * TRINE_CHUNK;
static const char *only;

/* The worst that was seen of one function, and where. */
typedef struct verdict {
    double worst, x, y, got;
    uint64_t judged, wrong;
} verdict;

/* |got - known| in units in the last place of known, in a type of that many bits whose least normal
 * number is 2^(least - 1). What rounds to a finite number is to be finite. */
static double error_in_ulp(double got, const mpfr_t known, int digits, int least)
{
    double nearest =
        digits == 24 ? (double)mpfr_get_flt(known, MPFR_RNDN) : mpfr_get_d(known, MPFR_RNDN);
    if (isnan(nearest) || isnan(got))
        return isnan(nearest) && isnan(got) ? 0 : INFINITY;
    if (isinf(nearest) || isinf(got) || mpfr_zero_p(known))
        return got == nearest && signbit(got) == signbit(nearest) ? 0 : INFINITY;
    if (got == 0 && signbit(got) != (mpfr_signbit(known) != 0))
        return INFINITY;
    mpfr_exp_t exponent = mpfr_get_exp(known);
    mpfr_t difference;
    mpfr_init2(difference, PRECISION);
    mpfr_sub_d(difference, known, got, MPFR_RNDN);
    mpfr_mul_2si(difference, difference, digits - (exponent > least ? exponent : least), MPFR_RNDN);
    double error = fabs(mpfr_get_d(difference, MPFR_RNDA));
    mpfr_clear(difference);
    return error;
}

/* The same of a float, by a double that is near enough. */
static double error_of_float(float got, double known)
{
    float nearest = (float)known;
    if (isnan(nearest) || isnan(got))
        return isnan(nearest) && isnan(got) ? 0 : INFINITY;
    if (isinf(nearest) || isinf(got) || known == 0)
        return got == nearest && signbit(got) == signbit(nearest) ? 0 : INFINITY;
    if (got == 0 && signbit(got) != signbit(known))
        return INFINITY;
    uint64_t exponent = trine_bits_f64(known) << 1 >> 53, least = 1023 - 126;
    uint64_t units = 2 * 1023 + 23 - (exponent > least ? exponent : least);
    return fabs(got - known) * trine_real_f64(units << 52);
}

static void judge(verdict *v, double error, double x, double y, double got)
{
    v->judged++;
    v->wrong += !(error <= 1);
    if (error > v->worst)
        v->worst = error, v->x = x, v->y = y, v->got = got;
}

static void conclude(const char *name, const char *type, const verdict *v)
{
    printf("\n  %s of %s: at most %.6f ulp of %llu, at (%a, %a): %a", name, type, v->worst,
           (unsigned long long)v->judged, v->x, v->y, v->got);
    CU_ASSERT_EQUAL(v->wrong, 0);
}

static bool is_left_out(const char *name)
{
    return only && strcmp(only, name);
}

static void floats_are_within_one_ulp(void)
{
    static float x[TRINE_CHUNK], z[TRINE_CHUNK];
    for (int f = 0; f < FUNCTIONS; f++) {
        const trine_map *map = trine_map_find(functions[f].name, TRINE_F32, TRINE_F32);
        trine_chunk chunk = {.in = {x}, .out = {z}};
        verdict v = {0};
        for (uint64_t bits = 0; bits < UINT64_C(1) << 32 && !is_left_out(functions[f].name);) {
            for (chunk.n = 0; chunk.n < TRINE_CHUNK && bits < UINT64_C(1) << 32; bits += step) {
                uint32_t pattern = (uint32_t)bits;
                memcpy(&x[chunk.n++], &pattern, sizeof pattern);
            }
            map->apply(&chunk, NULL);
            for (int64_t i = 0; i < chunk.n; i++)
                judge(&v, error_of_float(z[i], functions[f].wide(x[i])), x[i], 0, z[i]);
        }
        conclude(functions[f].name, "f32", &v);
    }
}

/* The double `by` steps beyond x. */
static double neighbour(double x, int by)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits += (uint64_t)by;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* One of all doubles. */
static double any_double(uint64_t i, uint64_t kind)
{
    uint64_t bits = random_bits(i, kind);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double unit(uint64_t i, uint64_t kind)
{
    return (double)(random_bits(i, kind) >> 11) * 0x1p-53;
}

/* Special values and the doubles around them and the function's edges, then of all exponents, then
 * of the range. */
static double argument(const function *f, uint64_t i)
{
    static const double special[] = {0, 0x1p-1022, 0x1p-1074, DBL_MAX, INFINITY, NAN, 1, 2};
    if (i < (uint64_t)2 * 2 * EDGES * AROUND) {
        uint64_t edge = i / 2 / AROUND;
        double at = edge < EDGES ? f->edges[edge] : special[edge - EDGES];
        at = neighbour(at, (int)(i / 2 % AROUND) - AROUND / 2);
        return i % 2 ? at : -at;
    }
    if (f->range == 0 || i % 2)
        return any_double(i, 3);
    return (2 * unit(i, 4) - 1) * f->range;
}

static void doubles_are_within_one_ulp(void)
{
    static double x[TRINE_CHUNK], z[TRINE_CHUNK];
    mpfr_t argument_mpfr, known;
    mpfr_inits2(PRECISION, argument_mpfr, known, (mpfr_ptr)0);
    for (int f = 0; f < FUNCTIONS; f++) {
        const trine_map *map = trine_map_find(functions[f].name, TRINE_F64, TRINE_F64);
        trine_chunk chunk = {.n = TRINE_CHUNK, .in = {x}, .out = {z}};
        verdict v = {0};
        for (uint64_t first = 0; first < count && !is_left_out(functions[f].name);
             first += TRINE_CHUNK) {
            for (int64_t i = 0; i < chunk.n; i++)
                x[i] = argument(&functions[f], first + i);
            map->apply(&chunk, NULL);
            for (int64_t i = 0; i < chunk.n; i++) {
                mpfr_set_d(argument_mpfr, x[i], MPFR_RNDN);
                functions[f].true_value(known, argument_mpfr, MPFR_RNDN);
                judge(&v, error_in_ulp(z[i], known, 53, -1021), x[i], 0, z[i]);
            }
        }
        conclude(functions[f].name, "f64", &v);
    }
    mpfr_clears(argument_mpfr, known, (mpfr_ptr)0);
}

/* Bases and exponents whose powers reach the ends of the range of a type. */
static const double bases[] = {
    DBL_MAX, DBL_MIN, 0x1p-1074, 2,        4,        0.5,      1,     FLT_MAX, FLT_MIN,  0x1p-149,
    1.5,     10,      INFINITY,  0,        NAN,      0x1.fp-1, -1,    -2,      -DBL_MAX, -0x1p-1074,
    -0.0,    3,       -INFINITY, -FLT_MAX, 0x1p-100, -7,       1e300, 1e-300};
static const double exponents[] = {1,
                                   -1,
                                   2,
                                   -2,
                                   0.5,
                                   -0.5,
                                   0,
                                   3,
                                   1024,
                                   -1074,
                                   511.99999999999994,
                                   -537,
                                   0x1p53,
                                   0x1p53 + 2,
                                   INFINITY,
                                   -INFINITY,
                                   NAN,
                                   1e300,
                                   -1e300,
                                   0x1p-1074,
                                   128,
                                   -149,
                                   1.0 / 3,
                                   307.95,
                                   -307.95,
                                   38.5,
                                   -45,
                                   0.999999,
                                   1023.9999999};
enum { BASES = sizeof bases / sizeof *bases, EXPONENTS = sizeof exponents / sizeof *exponents };

/* A base x, and an exponent y: the edges; or such that x^y is any number; or any. */
static void power_arguments(uint64_t i, double most_log2, double *x, double *y)
{
    *x = any_double(i, 5);
    *y = any_double(i, 6);
    if (i < (uint64_t)BASES * EXPONENTS * 9) {
        *x = neighbour(bases[i / 9 % BASES], (int)(i % 3) - 1);
        *y = neighbour(exponents[i / 9 / BASES], (int)(i / 3 % 3) - 1);
    } else if (i % 8 == 1) {
        *x = i % 16 == 1 ? fabs(*x)
                         : 1 + (unit(i, 7) - 0.5) * ldexp(1, -(int)(random_bits(i, 8) % 50));
        *y = (unit(i, 9) * 2.2 - 1.1) * most_log2 / log2(*x);
    } else if (i % 8 == 2) {
        *x = ldexp(0.5 + unit(i, 7), (int)(random_bits(i, 8) % 80) - 40) * (i % 16 == 2 ? 1 : -1);
        *y = i % 32 == 2 ? 100 * (unit(i, 9) - 0.5) : round(100 * (unit(i, 9) - 0.5));
    } else if (i % 8 < 6) {
        /* Close to the ends of the range. */
        double end = i % 8 == 3 ? most_log2 : i % 8 == 4 ? -most_log2 : -most_log2 - 51;
        *x = i % 16 < 8 ? fabs(*x) : 1 + unit(i, 7) * 20;
        *y = neighbour(end / log2(*x), (int)(random_bits(i, 9) % 7) - 3);
    }
}

/* x^y as MPFR has it, which for huge exponents is out of a double's range anyway. */
static void true_power(mpfr_t known, mpfr_t base, mpfr_t exponent, double x, double y)
{
    mpfr_set_d(base, x, MPFR_RNDN);
    mpfr_set_d(exponent, y, MPFR_RNDN);
    mpfr_pow(known, base, exponent, MPFR_RNDN);
}

static void powers_are_within_one_ulp(bool single)
{
    static double x[TRINE_CHUNK], y[TRINE_CHUNK], z[TRINE_CHUNK];
    static float x32[TRINE_CHUNK], y32[TRINE_CHUNK], z32[TRINE_CHUNK];
    trine_dtype type = single ? TRINE_F32 : TRINE_F64;
    const trine_map *map = trine_map_find("pow", type, type);
    trine_chunk chunk = {.n = TRINE_CHUNK, .in = {x, y}, .out = {z}};
    verdict v = {0};
    mpfr_t base, exponent, known;
    mpfr_inits2(PRECISION, base, exponent, known, (mpfr_ptr)0);
    if (single)
        chunk = (trine_chunk){.n = TRINE_CHUNK, .in = {x32, y32}, .out = {z32}};
    for (uint64_t first = 0; first < count && !is_left_out("pow"); first += TRINE_CHUNK) {
        for (int64_t i = 0; i < chunk.n; i++) {
            power_arguments(first + i, single ? 128 : 1024, &x[i], &y[i]);
            x32[i] = (float)x[i], y32[i] = (float)y[i];
        }
        map->apply(&chunk, NULL);
        for (int64_t i = 0; i < chunk.n; i++) {
            double a = single ? x32[i] : x[i], b = single ? y32[i] : y[i];
            double got = single ? z32[i] : z[i];
            true_power(known, base, exponent, a, b);
            double error =
                single ? error_in_ulp(got, known, 24, -125) : error_in_ulp(got, known, 53, -1021);
            judge(&v, error, a, b, got);
        }
    }
    conclude("pow", single ? "f32" : "f64", &v);
    mpfr_clears(base, exponent, known, (mpfr_ptr)0);
}

static void powers_of_doubles_are_within_one_ulp(void)
{
    powers_are_within_one_ulp(false);
}

static void powers_of_floats_are_within_one_ulp(void)
{
    powers_are_within_one_ulp(true);
}

/* All types' arguments of a function, or of pow. */
static void fill_arguments(const trine_map *map, uint64_t first, void *x, void *y)
{
    for (size_t i = 0; i < TRINE_CHUNK; i++) {
        double a = 0, b = 0;
        if (map->nin == 2)
            power_arguments(first + i, map->in[0] == TRINE_F32 ? 128 : 1024, &a, &b);
        for (int f = 0; f < FUNCTIONS; f++)
            if (strcmp(functions[f].name, map->name) == 0)
                a = argument(&functions[f], first + i);
        float single[2] = {(float)a, (float)b};
        bool is_single = map->in[0] == TRINE_F32;
        size_t item = trine_dtype_size(map->in[0]);
        memcpy((char *)x + i * item, is_single ? (void *)&single[0] : (void *)&a, item);
        memcpy((char *)y + i * item, is_single ? (void *)&single[1] : (void *)&b, item);
    }
}

static void every_instruction_set_gives_the_same_bits_at_the_edges(void)
{
    static const trine_map *const tables[][VARIANTS] = {TABLES(trine_functions)};
    static double x[TRINE_CHUNK], y[TRINE_CHUNK], known[TRINE_CHUNK], z[TRINE_CHUNK];
    for (size_t m = 0; tables[0][0][m].name; m++)
        for (uint64_t first = 0; first < 4 * TRINE_CHUNK; first += TRINE_CHUNK) {
            trine_chunk chunk = {.n = TRINE_CHUNK, .in = {x, y}, .out = {known}};
            fill_arguments(&tables[0][0][m], first, x, y);
            tables[0][0][m].apply(&chunk, NULL);
            chunk.out[0] = z;
            for (int v = 1; v < VARIANTS; v++) {
                if (!supported(v))
                    continue;
                tables[0][v][m].apply(&chunk, NULL);
                CU_ASSERT_EQUAL(
                    memcmp(z, known, TRINE_CHUNK * trine_dtype_size(tables[0][v][m].out[0])), 0);
            }
        }
}

int main(int argc, char **argv)
{
    static CU_TestInfo tests[] = {
        {"floats are within one ulp", floats_are_within_one_ulp},
        {"doubles are within one ulp", doubles_are_within_one_ulp},
        {"powers of doubles are within one ulp", powers_of_doubles_are_within_one_ulp},
        {"powers of floats are within one ulp", powers_of_floats_are_within_one_ulp},
        {"every instruction set gives the same bits at the edges",
         every_instruction_set_gives_the_same_bits_at_the_edges},
        CU_TEST_INFO_NULL,
    };
    if (!trine_map_find("exp", TRINE_F64, TRINE_F64)) {
        printf("skipped: no SLEEF (libsleef-dev), or a CPU without FMA\n");
        return 77;
    }
    step = argc > 1 ? strtoull(argv[1], NULL, 10) : step;
    count = argc > 2 ? strtoull(argv[2], NULL, 10) : count;
    only = argc > 3 ? argv[3] : NULL;
    return trine_check_main("functions", tests);
}
