/* ranks.c - .npy files over the ranks of a launch: each reads and writes its part, and no rank is
 * left behind when another cannot. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"
#include "hash_reducer.h"

enum { N = 8192 * 5 + 77 };

static int rank, size;
static char folder[64];
static char path[96], own_path[128];
static trine_team *team, *serial;

/* What rank 0 gives, to all; nobody leaves before all have come. */
static uint64_t from_rank_0(uint64_t number)
{
    trine_array *x = NULL;
    uint64_t own = rank == 0 ? number : 0, sum = 0;
    if (trine_array_wrap(team, TRINE_U64, &own, 1, &x) || trine_sum_u64(x, TRINE_EXACT, &sum))
        printf("rank %d: %s\n", rank, trine_error_detail());
    trine_array_free(x);
    return sum;
}

static void barrier(void)
{
    from_rank_0(0);
}

static uint64_t element(uint64_t i)
{
    return i * 0x9e3779b97f4a7c15u;
}

/* N elements in all, as whole chunks or as blocks of the caller's own. */
static trine_array *numbers(trine_team *on, trine_place place)
{
    trine_array *x;
    bool alone = on == serial, whole = place == TRINE_DISTRIBUTED;
    uint64_t offset = alone ? 0 : (uint64_t)N * (uint64_t)(rank * rank) / (uint64_t)(size * size);
    uint64_t end = (uint64_t)N * (uint64_t)((rank + 1) * (rank + 1)) / (uint64_t)(size * size);
    uint64_t n = whole || alone ? N : end - offset;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(on, TRINE_U64, n, place, &x), TRINE_OK);
    if (whole)
        offset = trine_array_offset(x);
    uint64_t *data = trine_array_data(x);
    for (int64_t i = 0; i < trine_array_local_n(x); i++)
        data[i] = element(offset + i);
    return x;
}

static void all_ranks_write_one_file(void)
{
    static const trine_place places[] = {TRINE_DISTRIBUTED, TRINE_PRIVATE, TRINE_SHARED};
    for (int p = 0; p < 3; p++) {
        trine_array *x = numbers(team, places[p]), *loaded;
        CU_ASSERT_EQUAL(trine_npy_save(x, path), TRINE_OK);
        trine_array_free(x);
        trine_npy *file;
        CU_ASSERT_EQUAL_FATAL(trine_npy_open(serial, path, &file), TRINE_OK);
        CU_ASSERT_EQUAL(trine_npy_header(file)->n, N);
        CU_ASSERT_EQUAL_FATAL(trine_npy_load(file, &loaded), TRINE_OK);
        const uint64_t *data = trine_array_data(loaded);
        uint64_t wrong = 0;
        for (uint64_t i = 0; i < N; i++)
            wrong += data[i] != element(i);
        CU_ASSERT_EQUAL(wrong, 0);
        trine_array_free(loaded);
        trine_npy_close(file);
        barrier();
    }
}

static void load_and_chunks_give_the_bits_of_one_rank(void)
{
    hash_state expected, got;
    trine_array *x = numbers(serial, TRINE_PRIVATE);
    CU_ASSERT_EQUAL(trine_reduce(&hash_reducer, (const trine_array *[]){x}, NULL, &expected),
                    TRINE_OK);
    trine_array_free(x);
    trine_npy *file;
    CU_ASSERT_EQUAL_FATAL(trine_npy_open(team, path, &file), TRINE_OK);
    CU_ASSERT_EQUAL(trine_npy_reduce(file, &hash_reducer, NULL, &got), TRINE_OK);
    CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
    CU_ASSERT_EQUAL_FATAL(trine_npy_load(file, &x), TRINE_OK);
    CU_ASSERT_EQUAL(trine_reduce(&hash_reducer, (const trine_array *[]){x}, NULL, &got), TRINE_OK);
    CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
    trine_array_free(x);
    trine_npy_close(file);
}

static void ranks_that_see_other_files_are_told(void)
{
    trine_npy *file = NULL;
    trine_array *x;
    uint64_t n = rank == size - 1 ? 10 : 11;
    CU_ASSERT_EQUAL(trine_array_create(serial, TRINE_U64, n, TRINE_PRIVATE, &x), TRINE_OK);
    CU_ASSERT_EQUAL(trine_npy_save(x, own_path), TRINE_OK);
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_npy_open(team, own_path, &file),
                    size > 1 ? TRINE_E_COLLECTIVE : TRINE_OK);
    trine_npy_close(file);
}

