/* backends/transports/pipe.c - the block goes through pipes, one for each worker.
 *
 *   worker                                    feeder, a thread of the caller
 *   makes a pipe, asks: "this span, into      opens that end of the pipe (by /proc), and writes
 *   that end of it" in the channel's request  without ever waiting in a write: it polls all pipes
 *   pipe; reads, as the items come            and the request pipe
 *
 * 1. Each worker that attaches makes a pipe of its own, so that what a dead one left in its pipe
 *    reaches nobody: the feeder finds that pipe broken and drops it.
 * 2. The feeder hands the pipe references to the caller's pages (vmsplice): one copy is left, the
 *    worker's. Pages that the system does not lend are written, which makes two.
 * 3. Announced spans (`prefetch`) are asked for once and come without a pause between their pieces.
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

#include "backends/executors/pool/pool.h"
#include "backends/transports/channels.h"

/* The most that an unprivileged process may usually ask for, and what every pipe holds. */
enum { PIPE_BYTES = 1 << 20, MIN_PIPE_BYTES = 1 << 16, MAX_PIECES = 64 };

/* How often a worker that waits for its first bytes looks whether the feeder has given up, and the
 * feeder, whether the program has closed its descriptors. */
enum { WATCH_MILLISECONDS = 20, LOOK_MILLISECONDS = 100 };

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
typedef struct outlet {
    trine_descriptor end;
    ino_t pipe;
    trine_span span;
    size_t within;
    bool writes;
} outlet;

typedef struct feeder {
    trine_channel *channel;
    pthread_t thread;
    trine_descriptor requests[2];
    outlet *outlets;
    struct pollfd *watch;
    size_t count, capacity;
} feeder;

static void give_up(feeder *f, const char *what, int error)
{
    trine_channel *channel = f->channel;
    snprintf(channel->detail, sizeof channel->detail, "transport pipe: %s: %s", what,
             strerror(error));
    atomic_store(&channel->status, TRINE_E_SYSTEM);
}

static void drop_outlet(feeder *f, size_t i)
{
    trine_descriptor_close(&f->outlets[i].end);
    f->outlets[i] = f->outlets[--f->count];
}

/* Opens the worker's pipe. One that is gone by now needs none. */
static void add_outlet(feeder *f, const request *r)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)r->pid, r->fd);
    int fd = trine_above_standard(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
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
    if (f->count == f->capacity) {
        size_t capacity = 2 * f->capacity + 8;
        outlet *outlets = realloc(f->outlets, capacity * sizeof *outlets);
        struct pollfd *watch = realloc(f->watch, (capacity + 1) * sizeof *watch);
        f->outlets = outlets ? outlets : f->outlets;
        f->watch = watch ? watch : f->watch;
        if (!outlets || !watch) {
            give_up(f, "the feeder", ENOMEM);
            close(fd);
            return;
        }
        f->capacity = capacity;
    }
    f->outlets[f->count++] =
        (outlet){.end = trine_descriptor_know(fd), .pipe = r->pipe, .span = r->span};
}

/* False when it was the last. */
static bool take_request(feeder *f)
{
    request r;
    ssize_t got = read(f->requests[0].fd, &r, sizeof r);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got != sizeof r || r.fd < 0)
        return false;
    for (size_t i = 0; i < f->count; i++)
        if (f->outlets[i].pipe == r.pipe) {
            f->outlets[i].span = r.span;
            f->outlets[i].within = 0;
            return true;
        }
    add_outlet(f, &r);
    return true;
}

/* The next bytes of a channel as pieces of memory; their number. */
static size_t next_pieces(const trine_channel *channel, const outlet *c, struct iovec *pieces)
{
    const unsigned char *at = channel->data + c->span.offset;
    if (c->span.item == c->span.stride) {
        size_t bytes = c->span.n * c->span.item - c->within;
        pieces[0] =
            (struct iovec){(void *)(at + c->within), bytes < PIPE_BYTES ? bytes : PIPE_BYTES};
        return 1;
    }
    size_t count = c->span.n < MAX_PIECES ? c->span.n : MAX_PIECES;
    for (size_t i = 0; i < count; i++) {
        size_t gone = i == 0 ? c->within : 0;
        pieces[i] = (struct iovec){(void *)(at + i * c->span.stride + gone), c->span.item - gone};
    }
    return count;
}

static void advance(outlet *c, size_t bytes)
{
    size_t items = (c->within + bytes) / c->span.item;
    c->within = (c->within + bytes) % c->span.item;
    c->span.offset += items * c->span.stride;
    c->span.n -= items;
}

