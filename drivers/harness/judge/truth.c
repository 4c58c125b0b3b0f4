/* drivers/harness/judge/truth.c - see truth.h. */
#include "drivers/harness/judge/truth.h"

#include <math.h>
#include <string.h>

bool same_double(double x, double y)
{
    return memcmp(&x, &y, sizeof x) == 0;
}

truth truth_nan(trine_dtype dtype)
{
    return (truth){.kind = TRUTH_NAN, .dtype = dtype};
}

truth truth_empty(void)
{
    return (truth){.kind = TRUTH_EMPTY};
}

truth truth_whole(trine_dtype dtype, harness_int128 whole)
{
    return (truth){.kind = TRUTH_WHOLE, .dtype = dtype, .whole = whole};
}

truth truth_real(trine_dtype dtype, double x)
{
    return isnan(x) ? truth_nan(dtype)
                    : (truth){.kind = TRUTH_VALUE, .dtype = dtype, .least = x, .most = x};
}

/* Where GCC 12 makes vectors of two such choices it leaves the rounding out, so it sees one. */
static __attribute__((noinline)) double in_type(trine_dtype dtype, double x)
{
    return dtype == TRINE_F32 ? (double)(float)x : x;
}

truth truth_near_exact(trine_dtype dtype, const exact_number *value, long double bound,
                       bool via_double)
{
    exact_number end[2] = {*value, *value};
    double ends[2];
    if (!isfinite(bound))
        return (truth){.kind = TRUTH_OPEN};
    exact_add_real(&end[0], -bound);
    exact_add_real(&end[1], bound);
    for (int i = 0; i < 2; i++)
        ends[i] = dtype == TRINE_F32 && !via_double ? (double)exact_float(&end[i])
                                                    : in_type(dtype, exact_double(&end[i]));
    return (truth){.kind = TRUTH_VALUE, .dtype = dtype, .least = ends[0], .most = ends[1]};
}

truth truth_between(trine_dtype dtype, double least, double most)
{
    return (truth){.kind = TRUTH_VALUE,
                   .dtype = dtype,
                   .least = in_type(dtype, least),
                   .most = in_type(dtype, most)};
}

truth truth_near(trine_dtype dtype, long double value, long double bound)
{
    if (isnan(value))
        return truth_nan(dtype);
    if (isinf(value))
        bound = 0;
    if (!isfinite(bound))
        return (truth){.kind = TRUTH_OPEN};
    return truth_between(dtype, (double)(value - bound), (double)(value + bound));
}

static bool is_the_nan(trine_dtype dtype, const void *got)
{
    const double nan = (double)NAN;
    const float single = NAN;
    return dtype == TRINE_F32 ? memcmp(got, &single, sizeof single) == 0
                              : memcmp(got, &nan, sizeof nan) == 0;
}

static double real_at(trine_dtype dtype, const void *got)
{
    float single;
    double x;
    memcpy(&single, got, sizeof single);
    if (dtype == TRINE_F32)
        return (double)single;
    memcpy(&x, got, sizeof x);
    return x;
}

static bool value_holds(const truth *t, const void *got)
{
    double x = real_at(t->dtype, got);
    if (t->loose && !isfinite(x))
        return !isnan(x) || is_the_nan(t->dtype, got);
    bool alike = t->least == t->most && !signbit(t->least) == !signbit(t->most);
    if (alike && x == t->least)
        return !signbit(x) == !signbit(t->least);
    return x >= t->least && x <= t->most;
}

#define WHOLE_AT(constant, suffix, type, name)                                                     \
    case constant: {                                                                               \
        type x;                                                                                    \
        memcpy(&x, got, sizeof x);                                                                 \
        return (harness_int128)x;                                                                  \
    }

static harness_int128 whole_at(trine_dtype dtype, const void *got)
{
    switch (dtype) {
        TRINE_DTYPES(WHOLE_AT)
    default:
        return 0;
    }
}

bool type_holds(trine_dtype dtype, harness_int128 whole)
{
    bool with_sign =
        dtype == TRINE_I64 || dtype == TRINE_I32 || dtype == TRINE_I16 || dtype == TRINE_I8;
    harness_int128 end = (harness_int128)1 << (8 * (int)trine_dtype_size(dtype) - with_sign);
    return whole < end && whole >= (with_sign ? -end : 0);
}

bool truth_holds_whole(const truth *t, trine_status status, harness_int128 got)
{
    if (!type_holds(t->dtype, t->whole))
        return status == TRINE_E_OVERFLOW;
    return status == TRINE_OK && got == t->whole;
}

bool truth_holds(const truth *t, trine_status status, const void *got)
{
    if (t->kind == TRUTH_OPEN)
        return true;
    if (t->kind == TRUTH_EMPTY)
        return status == TRINE_E_EMPTY;
    if (t->kind == TRUTH_WHOLE)
        return truth_holds_whole(t, status, status ? 0 : whole_at(t->dtype, got));
    if (status != TRINE_OK)
        return false;
    return t->kind == TRUTH_NAN ? is_the_nan(t->dtype, got) : value_holds(t, got);
}
