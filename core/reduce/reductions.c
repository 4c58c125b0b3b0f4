/* core/reduce/reductions.c - the typed reductions: a name and an element type find a reducer. */
#include <math.h>

#include "core/array/array.h"
#include "core/reduce/typed.h"
#include "core/system/error.h"
#include "core/system/float_environment.h"

/* Finds the reducer and runs it; out: the type of the result that the function promises. */
static trine_status run(const char *name, trine_dtype out, const void *param,
                        const trine_array *const in[], const void *result)
{
    if (!in[0] || !in[1] || !result)
        return trine_call_refuse(trine_arrays_team(in, 2),
                                 trine_fail(TRINE_E_ARGUMENT, "trine_%s: %s is NULL", name,
                                            in[0] && in[1] ? "result" : "an array"));
    const trine_reducer *reducer = trine_reducer_find(name, trine_array_dtype(in[0]));
    if (!reducer) {
        /* A real type without it: the library was built without what it needs. */
        trine_dtype dtype = trine_array_dtype(in[0]);
        bool real = dtype == TRINE_F64 || dtype == TRINE_F32;
        return trine_call_refuse(trine_arrays_team(in, 2), real ? TRINE_E_ABSENT : TRINE_E_DTYPE);
    }
    if (out != TRINE_DTYPE_NONE && reducer->out != out)
        return trine_call_refuse(
            trine_arrays_team(in, 2),
            trine_fail(TRINE_E_DTYPE, "trine_%s_%s: x is %s, for which the result is %s", name,
                       trine_dtype_name(out), trine_dtype_name(trine_array_dtype(in[0])),
                       trine_dtype_name(reducer->out)));
    return trine_reduce(reducer, in, param, (void *)result);
}

static trine_status run_typed(const char *name, trine_dtype dtype, const void *param,
                              const trine_array *x, void *result)
{
    if (x && trine_array_dtype(x) != dtype)
        return trine_call_refuse(trine_array_team(x),
                                 trine_fail(TRINE_E_DTYPE, "trine_%s_%s: x is %s", name,
                                            trine_dtype_name(dtype),
                                            trine_dtype_name(trine_array_dtype(x))));
    const trine_array *in[] = {x, x};
    return run(name, TRINE_DTYPE_NONE, param, in, result);
}

static trine_status check_ddof(const char *name, double ddof, const trine_array *const in[])
{
    TRINE_FLOAT_SCOPE;
    if (ddof >= 0)
        return TRINE_OK;
    return trine_call_refuse(
        trine_arrays_team(in, 2),
        trine_fail(TRINE_E_ARGUMENT, "trine_%s: ddof %g; expected 0 or more", name, ddof));
}

#define DTYPE_f64 TRINE_F64
#define DTYPE_f32 TRINE_F32
#define DTYPE_i64 TRINE_I64
#define DTYPE_i32 TRINE_I32
#define DTYPE_u64 TRINE_U64
#define DTYPE_u32 TRINE_U32
#define DTYPE_i16 TRINE_I16
#define DTYPE_u16 TRINE_U16
#define DTYPE_i8 TRINE_I8
#define DTYPE_u8 TRINE_U8

