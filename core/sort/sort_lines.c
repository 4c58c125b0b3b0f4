/* core/sort/sort_lines.c - a line is sorted as one bucket of a larger sort is: by radix, its NaNs
 * behind the others in the order in which they came. */
#include "core/sort/sort_lines.h"

#include <string.h>

#include "core/lines/lines.h"
#include "core/system/util.h"
#include "kernels/sort/radix.h"

/* Leaves the keys that are not NaN's, in their order, and copies the elements of the others to
 * nans. Returns how many keys are left. */
#define PART(name, bits)                                                                           \
    static size_t name(bits *keys, const bits *x, size_t n, bits last, bits *nans)                 \
    {                                                                                              \
        size_t kept = 0;                                                                           \
        for (size_t i = 0; i < n; i++) {                                                           \
            bits key = keys[i];                                                                    \
            keys[kept] = key;                                                                      \
            nans[i - kept] = x[i];                                                                 \
            kept += key != last;                                                                   \
        }                                                                                          \
        return kept;                                                                               \
    }
PART(part_32, uint32_t)
PART(part_64, uint64_t)

size_t trine_line_scratch(trine_dtype dtype, uint64_t n)
{
    return 4 * trine_whole_lines((size_t)n * trine_dtype_size(dtype));
}

uint64_t trine_line_sort(trine_dtype dtype, const void *x, uint64_t n, void *out, void *scratch)
{
    size_t item = trine_dtype_size(dtype), count = (size_t)n, kept = count;
    size_t space = trine_whole_lines(count * item);
    void *keys = scratch, *nans = (char *)scratch + space, *spare = (char *)nans + space;
    trine_radix_keys(dtype, x, count, keys);
    if (dtype == TRINE_F64)
        kept = part_64(keys, x, count, trine_radix_last(dtype), nans);
    else if (dtype == TRINE_F32)
        kept = part_32(keys, x, count, (uint32_t)trine_radix_last(dtype), nans);
    if (kept > 0)
        trine_radix_sort(dtype, keys, kept, out, spare);
    memcpy((char *)out + kept * item, nans, (count - kept) * item);
    return kept;
}

static trine_status sort_line(const trine_lines *lines, const void *in, void *out, void *scratch)
{
    const trine_dtype *dtype = lines->param;
    trine_line_sort(*dtype, in, lines->length, out, scratch);
    return TRINE_OK;
}

/* Pairs of key and index, and as many twice more. */
static trine_status argsort_line(const trine_lines *lines, const void *in, void *out, void *scratch)
{
    const trine_dtype *dtype = lines->param;
    size_t n = (size_t)lines->length;
    trine_pair *pairs = scratch, *sorted = pairs + n;
    uint64_t *indices = out;
    for (size_t i = 0; i < n; i++)
        pairs[i] = (trine_pair){trine_radix_key(*dtype, (const char *)in + i * lines->item), i};
    trine_radix_sort_pairs(pairs, n, sorted, sorted + n);
    for (size_t i = 0; i < n; i++)
        indices[i] = sorted[i].index;
    return TRINE_OK;
}

static size_t sort_scratch(const trine_lines *lines)
{
    const trine_dtype *dtype = lines->param;
    return trine_line_scratch(*dtype, lines->length);
}

static size_t argsort_scratch(const trine_lines *lines)
{
    return 3 * (size_t)lines->length * sizeof(trine_pair);
}

trine_status trine_sort_lines(trine_array *x, int axis)
{
    trine_lines lines = {.apply = sort_line,
                         .scratch = sort_scratch,
                         .param = &x->dtype,
                         .param_size = sizeof x->dtype};
    return trine_lines_call("trine_sort_axis", &lines, x, x, axis);
}

trine_status trine_argsort_lines(const trine_array *x, trine_array *permutation, int axis)
{
    trine_lines lines = {.apply = argsort_line,
                         .scratch = argsort_scratch,
                         .param = &x->dtype,
                         .param_size = sizeof x->dtype};
    return trine_lines_call("trine_argsort_axis", &lines, x, permutation, axis);
}
