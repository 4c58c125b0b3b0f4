/* core/system/error.c - names of statuses and dtypes, and the detail of each thread's last error.
 */
#include "core/system/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char detail[TRINE_DETAIL_SIZE];
static _Thread_local unsigned long failures;

static const struct {
    const char *name, *text;
} statuses[TRINE_STATUS_COUNT] = {
#define STATUS(constant, text) [constant] = {#constant, text},
    TRINE_STATUSES(STATUS)
#undef STATUS
};

static const struct {
    const char *name;
    size_t size;
} dtypes[TRINE_DTYPE_COUNT] = {[TRINE_DTYPE_NONE] = {"none", 0},
#define DTYPE(constant, suffix, type, name) [constant] = {name, sizeof(type)},
                               TRINE_DTYPES(DTYPE)
#undef DTYPE
};

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
