/* drivers/harness/data/philox.c - Philox4x32-10, as its paper writes it. */
#include "drivers/harness/data/philox.h"

/* The paper's multipliers, and the steps of the key: of the golden ratio and of sqrt(3) - 1. */
enum { ROUNDS = 10 };
static const uint32_t multiplier[2] = {0xD2511F53, 0xCD9E8D57}, step[2] = {0x9E3779B9, 0xBB67AE85};

philox_words philox(philox_words counter, uint64_t key)
{
    uint32_t *v = counter.v, k[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t a = (uint64_t)multiplier[0] * v[0], b = (uint64_t)multiplier[1] * v[2];
        counter = (philox_words){{(uint32_t)(b >> 32) ^ v[1] ^ k[0], (uint32_t)b,
                                  (uint32_t)(a >> 32) ^ v[3] ^ k[1], (uint32_t)a}};
        k[0] += step[0];
        k[1] += step[1];
    }
    return counter;
}
