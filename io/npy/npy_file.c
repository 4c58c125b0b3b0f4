/* io/npy/npy_file.c - fetching elements of a .npy file. */
#include "io/npy/npy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/system/error.h"

/* Elements that are read at a time. */
enum { PIECE = 1 << 15 };

/* The file that this process, a worker of a pool, opened last: a job reads one file. Workers have
 * one thread each. */
static struct {
    uint64_t serial;
    trine_descriptor descriptor;
} opened = {.descriptor = {.fd = -1}};

static trine_status open_in_worker(const trine_npy_file *file, int *fd)
{
    if (trine_descriptor_holds(&opened.descriptor) && opened.serial == file->serial) {
        *fd = opened.descriptor.fd;
        return TRINE_OK;
    }
    trine_descriptor_close(&opened.descriptor);
    *fd = trine_above_standard(open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (*fd < 0)
        return trine_fail(TRINE_E_IO, "%s: a worker cannot open it: %s", file->name,
                          strerror(errno));
    opened.descriptor = trine_descriptor_know(*fd);
    opened.serial = file->serial;
    if (opened.descriptor.device == file->descriptor.device &&
        opened.descriptor.inode == file->descriptor.inode)
        return TRINE_OK;
    trine_descriptor_close(&opened.descriptor);
    return trine_fail(TRINE_E_IO, "%s: another file has taken its place", file->name);
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

/* Half's 5 bits of exponent and 10 of fraction as a double, exactly (IEEE 754). */
static double double_of_half(uint16_t half)
{
    uint64_t sign = (uint64_t)(half >> 15) << 63, exponent = half >> 10 & 31, part = half & 1023;
    uint64_t bits = sign | (exponent == 31 ? 2047 : exponent + 1023 - 15) << 52 | part << 42;
    double value;
    memcpy(&value, &bits, sizeof value);
    /* Below 2^-14 lie multiples of 2^-24. */
    if (exponent == 0)
        value = (sign ? -1.0 : 1.0) * (double)part * 0x1p-24;
    return value;
}

/* n elements, as stored in the last bytes of their buffer, become trine's. */
static void convert(const trine_npy_info *info, void *elements, size_t n, size_t item)
{
    unsigned char *bytes = elements;
    unsigned char *stored = bytes + n * (item - info->stored_size);
    if (info->swapped)
        swap_bytes(stored, n, info->stored_size);
    bool truth = strcmp(info->stored, "bool") == 0;
    for (size_t i = 0; truth && i < n; i++)
        bytes[i] = bytes[i] != 0;
    /* From the first on: an element is written over those before it, which are done. */
    for (size_t i = 0; info->stored_size < item && i < n; i++) {
        uint16_t half;
        memcpy(&half, stored + i * sizeof half, sizeof half);
        double value = double_of_half(half);
        memcpy(bytes + i * sizeof value, &value, sizeof value);
    }
}

trine_status trine_npy_elements(const trine_npy_file *file, int fd, uint64_t first, size_t n,
                                void *to)
{
    const trine_npy_info *info = &file->info;
    size_t stored = info->stored_size;
    /* In pieces that the caches hold until they are converted. */
    for (size_t done = 0, some; done < n; done += some) {
        unsigned char *piece = (unsigned char *)to + done * file->item;
        some = n - done < PIECE ? n - done : PIECE;
        size_t got, bytes = some * stored;
        uint64_t offset = (uint64_t)info->data_offset + (first + done) * stored;
        trine_status status =
            trine_npy_read(file, fd, piece + some * (file->item - stored), bytes, offset, &got);
        if (status)
            return status;
        if (got < bytes)
            return trine_fail(TRINE_E_FORMAT,
                              "%s: the file ends at byte %llu, inside the elements that its header "
                              "promises (byte %llu was asked for)",
                              file->name, (unsigned long long)(offset + got),
                              (unsigned long long)(offset + bytes - 1));
        convert(info, piece, some, file->item);
    }
    return TRINE_OK;
}

trine_status trine_npy_descriptor(const trine_npy_file *file, int *fd)
{
    *fd = file->descriptor.fd;
    if (!file->pipe && getpid() != file->owner)
        return open_in_worker(file, fd);
    return trine_descriptor_holds(&file->descriptor)
               ? TRINE_OK
               : trine_descriptor_lost(&file->descriptor, file->name);
}

static trine_status check_position(const trine_npy_file *file, uint64_t element, uint64_t n)
{
    if (file->pipe && element != *file->position)
        return trine_fail(TRINE_E_ARGUMENT,
                          "%s: element %llu was asked for, and a pipe is read once: element %llu "
                          "comes next",
                          file->name, (unsigned long long)element,
                          (unsigned long long)*file->position);
    if (file->pipe)
        *file->position += n;
    return TRINE_OK;
}

static trine_status fetch(const trine_source *source, uint64_t first, size_t n, void *buffer,
                          const void **data)
{
    const trine_npy_file *file = source->context;
    size_t stride = source->stride / file->item, item = source->item / file->item;
    uint64_t element = (first - source->offset) * stride + source->skip / file->item;
    int fd;
    trine_status status = check_position(file, element, n * item);
    if (!status)
        status = trine_npy_descriptor(file, &fd);
    /* Whole items at once; parts of rows one by one. */
    size_t piece = item == stride ? n * item : item;
    for (size_t done = 0; done < n * item && !status; done += piece)
        status = trine_npy_elements(file, fd, element + done / item * stride, piece,
                                    (char *)buffer + done * file->item);
    *data = buffer;
    return status;
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

trine_source trine_npy_ordered_source(const trine_npy_file *file)
{
    trine_source source = trine_npy_source(file);
    if (trine_npy_turned(&file->info)) {
        source.fetch = trine_npy_fetch_turned;
        source.sequential = true;
    }
    return source;
}
