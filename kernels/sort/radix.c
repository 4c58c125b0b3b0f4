/* kernels/sort/radix.c - buckets between splitters, and stable radix sorts of one bucket.
 *
 * Elements come in blocks: their keys, then the buckets of all keys of the block, a level of the
 * splitters' tree at a time without a branch, then the counting or moving. Moved elements gather in
 * a cache line for each bucket, and full lines go past the caches when the whole is too large for
 * them (Satish and others, Fast sort on CPUs and GPUs, SIGMOD 2010).
 */
#include "kernels/sort/radix.h"

#include <math.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "kernels/sort/radix_keys.h"

enum { BLOCK = 512, TOGETHER = 8, LINE = 64 };

/* Items that insertion puts in order; pieces of one round; how many times longer than the mean a
 * piece is to be looked at. */
enum { FEW = 16, MIN_BITS = 3, MAX_BITS = 11, PIECES = 1 << MAX_BITS, LONG = 4 };

typedef struct range {
    uint64_t least, most;
} range;

/* (key - least) >> shift, below `pieces`. */
typedef struct digit {
    uint64_t least;
    int shift;
    size_t pieces;
} digit;

/* Where moved elements go. next: position of the bucket's next element, begin: of its first; lines:
 * the line that is filled up, one a bucket. last: NaN's key. far: full lines go past the caches. */
typedef struct move {
    size_t buckets;
    uint64_t last;
    uint64_t *next, *begin;
    unsigned char *lines;
    bool far;
} move;

static void write_far(void *to, const void *line)
{
#if defined(__SSE2__)
    for (int i = 0; i < LINE / 16; i++)
        _mm_stream_si128((__m128i *)to + i, _mm_load_si128((const __m128i *)line + i));
#else
    memcpy(to, line, LINE);
#endif
}

