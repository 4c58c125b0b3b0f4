/* io/npy/npy_file.h - reading a .npy file's elements from any process of a rank. */
#ifndef TRINE_IO_NPY_FILE_H
#define TRINE_IO_NPY_FILE_H

#include <limits.h>
#include <sys/types.h>

#include <trine/io.h>

#include "core/system/descriptor.h"
#include "core/input/source.h"
#include "core/team/team.h"

/* Characters of a path that a detail shows, so that what is wrong has space behind it. */
#define TRINE_NPY_NAME 256

/* What a source over the file knows, in memory that all workers address; plain bytes. descriptor is
 * the owner's; other processes open the path for themselves and check that it is the same file.
 * position: of a pipe, in the owner's own memory: the element that comes next. */
typedef struct trine_npy_file {
    char path[PATH_MAX], name[TRINE_NPY_NAME];
    trine_descriptor descriptor;
    pid_t owner;
    uint64_t serial, *position;
    trine_npy_info info;
    size_t item;
    bool pipe;
} trine_npy_file;

/* An open file; info's trailing context. file: from the team's executor. */
struct trine_npy {
    trine_team *team;
    trine_npy_info info;
    trine_npy_file *file;
    uint64_t position;
};

/* What a detail calls the path: its end, when it is long. */
void trine_npy_name(const char *path, char name[TRINE_NPY_NAME]);

/* Whether C order is another than the file's. */
bool trine_npy_turned(const trine_npy_info *info);

/* The source over its elements as they lie in the file. */
trine_source trine_npy_source(const trine_npy_file *file);

/* The source over its elements in C order: the same one, or one that turns what it reads, which is
 * sequential but that any worker may fetch from it. */
trine_source trine_npy_ordered_source(const trine_npy_file *file);

/* The file's descriptor in this process. */
trine_status trine_npy_descriptor(const trine_npy_file *file, int *fd);

/* Elements [first, first + n) as they lie in the file, in trine's type and byte order. */
trine_status trine_npy_elements(const trine_npy_file *file, int fd, uint64_t first, size_t n,
                                void *to);

/* All elements, from the file's order at `from` to C order at `to`. */
void trine_npy_turn(const trine_npy_info *info, const void *from, void *to);

/* fetch of the source that turns. */
trine_status trine_npy_fetch_turned(const trine_source *source, uint64_t first, size_t n, void *to,
                                    const void **data);

/* Reads n bytes at offset, or the next n of a pipe. *got < n only at the end of the file. */
trine_status trine_npy_read(const trine_npy_file *file, int fd, void *buffer, size_t n,
                            uint64_t offset, size_t *got);

#endif
