/* harness/options.h - a driver's command line. */
#ifndef TRINE_HARNESS_OPTIONS_H
#define TRINE_HARNESS_OPTIONS_H

#include "drivers/harness/harness.h"

enum { MOST_TEAMS = 64, MOST_METHODS = 64 };

typedef enum output_form { FORM_TABLE, FORM_JSON, FORM_CSV } output_form;

/* file: NULL for generated data. sized: --n was given. dtype: of generated data. child: started by
 * another driver, which measures bandwidth and verifies itself. */
typedef struct harness_options {
    const trine_driver *driver;
    const char *team[MOST_TEAMS];
    int teams;
    const harness_method *method[MOST_METHODS];
    int methods;
    const char *file;
    uint64_t n, seed, repeat;
    trine_dtype dtype;
    trine_schedule schedule;
    output_form form;
    bool sized, verify, stream, child;
    const char *extra_text[HARNESS_EXTRAS];
    harness_setting setting[HARNESS_EXTRAS];
} harness_options;

/* Reads the command line; ends the program with EXIT_USAGE when it cannot be read. */
void read_options(const trine_driver *driver, int argc, char **argv, harness_options *options);

#endif
