/* drivers/harness/cli/signals.h - libraries that handle a program's signals before it has begun. */
#ifndef TRINE_HARNESS_SIGNALS_H
#define TRINE_HARNESS_SIGNALS_H

/* First thing in main. Handlers that libraries installed when they were loaded go: UCX, which comes
 * with Open MPI, takes SIGHUP, so that a closed terminal would leave the program running. What was
 * ignored (by nohup) is ignored again, but for SIGCHLD: while that is ignored, the system does not
 * say how a child has ended. */
void take_signals_back(void);

#endif
