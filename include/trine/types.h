/* trine/types.h - element types, status codes and the constants of the grid.
 *
 * Kernels see this header and kernel.h, and nothing else of trine.
 */
#ifndef TRINE_TYPES_H
#define TRINE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TRINE_API __attribute__((visibility("default")))
#else
#define TRINE_API
#endif

/* Elements in a chunk. Fixed: the canonical tree, and so every bit of every result, hangs on it. */
#define TRINE_CHUNK 8192

/* Arrays that one kernel may read, and that one may write. */
#define TRINE_ARGS 4

/* X(constant, suffix, C type, name), in the order of the constants' values, from 1. */
#define TRINE_DTYPES(X)                                                                            \
    X(TRINE_F64, f64, double, "f64")                                                               \
    X(TRINE_F32, f32, float, "f32")                                                                \
    X(TRINE_I64, i64, int64_t, "i64")                                                              \
    X(TRINE_I32, i32, int32_t, "i32")                                                              \
    X(TRINE_U64, u64, uint64_t, "u64")                                                             \
    X(TRINE_U32, u32, uint32_t, "u32")                                                             \
    X(TRINE_I16, i16, int16_t, "i16")                                                              \
    X(TRINE_U16, u16, uint16_t, "u16")                                                             \
    X(TRINE_I8, i8, int8_t, "i8")                                                                  \
    X(TRINE_U8, u8, uint8_t, "u8")

/* The dtypes that are not integers, in the same form. */
#define TRINE_REAL_DTYPES(X)                                                                       \
    X(TRINE_F64, f64, double, "f64")                                                               \
    X(TRINE_F32, f32, float, "f32")

/* The type of an array's elements. Zero is no type, so that a forgotten field is an error. */
typedef enum trine_dtype {
    TRINE_DTYPE_NONE = 0,
#define TRINE_DTYPE_CONSTANT(constant, suffix, type, name) constant,
    TRINE_DTYPES(TRINE_DTYPE_CONSTANT)
#undef TRINE_DTYPE_CONSTANT
        TRINE_DTYPE_COUNT
} trine_dtype;

/* X(constant, what it means). A status is TRINE_OK or says which promise could not be kept. */
#define TRINE_STATUSES(X)                                                                          \
    X(TRINE_OK, "no error")                                                                        \
    X(TRINE_E_ARGUMENT, "an argument is NULL or out of range")                                     \
    X(TRINE_E_DTYPE, "an array has another element type than the call takes")                      \
    X(TRINE_E_LENGTH, "lengths do not match")                                                      \
    X(TRINE_E_TEAM, "arrays belong to different teams")                                            \
    X(TRINE_E_SPEC, "a team spec cannot be read")                                                  \
    X(TRINE_E_ABSENT, "this library was built without the part that was asked for")                \
    X(TRINE_E_LAUNCH, "the launcher and the program disagree about the number of ranks")           \
    X(TRINE_E_THREADS, "a pool cannot be forked from a process that runs threads")                 \
    X(TRINE_E_BUSY, "the team is at work on another call")                                         \
    X(TRINE_E_COLLECTIVE, "ranks made different collective calls")                                 \
    X(TRINE_E_MEMORY, "out of memory")                                                             \
    X(TRINE_E_EMPTY, "the input is empty and the result is not defined for it")                    \
    X(TRINE_E_OVERFLOW, "the result does not fit its type")                                        \
    X(TRINE_E_WORKER,                                                                              \
      "a worker died or a function did not return, and the work could not be done")                \
    X(TRINE_E_CANCELLED, "the item was cancelled before it was done")                              \
    X(TRINE_E_DEADLINE, "the item took longer than its deadline")                                  \
    X(TRINE_E_IO, "reading or writing failed")                                                     \
    X(TRINE_E_FORMAT, "a file is not what it should be")                                           \
    X(TRINE_E_MPI, "an MPI call failed")                                                           \
    X(TRINE_E_SYSTEM, "a system call failed")                                                      \
    X(TRINE_E_CLOSED, "the communicator or the library is no longer usable")

typedef enum trine_status {
#define TRINE_STATUS_CONSTANT(constant, text) constant,
    TRINE_STATUSES(TRINE_STATUS_CONSTANT)
#undef TRINE_STATUS_CONSTANT
        TRINE_STATUS_COUNT
} trine_status;

/* How a reduction rounds. See reduce.h. */
typedef enum trine_mode { TRINE_EXACT = 0, TRINE_COMPENSATED, TRINE_FAST } trine_mode;

#ifdef __cplusplus
}
#endif
#endif
