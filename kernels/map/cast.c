/* kernels/map/cast.c - casts between all element types.
 *
 * cast saturates: a real is cut toward zero, what lies beyond the type's range becomes its nearest
 * end, and what is not a number 0. cast_wrap keeps the lowest bits of the (cut) integer in two's
 * complement, 0 for what is not finite. To reals both round to nearest, ties to even; beyond the
 * range of f32 lies Inf.
 */
#include "kernels/registry/isa.h"
#include "kernels/simd/loops.h"

#define LIMITS_i64 INT64_MIN, INT64_MAX
#define LIMITS_i32 INT32_MIN, INT32_MAX
#define LIMITS_i16 INT16_MIN, INT16_MAX
#define LIMITS_i8 INT8_MIN, INT8_MAX
#define LIMITS_u64 0, UINT64_MAX
#define LIMITS_u32 0, UINT32_MAX
#define LIMITS_u16 0, UINT16_MAX
#define LIMITS_u8 0, UINT8_MAX
#define LEAST_OF(least, most) least
#define MAX_OF(least, most) most
#define APPLY(macro, arguments) macro(arguments)
#define LEAST(s) APPLY(LEAST_OF, LIMITS_##s)
#define MOST(s) APPLY(MAX_OF, LIMITS_##s)

/* Real to integer. past: 2^(bits of magnitude), the first real beyond the range. */
#define SATURATE_REAL(R, S, T, s)                                                                  \
    static inline T saturate_##S##_##s(R x)                                                        \
    {                                                                                              \
        const R least = (R)LEAST(s), past = 2 * (R)(MOST(s) / 2 + 1);                              \
        R inside = x > least && x < past ? x : 0;                                                  \
        T cut = (T)inside;                                                                         \
        T end = x >= past ? MOST(s) : 0;                                                           \
        end = x <= least ? LEAST(s) : end;                                                         \
        return (T)(cut | end);                                                                     \
    }

/* The lowest 64 bits of x cut to an integer, from its significand and exponent. */
static inline uint64_t integer_bits(double x)
{
    uint64_t bits = trine_bits_f64(x);
    uint64_t significand = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(0x10000000000000);
    int64_t shift = (int64_t)(bits >> 52 & 0x7ff) - 1075;
    uint64_t left = (uint64_t)shift & 63, right = (uint64_t)-shift & 63;
    uint64_t large = shift < 64 ? significand << left : 0;
    uint64_t small = shift > -53 ? significand >> right : 0;
    uint64_t magnitude = shift >= 0 ? large : small;
    return bits >> 63 ? 0 - magnitude : magnitude;
}

/* Integer to integer: the range that both types have is known when this is compiled. */
#define SATURATE_INTEGER(S, s, T, t)                                                               \
    static inline T saturate_##s##_##t(S x)                                                        \
    {                                                                                              \
        const uint64_t most_from = MOST(s), most_to = MOST(t);                                     \
        const int64_t least_from = LEAST(s), least_to = LEAST(t);                                  \
        const S most = (S)(most_from < most_to ? most_from : most_to);                             \
        const S least = (S)(least_from > least_to ? least_from : least_to);                        \
        return (T)(x < least ? least : x > most ? most : x);                                       \
    }

#define PAIR(S, s, T, t, SATURATED, WRAPPED)                                                       \
    TRINE_ELEMENTWISE(cast_##s##_##t, S, S, S, T, 1, 0, SATURATED)                                 \
    TRINE_ELEMENTWISE(cast_wrap_##s##_##t, S, S, S, T, 1, 0, WRAPPED)

#define FROM_REAL(R, s, T, t)                                                                      \
    SATURATE_REAL(R, s, T, t)                                                                      \
    PAIR(R, s, T, t, saturate_##s##_##t(x), (T)integer_bits(x))
#define FROM_INTEGER(S, s, T, t)                                                                   \
    SATURATE_INTEGER(S, s, T, t)                                                                   \
    PAIR(S, s, T, t, saturate_##s##_##t(x), (T)x)
#define TO_REALS(S, s)                                                                             \
    PAIR(S, s, double, f64, trine_result_f64((double)x), trine_result_f64((double)x))              \
    PAIR(S, s, float, f32, trine_result_f32((float)x), trine_result_f32((float)x))
#define TO_INTEGERS(FROM, S, s)                                                                    \
    FROM(S, s, int64_t, i64)                                                                       \
    FROM(S, s, int32_t, i32)                                                                       \
    FROM(S, s, uint64_t, u64)                                                                      \
    FROM(S, s, uint32_t, u32)                                                                      \
    FROM(S, s, int16_t, i16)                                                                       \
    FROM(S, s, uint16_t, u16)                                                                      \
    FROM(S, s, int8_t, i8)                                                                         \
    FROM(S, s, uint8_t, u8)
#define CASTS(FROM, S, s) TO_REALS(S, s) TO_INTEGERS(FROM, S, s)

CASTS(FROM_REAL, double, f64)
CASTS(FROM_REAL, float, f32)
CASTS(FROM_INTEGER, int64_t, i64)
CASTS(FROM_INTEGER, int32_t, i32)
CASTS(FROM_INTEGER, uint64_t, u64)
CASTS(FROM_INTEGER, uint32_t, u32)
CASTS(FROM_INTEGER, int16_t, i16)
CASTS(FROM_INTEGER, uint16_t, u16)
CASTS(FROM_INTEGER, int8_t, i8)
CASTS(FROM_INTEGER, uint8_t, u8)

#define ENTRY(NAME, FROM, s, TO, t)                                                                \
    {TRINE_INIT(trine_map),    .name = #NAME, .nin = 1, .nout = 1, .in = {FROM}, .out = {TO},      \
     .apply = NAME##_##s##_##t},
#define ENTRIES_FROM(NAME, FROM, s)                                                                \
    ENTRY(NAME, FROM, s, TRINE_F64, f64)                                                           \
    ENTRY(NAME, FROM, s, TRINE_F32, f32)                                                           \
    ENTRY(NAME, FROM, s, TRINE_I64, i64)                                                           \
    ENTRY(NAME, FROM, s, TRINE_I32, i32)                                                           \
    ENTRY(NAME, FROM, s, TRINE_U64, u64)                                                           \
    ENTRY(NAME, FROM, s, TRINE_U32, u32)                                                           \
    ENTRY(NAME, FROM, s, TRINE_I16, i16)                                                           \
    ENTRY(NAME, FROM, s, TRINE_U16, u16)                                                           \
    ENTRY(NAME, FROM, s, TRINE_I8, i8)                                                             \
    ENTRY(NAME, FROM, s, TRINE_U8, u8)
#define SATURATING(FROM, s, T, TEXT) ENTRIES_FROM(cast, FROM, s)
#define WRAPPING(FROM, s, T, TEXT) ENTRIES_FROM(cast_wrap, FROM, s)

const trine_map VARIANT(trine_casts)[] = {TRINE_DTYPES(SATURATING)
                                              TRINE_DTYPES(WRAPPING){.name = NULL}};
