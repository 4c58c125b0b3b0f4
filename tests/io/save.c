/* save.c - what trine_npy_save writes, and what it leaves alone. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"

static char folder[] = "/tmp/trine-save-XXXXXX";
static char path[64];
static trine_team *serial;

static trine_array *equal_elements(trine_team *team, trine_dtype dtype, uint64_t n, int byte)
{
    trine_array *x;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, dtype, n, TRINE_PRIVATE, &x), TRINE_OK);
    if (n)
        memset(trine_array_data(x), byte, (size_t)n * trine_dtype_size(dtype));
    return x;
}

static size_t read_back(unsigned char *bytes, size_t most)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, bytes, most);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

static int entries_in_folder(void)
{
    int n = 0;
    DIR *open_folder = opendir(folder);
    for (struct dirent *entry; (entry = readdir(open_folder));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(open_folder);
    return n;
}

/* The headers that numpy 1.24 wrote for arrays of these types and lengths, on x86-64. */
static void headers_are_those_that_numpy_writes(void)
{
    static const struct {
        trine_dtype dtype;
        uint64_t n;
        const char *dictionary;
    } cases[] = {
        {TRINE_F64, 3, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"},
        {TRINE_F32, 10, "{'descr': '<f4', 'fortran_order': False, 'shape': (10,), }"},
        {TRINE_I64, 0, "{'descr': '<i8', 'fortran_order': False, 'shape': (0,), }"},
        {TRINE_I32, 1, "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }"},
        {TRINE_I16, 99, "{'descr': '<i2', 'fortran_order': False, 'shape': (99,), }"},
        {TRINE_I8, 100, "{'descr': '|i1', 'fortran_order': False, 'shape': (100,), }"},
        {TRINE_U64, 7, "{'descr': '<u8', 'fortran_order': False, 'shape': (7,), }"},
        {TRINE_U32, 8, "{'descr': '<u4', 'fortran_order': False, 'shape': (8,), }"},
        {TRINE_U16, 9, "{'descr': '<u2', 'fortran_order': False, 'shape': (9,), }"},
        {TRINE_U8, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }"},
    };
    const uint16_t one = 1;
    if (!*(const unsigned char *)&one)
        return;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char expected[128], got[4096];
        size_t length = strlen(cases[i].dictionary);
        memcpy(expected, "\x93NUMPY\x01\x00\x76\x00", 10);
        memset(expected + 10, ' ', 118);
        memcpy(expected + 10, cases[i].dictionary, length);
        expected[127] = '\n';
        trine_array *x = equal_elements(serial, cases[i].dtype, cases[i].n, 5);
        CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
        size_t bytes = (size_t)cases[i].n * trine_dtype_size(cases[i].dtype);
        CU_ASSERT_EQUAL(read_back(got, sizeof got), 128 + bytes);
        CU_ASSERT_EQUAL(memcmp(got, expected, 128), 0);
        CU_ASSERT_TRUE(bytes == 0 || memcmp(got + 128, trine_array_data(x), bytes) == 0);
        trine_array_free(x);
    }
}

static void *read_pipe(void *context)
{
    unsigned char *bytes = context;
    int fd = open(path, O_RDONLY);
    ssize_t n;
    for (size_t done = 0; (n = read(fd, bytes + done, 1024 - done)) > 0;)
        done += (size_t)n;
    close(fd);
    return NULL;
}

/* A superuser could rename over /dev/null. */
static void what_is_no_regular_file_is_written_into_and_stays(void)
{
    struct stat found;
    static unsigned char streamed[1025], filed[1025];
    pthread_t reader;
    char link[64];
    snprintf(link, sizeof link, "%s/link", folder);
    trine_array *x = equal_elements(serial, TRINE_F64, 10, 1);
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    CU_ASSERT_EQUAL(read_back(filed, sizeof filed), 208);
    unlink(path);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&reader, NULL, read_pipe, streamed), 0);
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    pthread_join(reader, NULL);
    CU_ASSERT_EQUAL(memcmp(streamed, filed, 208), 0);
    CU_ASSERT(lstat(path, &found) == 0 && S_ISFIFO(found.st_mode));
    unlink(path);
    CU_ASSERT_EQUAL(symlink("/dev/null", link), 0);
    CU_ASSERT_EQUAL(trine_npy_save(x, link), TRINE_OK);
    CU_ASSERT(lstat(link, &found) == 0 && S_ISLNK(found.st_mode));
    CU_ASSERT(lstat("/dev/null", &found) == 0 && S_ISCHR(found.st_mode));
    unlink(link);
    CU_ASSERT_EQUAL(trine_npy_save(x, folder), TRINE_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "is a directory"));
    CU_ASSERT_EQUAL(trine_npy_save(x, "/nowhere/a\nb\033[2J"), TRINE_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "/nowhere/a?b?[2J: No such"));
    trine_array_free(x);
}

