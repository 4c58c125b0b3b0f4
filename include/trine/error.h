/* trine/error.h - what went wrong. The library never prints, exits or aborts. */
#ifndef TRINE_ERROR_H
#define TRINE_ERROR_H

#include <trine/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The name of a status: "TRINE_E_SPEC"; "not a status" for what is none. Never NULL; static
 * storage; any thread. */
TRINE_API const char *trine_status_name(trine_status status);

/** One line on what a status means in general. Never NULL; static storage; any thread. */
TRINE_API const char *trine_status_text(trine_status status);

/** What this thread's last failed call was given, what it expected, and where: one line, no
 * newline, "" when nothing failed yet. Never NULL. Valid until this thread's next call of trine. */
TRINE_API const char *trine_error_detail(void);

/** The name of a dtype: "f64", "u8"; "none" for what is no dtype. Never NULL; static storage; any
 * thread. */
TRINE_API const char *trine_dtype_name(trine_dtype dtype);

/** Bytes of one element; 0 for what is no dtype. Any thread. */
TRINE_API size_t trine_dtype_size(trine_dtype dtype);

/** The dtype of that name ("f64"), TRINE_DTYPE_NONE when there is none. name may be NULL. Any
 * thread. */
TRINE_API trine_dtype trine_dtype_find(const char *name);

/** What the loaded library is: "trine 0.2.0 (avx512; serial, omp, pool, mpi: Open MPI v4.1.4)".
 * Never NULL; valid until this thread ends; any thread. */
TRINE_API const char *trine_version(void);

#ifdef __cplusplus
}
#endif
#endif
