/* drivers/harness/launch/launch.c - a team's rows from ranks that are started under mpirun. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "drivers/harness/run/failures.h"
#include "drivers/harness/launch/launch_arguments.h"
#include "drivers/harness/launch/launch_environment.h"
#include "drivers/harness/run/rows_bytes.h"
#include "drivers/harness/cli/log.h"
#include "drivers/harness/launch/supervise.h"

/* As many as a team spec may name. */
enum { MAX_RANKS = 65536, MAX_DIGITS = 5 };

int ranks_asked(const char *spec)
{
    if (strncmp(spec, "mpi", 3) != 0)
        return -1;
    if (spec[3] != ':')
        return 0;
    const char *count = spec + 4;
    size_t digits = strspn(count, "0123456789");
    bool is_count = digits > 0 && digits <= MAX_DIGITS && strchr("+", count[digits]);
    long ranks = is_count ? strtol(count, NULL, 10) : 0;
    return ranks <= MAX_RANKS ? (int)ranks : 0;
}

/* Words of mpirun's command line, those of them that are not the user's, and their text. */
enum { MAX_WORDS = 256, OWN_WORDS = 4, COMMAND_TEXT = 4096 };
typedef struct command {
    char *word[MAX_WORDS + 1], flags[COMMAND_TEXT], ranks[16], child[16 + CHANNEL_TEXT];
    int count;
} command;

/* False without space. */
static bool push(command *c, const char *word)
{
    if (c->count == MAX_WORDS)
        return false;
    c->word[c->count++] = (char *)word;
    return true;
}

/* False when there is no space for all of it. */
static bool compose(command *c, const char *spec, const char *self, const char *address)
{
    const char *own = own_mpirun(), *flags = own ? own : TRINE_MPIEXEC_FLAGS;
    char *rest = c->flags;
    bool fits = strlen(flags) < sizeof c->flags;
    *c = (command){.count = 0};
    if (!own)
        push(c, TRINE_MPIEXEC);
    snprintf(c->flags, sizeof c->flags, "%s", flags);
    for (char *word; fits && (word = strtok_r(rest, BLANKS, &rest));)
        fits = push(c, word);
    snprintf(c->ranks, sizeof c->ranks, "%d", ranks_asked(spec));
    snprintf(c->child, sizeof c->child, "--child=%s", address);
    return fits && push(c, "-n") && push(c, c->ranks) && push(c, self) && push(c, c->child);
}

/* Seconds that our own mpirun may take from one rank to the next, and all ranks together to open
 * the team: so many, and one for each rank. A user's own may wait in a queue. */
enum { PATIENCE = 120 };

/* What is open for a launch. */
typedef struct launch_parts {
    harness_listener listener;
    launch_folders folders;
    launch_environment *environment;
    char *message, address[CHANNEL_TEXT];
    bool elsewhere;
} launch_parts;

static void close_parts(launch_parts *parts)
{
    listener_close(&parts->listener);
    close_launch_folders(&parts->folders);
    free(parts->environment);
    free(parts->message);
}

/* False after what is in the way was said; then nothing is open. */
static bool open_parts(launch_parts *parts, const harness_options *o, const char *spec)
{
    size_t size = 0;
    *parts = (launch_parts){.elsewhere = may_use_other_hosts()};
    /* Where ranks are elsewhere they do not lie in the folders; but mpirun does need the space. */
    if (!open_launch_folders(&parts->folders, o->driver->name, spec))
        return false;
    int error = listener_open(&parts->listener, parts->elsewhere);
    if (!error) {
        address_to_text(&parts->listener.address, parts->address);
        parts->message = launch_arguments(o, spec, &size);
        parts->environment =
            make_launch_environment(parts->address, parts->elsewhere ? NULL : &parts->folders);
        parts->listener.message = parts->message;
        parts->listener.message_size = size;
        error = parts->message && parts->environment ? 0 : ENOMEM;
    }
    if (!error)
        return true;
    log_line(o->driver->name, "--team %s: no way to the ranks that are to be started: %s", spec,
             strerror(error));
    close_parts(parts);
    return false;
}

static bool has_network(void)
{
    struct ifaddrs *all;
    if (getifaddrs(&all))
        return true;
    bool up = false;
    for (const struct ifaddrs *i = all; i; i = i->ifa_next)
        up = up || (i->ifa_addr && i->ifa_addr->sa_family != AF_PACKET && (i->ifa_flags & IFF_UP));
    freeifaddrs(all);
    return up;
}

/* $TRINE_LAUNCH_SECONDS, which ends a launch that takes longer; 0 where it is not set, -1 where it
 * is no number of seconds. */
static double most_seconds(void)
{
    const char *text = getenv("TRINE_LAUNCH_SECONDS");
    char *rest = NULL;
    if (!text || !*text)
        return 0;
    double seconds = strtod(text, &rest);
    return *rest == '\0' && seconds > 0 && seconds < 1e9 ? seconds : -1;
}

static bool ended_well(const supervised_end *end)
{
    return !end->reason && !end->unknown && WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0;
}

