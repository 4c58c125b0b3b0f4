/* kernels/list.h - the built-in kernels, one line each.
 *
 * Reductions: X(name, kind, input type, its suffix, result type, its suffix): makes a monoid of
 * kind_accumulate_<input suffix> and kind_finish_<result suffix>. The registry, the lookup by name
 * and what is said of an unknown name come from here.
 *
 * Maps: X(kind, inputs, params, ...) makes the map "kind" of kind_<suffix>, with that many inputs
 * and that many constants of the output's type, for each element type of its list.
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

/* Of all element types. */
#define TRINE_ARITHMETIC(X, ...)                                                                   \
    X(copy, 1, 0, __VA_ARGS__)                                                                     \
    X(scale, 1, 1, __VA_ARGS__)                                                                    \
    X(add, 2, 0, __VA_ARGS__)                                                                      \
    X(sub, 2, 0, __VA_ARGS__)                                                                      \
    X(mul, 2, 0, __VA_ARGS__)                                                                      \
    X(div, 2, 0, __VA_ARGS__)                                                                      \
    X(fma, 3, 0, __VA_ARGS__)                                                                      \
    X(axpy, 2, 1, __VA_ARGS__)                                                                     \
    X(axpby, 2, 2, __VA_ARGS__)                                                                    \
    X(clip, 1, 2, __VA_ARGS__)                                                                     \
    X(abs, 1, 0, __VA_ARGS__)                                                                      \
    X(neg, 1, 0, __VA_ARGS__)

/* Of f64 and f32. */
#define TRINE_REAL_ARITHMETIC(X, ...)                                                              \
    X(sqrt, 1, 0, __VA_ARGS__)                                                                     \
    X(standardise, 1, 2, __VA_ARGS__)

/* Of f64 and f32, through SLEEF. */
#define TRINE_FUNCTIONS(X, ...)                                                                    \
    X(exp, 1, 0, __VA_ARGS__)                                                                      \
    X(log, 1, 0, __VA_ARGS__)                                                                      \
    X(sin, 1, 0, __VA_ARGS__)                                                                      \
    X(cos, 1, 0, __VA_ARGS__)                                                                      \
    X(tanh, 1, 0, __VA_ARGS__)                                                                     \
    X(pow, 2, 0, __VA_ARGS__)

#endif
