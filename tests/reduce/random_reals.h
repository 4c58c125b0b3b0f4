/* random_reals.h - reals by rand(). */
#ifndef TRINE_TESTS_RANDOM_REALS_H
#define TRINE_TESTS_RANDOM_REALS_H

#include <math.h>
#include <stdlib.h>

static inline double uniform(void)
{
    return ((double)rand() + (double)rand() / 2147483648.0) / 2147483648.0;
}

static inline double with_exponent(int low, int high)
{
    return ldexp(uniform() + 1, low + rand() % (high - low + 1)) * (rand() % 2 ? 1 : -1);
}

#endif
