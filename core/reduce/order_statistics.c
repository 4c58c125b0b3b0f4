/* core/reduce/order_statistics.c - the definitions of sample quantiles.
 *
 * Definitions 1 to 9: R. J. Hyndman and Y. Fan, Sample quantiles in statistical packages, American
 * Statistician 50 (1996) 361-365. A quantile's place among the elements is computed in double, by
 * the expressions of numpy.quantile.
 */
#include "core/reduce/order_statistics.h"

#include <math.h>
#include <string.h>

#include "core/system/error.h"

static const char *const names[TRINE_QUANTILE_METHODS] = {
    [TRINE_INVERTED_CDF] = "inverted_cdf",
    [TRINE_AVERAGED_INVERTED_CDF] = "averaged_inverted_cdf",
    [TRINE_CLOSEST_OBSERVATION] = "closest_observation",
    [TRINE_INTERPOLATED_INVERTED_CDF] = "interpolated_inverted_cdf",
    [TRINE_HAZEN] = "hazen",
    [TRINE_WEIBULL] = "weibull",
    [TRINE_LINEAR] = "linear",
    [TRINE_MEDIAN_UNBIASED] = "median_unbiased",
    [TRINE_NORMAL_UNBIASED] = "normal_unbiased",
    [TRINE_LOWER] = "lower",
    [TRINE_HIGHER] = "higher",
    [TRINE_MIDPOINT] = "midpoint",
    [TRINE_NEAREST] = "nearest"};

const char *trine_quantile_method_name(trine_quantile_method method)
{
    return (unsigned)method < TRINE_QUANTILE_METHODS ? names[method] : NULL;
}

trine_status trine_quantile_method_find(const char *name, trine_quantile_method *method)
{
    if (!name || !method)
        return trine_fail(TRINE_E_ARGUMENT, "trine_quantile_method_find: %s is NULL",
                          name ? "method" : "name");
    for (int i = TRINE_INVERTED_CDF; i < TRINE_QUANTILE_METHODS; i++)
        if (strcmp(names[i], name) == 0) {
            *method = (trine_quantile_method)i;
            return TRINE_OK;
        }
    return trine_fail(TRINE_E_ARGUMENT,
                      "no definition of quantiles '%.40s'; there are inverted_cdf, "
                      "averaged_inverted_cdf, closest_observation, interpolated_inverted_cdf, "
                      "hazen, weibull, linear, median_unbiased, normal_unbiased, lower, higher, "
                      "midpoint, nearest",
                      name);
}

trine_status trine_quantile_check(const char *call, trine_quantile_method method, int count,
                                  const double q[])
{
    if (!trine_quantile_method_name(method))
        return trine_fail(TRINE_E_ARGUMENT, "%s: method %d; expected 1 to %d", call, (int)method,
                          TRINE_QUANTILE_METHODS - 1);
    if (count < 1 || count > TRINE_QUANTILES)
        return trine_fail(TRINE_E_ARGUMENT, "%s: %d probabilities; expected 1 to %d", call, count,
                          TRINE_QUANTILES);
    for (int i = 0; i < count; i++)
        if (!(q[i] >= 0 && q[i] <= 1))
            return trine_fail(TRINE_E_ARGUMENT, "%s: q[%d] is %g; expected 0 to 1", call, i, q[i]);
    return TRINE_OK;
}

/* The place of q among n elements that are numbered from 0; what lies outside is to be taken for
 * the nearest of them. */
static double place_of(trine_quantile_method method, double n, double q)
{
    /* alpha and beta of definitions 4 to 9: (n + 1 - alpha - beta) q + alpha - 1. */
    static const double constants[][2] = {[TRINE_INTERPOLATED_INVERTED_CDF] = {0, 1},
                                          [TRINE_HAZEN] = {0.5, 0.5},
                                          [TRINE_WEIBULL] = {0, 0},
                                          [TRINE_MEDIAN_UNBIASED] = {1 / 3.0, 1 / 3.0},
                                          [TRINE_NORMAL_UNBIASED] = {3 / 8.0, 3 / 8.0}};
    double alpha, beta, middle;
    switch (method) {
    case TRINE_INVERTED_CDF:
        return ceil(n * q - 1);
    case TRINE_AVERAGED_INVERTED_CDF:
        /* Halfway where n q is whole. */
        middle = n * q - 1;
        return middle == floor(middle) ? middle + 0.5 : ceil(middle);
    case TRINE_CLOSEST_OBSERVATION:
        /* Of two equally close the even one, numbered from 1. */
        return rint(n * q) - 1;
    case TRINE_LINEAR:
        return (n - 1) * q;
    case TRINE_LOWER:
        return floor((n - 1) * q);
    case TRINE_HIGHER:
        return ceil((n - 1) * q);
    case TRINE_MIDPOINT:
        return 0.5 * (floor((n - 1) * q) + ceil((n - 1) * q));
    case TRINE_NEAREST:
        return rint((n - 1) * q);
    default:
        alpha = constants[method][0];
        beta = constants[method][1];
        return n * q + (alpha + q * (1 - alpha - beta)) - 1;
    }
}

trine_neighbours trine_quantile_neighbours(trine_quantile_method method, uint64_t n, double q)
{
    double place = place_of(method, (double)n, q);
    if (!(place > 0))
        return (trine_neighbours){0, 0, 0};
    if (place >= (double)(n - 1) || (uint64_t)place >= n - 1)
        return (trine_neighbours){n - 1, n - 1, 0};
    uint64_t below = (uint64_t)place;
    double part = place - (double)below;
    return (trine_neighbours){below, part > 0 ? below + 1 : below, part};
}
