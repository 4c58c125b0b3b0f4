/* npy.c - .npy files: what is read, what is refused and how, what is written. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"
#include "hash_reducer.h"
#include "io/npy/npy_header.h"

static char folder[] = "/tmp/trine-npy-XXXXXX";
static char path[128];
static trine_team *serial, *threads, *pool;

static void write_file(const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_EQUAL(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

/* A version `major` file of a dictionary and some bytes of data. */
static size_t compose(unsigned char *bytes, int major, const char *dictionary, size_t data)
{
    size_t prefix = major > 1 ? 12 : 10, length = strlen(dictionary);
    memcpy(bytes, "\x93NUMPY", 6);
    bytes[6] = (unsigned char)major;
    bytes[7] = 0;
    for (size_t i = 8; i < prefix; i++)
        bytes[i] = (unsigned char)(length >> 8 * (i - 8));
    memcpy(bytes + prefix, dictionary, length);
    for (size_t i = 0; i < data; i++)
        bytes[prefix + length + i] = (unsigned char)(i + 1);
    return prefix + length + data;
}

static trine_status open_status(trine_npy_info *info)
{
    trine_npy *file = NULL;
    trine_status status = trine_npy_open(serial, path, &file);
    if (!status)
        *info = *trine_npy_header(file);
    trine_npy_close(file);
    return status;
}

static void headers_of_every_form_are_read(void)
{
    static const struct {
        int major;
        const char *dictionary;
        int ndim;
        uint64_t n;
        trine_dtype dtype;
        bool swapped, fortran;
    } good[] = {
        {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }  \n", 1, 3, TRINE_F64, 0, 0},
        {1, "{'descr': '>f8', 'fortran_order': True, 'shape': (2, 2), }\n", 2, 4, TRINE_F64, 1, 1},
        {2, "{'descr': '<i4', 'fortran_order': False, 'shape': (), }\n", 0, 1, TRINE_I32, 0, 0},
        {3, "{\"shape\":(1,2,3),\"descr\":\"|u1\",\"fortran_order\":False}", 3, 6, TRINE_U8, 0, 0},
        {1, "{'descr': '<u2', 'fortran_order': False, 'shape': (4L, 2L)}", 2, 8, TRINE_U16, 0, 0},
        {1, "{'descr': '=i8', 'fortran_order': False, 'shape': (0,)}", 1, 0, TRINE_I64, 0, 0},
        {1, "{'descr':'<f4','fortran_order':False,'shape':(0,9223372036854775807,5)}", 3, 0,
         TRINE_F32, 0, 0},
        {1, "{ 'descr' : '>i1' , 'fortran_order' : False , 'shape' : ( 5 , ) , } ", 1, 5, TRINE_I8,
         0, 0},
    };
    unsigned char bytes[4096];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        trine_npy_info info = {TRINE_INIT(trine_npy_info)};
        write_file(bytes, compose(bytes, good[i].major, good[i].dictionary, 64));
        CU_ASSERT_EQUAL(open_status(&info), TRINE_OK);
        CU_ASSERT_EQUAL(info.ndim, good[i].ndim);
        CU_ASSERT_EQUAL((uint64_t)info.n, good[i].n);
        CU_ASSERT_EQUAL(info.dtype, good[i].dtype);
        CU_ASSERT_EQUAL(info.swapped, good[i].swapped);
        CU_ASSERT_EQUAL(info.fortran_order, good[i].fortran);
    }
}

static void a_shape_with_a_zero_has_columns_that_can_be_counted(void)
{
    static const struct {
        const char *dictionary;
        int64_t columns;
    } files[] = {
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3, 4)}", 12},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4611686018427387904, 3)}", 0},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 8589934592, 8589934592)}", 0},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (5, 0, 4611686018427387904)}", 0},
    };
    unsigned char bytes[4096];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int64_t offset = -1, rows = -1, columns = -1;
        trine_npy *file = NULL;
        write_file(bytes, compose(bytes, 1, files[i].dictionary, 0));
        CU_ASSERT_EQUAL_FATAL(trine_npy_open(serial, path, &file), TRINE_OK);
        trine_npy_block(file, &offset, &rows, &columns);
        CU_ASSERT_EQUAL(columns, files[i].columns);
        trine_npy_close(file);
    }
}

