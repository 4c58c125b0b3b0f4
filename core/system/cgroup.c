/* core/system/cgroup.c - finding and reading this process's control groups. See cgroups(7). */
#include "core/system/cgroup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether `name` is one of the comma-separated words of `list`. */
static bool listed(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *word = list; word; word = strchr(word, ',')) {
        word += *word == ',';
        if (strncmp(word, name, n) == 0 && (word[n] == ',' || word[n] == '\0'))
            return true;
    }
    return false;
}

static void visit_ancestors(const char *mount, char *path,
                            void (*visit)(const char *directory, void *data), void *data)
{
    char directory[PATH_MAX];
    for (;;) {
        snprintf(directory, sizeof directory, "%s%s", mount, strcmp(path, "/") ? path : "");
        visit(directory, data);
        char *slash = strrchr(path, '/');
        if (!slash || path[1] == '\0')
            return;
        slash[slash == path] = '\0';
    }
}

void trine_cgroup_visit(const char *controller, void (*visit)(const char *directory, void *data),
                        void *data)
{
    FILE *groups = fopen("/proc/self/cgroup", "re");
    if (!groups)
        return;
    /* Lines are ID:CONTROLLERS:PATH; version 2 has no controllers. */
    char line[PATH_MAX + 128], mount[PATH_MAX];
    while (fgets(line, sizeof line, groups)) {
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        controllers++;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        if (*controllers == '\0')
            snprintf(mount, sizeof mount, "/sys/fs/cgroup");
        else if (listed(controllers, controller))
            snprintf(mount, sizeof mount, "/sys/fs/cgroup/%s", controller);
        else
            continue;
        visit_ancestors(mount, path, visit, data);
    }
    fclose(groups);
}

static FILE *open_in(const char *directory, const char *file)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    return fopen(path, "re");
}

size_t trine_cgroup_read(const char *directory, const char *file, long long values[], size_t most)
{
    char line[128];
    FILE *stream = open_in(directory, file);
    if (!stream)
        return 0;
    size_t count = 0;
    if (fgets(line, sizeof line, stream)) {
        char *rest = line;
        for (char *word; count < most && (word = strtok_r(rest, " \n", &rest)); count++)
            values[count] = strcmp(word, "max") ? strtoll(word, NULL, 10) : -1;
    }
    fclose(stream);
    return count;
}

bool trine_cgroup_field(const char *directory, const char *file, const char *name, long long *value)
{
    char line[128];
    size_t n = strlen(name);
    FILE *stream = open_in(directory, file);
    bool found = false;
    while (stream && !found && fgets(line, sizeof line, stream))
        if (strncmp(line, name, n) == 0 && line[n] == ' ') {
            *value = strtoll(line + n, NULL, 10);
            found = true;
        }
    if (stream)
        fclose(stream);
    return found;
}
