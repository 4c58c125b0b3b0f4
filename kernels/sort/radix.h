/* kernels/sort/radix.h - what sorting computes on contiguous elements: counting and moving them to
 * buckets between splitters, and sorting one bucket. core/sort/sort_local.c spreads it over
 * workers.
 *
 * Splitters s[0] < s[1] < ... cut the keys into buckets: bucket 2j holds the keys between s[j - 1]
 * and s[j], bucket 2j + 1 those equal to s[j], which need no sorting, however many they are. The
 * largest key of the type, which is NaN's, always is one (Sanders and Winkel, Super scalar sample
 * sort, ESA 2004).
 */
#ifndef TRINE_KERNELS_RADIX_H
#define TRINE_KERNELS_RADIX_H

#include <trine/types.h>

enum { TRINE_SPLITTER_LEVELS = 10, TRINE_SPLITTERS = 1 << TRINE_SPLITTER_LEVELS };

/* sorted[0 .. count): the splitters, up to the type's last key, which fills up the rest to
 * 2^levels. tree[1 .. 2^levels): all but the last of these in the order of a binary search, node i
 * above nodes 2i and 2i + 1. */
typedef struct trine_splitters {
    int levels;
    size_t count;
    uint64_t last;
    uint64_t sorted[TRINE_SPLITTERS], tree[TRINE_SPLITTERS];
} trine_splitters;

/* An element's key and its index. */
typedef struct trine_pair {
    uint64_t key, index;
} trine_pair;

/* The key of the element at x; the keys of n elements, as wide as they are; the largest key of the
 * type, which is NaN's. */
uint64_t trine_radix_key(trine_dtype dtype, const void *x);
void trine_radix_keys(trine_dtype dtype, const void *x, size_t n, void *keys);
uint64_t trine_radix_last(trine_dtype dtype);

/* Makes splitters at equal distances in a sample of keys, which is overwritten: at most 2^levels of
 * them and each once. samples is at least 1; spare: as many keys. */
void trine_splitters_make(trine_splitters *splitters, trine_dtype dtype, int levels,
                          uint64_t *sample, uint64_t *spare, size_t samples);

/* Buckets of these splitters, at most 2 * TRINE_SPLITTERS, and whether the keys of one are all
 * equal. Elements of the last bucket are moved as they are, others as keys. */
static inline size_t trine_buckets(const trine_splitters *splitters)
{
    return 2 * splitters->count;
}

static inline bool trine_bucket_is_even(size_t bucket)
{
    return bucket % 2 != 0;
}

/* Adds x[0 .. n) to the counts of its buckets. */
void trine_radix_count(const trine_splitters *splitters, trine_dtype dtype, const void *x, size_t n,
                       uint64_t count[]);

/* Bytes of scratch, aligned to 64, that moving takes. */
size_t trine_radix_move_scratch(const trine_splitters *splitters);

/* Moves x[0 .. n), as keys of the elements' width, to its buckets in `out`, which is aligned to 64:
 * first[bucket] is the position of the first element there. far: out is too large for caches. As
 * pairs: `index` is that of x[0]. */
void trine_radix_move(const trine_splitters *splitters, trine_dtype dtype, const void *x, size_t n,
                      const uint64_t first[], bool far, void *scratch, void *out);
void trine_radix_move_pairs(const trine_splitters *splitters, trine_dtype dtype, const void *x,
                            size_t n, uint64_t index, const uint64_t first[], bool far,
                            void *scratch, trine_pair *out);

/* Sorts n keys of the elements' width, none of them NaN's, and turns them into elements at out.
 * scratch: 2n elements. No two of the three overlap. */
void trine_radix_sort(trine_dtype dtype, const void *keys, size_t n, void *out, void *scratch);

/* Turns n keys, none of them NaN's, into elements at out. */
void trine_radix_elements(trine_dtype dtype, const void *keys, size_t n, void *out);

/* A key to compare with. flip: 0 for ascending order; the type's last key for descending, in which
 * keys are taken with all their bits turned. */
typedef struct trine_bound {
    uint64_t key, flip;
} trine_bound;

/* How many of x[0 .. n) come before the bound, and how many are at it: count[0] and count[1]. */
void trine_radix_compare(trine_dtype dtype, const void *x, size_t n, trine_bound bound,
                         uint64_t count[2]);

/* Writes the pairs of the elements of x[0 .. n) before the bound and of the first `equal` at it, in
 * order; `index` is that of x[0]. Keys are flipped. */
void trine_radix_take(trine_dtype dtype, const void *x, size_t n, uint64_t index, trine_bound bound,
                      uint64_t equal, trine_pair *pairs);

/* The element of that key, at x; for NaN's the one NaN. */
void trine_radix_element(trine_dtype dtype, uint64_t key, void *x);

/* Sorts n pairs by their keys, stable. */
void trine_radix_sort_pairs(const trine_pair *pairs, size_t n, trine_pair *out, trine_pair *spare);

#endif
