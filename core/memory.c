/* core/memory.c - anonymous memory, checked against what is there before it is promised. */
#include "core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/cgroup.h"
#include "core/error.h"

enum { SMALLEST_PAGE = 4096, ALIGNMENT = 128 };

static uint64_t system_available(void)
{
    FILE *meminfo = fopen("/proc/meminfo", "re");
    static const char name[] = "MemAvailable:";
    unsigned long long kilobytes = UINT64_MAX >> 10;
    char line[128];
    while (meminfo && fgets(line, sizeof line, meminfo))
        if (strncmp(line, name, sizeof name - 1) == 0)
            kilobytes = strtoull(line + sizeof name - 1, NULL, 10);
    if (meminfo)
        fclose(meminfo);
    return (uint64_t)kilobytes << 10;
}

/* Version 2's files first, then version 1's. Page cache counts as used, so this errs low by what
 * the kernel could drop; inactive file pages are most of that. */
static void lower_to_limit(const char *directory, void *data)
{
    uint64_t *available = data;
    long long limit, used, cached = 0;
    bool second = trine_cgroup_read(directory, "memory.max", &limit, 1) &&
                  trine_cgroup_read(directory, "memory.current", &used, 1);
    if (!second && !(trine_cgroup_read(directory, "memory.limit_in_bytes", &limit, 1) &&
                     trine_cgroup_read(directory, "memory.usage_in_bytes", &used, 1)))
        return;
    trine_cgroup_field(directory, "memory.stat", second ? "inactive_file" : "total_inactive_file",
                       &cached);
    if (limit < 0)
        return;
    long long left = limit - used + cached;
    if (left < 0)
        left = 0;
    if ((uint64_t)left < *available)
        *available = (uint64_t)left;
}

uint64_t trine_memory_available(void)
{
    uint64_t available = system_available();
    trine_cgroup_visit("memory", lower_to_limit, &available);
    return available;
}

trine_status trine_memory_check(const char *what, uint64_t bytes)
{
    /* Small requests are not worth reading /proc for. */
    if (bytes < TRINE_LARGE_MEMORY)
        return TRINE_OK;
    uint64_t available = trine_memory_available();
    if (bytes <= available)
        return TRINE_OK;
    return trine_fail(TRINE_E_MEMORY, "%s of %.3f GiB, but only %.3f GiB of memory are available",
                      what, (double)bytes / (1 << 30), (double)available / (1 << 30));
}

trine_status trine_memory_get(size_t bytes, void **memory)
{
    trine_status status = trine_memory_check("memory", bytes);
    if (status)
        return status;
    void *got;
    if (bytes >= TRINE_LARGE_MEMORY) {
        got = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (got == MAP_FAILED)
            return trine_fail(TRINE_E_MEMORY, "mmap of %zu bytes: %s", bytes, strerror(errno));
        /* Advice only: without huge pages all works, more slowly. */
        (void)madvise(got, bytes, MADV_HUGEPAGE);
    } else {
        got = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        if (!got)
            return trine_fail(TRINE_E_MEMORY, "no memory for %zu bytes", bytes);
        memset(got, 0, bytes);
    }
    *memory = got;
    return TRINE_OK;
}

void trine_memory_touch(void *memory, size_t bytes)
{
    volatile unsigned char *pages = memory;
    for (size_t i = 0; i < bytes; i += SMALLEST_PAGE)
        pages[i] = 0;
}

trine_status trine_memory_populate(const char *what, void *memory, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    size_t before = (uintptr_t)memory % SMALLEST_PAGE;
    if (madvise((char *)memory - before, before + bytes, MADV_POPULATE_WRITE) == 0)
        return TRINE_OK;
    /* Kernels before 5.14 do not know it. */
    if (errno != EINVAL)
        return trine_fail(TRINE_E_MEMORY,
                          "%s: %.3f GiB that could be mapped are not there (%s): is /dev/shm full?",
                          what, (double)bytes / (1 << 30), strerror(errno));
#endif
    trine_memory_touch(memory, bytes);
    return TRINE_OK;
}

/* What /proc says of the mapping of that byte; true where it says nothing. */
static bool is_mapped_for_writing(const void *byte)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    bool writable = true, found = false;
    while (maps && !found && fgets(line, sizeof line, maps)) {
        char *rest;
        unsigned long long first = strtoull(line, &rest, 16);
        unsigned long long end = *rest == '-' ? strtoull(rest + 1, &rest, 16) : 0;
        found = *rest == ' ' && (uintptr_t)byte >= first && (uintptr_t)byte < end;
        if (found)
            writable = rest[2] == 'w';
    }
    if (maps)
        fclose(maps);
    return writable;
}

/* A system call tells that a page is writable; that it is not has other reasons, too (an old
 * kernel, memory of a device), so then /proc is asked. */
static bool is_writable(const void *byte)
{
#ifdef MADV_POPULATE_WRITE
    if (madvise((char *)byte - (uintptr_t)byte % SMALLEST_PAGE, 1, MADV_POPULATE_WRITE) == 0)
        return true;
#endif
    return is_mapped_for_writing(byte);
}

bool trine_memory_writable(const void *memory, size_t bytes)
{
    const char *first = memory;
    return bytes == 0 || (is_writable(first) && is_writable(first + bytes - 1));
}

void trine_memory_release(void *memory, size_t bytes)
{
    if (bytes >= TRINE_LARGE_MEMORY)
        munmap(memory, bytes);
    else
        free(memory);
}

trine_status trine_memory_reserve(size_t bytes, void **memory)
{
    void *got = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED)
        return trine_fail(TRINE_E_MEMORY, "addresses for %zu bytes: %s", bytes, strerror(errno));
    *memory = got;
    return TRINE_OK;
}

void trine_memory_discard(void *memory, size_t bytes)
{
    (void)madvise(memory, bytes, MADV_DONTNEED);
}

void trine_memory_unreserve(void *memory, size_t bytes)
{
    munmap(memory, bytes);
}
