/* core/reduce/sums.c - the typed sums and their like: an operation, a mode and an element type name
 * a reducer. */
#include <stdio.h>
#include <string.h>

#include "core/array/array.h"
#include "core/reduce/reduce.h"
#include "core/reduce/typed.h"
#include "core/system/error.h"

enum { MAX_INPUTS = 2, MODES = TRINE_FAST + 1 };

/* Whether in[1] are weights, of any type where the result is f64. */
typedef enum typed_weights { NO_WEIGHTS, WEIGHTED_SUM, WEIGHTED_MEAN } typed_weights;

/* A typed function: kernels has its reducers' names, by mode; of f32 with a result of f64, those of
 * the second row. */
typedef struct typed_operation {
    const char *name;
    trine_dtype out;
    typed_weights weights;
    const char *kernels[2][MODES];
} typed_operation;

static const trine_reducer *find(const typed_operation *o, trine_mode mode, trine_dtype in)
{
    bool widened = in == TRINE_F32 && o->out == TRINE_F64;
    return trine_reducer_find(o->kernels[widened][mode], in);
}

/* "f64 or f32", "i64, i32, i16 or i8". */
static void list_types(const typed_operation *o, char *text, size_t size)
{
    const char *last = NULL;
    size_t used = 0;
    text[0] = '\0';
    for (int d = 1; d <= TRINE_DTYPE_COUNT && used < size; d++) {
        const trine_reducer *reducer =
            d < TRINE_DTYPE_COUNT ? find(o, TRINE_EXACT, (trine_dtype)d) : NULL;
        bool taken = reducer && reducer->out == o->out;
        if (last && (taken || d == TRINE_DTYPE_COUNT))
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     used == 0 ? ""
                                     : taken   ? ", "
                                               : " or ",
                                     last);
        last = taken ? trine_dtype_name((trine_dtype)d) : last;
    }
}

static trine_status refuse_type(const typed_operation *o, trine_dtype in)
{
    char takes[80];
    list_types(o, takes, sizeof takes);
    return trine_fail(TRINE_E_DTYPE, "trine_%s_%s: x is %s; expected %s", o->name,
                      trine_dtype_name(o->out), trine_dtype_name(in), takes);
}

trine_status trine_weighted_reducer(trine_dtype dtype, trine_dtype weights, bool mean,
                                    trine_reducer *reducer, trine_weighted_param *param)
{
    if (!reducer || !param)
        return trine_fail(TRINE_E_ARGUMENT, "trine_weighted_reducer: %s is NULL",
                          reducer ? "param" : "reducer");
    if (trine_dtype_size(weights) == 0)
        return trine_fail(TRINE_E_DTYPE,
                          "trine_weighted_reducer: weights of type %d; expected one of "
                          "trine's",
                          (int)weights);
    const trine_reducer *found = trine_reducer_for(
        "trine_weighted_reducer", mean ? "weighted_mean" : "weighted_sum", dtype, reducer);
    if (!found)
        return TRINE_E_ARGUMENT;
    *reducer = *found;
    reducer->in[1] = weights;
    param->weights = weights;
    return TRINE_OK;
}

/* A call: made, param: its reducer and param where that is not one of the built-in ones as it is.
 */
typedef struct typed_call {
    const trine_reducer *reducer;
    trine_reducer made;
    trine_weighted_param param;
    trine_input input;
} typed_call;

/* Of two types, and of integers in double, there is one kernel for all modes. */
static trine_status find_weighted(const typed_operation *o, trine_mode mode,
                                  const trine_array *const in[], typed_call *call)
{
    trine_dtype x = trine_array_dtype(in[0]), weights = trine_array_dtype(in[1]);
    call->reducer = x == weights ? find(o, mode, x) : NULL;
    if (call->reducer && call->reducer->out == TRINE_F64)
        return TRINE_OK;
    call->made.size = sizeof call->made;
    call->reducer = &call->made;
    return trine_weighted_reducer(x, weights, o->weights == WEIGHTED_MEAN, &call->made,
                                  &call->param);
}

