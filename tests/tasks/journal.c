/* journal.c - the file that makes long maps crash-safe, on its own. */
#include "core/tasks/queue/journal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <trine/error.h>
#include <unistd.h>

#include "check.h"
#include "core/tasks/queue/journal_format.h"
#include "core/tasks/queue/journal_version1.h"

enum { ITEMS = 24, MOST = 200, PATH = 256 };

/* In memory where there is such a folder: many of these files are made durable. */
static char folder[] = "/dev/shm/trine-journal-XXXXXX", on_disk[] = "/tmp/trine-journal-XXXXXX";
static char path[PATH];

/* Of the journals that make_full makes. */
static uint32_t version = TRINE_JOURNAL_VERSION;

static const uint64_t param[2] = {17, 18};

static const trine_journal_owner owner = {.kind = "squares",
                                          .param = param,
                                          .param_size = sizeof param,
                                          .item_max = 64,
                                          .result_max = MOST};

/* What item i is, and its result: of 0 to MOST bytes. */
static size_t item_of(uint64_t i, char item[64])
{
    return (size_t)snprintf(item, 64, "item %llu", (unsigned long long)(i * i));
}

static size_t result_of(uint64_t i, unsigned char result[MOST])
{
    size_t size = (size_t)(i * 37 % (MOST + 1));
    for (size_t k = 0; k < size; k++)
        result[k] = (unsigned char)(i * 131 + k * 7);
    return size;
}

static trine_status append(trine_journal *j, uint64_t i)
{
    char item[64];
    unsigned char result[MOST];
    size_t item_size = item_of(i, item), size = result_of(i, result);
    return trine_journal_append(j, i, trine_journal_identity(j, i, item, item_size), result, size);
}

/* Whether item i is in it, with its own result. */
static bool holds(trine_journal *j, uint64_t i, bool *there)
{
    char item[64];
    unsigned char result[MOST], expected[MOST];
    size_t item_size = item_of(i, item), size = 0, expected_size = result_of(i, expected);
    if (trine_journal_find(j, i, trine_journal_identity(j, i, item, item_size), there, &size))
        return false;
    if (!*there)
        return true;
    return size == expected_size && trine_journal_read(j, i, result, size) == TRINE_OK &&
           memcmp(result, expected, size) == 0;
}

/* How many of the items are in it; -1 when one is not as it should be. */
static int count_right(trine_journal *j)
{
    int count = 0;
    for (uint64_t i = 0; i < ITEMS; i++) {
        bool there;
        if (!holds(j, i, &there))
            return -1;
        count += there;
    }
    return count;
}

static char *read_file(const char *name, size_t *size)
{
    struct stat about;
    int file = open(name, O_RDONLY);
    CU_ASSERT_EQUAL_FATAL(fstat(file, &about), 0);
    char *bytes = malloc((size_t)about.st_size + 1);
    CU_ASSERT_EQUAL_FATAL(read(file, bytes, (size_t)about.st_size), about.st_size);
    close(file);
    *size = (size_t)about.st_size;
    return bytes;
}

static size_t size_of_file(void)
{
    struct stat about;
    return stat(path, &about) == 0 ? (size_t)about.st_size : 0;
}

static void write_file(const char *bytes, size_t size)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_EQUAL_FATAL(write(file, bytes, size), (ssize_t)size);
    close(file);
}

/* A journal of all items, in an order that is not theirs. That of version 1 is kept as a file,
 * which the library wrote when that was its version. */
static void make_full(void)
{
    trine_journal *j = NULL;
    size_t size;
    unlink(path);
    if (version == 1) {
        char *bytes = read_file(VERSION1_FILE, &size);
        write_file(bytes, size);
        free(bytes);
        return;
    }
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    for (uint64_t i = 0; i < ITEMS; i++)
        CU_ASSERT_EQUAL(append(j, (i * 7 + 5) % ITEMS), TRINE_OK);
    CU_ASSERT_EQUAL(trine_journal_close(j), TRINE_OK);
}

/* Where record k begins, from the sizes that were written. */
static size_t record_at(uint64_t k)
{
    unsigned char result[MOST];
    size_t at = 144;
    for (uint64_t i = 0; i < k; i++)
        at += 32 + result_of((i * 7 + 5) % ITEMS, result);
    return at;
}

