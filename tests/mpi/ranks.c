/* ranks.c - the communicator over MPI ranks: failures, mismatches, pieces, the caller's own. */
#include <mpi.h>

#include <stdlib.h>
#include <string.h>

#include <trine/mpi.h>
#include <trine/trine.h>

#include "backends/mpi/mpi_message.h"
#include "check.h"
#include "core/reduce/reduce.h"
#include "core/team/team.h"
#include "hash_reducer.h"

static int rank, size;
static trine_team *team;

static void say(const char *what)
{
    printf("\n  rank %d: %s: %s\n", rank, what, trine_error_detail());
}

static hash_state hash_of(trine_team *on, uint64_t n, trine_status *status)
{
    hash_state result = {0, 0};
    trine_array *x;
    *status = trine_array_create(on, TRINE_U64, n, TRINE_DISTRIBUTED, &x);
    if (*status)
        return result;
    uint64_t *data = trine_array_data(x);
    for (int64_t i = 0; i < trine_array_local_n(x); i++)
        data[i] = 7 * (trine_array_offset(x) + i);
    const trine_array *in[] = {x};
    *status = trine_reduce(&hash_reducer, in, NULL, &result);
    trine_array_free(x);
    return result;
}

static hash_state serial_hash(uint64_t n)
{
    trine_team *serial;
    trine_status status;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &serial), TRINE_OK);
    hash_state result = hash_of(serial, n, &status);
    CU_ASSERT_EQUAL(status, TRINE_OK);
    CU_ASSERT_EQUAL(trine_team_close(serial), TRINE_OK);
    return result;
}

static void all_ranks_get_the_same_bits(void)
{
    static const uint64_t lengths[] = {0, 1, 8192, 8193, 50000, 8192 * 31, 1234567};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        trine_status status;
        hash_state got = hash_of(team, lengths[i], &status), expected = serial_hash(lengths[i]);
        CU_ASSERT_EQUAL(status, TRINE_OK);
        CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
    }
}

static void messages_longer_than_the_cap_go_in_pieces(void)
{
    size_t most = trine_mpi_message_max;
    trine_mpi_message_max = 7;
    all_ranks_get_the_same_bits();
    trine_mpi_message_max = most;
}

/* A state of 100 kB: longer than any first message, and than what MPI sends eagerly. */
typedef struct big_state {
    uint64_t count[12500];
} big_state;

static void big_init(void *state, const void *param)
{
    (void)param;
    memset(state, 0, sizeof(big_state));
}

static void big_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const uint64_t *x = chunk->in[0];
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++)
        ((big_state *)state)->count[x[i] % 12500]++;
}

static void big_merge(void *left, const void *right, const void *param)
{
    (void)param;
    for (size_t i = 0; i < 12500; i++)
        ((big_state *)left)->count[i] += ((const big_state *)right)->count[i];
}

static trine_status big_finish(void *result, const void *state, const void *param)
{
    (void)param;
    memcpy(result, state, sizeof(big_state));
    return TRINE_OK;
}

static void large_states_travel_whole(void)
{
    const trine_reducer reducer = {TRINE_INIT(trine_reducer),
                                   .name = "big",
                                   .nin = 1,
                                   .in = {TRINE_U64},
                                   .state_size = sizeof(big_state),
                                   .result_size = sizeof(big_state),
                                   .flags = TRINE_ORDER_FREE,
                                   .init = big_init,
                                   .accumulate = big_accumulate,
                                   .merge = big_merge,
                                   .finish = big_finish};
    uint64_t n = 300007;
    big_state *result = calloc(1, sizeof *result);
    trine_array *x;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_U64, n, TRINE_DISTRIBUTED, &x), TRINE_OK);
    uint64_t *data = trine_array_data(x);
    for (int64_t i = 0; i < trine_array_local_n(x); i++)
        data[i] = trine_array_offset(x) + i;
    const trine_array *in[] = {x};
    for (size_t most = 1000; most <= 1 << 30; most *= 1 << 10) {
        trine_mpi_message_max = most;
        memset(result, 0, sizeof *result);
        CU_ASSERT_EQUAL(trine_reduce(&reducer, in, NULL, result), TRINE_OK);
        bool counted = true;
        for (uint64_t i = 0; i < 12500; i++)
            counted = counted && result->count[i] == n / 12500 + (i < n % 12500);
        CU_ASSERT_TRUE(counted);
    }
    trine_mpi_message_max = (size_t)1 << 30;
    trine_array_free(x);
    free(result);
}

