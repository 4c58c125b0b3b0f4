/* io/npy/npy.c - opening, loading and reducing .npy files. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trine/reduce.h>

#include "core/system/clock.h"
#include "core/array/array.h"
#include "core/reduce/axis.h"
#include "core/system/error.h"
#include "core/input/input.h"
#include "io/npy/npy_file.h"
#include "io/npy/npy_header.h"

/* Seconds that the writer of a named pipe is waited for; milliseconds between two looks. */
enum { PATIENCE = 30, LOOK = 50 };

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
    if (S_ISSOCK(found.st_mode) && !standard)
        return trine_fail(TRINE_E_IO, "%s: is a socket; expected a .npy file", file->name);
    file->pipe = standard || !S_ISREG(found.st_mode);
    if (file->pipe && team->communicator.size > 1)
        return trine_fail(
            TRINE_E_ARGUMENT,
            "%s: a pipe is read once, by one rank; this team has %d ranks: give a file", file->name,
            team->communicator.size);
    return TRINE_OK;
}

/* Whether somebody has the pipe open to write. Only tee tells a pipe that is empty from one without
 * a writer, and takes nothing out of it. */
static bool has_writer(int fd)
{
    int into[2];
    if (pipe2(into, O_CLOEXEC | O_NONBLOCK))
        return false;
    ssize_t some = tee(fd, into[1], 1, SPLICE_F_NONBLOCK);
    bool there = some > 0 || (some < 0 && errno == EAGAIN);
    close(into[0]);
    close(into[1]);
    return there;
}

/* A named pipe was opened without waiting: its writer is waited for here. */
static trine_status await_writer(const trine_npy_file *file)
{
    struct pollfd ready = {.fd = file->descriptor.fd, .events = POLLIN};
    for (double began = trine_seconds();
         poll(&ready, 1, LOOK) <= 0 && !has_writer(file->descriptor.fd);)
        if (trine_seconds() - began > PATIENCE)
            return trine_fail(TRINE_E_IO,
                              "%s: a pipe that nobody opened to write within %d seconds",
                              file->name, PATIENCE);
    return TRINE_OK;
}

