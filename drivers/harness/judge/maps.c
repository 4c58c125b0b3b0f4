/* drivers/harness/judge/maps.c - see maps.h. */
#include "drivers/harness/judge/maps.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "drivers/harness/judge/blocks.h"
#include "drivers/harness/judge/truth.h"

/* IEEE 754 defines arithmetic to the bit, each operation rounded in the type (no contraction:
 * -ffp-contract=off). Moves keep the bits of what is not a number. */
#define ARITHMETIC(X)                                                                              \
    X(scale, a *x)                                                                                 \
    X(add, x + y)                                                                                  \
    X(sub, x - y)                                                                                  \
    X(mul, x *y)                                                                                   \
    X(div, x / y)                                                                                  \
    X(axpy, a *x + y)                                                                              \
    X(axpby, a *x + b * y)
#define MOVES(X)                                                                                   \
    X(copy, x)                                                                                     \
    X(clip, (x < a ? a : x) > b ? b : (x < a ? a : x))                                             \
    X(abs, signbit(x) ? -x : x)                                                                    \
    X(neg, -x)

typedef bool judge_of_f64(double a, double b, double x, double y, double z);
typedef bool judge_of_f32(float a, float b, float x, float y, float z);

static bool is_f64(double right, double z)
{
    return same_double(right, z);
}

static bool is_f32(float right, float z)
{
    return memcmp(&right, &z, sizeof z) == 0;
}

#define JUDGE_ARITHMETIC_IN(name, expression, s, type)                                             \
    static bool name##_##s(type a, type b, type x, type y, type z)                                 \
    {                                                                                              \
        type right = expression;                                                                   \
        (void)a, (void)b, (void)y;                                                                 \
        return is_##s(right != right ? (type)NAN : right, z);                                      \
    }
#define JUDGE_MOVE_IN(name, expression, s, type)                                                   \
    static bool name##_##s(type a, type b, type x, type y, type z)                                 \
    {                                                                                              \
        (void)a, (void)b, (void)y;                                                                 \
        return is_##s(expression, z);                                                              \
    }
#define JUDGE_ARITHMETIC(name, expression)                                                         \
    JUDGE_ARITHMETIC_IN(name, expression, f64, double)                                             \
    JUDGE_ARITHMETIC_IN(name, expression, f32, float)
#define JUDGE_MOVE(name, expression)                                                               \
    JUDGE_MOVE_IN(name, expression, f64, double)                                                   \
    JUDGE_MOVE_IN(name, expression, f32, float)
ARITHMETIC(JUDGE_ARITHMETIC)
MOVES(JUDGE_MOVE)
JUDGE_ARITHMETIC_IN(sqrt, sqrt(x), f64, double)
JUDGE_ARITHMETIC_IN(sqrt, sqrtf(x), f32, float)

/* Within a unit in the last place of the true value, which `right` is but for its own last bits.
 * Infinite only beyond the largest number. */
static bool is_near(long double right, long double z, int bits, int least, long double largest)
{
    int e;
    long double size = fabsl(right);
    if (isinf(z))
        return size > largest && signbit(z) == signbit(right);
    if (isinf(right) || isnan(z) || signbit(z) != signbit(right))
        return false;
    (void)frexpl(size > largest ? largest : size, &e);
    int unit = size == 0 || e - bits < least ? least : e - bits;
    return right == 0 ? z == 0 : fabsl(z - right) <= ldexpl(1, unit);
}

static bool is_near_f64(long double right, double z)
{
    return isnan(right) ? same_double((double)NAN, z)
                        : is_near(right, (long double)z, 53, -1074, (long double)DBL_MAX);
}

/* The C library's doubles are good to less than a unit in their last place: far more than a float
 * has. */
static bool is_near_f32(double right, float z)
{
    return isnan(right)
               ? is_f32(NAN, z)
               : is_near((long double)right, (long double)z, 24, -149, (long double)FLT_MAX);
}

/* plain: the C library's function of doubles has an error below a unit, so that its result is
 * right as it is; it costs a tenth of the other. */
#define JUDGE_FUNCTION(name, call, call_long, plain)                                               \
    static bool name##_f64(double a, double b, double x, double y, double z)                       \
    {                                                                                              \
        (void)a, (void)b, (void)y;                                                                 \
        if ((plain) && same_double(call, z) && z == z)                                             \
            return true;                                                                           \
        return is_near_f64(call_long, z);                                                          \
    }                                                                                              \
    static bool name##_f32(float a, float b, float x, float y, float z)                            \
    {                                                                                              \
        (void)a, (void)b, (void)y;                                                                 \
        return is_near_f32(call, z);                                                               \
    }