#define DEFINE_TYPED(name, suffix, type)                                                           \
    trine_status trine_##name##_##suffix(const trine_array *x, type *result)                       \
    {                                                                                              \
        return run_typed(#name, DTYPE_##suffix, NULL, x, result);                                  \
    }
#define DEFINE_ELEMENT(name, text) TRINE_EACH_TYPE(DEFINE_TYPED, name)
TRINE_ELEMENT_REDUCTIONS(DEFINE_ELEMENT)
TRINE_PAIR_REDUCTIONS(DEFINE_ELEMENT)

#define DEFINE_INDEXED(name, suffix, type)                                                         \
    trine_status trine_##name##_##suffix(const trine_array *x, type pair[2], int64_t index[2])     \
    {                                                                                              \
        struct {                                                                                   \
            int64_t index[2];                                                                      \
            type pair[2];                                                                          \
        } found = {{0}, {0}};                                                                      \
        if (!pair || !index)                                                                       \
            return run_typed(#name, DTYPE_##suffix, NULL, x, NULL);                                \
        trine_status status = run_typed(#name, DTYPE_##suffix, NULL, x, &found);                   \
        for (int i = 0; i < 2 && !status; i++) {                                                   \
            pair[i] = found.pair[i];                                                               \
            index[i] = found.index[i];                                                             \
        }                                                                                          \
        return status;                                                                             \
    }
#define DEFINE_PAIR_INDEX(name, text) TRINE_EACH_TYPE(DEFINE_INDEXED, name)
TRINE_PAIR_INDEX_REDUCTIONS(DEFINE_PAIR_INDEX)

#define DEFINE_WHOLE(name, text)                                                                   \
    trine_status trine_##name(const trine_array *x, int64_t *result)                               \
    {                                                                                              \
        const trine_array *in[] = {x, x};                                                          \
        return run(#name, TRINE_DTYPE_NONE, NULL, in, result);                                     \
    }
TRINE_INDEX_REDUCTIONS(DEFINE_WHOLE)
TRINE_COUNT_REDUCTIONS(DEFINE_WHOLE)

#define DEFINE_BETWEEN(name, suffix, type)                                                         \
    trine_status trine_##name##_##suffix(const trine_array *x, type low, type high,                \
                                         int64_t *count)                                           \
    {                                                                                              \
        const type range[] = {low, high};                                                          \
        return run_typed(#name, DTYPE_##suffix, range, x, count);                                  \
    }
TRINE_EACH_TYPE(DEFINE_BETWEEN, count_between)

#define DEFINE_PRODUCT(suffix, type)                                                               \
    trine_status trine_prod_##suffix(const trine_array *x, type *product)                          \
    {                                                                                              \
        const trine_array *in[] = {x, x};                                                          \
        return run("prod", DTYPE_##suffix, NULL, in, product);                                     \
    }
DEFINE_PRODUCT(f64, double)
DEFINE_PRODUCT(f32, float)
DEFINE_PRODUCT(i64, int64_t)
DEFINE_PRODUCT(u64, uint64_t)

#define DEFINE_MOMENT(name, text)                                                                  \
    trine_status trine_##name(const trine_array *x, double ddof, double *result)                   \
    {                                                                                              \
        const trine_array *in[] = {x, x};                                                          \
        trine_status status = check_ddof(#name, ddof, in);                                         \
        return status ? status : run(#name, TRINE_F64, &ddof, in, result);                         \
    }
TRINE_MOMENT_REDUCTIONS(DEFINE_MOMENT)

trine_status trine_var_exact(const trine_array *x, double ddof, double *result)
{
    TRINE_FLOAT_SCOPE;
    const trine_array *in[] = {x, x};
    trine_status status = check_ddof("var_exact", ddof, in);
    if (!status && ddof != floor(ddof))
        status = trine_call_refuse(trine_array_team(x),
                                   trine_fail(TRINE_E_ARGUMENT,
                                              "trine_var_exact: ddof %g; expected a whole number",
                                              ddof));
    return status ? status : run("var_exact", TRINE_F64, &ddof, in, result);
}

#define DEFINE_REAL(name, text)                                                                    \
    trine_status trine_##name(const trine_array *x, double *result)                                \
    {                                                                                              \
        const trine_array *in[] = {x, x};                                                          \
        return run(#name, TRINE_F64, NULL, in, result);                                            \
    }
TRINE_REAL_REDUCTIONS(DEFINE_REAL)

trine_status trine_describe(const trine_array *x, trine_description *description)
{
    const trine_array *in[] = {x, x};
    return run("describe", TRINE_DTYPE_NONE, NULL, in, description);
}

#define DEFINE_JOINT(name, text)                                                                   \
    trine_status trine_##name(const trine_array *x, const trine_array *y, double ddof,             \
                              double *result)                                                      \
    {                                                                                              \
        const trine_array *in[] = {x, y};                                                          \
        trine_status status = check_ddof(#name, ddof, in);                                         \
        return status ? status : run(#name, TRINE_F64, &ddof, in, result);                         \
    }
TRINE_JOINT_REDUCTIONS(DEFINE_JOINT)
