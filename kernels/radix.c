/* kernels/radix.c - buckets between splitters, and stable radix sorts of one bucket.
 *
 * Elements come in blocks: their keys, then the buckets of all keys of the block, a level of the
 * splitters' tree at a time without a branch, then the counting or moving.
 */
#include "kernels/radix.h"

#include "kernels/order.h"

enum { BLOCK = 512, TOGETHER = 8 };

/* Items that are sorted by rank, items that a piece should have, and pieces of one round. */
enum { FEW = 16, PIECE = 4, LEAST_BITS = 3, MOST_BITS = 11, PIECES = 1 << MOST_BITS };

/* (key - least) >> shift, below `pieces`. */
typedef struct digit {
    int shift;
    size_t pieces;
} digit;

static int bits_of(uint64_t x)
{
    return x ? 64 - __builtin_clzll(x) : 0;
}

static digit choose_digit(uint64_t least, uint64_t most, size_t n)
{
    int bits = bits_of(n / PIECE), range = bits_of(most - least);
    bits = bits < LEAST_BITS ? LEAST_BITS : bits > MOST_BITS ? MOST_BITS : bits;
    int shift = range > bits ? range - bits : 0;
    return (digit){shift, (size_t)((most - least) >> shift) + 1};
}

#define ITEM trine_bits64
#define KEY uint64_t
#define KEY_OF(item) (item)
#define SUFFIX 64
#include "kernels/radix_body.h"

#define ITEM trine_bits32
#define KEY uint32_t
#define KEY_OF(item) (item)
#define SUFFIX 32
#include "kernels/radix_body.h"

#define ITEM trine_bits16
#define KEY uint16_t
#define KEY_OF(item) (item)
#define SUFFIX 16
#include "kernels/radix_body.h"

#define ITEM trine_bits8
#define KEY uint8_t
#define KEY_OF(item) (item)
#define SUFFIX 8
#include "kernels/radix_body.h"

#define ITEM trine_pair
#define KEY uint64_t
#define KEY_OF(item) (item).key
#define SUFFIX pair
#include "kernels/radix_body.h"

static size_t width_of(trine_dtype dtype)
{
    return (size_t)bits_of(trine_last_key(dtype)) / 8;
}

uint64_t trine_key(trine_dtype dtype, const void *x)
{
    uint64_t key = 0;
    trine_keys(dtype, x, 1, &key);
    return key;
}

/* Puts the splitters of node i, and of those below it, which are sorted[first .. first + count). */
static void plant(trine_splitters *s, size_t node, size_t first, size_t count)
{
    if (count == 0)
        return;
    s->tree[node] = s->sorted[first + count / 2];
    plant(s, 2 * node, first, count / 2);
    plant(s, 2 * node + 1, first + count / 2 + 1, count / 2);
}

void trine_splitters_make(trine_splitters *s, trine_dtype dtype, int levels, uint64_t *sample,
                          uint64_t *spare, size_t samples)
{
    size_t wanted = (size_t)1 << levels, count = 0;
    s->last = trine_last_key(dtype);
    sort_here_64(sample, samples, spare);
    for (size_t i = 1; i < wanted && samples > 0; i++) {
        uint64_t key = sample[i * samples / wanted];
        if (key < s->last && (count == 0 || key > s->sorted[count - 1]))
            s->sorted[count++] = key;
    }
    s->levels = bits_of(count);
    s->count = count + 1;
    for (size_t i = count; i < (size_t)1 << s->levels; i++)
        s->sorted[i] = s->last;
    plant(s, 1, 0, ((size_t)1 << s->levels) - 1);
}

/* The buckets of BLOCK keys. */
static void find_buckets(const trine_splitters *s, const uint64_t key[BLOCK],
                         uint16_t bucket[BLOCK])
{
    const uint32_t leaves = (uint32_t)1 << s->levels;
    for (size_t i = 0; i < BLOCK; i += TOGETHER) {
        uint32_t node[TOGETHER];
        for (int k = 0; k < TOGETHER; k++)
            node[k] = 1;
        for (int level = 0; level < s->levels; level++)
#pragma GCC unroll 8
            for (int k = 0; k < TOGETHER; k++)
                node[k] = 2 * node[k] + (s->tree[node[k]] < key[i + (size_t)k]);
#pragma GCC unroll 8
        for (int k = 0; k < TOGETHER; k++) {
            uint32_t j = node[k] - leaves;
            bucket[i + (size_t)k] = (uint16_t)(2 * j + (s->sorted[j] == key[i + (size_t)k]));
        }
    }
}