/* Lines that went past the caches are seen by others before anything that comes after. */
static void settle_far(void)
{
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

static int bits_of(uint64_t x)
{
    return x ? 64 - __builtin_clzll(x) : 0;
}

static digit choose_digit(range r, size_t n)
{
    int all = bits_of(n - 1), rounds = (all + MAX_BITS - 1) / MAX_BITS;
    int bits = (all + rounds - 1) / rounds, width = bits_of(r.most - r.least);
    bits = bits < MIN_BITS ? MIN_BITS : bits;
    int shift = width > bits ? width - bits : 0;
    return (digit){r.least, shift, (size_t)((r.most - r.least) >> shift) + 1};
}

static range range_of_piece(digit d, size_t k)
{
    uint64_t least = d.least + ((uint64_t)k << d.shift);
    return (range){least, least + (((uint64_t)1 << d.shift) - 1)};
}

#define ITEM trine_bits64
#define KEY uint64_t
#define KEY_OF(item) (item)
#define ITEM_AT(i) (key[i] == m->last ? x[i] : (ITEM)key[i])
#define SUFFIX 64
#include "kernels/sort/radix_body.h"

#define ITEM trine_bits32
#define KEY uint32_t
#define KEY_OF(item) (item)
#define ITEM_AT(i) (key[i] == m->last ? x[i] : (ITEM)key[i])
#define SUFFIX 32
#include "kernels/sort/radix_body.h"

#define ITEM trine_bits16
#define KEY uint16_t
#define KEY_OF(item) (item)
#define ITEM_AT(i) (key[i] == m->last ? x[i] : (ITEM)key[i])
#define SUFFIX 16
#include "kernels/sort/radix_body.h"

#define ITEM trine_bits8
#define KEY uint8_t
#define KEY_OF(item) (item)
#define ITEM_AT(i) (key[i] == m->last ? x[i] : (ITEM)key[i])
#define SUFFIX 8
#include "kernels/sort/radix_body.h"

#define ITEM trine_pair
#define KEY uint64_t
#define KEY_OF(item) (item).key
#define ITEM_AT(i) ((ITEM){key[i], index + (i)})
#define SUFFIX pair
#include "kernels/sort/radix_body.h"

/* Calls the function of that width. */
#define BY_WIDTH(width, function, arguments)                                                       \
    switch (width) {                                                                               \
    case 8:                                                                                        \
        function##64 arguments;                                                                    \
        break;                                                                                     \
    case 4:                                                                                        \
        function##32 arguments;                                                                    \
        break;                                                                                     \
    case 2:                                                                                        \
        function##16 arguments;                                                                    \
        break;                                                                                     \
    default:                                                                                       \
        function##8 arguments;                                                                     \
    }

static size_t width_of(trine_dtype dtype)
{
    return (size_t)bits_of(trine_last_key(dtype)) / 8;
}

uint64_t trine_radix_key(trine_dtype dtype, const void *x)
{
    uint64_t key = 0;
    trine_keys(dtype, x, 1, &key);
    return key;
}

void trine_radix_keys(trine_dtype dtype, const void *x, size_t n, void *keys)
{
    trine_narrow_keys(dtype, x, n, keys);
}

uint64_t trine_radix_last(trine_dtype dtype)
{
    return trine_last_key(dtype);
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
    sort_64(sample, samples, spare, sample);
    for (size_t i = 1; i < wanted; i++) {
        uint64_t key = spare[i * samples / wanted];
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
    const size_t leaves = (size_t)1 << s->levels;
    for (size_t i = 0; i < BLOCK; i += TOGETHER) {
        size_t node[TOGETHER];
        for (int k = 0; k < TOGETHER; k++)
            node[k] = 1;
        for (int level = 0; level < s->levels; level++)
#pragma GCC unroll 8
            for (int k = 0; k < TOGETHER; k++)
                node[k] = node[k] + node[k] + (s->tree[node[k]] < key[i + (size_t)k]);
#pragma GCC unroll 8
        for (int k = 0; k < TOGETHER; k++) {
            size_t j = node[k] - leaves;
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

/* What moving keeps of each bucket: its line, its next and its first position. */
enum { KEPT = LINE + 2 * sizeof(uint64_t) };

size_t trine_radix_move_scratch(const trine_splitters *s)
{
    return trine_buckets(s) * KEPT;
}

static move begin_move(const trine_splitters *s, const uint64_t first[], bool far, void *scratch)
{
    move m = {.buckets = trine_buckets(s), .last = s->last, .lines = scratch, .far = far};
    m.next = (uint64_t *)(void *)(m.lines + m.buckets * LINE);
    m.begin = m.next + m.buckets;
    memcpy(m.next, first, m.buckets * sizeof *first);
    memcpy(m.begin, first, m.buckets * sizeof *first);
    return m;
}

void trine_radix_move(const trine_splitters *s, trine_dtype dtype, const void *x, size_t n,
                      const uint64_t first[], bool far, void *scratch, void *out)
{
    uint64_t key[BLOCK];
    uint16_t bucket[BLOCK];
    const size_t width = width_of(dtype);
    const move m = begin_move(s, first, far, scratch);
    for (size_t i = 0; i < n; i += BLOCK) {
        const void *from = (const unsigned char *)x + i * width;
        size_t taken = take_block(s, dtype, from, n - i, key, bucket);
        BY_WIDTH(width, move_, (&m, key, bucket, taken, from, 0, out));
    }
    BY_WIDTH(width, move_rest_, (&m, out));
    settle_far();
}

void trine_radix_move_pairs(const trine_splitters *s, trine_dtype dtype, const void *x, size_t n,
                            uint64_t index, const uint64_t first[], bool far, void *scratch,
                            trine_pair *out)
{
    uint64_t key[BLOCK];
    uint16_t bucket[BLOCK];
    const size_t width = width_of(dtype);
    const move m = begin_move(s, first, far, scratch);
    for (size_t i = 0; i < n; i += BLOCK) {
        const void *from = (const unsigned char *)x + i * width;
        size_t taken = take_block(s, dtype, from, n - i, key, bucket);
        move_pair(&m, key, bucket, taken, NULL, index + i, out);
    }
    move_rest_pair(&m, out);
    settle_far();
}

void trine_radix_sort(trine_dtype dtype, const void *keys, size_t n, void *out, void *scratch)
{
    const size_t width = width_of(dtype);
    void *spare = (unsigned char *)scratch + n * width;
    BY_WIDTH(width, sort_, (keys, n, scratch, spare));
    trine_elements(dtype, scratch, n, out);
}

void trine_radix_elements(trine_dtype dtype, const void *keys, size_t n, void *out)
{
    trine_elements(dtype, keys, n, out);
}

enum { KEYS = 256 };

/* Up to KEYS flipped keys of x[first .. n); how many. */
static size_t flipped_keys(trine_dtype dtype, const void *x, size_t first, size_t n, uint64_t flip,
                           uint64_t keys[KEYS])
{
    size_t count = n - first < KEYS ? n - first : KEYS;
    trine_keys(dtype, (const char *)x + first * trine_key_size(dtype), count, keys);
    for (size_t i = 0; i < count; i++)
        keys[i] ^= flip;
    return count;
}

void trine_radix_compare(trine_dtype dtype, const void *x, size_t n, trine_bound bound,
                         uint64_t count[2])
{
    uint64_t keys[KEYS] = {0}, before = 0, equal = 0;
    for (size_t first = 0; first < n; first += KEYS) {
        size_t some = flipped_keys(dtype, x, first, n, bound.flip, keys);
        for (size_t i = 0; i < some; i++) {
            before += keys[i] < bound.key;
            equal += keys[i] == bound.key;
        }
    }
    count[0] = before;
    count[1] = equal;
}

void trine_radix_take(trine_dtype dtype, const void *x, size_t n, uint64_t index, trine_bound bound,
                      uint64_t equal, trine_pair *pairs)
{
    uint64_t keys[KEYS] = {0};
    for (size_t first = 0; first < n; first += KEYS) {
        size_t some = flipped_keys(dtype, x, first, n, bound.flip, keys);
        for (size_t i = 0; i < some; i++) {
            bool at = keys[i] == bound.key && equal > 0;
            if (keys[i] < bound.key || at)
                *pairs++ = (trine_pair){keys[i], index + first + i};
            equal -= at;
        }
    }
}

void trine_radix_element(trine_dtype dtype, uint64_t key, void *x)
{
    const double nan = NAN;
    const float narrow_nan = NAN;
    if (key == trine_last_key(dtype) && (dtype == TRINE_F64 || dtype == TRINE_F32)) {
        if (dtype == TRINE_F64)
            memcpy(x, &nan, sizeof nan);
        else
            memcpy(x, &narrow_nan, sizeof narrow_nan);
        return;
    }
    switch (dtype) {
#define ELEMENT(constant, suffix, bits)                                                            \
    case constant:                                                                                 \
        *(trine_bits##bits *)x = trine_element_##suffix((uint##bits##_t)key);                      \
        break;
        TRINE_ORDERS(ELEMENT)
#undef ELEMENT
    default:
        break;
    }
}

void trine_radix_sort_pairs(const trine_pair *pairs, size_t n, trine_pair *out, trine_pair *spare)
{
    sort_pair(pairs, n, out, spare);
}
