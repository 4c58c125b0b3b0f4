/* misuse.c - wrong arguments of scans and their kin are named errors, and leave the results alone.
 */
#include <string.h>

#include <trine/trine.h>

#include "check.h"

enum { N = 100 };

static trine_team *team, *other;
static trine_array *x, *out, *narrow, *shorter, *foreign, *bytes, *left, *right;
static double data[N + 10];

static bool says(trine_status got, trine_status expected, const char *words)
{
    if (got == expected && strstr(trine_error_detail(), words))
        return true;
    printf("\n  %s (%s), expected %s with '%s'\n", trine_status_name(got), trine_error_detail(),
           trine_status_name(expected), words);
    return false;
}
#define REFUSED(call, status, words) CU_ASSERT_TRUE(says(call, status, words))

static trine_status no_apply(const trine_chunk *chunk, const void *prefix, unsigned flags,
                             const void *param)
{
    (void)chunk, (void)prefix, (void)flags, (void)param;
    return TRINE_E_OVERFLOW;
}

static void wrong_scans_are_refused(void)
{
    trine_scan_operator sum = {TRINE_INIT(trine_scan_operator)}, broken;
    CU_ASSERT_EQUAL(trine_scan_operator_find("cumsum", TRINE_F64, &sum), TRINE_OK);
    REFUSED(trine_scan_operator_find("cumsum", TRINE_F64, NULL), TRINE_E_ARGUMENT, "NULL");
    REFUSED(trine_scan_operator_find("cumsun", TRINE_F64, &sum), TRINE_E_ARGUMENT, "cumprod");
    REFUSED(trine_scan_operator_find(NULL, TRINE_F64, &sum), TRINE_E_ARGUMENT, "(NULL)");
    REFUSED(trine_scan(NULL, x, NULL, false, out), TRINE_E_ARGUMENT, "op is NULL");
    REFUSED(trine_scan(&sum, NULL, NULL, false, out), TRINE_E_ARGUMENT, "x[0] is NULL");
    REFUSED(trine_scan(&sum, x, NULL, false, NULL), TRINE_E_ARGUMENT, "out[0] is NULL");
    REFUSED(trine_scan(&sum, NULL, NULL, false, NULL), TRINE_E_ARGUMENT, "NULL");
    REFUSED(trine_scan(&sum, narrow, NULL, false, out), TRINE_E_DTYPE, "f32");
    REFUSED(trine_scan(&sum, x, NULL, false, narrow), TRINE_E_DTYPE, "f32");
    REFUSED(trine_scan(&sum, x, NULL, false, shorter), TRINE_E_LENGTH, "99");
    REFUSED(trine_scan(&sum, x, NULL, false, foreign), TRINE_E_TEAM, "omp:2");
    REFUSED(trine_scan(&sum, left, NULL, false, right), TRINE_E_ARGUMENT, "overlaps");
    REFUSED(trine_scan(&sum, right, NULL, true, left), TRINE_E_ARGUMENT, "overlaps");
    broken = sum;
    broken.apply = NULL;
    REFUSED(trine_scan(&broken, x, NULL, false, out), TRINE_E_ARGUMENT, "apply");
    broken = sum;
    broken.reducer.merge = NULL;
    REFUSED(trine_scan(&broken, x, NULL, false, out), TRINE_E_ARGUMENT, "merge");
    broken = sum;
    broken.reducer.nin = 2;
    REFUSED(trine_scan(&broken, x, NULL, false, out), TRINE_E_ARGUMENT, "2 inputs");
    broken = sum;
    broken.reducer.param_size = 8;
    REFUSED(trine_scan(&broken, x, NULL, false, out), TRINE_E_ARGUMENT, "param is NULL");
    broken = sum;
    broken.apply = no_apply;
    REFUSED(trine_scan(&broken, x, NULL, false, out), TRINE_E_OVERFLOW, "cumsum");
    REFUSED(trine_scan_reducer(NULL, x, NULL, false, out), TRINE_E_ARGUMENT, "reducer is NULL");
    REFUSED(trine_scan_reducer(trine_reducer_find("minmax", TRINE_F64), x, NULL, false, out),
            TRINE_E_ARGUMENT, "no single scalar");
    REFUSED(trine_scan_reducer(trine_reducer_find("argmin", TRINE_F64), x, NULL, false, out),
            TRINE_E_DTYPE, "f64");
    REFUSED(trine_scan_reducer(trine_reducer_find("max", TRINE_F64), x, NULL, true, out),
            TRINE_E_EMPTY, "max");
}

static void wrong_typed_calls_are_refused(void)
{
    REFUSED(trine_cumsum_f64(x, (trine_mode)3, out), TRINE_E_ARGUMENT, "mode 3");
    REFUSED(trine_cumsum_f64(NULL, TRINE_FAST, out), TRINE_E_ARGUMENT, "x is NULL");
    REFUSED(trine_cumsum_f64(x, TRINE_FAST, NULL), TRINE_E_ARGUMENT, "out is NULL");
    REFUSED(trine_cumsum_i64(x, TRINE_FAST, out), TRINE_E_DTYPE, "x is f64");
    REFUSED(trine_cumsum_f32(x, TRINE_FAST, narrow), TRINE_E_DTYPE, "x is f64");
    REFUSED(trine_cumprod_u64(x, out), TRINE_E_DTYPE, "x is f64");
    REFUSED(trine_cummin(x, narrow), TRINE_E_DTYPE, "f32");
    REFUSED(trine_difference(NULL, NULL), TRINE_E_ARGUMENT, "NULL");
}

