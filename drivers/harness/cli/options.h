/* drivers/harness/cli/options.h - a driver's command line. */
#ifndef TRINE_HARNESS_OPTIONS_H
#define TRINE_HARNESS_OPTIONS_H

#include <argp.h>

#include "drivers/harness/harness.h"

enum { MAX_TEAMS = 64, MAX_METHODS = 64 };

typedef enum output_form { FORM_TABLE, FORM_JSON, FORM_CSV } output_form;

/* transport: those to run with, at least one; each_transport: all that a team has. */
typedef struct task_settings {
    uint64_t chunk, window;
    int attempts;
    double deadline;
    bool unordered, who;
    const char *journal, *timeline;
    trine_transport transport[TRINE_TRANSPORT_COUNT];
    int transports;
    bool each_transport;
} task_settings;

/* file: NULL for generated data. files: of a driver that takes several. sized: --n was given.
 * dtype: of generated data. child: a rank that another driver started, which measures bandwidth and
 * verifies itself. each_method: what the elements' type has not is left out. terminal: progress is
 * shown in so many columns, though stderr is no terminal; 0: as it is. */
typedef struct harness_options {
    const trine_driver *driver;
    const char *team[MAX_TEAMS];
    int teams;
    const harness_method *method[MAX_METHODS];
    int methods;
    bool each_method;
    const char *file;
    const char **files;
    int file_count;
    uint64_t n, seed, repeat;
    trine_dtype dtype;
    trine_schedule schedule;
    output_form form;
    bool sized, verify, stream, child, memory;
    int terminal;
    task_settings tasks;
    const char *extra_text[HARNESS_EXTRAS];
    harness_setting setting[HARNESS_EXTRAS];
} harness_options;

/* Reads the command line; ends the program with EXIT_USAGE when it cannot be read. False when
 * memory is short, which was said. options->files is the caller's to free. */
bool read_options(const trine_driver *driver, int argc, char **argv, harness_options *options);

/* Whether the driver's work is tasks; whether it has --transport; whether it computes on arrays
 * that the harness makes. */
bool runs_tasks(const trine_driver *driver);
bool has_arrays(const trine_driver *driver);

/* argp_error, of which --json tells programs, too: ends the program with EXIT_USAGE. */
void usage_error(struct argp_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A whole number of an option; ends the program when the text is none, or out of its limits. */
uint64_t number_option(struct argp_state *state, const char *option, const char *text,
                       uint64_t least, uint64_t most);

/* Whether text is `second`, or first, which NULL stands for; ends the program when it is neither.
 */
bool choice_option(struct argp_state *state, const char *option, const char *text,
                   const char *first, const char *second);

/* extras.c: the driver's own options from argp key `first_key` on, into own[HARNESS_EXTRAS], and
 * the defaults of those that are not given; how many they are; and what one of them was given. */
int add_extras(const trine_driver *driver, harness_options *o, int first_key,
               struct argp_option own[]);
void extra_option(struct argp_state *state, harness_options *o, int i, const char *text);

/* What all generated elements are to be: the setting of the driver's KIND_FILL; NULL when that was
 * not given. */
const double *fill_of(const harness_options *o);

/* Ends the program when the elements' type has no such number, or they come from a file. */
void check_fill(struct argp_state *state, const harness_options *o);

/* Where the driver's KIND_PLOT is to be drawn; NULL when that was not given. */
const char *plot_of(const harness_options *o);

/* Ends the program when there would be nothing to draw. */
void check_plot(struct argp_state *state, const harness_options *o);

/* task_options.c: the options of tasks and transports, from argp key `first_key` on, into
 * own[TASK_OPTIONS]; how many the driver has; and what the one of that key was given. */
enum { TASK_OPTIONS = 9 };
int add_task_options(const trine_driver *driver, int first_key, struct argp_option own[]);
void task_option(struct argp_state *state, harness_options *o, int key, char *text);

/* What options do not go together, once all are read; ends the program. */
void check_task_options(struct argp_state *state, const harness_options *o);

/* Whether arrays lie in the first rank's own memory, from which each repetition brings them. */
bool stages_arrays(const harness_options *o);

#endif
