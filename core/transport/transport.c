/* core/transport/transport.c - transports by name, and what all carriers have in common. */
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

trine_status trine_carrier_check(const trine_executor *executor, trine_transport transport)
{
    if ((unsigned)transport >= TRINE_TRANSPORT_COUNT)
        return trine_fail(TRINE_E_ARGUMENT, "transport %d; expected one of trine/transport.h",
                          (int)transport);
    const char *name = names[transport];
    bool between = transport == TRINE_TRANSPORT_MESSAGE || transport == TRINE_TRANSPORT_WINDOW;
    if (transport != TRINE_TRANSPORT_SHM && !between && !executor->ops.separate_memory)
        return trine_fail(TRINE_E_ABSENT,
                          "transport %s on a team of %s: its workers share the caller's memory, so "
                          "that nothing has to be carried; expected shm, or a pool",
                          name, executor->ops.name);
    if (trine_carriers[transport]->absent)
        return trine_fail(TRINE_E_ABSENT, "transport %s: %s", name,
                          trine_carriers[transport]->absent);
    return TRINE_OK;
}

trine_status trine_carrier_make(trine_executor *executor, trine_carrier **made)
{
    void *memory;
    trine_status status = executor->ops.alloc(executor, sizeof **made, &memory);
    if (status)
        return status;
    trine_carrier *carrier = memory;
    *carrier = (trine_carrier){.executor = executor, .file = TRINE_NO_DESCRIPTOR};
    *made = carrier;
    return TRINE_OK;
}

static void release_room(trine_carrier *carrier)
{
    if (carrier->room)
        carrier->executor->ops.free(carrier->executor, carrier->room, carrier->room_bytes);
    carrier->room = NULL;
    carrier->room_bytes = 0;
}

void trine_carrier_release(trine_carrier *carrier)
{
    if (!carrier)
        return;
    trine_carrier_close(carrier);
    release_room(carrier);
    carrier->executor->ops.free(carrier->executor, carrier, sizeof *carrier);
}

trine_status trine_carrier_open(trine_carrier *carrier, trine_transport transport, const void *data,
                                size_t bytes)
{
    trine_status status = trine_carrier_check(carrier->executor, transport);
    if (status)
        return status;
    carrier->ops = trine_carriers[transport];
    carrier->transport = transport;
    carrier->data = data;
    carrier->bytes = bytes;
    carrier->caller = getpid();
    carrier->file = TRINE_NO_DESCRIPTOR;
    carrier->own = NULL;
    atomic_store(&carrier->moved, 0);
    atomic_store(&carrier->status, TRINE_OK);
    status = carrier->ops->open(carrier);
    if (!status)
        carrier->number = atomic_fetch_add(&openings, 1) + 1;
    return status;
}

void trine_carrier_close(trine_carrier *carrier)
{
    if (carrier->number == 0)
        return;
    if (carrier->ops->close)
        carrier->ops->close(carrier);
    carrier->number = 0;
}

trine_status trine_carrier_room(trine_carrier *carrier, size_t bytes)
{
    if (bytes <= carrier->room_bytes)
        return TRINE_OK;
    release_room(carrier);
    trine_status status = carrier->executor->ops.alloc(carrier->executor, bytes, &carrier->room);
    if (!status)
        carrier->room_bytes = bytes;
    else
        carrier->room = NULL;
    return status;
}

static void detach(trine_attachment *attachment)
{
    if (attachment->carrier->ops->detach)
        attachment->carrier->ops->detach(attachment);
}

void trine_carrier_leave(void)
{
    while (attachments > 0)
        detach(&attached[--attachments]);
}

/* What the thread holds of this opening of the carrier. What it held of others that are closed by
 * now goes first. */
static trine_status attach(trine_carrier *carrier, trine_attachment **found)
{
    for (int i = attachments - 1; i >= 0; i--) {
        *found = &attached[i];
        if (attached[i].carrier == carrier && attached[i].number == carrier->number)
            return TRINE_OK;
        if (attached[i].carrier->number != attached[i].number) {
            detach(&attached[i]);
            attached[i] = attached[--attachments];
        }
    }
    if (attachments == TRINE_ARGS + 1)
        return trine_fail(TRINE_E_ARGUMENT, "a worker takes from %d carriers at most",
                          TRINE_ARGS + 1);
    trine_attachment *attachment = &attached[attachments];
    *attachment = (trine_attachment){.carrier = carrier, .number = carrier->number};
    trine_status status = carrier->ops->attach(carrier, attachment);
    if (!status)
        attachments++;
    *found = attachment;
    return status;
}

bool trine_carrier_owned(const trine_carrier *carrier)
{
    return getpid() == carrier->caller;
}

trine_status trine_carrier_view(trine_carrier *carrier, const unsigned char **view)
{
    trine_attachment *attachment;
    *view = carrier->data;
    if (trine_carrier_owned(carrier))
        return TRINE_OK;
    trine_status status = attach(carrier, &attachment);
    if (!status)
        *view = attachment->view;
    return status;
}

trine_status trine_carrier_expect(trine_carrier *carrier, const trine_span *span)
{
    trine_attachment *attachment;
    if (!carrier->ops->expect || trine_carrier_owned(carrier))
        return TRINE_OK;
    trine_status status = attach(carrier, &attachment);
    return status ? status : carrier->ops->expect(attachment, span);
}

/* The caller's items, one behind the other. */
static void gather(trine_carrier *carrier, const trine_span *span, unsigned char *to)
{
    const unsigned char *from = carrier->data + span->offset;
    for (size_t i = 0; i < span->n; i++)
        memcpy(to + i * span->item, from + i * span->stride, span->item);
    trine_carrier_count(carrier, span->n * span->item);
}

trine_status trine_carrier_fetch(trine_carrier *carrier, const trine_span *span, void *to)
{
    trine_attachment *attachment;
    if (trine_carrier_owned(carrier)) {
        gather(carrier, span, to);
        return TRINE_OK;
    }
    trine_status status = attach(carrier, &attachment);
    return status ? status : carrier->ops->fetch(attachment, span, to);
}

trine_status trine_carrier_descriptor(const trine_carrier *carrier, int flags,
                                      trine_descriptor *opened)
{
    const trine_descriptor *theirs = &carrier->file;
    const char *name = names[carrier->transport];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)carrier->caller, theirs->fd);
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

void trine_carrier_count(trine_carrier *carrier, size_t bytes)
{
    atomic_fetch_add_explicit(&carrier->moved, bytes, memory_order_relaxed);
}