static void a_file_that_one_rank_lacks_is_an_error_on_all(void)
{
    trine_npy *file = NULL;
    CU_ASSERT_EQUAL(trine_npy_open(team, rank == size - 1 ? "/nowhere/x.npy" : path, &file),
                    TRINE_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "/nowhere/x.npy: No such file"));
    CU_ASSERT_PTR_NULL(file);
}

/* Without waiting for somebody to write to it. */
static void a_pipe_is_refused_on_several_ranks(void)
{
    char fifo[96];
    trine_npy *file = NULL;
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    if (size == 1)
        return;
    if (rank == 0)
        CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
    barrier();
    CU_ASSERT_EQUAL(trine_npy_open(team, fifo, &file), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "a pipe is read once, by one rank"));
    CU_ASSERT_EQUAL(trine_npy_open(team, "-", &file), TRINE_E_ARGUMENT);
    barrier();
    if (rank == 0)
        unlink(fifo);
}

/* The file ends within the last rank's part only. */
static void a_file_that_shrinks_is_an_error_on_all(void)
{
    trine_npy *file;
    trine_array *x = NULL;
    hash_state got;
    CU_ASSERT_EQUAL_FATAL(trine_npy_open(team, path, &file), TRINE_OK);
    barrier();
    if (rank == 0)
        CU_ASSERT_EQUAL(truncate(path, 128 + 8 * (N - 1) + 3), 0);
    barrier();
    CU_ASSERT_EQUAL(trine_npy_reduce(file, &hash_reducer, NULL, &got), TRINE_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "ends at byte"));
    CU_ASSERT_EQUAL(trine_npy_load(file, &x), TRINE_E_FORMAT);
    CU_ASSERT_PTR_NULL(x);
    trine_npy_close(file);
}

/* What a killed run left under the temporary's name is not what the ranks write to. */
static void a_link_is_followed_and_leftovers_go(void)
{
    char link[sizeof path + 8], part[sizeof path + 32], *slash;
    struct stat found;
    snprintf(link, sizeof link, "%s.link", path);
    slash = strrchr(path, '/');
    snprintf(part, sizeof part, "%.*s/.%s.trine-part", (int)(slash - path), path, slash + 1);
    if (rank == 0) {
        CU_ASSERT_EQUAL(symlink(slash + 1, link), 0);
        int fd = open(part, O_WRONLY | O_CREAT, 0600);
        CU_ASSERT_EQUAL(write(fd, "left", 4), 4);
        close(fd);
    }
    barrier();
    trine_array *x = numbers(team, TRINE_DISTRIBUTED);
    CU_ASSERT_EQUAL(trine_npy_save(x, link), TRINE_OK);
    trine_array_free(x);
    CU_ASSERT(lstat(link, &found) == 0 && S_ISLNK(found.st_mode));
    CU_ASSERT(stat(path, &found) == 0 && found.st_size == 128 + 8 * N);
    CU_ASSERT_NOT_EQUAL(access(part, F_OK), 0);
    barrier();
    if (rank == 0)
        unlink(link);
}

static void a_save_that_fails_fails_on_all(void)
{
    trine_array *x = numbers(team, TRINE_DISTRIBUTED);
    CU_ASSERT_EQUAL(trine_npy_save(x, "/nowhere/x.npy"), TRINE_E_IO);
    CU_ASSERT_EQUAL(trine_npy_save(x, folder), TRINE_E_IO);
    if (size > 1) {
        CU_ASSERT_EQUAL(trine_npy_save(x, "-"), TRINE_E_ARGUMENT);
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "written by one rank"));
        CU_ASSERT_NOT_EQUAL(trine_npy_save(x, rank == 0 ? "-" : path), TRINE_OK);
        CU_ASSERT_EQUAL(trine_npy_save(x, "/dev/null"), TRINE_E_ARGUMENT);
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "is no regular file, which one rank"));
    }
    CU_ASSERT_EQUAL(trine_npy_save(x, rank == size - 1 ? own_path : path),
                    size > 1 ? TRINE_E_COLLECTIVE : TRINE_OK);
    trine_array_free(x);
}

enum { PLANES = 301, ROWS = 40, COLUMNS = 3, ELEMENTS = PLANES * ROWS * COLUMNS };

