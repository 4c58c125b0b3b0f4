/* core/array/array.c - making, wrapping and checking arrays. */
#include "core/array/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"
#include "core/input/input.h"

void trine_block_of_rank(const trine_team *team, const trine_grid *grid, uint64_t *offset,
                         uint64_t *local_n)
{
    trine_grid_block(grid, team->communicator.rank, team->communicator.size, offset, local_n);
}

uint64_t trine_shape_elements(int ndim, const int64_t shape[])
{
    uint64_t n = 1;
    for (int i = 0; i < ndim; i++)
        n *= (uint64_t)shape[i];
    return n;
}

uint64_t trine_shape_number(uint64_t seed, int ndim, const int64_t shape[], bool own_blocks)
{
    uint64_t given[1 + TRINE_DIMS] = {(uint64_t)ndim};
    for (int i = own_blocks; i < ndim && i < TRINE_DIMS; i++)
        given[1 + i] = (uint64_t)shape[i];
    return trine_call_number(seed, given, sizeof given);
}

const char *trine_shape_text(int ndim, const int64_t shape[], char text[TRINE_SHAPE_TEXT])
{
    size_t at = 0;
    snprintf(text, TRINE_SHAPE_TEXT, "1");
    for (int i = 0; i < ndim && at < TRINE_SHAPE_TEXT; i++)
        at += (size_t)snprintf(text + at, TRINE_SHAPE_TEXT - at, "%s%lld", i ? " x " : "",
                               (long long)shape[i]);
    return text;
}

trine_status trine_axis_check(const char *call, int ndim, int *axis)
{
    if (*axis < -ndim || *axis >= ndim)
        return trine_fail(TRINE_E_ARGUMENT, "%s: axis %d of an array of %d axes; expected %d to %d",
                          call, *axis, ndim, -ndim, ndim - 1);
    *axis += *axis < 0 ? ndim : 0;
    return TRINE_OK;
}

trine_status trine_shape_check(trine_dtype dtype, int ndim, const int64_t shape[])
{
    char text[TRINE_SHAPE_TEXT];
    uint64_t bytes = trine_dtype_size(dtype);
    if (ndim < 0 || ndim > TRINE_DIMS)
        return trine_fail(TRINE_E_ARGUMENT, "a new array of %d axes; expected 0 to %d", ndim,
                          TRINE_DIMS);
    if (ndim > 0 && !shape)
        return trine_fail(TRINE_E_ARGUMENT, "a new array: shape is NULL");
    for (int i = 0; i < ndim; i++) {
        if (shape[i] < 0)
            return trine_fail(TRINE_E_ARGUMENT, "a new array of %s elements; expected 0 or more",
                              trine_shape_text(ndim, shape, text));
        if (shape[i] > 0 && bytes > (uint64_t)PTRDIFF_MAX / (uint64_t)shape[i])
            return trine_fail(TRINE_E_ARGUMENT,
                              "an array of %s elements of %s is larger than any address space",
                              trine_shape_text(ndim, shape, text), trine_dtype_name(dtype));
        bytes *= shape[i] > 0 ? (uint64_t)shape[i] : 1;
    }
    return TRINE_OK;
}

static trine_status check_new(trine_dtype dtype, int ndim, const int64_t shape[], trine_place place)
{
    if (trine_dtype_size(dtype) == 0)
        return trine_fail(TRINE_E_DTYPE, "a new array: dtype %d is none of trine's", (int)dtype);
    if (place != TRINE_PRIVATE && place != TRINE_SHARED && place != TRINE_DISTRIBUTED)
        return trine_fail(TRINE_E_ARGUMENT,
                          "a new array: place %d; expected TRINE_PRIVATE, TRINE_SHARED or "
                          "TRINE_DISTRIBUTED",
                          (int)place);
    return trine_shape_check(dtype, ndim, shape);
}

/* Fills in what the shape and the place say. */
static void lay_out(trine_array *array, int ndim, const int64_t shape[])
{
    array->ndim = ndim;
    for (int i = 0; i < ndim; i++)
        array->shape[i] = shape[i];
    array->rows = array->local_rows = ndim > 0 ? (uint64_t)shape[0] : 1;
    array->columns = ndim > 0 ? trine_shape_elements(ndim - 1, shape + 1) : 1;
    array->n = array->rows * array->columns;
    array->grid = trine_grid_of(array->rows, array->columns);
    trine_grid whole_rows = trine_grid_of_rows(array->rows, array->columns);
    if (array->place == TRINE_DISTRIBUTED)
        trine_block_of_rank(array->team, &whole_rows, &array->row_offset, &array->local_rows);
    array->offset = array->row_offset * array->columns;
    array->local_n = array->local_rows * array->columns;
}

