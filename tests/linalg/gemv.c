/* gemv.c SPEC... - a matrix times a vector: serial's against a loop in long double, every team's
 * against serial's bits; special values of alpha and beta; misuse. */
#include "kernels/registry/isa.h"
#include "matrices.h"

static char **specs;

typedef struct shape {
    uint64_t m, k;
} shape;

/* Around lanes (32), chunks (8192), segments of a row (64 chunks), and blocks of y (8192 rows). */
static const shape shapes[] = {
    {1, 1},     {1, 31},     {7, 32},     {33, 33},    {500, 17},    {3, 8191},  {2, 8192},
    {5, 8193},  {3, 50000},  {2, 524288}, {3, 524289}, {1, 1100000}, {8191, 3},  {8192, 2},
    {8193, 40}, {30000, 10}, {100000, 1}, {0, 7},      {7, 0},       {16385, 5}, {4, 1700000},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static trine_status gemv(double alpha, const trine_array *a, const trine_array *x, double beta,
                         trine_array *y)
{
    if (trine_array_dtype(y) == TRINE_F64)
        return trine_gemv_f64(alpha, a, x, beta, y);
    return trine_gemv_f32((float)alpha, a, x, (float)beta, y);
}

/* Matrix 1 times vector 2 onto vector 3. What must not be read is NaN. */
static trine_array *product(trine_team *team, trine_dtype dtype, shape s, trine_place place,
                            const double *factor)
{
    bool reads = factor[0] != 0;
    trine_array *a = new_matrix(team, dtype, s.m, s.k, place, reads ? 1 : 0);
    trine_array *x = new_matrix(team, dtype, s.k, 1, place, reads ? 2 : 0);
    trine_array *y = new_matrix(team, dtype, s.m, 1, place, factor[1] != 0 ? 3 : 0);
    trine_status status = gemv(factor[0], a, x, factor[1], y);
    if (status)
        printf("\n  %s: %s\n", trine_team_spec(team), trine_error_detail());
    CU_ASSERT_EQUAL(status, TRINE_OK);
    trine_array_free(a);
    trine_array_free(x);
    return y;
}

static bool row_is_right(const trine_array *y, shape s, uint64_t i, const double *factor)
{
    trine_dtype dtype = trine_array_dtype(y);
    long double sum = 0, magnitude = 0;
    for (uint64_t l = 0; l < s.k && factor[0] != 0; l++) {
        long double term = (long double)number_at(1, i * s.k + l) * number_at(2, l);
        sum += term;
        magnitude += fabsl(term);
    }
    /* Sums are in double and in a tree, whatever the type: a lane adds 256 at most. */
    double u = dtype == TRINE_F64 ? DBL_EPSILON / 2 : (double)FLT_EPSILON / 2;
    double roundings = dtype == TRINE_F64 ? 300 : 4;
    return is_close(get_number(trine_array_data(y), dtype, i), sum, magnitude, factor[0], factor[1],
                    number_at(3, i), roundings, u);
}

static void serial_products_are_right(void)
{
    trine_team *serial;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &serial), TRINE_OK);
    for (int i = 0; i < SHAPES; i++)
        for (int f = 0; f < FACTORS; f++) {
            trine_dtype dtype = (i + f) % 2 ? TRINE_F64 : TRINE_F32;
            shape s = shapes[i];
            trine_array *y = product(serial, dtype, s, TRINE_PRIVATE, factors[f]);
            uint64_t step = s.m * s.k > 400000 ? s.m * s.k / 400000 : 1;
            bool right = true;
            for (uint64_t row = s.m; row > 0 && right; row -= row < step ? row : step)
                right = row_is_right(y, s, row - 1, factors[f]);
            if (!right)
                printf("\n  %llu x %llu, factors %d\n", (unsigned long long)s.m,
                       (unsigned long long)s.k, f);
            CU_ASSERT_TRUE(right);
            trine_array_free(y);
        }
    CU_ASSERT_EQUAL(trine_team_close(serial), TRINE_OK);
}

static void compare_all(trine_team *team, trine_team *serial)
{
    for (int i = 0; i < SHAPES; i++)
        for (int f = i % 3; f < FACTORS; f += 3) {
            trine_dtype dtype = (i + f) % 2 ? TRINE_F32 : TRINE_F64;
            trine_place place =
                trine_team_ranks(team) > 1 ? TRINE_DISTRIBUTED : (trine_place)((i + f) % 3);
            trine_team_set_schedule(team, i % 3 ? TRINE_STATIC : TRINE_DYNAMIC);
            trine_array *got = product(team, dtype, shapes[i], place, factors[f]);
            trine_array *expected = product(serial, dtype, shapes[i], TRINE_SHARED, factors[f]);
            bool same = same_bits(got, expected);
            if (!same)
                printf("\n  %s: %llu x %llu, factors %d differ from serial's\n",
                       trine_team_spec(team), (unsigned long long)shapes[i].m,
                       (unsigned long long)shapes[i].k, f);
            CU_ASSERT_TRUE(same);
            trine_array_free(got);
            trine_array_free(expected);
        }
}