/* Defines a test, of what its body says of journals of both versions. */
#define IN_EACH_VERSION(test)                                                                      \
    static void test(void)                                                                         \
    {                                                                                              \
        for (version = TRINE_JOURNAL_OLDEST; version < TRINE_JOURNAL_VERSION; version++)           \
            test##_body();                                                                         \
        test##_body();                                                                             \
    }

static void the_checksums_are_the_published_ones(void)
{
    unsigned char zero[32] = {0}, ones[32], up[32];
    memset(ones, 0xff, sizeof ones);
    for (int i = 0; i < 32; i++)
        up[i] = (unsigned char)i;
    /* RFC 3720, B.4, and the check value of CRC catalogues. */
    CU_ASSERT_EQUAL(trine_journal1_crc(0, zero, 32), 0x8a9136aau);
    CU_ASSERT_EQUAL(trine_journal1_crc(0, ones, 32), 0x62a8ab43u);
    CU_ASSERT_EQUAL(trine_journal1_crc(0, up, 32), 0x46dd794eu);
    CU_ASSERT_EQUAL(trine_journal1_crc(0, "123456789", 9), 0xe3069283u);
    CU_ASSERT_EQUAL(trine_journal1_crc(trine_journal1_crc(0, "1234", 4), "56789", 5), 0xe3069283u);
    CU_ASSERT_EQUAL(trine_journal1_hash("", 0, 0), 0);
    CU_ASSERT_NOT_EQUAL(trine_journal1_hash("a\0", 2, 0), trine_journal1_hash("a", 1, 0));
    /* XXH3's, of xxHash's own tests. */
    CU_ASSERT_EQUAL(trine_journal_hash(2, NULL, 0, 0), 0x2d06800538d394c2u);
    CU_ASSERT_EQUAL(trine_journal_hash(2, "abc", 3, 0), 0x78af5f94892f3950u);
}

