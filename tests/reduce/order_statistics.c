/* order_statistics.c SPEC... - quantiles, weighted sums and the first elements have the bits of
 * serial on every team named; under a launcher on all ranks, also where these cut the whole as they
 * like; and what one rank is refused, all are.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "fill.h"

enum { MANY = 1500, FEW = 5, Q = 5, BINS = 20 };

static char **specs;
static int spec_count;
static trine_team *serial;

static const double probabilities[Q] = {0, 0.1, 0.5, 0.77, 1};

/* What the calls gave, statuses first. */
typedef struct outcome {
    trine_status status[13];
    double quantiles[4][Q], part[Q], sums[BINS + 3], weighted[2];
    uint64_t elements[2 * Q], values[2][FEW], many[2][MANY];
    int64_t indices[2][FEW], places[2][MANY];
} outcome;

/* Everything that this test calls, of the same elements. */
static void ask(const trine_array *x, const trine_array *w, trine_quantile_method method,
                outcome *o)
{
    const double *q = probabilities;
    trine_status *s = o->status;
    s[0] = trine_quantile_by(x, method, Q, q, o->quantiles[0]);
    s[1] = trine_nanquantile_by(x, method, Q, q, o->quantiles[1]);
    s[2] = trine_nanquantile_elements(x, method, Q, q, o->elements, o->part);
    s[3] = trine_quantile_weighted(x, w, Q, q, o->quantiles[2]);
    s[4] = trine_nanquantile_weighted(x, w, Q, q, o->quantiles[3]);
    s[5] = trine_histogram_weighted(x, w, BINS, -0.5, 1, o->sums);
    s[6] = trine_smallest(x, FEW, o->values[0], o->indices[0]);
    s[7] = trine_largest(x, FEW, o->values[1], o->indices[1]);
    s[8] = trine_smallest(x, MANY, o->many[0], o->places[0]);
    s[9] = trine_largest(x, MANY, o->many[1], o->places[1]);
    s[10] = trine_histogram_weighted(w, x, BINS, 0, 1e19, o->sums);
    s[11] = trine_wsum_f64(x, w, TRINE_FAST, &o->weighted[0]);
    s[12] = trine_wmean_f64(w, x, TRINE_EXACT, &o->weighted[1]);
}

/* Weights are small whole numbers, or uniform; some are 0. */
static void fill_weights(trine_array *w)
{
    uint64_t n = trine_array_local_n(w), offset = trine_array_offset(w);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t bits = random_bits(offset + i, 7);
        if (trine_array_dtype(w) == TRINE_F64)
            ((double *)trine_array_data(w))[i] = bits % 5 ? (double)(bits >> 11) * 0x1p-40 : 0;
        else
            ((uint8_t *)trine_array_data(w))[i] = (uint8_t)(bits % 100);
    }
}

static trine_array *made(trine_team *team, trine_dtype dtype, uint64_t n, trine_place place)
{
    trine_array *x;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, dtype, n, place, &x), TRINE_OK);
    return x;
}

static bool same(trine_team *team, const outcome *got, const outcome *expected, const char *what)
{
    if (memcmp(got, expected, sizeof *got) == 0)
        return true;
    printf("\n  %s: %s: statuses", trine_team_spec(team), what);
    for (size_t i = 0; i < sizeof got->status / sizeof *got->status; i++)
        printf(" %s/%s", trine_status_name(got->status[i]), trine_status_name(expected->status[i]));
    printf("\n  %s\n", trine_error_detail());
    return false;
}

