/* core/system/descriptor.c - see descriptor.h. */
#include "core/system/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/system/error.h"

trine_descriptor trine_descriptor_know(int fd)
{
    struct stat found;
    trine_descriptor known = {.fd = fd};
    if (fd >= 0 && fstat(fd, &found) == 0) {
        known.device = found.st_dev;
        known.inode = found.st_ino;
        known.kind = found.st_mode & S_IFMT;
    }
    return known;
}

bool trine_descriptor_holds(const trine_descriptor *known)
{
    struct stat found;
    return known->fd >= 0 && fstat(known->fd, &found) == 0 && found.st_dev == known->device &&
           found.st_ino == known->inode && (found.st_mode & S_IFMT) == known->kind;
}

trine_status trine_descriptor_lost(const trine_descriptor *known, const char *what)
{
    return trine_fail(TRINE_E_WORKER,
                      "descriptor %d (%s) was closed or replaced by the program; descriptors that "
                      "this library has opened are to be left open",
                      known->fd, what);
}

void trine_descriptor_close(trine_descriptor *known)
{
    if (trine_descriptor_holds(known))
        close(known->fd);
    *known = TRINE_NO_DESCRIPTOR;
}