static void bad_headers_are_refused_by_file_byte_and_reason(void)
{
    static const struct {
        const char *dictionary, *says;
    } bad[] = {
        {"{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }",
         "byte 20: elements of complex128"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "complex64"},
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (1,), }", "longdouble"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "Python objects"},
        {"{'descr': '|S3', 'fortran_order': False, 'shape': (1,), }", "byte strings"},
        {"{'descr': '<U7', 'fortran_order': False, 'shape': (1,), }", "strings"},
        {"{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,), }", "datetime64"},
        {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", "structured"},
        {"{'descr': '<f9', 'fortran_order': False, 'shape': (1,), }", "unknown type"},
        {"{'descr': '', 'fortran_order': False, 'shape': (1,), }", "unknown type"},
        {"{'descr': '<f8', 'fortran_order': 0, 'shape': (1,), }", "True or False"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", "not negative"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1), }", "expected a comma"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': 1, }", "expected a shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775808,)}", "2^63"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296,4294967296)}", "2^63"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904,)}", "more bytes"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (100,), }",
         "promises 100 elements of float64"},
        {"{'descr': '<f8', 'fortran_order': False}", "lacks shape"},
        {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "stands twice"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", "is unknown"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} junk", "behind the dictionary"},
        {"{'descr': '<f8, 'fortran_order': False, 'shape': (1,)}", "an unknown type ('<f8, ')"},
        {"{'descr': '<f8", "without an end"},
        {"['descr']", "expected a dictionary"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': ((((((((1,)}", "expected a dimension"},
        {"   ", "expected a dictionary"},
    };
    unsigned char bytes[4096];
    trine_npy_info info = {TRINE_INIT(trine_npy_info)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(bytes, compose(bytes, 1, bad[i].dictionary, 16));
        CU_ASSERT_EQUAL(open_status(&info), TRINE_E_FORMAT);
        const char *detail = trine_error_detail();
        if (strncmp(detail, path, strlen(path)) != 0 || !strstr(detail, bad[i].says)) {
            printf("\n  %s: %s\n", bad[i].dictionary, detail);
            CU_FAIL("another detail");
        }
    }
    char many[400] = "{'descr': '<f8', 'fortran_order': False, 'shape': (";
    for (int i = 0; i < 40; i++)
        strcat(many, "1, ");
    write_file(bytes, compose(bytes, 1, strcat(many, ")}"), 16));
    CU_ASSERT_EQUAL(open_status(&info), TRINE_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "more than 32 dimensions"));
}

static void other_files_are_refused(void)
{
    trine_npy *file = NULL;
    trine_npy_info info = {TRINE_INIT(trine_npy_info)};
    unsigned char bytes[64] = "\x93NUMPY\x04\x00\x10\x00{}";
    write_file(bytes, 64);
    CU_ASSERT_EQUAL(open_status(&info), TRINE_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "version 4.0"));
    write_file("\x93NUMPY\x02\x00\xff\xff\xff\xff{", 13);
    CU_ASSERT_EQUAL(open_status(&info), TRINE_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "4294967295 bytes"));
    write_file("PK\x03\x04 a zip file", 16);
    CU_ASSERT_EQUAL(open_status(&info), TRINE_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "numpy.savez"));
    write_file("", 0);
    CU_ASSERT_EQUAL(open_status(&info), TRINE_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "the file is empty"));
    write_file("1,2\n", 4);
    CU_ASSERT_EQUAL(open_status(&info), TRINE_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "no .npy file: text"));
    CU_ASSERT_EQUAL(trine_npy_open(serial, folder, &file), TRINE_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "is a directory"));
    CU_ASSERT_EQUAL(trine_npy_open(serial, "/nonexistent/x.npy", &file), TRINE_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "No such file"));
    CU_ASSERT_PTR_NULL(file);
}

