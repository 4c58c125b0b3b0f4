/* scatter.c SPEC - one rank's memory reaches all ranks and comes back, whoever is the root; what is
 * refused, all ranks are told. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "hash_reducer.h"

static trine_team *team;

static const uint64_t lengths[] = {
    0, 1, TRINE_CHUNK - 1, TRINE_CHUNK, 3 * TRINE_CHUNK + 5, 40 * TRINE_CHUNK + 1};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

static void come_and_go_whole(trine_transport transport)
{
    int ranks = trine_team_ranks(team), rank = trine_team_rank(team);
    for (int i = 0; i < LENGTHS; i++)
        for (int root = 0; root < ranks; root++) {
            uint64_t n = lengths[i];
            int32_t *data = NULL, *back = NULL;
            if (rank == root) {
                data = malloc((n + 1) * sizeof *data);
                back = calloc(n + 1, sizeof *back);
                for (uint64_t k = 0; k < n; k++)
                    data[k] = (int32_t)hash_mix(k, (uint64_t)root);
            }
            trine_array *x = NULL;
            trine_ledger ledger = {TRINE_INIT(trine_ledger)};
            CU_ASSERT_EQUAL_FATAL(
                trine_array_scatter(team, TRINE_I32, data, n, root, transport, &x), TRINE_OK);
            const int32_t *own = trine_array_data(x);
            uint64_t first = (uint64_t)trine_array_offset(x),
                     local = (uint64_t)trine_array_local_n(x), wrong = 0;
            CU_ASSERT_EQUAL(trine_team_ledger(team, &ledger), TRINE_OK);
            CU_ASSERT_TRUE(transport == TRINE_TRANSPORT_WINDOW ||
                           (uint64_t)ledger.moved == local * sizeof *own);
            CU_ASSERT_EQUAL((uint64_t)ledger.bytes, local * sizeof *own);
            CU_ASSERT_EQUAL(trine_array_place(x), TRINE_DISTRIBUTED);
            for (uint64_t k = 0; k < local; k++)
                wrong += own[k] != (int32_t)hash_mix(first + k, (uint64_t)root);
            CU_ASSERT_EQUAL(wrong, 0);
            int other = (root + 1) % ranks;
            int32_t *there = rank == other && !back ? calloc(n + 1, sizeof *there) : back;
            CU_ASSERT_EQUAL(trine_array_gather(x, other, rank == other ? there : NULL), TRINE_OK);
            for (uint64_t k = 0; k < n && rank == other; k++)
                wrong += there[k] != (int32_t)hash_mix(k, (uint64_t)root);
            CU_ASSERT_EQUAL(wrong, 0);
            if (there != back)
                free(there);
            trine_array_free(x);
            free(data);
            free(back);
        }
}

static void comes_and_goes_whole_by_message(void)
{
    come_and_go_whole(TRINE_TRANSPORT_MESSAGE);
}

static void comes_and_goes_whole_by_window(void)
{
    come_and_go_whole(TRINE_TRANSPORT_WINDOW);
}

static void refuses_on_all_ranks(void)
{
    int ranks = trine_team_ranks(team), rank = trine_team_rank(team);
    const double data[4] = {1, 2, 3, 4};
    double back[4] = {0};
    trine_array *x = NULL;
    trine_transport message = TRINE_TRANSPORT_MESSAGE;
    CU_ASSERT_EQUAL(trine_array_scatter(team, TRINE_F64, data, 4, ranks, message, &x),
                    TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_array_scatter(team, TRINE_F64, NULL, 4, 0, message, &x),
                    TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_array_scatter(team, TRINE_DTYPE_NONE, data, 4, 0, message, &x),
                    TRINE_E_DTYPE);
    CU_ASSERT_EQUAL(trine_array_scatter(team, TRINE_F64, data, 4, 0, TRINE_TRANSPORT_CMA, &x),
                    TRINE_E_ABSENT);
    CU_ASSERT_EQUAL(
        trine_array_scatter(team, TRINE_F64, data, 4, 0, message, rank == ranks - 1 ? NULL : &x),
        TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NULL(x);
    if (ranks > 1)
        CU_ASSERT_EQUAL(
            trine_array_scatter(team, TRINE_F64, data, rank == 0 ? 4 : 5, 0, message, &x),
            TRINE_E_COLLECTIVE);
    CU_ASSERT_EQUAL(trine_array_scatter(team, TRINE_F64, data, 4, 0, message, &x), TRINE_OK);
    CU_ASSERT_EQUAL(trine_array_gather(NULL, 0, back), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_array_gather(x, -1, back), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_array_gather(x, 0, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(back[0], 0);
    CU_ASSERT_EQUAL(trine_array_gather(x, 0, back), TRINE_OK);
    CU_ASSERT(rank != 0 || memcmp(back, data, sizeof data) == 0);
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_array_create(team, TRINE_F64, 4, TRINE_PRIVATE, &x), TRINE_OK);
    CU_ASSERT_EQUAL(trine_array_gather(x, 0, back), TRINE_E_ARGUMENT);
    trine_array_free(x);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {{"comes_and_goes_whole_by_message", comes_and_goes_whole_by_message},
                           {"comes_and_goes_whole_by_window", comes_and_goes_whole_by_window},
                           {"refuses_on_all_ranks", refuses_on_all_ranks},
                           CU_TEST_INFO_NULL};
    if (trine_init() || trine_team_open(argc > 1 ? argv[1] : "serial", &team)) {
        fprintf(stderr, "%s\n", trine_error_detail());
        return 1;
    }
    int status = trine_check_main("scatter and gather", tests);
    return trine_team_close(team) ? 1 : status;
}
