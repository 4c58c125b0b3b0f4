/* core/tasks/queue/journal_version1.c - see journal_version1.h. */
#include "core/tasks/queue/journal_version1.h"

#include <pthread.h>
#include <string.h>

enum { BYTE = 256 };

static uint32_t table[BYTE];

static void fill_table(void)
{
    static const uint32_t polynomial = 0x82f63b78u;
    for (uint32_t i = 0; i < BYTE; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] & 1 ? table[i] >> 1 ^ polynomial : table[i] >> 1;
    }
}

uint32_t trine_journal1_crc(uint32_t before, const void *bytes, size_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const unsigned char *p = bytes;
    uint32_t crc = ~before;
    (void)pthread_once(&once, fill_table);
    for (size_t i = 0; i < n; i++)
        crc = crc >> 8 ^ table[(crc ^ p[i]) & 0xff];
    return ~crc;
}

/* Bytes in the order of a little-endian word, on any machine. */
static uint64_t word_at(const unsigned char part[8])
{
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--)
        word = word << 8 | part[i];
    return word;
}

uint64_t trine_journal1_hash(const void *bytes, size_t n, uint64_t seed)
{
    static const uint64_t m = 0xc6a4a7935bd1e995u;
    const unsigned char *p = bytes;
    uint64_t hash = seed ^ n * m;
    for (size_t left = n; left > 0;) {
        unsigned char part[8] = {0};
        size_t size = left < 8 ? left : 8;
        memcpy(part, p, size);
        uint64_t k = word_at(part);
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
