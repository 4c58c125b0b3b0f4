/* parity.c SPEC... - every team named gives the bits of serial: all dtypes, modes, lengths around
 * every boundary, schedules and places. Under a launcher, all ranks must get them. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "reducer_params.h"
#include "fill.h"

static char **specs;
static int spec_count;

/* One, one below and one above what the grid, lanes, blocks and shares turn on. */
static const uint64_t lengths[] = {0,
                                   1,
                                   2,
                                   31,
                                   32,
                                   33,
                                   1000,
                                   2047,
                                   2048,
                                   2049,
                                   TRINE_CHUNK - 1,
                                   TRINE_CHUNK,
                                   TRINE_CHUNK + 1,
                                   2 * TRINE_CHUNK - 1,
                                   2 * TRINE_CHUNK,
                                   2 * TRINE_CHUNK + 1,
                                   3 * TRINE_CHUNK,
                                   7 * TRINE_CHUNK + 5,
                                   16 * TRINE_CHUNK,
                                   16 * TRINE_CHUNK + 1,
                                   33 * TRINE_CHUNK - 1,
                                   100 * TRINE_CHUNK + 77};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* What a call gave: status and bytes, of which there is space for those of every built-in. */
typedef struct outcome {
    trine_status status;
    uint64_t words[TRINE_WEIGHT_DIGITS * TRINE_WEIGHT_SUM / sizeof(uint64_t)];
} outcome;

/* Along axis 0 of rows of COLUMNS elements there is a result a column. */
enum { COLUMNS = 3, WHOLE = -1 };

/* The inputs of reductions of one element type along one axis, or of the whole. */
typedef struct inputs {
    const trine_array *x[TRINE_ARGS];
    int axis;
} inputs;

enum { MAX_INPUTS = 2 };

static inputs inputs_of(trine_team *team, trine_dtype dtype, uint64_t n, int kind,
                        trine_place place, int axis)
{
    inputs in = {.axis = axis};
    uint64_t columns = axis == WHOLE ? 1 : COLUMNS;
    for (int i = 0; i < MAX_INPUTS; i++) {
        trine_array *x;
        trine_status status = trine_array_create_2d(team, dtype, n / columns, columns, place, &x);
        if (status)
            printf("\n  %s: %s\n", trine_team_spec(team), trine_error_detail());
        CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
        fill(x, (kind + i) % KINDS);
        in.x[i] = x;
    }
    return in;
}

static void inputs_free(inputs in)
{
    for (int i = 0; i < MAX_INPUTS; i++)
        trine_array_free((trine_array *)in.x[i]);
}

static outcome reduce(const trine_reducer *reducer, inputs in)
{
    outcome o = {.status = TRINE_OK};
    o.status = in.axis == WHOLE
                   ? trine_reduce(reducer, in.x, reducer_param_for(reducer), o.words)
                   : trine_reduce_axis(reducer, in.x, reducer_param_for(reducer), in.axis, o.words);
    return o;
}

static const trine_reducer *reducer_at(int m, trine_dtype dtype)
{
    const char *name = trine_reducer_name((size_t)m);
    return name ? reducer_of(name, dtype) : dtype == TRINE_U64 ? &hash_reducer : NULL;
}

static int reducer_names(void)
{
    static int count;
    while (trine_reducer_name((size_t)count))
        count++;
    return count;
}

/* One reduction on the team against serial; the first difference is printed. */
static bool same(trine_team *team, const trine_reducer *reducer, inputs ours, inputs reference)
{
    static outcome expected, got;
    expected = reduce(reducer, reference);
    got = reduce(reducer, ours);
    if (got.status == expected.status && memcmp(got.words, expected.words, sizeof got.words) == 0)
        return true;
    printf("\n  %s: %s of %s: %s, expected %s; ", trine_team_spec(team), reducer->name,
           trine_dtype_name(reducer->in[0]), trine_status_name(got.status),
           trine_status_name(expected.status));
    printf("%016llx, expected %016llx (%s)\n", (unsigned long long)got.words[0],
           (unsigned long long)expected.words[0], trine_error_detail());
    return false;
}

/* Of all combinations one in so many, so that more workers than CPUs take no longer than few; which
 * ones differs from kernel to kernel, so that every length meets many. */
static int thinning(const trine_team *team)
{
    int workers = trine_team_workers(team) * trine_team_ranks(team);
    return workers <= 2 ? 2 : workers <= 4 ? 5 : 11;
}

