/* kernels/reduce/radix_histogram.c - counting elements, or adding up their weights, by digits of
 * their order keys: what selection is made of.
 *
 * One digit after the other, from the highest, tells in which of 2048 parts of the keys the element
 * of a given rank lies (R. Sedgewick and K. Wayne, Algorithms, 4th ed., section 5.1: most
 * significant digit first); only elements with the digits found so far count in the next round.
 */
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/sort/radix_keys.h"
#include "kernels/exact/weight_sums.h"

enum { COUNT_BITS = 11, DIGITS = TRINE_ORDER_DIGITS };

static void digits_init(void *state, const void *param)
{
    const trine_order_param *p = param;
    memset(state, 0, p->prefixes * DIGITS * sizeof(uint64_t));
}

static void digits_merge(void *left, const void *right, const void *param)
{
    const trine_order_param *p = param;
    uint64_t *l = left;
    const uint64_t *r = right;
    for (size_t i = 0; i < (size_t)p->prefixes * DIGITS; i++)
        l[i] += r[i];
}

static trine_status digits_finish(void *result, const void *state, const void *param)
{
    const trine_order_param *p = param;
    memcpy(result, state, p->prefixes * DIGITS * sizeof(uint64_t));
    return TRINE_OK;
}

/* The prefix that is `wanted`, or p->prefixes. */
static size_t find_prefix(const trine_order_param *p, uint64_t wanted)
{
    size_t least = 0, count = p->prefixes;
    while (count > 1) {
        size_t half = count / 2;
        least += p->prefix[least + half] <= wanted ? half : 0;
        count -= half;
    }
    return p->prefix[least] == wanted ? least : p->prefixes;
}

/* A prefix of all bits is shifted out in two steps. Elements may alias anything, so that what the
 * loops need again lies in variables. */
#define ACCUMULATE(constant, suffix, bits)                                                         \
    static void count_one_##suffix(uint64_t count[], const trine_bits##bits *x, size_t n,          \
                                   uint32_t shift, uint64_t prefix)                                \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            uint64_t digits = (uint64_t)trine_key_##suffix(x[i]) >> shift;                         \
            if (digits >> COUNT_BITS == prefix)                                                    \
                count[digits % DIGITS]++;                                                          \
        }                                                                                          \
    }                                                                                              \
    static void digits_accumulate_##suffix(void *state, const trine_chunk *chunk,                  \
                                           const void *param)                                      \
    {                                                                                              \
        const trine_order_param *p = param;                                                        \
        const trine_bits##bits *x = chunk->in[0];                                                  \
        uint64_t *count = state;                                                                   \
        if (p->prefixes == 1) {                                                                    \
            count_one_##suffix(count, x, chunk->n, p->shift, p->prefix[0]);                        \
            return;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < chunk->n; i++) {                                                   \
            uint64_t digits = (uint64_t)trine_key_##suffix(x[i]) >> p->shift;                      \
            size_t at = find_prefix(p, digits >> COUNT_BITS);                                      \
            if (at < p->prefixes)                                                                  \
                count[at * DIGITS + digits % DIGITS]++;                                            \
        }                                                                                          \
    }
TRINE_ORDERS(ACCUMULATE)

enum { WEIGHT_BITS = 8, BLOCK = 256 };

_Static_assert(sizeof(accumulator) == TRINE_WEIGHT_SUM, "the size that params.h tells");

static size_t weight_sums(const void *param)
{
    return (size_t)((const trine_order_param *)param)->prefixes * TRINE_WEIGHT_DIGITS;
}

static void weights_init(void *state, const void *param)
{
    accumulator *sum = state;
    for (size_t i = 0; i < weight_sums(param); i++)
        trine_accumulator_clear(&sum[i]);
}

static void weights_merge(void *left, const void *right, const void *param)
{
    accumulator *l = left;
    const accumulator *r = right;
    for (size_t i = 0; i < weight_sums(param); i++)
        trine_accumulator_merge(&l[i], &r[i]);
}

