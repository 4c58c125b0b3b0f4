/* core/transport/transport.c - transports by name, and what all channels have in common. */
#include "core/transport/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
    [TRINE_TRANSPORT_SHM] = "shm",       [TRINE_TRANSPORT_INHERIT] = "inherit",
    [TRINE_TRANSPORT_PIPE] = "pipe",     [TRINE_TRANSPORT_FILE] = "file",
    [TRINE_TRANSPORT_CMA] = "cma",       [TRINE_TRANSPORT_MESSAGE] = "message",
    [TRINE_TRANSPORT_WINDOW] = "window",
};
_Static_assert(sizeof names / sizeof *names == TRINE_TRANSPORT_COUNT, "a name for each");

const char *trine_transport_name(trine_transport transport)
{
    return (unsigned)transport < TRINE_TRANSPORT_COUNT ? names[transport] : "none";
}

trine_transport trine_transport_find(const char *name)
{
    for (int i = 0; name && i < TRINE_TRANSPORT_COUNT; i++)
        if (strcmp(name, names[i]) == 0)
            return (trine_transport)i;
    return TRINE_TRANSPORT_NONE;
}

/* What the calling thread holds: at most as many blocks as a kernel has inputs, and one. */
static _Thread_local trine_attachment attached[TRINE_ARGS + 1];
static _Thread_local int attachments;

static atomic_uint_least64_t openings;

trine_status trine_channel_check(const trine_executor *executor, trine_transport transport)
{
    if ((unsigned)transport >= TRINE_TRANSPORT_COUNT)
        return trine_fail(TRINE_E_ARGUMENT, "transport %d; expected one of trine/transport.h",
                          (int)transport);
    const char *name = names[transport];
    bool between = transport == TRINE_TRANSPORT_MESSAGE || transport == TRINE_TRANSPORT_WINDOW;
    if (transport != TRINE_TRANSPORT_SHM && !between && !executor->ops.separate_memory)
        return trine_fail(TRINE_E_ABSENT,
                          "transport %s on a team of %s: its workers share the caller's memory, so "
                          "that nothing has to be staged; expected shm, or a pool",
                          name, executor->ops.name);
    if (trine_channels[transport]->absent)
        return trine_fail(TRINE_E_ABSENT, "transport %s: %s", name,
                          trine_channels[transport]->absent);
    return TRINE_OK;
}

trine_status trine_channel_make(trine_executor *executor, trine_channel **made)
{
    void *memory;
    trine_status status = executor->ops.alloc(executor, sizeof **made, &memory);
    if (status)
        return status;
    trine_channel *channel = memory;
    *channel = (trine_channel){.executor = executor, .file = TRINE_NO_DESCRIPTOR};
    *made = channel;
    return TRINE_OK;
}

static void release_buffer(trine_channel *channel)
{
    if (channel->buffer)
        channel->executor->ops.free(channel->executor, channel->buffer, channel->buffer_bytes);
    channel->buffer = NULL;
    channel->buffer_bytes = 0;
}

void trine_channel_release(trine_channel *channel)
{
    if (!channel)
        return;
    trine_channel_close(channel);
    release_buffer(channel);
    channel->executor->ops.free(channel->executor, channel, sizeof *channel);
}

trine_status trine_channel_open(trine_channel *channel, trine_transport transport, const void *data,
                                size_t bytes)
{
    trine_status status = trine_channel_check(channel->executor, transport);
    if (status)
        return status;
    channel->ops = trine_channels[transport];
    channel->transport = transport;
    channel->data = data;
    channel->bytes = bytes;
    channel->caller = getpid();
    channel->file = TRINE_NO_DESCRIPTOR;
    channel->own = NULL;
    atomic_store(&channel->moved, 0);
    atomic_store(&channel->status, TRINE_OK);
    status = channel->ops->open(channel);
    if (!status)
        channel->number = atomic_fetch_add(&openings, 1) + 1;
    return status;
}

void trine_channel_close(trine_channel *channel)
{
    if (channel->number == 0)
        return;
    if (channel->ops->close)
        channel->ops->close(channel);
    channel->number = 0;
}

