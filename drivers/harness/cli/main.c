/* drivers/harness/cli/main.c - a driver from beginning to end.
 *
 * 1. Signals are taken back from libraries; trine_init, so that pools can be opened later; options.
 * 2. Each team in turn: in this process, or under mpirun when the spec asks for ranks and no
 * launcher started us; then ranks get their options from here, and rank 0 sends its rows. A team
 * that fails has none, and the others go on.
 * 3. Bandwidth and reference are measured once, outside every timed region.
 * 4. Rows are judged and printed; with --json, why there are none.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/harness/run/bandwidth.h"
#include "drivers/harness/launch/channel.h"
#include "drivers/harness/data/data.h"
#include "drivers/harness/run/failures.h"
#include "drivers/harness/report/plot.h"
#include "drivers/harness/run/rows_bytes.h"
#include "drivers/harness/cli/log.h"
#include "drivers/harness/cli/signals.h"
#include "drivers/harness/cli/standard.h"
#include "drivers/harness/run/task_statistics.h"

/* Whether what was asked for can be had from this launch and this input. */
static int check_launch(const harness_options *o)
{
    const char *name = o->driver->name;
    int processes = trine_launched();
    bool ranks = processes > 1;
    for (int i = 0; i < o->teams; i++) {
        if (processes > 1 && ranks_asked(o->team[i]) < 0) {
            log_line(
                name,
                "a launcher started %d processes, and --team %s would do the same work in each: "
                "use --team mpi+%s, or start one process",
                processes, o->team[i], o->team[i]);
            return EXIT_USAGE;
        }
        ranks = ranks || ranks_asked(o->team[i]) > 1;
    }
    if (o->driver->operation && o->stream) {
        log_line(name, "--stream: this driver keeps its arrays in memory");
        return EXIT_USAGE;
    }
    if (o->stream && !o->file) {
        log_line(name, "--stream reads a file: give one, or leave --stream out");
        return EXIT_USAGE;
    }
    const char *const drawings[] = {o->tasks.timeline, plot_of(o)};
    for (int i = 0; i < 2; i++) {
        int cannot = drawings[i] && first_rank() ? can_plot(drawings[i]) : EXIT_RIGHT;
        if (cannot)
            return cannot;
    }
    if (!is_read_once(o->file))
        return EXIT_RIGHT;
    if (ranks || o->teams > 1 || (o->stream && o->methods > 1)) {
        log_line(name, "%s can be read once, and by one process: give %s, or a file",
                 strcmp(o->file, "-") == 0 ? "standard input" : o->file,
                 ranks          ? "a team of one rank"
                 : o->teams > 1 ? "one --team"
                                : "one --mode with --stream");
        return EXIT_USAGE;
    }
    return EXIT_RIGHT;
}

/* Each team in turn; one that fails leaves the others their rows. The worst exit status. */
static int run_teams(harness_run *run, const char *self)
{
    const harness_options *o = run->options;
    bool launched = trine_launched() > 0;
    int worst = EXIT_RIGHT;
    if (o->teams == 0)
        return run_team(run, NULL);
    for (int i = 0; i < o->teams && !is_input_bad(run); i++) {
        bool start = !launched && ranks_asked(o->team[i]) > 0;
        const harness_run before = *run;
        int result = start ? run_launched(run, o->team[i], self) : run_team(run, o->team[i]);
        /* What the data is, those say that have read it. */
        if (result && before.rows > 0) {
            run->n = before.n;
            run->bytes = before.bytes;
            run->dtype = before.dtype;
        }
        worst = result > worst ? result : worst;
    }
    return worst;
}

static void measure_bandwidth(harness_run *run)
{
    if (!has_arrays(run->options->driver))
        return;
    progress(run->options->driver->name, "measuring read bandwidth");
    run->bandwidth_one = read_bandwidth(1, run->bytes);
    run->bandwidth_all = read_bandwidth(trine_cpus(), run->bytes);
    for (int i = 0; i < run->rows; i++) {
        double bound = read_bandwidth(run->row[i].workers, run->bytes), own = run->row[i].bound;
        bound = own > bound ? own : bound;
        run->row[i].ratio = bound > 0 ? run->row[i].rate / bound : 0;
        if (bound > run->bandwidth_all)
            run->bandwidth_all = bound;
    }
}

static int make_reference(harness_run *run)
{
    const harness_options *o = run->options;
    if (!o->verify || run->verified || is_read_once(o->file) || o->driver->operation)
        return EXIT_RIGHT;
    progress(o->driver->name, "an independent sum, to verify by");
    trine_status status = o->file ? reference_of_file(o->file, &run->reference)
                                  : reference_of_generated(o, &run->reference);
    if (status) {
        complain(o->driver->name, status);
        return EXIT_FAILED;
    }
    run->verified = true;
    return EXIT_RIGHT;
}

static const harness_method *method_named(const harness_options *o, const char *mode)
{
    int i = 0;
    while (strcmp(o->method[i]->mode, mode) != 0)
        i++;
    return o->method[i];
}

/* Judges every row, and compares it with the first of its mode. */
static int judge_rows(harness_run *run)
{
    const harness_options *o = run->options;
    int result = EXIT_RIGHT;
    for (int i = 0; i < run->rows; i++) {
        harness_row *row = &run->row[i], *first = run->row;
        while (strcmp(first->mode, row->mode) != 0)
            first++;
        row->agrees = row->status == first->status &&
                      (row->status || value_bits(&row->value) == value_bits(&first->value));
        /* An operation was checked where its arrays are. */
        if (!o->driver->operation)
            row->verdict = run->verified
                               ? o->driver->judge(&run->reference, method_named(o, row->mode),
                                                  row->status, &row->value)
                               : VERDICT_UNVERIFIED;
        if (!row->agrees || row->verdict == VERDICT_WRONG)
            result = EXIT_WRONG;
        else if (!result &&
                 (row->status || (row->statistics.failed > 0 && o->driver->operation->whole)))
            result = EXIT_FAILED;
    }
    return result;
}

