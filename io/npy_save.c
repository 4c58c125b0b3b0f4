/* io/npy_save.c - writing an array as a .npy file: all ranks into a temporary, which takes the
 * path's place when everything is written; or one rank to standard output. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/array.h"
#include "core/error.h"
#include "io/npy_file.h"
#include "io/npy_header.h"

/* Where a rank writes; ndim, shape: of the whole. number: what makes the temporary's name its
 * own. created: by this rank. */
typedef struct save_plan {
    char temporary[PATH_MAX];
    uint64_t first, number, shape[TRINE_DIMS];
    int fd, ndim;
    bool created;
} save_plan;

/* Names that are tried before the folder is given up. */
enum { TEMPORARY_TRIES = 100 };

static trine_status failed(const char *path, const char *what)
{
    char name[TRINE_NPY_NAME];
    int number = errno;
    trine_npy_name(path, name);
    return trine_fail(TRINE_E_IO, "%s: %s: %s", name, what, strerror(number));
}

static trine_status write_at(const save_plan *plan, const void *data, size_t n, uint64_t offset)
{
    for (size_t done = 0; done < n;) {
        ssize_t some =
            pwrite(plan->fd, (const char *)data + done, n - done, (off_t)(offset + done));
        if (some < 0 && errno != EINTR)
            return failed(plan->temporary, "writing");
        done += some > 0 ? (size_t)some : 0;
    }
    return TRINE_OK;
}

static bool is_output(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* Every rank learns where its elements go. To standard output only one can write: the parts of
 * several would come in the order in which they happen to write. */
static trine_status place_blocks(const trine_array *x, const char *path, uint64_t call,
                                 save_plan *plan)
{
    trine_team *team = x->team;
    trine_status status = TRINE_OK;
    int size = team->communicator.size;
    uint64_t *all = calloc((size_t)size, sizeof *all);
    if (!all)
        status = trine_fail(TRINE_E_MEMORY, "no memory for the counts of %d ranks", size);
    else if (strlen(path) + 32 > sizeof plan->temporary)
        status = trine_fail(TRINE_E_ARGUMENT, "a path of %zu bytes; expected fewer than %d",
                            strlen(path), PATH_MAX - 32);
    else if (is_output(path) && size > 1)
        status = trine_fail(TRINE_E_ARGUMENT,
                            "-: standard output is written by one rank; this team has %d ranks: "
                            "give a file",
                            size);
    status =
        team->communicator.ops->gather(&team->communicator, &x->local_rows, 1, all, call, status);
    uint64_t rows = 0;
    for (int i = 0; i < size && all && !status; i++) {
        plan->first += i < team->communicator.rank ? all[i] * x->columns : 0;
        rows += all[i];
    }
    /* Elements without axes that are several ranks' own make up one axis. */
    plan->ndim = x->ndim == 0 && rows > 1 ? 1 : x->ndim;
    memcpy(plan->shape, x->shape, sizeof plan->shape);
    plan->shape[0] = rows;
    free(all);
    return status;
}

static void name_temporary(const char *path, save_plan *plan)
{
    snprintf(plan->temporary, sizeof plan->temporary, "%s.%016llx.part", path,
             (unsigned long long)plan->number);
}

/* Rank 0 makes the file, with its header; then the others can open it. Nothing that is there
 * already is opened: it may be another save's, or a link that somebody laid. */
static trine_status create(const trine_array *x, const char *path, save_plan *plan)
{
    unsigned char header[TRINE_NPY_HEADER_WRITTEN];
    size_t length = trine_npy_format(x->dtype, plan->ndim, plan->shape, header);
    struct stat found;
    struct timespec now;
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode)) {
        char name[TRINE_NPY_NAME];
        trine_npy_name(path, name);
        return trine_fail(TRINE_E_IO, "%s: %s not a regular file; saving would replace it", name,
                          S_ISDIR(found.st_mode) ? "is a directory," : "is");
    }
    clock_gettime(CLOCK_REALTIME, &now);
    plan->number = trine_call_number((uint64_t)getpid(), &now, sizeof now);
    for (int i = 0; i < TEMPORARY_TRIES && plan->fd < 0; i++) {
        plan->number++;
        name_temporary(path, plan);
        plan->fd = open(plan->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (plan->fd < 0 && errno != EEXIST)
            break;
    }
    if (plan->fd < 0)
        return failed(plan->temporary, "creating");
    plan->created = true;
    return write_at(plan, header, length, 0);
}