/* A file in Fortran order, whose elements are their numbers in C order. */
static void write_turned(const char *turned)
{
    static const char header[] = "\x93NUMPY\1\0\x46\0{'descr': '<f4', 'fortran_order': True, "
                                 "'shape': (301, 40, 3), }     \n";
    static float data[ELEMENTS];
    for (int i = 0; i < ELEMENTS; i++)
        data[i % COLUMNS * ROWS * PLANES + i / COLUMNS % ROWS * PLANES + i / COLUMNS / ROWS] =
            (float)i;
    int fd = open(turned, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_EQUAL(write(fd, header, sizeof header - 1), (ssize_t)sizeof header - 1);
    CU_ASSERT_EQUAL(write(fd, data, sizeof data), (ssize_t)sizeof data);
    close(fd);
}

static void a_file_in_fortran_order_is_in_c_order_on_every_rank(void)
{
    static float of_file[ELEMENTS], of_array[ELEMENTS];
    char turned[sizeof path + 8];
    trine_npy *file;
    trine_array *x;
    int64_t first, rows, columns, index = 0;
    snprintf(turned, sizeof turned, "%s.turned", path);
    if (rank == 0)
        write_turned(turned);
    barrier();
    CU_ASSERT_EQUAL_FATAL(trine_npy_open(team, turned, &file), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_npy_load(file, &x), TRINE_OK);
    trine_npy_block(file, &first, &rows, &columns);
    CU_ASSERT_EQUAL(trine_array_ndim(x), 3);
    CU_ASSERT_TRUE(columns == ROWS * COLUMNS && rows == trine_array_local_rows(x) &&
                   first == trine_array_row_offset(x));
    const float *data = trine_array_data(x);
    for (int64_t i = 0, wrong = 0; i < trine_array_local_n(x); i++) {
        wrong += data[i] != (float)(trine_array_offset(x) + i);
        CU_ASSERT_TRUE_FATAL(wrong == 0);
    }
    CU_ASSERT_EQUAL(trine_npy_reduce(file, trine_reducer_find("argmax", TRINE_F32), NULL, &index),
                    TRINE_OK);
    CU_ASSERT_EQUAL(index, ELEMENTS - 1);
    for (int axis = 0; axis < 3; axis++) {
        const trine_reducer *m = trine_reducer_find("mean_fast", TRINE_F32);
        uint64_t lines = axis == 0 ? ROWS * COLUMNS : axis == 1 ? rows * COLUMNS : rows * ROWS;
        const trine_array *in = x;
        CU_ASSERT_EQUAL(trine_npy_reduce_axis(file, m, NULL, axis, of_file), TRINE_OK);
        CU_ASSERT_EQUAL(trine_reduce_axis(m, &in, NULL, axis, of_array), TRINE_OK);
        CU_ASSERT_EQUAL(memcmp(of_file, of_array, (size_t)lines * sizeof *of_file), 0);
        /* The mean of an axis is its middle. */
        double middle = axis == 0   ? (PLANES - 1) / 2.0 * ROWS * COLUMNS
                        : axis == 1 ? (double)(first * ROWS * COLUMNS) + (ROWS - 1) / 2.0 * COLUMNS
                                    : (double)(first * ROWS * COLUMNS) + 1;
        CU_ASSERT_TRUE(lines == 0 || (double)of_file[0] == middle);
    }
    trine_array_free(x);
    trine_npy_close(file);
    barrier();
    if (rank == 0)
        unlink(turned);
}

static int run(void)
{
    CU_TestInfo tests[] = {
        {"all ranks write one file", all_ranks_write_one_file},
        {"a link is followed and leftovers go", a_link_is_followed_and_leftovers_go},
        {"load and chunks give the bits of one rank", load_and_chunks_give_the_bits_of_one_rank},
        {"a file in Fortran order is in C order on every rank",
         a_file_in_fortran_order_is_in_c_order_on_every_rank},
        {"ranks that see other files are told", ranks_that_see_other_files_are_told},
        {"a file that one rank lacks is an error on all",
         a_file_that_one_rank_lacks_is_an_error_on_all},
        {"a pipe is refused on several ranks", a_pipe_is_refused_on_several_ranks},
        {"a file that shrinks is an error on all", a_file_that_shrinks_is_an_error_on_all},
        {"a save that fails fails on all", a_save_that_fails_fails_on_all},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main(".npy files over ranks", tests);
}

int main(void)
{
    if (trine_team_open("mpi", &team) || trine_team_open("serial", &serial))
        return 1;
    rank = trine_team_rank(team);
    size = trine_team_ranks(team);
    snprintf(folder, sizeof folder, "/tmp/trine-ranks-%d", (int)from_rank_0((uint64_t)getpid()));
    snprintf(path, sizeof path, "%s/x.npy", folder);
    snprintf(own_path, sizeof own_path, "%s/of-rank-%d.npy", folder, rank);
    int status = rank == 0 && mkdir(folder, 0700);
    barrier();
    status |= run();
    unlink(own_path);
    barrier();
    if (rank == 0) {
        unlink(path);
        status |= rmdir(folder) != 0;
    }
    trine_team_close(serial);
    trine_team_close(team);
    trine_finalize();
    return status;
}
