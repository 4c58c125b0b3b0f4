/* drivers/arrays/make_npy.c - writes a .npy file of generated elements, the same ones that --n
 * generates.
 */
#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drivers/harness/data/data.h"
#include "drivers/harness/cli/help.h"
#include "drivers/harness/cli/number.h"
#include "drivers/harness/cli/log.h"
#include "drivers/harness/cli/signals.h"
#include "drivers/harness/cli/standard.h"

static const char name[] = "make_npy";

typedef struct make_options {
    uint64_t n, seed;
    trine_dtype dtype;
    const char *team, *path;
} make_options;

enum { OWN_OPTIONS = 4 };

static const struct argp_option table[OWN_OPTIONS] = {
    {"n", 'n', "N", 0, "Elements (default 16M). " NUMBER_UNITS, 0},
    {"dtype", 'd', "TYPE", 0, "Their type (default f64)", 0},
    {"seed", 's', "S", 0, "Another seed, another array (default 0)", 0},
    {"team", 't', "SPEC", 0, "Who generates them (default as in trine_team_open)", 0}};

static const char *const examples[] = {"drivers/make_npy --n 1M FILE.npy",
                                       "drivers/make_npy --dtype i16 --n 2e6 --seed 7 FILE.npy",
                                       "drivers/make_npy --n 1M - | drivers/sum -", NULL};

static error_t read_option(int key, char *text, struct argp_state *state)
{
    make_options *o = state->input;
    switch (key) {
    case 'n':
        if (!read_number(text, 0, (uint64_t)1 << 50, &o->n))
            argp_error(state, "--n '%s': expected a whole number up to 1024T; " NUMBER_UNITS, text);
        break;
    case 's':
        if (!read_number(text, 0, UINT64_MAX, &o->seed))
            argp_error(state, "--seed '%s': expected a whole number; " NUMBER_UNITS, text);
        break;
    case 'd':
        o->dtype = trine_dtype_find(text);
        if (!o->dtype)
            argp_error(state,
                       "--dtype '%s': expected f64, f32, i64, i32, u64, u32, i16, u16, i8, u8",
                       text);
        break;
    case 't':
        o->team = text;
        break;
    case ARGP_KEY_ARG:
        if (o->path)
            argp_error(state, "'%s': one FILE at a time; there is '%s' already", text, o->path);
        o->path = text;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "where to? Give a FILE, or - for standard output");
        break;
    default:
        return help_option(state, key, examples) ? 0 : ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void read_command_line(int argc, char **argv, make_options *o)
{
    struct argp_option all[OWN_OPTIONS + HELP_OPTIONS + 1] = {{0}};
    memcpy(all, table, sizeof table);
    memcpy(all + OWN_OPTIONS, help_options, sizeof help_options);
    const struct argp argp = {
        .options = all,
        .parser = read_option,
        .args_doc = "FILE",
        .doc =
            "Writes a .npy file of uniform random numbers. A FILE that is there already is "
            "replaced when the new one is whole; a pipe or a device gets the bytes; - is standard "
            "output.\vExit status: 0 written, "
            "2 usage, or a file that cannot be written, 3 the run failed, or standard output "
            "cannot be written."};
    argp_err_exit_status = EXIT_USAGE;
    hushed kept = hush_other_ranks();
    argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, o);
    speak_again(kept);
}

static trine_status make_file(const make_options *o)
{
    trine_team *team = NULL;
    trine_array *x = NULL;
    const int64_t n = (int64_t)o->n;
    trine_status status = trine_team_open(o->team, &team);
    if (!status)
        status = generate_array(team, o->dtype, 1, &n, o->seed, &x);
    if (!status)
        status = trine_npy_save(x, o->path);
    if (status)
        complain(name, status);
    trine_array_free(x);
    trine_team_close(team);
    return status;
}

static void tell_exit(const char *driver)
{
    log_line(driver, "a library has ended this process before the file was written");
}

int main(int argc, char **argv)
{
    make_options o = {.n = 1 << 24, .dtype = TRINE_F64};
    guard_exit(name, tell_exit);
    take_signals_back();
    hold_standard_files();
    (void)trine_init();
    take_write_errors();
    read_command_line(argc, argv, &o);
    bool to_output = strcmp(o.path, "-") == 0;
    if (to_output && isatty(STDOUT_FILENO)) {
        log_line(name, "-: standard output is a terminal; expected a pipe or a file behind it");
        return EXIT_USAGE;
    }
    trine_status status = make_file(&o);
    trine_finalize();
    if (status == TRINE_E_IO && to_output)
        return EXIT_FAILED;
    return status ? exit_of(status) : EXIT_RIGHT;
}
