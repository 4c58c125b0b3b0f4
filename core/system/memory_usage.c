/* core/system/memory_usage.c - RSS, PSS and USS of a process, from /proc/PID/smaps_rollup. */
#include "core/system/memory_usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"

/* Adds the kilobytes of a line that begins with `name` to *bytes. */
static bool take(const char *line, const char *name, int64_t *bytes)
{
    size_t length = strlen(name);
    char *end;
    if (strncmp(line, name, length) != 0)
        return false;
    int64_t kilobytes = strtoll(line + length, &end, 10);
    if (end == line + length || strncmp(end, " kB", 3) != 0)
        return false;
    *bytes += kilobytes << 10;
    return true;
}

trine_status trine_memory_usage(pid_t pid, trine_memory *memory)
{
    char path[64], line[160];
    trine_memory found = {0, 0, 0};
    int lines = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return trine_fail(errno == EACCES || errno == EPERM ? TRINE_E_SYSTEM : TRINE_E_ABSENT,
                          "%s: %s (needs Linux 4.14 or later)", path, strerror(errno));
    while (fgets(line, sizeof line, file)) {
        lines += take(line, "Rss:", &found.rss) + take(line, "Pss:", &found.pss);
        lines +=
            take(line, "Private_Clean:", &found.uss) + take(line, "Private_Dirty:", &found.uss);
    }
    fclose(file);
    if (lines < 4)
        return trine_fail(TRINE_E_SYSTEM, "%s does not say Rss, Pss, Private_Clean, Private_Dirty",
                          path);
    *memory = found;
    return TRINE_OK;
}
