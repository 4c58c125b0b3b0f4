/* deaths.c - a worker of a pool is killed in the middle of a scan: out of place the bits are those
 * of serial, in place it is a named error, and the team goes on working. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"
#include "hash_reducer.h"

enum { N = 100 * TRINE_CHUNK + 3 };

/* Shared with all workers. One that comes to element `at` in accumulate, or in apply, dies. */
typedef struct shared_page {
    pid_t parent;
    atomic_int crashes;
    bool in_apply;
    int64_t at;
} shared_page;

static shared_page *page;

static void crash(const trine_chunk *chunk, bool in_apply)
{
    if (getpid() != page->parent && in_apply == page->in_apply && chunk->offset >= page->at &&
        atomic_fetch_sub(&page->crashes, 1) > 0)
        raise(SIGKILL);
}

static void crashing_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    crash(chunk, false);
    hash_accumulate(state, chunk, param);
}

static trine_status apply(const trine_chunk *chunk, const void *prefix, unsigned flags,
                          const void *param)
{
    const uint64_t *x = chunk->in[0];
    uint64_t *out = chunk->out[0], hash = ((const hash_state *)prefix)->hash;
    (void)flags, (void)param;
    for (int64_t i = 0; i < chunk->n; i++) {
        hash = hash_mix(hash, x[i]);
        out[i] = hash;
        if (i == chunk->n / 2)
            crash(chunk, true);
    }
    return TRINE_OK;
}

static trine_scan_operator crashing(void)
{
    trine_scan_operator op = {TRINE_INIT(trine_scan_operator), .name = "crashing",
                              .reducer = hash_reducer, .out = TRINE_U64, .apply = apply};
    op.reducer.accumulate = crashing_accumulate;
    return op;
}

static trine_array *numbers(trine_team *team)
{
    trine_array *x;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_U64, N, TRINE_SHARED, &x), TRINE_OK);
    for (uint64_t i = 0; i < N; i++)
        ((uint64_t *)trine_array_data(x))[i] = i * i;
    return x;
}

static trine_status scan(const char *spec, int crashes, bool in_apply, int64_t at, bool in_place,
                         uint64_t *results, int *replaced)
{
    trine_team *team;
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    const trine_scan_operator op = crashing();
    page->crashes = 0;
    CU_ASSERT_EQUAL_FATAL(trine_team_open(spec, &team), TRINE_OK);
    trine_array *x = numbers(team), *out = in_place ? x : numbers(team);
    page->in_apply = in_apply;
    page->at = at;
    page->crashes = crashes;
    trine_status status = trine_scan(&op, x, NULL, false, out);
    trine_team_ledger(team, &ledger);
    *replaced = ledger.replaced;
    memcpy(results, trine_array_data(out), N * sizeof *results);
    /* The team goes on working. */
    page->crashes = 0;
    CU_ASSERT_EQUAL(trine_scan(&op, out, NULL, false, out), TRINE_OK);
    trine_array_free(x);
    if (!in_place)
        trine_array_free(out);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    return status;
}

static uint64_t expected[N], got[N];

static void a_worker_killed_in_a_scan_is_replaced(void)
{
    int replaced;
    CU_ASSERT_EQUAL(scan("serial", 0, false, 0, false, expected, &replaced), TRINE_OK);
    for (int in_apply = 0; in_apply < 2; in_apply++)
        for (int64_t at = 0; at < N - N / 3; at += N / 3) {
            CU_ASSERT_EQUAL(scan("pool:3", 1, in_apply, at, false, got, &replaced), TRINE_OK);
            CU_ASSERT_EQUAL(memcmp(got, expected, sizeof got), 0);
            CU_ASSERT_EQUAL(replaced, 1);
        }
}

static void a_scan_in_place_is_not_done_twice(void)
{
    int replaced;
    CU_ASSERT_EQUAL(scan("pool:3", 1, true, 0, true, got, &replaced), TRINE_E_WORKER);
    CU_ASSERT_EQUAL(scan("pool:3", 0, true, 0, true, got, &replaced), TRINE_OK);
    CU_ASSERT_EQUAL(memcmp(got, expected, sizeof got), 0);
}

int main(void)
{
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    page->parent = getpid();
    trine_init();
    CU_TestInfo tests[] = {
        {"a worker killed in a scan is replaced", a_worker_killed_in_a_scan_is_replaced},
        {"a scan in place is not done twice", a_scan_in_place_is_not_done_twice},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("scan faults", tests);
}
