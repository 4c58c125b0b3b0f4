/* liar.c - a library to load before trine: it hands the calls of drivers on, and changes one thing
 * of what they find. $TRINE_LIE says what:
 *   bit      the lowest bit of a number, of the element in the middle
 *   sign     its sign
 *   much     a millionth of it, of a float a thousandth
 *   place    an index is one more; an element of an array changes places with the next unlike it
 * What the drivers compute by reductions of their own is left as it is.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <trine/trine.h>

static bool lies(const char *how)
{
    const char *lie = getenv("TRINE_LIE");
    return lie && strcmp(lie, how) == 0;
}

/* The function of that name that was hidden. */
#define HANDED_ON(name) (__extension__(__typeof__(&name)) hidden(#name))

static void *hidden(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    return symbol ? symbol : (abort(), NULL);
}

static void change_double(unsigned char *bytes)
{
    double x;
    memcpy(&x, bytes, sizeof x);
    x = x == 0 ? 1e-6 : x * (1 + 1e-6);
    memcpy(bytes, &x, sizeof x);
}

static void change_float(unsigned char *bytes)
{
    float x;
    memcpy(&x, bytes, sizeof x);
    x = x == 0 ? 1e-3F : x * (1 + 1e-3F);
    memcpy(bytes, &x, sizeof x);
}

/* One number of that type. */
static void change(trine_dtype dtype, void *number)
{
    unsigned char *bytes = number;
    size_t last = trine_dtype_size(dtype) - 1;
    if (lies("bit") || (lies("much") && dtype != TRINE_F64 && dtype != TRINE_F32))
        bytes[0] ^= 1;
    else if (lies("sign"))
        bytes[last] ^= 0x80;
    else if (lies("much") && dtype == TRINE_F64)
        change_double(bytes);
    else if (lies("much"))
        change_float(bytes);
    else if (lies("place"))
        bytes[0] += 1;
}

static void exchange(char *x, size_t n, size_t item)
{
    size_t at = n / 2, other = at;
    char element[sizeof(double)];
    while (other < n && memcmp(x + at * item, x + other * item, item) == 0)
        other++;
    if (other == n)
        return;
    memcpy(element, x + at * item, item);
    memcpy(x + at * item, x + other * item, item);
    memcpy(x + other * item, element, item);
}

static trine_status change_array(trine_status status, const trine_array *array)
{
    size_t n = status ? 0 : (size_t)trine_array_local_n(array);
    size_t item = status ? 0 : trine_dtype_size(trine_array_dtype(array));
    char *x = status ? NULL : trine_array_data((trine_array *)array);
    if (n && lies("place"))
        exchange(x, n, item);
    else if (n)
        change(trine_array_dtype(array), x + n / 2 * item);
    return status;
}

static bool is_built_in(const trine_reducer *reducer)
{
    const trine_reducer *found = trine_reducer_find(reducer->name, reducer->in[0]);
    return found && found->accumulate == reducer->accumulate;
}

/* $TRINE_LIE_ABOUT: which field of a description. */
static void change_description(trine_description *description)
{
    const char *field = getenv("TRINE_LIE_ABOUT");
    int number = field ? atoi(field) : 0;
    if (number < 2)
        *(number ? &description->nan : &description->n) += 1;
    else
        change(TRINE_F64, (char *)description + (size_t)number * sizeof(uint64_t));
}

TRINE_API trine_status trine_reduce(const trine_reducer *reducer, const trine_array *const in[],
                                    const void *param, void *result)
{
    trine_status status = HANDED_ON(trine_reduce)(reducer, in, param, result);
    if (status || !is_built_in(reducer))
        return status;
    if (strcmp(reducer->name, "describe") == 0)
        change_description(result);
    else if (reducer->out != TRINE_DTYPE_NONE)
        change(reducer->out, result);
    return status;
}

TRINE_API trine_status trine_reduce_axis(const trine_reducer *reducer,
                                         const trine_array *const in[], const void *param, int axis,
                                         void *result)
{
    trine_status status = HANDED_ON(trine_reduce_axis)(reducer, in, param, axis, result);
    if (!status)
        change_description((trine_description *)result + 1);
    return status;
}

TRINE_API trine_status trine_apply(const trine_map *map, const trine_array *const in[],
                                   const void *param, trine_array *const out[])
{
    trine_status status = HANDED_ON(trine_apply)(map, in, param, out);
    /* Others copy by it what they work on. */
    const char *driver = getenv("TRINE_LIE_IN");
    bool is_result = driver && strcmp(driver, "map") == 0 && map->nin > 0;
    return is_result ? change_array(status, out[0]) : status;
}

TRINE_API trine_status trine_scan(const trine_scan_operator *op, const trine_array *x,
                                  const void *param, bool exclusive, trine_array *out)
{
    return change_array(HANDED_ON(trine_scan)(op, x, param, exclusive, out), out);
}

TRINE_API trine_status trine_sort_axis(trine_array *x, int axis)
{
    return change_array(HANDED_ON(trine_sort_axis)(x, axis), x);
}

TRINE_API trine_status trine_transpose(const trine_array *x, trine_array *out)
{
    return change_array(HANDED_ON(trine_transpose)(x, out), out);
}

TRINE_API trine_status trine_jacobi(trine_array *u, const trine_array *f, double tolerance,
                                    int64_t most_sweeps, trine_jacobi_result *result)
{
    return change_array(HANDED_ON(trine_jacobi)(u, f, tolerance, most_sweeps, result), u);
}

TRINE_API trine_status trine_gemm_f64(double alpha, const trine_array *a, const trine_array *b,
                                      double beta, trine_array *c)
{
    return change_array(HANDED_ON(trine_gemm_f64)(alpha, a, b, beta, c), c);
}

TRINE_API trine_status trine_gemm_f32(float alpha, const trine_array *a, const trine_array *b,
                                      float beta, trine_array *c)
{
    return change_array(HANDED_ON(trine_gemm_f32)(alpha, a, b, beta, c), c);
}

TRINE_API trine_status trine_histogram(const trine_array *x, int64_t bins, double low, double high,
                                       int64_t counts[])
{
    trine_status status = HANDED_ON(trine_histogram)(x, bins, low, high, counts);
    if (!status)
        change(TRINE_I64, &counts[bins / 2]);
    return status;
}

TRINE_API trine_status trine_quantile_by(const trine_array *x, trine_quantile_method method,
                                         int count, const double q[], double quantiles[])
{
    trine_status status = HANDED_ON(trine_quantile_by)(x, method, count, q, quantiles);
    if (!status)
        change(TRINE_F64, &quantiles[count / 2]);
    return status;
}
