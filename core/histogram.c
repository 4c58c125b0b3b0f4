/* core/histogram.c - histograms: the kernel's monoid, made to the size of the bins. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <trine/reduce.h>

#include "core/error.h"
#include "core/team.h"

static trine_status check_edges(uint64_t bins, const double edges[])
{
    for (uint64_t i = 0; i <= bins; i++)
        if (!isfinite(edges[i]) || (i > 0 && !(edges[i - 1] < edges[i])))
            return trine_fail(TRINE_E_ARGUMENT,
                              "a histogram: edge %llu is %g; expected finite edges, each above the "
                              "one before",
                              (unsigned long long)i, edges[i]);
    return TRINE_OK;
}

static void uniform_edges(uint64_t bins, double low, double high, double edges[])
{
    double step = (high - low) / (double)bins;
    for (uint64_t i = 0; i < bins; i++)
        edges[i] = low + (double)i * step;
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

trine_status trine_histogram_monoid(trine_dtype dtype, uint64_t bins, const double edges[],
                                    trine_monoid *monoid, void **param)
{
    if (!edges || !monoid || !param)
        return trine_fail(TRINE_E_ARGUMENT, "a histogram: %s is NULL",
                          !edges    ? "edges"
                          : !monoid ? "monoid"
                                    : "param");
    if (bins < 1 || bins > TRINE_HISTOGRAM_BINS)
        return trine_fail(TRINE_E_ARGUMENT, "a histogram: %llu bins; expected 1 to %d",
                          (unsigned long long)bins, TRINE_HISTOGRAM_BINS);
    trine_status status = check_edges(bins, edges);
    const trine_monoid *found = status ? NULL : trine_monoid_find("histogram", dtype);
    if (!found)
        return status ? status : TRINE_E_ARGUMENT;
    size_t more = (size_t)(bins - 1);
    trine_histogram_param *p = malloc(found->param_size + more * sizeof *edges);
    if (!p)
        return trine_fail(TRINE_E_MEMORY, "no memory for a histogram of %llu bins",
                          (unsigned long long)bins);
    *p = (trine_histogram_param){.bins = bins};
    set_scale(p, edges);
    memcpy(p + 1, edges, (size_t)(bins + 1) * sizeof *edges);
    size_t tables = found->work_size / found->state_size;
    *monoid = *found;
    monoid->param_size += more * sizeof *edges;
    monoid->state_size += more * sizeof(uint64_t);
    monoid->result_size = monoid->state_size;
    monoid->work_size = tables * monoid->state_size;
    *param = p;
    return TRINE_OK;
}

trine_status trine_histogram_edges(const trine_array *x, uint64_t bins, const double edges[],
                                   uint64_t counts[])
{
    trine_monoid monoid;
    void *param = NULL;
    if (!x || !counts)
        return trine_call_refuse(
            trine_array_team(x),
            trine_fail(TRINE_E_ARGUMENT, "trine_histogram: %s is NULL", x ? "counts" : "x"));
    trine_status status =
        trine_histogram_monoid(trine_array_dtype(x), bins, edges, &monoid, &param);
    if (status)
        return trine_call_refuse(trine_array_team(x), status);
    status = trine_reduce(&monoid, param, &x, counts);
    free(param);
    return status;
}

trine_status trine_histogram(const trine_array *x, uint64_t bins, double low, double high,
                             uint64_t counts[])
{
    if (bins < 1 || bins > TRINE_HISTOGRAM_BINS || !(low < high) || !isfinite(low) ||
        !isfinite(high))
        return trine_call_refuse(
            trine_array_team(x),
            trine_fail(TRINE_E_ARGUMENT,
                       "trine_histogram: %llu bins from %g to %g; expected 1 to %d bins between "
                       "finite limits, the lower one first",
                       (unsigned long long)bins, low, high, TRINE_HISTOGRAM_BINS));
    double *edges = malloc((size_t)(bins + 1) * sizeof *edges);
    if (!edges)
        return trine_call_refuse(
            trine_array_team(x),
            trine_fail(TRINE_E_MEMORY, "no memory for %llu bins", (unsigned long long)bins));
    uniform_edges(bins, low, high, edges);
    trine_status status = trine_histogram_edges(x, bins, edges, counts);
    free(edges);
    return status;
}
