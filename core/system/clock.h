/* core/system/clock.h - wall and CPU seconds. */
#ifndef TRINE_CORE_CLOCK_H
#define TRINE_CORE_CLOCK_H

/* Seconds on a clock that all processes of this machine share (CLOCK_MONOTONIC). */
double trine_seconds(void);

/* CPU seconds of the calling thread. Costs a system call. */
void trine_thread_cpu_seconds(double *user, double *sys);

#endif
