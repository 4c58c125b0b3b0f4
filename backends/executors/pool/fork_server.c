/* backends/executors/pool/fork_server.c - the process that workers are forked from.
 *
 * 1. Started by trine_init() or by the first pool, while the process has one thread: what a thread
 *    of OpenMP or BLAS holds at the moment of a fork can then never be found locked in a worker.
 * 2. It waits for requests on a socket: fork a worker (the request carries the directories that it
 *    is to have, the answer its pidfd), or end one.
 * 3. It ends when the socket does, or with the user's process, whose pidfd it watches; its workers
 *    end with it (PDEATHSIG).
 * 4. If it is killed, the next request starts another, provided that there is one thread again.
 * 5. If it is stopped, who waits for it makes it go on; if it does not answer then, it is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backends/executors/pool/pool.h"
#include "core/system/clock.h"
#include "core/system/process.h"
#include "core/backend/usable_cpus.h"

/* fork worker `number` of control, which takes over that identity; kill `pid`; kill it and take its
 * status. */
typedef enum errand { FORK, KILL, END } errand;

typedef struct request {
    errand errand;
    pool_control *control;
    const pool_identity *identity;
    int number;
    pid_t pid;
} request;

/* value: the pid of what was forked, the status of what ended, or -errno. */
typedef struct answer {
    int value;
} answer;

/* heap: the number of the heap that it has. lock: two teams may be used by two threads. owner:
 * trine_process() of the one that has the fork server and the heap, 0 for nobody. */
static struct {
    pthread_mutex_t lock;
    pid_t pid;
    trine_descriptor socket;
    unsigned heap;
    atomic_uint owner;
    bool foreign, watching;
} fork_server = {.lock = PTHREAD_MUTEX_INITIALIZER, .socket = {.fd = -1}};

/* What the fork server holds: its end of the socket, and the pidfd of the user's process, -1 where
 * the system has none. */
typedef struct fork_server_files {
    int socket, parent;
} fork_server_files;

/* Milliseconds after which a fork server that does not answer is made to go on. */
enum { GO_ON_MILLISECONDS = 50 };

/* Seconds that a process which was killed may take to end, and a fork server to answer. */
static const double patience = 10;

/* What comes with a request to fork; -1 for none. */
typedef struct directories {
    int root, directory;
} directories;

