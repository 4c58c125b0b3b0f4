/* monoid_params.h - params with which every built-in reduction can be run. */
#ifndef TRINE_TESTS_MONOID_PARAMS_H
#define TRINE_TESTS_MONOID_PARAMS_H

#include <string.h>

#include <trine/kernel.h>

static inline bool monoid_is(const trine_monoid *monoid, const char *name)
{
    return strcmp(monoid->name, name) == 0;
}

/* A param of zeros does for most; a histogram gets one bin from 0 to 1. */
static inline const void *param_for(const trine_monoid *monoid)
{
    static trine_order_param digits = {.shift = 40, .prefixes = 1},
                             weights = {.shift = 56, .prefixes = 1};
    static const trine_top_param one = {.k = 1};
    static struct {
        trine_histogram_param param;
        double edges[2];
    } bin = {{.bins = 1, .scale = 1, .guard = 0x1p-40}, {0, 1}};
    static const double zero[2];
    weights.weights = bin.param.weights = monoid->in[1];
    return monoid_is(monoid, "histogram") || monoid_is(monoid, "histogram_weighted")
               ? (const void *)&bin
           : monoid_is(monoid, "order_digits")                             ? (const void *)&digits
           : monoid_is(monoid, "order_weights")                            ? (const void *)&weights
           : monoid_is(monoid, "smallest") || monoid_is(monoid, "largest") ? (const void *)&one
                                                                           : zero;
}

/* Whether in[1] may be of any type. */
static inline bool monoid_takes_weights(const trine_monoid *monoid)
{
    return monoid_is(monoid, "histogram_weighted") || monoid_is(monoid, "order_weights");
}

#endif
