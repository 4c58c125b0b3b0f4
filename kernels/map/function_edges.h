/* kernels/map/function_edges.h - elementary functions of vectors: SLEEF's, what they lack of one
 * unit in the last place of every finite result, and one NaN.
 *
 * SLEEF's exp and pow of doubles are infinite from exp(709.782711149557) on, though DBL_MAX is
 * exp(709.782712893384). In between, exp(l) = exp(c) exp(l - c) with a constant c so near that
 * three terms of a series do. The l of pow is y ln|x| to twice the precision of a double. Such
 * lanes are rare, and are made one by one. Its tanh is 1 where the nearest double is the one below,
 * and that of the smallest floats is not the argument.
 */
#ifndef TRINE_KERNELS_FUNCTION_EDGES_H
#define TRINE_KERNELS_FUNCTION_EDGES_H

#include <float.h>

#include "kernels/map/sleef.h"

#define UNLIKELY(condition) __builtin_expect(condition, 0)

#define EDGE 709.78271
/* Past it, exp overflows. */
#define PAST_EDGE 709.78272
/* exp(EDGE) / 2, as the sum of two doubles. */
#define EXP_EDGE_HIGH 0x1.ffff9eea0e671p+1022
#define EXP_EDGE_LOW (-0x1.19d7de9475f75p+968)

/* A number as the sum of two doubles, the second of which the first does not hold. */
typedef struct twofold {
    double high, low;
} twofold;

static inline twofold twofold_sum(double x, double y)
{
    double sum = x + y, part = sum - x;
    return (twofold){sum, (x - (sum - part)) + (y - part)};
}

static inline twofold twofold_add(twofold x, twofold y)
{
    twofold sum = twofold_sum(x.high, y.high);
    return twofold_sum(sum.high, sum.low + (x.low + y.low));
}

static inline twofold twofold_multiply(twofold x, twofold y)
{
    double product = x.high * y.high;
    double error = fma(x.high, y.high, -product);
    return twofold_sum(product, error + (x.high * y.low + x.low * y.high));
}

static inline twofold twofold_divide(double x, twofold y)
{
    double quotient = x / y.high;
    return twofold_sum(quotient, (fma(-quotient, y.high, x) - quotient * y.low) / y.high);
}

/* ln x of a positive number: x = m 2^e, ln m = 2 (s + s^3 / 3 + s^5 / 5 + ...), s = (m - 1) /
 * (m + 1); |s| < 0.172, so what follows the 15th term is below 2^-75 of it. */
static twofold twofold_log(double x)
{
    const twofold log_2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2;
        exponent--;
    }
    twofold s = twofold_divide(m - 1, twofold_sum(m, 1)), square = twofold_multiply(s, s);
    twofold series = {0, 0};
    for (int k = 14; k >= 0; k--)
        series = twofold_add(twofold_multiply(series, square),
                             twofold_divide(1, (twofold){2 * k + 1, 0}));
    series = twofold_multiply(series, (twofold){2 * s.high, 2 * s.low});
    return twofold_add(twofold_multiply(log_2, (twofold){exponent, 0}), series);
}

/* exp(l) for l from EDGE to PAST_EDGE, rounded before it overflows. */
static double exp_at_edge(twofold l)
{
    double t = (l.high - EDGE) + l.low, more = t * (1 + t * (0.5 + t / 6));
    return 2 * (EXP_EDGE_HIGH + (EXP_EDGE_HIGH * more + EXP_EDGE_LOW));
}

/* z, but for what lies at the edge exp(x). */
static __attribute__((noinline)) reals_f64 exp_lanes_at_edge(reals_f64 x, reals_f64 z)
{
    double xs[LANES_f64], zs[LANES_f64];
    memcpy(xs, &x, sizeof x);
    memcpy(zs, &z, sizeof z);
    for (int i = 0; i < LANES_f64; i++)
        if (xs[i] > EDGE && xs[i] < PAST_EDGE)
            zs[i] = exp_at_edge((twofold){xs[i], 0});
    memcpy(&z, zs, sizeof z);
    return z;
}

