/* drivers/harness/run/failures.c - see failures.h. */
#include "drivers/harness/run/failures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/cli/log.h"

void add_failure(harness_run *run, const char *team, const char *mode, trine_status status,
                 int exit_status, const char *message)
{
    trine_status ignored;
    const char *what = message ? message : last_said(&ignored);
    harness_failure *more = realloc(run->failure, (size_t)(run->failures + 1) * sizeof *more);
    if (!more)
        return;
    run->failure = more;
    harness_failure *failure = &run->failure[run->failures++];
    *failure =
        (harness_failure){.status = status, .exit_status = exit_status, .message = strdup(what)};
    snprintf(failure->team, sizeof failure->team, "%s", team);
    snprintf(failure->mode, sizeof failure->mode, "%s", mode);
}

int fail(harness_run *run, const char *team, const char *mode, trine_status status)
{
    complain(run->options->driver->name, status);
    add_failure(run, team, mode, status, exit_of(status), NULL);
    return exit_of(status);
}

int worst_failure(const harness_run *run, int first)
{
    int worst = EXIT_RIGHT;
    for (int i = first; i < run->failures; i++)
        if (run->failure[i].exit_status > worst)
            worst = run->failure[i].exit_status;
    return worst;
}

bool is_input_bad(const harness_run *run)
{
    if (run->failures == 0 || !run->options->file)
        return false;
    switch (run->failure[run->failures - 1].status) {
    case TRINE_E_FORMAT:
    case TRINE_E_DTYPE:
    case TRINE_E_LENGTH:
    case TRINE_E_IO:
        return true;
    default:
        return false;
    }
}

void forget_failures(harness_run *run, int first)
{
    while (run->failures > first)
        free(run->failure[--run->failures].message);
}
