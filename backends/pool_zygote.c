/* backends/pool_zygote.c - the process that workers are forked from.
 *
 * 1. Started by trine_init() or by the first pool, while the process has one thread: what a thread
 *    of OpenMP or BLAS holds at the moment of a fork can then never be found locked in a worker.
 * 2. It waits for requests on a socket: fork a worker (the answer carries its pidfd), or end one.
 * 3. It ends when the socket does, or with the user's process, whose pidfd it watches; its workers
 *    end with it (PDEATHSIG).
 * 4. If it is killed, the next request starts another, provided that there is one thread again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backends/pool.h"

/* control NULL: end `pid`; else fork worker `number`. */
typedef struct request {
    pool_control *control;
    int number;
    pid_t pid;
} request;

/* value: the pid of what was forked, the status of what ended, or -errno. */
typedef struct answer {
    int value;
} answer;

/* lock: two teams may be used by two threads. */
static struct {
    pthread_mutex_t lock;
    pid_t pid;
    int socket;
    bool foreign, watching;
} zygote = {.lock = PTHREAD_MUTEX_INITIALIZER, .socket = -1};

/* What the zygote holds: its end of the socket, and the pidfd of the user's process, -1 where the
 * system has none. */
typedef struct zygote_files {
    int socket, parent;
} zygote_files;

static void answer_with(int socket, int value, int fd)
{
    answer a = {value};
    struct iovec part = {&a, sizeof a};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    /* A parent that is gone needs no answer. */
    (void)!sendmsg(socket, &message, MSG_NOSIGNAL);
}

static void close_file(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* What tells of a worker's death is its pidfd or, where there are none (before Linux 5.3, under
 * older valgrinds), a pipe of which it alone holds the other end. */
