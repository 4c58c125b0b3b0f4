/* harness/launch.c - starting a driver under mpirun. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/harness/number.h"
#include "drivers/harness/rows.h"
#include "drivers/harness/say.h"

/* As many as a team spec may name. */
enum { MOST_RANKS = 65536 };

int ranks_asked(const char *spec)
{
    char count[16];
    uint64_t ranks;
    if (strncmp(spec, "mpi", 3) != 0)
        return -1;
    if (spec[3] != ':')
        return 0;
    snprintf(count, sizeof count, "%.*s", (int)strcspn(spec + 4, "+"), spec + 4);
    return read_number(count, 1, MOST_RANKS, &ranks) ? (int)ranks : 0;
}

/* Open MPI asks root for these, once for each kind of regret. */
static char *const for_root[] = {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"};

static char **kept_environment;

void keep_environment(void)
{
    size_t count = 0, extra = geteuid() == 0 ? sizeof for_root / sizeof *for_root : 0;
    while (environ[count])
        count++;
    char **kept = calloc(count + extra + 1, sizeof *kept);
    if (!kept)
        return;
    memcpy(kept, environ, count * sizeof *kept);
    memcpy(kept + count, for_root, extra * sizeof *kept);
    kept_environment = kept;
}

/* Room for mpirun's own arguments and all of ours. */
enum { MOST_ARGUMENTS = 256 };

/* What a shell says of a command that is not there. */
enum { COMMAND_NOT_FOUND = 127 };

typedef struct command {
    char *argument[MOST_ARGUMENTS];
    int count;
    char text[MOST_ARGUMENTS][32], launcher[4096], extras[HARNESS_EXTRAS * 1100];
    size_t extras_used;
} command;

static void push(command *c, const char *argument)
{
    if (c->count < MOST_ARGUMENTS - 1)
        c->argument[c->count++] = (char *)argument;
}

static void push_number(command *c, const char *option, uint64_t number)
{
    char *text = c->text[c->count];
    snprintf(text, sizeof c->text[0], "%s%llu", option, (unsigned long long)number);
    push(c, text);
}

static void push_extra(command *c, const char *name, const char *text)
{
    size_t left = sizeof c->extras - c->extras_used;
    int length = snprintf(c->extras + c->extras_used, left, "--%s=%s", name, text);
    push(c, c->extras + c->extras_used);
    c->extras_used += (size_t)length < left ? (size_t)length + 1 : left - 1;
}

/* $TRINE_MPIRUN is an mpirun with its flags, in words. */
static void compose(command *c, const harness_options *o, const char *spec, const char *self)
{
    const char *mpirun = getenv("TRINE_MPIRUN");
    char *rest = c->launcher;
    bool own = mpirun && *mpirun;
    if (!own)
        push(c, TRINE_MPIEXEC);
    snprintf(c->launcher, sizeof c->launcher, "%s", own ? mpirun : TRINE_MPIEXEC_FLAGS);
    for (char *word; (word = strtok_r(rest, " ", &rest));)
        push(c, word);
    push(c, "-n");
    push_number(c, "", (uint64_t)ranks_asked(spec));
    push(c, self);
    push(c, "--child");
    push(c, "--json");
    push(c, "--team");
    push(c, spec);
    push_number(c, "--repeat=", o->repeat);
    push(c, o->schedule == TRINE_DYNAMIC ? "--schedule=dynamic" : "--schedule=static");
    for (int i = 0; i < o->methods; i++) {
        push(c, "--mode");
        push(c, o->method[i]->mode);
    }
    if (o->stream)
        push(c, "--stream");
    if (!o->verify)
        push(c, "--verify=none");
    for (int i = 0; i < HARNESS_EXTRAS; i++)
        if (o->extra_text[i])
            push_extra(c, o->driver->extras[i].name, o->extra_text[i]);
    if (o->file) {
        push(c, "--");
        push(c, o->file);
        return;
    }
    push_number(c, "--n=", o->n);
    push_number(c, "--seed=", o->seed);
    push(c, "--dtype");
    push(c, trine_dtype_name(o->dtype));
}

static char *read_all(int fd)
{
    size_t room = 1 << 16, used = 0;
    char *text = malloc(room);
    while (text) {
        ssize_t some = read(fd, text + used, room - used - 1);
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            break;
        used += (size_t)some;
        if (room - used < 4096) {
            char *more = realloc(text, room *= 2);
            if (!more)
                free(text);
            text = more;
        }
    }
    if (text)
        text[used] = '\0';
    return text;
}

/* Starts the command with its output going to `out`; it ends when this process does, however that
 * ends. Between fork and exec only what is safe with threads running. */
static int start(const command *c, int out, pid_t *pid)
{
    pid_t self = getpid();
    *pid = fork();
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != self || dup2(out, STDOUT_FILENO) < 0)
            _exit(EXIT_FAILED);
        execvpe(c->argument[0], c->argument, kept_environment ? kept_environment : environ);
        _exit(COMMAND_NOT_FOUND);
    }
    return *pid < 0 ? errno : 0;
}

int run_launched(harness_run *run, const char *spec, const char *self)
{
    const char *name = run->options->driver->name;
    command c = {.count = 0};
    int ends[2], status = 0;
    pid_t pid;
    if (!*TRINE_MPIEXEC) {
        say(name, "--team %s: this driver was built without MPI", spec);
        return EXIT_USAGE;
    }
    if (pipe(ends)) {
        say(name, "pipe: %s", strerror(errno));
        return EXIT_FAILED;
    }
    progress(name, "%s, under mpirun", spec);
    compose(&c, run->options, spec, self);
    int error = start(&c, ends[1], &pid);
    close(ends[1]);
    char *text = error ? NULL : read_all(ends[0]);
    close(ends[0]);
    if (error) {
        say(name, "fork: %s", strerror(error));
        return EXIT_FAILED;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool taken = ended && text && rows_from_json(run, text);
    free(text);
    if (taken)
        return EXIT_RIGHT;
    if (ended)
        say(name, "--team %s: %s printed no rows", spec, c.argument[0]);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
    if (code == COMMAND_NOT_FOUND)
        say(name, "--team %s: %s cannot be started; $TRINE_MPIRUN names another", spec,
            c.argument[0]);
    else if (code != EXIT_USAGE && code != EXIT_FAILED && !ended)
        say(name, "--team %s: %s ended with status %d", spec, c.argument[0], code);
    return code == EXIT_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
