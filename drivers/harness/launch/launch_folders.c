/* drivers/harness/launch/launch_folders.c - see launch_folders.h. */
#include "drivers/harness/launch/launch_folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/run/rows.h"
#include "drivers/harness/cli/log.h"

/* Of folders of this host, which others may share: locks need not be seen from there. A name of a
 * host is too long for the sockets in it: 32 bits that tell it from others. */
enum { PREFIX_TEXT = 24 };

static void prefix_of_host(char prefix[PREFIX_TEXT])
{
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1);
    snprintf(prefix, PREFIX_TEXT, "trine-mpi-%08" PRIx32 "-",
             (uint32_t)XXH32(host, strlen(host), 0));
}

static const char shared_memory[] = "/dev/shm";

/* KiB and files that mpirun writes: without them Open MPI's waits for ever. KiB that a rank has for
 * what it shares with the others of its machine: without them it does not start. */
enum { SPACE_KIB = 8192, SPACE_FILES = 64, RANK_KIB = 6144 };

/* A folder is locked within so many seconds of being made; unlocked ones that are older are left
 * over. */
enum { LOCKED_WITHIN = 60 };

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *at)
{
    (void)about, (void)type, (void)at;
    (void)remove(path);
    return 0;
}

static void remove_folder(const char *path)
{
    enum { DESCRIPTORS = 16 };
    (void)nftw(path, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* The folder, open and locked; -1 when another process uses it. */
static int lock_folder(int base, const char *name)
{
    int fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_left_over(int base, const char *name, const char *prefix)
{
    struct stat about;
    return strncmp(name, prefix, strlen(prefix)) == 0 &&
           fstatat(base, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode) &&
           about.st_uid == geteuid() && time(NULL) - about.st_mtime > LOCKED_WITHIN;
}

/* What drivers left that were killed. */
static void sweep(const char *base)
{
    char prefix[PREFIX_TEXT];
    DIR *all = opendir(base);
    prefix_of_host(prefix);
    for (struct dirent *entry; all && (entry = readdir(all));) {
        char path[FOLDER_TEXT + sizeof entry->d_name];
        bool left = is_left_over(dirfd(all), entry->d_name, prefix);
        int lock = left ? lock_folder(dirfd(all), entry->d_name) : -1;
        if (lock < 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", base, entry->d_name);
        remove_folder(path);
        close(lock);
    }
    if (all)
        closedir(all);
}

/* 0 or an errno. A file system that takes no locks does without: nothing is swept there. */
static int make_folder(const char *base, char path[FOLDER_TEXT], int *lock)
{
    char prefix[PREFIX_TEXT];
    prefix_of_host(prefix);
    snprintf(path, FOLDER_TEXT, "%.*s/%sXXXXXX", MAX_BASE, base, prefix);
    if (!mkdtemp(path)) {
        path[0] = '\0';
        return errno;
    }
    *lock = lock_folder(AT_FDCWD, path);
    return 0;
}

static bool has_kib(const char *folder, double kib)
{
    struct statvfs about;
    return statvfs(folder, &about) || about.f_blocks == 0 ||
           ((double)about.f_bavail * (double)about.f_frsize >= 1024 * kib &&
            (about.f_files == 0 || about.f_favail >= SPACE_FILES));
}

/* 0, or an errno that says why what mpirun writes cannot be; a quota shows by writing only. */
static int try_space(const char *folder, double kib)
{
    enum { TRIED = 65536 };
    char path[FOLDER_TEXT + 8];
    if (!has_kib(folder, kib))
        return ENOSPC;
    snprintf(path, sizeof path, "%s/space", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    int error = posix_fallocate(fd, 0, TRIED);
    close(fd);
    unlink(path);
    return error;
}

/* The guard reads until nobody has the other end, which is when this process is gone, gives mpirun
 * the time to end, and removes the folders. */
static const char guarding[] = "read -r _; sleep 1; rm -rf -- \"$@\"";

/* Between fork and exec only what is safe with threads running. */
static void start_guard(launch_folders *folders)
{
    int ends[2];
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    char *const command[] = {"sh",
                             "-c",
                             (char *)guarding,
                             "sh",
                             folders->temporary,
                             *folders->memory ? folders->memory : NULL,
                             NULL};
    if (nowhere < 0 || pipe2(ends, O_CLOEXEC)) {
        if (nowhere >= 0)
            close(nowhere);
        return;
    }
    folders->guard = fork();
    if (folders->guard == 0) {
        setsid();
        if (dup2(ends[0], STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0 ||
            dup2(nowhere, STDERR_FILENO) < 0 || chdir("/"))
            _exit(EXIT_FAILED);
        execv("/bin/sh", command);
        _exit(EXIT_FAILED);
    }
    folders->alive = ends[1];
    close(ends[0]);
    close(nowhere);
}

/* Before the folders' names can be another launch's. */
static void end_guard(launch_folders *folders)
{
    if (folders->guard > 0) {
        kill(folders->guard, SIGKILL);
        while (waitpid(folders->guard, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (folders->alive >= 0)
        close(folders->alive);
}

/* $TMPDIR, from the root on: ranks may have another folder to begin from. /tmp where there is none,
 * or it is no folder. */
static const char *temporary_base(char path[PATH_MAX])
{
    const char *named = getenv("TMPDIR");
    if (!named || !*named)
        return "/tmp";
    return *named == '/' ? named : realpath(named, path) ? path : "/tmp";
}

bool is_memory_short(int ranks)
{
    return !has_kib(shared_memory, (double)RANK_KIB * ranks);
}

/* In memory; where that is full or not there, in the other folder. *kib: what is needed in that. */
static void choose_memory(launch_folders *folders, int ranks, double *kib)
{
    *kib = SPACE_KIB;
    if (!is_memory_short(ranks) &&
        make_folder(shared_memory, folders->memory, &folders->memory_lock) == 0)
        return;
    snprintf(folders->memory, FOLDER_TEXT, "%s", folders->temporary);
    *kib += (double)RANK_KIB * ranks;
}

bool open_launch_folders(launch_folders *folders, const char *driver, const char *spec)
{
    double kib = SPACE_KIB;
    char path[PATH_MAX];
    const char *base = temporary_base(path);
    *folders = (launch_folders){.temporary_lock = -1, .memory_lock = -1, .alive = -1};
    if (strlen(base) > MAX_BASE) {
        log_line(
            driver,
            "--team %s: TMPDIR, %s, has %zu bytes; with more than %d the names of mpirun's sockets "
            "in it are too long: let it name another folder",
            spec, base, strlen(base), MAX_BASE);
        return false;
    }
    sweep(base);
    sweep(shared_memory);
    int error = make_folder(base, folders->temporary, &folders->temporary_lock);
    /* One that cannot be used at all is passed over, as mpirun does. */
    if (error && error != ENOSPC && error != EDQUOT)
        error = make_folder(base = "/tmp", folders->temporary, &folders->temporary_lock);
    if (!error) {
        choose_memory(folders, ranks_asked(spec), &kib);
        error = try_space(folders->temporary, kib);
    }
    if (!error) {
        start_guard(folders);
        return true;
    }
    close_launch_folders(folders);
    if (error == ENOSPC || error == EDQUOT)
        log_line(
            driver,
            "--team %s: %s has less space than the %.0f MiB that mpirun%s needs for its %d files: "
            "make space, or let TMPDIR name another folder",
            spec, base, kib / 1024,
            kib > SPACE_KIB ? ", with nothing left in /dev/shm for its ranks," : "", SPACE_FILES);
    else
        log_line(driver,
                 "--team %s: no folder for mpirun's files can be made in %s: %s; TMPDIR names "
                 "another",
                 spec, base, strerror(error));
    return false;
}

static void close_folder(const char *path, int lock)
{
    if (*path)
        remove_folder(path);
    if (lock >= 0)
        close(lock);
}

void close_launch_folders(launch_folders *folders)
{
    end_guard(folders);
    close_folder(folders->temporary, folders->temporary_lock);
    close_folder(folders->memory, folders->memory_lock);
}
