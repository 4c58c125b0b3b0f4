/* backends/transports/pipe.c - the block goes through pipes, one for each worker.
 *
 *   worker                                    feeder, a thread of the caller
 *   makes a pipe, asks: "this span, into      opens that end of the pipe (by /proc), and writes
 *   that end of it" in the carrier's request  without ever waiting in a write: it polls all pipes
 *   pipe; reads, as the items come            and the request pipe
 *
 * 1. Each worker that attaches makes a pipe of its own, so that what a dead one left in its pipe
 *    reaches nobody: the feeder finds that pipe broken and drops it.
 * 2. The feeder hands the pipe references to the caller's pages (vmsplice): one copy is left, the
 *    worker's. Pages that the system does not lend are written, which makes two.
 * 3. Announced spans (`expect`) are asked for once and come without a pause between their pieces.
 *
 * A request is smaller than PIPE_BUF, so it arrives whole or not at all.
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
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backends/pool.h"
#include "backends/transports/carriers.h"

/* The most that an unprivileged process may usually ask for, and what every pipe holds. */
enum { PIPE_BYTES = 1 << 20, LEAST_PIPE_BYTES = 1 << 16, MOST_PIECES = 64 };

/* How often a worker that waits for its first bytes looks whether the feeder has given up. */
enum { WATCH_MILLISECONDS = 20 };

/* fd: the end to write into, a descriptor of that process; -1 ends the feeder. pipe: its number on
 * the file system of pipes, by which it is known; the descriptor may be another's by now. */
typedef struct request {
    pid_t pid;
    int fd;
    ino_t pipe;
    trine_span span;
} request;

/* --- The feeder. */

/* A worker's pipe, and what is still to be written into it: span.n items, of the first of which
 * `within` bytes are gone. */
typedef struct channel {
    int fd;
    ino_t pipe;
    trine_span span;
    size_t within;
    bool writes;
} channel;

typedef struct feeder {
    trine_carrier *carrier;
    pthread_t thread;
    int requests[2];
    channel *channels;
    struct pollfd *watch;
    size_t count, room;
} feeder;

static void give_up(feeder *f, const char *what, int error)
{
    trine_carrier *carrier = f->carrier;
    snprintf(carrier->detail, sizeof carrier->detail, "transport pipe: %s: %s", what,
             strerror(error));
    atomic_store(&carrier->status, TRINE_E_SYSTEM);
}

static void drop_channel(feeder *f, size_t i)
{
    close(f->channels[i].fd);
    f->channels[i] = f->channels[--f->count];
}

/* Opens the worker's pipe. One that is gone by now needs none. */
static void add_channel(feeder *f, const request *r)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)r->pid, r->fd);
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat opened;
    if (fd >= 0 && (fstat(fd, &opened) < 0 || opened.st_ino != r->pipe)) {
        close(fd);
        return;
    }
    if (fd < 0) {
        if (errno != ENOENT && errno != ESRCH && errno != ENXIO)
            give_up(f, path, errno);
        return;
    }
    if (f->count == f->room) {
        size_t room = 2 * f->room + 8;
        channel *channels = realloc(f->channels, room * sizeof *channels);
        struct pollfd *watch = realloc(f->watch, (room + 1) * sizeof *watch);
        f->channels = channels ? channels : f->channels;
        f->watch = watch ? watch : f->watch;
        if (!channels || !watch) {
            give_up(f, "the feeder", ENOMEM);
            close(fd);
            return;
        }
        f->room = room;
    }
    f->channels[f->count++] = (channel){.fd = fd, .pipe = r->pipe, .span = r->span};
}

/* False when it was the last. */
static bool take_request(feeder *f)
{
    request r;
    ssize_t got = read(f->requests[0], &r, sizeof r);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got != sizeof r || r.fd < 0)
        return false;
    for (size_t i = 0; i < f->count; i++)
        if (f->channels[i].pipe == r.pipe) {
            f->channels[i].span = r.span;
            f->channels[i].within = 0;
            return true;
        }
    add_channel(f, &r);
    return true;
}

/* The next bytes of a channel as pieces of memory; their number. */
static size_t next_pieces(const trine_carrier *carrier, const channel *c, struct iovec *pieces)
{
    const unsigned char *at = carrier->data + c->span.offset;
    if (c->span.item == c->span.stride) {
        size_t bytes = c->span.n * c->span.item - c->within;
        pieces[0] =
            (struct iovec){(void *)(at + c->within), bytes < PIPE_BYTES ? bytes : PIPE_BYTES};
        return 1;
    }
    size_t count = c->span.n < MOST_PIECES ? c->span.n : MOST_PIECES;
    for (size_t i = 0; i < count; i++) {
        size_t gone = i == 0 ? c->within : 0;
        pieces[i] = (struct iovec){(void *)(at + i * c->span.stride + gone), c->span.item - gone};
    }
    return count;
}

