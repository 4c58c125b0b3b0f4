/* backends/pool_zygote.c - the process that workers are forked from.
 *
 * 1. Started by trine_init() or by the first pool, while the process has one thread: what a thread
 *    of OpenMP or BLAS holds at the moment of a fork can then never be found locked in a worker.
 * 2. It waits for requests on a socket: fork a worker (the answer carries its pidfd), or reap one.
 * 3. It ends when the socket does, or with its parent (PDEATHSIG); its workers end with it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/pool.h"

/* control NULL: reap `pid`; else fork worker `number`. */
typedef struct request {
    pool_control *control;
    int number;
    pid_t pid;
} request;

/* value: the pid of what was forked, the status of what was reaped, or -errno. */
typedef struct answer {
    int value;
} answer;

static struct {
    pid_t pid;
    int socket;
    bool foreign, watching_forks;
} zygote = {.socket = -1};

static int count_threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    if (tasks)
        closedir(tasks);
    return count;
}

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

static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
}

static void fork_worker(int socket, const request *r)
{
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        close(socket);
        die_with(self);
        trine_worker_live(r->control, r->number);
    }
    if (pid < 0) {
        answer_with(socket, -errno, -1);
        return;
    }
    /* The pid cannot be another's yet: only this process reaps it. */
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    answer_with(socket, pidfd < 0 ? -errno : pid, pidfd);
    if (pidfd >= 0) {
        close(pidfd);
    } else {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

static void reap_worker(int socket, pid_t pid)
{
    int status = 0;
    pid_t got;
    do {
        got = waitpid(pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    answer_with(socket, got == pid ? status : -1, -1);
}

/* Signals as in a new program, but for the terminal's interrupt: the parent decides about that. */
static void reset_signals(void)
{
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction action = {.sa_handler = signal == SIGINT ? SIG_IGN : SIG_DFL};
        sigaction(signal, &action, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Keeps stdout and stderr (kernels may print), the socket and the heap; whatever else was open
 * would stay open as long as the zygote lives. */
static int keep_own_files(int socket)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    int kept_heap = fcntl(trine_heap_fd(), F_DUPFD_CLOEXEC, 64);
    int kept_socket = fcntl(socket, F_DUPFD_CLOEXEC, 64);
    dup2(kept_socket, 3);
    dup2(kept_heap, 4);
    syscall(SYS_close_range, 5, ~0U, 0);
    trine_heap_moved(4);
    return 3;
}

static _Noreturn void live(int socket, pid_t parent)
{
    die_with(parent);
    reset_signals();
    prctl(PR_SET_NAME, "trine-zygote");
    socket = keep_own_files(socket);
    for (;;) {
        request r;
        ssize_t got = recv(socket, &r, sizeof r, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != sizeof r)
            _exit(0);
        if (r.control)
            fork_worker(socket, &r);
        else
            reap_worker(socket, r.pid);
    }
}

static void note_fork(void)
{
    zygote.foreign = true;
}

bool trine_zygote_foreign(void)
{
    return zygote.foreign;
}

pid_t trine_zygote_pid(void)
{
    return zygote.pid;
}

trine_status trine_zygote_start(void)
{
    int ends[2], threads;
    if (zygote.pid)
        return TRINE_OK;
    threads = count_threads();
    if (threads > 1)
        return trine_fail(
            TRINE_E_THREADS,
            "pool: this process runs %d threads, and what they hold would stay locked "
            "in a forked worker; call trine_init() first thing in main, before OpenMP, "
            "MPI or a BLAS starts threads",
            threads);
    if (!zygote.watching_forks && pthread_atfork(NULL, NULL, note_fork) == 0)
        zygote.watching_forks = true;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return trine_fail(TRINE_E_SYSTEM, "pool: socketpair: %s", strerror(errno));
    pid_t self = getpid();
    /* A clone without an exit signal: the user's wait() neither sees it nor waits for it. */
    pid_t pid = (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        close(ends[0]);
        live(ends[1], self);
    }
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return trine_fail(TRINE_E_SYSTEM, "pool: forking the zygote: %s", strerror(error));
    }
    zygote.pid = pid;
    zygote.socket = ends[0];
    return TRINE_OK;
}

bool trine_zygote_alive(void)
{
    if (!zygote.pid)
        return false;
    if (waitpid(zygote.pid, NULL, WNOHANG | __WALL) == 0)
        return true;
    close(zygote.socket);
    zygote.pid = 0;
    zygote.socket = -1;
    return false;
}

void trine_zygote_stop(void)
{
    if (!zygote.pid || zygote.foreign)
        return;
    close(zygote.socket);
    while (waitpid(zygote.pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
    zygote.pid = 0;
    zygote.socket = -1;
}

static trine_status ask(const request *r, answer *a, int *fd)
{
    struct iovec part = {a, sizeof *a};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    ssize_t got = send(zygote.socket, r, sizeof *r, MSG_NOSIGNAL);
    while (got >= 0) {
        got = recvmsg(zygote.socket, &message, MSG_CMSG_CLOEXEC);
        if (got >= 0 || errno != EINTR)
            break;
        got = 0;
    }
    if (got != sizeof *a)
        return trine_fail(TRINE_E_WORKER, "pool: the zygote (pid %d) does not answer",
                          (int)zygote.pid);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(header), sizeof *fd);
    return TRINE_OK;
}

trine_status trine_zygote_fork(pool_control *control, int number, pid_t *pid, int *pidfd)
{
    request r = {.control = control, .number = number};
    answer a = {-1};
    trine_status status = ask(&r, &a, pidfd);
    if (!status && a.value < 0)
        status =
            trine_fail(TRINE_E_SYSTEM, "pool: forking worker %d: %s", number, strerror(-a.value));
    *pid = a.value;
    return status;
}

int trine_zygote_reap(pid_t pid)
{
    request r = {.control = NULL, .pid = pid};
    answer a = {-1};
    int none = -1;
    return zygote.pid && ask(&r, &a, &none) == TRINE_OK ? a.value : -1;
}
