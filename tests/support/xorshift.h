/* xorshift.h - random bits that are the same in every run. */
#ifndef TRINE_TESTS_XORSHIFT_H
#define TRINE_TESTS_XORSHIFT_H

#include <stdint.h>

/* xorshift64* (Vigna, ACM TOMS 42 (2016)); the state is not 0. */
static inline uint64_t xorshift(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

#endif
