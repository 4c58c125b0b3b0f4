/* core/output/output.h - what every writer of the project writes its files by: a file is there
 * whole or not at all, and what is no regular file is written into as it is.
 *
 * 1. Symbolic links are followed to their end; the links stay. One that leads to no file has it
 *    made.
 * 2. A regular file, or none: the bytes go to a temporary in the same folder, `.NAME.trine-part`
 *    (`-1`, `-2` behind it while others write the same file; a hash in the place of a NAME that is
 *    too long for that), which its process keeps locked. It takes the file's place by a rename when
 *    all is written. Until then, and after any error, the file is what it was. It keeps its
 *    permissions and access list, and its owner where the process may give files away; of several
 *    hard links the named one is replaced. What may not be written is not replaced.
 * 3. The lock ends with its process: the next writing of that file removes what killed ones left,
 *    and leaves what living ones write, what is another user's and what is no regular file. Where a
 *    file system knows no locks nothing is removed.
 * 4. A pipe, a terminal, a device, or an open descriptor (/dev/stdout, /dev/fd/3) gets the bytes as
 *    a stream, is never truncated, replaced or removed, and waited for within a bound.
 * 5. SIGXFSZ and SIGPIPE of its writing end nobody: they are held back from the calling thread
 *    meanwhile, and what the process does with them is as before.
 *
 * The harness of the drivers compiles these files, too, so they use nothing else of core. Any
 * thread; one at a time for one output.
 */
#ifndef TRINE_CORE_OUTPUT_H
#define TRINE_CORE_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/system/above_standard.h"

/* Processes that may write one file at a time. */
enum { TRINE_OUTPUT_SLOTS = 32 };

/* How an output is opened. SEEKABLE: its bytes come in any order; those of a stream are held in a
 * nameless file until they are complete. ALONE: refused while another writes the same file. FILE:
 * refused where it is a stream. */
enum { TRINE_OUTPUT_SEEKABLE = 1, TRINE_OUTPUT_ALONE = 2, TRINE_OUTPUT_FILE = 4 };

/* fd: where bytes are written, by any function. stream: the target is no regular file. sink: the
 * stream while its bytes are held elsewhere. slot: which of the temporaries' names it has. why:
 * what failed, without the path. */
typedef struct trine_output {
    int fd, sink, folder;
    unsigned slot;
    bool stream, made;
    char name[NAME_MAX + 1], part[NAME_MAX + 1], why[160];
} trine_output;

#define TRINE_OUTPUT_NONE ((trine_output){.fd = -1, .sink = -1, .folder = -1})

/* Begins to write `path`. A pipe that nobody reads yet, and a file that very many are writing, are
 * waited for five seconds. False with `why`; *output may be dropped then, and need not be.
 */
bool trine_output_open(trine_output *output, const char *path, unsigned how);

/* Another process's part in the temporary that one process opened, by its slot: dropping it closes
 * it. False with `why`. */
bool trine_output_join(trine_output *output, const char *path, unsigned slot);

/* Whether `path` could be opened now; nothing is made. False with `why`. */
bool trine_output_possible(const char *path, trine_output *output);

/* All is written: the temporary takes its place, with `sync` after it has reached the disk. The
 * output is closed. False with `why`: the file is what it was, and nothing is left. */
bool trine_output_commit(trine_output *output, bool sync);

/* Closes, and removes what was opened and not committed. */
void trine_output_drop(trine_output *output);

/* Removes what killed writings of any file in a folder left. */
void trine_output_sweep(const char *folder);

/* What an errno of writing means. */
const char *trine_output_reason(int number);

/* Writes n bytes where the descriptor stands, or at an offset; a descriptor that does not block and
 * takes nothing is waited for 30 seconds. False with errno. */
bool trine_output_write(int fd, const void *bytes, size_t n);
bool trine_output_write_at(int fd, const void *bytes, size_t n, int64_t at);

/* The same for two parts that follow each other, in one call where the system does not cut it. */
bool trine_output_write_both(int fd, const void *head, size_t head_size, const void *body,
                             size_t body_size, int64_t at);

/* Where a path leads. folder: to be closed. found: what stands there, where `there`. open: an open
 * descriptor of this process that the path names, or -1. linked: another process's. */
typedef struct trine_output_target {
    int folder, open;
    bool there, linked;
    struct stat found;
    char name[NAME_MAX + 1];
} trine_output_target;

/* Follows links; false with errno, and no folder is open then. */
bool trine_output_locate(const char *path, trine_output_target *target);

/* Whether what stands under that name is the open file. */
bool trine_output_is(int folder, const char *name, int fd);

/* fsync of the folder, where its file system has it; false with errno. */
bool trine_output_sync_folder(int folder);

#endif
