/* drivers/harness/run/rows.h - what running one method on one team gave. */
#ifndef TRINE_HARNESS_ROWS_H
#define TRINE_HARNESS_ROWS_H

#include "drivers/harness/cli/options.h"
#include "drivers/harness/cli/value.h"

/* Version of what --json and --csv print. */
enum { SCHEMA = 3 };

/* seconds: median over the repetitions, least: the fastest; ledger: of the median one. load:
 * seconds to bring the data into memory. ratio: GB/s over the read bandwidth for as many workers.
 * share: entries of the `shares` workers of rank 0.
 * moved: bytes that an operation says it moves, 0 for those of the data.
 * bound: GB/s at which the team itself only loads the data, 0 if that was not measured. agrees: the
 * same status and bits as the first row of its mode. memory: of each share, {0} where the system
 * does not say; all_memory: of all workers of all ranks. transport: "" for a driver that has none.
 * statistics, number: of the driver's job. */
typedef struct harness_row {
    char team[96], mode[32], note[320], transport[16];
    int ranks, workers;
    uint64_t n, bytes, moved;
    trine_status status;
    harness_value value;
    double seconds, least, load, rate, ratio, open, bound;
    trine_ledger ledger;
    trine_ledger_worker *share;
    trine_memory *memory, all_memory;
    int shares;
    harness_verdict verdict;
    bool agrees;
    task_statistics statistics;
    harness_named *number;
    int numbers;
} harness_row;

/* What gave no row. mode: "" for all that the team was to do. message: what was said of it,
 * malloc'ed, NULL without memory. */
typedef struct harness_failure {
    char team[96], mode[32], *message;
    trine_status status;
    int exit_status;
} harness_failure;

/* All rows of a run, and what it was about. stored: what a file calls the type of its elements,
 * where that is another than they are computed in; else NULL. */
typedef struct harness_run {
    const harness_options *options;
    char data[4200];
    const char *stored;
    trine_dtype dtype;
    uint64_t n, bytes;
    double bandwidth_one, bandwidth_all;
    facts reference;
    bool verified, printed;
    harness_row *row;
    int rows;
    harness_failure *failure;
    int failures;
} harness_run;

/* Whether a status says of the data that the result has no value. */
bool has_no_value(trine_status status);

/* Adds a row; NULL when there is no memory. */
harness_row *add_row(harness_run *run);

/* Items of tasks that were run in a second of the median repetition. */
double items_per_second(const harness_row *row);

/* Releases what a row points to; and all rows from number `first` on. */
void clear_row(harness_row *row);
void forget_rows(harness_run *run, int first);

/* Runs every method on that team, in this process; adds a row each. EXIT_RIGHT, or the exit status
 * after what went wrong was said and added to the failures. */
int run_team(harness_run *run, const char *spec);

/* Whether that method was asked for by `each` alone and there is none of the elements' type. */
bool is_left_out(const harness_run *run, int method);

/* Keeps the environment as it is now for run_launched: once MPI runs in this process, what it adds
 * would mislead an mpirun. */
void keep_environment(void);

/* Starts this driver under mpirun for a team of several ranks and takes over its rows and failures.
 * The exit status as from run_team. */
int run_launched(harness_run *run, const char *spec, const char *self);

/* Ranks that a spec such as "mpi:4+omp:2" asks for; 0 when it does not say or cannot be read
 * (trine_team_open says why), -1 when it has no mpi. */
int ranks_asked(const char *spec);

enum { MEMORY_FIGURES = 3 };

/* A table of the workers' memory. */
void print_memory(const harness_run *run);

/* Prints the run in the form that the options ask for. EXIT_RIGHT or EXIT_FAILED. */
int print_run(const harness_run *run);

/* Whether this build has JSON, and the run as its text, malloc'ed. */
bool has_json(void);
char *run_to_json(const harness_run *run);

/* Prints what was said last as the error of a run that came to nothing, which ends with that exit
 * status. */
void print_error_as_json(const char *driver, int exit_status);

#endif