static void advance(channel *c, size_t bytes)
{
    size_t items = (c->within + bytes) / c->span.item;
    c->within = (c->within + bytes) % c->span.item;
    c->span.offset += items * c->span.stride;
    c->span.n -= items;
}

/* As much as the pipe takes. False when nobody reads it any more. */
static bool feed(feeder *f, channel *c)
{
    struct iovec pieces[MOST_PIECES];
    while (c->span.n > 0) {
        size_t count = next_pieces(f->carrier, c, pieces);
        ssize_t put = c->writes ? writev(c->fd, pieces, (int)count)
                                : vmsplice(c->fd, pieces, count, SPLICE_F_NONBLOCK);
        if (put < 0 && (errno == EFAULT || errno == EINVAL || errno == ENOSYS) && !c->writes) {
            c->writes = true;
            continue;
        }
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 && errno == EAGAIN;
        if (c->writes)
            trine_carrier_count(f->carrier, (size_t)put);
        advance(c, (size_t)put);
    }
    return true;
}

static void feed_ready(feeder *f)
{
    /* From the last to the first: what takes a dropped one's place has been looked at. */
    for (size_t i = f->count; i-- > 0;) {
        short events = f->watch[i + 1].revents;
        if (events & (POLLERR | POLLHUP | POLLNVAL) ||
            (events & POLLOUT && !feed(f, &f->channels[i])))
            drop_channel(f, i);
    }
}

static void *serve(void *argument)
{
    feeder *f = argument;
    for (bool open = true; open && !atomic_load(&f->carrier->status);) {
        f->watch[0] = (struct pollfd){.fd = f->requests[0], .events = POLLIN};
        for (size_t i = 0; i < f->count; i++)
            f->watch[i + 1] = (struct pollfd){.fd = f->channels[i].fd,
                                              .events = f->channels[i].span.n ? POLLOUT : 0};
        if (poll(f->watch, f->count + 1, -1) < 0) {
            if (errno != EINTR)
                give_up(f, "poll", errno);
            continue;
        }
        short asked = f->watch[0].revents;
        feed_ready(f);
        if (asked)
            open = take_request(f);
    }
    while (f->count > 0)
        drop_channel(f, f->count - 1);
    return NULL;
}

/* The thread takes no signals, which are the program's; a broken pipe's would be its own. */
static int start_thread(feeder *f)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&f->thread, NULL, serve, f);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void free_feeder(feeder *f)
{
    close(f->requests[0]);
    close(f->requests[1]);
    free(f->channels);
    free(f->watch);
    free(f);
}

static trine_status pipe_open(trine_carrier *carrier)
{
    feeder *f = calloc(1, sizeof *f);
    struct pollfd *watch = calloc(1, sizeof *watch);
    if (!f || !watch || pipe2(f->requests, O_CLOEXEC) < 0) {
        int error = f && watch ? errno : ENOMEM;
        free(f);
        free(watch);
        return trine_fail(error == ENOMEM ? TRINE_E_MEMORY : TRINE_E_SYSTEM, "transport pipe: %s",
                          strerror(error));
    }
    f->carrier = carrier;
    f->watch = watch;
    /* While that thread runs no other zygote can be made; who needs the one that cannot be had says
     * so. */
    (void)trine_zygote_start();
    int error = start_thread(f);
    if (error) {
        free_feeder(f);
        return trine_fail(TRINE_E_SYSTEM, "transport pipe: starting the feeding thread: %s",
                          strerror(error));
    }
    carrier->fd = f->requests[1];
    carrier->own = f;
    return TRINE_OK;
}

static void pipe_close(trine_carrier *carrier)
{
    feeder *f = carrier->own;
    const request last = {.fd = -1};
    /* No worker is at work, so that there is room. */
    while (write(f->requests[1], &last, sizeof last) < 0 && errno == EINTR)
        ;
    pthread_join(f->thread, NULL);
    free_feeder(f);
}

/* --- A worker. */

/* ends: of the worker's pipe; the one to write into is -1 once the feeder has it. ahead: what was
 * asked for and not read yet. */
typedef struct pipe_link {
    int ends[2], requests;
    ino_t pipe;
    trine_span ahead;
} pipe_link;

