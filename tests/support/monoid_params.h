/* monoid_params.h - any built-in reduction, and a param for it. */
#ifndef TRINE_TESTS_MONOID_PARAMS_H
#define TRINE_TESTS_MONOID_PARAMS_H

#include <stdbool.h>
#include <string.h>

#include <trine/kernel.h>

#include "kernels/registry/params.h"

static inline bool is(const trine_monoid *monoid, const char *name)
{
    return strcmp(monoid->name, name) == 0;
}

static inline bool is_weighted(const trine_monoid *monoid)
{
    return is(monoid, "weighted_sum") || is(monoid, "weighted_mean");
}

/* A param of zeros does for most; a histogram gets one bin from 0 to 1. */
static inline const void *monoid_param_for(const trine_monoid *monoid)
{
    static trine_order_param digits = {.shift = 40, .prefixes = 1},
                             weights = {.shift = 56, .prefixes = 1};
    static const trine_top_param one = {.k = 1};
    static trine_weighted_param any;
    static struct {
        trine_histogram_param param;
        double edges[2];
    } bin = {{.bins = 1, .scale = 1, .guard = 0x1p-40}, {0, 1}};
    static const double zero[2];
    any.weights = weights.weights = bin.param.weights = monoid->in[1];
    return is(monoid, "histogram") || is(monoid, "histogram_weighted") ? (const void *)&bin
           : is(monoid, "order_digits")                                ? (const void *)&digits
           : is(monoid, "order_weights")                               ? (const void *)&weights
           : is_weighted(monoid)                                       ? (const void *)&any
           : is(monoid, "smallest") || is(monoid, "largest")           ? (const void *)&one
                                                                       : zero;
}

/* The reduction of that name; weights, which may be of any type, are given that of the elements. */
static inline const trine_monoid *monoid_of(const char *name, trine_dtype dtype)
{
    static trine_monoid weighted;
    const trine_monoid *found = trine_monoid_find(name, dtype);
    if (!found ||
        (!is(found, "histogram_weighted") && !is(found, "order_weights") && !is_weighted(found)))
        return found;
    weighted = *found;
    weighted.in[1] = dtype;
    return &weighted;
}

#endif
