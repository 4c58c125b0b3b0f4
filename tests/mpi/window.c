/* window.c [SPEC [MACHINES]] - arrays scattered by window: the same elements and bits as
 * elsewhere, in memory that is given back, whoever frees it when; what ranks do not agree on is
 * refused. MACHINES: as if the ranks were, in turn, on so many machines. */
#include <mpi.h>

#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "backends/mpi/mpi_data.h"
#include "check.h"
#include "expect.h"
#include "core/team/team.h"
#include "hash_reducer.h"

enum { MANY = 70, ROUNDS = 12, LARGE = 1 << 20 };

static int rank, size;
static trine_team *team;

static const trine_transport window = TRINE_TRANSPORT_WINDOW, message = TRINE_TRANSPORT_MESSAGE;

/* Any bits for integers, moderate numbers for real types. */
static void *make_elements(trine_dtype dtype, uint64_t n, uint64_t seed)
{
    size_t item = trine_dtype_size(dtype);
    unsigned char *data = malloc((size_t)n * item + 1);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t bits = hash_mix(i + 1, seed);
        double real = (double)(int64_t)bits * 0x1p-40;
        float single = (float)real;
        const void *from = dtype == TRINE_F64   ? (const void *)&real
                           : dtype == TRINE_F32 ? (const void *)&single
                                                : (const void *)&bits;
        memcpy(data + i * item, from, item);
    }
    return data;
}

static trine_array *scattered(trine_dtype dtype, uint64_t n, const void *data, int root)
{
    trine_array *x = NULL;
    expect(trine_array_scatter(team, dtype, rank == root ? data : NULL, n, root, window, &x),
           TRINE_OK, "");
    return x;
}

/* Whether this rank's elements are those of data. */
static bool is_block_of(const trine_array *x, const void *data)
{
    size_t item = trine_dtype_size(trine_array_dtype(x));
    uint64_t local_n = trine_array_local_n(x);
    return local_n == 0 ||
           memcmp(trine_array_data(x), (const char *)data + trine_array_offset(x) * item,
                  (size_t)local_n * item) == 0;
}

static uint64_t sum_of_ranks(uint64_t number)
{
    uint64_t sum = 0;
    MPI_Allreduce(&number, &sum, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    return sum;
}

static const uint64_t lengths[] = {0, 1, TRINE_CHUNK, 3 * TRINE_CHUNK + 5, 1000003};
static const trine_dtype dtypes[] = {TRINE_F64, TRINE_F32, TRINE_I64, TRINE_U16, TRINE_I8};
#define COUNT(of) (sizeof(of) / sizeof *(of))

static void each_rank_gets_its_block(void)
{
    for (size_t l = 0; l < COUNT(lengths); l++)
        for (size_t d = 0; d < COUNT(dtypes); d++) {
            int root = (int)(l + d) % size;
            uint64_t n = lengths[l], bytes = n * trine_dtype_size(dtypes[d]);
            void *data = make_elements(dtypes[d], n, l);
            trine_ledger ledger = {TRINE_INIT(trine_ledger)};
            trine_array *x = scattered(dtypes[d], n, data, root);
            CU_ASSERT_EQUAL(trine_team_ledger(team, &ledger), TRINE_OK);
            CU_ASSERT_TRUE(is_block_of(x, data));
            CU_ASSERT_EQUAL(trine_array_place(x), TRINE_DISTRIBUTED);
            CU_ASSERT_EQUAL((uintptr_t)trine_array_data(x) % 64, 0);
            CU_ASSERT_EQUAL(sum_of_ranks(ledger.moved), bytes);
            CU_ASSERT_EQUAL(sum_of_ranks(ledger.bytes), bytes);
            if (!trine_mpi_machines && team->communicator.neighbours == size)
                CU_ASSERT_EQUAL((uint64_t)ledger.moved, rank == root ? bytes : 0);
            char *back = malloc(bytes + 1);
            expect(trine_array_gather(x, size - 1, back), TRINE_OK, "");
            CU_ASSERT_TRUE(rank != size - 1 || memcmp(back, data, bytes) == 0);
            free(back);
            free(data);
            trine_array_free(x);
        }
}

/* One reduction of an array of one rank and of a scattered one. */
static void compare(trine_team *alone, const trine_reducer *reducer, const void *data, uint64_t n,
                    const trine_array *x)
{
    trine_array *whole = NULL;
    unsigned char here[64] = {0}, there[64] = {0};
    CU_ASSERT_EQUAL(trine_array_wrap_const(alone, reducer->in[0], data, n, &whole), TRINE_OK);
    const trine_array *in_whole[] = {whole}, *in_blocks[] = {x};
    trine_status status = trine_reduce(reducer, in_whole, NULL, here);
    CU_ASSERT_EQUAL(trine_reduce(reducer, in_blocks, NULL, there), status);
    CU_ASSERT_EQUAL(memcmp(here, there, sizeof here), 0);
    trine_array_free(whole);
}

static void reductions_have_the_bits_of_one_rank(void)
{
    static const char *const names[] = {"sum", "sum_fast", "sum_compensated", "max", "argmin"};
    trine_team *alone = NULL;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &alone), TRINE_OK);
    for (size_t l = 0; l < COUNT(lengths); l++)
        for (size_t d = 0; d < COUNT(dtypes); d++) {
            void *data = make_elements(dtypes[d], lengths[l], l + 7);
            trine_array *x = scattered(dtypes[d], lengths[l], data, 0);
            for (size_t m = 0; m < COUNT(names); m++) {
                const trine_reducer *reducer = trine_reducer_find(names[m], dtypes[d]);
                if (reducer)
                    compare(alone, reducer, data, lengths[l], x);
            }
            trine_array_free(x);
            free(data);
        }
    CU_ASSERT_EQUAL(trine_team_close(alone), TRINE_OK);
}

