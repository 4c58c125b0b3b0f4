/* kernels/reduce/integer_dots.c - sums of products, and of squares, of integers: exact in 192 bits,
 * which hold any that there can be; and the quotients of these by the sum of the second factors. */
#include "kernels/reduce/integers.h"
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/reduce/modes.h"

/* Lowest word first; two's complement for signed integers. */
typedef struct product_state {
    uint64_t word[3];
} product_state;

enum {
    product_state_size = sizeof(product_state),
    product_work_size = 0,
    product_flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE
};

#define product_work_init NULL
#define product_work_flush NULL

/* Adds high * 2^64 + low. */
static void product_add(product_state *s, int128 high, uint128 low)
{
    uint128 sum = (uint128)s->word[0] + (uint64_t)low;
    s->word[0] = (uint64_t)sum;
    sum = (sum >> 64) + s->word[1] + (uint64_t)(low >> 64) + (uint64_t)high;
    s->word[1] = (uint64_t)sum;
    s->word[2] += (uint64_t)(sum >> 64) + (uint64_t)(high >> 64);
}

static void product_init(void *state, const void *param)
{
    (void)param;
    *(product_state *)state = (product_state){{0}};
}

static void product_merge(void *left, const void *right, const void *param)
{
    const product_state *r = right;
    (void)param;
    product_add(left, (int128)((uint128)r->word[2] << 64 | r->word[1]), r->word[0]);
}

TRINE_INLINE void products_i64(product_state *s, const int64_t *x, const int64_t *y, size_t n)
{
    uint128 low = 0;
    int128 high = 0;
    for (size_t i = 0; i < n; i++) {
        int128 product = (int128)x[i] * y[i];
        low += (uint64_t)product;
        high += product >> 64;
    }
    product_add(s, high, low);
}

TRINE_INLINE void products_u64(product_state *s, const uint64_t *x, const uint64_t *y, size_t n)
{
    uint128 low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        uint128 product = (uint128)x[i] * y[i];
        low += (uint64_t)product;
        high += product >> 64;
    }
    product_add(s, (int128)high, low);
}

TRINE_INLINE void product_add_128(product_state *s, int128 sum)
{
    product_add(s, sum >> 64, (uint64_t)sum);
}

TRINE_INLINE void products_i32(product_state *s, const int32_t *x, const int32_t *y, size_t n)
{
    uint64_t low = 0;
    int64_t high = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t product = (int64_t)x[i] * y[i];
        low += (uint32_t)product;
        high += product >> 32;
    }
    product_add_128(s, (int128)high * ((int128)1 << 32) + low);
}

TRINE_INLINE void products_u32(product_state *s, const uint32_t *x, const uint32_t *y, size_t n)
{
    uint64_t low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t product = (uint64_t)x[i] * y[i];
        low += (uint32_t)product;
        high += product >> 32;
    }
    product_add_128(s, ((int128)high << 32) + low);
}

/* Narrower integers: a product fits PRODUCT, a chunk's sum of them SUM. */
#define NARROW(suffix, TYPE, PRODUCT, SUM)                                                         \
    TRINE_INLINE void products_##suffix(product_state *s, const TYPE *x, const TYPE *y, size_t n)  \
    {                                                                                              \
        SUM sum = 0;                                                                               \
        for (size_t i = 0; i < n; i++)                                                             \
            sum += (PRODUCT)x[i] * (PRODUCT)y[i];                                                  \
        product_add_128(s, (int128)sum);                                                           \
    }
NARROW(i16, int16_t, int32_t, int64_t)
NARROW(u16, uint16_t, uint32_t, uint64_t)
NARROW(i8, int8_t, int32_t, int32_t)
NARROW(u8, uint8_t, uint32_t, uint32_t)

/* products: of values and their weights. */
typedef struct weighted_state {
    product_state products;
    integer_state weights;
} weighted_state;

enum {
    weighted_state_size = sizeof(weighted_state),
    weighted_work_size = 0,
    weighted_flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE
};

#define weighted_work_init NULL
#define weighted_work_flush NULL

static void weighted_init(void *state, const void *param)
{
    weighted_state *s = state;
    product_init(&s->products, param);
    integer_init(&s->weights, param);
}

