/* kernels/exact/double_double.h - a number as the unevaluated sum of two doubles, |low| <=
 * ulp(high) / 2: some 104 bits. Operations are off by a few units of 2^-104, as long as nothing
 * over- or underflows. Sources: Dekker, Numerische Mathematik 18 (1971); Joldes, Muller and
 * Popescu, Tight and rigorous error bounds for basic building blocks of double-word arithmetic, ACM
 * TOMS 44 (2017), whose algorithms 6, 12 and 15 are here.
 */
#ifndef TRINE_KERNELS_DOUBLE_DOUBLE_H
#define TRINE_KERNELS_DOUBLE_DOUBLE_H

#include <math.h>

#include "kernels/simd/simd.h"

typedef struct pair {
    double high, low;
} pair;

/* a + b with |a| >= |b|, or a = 0. */
TRINE_INLINE pair pair_of_ordered(double a, double b)
{
    double sum = a + b;
    return (pair){sum, b - (sum - a)};
}

TRINE_INLINE pair pair_of_sum(double a, double b)
{
    double sum = a + b, more = sum - a;
    return (pair){sum, (a - (sum - more)) + (b - more)};
}

TRINE_INLINE pair pair_of_product(double a, double b)
{
    double product = a * b;
    return (pair){product, fma(a, b, -product)};
}

TRINE_INLINE pair pair_add(pair a, pair b)
{
    pair high = pair_of_sum(a.high, b.high), low = pair_of_sum(a.low, b.low);
    high = pair_of_ordered(high.high, high.low + low.high);
    return pair_of_ordered(high.high, high.low + low.low);
}

TRINE_INLINE pair pair_negative(pair a)
{
    return (pair){-a.high, -a.low};
}

TRINE_INLINE pair pair_subtract(pair a, pair b)
{
    return pair_add(a, pair_negative(b));
}

TRINE_INLINE pair pair_multiply(pair a, pair b)
{
    pair product = pair_of_product(a.high, b.high);
    return pair_of_ordered(product.high, product.low + (a.high * b.low + a.low * b.high));
}

TRINE_INLINE pair pair_scale(pair a, double by)
{
    pair product = pair_of_product(a.high, by);
    return pair_of_ordered(product.high, fma(a.low, by, product.low));
}

TRINE_INLINE pair pair_divide(pair a, double by)
{
    double quotient = a.high / by;
    pair product = pair_of_product(quotient, by);
    double rest = (a.high - product.high) - product.low + a.low;
    return pair_of_ordered(quotient, rest / by);
}

/* a 2^exponent, for an exponent of any size. */
static inline pair pair_shift(pair a, int exponent)
{
    return (pair){ldexp(a.high, exponent), ldexp(a.low, exponent)};
}

#endif
