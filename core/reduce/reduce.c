/* core/reduce/reduce.c - the public reductions: check the arguments once, then stream. */
#include <trine/reduce.h>

#include "core/array/array.h"
#include "core/reduce/axis.h"
#include "core/system/error.h"
#include "core/input/stream.h"

trine_status trine_monoid_check(const trine_monoid *m, const void *param)
{
    if (!m->name || !m->identity || !m->accumulate || !m->merge || !m->finish)
        return trine_fail(TRINE_E_ARGUMENT,
                          "a reduction: monoid '%s' lacks a name or a function; identity, "
                          "accumulate, merge and finish are needed",
                          m->name ? m->name : "");
    if (m->nin < 1 || m->nin > TRINE_ARGS || m->state_size == 0)
        return trine_fail(TRINE_E_ARGUMENT,
                          "a reduction: monoid '%s' has %d inputs and %zu bytes of state; expected "
                          "1 to %d and more than 0",
                          m->name, m->nin, m->state_size, TRINE_ARGS);
    if (m->work_size && !(m->begin && m->settle && m->flags & TRINE_ORDER_FREE))
        return trine_fail(TRINE_E_ARGUMENT,
                          "a reduction: monoid '%s' keeps a working state, so it needs begin, "
                          "settle and TRINE_ORDER_FREE",
                          m->name);
    if (m->param_size && !param)
        return trine_fail(TRINE_E_ARGUMENT, "a reduction: param is NULL; '%s' takes %zu bytes",
                          m->name, m->param_size);
    return TRINE_OK;
}

static trine_status check_call(const trine_monoid *monoid, const void *param,
                               const trine_array *const in[], const void *result)
{
    if (!monoid || !result)
        return trine_fail(TRINE_E_ARGUMENT, "trine_reduce: %s is NULL",
                          monoid ? "result" : "monoid");
    const trine_array *like = NULL;
    trine_status status = trine_monoid_check(monoid, param);
    return status ? status
                  : trine_arrays_check(monoid->name, "in", in, monoid->in, monoid->nin, &like);
}

/* How many entries `in` has for certain, whatever the monoid. */
static int inputs_of(const trine_monoid *monoid)
{
    return monoid && monoid->nin >= 1 && monoid->nin <= TRINE_ARGS ? monoid->nin : 1;
}

trine_status trine_reduce(const trine_monoid *monoid, const void *param,
                          const trine_array *const in[], void *result)
{
    trine_status status = check_call(monoid, param, in, result);
    if (status)
        return trine_call_refuse(trine_arrays_team(in, inputs_of(monoid)), status);
    const trine_array *x = in[0];
    trine_stream stream = {.sources = monoid->nin,
                           .first = x->first,
                           .local = x->local,
                           .grid = x->grid,
                           .cut = x->place != TRINE_DISTRIBUTED};
    stream.executor = trine_arrays_executor(x->team, in, monoid->nin);
    for (int i = 0; i < monoid->nin; i++)
        stream.source[i] =
            trine_memory_source(in[i]->data, in[i]->first, trine_dtype_size(in[i]->dtype));
    return trine_stream_reduce(x->team, monoid, param, &stream, TRINE_OK, result);
}

trine_status trine_reduce_axis(const trine_monoid *monoid, const void *param,
                               const trine_array *const in[], int axis, void *result)
{
    trine_status status = check_call(monoid, param, in, result);
    if (!status)
        status = trine_axis_check(monoid->name, in[0]->ndim, &axis);
    if (status)
        return trine_call_refuse(trine_arrays_team(in, inputs_of(monoid)), status);
    const trine_array *x = in[0];
    trine_frame frame = {.rows = x->rows,
                         .columns = x->columns,
                         .first = x->first_row,
                         .local = x->local_rows,
                         .cut = x->place != TRINE_DISTRIBUTED,
                         .executor = trine_arrays_executor(x->team, in, monoid->nin)};
    for (int i = 0; i < monoid->nin; i++)
        frame.source[i] =
            trine_memory_source(in[i]->data, in[i]->first, trine_dtype_size(in[i]->dtype));
    trine_frame_axis(&frame, x->ndim, x->shape, axis);
    return axis == 0 ? trine_frame_columns(x->team, monoid, param, &frame, result)
                     : trine_frame_lines(x->team, monoid, param, &frame, result);
}
