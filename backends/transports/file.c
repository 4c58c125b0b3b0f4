/* backends/transports/file.c - the caller writes the block into a file, which each worker maps.
 *
 * The file has no name from the beginning (O_TMPFILE; where a file system lacks that, its name is
 * removed at once), so nothing is left of it however a process ends: workers open it through the
 * caller's descriptor in /proc. It lies in $TMPDIR, else in /tmp.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backends/transports/channels.h"
#include "core/system/environment.h"

static const char *directory(void)
{
    const char *given = trine_environment("TMPDIR");
    return given && *given ? given : "/tmp";
}

static int open_nameless(const char *in)
{
    int fd = trine_above_standard(open(in, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    char path[4096];
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) ||
        snprintf(path, sizeof path, "%s/trine.XXXXXX", in) >= (int)sizeof path)
        return fd;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return trine_above_standard(fd);
}

/* The limit on the size of files is guarded by a signal: look before writing. */
static trine_status check_limit(size_t bytes)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY ||
        bytes <= limit.rlim_cur)
        return TRINE_OK;
    return trine_fail(TRINE_E_IO, "transport file: %zu bytes, but files may have %llu (ulimit -f)",
                      bytes, (unsigned long long)limit.rlim_cur);
}

static trine_status write_block(const trine_channel *channel, const char *in)
{
    size_t at = 0;
    while (at < channel->bytes) {
        ssize_t put = write(channel->file.fd, channel->data + at, channel->bytes - at);
        if (put > 0)
            at += (size_t)put;
        else if (put == 0 || errno != EINTR)
            return trine_fail(TRINE_E_IO,
                              "transport file: writing byte %zu of %zu into a file in %s: %s "
                              "(TMPDIR chooses the folder)",
                              at, channel->bytes, in, put == 0 ? "no progress" : strerror(errno));
    }
    return TRINE_OK;
}

static trine_status file_open(trine_channel *channel)
{
    const char *in = directory();
    trine_status status = check_limit(channel->bytes);
    if (status)
        return status;
    channel->file = trine_descriptor_know(open_nameless(in));
    if (channel->file.fd < 0)
        return trine_fail(TRINE_E_IO,
                          "transport file: a file in %s: %s (TMPDIR chooses the folder)", in,
                          strerror(errno));
    status = write_block(channel, in);
    if (status)
        trine_descriptor_close(&channel->file);
    else
        trine_channel_count(channel, channel->bytes);
    return status;
}

static void file_close(trine_channel *channel)
{
    trine_descriptor_close(&channel->file);
}

static trine_status file_attach(trine_channel *channel, trine_attachment *attachment)
{
    if (channel->bytes == 0)
        return TRINE_OK;
    trine_descriptor opened;
    trine_status status = trine_channel_descriptor(channel, O_RDONLY, &opened);
    if (status)
        return status;
    void *view = mmap(NULL, channel->bytes, PROT_READ, MAP_SHARED, opened.fd, 0);
    int error = errno;
    trine_descriptor_close(&opened);
    if (view == MAP_FAILED)
        return trine_fail(TRINE_E_SYSTEM, "transport file: mapping descriptor %d of process %d: %s",
                          channel->file.fd, (int)channel->caller, strerror(error));
    attachment->view = view;
    attachment->bytes = channel->bytes;
    return TRINE_OK;
}

static void file_detach(trine_attachment *attachment)
{
    if (attachment->view)
        munmap((void *)attachment->view, attachment->bytes);
}

const trine_channel_ops trine_file_channel = {.views = true,
                                              .open = file_open,
                                              .close = file_close,
                                              .attach = file_attach,
                                              .detach = file_detach};