static void whole_rows_go_to_each_rank(void)
{
    enum { ROWS = 5000, COLUMNS = 37 };
    int root = size - 1;
    float *data = make_elements(TRINE_F32, (uint64_t)ROWS * COLUMNS, 3);
    for (int t = 0; t < 2; t++) {
        trine_array *x = NULL;
        expect(trine_array_scatter_2d(team, TRINE_F32, data, ROWS, COLUMNS, root,
                                      t ? window : message, &x),
               TRINE_OK, "");
        CU_ASSERT_EQUAL(trine_array_rows(x), ROWS);
        CU_ASSERT_EQUAL(trine_array_columns(x), COLUMNS);
        CU_ASSERT_EQUAL(trine_array_local_n(x) % COLUMNS, 0);
        CU_ASSERT_TRUE(is_block_of(x, data));
        trine_array_free(x);
    }
    free(data);
}

static void a_block_is_the_ranks_own_to_write(void)
{
    enum { N = 20 * TRINE_CHUNK + 3 };
    double *data = make_elements(TRINE_F64, N, 4), *back = malloc(N * sizeof *back);
    trine_array *x = scattered(TRINE_F64, N, data, 0);
    expect(trine_scale_f64(x, -2, x), TRINE_OK, "");
    expect(trine_array_gather(x, 0, back), TRINE_OK, "");
    uint64_t wrong = 0;
    for (int i = 0; i < N && rank == 0; i++)
        wrong += back[i] != -2 * data[i];
    CU_ASSERT_EQUAL(wrong, 0);
    trine_array_free(x);
    free(back);
    free(data);
}

/* Mappings of this process that others may have, too; named: those of files in /dev/shm that are
 * still there, which a killed process would leave behind. */
static int shared_mappings(int *named)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512], rights[8];
    int count = 0;
    *named = 0;
    while (maps && fgets(line, sizeof line, maps)) {
        bool shared = sscanf(line, "%*s %7s", rights) == 1 && strchr(rights, 's');
        count += shared;
        *named += shared && strstr(line, "/dev/shm/") && !strstr(line, "(deleted)");
    }
    if (maps)
        fclose(maps);
    return count;
}

