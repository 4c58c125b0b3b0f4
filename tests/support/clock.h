/* clock.h - the time that has gone by. */
#ifndef TRINE_TESTS_CLOCK_H
#define TRINE_TESTS_CLOCK_H

#include <time.h>

/* Since some moment in the past. */
static inline double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