static void what_was_recorded_is_there_again_body(void)
{
    trine_journal *j = NULL;
    make_full();
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    CU_ASSERT_EQUAL(trine_journal_count(j), ITEMS);
    CU_ASSERT_EQUAL(count_right(j), ITEMS);
    bool there = true;
    size_t size;
    CU_ASSERT_EQUAL(trine_journal_find(j, ITEMS, 1, &there, &size), TRINE_OK);
    CU_ASSERT_FALSE(there);
    CU_ASSERT_EQUAL(append(j, ITEMS), TRINE_OK);
    CU_ASSERT_EQUAL(trine_journal_close(j), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    CU_ASSERT_EQUAL(trine_journal_count(j), ITEMS + 1);
    CU_ASSERT_TRUE(holds(j, ITEMS, &there) && there);
    CU_ASSERT_EQUAL(trine_journal_close(j), TRINE_OK);
}
IN_EACH_VERSION(what_was_recorded_is_there_again)

/* Whether opening is refused, with those words. */
static bool refused(const trine_journal_owner *other, const char *words)
{
    trine_journal *j = NULL;
    trine_status status = trine_journal_open(path, other, &j);
    bool right = status == TRINE_E_FORMAT && !j && strstr(trine_error_detail(), words) != NULL &&
                 strstr(trine_error_detail(), path) != NULL;
    if (!right)
        printf("\n%s: %s\n", trine_status_name(status), trine_error_detail());
    trine_journal_close(j);
    return right;
}

/* A run goes on in the version that the file has. */
static void a_file_keeps_its_version(void)
{
    trine_journal *j = NULL;
    bool there = false;
    size_t size, after, ahead;
    version = 1;
    make_full();
    version = TRINE_JOURNAL_VERSION;
    char *before = read_file(path, &size);
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    CU_ASSERT_EQUAL(trine_journal_count(j), ITEMS);
    CU_ASSERT_EQUAL(trine_journal_close(j), TRINE_OK);
    char *now = read_file(path, &after);
    CU_ASSERT_TRUE(size == after && memcmp(before, now, size) == 0);
    free(now);
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    CU_ASSERT_EQUAL(append(j, ITEMS), TRINE_OK);
    CU_ASSERT_EQUAL(trine_journal_close(j), TRINE_OK);
    now = read_file(path, &ahead);
    CU_ASSERT_TRUE(ahead > size && memcmp(before, now, size) == 0);
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    CU_ASSERT_EQUAL(trine_journal_count(j), ITEMS + 1);
    CU_ASSERT_TRUE(holds(j, ITEMS, &there) && there);
    CU_ASSERT_EQUAL(count_right(j), ITEMS);
    trine_journal_close(j);
    free(now);
    /* A new one has the newest; other versions are refused. */
    make_full();
    now = read_file(path, &size);
    CU_ASSERT_EQUAL(now[8], TRINE_JOURNAL_VERSION);
    for (char other = 0; other <= TRINE_JOURNAL_VERSION + 1; other++)
        if (other != TRINE_JOURNAL_VERSION) {
            now[8] = other;
            write_file(now, size);
            CU_ASSERT_TRUE(refused(&owner, other == 1 ? "header is damaged" : "another version"));
        }
    free(now);
    free(before);
}

/* Of every length: a file that is cut short is one with fewer items, all of them right, and can be
 * gone on with. */
static void every_truncation_loses_only_what_was_cut_body(void)
{
    size_t size, whole = 0;
    make_full();
    char *bytes = read_file(path, &size);
    CU_ASSERT_EQUAL(record_at(ITEMS), size);
    for (size_t cut = 0; cut <= size; cut++) {
        trine_journal *j = NULL;
        write_file(bytes, cut);
        while (record_at(whole + 1) <= cut && whole < ITEMS)
            whole++;
        CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
        CU_ASSERT_EQUAL(trine_journal_count(j), whole);
        CU_ASSERT_EQUAL(count_right(j), (int)whole);
        CU_ASSERT_EQUAL(size_of_file(), record_at(whole));
        CU_ASSERT_EQUAL(append(j, ITEMS), TRINE_OK);
        CU_ASSERT_EQUAL(trine_journal_close(j), TRINE_OK);
        CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
        CU_ASSERT_EQUAL(trine_journal_count(j), whole + 1);
        trine_journal_close(j);
    }
    free(bytes);
}
IN_EACH_VERSION(every_truncation_loses_only_what_was_cut)

/* A loss of power may leave zeros where the last records were to be. */
static void a_tail_of_zeros_is_cut_off_body(void)
{
    size_t size;
    make_full();
    char *bytes = read_file(path, &size);
    for (uint64_t k = 0; k < ITEMS; k += 5)
        for (size_t more = 0; more < 3; more++) {
            trine_journal *j = NULL;
            size_t from = record_at(k) + 10 * more;
            char *damaged = malloc(size);
            memcpy(damaged, bytes, size);
            memset(damaged + from, 0, size - from);
            write_file(damaged, size);
            free(damaged);
            CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
            CU_ASSERT_EQUAL(count_right(j), (int)k);
            CU_ASSERT_EQUAL(trine_journal_close(j), TRINE_OK);
        }
    free(bytes);
}
IN_EACH_VERSION(a_tail_of_zeros_is_cut_off)

/* In the header it is refused; in a record, what comes before it stands, and nothing else. */
static void no_flipped_bit_gives_a_wrong_result_body(void)
{
    size_t size, before = 0;
    make_full();
    char *bytes = read_file(path, &size);
    for (size_t at = 0; at < size; at++) {
        trine_journal *j = NULL;
        bytes[at] ^= (char)(1 << at % 8);
        write_file(bytes, size);
        trine_status status = trine_journal_open(path, &owner, &j);
        while (before < ITEMS && record_at(before + 1) <= at)
            before++;
        if (at < record_at(0)) {
            CU_ASSERT_EQUAL(status, TRINE_E_FORMAT);
        } else {
            CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
            CU_ASSERT_EQUAL(count_right(j), (int)before);
            trine_journal_close(j);
        }
        bytes[at] ^= (char)(1 << at % 8);
    }
    free(bytes);
}
IN_EACH_VERSION(no_flipped_bit_gives_a_wrong_result)

static void the_journal_of_other_tasks_is_refused(void)
{
    static const uint64_t others[2] = {17, 19};
    trine_journal_owner other = owner;
    size_t size, after;
    make_full();
    char *before = read_file(path, &size);
    other.kind = "cubes";
    CU_ASSERT_TRUE(refused(&other, "'squares', these are 'cubes'"));
    other = owner;
    other.param = others;
    CU_ASSERT_TRUE(refused(&other, "another param"));
    other.param_size = 8;
    CU_ASSERT_TRUE(refused(&other, "bytes of param 16, these have 8"));
    other = owner;
    other.data = "d";
    other.data_size = 1;
    CU_ASSERT_TRUE(refused(&other, "bytes of data 0, these have 1"));
    other = owner;
    other.item_max = 65;
    CU_ASSERT_TRUE(refused(&other, "item_max 64, these have 65"));
    other = owner;
    other.result_max = 1;
    CU_ASSERT_TRUE(refused(&other, "result_max 200, these have 1"));
    char *now = read_file(path, &after);
    CU_ASSERT_TRUE(size == after && memcmp(before, now, size) == 0);
    free(before);
    free(now);
}

static void other_data_is_refused(void)
{
    trine_journal *j = NULL;
    trine_journal_owner with = owner;
    with.data = "abcd";
    with.data_size = 4;
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &with, &j), TRINE_OK);
    CU_ASSERT_EQUAL(trine_journal_close(j), TRINE_OK);
    with.data = "abce";
    CU_ASSERT_TRUE(refused(&with, "another data"));
}