static void memory_is_given_back(void)
{
    int named_before, named;
    void *data = make_elements(TRINE_U16, LARGE, 5);
    (void)shared_mappings(&named_before);
    trine_array *x = scattered(TRINE_U16, LARGE, data, 0);
    int before = shared_mappings(&named);
    CU_ASSERT_EQUAL(named, named_before);
    trine_array_free(x);
    /* Of one size, then of another, always of other elements. */
    for (int i = 0; i < ROUNDS; i++) {
        const uint16_t *from = (const uint16_t *)data + i;
        uint64_t n = (i / 3 % 2 ? LARGE / 2 : LARGE) - ROUNDS;
        x = scattered(TRINE_U16, n, from, i % size);
        CU_ASSERT_TRUE(is_block_of(x, from));
        trine_array_free(x);
    }
    CU_ASSERT_TRUE(shared_mappings(&named) <= before);
    free(data);
}

/* Each rank frees some of many arrays before the rest are made, and in an order of its own; the
 * others' elements stay. */
static void ranks_free_at_other_times(void)
{
    trine_array *x[MANY];
    void *data = make_elements(TRINE_I64, 5 * TRINE_CHUNK, 6);
    for (int i = 0; i < MANY; i++) {
        x[i] = scattered(TRINE_I64, 5 * TRINE_CHUNK, data, i % size);
        if (i % 3 == rank % 3) {
            trine_array_free(x[i]);
            x[i] = NULL;
        }
    }
    for (int i = 0; i < MANY; i++)
        if (x[i])
            CU_ASSERT_TRUE(is_block_of(x[i], data));
    for (int k = 0; k < MANY; k++)
        trine_array_free(x[rank % 2 ? MANY - 1 - k : k]);
    x[0] = scattered(TRINE_I64, 5 * TRINE_CHUNK, data, 0);
    CU_ASSERT_TRUE(is_block_of(x[0], data));
    trine_array_free(x[0]);
    free(data);
}

/* The same call with something else on the last rank; then a good one. */
static void ranks_that_differ_are_told(void)
{
    bool last = rank == size - 1;
    const double data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const struct {
        trine_dtype dtype;
        uint64_t n;
        int root;
        trine_transport transport;
    } other[] = {{TRINE_I64, 8, 0, window},
                 {TRINE_F64, 7, 0, window},
                 {TRINE_F64, 0, 0, window},
                 {TRINE_F64, 8, size - 1, window},
                 {TRINE_F64, 8, 0, message}};
    trine_array *x = NULL;
    for (size_t i = 0; i < COUNT(other) && size > 1; i++) {
        trine_status status = last ? trine_array_scatter(team, other[i].dtype, data, other[i].n,
                                                         other[i].root, other[i].transport, &x)
                                   : trine_array_scatter(team, TRINE_F64, data, 8, 0, window, &x);
        expect(status, TRINE_E_COLLECTIVE, "");
        CU_ASSERT_PTR_NULL(x);
        trine_array_free(scattered(TRINE_F64, 8, data, 0));
    }
    if (size > 1) {
        uint64_t sum = 0;
        trine_array *own = NULL;
        CU_ASSERT_EQUAL(trine_array_wrap(team, TRINE_U64, &sum, 1, &own), TRINE_OK);
        expect(last ? trine_sum_u64(own, TRINE_EXACT, &sum)
                    : trine_array_scatter(team, TRINE_F64, data, 8, 0, window, &x),
               TRINE_E_COLLECTIVE, "");
        trine_array_free(own);
    }
}

