/* drivers/harness/cli/options.c - reading a driver's command line with argp. */
#include "drivers/harness/cli/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/cli/help.h"
#include "drivers/harness/cli/number.h"
#include "drivers/harness/run/rows.h"
#include "drivers/harness/cli/log.h"

enum {
    KEY_SCHEDULE = 256,
    KEY_JSON,
    KEY_CSV,
    KEY_VERIFY,
    KEY_STREAM,
    KEY_SEED,
    KEY_TERMINAL,
    KEY_MEMORY,
    KEY_EACH,
    KEY_TASKS = 512,
    KEY_EXTRA = 1024
};

enum { DEFAULT_N = 1 << 24, DEFAULT_REPEAT = 3 };

static const struct argp_option table[] = {
    {"team", 't', "SPEC", 0,
     "Who does the work: serial, omp[:T], pool[:P], mpi[:R], mpi[:R]+omp[:T], mpi[:R]+pool[:P]; "
     "several with commas between them, or by several --team. mpi:R starts itself under mpirun "
     "when no launcher did. Default: mpi "
     "under a "
     "launcher, else omp",
     0},
    {"n", 'n', "N", 0, "Elements to generate, uniform random by index (default 16M). " NUMBER_UNITS,
     0},
    {"dtype", 'd', "TYPE", 0, "Their type: f64 f32 i64 i32 u64 u32 i16 u16 i8 u8 (default f64)", 0},
    {"seed", KEY_SEED, "S", 0, "Another seed, another array (default 0)", 0},
    {"mode", 'm', "MODE", 0, "How to compute: see below; `each` for all of them. May be repeated",
     0},
    {"repeat", 'r', "N", 0, "Timed repetitions of each, of which the median counts (default 3)", 0},
    {"schedule", KEY_SCHEDULE, "HOW", 0, "static (default) or dynamic hand-out of the work", 0},
    {"stream", KEY_STREAM, NULL, 0,
     "Read the file chunk by chunk while computing instead of loading it. Files that do not fit in "
     "memory are always read so",
     0},
    {"verify", KEY_VERIFY, "HOW", OPTION_ARG_OPTIONAL,
     "reference (default): compare with an independent computation; none: only compare the teams "
     "with "
     "each other",
     0},
    {"json", KEY_JSON, NULL, 0, "Print JSON instead of the table", 0},
    {"csv", KEY_CSV, NULL, 0, "Print CSV instead of the table", 0},
    {"memory", KEY_MEMORY, NULL, 0,
     "Print each worker's memory, too: resident (RSS), shared pages divided (PSS), its own alone "
     "(USS)",
     0},
    {"terminal", KEY_TERMINAL, "COLUMNS", OPTION_HIDDEN, NULL, 0},
    {"each-mode", KEY_EACH, NULL, OPTION_HIDDEN, NULL, 0},
    {NULL, 0, NULL, 0, NULL, 0}};

void usage_error(struct argp_state *state, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    remember(TRINE_E_ARGUMENT, text);
    argp_error(state, "%s", text);
}

/* Who reads its command line, and whether --json stands there. */
static struct {
    const char *driver;
    bool json;
} reading;

/* argp ends the program by itself. */
static void answer_exit(int status, void *nothing)
{
    (void)nothing;
    if (status == EXIT_USAGE && reading.driver && reading.json)
        print_error_as_json(reading.driver, status);
}

/* Until the same is called with NULL, a command line that cannot be read is answered in JSON, too,
 * when it asks for that. */
static void answer_usage_errors(const trine_driver *driver, int argc, char **argv)
{
    reading.driver = driver ? driver->name : NULL;
    if (!driver)
        return;
    remember(
        TRINE_E_ARGUMENT,
        "the command line has an option that is unknown, or lacks its argument: stderr says which");
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        /* argp takes the beginning of a word, too. */
        if (strncmp(argv[i], "--js", 4) == 0 && strncmp("--json", argv[i], strlen(argv[i])) == 0)
            reading.json = true;
    on_exit(answer_exit, NULL);
}

uint64_t number_option(struct argp_state *state, const char *option, const char *text,
                       uint64_t least, uint64_t most)
{
    uint64_t number = 0;
    if (!read_number(text, least, most, &number))
        usage_error(state, "%s '%s': expected a whole number from %llu to %llu; " NUMBER_UNITS,
                    option, text, (unsigned long long)least, (unsigned long long)most);
    return number;
}

bool choice_option(struct argp_state *state, const char *option, const char *text,
                   const char *first, const char *second)
{
    const char *given = text ? text : first;
    bool is_second = strcmp(given, second) == 0;
    if (!is_second && strcmp(given, first) != 0)
        usage_error(state, "%s '%s': expected %s or %s", option, given, first, second);
    return is_second;
}

