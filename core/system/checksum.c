/* core/system/checksum.c - see checksum.h.
 *
 * The CRC takes eight bytes at a time from eight tables: M. E. Kounavis, F. L. Berry, "Novel
 * Table Lookup-Based Algorithms for High-Performance CRC Generation", IEEE Transactions on
 * Computers 57 (2008). The tables are filled once, at the first use. */
#include "core/system/checksum.h"

#include <pthread.h>
#include <string.h>

enum { SLICES = 8, BYTE = 256 };

static uint32_t slice[SLICES][BYTE];

static void fill_slices(void)
{
    static const uint32_t polynomial = 0x82f63b78u;
    for (uint32_t i = 0; i < BYTE; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
        slice[0][i] = crc;
    }
    for (int s = 1; s < SLICES; s++)
        for (uint32_t i = 0; i < BYTE; i++)
            slice[s][i] = slice[s - 1][i] >> 8 ^ slice[0][slice[s - 1][i] & 0xff];
}

/* Bytes in the order of a little-endian word, on any machine. */
static uint32_t word_at(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t trine_crc32c(uint32_t before, const void *bytes, size_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const unsigned char *p = bytes;
    uint32_t crc = ~before;
    (void)pthread_once(&once, fill_slices);
    for (; n >= 8; n -= 8, p += 8) {
        uint32_t low = crc ^ word_at(p), high = word_at(p + 4);
        crc = slice[7][low & 0xff] ^ slice[6][low >> 8 & 0xff] ^ slice[5][low >> 16 & 0xff] ^
              slice[4][low >> 24] ^ slice[3][high & 0xff] ^ slice[2][high >> 8 & 0xff] ^
              slice[1][high >> 16 & 0xff] ^ slice[0][high >> 24];
    }
    for (; n > 0; n--, p++)
        crc = crc >> 8 ^ slice[0][(crc ^ *p) & 0xff];
    return ~crc;
}

uint64_t trine_hash(const void *bytes, size_t n, uint64_t seed)
{
    static const uint64_t m = 0xc6a4a7935bd1e995u;
    const unsigned char *p = bytes;
    uint64_t hash = seed ^ n * m;
    for (size_t left = n; left > 0;) {
        unsigned char part[8] = {0};
        size_t size = left < 8 ? left : 8;
        memcpy(part, p, size);
        uint64_t k = word_at(part) | (uint64_t)word_at(part + 4) << 32;
        if (size == 8) {
            k *= m;
            k ^= k >> 47;
            k *= m;
        }
        hash = (hash ^ k) * m;
        p += size;
        left -= size;
    }
    hash ^= hash >> 47;
    hash *= m;
    return hash ^ hash >> 47;
}
