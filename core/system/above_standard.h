/* core/system/above_standard.h - descriptors that are none of the three standard ones. */
#ifndef TRINE_CORE_ABOVE_STANDARD_H
#define TRINE_CORE_ABOVE_STANDARD_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The descriptor, or another for the same file where this one (if any) would be taken for a
 * standard stream that the program has closed; -1 and errno when there is none. */
static inline int trine_above_standard(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), error = errno;
    close(fd);
    errno = error;
    return moved;
}

#endif
