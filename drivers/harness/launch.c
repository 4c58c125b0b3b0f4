/* harness/launch.c - starting a driver under mpirun. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "drivers/harness/rows.h"
#include "drivers/harness/say.h"

/* As many as a team spec may name. */
enum { MOST_RANKS = 65536, MOST_DIGITS = 5 };

int ranks_asked(const char *spec)
{
    if (strncmp(spec, "mpi", 3) != 0)
        return -1;
    if (spec[3] != ':')
        return 0;
    const char *count = spec + 4;
    size_t digits = strspn(count, "0123456789");
    bool is_count = digits > 0 && digits <= MOST_DIGITS && strchr("+", count[digits]);
    long ranks = is_count ? strtol(count, NULL, 10) : 0;
    return ranks <= MOST_RANKS ? (int)ranks : 0;
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

/* argument: of room for `most` and the NULL at their end. made: text that is freed with them. */
typedef struct command {
    char **argument, *made[MOST_ARGUMENTS], launcher[4096];
    int count, most, made_count;
} command;

static bool open_command(command *c, int files)
{
    *c = (command){.most = MOST_ARGUMENTS + files};
    c->argument = calloc((size_t)c->most + 1, sizeof *c->argument);
    return c->argument != NULL;
}

static void close_command(command *c)
{
    for (int i = 0; i < c->made_count; i++)
        free(c->made[i]);
    free(c->argument);
}

static void push(command *c, const char *argument)
{
    if (c->count < c->most)
        c->argument[c->count++] = (char *)argument;
}

/* An argument made as by printf. */
static void push_made(command *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void push_made(command *c, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int length = c->made_count < MOST_ARGUMENTS ? vasprintf(&text, format, arguments) : -1;
    va_end(arguments);
    if (length < 0)
        return;
    c->made[c->made_count++] = text;
    push(c, text);
}

static void push_number(command *c, const char *option, uint64_t number)
{
    push_made(c, "%s%llu", option, (unsigned long long)number);
}

/* What the child is to record is drawn and printed here. */
static void push_task_options(command *c, const harness_options *o)
{
    const task_settings *tasks = &o->tasks;
    if (o->driver->transports && tasks->transport[0] != TRINE_TRANSPORT_COUNT)
        for (int i = 0; i < tasks->transports; i++)
            push_made(c, "--transport=%s",
                      tasks->each_transport ? "each" : transport_text(tasks->transport[i]));
    if (!runs_tasks(o->driver))
        return;
    push_number(c, "--chunk=", tasks->chunk);
    push_number(c, "--window=", tasks->window);
    push_made(c, "--order=%s", tasks->unordered ? "unordered" : "ordered");
    if (tasks->attempts)
        push_number(c, "--attempts=", (uint64_t)tasks->attempts);
    if (tasks->deadline > 0)
        push_made(c, "--deadline=%.17g", tasks->deadline);
    if (tasks->journal)
        push_made(c, "--journal=%s", tasks->journal);
    if (tasks->who || tasks->timeline)
        push(c, "--who");
}

static void push_extras(command *c, const harness_options *o)
{
    for (int i = 0; i < HARNESS_EXTRAS; i++)
        if (o->extra_text[i] && o->driver->extras[i].kind == KIND_FLAG)
            push_made(c, "--%s", o->driver->extras[i].name);
        else if (o->extra_text[i])
            push_made(c, "--%s=%s", o->driver->extras[i].name, o->extra_text[i]);
}

/* What the data is, or which files hold it. */
static void push_data(command *c, const harness_options *o)
{
    if (!o->file) {
        push_number(c, "--n=", o->n);
        push_number(c, "--seed=", o->seed);
        push(c, "--dtype");
        push(c, trine_dtype_name(o->dtype));
    }
    push(c, "--");
    if (o->file)
        push(c, o->file);
    for (int i = 0; i < o->file_count; i++)
        push(c, o->files[i]);
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
    if (progress_is_shown())
        push_number(c, "--terminal=", (uint64_t)progress_columns());
    push_task_options(c, o);
    push_extras(c, o);
    push_data(c, o);
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

/* Starts the command with its output going to `out`, out of the terminal's reach: it ends when this
 * process does, however that ends. Between fork and exec only what is safe with threads running. */
static int start(const command *c, int out, pid_t *pid)
{
    pid_t self = getpid();
    *pid = fork();
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        setpgid(0, 0);
        if (getppid() != self || dup2(out, STDOUT_FILENO) < 0)
            _exit(EXIT_FAILED);
        execvpe(c->argument[0], c->argument, kept_environment ? kept_environment : environ);
        _exit(COMMAND_NOT_FOUND);
    }
    return *pid < 0 ? errno : 0;
}

/* The signals that end a driver. Killed with it, mpirun would have no time to remove what the ranks
 * keep in /dev/shm: the driver tells it to end, waits for it, then ends by the same signal. */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM};
enum { ENDINGS = sizeof ending / sizeof *ending };

/* mpirun forgets a signal that comes while it starts, and drops everything at a second one: it is
 * told again after so many seconds, and signals that come twice at once (from `timeout`) count
 * once. */
enum { TOLD_AGAIN = 5, TWICE = 1 };

static volatile sig_atomic_t launched, ended_by;

static void pass_on(int signal)
{
    static volatile time_t told;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (signal != SIGALRM)
        ended_by = signal;
    if (told && now.tv_sec - told <= TWICE)
        return;
    told = now.tv_sec;
    kill((pid_t)launched, SIGTERM);
    alarm(TOLD_AGAIN);
}

/* What is ignored (nohup) stays so. */
static void pass_signals_on(pid_t pid, struct sigaction before[])
{
    struct sigaction passing = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    launched = pid;
    for (int i = 0; i < ENDINGS; i++) {
        sigaction(ending[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(ending[i], &passing, NULL);
    }
}

static void end_by_what_came(const struct sigaction before[])
{
    alarm(0);
    for (int i = 0; i < ENDINGS; i++)
        sigaction(ending[i], &before[i], NULL);
    if (ended_by)
        raise(ended_by);
}

/* Runs the command; what it printed into *text, malloc'ed; how it ended into *ended. */
static int run_command(const command *c, const char *name, char **text, int *ended)
{
    int ends[2];
    pid_t pid;
    struct sigaction before[ENDINGS];
    if (pipe(ends)) {
        say(name, "pipe: %s", strerror(errno));
        return EXIT_FAILED;
    }
    int error = start(c, ends[1], &pid);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        say(name, "fork: %s", strerror(error));
        return EXIT_FAILED;
    }
    pass_signals_on(pid, before);
    *text = read_all(ends[0]);
    close(ends[0]);
    while (waitpid(pid, ended, 0) < 0 && errno == EINTR)
        ;
    end_by_what_came(before);
    return EXIT_RIGHT;
}

/* What it comes to that a command ended so without rows. */
static int complain_of_command(const command *c, const char *name, const char *spec, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        say(name, "--team %s: %s printed no rows", spec, c->argument[0]);
        return EXIT_FAILED;
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
    if (code == COMMAND_NOT_FOUND)
        say(name, "--team %s: %s cannot be started; $TRINE_MPIRUN names another", spec,
            c->argument[0]);
    else if (code != EXIT_USAGE && code != EXIT_FAILED)
        say(name, "--team %s: %s ended with status %d", spec, c->argument[0], code);
    return code == EXIT_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

int run_launched(harness_run *run, const char *spec, const char *self)
{
    const char *name = run->options->driver->name;
    command c;
    char *text = NULL;
    int ended = 0;
    if (!*TRINE_MPIEXEC) {
        say(name, "--team %s: this driver was built without MPI", spec);
        return EXIT_USAGE;
    }
    if (!open_command(&c, run->options->file_count)) {
        say(name, "no memory for mpirun's command line");
        return EXIT_FAILED;
    }
    progress(name, "%s, under mpirun", spec);
    compose(&c, run->options, spec, self);
    int result = run_command(&c, name, &text, &ended);
    bool taken =
        !result && WIFEXITED(ended) && WEXITSTATUS(ended) == 0 && text && rows_from_json(run, text);
    if (!result && !taken)
        remember_error_in_json(text);
    if (!result && !taken)
        result = complain_of_command(&c, name, spec, ended);
    free(text);
    close_command(&c);
    return result;
}
