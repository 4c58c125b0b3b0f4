/* drivers/harness/launch/supervise.c - see supervise.h.
 *
 * 1. mpirun is forked, in a process group of its own, and ends when this process does.
 * 2. poll waits for the ranks' connections, for the end of mpirun and for signals that end this
 *    process: mpirun is told to end before it, since killed with it, it would have no time to
 *    remove what the ranks keep.
 * 3. What does not end when it is told to is killed, with all that it has started.
 */
#include "drivers/harness/launch/supervise.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/harness/harness.h"

/* Seconds. mpirun forgets a signal that comes while it starts, and drops everything at a second
 * one soon after the first: so it is told again, but not at once. A launch whose rank 0 has left
 * is at its end. */
enum { TOLD_AGAIN = 5, KILLED_AFTER = 10, ENDS_WITHIN = 60 };

/* What a rank sends for ever shall not keep this process: seconds. Processes that are started while
 * others are killed show in another pass over all. */
enum { REST_WITHIN = 5, KILLING_PASSES = 10 };

/* Between two looks at the clock. */
enum { LOOK_MS = 200 };

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDINGS = sizeof ending / sizeof *ending };

static volatile sig_atomic_t ended_by;
static int wake = -1;

/* The signal may come to any thread: poll is woken through a descriptor. */
static void note_signal(int signal)
{
    int error = errno;
    const uint64_t one = 1;
    ended_by = signal;
    ssize_t written = write(wake, &one, sizeof one);
    (void)written;
    errno = error;
}

/* What is ignored (nohup) stays so. */
static void catch_signals(struct sigaction before[])
{
    const struct sigaction noting = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    ended_by = 0;
    for (int i = 0; i < ENDINGS; i++) {
        sigaction(ending[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(ending[i], &noting, NULL);
    }
}

static void let_signals_go(const struct sigaction before[])
{
    for (int i = 0; i < ENDINGS; i++)
        sigaction(ending[i], &before[i], NULL);
}

/* In the child, which shall end by what this process notes, also before exec. Its process group is
 * in the background of a terminal, which may stop (stty tostop) those that print there. */
static void set_signals_of_child(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL}, ignored = {.sa_handler = SIG_IGN};
    struct sigaction action;
    for (int i = 0; i < ENDINGS; i++)
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler == note_signal)
            sigaction(ending[i], &standard, NULL);
    sigaction(SIGTTOU, &ignored, NULL);
}

/* Between fork and exec only what is safe with threads running. Ranks and mpirun print to stderr:
 * stdout is for results. Signals wait until the child has its own actions for them. */
static int start(const supervised *what, pid_t *pid)
{
    pid_t self = getpid();
    sigset_t all, before;
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0)
        return errno;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    *pid = fork();
    if (*pid == 0) {
        set_signals_of_child();
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        setpgid(0, 0);
        if (getppid() != self || dup2(nothing, STDIN_FILENO) < 0 ||
            dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
            _exit(EXIT_FAILED);
        execvpe(what->command[0], what->command, what->environment);
        _exit(COMMAND_NOT_FOUND);
    }
    int error = *pid < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(nothing);
    return error;
}

/* Whether the process has that variable in its environment, as it was at its start. */
static bool is_marked(const char *pid, const char *variable)
{
    char path[64];
    char *word = NULL;
    size_t capacity = 0;
    bool marked = false;
    snprintf(path, sizeof path, "/proc/%.16s/environ", pid);
    FILE *file = fopen(path, "re");
    while (file && !marked && getdelim(&word, &capacity, '\0', file) > 0)
        marked = strcmp(word, variable) == 0;
    if (file)
        fclose(file);
    free(word);
    return marked;
}

/* By a descriptor, so that another process which gets the number meanwhile is left alone. */
static bool kill_if_marked(const char *pid, const char *variable)
{
    int fd = (int)syscall(SYS_pidfd_open, strtol(pid, NULL, 10), 0);
    bool killed = fd >= 0 && is_marked(pid, variable) &&
                  syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0;
    if (fd >= 0)
        close(fd);
    return killed;
}

/* One pass over all processes; how many were killed. */
static int kill_all(const char *variable)
{
    int killed = 0;
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all && (entry = readdir(all));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            killed += kill_if_marked(entry->d_name, variable);
    if (all)
        closedir(all);
    return killed;
}

