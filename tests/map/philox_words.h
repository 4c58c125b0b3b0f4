/* philox_words.h - the words of some counters from `counter` on: how many, two of 64 bits each. */
#ifndef TRINE_TESTS_PHILOX_WORDS_H
#define TRINE_TESTS_PHILOX_WORDS_H

#include <stddef.h>
#include <stdint.h>

typedef size_t philox_words(uint64_t *out, uint64_t counter, uint64_t stream, uint64_t seed);

philox_words philox_words_baseline, philox_words_avx2, philox_words_avx512;

#endif