/* Says how mpirun ended that brought no rows, unless the ranks have said why. */
static int complain_of_end(const char *name, const char *spec, const char *mpirun,
                           const harness_listener *listener, const supervised_end *end)
{
    int code = WIFEXITED(end->status) ? WEXITSTATUS(end->status) : EXIT_FAILED;
    if (end->reason)
        log_line(name, "--team %s: %s %s (%d ranks came up): it was %s%s", spec, mpirun,
                 end->reason, listener->joined, end->killed ? "killed" : "told to end",
                 end->left ? ", and what it left was killed" : "");
    else if (end->unknown)
        log_line(name, "--team %s: the system does not say how %s ended", spec, mpirun);
    else if (code == COMMAND_NOT_FOUND && listener->joined == 0)
        log_line(name, "--team %s: %s cannot be started; $TRINE_MPIRUN names another", spec,
                 mpirun);
    else if (WIFSIGNALED(end->status))
        log_line(name, "--team %s: %s was killed by signal %d", spec, mpirun,
                 WTERMSIG(end->status));
    else if (listener->joined == 0 && code == 0)
        log_line(name, "--team %s: %s started no rank of this driver", spec, mpirun);
    else if (code == 0)
        log_line(name, "--team %s: rank 0 ended before it sent its rows%s", spec,
                 listener->is_short_of_memory ? ": no memory for them" : "");
    else if (listener->joined == 0 && !has_network())
        log_line(name,
                 "--team %s: %s ended with status %d: it needs a network interface, if only the "
                 "loopback, and none is up (ip link set lo up)",
                 spec, mpirun, code);
    else if (listener->joined == 0 || (code != EXIT_USAGE && code != EXIT_FAILED))
        log_line(name, "--team %s: %s ended with status %d%s", spec, mpirun, code,
                 is_memory_short(ranks_asked(spec)) ? ": /dev/shm has no space for its ranks" : "");
    return !end->reason && code == EXIT_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

/* Rows and errors that rank 0 sent; what became of mpirun only matters when there are neither, or
 * when it ended badly after all was well. */
static int take_found(harness_run *run, const char *spec, const char *mpirun,
                      const harness_listener *listener, const supervised_end *end)
{
    int rows = run->rows, failures = run->failures;
    bool found = listener->found && run_from_bytes(run, listener->found, listener->found_size);
    if (found && run->failures > failures) {
        const harness_failure *last = &run->failure[run->failures - 1];
        remember(last->status, last->message ? last->message : "");
        return worst_failure(run, failures);
    }
    if (found && run->rows > rows && ended_well(end))
        return EXIT_RIGHT;
    forget_rows(run, rows);
    int result = complain_of_end(run->options->driver->name, spec, mpirun, listener, end);
    add_failure(run, spec, "", TRINE_E_LAUNCH, result, NULL);
    return result;
}

static int launch(harness_run *run, const char *spec, const char *self, launch_parts *parts)
{
    command c;
    supervised_end end;
    if (!compose(&c, spec, self, parts->address)) {
        log_line(run->options->driver->name,
                 "--team %s: $TRINE_MPIRUN has %zu bytes; it may have %d, and %d words", spec,
                 own_mpirun() ? strlen(own_mpirun()) : 0, COMMAND_TEXT - 1, MAX_WORDS - OWN_WORDS);
        add_failure(run, spec, "", TRINE_E_LAUNCH, EXIT_USAGE, NULL);
        return EXIT_USAGE;
    }
    double most = most_seconds();
    if (most < 0) {
        log_line(run->options->driver->name,
                 "--team %s: TRINE_LAUNCH_SECONDS=%.40s; expected seconds above 0, below 1e9", spec,
                 getenv("TRINE_LAUNCH_SECONDS"));
        add_failure(run, spec, "", TRINE_E_LAUNCH, EXIT_USAGE, NULL);
        return EXIT_USAGE;
    }
    const supervised what = {.command = c.word,
                             .environment = parts->environment->variable,
                             .mark = parts->address,
                             .patience = own_mpirun() ? 0 : PATIENCE + ranks_asked(spec),
                             .most = most,
                             .listener = &parts->listener};
    int error = supervise(&what, &end);
    if (error) {
        log_line(run->options->driver->name, "--team %s: %s cannot be started: %s", spec, c.word[0],
                 strerror(error));
        add_failure(run, spec, "", TRINE_E_SYSTEM, EXIT_FAILED, NULL);
        return EXIT_FAILED;
    }
    int result = take_found(run, spec, c.word[0], &parts->listener, &end);
    if (end.signal) {
        close_parts(parts);
        raise(end.signal);
        exit(EXIT_FAILED);
    }
    return result;
}

int run_launched(harness_run *run, const char *spec, const char *self)
{
    const char *name = run->options->driver->name;
    launch_parts parts;
    if (!*self) {
        log_line(
            name,
            "--team %s: where this program lies cannot be told: /proc/self/exe cannot be read, and "
            "it was not started by a path",
            spec);
        add_failure(run, spec, "", TRINE_E_SYSTEM, EXIT_FAILED, NULL);
        return EXIT_FAILED;
    }
    if (!*TRINE_MPIEXEC) {
        log_line(name, "--team %s: this driver was built without MPI", spec);
        add_failure(run, spec, "", TRINE_E_ABSENT, EXIT_USAGE, NULL);
        return EXIT_USAGE;
    }
    progress(name, "%s, under mpirun", spec);
    if (!open_parts(&parts, run->options, spec)) {
        add_failure(run, spec, "", TRINE_E_LAUNCH, EXIT_FAILED, NULL);
        return EXIT_FAILED;
    }
    int result = launch(run, spec, self, &parts);
    close_parts(&parts);
    return result;
}
