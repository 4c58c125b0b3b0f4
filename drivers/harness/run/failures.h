/* drivers/harness/run/failures.h - teams, and methods on teams, that gave no row. */
#ifndef TRINE_HARNESS_FAILURES_H
#define TRINE_HARNESS_FAILURES_H

#include "drivers/harness/run/rows.h"

/* Adds one. mode: "" when the whole team failed. message: NULL for what the driver said last. */
void add_failure(harness_run *run, const char *team, const char *mode, trine_status status,
                 int exit_status, const char *message);

/* complain, and add_failure with the status's exit status, which it returns. */
int fail(harness_run *run, const char *team, const char *mode, trine_status status);

/* The greatest exit status of those from number `first` on. */
int worst_failure(const harness_run *run, int first);

/* Whether the last one lies in the input, so that other teams would fail as well. */
bool is_input_bad(const harness_run *run);

/* Takes out all from number `first` on. */
void forget_failures(harness_run *run, int first);

#endif