static trine_status fail_here(const char *what, int error)
{
    return trine_fail(TRINE_E_SYSTEM, "transport pipe: %s: %s", what, strerror(error));
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A fresh pipe, as large as the system allows. */
static trine_status make_pipe(pipe_link *l)
{
    close_end(&l->ends[0]);
    close_end(&l->ends[1]);
    if (pipe2(l->ends, O_CLOEXEC) < 0) {
        l->ends[0] = l->ends[1] = -1;
        return fail_here("a pipe", errno);
    }
    int bytes = PIPE_BYTES;
    while (bytes > LEAST_PIPE_BYTES && fcntl(l->ends[0], F_SETPIPE_SZ, bytes) < 0)
        bytes /= 2;
    struct stat made;
    if (fstat(l->ends[0], &made) < 0)
        return fail_here("a pipe", errno);
    l->pipe = made.st_ino;
    l->ahead = (trine_span){.n = 0};
    return TRINE_OK;
}

static void pipe_detach(trine_attachment *attachment)
{
    pipe_link *l = attachment->data;
    close_end(&l->ends[0]);
    close_end(&l->ends[1]);
    close_end(&l->requests);
    free(l);
}

static trine_status pipe_attach(trine_carrier *carrier, trine_attachment *attachment)
{
    pipe_link *l = malloc(sizeof *l);
    if (!l)
        return trine_fail(TRINE_E_MEMORY, "transport pipe: no memory");
    *l = (pipe_link){.ends = {-1, -1}};
    attachment->data = l;
    l->requests = trine_carrier_descriptor(carrier, O_WRONLY);
    trine_status status =
        l->requests < 0 ? fail_here("opening the caller's pipe in /proc", errno) : make_pipe(l);
    if (status)
        pipe_detach(attachment);
    return status;
}

static trine_status pipe_expect(trine_attachment *attachment, const trine_span *span)
{
    pipe_link *l = attachment->data;
    if (span->n == 0 || span->item == 0)
        return TRINE_OK;
    if (l->ahead.n > 0) {
        trine_status status = make_pipe(l);
        if (status)
            return status;
    }
    /* The feeder has this pipe already where the end to write into is closed here. */
    request r = {.pid = getpid(),
                 .fd = l->ends[1] >= 0 ? l->ends[1] : INT_MAX,
                 .pipe = l->pipe,
                 .span = *span};
    ssize_t put;
    do {
        put = write(l->requests, &r, sizeof r);
    } while (put < 0 && errno == EINTR);
    if (put != sizeof r)
        return fail_here("asking for data", errno);
    l->ahead = *span;
    return TRINE_OK;
}

static trine_status feeder_status(const trine_carrier *carrier)
{
    trine_status status = (trine_status)atomic_load(&carrier->status);
    return status ? trine_fail(status, "%s", carrier->detail)
                  : trine_fail(TRINE_E_SYSTEM, "transport pipe: the feeding thread has ended");
}

/* While this worker holds the pipe's other end too, it would not learn that the feeder has ended.
 */
static trine_status wait_for_first(const trine_carrier *carrier, pipe_link *l)
{
    struct pollfd watch = {.fd = l->ends[0], .events = POLLIN};
    int got;
    do {
        got = poll(&watch, 1, WATCH_MILLISECONDS);
    } while ((got == 0 || (got < 0 && errno == EINTR)) && !atomic_load(&carrier->status));
    if (got <= 0)
        return feeder_status(carrier);
    close_end(&l->ends[1]);
    return TRINE_OK;
}

static trine_status read_bytes(const trine_carrier *carrier, pipe_link *l, size_t bytes,
                               unsigned char *to)
{
    for (size_t at = 0; at < bytes;) {
        trine_status status = l->ends[1] >= 0 ? wait_for_first(carrier, l) : TRINE_OK;
        if (status)
            return status;
        ssize_t got = read(l->ends[0], to + at, bytes - at);
        if (got > 0)
            at += (size_t)got;
        else if (got == 0)
            return feeder_status(carrier);
        else if (errno != EINTR)
            return fail_here("reading", errno);
    }
    return TRINE_OK;
}

static bool is_ahead(const pipe_link *l, const trine_span *span)
{
    return l->ahead.offset == span->offset && l->ahead.item == span->item &&
           l->ahead.stride == span->stride && l->ahead.n >= span->n;
}

static trine_status pipe_fetch(trine_attachment *attachment, const trine_span *span, void *to)
{
    pipe_link *l = attachment->data;
    if (span->n == 0 || span->item == 0)
        return TRINE_OK;
    trine_status status = is_ahead(l, span) ? TRINE_OK : pipe_expect(attachment, span);
    if (!status)
        status = read_bytes(attachment->carrier, l, span->n * span->item, to);
    if (status)
        return status;
    l->ahead.offset += span->n * span->stride;
    l->ahead.n -= span->n;
    trine_carrier_count(attachment->carrier, span->n * span->item);
    return TRINE_OK;
}

const trine_carrier_ops trine_pipe_carrier = {.open = pipe_open,
                                              .close = pipe_close,
                                              .attach = pipe_attach,
                                              .detach = pipe_detach,
                                              .expect = pipe_expect,
                                              .fetch = pipe_fetch};
