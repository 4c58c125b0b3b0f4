/* io/npy_save.c - writing an array as a .npy file: all ranks into a temporary, which takes the
 * path's place when everything is written. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/array.h"
#include "core/error.h"
#include "io/npy_header.h"

/* Where a rank writes; total: elements of the whole. */
typedef struct save_plan {
    char temporary[PATH_MAX];
    uint64_t first, total;
    int fd;
} save_plan;

static trine_status failed(const char *path, const char *what)
{
    return trine_fail(TRINE_E_IO, "%s: %s: %s", path, what, strerror(errno));
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

/* Every rank learns where its elements go, and the number that names the temporary. */
static trine_status make_plan(const trine_array *x, const char *path, uint64_t call,
                              trine_status status, save_plan *plan)
{
    trine_team *team = x->team;
    int size = team->communicator.size, rank = team->communicator.rank;
    uint64_t own[2] = {x->local, (uint64_t)getpid()}, *all = calloc((size_t)size, sizeof own);
    if (!all)
        status = trine_fail(TRINE_E_MEMORY, "%s: no memory for the counts of %d ranks", path, size);
    if (!status && strlen(path) + 32 > sizeof plan->temporary)
        status = trine_fail(TRINE_E_ARGUMENT, "a path of %zu bytes; expected fewer than %d",
                            strlen(path), PATH_MAX - 32);
    status = team->communicator.ops->gather(&team->communicator, own, 2, all, call, status);
    for (int i = 0; i < size && all && !status; i++) {
        plan->first += i < rank ? all[2 * i] : 0;
        plan->total += all[2 * i];
    }
    if (all && !status)
        snprintf(plan->temporary, sizeof plan->temporary, "%s.%llu.part", path,
                 (unsigned long long)all[1]);
    free(all);
    return status;
}

/* Rank 0 makes the file, with its header; then the others can open it. */
static trine_status create(const trine_array *x, save_plan *plan)
{
    unsigned char header[128];
    size_t length = trine_npy_format(x->dtype, plan->total, header);
    plan->fd = open(plan->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (plan->fd < 0)
        return failed(plan->temporary, "creating");
    return write_at(plan, header, length, 0);
}

static trine_status write_block(const trine_array *x, save_plan *plan)
{
    unsigned char header[128];
    uint64_t offset = trine_npy_format(x->dtype, plan->total, header);
    size_t item = trine_dtype_size(x->dtype);
    if (plan->fd < 0)
        plan->fd = open(plan->temporary, O_WRONLY | O_CLOEXEC);
    if (plan->fd < 0)
        return failed(plan->temporary, "opening (is the folder shared by all ranks?)");
    trine_status status =
        write_at(plan, x->data, (size_t)x->local * item, offset + plan->first * item);
    if (!status && fsync(plan->fd) && errno != EINVAL && errno != EROFS)
        status = failed(plan->temporary, "writing");
    return status;
}

static trine_status save(const trine_array *x, const char *path)
{
    trine_team *team = x->team;
    save_plan plan = {.fd = -1};
    bool first_rank = team->communicator.rank == 0;
    uint64_t call = trine_call_number(7 + (uint64_t)x->dtype, path, strlen(path));
    trine_status status = make_plan(x, path, call, TRINE_OK, &plan);
    if (status)
        return status;
    status = trine_team_agree(team, call, first_rank ? create(x, &plan) : TRINE_OK);
    if (!status)
        status = trine_team_agree(team, call, write_block(x, &plan));
    if (plan.fd >= 0 && close(plan.fd) && !status)
        status = failed(plan.temporary, "closing");
    status = trine_team_agree(team, call, status);
    if (first_rank && status)
        unlink(plan.temporary);
    if (first_rank && !status && rename(plan.temporary, path)) {
        status = failed(path, "renaming the finished file to it");
        unlink(plan.temporary);
    }
    return trine_team_agree(team, call, status);
}

trine_status trine_npy_save(const char *path, const trine_array *x)
{
    if (!path || !x)
        return trine_fail(TRINE_E_ARGUMENT, "trine_npy_save: %s is NULL", path ? "x" : "path");
    trine_status status = trine_call_begin(x->team);
    return status ? status : trine_call_end(x->team, NULL, save(x, path));
}
