/* kernels/simd/wide.h - integers of a fixed number of 64-bit words, lowest first, in two's
 * complement: arithmetic modulo 2^(64 words). */
#ifndef TRINE_KERNELS_WIDE_H
#define TRINE_KERNELS_WIDE_H

#include "kernels/exact/bigint.h"
#include "kernels/simd/simd.h"

TRINE_INLINE void wide_add(uint64_t sum[], const uint64_t a[], int words)
{
    uint64_t carry = 0;
    for (int i = 0; i < words; i++) {
        uint128 word = (uint128)sum[i] + a[i] + carry;
        sum[i] = (uint64_t)word;
        carry = (uint64_t)(word >> 64);
    }
}

/* sum += value 2^(64 at) */
TRINE_INLINE void wide_add_at(uint64_t sum[], int at, uint128 value, int words)
{
    for (int i = at; i < words && value != 0; i++) {
        uint128 word = (uint128)sum[i] + (uint64_t)value;
        sum[i] = (uint64_t)word;
        value = (value >> 64) + (uint64_t)(word >> 64);
    }
}

/* sum += factor a, or sum -= factor a. */
TRINE_INLINE void wide_add_multiple(uint64_t sum[], const uint64_t a[], uint64_t factor,
                                    bool negative, int words)
{
    uint64_t carry = 0, flip = negative ? UINT64_MAX : 0, one = negative;
    for (int i = 0; i < words; i++) {
        uint128 product = (uint128)a[i] * factor + carry;
        carry = (uint64_t)(product >> 64);
        uint128 word = (uint128)sum[i] + ((uint64_t)product ^ flip) + one;
        sum[i] = (uint64_t)word;
        one = (uint64_t)(word >> 64);
    }
}

TRINE_INLINE void wide_multiply(uint64_t product[], const uint64_t a[], const uint64_t b[],
                                int words)
{
    memset(product, 0, (size_t)words * sizeof *product);
    for (int i = 0; i < words; i++)
        if (a[i] != 0)
            wide_add_multiple(product + i, b, a[i], false, words - i);
}

TRINE_INLINE bool wide_negative(const uint64_t a[], int words)
{
    return a[words - 1] >> 63;
}

TRINE_INLINE bool wide_is_zero(const uint64_t a[], int words)
{
    uint64_t all = 0;
    for (int i = 0; i < words; i++)
        all |= a[i];
    return all == 0;
}

TRINE_INLINE void wide_bigint(bigint *n, const uint64_t a[], int words)
{
    int64_t digit[BIGINT_DIGITS];
    for (int i = 0; i < words; i++) {
        digit[2 * i] = (uint32_t)a[i];
        digit[2 * i + 1] = i < words - 1 ? (int64_t)(a[i] >> 32) : (int64_t)a[i] >> 32;
    }
    trine_bigint_from_words(n, digit, 0, 2 * words - 1, 0);
}

#endif
