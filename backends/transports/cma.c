/* backends/transports/cma.c - each worker copies what it wants out of the caller's memory
 * (process_vm_readv, "cross memory attach").
 *
 * The system lets a process read another's memory where it may trace it. Yama, where it is at work,
 * asks for more: at its level 1 the caller has to name the tracer. That is the fork server with its
 * descendants, or under an MPI launcher any process, as MPI libraries want for their own copies.
 * At levels 2 and 3 only administrators, or nobody, may.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <trine/team.h>
#include <unistd.h>

#include "backends/executors/pool/pool.h"
#include "backends/transports/channels.h"

/* Pieces of one system call (UIO_MAXIOV is 1024). */
enum { MAX_PIECES = 512 };

static int yama_level(void)
{
    char text[16] = "";
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
    if (!file)
        return 0;
    bool read = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    return read ? (int)strtol(text, NULL, 10) : 0;
}

static trine_status cma_open(trine_channel *channel)
{
    (void)channel;
    if (yama_level() == 0)
        return TRINE_OK;
    unsigned long tracer =
        trine_launched() > 0 ? PR_SET_PTRACER_ANY : (unsigned long)trine_fork_server_pid();
    /* When it is refused, so are the workers, who say why. */
    (void)prctl(PR_SET_PTRACER, tracer, 0, 0, 0);
    return TRINE_OK;
}

static trine_status cma_attach(trine_channel *channel, trine_attachment *attachment)
{
    (void)channel;
    (void)attachment;
    return TRINE_OK;
}

static trine_status refuse(const trine_channel *channel, int error)
{
    int level = yama_level();
    if (error == ENOSYS)
        return trine_fail(TRINE_E_ABSENT, "transport cma: this system has no process_vm_readv (%s)",
                          strerror(error));
    if (error == EPERM)
        return trine_fail(TRINE_E_SYSTEM, "transport cma: reading the memory of process %d: %s; %s",
                          (int)channel->caller, strerror(error),
                          level > 1 ? "kernel.yama.ptrace_scope is 2 or 3; cma needs 0 or 1"
                                    : "tracing is forbidden here (a container's seccomp profile, "
                                      "a process that may not be dumped)");
    return trine_fail(TRINE_E_SYSTEM, "transport cma: reading the memory of process %d: %s",
                      (int)channel->caller, strerror(error));
}

/* One system call: pieces[0 .. count) one behind the other. Fewer bytes than asked come only where
 * memory is not readable, which the next call then says. */
static ssize_t copy_pieces(const trine_channel *channel, struct iovec *pieces, size_t count,
                           size_t bytes, unsigned char *to)
{
    struct iovec into = {to, bytes};
    return process_vm_readv(channel->caller, &into, 1, pieces, count, 0);
}

static trine_status fetch_one(const trine_channel *channel, size_t offset, size_t bytes,
                              unsigned char *to)
{
    for (size_t at = 0; at < bytes;) {
        struct iovec from = {(void *)(channel->data + offset + at), bytes - at};
        ssize_t got = copy_pieces(channel, &from, 1, bytes - at, to + at);
        if (got <= 0)
            return refuse(channel, got < 0 ? errno : EFAULT);
        at += (size_t)got;
    }
    return TRINE_OK;
}

static trine_status fetch_items(const trine_channel *channel, const trine_span *span,
                                unsigned char *to)
{
    struct iovec pieces[MAX_PIECES];
    for (size_t at = 0; at < span->n;) {
        size_t count = span->n - at < MAX_PIECES ? span->n - at : MAX_PIECES;
        for (size_t i = 0; i < count; i++)
            pieces[i] = (struct iovec){
                (void *)(channel->data + span->offset + (at + i) * span->stride), span->item};
        size_t bytes = count * span->item;
        ssize_t got = copy_pieces(channel, pieces, count, bytes, to + at * span->item);
        if (got != (ssize_t)bytes)
            return refuse(channel, got < 0 ? errno : EFAULT);
        at += count;
    }
    return TRINE_OK;
}

static trine_status cma_fetch(trine_attachment *attachment, const trine_span *span, void *to)
{
    trine_channel *channel = attachment->channel;
    trine_status status = span->item == span->stride
                              ? fetch_one(channel, span->offset, span->n * span->item, to)
                              : fetch_items(channel, span, to);
    if (!status)
        trine_channel_count(channel, span->n * span->item);
    return status;
}

const trine_channel_ops trine_cma_channel = {
    .open = cma_open, .attach = cma_attach, .fetch = cma_fetch};
