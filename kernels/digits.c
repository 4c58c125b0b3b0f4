/* kernels/digits.c - counting elements by digits of their order keys: what selection is made of.
 *
 * One digit after the other, from the highest, tells in which of 2048 parts of the keys the element
 * of a given rank lies (R. Sedgewick and K. Wayne, Algorithms, 4th ed., section 5.1: most
 * significant digit first); only elements with the digits found so far count in the next round.
 */
#include "kernels/isa.h"
#include "kernels/list.h"
#include "kernels/order.h"

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

/* key: the order key of element i. A prefix of all bits is shifted out in two steps. */
#define ACCUMULATE(suffix, type, offset)                                                           \
    static uint64_t order_key_##suffix(const type *x)                                              \
    {                                                                                              \
        return (uint64_t)key_##suffix(x) - (uint64_t)(offset);                                     \
    }                                                                                              \
    static void digits_accumulate_##suffix(void *state, const trine_chunk *chunk,                  \
                                           const void *param)                                      \
    {                                                                                              \
        const trine_order_param *p = param;                                                        \
        const type *x = chunk->in[0];                                                              \
        uint64_t *count = state;                                                                   \
        if (p->prefixes == 1) {                                                                    \
            for (size_t i = 0; i < chunk->n; i++) {                                                \
                uint64_t digits = order_key_##suffix(x + i) >> p->shift;                           \
                if (digits >> DIGIT_BITS == p->prefix[0])                                          \
                    count[digits % DIGITS]++;                                                      \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        for (size_t i = 0; i < chunk->n; i++) {                                                    \
            uint64_t digits = order_key_##suffix(x + i) >> p->shift;                               \
            size_t at = find_prefix(p, digits >> DIGIT_BITS);                                      \
            if (at < p->prefixes)                                                                  \
                count[at * DIGITS + digits % DIGITS]++;                                            \
        }                                                                                          \
    }
ACCUMULATE(f64, double, INT64_MIN)
ACCUMULATE(f32, float, -((int64_t)1 << 31))
ACCUMULATE(i64, int64_t, INT64_MIN)
ACCUMULATE(i32, int32_t, -((int64_t)1 << 31))
ACCUMULATE(u64, uint64_t, INT64_MIN)
ACCUMULATE(u32, uint32_t, -((int64_t)1 << 31))
ACCUMULATE(i16, int16_t, -((int64_t)1 << 15))
ACCUMULATE(u16, uint16_t, 0)
ACCUMULATE(i8, int8_t, -((int64_t)1 << 7))
ACCUMULATE(u8, uint8_t, 0)

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
