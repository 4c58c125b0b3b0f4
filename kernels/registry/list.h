/* kernels/registry/list.h - the built-in kernels, one line each.
 *
 * Sums and their like: X(name, mode, operation, input type, its suffix, result type, its suffix)
 * makes a reducer. The registry, the lookup by name and what is said of an unknown name come from
 * here.
 *
 * Maps: X(kind, inputs, params, ...) makes the map "kind" of kind_<suffix>, with that many inputs
 * and that many constants of the output's type, for each element type of its list.
 */
#ifndef TRINE_KERNELS_LIST_H
#define TRINE_KERNELS_LIST_H

/* "sum" is in the type of the elements, "sum_f64" in double. */
#define TRINE_REALS(X, name, mode, operation)                                                      \
    X(name, mode, operation, TRINE_F64, f64, TRINE_F64, f64)                                       \
    X(name, mode, operation, TRINE_F32, f32, TRINE_F32, f32)                                       \
    X(name "_f64", mode, operation, TRINE_F64, f64, TRINE_F64, f64)                                \
    X(name "_f64", mode, operation, TRINE_F32, f32, TRINE_F64, f64)

#define TRINE_REAL_MODES(X, name, operation)                                                       \
    TRINE_REALS(X, name, exact, operation)                                                         \
    TRINE_REALS(X, name "_fast", fast, operation)                                                  \
    TRINE_REALS(X, name "_compensated", compensated, operation)

#define TRINE_INTEGERS(X, name, operation)                                                         \
    X(name, integer, operation, TRINE_I64, i64, TRINE_I64, i64)                                    \
    X(name, integer, operation, TRINE_I32, i32, TRINE_I64, i64)                                    \
    X(name, integer, operation, TRINE_I16, i16, TRINE_I64, i64)                                    \
    X(name, integer, operation, TRINE_I8, i8, TRINE_I64, i64)                                      \
    X(name, integer, operation, TRINE_U64, u64, TRINE_U64, u64)                                    \
    X(name, integer, operation, TRINE_U32, u32, TRINE_U64, u64)                                    \
    X(name, integer, operation, TRINE_U16, u16, TRINE_U64, u64)                                    \
    X(name, integer, operation, TRINE_U8, u8, TRINE_U64, u64)

/* The same of integers, in double. */
#define TRINE_INTEGERS_IN_F64(X, name, operation)                                                  \
    X(name, integer, operation, TRINE_I64, i64, TRINE_F64, f64)                                    \
    X(name, integer, operation, TRINE_I32, i32, TRINE_F64, f64)                                    \
    X(name, integer, operation, TRINE_I16, i16, TRINE_F64, f64)                                    \
    X(name, integer, operation, TRINE_I8, i8, TRINE_F64, f64)                                      \
    X(name, integer, operation, TRINE_U64, u64, TRINE_F64, f64)                                    \
    X(name, integer, operation, TRINE_U32, u32, TRINE_F64, f64)                                    \
    X(name, integer, operation, TRINE_U16, u16, TRINE_F64, f64)                                    \
    X(name, integer, operation, TRINE_U8, u8, TRINE_F64, f64)

/* Integers have one value, which every mode names. */
#define TRINE_INTEGER_MODES(INTEGERS, X, name, operation)                                          \
    INTEGERS(X, name, operation)                                                                   \
    INTEGERS(X, name "_fast", operation)                                                           \
    INTEGERS(X, name "_compensated", operation)

#define TRINE_SUMS(X)                                                                              \
    TRINE_REAL_MODES(X, "sum", sum)                                                                \
    TRINE_INTEGER_MODES(TRINE_INTEGERS, X, "sum", sum)                                             \
    TRINE_REAL_MODES(X, "asum", asum)                                                              \
    TRINE_INTEGER_MODES(TRINE_INTEGERS, X, "asum", asum)                                           \
    TRINE_REAL_MODES(X, "nansum", nansum)

#define TRINE_MEANS(X)                                                                             \
    TRINE_REAL_MODES(X, "mean", mean)                                                              \
    TRINE_INTEGER_MODES(TRINE_INTEGERS_IN_F64, X, "mean", sum)                                     \
    TRINE_REAL_MODES(X, "nanmean", nanmean)

/* Of values, in[0], and their weights, in[1]. */
#define TRINE_WEIGHTED_MEANS(X) TRINE_REAL_MODES(X, "wmean", wmean)

/* Of two inputs. "wsum", the sum of weighted values, is another name of "dot". */
#define TRINE_DOTS(X)                                                                              \
    TRINE_REAL_MODES(X, "dot", dot)                                                                \
    TRINE_REAL_MODES(X, "wsum", dot)

#define TRINE_SQUARES(X) TRINE_REAL_MODES(X, "sumsq", sumsq)

#define TRINE_NORMS(X) TRINE_REAL_MODES(X, "nrm2", nrm2)

#define TRINE_INTEGER_DOTS(X)                                                                      \
    TRINE_INTEGER_MODES(TRINE_INTEGERS, X, "dot", dot)                                             \
    TRINE_INTEGER_MODES(TRINE_INTEGERS, X, "wsum", dot)

#define TRINE_INTEGER_WEIGHTED_MEANS(X)                                                            \
    TRINE_INTEGER_MODES(TRINE_INTEGERS_IN_F64, X, "wmean", wmean)

#define TRINE_INTEGER_SQUARES(X) TRINE_INTEGER_MODES(TRINE_INTEGERS, X, "sumsq", sumsq)

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
