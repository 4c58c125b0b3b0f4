/* drivers/harness/cli/log.h - what a driver says on stderr, once for all ranks, and how it ends. */
#ifndef TRINE_HARNESS_LOG_H
#define TRINE_HARNESS_LOG_H

#include <trine/trine.h>

/* Whether this is the rank that speaks: rank 0 of a launch, or a process that nobody launched. */
bool first_rank(void);

/* A launcher ends all ranks when the first one of them fails, so rank 0, which says why, goes
 * first: from here on the others wait a moment before they end with an error. */
void let_first_rank_fail_first(void);

/* Silences stderr and stdout of the other ranks, and gives them back. */
typedef struct hushed {
    int out, err;
} hushed;
hushed hush_other_ranks(void);
void speak_again(hushed kept);

/* "sum: FILE: detail (TRINE_E_IO)", with what the last call of trine says. Nothing of an ARGUMENT
 * without a detail: the driver refused it, and said why. */
void complain(const char *driver, trine_status status);

/* What was said last, and the status that it came with; TRINE_OK when it came with none. */
const char *last_said(trine_status *status);

/* The same of what another process said. */
void remember(trine_status status, const char *message);

/* "sum: " and a line made as by printf. */
void log_line(const char *driver, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, at a terminal only, until the next line takes its place; NULL takes it away. */
void progress(const char *driver, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether progress is shown: stderr is a terminal that can take a line back, or that of whoever
 * started this driver is. */
bool progress_is_shown(void);
void show_progress_anyway(int columns);

/* Its columns, less one: a line that is wrapped cannot be taken back. */
int progress_columns(void);

/* EXIT_USAGE for what the user can mend in the command line or the input, else EXIT_FAILED. */
int exit_of(trine_status status);

#endif
