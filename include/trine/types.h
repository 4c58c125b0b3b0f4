/* trine/types.h - element types, status codes, version and the constants of the grid.
 *
 * Kernels see this header, kernel.h and list.h, and nothing else of trine. Every value is written
 * out and stays what it is; what is no value of an enumeration is -1, but for the dtype, where it
 * is 0 so that a forgotten field is an error.
 */
#ifndef TRINE_TYPES_H
#define TRINE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Marks what the library exports. */
#if defined(__GNUC__)
#define TRINE_API __attribute__((visibility("default")))
#else
#define TRINE_API
#endif

/** Version of these headers, that of the library which they came with; trine_version() tells which
 * library is loaded. */
#define TRINE_VERSION_MAJOR 0
/** Version of these headers: raised by what is new. */
#define TRINE_VERSION_MINOR 2
/** Version of these headers: raised by what is mended. */
#define TRINE_VERSION_PATCH 0

/** Begins the initialiser of a struct of that type whose first member is its size:
 *
 *     trine_task_options options = {TRINE_INIT(trine_task_options), .chunk = 8};
 *
 * In C++ before C++20, which has no designators, `trine_task_options options{}; options.size =
 * sizeof options;` does the same.
 *
 * Such structs may get more members at their end in later versions of the library. It reads as much
 * of one as the program that made it knows. A call refuses a struct whose size is that of no
 * version (ARGUMENT). */
#define TRINE_INIT(type) .size = sizeof(type)

/** Elements in a chunk. Fixed: the canonical tree, and so every bit of every result, hangs on it.
 */
#define TRINE_CHUNK 8192

/** Arrays that one kernel may read, and that one may write. */
#define TRINE_ARGS 4

/** The type of an array's elements. */
typedef enum trine_dtype {
    TRINE_DTYPE_NONE = 0, /**< No type. */
    TRINE_F64 = 1,        /**< double, IEEE 754 binary64. */
    TRINE_F32 = 2,        /**< float, IEEE 754 binary32. */
    TRINE_I64 = 3,        /**< int64_t. */
    TRINE_I32 = 4,        /**< int32_t. */
    TRINE_U64 = 5,        /**< uint64_t. */
    TRINE_U32 = 6,        /**< uint32_t. */
    TRINE_I16 = 7,        /**< int16_t. */
    TRINE_U16 = 8,        /**< uint16_t. */
    TRINE_I8 = 9,         /**< int8_t. */
    TRINE_U8 = 10         /**< uint8_t. */
} trine_dtype;

/** The length of a table that is indexed by a dtype or by TRINE_DTYPE_NONE. */
#define TRINE_DTYPE_COUNT 11

/** For code that is written once and made for each type: X(constant, suffix, C type, name), in the
 * order of the constants' values. */
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

/** The types that are not integers, in the same form. */
#define TRINE_REAL_DTYPES(X)                                                                       \
    X(TRINE_F64, f64, double, "f64")                                                               \
    X(TRINE_F32, f32, float, "f32")

/** What a call says: TRINE_OK, or which promise could not be kept. */
typedef enum trine_status {
    TRINE_OK = 0,            /**< No error. */
    TRINE_E_ARGUMENT = 1,    /**< An argument is NULL or out of range. */
    TRINE_E_DTYPE = 2,       /**< An array has another element type than the call takes. */
    TRINE_E_LENGTH = 3,      /**< Lengths do not match. */
    TRINE_E_TEAM = 4,        /**< Arrays belong to different teams. */
    TRINE_E_SPEC = 5,        /**< A team spec cannot be read. */
    TRINE_E_ABSENT = 6,      /**< The library was built without the part that was asked for. */
    TRINE_E_LAUNCH = 7,      /**< Launcher and program disagree about the number of ranks. */
    TRINE_E_THREADS = 8,     /**< A pool cannot be forked from a process that runs threads. */
    TRINE_E_BUSY = 9,        /**< The team is at work on another call. */
    TRINE_E_COLLECTIVE = 10, /**< Ranks made different collective calls. */
    TRINE_E_MEMORY = 11,     /**< Out of memory. */
    TRINE_E_EMPTY = 12,      /**< The input is empty and the result is not defined for it. */
    TRINE_E_OVERFLOW = 13,   /**< The result does not fit its type. */
    TRINE_E_WORKER = 14,     /**< A worker died or a function did not return; work is not done. */
    TRINE_E_CANCELLED = 15,  /**< The item was cancelled before it was done. */
    TRINE_E_DEADLINE = 16,   /**< The item took longer than its deadline. */
    TRINE_E_IO = 17,         /**< Reading or writing failed. */
    TRINE_E_FORMAT = 18,     /**< A file is not what it should be. */
    TRINE_E_MPI = 19,        /**< An MPI call failed. */
    TRINE_E_SYSTEM = 20,     /**< A system call failed. */
    TRINE_E_CLOSED = 21      /**< The communicator or the library is no longer usable. */
} trine_status;

/** The length of a table that is indexed by a status. */
#define TRINE_STATUS_COUNT 22

/** How a reduction rounds; reduce.h has it in full. Integers have one value in every mode. */
typedef enum trine_mode {
    TRINE_EXACT = 0,       /**< The true value, rounded once to nearest-even. */
    TRINE_COMPENSATED = 1, /**< As if in twice the precision, in a fixed order. */
    TRINE_FAST = 2         /**< Plain additions in a fixed order. */
} trine_mode;

#ifdef __cplusplus
}
#endif
#endif
