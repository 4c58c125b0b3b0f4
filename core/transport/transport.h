/* core/transport/transport.h - channels: how a block of the caller's memory reaches forked workers.
 *
 * Life of a channel:
 *   1. The caller makes one, in memory that all workers address, and opens it over a block.
 *   2. A worker that wants some of the block attaches, which it does by itself at its first look,
 *      and views the block in place or fetches spans of it, in memory of its own. The caller, who
 *      is a worker too, views its own block.
 *   3. A worker leaves at the end of its part of a job, or when it dies: what it held is then the
 *      system's to take back.
 *   4. The caller closes the channel, when no worker is at work. It can be opened again, and keeps
 *      what memory it got until it is released.
 *
 * A channel serves its workers without the caller's help: what a transport must do meanwhile it
 * does in a thread of its own.
 */
#ifndef TRINE_CORE_TRANSPORT_H
#define TRINE_CORE_TRANSPORT_H

#include <stdatomic.h>
#include <trine/transport.h>

#include "core/system/error.h"
#include "core/system/descriptor.h"
#include "core/backend/executor.h"

typedef struct trine_channel trine_channel;

/* n items of `item` bytes in the block, `stride` bytes apart, the first at `offset`. */
typedef struct trine_span {
    size_t offset, item, stride, n;
} trine_span;

/* What a worker has of a channel. view: the block at an address of this worker's own, or NULL.
 * bytes, data: the transport's. */
typedef struct trine_attachment {
    trine_channel *channel;
    uint64_t number;
    const unsigned char *view;
    size_t bytes;
    void *data;
} trine_attachment;

/* One transport. views: workers have the block at an address, and fetch nothing. */
typedef struct trine_channel_ops {
    /* NULL; else why arrays and data cannot be staged so. */
    const char *absent;
    bool views;
    /* The caller's side. open: channel->data, bytes and executor are set; adds what it copies to
     * channel->moved. On error nothing is left behind, but for channel->buffer. close may be NULL.
     */
    trine_status (*open)(trine_channel *channel);
    void (*close)(trine_channel *channel);
    /* A worker's side, in its process. detach, prefetch may be NULL. prefetch: that span will be
     * fetched next, in order and in pieces. */
    trine_status (*attach)(trine_channel *channel, trine_attachment *attachment);
    void (*detach)(trine_attachment *attachment);
    trine_status (*prefetch)(trine_attachment *attachment, const trine_span *span);
    trine_status (*fetch)(trine_attachment *attachment, const trine_span *span, void *to);
} trine_channel_ops;

/* In memory that all workers address. number: of this opening, never 0 while it is open. file: a
 * descriptor of the caller's, which a worker reaches in /proc. buffer: memory that all workers
 * address, kept from one opening to the next. moved: bytes copied, by anybody. status, detail: why
 * the caller's side had to stop serving. own: the caller's alone. */
struct trine_channel {
    const trine_channel_ops *ops;
    trine_transport transport;
    const unsigned char *data;
    size_t bytes;
    uint64_t number;
    pid_t caller;
    trine_descriptor file;
    trine_executor *executor;
    void *buffer;
    size_t buffer_bytes;
    atomic_uint_least64_t moved;
    atomic_int status;
    char detail[160];
    void *own;
};

/* By the constants of trine_transport. */
extern const trine_channel_ops *const trine_channels[];

/* OK when blocks can be staged so to workers of that executor; ABSENT says why not. */
trine_status trine_channel_check(const trine_executor *executor, trine_transport transport);

/* A channel that is not open yet, for workers of that executor; releases one. NULL is none. */
trine_status trine_channel_make(trine_executor *executor, trine_channel **made);
void trine_channel_release(trine_channel *channel);

/* Opens it over data[0 .. bytes), which stays where and as it is until it is closed. */
trine_status trine_channel_open(trine_channel *channel, trine_transport transport, const void *data,
                                size_t bytes);

/* Does nothing to one that is not open. */
void trine_channel_close(trine_channel *channel);

/* At least that much of channel->buffer, its content undefined. */
trine_status trine_channel_buffer(trine_channel *channel, size_t bytes);

/* --- In any process that works on the channel, the caller's too. */

/* Whether this process is the caller. */
bool trine_channel_owned(const trine_channel *channel);

/* Where this process has the block, attaching to it if need be: NULL where it has to be fetched. */
trine_status trine_channel_view(trine_channel *channel, const unsigned char **view);

/* Tells what will be fetched next; fetches a span, its items one behind the other. */
trine_status trine_channel_prefetch(trine_channel *channel, const trine_span *span);
trine_status trine_channel_fetch(trine_channel *channel, const trine_span *span, void *to);

/* Leaves every channel that the calling thread has attached to. */
void trine_channel_leave(void);

/* Opens the caller's channel->file in this process. */
trine_status trine_channel_descriptor(const trine_channel *channel, int flags,
                                      trine_descriptor *opened);

/* Counts bytes that were copied. */
void trine_channel_count(trine_channel *channel, size_t bytes);

#endif
