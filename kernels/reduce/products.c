/* kernels/reduce/products.c - the product of all elements.
 *
 * Real: a number is m 2^e with 1 <= |m| < 2; the m multiply on 32 lanes (256 of them stay below
 * 2^256), the e add up. So nothing over- or underflows on the way. Integers: a magnitude of 64
 * bits; one that went beyond that can only come back by a zero.
 */
#include "kernels/registry/isa.h"
#include "kernels/simd/lanes.h"
#include "kernels/registry/list.h"
#include "kernels/reduce/states.h"

typedef uint64_t uvec __attribute__((vector_size(VECTOR)));

#define ONE_BITS ((uint64_t)1023 << 52)
#define FIELD_BITS ((uint64_t)2047 << 52)

enum { BIAS = 1023, FIELD_SHIFT = 52, SPECIAL_FIELD = 2047 };

static void real_init(void *state, const void *param)
{
    (void)param;
    *(real_product *)state = (real_product){1, 1, 0};
}

/* Takes in x 2^exponent, of which neither is special. */
static void multiply(real_product *p, double x, int64_t exponent)
{
    int moved;
    p->significand = frexp(p->significand * x, &moved);
    p->exponent += exponent + moved;
}

static void real_merge(void *left, const void *right, const void *param)
{
    real_product *l = left;
    const real_product *r = right;
    (void)param;
    multiply(l, r->significand, r->exponent);
    l->special *= r->special;
}

/* A chunk in which there is a zero, a denormal, an infinity or a NaN. */
static void multiply_slowly(real_product *p, const void *x, size_t n, bool single)
{
    for (size_t i = 0; i < n; i++) {
        double v = element_at(x, i, single);
        int exponent;
        if (v == 0 || !isfinite(v)) {
            p->special *= v;
            continue;
        }
        v = frexp(v, &exponent);
        multiply(p, v, exponent);
    }
}

TRINE_INLINE void real_accumulate(real_product *p, const trine_chunk *chunk, bool single)
{
    const void *x = chunk->in[0];
    vec product[VECTORS];
    uvec exponents = {0}, special = {0};
    double lane[LANES];
    int64_t exponent = 0;
    size_t i = 0, n = (size_t)chunk->n, item = single ? sizeof(float) : sizeof(double);
    for (int k = 0; k < VECTORS; k++)
        product[k] = 1 - (vec){0};
    for (; i + LANES <= n; i += LANES) {
        if (i * item % PREFETCH_PIECE == 0)
            prefetch_piece((const char *)x + i * item);
#pragma GCC unroll 16
        for (int k = 0; k < VECTORS; k++) {
            uvec bits = (uvec)load_at(x, i + (size_t)k * WIDTH, single);
            uvec field = bits << 1 >> (FIELD_SHIFT + 1);
            special |= (uvec)(field == 0) | (uvec)(field == SPECIAL_FIELD);
            exponents += field;
            product[k] *= (vec)((bits & ~FIELD_BITS) | ONE_BITS);
        }
    }
    memcpy(lane, product, sizeof lane);
    for (int k = 0; k < WIDTH; k++)
        exponent += (int64_t)exponents[k];
    exponent -= (int64_t)i * BIAS;
    bool slow = vec_or_lanes((ivec)special) != 0;
    for (int j = 0; i < n && !slow; i++, j++) {
        double v = element_at(x, i, single);
        int moved;
        slow = v == 0 || !isnormal(v);
        lane[j] *= 2 * frexp(v, &moved);
        exponent += moved - 1;
    }
    if (slow) {
        multiply_slowly(p, x, n, single);
        return;
    }
    real_product whole = {1, 1, exponent};
    for (int j = 0; j < LANES; j++)
        multiply(&whole, lane[j], 0);
    real_merge(p, &whole, NULL);
}

static void real_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    real_accumulate(state, chunk, false);
}

static void real_accumulate_f32(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    real_accumulate(state, chunk, true);
}

static trine_status real_finish_f64(void *result, const void *state, const void *param)
{
    (void)param;
    *(double *)result = real_product_value(state);
    return TRINE_OK;
}

static trine_status real_finish_f32(void *result, const void *state, const void *param)
{
    double product;
    real_finish_f64(&product, state, param);
    *(float *)result = (float)product;
    return TRINE_OK;
}

