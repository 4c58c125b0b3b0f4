/* kernels/reduce/top.c - the k first elements in ascending or descending order, and their indices.
 *
 * A partial is a heap of the k first pairs of a key and an index so far, the last of them on top,
 * so that most elements are passed over by one comparison (D. E. Knuth, The Art of Computer
 * Programming 3, section 5.2.3). Keys are those of sorts, their complements for descending order;
 * of equal keys the lowest index is first.
 */
#include "kernels/registry/isa.h"
#include "kernels/sort/radix.h"
#include "kernels/sort/radix_keys.h"
#include "kernels/simd/simd.h"

enum { BLOCK = 64 };

typedef struct heap {
    uint64_t count;
    trine_pair pair[];
} heap;

static bool precedes(trine_pair a, trine_pair b)
{
    return a.key < b.key || (a.key == b.key && a.index < b.index);
}

/* Puts `pair` where the heap has a hole at i, and only its children may come after it. */
static void sift_down(trine_pair heap[], uint64_t n, uint64_t i, trine_pair pair)
{
    for (uint64_t child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && precedes(heap[child], heap[child + 1]);
        if (!precedes(pair, heap[child]))
            break;
        heap[i] = heap[child];
    }
    heap[i] = pair;
}

static void sift_up(trine_pair heap[], uint64_t i, trine_pair pair)
{
    for (; i > 0 && precedes(heap[(i - 1) / 2], pair); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = pair;
}

static void insert(heap *h, uint64_t k, trine_pair pair)
{
    if (h->count < k)
        sift_up(h->pair, h->count++, pair);
    else if (precedes(pair, h->pair[0]))
        sift_down(h->pair, k, 0, pair);
}

static void top_init(void *state, const void *param)
{
    heap *h = state;
    (void)param;
    h->count = 0;
    h->pair[0] = (trine_pair){0, 0};
}

static void top_merge(void *left, const void *right, const void *param)
{
    const trine_top_param *p = param;
    const heap *r = right;
    for (uint64_t i = 0; i < r->count; i++)
        insert(left, p->k, r->pair[i]);
}

/* From a heap to ascending order. */
static void order_pairs(trine_pair pairs[], uint64_t n)
{
    while (n > 1) {
        trine_pair last = pairs[--n];
        pairs[n] = pairs[0];
        sift_down(pairs, n, 0, last);
    }
}

/* flip: what makes ascending keys of those in order. */
TRINE_INLINE trine_status top_finish(void *result, const void *state, const void *param,
                                     trine_dtype dtype, uint64_t flip)
{
    const trine_top_param *p = param;
    const heap *h = state;
    trine_indexed *found = result;
    const uint64_t k = (uint64_t)p->k;
    if (h->count < k)
        return TRINE_E_ARGUMENT;
    _Static_assert(sizeof *found == sizeof *h->pair, "pairs are ordered where the result goes");
    memcpy(found, h->pair, k * sizeof *found);
    order_pairs(result, k);
    for (uint64_t i = 0; i < k; i++) {
        trine_pair pair;
        memcpy(&pair, &found[i], sizeof pair);
        found[i] = (trine_indexed){.index = pair.index};
        trine_radix_element(dtype, pair.key ^ flip, &found[i].value);
    }
    return TRINE_OK;
}

/* Whether any of x[0 .. n) may be among the first. */
#define TOP(constant, suffix, bits)                                                                \
    TRINE_INLINE bool any_within_##suffix(const trine_bits##bits *x, size_t n,                     \
                                          uint##bits##_t flip, uint##bits##_t last)                \
    {                                                                                              \
        uint##bits##_t any = 0;                                                                    \
        for (size_t i = 0; i < n; i++)                                                             \
            any |= (uint##bits##_t)(trine_key_##suffix(x[i]) ^ flip) <= last;                      \
        return any != 0;                                                                           \
    }                                                                                              \
    TRINE_INLINE void top_accumulate_##suffix(heap *h, const trine_chunk *chunk, uint64_t k,       \
                                              uint##bits##_t flip)                                 \
    {                                                                                              \
        const trine_bits##bits *x = chunk->in[0];                                                  \
        for (int64_t first = 0; first < chunk->n; first += BLOCK) {                                \
            size_t n = chunk->n - first < BLOCK ? chunk->n - first : BLOCK;                        \
            if (h->count == k &&                                                                   \
                !any_within_##suffix(x + first, n, flip, (uint##bits##_t)h->pair[0].key))          \
                continue;                                                                          \
            for (size_t i = first; i < first + n; i++)                                             \
                insert(h, k,                                                                       \
                       (trine_pair){(uint##bits##_t)(trine_key_##suffix(x[i]) ^ flip),             \
                                    chunk->offset + i});                                           \
        }                                                                                          \
    }                                                                                              \
    static void smallest_accumulate_##suffix(void *state, const trine_chunk *chunk,                \
                                             const void *param)                                    \
    {                                                                                              \
        top_accumulate_##suffix(state, chunk, ((const trine_top_param *)param)->k, 0);             \
    }                                                                                              \
    static void largest_accumulate_##suffix(void *state, const trine_chunk *chunk,                 \
                                            const void *param)                                     \
    {                                                                                              \
        top_accumulate_##suffix(state, chunk, ((const trine_top_param *)param)->k,                 \
                                (uint##bits##_t) - 1);                                             \
    }                                                                                              \
    static trine_status smallest_finish_##suffix(void *result, const void *state,                  \
                                                 const void *param)                                \
    {                                                                                              \
        return top_finish(result, state, param, constant, 0);                                      \
    }                                                                                              \
    static trine_status largest_finish_##suffix(void *result, const void *state,                   \
                                                const void *param)                                 \
    {                                                                                              \
        return top_finish(result, state, param, constant, (uint##bits##_t) - 1);                   \
    }
TRINE_ORDERS(TOP)

/* Sizes are those of one element; core/reduce/top.c sets those of as many as there are. */
#define TOP_REDUCER(kernel, constant, suffix)                                                      \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = #kernel,                                                                              \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_DTYPE_NONE,                                                                      \
     .param_size = sizeof(trine_top_param),                                                        \
     .state_size = sizeof(heap) + sizeof(trine_pair),                                              \
     .result_size = sizeof(trine_indexed),                                                         \
     .flags = TRINE_ORDER_FREE,                                                                    \
     .init = top_init,                                                                             \
     .accumulate = kernel##_accumulate_##suffix,                                                   \
     .merge = top_merge,                                                                           \
     .finish = kernel##_finish_##suffix},
#define SMALLEST(constant, suffix, type, name_) TOP_REDUCER(smallest, constant, suffix)
#define LARGEST(constant, suffix, type, name_) TOP_REDUCER(largest, constant, suffix)

const trine_reducer VARIANT(trine_tops)[] = {TRINE_DTYPES(SMALLEST)
                                                 TRINE_DTYPES(LARGEST){.name = NULL}};
