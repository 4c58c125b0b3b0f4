/* kernels/sort/radix_keys.h - elements as unsigned keys of their width, in the total order of
 * sorts: -0 before +0, NaN last.
 *
 * Integers: the sign bit is turned. Floats: negative ones are turned as a whole, others get the
 * sign bit set (Terdiman, Radix sort revisited, 2000); every NaN has the largest key, which nothing
 * else has. Keys of n-byte types fit n bytes. But for NaN, a key gives its element back.
 */
#ifndef TRINE_KERNELS_RADIX_KEYS_H
#define TRINE_KERNELS_RADIX_KEYS_H

#include <string.h>
#include <trine/types.h>

/* Elements and keys lie in the same memory. */
typedef uint64_t __attribute__((may_alias)) trine_bits64;
typedef uint32_t __attribute__((may_alias)) trine_bits32;
typedef uint16_t __attribute__((may_alias)) trine_bits16;
typedef uint8_t trine_bits8;

#define TRINE_ORDER_OF_INTEGERS(suffix, bits, sign)                                                \
    static inline uint##bits##_t trine_key_##suffix(uint##bits##_t x)                              \
    {                                                                                              \
        return (uint##bits##_t)(x ^ (sign));                                                       \
    }                                                                                              \
    static inline uint##bits##_t trine_element_##suffix(uint##bits##_t key)                        \
    {                                                                                              \
        return (uint##bits##_t)(key ^ (sign));                                                     \
    }

#define TRINE_ORDER_OF_REALS(suffix, bits, sign, infinity)                                         \
    static inline uint##bits##_t trine_key_##suffix(uint##bits##_t x)                              \
    {                                                                                              \
        uint##bits##_t key = x ^ ((x & (sign)) ? ~(uint##bits##_t)0 : (sign));                     \
        return (x & ~(sign)) > (infinity) ? ~(uint##bits##_t)0 : key;                              \
    }                                                                                              \
    static inline uint##bits##_t trine_element_##suffix(uint##bits##_t key)                        \
    {                                                                                              \
        return key ^ ((key & (sign)) ? (sign) : ~(uint##bits##_t)0);                               \
    }

TRINE_ORDER_OF_REALS(f64, 64, (uint64_t)1 << 63, (uint64_t)0x7ff << 52)
TRINE_ORDER_OF_REALS(f32, 32, (uint32_t)1 << 31, (uint32_t)0xff << 23)
TRINE_ORDER_OF_INTEGERS(i64, 64, (uint64_t)1 << 63)
TRINE_ORDER_OF_INTEGERS(i32, 32, (uint32_t)1 << 31)
TRINE_ORDER_OF_INTEGERS(i16, 16, 0x8000u)
TRINE_ORDER_OF_INTEGERS(i8, 8, 0x80u)
TRINE_ORDER_OF_INTEGERS(u64, 64, 0u)
TRINE_ORDER_OF_INTEGERS(u32, 32, 0u)
TRINE_ORDER_OF_INTEGERS(u16, 16, 0u)
TRINE_ORDER_OF_INTEGERS(u8, 8, 0u)

/* X(constant, suffix, bits) */
#define TRINE_ORDERS(X)                                                                            \
    X(TRINE_F64, f64, 64)                                                                          \
    X(TRINE_F32, f32, 32)                                                                          \
    X(TRINE_I64, i64, 64)                                                                          \
    X(TRINE_I32, i32, 32)                                                                          \
    X(TRINE_U64, u64, 64)                                                                          \
    X(TRINE_U32, u32, 32)                                                                          \
    X(TRINE_I16, i16, 16)                                                                          \
    X(TRINE_U16, u16, 16)                                                                          \
    X(TRINE_I8, i8, 8)                                                                             \
    X(TRINE_U8, u8, 8)

/* Bytes of an element, and of its key. */
static inline size_t trine_key_size(trine_dtype dtype)
{
#define TRINE_KEY_SIZE(constant, suffix, bits) [constant] = (bits) / 8,
    static const size_t size[TRINE_DTYPE_COUNT] = {TRINE_ORDERS(TRINE_KEY_SIZE)};
#undef TRINE_KEY_SIZE
    return size[dtype];
}

/* The largest key of a type. */
static inline uint64_t trine_last_key(trine_dtype dtype)
{
#define TRINE_LAST_KEY(constant, suffix, bits) [constant] = (uint##bits##_t) - 1,
    static const uint64_t last[TRINE_DTYPE_COUNT] = {TRINE_ORDERS(TRINE_LAST_KEY)};
#undef TRINE_LAST_KEY
    return last[dtype];
}

/* The keys of x[0 .. n). */
static inline void trine_keys(trine_dtype dtype, const void *x, size_t n, uint64_t *keys)
{
    switch (dtype) {
#define TRINE_KEYS(constant, suffix, bits)                                                         \
    case constant:                                                                                 \
        for (size_t i = 0; i < n; i++)                                                             \
            keys[i] = trine_key_##suffix(((const trine_bits##bits *)x)[i]);                        \
        break;
        TRINE_ORDERS(TRINE_KEYS)
#undef TRINE_KEYS
    default:
        break;
    }
}

/* The keys of x[0 .. n), as wide as its elements. */
static inline void trine_narrow_keys(trine_dtype dtype, const void *x, size_t n, void *keys)
{
    switch (dtype) {
#define TRINE_NARROW_KEYS(constant, suffix, bits)                                                  \
    case constant:                                                                                 \
        for (size_t i = 0; i < n; i++)                                                             \
            ((trine_bits##bits *)keys)[i] = trine_key_##suffix(((const trine_bits##bits *)x)[i]);  \
        break;
        TRINE_ORDERS(TRINE_NARROW_KEYS)
#undef TRINE_NARROW_KEYS
    default:
        break;
    }
}

/* The elements of n keys as wide as they are, none of them NaN's. */
static inline void trine_elements(trine_dtype dtype, const void *keys, size_t n, void *x)
{
    switch (dtype) {
#define TRINE_ELEMENTS(constant, suffix, bits)                                                     \
    case constant:                                                                                 \
        for (size_t i = 0; i < n; i++)                                                             \
            ((trine_bits##bits *)x)[i] =                                                           \
                trine_element_##suffix(((const trine_bits##bits *)keys)[i]);                       \
        break;
        TRINE_ORDERS(TRINE_ELEMENTS)
#undef TRINE_ELEMENTS
    default:
        break;
    }
}

#endif
