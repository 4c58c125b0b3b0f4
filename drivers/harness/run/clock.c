/* drivers/harness/run/clock.c - the clock of drivers. */
#include <time.h>

#include "drivers/harness/harness.h"

double harness_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