static void wrong_rearrangements_are_refused(void)
{
    trine_array *kept = NULL;
    const trine_predicate *nonzero = trine_predicate_find("nonzero", TRINE_F64);
    trine_predicate broken = *nonzero;
    broken.test = NULL;
    REFUSED(trine_predicate_find("odd", TRINE_F64) ? TRINE_OK : TRINE_E_ARGUMENT, TRINE_E_ARGUMENT,
            "nonzero");
    REFUSED(trine_compact(NULL, x, NULL, &kept), TRINE_E_ARGUMENT, "keep is NULL");
    REFUSED(trine_compact(&broken, x, NULL, &kept), TRINE_E_ARGUMENT, "test");
    REFUSED(trine_compact(nonzero, NULL, NULL, &kept), TRINE_E_ARGUMENT, "x is NULL");
    REFUSED(trine_compact(nonzero, x, NULL, NULL), TRINE_E_ARGUMENT, "kept is NULL");
    REFUSED(trine_compact(nonzero, narrow, NULL, &kept), TRINE_E_DTYPE, "f32");
    REFUSED(trine_compact(trine_predicate_find("between", TRINE_F64), x, NULL, &kept),
            TRINE_E_ARGUMENT, "param is NULL");
    REFUSED(trine_compact_mask(NULL, bytes, &kept), TRINE_E_ARGUMENT, "x is NULL");
    REFUSED(trine_compact_mask(x, NULL, &kept), TRINE_E_ARGUMENT, "mask is NULL");
    REFUSED(trine_compact_mask(x, out, &kept), TRINE_E_DTYPE, "u8");
    REFUSED(trine_compact_mask(shorter, bytes, &kept), TRINE_E_LENGTH, "99");
    CU_ASSERT_PTR_NULL(kept);
    REFUSED(trine_reverse(NULL, out), TRINE_E_ARGUMENT, "x is NULL");
    REFUSED(trine_reverse(x, NULL), TRINE_E_ARGUMENT, "out is NULL");
    REFUSED(trine_reverse(x, narrow), TRINE_E_DTYPE, "f32");
    REFUSED(trine_reverse(x, shorter), TRINE_E_LENGTH, "99");
    REFUSED(trine_reverse(left, right), TRINE_E_ARGUMENT, "overlaps");
}

static int fickle_calls;

/* Keeps more each time that it is asked. */
static void fickle_test(const trine_chunk *chunk, const void *param)
{
    (void)param;
    memset(chunk->out[0], 0, chunk->n);
    memset(chunk->out[0], 1, (size_t)++fickle_calls);
}

static void a_predicate_that_changes_its_mind_is_found_out(void)
{
    const trine_predicate fickle = {.name = "fickle", .in = TRINE_F64, .test = fickle_test};
    trine_array *kept = NULL;
    REFUSED(trine_compact(&fickle, x, NULL, &kept), TRINE_E_ARGUMENT, "fickle");
    CU_ASSERT_PTR_NULL(kept);
}

static void a_refusal_leaves_the_results_alone(void)
{
    const double *results = trine_array_data(out);
    for (int i = 0; i < N; i++)
        CU_ASSERT_EQUAL(results[i], 0);
}

static void open_all(void)
{
    trine_team_open("serial", &team);
    trine_team_open("omp:2", &other);
    trine_array_create(team, TRINE_F64, N, TRINE_PRIVATE, &x);
    trine_array_create(team, TRINE_F64, N, TRINE_PRIVATE, &out);
    trine_array_create(team, TRINE_F32, N, TRINE_PRIVATE, &narrow);
    trine_array_create(team, TRINE_F64, N - 1, TRINE_PRIVATE, &shorter);
    trine_array_create(other, TRINE_F64, N, TRINE_PRIVATE, &foreign);
    trine_array_create(team, TRINE_U8, N, TRINE_PRIVATE, &bytes);
    trine_array_wrap(team, TRINE_F64, data, N, &left);
    trine_array_wrap(team, TRINE_F64, data + 10, N, &right);
}

static void close_all(void)
{
    trine_array *const all[] = {x, out, narrow, shorter, foreign, bytes, left, right, NULL};
    for (int i = 0; all[i]; i++)
        trine_array_free(all[i]);
    trine_team_close(team);
    trine_team_close(other);
}

int main(void)
{
    open_all();
    CU_TestInfo tests[] = {
        {"wrong scans are refused", wrong_scans_are_refused},
        {"wrong typed calls are refused", wrong_typed_calls_are_refused},
        {"wrong rearrangements are refused", wrong_rearrangements_are_refused},
        {"a predicate that changes its mind is found out",
         a_predicate_that_changes_its_mind_is_found_out},
        {"a refusal leaves the results alone", a_refusal_leaves_the_results_alone},
        CU_TEST_INFO_NULL,
    };
    int failed = trine_check_main("scan misuse", tests);
    close_all();
    return failed;
}
