/* core/output/output_write.c - writing that no signal ends.
 *
 * A write beyond RLIMIT_FSIZE, or into a pipe without a reader, sends its thread a signal beside
 * the error. It is blocked for the call, and taken away when the call failed so; one that was
 * pending before is left.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "core/output/output.h"

/* Milliseconds that a descriptor which does not block may take nothing. */
enum { PATIENCE = 30000 };

/* At the descriptor's own place. */
#define HERE (-1)

typedef struct held {
    sigset_t own, before, pending;
} held;

static held hold(void)
{
    held h;
    sigemptyset(&h.own);
    sigaddset(&h.own, SIGXFSZ);
    sigaddset(&h.own, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &h.own, &h.before);
    sigpending(&h.pending);
    return h;
}

static void let_go(held *h, int error)
{
    static const struct timespec now = {0};
    int raised = error == EFBIG ? SIGXFSZ : error == EPIPE ? SIGPIPE : 0;
    if (raised && sigismember(&h->pending, raised) == 0) {
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, raised);
        while (sigtimedwait(&one, NULL, &now) < 0 && errno == EINTR)
            ;
    }
    pthread_sigmask(SIG_SETMASK, &h->before, NULL);
}

static ssize_t write_some(int fd, const struct iovec part[2], int64_t at)
{
    held h = hold();
    ssize_t some = at == HERE ? writev(fd, part, 2) : pwritev(fd, part, 2, at);
    int error = some < 0 ? errno : 0;
    let_go(&h, error);
    errno = error;
    return some;
}

/* Whether to try again. */
static bool may_go_on(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (errno == EINTR)
        return true;
    if (errno != EAGAIN)
        return false;
    int come = poll(&ready, 1, PATIENCE);
    if (come == 0)
        errno = ETIMEDOUT;
    return come > 0 || (come < 0 && errno == EINTR);
}

static bool write_parts(int fd, const void *head, size_t head_size, const void *body,
                        size_t body_size, int64_t at)
{
    for (size_t done = 0; done < head_size + body_size;) {
        size_t of_head = done < head_size ? done : head_size, of_body = done - of_head;
        const struct iovec part[2] = {{(char *)head + of_head, head_size - of_head},
                                      {(char *)body + of_body, body_size - of_body}};
        ssize_t some = write_some(fd, part, at == HERE ? HERE : at + (int64_t)done);
        if (some == 0)
            errno = EIO;
        if (some > 0)
            done += (size_t)some;
        else if (!may_go_on(fd))
            return false;
    }
    return true;
}

const char *trine_output_reason(int number)
{
    return number == ETIMEDOUT ? "nobody took the bytes for 30 seconds" : strerror(number);
}

bool trine_output_write(int fd, const void *bytes, size_t n)
{
    return write_parts(fd, bytes, n, "", 0, HERE);
}

bool trine_output_write_at(int fd, const void *bytes, size_t n, int64_t at)
{
    return write_parts(fd, bytes, n, "", 0, at);
}

bool trine_output_write_both(int fd, const void *head, size_t head_size, const void *body,
                             size_t body_size, int64_t at)
{
    return write_parts(fd, head, head_size, body_size ? body : "", body_size, at);
}
