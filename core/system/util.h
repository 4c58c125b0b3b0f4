/* core/system/util.h - the arithmetic of sizes. */
#ifndef TRINE_CORE_UTIL_H
#define TRINE_CORE_UTIL_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a thing that the caller describes, at most: more than memory has, and so few that some
 * hundreds of them, each rounded up, add up without a wrap. */
#define TRINE_MOST_BYTES ((size_t)PTRDIFF_MAX / 4096)

/* Bytes that no memory has; twice as many do not wrap. */
#define TRINE_NO_MEMORY ((size_t)PTRDIFF_MAX / 2)

/* Bytes of a line of the cache: what different workers write lies in different ones. */
enum { TRINE_CACHE_LINE = 64 };

static inline uint64_t trine_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t trine_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* n / unit, rounded up. unit > 0. */
static inline uint64_t trine_divide_up(uint64_t n, uint64_t unit)
{
    return n / unit + (n % unit != 0);
}

/* The multiple of unit at or above n. unit > 0. */
static inline uint64_t trine_round_up(uint64_t n, uint64_t unit)
{
    return trine_divide_up(n, unit) * unit;
}

/* Bytes of so many things, or TRINE_NO_MEMORY where they are more. */
static inline size_t trine_bytes_of(size_t count, size_t bytes)
{
    return bytes > 0 && count > TRINE_NO_MEMORY / bytes ? TRINE_NO_MEMORY : count * bytes;
}

/* Bytes in whole lines of the cache. */
static inline size_t trine_whole_lines(size_t bytes)
{
    return (size_t)trine_round_up(bytes, TRINE_CACHE_LINE);
}

#endif
