/* drivers/harness/cli/help.h - --help, --usage and --version, of drivers and of make_npy. */
#ifndef TRINE_HARNESS_HELP_H
#define TRINE_HARNESS_HELP_H

#include <argp.h>
#include <stdbool.h>

enum { HELP_OPTIONS = 4 };

/* -h, -?, --help, --usage, --version: the last entries of a table of options. */
extern const struct argp_option help_options[HELP_OPTIONS];

/* Whether that key is one of theirs: then it was answered on standard output, and the program
 * ended, with EXIT_FAILED when that cannot be written. examples: command lines that stand at the
 * end, up to a NULL; may be NULL. */
bool help_option(struct argp_state *state, int key, const char *const *examples);

#endif
