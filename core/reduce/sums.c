/* core/reduce/sums.c - the typed sums and their like: an operation, a mode and an element type name
 * a monoid. */
#include <stdio.h>
#include <string.h>

#include "core/reduce/typed.h"
#include "core/system/error.h"
#include "core/team/team.h"

enum { NAME_SIZE = 40, MOST_INPUTS = 2 };

static const trine_monoid *find(const char *operation, trine_mode mode, trine_dtype in,
                                trine_dtype out)
{
    static const char *const modes[] = {"", "_compensated", "_fast"};
    char name[NAME_SIZE];
    bool widened = in == TRINE_F32 && out == TRINE_F64;
    snprintf(name, sizeof name, "%s%s%s", operation, modes[mode], widened ? "_f64" : "");
    return trine_monoid_find(name, in);
}

/* "f64 or f32", "i64, i32, i16 or i8". */
static void list_types(const char *operation, trine_dtype out, char *text, size_t size)
{
    const char *last = NULL;
    size_t used = 0;
    text[0] = '\0';
    for (int d = 1; d <= TRINE_DTYPE_COUNT && used < size; d++) {
        const trine_monoid *monoid =
            d < TRINE_DTYPE_COUNT ? find(operation, TRINE_EXACT, (trine_dtype)d, out) : NULL;
        bool taken = monoid && monoid->out == out;
        if (last && (taken || d == TRINE_DTYPE_COUNT))
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     used == 0 ? ""
                                     : taken   ? ", "
                                               : " or ",
                                     last);
        last = taken ? trine_dtype_name((trine_dtype)d) : last;
    }
}

static trine_status refuse_type(const char *operation, trine_dtype in, trine_dtype out)
{
    char takes[80];
    list_types(operation, out, takes, sizeof takes);
    return trine_fail(TRINE_E_DTYPE, "trine_%s_%s: x is %s; expected %s", operation,
                      trine_dtype_name(out), trine_dtype_name(in), takes);
}

trine_status trine_weighted_monoid(trine_dtype dtype, trine_dtype weights, bool mean,
                                   trine_monoid *monoid, trine_weighted_param *param)
{
    if (!monoid || !param)
        return trine_fail(TRINE_E_ARGUMENT, "trine_weighted_monoid: %s is NULL",
                          monoid ? "param" : "monoid");
    if (trine_dtype_size(weights) == 0)
        return trine_fail(TRINE_E_DTYPE,
                          "trine_weighted_monoid: weights of type %d; expected one of "
                          "trine's",
                          (int)weights);
    const trine_monoid *found = trine_monoid_find(mean ? "weighted_mean" : "weighted_sum", dtype);
    if (!found)
        return TRINE_E_ARGUMENT;
    *monoid = *found;
    monoid->in[1] = weights;
    param->weights = weights;
    return TRINE_OK;
}

/* What a call reduces by; made, param: where that is not one of the built-in monoids as it is. */
typedef struct reducer {
    const trine_monoid *monoid;
    trine_monoid made;
    trine_weighted_param param;
} reducer;

static bool takes_any_weights(const char *operation, trine_dtype out)
{
    return out == TRINE_F64 && (strcmp(operation, "wsum") == 0 || strcmp(operation, "wmean") == 0);
}

/* Of two types, and of integers in double, there is one kernel for all modes. */
static trine_status find_weighted(const char *operation, trine_mode mode,
                                  const trine_array *const in[], reducer *by)
{
    trine_dtype x = trine_array_dtype(in[0]), weights = trine_array_dtype(in[1]);
    by->monoid = x == weights ? find(operation, mode, x, TRINE_F64) : NULL;
    if (by->monoid && by->monoid->out == TRINE_F64)
        return TRINE_OK;
    by->monoid = &by->made;
    return trine_weighted_monoid(x, weights, strcmp(operation, "wmean") == 0, &by->made,
                                 &by->param);
}

static trine_status check(const char *operation, trine_dtype out, trine_mode mode,
                          const trine_array *const in[], int inputs, const void *result,
                          reducer *by)
{
    static const char *const names[MOST_INPUTS] = {"x", "y"};
    if ((unsigned)mode > TRINE_FAST)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_%s_%s: mode %d; expected TRINE_EXACT, TRINE_COMPENSATED or "
                          "TRINE_FAST",
                          operation, trine_dtype_name(out), (int)mode);
    for (int i = 0; i < inputs; i++)
        if (!in[i])
            return trine_fail(TRINE_E_ARGUMENT, "trine_%s_%s: %s is NULL", operation,
                              trine_dtype_name(out), names[i]);
    if (!result)
        return trine_fail(TRINE_E_ARGUMENT, "trine_%s_%s: result is NULL", operation,
                          trine_dtype_name(out));
    if (takes_any_weights(operation, out))
        return find_weighted(operation, mode, in, by);
    trine_dtype dtype = trine_array_dtype(in[0]);
    by->monoid = find(operation, mode, dtype, out);
    if (!by->monoid && strcmp(trine_isa(), "none") == 0)
        return TRINE_E_ARGUMENT;
    return by->monoid && by->monoid->out == out ? TRINE_OK : refuse_type(operation, dtype, out);
}

static trine_status reduce(const char *operation, trine_dtype out, trine_mode mode,
                           const trine_array *const in[], int inputs, void *result)
{
    reducer by = {.monoid = NULL};
    trine_status status = check(operation, out, mode, in, inputs, result, &by);
    const trine_array *given = in[0] ? in[0] : in[inputs - 1];
    return status ? trine_call_refuse(trine_array_team(given), status)
                  : trine_reduce(by.monoid, &by.param, in, result);
}

#define OUT_f64 TRINE_F64
#define OUT_f32 TRINE_F32
#define OUT_i64 TRINE_I64
#define OUT_u64 TRINE_U64

#define DEFINE_OF_ONE(operation, suffix, type)                                                     \
    trine_status trine_##operation##_##suffix(const trine_array *x, trine_mode mode, type *result) \
    {                                                                                              \
        const trine_array *const in[] = {x};                                                       \
        return reduce(#operation, OUT_##suffix, mode, in, 1, result);                              \
    }
TRINE_SUMS_OF_ONE(DEFINE_OF_ONE)

#define DEFINE_OF_TWO(operation, suffix, type)                                                     \
    trine_status trine_##operation##_##suffix(const trine_array *x, const trine_array *y,          \
                                              trine_mode mode, type *result)                       \
    {                                                                                              \
        const trine_array *const in[] = {x, y};                                                    \
        return reduce(#operation, OUT_##suffix, mode, in, 2, result);                              \
    }
TRINE_SUMS_OF_TWO(DEFINE_OF_TWO)
