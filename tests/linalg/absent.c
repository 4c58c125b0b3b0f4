/* absent.c [SPEC] - a BLAS that is missing, on one rank or the only one: a named error for all, and
 * c as it was. What needs no BLAS goes on working. */
#include "matrices.h"

static trine_team *team;

static void a_missing_blas_is_named_on_all_ranks(void)
{
    trine_place place = trine_team_ranks(team) > 1 ? TRINE_DISTRIBUTED : TRINE_SHARED;
    trine_array *a = new_matrix(team, TRINE_F64, 100, 100, place, 1);
    trine_array *b = new_matrix(team, TRINE_F64, 100, 100, place, 2);
    trine_array *c = new_matrix(team, TRINE_F64, 100, 100, place, 3);
    for (int times = 0; times < 2; times++) {
        CU_ASSERT_EQUAL(trine_gemm_f64(1, a, b, 1, c), TRINE_E_ABSENT);
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "/nonexistent.so"));
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "libopenblas0-pthread"));
    }
    const double *data = trine_array_data(c);
    bool same = true;
    for (int64_t i = 0; i < trine_array_local_n(c); i++)
        same = same && data[i] == number_at(3, trine_array_offset(c) + i);
    CU_ASSERT_TRUE(same);
    trine_array_free(a);
    trine_array_free(b);
    trine_array_free(c);
}

static void the_library_has_no_name(void)
{
    if (trine_team_rank(team) == 1 || trine_team_ranks(team) == 1) {
        CU_ASSERT_PTR_NULL(trine_gemm_library());
        CU_ASSERT_PTR_NULL(trine_gemm_note());
    }
}

static void vectors_need_no_blas(void)
{
    trine_place place = trine_team_ranks(team) > 1 ? TRINE_DISTRIBUTED : TRINE_SHARED;
    trine_array *a = new_matrix(team, TRINE_F32, 100, 50, place, 1);
    trine_array *x = new_matrix(team, TRINE_F32, 50, 1, place, 2);
    trine_array *y = new_matrix(team, TRINE_F32, 100, 1, place, 3);
    CU_ASSERT_EQUAL(trine_gemv_f32(1, a, x, 1, y), TRINE_OK);
    trine_array_free(a);
    trine_array_free(x);
    trine_array_free(y);
}

int main(int argc, char **argv)
{
    trine_init();
    if (trine_team_open(argc > 1 ? argv[1] : "serial", &team)) {
        fprintf(stderr, "%s\n", trine_error_detail());
        return 1;
    }
    if (trine_team_ranks(team) == 1 || trine_team_rank(team) == 1)
        setenv("TRINE_BLAS", "/nonexistent.so", 1);
    CU_TestInfo tests[] = {
        {"a missing BLAS is named on all ranks", a_missing_blas_is_named_on_all_ranks},
        {"the library has no name", the_library_has_no_name},
        {"vectors need no BLAS", vectors_need_no_blas},
        CU_TEST_INFO_NULL,
    };
    int failed = trine_check_main("absent", tests);
    return trine_team_close(team) || failed;
}