/* Fails in accumulate, on one rank, after the arrays were made. */
static int failing_rank;

static trine_status no_fetch(const trine_source *source, uint64_t first, size_t n, void *buffer,
                             const void **data)
{
    (void)source;
    (void)n;
    (void)buffer;
    (void)data;
    return trine_fail(TRINE_E_IO, "element %llu cannot be read", (unsigned long long)first);
}

static void a_failure_on_one_rank_reaches_all(void)
{
    for (failing_rank = 0; failing_rank < size; failing_rank++) {
        uint64_t n = (uint64_t)size * 3 * TRINE_CHUNK;
        trine_input input = {
            .sources = 1, .grid = trine_grid_of(n, 1), .executor = &team->executor};
        trine_block_of_rank(team, &input.grid, &input.offset, &input.local_n);
        input.source[0] = (trine_source){.fetch = no_fetch, .item = 8};
        uint64_t *block = calloc((size_t)input.local_n, sizeof *block);
        if (rank != failing_rank)
            input.source[0] = trine_memory_source(block, input.offset, 8);
        hash_state result = {5, 6};
        trine_status status = trine_input_reduce(team, &hash_reducer, NULL, &input,
                                                 TRINE_WHOLE_CALL, TRINE_OK, &result);
        CU_ASSERT_EQUAL(status, TRINE_E_IO);
        CU_ASSERT_EQUAL(result.hash, 5);
        char expected[64];
        snprintf(expected, sizeof expected, "rank %d: element", failing_rank);
        if (strncmp(trine_error_detail(), expected, strlen(expected)) != 0) {
            say("another detail");
            CU_FAIL("the detail names another rank");
        }
        free(block);
    }
    all_ranks_get_the_same_bits();
}

static void of_two_failures_all_ranks_report_the_same(void)
{
    trine_input input = {.sources = 1, .executor = &team->executor};
    hash_state result;
    trine_status status = trine_fail(TRINE_E_FORMAT, "mine, %d", rank);
    status =
        trine_input_reduce(team, &hash_reducer, NULL, &input, TRINE_WHOLE_CALL, status, &result);
    CU_ASSERT_EQUAL(status, TRINE_E_FORMAT);
    CU_ASSERT_STRING_EQUAL(trine_error_detail(), "rank 0: mine, 0");
}

static void memory_refused_to_one_rank_is_an_error_on_all(void)
{
    trine_array *x = NULL;
    trine_status status = trine_array_create(
        team, TRINE_F64, rank == size - 1 ? (uint64_t)1 << 44 : 10, TRINE_SHARED, &x);
    CU_ASSERT_EQUAL(status, TRINE_E_MEMORY);
    CU_ASSERT_PTR_NULL(x);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "available"));
}

static void different_calls_are_an_error_on_all_ranks(void)
{
    if (size == 1)
        return;
    trine_array *x = NULL;
    trine_status status =
        trine_array_create(team, TRINE_U64, rank == 0 ? 100 : 200, TRINE_DISTRIBUTED, &x);
    CU_ASSERT_EQUAL(status, TRINE_E_COLLECTIVE);
    CU_ASSERT_PTR_NULL(x);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_U64, 100, TRINE_DISTRIBUTED, &x),
                          TRINE_OK);
    trine_reducer other = hash_reducer;
    other.name = rank == size - 1 ? "another" : "hash";
    const trine_array *in[] = {x};
    hash_state result = {1, 1};
    CU_ASSERT_EQUAL(trine_reduce(&other, in, NULL, &result), TRINE_E_COLLECTIVE);
    CU_ASSERT_EQUAL(result.hash, 1);
    trine_array_free(x);
    all_ranks_get_the_same_bits();
}

static void copy_apply(const trine_chunk *chunk, const void *param)
{
    (void)param;
    memcpy(chunk->out[0], chunk->in[0], chunk->n * sizeof(uint64_t));
}

