/* core/system/error.h - setting the detail of the calling thread's last error. */
#ifndef TRINE_CORE_ERROR_H
#define TRINE_CORE_ERROR_H

#include <trine/error.h>

/* Space for a detail, its end included. Longer ones are cut. */
#define TRINE_DETAIL_SIZE 512

/* Stores the formatted detail and returns status: `return trine_fail(TRINE_E_IO, "%s: %s", ...)`.
 */
__attribute__((format(printf, 2, 3))) trine_status trine_fail(trine_status status,
                                                              const char *format, ...);

/* Whether a struct that the caller of `call` made is of the size of that type here. ARGUMENT. */
trine_status trine_size_check(const char *call, const char *type, size_t size, size_t known);

/* Whether a kernel's param is there, and of as many bytes as memory can have. what: "map", and the
 * like. ARGUMENT. */
trine_status trine_param_check(const char *call, const char *what, const char *name, size_t size,
                               const void *param);

/* How often trine_fail was called by this thread: whether a detail is new. */
unsigned long trine_fail_count(void);

#endif
