/* kernels/simd/groups.h - groups of 8 elements, which scans go by: so many vectors of any width.
 *
 * Within a group a scan doubles its reach: x[i] + x[i - 1], then + [i - 2], then + [i - 4] (Hillis
 * and Steele, Data parallel algorithms, CACM 29 (1986)). What lies before the group is the carry.
 * So every vector width computes the same.
 */
#ifndef TRINE_KERNELS_GROUPS_H
#define TRINE_KERNELS_GROUPS_H

#include <trine/kernel.h>

#include "kernels/simd/lanes.h"
#include "kernels/simd/non_temporal.h"

enum { OCTET = 8, PARTS = OCTET / WIDTH };

/* From element first of the pair a, b on, as many as a vector holds. */
#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define PAIR_FROM_7(a, b) __builtin_shufflevector(a, b, 7, 8, 9, 10, 11, 12, 13, 14)
#define PAIR_FROM_6(a, b) __builtin_shufflevector(a, b, 6, 7, 8, 9, 10, 11, 12, 13)
#define PAIR_FROM_4(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 8, 9, 10, 11)
TRINE_INLINE vec vec_behind(vec before, vec x, int by)
{
    return by == 1   ? PAIR_FROM_7(before, x)
           : by == 2 ? PAIR_FROM_6(before, x)
                     : PAIR_FROM_4(before, x);
}
#elif defined(__AVX2__)
TRINE_INLINE vec vec_behind(vec before, vec x, int by)
{
    return by == 1 ? __builtin_shufflevector(before, x, 3, 4, 5, 6)
                   : __builtin_shufflevector(before, x, 2, 3, 4, 5);
}
#else
TRINE_INLINE vec vec_behind(vec before, vec x, int by)
{
    (void)by;
    return __builtin_shufflevector(before, x, 1, 2);
}
#endif

/* Vector k of the group, `none` before its beginning. The remainder bounds the index also where a
 * compiler unrolls a loop over k further than it goes. */
TRINE_INLINE vec vector_of(const vec group[PARTS], int k, vec none)
{
    return k >= 0 ? group[(unsigned)k % PARTS] : none;
}

/* Vector k of the group as it was `by` elements earlier; `none` before its beginning. */
TRINE_INLINE vec behind(const vec group[PARTS], int k, int by, vec none)
{
    int whole = k - by / WIDTH, part = by % WIDTH;
    vec last = vector_of(group, whole, none), before = vector_of(group, whole - 1, none);
    return part == 0 ? last : vec_behind(before, last, part);
}

TRINE_INLINE vec last_of(const vec group[PARTS])
{
    return vec_of(group[PARTS - 1][WIDTH - 1]);
}

/* The group's elements from x[i], `none` for those from x[n] on. */
TRINE_INLINE void group_load(vec group[PARTS], const void *x, size_t i, size_t n, bool single,
                             double none)
{
    double some[OCTET];
    if (i + OCTET <= n) {
#pragma GCC unroll 4
        for (int k = 0; k < PARTS; k++)
            group[k] = load_at(x, i + (size_t)k * WIDTH, single);
        return;
    }
    for (size_t k = 0; k < OCTET; k++)
        some[k] = i + k < n ? element_at(x, i + k, single) : none;
    for (int k = 0; k < PARTS; k++)
        group[k] = vec_load(some + k * WIDTH);
}

/* A group of what is read next, into the second cache. */
TRINE_INLINE void group_ahead(const void *next, size_t i, bool single)
{
    if (next)
        __builtin_prefetch((const char *)next + i * (single ? sizeof(float) : sizeof(double)), 0,
                           2);
}

/* Whether this chunk's results may go past the caches. */
TRINE_INLINE bool may_store_non_temporal(const trine_chunk *chunk, unsigned flags)
{
    return flags & TRINE_SCAN_NON_TEMPORAL && (uintptr_t)chunk->out[0] % VECTOR == 0;
}

/* The group's results to out[i], as floats when `narrow`, but none from out[n] on. */
TRINE_INLINE void group_store(const vec group[PARTS], void *out, size_t i, size_t n, bool narrow,
                              bool non_temporal)
{
    double some[OCTET];
    if (i + OCTET > n) {
        memcpy(some, group, sizeof some);
        for (size_t k = 0; i + k < n; k++)
            if (narrow)
                ((float *)out)[i + k] = (float)some[k];
            else
                ((double *)out)[i + k] = some[k];
        return;
    }
#pragma GCC unroll 4
    for (int k = 0; k < PARTS; k++) {
        size_t at = i + (size_t)k * WIDTH;
        fvec floats = __builtin_convertvector(group[k], fvec);
        if (narrow && non_temporal)
            nt_store_fvec((float *)out + at, floats);
        else if (narrow)
            memcpy((float *)out + at, &floats, sizeof floats);
        else if (non_temporal)
            nt_store_vec((double *)out + at, group[k]);
        else
            memcpy((double *)out + at, &group[k], sizeof group[k]);
    }
}

#endif
