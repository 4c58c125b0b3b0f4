/* kernels/random/philox.h - Philox4x32-10 (Salmon, Moraes, Dror and Shaw, Parallel random numbers:
 * as easy as 1, 2, 3, SC11) on as many counters at once as a vector has 64-bit lanes.
 *
 * A lane holds one 32-bit word of a counter's state. The multiplication reads the lower halves
 * alone, so the upper ones may hold anything. */
#ifndef TRINE_KERNELS_PHILOX_H
#define TRINE_KERNELS_PHILOX_H

#include "kernels/simd/simd.h"

typedef uint64_t words __attribute__((vector_size(VECTOR)));

/* Counters at once: as many vectors as there are registers for, whose dependent steps overlap. */
enum { PHILOX_VECTORS = VECTOR == 64 ? 4 : 2, PHILOX_GROUP = PHILOX_VECTORS * WIDTH };

/* The products of the lanes' lower halves. */
TRINE_INLINE words words_multiply(words a, words b)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (words)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (words)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (words)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & UINT32_MAX) * (b & UINT32_MAX);
#endif
}

TRINE_INLINE words words_xor(words a, words b, words c)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (words)_mm512_ternarylogic_epi64((__m512i)a, (__m512i)b, (__m512i)c, 0x96);
#else
    return a ^ b ^ c;
#endif
}

/* The lanes' upper halves, with whatever above them. */
TRINE_INLINE words words_upper(words a)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    /* Not a shift: those have the unit that multiplies to share. */
    return (words)_mm512_shuffle_epi32((__m512i)a, _MM_PERM_DDBB);
#else
    return a >> 32;
#endif
}

/* a[0], b[0], a[1], b[1], ... */
TRINE_INLINE void words_store_pairs(uint64_t *out, words a, words b)
{
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    words low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    words high = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#elif defined(__AVX2__)
    words low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    words high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
#else
    words low = __builtin_shufflevector(a, b, 0, 2);
    words high = __builtin_shufflevector(a, b, 1, 3);
#endif
    memcpy(out, &low, sizeof low);
    memcpy(out + WIDTH, &high, sizeof high);
}

enum { PHILOX_ROUNDS = 10 };

/* The two words of each round's key, in every lane. */
typedef struct philox_keys {
    words k[PHILOX_ROUNDS][2];
} philox_keys;

TRINE_INLINE void philox_schedule(philox_keys *keys, uint64_t seed)
{
    for (uint64_t round = 0; round < PHILOX_ROUNDS; round++) {
        keys->k[round][0] = (seed + round * 0x9E3779B9) - (words){0};
        keys->k[round][1] = ((seed >> 32) + round * 0xBB67AE85) - (words){0};
    }
}

/* The 128 bits of PHILOX_GROUP counters from `counter` on, as pairs of 64, lower words first. */
TRINE_INLINE void philox_group(uint64_t *out, uint64_t counter, uint64_t stream,
                               const philox_keys *keys)
{
    static const uint64_t lanes[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    words c0[PHILOX_VECTORS], c1[PHILOX_VECTORS], c2[PHILOX_VECTORS], c3[PHILOX_VECTORS], lane;
    memcpy(&lane, lanes, sizeof lane);
    for (int g = 0; g < PHILOX_VECTORS; g++) {
        c0[g] = lane + (counter + (uint64_t)g * WIDTH);
        c1[g] = c0[g] >> 32;
        c2[g] = stream - (words){0};
        c3[g] = (stream >> 32) - (words){0};
    }
#pragma GCC unroll 10
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
#pragma GCC unroll 4
        for (int g = 0; g < PHILOX_VECTORS; g++) {
            words p0 = words_multiply(c0[g], UINT64_C(0xD2511F53) - (words){0});
            words p1 = words_multiply(c2[g], UINT64_C(0xCD9E8D57) - (words){0});
            c0[g] = words_xor(words_upper(p1), c1[g], keys->k[round][0]);
            c2[g] = words_xor(words_upper(p0), c3[g], keys->k[round][1]);
            c1[g] = p1;
            c3[g] = p0;
        }
    }
    for (int g = 0; g < PHILOX_VECTORS; g++)
        words_store_pairs(out + (size_t)g * 2 * WIDTH, (c0[g] & UINT32_MAX) | c1[g] << 32,
                          (c2[g] & UINT32_MAX) | c3[g] << 32);
}

#endif
