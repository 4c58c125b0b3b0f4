/* core/output/output.c - see output.h. */
#include "core/output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "core/output/output_part.h"

/* Seconds that a reader of a pipe, or a temporary's name, is waited for; nanoseconds between two
 * looks; bytes that are copied at once. */
enum { PATIENCE = 5, LOOK = 10000000, PIECE = 1 << 16, ACCESS_LIST = 4096 };

static __attribute__((format(printf, 2, 3))) bool failed(trine_output *o, const char *format, ...)
{
    va_list more;
    va_start(more, format);
    vsnprintf(o->why, sizeof o->why, format, more);
    va_end(more);
    return false;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Whether it is worth another look. */
static bool look_again(double began)
{
    static const struct timespec pause = {.tv_nsec = LOOK};
    if (seconds() - began > PATIENCE)
        return false;
    nanosleep(&pause, NULL);
    return true;
}

static bool is_stream(const trine_output_target *target)
{
    return target->linked || (target->there && !S_ISREG(target->found.st_mode));
}

/* What the path leads to, and whether it may be written at all. */
static bool find(trine_output *o, const char *path, unsigned how, trine_output_target *target)
{
    if (!trine_output_locate(path, target))
        return errno == EISDIR ? failed(o, "is a directory; expected a file")
                               : failed(o, "%s", strerror(errno));
    o->folder = trine_above_standard(target->folder);
    memcpy(o->name, target->name, sizeof o->name);
    mode_t mode = target->found.st_mode;
    if (o->folder < 0)
        return failed(o, "%s", strerror(errno));
    if (target->there && S_ISDIR(mode))
        return failed(o, "is a directory; expected a file");
    if (target->there && S_ISSOCK(mode) && target->open < 0)
        return failed(o, "is a socket; expected a file, a pipe or a device");
    o->stream = is_stream(target);
    if (o->stream && how & TRINE_OUTPUT_FILE)
        return failed(o, "is no regular file");
    if (target->there && target->open < 0 && faccessat(o->folder, o->name, W_OK, AT_EACCESS))
        return failed(o, "%s", strerror(errno));
    return true;
}

static bool open_stream(trine_output *o, const trine_output_target *target)
{
    int how = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    how |= target->linked ? O_APPEND : O_NOFOLLOW;
    double began = seconds();
    struct stat found;
    do
        o->fd = target->open >= 0 ? fcntl(target->open, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                                  : trine_above_standard(openat(o->folder, o->name, how));
    while (o->fd < 0 && (errno == EINTR || (errno == ENXIO && S_ISFIFO(target->found.st_mode))) &&
           look_again(began));
    if (o->fd < 0 && errno == ENXIO && S_ISFIFO(target->found.st_mode))
        return failed(o, "a pipe that nobody opened to read within %d seconds", PATIENCE);
    if (o->fd < 0)
        return failed(o, "%s", strerror(errno));
    if (!target->linked && (fstat(o->fd, &found) || S_ISREG(found.st_mode)))
        return failed(o, "another file has taken its target");
    return true;
}

/* A file without a name, in the folder for temporary ones, or in memory where there is none. */
static int open_nameless(void)
{
    const char *given = secure_getenv("TMPDIR"), *in = given && *given ? given : "/tmp";
    char path[PATH_MAX];
    int fd = open(in, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL) &&
        snprintf(path, sizeof path, "%s/trine.XXXXXX", in) < (int)sizeof path) {
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    return trine_above_standard(fd >= 0 ? fd : memfd_create("trine-output", MFD_CLOEXEC));
}

static bool hold_stream(trine_output *o)
{
    o->sink = o->fd;
    o->fd = open_nameless();
    return o->fd >= 0 || failed(o, "creating a file to hold it: %s", strerror(errno));
}

/* The new file is used like the old one. Its owner first: giving a file away takes its access list.
 */
static bool keep_access(trine_output *o, const trine_output_target *target)
{
    char link[64], list[ACCESS_LIST];
    const struct stat *old = &target->found;
    struct stat own;
    if (fstat(o->fd, &own))
        return failed(o, "%s", strerror(errno));
    if ((own.st_uid != old->st_uid || own.st_gid != old->st_gid) &&
        fchown(o->fd, old->st_uid, old->st_gid))
        (void)!fchown(o->fd, (uid_t)-1, old->st_gid);
    if (fchmod(o->fd, old->st_mode & 0777))
        return failed(o, "keeping its permissions: %s", strerror(errno));
    int there = openat(o->folder, o->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    snprintf(link, sizeof link, "/proc/self/fd/%d", there);
    ssize_t n = there < 0 ? -1 : getxattr(link, "system.posix_acl_access", list, sizeof list);
    if (n > 0)
        (void)fsetxattr(o->fd, "system.posix_acl_access", list, (size_t)n, 0);
    if (there >= 0)
        close(there);
    return true;
}

/* The first name that is free; FAILED with errno. Leftovers under the names behind it are removed.
 */
static part_state take_part(trine_output *o, mode_t mode, unsigned how)
{
    part_state state = PART_FOREIGN;
    unsigned slot = 0;
    for (; slot < TRINE_OUTPUT_SLOTS; slot++) {
        trine_part_name(o, slot);
        state = trine_part_make(o, mode);
        if (state == PART_MADE || state == PART_FAILED)
            break;
        if (state == PART_LIVING && how & TRINE_OUTPUT_ALONE)
            return state;
    }
    trine_output later = *o;
    while (state == PART_MADE && ++slot < TRINE_OUTPUT_SLOTS) {
        trine_part_name(&later, slot);
        (void)trine_part_clear(o->folder, later.part);
    }
    return state;
}

static bool open_part(trine_output *o, const trine_output_target *target, unsigned how)
{
    mode_t mode = target->there ? 0600 : 0666;
    part_state state;
    double began = seconds();
    do
        state = take_part(o, mode, how);
    while (state != PART_MADE && state != PART_FAILED && !(how & TRINE_OUTPUT_ALONE) &&
           look_again(began));
    if (state == PART_FAILED)
        return failed(o, "creating a temporary file in its folder: %s", strerror(errno));
    if (state == PART_LIVING && how & TRINE_OUTPUT_ALONE)
        return failed(o, "is being written by another run");
    if (state != PART_MADE)
        return failed(o, "%d temporaries of others, like %.80s, were in its folder for %d seconds",
                      TRINE_OUTPUT_SLOTS, o->part, PATIENCE);
    o->made = true;
    return !target->there || keep_access(o, target);
}

bool trine_output_open(trine_output *o, const char *path, unsigned how)
{
    trine_output_target target;
    *o = TRINE_OUTPUT_NONE;
    bool open = find(o, path, how, &target);
    if (open && o->stream)
        open = open_stream(o, &target) && (!(how & TRINE_OUTPUT_SEEKABLE) || hold_stream(o));
    else if (open)
        open = open_part(o, &target, how);
    if (!open)
        trine_output_drop(o);
    return open;
}

bool trine_output_join(trine_output *o, const char *path, unsigned slot)
{
    trine_output_target target;
    *o = TRINE_OUTPUT_NONE;
    bool found = find(o, path, TRINE_OUTPUT_FILE, &target);
    if (found) {
        trine_part_name(o, slot);
        o->fd = trine_above_standard(openat(o->folder, o->part, O_RDWR | O_NOFOLLOW | O_CLOEXEC));
        found = o->fd >= 0 || failed(o, "opening its temporary: %s", strerror(errno));
    }
    if (!found)
        trine_output_drop(o);
    return found;
}

bool trine_output_possible(const char *path, trine_output *o)
{
    trine_output_target target;
    *o = TRINE_OUTPUT_NONE;
    bool possible = find(o, path, 0, &target);
    if (possible && !o->stream && faccessat(o->folder, ".", W_OK | X_OK, AT_EACCESS))
        possible = failed(o, "creating a temporary file in its folder: %s", strerror(errno));
    trine_output_drop(o);
    return possible;
}

static bool copy_to_sink(trine_output *o)
{
    char piece[PIECE];
    for (off_t at = 0;;) {
        ssize_t some = pread(o->fd, piece, sizeof piece, at);
        if (some == 0)
            return true;
        if (some < 0 && errno != EINTR)
            return false;
        if (some > 0 && !trine_output_write(o->sink, piece, (size_t)some))
            return false;
        at += some > 0 ? some : 0;
    }
}

/* Some file systems tell that there was no space when a file is closed. */
static bool flush(int fd)
{
    int other = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return other >= 0 && close(other) == 0;
}

static bool take_place(trine_output *o, bool sync)
{
    struct stat there;
    if ((sync && fsync(o->fd) && errno != EINVAL && errno != EROFS) || !flush(o->fd))
        return failed(o, "writing: %s", strerror(errno));
    if (!trine_output_is(o->folder, o->part, o->fd))
        return failed(o, "its temporary %.100s was removed or replaced meanwhile", o->part);
    if (fstatat(o->folder, o->name, &there, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(there.st_mode))
        return failed(o, "what is no regular file has taken its target meanwhile");
    if (renameat(o->folder, o->part, o->folder, o->name))
        return failed(o, "renaming the finished file to it: %s", strerror(errno));
    o->made = false;
    return !sync || trine_output_sync_folder(o->folder) ||
           failed(o, "its folder: %s", strerror(errno));
}

bool trine_output_commit(trine_output *o, bool sync)
{
    bool done = !o->stream ? take_place(o, sync)
                           : o->sink < 0 || copy_to_sink(o) ||
                                 failed(o, "writing: %s", trine_output_reason(errno));
    trine_output_drop(o);
    return done;
}

void trine_output_drop(trine_output *o)
{
    if (o->made && trine_output_is(o->folder, o->part, o->fd))
        unlinkat(o->folder, o->part, 0);
    const int open[] = {o->fd, o->sink, o->folder};
    for (int i = 0; i < 3; i++)
        if (open[i] >= 0)
            close(open[i]);
    o->fd = o->sink = o->folder = -1;
    o->made = false;
}
