/* ranks.c - sorts over MPI ranks: what one is refused all are, arrays of the ranks' own are
 * refused, and longer data than a message holds is moved. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "backends/mpi/mpi_message.h"
#include "check.h"
#include "expect.h"

static trine_team *team;
static int rank, size;

static trine_array *array_of(trine_dtype dtype, uint64_t n, trine_place place)
{
    trine_array *x = NULL;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, dtype, n, place, &x), TRINE_OK);
    return x;
}

static void blocks_of_the_callers_own_are_refused(void)
{
    static const char *const names[] = {"TRINE_PRIVATE", "TRINE_SHARED"};
    for (trine_place place = TRINE_PRIVATE; place <= TRINE_SHARED; place++) {
        trine_array *x = array_of(TRINE_F64, 100, place);
        trine_array *permutation = array_of(TRINE_I64, 100, place);
        trine_status status = trine_sort(x);
        CU_ASSERT_EQUAL(status, size > 1 ? TRINE_E_ARGUMENT : TRINE_OK);
        status = trine_argsort(x, permutation);
        CU_ASSERT_EQUAL(status, size > 1 ? TRINE_E_ARGUMENT : TRINE_OK);
        if (size > 1) {
            expect(status, TRINE_E_ARGUMENT, names[place]);
            expect(status, TRINE_E_ARGUMENT, "expected TRINE_DISTRIBUTED");
        }
        trine_array_free(x);
        trine_array_free(permutation);
    }
}

/* n, n - 1, ... , 1 is sorted. */
static void sort_numbers(uint64_t n)
{
    trine_array *x = array_of(TRINE_U64, n, TRINE_DISTRIBUTED);
    uint64_t offset = trine_array_offset(x), local_n = trine_array_local_n(x);
    uint64_t *data = trine_array_data(x);
    for (uint64_t i = 0; i < local_n; i++)
        data[i] = n - offset - i;
    CU_ASSERT_EQUAL(trine_sort(x), TRINE_OK);
    bool right = true;
    for (uint64_t i = 0; i < local_n; i++)
        right = right && data[i] == offset + i + 1;
    CU_ASSERT_TRUE(right);
    trine_array_free(x);
}

static void what_one_rank_is_refused_all_are(void)
{
    trine_array *x = array_of(TRINE_U64, 30000, TRINE_DISTRIBUTED);
    trine_array *permutation = array_of(TRINE_I64, 30000, TRINE_DISTRIBUTED);
    trine_array *narrow = array_of(TRINE_U32, 30000, TRINE_DISTRIBUTED);
    for (int r = 0; r < size; r++) {
        expect(trine_argsort(x, rank == r ? NULL : permutation), TRINE_E_ARGUMENT, "NULL");
        expect(trine_argsort(rank == r ? NULL : x, permutation), TRINE_E_ARGUMENT, "NULL");
        expect(trine_argsort(x, rank == r ? narrow : permutation), TRINE_E_DTYPE, "expected i64");
        if (size == 1)
            continue;
        expect(trine_sort(rank == r ? narrow : x), TRINE_E_COLLECTIVE, "");
        expect(rank == r ? trine_sort(x) : trine_argsort(x, permutation), TRINE_E_COLLECTIVE, "");
    }
    trine_array_free(x);
    trine_array_free(permutation);
    trine_array_free(narrow);
    sort_numbers(30000);
}

static void messages_longer_than_the_cap_go_in_pieces(void)
{
    size_t most = trine_mpi_message_max;
    trine_mpi_message_max = 1000;
    sort_numbers(100001);
    trine_mpi_message_max = most;
}

static void fewer_chunks_than_ranks_are_sorted(void)
{
    for (uint64_t n = 0; n < 5; n++)
        sort_numbers(n);
    sort_numbers(TRINE_CHUNK + 1);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"blocks of the callers' own are refused", blocks_of_the_callers_own_are_refused},
        {"what one rank is refused all are", what_one_rank_is_refused_all_are},
        {"messages longer than the cap go in pieces", messages_longer_than_the_cap_go_in_pieces},
        {"fewer chunks than ranks are sorted", fewer_chunks_than_ranks_are_sorted},
        CU_TEST_INFO_NULL,
    };
    if (trine_team_open("mpi", &team))
        return 1;
    rank = trine_team_rank(team);
    size = trine_team_ranks(team);
    int failed = trine_check_main("sorts over ranks", tests);
    return failed | (trine_team_close(team) != TRINE_OK);
}