/* The reductions of a type of which `chosen` is one in `step`, on the same data. */
static bool type_agrees(trine_team *team, trine_team *serial, trine_dtype dtype, uint64_t n,
                        int kind, trine_place place, int axis, int chosen, int step)
{
    inputs reference = inputs_of(serial, dtype, n, kind, TRINE_SHARED, axis);
    inputs ours = inputs_of(team, dtype, n, kind, place, axis);
    bool all = true;
    for (int m = 0, names = reducer_names(); all && m <= names; m++) {
        const trine_reducer *reducer = (m * 7 + chosen) % step ? NULL : reducer_at(m, dtype);
        bool small = reducer && reducer->result_size <= 2 * sizeof(double);
        if (reducer && (axis == WHOLE || small))
            all = same(team, reducer, ours, reference);
    }
    if (!all)
        printf("  n %llu, kind %d, place %d, axis %d\n", (unsigned long long)n, kind, (int)place,
               axis);
    inputs_free(ours);
    inputs_free(reference);
    return all;
}

static bool team_agrees(trine_team *team, trine_team *serial)
{
    int step = thinning(team);
    for (int d = 1; d < TRINE_DTYPE_COUNT; d++)
        for (int i = 0; i < LENGTHS; i++)
            for (int kind = 0; kind < KINDS; kind++) {
                int chosen = d * 5 + i * 3 + kind;
                trine_team_set_schedule(team, (i + kind) % 2 ? TRINE_DYNAMIC : TRINE_STATIC);
                /* Places of one rank's own make another whole when there are several. */
                trine_place place =
                    trine_team_ranks(team) > 1 ? TRINE_DISTRIBUTED : (trine_place)((i + d) % 3);
                if (!type_agrees(team, serial, (trine_dtype)d, lengths[i], kind, place, WHOLE,
                                 chosen, step))
                    return false;
                if (i % 5 == kind && !type_agrees(team, serial, (trine_dtype)d, lengths[i], kind,
                                                  place, 0, chosen, step))
                    return false;
            }
    return true;
}

static void every_team_gives_the_bits_of_serial(void)
{
    trine_team *serial, *team;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &serial), TRINE_OK);
    for (int i = 0; i < spec_count; i++) {
        trine_status status = trine_team_open(specs[i], &team);
        if (status == TRINE_E_ABSENT) {
            printf("\n  skipped: %s\n", trine_error_detail());
            continue;
        }
        if (status)
            printf("\n  %s: %s\n", specs[i], trine_error_detail());
        CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
        CU_ASSERT_TRUE(team_agrees(team, serial));
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
    CU_ASSERT_EQUAL(trine_team_close(serial), TRINE_OK);
}

/* Order-free kernels keep their bits when the ranks' blocks are cut anywhere. */
static void exact_sums_survive_a_cut_of_the_callers_own(void)
{
    trine_team *team;
    uint64_t n = 5 * TRINE_CHUNK + 4321;
    double *data = malloc(n * sizeof *data), whole, cut;
    for (uint64_t i = 0; i < n; i++)
        data[i] = random_real(i, WIDE);
    for (int i = 0; i < spec_count; i++) {
        trine_array *x;
        trine_ledger ledger = {TRINE_INIT(trine_ledger)};
        if (trine_team_open(specs[i], &team))
            continue;
        uint64_t ranks = (uint64_t)trine_team_ranks(team), rank = (uint64_t)trine_team_rank(team);
        uint64_t first = rank == 0 ? 0 : n * rank / ranks - rank;
        uint64_t end = rank + 1 == ranks ? n : n * (rank + 1) / ranks - rank - 1;
        trine_team *serial;
        CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &serial), TRINE_OK);
        CU_ASSERT_EQUAL(trine_array_wrap(serial, TRINE_F64, data, n, &x), TRINE_OK);
        CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_EXACT, &whole), TRINE_OK);
        trine_array_free(x);
        CU_ASSERT_EQUAL(trine_team_close(serial), TRINE_OK);
        CU_ASSERT_EQUAL(trine_array_wrap(team, TRINE_F64, data + first, end - first, &x), TRINE_OK);
        CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_EXACT, &cut), TRINE_OK);
        CU_ASSERT_EQUAL(memcmp(&whole, &cut, sizeof cut), 0);
        trine_team_ledger(team, &ledger);
        CU_ASSERT_TRUE(ledger.reproducible);
        CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_FAST, &cut), TRINE_OK);
        trine_team_ledger(team, &ledger);
        CU_ASSERT_EQUAL(ledger.reproducible, ranks == 1);
        trine_array_free(x);
        CU_ASSERT_EQUAL(trine_array_wrap_const(team, TRINE_F64, data + first, end - first, &x),
                        TRINE_OK);
        CU_ASSERT_EQUAL(trine_sum_f64(x, TRINE_EXACT, &cut), TRINE_OK);
        CU_ASSERT_EQUAL(memcmp(&whole, &cut, sizeof cut), 0);
        trine_array_free(x);
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
    free(data);
}

int main(int argc, char **argv)
{
    specs = argv + 1;
    spec_count = argc - 1;
    trine_init();
    CU_TestInfo tests[] = {
        {"every team gives the bits of serial", every_team_gives_the_bits_of_serial},
        {"exact sums survive a cut of the caller's own",
         exact_sums_survive_a_cut_of_the_callers_own},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("parity", tests);
}
