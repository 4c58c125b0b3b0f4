/* philox_words.c - kernels/random/philox.h as each instruction set compiles it, for maps.c to
 * compare. */
#include "kernels/registry/isa.h"
#include "kernels/random/philox.h"
#include "philox_words.h"

size_t VARIANT(philox_words)(uint64_t *out, uint64_t counter, uint64_t stream, uint64_t seed)
{
    philox_keys keys;
    philox_schedule(&keys, seed);
    philox_group(out, counter, stream, &keys);
    return PHILOX_GROUP;
}