static trine_status open_path(const char *path, trine_npy_file *file)
{
    bool standard = strcmp(path, "-") == 0;
    int fd =
        trine_above_standard(standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                      : open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    file->descriptor = trine_descriptor_know(fd);
    if (fd < 0 || (!standard && fcntl(fd, F_SETFL, O_RDONLY)))
        return trine_fail(TRINE_E_IO, "%s: %s", file->name, strerror(errno));
    if (!standard && S_ISFIFO(file->descriptor.kind)) {
        trine_status status = await_writer(file);
        if (status)
            return status;
    }
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
    trine_status status = trine_npy_read(file, file->descriptor.fd, bytes, 10, 0, &got);
    if (!status && got == 10 && bytes[6] > 1) {
        status = trine_npy_read(file, file->descriptor.fd, bytes + 10, 2, 10, &more);
        got += more;
    }
    if (!status)
        status = trine_npy_prefix(file->name, bytes, got, info, &whole);
    if (!status)
        status = trine_npy_read(file, file->descriptor.fd, bytes + got, whole - got, got, &more);
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
    if (fstat(file->descriptor.fd, &found))
        return trine_fail(TRINE_E_IO, "%s: %s", file->name, strerror(errno));
    if (found.st_size >= info->data_offset &&
        (uint64_t)(found.st_size - info->data_offset) >= bytes)
        return TRINE_OK;
    return trine_fail(
        TRINE_E_FORMAT,
        "%s: the file ends at byte %llu, but its header promises %llu elements of %s, "
        "up to byte %llu",
        file->name, (unsigned long long)found.st_size, (unsigned long long)info->n, info->stored,
        (unsigned long long)info->data_offset + (unsigned long long)bytes);
}

static void release(trine_npy *npy)
{
    if (npy->file) {
        trine_descriptor_close(&npy->file->descriptor);
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
    file->descriptor = TRINE_NO_DESCRIPTOR;
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
    file->info = npy->info;
    file->item = trine_dtype_size(npy->info.dtype);
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
    uint64_t given[5] = {0}, number = 6;
    if (npy) {
        npy->team = team;
        npy->info.size = sizeof npy->info;
        atomic_fetch_add(&team->arrays, 1);
        status = open_here(npy, path);
        given[0] = (uint64_t)npy->info.dtype;
        given[1] = (uint64_t)npy->info.n;
        given[2] = (uint64_t)npy->info.data_offset;
        given[3] = npy->info.swapped + 2u * npy->info.fortran_order;
        given[4] = npy->info.stored_size;
        number = trine_shape_number(number, npy->info.ndim, npy->info.shape, false);
    } else {
        status = trine_fail(TRINE_E_MEMORY, "%s: no memory to open it", path);
    }
    status = trine_team_agree(team, trine_call_number(number, given, sizeof given), status);
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

/* Indices of the first axis, and the elements of each; 1 for no axes. */
static void count_axes(const trine_npy_info *info, uint64_t *rows, uint64_t *columns)
{
    *rows = info->ndim > 0 ? (uint64_t)info->shape[0] : 1;
    *columns = *rows > 0 ? (uint64_t)info->n / *rows : 1;
    /* A shape with a 0 may have any other sizes: 0 columns where there are more than are counted.
     */
    for (int i = 1; i < info->ndim && *rows == 0; i++) {
        uint64_t size = (uint64_t)info->shape[i];
        *columns = size > 0 && *columns > INT64_MAX / size ? 0 : *columns * size;
    }
}

/* A pipe cannot be read by columns: it is read as it lies, into an array of the axes in their
 * opposite order, which is then turned. */
static trine_status load_turned_pipe(trine_npy *npy, trine_array **array)
{
    const trine_npy_info *info = &npy->info;
    trine_source source = trine_npy_source(npy->file);
    trine_array *held = NULL, *made = NULL;
    trine_status status = trine_input_load(npy->team, info->dtype, &source, 1, &info->n, &held);
    if (!status)
        status = trine_array_create_nd(npy->team, info->dtype, info->ndim, info->shape,
                                       TRINE_DISTRIBUTED, &made);
    if (!status)
        trine_npy_turn(info, held->data, made->data);
    trine_array_free(held);
    if (!status)
        *array = made;
    return status;
}

trine_status trine_npy_load(trine_npy *npy, trine_array **array)
{
    if (!npy || !array)
        return trine_call_refuse(
            npy ? npy->team : NULL,
            trine_fail(TRINE_E_ARGUMENT, "trine_npy_load: %s is NULL", npy ? "array" : "file"));
    const trine_npy_info *info = &npy->info;
    if (npy->file->pipe && trine_npy_turned(info))
        return load_turned_pipe(npy, array);
    trine_source source = trine_npy_ordered_source(npy->file);
    return trine_input_load(npy->team, info->dtype, &source, info->ndim, info->shape, array);
}

static trine_status check_reduction(const trine_npy *npy, const trine_reducer *reducer,
                                    const void *param, const void *result)
{
    if (!npy || !reducer || !result)
        return trine_fail(TRINE_E_ARGUMENT, "trine_npy_reduce: %s is NULL",
                          !npy       ? "file"
                          : !reducer ? "reducer"
                                     : "result");
    trine_status status = trine_reducer_check(reducer, param);
    if (status)
        return status;
    if (reducer->nin != 1)
        return trine_fail(TRINE_E_ARGUMENT, "%s: reducer '%s' has %d inputs; a file is one",
                          npy->file->name, reducer->name, reducer->nin);
    if (reducer->in[0] != npy->info.dtype)
        return trine_fail(TRINE_E_DTYPE, "%s: elements of %s; '%s' takes %s", npy->file->name,
                          trine_dtype_name(npy->info.dtype), reducer->name,
                          trine_dtype_name(reducer->in[0]));
    return TRINE_OK;
}

/* Whether the order of the elements makes no difference to the result. */
static bool any_order(const trine_reducer *reducer)
{
    return reducer->flags & TRINE_ORDER_FREE && reducer->flags & TRINE_POSITION_FREE;
}

enum { WHOLE = -1 };

/* Along an axis, or of the whole. */
static trine_status load_and_reduce(trine_npy *npy, const trine_reducer *reducer, const void *param,
                                    int axis, void *result)
{
    trine_array *loaded;
    trine_status status = trine_npy_load(npy, &loaded);
    if (status)
        return status;
    const trine_array *in[] = {loaded};
    status = axis == WHOLE ? trine_reduce(reducer, in, param, result)
                           : trine_reduce_axis(reducer, in, param, axis, result);
    trine_array_free(loaded);
    return status;
}

trine_status trine_npy_reduce(trine_npy *npy, const trine_reducer *reducer, const void *param,
                              void *result)
{
    trine_status status = check_reduction(npy, reducer, param, result);
    if (status)
        return trine_call_refuse(npy ? npy->team : NULL, status);
    if (npy->file->pipe && trine_npy_turned(&npy->info) && !any_order(reducer))
        return load_and_reduce(npy, reducer, param, WHOLE, result);
    uint64_t rows, columns;
    count_axes(&npy->info, &rows, &columns);
    trine_input input = {.source = {any_order(reducer) ? trine_npy_source(npy->file)
                                                       : trine_npy_ordered_source(npy->file)},
                         .sources = 1,
                         .grid = trine_grid_of(rows, columns),
                         .executor = &npy->team->executor};
    trine_block_of_rank(npy->team, &input.grid, &input.offset, &input.local_n);
    return trine_input_reduce(npy->team, reducer, param, &input, TRINE_WHOLE_CALL, TRINE_OK,
                              result);
}

/* Rows [*offset, *offset + *local_n) of the file are this rank's. */
static void block(const trine_npy *npy, uint64_t *offset, uint64_t *local_n, uint64_t *columns)
{
    uint64_t rows;
    count_axes(&npy->info, &rows, columns);
    trine_grid grid = trine_grid_of_rows(rows, *columns);
    trine_block_of_rank(npy->team, &grid, offset, local_n);
}

void trine_npy_block(const trine_npy *npy, int64_t *row_offset, int64_t *rows, int64_t *columns)
{
    uint64_t begin = 0, local = 0, width = 1;
    if (npy)
        block(npy, &begin, &local, &width);
    if (row_offset)
        *row_offset = (int64_t)begin;
    if (rows)
        *rows = (int64_t)local;
    if (columns)
        *columns = (int64_t)width;
}

trine_status trine_npy_reduce_axis(trine_npy *npy, const trine_reducer *reducer, const void *param,
                                   int axis, void *result)
{
    trine_status status = check_reduction(npy, reducer, param, result);
    if (!status)
        status = trine_shape_check(npy->info.dtype, npy->info.ndim, npy->info.shape);
    if (!status)
        status = trine_axis_check(npy->file->name, npy->info.ndim, &axis);
    if (status)
        return trine_call_refuse(npy ? npy->team : NULL, status);
    const trine_npy_info *info = &npy->info;
    trine_view view = {.source = {trine_npy_ordered_source(npy->file)},
                       .executor = &npy->team->executor};
    count_axes(info, &view.rows, &view.columns);
    block(npy, &view.row_offset, &view.local_rows, &view.columns);
    trine_view_axis(&view, info->ndim, info->shape, axis);
    bool again = axis == 0 && view.columns > trine_columns_tile(reducer);
    if (npy->file->pipe && (again || trine_npy_turned(info)))
        return load_and_reduce(npy, reducer, param, axis, result);
    return axis == 0 ? trine_view_columns(npy->team, reducer, param, &view, result)
                     : trine_view_lines(npy->team, reducer, param, &view, result);
}
