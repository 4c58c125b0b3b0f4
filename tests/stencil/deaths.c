/* deaths.c - workers killed inside reductions along axes, stencils and transpositions: the same
 * bits, and a team that goes on. The kernels are the test's own and crash where they are told; a
 * transposition, which has none, is killed at equal distances over the time that it takes. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "child.h"
#include "clock.h"
#include "hash_reducer.h"

enum { ROWS = 700, COLUMNS = 300, SIDE = 2048, ROUNDS = 8 };

/* Shared with all workers: they die, outside the first process, as often as `crashes` says. */
typedef struct shared_page {
    pid_t parent;
    atomic_int crashes;
} shared_page;

static shared_page *page;

static void prepare(void)
{
    page->parent = getpid();
    page->crashes = 0;
}

static void crash(void)
{
    if (getpid() != page->parent && atomic_fetch_sub(&page->crashes, 1) > 0)
        raise(SIGKILL);
}

static int replaced(trine_team *team)
{
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    MUST(trine_team_ledger(team, &ledger) == TRINE_OK);
    return ledger.replaced;
}

static trine_array *make(trine_team *team, uint64_t rows, uint64_t columns)
{
    trine_array *x;
    MUST(trine_array_create_2d(team, TRINE_U64, rows, columns, TRINE_SHARED, &x) == TRINE_OK);
    uint64_t *data = trine_array_data(x);
    for (uint64_t i = 0; i < rows * columns; i++)
        data[i] = hash_mix(i, 7);
    return x;
}

static void crashing_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    hash_accumulate(state, chunk, param);
    crash();
}

static void axes_survive_killed_workers_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x = make(team, ROWS, COLUMNS);
    trine_reducer crashing = hash_reducer;
    crashing.accumulate = crashing_accumulate;
    const trine_array *in[] = {x};
    for (int axis = 0; axis < 2; axis++) {
        hash_state whole[ROWS], got[ROWS];
        size_t bytes = (axis ? ROWS : COLUMNS) * sizeof *got;
        MUST(trine_reduce_axis(&crashing, in, NULL, axis, whole) == TRINE_OK);
        for (int crashes = 1; crashes <= 2; crashes++) {
            page->crashes = crashes;
            MUST(trine_reduce_axis(&crashing, in, NULL, axis, got) == TRINE_OK);
            MUST(replaced(team) > 0);
            MUST(memcmp(got, whole, bytes) == 0);
        }
    }
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(prepare, axes_survive_killed_workers)

/* Dies with half of its row written. */
static void crashing_apply(const trine_stencil_row *rows, const void *param)
{
    const uint64_t *north = rows->in[-1], *x = rows->in[0], *south = rows->in[1];
    uint64_t *out = rows->out;
    (void)param;
    for (int64_t i = 0; i < rows->n; i++) {
        out[i] = hash_mix(hash_mix(north[i], x[i]), south[i]);
        if (i == rows->n / 2)
            crash();
    }
}

static void stencils_survive_killed_workers_body(void)
{
    static const trine_stencil stencil = {
        .name = "crashing", .halo = 1, .in = TRINE_U64, .out = TRINE_U64, .apply = crashing_apply};
    trine_team *team = open_team("pool:3");
    trine_array *x = make(team, ROWS, COLUMNS), *out = make(team, ROWS, COLUMNS);
    const uint64_t *from = trine_array_data(x), *to = trine_array_data(out);
    for (int crashes = 1; crashes <= 2; crashes++) {
        memset(trine_array_data(out), 0, (size_t)ROWS * COLUMNS * sizeof *to);
        page->crashes = crashes;
        MUST(trine_apply_stencil(&stencil, x, NULL, out) == TRINE_OK);
        MUST(replaced(team) > 0);
        for (size_t r = 1; r < ROWS - 1; r++)
            for (size_t i = r * COLUMNS + 1; i < (r + 1) * COLUMNS - 1; i++)
                MUST(to[i] == hash_mix(hash_mix(from[i - COLUMNS], from[i]), from[i + COLUMNS]));
    }
    trine_array_free(x);
    trine_array_free(out);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(prepare, stencils_survive_killed_workers)

static bool is_transposed(const uint64_t *x, const uint64_t *out)
{
    for (size_t r = 0; r < SIDE; r++)
        for (size_t c = 0; c < SIDE; c++)
            if (out[c * SIDE + r] != x[r * SIDE + c])
                return false;
    return true;
}

static void transpositions_survive_killed_workers_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x = make(team, SIDE, SIDE), *out = make(team, SIDE, SIDE);
    double began = seconds_now();
    MUST(trine_transpose(x, out) == TRINE_OK);
    double took = seconds_now() - began;
    int deaths = 0;
    for (int round = 0; round < ROUNDS; round++) {
        memset(trine_array_data(out), 0, (size_t)SIDE * SIDE * sizeof(uint64_t));
        pid_t victim = (pid_t)trine_team_worker_pid(team, 1 + round % 2), killer = fork();
        if (killer == 0) {
            usleep((useconds_t)(1e6 * took * round / ROUNDS));
            kill(victim, SIGKILL);
            _exit(0);
        }
        MUST(trine_transpose(x, out) == TRINE_OK);
        deaths += replaced(team);
        MUST(is_transposed(trine_array_data(x), trine_array_data(out)));
        MUST(waitpid(killer, NULL, 0) == killer);
    }
    printf("\n  %d of %d deaths in a transposition\n", deaths, (int)ROUNDS);
    fflush(stdout);
    MUST(deaths > 0);
    trine_array_free(x);
    trine_array_free(out);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(prepare, transpositions_survive_killed_workers)

int main(void)
{
    CU_TestInfo tests[] = {
        {"axes survive killed workers", axes_survive_killed_workers},
        {"stencils survive killed workers", stencils_survive_killed_workers},
        {"transpositions survive killed workers", transpositions_survive_killed_workers},
        CU_TEST_INFO_NULL,
    };
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? 1 : trine_check_main("faults in grids", tests);
}
