/* core/linalg/matrix.c - the arguments of a product: types, teams, shapes, places, overlap. */
#include "core/linalg/matrix.h"

#include "core/system/error.h"
#include "core/array/overlap.h"

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

trine_status trine_operands_check(const char *call, trine_dtype dtype,
                                  const trine_operand operands[3])
{
    for (int i = 0; i < 3; i++) {
        trine_status status = check_one(call, dtype, &operands[i], operands[0].array->team);
        if (status)
            return status;
    }
    const trine_argument output = {operands[2].name, -1, operands[2].array};
    trine_status status = trine_output_check(call, output);
    for (int i = 0; i < 2 && !status; i++)
        status = trine_overlap_check(
            call, output, (trine_argument){operands[i].name, -1, operands[i].array}, NULL);
    return status;
}