/* One length and kind of elements on the team and on serial. */
static bool agrees(trine_team *team, trine_dtype dtype, uint64_t n, int kind, trine_place place)
{
    static outcome expected, got;
    trine_team *teams[] = {serial, team};
    outcome *outcomes[] = {&expected, &got};
    trine_quantile_method method = (trine_quantile_method)(1 + (int)(n + dtype) % 13);
    for (int i = 0; i < 2; i++) {
        trine_place where = i == 0 ? TRINE_SHARED : place;
        trine_array *x = made(teams[i], dtype, n, where);
        trine_array *w = made(teams[i], kind == WIDE ? TRINE_U8 : TRINE_F64, n, where);
        fill(x, kind);
        fill_weights(w);
        memset(outcomes[i], 0, sizeof got);
        ask(x, w, method, outcomes[i]);
        trine_array_free(x);
        trine_array_free(w);
    }
    return same(team, &got, &expected, trine_dtype_name(dtype));
}

static void every_team_gives_the_bits_of_serial(void)
{
    static const uint64_t lengths[] = {0, 1, 100, 2000, 2 * TRINE_CHUNK + 1, 5 * TRINE_CHUNK + 3};
    trine_team *team;
    for (int i = 0; i < spec_count; i++) {
        trine_status status = trine_team_open(specs[i], &team);
        if (status == TRINE_E_ABSENT) {
            printf("\n  skipped: %s\n", trine_error_detail());
            continue;
        }
        CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
        bool several = trine_team_ranks(team) > 1, all = true;
        for (int d = 1; d < TRINE_DTYPE_COUNT && all; d++)
            for (int k = 0; k < 6 && all; k++)
                all = agrees(team, (trine_dtype)d, lengths[k], (d + k) % KINDS,
                             several ? TRINE_DISTRIBUTED : (trine_place)((d + k) % 3));
        CU_ASSERT_TRUE(all);
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
}

/* A wrapped part of the elements, and of their weights. */
static void ask_of(trine_team *team, double *x, double *w, uint64_t n, outcome *o)
{
    trine_array *values, *weights;
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_F64, x, n, &values), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_F64, w, n, &weights), TRINE_OK);
    memset(o, 0, sizeof *o);
    ask(values, weights, TRINE_HAZEN, o);
    trine_array_free(values);
    trine_array_free(weights);
}

static void results_survive_a_cut_of_the_callers_own(void)
{
    static outcome whole, cut;
    uint64_t n = 2 * TRINE_CHUNK + 4321;
    double *x = malloc(n * sizeof *x), *w = malloc(n * sizeof *w);
    for (uint64_t i = 0; i < n; i++) {
        x[i] = random_real(i, i % 3 ? SPECIAL : UNIFORM);
        w[i] = random_real(i, UNIFORM) * 1e9;
    }
    ask_of(serial, x, w, n, &whole);
    for (int i = 0; i < spec_count; i++) {
        trine_team *team;
        if (trine_team_open(specs[i], &team))
            continue;
        uint64_t ranks = (uint64_t)trine_team_ranks(team), rank = (uint64_t)trine_team_rank(team);
        uint64_t first = rank == 0 ? 0 : n * rank / ranks - rank;
        uint64_t end = rank + 1 == ranks ? n : n * (rank + 1) / ranks - rank - 1;
        ask_of(team, x + first, w + first, end - first, &cut);
        CU_ASSERT_TRUE(same(team, &cut, &whole, "cut"));
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
    free(x);
    free(w);
}

/* The whole has elements, on the last rank, and no numbers. */
static void a_line_of_nans_is_nan_on_all_ranks(void)
{
    double nans[] = {(double)NAN, (double)NAN};
    const double q = 0.5;
    for (int i = 0; i < spec_count; i++) {
        trine_team *team;
        trine_array *x, *none;
        double got[2] = {42, 42};
        if (trine_team_open(specs[i], &team))
            continue;
        bool last = trine_team_rank(team) + 1 == trine_team_ranks(team);
        CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_F64, nans, last ? 2 : 0, &x), TRINE_OK);
        CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_F64, nans, 0, &none), TRINE_OK);
        CU_ASSERT_EQUAL(trine_nanquantile_axis(x, TRINE_LINEAR, 1, &q, 0, &got[0]), TRINE_OK);
        CU_ASSERT_EQUAL(trine_quantile_axis(x, TRINE_LINEAR, 1, &q, 0, &got[1]), TRINE_OK);
        CU_ASSERT_TRUE(isnan(got[0]) && isnan(got[1]));
        CU_ASSERT_EQUAL(trine_nanquantile_by(x, TRINE_LINEAR, 1, &q, got), TRINE_E_EMPTY);
        CU_ASSERT_EQUAL(trine_nanquantile_axis(none, TRINE_LINEAR, 1, &q, 0, got), TRINE_E_EMPTY);
        trine_array_free(x);
        trine_array_free(none);
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
}

