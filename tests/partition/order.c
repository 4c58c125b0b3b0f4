/* order.c - the order in which blocks are done, and by whom, cannot change a bit. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "core/team/team.h"
#include "hash_reducer.h"

/* An executor that does the blocks in a random order, and some of them twice. */
static trine_status run_permuted(trine_executor *executor, const trine_job *job)
{
    size_t *order = malloc((job->blocks + 1) * sizeof *order);
    trine_worker worker = {.scratch = aligned_alloc(64, (job->scratch_size + 127) / 64 * 64)};
    trine_status status = TRINE_OK;
    for (size_t i = 0; i < job->blocks; i++)
        order[i] = i;
    for (size_t i = job->blocks; i > 1; i--) {
        size_t j = (size_t)rand() % i, swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    for (size_t i = 0; i < job->blocks && !status; i++)
        for (int times = 1 + rand() % 2; times > 0 && !status; times--)
            status = job->body(job->context, order[i], &worker);
    memset(executor->ledger, 0, (size_t)executor->workers * sizeof *executor->ledger);
    free(worker.scratch);
    free(order);
    return status;
}

static hash_state hash_of(trine_team *team, uint64_t n)
{
    trine_array *x;
    hash_state result = {0, 0};
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_U64, n, TRINE_SHARED, &x), TRINE_OK);
    uint64_t *data = trine_array_data(x);
    for (uint64_t i = 0; i < n; i++)
        data[i] = i * i;
    const trine_array *in[] = {x};
    CU_ASSERT_EQUAL(trine_reduce(&hash_reducer, in, NULL, &result), TRINE_OK);
    trine_array_free(x);
    return result;
}

static void permuted_and_repeated_blocks_give_the_same_bits(void)
{
    static const uint64_t lengths[] = {1, 8192, 8193, 100000, 1000003, 64 * 8192, 65 * 8192 + 1};
    srand(7);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        trine_team *team;
        CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &team), TRINE_OK);
        hash_state expected = hash_of(team, lengths[i]);
        team->executor.ops.run = run_permuted;
        for (int trial = 0; trial < 5; trial++) {
            /* The number of workers decides how the blocks are cut. */
            static const int workers[] = {1, 2, 3, 7, 16};
            trine_ledger_worker entries[16] = {{0}}, shares[16] = {{0}};
            trine_ledger_worker *own = team->executor.ledger, *own_shares = team->shares;
            team->executor.ledger = entries;
            team->shares = shares;
            team->executor.workers = workers[trial];
            hash_state got = hash_of(team, lengths[i]);
            CU_ASSERT_EQUAL(memcmp(&got, &expected, sizeof got), 0);
            team->executor.workers = 1;
            team->executor.ledger = own;
            team->shares = own_shares;
        }
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
}

static void the_ledger_adds_up_to_the_wall_time(void)
{
    static const char *const specs[] = {"serial", "omp:2", "omp:5"};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        trine_team *team;
        trine_ledger l = {TRINE_INIT(trine_ledger)};
        if (trine_team_open(specs[i], &team) == TRINE_E_ABSENT)
            continue;
        hash_of(team, 5000000);
        CU_ASSERT_EQUAL(trine_team_ledger(team, &l), TRINE_OK);
        double sum =
            l.transfer_in + l.dispatch + l.compute + l.wait + l.combine + l.transfer_out + l.other;
        CU_ASSERT_DOUBLE_EQUAL(sum, l.wall, 1e-9);
        CU_ASSERT_TRUE(l.other >= -1e-9 && l.other < 0.2 * l.wall + 1e-3);
        CU_ASSERT_TRUE(l.compute > 0 && l.launch > 0);
        CU_ASSERT_EQUAL(l.bytes, 5000000 * 8);
        CU_ASSERT_TRUE(l.reproducible);
        uint64_t blocks = 0;
        for (int w = 0; w < trine_team_workers(team); w++) {
            trine_ledger_worker entry;
            CU_ASSERT_EQUAL(trine_team_ledger_worker(team, w, &entry), TRINE_OK);
            double busy = entry.dispatch + entry.transfer + entry.compute + entry.wait;
            CU_ASSERT_TRUE(busy <= l.wall + 1e-6);
            CU_ASSERT_TRUE(entry.pid > 0);
            blocks += entry.blocks;
        }
        CU_ASSERT_TRUE(blocks >= (uint64_t)trine_team_workers(team));
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"permuted and repeated blocks give the same bits",
         permuted_and_repeated_blocks_give_the_same_bits},
        {"the ledger adds up to the wall time", the_ledger_adds_up_to_the_wall_time},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("order", tests);
}