static void every_truncation_is_an_error(void)
{
    unsigned char bytes[512];
    trine_npy_info info = {TRINE_INIT(trine_npy_info)};
    size_t n = compose(bytes, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (5,), }\n", 40);
    for (size_t cut = 0; cut < n; cut++) {
        write_file(bytes, cut);
        CU_ASSERT_EQUAL(open_status(&info), TRINE_E_FORMAT);
    }
    write_file(bytes, n);
    CU_ASSERT_EQUAL(open_status(&info), TRINE_OK);
    memset(bytes + n, 1, 9);
    write_file(bytes, n + 9);
    CU_ASSERT_EQUAL(open_status(&info), TRINE_OK);
}

/* Mutations of good headers: any status will do, as long as nothing else happens (the sanitizers
 * watch), and what is accepted fits the file. */
static void no_mutation_does_harm(void)
{
    static const char *const good[] = {
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }  \n",
        "{\"shape\":(1,2,3),\"descr\":\"|u1\",\"fortran_order\":True}",
    };
    static const char alphabet[] = "{}()[]'\",:<>|=f8i4u1TrueFalse 0123456789L\n\\\0\xff";
    unsigned char bytes[512];
    size_t accepted = 0;
    srand(5);
    for (int trial = 0; trial < 200000; trial++) {
        trine_npy_info info = {TRINE_INIT(trine_npy_info)};
        size_t n = compose(bytes, 1 + trial % 3, good[trial % 2], 0), whole;
        for (int edits = 1 + rand() % 4; edits > 0; edits--)
            bytes[(size_t)rand() % n] = (unsigned char)alphabet[(size_t)rand() % (sizeof alphabet)];
        if (trine_npy_prefix("m", bytes, n, &info, &whole) || whole > n)
            continue;
        if (trine_npy_parse("m", bytes, whole, &info) == TRINE_OK) {
            uint64_t size;
            CU_ASSERT_TRUE_FATAL(info.ndim <= TRINE_DIMS && trine_npy_data_size(&info, &size));
            accepted++;
        }
    }
    CU_ASSERT_TRUE(accepted > 0);
}

static trine_array *numbers(trine_team *team, uint64_t n)
{
    trine_array *x;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_U64, n, TRINE_DISTRIBUTED, &x), TRINE_OK);
    for (uint64_t i = 0; i < n; i++)
        ((uint64_t *)trine_array_data(x))[i] = i * 977;
    return x;
}

static hash_state hash_of_array(const trine_array *x)
{
    hash_state result = {0, 0};
    CU_ASSERT_EQUAL(trine_reduce(&hash_reducer, &x, NULL, &result), TRINE_OK);
    return result;
}

static void load_chunks_and_memory_give_the_same_bits(void)
{
    static const uint64_t lengths[] = {0, 1, 8192, 8193, 70000, 1000003};
    trine_team *teams[] = {serial, threads, pool};
    for (size_t k = 0; k < 6; k++) {
        trine_array *x = numbers(serial, lengths[k]);
        hash_state expected = hash_of_array(x), got;
        CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
        trine_array_free(x);
        for (int t = 0; t < 3; t++) {
            trine_npy *file;
            CU_ASSERT_EQUAL_FATAL(trine_npy_open(teams[t], path, &file), TRINE_OK);
            CU_ASSERT_EQUAL(trine_npy_load(file, &x), TRINE_OK);
            got = hash_of_array(x);
            CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
            trine_array_free(x);
            CU_ASSERT_EQUAL(trine_npy_reduce(file, &hash_reducer, NULL, &got), TRINE_OK);
            CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
            trine_npy_close(file);
        }
    }
}

static void a_pipe_gives_the_bits_of_the_file(void)
{
    char fifo[160], shell[400];
    trine_team *teams[] = {serial, threads, pool};
    trine_array *x = numbers(serial, 1234567);
    hash_state expected = hash_of_array(x), got;
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    trine_array_free(x);
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
    snprintf(shell, sizeof shell, "cat %s > %s &", path, fifo);
    for (int t = 0; t < 3; t++)
        for (int load = 0; load < 2; load++) {
            trine_npy *file;
            CU_ASSERT_EQUAL(system(shell), 0);
            CU_ASSERT_EQUAL_FATAL(trine_npy_open(teams[t], fifo, &file), TRINE_OK);
            if (load) {
                CU_ASSERT_EQUAL(trine_npy_load(file, &x), TRINE_OK);
                got = hash_of_array(x);
                trine_array_free(x);
            } else {
                CU_ASSERT_EQUAL(trine_npy_reduce(file, &hash_reducer, NULL, &got), TRINE_OK);
            }
            CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
            trine_npy_close(file);
        }
    /* A writer that stops early. */
    snprintf(shell, sizeof shell, "head -c 5000000 %s > %s &", path, fifo);
    for (int t = 0; t < 3; t++) {
        trine_npy *file;
        CU_ASSERT_EQUAL(system(shell), 0);
        CU_ASSERT_EQUAL_FATAL(trine_npy_open(teams[t], fifo, &file), TRINE_OK);
        CU_ASSERT_EQUAL(trine_npy_reduce(file, &hash_reducer, NULL, &got), TRINE_E_FORMAT);
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "ends at byte 5000000"));
        trine_npy_close(file);
    }
    unlink(fifo);
}

