/* core/output/output_place.c - where a path leads, by folders that stay open: whatever changes its
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
static bool enter(trine_output_place *place, const char *path)
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
    int next = openat(place->folder, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (next < 0)
        return false;
    if (place->folder >= 0)
        close(place->folder);
    place->folder = next;
    memcpy(place->name, last, strlen(last) + 1);
    return true;
}

static bool is_folder(const char *name)
{
    return !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Links of the proc file system to open files are followed by the kernel alone: their texts are no
 * paths, and what they lead to may have none. */
static bool is_descriptor(trine_output_place *place)
{
    struct statfs system;
    struct stat own;
    char *end;
    long fd = strtol(place->name, &end, 10);
    if (*end || fd < 0 || fd > INT_MAX || fstatfs(place->folder, &system) ||
        system.f_type != PROC_SUPER_MAGIC || fstatat(place->folder, place->name, &place->found, 0))
        return false;
    place->linked = true;
    if (fstat((int)fd, &own) == 0 && own.st_dev == place->found.st_dev &&
        own.st_ino == place->found.st_ino)
        place->open = (int)fd;
    return true;
}

static bool read_link(const trine_output_place *place, char text[PATH_MAX])
{
    ssize_t length = readlinkat(place->folder, place->name, text, PATH_MAX - 1);
    if (length < 0)
        return false;
    text[length] = '\0';
    return true;
}

static bool follow(const char *path, trine_output_place *place)
{
    char text[PATH_MAX];
    for (int links = 0; links <= LINKS; links++) {
        if (!enter(place, path))
            return false;
        errno = EISDIR;
        if (is_folder(place->name))
            return false;
        place->there = fstatat(place->folder, place->name, &place->found, AT_SYMLINK_NOFOLLOW) == 0;
        if (!place->there)
            return errno == ENOENT;
        if (!S_ISLNK(place->found.st_mode) || is_descriptor(place))
            return true;
        if (!read_link(place, text))
            return false;
        path = text;
    }
    errno = ELOOP;
    return false;
}

bool trine_output_locate(const char *path, trine_output_place *place)
{
    *place = (trine_output_place){.folder = -1, .open = -1};
    errno = ENOENT;
    if (!*path)
        return false;
    place->folder = AT_FDCWD;
    if (follow(path, place))
        return true;
    int error = errno;
    if (place->folder >= 0)
        close(place->folder);
    place->folder = -1;
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
