/* output.c - the rule by which all writers write: nothing that was there is lost, nothing is left,
 * and nobody hangs or is ended. */
#include "core/output/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { PATH = 512 };

static char folder[] = "/tmp/trine-output-XXXXXX";

/* "folder/name"; of four that a thread uses. */
static const char *at(const char *name)
{
    static _Thread_local char path[4][PATH];
    static _Thread_local int next;
    next = (next + 1) % 4;
    snprintf(path[next], PATH, "%s/%s", folder, name);
    return path[next];
}

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static bool holds(const char *path, const char *text)
{
    char found[256] = "";
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, found, sizeof found - 1);
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)strlen(text) && memcmp(found, text, (size_t)n) == 0;
}

static int entries(void)
{
    int n = 0;
    DIR *listing = opendir(folder);
    for (struct dirent *entry; (entry = readdir(listing));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(listing);
    return n;
}

static void empty(void)
{
    DIR *listing = opendir(folder);
    for (struct dirent *entry; (entry = readdir(listing));)
        if (unlinkat(dirfd(listing), entry->d_name, 0))
            (void)unlinkat(dirfd(listing), entry->d_name, AT_REMOVEDIR);
    closedir(listing);
}

static bool write_how(const char *path, const char *text, unsigned how)
{
    trine_output o;
    if (!trine_output_open(&o, path, how))
        return false;
    if (!trine_output_write(o.fd, text, strlen(text))) {
        trine_output_drop(&o);
        return false;
    }
    return trine_output_commit(&o, true);
}

static bool write_text(const char *path, const char *text)
{
    return write_how(path, text, 0);
}

static bool refused(const char *path, const char *words)
{
    trine_output o;
    bool open = trine_output_open(&o, path, 0);
    if (open)
        trine_output_drop(&o);
    else if (!strstr(o.why, words))
        printf("\n%s\n", o.why);
    return !open && strstr(o.why, words);
}

static bool is_kind(const char *path, mode_t kind)
{
    struct stat found;
    return lstat(path, &found) == 0 && (found.st_mode & S_IFMT) == kind;
}

static void links_are_followed_and_stay(void)
{
    CU_ASSERT_EQUAL(mkdir(at("sub"), 0777), 0);
    put(at("sub/real"), "old");
    CU_ASSERT_EQUAL(symlink("sub/real", at("relative")), 0);
    CU_ASSERT_EQUAL(symlink(at("relative"), at("absolute")), 0);
    CU_ASSERT_EQUAL(symlink("sub/new", at("dangling")), 0);
    CU_ASSERT_EQUAL(symlink("sub", at("folder")), 0);
    CU_ASSERT_EQUAL(symlink("circle", at("circle")), 0);
    CU_ASSERT_TRUE(write_text(at("relative"), "one") && holds(at("sub/real"), "one"));
    CU_ASSERT_TRUE(write_text(at("absolute"), "two") && holds(at("sub/real"), "two"));
    CU_ASSERT_TRUE(write_text(at("dangling"), "three") && holds(at("sub/new"), "three"));
    CU_ASSERT_TRUE(write_text(at("folder/real"), "four") && holds(at("sub/real"), "four"));
    static const char *const names[] = {"relative", "absolute", "dangling", "folder"};
    for (int i = 0; i < 4; i++)
        CU_ASSERT_TRUE(is_kind(at(names[i]), S_IFLNK));
    CU_ASSERT_TRUE(refused(at("circle"), "Too many levels"));
    CU_ASSERT_EQUAL(entries(), 6);
    unlink(at("sub/real"));
    unlink(at("sub/new"));
    empty();
}

static void permissions_and_owners_are_kept(void)
{
    struct stat found;
    put(at("file"), "old");
    bool given = geteuid() == 0 && chown(at("file"), 12, 34) == 0;
    CU_ASSERT_EQUAL(chmod(at("file"), 0640), 0);
    mode_t mask = umask(0077);
    CU_ASSERT_TRUE(write_text(at("file"), "new"));
    CU_ASSERT_TRUE(write_text(at("fresh"), "new"));
    umask(mask);
    CU_ASSERT_TRUE(stat(at("file"), &found) == 0 && (found.st_mode & 07777) == 0640);
    CU_ASSERT_TRUE(!given || (found.st_uid == 12 && found.st_gid == 34));
    CU_ASSERT_TRUE(stat(at("fresh"), &found) == 0 && (found.st_mode & 07777) == 0600);
    empty();
}

/* In a process of its own; what it returns. */
static int apart(int (*what)(void))
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(what());
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static int write_as_nobody(void)
{
    if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
        return 77;
    return !refused(at("file"), "Permission denied") || !holds(at("file"), "old");
}

static void what_may_not_be_written_is_not_replaced(void)
{
    put(at("file"), "old");
    CU_ASSERT_EQUAL(chmod(at("file"), 0444), 0);
    CU_ASSERT_EQUAL(chmod(folder, 0777), 0);
    int got = apart(write_as_nobody);
    CU_ASSERT_TRUE(got == 0 || got == 77);
    CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
    empty();
}

/* An output that was begun, and of which something is written. */
static trine_output begun(const char *path)
{
    trine_output o;
    CU_ASSERT_TRUE(trine_output_open(&o, path, 0));
    CU_ASSERT_TRUE(trine_output_write(o.fd, "part", 4));
    return o;
}

static void what_is_not_finished_changes_nothing(void)
{
    put(at("file"), "old");
    trine_output o = begun(at("file")), fresh = begun(at("fresh"));
    CU_ASSERT_EQUAL(entries(), 3);
    CU_ASSERT_TRUE(holds(at("file"), "old"));
    trine_output_drop(&o);
    trine_output_drop(&fresh);
    CU_ASSERT_TRUE(holds(at("file"), "old"));
    CU_ASSERT_EQUAL(entries(), 1);
    empty();
}

static int die_while_writing(void)
{
    for (int i = 0; i < 3; i++)
        begun(at("file"));
    begun(at("other"));
    return raise(SIGKILL);
}

static void killed_writers_are_swept_and_living_ones_are_not(void)
{
    put(at("file"), "old");
    CU_ASSERT_EQUAL(apart(die_while_writing), -1);
    CU_ASSERT_EQUAL(entries(), 5);
    trine_output living = begun(at("file"));
    CU_ASSERT_TRUE(write_text(at("file"), "new") && holds(at("file"), "new"));
    CU_ASSERT_EQUAL(entries(), 3);
    trine_output_sweep(folder);
    CU_ASSERT_EQUAL(entries(), 2);
    CU_ASSERT_TRUE(trine_output_commit(&living, false));
    CU_ASSERT_TRUE(holds(at("file"), "part"));
    CU_ASSERT_EQUAL(entries(), 1);
    empty();
}

static void one_that_writes_alone_is_told_of_another(void)
{
    trine_output living = begun(at("file")), o;
    CU_ASSERT_FALSE(trine_output_open(&o, at("file"), TRINE_OUTPUT_ALONE));
    CU_ASSERT_PTR_NOT_NULL(strstr(o.why, "being written by another"));
    trine_output_drop(&living);
    CU_ASSERT_TRUE(write_how(at("file"), "alone", TRINE_OUTPUT_ALONE));
    empty();
}

/* Where a temporary would be: a link to something precious, a folder, and names that only look so.
 */
static void what_others_made_is_left_alone(void)
{
    put(at("precious"), "keep");
    put(at(".notes.part"), "mine");
    put(at(".file.trine-part.txt"), "mine");
    put(at("file.trine-part"), "mine");
    CU_ASSERT_EQUAL(symlink("precious", at(".file.trine-part")), 0);
    CU_ASSERT_EQUAL(mkdir(at(".file.trine-part-1"), 0700), 0);
    CU_ASSERT_EQUAL(mkfifo(at(".file.trine-part-2"), 0600), 0);
    CU_ASSERT_TRUE(write_text(at("file"), "new"));
    trine_output_sweep(folder);
    CU_ASSERT_TRUE(holds(at("precious"), "keep"));
    CU_ASSERT_EQUAL(entries(), 8);
    empty();
}

static void a_temporary_that_others_replaced_is_not_renamed(void)
{
    put(at("file"), "old");
    trine_output o = begun(at("file"));
    unlink(at(".file.trine-part"));
    put(at(".file.trine-part"), "mine");
    CU_ASSERT_FALSE(trine_output_commit(&o, false));
    CU_ASSERT_TRUE(holds(at("file"), "old") && holds(at(".file.trine-part"), "mine"));
    o = begun(at("late"));
    CU_ASSERT_EQUAL(mkfifo(at("late"), 0600), 0);
    CU_ASSERT_FALSE(trine_output_commit(&o, false));
    CU_ASSERT_TRUE(is_kind(at("late"), S_IFIFO));
    CU_ASSERT_EQUAL(entries(), 3);
    empty();
}

static void any_name_is_a_name(void)
{
    char name[NAME_MAX + 2] = "", link[NAME_MAX + 1];
    static const char *const names[] = {":",     "-x",      "*",  " ",    "'",        "\"", "a\nb",
                                        "|date", "$(date)", "\\", "%s%n", "\xff\xfe", "..."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CU_ASSERT_TRUE(write_text(at(names[i]), names[i]) && holds(at(names[i]), names[i]));
        CU_ASSERT_EQUAL(entries(), 1);
        empty();
    }
    for (size_t length = NAME_MAX - 20; length <= NAME_MAX; length++) {
        memset(name, 'n', length);
        trine_output living = begun(at(name));
        CU_ASSERT_TRUE(write_text(at(name), "long") && holds(at(name), "long"));
        trine_output_drop(&living);
        CU_ASSERT_EQUAL(entries(), 1);
        empty();
    }
    memset(name, 'n', NAME_MAX + 1);
    CU_ASSERT_TRUE(refused(at(name), "File name too long"));
    memset(link, 'l', NAME_MAX);
    link[NAME_MAX] = '\0';
    CU_ASSERT_EQUAL(symlink("target", at(link)), 0);
    CU_ASSERT_TRUE(write_text(at(link), "x") && holds(at("target"), "x"));
    CU_ASSERT_TRUE(refused("", "No such file"));
    CU_ASSERT_TRUE(refused(at("no/file"), "No such file"));
    CU_ASSERT_TRUE(refused(at("target/"), "Not a directory"));
    CU_ASSERT_TRUE(refused(folder, "is a directory"));
    CU_ASSERT_TRUE(refused(at(".."), "is a directory"));
    empty();
}

/* Reads what a pipe of that name gets. */
static void *read_pipe(void *context)
{
    char *text = context;
    ssize_t n;
    int fd = open(at("pipe"), O_RDONLY);
    for (size_t done = 0; (n = read(fd, text + done, 64 - done)) > 0;)
        done += (size_t)n;
    close(fd);
    return NULL;
}

static void pipes_get_the_bytes_and_stay(void)
{
    static const unsigned hows[] = {0, TRINE_OUTPUT_SEEKABLE, TRINE_OUTPUT_ALONE};
    CU_ASSERT_EQUAL(mkfifo(at("pipe"), 0600), 0);
    for (int i = 0; i < 3; i++) {
        char text[64] = "";
        pthread_t reader;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&reader, NULL, read_pipe, text), 0);
        CU_ASSERT_TRUE(write_how(at("pipe"), "streamed", hows[i]));
        pthread_join(reader, NULL);
        CU_ASSERT_STRING_EQUAL(text, "streamed");
    }
    CU_ASSERT_TRUE(refused(at("pipe"), "nobody opened to read"));
    CU_ASSERT_TRUE(is_kind(at("pipe"), S_IFIFO));
    CU_ASSERT_EQUAL(entries(), 1);
    trine_output o;
    CU_ASSERT_FALSE(trine_output_open(&o, at("pipe"), TRINE_OUTPUT_FILE));
    CU_ASSERT_TRUE(o.stream);
    CU_ASSERT_FALSE(trine_output_open(&o, "/dev/null", TRINE_OUTPUT_FILE));
    empty();
}

