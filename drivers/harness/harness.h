/* drivers/harness/harness.h - what a driver is: a name, the methods it compares, and how its result
 * is judged.
 *
 * A driver is one of three: a reduction by each method's reducer; an operation on arrays, which the
 * harness makes before; an operation whose work is tasks (trine/task.h), on items of its own or on
 * files that it is given.
 *
 * trine_driver_main does the rest: options, data, teams (starting mpirun where a team needs it),
 * timing, the ledger, verification, tables, JSON and CSV, exit statuses:
 * 0 right, 1 a wrong result, 2 usage or bad input (also a file that cannot be read or written), 3
 * the run failed (also a row without a value, or standard output that cannot be written).
 */
#ifndef TRINE_HARNESS_HARNESS_H
#define TRINE_HARNESS_HARNESS_H

#include <trine/trine.h>

#include "drivers/harness/judge/facts.h"

enum { EXIT_RIGHT = 0, EXIT_WRONG = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };

/* A result of one scalar: its type and its bytes, from the first on. */
typedef struct harness_value {
    trine_dtype dtype;
    union {
        double f64;
        float f32;
        int64_t i64;
        uint64_t u64;
    } as;
} harness_value;

/* One way to compute the result: what --mode calls it, and the reducer. */
typedef struct harness_method {
    const char *mode, *reducer;
} harness_method;

/* What a judge says. */
typedef enum harness_verdict {
    VERDICT_RIGHT,
    VERDICT_WRONG,
    VERDICT_UNVERIFIED,
    VERDICTS
} harness_verdict;

/* An option of one driver's own, and how its text is read: a whole number (with K, M, G, T), a real
 * number, a real number that all generated elements shall be, a list of real numbers with commas
 * between, ROWSxCOLUMNS, any text (a path), one of the words of `argument`, which stand there with
 * | between them, the path of a drawing of what the driver's --sweep finds, or nothing, the option
 * being given or not. */
typedef enum harness_kind {
    KIND_WHOLE,
    KIND_SIGNED,
    KIND_REAL,
    KIND_FILL,
    KIND_REALS,
    KIND_SHAPE,
    KIND_TEXT,
    KIND_CHOICE,
    KIND_PLOT,
    KIND_FLAG
} harness_kind;

/* standard: the text that stands for it when it is not given; NULL: then count is 0. least, most:
 * the limits of each number. */
typedef struct harness_extra {
    const char *name, *argument, *text;
    harness_kind kind;
    const char *standard;
    double least, most;
} harness_extra;

enum { HARNESS_EXTRAS = 16, HARNESS_REALS = 64, HARNESS_NUMBERS = 64, HARNESS_NAME = 32 };

/* What an option was given: real[0 .. count), or whole[0] (rows, for a shape; the word's number
 * from 0, for a choice) and whole[1] (columns). text: as it was given, or the standard. */
typedef struct harness_setting {
    int count;
    const char *text;
    uint64_t whole[2];
    double real[HARNESS_REALS];
} harness_setting;

/* A figure that a driver adds to its row. */
typedef struct harness_named {
    char name[HARNESS_NAME];
    double value;
} harness_named;

/* What the tasks of one run came to. items: finished, of which failed and resumed (taken from a
 * journal); retried: begun more than once; chunk: trine_task_chunk; lost: workers that
 * died. slot: the workers of all ranks; record: who ran what, when that was asked for. */
typedef struct task_statistics {
    uint64_t items, failed, retried, resumed, chunk;
    int slots, lost;
    double seconds;
    trine_task_slot *slot;
    trine_task_record *record;
    uint64_t records;
} task_statistics;

/* One method on one team. in: the driver's inputs, made before; own: the driver's outputs, made by
 * begin; out: that of them, if any, that goes back to the first rank where --transport brings the
 * inputs from there. generated: the inputs are harness_element of seed, seed + 1, ...; else the
 * first is a file. n: elements, or what --n says of a driver without arrays. bytes: read and
 * written by one run, of which the rate is made. value: what run found; for arrays, their digest.
 * file: the files that were given to a driver that takes several. transport: one of those of
 * --transport. options is the harness's own. */
typedef struct harness_job {
    trine_team *team;
    const harness_method *method;
    trine_array *in[TRINE_ARGS], *out;
    const harness_setting *setting;
    trine_dtype dtype;
    uint64_t n, bytes, seed;
    bool generated;
    const char *const *file;
    int files;
    trine_transport transport;
    void *own;
    harness_value value;
    task_statistics statistics;
    harness_named number[HARNESS_NUMBERS];
    int numbers;
    const struct harness_options *options;
} harness_job;

/* A driver that is more than one reduction of one array. inputs: arrays that are generated, of
 * seeds seed, seed + 1, ...; the first may be a file. begin: makes what run needs. reset: what
 * comes before each repetition and is not timed. has: whether there is such a method of elements of
 * that type; NULL: of all. run: one timed repetition. check: after the last
 * one, is it right? check_none: the same of a run that ended with TRINE_E_OVERFLOW or
 * TRINE_E_EMPTY: has the result no value? print: what the first rank says of it, for people. end:
 * releases what begin made. All but print are Collective. Any but run may be NULL.
 *
 * tasks: its work is tasks: it has their options, and no arrays when inputs is 0. fleeting: what
 * they find out is of this run alone, such as times: no journal keeps it. files: it takes
 * any number of files, which it reads itself, and no arrays. standard_n, standard_repeat: --n and
 * --repeat when they are not given; 0: as other drivers. whole: a run of which items failed ends
 * with EXIT_FAILED, though it has its rows, unless conclude gives another status. */