static void weighted_merge(void *left, const void *right, const void *param)
{
    weighted_state *l = left;
    const weighted_state *r = right;
    product_merge(&l->products, &r->products, param);
    integer_merge(&l->weights, &r->weights, param);
}

/* The products' sum has its sign in the highest bit, of any type: 2^63 of them are below 2^191. */
static void bigint_from_products(bigint *n, const product_state *s)
{
    int64_t digit[6];
    for (int i = 0; i < 6; i++)
        digit[i] = (int64_t)(s->word[i / 2] >> DIGIT_BITS * (i % 2) & UINT32_MAX);
    digit[5] = (int64_t)s->word[2] >> DIGIT_BITS;
    trine_bigint_from_words(n, digit, 0, 5, 0);
}

/* A number of an integer's sign. */
static double sign_of(const bigint *n)
{
    return n->top < 0 ? 0 : n->negative ? -1 : 1;
}

static trine_status weighted_finish_f64(void *result, const void *state, const void *param)
{
    const weighted_state *s = state;
    bigint products, weights;
    (void)param;
    if (s->weights.count == 0)
        return TRINE_E_EMPTY;
    bigint_from_products(&products, &s->products);
    trine_bigint_from_integer(&weights, s->weights.sum);
    *(double *)result = products.top >= 0 && weights.top >= 0
                            ? trine_bigint_quotient(&products, &weights, false)
                            : canonical(sign_of(&products) / sign_of(&weights));
    return TRINE_OK;
}

/* Takes the weights, and their products with the values, in. */
#define WEIGH(suffix)                                                                              \
    static void integer_wmean_##suffix(void *state, const trine_chunk *chunk, const void *param)   \
    {                                                                                              \
        weighted_state *s = state;                                                                 \
        const trine_chunk weights = {.in = {chunk->in[1]}, .n = chunk->n};                         \
        products_##suffix(&s->products, chunk->in[0], chunk->in[1], chunk->n);                     \
        integer_sum_##suffix(&s->weights, &weights, param);                                        \
    }

#define TAKE(suffix)                                                                               \
    TRINE_ACCUMULATE(integer, dot, suffix,                                                         \
                     products_##suffix(state, chunk->in[0], chunk->in[1], chunk->n))               \
    TRINE_ACCUMULATE(integer, sumsq, suffix,                                                       \
                     products_##suffix(state, chunk->in[0], chunk->in[0], chunk->n))               \
    WEIGH(suffix)
TAKE(i64)
TAKE(i32)
TAKE(i16)
TAKE(i8)
TAKE(u64)
TAKE(u32)
TAKE(u16)
TAKE(u8)

static trine_status product_finish_i64(void *result, const void *state, const void *param)
{
    const product_state *s = state;
    uint64_t sign = 0 - (s->word[0] >> 63);
    (void)param;
    if (s->word[1] != sign || s->word[2] != sign)
        return TRINE_E_OVERFLOW;
    memcpy(result, s->word, sizeof(int64_t));
    return TRINE_OK;
}

static trine_status product_finish_u64(void *result, const void *state, const void *param)
{
    const product_state *s = state;
    (void)param;
    if (s->word[1] || s->word[2])
        return TRINE_E_OVERFLOW;
    *(uint64_t *)result = s->word[0];
    return TRINE_OK;
}

#define DOT_REDUCER(NAME, mode, operation, IN, in, OUT, out)                                       \
    TRINE_REDUCER(NAME, product, integer_##operation##_##in, product_finish_##out, 2, IN, OUT, out)

#define SQUARES_REDUCER(NAME, mode, operation, IN, in, OUT, out)                                   \
    TRINE_REDUCER(NAME, product, integer_##operation##_##in, product_finish_##out, 1, IN, OUT, out)

#define MEAN_REDUCER(NAME, mode, operation, IN, in, OUT, out)                                      \
    TRINE_REDUCER(NAME, weighted, integer_##operation##_##in, weighted_finish_##out, 2, IN, OUT,   \
                  out)

const trine_reducer VARIANT(trine_integer_dots)[] = {
    TRINE_INTEGER_DOTS(DOT_REDUCER) TRINE_INTEGER_SQUARES(SQUARES_REDUCER)
        TRINE_INTEGER_WEIGHTED_MEANS(MEAN_REDUCER){.name = NULL}};