JUDGE_FUNCTION(exp, exp((double)x), expl((long double)x), true)
JUDGE_FUNCTION(log, log((double)x), logl((long double)x), true)
JUDGE_FUNCTION(sin, sin((double)x), sinl((long double)x), true)
JUDGE_FUNCTION(cos, cos((double)x), cosl((long double)x), true)
JUDGE_FUNCTION(tanh, tanh((double)x), tanhl((long double)x), false)
JUDGE_FUNCTION(pow, pow((double)x, (double)y), powl((long double)x, (long double)y), true)

/* Whole numbers wrap modulo two to the bits of their type; x / 0 is 0. The constants are cut to
 * whole numbers. */
static harness_uint128 whole_quotient(harness_int128 x, harness_int128 y)
{
    return (harness_uint128)(y == 0 ? 0 : x / y);
}

static bool make_whole(const char *m, const harness_int128 constant[2], harness_int128 x,
                       harness_int128 y, harness_uint128 *z)
{
    const harness_uint128 a = (harness_uint128)constant[0], b = (harness_uint128)constant[1],
                          u = (harness_uint128)x, v = (harness_uint128)y;
    harness_int128 low = x < constant[0] ? constant[0] : x;
    const struct {
        const char *method;
        harness_uint128 result;
    } results[] = {{"copy", u},
                   {"scale", a * u},
                   {"add", u + v},
                   {"sub", u - v},
                   {"mul", u * v},
                   {"div", whole_quotient(x, y)},
                   {"axpy", a * u + v},
                   {"axpby", a * u + b * v},
                   {"clip", (harness_uint128)(low > constant[1] ? constant[1] : low)},
                   {"abs", x < 0 ? -u : u},
                   {"neg", -u}};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (strcmp(results[i].method, m) == 0) {
            *z = results[i].result;
            return true;
        }
    return false;
}

static bool are_wholes_right(const char *method, trine_dtype dtype, const double constant[2],
                             const void *x, const void *y, const void *z, size_t n)
{
    const harness_int128 whole[2] = {(harness_int128)constant[0], (harness_int128)constant[1]};
    bool right = true;
    for (size_t i = 0; i < n && right; i += BLOCK) {
        harness_int128 block[3][BLOCK];
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        read_wholes(dtype, x, i, some, block[0]);
        read_wholes(dtype, y, i, some, block[1]);
        read_wholes(dtype, z, i, some, block[2]);
        for (size_t k = 0; k < some && right; k++) {
            harness_uint128 result = 0;
            right = make_whole(method, whole, block[0][k], block[1][k], &result) &&
                    block[2][k] == wrapped_whole(dtype, result);
        }
    }
    return right;
}

#define ENTRY(name, expression) {#name, name##_f64, name##_f32},

static const struct {
    const char *method;
    judge_of_f64 *f64;
    judge_of_f32 *f32;
} maps[] = {ARITHMETIC(ENTRY) MOVES(ENTRY) ENTRY(sqrt, ) ENTRY(exp, ) ENTRY(log, ) ENTRY(sin, )
                ENTRY(cos, ) ENTRY(tanh, ) ENTRY(pow, )};

enum { MAPS = sizeof maps / sizeof *maps };

bool judge_map(const char *method, trine_dtype dtype, const double constant[2], const void *x,
               const void *y, const void *z, size_t n)
{
    int m = 0;
    bool right = true;
    if (!is_real(dtype))
        return are_wholes_right(method, dtype, constant, x, y, z, n);
    while (m < MAPS && strcmp(maps[m].method, method) != 0)
        m++;
    if (m == MAPS)
        return false;
    const double *x64 = x, *y64 = y, *z64 = z;
    const float *x32 = x, *y32 = y, *z32 = z;
    float a = (float)constant[0], b = (float)constant[1];
    if (dtype == TRINE_F64)
        for (size_t i = 0; i < n && right; i++)
            right = maps[m].f64(constant[0], constant[1], x64[i], y64[i], z64[i]);
    else
        for (size_t i = 0; i < n && right; i++)
            right = maps[m].f32(a, b, x32[i], y32[i], z32[i]);
    return right;
}