/* Whether --mode asks for each: `each`, or `all` where no mode is called so. */
static bool means_each(const harness_method *methods, const char *text)
{
    bool all = strcmp(text, "all") == 0;
    for (int i = 0; methods[i].mode; i++)
        all = all && strcmp(methods[i].mode, "all") != 0;
    return all || strcmp(text, "each") == 0;
}

/* Where the first of some team specs with commas between them ends; what has a = behind a comma is
 * an option of the spec before it (pool:4,spin=100). */
static char *end_of_spec(char *text)
{
    char *end = text + strcspn(text, ",");
    while (*end) {
        size_t length = strcspn(end + 1, ",");
        if (!memchr(end + 1, '=', length))
            break;
        end += 1 + length;
    }
    return end;
}

static void team_option(struct argp_state *state, harness_options *o, char *text)
{
    for (char *spec = text, *next; spec; spec = next) {
        char *end = end_of_spec(spec);
        next = *end ? end + 1 : NULL;
        if (strcspn(spec, ",") == 0)
            usage_error(state,
                        "--team: nothing stands where a team was expected; several have one comma "
                        "between them, as serial,omp,pool:4");
        if (o->teams == MAX_TEAMS)
            usage_error(state, "--team: more than %d of them", MAX_TEAMS);
        *end = '\0';
        o->team[o->teams++] = spec;
    }
}