static void devices_and_sockets_stay(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_TRUE(refused(at("socket"), "is a socket"));
    CU_ASSERT_TRUE(is_kind(at("socket"), S_IFSOCK));
    close(fd);
    CU_ASSERT_EQUAL(symlink("/dev/null", at("null")), 0);
    CU_ASSERT_TRUE(write_text(at("null"), "gone"));
    CU_ASSERT_TRUE(is_kind(at("null"), S_IFLNK) && is_kind("/dev/null", S_IFCHR));
    CU_ASSERT_FALSE(write_text("/dev/full", "x"));
    CU_ASSERT_FALSE(write_how("/dev/full", "x", TRINE_OUTPUT_SEEKABLE));
    empty();
}

/* Behind what is there already, where the descriptor stands. */
static void open_descriptors_are_written_where_they_stand(void)
{
    char path[64];
    int ends[2], fd = open(at("log"), O_RDWR | O_CREAT, 0600);
    CU_ASSERT_EQUAL(write(fd, "before ", 7), 7);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    CU_ASSERT_TRUE(write_text(path, "after"));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CU_ASSERT_TRUE(write_how(path, " all", TRINE_OUTPUT_SEEKABLE));
    CU_ASSERT_EQUAL(write(fd, ".", 1), 1);
    CU_ASSERT_TRUE(holds(at("log"), "before after all."));
    CU_ASSERT_TRUE(trine_output_is(AT_FDCWD, at("log"), fd));
    close(fd);
    char text[8] = "";
    CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    CU_ASSERT_TRUE(write_text(path, "socket"));
    CU_ASSERT_EQUAL(read(ends[1], text, 6), 6);
    close(ends[0]);
    close(ends[1]);
    CU_ASSERT_FALSE(write_text(path, "closed"));
    empty();
}