static void an_item_with_other_bytes_is_refused(void)
{
    trine_journal *j = NULL;
    bool there = true;
    size_t size;
    make_full();
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    CU_ASSERT_EQUAL(
        trine_journal_find(j, 3, trine_journal_identity(j, 3, "item 10", 7), &there, &size),
        TRINE_E_FORMAT);
    CU_ASSERT_FALSE(there);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "item 3 is another"));
    CU_ASSERT_EQUAL(count_right(j), ITEMS);
    trine_journal_close(j);
}

static void what_is_no_journal_is_left_alone(void)
{
    static const char *const texts[] = {"t", "trinejnx", "trinejnl and then nothing of the kind",
                                        "my only copy of something, which is longer than the "
                                        "header of a journal is: it goes on and on and on and on "
                                        "and on and on and on and on and on"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t size;
        write_file(texts[i], strlen(texts[i]));
        /* A prefix of the header is a header that was cut short. */
        if (i > 0)
            CU_ASSERT_TRUE(refused(&owner, "no journal of tasks"));
        char *now = read_file(path, &size);
        CU_ASSERT_TRUE(size == strlen(texts[i]) && memcmp(now, texts[i], size) == 0);
        free(now);
    }
    trine_journal *j = NULL;
    CU_ASSERT_EQUAL(trine_journal_open("/dev/null", &owner, &j), TRINE_E_FORMAT);
    CU_ASSERT_EQUAL(trine_journal_open("/tmp", &owner, &j), TRINE_E_IO);
    CU_ASSERT_EQUAL(trine_journal_open("/nowhere/at/all", &owner, &j), TRINE_E_IO);
    CU_ASSERT_EQUAL(trine_journal_open("", &owner, &j), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_journal_open(path, NULL, &j), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NULL(j);
}

/* In this process and in another; free again when the first has closed it, or was killed. */
static void two_runs_cannot_use_one_journal(void)
{
    trine_journal *j = NULL, *second = NULL;
    make_full();
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    CU_ASSERT_EQUAL(trine_journal_open(path, &owner, &second), TRINE_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "another run uses it"));
    trine_journal_close(j);
    int ends[2];
    char word;
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        trine_journal *own = NULL;
        bool opened = trine_journal_open(path, &owner, &own) == TRINE_OK;
        _exit(write(ends[1], opened ? "y" : "n", 1) == 1 ? pause() : 1);
    }
    CU_ASSERT_TRUE(read(ends[0], &word, 1) == 1 && word == 'y');
    CU_ASSERT_EQUAL(trine_journal_open(path, &owner, &second), TRINE_E_BUSY);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &second), TRINE_OK);
    CU_ASSERT_EQUAL(count_right(second), ITEMS);
    trine_journal_close(second);
    close(ends[0]);
    close(ends[1]);
}

