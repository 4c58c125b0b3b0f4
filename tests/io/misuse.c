/* misuse.c - calls that a file cannot answer. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"
#include "hash_reducer.h"
#include "io/npy/npy_header.h"

static char folder[] = "/tmp/trine-misuse-XXXXXX";
static char path[64];
static trine_team *serial;

static void save_numbers(uint64_t n)
{
    trine_array *x;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(serial, TRINE_U64, n, TRINE_PRIVATE, &x), TRINE_OK);
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    trine_array_free(x);
}

static void null_arguments_are_named(void)
{
    trine_npy *file;
    trine_array *x;
    hash_state got;
    save_numbers(10);
    CU_ASSERT_EQUAL(trine_npy_open(serial, NULL, &file), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "path is NULL"));
    CU_ASSERT_EQUAL_FATAL(trine_npy_open(serial, path, &file), TRINE_OK);
    CU_ASSERT_EQUAL(trine_npy_load(NULL, &x), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_npy_load(file, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_npy_reduce(file, NULL, NULL, &got), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_npy_reduce(file, &hash_reducer, NULL, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_npy_save(NULL, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NULL(trine_npy_header(NULL));
    trine_npy_close(file);
}

static void an_incomplete_reducer_is_refused(void)
{
    trine_npy *file;
    hash_state got;
    trine_reducer nameless = hash_reducer, two_inputs = hash_reducer;
    nameless.name = NULL;
    two_inputs.nin = 2;
    two_inputs.in[1] = TRINE_U64;
    save_numbers(10);
    CU_ASSERT_EQUAL_FATAL(trine_npy_open(serial, path, &file), TRINE_OK);
    CU_ASSERT_EQUAL(trine_npy_reduce(file, &nameless, NULL, &got), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "lacks a name"));
    CU_ASSERT_EQUAL(trine_npy_reduce(file, &two_inputs, NULL, &got), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "has 2 inputs; a file is one"));
    trine_npy_close(file);
}

/* The second reading would wait for a writer, or blame the file. */
static void a_pipe_is_read_once(void)
{
    char fifo[64], shell[200];
    hash_state got;
    save_numbers(100000);
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
    snprintf(shell, sizeof shell, "cat %s > %s &", path, fifo);
    for (int load = 0; load < 2; load++) {
        trine_npy *file;
        trine_array *x = NULL;
        CU_ASSERT_EQUAL(system(shell), 0);
        CU_ASSERT_EQUAL_FATAL(trine_npy_open(serial, fifo, &file), TRINE_OK);
        CU_ASSERT_EQUAL(trine_npy_reduce(file, &hash_reducer, NULL, &got), TRINE_OK);
        CU_ASSERT_EQUAL(load ? trine_npy_load(file, &x)
                             : trine_npy_reduce(file, &hash_reducer, NULL, &got),
                        TRINE_E_ARGUMENT);
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "a pipe is read once"));
        CU_ASSERT_PTR_NULL(x);
        trine_npy_close(file);
    }
    unlink(fifo);
}

/* A path may be longer than a detail. */
static void the_reason_survives_a_long_path(void)
{
    char deep[PATH_MAX];
    size_t n = (size_t)snprintf(deep, sizeof deep, "%s", folder);
    for (int i = 0; i < 6; i++) {
        n += (size_t)snprintf(deep + n, sizeof deep - n, "/%0200d", i);
        CU_ASSERT_EQUAL_FATAL(mkdir(deep, 0700), 0);
    }
    snprintf(deep + n, sizeof deep - n, "/x.npy");
    trine_npy *file;
    FILE *stream = fopen(deep, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    fprintf(stream, "nothing that numpy wrote");
    fclose(stream);
    CU_ASSERT_EQUAL(trine_npy_open(serial, deep, &file), TRINE_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "/x.npy: byte 0: no .npy file"));
    for (unlink(deep); n > strlen(folder); n -= 201) {
        deep[n] = '\0';
        rmdir(deep);
    }
}

/* Details go to terminals and into JSON. */
static void details_hold_printable_characters_only(void)
{
    static const char *const hostile[] = {
        "{'descr': '<f8\xc3\x28', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '\x1b[2J', 'fortran_order': False, 'shape': (1,)}",
        "{'d\x7f\x9b': '<f8', 'fortran_order': False, 'shape': (1,)}",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        trine_npy_info info = {TRINE_INIT(trine_npy_info), .major = 3};
        unsigned char bytes[128] = "";
        size_t n = strlen(hostile[i]);
        memcpy(bytes + 12, hostile[i], n);
        CU_ASSERT_EQUAL(trine_npy_parse("x", bytes, 12 + n, &info), TRINE_E_FORMAT);
        for (const char *c = trine_error_detail(); *c; c++)
            CU_ASSERT(*c >= ' ' && *c <= '~');
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"NULL arguments are named", null_arguments_are_named},
        {"an incomplete reducer is refused", an_incomplete_reducer_is_refused},
        {"a pipe is read once", a_pipe_is_read_once},
        {"the reason survives a long path", the_reason_survives_a_long_path},
        {"details hold printable characters only", details_hold_printable_characters_only},
        CU_TEST_INFO_NULL,
    };
    if (!mkdtemp(folder) || trine_team_open("serial", &serial))
        return 1;
    snprintf(path, sizeof path, "%s/x.npy", folder);
    int status = trine_check_main("misuse of .npy files", tests);
    trine_team_close(serial);
    unlink(path);
    rmdir(folder);
    return status;
}
