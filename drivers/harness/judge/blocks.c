/* drivers/harness/judge/blocks.c - see blocks.h. */
#include "drivers/harness/judge/blocks.h"

#include <string.h>

bool is_real(trine_dtype dtype)
{
    return dtype == TRINE_F64 || dtype == TRINE_F32;
}

void read_reals(trine_dtype dtype, const void *x, uint64_t first, size_t n, double to[])
{
    if (dtype == TRINE_F64)
        memcpy(to, (const double *)x + first, n * sizeof *to);
    else
        for (size_t i = 0; i < n; i++)
            to[i] = (double)((const float *)x)[first + i];
}

#define READ(constant, suffix, type, name)                                                         \
    case constant:                                                                                 \
        for (size_t i = 0; i < n; i++)                                                             \
            to[i] = (target)((const type *)x)[first + i];                                          \
        break;

void read_wholes(trine_dtype dtype, const void *x, uint64_t first, size_t n, harness_int128 to[])
{
    typedef harness_int128 target;
    switch (dtype) {
        TRINE_DTYPES(READ)
    default:
        break;
    }
}

void read_numbers(trine_dtype dtype, const void *x, uint64_t first, size_t n, long double to[])
{
    typedef long double target;
    switch (dtype) {
        TRINE_DTYPES(READ)
    default:
        break;
    }
}

#define WRAP(constant, suffix, type, name)                                                         \
    case constant:                                                                                 \
        return (harness_int128)(type)x;

harness_int128 wrapped_whole(trine_dtype dtype, harness_uint128 x)
{
    switch (dtype) {
        TRINE_DTYPES(WRAP)
    default:
        return 0;
    }
}

int64_t order_of_real(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? ~(bits & INT64_MAX) : bits;
}

double real_of_order(int64_t order)
{
    int64_t bits = order < 0 ? ~order | INT64_MIN : order;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
