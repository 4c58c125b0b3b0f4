/* core/map/maps.c - the typed built-in maps: a name and element types find a map, which is applied.
 */
#include <stdatomic.h>
#include <string.h>
#include <trine/reduce.h>
#include <trine/transform.h>

#include "core/array/array.h"
#include "core/system/error.h"
#include "core/system/float_environment.h"

/* The team that knows of the call, if any array of it is given. */
static trine_team *team_of(const trine_array *const in[], int inputs, const trine_array *out)
{
    const trine_array *all[TRINE_ARGS + 1] = {out};
    for (int i = 0; i < inputs; i++)
        all[1 + i] = in[i];
    return trine_arrays_team(all, 1 + inputs);
}

/* known: what was found the last time, NULL at first. */
static trine_status apply_known(_Atomic(const trine_map *) *known, const char *name,
                                trine_dtype from, trine_dtype to, const void *param,
                                const trine_array *const in[], int inputs, trine_array *out)
{
    const trine_map *map = atomic_load_explicit(known, memory_order_relaxed);
    if (!map) {
        map = trine_map_find(name, from, to);
        if (!map)
            return trine_call_refuse(team_of(in, inputs, out), strcmp(trine_isa(), "none") == 0
                                                                   ? TRINE_E_ARGUMENT
                                                                   : TRINE_E_ABSENT);
        atomic_store_explicit(known, map, memory_order_relaxed);
    }
    return trine_apply(map, in, param, &out);
}

/* For a map that changes from call to call. */
static trine_status apply(const char *name, trine_dtype from, trine_dtype to, const void *param,
                          const trine_array *const in[], int inputs, trine_array *out)
{
    _Atomic(const trine_map *) unknown = NULL;
    return apply_known(&unknown, name, from, to, param, in, inputs, out);
}

/* Looks the map up once for each place that this stands in. */
#define APPLY(name, from, to, param, in, inputs, out)                                              \
    static _Atomic(const trine_map *) known;                                                       \
    return apply_known(&known, name, from, to, param, in, inputs, out)

#define GENERATE(constant, s, type, name)                                                          \
    trine_status trine_fill_##s(type value, trine_array *y)                                        \
    {                                                                                              \
        APPLY("fill", TRINE_DTYPE_NONE, constant, &value, NULL, 0, y);                             \
    }                                                                                              \
    trine_status trine_iota_##s(type start, type step, trine_array *y)                             \
    {                                                                                              \
        const type param[] = {start, step};                                                        \
        APPLY("iota", TRINE_DTYPE_NONE, constant, param, NULL, 0, y);                              \
    }
TRINE_DTYPES(GENERATE)

/* Of one, two and three arrays of one type. */
#define OF_ONE(kind, constant, s)                                                                  \
    trine_status trine_##kind##_##s(const trine_array *x, trine_array *y)                          \
    {                                                                                              \
        APPLY(#kind, constant, constant, NULL, &x, 1, y);                                          \
    }
#define OF_TWO(kind, constant, s)                                                                  \
    trine_status trine_##kind##_##s(const trine_array *x, const trine_array *y, trine_array *z)    \
    {                                                                                              \
        APPLY(#kind, constant, constant, NULL, ((const trine_array *[]){x, y}), 2, z);             \
    }

#define COMPUTE(constant, s, type, name)                                                           \
    OF_ONE(copy, constant, s)                                                                      \
    OF_ONE(neg, constant, s)                                                                       \
    OF_ONE(abs, constant, s)                                                                       \
    OF_TWO(add, constant, s)                                                                       \
    OF_TWO(sub, constant, s)                                                                       \
    OF_TWO(mul, constant, s)                                                                       \
    OF_TWO(div, constant, s)                                                                       \
    trine_status trine_fma_##s(const trine_array *x, const trine_array *y, const trine_array *z,   \
                               trine_array *out)                                                   \
    {                                                                                              \
        APPLY("fma", constant, constant, NULL, ((const trine_array *[]){x, y, z}), 3, out);        \
    }                                                                                              \
    trine_status trine_where_##s(const trine_array *mask, const trine_array *x,                    \
                                 const trine_array *y, trine_array *z)                             \
    {                                                                                              \
        APPLY("where", TRINE_U8, constant, NULL, ((const trine_array *[]){mask, x, y}), 3, z);     \
    }                                                                                              \
    trine_status trine_scale_##s(const trine_array *x, type alpha, trine_array *y)                 \
    {                                                                                              \
        APPLY("scale", constant, constant, &alpha, &x, 1, y);                                      \
    }                                                                                              \
    trine_status trine_axpy_##s(type alpha, const trine_array *x, trine_array *y)                  \
    {                                                                                              \
        APPLY("axpy", constant, constant, &alpha, ((const trine_array *[]){x, y}), 2, y);          \
    }                                                                                              \
    trine_status trine_axpby_##s(type alpha, const trine_array *x, type beta, trine_array *y)      \
    {                                                                                              \
        const type param[] = {alpha, beta};                                                        \
        APPLY("axpby", constant, constant, param, ((const trine_array *[]){x, y}), 2, y);          \
    }                                                                                              \
    trine_status trine_clip_##s(const trine_array *x, type lo, type hi, trine_array *y)            \
    {                                                                                              \
        const type param[] = {lo, hi};                                                             \
        APPLY("clip", constant, constant, param, &x, 1, y);                                        \
    }
