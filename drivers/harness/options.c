/* harness/options.c - reading a driver's command line with argp. */
#include "drivers/harness/options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/number.h"
#include "drivers/harness/say.h"

enum {
    KEY_SCHEDULE = 256,
    KEY_JSON,
    KEY_CSV,
    KEY_VERIFY,
    KEY_STREAM,
    KEY_SEED,
    KEY_CHILD,
    KEY_EXTRA
};

enum { DEFAULT_N = 1 << 24 };

static const struct argp_option table[] = {
    {"team", 't', "SPEC", 0,
     "Who does the work: serial, omp[:T], pool[:P], mpi[:R], mpi[:R]+omp[:T], mpi[:R]+pool[:P]. "
     "May be "
     "given several times. mpi:R starts itself under mpirun when no launcher did. Default: mpi "
     "under a "
     "launcher, else omp",
     0},
    {"n", 'n', "N", 0,
     "Elements to generate, uniform random by index: a whole number, with K M G T for powers of "
     "1024 "
     "(default 16M)",
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
    {"child", KEY_CHILD, NULL, OPTION_HIDDEN, NULL, 0},
    {NULL, 0, NULL, 0, NULL, 0}};

static uint64_t number_option(struct argp_state *state, const char *option, const char *text,
                              uint64_t least, uint64_t most)
{
    uint64_t number = 0;
    if (!read_number(text, least, most, &number))
        argp_error(
            state,
            "%s '%s': expected a whole number from %llu to %llu, which may end in K, M, G or T "
            "(powers of 1024)",
            option, text, (unsigned long long)least, (unsigned long long)most);
    return number;
}

/* Whether text is `second`; an error when it is neither. */
static bool choice(struct argp_state *state, const char *option, const char *text,
                   const char *first, const char *second)
{
    const char *given = text ? text : first;
    bool is_second = strcmp(given, second) == 0;
    if (!is_second && strcmp(given, first) != 0)
        argp_error(state, "%s '%s': expected %s or %s", option, given, first, second);
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

static void mode_option(struct argp_state *state, harness_options *o, const char *text)
{
    const harness_method *methods = o->driver->methods;
    int before = o->methods;
    for (int i = 0; methods[i].mode && o->methods < MOST_METHODS; i++)
        if (means_each(methods, text) || strcmp(text, methods[i].mode) == 0)
            o->method[o->methods++] = &methods[i];
    char known[1024] = "";
    for (int i = 0; methods[i].mode; i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s, ", methods[i].mode);
    if (o->methods == before)
        argp_error(state, "--mode '%s': expected one of %seach", text, known);
}

/* Reads one number of an extra; false when the text is none, or out of its limits. */
static bool read_extra_number(const harness_extra *extra, const char *text, double *real,
                              uint64_t *whole)
{
    if (extra->kind == KIND_WHOLE || extra->kind == KIND_SHAPE) {
        bool read = read_number(text, (uint64_t)extra->least, (uint64_t)extra->most, whole);
        *real = (double)*whole;
        return read;
    }
    char *end;
    *real = strtod(text, &end);
    return end != text && *end == '\0' && *real >= extra->least && *real <= extra->most;
}

/* Reads an extra's text into its setting; false when it cannot be. */
static bool read_extra(const harness_extra *extra, const char *text, harness_setting *setting)
{
    char copy[1024], *rest = copy;
    const char *between = extra->kind == KIND_SHAPE ? "x" : extra->kind == KIND_REALS ? "," : "";
    setting->count = 0;
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return false;
    for (char *part; (part = strsep(&rest, between));) {
        uint64_t whole = 0;
        if (setting->count == HARNESS_REALS ||
            !read_extra_number(extra, part, &setting->real[setting->count], &whole))
            return false;
        if (setting->count < 2)
            setting->whole[setting->count] = whole;
        setting->count++;
    }
    return extra->kind == KIND_SHAPE ? setting->count == 2 : setting->count > 0;
}

static void extra_option(struct argp_state *state, harness_options *o, int i, const char *text)
{
    static const char *const expected[] = {
        [KIND_WHOLE] = "a whole number, which may end in K, M, G or T, from",
        [KIND_REAL] = "a number from",
        [KIND_REALS] = "numbers with commas between them, from",
        [KIND_SHAPE] = "ROWSxCOLUMNS, such as 8Kx8K, each from"};
    const harness_extra *extra = &o->driver->extras[i];
    o->extra_text[i] = text;
    if (!read_extra(extra, text, &o->setting[i]))
        argp_error(state, "--%s '%s': expected %s %g to %g", extra->name, text,
                   expected[extra->kind], extra->least, extra->most);
}

static error_t read_option(int key, char *text, struct argp_state *state)
{
    harness_options *o = state->input;
    switch (key) {
    case 't':
        if (o->teams == MOST_TEAMS)
            argp_error(state, "--team: more than %d of them", MOST_TEAMS);
        o->team[o->teams++] = text;
        break;
    case 'n':
        o->n = number_option(state, "--n", text, 0, (uint64_t)1 << 50);
        o->sized = true;
        if (o->file)
            argp_error(state, "--n and FILE: the file says how many elements there are");
        break;
    case 'd':
        o->dtype = trine_dtype_find(text);
        if (o->dtype == TRINE_DTYPE_NONE)
            argp_error(state,
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
        o->schedule =
            choice(state, "--schedule", text, "static", "dynamic") ? TRINE_DYNAMIC : TRINE_STATIC;
        break;
    case KEY_VERIFY:
        o->verify = !choice(state, "--verify", text, "reference", "none");
        break;
    case KEY_STREAM:
        o->stream = true;
        break;
    case KEY_JSON:
        o->form = FORM_JSON;
        break;
    case KEY_CSV:
        o->form = FORM_CSV;
        break;
    case KEY_CHILD:
        o->child = true;
        break;
    case ARGP_KEY_ARG:
        if (o->file)
            argp_error(state, "'%s': one FILE at a time; there is '%s' already", text, o->file);
        if (o->sized || o->dtype)
            argp_error(state, "--n, --dtype and FILE: the file says what its elements are");
        o->file = text;
        break;
    default:
        if (key < KEY_EXTRA || key >= KEY_EXTRA + HARNESS_EXTRAS)
            return ARGP_ERR_UNKNOWN;
        extra_option(state, o, key - KEY_EXTRA, text);
    }
    return 0;
}

/* The driver's own options, and the defaults of those that are not given. */
static void add_extras(const trine_driver *driver, harness_options *o, struct argp_option own[])
{
    for (int i = 0; driver->extras && driver->extras[i].name; i++) {
        const harness_extra *extra = &driver->extras[i];
        own[i] =
            (struct argp_option){extra->name, KEY_EXTRA + i, extra->argument, 0, extra->text, 0};
        if (extra->standard)
            read_extra(extra, extra->standard, &o->setting[i]);
    }
}

static void print_version(FILE *stream, struct argp_state *state)
{
    (void)state;
    fprintf(stream, "%s\n", trine_version());
}

void read_options(const trine_driver *driver, int argc, char **argv, harness_options *options)
{
    char about[2048];
    int used = snprintf(about, sizeof about, "%s\vModes:", driver->about);
    for (int i = 0; driver->methods[i].mode && used < (int)sizeof about; i++)
        used += snprintf(about + used, sizeof about - (size_t)used, " %s%s",
                         driver->methods[i].mode, i ? "" : " (default)");
    snprintf(
        about + used, sizeof about - (size_t)used,
        ". FILE is a .npy file of real numbers, or - for standard input. Exit status: 0 right, 1 "
        "wrong result, 2 usage or bad input, 3 the run failed.");
    *options = (harness_options){.driver = driver, .repeat = 3, .verify = true};
    /* The table of all drivers, then the driver's own, then an empty entry. */
    struct argp_option all[sizeof table / sizeof *table + HARNESS_EXTRAS] = {{0}};
    memcpy(all, table, sizeof table);
    add_extras(driver, options, all + sizeof table / sizeof *table - 1);
    const struct argp argp = {
        .options = all, .parser = read_option, .args_doc = "[FILE]", .doc = about};
    argp_program_version_hook = print_version;
    argp_err_exit_status = EXIT_USAGE;
    hushed kept = hush_other_ranks();
    argp_parse(&argp, argc, argv, 0, NULL, options);
    speak_again(kept);
    char *team = getenv("TRINE_TEAM");
    if (options->teams == 0 && team && *team)
        options->team[options->teams++] = team;
    if (!options->file && !options->sized)
        options->n = DEFAULT_N;
    if (options->dtype == TRINE_DTYPE_NONE)
        options->dtype = TRINE_F64;
    if (options->methods == 0)
        options->method[options->methods++] = &driver->methods[0];
}
