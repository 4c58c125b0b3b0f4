/* core/past_cache.c - non-temporal stores, of SSE2, which every x86-64 has: four of 16 bytes fill a
 * line as fast as memory takes it. */
#include "core/past_cache.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#if defined(__SSE2__)
#include <emmintrin.h>

enum { LINE = 64 };

/* What the last cache is taken to hold where the system does not say. */
static const size_t usual_cache = (size_t)32 << 20;

size_t trine_past_cache_least;

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

bool trine_past_cache_pays(size_t bytes)
{
    return bytes >= (trine_past_cache_least ? trine_past_cache_least : half_cache());
}

void trine_past_cache(void *to, const void *from, size_t bytes)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    size_t head = (size_t)(-(uintptr_t)out % LINE);
    if (head > bytes)
        head = bytes;
    memcpy(out, in, head);
    out += head, in += head, bytes -= head;
    for (; bytes >= LINE; bytes -= LINE, in += LINE, out += LINE) {
        __m128i a = _mm_loadu_si128((const __m128i *)in);
        __m128i b = _mm_loadu_si128((const __m128i *)in + 1);
        __m128i c = _mm_loadu_si128((const __m128i *)in + 2);
        __m128i d = _mm_loadu_si128((const __m128i *)in + 3);
        _mm_stream_si128((__m128i *)out, a);
        _mm_stream_si128((__m128i *)out + 1, b);
        _mm_stream_si128((__m128i *)out + 2, c);
        _mm_stream_si128((__m128i *)out + 3, d);
    }
    memcpy(out, in, bytes);
}

void trine_past_cache_end(void)
{
    _mm_sfence();
}
#else
size_t trine_past_cache_least;

bool trine_past_cache_pays(size_t bytes)
{
    (void)bytes;
    return false;
}

void trine_past_cache(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
}

void trine_past_cache_end(void)
{
}
#endif
