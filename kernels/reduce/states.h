/* kernels/reduce/states.h - partials that reductions and scans share. */
#ifndef TRINE_KERNELS_STATES_H
#define TRINE_KERNELS_STATES_H

#include <math.h>

#include "kernels/exact/accumulator.h"
#include "kernels/reduce/lane_sums.h"

typedef struct integer_state {
    _Alignas(16) int128 sum;
    uint64_t count;
} integer_state;

/* Keys of the elements so far. nan: one of them is none. */
typedef struct extremes {
    int64_t least, most;
    bool nan, any;
} extremes;

/* significand 2^exponent, times special: the product of the zeros, infinities and NaNs, or 1. */
typedef struct real_product {
    double significand, special;
    int64_t exponent;
} real_product;

typedef struct whole_product {
    uint64_t magnitude;
    bool negative, overflow, zero;
} whole_product;

static inline double real_product_value(const real_product *p)
{
    /* Far beyond what a double can be; within what ldexp takes. */
    int64_t most = 4096, e = p->exponent > most ? most : p->exponent < -most ? -most : p->exponent;
    double finite = ldexp(p->significand, (int)e);
    return p->special == 1 ? finite : canonical(p->special * copysign(1, p->significand));
}

static inline void whole_multiply(whole_product *p, uint64_t magnitude, bool negative)
{
    p->zero |= magnitude == 0;
    p->negative ^= negative;
    /* What has overflowed says so by its flag: the bits must not depend on when. */
    if (__builtin_mul_overflow(p->magnitude, magnitude, &p->magnitude)) {
        p->overflow = true;
        p->magnitude = 1;
    }
}

/* The product as bits of 64; false when it does not fit. */
static inline bool whole_product_value(const whole_product *p, bool with_sign, uint64_t *value)
{
    uint64_t most = with_sign ? (uint64_t)INT64_MAX + p->negative : UINT64_MAX;
    if (!p->zero && (p->overflow || p->magnitude > most))
        return false;
    *value = p->zero ? 0 : p->negative ? 0 - p->magnitude : p->magnitude;
    return true;
}

#endif
