/* hash_reducer.h - a reduction whose merge is neither associative nor commutative: any partial that
 * meets another in the wrong order, or under other brackets, changes the result. */
#ifndef TRINE_HASH_REDUCER_H
#define TRINE_HASH_REDUCER_H

#include <trine/kernel.h>

/* state: hash of the elements so far, and how many; nothing is the merge's identity. */
typedef struct hash_state {
    uint64_t hash, n;
} hash_state;

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    uint64_t x = a * 0x9e3779b97f4a7c15u ^ (b + 0x7f4a7c15u) * 0xbf58476d1ce4e5b9u;
    return x ^ x >> 29;
}

/* Bits that belong to an index, in sequences of several kinds. */
static inline uint64_t random_bits(uint64_t i, uint64_t kind)
{
    return hash_mix(i + 1, kind * 1000003 + 17);
}

static inline void hash_init(void *state, const void *param)
{
    (void)param;
    *(hash_state *)state = (hash_state){0, 0};
}

static inline void hash_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    hash_state *s = state;
    const uint64_t *x = chunk->in[0];
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++)
        s->hash = hash_mix(s->hash + s->n + i, x[i] ^ (chunk->offset + i));
    s->n += chunk->n;
}

static inline void hash_merge(void *left, const void *right, const void *param)
{
    hash_state *l = left;
    const hash_state *r = right;
    (void)param;
    if (l->n && r->n)
        l->hash = hash_mix(l->hash, r->hash + 3 * l->n);
    else if (r->n)
        l->hash = r->hash;
    l->n += r->n;
}

static inline trine_status hash_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(hash_state *)result = *(const hash_state *)state;
    return TRINE_OK;
}

static const trine_reducer hash_reducer = {TRINE_INIT(trine_reducer),
                                           .name = "hash",
                                           .nin = 1,
                                           .in = {TRINE_U64},
                                           .state_size = sizeof(hash_state),
                                           .result_size = sizeof(hash_state),
                                           .init = hash_init,
                                           .accumulate = hash_accumulate,
                                           .merge = hash_merge,
                                           .finish = hash_finish};

#endif