trine_status trine_channel_buffer(trine_channel *channel, size_t bytes)
{
    if (bytes <= channel->buffer_bytes)
        return TRINE_OK;
    release_buffer(channel);
    trine_status status = channel->executor->ops.alloc(channel->executor, bytes, &channel->buffer);
    if (!status)
        channel->buffer_bytes = bytes;
    else
        channel->buffer = NULL;
    return status;
}

static void detach(trine_attachment *attachment)
{
    if (attachment->channel->ops->detach)
        attachment->channel->ops->detach(attachment);
}

void trine_channel_leave(void)
{
    while (attachments > 0)
        detach(&attached[--attachments]);
}

/* What the thread holds of this opening of the channel. What it held of others that are closed by
 * now goes first. */
static trine_status attach(trine_channel *channel, trine_attachment **found)
{
    for (int i = attachments - 1; i >= 0; i--) {
        *found = &attached[i];
        if (attached[i].channel == channel && attached[i].number == channel->number)
            return TRINE_OK;
        if (attached[i].channel->number != attached[i].number) {
            detach(&attached[i]);
            attached[i] = attached[--attachments];
        }
    }
    if (attachments == TRINE_ARGS + 1)
        return trine_fail(TRINE_E_ARGUMENT, "a worker takes from %d channels at most",
                          TRINE_ARGS + 1);
    trine_attachment *attachment = &attached[attachments];
    *attachment = (trine_attachment){.channel = channel, .number = channel->number};
    trine_status status = channel->ops->attach(channel, attachment);
    if (!status)
        attachments++;
    *found = attachment;
    return status;
}

bool trine_channel_owned(const trine_channel *channel)
{
    return getpid() == channel->caller;
}

trine_status trine_channel_view(trine_channel *channel, const unsigned char **view)
{
    trine_attachment *attachment;
    *view = channel->data;
    if (trine_channel_owned(channel))
        return TRINE_OK;
    trine_status status = attach(channel, &attachment);
    if (!status)
        *view = attachment->view;
    return status;
}

trine_status trine_channel_prefetch(trine_channel *channel, const trine_span *span)
{
    trine_attachment *attachment;
    if (!channel->ops->prefetch || trine_channel_owned(channel))
        return TRINE_OK;
    trine_status status = attach(channel, &attachment);
    return status ? status : channel->ops->prefetch(attachment, span);
}

/* The caller's items, one behind the other. */
static void gather(trine_channel *channel, const trine_span *span, unsigned char *to)
{
    const unsigned char *from = channel->data + span->offset;
    for (size_t i = 0; i < span->n; i++)
        memcpy(to + i * span->item, from + i * span->stride, span->item);
    trine_channel_count(channel, span->n * span->item);
}

trine_status trine_channel_fetch(trine_channel *channel, const trine_span *span, void *to)
{
    trine_attachment *attachment;
    if (trine_channel_owned(channel)) {
        gather(channel, span, to);
        return TRINE_OK;
    }
    trine_status status = attach(channel, &attachment);
    return status ? status : channel->ops->fetch(attachment, span, to);
}

trine_status trine_channel_descriptor(const trine_channel *channel, int flags,
                                      trine_descriptor *opened)
{
    const trine_descriptor *theirs = &channel->file;
    const char *name = names[channel->transport];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)channel->caller, theirs->fd);
    int fd = trine_above_standard(open(path, flags | O_CLOEXEC | O_NONBLOCK));
    if (fd < 0 && errno != ENOENT && errno != ENXIO)
        return trine_fail(TRINE_E_SYSTEM, "transport %s: opening %s, the caller's: %s", name, path,
                          strerror(errno));
    *opened = trine_descriptor_know(fd);
    if (fd >= 0 && opened->device == theirs->device && opened->inode == theirs->inode &&
        fcntl(fd, F_SETFL, flags) == 0)
        return TRINE_OK;
    trine_descriptor_close(opened);
    return trine_descriptor_lost(theirs, name);
}

void trine_channel_count(trine_channel *channel, size_t bytes)
{
    atomic_fetch_add_explicit(&channel->moved, bytes, memory_order_relaxed);
}
