/* core/system/valgrind.h - what valgrind's memcheck is told of memory: nothing is called and
 * nothing linked, a program that does not run under valgrind passes over the words.
 *
 * Its leak check reads all memory that a program may use, of a pool's range also what has no memory
 * behind it. Source: valgrind.h and memcheck.h of Valgrind, whose words for requests stay as they
 * are.
 */
#ifndef TRINE_CORE_VALGRIND_H
#define TRINE_CORE_VALGRIND_H

#include <stddef.h>
#include <stdint.h>

typedef enum trine_memcheck_word {
    TRINE_MEMCHECK_NO_ACCESS = 0x4d430000,
    TRINE_MEMCHECK_DEFINED = 0x4d430002
} trine_memcheck_word;

static inline void trine_memcheck(trine_memcheck_word word, const void *memory, size_t bytes)
{
    volatile uint64_t request[6] = {word, (uintptr_t)memory, bytes, 0, 0, 0};
#if defined(__x86_64__) && defined(__LP64__)
    uint64_t answer = 0;
    __asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi\n\trolq $61, %%rdi; rolq $51, %%rdi\n\t"
                     "xchgq %%rbx, %%rbx"
                     : "+d"(answer)
                     : "a"(request)
                     : "cc", "memory");
#elif defined(__aarch64__)
    register uint64_t answer __asm__("x3") = 0;
    register volatile uint64_t *words __asm__("x4") = request;
    __asm__ volatile(
        "ror x12, x12, #3; ror x12, x12, #13\n\tror x12, x12, #51; ror x12, x12, #61\n\t"
        "orr x10, x10, x10"
        : "+r"(answer)
        : "r"(words)
        : "cc", "memory");
#else
    (void)request;
#endif
}

#endif