/* As much as the pipe takes. False when nobody reads it any more. */
static bool feed(feeder *f, outlet *c)
{
    struct iovec pieces[MAX_PIECES];
    while (c->span.n > 0) {
        if (!trine_descriptor_holds(&c->end))
            return false;
        size_t count = next_pieces(f->channel, c, pieces);
        ssize_t put = c->writes ? writev(c->end.fd, pieces, (int)count)
                                : vmsplice(c->end.fd, pieces, count, SPLICE_F_NONBLOCK);
        if (put < 0 && (errno == EFAULT || errno == EINVAL || errno == ENOSYS) && !c->writes) {
            c->writes = true;
            continue;
        }
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 && errno == EAGAIN;
        if (c->writes)
            trine_channel_count(f->channel, (size_t)put);
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
            (events & POLLOUT && !feed(f, &f->outlets[i])))
            drop_outlet(f, i);
    }
}

static void *serve(void *argument)
{
    feeder *f = argument;
    for (bool open = true; open && !atomic_load(&f->channel->status);) {
        if (!trine_descriptor_holds(&f->requests[0])) {
            give_up(f, "the program has closed or replaced its descriptors", EBADF);
            break;
        }
        f->watch[0] = (struct pollfd){.fd = f->requests[0].fd, .events = POLLIN};
        for (size_t i = 0; i < f->count; i++)
            f->watch[i + 1] = (struct pollfd){.fd = f->outlets[i].end.fd,
                                              .events = f->outlets[i].span.n ? POLLOUT : 0};
        int ready = poll(f->watch, f->count + 1, LOOK_MILLISECONDS);
        if (ready < 0 && errno != EINTR)
            give_up(f, "poll", errno);
        if (ready <= 0)
            continue;
        short asked = f->watch[0].revents;
        feed_ready(f);
        if (asked && trine_descriptor_holds(&f->requests[0]))
            open = take_request(f);
    }
    while (f->count > 0)
        drop_outlet(f, f->count - 1);
    return NULL;
}

/* A pipe, away from the standard streams; -1 and errno. */
static int make_ends(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    ends[0] = trine_above_standard(ends[0]);
    ends[1] = trine_above_standard(ends[1]);
    if (ends[0] >= 0 && ends[1] >= 0)
        return 0;
    int error = errno;
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    errno = error;
    return -1;
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
    trine_descriptor_close(&f->requests[0]);
    trine_descriptor_close(&f->requests[1]);
    free(f->outlets);
    free(f->watch);
    free(f);
}

static trine_status pipe_open(trine_channel *channel)
{
    feeder *f = calloc(1, sizeof *f);
    struct pollfd *watch = calloc(1, sizeof *watch);
    int ends[2];
    if (!f || !watch || make_ends(ends)) {
        int error = f && watch ? errno : ENOMEM;
        free(f);
        free(watch);
        return trine_fail(error == ENOMEM ? TRINE_E_MEMORY : TRINE_E_SYSTEM, "transport pipe: %s",
                          strerror(error));
    }
    f->channel = channel;
    f->watch = watch;
    for (int i = 0; i < 2; i++)
        f->requests[i] = trine_descriptor_know(ends[i]);
    /* While that thread runs no other fork server can be made; who needs the one that cannot be had
     * says so. */
    (void)trine_fork_server_start();
    int error = start_thread(f);
    if (error) {
        free_feeder(f);
        return trine_fail(TRINE_E_SYSTEM, "transport pipe: starting the feeding thread: %s",
                          strerror(error));
    }
    channel->file = f->requests[1];
    channel->own = f;
    return TRINE_OK;
}

static void pipe_close(trine_channel *channel)
{
    feeder *f = channel->own;
    const request last = {.fd = -1};
    /* No worker is at work, so that there is space. A feeder that has lost the other end looks. */
    while (trine_descriptor_holds(&f->requests[1]) &&
           write(f->requests[1].fd, &last, sizeof last) < 0 && errno == EINTR)
        ;
    if (!trine_descriptor_holds(&f->requests[1]))
        atomic_store(&channel->status, TRINE_E_WORKER);
    pthread_join(f->thread, NULL);
    free_feeder(f);
}

/* --- A worker. */

/* ends: of the worker's pipe; the one to write into is -1 once the feeder has it. ahead: what was
 * asked for and not read yet. */
typedef struct pipe_link {
    trine_descriptor ends[2], requests;
    ino_t pipe;
    trine_span ahead;
} pipe_link;