/* What is no weight makes the first sum NaN, whatever its element, and the others nothing. */
static trine_status weights_finish(void *result, const void *state, const void *param)
{
    accumulator *sum = result;
    const accumulator *s = state;
    bool refused = s[0].seen & SEEN_NAN;
    for (size_t i = 0; i < weight_sums(param); i++) {
        sum[i] = s[i];
        if (refused)
            trine_accumulator_clear(&sum[i]);
        else
            trine_accumulator_make_unique(&sum[i]);
    }
    sum[0].seen |= refused ? SEEN_NAN : 0;
    return TRINE_OK;
}

#define ACCUMULATE_WEIGHTS(constant, suffix, bits)                                                 \
    static void weights_block_##suffix(accumulator *sum, const trine_order_param *p,               \
                                       const trine_bits##bits *x, const void *weight, size_t n)    \
    {                                                                                              \
        const uint##bits##_t last = (uint##bits##_t) - 1;                                          \
        const bool real = (constant) == TRINE_F64 || (constant) == TRINE_F32;                      \
        uint32_t slot[BLOCK];                                                                      \
        uint16_t at[BLOCK];                                                                        \
        size_t found = 0;                                                                          \
        for (size_t i = 0; i < n; i++) {                                                           \
            const uint##bits##_t key = trine_key_##suffix(x[i]);                                   \
            const uint64_t digits = (uint64_t)key >> p->shift;                                     \
            const size_t prefix = find_prefix(p, digits >> WEIGHT_BITS);                           \
            slot[found] = (uint32_t)(prefix * TRINE_WEIGHT_DIGITS + digits % TRINE_WEIGHT_DIGITS); \
            at[found] = (uint16_t)i;                                                               \
            found += prefix < p->prefixes && !(real && key == last);                               \
        }                                                                                          \
        trine_weights_add(sum, slot, at, found, p->weights, weight);                               \
        if (!trine_weights_may_be(p->weights, weight, n))                                          \
            sum->seen |= SEEN_NAN;                                                                 \
    }                                                                                              \
    static void weights_accumulate_##suffix(void *state, const trine_chunk *chunk,                 \
                                            const void *param)                                     \
    {                                                                                              \
        const trine_order_param *p = param;                                                        \
        const size_t item = trine_key_size(p->weights);                                            \
        for (int64_t i = 0; i < chunk->n; i += BLOCK)                                              \
            weights_block_##suffix(state, p, (const trine_bits##bits *)chunk->in[0] + i,           \
                                   (const char *)chunk->in[1] + i * item,                          \
                                   chunk->n - i < BLOCK ? chunk->n - i : BLOCK);                   \
    }
TRINE_ORDERS(ACCUMULATE_WEIGHTS)

/* Sizes are those of one prefix; core/reduce/selection.c sets those of as many as there are. */
#define DIGITS_OF(constant, suffix, type, name_)                                                   \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "order_digits",                                                                       \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_DTYPE_NONE,                                                                      \
     .param_size = sizeof(trine_order_param),                                                      \
     .state_size = DIGITS * sizeof(uint64_t),                                                      \
     .result_size = DIGITS * sizeof(uint64_t),                                                     \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = digits_init,                                                                          \
     .accumulate = digits_accumulate_##suffix,                                                     \
     .merge = digits_merge,                                                                        \
     .finish = digits_finish},

/* Of one prefix, and of weights in double; core/reduce/weighted_quantile.c sets what there is. */
#define WEIGHTS_OF(constant, suffix, type, name_)                                                  \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "order_weights",                                                                      \
     .nin = 2,                                                                                     \
     .in = {constant, TRINE_F64},                                                                  \
     .out = TRINE_DTYPE_NONE,                                                                      \
     .param_size = sizeof(trine_order_param),                                                      \
     .state_size = TRINE_WEIGHT_DIGITS * sizeof(accumulator),                                      \
     .result_size = TRINE_WEIGHT_DIGITS * sizeof(accumulator),                                     \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = weights_init,                                                                         \
     .accumulate = weights_accumulate_##suffix,                                                    \
     .merge = weights_merge,                                                                       \
     .finish = weights_finish},

const trine_reducer VARIANT(trine_radix_histograms)[] = {
    TRINE_DTYPES(DIGITS_OF) TRINE_DTYPES(WEIGHTS_OF){.name = NULL}};