static void every_team_gives_the_bits_of_serial(void)
{
    on_each_team(specs, compare_all);
}

/* What comes of NaNs and infinities. */
static const shape odd[] = {{900, 50}, {30, 9000}, {20000, 3}};

static trine_array *odd_product(trine_team *team, trine_dtype dtype, int i, trine_place place,
                                const double *factor)
{
    return product(team, dtype, odd[i], place, factor);
}

static void make_hostile(trine_team *team, trine_team *serial)
{
    compare_hostile(team, serial, odd_product, 3);
}

static void every_team_makes_the_one_nan(void)
{
    on_each_team(specs, make_hostile);
}

static void multiply_specials(trine_team *team, trine_team *serial)
{
    trine_place place = trine_team_ranks(team) > 1 ? TRINE_DISTRIBUTED : TRINE_SHARED;
    trine_array *a = new_matrix(team, TRINE_F64, 3, 2, place, 1);
    trine_array *x = new_matrix(team, TRINE_F64, 2, 1, place, 1);
    trine_array *y = new_matrix(team, TRINE_F64, 3, 1, place, 0);
    double *data = trine_array_data(a), *vector = trine_array_data(x),
           *result = trine_array_data(y);
    (void)serial;
    for (int64_t i = 0; i < trine_array_local_n(a); i++)
        data[i] = i + trine_array_offset(a) == 0   ? (double)NAN
                  : i + trine_array_offset(a) == 2 ? (double)INFINITY
                                                   : -0.0;
    for (int64_t i = 0; i < trine_array_local_n(x); i++)
        vector[i] = 1;
    CU_ASSERT_EQUAL(trine_gemv_f64(1, a, x, 0, y), TRINE_OK);
    if (trine_array_local_n(y) == 3) {
        CU_ASSERT_TRUE(isnan(result[0]));
        CU_ASSERT_TRUE(isinf(result[1]));
        CU_ASSERT_TRUE(result[2] == 0 && !signbit(result[2]));
    }
    trine_array_free(a);
    trine_array_free(x);
    trine_array_free(y);
}

static void special_values_stay_in_their_rows(void)
{
    on_each_team(specs, multiply_specials);
}

/* The kernels of every instruction set of this CPU, with one row and several, on every tail. */
static void instruction_sets_give_the_same_bits(void)
{
    enum { LENGTH = 300, ROWS = 6, STRIDE = 1100 };
    static const trine_reducer *variants[3] = {trine_gemv_baseline};
    static double a[ROWS * STRIDE], x[LENGTH], sums[3][ROWS];
    int count = 1;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        variants[count++] = trine_gemv_avx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        variants[count++] = trine_gemv_avx512;
#endif
    for (int type = 0; type < 2; type++) {
        trine_dtype dtype = type ? TRINE_F32 : TRINE_F64;
        for (uint64_t i = 0; i < ROWS * STRIDE; i++)
            put_number(a, dtype, i, number_at(1, i) / 3);
        for (uint64_t i = 0; i < LENGTH; i++)
            put_number(x, dtype, i, number_at(2, i) / 7);
        for (size_t n = 1; n <= LENGTH; n++) {
            /* Far apart, so that they go together; and next to each other. */
            uint64_t stride = n % 2 ? STRIDE : LENGTH;
            trine_gemv_param param = {.more = n % ROWS, .stride = stride};
            trine_chunk chunk = {.n = n, .in = {a, x}};
            for (int v = 0; v < count; v++) {
                variants[v][type].init(sums[v], &param);
                variants[v][type].accumulate(sums[v], &chunk, &param);
                CU_ASSERT_EQUAL(memcmp(sums[v], sums[0], (n % ROWS + 1) * sizeof(double)), 0);
            }
        }
    }
}