typedef struct harness_operation {
    int inputs;
    bool tasks, fleeting, files, whole;
    uint64_t standard_n, standard_repeat;
    bool (*has)(const harness_method *method, trine_dtype dtype);
    trine_status (*begin)(harness_job *job);
    trine_status (*reset)(harness_job *job);
    trine_status (*run)(harness_job *job);
    trine_status (*check)(harness_job *job, harness_verdict *verdict);
    trine_status (*check_none)(harness_job *job, trine_status status, harness_verdict *verdict);
    void (*print)(const harness_job *job);
    void (*end)(harness_job *job);
} harness_operation;

/* methods end with a mode of NULL; the first is the default. A driver either has an operation, or
 * it is a reduction by each method's reducer, with a judge: whether a result that came with
 * `status` is right, by the sums of the elements. extras: options of its own, ended by a name of
 * NULL; may be NULL. transports: it has
 * --transport, and runs once with each that is asked for.
 * examples: command lines from the build folder, which --help shows, up to a NULL.
 * conclude: what is to be said or drawn of all rows (rows.h) once they are printed, on the first
 * rank; gives an exit status. May be NULL. */
struct harness_run;
typedef struct trine_driver {
    const char *name, *about;
    const harness_method *methods;
    harness_verdict (*judge)(const facts *elements, const harness_method *method,
                             trine_status status, const harness_value *value);
    const harness_operation *operation;
    const harness_extra *extras;
    bool transports;
    const char *const *examples;
    int (*conclude)(const struct harness_run *run);
} trine_driver;

/* The options of tasks as the command line has them: order, window, chunk, attempts, deadline,
 * transport, journal, record, and progress at a terminal. The driver adds its own (param, source,
 * total, data). They point into the job, which must stay where it is. */
trine_task_options harness_task_options(harness_job *job);

/* Fills job->statistics, of which the row, the timeline and --who are made: call it on every rank
 * before the queue is closed; a queue or a map whose total is known, opened with
 * harness_task_options, fills it by itself. A driver of several queues in one run has the last
 * one's; one without a queue sets statistics.items. Not collective. */
trine_status task_statistics_tasks(harness_job *job, const trine_task_queue *queue);

/* All of it: opens a queue with a source, gives every outcome to collect on rank 0 (NULL: nobody),
 * tallies, closes. The first status that is not OK, of the queue or of collect. An item that failed
 * is an outcome like the others. With --journal all results have the kind's result_max bytes: what
 * comes from the file and has another size is refused (ARGUMENT, and said). Collective. */
typedef trine_status harness_collect(harness_job *job, const trine_task_outcome *outcome);
trine_status harness_run_tasks(harness_job *job, const trine_task_kind *kind,
                               const trine_task_options *options, harness_collect *collect);

/* trine_task_map of options from harness_task_options; of a journal as above. Collective. */
trine_status harness_map_tasks(harness_job *job, const trine_task_kind *kind,
                               const trine_task_options *options, const void *items,
                               size_t item_size, void *results);

/* Seconds of a clock that does not go back. */
double harness_seconds(void);

/* Adds a figure to the job's row, which --json shows under `numbers`; one of that name is replaced,
 * and more than HARNESS_NUMBERS are left out. */
void harness_add_number(harness_job *job, const char *name, double value);

/* Points with a line through them, or only points. */
typedef struct harness_series {
    const char *name;
    const double *x, *y;
    size_t n;
    bool points;
} harness_series;

/* A point with a word beside it: the chosen chunk, a crossover. */
typedef struct harness_mark {
    double x, y;
    const char *text;
} harness_mark;

/* A drawing. Labels name the unit. Any text may be NULL. bytes_x: x is in bytes, on a logarithmic
 * axis of powers of two. */
typedef struct harness_figure {
    const char *title, *x_label, *y_label;
    bool log_x, log_y, bytes_x;
    const harness_series *series;
    int series_count;
    const harness_mark *mark;
    int marks;
} harness_figure;

/* Draws it into an SVG file by gnuplot. EXIT_RIGHT; else what was wrong was said on stderr:
 * EXIT_USAGE when the file cannot be written, EXIT_FAILED when gnuplot is not there or failed. */
int harness_plot(const harness_figure *figure, const char *path);

/* The same of who ran what, when: a slot for each worker, a box for each item. */
int harness_plot_timeline(const char *title, const task_statistics *statistics, const char *path);

/* A sum over all elements of a mix of each one's index and bits, the same however they are cut:
 * what a driver prints as the bits of an array. Collective. */
trine_status harness_digest(const trine_array *x, uint64_t *digest);

/* Element i of those of that type at x. */
long double harness_element_at(trine_dtype dtype, const void *x, size_t i);

/* Whether a type holds a number: that type's range holds it, rounded or not. */
bool harness_holds(trine_dtype dtype, long double number);

/* Element i of the array that was generated from that seed, as the driver's input has it. */
double harness_element(trine_dtype dtype, uint64_t seed, uint64_t i);

int trine_driver_main(const trine_driver *driver, int argc, char **argv);

#endif
