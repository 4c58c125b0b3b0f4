/* core/sum.c - the typed sums: a mode and an element type name a monoid. */
#include <trine/reduce.h>

#include "core/error.h"
#include "core/team.h"

static trine_status check_sum(const trine_array *x, trine_mode mode, const char *const names[],
                              trine_dtype out, const char *takes, const void *result,
                              const trine_monoid **monoid)
{
    if ((unsigned)mode > TRINE_FAST)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_sum_%s: mode %d; expected TRINE_EXACT, TRINE_COMPENSATED or "
                          "TRINE_FAST",
                          trine_dtype_name(out), (int)mode);
    if (!x || !result)
        return trine_fail(TRINE_E_ARGUMENT, "trine_sum_%s: %s is NULL", trine_dtype_name(out),
                          x ? "sum" : "x");
    *monoid = trine_monoid_find(names[mode], trine_array_dtype(x));
    if (!*monoid)
        return TRINE_E_ARGUMENT;
    if ((*monoid)->out != out)
        return trine_fail(TRINE_E_DTYPE, "trine_sum_%s: x is %s; expected %s",
                          trine_dtype_name(out), trine_dtype_name(trine_array_dtype(x)), takes);
    return TRINE_OK;
}

static trine_status sum(const trine_array *x, trine_mode mode, const char *const names[],
                        trine_dtype out, const char *takes, void *result)
{
    const trine_monoid *monoid = NULL;
    trine_status status = check_sum(x, mode, names, out, takes, result, &monoid);
    return status ? trine_call_refuse(trine_array_team(x), status)
                  : trine_reduce(monoid, NULL, &x, result);
}

static const char *const plain[] = {"sum", "sum_compensated", "sum_fast"};

trine_status trine_sum_f64(const trine_array *x, trine_mode mode, double *result)
{
    static const char *const wide[] = {"sum_f64", "sum_compensated_f64", "sum_fast_f64"};
    bool narrow = trine_array_dtype(x) == TRINE_F32;
    return sum(x, mode, narrow ? wide : plain, TRINE_F64, "f64 or f32", result);
}

trine_status trine_sum_f32(const trine_array *x, trine_mode mode, float *result)
{
    return sum(x, mode, plain, TRINE_F32, "f32", result);
}

trine_status trine_sum_i64(const trine_array *x, trine_mode mode, int64_t *result)
{
    return sum(x, mode, plain, TRINE_I64, "i64, i32, i16 or i8", result);
}

trine_status trine_sum_u64(const trine_array *x, trine_mode mode, uint64_t *result)
{
    return sum(x, mode, plain, TRINE_U64, "u64, u32, u16 or u8", result);
}
