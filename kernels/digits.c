/* kernels/digits.c - counting elements by digits of their order keys: what selection is made of.
 *
 * One digit after the other, from the highest, tells in which of 2048 parts of the keys the element
 * of a given rank lies (R. Sedgewick and K. Wayne, Algorithms, 4th ed., section 5.1: most
 * significant digit first); only elements with the digits found so far count in the next round.
 */
#include "kernels/isa.h"
#include "kernels/list.h"
#include "kernels/radix_keys.h"

enum { DIGIT_BITS = 11, DIGITS = TRINE_ORDER_DIGITS };

static void digits_identity(void *state, const void *param)
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

/* A prefix of all bits is shifted out in two steps. */
#define ACCUMULATE(constant, suffix, bits)                                                         \
    static void digits_accumulate_##suffix(void *state, const trine_chunk *chunk,                  \
                                           const void *param)                                      \
    {                                                                                              \
        const trine_order_param *p = param;                                                        \
        const trine_bits##bits *x = chunk->in[0];                                                  \
        uint64_t *count = state;                                                                   \
        if (p->prefixes == 1) {                                                                    \
            for (size_t i = 0; i < chunk->n; i++) {                                                \
                uint64_t digits = (uint64_t)trine_key_##suffix(x[i]) >> p->shift;                  \
                if (digits >> DIGIT_BITS == p->prefix[0])                                          \
                    count[digits % DIGITS]++;                                                      \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        for (size_t i = 0; i < chunk->n; i++) {                                                    \
            uint64_t digits = (uint64_t)trine_key_##suffix(x[i]) >> p->shift;                      \
            size_t at = find_prefix(p, digits >> DIGIT_BITS);                                      \
            if (at < p->prefixes)                                                                  \
                count[at * DIGITS + digits % DIGITS]++;                                            \
        }                                                                                          \
    }
TRINE_ORDERS(ACCUMULATE)

/* Sizes are those of one prefix; core/quantile.c sets those of as many as there are. */
#define DIGITS_OF(constant, suffix, type, name_)                                                   \
    {.name = "order_digits",                                                                       \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_DTYPE_NONE,                                                                      \
     .param_size = sizeof(trine_order_param),                                                      \
     .state_size = DIGITS * sizeof(uint64_t),                                                      \
     .result_size = DIGITS * sizeof(uint64_t),                                                     \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .identity = digits_identity,                                                                  \
     .accumulate = digits_accumulate_##suffix,                                                     \
     .merge = digits_merge,                                                                        \
     .finish = digits_finish},

const trine_monoid VARIANT(trine_digits)[] = {TRINE_DTYPES(DIGITS_OF){.name = NULL}};
