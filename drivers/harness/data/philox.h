/* drivers/harness/data/philox.h - random words by their number: Philox4x32-10 (Salmon, Moraes, Dror
 * and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11), in plain C, beside the kernels'
 * that it judges. */
#ifndef TRINE_HARNESS_PHILOX_H
#define TRINE_HARNESS_PHILOX_H

#include <stdint.h>

typedef struct philox_words {
    uint32_t v[4];
} philox_words;

/* The four words of a counter under a key. */
philox_words philox(philox_words counter, uint64_t key);

#endif
