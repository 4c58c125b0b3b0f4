/* core/reduce/histogram.c - histograms: the kernel's reducer, made to the size of the bins. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <trine/reduce.h>

#include "core/array/array.h"
#include "core/reduce/reduce.h"
#include "core/system/error.h"
#include "core/system/float_environment.h"
#include "kernels/registry/params.h"

static trine_status check_edges(uint64_t bins, const double edges[])
{
    for (uint64_t i = 0; i <= bins; i++)
        if (isnan(edges[i]) || (i > 0 && edges[i] < edges[i - 1]))
            return trine_fail(TRINE_E_ARGUMENT,
                              "a histogram: edge %llu is %g; expected numbers, none below the one "
                              "before",
                              (unsigned long long)i, edges[i]);
    return TRINE_OK;
}

/* In half the units where the range is wider than a double. */
static void uniform_edges(uint64_t bins, double low, double high, double edges[])
{
    double unit = isfinite(high - low) ? 1 : 2, first = low / unit, last = high / unit;
    double range = last - first, step = range / (double)bins;
    for (uint64_t i = 0; i < bins; i++) {
        double from_low = step > 0 ? (double)i * step : (double)i / (double)bins * range;
        double edge = first + from_low;
        edges[i] = edge < last ? edge * unit : high;
    }
    edges[bins] = high;
}

/* Where the edges are those of bins of one width, a factor says where an element lies; guard is
 * above its error: of the edges, of the difference and of the product, in units of a bin. */
static void set_scale(trine_histogram_param *p, const double edges[])
{
    double low = edges[0], high = edges[p->bins], width = (high - low) / (double)p->bins;
    if (!isfinite(width) || p->bins > INT32_MAX / 2)
        return;
    for (uint64_t i = 0; i < p->bins; i++)
        if (edges[i] != low + (double)i * width)
            return;
    double largest = fabs(low) > fabs(high) ? fabs(low) : fabs(high);
    double guard = 4 * DBL_EPSILON * (largest / width + (double)p->bins);
    if (guard < 0.25 && isfinite(1 / width)) {
        p->scale = 1 / width;
        p->guard = guard;
    }
}

static trine_status check_bins(int64_t bins, const double edges[])
{
    if (bins < 1 || bins > TRINE_HISTOGRAM_BINS)
        return trine_fail(TRINE_E_ARGUMENT, "a histogram: %lld bins; expected 1 to %d",
                          (long long)bins, TRINE_HISTOGRAM_BINS);
    return check_edges((uint64_t)bins, edges);
}

/* The named reducer of one bin, made to the size of as many; the slots of a state and the numbers
 * of a result are of one size each. */
static trine_status make_reducer(const char *name, trine_dtype dtype, trine_dtype weights,
                                 int64_t bins, const double edges[], trine_reducer *reducer,
                                 void **param)
{
    TRINE_FLOAT_SCOPE;
    if (!edges || !reducer || !param)
        return trine_fail(TRINE_E_ARGUMENT, "a histogram: %s is NULL",
                          !edges     ? "edges"
                          : !reducer ? "reducer"
                                     : "param");
    trine_status status = check_bins(bins, edges);
    const trine_reducer *found =
        status ? NULL : trine_reducer_for("a histogram", name, dtype, reducer);
    if (!found)
        return status ? status : TRINE_E_ARGUMENT;
    size_t more = (size_t)(bins - 1), slots = found->result_size / sizeof(uint64_t);
    trine_histogram_param *p = malloc(found->param_size + more * sizeof *edges);
    if (!p)
        return trine_fail(TRINE_E_MEMORY, "no memory for a histogram of %lld bins",
                          (long long)bins);
    *p = (trine_histogram_param){.bins = (uint64_t)bins, .weights = weights};
    set_scale(p, edges);
    memcpy(p + 1, edges, (size_t)(bins + 1) * sizeof *edges);
    size_t tables = found->work_size / found->state_size;
    *reducer = *found;
    reducer->param_size += more * sizeof *edges;
    reducer->state_size += more * (found->state_size / slots);
    reducer->result_size += more * sizeof(uint64_t);
    reducer->work_size = tables * reducer->state_size;
    if (weights != TRINE_DTYPE_NONE)
        reducer->in[1] = weights;
    *param = p;
    return TRINE_OK;
}

