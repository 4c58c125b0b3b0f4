/* core/system/cgroup.h - limits of the control groups that this process is in (versions 1 and 2).
 */
#ifndef TRINE_CORE_CGROUP_H
#define TRINE_CORE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* Calls visit(directory, data) for this process's group of that controller ("cpu", "memory") and
 * for each of its ancestors, as far as they are mounted under /sys/fs/cgroup. */
void trine_cgroup_visit(const char *controller, void (*visit)(const char *directory, void *data),
                        void *data);

/* The whole numbers at the start of directory/file, at most `most`; "max" counts as -1. Returns how
 * many were read. */
size_t trine_cgroup_read(const char *directory, const char *file, long long values[], size_t most);

/* The number behind `name` in directory/file, whose lines are "name number". False: not there. */
bool trine_cgroup_field(const char *directory, const char *file, const char *name,
                        long long *value);

#endif
