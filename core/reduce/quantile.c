/* core/reduce/quantile.c - quantiles: which elements they lie between, finding these, and
 * interpolating.
 */
#include <string.h>

#include <trine/reduce.h>

#include "core/array/array.h"
#include "core/system/error.h"
#include "core/system/float_environment.h"
#include "core/reduce/order_statistics.h"
#include "core/reduce/selection.h"
#include "kernels/reduce/interpolate.h"
#include "kernels/sort/radix.h"

/* How: NaN is passed over; along a line, where no numbers among some elements give NaN. */
enum { SKIP_NAN = 1, OF_A_LINE = 2 };

/* What is asked for. */
typedef struct quantile_call {
    const char *name;
    const trine_array *x;
    unsigned how;
    trine_quantile_method method;
    int count;
    const double *q;
} quantile_call;

static trine_status check(const quantile_call *call, const void *result, const void *part)
{
    const char *missing = !call->x ? "x" : !call->q ? "q" : !result || !part ? "a result" : NULL;
    trine_status status =
        missing ? trine_fail(TRINE_E_ARGUMENT, "%s: %s is NULL", call->name, missing)
                : trine_quantile_check(call->name, call->method, call->count, call->q);
    return status ? trine_call_refuse(trine_arrays_team(&call->x, 1), status) : TRINE_OK;
}

/* The two elements around each quantile to elements[2 count], and how far it is between them. */
static trine_status select_between(const quantile_call *call, trine_selection *selection,
                                   uint64_t numbers, void *elements, double part[])
{
    trine_ranked wanted[2 * TRINE_QUANTILES];
    trine_dtype dtype = call->x->dtype;
    for (int i = 0; i < call->count; i++) {
        trine_neighbours between = trine_quantile_neighbours(call->method, numbers, call->q[i]);
        wanted[2 * i].rank = between.below;
        wanted[2 * i + 1].rank = between.above;
        part[i] = between.part;
    }
    trine_status status = trine_selection_find(selection, wanted, 2 * call->count);
    for (int i = 0; i < 2 * call->count && !status; i++)
        trine_radix_element(dtype, wanted[i].key,
                            (char *)elements + (size_t)i * trine_dtype_size(dtype));
    return status;
}

static void fill_with_nan(const quantile_call *call, void *elements, double part[])
{
    trine_dtype dtype = call->x->dtype;
    for (int i = 0; i < 2 * call->count; i++) {
        trine_radix_element(dtype, trine_radix_last(dtype),
                            (char *)elements + (size_t)i * trine_dtype_size(dtype));
        part[i / 2] = 0;
    }
}

/* elements: space for 2 TRINE_QUANTILES, untouched on error, as is part. */
static trine_status find_elements(const quantile_call *call, void *elements, double part[])
{
    uint64_t n, nans;
    trine_selection *selection;
    trine_status status = trine_selection_begin(call->name, call->x, &n, &nans, &selection);
    if (status)
        return status;
    bool skip = call->how & SKIP_NAN, line = call->how & OF_A_LINE;
    uint64_t numbers = n - (skip ? nans : 0);
    if (n == 0 || (numbers == 0 && !line))
        status = trine_fail(TRINE_E_EMPTY, "%s: %s", call->name, trine_status_text(TRINE_E_EMPTY));
    else if (numbers == 0 || (!skip && nans > 0))
        fill_with_nan(call, elements, part);
    else
        status = select_between(call, selection, numbers, elements, part);
    trine_selection_end(selection);
    return status;
}

static trine_status quantile(quantile_call call, double result[])
{
    TRINE_FLOAT_SCOPE;
    uint64_t elements[2 * TRINE_QUANTILES];
    double part[TRINE_QUANTILES] = {0};
    trine_status status = check(&call, result, result);
    if (!status)
        status = find_elements(&call, elements, part);
    if (status)
        return status;
    size_t item = trine_dtype_size(call.x->dtype);
    for (int i = 0; i < call.count; i++) {
        const char *pair = (const char *)elements + 2 * (size_t)i * item;
        result[i] = trine_interpolate(call.x->dtype, pair, pair + item, part[i]);
    }
    return TRINE_OK;
}

static trine_status quantile_elements(quantile_call call, void *elements, double part[])
{
    TRINE_FLOAT_SCOPE;
    uint64_t found[2 * TRINE_QUANTILES];
    double parts[TRINE_QUANTILES];
    trine_status status = check(&call, elements, part);
    if (!status)
        status = find_elements(&call, found, parts);
    if (status)
        return status;
    memcpy(elements, found, 2 * (size_t)call.count * trine_dtype_size(call.x->dtype));
    memcpy(part, parts, (size_t)call.count * sizeof *part);
    return TRINE_OK;
}

trine_status trine_quantile(const trine_array *x, int count, const double q[], double quantiles[])
{
    return quantile((quantile_call){"trine_quantile", x, 0, TRINE_LINEAR, count, q}, quantiles);
}

trine_status trine_nanquantile(const trine_array *x, int count, const double q[],
                               double quantiles[])
{
    return quantile((quantile_call){"trine_nanquantile", x, SKIP_NAN, TRINE_LINEAR, count, q},
                    quantiles);
}

trine_status trine_quantile_by(const trine_array *x, trine_quantile_method method, int count,
                               const double q[], double quantiles[])
{
    return quantile((quantile_call){"trine_quantile_by", x, 0, method, count, q}, quantiles);
}

trine_status trine_nanquantile_by(const trine_array *x, trine_quantile_method method, int count,
                                  const double q[], double quantiles[])
{
    return quantile((quantile_call){"trine_nanquantile_by", x, SKIP_NAN, method, count, q},
                    quantiles);
}

trine_status trine_quantile_line(const trine_array *x, trine_quantile_method method, bool skip,
                                 int count, const double q[], double quantiles[])
{
    const unsigned how = OF_A_LINE | (skip ? SKIP_NAN : 0);
    return quantile((quantile_call){"trine_quantile_axis", x, how, method, count, q}, quantiles);
}

trine_status trine_quantile_elements(const trine_array *x, trine_quantile_method method, int count,
                                     const double q[], void *elements, double part[])
{
    return quantile_elements((quantile_call){"trine_quantile_elements", x, 0, method, count, q},
                             elements, part);
}

trine_status trine_nanquantile_elements(const trine_array *x, trine_quantile_method method,
                                        int count, const double q[], void *elements, double part[])
{
    return quantile_elements(
        (quantile_call){"trine_nanquantile_elements", x, SKIP_NAN, method, count, q}, elements,
        part);
}

static const double half = 0.5;

trine_status trine_median(const trine_array *x, double *median)
{
    return quantile((quantile_call){"trine_median", x, 0, TRINE_LINEAR, 1, &half}, median);
}

trine_status trine_nanmedian(const trine_array *x, double *median)
{
    return quantile((quantile_call){"trine_nanmedian", x, SKIP_NAN, TRINE_LINEAR, 1, &half},
                    median);
}
