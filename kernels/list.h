/* kernels/list.h - the built-in reductions, one line each.
 *
 * X(name, kind, input type, its suffix, result type, its suffix): makes a monoid of
 * kind_accumulate_<input suffix> and kind_finish_<result suffix>. The registry, the lookup by name
 * and what is said of an unknown name come from here.
 */
#ifndef TRINE_KERNELS_LIST_H
#define TRINE_KERNELS_LIST_H

/* Integers have one sum, which every mode names. */
#define TRINE_INTEGER_SUMS(X, name)                                                                \
    X(name, integer, TRINE_I64, i64, TRINE_I64, i64)                                               \
    X(name, integer, TRINE_I32, i32, TRINE_I64, i64)                                               \
    X(name, integer, TRINE_I16, i16, TRINE_I64, i64)                                               \
    X(name, integer, TRINE_I8, i8, TRINE_I64, i64)                                                 \
    X(name, integer, TRINE_U64, u64, TRINE_U64, u64)                                               \
    X(name, integer, TRINE_U32, u32, TRINE_U64, u64)                                               \
    X(name, integer, TRINE_U16, u16, TRINE_U64, u64)                                               \
    X(name, integer, TRINE_U8, u8, TRINE_U64, u64)

/* "sum" is in the type of the elements, "sum_f64" in double. */
#define TRINE_REAL_SUMS(X, name, kind)                                                             \
    X(name, kind, TRINE_F64, f64, TRINE_F64, f64)                                                  \
    X(name, kind, TRINE_F32, f32, TRINE_F32, f32)                                                  \
    X(name "_f64", kind, TRINE_F64, f64, TRINE_F64, f64)                                           \
    X(name "_f64", kind, TRINE_F32, f32, TRINE_F64, f64)

#define TRINE_SUMS(X)                                                                              \
    TRINE_REAL_SUMS(X, "sum", exact)                                                               \
    TRINE_REAL_SUMS(X, "sum_fast", fast)                                                           \
    TRINE_REAL_SUMS(X, "sum_compensated", compensated)                                             \
    TRINE_INTEGER_SUMS(X, "sum")                                                                   \
    TRINE_INTEGER_SUMS(X, "sum_fast")                                                              \
    TRINE_INTEGER_SUMS(X, "sum_compensated")

#endif
