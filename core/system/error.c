/* core/system/error.c - names of statuses and dtypes, and the detail of each thread's last error.
 */
#include "core/system/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/system/util.h"

static _Thread_local char detail[TRINE_DETAIL_SIZE];
static _Thread_local unsigned long failures;

static const struct {
    const char *name, *text;
} statuses[] = {
#define STATUS(constant, text) [constant] = {#constant, text}
    STATUS(TRINE_OK, "no error"),
    STATUS(TRINE_E_ARGUMENT, "an argument is NULL or out of range"),
    STATUS(TRINE_E_DTYPE, "an array has another element type than the call takes"),
    STATUS(TRINE_E_LENGTH, "lengths do not match"),
    STATUS(TRINE_E_TEAM, "arrays belong to different teams"),
    STATUS(TRINE_E_SPEC, "a team spec cannot be read"),
    STATUS(TRINE_E_ABSENT, "this library was built without the part that was asked for"),
    STATUS(TRINE_E_LAUNCH, "the launcher and the program disagree about the number of ranks"),
    STATUS(TRINE_E_THREADS, "a pool cannot be forked from a process that runs threads"),
    STATUS(TRINE_E_BUSY, "the team is at work on another call"),
    STATUS(TRINE_E_COLLECTIVE, "ranks made different collective calls"),
    STATUS(TRINE_E_MEMORY, "out of memory"),
    STATUS(TRINE_E_EMPTY, "the input is empty and the result is not defined for it"),
    STATUS(TRINE_E_OVERFLOW, "the result does not fit its type"),
    STATUS(TRINE_E_WORKER,
           "a worker died or a function did not return, and the work could not be done"),
    STATUS(TRINE_E_CANCELLED, "the item was cancelled before it was done"),
    STATUS(TRINE_E_DEADLINE, "the item took longer than its deadline"),
    STATUS(TRINE_E_IO, "reading or writing failed"),
    STATUS(TRINE_E_FORMAT, "a file is not what it should be"),
    STATUS(TRINE_E_MPI, "an MPI call failed"),
    STATUS(TRINE_E_SYSTEM, "a system call failed"),
    STATUS(TRINE_E_CLOSED, "the communicator or the library is no longer usable"),
#undef STATUS
};
_Static_assert(sizeof statuses / sizeof *statuses == TRINE_STATUS_COUNT, "a name for each");

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {[TRINE_DTYPE_NONE] = {"none", 0},
#define DTYPE(constant, suffix, type, name) [constant] = {name, sizeof(type)},
              TRINE_DTYPES(DTYPE)
#undef DTYPE
};
_Static_assert(sizeof dtypes / sizeof *dtypes == TRINE_DTYPE_COUNT, "a name for each");

trine_status trine_fail(trine_status status, const char *format, ...)
{
    /* Formatted aside first: the arguments may point into the detail itself. */
    char text[TRINE_DETAIL_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* A detail is one line, also where a file's name is not. */
    for (char *at = text; *at; at++)
        *at = (unsigned char)*at < ' ' || *at == 127 ? '?' : *at;
    memcpy(detail, text, sizeof detail);
    failures++;
    return status;
}

trine_status trine_size_check(const char *call, const char *type, size_t size, size_t known)
{
    if (size == known)
        return TRINE_OK;
    return trine_fail(TRINE_E_ARGUMENT,
                      "%s: a %s whose size is %zu; expected %zu: begin it with {TRINE_INIT(%s)}, "
                      "and build the program with the headers of this library",
                      call, type, size, known, type);
}

trine_status trine_param_check(const char *call, const char *what, const char *name, size_t size,
                               const void *param)
{
    if (size > TRINE_MOST_BYTES)
        return trine_fail(TRINE_E_ARGUMENT,
                          "%s: %s '%s' has a param of %zu bytes; expected up to %zu", call, what,
                          name, size, TRINE_MOST_BYTES);
    if (size > 0 && !param)
        return trine_fail(TRINE_E_ARGUMENT, "%s: param is NULL; '%s' takes %zu bytes", call, name,
                          size);
    return TRINE_OK;
}

unsigned long trine_fail_count(void)
{
    return failures;
}

const char *trine_error_detail(void)
{
    return detail;
}

const char *trine_status_name(trine_status status)
{
    return (unsigned)status < TRINE_STATUS_COUNT ? statuses[status].name : "not a status";
}

const char *trine_status_text(trine_status status)
{
    return (unsigned)status < TRINE_STATUS_COUNT ? statuses[status].text : "not a status of trine";
}

const char *trine_dtype_name(trine_dtype dtype)
{
    return (unsigned)dtype < TRINE_DTYPE_COUNT ? dtypes[dtype].name : "none";
}

size_t trine_dtype_size(trine_dtype dtype)
{
    return (unsigned)dtype < TRINE_DTYPE_COUNT ? dtypes[dtype].size : 0;
}

trine_dtype trine_dtype_find(const char *name)
{
    for (int i = 1; name && i < TRINE_DTYPE_COUNT; i++)
        if (strcmp(name, dtypes[i].name) == 0)
            return (trine_dtype)i;
    return TRINE_DTYPE_NONE;
}
