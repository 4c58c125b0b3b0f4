/* harness/launch.c - starting a driver under mpirun. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/harness/rows.h"

int ranks_asked(const char *spec)
{
    if (strncmp(spec, "mpi", 3) != 0)
        return -1;
    return spec[3] == ':' ? atoi(spec + 4) : 0;
}

/* Room for mpirun's own arguments and all of ours. */
enum { MOST_ARGUMENTS = 64 };

/* What a shell says of a command that is not there. */
enum { COMMAND_NOT_FOUND = 127 };

typedef struct command {
    char *argument[MOST_ARGUMENTS];
    int count;
    char text[MOST_ARGUMENTS][32], flags[64];
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

static void compose(command *c, const harness_options *o, const char *spec, const char *self)
{
    const char *mpirun = getenv("TRINE_MPIRUN");
    push(c, mpirun && *mpirun ? mpirun : TRINE_MPIEXEC);
    char *rest = c->flags;
    snprintf(c->flags, sizeof c->flags, "%s", TRINE_MPIEXEC_FLAGS);
    for (char *flag; (flag = strtok_r(rest, " ", &rest));)
        push(c, flag);
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
        execvp(c->argument[0], c->argument);
        _exit(COMMAND_NOT_FOUND);
    }
    return *pid < 0 ? errno : 0;
}

/* Open MPI asks root for these, once for each kind of regret. */
static void allow_root(void)
{
    if (geteuid() == 0) {
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
    }
}

int run_launched(harness_run *run, const char *spec, const char *self)
{
    const char *name = run->options->driver->name;
    command c = {.count = 0};
    int ends[2], status = 0;
    pid_t pid;
    if (!*TRINE_MPIEXEC) {
        fprintf(stderr, "%s: --team %s: this driver was built without MPI\n", name, spec);
        return EXIT_USAGE;
    }
    if (pipe(ends)) {
        fprintf(stderr, "%s: pipe: %s\n", name, strerror(errno));
        return EXIT_FAILED;
    }
    allow_root();
    compose(&c, run->options, spec, self);
    int error = start(&c, ends[1], &pid);
    close(ends[1]);
    char *text = error ? NULL : read_all(ends[0]);
    close(ends[0]);
    if (error) {
        fprintf(stderr, "%s: fork: %s\n", name, strerror(error));
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
        fprintf(stderr, "%s: --team %s: %s printed no rows\n", name, spec, c.argument[0]);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
    if (code == COMMAND_NOT_FOUND)
        fprintf(stderr, "%s: --team %s: %s cannot be started; $TRINE_MPIRUN names another\n", name,
                spec, c.argument[0]);
    return code == EXIT_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