static void name_data(harness_run *run)
{
    const harness_options *o = run->options;
    if (o->file_count > 0)
        snprintf(run->data, sizeof run->data, "%s%s", o->files[0],
                 o->file_count > 1 ? " and other files" : "");
    else if (!has_arrays(o->driver))
        snprintf(run->data, sizeof run->data, "tasks (seed %llu)", (unsigned long long)o->seed);
    else if (!o->file && fill_of(o))
        snprintf(run->data, sizeof run->data, "elements that are all %.17g", *fill_of(o));
    else if (!o->file)
        snprintf(run->data, sizeof run->data, "uniform random numbers (seed %llu)",
                 (unsigned long long)o->seed);
    else
        snprintf(run->data, sizeof run->data, "%s",
                 strcmp(o->file, "-") == 0 ? "standard input" : o->file);
}

/* A note once for each team that has one. */
static void print_notes(const harness_run *run)
{
    for (int i = 0; i < run->rows; i++)
        if (run->row[i].note[0] && (i == 0 || strcmp(run->row[i].team, run->row[i - 1].team) != 0))
            log_line(run->options->driver->name, "note: %s", run->row[i].note);
}

/* One line of the methods that there are not of such elements. */
static void name_left_out(const harness_run *run)
{
    const harness_options *o = run->options;
    char names[1024] = "";
    for (int i = 0; i < o->methods; i++) {
        size_t used = strlen(names);
        if (is_left_out(run, i))
            snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                     o->method[i]->mode);
    }
    if (*names)
        log_line(o->driver->name, "left out, since there is none of %s: %s",
                 trine_dtype_name(run->dtype), names);
}

static int conclude(harness_run *run)
{
    int result = make_reference(run);
    measure_bandwidth(run);
    progress(run->options->driver->name, NULL);
    if (result)
        return result;
    result = judge_rows(run);
    print_notes(run);
    name_left_out(run);
    int drawn = draw_timelines(run), printed = print_run(run);
    run->printed = true;
    printed = printed ? printed : drawn;
    if (!printed && run->options->driver->conclude) {
        int concluded = run->options->driver->conclude(run);
        printed = end_output(run->options->driver->name);
        printed = printed ? printed : concluded;
    }
    return printed ? printed : result;
}

/* A rank's rows are judged and shown by whoever started it. */
static int hand_over(harness_run *run)
{
    const char *name = run->options->driver->name;
    progress(name, NULL);
    size_t size;
    void *bytes = run_to_bytes(run, &size);
    if (!bytes)
        log_line(name, "no memory for the results on their way to the driver");
    bool sent = bytes && send_found(name, bytes, size);
    free(bytes);
    return sent ? EXIT_RIGHT : EXIT_FAILED;
}

/* The exit status of a rank that another driver started. That one knows of all errors; what the
 * user can mend is no reason for mpirun to end the other ranks, with a page about it. */
static int child_status(int result)
{
    return result == EXIT_USAGE ? EXIT_RIGHT : result;
}

/* With --json standard output is JSON however the run ends. */
static int end_run(const harness_run *run, int result)
{
    if (!result || run->printed || run->options->form != FORM_JSON || !first_rank())
        return result;
    print_error_as_json(run->options->driver->name, result);
    int printed = end_output(run->options->driver->name);
    return printed ? printed : result;
}

/* The run of this process, for when a library ends it. */
static const harness_run *running;

static void tell_exit(const char *driver)
{
    log_line(driver, "a library has ended this process with exit status %d, which is no verdict",
             EXIT_WRONG);
    if (running)
        (void)end_run(running, EXIT_FAILED);
}

/* This program's path, for mpirun; "" when it cannot be told. */
static void find_self(const char *called, char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    /* Without /proc. A name without a folder could be any of PATH's. */
    if (length <= 0 && (!strchr(called, '/') || !realpath(called, path)))
        path[0] = '\0';
}

int trine_driver_main(const trine_driver *driver, int argc, char **argv)
{
    harness_options options;
    char self[PATH_MAX];
    guard_exit(driver->name, tell_exit);
    take_signals_back();
    hold_standard_files();
    let_first_rank_fail_first();
    /* Without it pools are refused later, with the reason; nothing else needs it. */
    (void)trine_init();
    keep_environment();
    take_write_errors();
    bool child = is_child(argc, argv);
    if (child && !join_launch(&argc, &argv))
        return EXIT_FAILED;
    if (!read_options(driver, argc, argv, &options))
        return EXIT_FAILED;
    options.child = child;
    if (options.terminal)
        show_progress_anyway(options.terminal);
    harness_run run = {.options = &options};
    running = &run;
    int result = check_launch(&options);
    if (result) {
        result = end_run(&run, result);
        running = NULL;
        free(options.files);
        return result;
    }
    name_data(&run);
    find_self(argv[0], self);
    result = run_teams(&run, self);
    if (first_rank() && (child || run.rows > 0 || !result)) {
        int concluded = child ? hand_over(&run) : conclude(&run);
        result = concluded > result ? concluded : result;
    }
    result = end_run(&run, result);
    running = NULL;
    forget_rows(&run, 0);
    free(run.row);
    forget_failures(&run, 0);
    free(run.failure);
    free(options.files);
    trine_finalize();
    return own_exit(child ? child_status(result) : result);
}