static trine_status fail_here(const char *what, int error)
{
    return trine_fail(TRINE_E_SYSTEM, "transport pipe: %s: %s", what, strerror(error));
}

/* A fresh pipe, as large as the system allows. */
static trine_status make_pipe(pipe_link *l)
{
    int ends[2];
    trine_descriptor_close(&l->ends[0]);
    trine_descriptor_close(&l->ends[1]);
    if (make_ends(ends))
        return fail_here("a pipe", errno);
    int bytes = PIPE_BYTES;
    while (bytes > MIN_PIPE_BYTES && fcntl(ends[0], F_SETPIPE_SZ, bytes) < 0)
        bytes /= 2;
    for (int i = 0; i < 2; i++)
        l->ends[i] = trine_descriptor_know(ends[i]);
    l->pipe = l->ends[0].inode;
    l->ahead = (trine_span){.n = 0};
    return TRINE_OK;
}

static void pipe_detach(trine_attachment *attachment)
{
    pipe_link *l = attachment->data;
    trine_descriptor_close(&l->ends[0]);
    trine_descriptor_close(&l->ends[1]);
    trine_descriptor_close(&l->requests);
    free(l);
}

static trine_status pipe_attach(trine_channel *channel, trine_attachment *attachment)
{
    pipe_link *l = malloc(sizeof *l);
    if (!l)
        return trine_fail(TRINE_E_MEMORY, "transport pipe: no memory");
    *l = (pipe_link){.ends = {TRINE_NO_DESCRIPTOR, TRINE_NO_DESCRIPTOR},
                     .requests = TRINE_NO_DESCRIPTOR};
    attachment->data = l;
    trine_status status = trine_channel_descriptor(channel, O_WRONLY, &l->requests);
    if (!status)
        status = make_pipe(l);
    if (status)
        pipe_detach(attachment);
    return status;
}

static trine_status pipe_prefetch(trine_attachment *attachment, const trine_span *span)
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
                 .fd = l->ends[1].fd >= 0 ? l->ends[1].fd : INT_MAX,
                 .pipe = l->pipe,
                 .span = *span};
    ssize_t put;
    do {
        put = write(l->requests.fd, &r, sizeof r);
    } while (put < 0 && errno == EINTR);
    if (put != sizeof r)
        return fail_here("asking for data", errno);
    l->ahead = *span;
    return TRINE_OK;
}

static trine_status feeder_status(const trine_channel *channel)
{
    trine_status status = (trine_status)atomic_load(&channel->status);
    return status ? trine_fail(status, "%s", channel->detail)
                  : trine_fail(TRINE_E_SYSTEM, "transport pipe: the feeding thread has ended");
}

/* While this worker holds the pipe's other end too, it would not learn that the feeder has ended.
 */
static trine_status wait_for_first(const trine_channel *channel, pipe_link *l)
{
    struct pollfd watch = {.fd = l->ends[0].fd, .events = POLLIN};
    int got;
    do {
        got = poll(&watch, 1, WATCH_MILLISECONDS);
    } while ((got == 0 || (got < 0 && errno == EINTR)) && !atomic_load(&channel->status));
    if (got <= 0)
        return feeder_status(channel);
    trine_descriptor_close(&l->ends[1]);
    return TRINE_OK;
}

static trine_status read_bytes(const trine_channel *channel, pipe_link *l, size_t bytes,
                               unsigned char *to)
{
    for (size_t at = 0; at < bytes;) {
        trine_status status = l->ends[1].fd >= 0 ? wait_for_first(channel, l) : TRINE_OK;
        if (status)
            return status;
        ssize_t got = read(l->ends[0].fd, to + at, bytes - at);
        if (got > 0)
            at += (size_t)got;
        else if (got == 0)
            return feeder_status(channel);
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
    trine_status status = is_ahead(l, span) ? TRINE_OK : pipe_prefetch(attachment, span);
    if (!status)
        status = read_bytes(attachment->channel, l, span->n * span->item, to);
    if (status)
        return status;
    l->ahead.offset += span->n * span->stride;
    l->ahead.n -= span->n;
    trine_channel_count(attachment->channel, span->n * span->item);
    return TRINE_OK;
}

const trine_channel_ops trine_pipe_channel = {.open = pipe_open,
                                              .close = pipe_close,
                                              .attach = pipe_attach,
                                              .detach = pipe_detach,
                                              .prefetch = pipe_prefetch,
                                              .fetch = pipe_fetch};
