/* core/array/overlap.c - which arrays share memory, and which may be written. */
#include "core/array/overlap.h"

#include <stdio.h>

#include "core/system/error.h"
#include "core/system/memory.h"

enum { NAME_SIZE = 32 };

static const char *name_of(trine_argument argument, char text[NAME_SIZE])
{
    if (argument.index < 0)
        return argument.name;
    snprintf(text, NAME_SIZE, "%s[%d]", argument.name, argument.index);
    return text;
}

static size_t bytes_of(const trine_array *array)
{
    return (size_t)array->local_n * trine_dtype_size(array->dtype);
}

/* Memory of the library's own is; the caller's is looked at once. */
static bool is_writable(const trine_array *array)
{
    if (array->owner || array->common ||
        atomic_load_explicit(&array->writable, memory_order_relaxed))
        return true;
    if (!trine_memory_writable(array->data, bytes_of(array)))
        return false;
    atomic_store_explicit(&((trine_array *)array)->writable, true, memory_order_relaxed);
    return true;
}

trine_status trine_output_check(const char *call, trine_argument out)
{
    const trine_array *a = out.array;
    char name[NAME_SIZE];
    if (a->read_only)
        return trine_fail(
            TRINE_E_ARGUMENT,
            "%s: %s is read-only (trine_array_wrap_const); expected an array to write", call,
            name_of(out, name));
    if (!is_writable(a))
        return trine_fail(TRINE_E_ARGUMENT,
                          "%s: %s is an array over memory without write permission, at %p", call,
                          name_of(out, name), a->data);
    return TRINE_OK;
}

trine_status trine_overlap_check(const char *call, trine_argument out, trine_argument in,
                                 bool *in_place)
{
    const char *to = out.array->data, *from = in.array->data;
    size_t to_bytes = bytes_of(out.array), from_bytes = bytes_of(in.array);
    char names[2][NAME_SIZE];
    if (to_bytes == 0 || from_bytes == 0 || to >= from + from_bytes || from >= to + to_bytes)
        return TRINE_OK;
    if (in_place && to == from && to_bytes == from_bytes) {
        *in_place = true;
        return TRINE_OK;
    }
    return trine_fail(TRINE_E_ARGUMENT, "%s: %s overlaps %s%s", call, name_of(out, names[0]),
                      name_of(in, names[1]),
                      in_place ? " without being the same elements"
                               : ", which is read meanwhile; expected memory of its own");
}

trine_status trine_out_check(const char *call, const trine_array *x, const trine_array *out,
                             bool *in_place)
{
    const trine_argument output = {"out", -1, out}, input = {"x", -1, x};
    trine_status status = trine_output_check(call, output);
    return status ? status : trine_overlap_check(call, output, input, in_place);
}
