/* drivers/harness/cli/standard.h - standard input and output of a driver. */
#ifndef TRINE_HARNESS_STANDARD_H
#define TRINE_HARNESS_STANDARD_H

/* Before anything else is opened: a standard file that is closed is put where reading or writing it
 * fails, so that no other file takes its number and gets what is printed. */
void hold_standard_files(void);

/* Writing to a closed pipe, or more to a file than it may grow to, is an error from now on, and no
 * signal. */
void take_write_errors(void);

/* Called first of all: a library that ends this process with EXIT_WRONG, which would call a result
 * wrong (libgomp does so when it cannot start a thread), makes it EXIT_FAILED, after `tell`. */
void guard_exit(const char *driver, void (*tell)(const char *driver));

/* From now on the exit status is the driver's own. Returns it. */
int own_exit(int status);

/* Writes out what was printed. EXIT_RIGHT, or EXIT_FAILED when standard output cannot take it,
 * which was said. */
int end_output(const char *driver);

#endif
