#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "chaos.h"

enum { BYTES = 1 << 17, LINE = 600 };

/* The file: how many bytes of text there are, and they. */
typedef struct report {
    atomic_uint_least64_t used;
    char text[BYTES - sizeof(uint64_t)];
} report;

static report *lines;

bool chaos_report_open(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/report.%d", folder, (int)getpid());
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *lines) != 0)
        return false;
    void *memory = mmap(NULL, sizeof *lines, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory == MAP_FAILED)
        return false;
    lines = memory;
    return true;
}

void chaos_report(const char *format, ...)
{
    char line[LINE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    size_t bytes = (size_t)length < sizeof line - 1 ? (size_t)length : sizeof line - 2;
    for (size_t i = 0; i < bytes; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    line[bytes++] = '\n';
    uint64_t at = atomic_fetch_add(&lines->used, bytes);
    if (at + bytes <= sizeof lines->text)
        memcpy(lines->text + at, line, bytes);
}
