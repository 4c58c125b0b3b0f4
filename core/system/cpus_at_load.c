/* core/system/cpus_at_load.c - the process's affinity mask before any constructor runs.
 *
 * The dynamic linker calls the resolver of an ifunc while it relocates the object that the function
 * is in, which it does for all objects that it loads together before it calls the first of their
 * constructors (so does the start of a static program). A resolver must not call functions nor use
 * memory that is itself still to be relocated: it makes the system call on its own. Sanitizers
 * would put calls into it, and C libraries other than glibc have no ifunc: there a constructor
 * reads the mask, after those of the libraries that this one needs.
 */
#include "core/system/cpus.h"

#include <sys/syscall.h>

static trine_cpu_set at_load;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#if defined(__linux__) && defined(__GLIBC__) && !defined(SANITIZED) &&                             \
    (defined(__x86_64__) || defined(__aarch64__))

static inline void read_mask(void)
{
#if defined(__x86_64__)
    register long number __asm__("rax") = SYS_sched_getaffinity;
    register long thread __asm__("rdi") = 0;
    register long size __asm__("rsi") = sizeof at_load;
    register void *mask __asm__("rdx") = &at_load;
    __asm__ volatile("syscall"
                     : "+r"(number)
                     : "r"(thread), "r"(size), "r"(mask)
                     : "rcx", "r11", "memory");
#else
    register long number __asm__("x8") = SYS_sched_getaffinity;
    register long thread __asm__("x0") = 0;
    register long size __asm__("x1") = sizeof at_load;
    register void *mask __asm__("x2") = &at_load;
    __asm__ volatile("svc 0" : "+r"(thread) : "r"(number), "r"(size), "r"(mask) : "memory");
#endif
}

static const trine_cpu_set *mask_that_was_read(void)
{
    return &at_load;
}

__attribute__((used)) static const trine_cpu_set *(*resolve(void))(void)
{
    read_mask();
    return mask_that_was_read;
}

static const trine_cpu_set *resolved(void) __attribute__((ifunc("resolve")));

const trine_cpu_set *trine_cpus_at_load(void)
{
    return resolved();
}
#else
__attribute__((constructor)) static void read_mask(void)
{
    sched_getaffinity(0, sizeof at_load, at_load.part);
}

const trine_cpu_set *trine_cpus_at_load(void)
{
    return &at_load;
}
#endif
