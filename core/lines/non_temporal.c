/* core/lines/non_temporal.c - non-temporal stores. Four of SSE2, which every x86-64 has, fill a
 * line as fast as memory takes it; one of AVX-512 takes less of the queue of stores, so that the
 * next piece is computed meanwhile. */
#include "core/lines/non_temporal.h"

#include <stdint.h>
#include <string.h>
#include <trine/kernel.h>
#include <unistd.h>

#if defined(__SSE2__)
#include <immintrin.h>

enum { LINE = 64 };

/* What the last cache is taken to hold where the system does not say. */
static const size_t usual_cache = (size_t)32 << 20;

size_t trine_non_temporal_min;

/* Half the last cache: measured on one Xeon, where copy and fill gain from there on. Threads that
 * meet here store the same value. */
static size_t half_cache(void)
{
    static _Atomic size_t known;
    if (known == 0) {
        long bytes = 0;
#if defined(_SC_LEVEL3_CACHE_SIZE)
        bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
        known = (bytes > 0 ? (size_t)bytes : usual_cache) / 2;
    }
    return known;
}

bool trine_non_temporal_pays(size_t bytes)
{
    return bytes >= (trine_non_temporal_min ? trine_non_temporal_min : half_cache());
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void
copy_lines_avx512(unsigned char *out, const unsigned char *in, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += LINE)
        _mm512_stream_si512((void *)(out + i), _mm512_loadu_si512((const void *)(in + i)));
}

/* As the kernels, so that what TRINE_ISA says holds for all. */
static bool use_avx512(void)
{
    enum { UNKNOWN, NO, YES };
    static _Atomic int known = UNKNOWN;
    if (known == UNKNOWN)
        known = strcmp(trine_isa(), "avx512") == 0 ? YES : NO;
    return known == YES;
}
#endif

static void copy_lines(unsigned char *out, const unsigned char *in, size_t bytes)
{
#if defined(__x86_64__)
    if (use_avx512()) {
        copy_lines_avx512(out, in, bytes);
        return;
    }
#endif
    for (size_t i = 0; i < bytes; i += LINE)
        for (size_t k = i; k < i + LINE; k += 16)
            _mm_stream_si128((__m128i *)(out + k), _mm_loadu_si128((const __m128i *)(in + k)));
}

void trine_non_temporal(void *to, const void *from, size_t bytes)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    size_t head = (size_t)(-(uintptr_t)out % LINE);
    if (head > bytes)
        head = bytes;
    size_t lines = (bytes - head) / LINE * LINE, tail = bytes - head - lines;
    memcpy(out, in, head);
    copy_lines(out + head, in + head, lines);
    memcpy(out + head + lines, in + head + lines, tail);
}

void trine_non_temporal_end(void)
{
    _mm_sfence();
}
#else
size_t trine_non_temporal_min;

bool trine_non_temporal_pays(size_t bytes)
{
    (void)bytes;
    return false;
}

void trine_non_temporal(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
}

void trine_non_temporal_end(void)
{
}
#endif
