/* drivers/harness/data/elements.c - elements of any type as numbers. */
#include <math.h>

#include "drivers/harness/harness.h"

#define ELEMENT(constant, suffix, type, name)                                                      \
    case constant:                                                                                 \
        return (long double)((const type *)x)[i];

long double harness_element_at(trine_dtype dtype, const void *x, size_t i)
{
    switch (dtype) {
        TRINE_DTYPES(ELEMENT)
    default:
        return 0;
    }
}

bool harness_holds(trine_dtype dtype, long double number)
{
    bool has_sign =
        dtype == TRINE_I64 || dtype == TRINE_I32 || dtype == TRINE_I16 || dtype == TRINE_I8;
    if (dtype == TRINE_F64 || dtype == TRINE_F32)
        return true;
    long double end = ldexpl(1, 8 * (int)trine_dtype_size(dtype) - has_sign);
    return number < end && number >= (has_sign ? -end : 0);
}