static void mode_option(struct argp_state *state, harness_options *o, const char *text)
{
    const harness_method *methods = o->driver->methods;
    int before = o->methods;
    o->each_method = o->each_method || means_each(methods, text);
    for (int i = 0; methods[i].mode && o->methods < MAX_METHODS; i++)
        if (means_each(methods, text) || strcmp(text, methods[i].mode) == 0)
            o->method[o->methods++] = &methods[i];
    char known[1024] = "";
    for (int i = 0; methods[i].mode; i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s, ", methods[i].mode);
    if (o->methods == before)
        usage_error(state, "--mode '%s': expected one of %seach", text, known);
}

/* One of the files; of a driver that takes one, the only one. */
static void file_option(struct argp_state *state, harness_options *o, const char *text)
{
    if (o->driver->operation && o->driver->operation->files) {
        o->files[o->file_count++] = text;
        return;
    }
    if (!has_arrays(o->driver))
        usage_error(state, "'%s': this driver takes no FILE", text);
    if (o->file)
        usage_error(state, "'%s': one FILE at a time; there is '%s' already", text, o->file);
    if (o->sized || o->dtype)
        usage_error(state, "--n, --dtype and FILE: the file says what its elements are");
    o->file = text;
}

static error_t read_option(int key, char *text, struct argp_state *state)
{
    harness_options *o = state->input;
    switch (key) {
    case 't':
        team_option(state, o, text);
        break;
    case 'n':
        o->n = number_option(state, "--n", text, 0, (uint64_t)1 << 50);
        o->sized = true;
        if (o->file)
            usage_error(state, "--n and FILE: the file says how many elements there are");
        break;
    case 'd':
        o->dtype = trine_dtype_find(text);
        if (o->dtype == TRINE_DTYPE_NONE)
            usage_error(state,
                        "--dtype '%s': expected f64, f32, i64, i32, u64, u32, i16, u16, i8 or u8",
                        text);
        break;
    case KEY_SEED:
        o->seed = number_option(state, "--seed", text, 0, UINT64_MAX);
        break;
    case 'm':
        mode_option(state, o, text);
        break;
    case 'r':
        o->repeat = number_option(state, "--repeat", text, 1, 1000000);
        break;
    case KEY_SCHEDULE:
        o->schedule = choice_option(state, "--schedule", text, "static", "dynamic") ? TRINE_DYNAMIC
                                                                                    : TRINE_STATIC;
        break;
    case KEY_VERIFY:
        o->verify = !choice_option(state, "--verify", text, "reference", "none");
        break;
    case KEY_STREAM:
        o->stream = true;
        break;
    case KEY_JSON:
        if (!has_json())
            usage_error(state, "--json: this build has no JSON; libjansson-dev provides it");
        o->form = FORM_JSON;
        break;
    case KEY_CSV:
        o->form = FORM_CSV;
        break;
    case KEY_MEMORY:
        o->memory = true;
        break;
    case KEY_EACH:
        o->each_method = true;
        break;
    case KEY_TERMINAL:
        o->terminal = (int)number_option(state, "--terminal", text, 1, 1 << 16);
        break;
    case ARGP_KEY_ARG:
        file_option(state, o, text);
        break;
    case ARGP_KEY_SUCCESS:
        check_task_options(state, o);
        check_fill(state, o);
        check_plot(state, o);
        break;
    default:
        if (key >= KEY_EXTRA && key < KEY_EXTRA + HARNESS_EXTRAS)
            extra_option(state, o, key - KEY_EXTRA, text);
        else if (key >= KEY_TASKS && key < KEY_TASKS + TASK_OPTIONS)
            task_option(state, o, key - KEY_TASKS, text);
        else
            return help_option(state, key, o->driver->examples) ? 0 : ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Options that mean nothing to a driver without arrays are not shown, and --n counts items. */
static void suit(const trine_driver *driver, struct argp_option *option)
{
    if (has_arrays(driver))
        return;
    if (option->key == 'd' || option->key == KEY_STREAM)
        option->flags |= OPTION_HIDDEN;
    if (option->key == 'n')
        option->doc = "Items. " NUMBER_UNITS;
}

/* The table of all drivers, then that of tasks, then the driver's own, then help, then an empty
 * entry. */
enum { TABLE = sizeof table / sizeof *table - 1 };

static void fill_table(const trine_driver *driver, harness_options *o, struct argp_option all[])
{
    memcpy(all, table, sizeof table);
    for (int i = 0; i < TABLE; i++)
        suit(driver, &all[i]);
    int more = add_task_options(driver, KEY_TASKS, all + TABLE);
    more += add_extras(driver, o, KEY_EXTRA, all + TABLE + more);
    memcpy(all + TABLE + more, help_options, sizeof help_options);
}

static const char *files_of(const trine_driver *driver)
{
    if (driver->operation && driver->operation->files)
        return "[FILE...]";
    return has_arrays(driver) ? "[FILE]" : "";
}

static void describe_driver(const trine_driver *driver, char *about, size_t size)
{
    size_t used = (size_t)snprintf(about, size, "%s\vModes:", driver->about);
    for (int i = 0; driver->methods[i].mode && used < size; i++)
        used += (size_t)snprintf(about + used, size - used, " %s%s", driver->methods[i].mode,
                                 i ? "" : " (default)");
    if (used < size)
        snprintf(
            about + used, size - used,
            ". %sExit status: 0 right, 1 a wrong result, 2 usage or bad input (also a file that "
            "cannot be read or written), 3 the run failed (also a row without a value, or standard "
            "output that cannot be written).",
            has_arrays(driver) ? "FILE is a .npy file of real numbers, or - for standard input. "
                               : "");
}

/* What was not given. */
static void complete(const trine_driver *driver, harness_options *o)
{
    const harness_operation *operation = driver->operation;
    char *team = getenv("TRINE_TEAM");
    if (o->teams == 0 && team && *team)
        o->team[o->teams++] = team;
    if (!o->file && !o->sized)
        o->n = operation && operation->standard_n ? operation->standard_n : DEFAULT_N;
    if (o->repeat == 0)
        o->repeat = o->tasks.journal                          ? 1
                    : operation && operation->standard_repeat ? operation->standard_repeat
                                                              : DEFAULT_REPEAT;
    if (o->dtype == TRINE_DTYPE_NONE)
        o->dtype = TRINE_F64;
    if (o->methods == 0)
        o->method[o->methods++] = &driver->methods[0];
    if (o->tasks.transports == 0)
        o->tasks.transport[o->tasks.transports++] =
            runs_tasks(driver) ? TRINE_TRANSPORT_SHM : TRINE_TRANSPORT_NONE;
}

bool read_options(const trine_driver *driver, int argc, char **argv, harness_options *options)
{
    char about[2048];
    *options = (harness_options){
        .driver = driver, .verify = true, .files = calloc((size_t)argc + 1, sizeof(char *))};
    if (!options->files) {
        log_line(driver->name, "no memory for the command line");
        return false;
    }
    describe_driver(driver, about, sizeof about);
    struct argp_option all[TABLE + TASK_OPTIONS + HARNESS_EXTRAS + HELP_OPTIONS + 1] = {{0}};
    fill_table(driver, options, all);
    const struct argp argp = {
        .options = all, .parser = read_option, .args_doc = files_of(driver), .doc = about};
    argp_err_exit_status = EXIT_USAGE;
    hushed kept = hush_other_ranks();
    answer_usage_errors(driver, argc, argv);
    argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, options);
    answer_usage_errors(NULL, 0, NULL);
    speak_again(kept);
    complete(driver, options);
    return true;
}
