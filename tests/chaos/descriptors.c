/* descriptors.c - which descriptors and mappings the host has: trine changes none, and leaves none;
 * and a daemon's way, by which all are closed and files of the host's get their numbers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "round.h"

enum { FILES_MOST = 256 };

typedef struct open_file {
    int fd;
    dev_t device;
    ino_t inode;
} open_file;

static int list_files(open_file *files)
{
    int n = 0;
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        struct stat found;
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(folder) && fstat(fd, &found) == 0 &&
            n < FILES_MOST)
            files[n++] = (open_file){fd, found.st_dev, found.st_ino};
    }
    if (folder)
        closedir(folder);
    return n;
}

/* Memory that is shared with others by a file without a name, or in /dev/shm. */
static int shared_mappings(void)
{
    char line[1024];
    int n = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps))
        n += strstr(line, "/memfd:") || strstr(line, "/dev/shm/");
    if (maps)
        fclose(maps);
    return n;
}

static open_file before[FILES_MOST];
static int files_before, mappings_before;

int descriptors_before(void)
{
    return files_before;
}

void note_what_there_is(void)
{
    files_before = list_files(before);
    mappings_before = shared_mappings();
}

void check_descriptors(void)
{
    for (int k = 0; k < files_before; k++) {
        struct stat found;
        if (fstat(before[k].fd, &found) != 0 || found.st_dev != before[k].device ||
            found.st_ino != before[k].inode)
            chaos_report("wrong descriptor %d is not what it was", before[k].fd);
    }
}

void report_what_is_left(void)
{
    open_file now[FILES_MOST];
    int n = list_files(now), mappings = shared_mappings();
    check_descriptors();
    if (n > files_before)
        chaos_report("left %d descriptors", n - files_before);
    if (mappings > mappings_before)
        chaos_report("left %d shared mappings", mappings - mappings_before);
}

/* Which descriptors files of the host's have got. */
static open_file taken[FILES_MOST];
static int files_taken;

enum { CANARY_BYTES = 1 << 16 };

static void canary_path(char *path, size_t size, int fd)
{
    snprintf(path, size, "%s/canary.%d.%d", the_round.folder, (int)getpid(), fd);
}

void replace_descriptors(void)
{
    static char content[CANARY_BYTES];
    open_file files[FILES_MOST];
    int n = list_files(files);
    memset(content, 'c', sizeof content);
    for (int i = 0; i < n; i++)
        if (files[i].fd > STDERR_FILENO)
            close(files[i].fd);
    for (int i = 0; i < n; i++) {
        char path[4096];
        struct stat found;
        if (files[i].fd <= STDERR_FILENO || chaos_below(&the_round.random, 4) == 0)
            continue;
        canary_path(path, sizeof path, files[i].fd);
        int fd = open(path, O_RDWR | O_CREAT, 0600);
        if (fd < 0 || write(fd, content, sizeof content) != CANARY_BYTES)
            chaos_report("wrong canary: %s", strerror(errno));
        if (fd != files[i].fd) {
            dup2(fd, files[i].fd);
            close(fd);
        }
        fstat(files[i].fd, &found);
        taken[files_taken++] = (open_file){files[i].fd, found.st_dev, found.st_ino};
        chaos_report("count descriptors 1");
    }
}

void check_canaries(void)
{
    for (int i = 0; i < files_taken; i++) {
        char path[4096], content[CANARY_BYTES];
        struct stat found;
        int fd = taken[i].fd;
        bool whole = true;
        if (fstat(fd, &found) != 0 || found.st_ino != taken[i].inode ||
            found.st_dev != taken[i].device) {
            chaos_report("wrong descriptor %d of the host was closed or replaced", fd);
            continue;
        }
        whole &= found.st_size == CANARY_BYTES && pread(fd, content, sizeof content, 0) > 0;
        for (int k = 0; whole && k < CANARY_BYTES; k++)
            whole = content[k] == 'c';
        if (!whole)
            chaos_report("wrong file of the host on descriptor %d was written", fd);
        canary_path(path, sizeof path, fd);
        close(fd);
        unlink(path);
    }
    files_taken = 0;
}