/* A file that may grow no more: the item is not recorded, those before it are, and when there is
 * space again it goes on. */
static void a_full_disk_is_an_error_that_loses_nothing(void)
{
    struct rlimit kept, little;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &kept), 0);
    for (size_t space = 0; space < 40; space += 3) {
        trine_journal *j = NULL;
        unlink(path);
        CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
        CU_ASSERT_EQUAL(append(j, 1), TRINE_OK);
        little = (struct rlimit){144 + 32 + 37 + space, kept.rlim_max};
        CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &little), 0);
        CU_ASSERT_EQUAL(append(j, 2), TRINE_E_IO);
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), path));
        CU_ASSERT_EQUAL(append(j, 3), TRINE_E_IO);
        CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &kept), 0);
        CU_ASSERT_EQUAL(append(j, 4), TRINE_OK);
        CU_ASSERT_EQUAL(trine_journal_close(j), TRINE_OK);
        CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
        CU_ASSERT_EQUAL(trine_journal_count(j), 2);
        CU_ASSERT_EQUAL(count_right(j), 2);
        trine_journal_close(j);
    }
    unlink(path);
    little = (struct rlimit){20, kept.rlim_max};
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &little), 0);
    trine_journal *j = NULL;
    CU_ASSERT_EQUAL(trine_journal_open(path, &owner, &j), TRINE_E_IO);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    write_file("", 0);
    CU_ASSERT_EQUAL(trine_journal_open(path, &owner, &j), TRINE_E_IO);
    CU_ASSERT_TRUE(access(path, F_OK) == 0 && size_of_file() == 0);
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &kept), 0);
    CU_ASSERT_EQUAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    trine_journal_close(j);
}

/* The links stay; one that leads to no file has it made. */
static void links_to_a_journal_are_followed(void)
{
    char link[PATH + 8];
    struct stat found;
    snprintf(link, sizeof link, "%s.link", path);
    unlink(path);
    CU_ASSERT_EQUAL(symlink(strrchr(path, '/') + 1, link), 0);
    for (uint64_t i = 0; i < 2; i++) {
        trine_journal *j = NULL;
        CU_ASSERT_EQUAL_FATAL(trine_journal_open(link, &owner, &j), TRINE_OK);
        CU_ASSERT_EQUAL(trine_journal_count(j), i);
        CU_ASSERT_EQUAL(append(j, i), TRINE_OK);
        trine_journal_close(j);
        CU_ASSERT_TRUE(lstat(link, &found) == 0 && S_ISLNK(found.st_mode));
        CU_ASSERT_TRUE(lstat(path, &found) == 0 && S_ISREG(found.st_mode));
    }
    unlink(link);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void an_open_journal_holds_one_descriptor(void)
{
    trine_journal *j = NULL;
    int before = open_descriptors();
    make_full();
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    CU_ASSERT_EQUAL(open_descriptors(), before + 1);
    trine_journal_close(j);
    CU_ASSERT_NOT_EQUAL(trine_journal_open("/dev/null", &owner, &j), TRINE_OK);
    CU_ASSERT_NOT_EQUAL(trine_journal_open("/tmp", &owner, &j), TRINE_OK);
    CU_ASSERT_EQUAL(open_descriptors(), before);
}

/* Nor waited for: a pipe has no reader. */
static void what_is_no_regular_file_is_no_journal(void)
{
    struct stat found;
    trine_journal *j = NULL;
    unlink(path);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    CU_ASSERT_TRUE(refused(&owner, "no regular file"));
    CU_ASSERT_TRUE(lstat(path, &found) == 0 && S_ISFIFO(found.st_mode));
    unlink(path);
    CU_ASSERT_EQUAL(symlink("/dev/full", path), 0);
    CU_ASSERT_TRUE(refused(&owner, "no regular file"));
    unlink(path);
    CU_ASSERT_EQUAL(trine_journal_open("/dev/stdout", &owner, &j), TRINE_E_FORMAT);
}

/* Waits for the lock that `held` has, while that removes the file, and keeps an item. */
static void a_journal_that_is_removed_is_made_anew(void)
{
    trine_journal *j = NULL;
    int status = -1;
    write_file("", 0);
    int held = open(path, O_RDWR);
    CU_ASSERT_EQUAL(flock(held, LOCK_EX), 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(held);
        _exit(trine_journal_open(path, &owner, &j) || append(j, 5) || trine_journal_close(j));
    }
    usleep(50000);
    unlink(path);
    close(held);
    CU_ASSERT_TRUE(waitpid(child, &status, 0) == child && status == 0);
    CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &owner, &j), TRINE_OK);
    CU_ASSERT_EQUAL(trine_journal_count(j), 1);
    trine_journal_close(j);
}