/* Kills what is left of a launch, wherever it has put itself; whether there was anything. */
static bool kill_marked(const char *mark)
{
    char variable[64 + CHANNEL_TEXT];
    int pass = 0;
    snprintf(variable, sizeof variable, "TRINE_LAUNCH=%s", mark);
    while (pass < KILLING_PASSES && kill_all(variable) > 0)
        pass++;
    return pass > 0;
}

/* A launch under way. began: when it was started. since: when the last rank joined, or rank 0 left.
 * told: when mpirun was told to end, 0 for not yet; again: it was told twice. */
typedef struct launch {
    const supervised *what;
    supervised_end *end;
    pid_t pid;
    int pidfd, joined;
    double began, since, told;
    bool left, again;
} launch;

static void tell(launch *l, const char *reason, double now)
{
    if (!l->end->reason)
        l->end->reason = reason;
    if (!l->told)
        l->told = now;
    kill(l->pid, SIGTERM);
}

/* What time it is for. */
static void look(launch *l, double now)
{
    const harness_listener *listener = l->what->listener;
    bool late = l->what->patience > 0 && now > l->since + l->what->patience;
    if (listener->joined > l->joined || listener->left > l->left) {
        l->joined = listener->joined;
        l->left = listener->left;
        l->since = now;
    } else if (l->told && now > l->told + KILLED_AFTER) {
        l->end->killed = true;
        kill(-l->pid, SIGKILL);
        kill(l->pid, SIGKILL);
    } else if (l->told && !l->again && now > l->told + TOLD_AGAIN) {
        l->again = true;
        tell(l, NULL, now);
    } else if (!l->told && ended_by) {
        tell(l, "was told to end", now);
    } else if (!l->told && l->what->most > 0 && now > l->began + l->what->most) {
        tell(l, "took longer than $TRINE_LAUNCH_SECONDS", now);
    } else if (!l->told && l->left && now > l->since + ENDS_WITHIN) {
        tell(l, "did not end after its ranks", now);
    } else if (!l->told && !l->left && !listener->opened && late) {
        tell(l, "did not bring all ranks together", now);
    }
}

static bool has_ended(launch *l)
{
    pid_t ended;
    while ((ended = waitpid(l->pid, &l->end->status, WNOHANG)) < 0 && errno == EINTR)
        ;
    l->end->unknown = ended < 0;
    return ended != 0;
}

/* Waits for something to happen, and serves it. */
static void wait_and_serve(launch *l)
{
    struct pollfd set[LISTENER_FDS + 2];
    harness_listener *listener = l->what->listener;
    int count = listener_waits(listener, set);
    set[count] = (struct pollfd){.fd = wake, .events = POLLIN};
    set[count + 1] = (struct pollfd){.fd = l->pidfd, .events = POLLIN};
    if (poll(set, (nfds_t)count + 2, LOOK_MS) < 0)
        return;
    uint64_t woken;
    if (set[count].revents && read(wake, &woken, sizeof woken) < 0)
        return;
    listener_serve(listener, set, harness_seconds());
}

/* What rank 0 sent before it ended may still be in the socket. */
static void serve_the_rest(harness_listener *listener)
{
    struct pollfd set[LISTENER_FDS];
    double until = harness_seconds() + REST_WITHIN;
    while (!listener->left && harness_seconds() < until &&
           poll(set, (nfds_t)listener_waits(listener, set), 0) > 0)
        listener_serve(listener, set, harness_seconds());
}

static int run_to_end(launch *l)
{
    int error = start(l->what, &l->pid);
    if (error)
        return error;
    /* Without one the end shows at the next look. */
    l->pidfd = (int)syscall(SYS_pidfd_open, l->pid, 0);
    l->began = l->since = harness_seconds();
    while (!has_ended(l)) {
        wait_and_serve(l);
        look(l, harness_seconds());
    }
    serve_the_rest(l->what->listener);
    bool well = !l->end->unknown && WIFEXITED(l->end->status) && WEXITSTATUS(l->end->status) == 0;
    if (!well || l->told)
        l->end->left = kill_marked(l->what->mark);
    if (l->pidfd >= 0)
        close(l->pidfd);
    return 0;
}

int supervise(const supervised *what, supervised_end *end)
{
    struct sigaction before[ENDINGS];
    launch l = {.what = what, .end = end, .pidfd = -1};
    *end = (supervised_end){.status = 0};
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0)
        return errno;
    catch_signals(before);
    int error = run_to_end(&l);
    end->signal = ended_by;
    let_signals_go(before);
    close(wake);
    wake = -1;
    return error;
}
