/* core/system/descriptor.h - descriptors that are kept from call to call.
 *
 * They are numbers in a table that is the program's: a host may close them all, as one does that
 * becomes a daemon, and gets the same numbers for files of its own. Who keeps one looks before each
 * use whether it still is the file that it was, and leaves it alone where it is not.
 */
#ifndef TRINE_CORE_DESCRIPTOR_H
#define TRINE_CORE_DESCRIPTOR_H

#include <stdbool.h>
#include <sys/types.h>
#include <trine/error.h>

#include "core/system/above_standard.h"

/* fd: -1 for none. device, inode, kind: of its file, as fstat says. */
typedef struct trine_descriptor {
    int fd;
    dev_t device;
    ino_t inode;
    mode_t kind;
} trine_descriptor;

#define TRINE_NO_DESCRIPTOR ((trine_descriptor){.fd = -1})

/* Remembers what it is. fd may be -1. */
trine_descriptor trine_descriptor_know(int fd);

/* Whether it is the same file still. False for none. */
bool trine_descriptor_holds(const trine_descriptor *known);

/* Fails: that descriptor, which is `what`, is no longer this library's. */
trine_status trine_descriptor_lost(const trine_descriptor *known, const char *what);

/* Closes it if it is the same file still; it is none then. */
void trine_descriptor_close(trine_descriptor *known);

#endif