static void whole_init(void *state, const void *param)
{
    (void)param;
    *(whole_product *)state = (whole_product){.magnitude = 1};
}

static void whole_merge(void *left, const void *right, const void *param)
{
    whole_product *l = left;
    const whole_product *r = right;
    (void)param;
    whole_multiply(l, r->magnitude, r->negative);
    l->overflow |= r->overflow;
    l->zero |= r->zero;
}

static trine_status whole_finish_i64(void *result, const void *state, const void *param)
{
    (void)param;
    return whole_product_value(state, true, result) ? TRINE_OK : TRINE_E_OVERFLOW;
}

static trine_status whole_finish_u64(void *result, const void *state, const void *param)
{
    (void)param;
    return whole_product_value(state, false, result) ? TRINE_OK : TRINE_E_OVERFLOW;
}

#define BELOW_ZERO(x) ((x) < 0)
#define NEVER(x) false

/* Once a product is out of range only a zero matters, and the sign. */
#define WHOLE_ACCUMULATE(suffix, type, is_negative)                                                \
    static void whole_accumulate_##suffix(void *state, const trine_chunk *chunk,                   \
                                          const void *param)                                       \
    {                                                                                              \
        const type *x = chunk->in[0];                                                              \
        whole_product p = {.magnitude = 1};                                                        \
        (void)param;                                                                               \
        for (int64_t i = 0; i < chunk->n; i++) {                                                   \
            bool negative = is_negative(x[i]);                                                     \
            whole_multiply(&p, negative ? 0 - (uint64_t)x[i] : (uint64_t)x[i], negative);          \
        }                                                                                          \
        whole_merge(state, &p, NULL);                                                              \
    }
WHOLE_ACCUMULATE(i64, int64_t, BELOW_ZERO)
WHOLE_ACCUMULATE(i32, int32_t, BELOW_ZERO)
WHOLE_ACCUMULATE(u64, uint64_t, NEVER)
WHOLE_ACCUMULATE(u32, uint32_t, NEVER)
WHOLE_ACCUMULATE(i16, int16_t, BELOW_ZERO)
WHOLE_ACCUMULATE(u16, uint16_t, NEVER)
WHOLE_ACCUMULATE(i8, int8_t, BELOW_ZERO)
WHOLE_ACCUMULATE(u8, uint8_t, NEVER)

#define PRODUCT(kind, in_type, in_suffix, out_type, out_suffix, type)                              \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "prod",                                                                               \
     .nin = 1,                                                                                     \
     .in = {in_type},                                                                              \
     .out = out_type,                                                                              \
     .state_size = sizeof(kind##_product),                                                         \
     .result_size = sizeof(type),                                                                  \
     .flags = TRINE_POSITION_FREE | kind##_flags,                                                  \
     .init = kind##_init,                                                                          \
     .accumulate = kind##_accumulate_##in_suffix,                                                  \
     .merge = kind##_merge,                                                                        \
     .finish = kind##_finish_##out_suffix},

enum { real_flags = 0, whole_flags = TRINE_ORDER_FREE };

const trine_reducer VARIANT(trine_products)[] = {
    PRODUCT(real, TRINE_F64, f64, TRINE_F64, f64, double)
        PRODUCT(real, TRINE_F32, f32, TRINE_F32, f32, float)
            PRODUCT(whole, TRINE_I64, i64, TRINE_I64, i64, int64_t)
                PRODUCT(whole, TRINE_I32, i32, TRINE_I64, i64, int64_t)
                    PRODUCT(whole, TRINE_I16, i16, TRINE_I64, i64, int64_t)
                        PRODUCT(whole, TRINE_I8, i8, TRINE_I64, i64, int64_t)
                            PRODUCT(whole, TRINE_U64, u64, TRINE_U64, u64, uint64_t)
                                PRODUCT(whole, TRINE_U32, u32, TRINE_U64, u64, uint64_t)
                                    PRODUCT(whole, TRINE_U16, u16, TRINE_U64, u64, uint64_t)
                                        PRODUCT(whole, TRINE_U8, u8, TRINE_U64, u64,
                                                uint64_t){.name = NULL}};