static void close_file(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void close_directories(const directories *in)
{
    close_file(in->root);
    close_file(in->directory);
}

/* Descriptors of so many bytes go with the message; buffer: CMSG_SPACE(bytes). */
static void attach(struct msghdr *message, void *buffer, const void *descriptors, size_t bytes)
{
    message->msg_control = buffer;
    message->msg_controllen = CMSG_SPACE(bytes);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    memcpy(CMSG_DATA(header), descriptors, bytes);
}

static void answer_with(int socket, int value, int fd)
{
    answer a = {value};
    struct iovec part = {&a, sizeof a};
    union {
        char buffer[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0)
        attach(&message, control.buffer, &fd, sizeof fd);
    /* A parent that is gone needs no answer. */
    (void)!sendmsg(socket, &message, MSG_NOSIGNAL);
}

/* A new worker. A change of ids makes the system forget the signal that its parent's end sends. */
static _Noreturn void begin_worker(const request *r, const directories *in, pid_t parent)
{
    pool_slot *slot = &r->control->slots[r->number];
    bool like_caller = trine_identity_assume(r->identity, in->root, in->directory, slot->lacks,
                                             sizeof slot->lacks);
    close_directories(in);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    if (!like_caller) {
        atomic_store(&slot->life, POOL_WORKER_REFUSED);
        trine_futex_wake(&slot->life, 1);
        _exit(1);
    }
    trine_worker_live(r->control, r->number);
}

/* What tells of a worker's death is its pidfd or, where there are none (before Linux 5.3, under
 * older valgrinds), a pipe of which it alone holds the other end. */
static void fork_worker(const fork_server_files *files, const request *r, const directories *in)
{
    int ends[2] = {-1, -1};
    if (files->parent < 0 && pipe2(ends, O_CLOEXEC)) {
        answer_with(files->socket, -errno, -1);
        return;
    }
    if (trine_identity_give_up(r->identity, in->root, in->directory))
        prctl(PR_SET_PDEATHSIG, SIGCONT);
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        close(files->socket);
        close_file(files->parent);
        close_file(ends[0]);
        begin_worker(r, in, self);
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

int trine_fork_server_reap(pid_t pid)
{
    static const struct timespec least = {.tv_nsec = 20000}, most = {.tv_nsec = 1000000};
    double began = trine_seconds();
    for (struct timespec pause = least;; pause = pause.tv_nsec < 100000 ? pause : most) {
        int status = 0;
        pid_t got = waitpid(pid, &status, WNOHANG | __WALL);
        if (got == pid)
            return status;
        if ((got < 0 && errno != EINTR) || trine_seconds() - began > patience)
            return -1;
        nanosleep(&pause, NULL);
        pause.tv_nsec += pause.tv_nsec / 4;
    }
}

/* Kills a child that lives; what is no child of this process is left alone. A worker of more rights
 * than the fork server has kept ends by itself when it goes on. */
static bool kill_child(pid_t pid)
{
    siginfo_t found = {.si_pid = 0};
    if (waitid(P_PID, (id_t)pid, &found, WEXITED | WNOHANG | WNOWAIT | __WALL))
        return false;
    return found.si_pid == pid || kill(pid, SIGKILL) == 0 || kill(pid, SIGCONT) == 0;
}

sigset_t trine_fork_server_hold_signals(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    return before;
}

/* Signals as in a new program: what is ignored (SIGHUP under nohup) stays so, but for SIGCHLD, by
 * which workers are reaped. The terminal's interrupt is ignored: the parent decides about that. */
void trine_fork_server_reset_signals(void)
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
 * stay open as long as the fork server lives. */
static void keep_own_files(const fork_server_files *files)
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

/* A request, and the directories that came with it. */
static bool receive(int socket, request *r, directories *in)
{
    struct iovec part = {r, sizeof *r};
    union {
        char buffer[CMSG_SPACE(sizeof *in)];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.buffer,
                             .msg_controllen = sizeof control.buffer};
    *in = (directories){-1, -1};
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != sizeof *r)
        return false;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(in, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    return true;
}

/* Waits for a request; false when the socket or the user's process has ended. */
static bool next_request(const fork_server_files *files, request *r, directories *in)
{
    struct pollfd watch[] = {{.fd = files->socket, .events = POLLIN},
                             {.fd = files->parent, .events = POLLIN}};
    while (poll(watch, 2, -1) < 0)
        if (errno != EINTR)
            return false;
    return !watch[1].revents && receive(files->socket, r, in);
}

/* cpus: those of the process. The thread that forks may be bound to one of them by OpenMP. */
static _Noreturn void live(const fork_server_files *files, const trine_cpu_set *cpus)
{
    sched_setaffinity(0, sizeof *cpus, cpus->part);
    /* The pidfd tells of the parent's end; this wakes a fork server that was stopped. A signal that
     * kills would also come when only the thread that forked ends. */
    prctl(PR_SET_PDEATHSIG, SIGCONT);
    trine_fork_server_reset_signals();
    prctl(PR_SET_NAME, "trine-fork server");
    keep_own_files(files);
    trine_heap_is_anybodys(true);
    directories in;
    for (request r; next_request(files, &r, &in); close_directories(&in)) {
        if (r.errand == FORK)
            fork_worker(files, &r, &in);
        else if (r.errand == KILL)
            answer_with(files->socket, kill_child(r.pid) ? 0 : -1, -1);
        else
            answer_with(files->socket, kill_child(r.pid) ? trine_fork_server_reap(r.pid) : -1, -1);
    }
    trine_heap_is_anybodys(false);
    _exit(0);
}

bool trine_fork_server_own(void)
{
    unsigned nobody = 0;
    (void)atomic_compare_exchange_strong(&fork_server.owner, &nobody, trine_process());
    return !trine_fork_server_foreign();
}

bool trine_fork_server_foreign(void)
{
    unsigned owner = atomic_load(&fork_server.owner);
    return fork_server.foreign || (owner != 0 && owner != trine_process());
}

void trine_fork_server_release(void)
{
    atomic_store(&fork_server.owner, 0);
}

void trine_fork_server_disown(void)
{
    fork_server.foreign = true;
}

pid_t trine_fork_server_pid(void)
{
    return fork_server.pid;
}

/* There has been one: this process did call trine_init(), or had a pool. */
static bool lived;

/* A thread is not cancelled while it has the lock, which would stay locked. */
static int lock_fork_server(void)
{
    int cancelling;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelling);
    pthread_mutex_lock(&fork_server.lock);
    return cancelling;
}

static void unlock_fork_server(int cancelling)
{
    pthread_mutex_unlock(&fork_server.lock);
    pthread_setcancelstate(cancelling, NULL);
}

static trine_status check_threads(void)
{
    return trine_pool_check_threads(
        "pool",
        lived ? "the fork server that workers are forked from was there and has ended, and a new "
                "one needs a moment with one thread"
              : "call trine_init() first thing in main, before OpenMP, MPI or a BLAS starts "
                "threads");
}

static trine_status clone_fork_server(void)
{
    int ends[2] = {-1, -1}, error = 0;
    fork_server_files files = {-1, trine_above_standard((int)syscall(SYS_pidfd_open, getpid(), 0))};
    if ((files.parent < 0 && errno != ENOSYS) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        error = errno;
    for (int i = 0; i < 2 && !error; i++)
        if ((ends[i] = trine_above_standard(ends[i])) < 0)
            error = errno;
    if (!error) {
        files.socket = ends[1];
        trine_cpu_set cpus = trine_cpus_mask();
        /* What the program has printed is not to be printed by workers, too. */
        fflush(NULL);
        /* A clone without an exit signal: the user's wait() neither sees it nor waits for it. */
        sigset_t before = trine_fork_server_hold_signals();
        pid_t pid = (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
        if (pid == 0)
            live(&files, &cpus);
        if (pid < 0)
            error = errno;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        fork_server.pid = pid > 0 ? pid : 0;
        lived = lived || pid > 0;
    }
    close_file(files.parent);
    close_file(ends[1]);
    if (error) {
        close_file(ends[0]);
        return trine_fail(TRINE_E_SYSTEM, "pool: starting the fork server: %s", strerror(error));
    }
    fork_server.socket = trine_descriptor_know(ends[0]);
    fork_server.heap = trine_heap_number();
    return TRINE_OK;
}

/* Ends it, stopped or not, with its workers. Where this process may no longer kill it, the
 * shutdown ends it, which reaches it also where a copy of this process holds the socket, too.
 */
static void reap_own(void)
{
    if (trine_descriptor_holds(&fork_server.socket))
        shutdown(fork_server.socket.fd, SHUT_RDWR);
    trine_descriptor_close(&fork_server.socket);
    if (kill_child(fork_server.pid))
        trine_fork_server_reap(fork_server.pid);
    fork_server.pid = 0;
}

/* Whether it lives, can be reached, and has the heap. */
static bool is_sound(void)
{
    return fork_server.pid && waitpid(fork_server.pid, NULL, WNOHANG | __WALL) == 0 &&
           trine_descriptor_holds(&fork_server.socket) && fork_server.heap == trine_heap_number();
}

static trine_status start(void)
{
    if (is_sound())
        return TRINE_OK;
    if (fork_server.pid)
        reap_own();
    trine_status status = trine_heap_check();
    if (!status)
        status = check_threads();
    if (status)
        return status;
    if (!fork_server.watching)
        fork_server.watching = atexit(trine_fork_server_stop) == 0;
    return clone_fork_server();
}

trine_status trine_fork_server_start(void)
{
    int cancelling = lock_fork_server();
    trine_status status = start();
    unlock_fork_server(cancelling);
    return status;
}

void trine_fork_server_stop(void)
{
    if (trine_fork_server_foreign())
        return;
    int cancelling = lock_fork_server();
    if (fork_server.pid)
        reap_own();
    unlock_fork_server(cancelling);
}

/* Waits for its answer, or its end; false when neither comes. One that was stopped goes on. */
static bool wait_for_answer(void)
{
    double began = trine_seconds();
    while (trine_seconds() - began < patience) {
        struct pollfd watch = {.fd = fork_server.socket.fd, .events = POLLIN};
        int got = poll(&watch, 1, GO_ON_MILLISECONDS);
        if (got > 0)
            return true;
        if (got == 0)
            kill(fork_server.pid, SIGCONT);
    }
    return false;
}

/* caller: NULL, or whose directories go with it. */
static bool send_request(const request *r, const pool_caller *caller)
{
    struct iovec part = {(void *)r, sizeof *r};
    union {
        char buffer[CMSG_SPACE(sizeof(directories))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (caller && caller->root.fd >= 0) {
        const int root = caller->root.fd, directory = caller->directory.fd;
        const directories in = {root, directory >= 0 ? directory : root};
        attach(&message, control.buffer, &in, sizeof in);
    }
    ssize_t sent = -1;
    if (trine_descriptor_holds(&fork_server.socket))
        do {
            sent = sendmsg(fork_server.socket.fd, &message, MSG_NOSIGNAL);
        } while (sent < 0 && errno == EINTR);
    return sent == sizeof *r;
}

/* False when the fork server has ended, which it then has for all. */
static bool ask(const request *r, const pool_caller *caller, answer *a, int *fd)
{
    struct iovec part = {a, sizeof *a};
    union {
        char buffer[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.buffer,
                             .msg_controllen = sizeof control.buffer};
    ssize_t got = -1;
    if (send_request(r, caller) && wait_for_answer())
        do {
            got = recvmsg(fork_server.socket.fd, &message, MSG_CMSG_CLOEXEC);
        } while (got < 0 && errno == EINTR);
    if (got != sizeof *a) {
        reap_own();
        return false;
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(header), sizeof *fd);
    return true;
}

/* One that is just dying may pass for alive until it is asked: then another is started. */
static trine_status ask_living(const request *r, const pool_caller *caller, answer *a, int *fd)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        trine_status status = start();
        if (status)
            return status;
        if (ask(r, caller, a, fd))
            return TRINE_OK;
    }
    return trine_fail(TRINE_E_WORKER, "pool: the fork server is killed as often as it is started");
}

static int ask_about(errand errand, pid_t pid)
{
    request r = {.errand = errand, .pid = pid};
    answer a = {-1};
    int none = -1;
    return fork_server.pid && ask(&r, NULL, &a, &none) ? a.value : -1;
}

trine_status trine_fork_server_fork(pool_control *control, const pool_caller *caller, int number,
                                    pid_t *pid, int *pidfd)
{
    request r = {
        .errand = FORK, .control = control, .identity = caller->identity, .number = number};
    trine_status held = trine_caller_check(caller);
    if (held)
        return held;
    answer a = {-1};
    int fd = -1;
    int cancelling = lock_fork_server();
    trine_status status = ask_living(&r, caller, &a, &fd);
    fd = trine_above_standard(fd);
    if (!status && a.value < 0) {
        status =
            trine_fail(TRINE_E_SYSTEM, "pool: forking worker %d: %s", number, strerror(-a.value));
    } else if (!status && fd < 0) {
        ask_about(END, a.value);
        status = trine_fail(TRINE_E_SYSTEM,
                            "pool: no file descriptor is left for worker %d (ulimit -n)", number);
    }
    unlock_fork_server(cancelling);
    if (!status) {
        *pid = a.value;
        *pidfd = fd;
    }
    return status;
}

int trine_fork_server_end(pid_t pid)
{
    /* 0 would mean the whole process group to kill() and waitpid(). */
    if (pid <= 0)
        return -1;
    int cancelling = lock_fork_server();
    int status = ask_about(END, pid);
    unlock_fork_server(cancelling);
    return status;
}

bool trine_fork_server_kill(pid_t pid)
{
    int cancelling = lock_fork_server();
    bool killed = ask_about(KILL, pid) == 0;
    unlock_fork_server(cancelling);
    return killed;
}