static volatile sig_atomic_t caught;

static void note(int number)
{
    caught = number;
}

/* Beyond the limit on files, with the signal at its default, handled, ignored and pending. */
static int write_too_much(void)
{
    static char bytes[8192];
    const struct rlimit limit = {4096, 4096};
    const struct sigaction handled = {.sa_handler = note};
    sigset_t all, pending;
    int wrong = setrlimit(RLIMIT_FSIZE, &limit) != 0;
    for (int way = 0; way < 4; way++) {
        trine_output o;
        sigemptyset(&all);
        sigaddset(&all, SIGXFSZ);
        if (way == 1)
            sigaction(SIGXFSZ, &handled, NULL);
        if (way == 2)
            signal(SIGXFSZ, SIG_IGN);
        if (way == 3) {
            signal(SIGXFSZ, SIG_DFL);
            sigprocmask(SIG_BLOCK, &all, NULL);
            raise(SIGXFSZ);
        }
        wrong += !trine_output_open(&o, at("file"), 0);
        wrong += trine_output_write(o.fd, bytes, sizeof bytes) || errno != EFBIG;
        trine_output_drop(&o);
        sigpending(&pending);
        wrong += sigismember(&pending, SIGXFSZ) != (way == 3);
    }
    return wrong + (caught != 0) + !holds(at("file"), "old");
}

