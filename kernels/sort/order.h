/* kernels/sort/order.h - elements as signed integers in the same order.
 *
 * The key of a real number is its bits, with all but the sign flipped when it is negative: -NaN <
 * -Inf < ... < -0 < +0 < ... < +Inf < NaN. Unsigned integers lose half their range. Keys of 32 bits
 * serve the types of 32 bits and less.
 */
#ifndef TRINE_KERNELS_ORDER_H
#define TRINE_KERNELS_ORDER_H

#include <string.h>
#include <trine/types.h>

/* Keys of the infinities: beyond them are the NaNs. */
#define INF_KEY_f64 ((int64_t)0x7ff0000000000000)
#define INF_KEY_f32 ((int32_t)0x7f800000)

static inline int64_t key_f64(const double *x)
{
    int64_t bits;
    memcpy(&bits, x, sizeof bits);
    return bits ^ (bits >> 63 & INT64_MAX);
}

static inline double value_f64(int64_t key)
{
    int64_t bits = key ^ (key >> 63 & INT64_MAX);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline int32_t key_f32(const float *x)
{
    int32_t bits;
    memcpy(&bits, x, sizeof bits);
    return bits ^ (bits >> 31 & INT32_MAX);
}

static inline float value_f32(int64_t key)
{
    int32_t narrow = (int32_t)key, bits = narrow ^ (narrow >> 31 & INT32_MAX);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline int64_t key_u64(const uint64_t *x)
{
    return (int64_t)(*x ^ (uint64_t)1 << 63);
}

static inline uint64_t value_u64(int64_t key)
{
    return (uint64_t)key ^ (uint64_t)1 << 63;
}

static inline int32_t key_u32(const uint32_t *x)
{
    return (int32_t)(*x ^ (uint32_t)1 << 31);
}

static inline uint32_t value_u32(int64_t key)
{
    return (uint32_t)key ^ (uint32_t)1 << 31;
}

/* Types that are their own keys. */
#define PLAIN_KEY(suffix, type, key_type)                                                          \
    static inline key_type key_##suffix(const type *x)                                             \
    {                                                                                              \
        return *x;                                                                                 \
    }                                                                                              \
    static inline type value_##suffix(int64_t key)                                                 \
    {                                                                                              \
        return (type)key;                                                                          \
    }
PLAIN_KEY(i64, int64_t, int64_t)
PLAIN_KEY(i32, int32_t, int32_t)
PLAIN_KEY(i16, int16_t, int16_t)
PLAIN_KEY(u16, uint16_t, int32_t)
PLAIN_KEY(i8, int8_t, int8_t)
PLAIN_KEY(u8, uint8_t, int16_t)
#undef PLAIN_KEY

#endif
