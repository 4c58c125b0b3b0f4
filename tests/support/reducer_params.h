/* reducer_params.h - any built-in reduction, and a param for it. */
#ifndef TRINE_REDUCER_PARAMS_H
#define TRINE_REDUCER_PARAMS_H

#include <stdbool.h>
#include <string.h>

#include <trine/kernel.h>

#include "kernels/registry/params.h"

static inline bool is(const trine_reducer *reducer, const char *name)
{
    return strcmp(reducer->name, name) == 0;
}

static inline bool is_weighted(const trine_reducer *reducer)
{
    return is(reducer, "weighted_sum") || is(reducer, "weighted_mean");
}

/* A param of zeros does for most; a histogram gets one bin from 0 to 1. */
static inline const void *reducer_param_for(const trine_reducer *reducer)
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
    any.weights = weights.weights = bin.param.weights = reducer->in[1];
    return is(reducer, "histogram") || is(reducer, "histogram_weighted") ? (const void *)&bin
           : is(reducer, "order_digits")                                 ? (const void *)&digits
           : is(reducer, "order_weights")                                ? (const void *)&weights
           : is_weighted(reducer)                                        ? (const void *)&any
           : is(reducer, "smallest") || is(reducer, "largest")           ? (const void *)&one
                                                                         : zero;
}

/* The reduction of that name; weights, which may be of any type, are given that of the elements. */
static inline const trine_reducer *reducer_of(const char *name, trine_dtype dtype)
{
    static trine_reducer weighted;
    const trine_reducer *found = trine_reducer_find(name, dtype);
    if (!found ||
        (!is(found, "histogram_weighted") && !is(found, "order_weights") && !is_weighted(found)))
        return found;
    weighted = *found;
    weighted.in[1] = dtype;
    return &weighted;
}

#endif
