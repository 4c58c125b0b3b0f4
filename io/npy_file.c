/* io/npy_file.c - fetching elements of a .npy file. */
#include "io/npy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

/* The file that this process, a worker of a pool, opened last: a job reads one file. Workers have
 * one thread each. */
static struct {
    uint64_t serial;
    int fd;
} opened = {.fd = -1};

static trine_status open_in_worker(const trine_npy_file *file, int *fd)
{
    struct stat found;
    if (opened.fd >= 0 && opened.serial == file->serial) {
        *fd = opened.fd;
        return TRINE_OK;
    }
    if (opened.fd >= 0)
        close(opened.fd);
    opened.fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (opened.fd < 0)
        return trine_fail(TRINE_E_IO, "%s: a worker cannot open it: %s", file->name,
                          strerror(errno));
    opened.serial = file->serial;
    if (fstat(opened.fd, &found) || found.st_dev != file->device || found.st_ino != file->inode) {
        close(opened.fd);
        opened.fd = -1;
        return trine_fail(TRINE_E_IO, "%s: another file has taken its place", file->name);
    }
    *fd = opened.fd;
    return TRINE_OK;
}

void trine_npy_name(const char *path, char name[TRINE_NPY_NAME])
{
    size_t n = strlen(path);
    if (n < TRINE_NPY_NAME)
        memcpy(name, path, n + 1);
    else
        snprintf(name, TRINE_NPY_NAME, "...%s", path + n - (TRINE_NPY_NAME - 4));
}

trine_status trine_npy_read(const trine_npy_file *file, int fd, void *buffer, size_t n,
                            uint64_t offset, size_t *got)
{
    *got = 0;
    while (*got < n) {
        char *at = (char *)buffer + *got;
        ssize_t some =
            file->pipe ? read(fd, at, n - *got) : pread(fd, at, n - *got, (off_t)(offset + *got));
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return trine_fail(TRINE_E_IO, "%s: reading byte %llu: %s", file->name,
                              (unsigned long long)(offset + *got), strerror(errno));
        if (some == 0)
            break;
        *got += (size_t)some;
    }
    return TRINE_OK;
}

static void swap_bytes(void *data, size_t n, size_t item)
{
    uint16_t *x2 = data;
    uint32_t *x4 = data;
    uint64_t *x8 = data;
    for (size_t i = 0; item == 2 && i < n; i++)
        x2[i] = __builtin_bswap16(x2[i]);
    for (size_t i = 0; item == 4 && i < n; i++)
        x4[i] = __builtin_bswap32(x4[i]);
    for (size_t i = 0; item == 8 && i < n; i++)
        x8[i] = __builtin_bswap64(x8[i]);
}

static trine_status read_piece(const trine_npy_file *file, int fd, void *buffer, size_t n,
                               uint64_t offset)
{
    size_t got;
    trine_status status = trine_npy_read(file, fd, buffer, n, offset, &got);
    if (!status && got < n)
        return trine_fail(TRINE_E_FORMAT,
                          "%s: the file ends at byte %llu, inside the elements that its header "
                          "promises (byte %llu was asked for)",
                          file->name, (unsigned long long)(offset + got),
                          (unsigned long long)(offset + n - 1));
    return status;
}

static trine_status fetch(const trine_source *source, uint64_t first, size_t n, void *buffer,
                          const void **data)
{
    const trine_npy_file *file = source->context;
    int fd = file->fd;
    trine_status status = TRINE_OK;
    uint64_t element = first * (source->stride / file->item);
    if (file->pipe && element != *file->position)
        return trine_fail(TRINE_E_ARGUMENT,
                          "%s: element %llu was asked for, and a pipe is read once: element %llu "
                          "comes next",
                          file->name, (unsigned long long)element,
                          (unsigned long long)*file->position);
    if (file->pipe)
        *file->position += n * (source->stride / file->item);
    else if (getpid() != file->owner)
        status = open_in_worker(file, &fd);
    /* Whole items at once; parts of rows one by one. */
    bool whole = source->item == source->stride;
    size_t piece = whole ? n * source->item : source->item;
    for (size_t done = 0; done < n * source->item && !status; done += piece)
        status = read_piece(file, fd, (char *)buffer + done, piece,
                            file->data_offset + source->skip +
                                (first + done / source->item) * source->stride);
    if (status)
        return status;
    if (file->swapped)
        swap_bytes(buffer, n * source->item / file->item, file->item);
    *data = buffer;
    return TRINE_OK;
}

trine_source trine_npy_source(const trine_npy_file *file)
{
    return (trine_source){.fetch = fetch,
                          .context = file,
                          .item = file->item,
                          .stride = file->item,
                          .copies = true,
                          .sequential = file->pipe};
}