static void a_file_that_shrinks_is_an_error(void)
{
    trine_team *teams[] = {serial, threads, pool};
    for (int t = 0; t < 3; t++) {
        trine_array *x = numbers(serial, 500000), *loaded = NULL;
        trine_npy *file;
        hash_state got;
        CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
        trine_array_free(x);
        CU_ASSERT_EQUAL_FATAL(trine_npy_open(teams[t], path, &file), TRINE_OK);
        CU_ASSERT_EQUAL(truncate(path, 3000000), 0);
        CU_ASSERT_EQUAL(trine_npy_load(file, &loaded), TRINE_E_FORMAT);
        CU_ASSERT_PTR_NULL(loaded);
        CU_ASSERT_EQUAL(trine_npy_reduce(file, &hash_reducer, NULL, &got), TRINE_E_FORMAT);
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "ends at byte 3000000"));
        trine_npy_close(file);
    }
}

static void a_file_that_is_replaced_is_noticed_by_workers(void)
{
    trine_array *x = numbers(serial, 500000);
    trine_npy *file;
    hash_state got;
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_npy_open(pool, path, &file), TRINE_OK);
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    CU_ASSERT_EQUAL(trine_npy_reduce(file, &hash_reducer, NULL, &got), TRINE_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "taken its place"));
    trine_npy_close(file);
    trine_array_free(x);
}

static long peak_kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void a_long_file_is_read_in_chunks_in_bounded_memory(void)
{
    unsigned char header[TRINE_NPY_HEADER_WRITTEN];
    int64_t n = (int64_t)3 << 27;
    size_t length = trine_npy_format(TRINE_F64, 1, &n, header);
    double sum = 1;
    trine_npy *file;
    write_file(header, length);
    CU_ASSERT_EQUAL_FATAL(truncate(path, (off_t)(length + 8 * n)), 0);
    long before = peak_kilobytes();
    CU_ASSERT_EQUAL_FATAL(trine_npy_open(threads, path, &file), TRINE_OK);
    const trine_reducer *reducer = trine_reducer_find("sum", TRINE_F64);
    CU_ASSERT_EQUAL(trine_npy_reduce(file, reducer, NULL, &sum), TRINE_OK);
    CU_ASSERT_TRUE(sum == 0 && !signbit(sum));
    CU_ASSERT_TRUE(peak_kilobytes() - before < 64 << 10);
    trine_npy_close(file);
    unlink(path);
}

static void put_byte(uint64_t offset, unsigned char value)
{
    int fd = open(path, O_WRONLY);
    CU_ASSERT_EQUAL(pwrite(fd, &value, 1, (off_t)offset), 1);
    close(fd);
}

static void more_than_2_to_the_32_elements_are_counted(void)
{
    unsigned char header[TRINE_NPY_HEADER_WRITTEN];
    int64_t n = ((int64_t)1 << 32) + 12345;
    uint64_t sum = 0;
    size_t length = trine_npy_format(TRINE_U8, 1, &n, header);
    trine_team *teams[] = {threads, pool};
    write_file(header, length);
    CU_ASSERT_EQUAL_FATAL(truncate(path, (off_t)(length + n)), 0);
    put_byte(length, 1);
    put_byte(length + INT32_MAX, 2);
    put_byte(length + ((uint64_t)1 << 32), 4);
    put_byte(length + n - 1, 8);
    for (int t = 0; t < 2; t++) {
        trine_npy *file;
        CU_ASSERT_EQUAL_FATAL(trine_npy_open(teams[t], path, &file), TRINE_OK);
        CU_ASSERT_EQUAL(trine_npy_header(file)->n, n);
        CU_ASSERT_EQUAL(trine_npy_reduce(file, trine_reducer_find("sum", TRINE_U8), NULL, &sum),
                        TRINE_OK);
        CU_ASSERT_EQUAL(sum, 15);
        trine_npy_close(file);
    }
    unlink(path);
}

