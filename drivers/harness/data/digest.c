/* drivers/harness/data/digest.c - the bits of an array as one number. */
#include <string.h>

#include "drivers/harness/harness.h"

static void digest_identity(void *state, const void *param)
{
    (void)param;
    *(uint64_t *)state = 0;
}

/* splitmix64's finaliser (Steele, Lea and Flood, Fast splittable pseudorandom number generators,
 * OOPSLA 2014). */
static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void digest_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    size_t item = *(const size_t *)param;
    const unsigned char *x = chunk->in[0];
    uint64_t sum = 0;
    for (int64_t i = 0; i < chunk->n; i++) {
        uint64_t bits = 0;
        memcpy(&bits, x + i * item, item);
        sum += mix(bits + (chunk->offset + i) * 0x9e3779b97f4a7c15u);
    }
    *(uint64_t *)state += sum;
}

static void digest_merge(void *left, const void *right, const void *param)
{
    (void)param;
    *(uint64_t *)left += *(const uint64_t *)right;
}

static trine_status digest_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(uint64_t *)result = *(const uint64_t *)state;
    return TRINE_OK;
}

trine_status harness_digest(const trine_array *x, uint64_t *digest)
{
    size_t item = trine_dtype_size(trine_array_dtype(x));
    const trine_reducer reducer = {
        TRINE_INIT(trine_reducer),       .name = "digest",          .nin = 1,
        .in = {trine_array_dtype(x)},    .param_size = sizeof item, .state_size = sizeof *digest,
        .result_size = sizeof *digest,   .flags = TRINE_ORDER_FREE, .init = digest_identity,
        .accumulate = digest_accumulate, .merge = digest_merge,     .finish = digest_finish,
    };
    return trine_reduce(&reducer, &x, &item, digest);
}
