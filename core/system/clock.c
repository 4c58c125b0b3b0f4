/* core/system/clock.c - wall and CPU seconds. */
#include <sys/resource.h>
#include <time.h>

#include "core/system/clock.h"

double trine_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void trine_thread_cpu_seconds(double *user, double *sys)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    *user = (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec;
    *sys = (double)usage.ru_stime.tv_sec + 1e-6 * (double)usage.ru_stime.tv_usec;
}