/* x and y in the caller's own memory: a pool's workers get x all the same. */
static void wrap_and_multiply(trine_team *team, trine_team *serial)
{
    if (trine_team_ranks(team) > 1)
        return;
    shape s = {300, 700};
    double *vector = malloc(s.k * sizeof *vector), *result = malloc(s.m * sizeof *result);
    const double factor[] = {1, 0};
    trine_array *a = new_matrix(team, TRINE_F64, s.m, s.k, TRINE_SHARED, 1), *x, *y;
    for (uint64_t i = 0; i < s.k; i++)
        vector[i] = number_at(2, i);
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_F64, vector, s.k, &x), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap(team, TRINE_F64, result, s.m, &y), TRINE_OK);
    CU_ASSERT_EQUAL(trine_gemv_f64(1, a, x, 0, y), TRINE_OK);
    trine_ledger_worker last;
    trine_team_ledger_worker(team, trine_team_workers(team) - 1, &last);
    CU_ASSERT_TRUE(last.blocks > 0);
    trine_array *expected = product(serial, TRINE_F64, s, TRINE_PRIVATE, factor);
    CU_ASSERT_TRUE(same_bits(y, expected));
    trine_array_free(a);
    trine_array_free(x);
    trine_array_free(y);
    trine_array_free(expected);
    free(vector);
    free(result);
}

static void wrapped_vectors_cost_no_workers(void)
{
    on_each_team(specs, wrap_and_multiply);
}

static void refuse_all(trine_team *team, trine_team *serial)
{
    trine_place place = trine_team_ranks(team) > 1 ? TRINE_DISTRIBUTED : TRINE_SHARED;
    trine_array *a = new_matrix(team, TRINE_F64, 20, 30, place, 1);
    trine_array *x = new_matrix(team, TRINE_F64, 30, 1, place, 2);
    trine_array *y = new_matrix(team, TRINE_F64, 20, 1, place, 3);
    trine_array *square = new_matrix(team, TRINE_F64, 30, 30, place, 1);
    trine_array *row = new_matrix(team, TRINE_F64, 1, 30, place, 1);
    trine_array *foreign = new_matrix(serial, TRINE_F64, 30, 1, TRINE_SHARED, 2);
    trine_array *expected = new_matrix(serial, TRINE_F64, 20, 1, TRINE_SHARED, 3);
    CU_ASSERT_EQUAL(trine_gemv_f64(1, NULL, x, 0, y), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_gemv_f64(1, a, NULL, 0, y), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_gemv_f64(1, a, x, 0, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "y is NULL"));
    CU_ASSERT_EQUAL(trine_gemv_f32(1, a, x, 0, y), TRINE_E_DTYPE);
    CU_ASSERT_EQUAL(trine_gemv_f64(1, a, y, 0, x), TRINE_E_LENGTH);
    CU_ASSERT_EQUAL(trine_gemv_f64(1, a, row, 0, y), TRINE_E_LENGTH);
    CU_ASSERT_EQUAL(trine_gemv_f64(1, a, foreign, 0, y), TRINE_E_TEAM);
    CU_ASSERT_EQUAL(trine_gemv_f64(1, square, x, 0, x), TRINE_E_ARGUMENT);
    CU_ASSERT_TRUE(same_bits(y, expected));
    if (trine_team_ranks(team) > 1) {
        trine_array *own = new_matrix(team, TRINE_F64, 30, 1, TRINE_SHARED, 1);
        bool first = trine_team_rank(team) == 0;
        CU_ASSERT_EQUAL(trine_gemv_f64(1, a, own, 0, y), TRINE_E_ARGUMENT);
        CU_ASSERT_EQUAL(trine_gemv_f64(1, first ? NULL : a, x, 0, y), TRINE_E_ARGUMENT);
        CU_ASSERT_EQUAL(trine_gemv_f64(1, a, x, first ? 1 : 2, y), TRINE_E_COLLECTIVE);
        CU_ASSERT_EQUAL(trine_gemv_f64(first ? 0 : 1, a, x, 1, y), TRINE_E_COLLECTIVE);
        CU_ASSERT_TRUE(same_bits(y, expected));
        trine_array_free(own);
    }
    CU_ASSERT_EQUAL(trine_gemv_f64(1, a, x, 0, y), TRINE_OK);
    trine_array *all[] = {a, x, y, square, row, foreign, expected, NULL};
    for (int i = 0; all[i]; i++)
        trine_array_free(all[i]);
}

static void misuse_is_refused_and_y_untouched(void)
{
    on_each_team(specs, refuse_all);
}

int main(int argc, char **argv)
{
    (void)argc;
    specs = argv + 1;
    trine_init();
    CU_TestInfo tests[] = {
        {"serial products are right", serial_products_are_right},
        {"every team gives the bits of serial", every_team_gives_the_bits_of_serial},
        {"every team makes the one NaN", every_team_makes_the_one_nan},
        {"special values stay in their rows", special_values_stay_in_their_rows},
        {"instruction sets give the same bits", instruction_sets_give_the_same_bits},
        {"wrapped vectors cost no workers", wrapped_vectors_cost_no_workers},
        {"misuse is refused and y untouched", misuse_is_refused_and_y_untouched},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("gemv", tests);
}
