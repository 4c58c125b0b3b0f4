/* drivers/harness/launch/supervise.h - mpirun from beginning to end. */
#ifndef TRINE_HARNESS_SUPERVISE_H
#define TRINE_HARNESS_SUPERVISE_H

#include "drivers/harness/launch/listener.h"

/* What a shell says of a command that is not there. */
enum { COMMAND_NOT_FOUND = 127 };

/* command, environment: what to run, NULL at their ends. mark: by which its processes are known.
 * patience: seconds that the next rank may take to join, and then the team to open; 0 for any.
 * most: seconds for all of it; 0 for any. */
typedef struct supervised {
    char *const *command, *const *environment;
    const char *mark;
    int patience;
    double most;
    harness_listener *listener;
} supervised;

/* status: as waitpid gives it. reason: why it was ended, NULL when it ended by itself. killed: it
 * had to be. left: so had processes that it had started. unknown: the system does not say how it
 * ended. signal: what told this process to end, 0 for nothing. */
typedef struct supervised_end {
    int status, signal;
    const char *reason;
    bool killed, left, unknown;
} supervised_end;

/* Runs it until it has ended or was ended, while the listener serves its ranks. Its output goes to
 * stderr, its input comes from nowhere. 0 or an errno: it was not started. */
int supervise(const supervised *what, supervised_end *end);

#endif