/* Call number c, in which `bad` makes this rank's arguments wrong. */
static trine_status refused(int c, bool bad, trine_array *x, trine_array *w)
{
    static outcome o;
    double q = bad ? 2 : 0.5, half = 0.5;
    double *out = bad ? NULL : o.quantiles[0];
    const trine_array *array = bad ? NULL : x;
    switch (c) {
    case 0:
        return trine_quantile(x, 1, &half, out);
    case 1:
        return trine_median(x, out);
    case 2:
        return trine_quantile_by(x, bad ? (trine_quantile_method)99 : TRINE_HAZEN, 1, &q, out);
    case 3:
        return trine_quantile_elements(x, TRINE_HAZEN, 1, &q, o.elements, o.part);
    case 4:
        return trine_quantile_weighted(array, w, 1, &half, o.quantiles[0]);
    case 5:
        return trine_quantile_weighted(x, bad ? NULL : w, 1, &half, o.quantiles[0]);
    case 6:
        return trine_quantile_weighted(x, w, 1, bad ? NULL : &half, o.quantiles[0]);
    case 7:
        return trine_histogram_weighted(array, w, BINS, 0, 1, o.sums);
    case 8:
        return trine_histogram(x, bad ? 0 : BINS, 0, 1, o.indices[0]);
    case 9:
        return trine_histogram(x, 3, 0, 1, bad ? NULL : o.indices[0]);
    case 10:
        return trine_histogram_edges(x, 1, bad ? NULL : probabilities, o.indices[0]);
    case 11:
        return trine_smallest(x, 3, bad ? NULL : o.values[0], NULL);
    case 12:
        return trine_largest(x, bad ? 1 << 20 : MANY, o.many[0], NULL);
    default:
        return trine_argminmax_f64(x, out, o.indices[0]);
    }
}

static void what_one_rank_is_refused_all_are(void)
{
    trine_team *team;
    for (int i = 0; i < spec_count; i++) {
        if (trine_team_open(specs[i], &team))
            continue;
        trine_place place = trine_team_ranks(team) > 1 ? TRINE_DISTRIBUTED : TRINE_SHARED;
        trine_array *x = made(team, TRINE_F64, 20000, place),
                    *w = made(team, TRINE_F64, 20000, place);
        fill(x, UNIFORM);
        fill_weights(w);
        for (int c = 0; c < 14; c++)
            for (int r = 0; r <= trine_team_ranks(team); r++) {
                trine_status expected = r < trine_team_ranks(team) ? TRINE_E_ARGUMENT : TRINE_OK;
                CU_ASSERT_EQUAL(refused(c, r == trine_team_rank(team), x, w), expected);
            }
        trine_array_free(x);
        trine_array_free(w);
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
}

int main(int argc, char **argv)
{
    specs = argv + 1;
    spec_count = argc - 1;
    trine_init();
    if (trine_team_open("serial", &serial))
        return 1;
    CU_TestInfo tests[] = {
        {"every team gives the bits of serial", every_team_gives_the_bits_of_serial},
        {"results survive a cut of the caller's own", results_survive_a_cut_of_the_callers_own},
        {"a line of NaNs is NaN on all ranks", a_line_of_nans_is_nan_on_all_ranks},
        {"what one rank is refused, all are", what_one_rank_is_refused_all_are},
        CU_TEST_INFO_NULL,
    };
    int failed = trine_check_main("order", tests);
    return trine_team_close(serial) || failed;
}
