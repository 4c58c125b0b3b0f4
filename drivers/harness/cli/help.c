/* drivers/harness/cli/help.c - see help.h. */
#include "drivers/harness/cli/help.h"

#include <stdio.h>
#include <stdlib.h>

#include <trine/trine.h>

#include "drivers/harness/cli/standard.h"

/* Keys that no other option has. */
enum { KEY_HELP = 'h', KEY_HELP_TOO = '?', KEY_VERSION = 'V', KEY_USAGE = 2048 };

/* Group -1: at the end of the list. */
const struct argp_option help_options[HELP_OPTIONS] = {
    {"help", KEY_HELP, NULL, 0, "Print this, and end", -1},
    {NULL, KEY_HELP_TOO, NULL, OPTION_ALIAS, NULL, 0},
    {"usage", KEY_USAGE, NULL, 0, "Print a short usage message, and end", 0},
    {"version", KEY_VERSION, NULL, 0, "Print the library's version and parts, and end", 0}};

/* Not by argp, which would break a command line in two. */
static void print_examples(const char *const *examples)
{
    if (!examples)
        return;
    printf("\nExamples, from the build folder:\n");
    for (; *examples; examples++)
        printf("  %s\n", *examples);
}

bool help_option(struct argp_state *state, int key, const char *const *examples)
{
    switch (key) {
    case KEY_HELP:
    case KEY_HELP_TOO:
        argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC);
        print_examples(examples);
        break;
    case KEY_USAGE:
        argp_state_help(state, stdout, ARGP_HELP_USAGE);
        break;
    case KEY_VERSION:
        printf("%s\n", trine_version());
        break;
    default:
        return false;
    }
    exit(end_output(state->name));
}
