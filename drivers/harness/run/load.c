/* drivers/harness/run/load.c - see load.h. */
#include "drivers/harness/run/load.h"

#include <string.h>

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void load_avx512(const char *p, const char *end,
                                                           size_t prefetch)
{
    for (; p + 512 <= end; p += 512) {
        if (prefetch)
            for (int i = 0; i < 512; i += 64)
                __builtin_prefetch(p + prefetch + i, 0, 1);
        __asm__ volatile("vmovdqu64 (%0), %%zmm0\n\tvmovdqu64 64(%0), %%zmm1\n\t"
                         "vmovdqu64 128(%0), %%zmm2\n\tvmovdqu64 192(%0), %%zmm3\n\t"
                         "vmovdqu64 256(%0), %%zmm4\n\tvmovdqu64 320(%0), %%zmm5\n\t"
                         "vmovdqu64 384(%0), %%zmm6\n\tvmovdqu64 448(%0), %%zmm7"
                         :
                         : "r"(p)
                         : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                           "xmm7");
    }
}

__attribute__((target("avx"))) static void load_avx(const char *p, const char *end, size_t prefetch)
{
    for (; p + 256 <= end; p += 256) {
        if (prefetch)
            for (int i = 0; i < 256; i += 64)
                __builtin_prefetch(p + prefetch + i, 0, 1);
        __asm__ volatile("vmovdqu (%0), %%ymm0\n\tvmovdqu 32(%0), %%ymm1\n\t"
                         "vmovdqu 64(%0), %%ymm2\n\tvmovdqu 96(%0), %%ymm3\n\t"
                         "vmovdqu 128(%0), %%ymm4\n\tvmovdqu 160(%0), %%ymm5\n\t"
                         "vmovdqu 192(%0), %%ymm6\n\tvmovdqu 224(%0), %%ymm7"
                         :
                         : "r"(p)
                         : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                           "xmm7");
    }
}
#endif

static void load_words(const char *p, const char *end)
{
    for (; p + sizeof(size_t) <= end; p += sizeof(size_t)) {
        size_t word;
        memcpy(&word, p, sizeof word);
        /* Uses the word up, as far as the compiler can tell. */
        __asm__ volatile("" : : "r"(word));
    }
}

void load_memory(const void *p, size_t n, size_t prefetch)
{
    const char *first = p, *end = first + n;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        load_avx512(first, end, prefetch);
        return;
    }
    if (__builtin_cpu_supports("avx")) {
        load_avx(first, end, prefetch);
        return;
    }
#else
    (void)prefetch;
#endif
    load_words(first, end);
}
