/* core/output/output_part.c - see output_part.h. */
#include "core/output/output_part.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

static const char suffix[] = ".trine-part";

/* Longest text behind a name: "-31". Times that a name is tried that changes hands meanwhile. */
enum { NUMBER = 3, TRIES = 100 };

void trine_part_name(trine_output *o, unsigned slot)
{
    char number[NUMBER + 1] = "", hash[17];
    size_t most = NAME_MAX - 1 - (sizeof suffix - 1) - NUMBER;
    long longest = fpathconf(o->folder, _PC_NAME_MAX);
    if (longest > 0 && longest < NAME_MAX)
        most -= (size_t)(NAME_MAX - longest) < most ? (size_t)(NAME_MAX - longest) : most;
    if (slot)
        snprintf(number, sizeof number, "-%u", slot % 100);
    snprintf(hash, sizeof hash, "%016llx",
             (unsigned long long)XXH3_64bits(o->name, strlen(o->name)));
    const char *name = strlen(o->name) > most ? hash : o->name;
    o->part[0] = '.';
    size_t length = strlen(name);
    memcpy(o->part + 1, name, length);
    snprintf(o->part + 1 + length, sizeof o->part - 1 - length, "%s%s", suffix, number);
    o->slot = slot;
}

static void pause_a_little(void)
{
    usleep(1000);
}

static part_state clear_once(int folder, const char *part, bool *again)
{
    struct stat found;
    *again = false;
    /* Locks of network file systems need it to be writable. */
    int fd = openat(folder, part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        fd = openat(folder, part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? PART_MADE : PART_FOREIGN;
    part_state state = PART_FOREIGN;
    if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode) &&
        (found.st_uid == geteuid() || geteuid() == 0)) {
        bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (!locked && errno == EWOULDBLOCK)
            state = PART_LIVING;
        else if (locked)
            *again = !trine_output_is(folder, part, fd) || unlinkat(folder, part, 0) == 0;
    }
    close(fd);
    return state;
}

part_state trine_part_clear(int folder, const char *part)
{
    bool again = true;
    part_state state = PART_FOREIGN;
    for (int i = 0; i < TRIES && again; i++)
        state = clear_once(folder, part, &again);
    return state;
}

/* Between making and locking it another process may take it for a leftover. */
part_state trine_part_make(trine_output *o, mode_t mode)
{
    enum { HOW = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC };
    for (int i = 0; i < TRIES; i++) {
        int fd = trine_above_standard(openat(o->folder, o->part, HOW, mode));
        if (fd < 0 && errno != EEXIST)
            return PART_FAILED;
        if (fd < 0) {
            part_state there = trine_part_clear(o->folder, o->part);
            if (there != PART_MADE)
                return there;
            continue;
        }
        bool lost = flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
        if (!lost && trine_output_is(o->folder, o->part, fd)) {
            o->fd = fd;
            return PART_MADE;
        }
        close(fd);
        pause_a_little();
    }
    errno = EBUSY;
    return PART_FAILED;
}

/* ".NAME.trine-part" and ".NAME.trine-part-7". */
static bool is_part(const char *name)
{
    const char *last = NULL;
    for (const char *at = name; *name == '.' && (at = strstr(at, suffix)); at++)
        last = at;
    if (!last)
        return false;
    const char *number = last + sizeof suffix - 1;
    return !*number || (*number == '-' && number[1] && strlen(number) <= NUMBER &&
                        strspn(number + 1, "0123456789") == strlen(number + 1));
}

void trine_output_sweep(const char *folder)
{
    DIR *listing = opendir(folder);
    for (struct dirent *entry; listing && (entry = readdir(listing));)
        if (is_part(entry->d_name))
            (void)trine_part_clear(dirfd(listing), entry->d_name);
    if (listing)
        closedir(listing);
}
