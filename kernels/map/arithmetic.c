/* kernels/map/arithmetic.c - arithmetic, element by element.
 *
 * Reals round once an operation (fma once in all); what is not a number has one representation.
 * Integers wrap modulo 2^bits; x / 0 is 0, and the least integer / -1 is itself. Moves (copy, neg
 * and abs of reals, clip, where) keep the bits of what is not a number.
 */
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/simd/loops.h"

#define MAP(kind, T, s, inputs, params, expression)                                                \
    TRINE_ELEMENTWISE(kind##_##s, T, T, T, T, inputs, params, expression)

/* What has one formula for reals and integers; W: the type that it is computed in. */
#define COMMON(T, s, W, RESULT)                                                                    \
    MAP(copy, T, s, 1, 0, x)                                                                       \
    MAP(scale, T, s, 1, 1, RESULT((W)a *(W)x))                                                     \
    MAP(add, T, s, 2, 0, RESULT((W)x + (W)y))                                                      \
    MAP(sub, T, s, 2, 0, RESULT((W)x - (W)y))                                                      \
    MAP(mul, T, s, 2, 0, RESULT((W)x *(W)y))                                                       \
    MAP(axpy, T, s, 2, 1, RESULT((W)a *(W)x + (W)y))                                               \
    MAP(axpby, T, s, 2, 2, RESULT((W)a *(W)x + (W)b * (W)y))                                       \
    MAP(clip, T, s, 1, 2, least(T, x < a ? a : x, b))                                              \
    TRINE_ELEMENTWISE(where_##s, uint8_t, T, T, T, 3, 0, x ? y : z)

#define least(T, x, most) ((x) > (most) ? (most) : (x))

#define REAL(T, s, suffix)                                                                         \
    COMMON(T, s, T, trine_result_##s)                                                              \
    MAP(div, T, s, 2, 0, trine_result_##s(x / y))                                                  \
    MAP(fma, T, s, 3, 0, trine_result_##s(__builtin_fma##suffix(x, y, z)))                         \
    MAP(neg, T, s, 1, 0, -x)                                                                       \
    MAP(abs, T, s, 1, 0, __builtin_fabs##suffix(x))                                                \
    MAP(sqrt, T, s, 1, 0, trine_result_##s(__builtin_sqrt##suffix(x)))                             \
    MAP(standardise, T, s, 1, 2, trine_result_##s((x - a) / b))

#define INTEGER(T, s, W, R, QUOTIENT)                                                              \
    QUOTIENT(T, s, W, R)                                                                           \
    COMMON(T, s, W, (T))                                                                           \
    MAP(div, T, s, 2, 0, quotient_##s(x, y))                                                       \
    MAP(fma, T, s, 3, 0, (T)((W)x * (W)y + (W)z))                                                  \
    MAP(neg, T, s, 1, 0, (T)(0 - (W)x))                                                            \
    MAP(abs, T, s, 1, 0, x > 0 ? x : (T)(0 - (W)x))

/* Division in reals R of more than twice the integers' bits, cut, is exact: a quotient that is not
 * whole lies at least 1/|y| from the next whole number. 64-bit integers divide as they are. */
#define SIGNED_QUOTIENT(T, s, W, R)                                                                \
    static inline T quotient_##s(T x, T y)                                                         \
    {                                                                                              \
        T by = y == 0 || y == -1 ? (T)1 : y;                                                       \
        T q = (T)((R)x / (R)by);                                                                   \
        return y == 0 ? (T)0 : y == -1 ? (T)(0 - (W)x) : q;                                        \
    }
#define UNSIGNED_QUOTIENT(T, s, W, R)                                                              \
    static inline T quotient_##s(T x, T y)                                                         \
    {                                                                                              \
        T by = y == 0 ? (T)1 : y;                                                                  \
        T q = (T)((R)x / (R)by);                                                                   \
        return y == 0 ? (T)0 : q;                                                                  \
    }

REAL(double, f64, )
REAL(float, f32, f)
INTEGER(int64_t, i64, uint64_t, int64_t, SIGNED_QUOTIENT)
INTEGER(int32_t, i32, uint32_t, double, SIGNED_QUOTIENT)
INTEGER(uint64_t, u64, uint64_t, uint64_t, UNSIGNED_QUOTIENT)
INTEGER(uint32_t, u32, uint32_t, double, UNSIGNED_QUOTIENT)
INTEGER(int16_t, i16, uint32_t, float, SIGNED_QUOTIENT)
INTEGER(uint16_t, u16, uint32_t, float, UNSIGNED_QUOTIENT)
INTEGER(int8_t, i8, uint32_t, float, SIGNED_QUOTIENT)
INTEGER(uint8_t, u8, uint32_t, float, UNSIGNED_QUOTIENT)

#define ENTRY(kind, inputs, params, DTYPE, s, T)                                                   \
    {TRINE_INIT(trine_map),                                                                        \
     .name = #kind,                                                                                \
     .nin = inputs,                                                                                \
     .nout = 1,                                                                                    \
     .in = {DTYPE, DTYPE, DTYPE},                                                                  \
     .out = {DTYPE},                                                                               \
     .param_size = (params) * sizeof(T),                                                           \
     .apply = kind##_##s},
#define WHERE(DTYPE, s, T, NAME)                                                                   \
    {TRINE_INIT(trine_map),          .name = "where", .nin = 3,          .nout = 1,                \
     .in = {TRINE_U8, DTYPE, DTYPE}, .out = {DTYPE},  .apply = where_##s},
#define OF_ALL(DTYPE, s, T, NAME) TRINE_ARITHMETIC(ENTRY, DTYPE, s, T)
#define OF_REALS(DTYPE, s, T, NAME) TRINE_REAL_ARITHMETIC(ENTRY, DTYPE, s, T)

const trine_map VARIANT(trine_arithmetic_maps)[] = {TRINE_DTYPES(OF_ALL) TRINE_REAL_DTYPES(OF_REALS)
                                                        TRINE_DTYPES(WHERE){.name = NULL}};