/* Killed at any moment of writing, with records of many pages: a prefix of what was written. */
static void a_killed_writer_leaves_whole_records(void)
{
    enum { KILLS = 20, LARGE = 300000 };
    static unsigned char large[LARGE], back[LARGE];
    const trine_journal_owner of = {.kind = "large", .item_max = 8, .result_max = LARGE};
    uint64_t most = 0;
    for (int kill_number = 0; kill_number < KILLS; kill_number++) {
        trine_journal *j = NULL;
        bool right = true;
        unlink(path);
        pid_t child = fork();
        if (child == 0) {
            if (trine_journal_open(path, &of, &j))
                _exit(1);
            for (uint64_t i = 0;; i++) {
                memset(large, (int)(i % 251), LARGE);
                if (trine_journal_append(j, i, trine_journal_identity(j, i, &i, sizeof i), large,
                                         LARGE - i % 1000))
                    _exit(1);
            }
        }
        usleep((useconds_t)(2000 + 1237 * kill_number));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        CU_ASSERT_EQUAL_FATAL(trine_journal_open(path, &of, &j), TRINE_OK);
        uint64_t count = trine_journal_count(j);
        for (uint64_t i = 0; i < count; i++) {
            bool there;
            size_t size;
            memset(large, (int)(i % 251), LARGE);
            right = right &&
                    !trine_journal_find(j, i, trine_journal_identity(j, i, &i, sizeof i), &there,
                                        &size) &&
                    there && size == LARGE - i % 1000 && !trine_journal_read(j, i, back, size) &&
                    memcmp(back, large, size) == 0;
        }
        most = count > most ? count : most;
        CU_ASSERT_TRUE(right);
        trine_journal_close(j);
    }
    CU_ASSERT_TRUE(most > 0);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"the checksums are the published ones", the_checksums_are_the_published_ones},
        {"what was recorded is there again", what_was_recorded_is_there_again},
        {"a file keeps its version", a_file_keeps_its_version},
        {"every truncation loses only what was cut", every_truncation_loses_only_what_was_cut},
        {"a tail of zeros is cut off", a_tail_of_zeros_is_cut_off},
        {"no flipped bit gives a wrong result", no_flipped_bit_gives_a_wrong_result},
        {"the journal of other tasks is refused", the_journal_of_other_tasks_is_refused},
        {"other data is refused", other_data_is_refused},
        {"an item with other bytes is refused", an_item_with_other_bytes_is_refused},
        {"what is no journal is left alone", what_is_no_journal_is_left_alone},
        {"two runs cannot use one journal", two_runs_cannot_use_one_journal},
        {"a full disk is an error that loses nothing", a_full_disk_is_an_error_that_loses_nothing},
        {"links to a journal are followed", links_to_a_journal_are_followed},
        {"an open journal holds one descriptor", an_open_journal_holds_one_descriptor},
        {"what is no regular file is no journal", what_is_no_regular_file_is_no_journal},
        {"a journal that is removed is made anew", a_journal_that_is_removed_is_made_anew},
        {"a killed writer leaves whole records", a_killed_writer_leaves_whole_records},
        CU_TEST_INFO_NULL,
    };
    const char *made = mkdtemp(folder);
    made = made ? made : mkdtemp(on_disk);
    if (!made)
        return 1;
    snprintf(path, sizeof path, "%s/journal", made);
    int result = trine_check_main("journal", tests);
    unlink(path);
    rmdir(made);
    return result;
}