static void bad_calls_are_refused_on_all_ranks(void)
{
    const double data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    bool last = rank == size - 1;
    trine_array *x = NULL;
    expect(trine_array_scatter(team, TRINE_F64, data, 8, size, window, &x), TRINE_E_ARGUMENT,
           "root");
    expect(trine_array_scatter(team, TRINE_F64, data, 8, -1, window, &x), TRINE_E_ARGUMENT, "root");
    expect(trine_array_scatter(team, TRINE_F64, NULL, 8, 0, window, &x), TRINE_E_ARGUMENT, "data");
    expect(trine_array_scatter(team, (trine_dtype)99, data, 8, 0, window, &x), TRINE_E_DTYPE, "99");
    const int64_t far[] = {8, INT64_MAX};
    expect(trine_array_scatter_nd(team, TRINE_F64, data, 2, far, 0, window, &x), TRINE_E_ARGUMENT,
           "larger than any address space");
    expect(trine_array_scatter_nd(team, TRINE_F64, data, TRINE_DIMS + 1, far, 0, window, &x),
           TRINE_E_ARGUMENT, "axes");
    expect(trine_array_scatter(team, TRINE_F64, data, 8, 0, TRINE_TRANSPORT_PIPE, &x),
           TRINE_E_ABSENT, "message or window");
    expect(trine_array_scatter(team, TRINE_F64, data, 8, 0, window, last ? NULL : &x),
           TRINE_E_ARGUMENT, "NULL");
    expect(
        trine_array_scatter(team, TRINE_F64, data, 8, 0, last ? (trine_transport)77 : window, &x),
        TRINE_E_ARGUMENT, "77");
    /* More than there is: found out before anything is looked at. */
    expect(trine_array_scatter(team, TRINE_U8, data, (uint64_t)1 << 50, 0, window, &x),
           TRINE_E_MEMORY, "GiB");
    CU_ASSERT_PTR_NULL(x);
    trine_array_free(scattered(TRINE_F64, 8, data, 0));
}

static void the_communicator_compares_sizes(void)
{
    trine_communicator *c = &team->communicator;
    trine_part parts[64] = {{NULL, 0}};
    char bytes[64] = "parts";
    trine_common_memory *common = NULL;
    if (size > 64)
        return;
    for (int r = 0; r < size; r++)
        parts[r] = (trine_part){bytes, 3};
    expect(c->ops->scatter(c, parts, rank == size - 1 ? 4 : 3, 0, &common, 1, TRINE_OK),
           TRINE_E_COLLECTIVE, "another number of bytes");
    trine_status failed =
        rank == size - 1 ? trine_fail(TRINE_E_IO, "the last rank's reason") : TRINE_OK;
    expect(c->ops->scatter(c, parts, 3, 0, &common, 2, failed), TRINE_E_IO, "the last rank's");
    CU_ASSERT_PTR_NULL(common);
    expect(c->ops->scatter(c, parts, 3, 0, &common, 3, TRINE_OK), TRINE_OK, "");
    CU_ASSERT_EQUAL(memcmp(common->memory, "par", 3), 0);
    common->close(common);
}

static void a_pool_is_refused(void)
{
    const double data[8] = {0};
    trine_array *x = NULL;
    expect(trine_array_scatter(team, TRINE_F64, data, 8, 0, window, &x),
           size > 1 ? TRINE_E_ABSENT : TRINE_OK, "forked");
    trine_array_free(x);
    x = NULL;
    expect(trine_array_scatter(team, TRINE_F64, data, 8, 0, message, &x), TRINE_OK, "");
    trine_array_free(x);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"each_rank_gets_its_block", each_rank_gets_its_block},
        {"reductions_have_the_bits_of_one_rank", reductions_have_the_bits_of_one_rank},
        {"whole_rows_go_to_each_rank", whole_rows_go_to_each_rank},
        {"a_block_is_the_ranks_own_to_write", a_block_is_the_ranks_own_to_write},
        {"memory_is_given_back", memory_is_given_back},
        {"ranks_free_at_other_times", ranks_free_at_other_times},
        {"ranks_that_differ_are_told", ranks_that_differ_are_told},
        {"bad_calls_are_refused_on_all_ranks", bad_calls_are_refused_on_all_ranks},
        {"the_communicator_compares_sizes", the_communicator_compares_sizes},
        CU_TEST_INFO_NULL};
    CU_TestInfo pool_tests[] = {{"a_pool_is_refused", a_pool_is_refused}, CU_TEST_INFO_NULL};
    const char *spec = argc > 1 ? argv[1] : "mpi";
    trine_mpi_machines = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
    if (trine_init() || trine_team_open(spec, &team)) {
        fprintf(stderr, "%s\n", trine_error_detail());
        return 1;
    }
    rank = trine_team_rank(team);
    size = trine_team_ranks(team);
    int status = trine_check_main("scatter by window", strstr(spec, "pool") ? pool_tests : tests);
    return trine_team_close(team) ? 1 : status;
}
