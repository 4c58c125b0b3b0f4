/* core/output/output_target.c - where a path leads, by folders that stay open: whatever changes its
 * name or the working directory meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/output/output.h"

/* As many as the kernel follows. */
enum { LINKS = 40 };

/* Goes on in the folder that the path names, and keeps its last part. */
static bool enter(trine_output_target *target, const char *path)
{
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    char folder[PATH_MAX] = ".";
    size_t length = slash ? (size_t)(last - path) : 0;
    errno = ENAMETOOLONG;
    if (length >= sizeof folder || strlen(last) > NAME_MAX)
        return false;
    if (length) {
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    int next = openat(target->folder, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (next < 0)
        return false;
    if (target->folder >= 0)
        close(target->folder);
    target->folder = next;
    memcpy(target->name, last, strlen(last) + 1);
    return true;
}

static bool is_folder(const char *name)
{
    return !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Links of the proc file system to open files are followed by the kernel alone: their texts are no
 * paths, and what they lead to may have none. */
static bool is_descriptor(trine_output_target *target)
{
    struct statfs system;
    struct stat own;
    char *end;
    long fd = strtol(target->name, &end, 10);
    if (*end || fd < 0 || fd > INT_MAX || fstatfs(target->folder, &system) ||
        system.f_type != PROC_SUPER_MAGIC ||
        fstatat(target->folder, target->name, &target->found, 0))
        return false;
    target->linked = true;
    if (fstat((int)fd, &own) == 0 && own.st_dev == target->found.st_dev &&
        own.st_ino == target->found.st_ino)
        target->open = (int)fd;
    return true;
}

static bool read_link(const trine_output_target *target, char text[PATH_MAX])
{
    ssize_t length = readlinkat(target->folder, target->name, text, PATH_MAX - 1);
    if (length < 0)
        return false;
    text[length] = '\0';
    return true;
}

static bool follow(const char *path, trine_output_target *target)
{
    char text[PATH_MAX];
    for (int links = 0; links <= LINKS; links++) {
        if (!enter(target, path))
            return false;
        errno = EISDIR;
        if (is_folder(target->name))
            return false;
        target->there =
            fstatat(target->folder, target->name, &target->found, AT_SYMLINK_NOFOLLOW) == 0;
        if (!target->there)
            return errno == ENOENT;
        if (!S_ISLNK(target->found.st_mode) || is_descriptor(target))
            return true;
        if (!read_link(target, text))
            return false;
        path = text;
    }
    errno = ELOOP;
    return false;
}

bool trine_output_locate(const char *path, trine_output_target *target)
{
    *target = (trine_output_target){.folder = -1, .open = -1};
    errno = ENOENT;
    if (!*path)
        return false;
    target->folder = AT_FDCWD;
    if (follow(path, target))
        return true;
    int error = errno;
    if (target->folder >= 0)
        close(target->folder);
    target->folder = -1;
    errno = error;
    return false;
}

bool trine_output_is(int folder, const char *name, int fd)
{
    struct stat own, there;
    return fstat(fd, &own) == 0 && fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           own.st_ino == there.st_ino && own.st_dev == there.st_dev;
}

bool trine_output_sync_folder(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES;
    bool done = fsync(fd) == 0 || errno == EINVAL || errno == EROFS;
    int error = errno;
    close(fd);
    errno = error;
    return done;
}
