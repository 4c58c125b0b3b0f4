/* core/array.c - making, wrapping and checking arrays. */
#include "core/array.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/stream.h"

void trine_block(const trine_team *team, const trine_grid *grid, uint64_t *first, uint64_t *local)
{
    trine_grid_block(grid, team->communicator.rank, team->communicator.size, first, local);
}

static trine_status check_new(trine_dtype dtype, uint64_t rows, uint64_t columns, trine_place place)
{
    size_t item = trine_dtype_size(dtype);
    if (item == 0)
        return trine_fail(TRINE_E_DTYPE, "a new array: dtype %d is none of trine's", (int)dtype);
    if (place != TRINE_PRIVATE && place != TRINE_SHARED && place != TRINE_DISTRIBUTED)
        return trine_fail(TRINE_E_ARGUMENT,
                          "a new array: place %d; expected TRINE_PRIVATE, TRINE_SHARED or "
                          "TRINE_DISTRIBUTED",
                          (int)place);
    if (columns == 0)
        return trine_fail(TRINE_E_ARGUMENT, "a new array: 0 columns; expected at least 1");
    if (rows > (uint64_t)PTRDIFF_MAX / item / columns)
        return trine_fail(TRINE_E_ARGUMENT,
                          "a new array of %llu x %llu elements of %s is larger than any "
                          "address space",
                          (unsigned long long)rows, (unsigned long long)columns,
                          trine_dtype_name(dtype));
    return TRINE_OK;
}

static trine_array *new_array(trine_team *team, trine_dtype dtype, uint64_t rows, uint64_t columns,
                              trine_place place)
{
    trine_array *array = calloc(1, sizeof *array);
    if (!array) {
        trine_fail(TRINE_E_MEMORY, "no memory for an array's description");
        return NULL;
    }
    *array = (trine_array){.team = team,
                           .dtype = dtype,
                           .place = place,
                           .rows = rows,
                           .columns = columns,
                           .n = rows * columns,
                           .local = rows * columns,
                           .grid = trine_grid_of(rows, columns)};
    if (place == TRINE_DISTRIBUTED)
        trine_block(team, &array->grid, &array->first, &array->local);
    atomic_fetch_add(&team->arrays, 1);
    return array;
}

trine_status trine_array_new(trine_team *team, trine_dtype dtype, uint64_t rows, uint64_t columns,
                             trine_place place, trine_array **made)
{
    trine_status status = check_new(dtype, rows, columns, place);
    if (status)
        return status;
    trine_array *array = new_array(team, dtype, rows, columns, place);
    if (!array)
        return TRINE_E_MEMORY;
    array->bytes = (size_t)array->local * trine_dtype_size(dtype);
    array->owner = place == TRINE_PRIVATE ? &team->alone : &team->executor;
    if (array->bytes > 0)
        status = array->owner->ops.alloc(array->owner, array->bytes, &array->data);
    if (status) {
        array->bytes = 0;
        trine_array_free(array);
        return status;
    }
    *made = array;
    return TRINE_OK;
}

trine_status trine_array_describe(trine_team *team, trine_dtype dtype, uint64_t rows,
                                  uint64_t columns, trine_array **made)
{
    trine_status status = check_new(dtype, rows, columns, TRINE_DISTRIBUTED);
    if (status)
        return status;
    *made = new_array(team, dtype, rows, columns, TRINE_DISTRIBUTED);
    return *made ? TRINE_OK : TRINE_E_MEMORY;
}

trine_status trine_array_create_2d(trine_team *team, trine_dtype dtype, uint64_t rows,
                                   uint64_t columns, trine_place place, trine_array **created)
{
    if (!team || !created)
        return trine_call_refuse(team,
                                 trine_fail(TRINE_E_ARGUMENT, "trine_array_create: %s is NULL",
                                            team ? "array" : "team"));
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    trine_array *array = NULL;
    status = trine_array_new(team, dtype, rows, columns, place, &array);
    bool distributed = place == TRINE_DISTRIBUTED;
    uint64_t given[] = {(uint64_t)dtype, (uint64_t)place, distributed ? rows : 0,
                        distributed ? columns : 0};
    status = trine_team_agree(team, trine_call_number(2, given, sizeof given), status);
    if (status)
        trine_array_free(array);
    else
        *created = array;
    return trine_call_end(team, NULL, status);
}

trine_status trine_array_create(trine_team *team, trine_dtype dtype, uint64_t n, trine_place place,
                                trine_array **array)
{
    return trine_array_create_2d(team, dtype, n, 1, place, array);
}

static trine_status wrap(trine_team *team, trine_dtype dtype, const void *data, uint64_t rows,
                         uint64_t columns, bool read_only, trine_array **array)
{
    if (!team || !array || (!data && rows > 0))
        return trine_fail(TRINE_E_ARGUMENT, "trine_array_wrap: %s is NULL",
                          !team    ? "team"
                          : !array ? "array"
                                   : "data");
    trine_status status = check_new(dtype, rows, columns, TRINE_PRIVATE);
    if (status)
        return status;
    if ((uintptr_t)data % trine_dtype_size(dtype) != 0)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_array_wrap: data at %p is not aligned to the %zu "
                          "bytes of %s",
                          data, trine_dtype_size(dtype), trine_dtype_name(dtype));
    trine_array *wrapped = new_array(team, dtype, rows, columns, TRINE_PRIVATE);
    if (!wrapped)
        return TRINE_E_MEMORY;
    wrapped->data = (void *)data;
    wrapped->read_only = read_only;
    *array = wrapped;
    return TRINE_OK;
}