static trine_status allocate(trine_array *array)
{
    trine_executor *owner =
        array->place == TRINE_PRIVATE ? &array->team->alone : &array->team->executor;
    size_t bytes = (size_t)array->local_n * trine_dtype_size(array->dtype);
    trine_status status = bytes ? owner->ops.alloc(owner, bytes, &array->data) : TRINE_OK;
    array->owner = owner;
    array->bytes = status ? 0 : bytes;
    return status;
}

trine_status trine_array_make(trine_team *team, trine_dtype dtype, int ndim, const int64_t shape[],
                              trine_place place, trine_array_memory memory, trine_array **made)
{
    trine_status status = check_new(dtype, ndim, shape, place);
    if (status)
        return status;
    trine_array *array = calloc(1, sizeof *array);
    if (!array)
        return trine_fail(TRINE_E_MEMORY, "no memory for an array's description");
    *array = (trine_array){.team = team, .dtype = dtype, .place = place};
    lay_out(array, ndim, shape);
    atomic_fetch_add(&team->arrays, 1);
    if (memory == TRINE_MEMORY_NEW)
        status = allocate(array);
    if (status)
        trine_array_free(array);
    else
        *made = array;
    return status;
}

static trine_status create(trine_team *team, trine_dtype dtype, int ndim, const int64_t shape[],
                           trine_place place, trine_array **created)
{
    if (!team || !created)
        return trine_call_refuse(team,
                                 trine_fail(TRINE_E_ARGUMENT, "trine_array_create: %s is NULL",
                                            team ? "array" : "team"));
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    trine_array *array = NULL;
    status = trine_array_make(team, dtype, ndim, shape, place, TRINE_MEMORY_NEW, &array);
    uint64_t given[] = {(uint64_t)dtype, (uint64_t)place};
    uint64_t call = trine_call_number(2, given, sizeof given);
    if (!status && place == TRINE_DISTRIBUTED)
        call = trine_shape_number(call, ndim, shape, false);
    status = trine_team_agree(team, call, status);
    if (status)
        trine_array_free(array);
    else
        *created = array;
    return trine_call_end(team, NULL, status);
}

trine_status trine_array_create(trine_team *team, trine_dtype dtype, int64_t n, trine_place place,
                                trine_array **array)
{
    return create(team, dtype, 1, &n, place, array);
}

trine_status trine_array_create_2d(trine_team *team, trine_dtype dtype, int64_t rows,
                                   int64_t columns, trine_place place, trine_array **array)
{
    return create(team, dtype, 2, (const int64_t[]){rows, columns}, place, array);
}

trine_status trine_array_create_nd(trine_team *team, trine_dtype dtype, int ndim,
                                   const int64_t shape[], trine_place place, trine_array **array)
{
    return create(team, dtype, ndim, shape, place, array);
}

trine_status trine_array_create_like(const trine_array *x, trine_dtype dtype, trine_place place,
                                     trine_array **array)
{
    if (!x)
        return trine_call_refuse(
            NULL, trine_fail(TRINE_E_ARGUMENT, "trine_array_create_like: x is NULL"));
    int64_t shape[TRINE_DIMS];
    memcpy(shape, x->shape, sizeof shape);
    if (x->place == TRINE_DISTRIBUTED && place != TRINE_DISTRIBUTED && x->ndim > 0)
        shape[0] = (int64_t)x->local_rows;
    return create(x->team, dtype, x->ndim, shape, place, array);
}

static trine_status check_given(trine_dtype dtype, const void *data, int ndim,
                                const int64_t shape[])
{
    size_t item = trine_dtype_size(dtype);
    if (!data && trine_shape_elements(ndim, shape) > 0)
        return trine_fail(TRINE_E_ARGUMENT, "trine_array_wrap: data is NULL");
    if ((uintptr_t)data % item != 0)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_array_wrap: data at %p is not aligned to the %zu "
                          "bytes of %s",
                          data, item, trine_dtype_name(dtype));
    return TRINE_OK;
}

/* Nothing writes to data where it is read_only. */
static trine_status wrap(trine_team *team, trine_dtype dtype, const void *data, int ndim,
                         const int64_t shape[], bool read_only, trine_array **wrapped)
{
    trine_array *array = NULL;
    if (!team || !wrapped)
        return trine_fail(TRINE_E_ARGUMENT, "trine_array_wrap: %s is NULL",
                          team ? "array" : "team");
    trine_status status = trine_team_check(team);
    if (!status)
        status =
            trine_array_make(team, dtype, ndim, shape, TRINE_PRIVATE, TRINE_MEMORY_GIVEN, &array);
    if (!status)
        status = check_given(dtype, data, ndim, shape);
    if (status || !array) {
        trine_array_free(array);
        return status;
    }
    array->data = (void *)data;
    array->read_only = read_only;
    *wrapped = array;
    return TRINE_OK;
}

