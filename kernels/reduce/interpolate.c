/* kernels/reduce/interpolate.c - between two elements: in twice the precision of a double where
 * that decides the rounding, else by a long integer.
 */
#include "kernels/reduce/interpolate.h"

#include <math.h>
#include <string.h>

#include "kernels/exact/accumulator.h"

/* x + y and, *error, what its rounding lost. */
static double two_sum(double x, double y, double *error)
{
    double sum = x + y, z = sum - x;
    *error = (x - (sum - z)) + (y - z);
    return sum;
}

/* An element as the sum of two doubles, which integers of 64 bits may need; high is it rounded. */
typedef struct wide_value {
    double high, low;
} wide_value;

static wide_value value_at(trine_dtype dtype, const void *element)
{
    wide_value value = {NAN, 0};
    switch (dtype) {
#define VALUE(constant, suffix, type, name)                                                        \
    case constant: {                                                                               \
        type x;                                                                                    \
        memcpy(&x, element, sizeof x);                                                             \
        value.high = (double)x;                                                                    \
        if (sizeof x == 8 && (constant) != TRINE_F64) {                                            \
            type low = (type)(x - x / 4096 * 4096);                                                \
            value.high = two_sum((double)(x - low), (double)low, &value.low);                      \
        }                                                                                          \
        break;                                                                                     \
    }
        TRINE_DTYPES(VALUE)
#undef VALUE
    default:
        break;
    }
    return value;
}

/* a + part (b - a) by a long integer. */
static double interpolate_exactly(wide_value a, wide_value b, double part)
{
    wide_accumulator sum;
    trine_wide_clear(&sum);
    sum.seen = SEEN_ANY | SEEN_OTHER;
    trine_wide_add_product(&sum, a.high, 1);
    trine_wide_add_product(&sum, a.low, 1);
    trine_wide_add_product(&sum, a.high, -part);
    trine_wide_add_product(&sum, a.low, -part);
    trine_wide_add_product(&sum, b.high, part);
    trine_wide_add_product(&sum, b.low, part);
    return trine_wide_round(&sum, false);
}

/* The same in twice the precision of a double: false when its error, below 2^-103 of the larger
 * term, might change the rounding. Above 2^-900 no product loses anything to underflow. */
static bool interpolate_quickly(double a, double b, double part, double *value)
{
    double step_error, sum_error;
    double step = two_sum(b, -a, &step_error), product = step * part;
    double rest = step_error * part, product_error = fma(step, part, -product) + rest;
    double sum = two_sum(a, product, &sum_error), low = sum_error + product_error;
    double margin = 0x1p-100 * fmax(fabs(a), fabs(product));
    *value = sum;
    if (!(fabs(product) > 0x1p-900) || !isfinite(sum_error) ||
        (step_error != 0 && !(fabs(rest) > 0x1p-900)))
        return false;
    if (product_error == 0)
        return true;
    *value = sum + low;
    return sum + (low - margin) == sum + (low + margin);
}

double trine_interpolate(trine_dtype dtype, const void *a, const void *b, double part)
{
    wide_value from = value_at(dtype, a), to = value_at(dtype, b);
    double value;
    if (isnan(from.high) || isnan(to.high) || isnan(part))
        return NAN;
    if (part <= 0)
        return from.high;
    if (part >= 1 || (from.high == to.high && from.low == to.low))
        return to.high;
    if (isinf(from.high) || isinf(to.high))
        return isinf(from.high) && isinf(to.high) ? NAN : isinf(to.high) ? to.high : from.high;
    if (from.low == 0 && to.low == 0 && interpolate_quickly(from.high, to.high, part, &value))
        return value;
    return interpolate_exactly(from, to, part);
}
