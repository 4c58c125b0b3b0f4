/* core/matrix.c - the arguments of a product: types, teams, shapes, places, overlap. */
#include "core/matrix.h"

#include "core/error.h"

trine_status trine_operands_given(const char *call, const trine_array *const arrays[3],
                                  const char *const names[3])
{
    for (int i = 0; i < 3; i++)
        if (!arrays[i])
            return trine_fail(TRINE_E_ARGUMENT, "%s: %s is NULL", call, names[i]);
    return TRINE_OK;
}

static trine_status check_one(const char *call, trine_dtype dtype, const trine_operand *operand,
                              const trine_team *team)
{
    const trine_array *a = operand->array;
    if (a->dtype != dtype)
        return trine_fail(TRINE_E_DTYPE, "%s: %s is %s; expected %s", call, operand->name,
                          trine_dtype_name(a->dtype), trine_dtype_name(dtype));
    if (a->team != team)
        return trine_fail(TRINE_E_TEAM, "%s: %s belongs to team %s, another array to %s", call,
                          operand->name, a->team->spec, team->spec);
    if (a->rows != operand->rows || a->columns != operand->columns)
        return trine_fail(TRINE_E_LENGTH, "%s: %s is %llu x %llu; expected %llu x %llu", call,
                          operand->name, (unsigned long long)a->rows,
                          (unsigned long long)a->columns, (unsigned long long)operand->rows,
                          (unsigned long long)operand->columns);
    if (a->place != TRINE_DISTRIBUTED && team->communicator.size > 1)
        return trine_fail(TRINE_E_ARGUMENT,
                          "%s: %s is an array of this rank's own; expected TRINE_DISTRIBUTED, "
                          "since team %s has several ranks",
                          call, operand->name, team->spec);
    return TRINE_OK;
}

static bool overlap(const trine_array *a, const trine_array *b)
{
    const char *x = a->data, *y = b->data;
    const char *x_end = x + a->local * trine_dtype_size(a->dtype);
    const char *y_end = y + b->local * trine_dtype_size(b->dtype);
    return x < y_end && y < x_end;
}

trine_status trine_operands_check(const char *call, trine_dtype dtype,
                                  const trine_operand operands[3])
{
    for (int i = 0; i < 3; i++) {
        trine_status status = check_one(call, dtype, &operands[i], operands[0].array->team);
        if (status)
            return status;
    }
    for (int i = 0; i < 2; i++)
        if (overlap(operands[i].array, operands[2].array))
            return trine_fail(TRINE_E_ARGUMENT, "%s: %s overlaps %s, which is read meanwhile", call,
                              operands[2].name, operands[i].name);
    return TRINE_OK;
}