enum { REFUSALS = 14 };

/* A call of each kind, alike on all ranks but for one argument, which a bad rank gets wrong. The
 * place of x decides which function of the communicator comes first. */
static trine_status call_with(int which, bool bad, trine_array *x, trine_array *y)
{
    trine_reducer hash = hash_reducer, broken = hash_reducer, pair = hash_reducer;
    trine_map copy = {TRINE_INIT(trine_map), .name = "copy",    .nin = 1, .nout = 1,
                      .in = {TRINE_U64},     .out = {TRINE_U64}};
    trine_map mute = copy;
    const trine_array *in[] = {x, y};
    trine_array *out[] = {y}, *none[] = {NULL}, *made = NULL;
    hash_state result;
    uint64_t sum;
    copy.apply = copy_apply;
    broken.merge = NULL;
    pair.nin = 2;
    pair.in[1] = TRINE_U64;
    switch (which) {
    case 0:
        return trine_reduce(bad ? NULL : &hash, in, NULL, &result);
    case 1:
        return trine_reduce(&hash, in, NULL, bad ? NULL : &result);
    case 2:
        return trine_reduce(bad ? &broken : &hash, in, NULL, &result);
    case 3:
        broken.merge = hash_merge;
        broken.nin = 99;
        return trine_reduce(bad ? &broken : &hash, in, NULL, &result);
    case 4:
        in[bad ? 1 : 0] = bad ? NULL : x;
        return trine_reduce(&pair, in, NULL, &result);
    case 5:
        in[0] = bad ? NULL : x;
        return trine_reduce(&pair, in, NULL, &result);
    case 6:
        return trine_apply(bad ? NULL : &copy, in, NULL, out);
    case 7:
        return trine_apply(bad ? &mute : &copy, in, NULL, out);
    case 8:
        return trine_apply(&copy, in, NULL, bad ? none : out);
    case 9:
        return trine_apply(&copy, in, NULL, bad ? NULL : out);
    case 10:
        return trine_sum_u64(x, TRINE_EXACT, bad ? NULL : &sum);
    case 11:
        return trine_sum_u64(x, bad ? (trine_mode)9 : TRINE_FAST, &sum);
    case 12:
        return trine_npy_save(x, bad ? NULL : "/nowhere/x.npy");
    default: {
        trine_status status =
            trine_array_create(team, TRINE_U64, 10, TRINE_SHARED, bad ? NULL : &made);
        trine_array_free(made);
        return status;
    }
    }
}

static void refuse_on_each_rank(trine_place place)
{
    trine_array *x, *y;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_U64, 30000, place, &x), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_U64, 30000, place, &y), TRINE_OK);
    for (int i = 0; i < REFUSALS * size; i++) {
        trine_status status = call_with(i % REFUSALS, rank == i / REFUSALS, x, y);
        if (status != TRINE_E_ARGUMENT) {
            printf("\n  call %d, rank %d\n", i % REFUSALS, i / REFUSALS);
            say("another status");
            CU_FAIL("a refusal did not reach all");
        }
    }
    trine_array_free(x);
    trine_array_free(y);
    all_ranks_get_the_same_bits();
}

static void what_one_rank_is_refused_all_are(void)
{
    refuse_on_each_rank(TRINE_DISTRIBUTED);
    refuse_on_each_rank(TRINE_SHARED);
    refuse_on_each_rank(TRINE_PRIVATE);
}

static void a_communicator_of_the_callers_own_works(void)
{
    MPI_Comm half;
    trine_team *own = NULL;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
    int half_rank, half_size;
    MPI_Comm_rank(half, &half_rank);
    MPI_Comm_size(half, &half_size);
    CU_ASSERT_EQUAL_FATAL(trine_team_open_comm(half, "mpi", &own), TRINE_OK);
    CU_ASSERT_EQUAL(trine_team_rank(own), half_rank);
    CU_ASSERT_EQUAL(trine_team_ranks(own), half_size);
    trine_status status;
    uint64_t n = rank % 2 ? 99999 : 55555;
    hash_state got = hash_of(own, n, &status), expected = serial_hash(n);
    CU_ASSERT_EQUAL(status, TRINE_OK);
    CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
    CU_ASSERT_EQUAL(trine_team_close(own), TRINE_OK);
    MPI_Comm_free(&half);
    CU_ASSERT_EQUAL(trine_team_open_comm(MPI_COMM_WORLD, "omp", &own), TRINE_E_SPEC);
    CU_ASSERT_EQUAL(trine_team_open_comm(MPI_COMM_NULL, NULL, &own), TRINE_E_ARGUMENT);
}