static void fork_worker(const zygote_files *files, const request *r)
{
    int ends[2] = {-1, -1};
    if (files->parent < 0 && pipe2(ends, O_CLOEXEC)) {
        answer_with(files->socket, -errno, -1);
        return;
    }
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        close(files->socket);
        close_file(files->parent);
        close_file(ends[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != self)
            _exit(1);
        trine_worker_live(r->control, r->number);
    }
    int error = errno;
    close_file(ends[1]);
    if (pid < 0) {
        close_file(ends[0]);
        answer_with(files->socket, -error, -1);
        return;
    }
    /* The pid cannot be another's yet: only this process reaps it. */
    int watch = ends[0] >= 0 ? ends[0] : (int)syscall(SYS_pidfd_open, pid, 0);
    answer_with(files->socket, watch < 0 ? -errno : pid, watch);
    if (watch >= 0) {
        close(watch);
    } else {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

/* Kills it if it lives. A pid that is not a child of this zygote is left alone. */
static void end_worker(int socket, pid_t pid)
{
    int status = 0;
    pid_t got = waitpid(pid, &status, WNOHANG);
    if (got == 0) {
        kill(pid, SIGKILL);
        got = waitpid(pid, &status, 0);
    }
    answer_with(socket, got == pid ? status : -1, -1);
}

sigset_t trine_zygote_hold_signals(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    return before;
}

/* Signals as in a new program: what is ignored (SIGHUP under nohup) stays so, but for SIGCHLD, by
 * which workers are reaped. The terminal's interrupt is ignored: the parent decides about that. */
void trine_zygote_reset_signals(void)
{
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction action;
        if (sigaction(signal, NULL, &action) || (action.sa_handler == SIG_IGN && signal != SIGCHLD))
            continue;
        action = (struct sigaction){.sa_handler = signal == SIGINT ? SIG_IGN : SIG_DFL};
        sigaction(signal, &action, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The lowest of the kept descriptors above `fd`. */
static int next_kept(const int kept[3], int fd)
{
    int next = INT_MAX;
    for (int i = 0; i < 3; i++)
        if (kept[i] > fd && kept[i] < next)
            next = kept[i];
    return next;
}

/* Keeps stdout and stderr (kernels may print), the heap and `files`; whatever else was open would
 * stay open as long as the zygote lives. */
static void keep_own_files(const zygote_files *files)
{
    const int kept[] = {trine_heap_fd(), files->parent, files->socket};
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    for (int fd = STDERR_FILENO; fd < INT_MAX;) {
        int next = next_kept(kept, fd);
        if (next - fd > 1)
            syscall(SYS_close_range, fd + 1, next - 1, 0);
        fd = next;
    }
}

/* Waits for a request; false when the socket or the user's process has ended. */
static bool next_request(const zygote_files *files, request *r)
{
    struct pollfd watch[] = {{.fd = files->socket, .events = POLLIN},
                             {.fd = files->parent, .events = POLLIN}};
    while (poll(watch, 2, -1) < 0)
        if (errno != EINTR)
            return false;
    return !watch[1].revents && recv(files->socket, r, sizeof *r, 0) == sizeof *r;
}

/* cpus: those of the process. The thread that forks may be bound to one of them by OpenMP. */
static _Noreturn void live(const zygote_files *files, const trine_cpu_set *cpus)
{
    sched_setaffinity(0, sizeof *cpus, cpus->part);
    /* The pidfd tells of the parent's end; this wakes a zygote that was stopped. A signal that
     * kills would also come when only the thread that forked ends. */
    prctl(PR_SET_PDEATHSIG, SIGCONT);
    trine_zygote_reset_signals();
    prctl(PR_SET_NAME, "trine-zygote");
    keep_own_files(files);
    trine_heap_is_anybodys(true);
    for (request r; next_request(files, &r);) {
        if (r.control)
            fork_worker(files, &r);
        else
            end_worker(files->socket, r.pid);
    }
    trine_heap_is_anybodys(false);
    _exit(0);
}

static void note_fork(void)
{
    zygote.foreign = true;
}

bool trine_zygote_foreign(void)
{
    return zygote.foreign;
}

void trine_zygote_disown(void)
{
    zygote.foreign = true;
}

pid_t trine_zygote_pid(void)
{
    return zygote.pid;
}

/* There has been one: this process did call trine_init(), or had a pool. */
static bool lived;

static trine_status check_threads(void)
{
    return trine_pool_check_threads(
        "pool", lived
                    ? "the zygote that workers are forked from was there and has ended, and a new "
                      "one needs a moment with one thread"
                    : "call trine_init() first thing in main, before OpenMP, MPI or a BLAS starts "
                      "threads");
}

static trine_status clone_zygote(void)
{
    int ends[2] = {-1, -1}, error = 0;
    zygote_files files = {-1, trine_above_standard((int)syscall(SYS_pidfd_open, getpid(), 0))};
    if ((files.parent < 0 && errno != ENOSYS) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        error = errno;
    for (int i = 0; i < 2 && !error; i++)
        if ((ends[i] = trine_above_standard(ends[i])) < 0)
            error = errno;
    if (!error) {
        files.socket = ends[1];
        trine_cpu_set cpus = trine_cpus_mask();
        /* A clone without an exit signal: the user's wait() neither sees it nor waits for it. */
        sigset_t before = trine_zygote_hold_signals();
        pid_t pid = (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
        if (pid == 0)
            live(&files, &cpus);
        if (pid < 0)
            error = errno;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        zygote.pid = pid > 0 ? pid : 0;
        lived = lived || pid > 0;
    }
    close_file(files.parent);
    close_file(ends[1]);
    if (error) {
        close_file(ends[0]);
        return trine_fail(TRINE_E_SYSTEM, "pool: starting the zygote: %s", strerror(error));
    }
    zygote.socket = ends[0];
    return TRINE_OK;
}

/* Ends it: a shutdown reaches it also where a copy of this process holds the socket, too. */
static void bury(void)
{
    shutdown(zygote.socket, SHUT_RDWR);
    close(zygote.socket);
    while (waitpid(zygote.pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
    zygote.pid = 0;
    zygote.socket = -1;
}

static trine_status start(void)
{
    if (zygote.pid && waitpid(zygote.pid, NULL, WNOHANG | __WALL) == 0)
        return TRINE_OK;
    if (zygote.pid)
        bury();
    trine_status status = check_threads();
    if (status)
        return status;
    if (!zygote.watching) {
        zygote.watching = pthread_atfork(NULL, NULL, note_fork) == 0;
        atexit(trine_zygote_stop);
    }
    return clone_zygote();
}

trine_status trine_zygote_start(void)
{
    pthread_mutex_lock(&zygote.lock);
    trine_status status = start();
    pthread_mutex_unlock(&zygote.lock);
    return status;
}

void trine_zygote_stop(void)
{
    if (zygote.foreign)
        return;
    pthread_mutex_lock(&zygote.lock);
    if (zygote.pid)
        bury();
    pthread_mutex_unlock(&zygote.lock);
}

/* False when the zygote has ended, which it then has for all. */
static bool ask(const request *r, answer *a, int *fd)
{
    struct iovec part = {a, sizeof *a};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    ssize_t got;
    do {
        got = send(zygote.socket, r, sizeof *r, MSG_NOSIGNAL);
    } while (got < 0 && errno == EINTR);
    if (got == sizeof *r)
        do {
            got = recvmsg(zygote.socket, &message, MSG_CMSG_CLOEXEC);
        } while (got < 0 && errno == EINTR);
    if (got != sizeof *a) {
        bury();
        return false;
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(header), sizeof *fd);
    return true;
}

/* One that is just dying may pass for alive until it is asked: then another is started. */
static trine_status ask_living(const request *r, answer *a, int *fd)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        trine_status status = start();
        if (status)
            return status;
        if (ask(r, a, fd))
            return TRINE_OK;
    }
    return trine_fail(TRINE_E_WORKER, "pool: the zygote is killed as often as it is started");
}

static int end_by_zygote(pid_t pid)
{
    request r = {.control = NULL, .pid = pid};
    answer a = {-1};
    int none = -1;
    return zygote.pid && ask(&r, &a, &none) ? a.value : -1;
}

trine_status trine_zygote_fork(pool_control *control, int number, pid_t *pid, int *pidfd)
{
    request r = {.control = control, .number = number};
    answer a = {-1};
    int fd = -1;
    pthread_mutex_lock(&zygote.lock);
    trine_status status = ask_living(&r, &a, &fd);
    fd = trine_above_standard(fd);
    if (!status && a.value < 0) {
        status =
            trine_fail(TRINE_E_SYSTEM, "pool: forking worker %d: %s", number, strerror(-a.value));
    } else if (!status && fd < 0) {
        end_by_zygote(a.value);
        status = trine_fail(TRINE_E_SYSTEM,
                            "pool: no file descriptor is left for worker %d (ulimit -n)", number);
    }
    pthread_mutex_unlock(&zygote.lock);
    if (!status) {
        *pid = a.value;
        *pidfd = fd;
    }
    return status;
}

int trine_zygote_end(pid_t pid)
{
    /* 0 would mean the whole process group to kill() and waitpid(). */
    if (pid <= 0)
        return -1;
    pthread_mutex_lock(&zygote.lock);
    int status = end_by_zygote(pid);
    pthread_mutex_unlock(&zygote.lock);
    return status;
}
