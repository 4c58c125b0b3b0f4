/* core/system/memory.c - anonymous memory, checked against what is there before it is promised. */
#include "core/system/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "core/system/cgroup.h"
#include "core/system/error.h"
#include "core/system/util.h"

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

/* Bytes that could be had now: what the system says is available, or less by a control group. */
static uint64_t memory_available(void)
{
    uint64_t available = system_available();
    trine_cgroup_visit("memory", lower_to_limit, &available);
    return available;
}

/* With what comes on top: page tables of those who share the memory, and small requests that nobody
 * looks at before they add up. */
static uint64_t with_margin(uint64_t bytes)
{
    enum { TABLES = 128 };
    uint64_t above = bytes / TABLES + TRINE_LARGE_MEMORY;
    return bytes < UINT64_MAX - above ? bytes + above : UINT64_MAX;
}

static trine_status refuse(const char *what, uint64_t bytes, uint64_t available)
{
    const double mib = 1 << 20, gib = 1 << 30;
    bool large = bytes >= 1 << 30;
    return trine_fail(TRINE_E_MEMORY, "%s of %.3f %s, but only %.3f %s of memory are available",
                      what, (double)bytes / (large ? gib : mib), large ? "GiB" : "MiB",
                      (double)available / (large ? gib : mib), large ? "GiB" : "MiB");
}

/* What is available, if need be after the C library has given back what it keeps of freed memory.
 */
static uint64_t available_for(uint64_t need)
{
    uint64_t available = memory_available();
    if (need <= available)
        return available;
    malloc_trim(0);
    return memory_available();
}

/* Bytes of small requests since the last look. */
static trine_claim_word unseen;

static trine_status look(const char *what, uint64_t bytes)
{
    uint64_t available = available_for(with_margin(bytes));
    return with_margin(bytes) <= available ? TRINE_OK : refuse(what, bytes, available);
}

trine_status trine_memory_check(const char *what, uint64_t bytes)
{
    /* Small requests are not worth reading /proc for. */
    if (bytes < TRINE_LARGE_MEMORY) {
        if (atomic_fetch_add(&unseen, bytes) + bytes < TRINE_LARGE_MEMORY)
            return TRINE_OK;
        atomic_store(&unseen, 0);
    }
    return look(what, bytes);
}

/* ---- what several processes take at the same time ----
 *
 * Each adds what it is about to take to a word, looks at what is available, and takes its claim
 * back when its pages are there. So the claims of others are at most counted twice, never left out.
 * Where they are what is in the way, it tries again until they are settled. */

/* Nobody makes pages be there for longer, if it lives. */
enum { SETTLED_WITHIN = 20 };

/* Of this process alone, and then those that it shares. */
static trine_claim_word claimed_here;
static trine_claim_word *_Atomic claims[TRINE_CLAIM_WORDS];

/* A word has what this process has claimed from the beginning to the end of its being known. */
void trine_memory_share_claims(trine_claim_word *word)
{
    for (int i = 0; i < TRINE_CLAIM_WORDS; i++) {
        trine_claim_word *none = NULL;
        if (atomic_compare_exchange_strong(&claims[i], &none, word)) {
            atomic_fetch_add(word, atomic_load(&claimed_here));
            return;
        }
    }
}

void trine_memory_forget_claims(trine_claim_word *word)
{
    for (int i = 0; i < TRINE_CLAIM_WORDS; i++) {
        trine_claim_word *known = word;
        if (atomic_compare_exchange_strong(&claims[i], &known, NULL)) {
            atomic_fetch_sub(word, atomic_load(&claimed_here));
            return;
        }
    }
}

/* Adds to all words; what others have claimed in the one that has most. */
static uint64_t add_claim(uint64_t bytes)
{
    int64_t most = (int64_t)atomic_fetch_add(&claimed_here, bytes);
    for (int i = 0; i < TRINE_CLAIM_WORDS; i++) {
        trine_claim_word *word = atomic_load(&claims[i]);
        int64_t before = word ? (int64_t)atomic_fetch_add(word, bytes) : 0;
        most = before > most ? before : most;
    }
    return most > 0 ? (uint64_t)most : 0;
}

/* Two that wait would wait for each other if they kept their claims meanwhile, or came back at the
 * same time. */
static void wait_for_others(int times)
{
    enum { MIN_NS = 500000, STEP_NS = 37000, STEPS = 64 };
    int step = ((int)getpid() + 17 * times) % STEPS;
    nanosleep(&(struct timespec){.tv_nsec = MIN_NS + (long)step * STEP_NS}, NULL);
}

static trine_status claim_large(const char *what, uint64_t bytes)
{
    double until = trine_seconds() + SETTLED_WITHIN;
    uint64_t need = with_margin(bytes);
    if (need > INT64_MAX)
        return refuse(what, bytes, memory_available());
    for (int times = 0;; times++) {
        uint64_t others = add_claim(need), available = available_for(need);
        if (need <= available && others <= available - need)
            return TRINE_OK;
        (void)add_claim(-need);
        if (need > available)
            return refuse(what, bytes, available);
        if (trine_seconds() > until)
            return refuse(what, bytes, others > available ? 0 : available - others);
        wait_for_others(times);
    }
}

/* ---- small requests ---- */

/* live: bytes that were claimed and not given back. seen: the least that live was since the last
 * look, so that what comes and goes is not looked at. */
static _Atomic int64_t live, seen;

static trine_status claim_small(const char *what, uint64_t bytes)
{
    int64_t now = atomic_fetch_add(&live, (int64_t)bytes) + (int64_t)bytes;
    if (now - atomic_load(&seen) < (int64_t)TRINE_LARGE_MEMORY)
        return TRINE_OK;
    trine_status status = look(what, bytes);
    if (status)
        trine_memory_give_back(bytes);
    else
        atomic_store(&seen, now);
    return status;
}

trine_status trine_memory_claim(const char *what, uint64_t bytes)
{
    return bytes < TRINE_LARGE_MEMORY ? claim_small(what, bytes) : claim_large(what, bytes);
}

void trine_memory_settle(uint64_t bytes)
{
    if (bytes >= TRINE_LARGE_MEMORY)
        (void)add_claim(-with_margin(bytes));
}

void trine_memory_give_back(uint64_t bytes)
{
    if (bytes >= TRINE_LARGE_MEMORY)
        return;
    int64_t now = atomic_fetch_sub(&live, (int64_t)bytes) - (int64_t)bytes;
    if (now < atomic_load(&seen))
        atomic_store(&seen, now);
}

trine_status trine_memory_get(size_t bytes, void **memory)
{
    trine_status status = trine_memory_claim("memory", bytes);
    if (status)
        return status;
    void *got;
    if (bytes >= TRINE_LARGE_MEMORY) {
        got = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (got == MAP_FAILED) {
            trine_memory_settle(bytes);
            return trine_fail(TRINE_E_MEMORY, "mmap of %zu bytes: %s", bytes, strerror(errno));
        }
        /* Advice only: without huge pages all works, more slowly. */
        (void)madvise(got, bytes, MADV_HUGEPAGE);
    } else {
        got = aligned_alloc(ALIGNMENT, trine_round_up(bytes, ALIGNMENT));
        if (!got) {
            trine_memory_give_back(bytes);
            return trine_fail(TRINE_E_MEMORY, "no memory for %zu bytes", bytes);
        }
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
    trine_memory_give_back(bytes);
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
