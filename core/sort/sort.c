/* core/sort/sort.c - the public sorts: check the arguments once, then sort. */
#include <trine/sort.h>

#include <string.h>

#include "core/array/array.h"
#include "core/system/error.h"
#include "core/array/overlap.h"
#include "core/sort/sort.h"
#include "core/sort/sort_lines.h"

static trine_status check_array(const char *call, const trine_array *x)
{
    char text[TRINE_SHAPE_TEXT];
    if (x->columns != 1)
        return trine_fail(TRINE_E_ARGUMENT, "%s: x is %s; expected one axis, or trine_%s_axis",
                          call, trine_shape_text(x->ndim, x->shape, text), strrchr(call, '_') + 1);
    if (x->team->communicator.size == 1 || x->place == TRINE_DISTRIBUTED)
        return TRINE_OK;
    return trine_fail(TRINE_E_ARGUMENT,
                      "%s: x is %s, each rank's own, on the %d ranks of team %s; expected "
                      "TRINE_DISTRIBUTED",
                      call, x->place == TRINE_PRIVATE ? "TRINE_PRIVATE" : "TRINE_SHARED",
                      x->team->communicator.size, x->team->spec);
}

/* The call's life. permutation: NULL for a sort in place. */
static trine_status sort_call(const char *call, const trine_array *x, void *elements,
                              trine_array *permutation)
{
    trine_team *team = x->team;
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    const trine_array *all[] = {x, permutation};
    trine_sorting sorting = {.executor = trine_arrays_executor(team, all, permutation ? 2 : 1),
                             .dtype = x->dtype,
                             .x = x->data,
                             .n = x->local_n,
                             .offset = x->offset,
                             .by_index = permutation != NULL,
                             .elements = elements,
                             .indices = permutation ? permutation->data : NULL};
    uint64_t given[] = {(uint64_t)x->dtype, x->n};
    uint64_t number = trine_call_number(40, call, strlen(call));
    number = trine_call_number(number, given, sizeof given);
    if (team->communicator.size > 1)
        status = trine_sort_ranks(team, &sorting, number);
    else
        status = trine_sort_local(team, &sorting);
    team->ledger.bytes = (int64_t)(x->local_n * trine_dtype_size(x->dtype) * (permutation ? 1 : 2) +
                                   (permutation ? x->local_n * sizeof(uint64_t) : 0));
    return trine_call_end(team, &team->ledger.combine, status);
}

trine_status trine_sort(trine_array *x)
{
    trine_status status =
        x ? check_array("trine_sort", x) : trine_fail(TRINE_E_ARGUMENT, "trine_sort: x is NULL");
    if (!status)
        status = trine_output_check("trine_sort", (trine_argument){"x", -1, x});
    if (status || !x)
        return trine_call_refuse(trine_array_team(x), status);
    return sort_call("trine_sort", x, x->data, NULL);
}

static trine_status check_permutation(const trine_array *x, const trine_array *permutation)
{
    if (!x || !permutation)
        return trine_fail(TRINE_E_ARGUMENT, "trine_argsort: %s is NULL", x ? "permutation" : "x");
    const trine_dtype i64[] = {TRINE_I64};
    const trine_argument output = {"permutation", -1, permutation};
    trine_status status =
        trine_arrays_check("trine_argsort", "permutation", &permutation, i64, 1, &x);
    if (!status)
        status = trine_output_check("trine_argsort", output);
    if (!status)
        status = trine_overlap_check("trine_argsort", output, (trine_argument){"x", -1, x}, NULL);
    return status;
}

trine_status trine_argsort(const trine_array *x, trine_array *permutation)
{
    const trine_array *all[] = {x, permutation};
    trine_status status = check_permutation(x, permutation);
    if (!status)
        status = check_array("trine_argsort", x);
    if (status)
        return trine_call_refuse(trine_arrays_team(all, 2), status);
    return sort_call("trine_argsort", x, NULL, permutation);
}

trine_status trine_sort_axis(trine_array *x, int axis)
{
    trine_status status = x ? trine_axis_check("trine_sort_axis", x->ndim, &axis)
                            : trine_fail(TRINE_E_ARGUMENT, "trine_sort_axis: x is NULL");
    if (!status)
        status = trine_output_check("trine_sort_axis", (trine_argument){"x", -1, x});
    if (status || !x)
        return trine_call_refuse(trine_array_team(x), status);
    /* One line: the workers and ranks share it. */
    if (axis == 0 && x->columns == 1)
        return trine_sort(x);
    return trine_sort_lines(x, axis);
}

trine_status trine_argsort_axis(const trine_array *x, int axis, trine_array *permutation)
{
    const trine_array *all[] = {x, permutation};
    trine_status status = check_permutation(x, permutation);
    if (!status)
        status = trine_axis_check("trine_argsort_axis", x->ndim, &axis);
    if (status)
        return trine_call_refuse(trine_arrays_team(all, 2), status);
    if (axis == 0 && x->columns == 1)
        return trine_argsort(x, permutation);
    return trine_argsort_lines(x, permutation, axis);
}