/* z, but for what lies at the edge x^y of a finite x, where it is infinite. */
static __attribute__((noinline)) reals_f64 pow_lanes_at_edge(reals_f64 x, reals_f64 y, reals_f64 z)
{
    double xs[LANES_f64], ys[LANES_f64], zs[LANES_f64], logs[LANES_f64];
    reals_f64 log = SLEEF_f64(log)(abs_f64(x));
    memcpy(xs, &x, sizeof x);
    memcpy(ys, &y, sizeof y);
    memcpy(zs, &z, sizeof z);
    memcpy(logs, &log, sizeof log);
    for (int i = 0; i < LANES_f64; i++) {
        double l = ys[i] * logs[i];
        if (isinf(zs[i]) && l > EDGE && l < PAST_EDGE)
            zs[i] = copysign(
                exp_at_edge(twofold_multiply((twofold){ys[i], 0}, twofold_log(fabs(xs[i])))),
                zs[i]);
    }
    memcpy(&z, zs, sizeof z);
    return z;
}

/* x^y as SLEEF has it of doubles. */
static __attribute__((noinline)) reals_f32 pow_lanes_in_double(reals_f32 x, reals_f32 y)
{
    float xs[LANES_f32], ys[LANES_f32];
    double wide[LANES_f32];
    reals_f64 a, b, z;
    memcpy(xs, &x, sizeof x);
    memcpy(ys, &y, sizeof y);
    for (int i = 0; i < LANES_f32; i += LANES_f64) {
        double base[LANES_f64], exponent[LANES_f64];
        for (int j = 0; j < LANES_f64; j++) {
            base[j] = (double)xs[i + j];
            exponent[j] = (double)ys[i + j];
        }
        memcpy(&a, base, sizeof a);
        memcpy(&b, exponent, sizeof b);
        z = SLEEF_f64(pow)(a, b);
        memcpy(wide + i, &z, sizeof z);
    }
    for (int i = 0; i < LANES_f32; i++)
        xs[i] = (float)wide[i];
    memcpy(&x, xs, sizeof x);
    return x;
}

static inline reals_f64 value_of_exp_f64(reals_f64 x, reals_f64 y)
{
    reals_f64 z = SLEEF_f64(exp)(x);
    (void)y;
    return UNLIKELY(any_above_f64(z, DBL_MAX)) ? one_nan_f64(exp_lanes_at_edge(x, z)) : z;
}

static inline reals_f64 value_of_pow_f64(reals_f64 x, reals_f64 y)
{
    reals_f64 z = SLEEF_f64(pow)(x, y);
    return UNLIKELY(any_above_f64(abs_f64(z), DBL_MAX)) ? one_nan_f64(pow_lanes_at_edge(x, y, z))
                                                        : z;
}

/* SLEEF's infinities are of all that lies near the edge. */
static inline reals_f32 value_of_pow_f32(reals_f32 x, reals_f32 y)
{
    const reals_f32 most = all_f32(FLT_MAX);
    reals_f32 z = SLEEF_f32(pow)(x, y);
    if (!UNLIKELY(any_above_f32(abs_f32(z), FLT_MAX)))
        return z;
    return one_nan_f32(choose_less_f32(most, abs_f32(z), pow_lanes_in_double(x, y), z));
}

/* tanh x = x - x^3 / 3 + ..., of which x is within half a unit below 2^-27, and 2^-12 of floats.
 * Below 19.06 the nearest number is not 1. */
static inline reals_f64 value_of_tanh_f64(reals_f64 x, reals_f64 y)
{
    const reals_f64 one = all_f64(1), below = all_f64(0x1.fffffffffffffp-1);
    reals_f64 z = SLEEF_f64(tanh)(x), size = abs_f64(x);
    (void)y;
    if (!UNLIKELY(any_above_f64(abs_f64(size - all_f64(9)), 8.99)))
        return z;
    z *= choose_less_f64(size, all_f64(19.06), choose_less_f64(abs_f64(z), one, one, below), one);
    return one_nan_f64(choose_less_f64(size, all_f64(0x1p-27), x, z));
}

static inline reals_f32 value_of_tanh_f32(reals_f32 x, reals_f32 y)
{
    (void)y;
    return one_nan_f32(choose_less_f32(abs_f32(x), all_f32(0x1p-12F), x, SLEEF_f32(tanh)(x)));
}

/* Those that lack nothing. */
#define VALUE_OF_ONE(kind, s)                                                                      \
    static inline reals_##s value_of_##kind##_##s(reals_##s x, reals_##s y)                        \
    {                                                                                              \
        (void)y;                                                                                   \
        return one_nan_##s(SLEEF_##s(kind)(x));                                                    \
    }
VALUE_OF_ONE(exp, f32)
VALUE_OF_ONE(log, f64)
VALUE_OF_ONE(log, f32)
VALUE_OF_ONE(sin, f64)
VALUE_OF_ONE(sin, f32)
VALUE_OF_ONE(cos, f64)
VALUE_OF_ONE(cos, f32)

#endif
