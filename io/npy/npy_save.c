/* io/npy/npy_save.c - writing an array as a .npy file: all ranks into a temporary
 * (core/output/output.h), which takes the path's place when everything is written; or one rank into
 * a stream. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/array/array.h"
#include "core/array/ownership.h"
#include "core/system/error.h"
#include "core/output/output.h"
#include "io/npy/npy_file.h"
#include "io/npy/npy_header.h"

/* Where a rank writes; ndim, shape: of the whole. tag: what tells the ranks that they write one
 * file. */
typedef struct save_plan {
    trine_output output;
    uint64_t first, tag;
    int64_t shape[TRINE_DIMS];
    int ndim;
} save_plan;

static trine_status failed(const char *path, const char *what)
{
    char name[TRINE_NPY_NAME];
    trine_npy_name(path, name);
    return trine_fail(TRINE_E_IO, "%s: %s", name, what);
}

static trine_status failed_writing(const char *path)
{
    char name[TRINE_NPY_NAME];
    int number = errno;
    trine_npy_name(path, name);
    return trine_fail(TRINE_E_IO, "%s: writing: %s", name, trine_output_reason(number));
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
    uint64_t first, rows;
    if (strlen(path) >= PATH_MAX)
        status = trine_fail(TRINE_E_ARGUMENT, "a path of %zu bytes; expected fewer than %d",
                            strlen(path), PATH_MAX);
    else if (is_output(path) && size > 1)
        status = trine_fail(TRINE_E_ARGUMENT,
                            "-: standard output is written by one rank; this team has %d ranks: "
                            "give a file",
                            size);
    status = trine_ownership_place(team, x->local_rows, call, status, &first, &rows);
    plan->first = first * x->columns;
    /* Elements without axes that are several ranks' own make up one axis. */
    plan->ndim = x->ndim == 0 && rows > 1 ? 1 : x->ndim;
    memcpy(plan->shape, x->shape, sizeof plan->shape);
    plan->shape[0] = (int64_t)rows;
    return status;
}

/* Rank 0 makes the temporary; the others find it by its slot, and know it by its tag, which stands
 * in the place of the header until all have opened it: each rank may see a folder of its own. */
static trine_status create(const trine_array *x, const char *path, save_plan *plan)
{
    struct timespec now;
    int ranks = x->team->communicator.size;
    if (!trine_output_open(&plan->output, path, ranks > 1 ? TRINE_OUTPUT_FILE : 0)) {
        if (!plan->output.stream || ranks == 1)
            return failed(path, plan->output.why);
        char name[TRINE_NPY_NAME];
        trine_npy_name(path, name);
        return trine_fail(TRINE_E_ARGUMENT,
                          "%s: %s, which one rank writes; this team has %d ranks: give a file",
                          name, plan->output.why, ranks);
    }
    if (ranks == 1)
        return TRINE_OK;
    clock_gettime(CLOCK_REALTIME, &now);
    plan->tag = trine_call_number((uint64_t)getpid(), &now, sizeof now);
    plan->tag += plan->output.slot - plan->tag % TRINE_OUTPUT_SLOTS;
    bool written = trine_output_write_at(plan->output.fd, &plan->tag, sizeof plan->tag, 0) &&
                   (fsync(plan->output.fd) == 0 || errno == EINVAL);
    return written ? TRINE_OK : failed_writing(path);
}

static trine_status join(const char *path, save_plan *plan)
{
    uint64_t tag = 0;
    if (!trine_output_join(&plan->output, path, (unsigned)(plan->tag % TRINE_OUTPUT_SLOTS)))
        return failed(path, plan->output.why);
    if (pread(plan->output.fd, &tag, sizeof tag, 0) == sizeof tag && tag == plan->tag)
        return TRINE_OK;
    return failed(path,
                  "its temporary is not the first rank's: is the folder shared by all ranks?");
}

/* All ranks learn the temporary's tag, or why there is none, and open it. */
static trine_status share_temporary(const trine_array *x, const char *path, uint64_t call,
                                    trine_status status, save_plan *plan)
{
    trine_team *team = x->team;
    int size = team->communicator.size;
    uint64_t *all = calloc((size_t)size, sizeof *all);
    if (!all)
        status = trine_fail(TRINE_E_MEMORY, "no memory for the numbers of %d ranks", size);
    status = team->communicator.ops->gather(&team->communicator, &plan->tag, 1, all, call, status);
    if (all && !status)
        plan->tag = all[0];
    free(all);
    if (status || size == 1)
        return status;
    return trine_team_agree(team, call, team->communicator.rank > 0 ? join(path, plan) : TRINE_OK);
}

static trine_status write_block(const trine_array *x, const char *path, const save_plan *plan)
{
    unsigned char header[TRINE_NPY_HEADER_WRITTEN];
    size_t length = trine_npy_format(x->dtype, plan->ndim, plan->shape, header);
    size_t item = trine_dtype_size(x->dtype), bytes = (size_t)x->local_n * item;
    bool first = x->team->communicator.rank == 0;
    int fd = plan->output.fd;
    bool written =
        plan->output.stream
            ? trine_output_write(fd, header, length) && trine_output_write(fd, x->data, bytes)
            : (!first || trine_output_write_at(fd, header, length, 0)) &&
                  trine_output_write_at(fd, x->data, bytes,
                                        (int64_t)(length + plan->first * item)) &&
                  (first || fsync(fd) == 0 || errno == EINVAL || errno == EROFS);
    return written ? TRINE_OK : failed_writing(path);
}

static trine_status save_to_output(const trine_array *x)
{
    unsigned char header[TRINE_NPY_HEADER_WRITTEN];
    size_t length = trine_npy_format(x->dtype, x->ndim, x->shape, header);
    bool written =
        trine_output_write(STDOUT_FILENO, header, length) &&
        trine_output_write(STDOUT_FILENO, x->data, (size_t)x->local_n * trine_dtype_size(x->dtype));
    return written ? TRINE_OK : failed_writing("standard output");
}

static trine_status save(const trine_array *x, const char *path)
{
    trine_team *team = x->team;
    save_plan plan = {.output = TRINE_OUTPUT_NONE};
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
        status = trine_team_agree(team, call, write_block(x, path, &plan));
    if (!status) {
        if (first_rank && !trine_output_commit(&plan.output, true))
            status = failed(path, plan.output.why);
        status = trine_team_agree(team, call, status);
    }
    trine_output_drop(&plan.output);
    return status;
}

trine_status trine_npy_save(const trine_array *x, const char *path)
{
    if (!path || !x)
        return trine_call_refuse(
            trine_array_team(x),
            trine_fail(TRINE_E_ARGUMENT, "trine_npy_save: %s is NULL", path ? "x" : "path"));
    trine_status status = trine_call_begin(x->team);
    return status ? status : trine_call_end(x->team, NULL, save(x, path));
}