/* Elements x[i .. i + BLOCK) of n at most: their keys and buckets. */
static size_t take_block(const trine_splitters *s, trine_dtype dtype, const void *x, size_t n,
                         uint64_t key[BLOCK], uint16_t bucket[BLOCK])
{
    size_t count = n < BLOCK ? n : BLOCK;
    trine_keys(dtype, x, count, key);
    for (size_t k = count; k < BLOCK; k++)
        key[k] = 0;
    find_buckets(s, key, bucket);
    return count;
}

void trine_radix_count(const trine_splitters *s, trine_dtype dtype, const void *x, size_t n,
                       uint64_t count[])
{
    uint64_t key[BLOCK];
    uint16_t bucket[BLOCK];
    const size_t width = width_of(dtype);
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t taken =
            take_block(s, dtype, (const unsigned char *)x + i * width, n - i, key, bucket);
        for (size_t k = 0; k < taken; k++)
            count[bucket[k]]++;
    }
}

#define MOVE(bits)                                                                                 \
    static inline void move_##bits(const uint64_t key[], const uint16_t bucket[], size_t n,        \
                                   uint64_t last, const trine_bits##bits *x, uint64_t next[],      \
                                   trine_bits##bits *out)                                          \
    {                                                                                              \
        for (size_t k = 0; k < n; k++)                                                             \
            out[next[bucket[k]]++] = key[k] == last ? x[k] : (trine_bits##bits)key[k];             \
    }

MOVE(64)
MOVE(32)
MOVE(16)
MOVE(8)

void trine_radix_move(const trine_splitters *s, trine_dtype dtype, const void *x, size_t n,
                      uint64_t next[], void *out)
{
    uint64_t key[BLOCK];
    uint16_t bucket[BLOCK];
    const size_t width = width_of(dtype);
    for (size_t i = 0; i < n; i += BLOCK) {
        const void *from = (const unsigned char *)x + i * width;
        size_t taken = take_block(s, dtype, from, n - i, key, bucket);
        switch (width) {
        case 8:
            move_64(key, bucket, taken, s->last, from, next, out);
            break;
        case 4:
            move_32(key, bucket, taken, s->last, from, next, out);
            break;
        case 2:
            move_16(key, bucket, taken, s->last, from, next, out);
            break;
        default:
            move_8(key, bucket, taken, s->last, from, next, out);
        }
    }
}

void trine_radix_move_pairs(const trine_splitters *s, trine_dtype dtype, const void *x, size_t n,
                            uint64_t first, uint64_t next[], trine_pair *out)
{
    uint64_t key[BLOCK];
    uint16_t bucket[BLOCK];
    const size_t width = width_of(dtype);
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t taken =
            take_block(s, dtype, (const unsigned char *)x + i * width, n - i, key, bucket);
        for (size_t k = 0; k < taken; k++)
            out[next[bucket[k]]++] = (trine_pair){key[k], first + i + k};
    }
}

void trine_radix_sort(trine_dtype dtype, const void *keys, size_t n, void *out, void *spare)
{
    switch (width_of(dtype)) {
    case 8:
        sort_items_64(keys, n, out, spare);
        break;
    case 4:
        sort_items_32(keys, n, out, spare);
        break;
    case 2:
        sort_items_16(keys, n, out, spare);
        break;
    default:
        sort_items_8(keys, n, out, spare);
    }
    trine_elements(dtype, out, n);
}

void trine_radix_elements(trine_dtype dtype, const void *keys, size_t n, void *out)
{
    memcpy(out, keys, n * width_of(dtype));
    trine_elements(dtype, out, n);
}

void trine_radix_sort_pairs(const trine_pair *pairs, size_t n, trine_pair *out, trine_pair *spare)
{
    sort_items_pair(pairs, n, out, spare);
}
