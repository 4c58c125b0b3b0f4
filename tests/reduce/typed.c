/* typed.c - the typed reductions: each takes the element types that it says, in every mode, and
 * gives the operation's value. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "core/reduce/typed.h"

static trine_team *team;

/* Of x = 3, 4 and y = 1, 3. */
static const struct {
    const char *operation;
    double value;
    bool mean;
} expected[] = {{"sum", 7, false},      {"asum", 7, false}, {"sumsq", 25, false},
                {"nansum", 7, false},   {"nrm2", 5, false}, {"mean", 3.5, true},
                {"nanmean", 3.5, true}, {"dot", 15, false}, {"wsum", 15, false},
                {"wmean", 3.75, true}};

static size_t of(const char *operation)
{
    size_t i = 0;
    while (strcmp(expected[i].operation, operation) != 0)
        i++;
    return i;
}

#define STORE(constant, suffix, type, name)                                                        \
    case constant:                                                                                 \
        ((type *)data)[0] = (type)a;                                                               \
        ((type *)data)[1] = (type)b;                                                               \
        break;

static trine_array *pair_of(trine_dtype dtype, uint64_t n, int a, int b)
{
    trine_array *x;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, dtype, n, TRINE_SHARED, &x), TRINE_OK);
    void *data = trine_array_data(x);
    if (n == 2)
        switch (dtype) {
            TRINE_DTYPES(STORE)
        default:
            break;
        }
    return x;
}

static bool takes(const char *operation, const char *suffix, trine_dtype dtype)
{
    bool real = dtype == TRINE_F64 || dtype == TRINE_F32;
    bool is_unsigned = !real && trine_dtype_name(dtype)[0] == 'u';
    if (strcmp(suffix, "f64") == 0)
        return real || strcmp(operation, "mean") == 0 || operation[0] == 'w';
    if (strcmp(suffix, "f32") == 0)
        return dtype == TRINE_F32;
    return !real && is_unsigned == (suffix[0] == 'u');
}

/* What a call says of two elements, and of none. */
static void judge(const char *operation, const char *suffix, trine_dtype dtype, trine_status status,
                  double result, trine_status empty_status, double empty_result)
{
    size_t i = of(operation);
    if (!takes(operation, suffix, dtype)) {
        CU_ASSERT_EQUAL(status, TRINE_E_DTYPE);
        CU_ASSERT_EQUAL(result, 42);
        return;
    }
    CU_ASSERT_EQUAL(status, TRINE_OK);
    CU_ASSERT_EQUAL(result, expected[i].value);
    CU_ASSERT_EQUAL(empty_status, expected[i].mean ? TRINE_E_EMPTY : TRINE_OK);
    CU_ASSERT_EQUAL(empty_result, expected[i].mean ? 42 : 0);
}

#define CALL_OF_ONE(operation, suffix, type)                                                       \
    {                                                                                              \
        type result = 42, empty = 42;                                                              \
        trine_status status = trine_##operation##_##suffix(x, mode, &result);                      \
        trine_status empty_status = trine_##operation##_##suffix(none, mode, &empty);              \
        judge(#operation, #suffix, dtype, status, (double)result, empty_status, (double)empty);    \
    }

#define CALL_OF_TWO(operation, suffix, type)                                                       \
    {                                                                                              \
        type result = 42, empty = 42;                                                              \
        trine_status status = trine_##operation##_##suffix(x, y, mode, &result);                   \
        trine_status empty_status = trine_##operation##_##suffix(none, none, mode, &empty);        \
        judge(#operation, #suffix, dtype, status, (double)result, empty_status, (double)empty);    \
    }

static void every_typed_reduction_takes_the_types_it_says(void)
{
    for (trine_dtype dtype = TRINE_F64; dtype < TRINE_DTYPE_COUNT; dtype++) {
        trine_array *x = pair_of(dtype, 2, 3, 4), *y = pair_of(dtype, 2, 1, 3);
        trine_array *none = pair_of(dtype, 0, 0, 0);
        for (trine_mode mode = TRINE_EXACT; mode <= TRINE_FAST; mode++) {
            TRINE_SUMS_OF_ONE(CALL_OF_ONE)
            TRINE_SUMS_OF_TWO(CALL_OF_TWO)
        }
        trine_array_free(x);
        trine_array_free(y);
        trine_array_free(none);
    }
}

static void two_inputs_are_of_one_type(void)
{
    trine_array *x = pair_of(TRINE_F64, 2, 3, 4), *y = pair_of(TRINE_F32, 2, 1, 3);
    double result = 42;
    CU_ASSERT_EQUAL(trine_dot_f64(x, y, TRINE_EXACT, &result), TRINE_E_DTYPE);
    CU_ASSERT_EQUAL(trine_wsum_f32(y, x, TRINE_FAST, (float *)&result), TRINE_E_DTYPE);
    CU_ASSERT_EQUAL(result, 42);
    trine_array_free(x);
    trine_array_free(y);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"every typed reduction takes the types it says",
         every_typed_reduction_takes_the_types_it_says},
        {"two inputs are of one type", two_inputs_are_of_one_type},
        CU_TEST_INFO_NULL,
    };
    if (trine_team_open("serial", &team))
        return 1;
    int status = trine_check_main("typed", tests);
    return trine_team_close(team) || status;
}