static int write_to_nobody(void)
{
    int ends[2], wrong = pipe(ends);
    char path[64];
    close(ends[0]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    signal(SIGPIPE, SIG_DFL);
    return wrong + write_text(path, "nobody");
}

static void no_signal_ends_a_writer(void)
{
    put(at("file"), "old");
    CU_ASSERT_EQUAL(apart(write_too_much), 0);
    CU_ASSERT_EQUAL(apart(write_to_nobody), 0);
    CU_ASSERT_EQUAL(entries(), 1);
    empty();
}

static int write_to_a_full_disk(void)
{
    static char bytes[1 << 18];
    trine_output o;
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("tmpfs", folder, "tmpfs", 0, "size=65536"))
        return 77;
    put(at("file"), "old");
    int wrong = !trine_output_open(&o, at("file"), 0);
    wrong += trine_output_write(o.fd, bytes, sizeof bytes) || errno != ENOSPC;
    trine_output_drop(&o);
    return wrong + !holds(at("file"), "old") + (entries() != 1) +
           (mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0 &&
            !refused(at("file"), "Read-only"));
}

static void a_full_disk_loses_nothing(void)
{
    int got = apart(write_to_a_full_disk);
    CU_ASSERT_TRUE(got == 0 || got == 77);
    if (got == 77)
        printf("(no file system can be mounted here) ");
}

static void other_processes_join_by_slot(void)
{
    put(at("file"), "old");
    trine_output o, joined;
    CU_ASSERT_TRUE_FATAL(trine_output_open(&o, at("file"), TRINE_OUTPUT_FILE));
    CU_ASSERT_TRUE_FATAL(trine_output_join(&joined, at("file"), o.slot));
    CU_ASSERT_TRUE(trine_output_write_at(joined.fd, "34", 2, 2));
    CU_ASSERT_TRUE(trine_output_write_at(o.fd, "12", 2, 0));
    trine_output_drop(&joined);
    CU_ASSERT_TRUE(trine_output_commit(&o, true));
    CU_ASSERT_TRUE(holds(at("file"), "1234"));
    CU_ASSERT_FALSE(trine_output_join(&joined, at("file"), 0));
    empty();
}