trine_status trine_histogram_reducer(trine_dtype dtype, int64_t bins, const double edges[],
                                     trine_reducer *reducer, void **param)
{
    return make_reducer("histogram", dtype, TRINE_DTYPE_NONE, bins, edges, reducer, param);
}

trine_status trine_histogram_weighted_reducer(trine_dtype dtype, trine_dtype weights, int64_t bins,
                                              const double edges[], trine_reducer *reducer,
                                              void **param)
{
    if (trine_dtype_size(weights) == 0)
        return trine_fail(TRINE_E_DTYPE, "a histogram: weights of type %d; expected one of trine's",
                          (int)weights);
    return make_reducer("histogram_weighted", dtype, weights, bins, edges, reducer, param);
}

/* in[0]: the elements; in[1]: their weights, when they have any. */
static trine_status count_by_edges(const char *call, const trine_array *const in[], bool weighted,
                                   int64_t bins, const double edges[], void *result)
{
    TRINE_FLOAT_SCOPE;
    trine_reducer reducer = {TRINE_INIT(trine_reducer)};
    void *param = NULL;
    trine_status status = TRINE_OK;
    if (!in[0] || (weighted && !in[1]) || !result)
        status = trine_fail(TRINE_E_ARGUMENT, "%s: %s is NULL", call,
                            !in[0]   ? "x"
                            : result ? "weights"
                                     : "the result");
    else if (weighted)
        status = trine_histogram_weighted_reducer(in[0]->dtype, in[1]->dtype, bins, edges, &reducer,
                                                  &param);
    else
        status = trine_histogram_reducer(in[0]->dtype, bins, edges, &reducer, &param);
    status = status ? trine_call_refuse(trine_arrays_team(in, weighted ? 2 : 1), status)
                    : trine_reduce(&reducer, in, param, result);
    free(param);
    return status;
}

static trine_status count_uniformly(const char *call, const trine_array *const in[], bool weighted,
                                    int64_t bins, double low, double high, void *result)
{
    TRINE_FLOAT_SCOPE;
    double *edges = NULL;
    trine_status status = TRINE_OK;
    if (bins < 1 || bins > TRINE_HISTOGRAM_BINS || !(low < high) || !isfinite(low) ||
        !isfinite(high))
        status = trine_fail(TRINE_E_ARGUMENT,
                            "%s: %lld bins from %g to %g; expected 1 to %d bins between finite "
                            "limits, the lower one first",
                            call, (long long)bins, low, high, TRINE_HISTOGRAM_BINS);
    else if (!(edges = malloc((size_t)(bins + 1) * sizeof *edges)))
        status = trine_fail(TRINE_E_MEMORY, "no memory for %lld bins", (long long)bins);
    else
        uniform_edges((uint64_t)bins, low, high, edges);
    status = status ? trine_call_refuse(trine_arrays_team(in, weighted ? 2 : 1), status)
                    : count_by_edges(call, in, weighted, bins, edges, result);
    free(edges);
    return status;
}

trine_status trine_histogram_edges(const trine_array *x, int64_t bins, const double edges[],
                                   int64_t counts[])
{
    return count_by_edges("trine_histogram_edges", &x, false, bins, edges, counts);
}

trine_status trine_histogram(const trine_array *x, int64_t bins, double low, double high,
                             int64_t counts[])
{
    return count_uniformly("trine_histogram", &x, false, bins, low, high, counts);
}

trine_status trine_histogram_edges_weighted(const trine_array *x, const trine_array *weights,
                                            int64_t bins, const double edges[], double sums[])
{
    const trine_array *in[] = {x, weights};
    return count_by_edges("trine_histogram_edges_weighted", in, true, bins, edges, sums);
}

trine_status trine_histogram_weighted(const trine_array *x, const trine_array *weights,
                                      int64_t bins, double low, double high, double sums[])
{
    const trine_array *in[] = {x, weights};
    return count_uniformly("trine_histogram_weighted", in, true, bins, low, high, sums);
}
