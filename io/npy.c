/* io/npy.c - opening, loading and reducing .npy files. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/axis.h"
#include "core/error.h"
#include "core/stream.h"
#include "io/npy_file.h"
#include "io/npy_header.h"

/* Finds out what the path names before it is opened: opening a named pipe waits for its writer. */
static trine_status examine(const char *path, const trine_team *team, trine_npy_file *file)
{
    struct stat found;
    bool standard = strcmp(path, "-") == 0;
    trine_npy_name(standard ? "standard input" : path, file->name);
    if (standard ? fstat(STDIN_FILENO, &found) : stat(path, &found))
        return trine_fail(TRINE_E_IO, "%s: %s", file->name, strerror(errno));
    if (S_ISDIR(found.st_mode))
        return trine_fail(TRINE_E_IO, "%s: is a directory; expected a .npy file", file->name);
    file->pipe = standard || !S_ISREG(found.st_mode);
    if (file->pipe && team->communicator.size > 1)
        return trine_fail(
            TRINE_E_ARGUMENT,
            "%s: a pipe is read once, by one rank; this team has %d ranks: give a file", file->name,
            team->communicator.size);
    return TRINE_OK;
}

static trine_status open_path(const char *path, trine_npy_file *file)
{
    struct stat found;
    bool standard = strcmp(path, "-") == 0;
    file->fd =
        standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &found))
        return trine_fail(TRINE_E_IO, "%s: %s", file->name, strerror(errno));
    file->device = found.st_dev;
    file->inode = found.st_ino;
    /* The workers may have another working directory. */
    if (file->pipe || !realpath(path, file->path))
        snprintf(file->path, sizeof file->path, "%s", path);
    return TRINE_OK;
}

/* A pipe's header is read byte for byte, so that the elements come next. */
static trine_status read_header(trine_npy_file *file, trine_npy_info *info)
{
    unsigned char *bytes = malloc(TRINE_NPY_HEADER_MOST);
    if (!bytes)
        return trine_fail(TRINE_E_MEMORY, "%s: no memory for its header", file->name);
    size_t got, more, whole = 0;
    trine_status status = trine_npy_read(file, file->fd, bytes, 10, 0, &got);
    if (!status && got == 10 && bytes[6] > 1) {
        status = trine_npy_read(file, file->fd, bytes + 10, 2, 10, &more);
        got += more;
    }
    if (!status)
        status = trine_npy_prefix(file->name, bytes, got, info, &whole);
    if (!status)
        status = trine_npy_read(file, file->fd, bytes + got, whole - got, got, &more);
    if (!status && got + more < whole)
        status =
            trine_fail(TRINE_E_FORMAT, "%s: the file ends at byte %zu, inside its header of %zu",
                       file->name, got + more, whole);
    if (!status)
        status = trine_npy_parse(file->name, bytes, whole, info);
    free(bytes);
    return status;
}

static trine_status check_size(const trine_npy_file *file, const trine_npy_info *info)
{
    struct stat found;
    uint64_t bytes;
    trine_npy_data_size(info, &bytes);
    if (file->pipe)
        return TRINE_OK;
    if (fstat(file->fd, &found))
        return trine_fail(TRINE_E_IO, "%s: %s", file->name, strerror(errno));
    if ((uint64_t)found.st_size - info->data_offset >= bytes &&
        (uint64_t)found.st_size >= info->data_offset)
        return TRINE_OK;
    return trine_fail(
        TRINE_E_FORMAT,
        "%s: the file ends at byte %llu, but its header promises %llu elements of %s, "
        "up to byte %llu",
        file->name, (unsigned long long)found.st_size, (unsigned long long)info->n,
        trine_dtype_name(info->dtype), (unsigned long long)(info->data_offset + bytes));
}

static void release(trine_npy *npy)
{
    if (npy->file) {
        if (npy->file->fd >= 0)
            close(npy->file->fd);
        npy->team->executor.ops.free(&npy->team->executor, npy->file, sizeof *npy->file);
    }
    atomic_fetch_sub(&npy->team->arrays, 1);
    free(npy);
}

static trine_status open_here(trine_npy *npy, const char *path)
{
    static atomic_ullong serial;
    trine_team *team = npy->team;
    void *memory;
    if (strlen(path) >= PATH_MAX)
        return trine_fail(TRINE_E_ARGUMENT, "a path of %zu bytes; expected fewer than %d",
                          strlen(path), PATH_MAX);
    trine_status status = team->executor.ops.alloc(&team->executor, sizeof *npy->file, &memory);
    if (status)
        return status;
    trine_npy_file *file = npy->file = memory;
    file->fd = -1;
    file->owner = getpid();
    file->serial = atomic_fetch_add(&serial, 1) + 1;
    file->position = &npy->position;
    status = examine(path, team, file);
    if (!status)
        status = open_path(path, file);
    if (!status)
        status = read_header(file, &npy->info);
    if (!status)
        status = check_size(file, &npy->info);
    file->data_offset = npy->info.data_offset;
    file->item = trine_dtype_size(npy->info.dtype);
    file->swapped = npy->info.swapped;
    return status;
}

