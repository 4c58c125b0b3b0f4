/* misuse.c - wrong arguments of sorts are errors that say what was given and what was expected, and
 * no array is touched. */
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "expect.h"

static trine_team *team, *another;

static trine_array *array_of(trine_team *owner, trine_dtype dtype, uint64_t n, trine_place place)
{
    trine_array *x = NULL;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(owner, dtype, n, place, &x), TRINE_OK);
    unsigned char *bytes = trine_array_data(x);
    for (size_t i = 0; i < n * trine_dtype_size(dtype); i++)
        bytes[i] = (unsigned char)(251 - i);
    return x;
}

static bool is_untouched(const trine_array *x)
{
    const unsigned char *bytes = trine_array_data(x);
    for (size_t i = 0; i < trine_array_n(x) * trine_dtype_size(trine_array_dtype(x)); i++)
        if (bytes[i] != (unsigned char)(251 - i))
            return false;
    return true;
}

static void null_is_named(void)
{
    trine_array *x = array_of(team, TRINE_F64, 10, TRINE_SHARED);
    trine_array *permutation = array_of(team, TRINE_I64, 10, TRINE_SHARED);
    expect(trine_sort(NULL), TRINE_E_ARGUMENT, "x is NULL");
    expect(trine_argsort(NULL, permutation), TRINE_E_ARGUMENT, "x is NULL");
    expect(trine_argsort(x, NULL), TRINE_E_ARGUMENT, "permutation is NULL");
    expect(trine_argsort(NULL, NULL), TRINE_E_ARGUMENT, "x is NULL");
    CU_ASSERT_TRUE(is_untouched(x) && is_untouched(permutation));
    trine_array_free(x);
    trine_array_free(permutation);
}

static void a_permutation_must_match(void)
{
    static const trine_dtype wrong[] = {TRINE_U64, TRINE_F64, TRINE_U32};
    trine_array *x = array_of(team, TRINE_F64, 10, TRINE_SHARED);
    for (int i = 0; i < 3; i++) {
        trine_array *y = array_of(team, wrong[i], 10, TRINE_SHARED);
        expect(trine_argsort(x, y), TRINE_E_DTYPE, "expected i64");
        CU_ASSERT_TRUE(is_untouched(y));
        trine_array_free(y);
    }
    trine_array *longer = array_of(team, TRINE_I64, 11, TRINE_SHARED);
    trine_array *cut = array_of(team, TRINE_I64, 10, TRINE_DISTRIBUTED);
    trine_array *elsewhere = array_of(another, TRINE_I64, 10, TRINE_SHARED);
    expect(trine_argsort(x, longer), TRINE_E_LENGTH, "11 elements");
    expect(trine_argsort(x, cut), TRINE_E_LENGTH, "distributed");
    expect(trine_argsort(x, elsewhere), TRINE_E_TEAM, "belongs to team");
    CU_ASSERT_TRUE(is_untouched(x) && is_untouched(longer) && is_untouched(cut));
    trine_array_free(x);
    trine_array_free(longer);
    trine_array_free(cut);
    trine_array_free(elsewhere);
}

static void a_permutation_that_shares_memory_is_refused(void)
{
    uint64_t data[20];
    trine_array *x, *permutation;
    for (uint64_t i = 0; i < 20; i++)
        data[i] = 20 - i;
    for (int first = 0; first < 10; first += 9) {
        CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_I64, data, 10, &x), TRINE_OK);
        CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_I64, data + first, 10, &permutation),
                              TRINE_OK);
        expect(trine_argsort(x, permutation), TRINE_E_ARGUMENT, "overlaps");
        trine_array_free(x);
        trine_array_free(permutation);
    }
    for (uint64_t i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(data[i], 20 - i);
}

static void two_axes_are_refused(void)
{
    trine_array *x, *permutation;
    CU_ASSERT_EQUAL_FATAL(trine_array_create_2d(team, TRINE_F64, 3, 4, TRINE_SHARED, &x), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_create_2d(team, TRINE_I64, 3, 4, TRINE_SHARED, &permutation),
                          TRINE_OK);
    expect(trine_sort(x), TRINE_E_ARGUMENT, "x is 3 x 4; expected one axis");
    expect(trine_argsort(x, permutation), TRINE_E_ARGUMENT, "x is 3 x 4");
    trine_array_free(x);
    trine_array_free(permutation);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"NULL is named", null_is_named},
        {"a permutation must match", a_permutation_must_match},
        {"a permutation that shares memory is refused",
         a_permutation_that_shares_memory_is_refused},
        {"two axes are refused", two_axes_are_refused},
        CU_TEST_INFO_NULL,
    };
    if (trine_team_open("omp:2", &team) && trine_team_open("serial", &team))
        return 1;
    if (trine_team_open("serial", &another))
        return 1;
    int failed = trine_check_main("misuse of sorts", tests);
    failed |= trine_team_close(team) != TRINE_OK;
    return failed | (trine_team_close(another) != TRINE_OK);
}