/* In a child that the signals of writing would end. */
static void saving_ends_no_process(void)
{
    const struct rlimit limit = {256, 256};
    static unsigned char before[256], after[256];
    trine_array *x = equal_elements(serial, TRINE_F64, 10, 1);
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    trine_array_free(x);
    read_back(before, sizeof before);
    x = equal_elements(serial, TRINE_F64, 1000, 2);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int ends[2], status, wrong = setrlimit(RLIMIT_FSIZE, &limit) || pipe(ends);
        status = trine_npy_save(x, path);
        wrong += status != TRINE_E_IO || !strstr(trine_error_detail(), "File too large");
        close(ends[0]);
        dup2(ends[1], STDOUT_FILENO);
        wrong += trine_npy_save(x, "-") != TRINE_E_IO;
        _exit(wrong);
    }
    int status = -1;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(read_back(after, sizeof after), 208);
    CU_ASSERT_EQUAL(memcmp(before, after, sizeof after), 0);
    CU_ASSERT_EQUAL(entries_in_folder(), 1);
    trine_array_free(x);
}

/* A killed save leaves its temporary, which the next one removes. */
static void killed_saves_are_swept(void)
{
    trine_array *x = equal_elements(serial, TRINE_F64, 1 << 20, 3);
    for (int i = 0; i < 6; i++) {
        pid_t child = fork();
        if (child == 0)
            for (;;)
                trine_npy_save(x, path);
        usleep(3000 * (unsigned)(i + 1));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    CU_ASSERT_TRUE(entries_in_folder() <= 2);
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    CU_ASSERT_EQUAL(entries_in_folder(), 1);
    trine_array_free(x);
}

static int save_to_output(int fd, const trine_array *x)
{
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    dup2(fd, STDOUT_FILENO);
    int status = trine_npy_save(x, "-");
    dup2(kept, STDOUT_FILENO);
    close(kept);
    return status;
}

static void standard_output_takes_what_a_file_would_have(void)
{
    enum { BYTES = 128 + 300 * 4 };
    unsigned char filed[BYTES + 1], piped[BYTES + 1];
    int ends[2], full = open("/dev/full", O_WRONLY);
    trine_array *x = equal_elements(serial, TRINE_I32, 300, 9);
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    CU_ASSERT_EQUAL(read_back(filed, sizeof filed), BYTES);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    CU_ASSERT_EQUAL(save_to_output(ends[1], x), TRINE_OK);
    close(ends[1]);
    CU_ASSERT_EQUAL(read(ends[0], piped, sizeof piped), BYTES);
    CU_ASSERT_EQUAL(memcmp(piped, filed, BYTES), 0);
    CU_ASSERT_NOT_EQUAL(access("-", F_OK), 0);
    CU_ASSERT_EQUAL(save_to_output(full, x), TRINE_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "standard output: writing: No space"));
    close(ends[0]);
    close(full);
    trine_array_free(x);
}

/* Few: each is synced, which takes seconds while others keep the disk busy. */
enum { SAVES = 5, SAVED = 20000 };

typedef struct saver {
    trine_array *x;
    int failures;
} saver;

static void *save_often(void *context)
{
    saver *s = context;
    for (int i = 0; i < SAVES; i++)
        s->failures += trine_npy_save(s->x, path) != TRINE_OK;
    return NULL;
}

static void two_threads_may_save_to_one_path(void)
{
    static unsigned char got[128 + 8 * SAVED + 1];
    saver savers[2];
    trine_team *teams[2];
    pthread_t threads[2];
    for (int t = 0; t < 2; t++) {
        CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &teams[t]), TRINE_OK);
        savers[t] = (saver){equal_elements(teams[t], TRINE_U64, SAVED, 1 + t), 0};
    }
    for (int t = 0; t < 2; t++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[t], NULL, save_often, &savers[t]), 0);
    for (int t = 0; t < 2; t++) {
        pthread_join(threads[t], NULL);
        CU_ASSERT_EQUAL(savers[t].failures, 0);
        trine_array_free(savers[t].x);
        trine_team_close(teams[t]);
    }
    CU_ASSERT_EQUAL(read_back(got, sizeof got), sizeof got - 1);
    size_t other = 0;
    for (size_t i = 128; i < sizeof got - 1; i++)
        other += got[i] != got[128];
    CU_ASSERT_EQUAL(other, 0);
    CU_ASSERT_EQUAL(entries_in_folder(), 1);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"headers are those that numpy writes", headers_are_those_that_numpy_writes},
        {"what is no regular file is written into and stays",
         what_is_no_regular_file_is_written_into_and_stays},
        {"saving ends no process", saving_ends_no_process},
        {"killed saves are swept", killed_saves_are_swept},
        {"standard output takes what a file would have",
         standard_output_takes_what_a_file_would_have},
        {"two threads may save to one path", two_threads_may_save_to_one_path},
        CU_TEST_INFO_NULL,
    };
    if (!mkdtemp(folder) || trine_team_open("serial", &serial))
        return 1;
    snprintf(path, sizeof path, "%s/x.npy", folder);
    int status = trine_check_main("saving .npy files", tests);
    trine_team_close(serial);
    unlink(path);
    rmdir(folder);
    return status;
}
