/* make_npy.c - writes a .npy file of generated elements, the same ones that --n generates. */
#include <argp.h>
#include <stdio.h>

#include "drivers/harness/data.h"
#include "drivers/harness/number.h"
#include "drivers/harness/say.h"

typedef struct make_options {
    uint64_t n, seed;
    trine_dtype dtype;
    const char *team, *path;
} make_options;

static const struct argp_option table[] = {
    {"n", 'n', "N", 0, "Elements (K, M, G, T: powers of 1024; default 16M)", 0},
    {"dtype", 'd', "TYPE", 0, "Their type (default f64)", 0},
    {"seed", 's', "S", 0, "Another seed, another array (default 0)", 0},
    {"team", 't', "SPEC", 0, "Who generates them (default as in trine_team_open)", 0},
    {NULL, 0, NULL, 0, NULL, 0}};

static error_t read_option(int key, char *text, struct argp_state *state)
{
    make_options *o = state->input;
    switch (key) {
    case 'n':
        if (!read_number(text, 0, (uint64_t)1 << 50, &o->n))
            argp_error(state, "--n '%s': expected a whole number, as 1000 or 128M", text);
        break;
    case 's':
        if (!read_number(text, 0, UINT64_MAX, &o->seed))
            argp_error(state, "--seed '%s': expected a whole number", text);
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
            argp_error(state, "'%s': one FILE at a time", text);
        o->path = text;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "where to? Give a FILE");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct argp argp = {.options = table,
                              .parser = read_option,
                              .args_doc = "FILE",
                              .doc = "Writes a .npy file of uniform random numbers."};
    make_options o = {.n = 1 << 24, .dtype = TRINE_F64};
    trine_team *team = NULL;
    trine_array *x = NULL;
    (void)trine_init();
    argp_err_exit_status = EXIT_USAGE;
    hushed kept = hush_other_ranks();
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    speak_again(kept);
    trine_status status = trine_team_open(o.team, &team);
    if (!status)
        status = generate_array(team, o.dtype, o.n, 1, o.seed, &x);
    if (!status)
        status = trine_npy_save(o.path, x);
    if (status)
        complain("make_npy", status);
    trine_array_free(x);
    trine_team_close(team);
    trine_finalize();
    return status ? exit_of(status) : EXIT_RIGHT;
}