static trine_status find_typed(const typed_operation *o, trine_mode mode,
                               const trine_array *const in[], int inputs, const void *result,
                               typed_call *call)
{
    static const char *const names[MAX_INPUTS] = {"x", "y"};
    if ((unsigned)mode >= MODES)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_%s_%s: mode %d; expected TRINE_EXACT, TRINE_COMPENSATED or "
                          "TRINE_FAST",
                          o->name, trine_dtype_name(o->out), (int)mode);
    for (int i = 0; i < inputs; i++)
        if (!in[i])
            return trine_fail(TRINE_E_ARGUMENT, "trine_%s_%s: %s is NULL", o->name,
                              trine_dtype_name(o->out), names[i]);
    if (!result)
        return trine_fail(TRINE_E_ARGUMENT, "trine_%s_%s: result is NULL", o->name,
                          trine_dtype_name(o->out));
    if (o->weights && o->out == TRINE_F64)
        return find_weighted(o, mode, in, call);
    trine_dtype dtype = trine_array_dtype(in[0]);
    call->reducer = find(o, mode, dtype);
    if (!call->reducer && strcmp(trine_isa(), "none") == 0)
        return TRINE_E_ARGUMENT;
    return call->reducer && call->reducer->out == o->out ? TRINE_OK : refuse_type(o, dtype);
}

static trine_status prepare(const typed_operation *o, trine_mode mode,
                            const trine_array *const in[], int inputs, const void *result,
                            typed_call *call)
{
    call->reducer = NULL;
    trine_status status = find_typed(o, mode, in, inputs, result, call);
    return status ? status
                  : trine_reduce_input(call->reducer, &call->param, in, result, &call->input);
}

#define OUT_f64 TRINE_F64
#define OUT_f32 TRINE_F32
#define OUT_i64 TRINE_I64
#define OUT_u64 TRINE_U64

#define WEIGHTS_dot NO_WEIGHTS
#define WEIGHTS_wsum WEIGHTED_SUM
#define WEIGHTS_wmean WEIGHTED_MEAN

#define NAMES(name, tail)                                                                          \
    {                                                                                              \
        name tail, name "_compensated" tail, name "_fast" tail                                     \
    }

/* Every call of an operation: it is refused, or it runs. */
#define CALL(operation, suffix, inputs, weights)                                                   \
    static const typed_operation own = {                                                           \
        #operation, OUT_##suffix, weights, {NAMES(#operation, ""), NAMES(#operation, "_f64")}};    \
    typed_call call;                                                                               \
    trine_status status = prepare(&own, mode, in, inputs, result, &call);                          \
    if (status)                                                                                    \
        return trine_call_refuse(trine_arrays_team(in, inputs), status);                           \
    return trine_input_reduce(x->team, call.reducer, &call.param, &call.input, TRINE_WHOLE_CALL,   \
                              TRINE_OK, result);

#define DEFINE_OF_ONE(operation, suffix, type)                                                     \
    trine_status trine_##operation##_##suffix(const trine_array *x, trine_mode mode, type *result) \
    {                                                                                              \
        const trine_array *const in[] = {x};                                                       \
        CALL(operation, suffix, 1, NO_WEIGHTS)                                                     \
    }
TRINE_SUMS_OF_ONE(DEFINE_OF_ONE)

#define DEFINE_OF_TWO(operation, suffix, type)                                                     \
    trine_status trine_##operation##_##suffix(const trine_array *x, const trine_array *y,          \
                                              trine_mode mode, type *result)                       \
    {                                                                                              \
        const trine_array *const in[] = {x, y};                                                    \
        CALL(operation, suffix, 2, WEIGHTS_##operation)                                            \
    }
TRINE_SUMS_OF_TWO(DEFINE_OF_TWO)