static void saving_replaces_whole_files_only(void)
{
    trine_array *x = numbers(serial, 1000);
    trine_npy_info info = {TRINE_INIT(trine_npy_info)};
    struct stat found;
    mode_t mask = umask(022);
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    CU_ASSERT_EQUAL(open_status(&info), TRINE_OK);
    CU_ASSERT_EQUAL(info.n, 1000);
    CU_ASSERT_EQUAL(info.data_offset % 64, 0);
    CU_ASSERT_EQUAL(stat(path, &found), 0);
    CU_ASSERT_EQUAL(found.st_mode & 0777, 0644);
    umask(mask);
    CU_ASSERT_EQUAL(trine_npy_save(x, "/nonexistent/folder/x.npy"), TRINE_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "No such file"));
    CU_ASSERT_EQUAL(trine_npy_save(x, folder), TRINE_E_IO);
    /* A disk that is full: nothing is left of the attempt. */
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {4096, 4096};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(trine_npy_save(x, path) == TRINE_E_IO ? 0 : 1);
    }
    int status;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(open_status(&info), TRINE_OK);
    char shell[200];
    snprintf(shell, sizeof shell, "test -z \"$(ls %s | grep part)\"", folder);
    CU_ASSERT_EQUAL(system(shell), 0);
    trine_array_free(x);
}

static void a_wrong_reducer_is_refused(void)
{
    trine_array *x = numbers(serial, 10);
    trine_npy *file;
    double sum;
    CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_npy_open(serial, path, &file), TRINE_OK);
    CU_ASSERT_EQUAL(trine_npy_reduce(file, trine_reducer_find("sum", TRINE_F64), NULL, &sum),
                    TRINE_E_DTYPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "elements of u64; 'sum' takes f64"));
    CU_ASSERT_EQUAL(trine_team_close(serial), TRINE_E_BUSY);
    trine_npy_close(file);
    trine_array_free(x);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"headers of every form are read", headers_of_every_form_are_read},
        {"a shape with a zero has columns that can be counted",
         a_shape_with_a_zero_has_columns_that_can_be_counted},
        {"bad headers are refused by file, byte and reason",
         bad_headers_are_refused_by_file_byte_and_reason},
        {"other files are refused", other_files_are_refused},
        {"every truncation is an error", every_truncation_is_an_error},
        {"no mutation does harm", no_mutation_does_harm},
        {"load, chunks and memory give the same bits", load_chunks_and_memory_give_the_same_bits},
        {"a pipe gives the bits of the file", a_pipe_gives_the_bits_of_the_file},
        {"a file that shrinks is an error", a_file_that_shrinks_is_an_error},
        {"a file that is replaced is noticed by workers",
         a_file_that_is_replaced_is_noticed_by_workers},
        {"a long file is read in chunks in bounded memory",
         a_long_file_is_read_in_chunks_in_bounded_memory},
        {"more than 2^32 elements are counted", more_than_2_to_the_32_elements_are_counted},
        {"saving replaces whole files only", saving_replaces_whole_files_only},
        {"a wrong reducer is refused", a_wrong_reducer_is_refused},
        CU_TEST_INFO_NULL,
    };
    if (!mkdtemp(folder) || trine_init() || trine_team_open("serial", &serial) ||
        trine_team_open("pool:3", &pool))
        return 1;
    if (trine_team_open("omp:3", &threads))
        threads = serial;
    snprintf(path, sizeof path, "%s/x.npy", folder);
    int status = trine_check_main("npy files", tests);
    if (threads != serial)
        trine_team_close(threads);
    trine_team_close(pool);
    trine_team_close(serial);
    unlink(path);
    rmdir(folder);
    return status;
}