static void what_is_possible_is_known_before(void)
{
    trine_output o;
    CU_ASSERT_EQUAL(mkfifo(at("pipe"), 0600), 0);
    CU_ASSERT_TRUE(trine_output_possible(at("fresh"), &o));
    CU_ASSERT_TRUE(trine_output_possible(at("pipe"), &o));
    CU_ASSERT_TRUE(trine_output_possible("/dev/null", &o));
    CU_ASSERT_FALSE(trine_output_possible(folder, &o));
    CU_ASSERT_FALSE(trine_output_possible("/nowhere/at/all", &o));
    CU_ASSERT_EQUAL(entries(), 1);
    empty();
}

enum { WRITERS = 8, TIMES = 20 };

static void *write_often(void *context)
{
    long failures = 0;
    for (int i = 0; i < TIMES; i++) {
        trine_output o;
        bool written = trine_output_open(&o, at("file"), 0);
        for (int k = 0; k < 100 && written; k++)
            written = trine_output_write(o.fd, context, 1);
        written = written && trine_output_commit(&o, false);
        failures += !written;
    }
    return (void *)failures;
}

static void many_may_write_one_file(void)
{
    static const char messages[] = "abcdefgh";
    pthread_t threads[WRITERS];
    char text[128] = "";
    for (int i = 0; i < WRITERS; i++)
        CU_ASSERT_EQUAL_FATAL(
            pthread_create(&threads[i], NULL, write_often, (void *)(messages + i)), 0);
    for (int i = 0; i < WRITERS; i++) {
        void *failures;
        pthread_join(threads[i], &failures);
        CU_ASSERT_PTR_NULL(failures);
    }
    int fd = open(at("file"), O_RDONLY);
    CU_ASSERT_EQUAL(read(fd, text, sizeof text), 100);
    close(fd);
    CU_ASSERT_EQUAL(strspn(text, (char[]){text[0], 0}), 100);
    CU_ASSERT_EQUAL(entries(), 1);
    empty();
}

static void *drop_later(void *output)
{
    usleep(50000);
    trine_output_drop(output);
    return NULL;
}

static void one_more_than_there_are_names_waits(void)
{
    trine_output living[TRINE_OUTPUT_SLOTS];
    pthread_t dropping;
    for (int i = 0; i < TRINE_OUTPUT_SLOTS; i++)
        living[i] = begun(at("file"));
    CU_ASSERT_EQUAL(entries(), TRINE_OUTPUT_SLOTS);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&dropping, NULL, drop_later, &living[17]), 0);
    CU_ASSERT_TRUE(write_text(at("file"), "late") && holds(at("file"), "late"));
    pthread_join(dropping, NULL);
    for (int i = 0; i < TRINE_OUTPUT_SLOTS; i++)
        trine_output_drop(&living[i]);
    CU_ASSERT_EQUAL(entries(), 1);
    empty();
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"links are followed and stay", links_are_followed_and_stay},
        {"permissions and owners are kept", permissions_and_owners_are_kept},
        {"what may not be written is not replaced", what_may_not_be_written_is_not_replaced},
        {"what is not finished changes nothing", what_is_not_finished_changes_nothing},
        {"killed writers are swept and living ones are not",
         killed_writers_are_swept_and_living_ones_are_not},
        {"one that writes alone is told of another", one_that_writes_alone_is_told_of_another},
        {"what others made is left alone", what_others_made_is_left_alone},
        {"a temporary that others replaced is not renamed",
         a_temporary_that_others_replaced_is_not_renamed},
        {"any name is a name", any_name_is_a_name},
        {"pipes get the bytes and stay", pipes_get_the_bytes_and_stay},
        {"devices and sockets stay", devices_and_sockets_stay},
        {"open descriptors are written where they stand",
         open_descriptors_are_written_where_they_stand},
        {"no signal ends a writer", no_signal_ends_a_writer},
        {"a full disk loses nothing", a_full_disk_loses_nothing},
        {"other processes join by slot", other_processes_join_by_slot},
        {"what is possible is known before", what_is_possible_is_known_before},
        {"many may write one file", many_may_write_one_file},
        {"one more than there are names waits", one_more_than_there_are_names_waits},
        CU_TEST_INFO_NULL,
    };
    if (!mkdtemp(folder))
        return 1;
    int result = trine_check_main("outputs", tests);
    empty();
    rmdir(folder);
    return result;
}
