/* kernels/scan/scan_products.h - running products, one element after the other.
 *
 * Real: significand 2^exponent, as the reduction has it. Most products and elements are far from
 * the ends of the range: then the exponent stays 0 and the significand is the product. Moving
 * powers of two between them is exact, so the bits are the same either way.
 */
#include "kernels/reduce/states.h"

/* A number whose product with another such neither over- nor underflows. */
TRINE_INLINE bool is_ordinary(double x)
{
    return fabs(x) >= 0x1p-400 && fabs(x) <= 0x1p400;
}

/* Takes in x, which is not ordinary, or made the product so. */
static __attribute__((noinline)) void product_take_slowly(real_product *p, double x)
{
    int moved, more;
    if (x == 0 || !isfinite(x)) {
        p->special *= x;
        return;
    }
    p->significand = frexp(p->significand, &more) * frexp(x, &moved);
    p->exponent += moved + more;
}

TRINE_INLINE void product_take(real_product *p, double x)
{
    double product = p->significand * x;
    if (is_ordinary(x) && is_ordinary(product))
        p->significand = product;
    else
        product_take_slowly(p, x);
}

TRINE_INLINE double product_value(const real_product *p)
{
    if (p->special == 1 && p->exponent == 0)
        return p->significand;
    if (p->special != 1 || p->exponent < -1000 || p->exponent > 1000)
        return real_product_value(p);
    return p->significand * power_of_two((int)p->exponent);
}

/* The prefix, as a product alone where it is ordinary. */
TRINE_INLINE real_product product_begin(const real_product *prefix)
{
    real_product p = *prefix;
    if (p.exponent >= -400 && p.exponent <= 400) {
        p.significand = ldexp(p.significand, (int)p.exponent);
        p.exponent = 0;
    }
    return p;
}

#define REAL_PRODUCTS(suffix, type)                                                                \
    static trine_status product_scan_##suffix(const trine_chunk *chunk, const void *prefix,        \
                                              unsigned flags, const void *param)                   \
    {                                                                                              \
        const type *x = chunk->in[0];                                                              \
        type *out = chunk->out[0];                                                                 \
        real_product p = product_begin(prefix);                                                    \
        (void)param;                                                                               \
        if (flags & TRINE_SCAN_EXCLUSIVE)                                                          \
            for (int64_t i = 0; i < chunk->n; i++) {                                               \
                double before = product_value(&p);                                                 \
                product_take(&p, x[i]);                                                            \
                out[i] = (type)before;                                                             \
            }                                                                                      \
        else                                                                                       \
            for (int64_t i = 0; i < chunk->n; i++) {                                               \
                product_take(&p, x[i]);                                                            \
                out[i] = (type)product_value(&p);                                                  \
            }                                                                                      \
        return TRINE_OK;                                                                           \
    }
REAL_PRODUCTS(f64, double)
REAL_PRODUCTS(f32, float)

#define WHOLE_PRODUCTS(suffix, type, out_type, with_sign)                                          \
    static trine_status product_scan_##suffix(const trine_chunk *chunk, const void *prefix,        \
                                              unsigned flags, const void *param)                   \
    {                                                                                              \
        const type *x = chunk->in[0];                                                              \
        out_type *out = chunk->out[0];                                                             \
        whole_product p = *(const whole_product *)prefix;                                          \
        uint64_t value = 0;                                                                        \
        (void)param;                                                                               \
        for (int64_t i = 0; i < chunk->n; i++) {                                                   \
            bool negative = (with_sign) && x[i] < (type)1 && x[i] != 0;                            \
            uint64_t magnitude = negative ? 0 - (uint64_t)x[i] : (uint64_t)x[i];                   \
            if (flags & TRINE_SCAN_EXCLUSIVE && !whole_product_value(&p, with_sign, &value))       \
                return TRINE_E_OVERFLOW;                                                           \
            whole_multiply(&p, magnitude, negative);                                               \
            if (!(flags & TRINE_SCAN_EXCLUSIVE) && !whole_product_value(&p, with_sign, &value))    \
                return TRINE_E_OVERFLOW;                                                           \
            out[i] = (out_type)value;                                                              \
        }                                                                                          \
        return TRINE_OK;                                                                           \
    }
WHOLE_PRODUCTS(i64, int64_t, int64_t, true)
WHOLE_PRODUCTS(i32, int32_t, int64_t, true)
WHOLE_PRODUCTS(i16, int16_t, int64_t, true)
WHOLE_PRODUCTS(i8, int8_t, int64_t, true)
WHOLE_PRODUCTS(u64, uint64_t, uint64_t, false)
WHOLE_PRODUCTS(u32, uint32_t, uint64_t, false)
WHOLE_PRODUCTS(u16, uint16_t, uint64_t, false)
WHOLE_PRODUCTS(u8, uint8_t, uint64_t, false)