trine_status trine_array_wrap_2d(trine_team *team, trine_dtype dtype, const void *data,
                                 uint64_t rows, uint64_t columns, trine_array **array)
{
    return wrap(team, dtype, data, rows, columns, false, array);
}

trine_status trine_array_wrap_const_2d(trine_team *team, trine_dtype dtype, const void *data,
                                       uint64_t rows, uint64_t columns, trine_array **array)
{
    return wrap(team, dtype, data, rows, columns, true, array);
}

trine_status trine_array_wrap_const(trine_team *team, trine_dtype dtype, const void *data,
                                    uint64_t n, trine_array **array)
{
    return wrap(team, dtype, data, n, 1, true, array);
}

trine_status trine_array_wrap(trine_team *team, trine_dtype dtype, const void *data, uint64_t n,
                              trine_array **array)
{
    return wrap(team, dtype, data, n, 1, false, array);
}

void trine_array_free(trine_array *array)
{
    TRINE_FLOAT_SCOPE;
    if (!array)
        return;
    if (array->owner && array->bytes > 0)
        array->owner->ops.free(array->owner, array->data, array->bytes);
    if (array->share)
        array->share->close(array->share);
    atomic_fetch_sub(&array->team->arrays, 1);
    free(array);
}

trine_status trine_arrays_check(const char *call, const char *role,
                                const trine_array *const arrays[], const trine_dtype dtypes[],
                                int count, const trine_array **like)
{
    for (int i = 0; i < count; i++) {
        const trine_array *a = arrays ? arrays[i] : NULL;
        if (!a)
            return trine_fail(TRINE_E_ARGUMENT, "%s: %s[%d] is NULL", call, role, i);
        if (a->dtype != dtypes[i])
            return trine_fail(TRINE_E_DTYPE, "%s: %s[%d] is %s; expected %s", call, role, i,
                              trine_dtype_name(a->dtype), trine_dtype_name(dtypes[i]));
        if (!*like)
            *like = a;
        if (a->team != (*like)->team)
            return trine_fail(TRINE_E_TEAM, "%s: %s[%d] belongs to team %s, another array to %s",
                              call, role, i, a->team->spec, (*like)->team->spec);
        bool distributed = a->place == TRINE_DISTRIBUTED;
        if (a->n != (*like)->n || distributed != ((*like)->place == TRINE_DISTRIBUTED))
            return trine_fail(TRINE_E_LENGTH,
                              "%s: %s[%d] has %llu elements%s, another array %llu%s", call, role, i,
                              (unsigned long long)a->n, distributed ? " (distributed)" : "",
                              (unsigned long long)(*like)->n,
                              (*like)->place == TRINE_DISTRIBUTED ? " (distributed)" : "");
        if (a->columns != (*like)->columns)
            return trine_fail(
                TRINE_E_LENGTH, "%s: %s[%d] is %llu x %llu, another array %llu x %llu", call, role,
                i, (unsigned long long)a->rows, (unsigned long long)a->columns,
                (unsigned long long)(*like)->rows, (unsigned long long)(*like)->columns);
    }
    return TRINE_OK;
}

uint64_t trine_array_common(const trine_array *array)
{
    return array->place == TRINE_DISTRIBUTED ? array->n : UINT64_MAX;
}

trine_executor *trine_arrays_executor(trine_team *team, const trine_array *const arrays[],
                                      int count)
{
    for (int i = 0; i < count; i++) {
        const trine_array *a = arrays[i];
        size_t bytes = (size_t)a->local * trine_dtype_size(a->dtype);
        if (bytes > 0 && !team->executor.ops.addresses(&team->executor, a->data, bytes))
            return &team->alone;
    }
    return &team->executor;
}

void *trine_array_data(const trine_array *array)
{
    return array ? array->data : NULL;
}

uint64_t trine_array_local_n(const trine_array *array)
{
    return array ? array->local : 0;
}

uint64_t trine_array_first(const trine_array *array)
{
    return array ? array->first : 0;
}

uint64_t trine_array_n(const trine_array *array)
{
    return array ? array->n : 0;
}

uint64_t trine_array_rows(const trine_array *array)
{
    return array ? array->rows : 0;
}

uint64_t trine_array_columns(const trine_array *array)
{
    return array ? array->columns : 0;
}

trine_dtype trine_array_dtype(const trine_array *array)
{
    return array ? array->dtype : TRINE_DTYPE_NONE;
}

trine_place trine_array_place(const trine_array *array)
{
    return array ? array->place : TRINE_PRIVATE;
}

trine_team *trine_array_team(const trine_array *array)
{
    return array ? array->team : NULL;
}