trine_status trine_npy_open(trine_team *team, const char *path, trine_npy **opened)
{
    if (!team || !path || !opened)
        return trine_call_refuse(team, trine_fail(TRINE_E_ARGUMENT, "trine_npy_open: %s is NULL",
                                                  !team   ? "team"
                                                  : !path ? "path"
                                                          : "file"));
    trine_status status = trine_call_begin(team);
    if (status)
        return status;
    trine_npy *npy = calloc(1, sizeof *npy);
    uint64_t given[4] = {0};
    if (npy) {
        npy->team = team;
        atomic_fetch_add(&team->arrays, 1);
        status = open_here(npy, path);
        given[0] = (uint64_t)npy->info.dtype;
        given[1] = npy->info.n;
        given[2] = npy->info.data_offset;
        given[3] = npy->info.swapped;
    } else {
        status = trine_fail(TRINE_E_MEMORY, "%s: no memory to open it", path);
    }
    status = trine_team_agree(team, trine_call_number(6, given, sizeof given), status);
    if (!status)
        *opened = npy;
    else if (npy)
        release(npy);
    return trine_call_end(team, NULL, status);
}

void trine_npy_close(trine_npy *npy)
{
    if (npy)
        release(npy);
}

const trine_npy_info *trine_npy_header(const trine_npy *npy)
{
    return npy ? &npy->info : NULL;
}

void trine_npy_axes(const trine_npy_info *info, uint64_t *rows, uint64_t *columns)
{
    bool two = info->ndim == 2 && info->n > 0;
    *rows = !two ? info->n : info->shape[info->fortran_order];
    *columns = !two ? 1 : info->shape[!info->fortran_order];
}

trine_status trine_npy_load(trine_npy *npy, trine_array **array)
{
    if (!npy || !array)
        return trine_call_refuse(
            npy ? npy->team : NULL,
            trine_fail(TRINE_E_ARGUMENT, "trine_npy_load: %s is NULL", npy ? "array" : "file"));
    trine_source source = trine_npy_source(npy->file);
    uint64_t rows, columns;
    trine_npy_axes(&npy->info, &rows, &columns);
    return trine_stream_load(npy->team, npy->info.dtype, &source, rows, columns, TRINE_OK, array);
}

static trine_status check_reduction(const trine_npy *npy, const trine_monoid *monoid,
                                    const void *param, const void *result)
{
    if (!npy || !monoid || !result)
        return trine_fail(TRINE_E_ARGUMENT, "trine_npy_reduce: %s is NULL",
                          !npy      ? "file"
                          : !monoid ? "monoid"
                                    : "result");
    trine_status status = trine_monoid_check(monoid, param);
    if (status)
        return status;
    if (monoid->nin != 1)
        return trine_fail(TRINE_E_ARGUMENT, "%s: monoid '%s' has %d inputs; a file is one",
                          npy->file->name, monoid->name, monoid->nin);
    if (monoid->in[0] != npy->info.dtype)
        return trine_fail(TRINE_E_DTYPE, "%s: elements of %s; '%s' takes %s", npy->file->name,
                          trine_dtype_name(npy->info.dtype), monoid->name,
                          trine_dtype_name(monoid->in[0]));
    return TRINE_OK;
}

trine_status trine_npy_reduce(trine_npy *npy, const trine_monoid *monoid, const void *param,
                              void *result)
{
    trine_status status = check_reduction(npy, monoid, param, result);
    if (status)
        return trine_call_refuse(npy ? npy->team : NULL, status);
    uint64_t rows, columns;
    trine_npy_axes(&npy->info, &rows, &columns);
    trine_stream stream = {.source = {trine_npy_source(npy->file)},
                           .sources = 1,
                           .grid = trine_grid_of(rows, columns),
                           .executor = &npy->team->executor};
    trine_block(npy->team, &stream.grid, &stream.first, &stream.local);
    return trine_stream_reduce(npy->team, monoid, param, &stream, TRINE_OK, result);
}

void trine_npy_block(const trine_npy *npy, uint64_t *first, uint64_t *rows, uint64_t *columns)
{
    uint64_t begin = 0, local = 0, all = 0, width = 1;
    if (npy) {
        trine_npy_axes(&npy->info, &all, &width);
        trine_grid grid = trine_grid_of(all, width);
        trine_block(npy->team, &grid, &begin, &local);
    }
    if (first)
        *first = begin / width;
    if (rows)
        *rows = local / width;
    if (columns)
        *columns = width;
}

trine_status trine_npy_reduce_axis(trine_npy *npy, const trine_monoid *monoid, const void *param,
                                   int axis, void *result)
{
    trine_status status = check_reduction(npy, monoid, param, result);
    if (!status && axis != 0 && axis != 1)
        status = trine_fail(TRINE_E_ARGUMENT,
                            "%s: axis %d; expected 0 (a result a column) or 1 (a result a row)",
                            npy->file->name, axis);
    if (!status && npy->file->pipe && axis == 1)
        status = trine_fail(TRINE_E_ARGUMENT, "%s: a pipe cannot be reduced along axis 1",
                            npy->file->name);
    if (status)
        return trine_call_refuse(npy ? npy->team : NULL, status);
    trine_frame frame = {.source = {trine_npy_source(npy->file)}, .executor = &npy->team->executor};
    trine_npy_axes(&npy->info, &frame.rows, &frame.columns);
    trine_npy_block(npy, &frame.first, &frame.local, NULL);
    return axis == 0 ? trine_frame_columns(npy->team, monoid, param, &frame, result)
                     : trine_frame_rows(npy->team, monoid, param, &frame, result);
}