/* The last rank's alone, of several. */
static void a_bad_spec_on_one_rank_is_refused_on_all(void)
{
    bool last = rank == size - 1;
    trine_team *none = NULL;
    CU_ASSERT_EQUAL(trine_team_open(last ? "mpi+opm:2" : "mpi", &none), TRINE_E_SPEC);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "'mpi+omp:2'"));
    CU_ASSERT_EQUAL(trine_team_open_comm(MPI_COMM_WORLD, last ? "omp" : "mpi", &none),
                    TRINE_E_SPEC);
    CU_ASSERT_PTR_NULL(none);
}

/* A kernel that reads chunk->offset on blocks that the ranks cut. */
static void positions_are_global_on_blocks_of_the_callers_own(void)
{
    uint64_t local = 100 + 10 * (uint64_t)rank;
    uint64_t *data = calloc((size_t)local, sizeof *data);
    trine_array *x;
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_U64, data, local, &x), TRINE_OK);
    const trine_array *in[] = {x};
    hash_state got, one, expected = {0, 0};
    CU_ASSERT_EQUAL(trine_reduce(&hash_reducer, in, NULL, &got), TRINE_OK);
    uint64_t first = 0;
    hash_state each[64];
    for (int r = 0; r < size && r < 64; r++) {
        trine_chunk chunk = {.offset = first, .n = 100 + 10 * (size_t)r};
        uint64_t *zeros = calloc(chunk.n, sizeof *zeros);
        chunk.in[0] = zeros;
        hash_init(&one, NULL);
        hash_accumulate(&one, &chunk, NULL);
        each[r] = one;
        first += chunk.n;
        free(zeros);
    }
    /* The ranks merge in the binary tree over their numbers. */
    for (int step = 1; step < size; step *= 2)
        for (int r = 0; r + step < size; r += 2 * step)
            hash_merge(&each[r], &each[r + step], NULL);
    expected = each[0];
    CU_ASSERT_EQUAL(got.hash, expected.hash);
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    trine_team_ledger(team, &ledger);
    CU_ASSERT_EQUAL(ledger.reproducible, size == 1);
    trine_array_free(x);
    free(data);
}

static void the_callers_error_handler_stays(void)
{
    MPI_Errhandler handler;
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &handler);
    CU_ASSERT_TRUE(handler == MPI_ERRORS_ARE_FATAL);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"all ranks get the same bits", all_ranks_get_the_same_bits},
        {"messages longer than the cap go in pieces", messages_longer_than_the_cap_go_in_pieces},
        {"large states travel whole", large_states_travel_whole},
        {"a failure on one rank reaches all", a_failure_on_one_rank_reaches_all},
        {"of two failures all ranks report the same", of_two_failures_all_ranks_report_the_same},
        {"memory refused to one rank is an error on all",
         memory_refused_to_one_rank_is_an_error_on_all},
        {"different calls are an error on all ranks", different_calls_are_an_error_on_all_ranks},
        {"what one rank is refused, all are", what_one_rank_is_refused_all_are},
        {"a communicator of the caller's own works", a_communicator_of_the_callers_own_works},
        {"a bad spec on one rank is refused on all", a_bad_spec_on_one_rank_is_refused_on_all},
        {"positions are global on blocks of the caller's own",
         positions_are_global_on_blocks_of_the_callers_own},
        {"the caller's error handler stays", the_callers_error_handler_stays},
        CU_TEST_INFO_NULL,
    };
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (trine_team_open("mpi", &team)) {
        say("mpi");
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    int status = trine_check_main("ranks", tests);
    status |= trine_team_close(team) != TRINE_OK;
    MPI_Finalize();
    return status;
}
