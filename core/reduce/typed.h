/* core/reduce/typed.h - the typed reductions as lists, for what is written once and made for each:
 * their definitions, and the tests that call all of them. trine/reduce.h declares each in full.
 */
#ifndef TRINE_TYPED_H
#define TRINE_TYPED_H

#include <trine/list.h>
#include <trine/reduce.h>

/* X(operation, suffix, result type). */
#define TRINE_SUMS_OF_ONE(X)                                                                       \
    X(sum, f64, double)                                                                            \
    X(sum, f32, float)                                                                             \
    X(sum, i64, int64_t)                                                                           \
    X(sum, u64, uint64_t)                                                                          \
    X(asum, f64, double)                                                                           \
    X(asum, f32, float)                                                                            \
    X(asum, i64, int64_t)                                                                          \
    X(asum, u64, uint64_t)                                                                         \
    X(sumsq, f64, double)                                                                          \
    X(sumsq, f32, float)                                                                           \
    X(sumsq, i64, int64_t)                                                                         \
    X(sumsq, u64, uint64_t)                                                                        \
    X(nansum, f64, double)                                                                         \
    X(nansum, f32, float)                                                                          \
    X(nrm2, f64, double)                                                                           \
    X(nrm2, f32, float)                                                                            \
    X(mean, f64, double)                                                                           \
    X(nanmean, f64, double)

#define TRINE_SUMS_OF_TWO(X)                                                                       \
    X(dot, f64, double)                                                                            \
    X(dot, f32, float)                                                                             \
    X(dot, i64, int64_t)                                                                           \
    X(dot, u64, uint64_t)                                                                          \
    X(wsum, f64, double)                                                                           \
    X(wsum, f32, float)                                                                            \
    X(wsum, i64, int64_t)                                                                          \
    X(wsum, u64, uint64_t)                                                                         \
    X(wmean, f64, double)

/* X(name, suffix, C type) for every element type. */
#define TRINE_EACH_TYPE(X, name)                                                                   \
    X(name, f64, double)                                                                           \
    X(name, f32, float)                                                                            \
    X(name, i64, int64_t)                                                                          \
    X(name, i32, int32_t)                                                                          \
    X(name, u64, uint64_t)                                                                         \
    X(name, u32, uint32_t)                                                                         \
    X(name, i16, int16_t)                                                                          \
    X(name, u16, uint16_t)                                                                         \
    X(name, i8, int8_t)                                                                            \
    X(name, u8, uint8_t)

#endif
