/* kernels/scan_products.h - running products: significand and exponent of the product so far, one
 * element after the other. */
#include "kernels/states.h"

#define PRODUCT_ONE ((uint64_t)1023 << 52)
#define PRODUCT_FIELD ((uint64_t)2047 << 52)

/* The significand of a normal number, in [1, 2) with its sign; its exponent is added to *exponent.
 */
TRINE_INLINE double take_exponent(double x, int64_t *exponent)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    *exponent += (int64_t)(bits << 1 >> 53) - 1023;
    bits = (bits & ~PRODUCT_FIELD) | PRODUCT_ONE;
    memcpy(&x, &bits, sizeof x);
    return x;
}

TRINE_INLINE void product_take(real_product *p, double x)
{
    int moved = 0;
    if (x == 0 || !isfinite(x)) {
        p->special *= x;
        return;
    }
    if (!isnormal(x))
        x = frexp(x, &moved);
    p->exponent += moved;
    double product = p->significand * take_exponent(x, &p->exponent);
    p->significand = take_exponent(product, &p->exponent);
}

/* significand 2^exponent, with fewer steps where both are ordinary. */
TRINE_INLINE double product_value(const real_product *p)
{
    if (p->special != 1 || p->exponent < -1000 || p->exponent > 1000)
        return real_product_value(p);
    return p->significand * power_of_two((int)p->exponent);
}

#define REAL_PRODUCTS(suffix, type)                                                                \
    static trine_status product_scan_##suffix(const trine_chunk *chunk, const void *prefix,        \
                                              unsigned flags, const void *param)                   \
    {                                                                                              \
        const type *x = chunk->in[0];                                                              \
        type *out = chunk->out[0];                                                                 \
        real_product p = *(const real_product *)prefix;                                            \
        (void)param;                                                                               \
        p.significand = take_exponent(p.significand, &p.exponent);                                 \
        for (size_t i = 0; i < chunk->n; i++) {                                                    \
            double before = product_value(&p);                                                     \
            product_take(&p, x[i]);                                                                \
            out[i] = (type)(flags & TRINE_SCAN_EXCLUSIVE ? before : product_value(&p));            \
        }                                                                                          \
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
        for (size_t i = 0; i < chunk->n; i++) {                                                    \
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