trine_status trine_array_wrap(trine_team *team, trine_dtype dtype, void *data, int64_t n,
                              trine_array **array)
{
    return wrap(team, dtype, data, 1, &n, false, array);
}

trine_status trine_array_wrap_2d(trine_team *team, trine_dtype dtype, void *data, int64_t rows,
                                 int64_t columns, trine_array **array)
{
    return wrap(team, dtype, data, 2, (const int64_t[]){rows, columns}, false, array);
}

trine_status trine_array_wrap_nd(trine_team *team, trine_dtype dtype, void *data, int ndim,
                                 const int64_t shape[], trine_array **array)
{
    return wrap(team, dtype, data, ndim, shape, false, array);
}

trine_status trine_array_wrap_const(trine_team *team, trine_dtype dtype, const void *data,
                                    int64_t n, trine_array **array)
{
    return wrap(team, dtype, data, 1, &n, true, array);
}

trine_status trine_array_wrap_const_2d(trine_team *team, trine_dtype dtype, const void *data,
                                       int64_t rows, int64_t columns, trine_array **array)
{
    return wrap(team, dtype, data, 2, (const int64_t[]){rows, columns}, true, array);
}

trine_status trine_array_wrap_const_nd(trine_team *team, trine_dtype dtype, const void *data,
                                       int ndim, const int64_t shape[], trine_array **array)
{
    return wrap(team, dtype, data, ndim, shape, true, array);
}

void trine_array_free(trine_array *array)
{
    TRINE_FLOAT_SCOPE;
    if (!array)
        return;
    if (array->owner && array->bytes > 0)
        array->owner->ops.free(array->owner, array->data, array->bytes);
    if (array->common && !trine_team_inherited(array->team))
        array->common->close(array->common);
    atomic_fetch_sub(&array->team->arrays, 1);
    free(array);
}

static int64_t size_of_axis(const trine_array *a, int axis)
{
    return axis < a->ndim ? a->shape[axis] : 1;
}

/* Axes of one element behind the others make no difference. */
static bool shapes_alike(const trine_array *a, const trine_array *b)
{
    bool alike = true;
    for (int i = 0; (i < a->ndim || i < b->ndim) && alike; i++)
        alike = size_of_axis(a, i) == size_of_axis(b, i);
    return alike;
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
        char text[TRINE_SHAPE_TEXT], other[TRINE_SHAPE_TEXT];
        if (!shapes_alike(a, *like))
            return trine_fail(TRINE_E_LENGTH, "%s: %s[%d] is %s, another array %s", call, role, i,
                              trine_shape_text(a->ndim, a->shape, text),
                              trine_shape_text((*like)->ndim, (*like)->shape, other));
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
        size_t bytes = (size_t)a->local_n * trine_dtype_size(a->dtype);
        if (bytes > 0 && !team->executor.ops.addresses(&team->executor, a->data, bytes))
            return &team->alone;
    }
    return &team->executor;
}

void *trine_array_data(const trine_array *array)
{
    return array ? array->data : NULL;
}

int64_t trine_array_local_n(const trine_array *array)
{
    return array ? (int64_t)array->local_n : 0;
}

int64_t trine_array_offset(const trine_array *array)
{
    return array ? (int64_t)array->offset : 0;
}

int64_t trine_array_n(const trine_array *array)
{
    return array ? (int64_t)array->n : 0;
}

int trine_array_ndim(const trine_array *array)
{
    return array ? array->ndim : 0;
}

const int64_t *trine_array_shape(const trine_array *array)
{
    return array ? array->shape : NULL;
}

int64_t trine_array_row_offset(const trine_array *array)
{
    return array ? (int64_t)array->row_offset : 0;
}

int64_t trine_array_local_rows(const trine_array *array)
{
    return array ? (int64_t)array->local_rows : 0;
}

int64_t trine_array_rows(const trine_array *array)
{
    return array ? (int64_t)array->rows : 0;
}

int64_t trine_array_columns(const trine_array *array)
{
    return array ? (int64_t)array->columns : 0;
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

trine_team *trine_arrays_team(const trine_array *const arrays[], int count)
{
    trine_team *team = NULL;
    for (int i = 0; i < count && arrays; i++)
        team = trine_refuse_likelier(team, trine_array_team(arrays[i]));
    return team;
}