/* All ranks learn the temporary's name, or why there is none. */
static trine_status share_temporary(const trine_array *x, const char *path, uint64_t call,
                                    trine_status status, save_plan *plan)
{
    trine_team *team = x->team;
    int size = team->communicator.size;
    uint64_t *all = calloc((size_t)size, sizeof *all);
    if (!all)
        status = trine_fail(TRINE_E_MEMORY, "no memory for the numbers of %d ranks", size);
    status =
        team->communicator.ops->gather(&team->communicator, &plan->number, 1, all, call, status);
    if (all && !status && team->communicator.rank > 0) {
        plan->number = all[0];
        name_temporary(path, plan);
    }
    free(all);
    return status;
}

static trine_status write_block(const trine_array *x, save_plan *plan)
{
    unsigned char header[TRINE_NPY_HEADER_WRITTEN];
    uint64_t offset = trine_npy_format(x->dtype, plan->ndim, plan->shape, header);
    size_t item = trine_dtype_size(x->dtype);
    if (plan->fd < 0)
        plan->fd = open(plan->temporary, O_WRONLY | O_CLOEXEC);
    if (plan->fd < 0)
        return failed(plan->temporary, "opening (is the folder shared by all ranks?)");
    trine_status status =
        write_at(plan, x->data, (size_t)x->local * item, offset + plan->first * item);
    if (!status && fsync(plan->fd) && errno != EINVAL && errno != EROFS)
        status = failed(plan->temporary, "writing");
    if (close(plan->fd) && !status)
        status = failed(plan->temporary, "closing");
    plan->fd = -1;
    return status;
}

static trine_status write_next(const void *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t some = write(STDOUT_FILENO, (const char *)data + done, n - done);
        if (some < 0 && errno != EINTR)
            return failed("standard output", "writing");
        done += some > 0 ? (size_t)some : 0;
    }
    return TRINE_OK;
}

static trine_status save_to_output(const trine_array *x)
{
    unsigned char header[TRINE_NPY_HEADER_WRITTEN];
    size_t length = trine_npy_format(x->dtype, x->ndim, x->shape, header);
    trine_status status = write_next(header, length);
    return status ? status : write_next(x->data, (size_t)x->local * trine_dtype_size(x->dtype));
}

static trine_status save(const trine_array *x, const char *path)
{
    trine_team *team = x->team;
    save_plan plan = {.fd = -1};
    bool first_rank = team->communicator.rank == 0;
    uint64_t call = trine_call_number(7 + (uint64_t)x->dtype, path, strlen(path));
    call = trine_shape_number(call, x->ndim, x->shape, x->place != TRINE_DISTRIBUTED);
    trine_status status = place_blocks(x, path, call, &plan);
    if (status)
        return status;
    if (is_output(path))
        return save_to_output(x);
    status = first_rank ? create(x, path, &plan) : TRINE_OK;
    status = share_temporary(x, path, call, status, &plan);
    if (!status)
        status = trine_team_agree(team, call, write_block(x, &plan));
    if (!status) {
        if (first_rank && rename(plan.temporary, path))
            status = failed(path, "renaming the finished file to it");
        status = trine_team_agree(team, call, status);
    }
    if (plan.fd >= 0)
        close(plan.fd);
    if (plan.created && status)
        unlink(plan.temporary);
    return status;
}

trine_status trine_npy_save(const char *path, const trine_array *x)
{
    if (!path || !x)
        return trine_call_refuse(
            trine_array_team(x),
            trine_fail(TRINE_E_ARGUMENT, "trine_npy_save: %s is NULL", path ? "x" : "path"));
    trine_status status = trine_call_begin(x->team);
    return status ? status : trine_call_end(x->team, NULL, save(x, path));
}