TRINE_DTYPES(COMPUTE)

/* The ranks' blocks of a whole that the caller cut have no length that one rank knows. */
static trine_status linspace(trine_dtype dtype, double start, double stop, trine_array *y)
{
    if (trine_array_place(y) != TRINE_DISTRIBUTED && trine_team_ranks(trine_array_team(y)) > 1)
        return trine_call_refuse(
            trine_array_team(y),
            trine_fail(TRINE_E_ARGUMENT,
                       "trine_linspace_%s: y is a block of several ranks' whole; expected a "
                       "DISTRIBUTED array, or the map by name with the whole's n",
                       trine_dtype_name(dtype)));
    const trine_linspace param = {start, stop, trine_array_n(y)};
    return apply("linspace", TRINE_DTYPE_NONE, dtype, &param, NULL, 0, y);
}

#define OF_REALS(constant, s, type, name)                                                          \
    trine_status trine_linspace_##s(double start, double stop, trine_array *y)                     \
    {                                                                                              \
        return linspace(constant, start, stop, y);                                                 \
    }                                                                                              \
    trine_status trine_uniform_##s(double lo, double hi, uint64_t seed, uint64_t stream,           \
                                   trine_array *y)                                                 \
    {                                                                                              \
        const trine_uniform param = {lo, hi, seed, stream};                                        \
        APPLY("uniform", TRINE_DTYPE_NONE, constant, &param, NULL, 0, y);                          \
    }                                                                                              \
    trine_status trine_normal_##s(double mean, double sd, uint64_t seed, uint64_t stream,          \
                                  trine_array *y)                                                  \
    {                                                                                              \
        const trine_normal param = {mean, sd, seed, stream};                                       \
        APPLY("normal", TRINE_DTYPE_NONE, constant, &param, NULL, 0, y);                           \
    }                                                                                              \
    trine_status trine_add_normal_##s(const trine_array *x, double sd, uint64_t seed,              \
                                      uint64_t stream, trine_array *y)                             \
    {                                                                                              \
        const trine_normal param = {0, sd, seed, stream};                                          \
        APPLY("add_normal", constant, constant, &param, &x, 1, y);                                 \
    }                                                                                              \
    trine_status trine_standardise_##s(const trine_array *x, type mean, type sd, trine_array *y)   \
    {                                                                                              \
        const type param[] = {mean, sd};                                                           \
        APPLY("standardise", constant, constant, param, &x, 1, y);                                 \
    }                                                                                              \
    OF_ONE(sqrt, constant, s)                                                                      \
    OF_ONE(exp, constant, s)                                                                       \
    OF_ONE(log, constant, s)                                                                       \
    OF_ONE(sin, constant, s)                                                                       \
    OF_ONE(cos, constant, s)                                                                       \
    OF_ONE(tanh, constant, s)                                                                      \
    OF_TWO(pow, constant, s)
TRINE_REAL_DTYPES(OF_REALS)

trine_status trine_add_normal_i16(const trine_array *x, double sd, uint64_t seed, uint64_t stream,
                                  trine_array *y)
{
    const trine_normal param = {0, sd, seed, stream};
    APPLY("add_normal", TRINE_I16, TRINE_I16, &param, &x, 1, y);
}

static trine_status cast(const char *name, const trine_array *x, trine_array *y)
{
    if (!x || !y)
        return trine_call_refuse(
            trine_arrays_team((const trine_array *const[]){x, y}, 2),
            trine_fail(TRINE_E_ARGUMENT, "trine_%s: %s is NULL", name, x ? "y" : "x"));
    return apply(name, trine_array_dtype(x), trine_array_dtype(y), NULL, &x, 1, y);
}

trine_status trine_cast(const trine_array *x, trine_array *y)
{
    return cast("cast", x, y);
}

trine_status trine_cast_wrap(const trine_array *x, trine_array *y)
{
    return cast("cast_wrap", x, y);
}

/* Each of the calls that standardising is made of would see one array alone. */
static trine_status check_standardise(const trine_array *x, double ddof, const trine_array *y)
{
    static const char call[] = "trine_standardise";
    trine_dtype from = trine_array_dtype(x), to = trine_array_dtype(y);
    const trine_array *like = NULL;
    trine_status status = trine_arrays_check(call, "x", &x, &from, 1, &like);
    if (!status)
        status = trine_arrays_check(call, "y", &y, &to, 1, &like);
    if (!status && !(ddof >= 0))
        status = trine_fail(TRINE_E_ARGUMENT, "%s: ddof %g; expected 0 or more", call, ddof);
    if (!status && !trine_map_find("standardised", from, to))
        status = trine_fail(TRINE_E_DTYPE,
                            "%s: x is %s and y %s; expected f64 or f32, or integers "
                            "and f64",
                            call, trine_dtype_name(from), trine_dtype_name(to));
    return status;
}

trine_status trine_standardise(const trine_array *x, double ddof, trine_array *y)
{
    TRINE_FLOAT_SCOPE;
    trine_standardisation param;
    trine_status status = check_standardise(x, ddof, y);
    if (status)
        return trine_call_refuse(trine_arrays_team((const trine_array *const[]){x, y}, 2), status);
    trine_dtype from = trine_array_dtype(x), to = trine_array_dtype(y);
    status = trine_reduce(trine_reducer_find("standardisation", from), &x, &ddof, &param);
    return status ? status : apply("standardised", from, to, &param, &x, 1, y);
}
