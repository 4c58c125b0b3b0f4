/* gemm.c SPEC... - matrix products: serial's against a triple loop in long double, every team's
 * against serial's bits; special values of alpha and beta; misuse. Under a launcher the ranks'
 * blocks cut panels, and a and c lie in other blocks than are computed. */
#include "matrices.h"

static char **specs;

typedef struct shape {
    uint64_t m, n, k;
} shape;

/* Around the edges of panels (64 and 512 rows), tiles (6144 columns), steps (1024 of k), and of the
 * ranks' blocks; wide, narrow, small. */
static const shape shapes[] = {
    {1, 1, 1},       {1, 11, 12},     {11, 12, 1},     {12, 1, 191},    {191, 192, 193},
    {192, 193, 11},  {193, 12, 192},  {63, 65, 64},    {64, 63, 1023},  {65, 64, 1024},
    {128, 33, 1025}, {129, 31, 2048}, {500, 500, 500}, {500, 1000, 17}, {512, 7, 2049},
    {513, 9, 3000},  {4096, 5, 20},   {4097, 3, 7},    {5, 6144, 9},    {70, 6145, 3},
    {66, 12300, 40}, {3, 9000, 1100}, {2, 2, 9000},    {0, 5, 3},       {1000, 2, 8200},
    {10, 3, 0},      {10, 0, 3},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static trine_status gemm(double alpha, const trine_array *a, const trine_array *b, double beta,
                         trine_array *c)
{
    if (trine_array_dtype(c) == TRINE_F64)
        return trine_gemm_f64(alpha, a, b, beta, c);
    return trine_gemm_f32((float)alpha, a, b, (float)beta, c);
}

/* The product of numbers 1 and 2 onto number 3. What must not be read is NaN. */
static trine_array *product(trine_team *team, trine_dtype dtype, shape s, trine_place place,
                            const double *factor)
{
    bool reads = factor[0] != 0;
    trine_array *a = new_matrix(team, dtype, s.m, s.k, place, reads ? 1 : 0);
    trine_array *b = new_matrix(team, dtype, s.k, s.n, place, reads ? 2 : 0);
    trine_array *c = new_matrix(team, dtype, s.m, s.n, place, factor[1] != 0 ? 3 : 0);
    trine_status status = gemm(factor[0], a, b, factor[1], c);
    if (status)
        printf("\n  %s: %s\n", trine_team_spec(team), trine_error_detail());
    CU_ASSERT_EQUAL(status, TRINE_OK);
    trine_array_free(a);
    trine_array_free(b);
    return c;
}

/* Element (i, j) against a loop over k. */
static bool element_is_right(const trine_array *c, shape s, uint64_t i, uint64_t j,
                             const double *factor)
{
    trine_dtype dtype = trine_array_dtype(c);
    double u = dtype == TRINE_F64 ? DBL_EPSILON / 2 : (double)FLT_EPSILON / 2;
    long double sum = 0, magnitude = 0;
    for (uint64_t l = 0; l < s.k && factor[0] != 0; l++) {
        long double term = (long double)number_at(1, i * s.k + l) * number_at(2, l * s.n + j);
        sum += term;
        magnitude += fabsl(term);
    }
    return is_close(get_number(trine_array_data(c), dtype, i * s.n + j), sum, magnitude, factor[0],
                    factor[1], number_at(3, i * s.n + j), (double)s.k + 4, u);
}

/* All elements of small products, some of large ones. */
static bool is_right(const trine_array *c, shape s, const double *factor)
{
    uint64_t n = s.m * s.n, step = n * s.k > 400000 ? n * s.k / 400000 : 1;
    for (uint64_t e = n; e > 0; e -= e < step ? e : step)
        if (!element_is_right(c, s, (e - 1) / s.n, (e - 1) % s.n, factor)) {
            printf("\n  %llu x %llu x %llu: element %llu is wrong\n", (unsigned long long)s.m,
                   (unsigned long long)s.n, (unsigned long long)s.k, (unsigned long long)(e - 1));
            return false;
        }
    return true;
}

static void serial_products_are_right(void)
{
    trine_team *serial;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &serial), TRINE_OK);
    for (int i = 0; i < SHAPES; i++)
        for (int f = 0; f < FACTORS; f++) {
            trine_dtype dtype = (i + f) % 2 ? TRINE_F64 : TRINE_F32;
            trine_array *c = product(serial, dtype, shapes[i], TRINE_PRIVATE, factors[f]);
            CU_ASSERT_TRUE(is_right(c, shapes[i], factors[f]));
            trine_array_free(c);
        }
    CU_ASSERT_EQUAL(trine_team_close(serial), TRINE_OK);
}

static void compare_all(trine_team *team, trine_team *serial)
{
    for (int i = 0; i < SHAPES; i++)
        for (int f = i % 2; f < FACTORS; f += 2) {
            trine_dtype dtype = (i + f / 2) % 2 ? TRINE_F32 : TRINE_F64;
            trine_place place =
                trine_team_ranks(team) > 1 ? TRINE_DISTRIBUTED : (trine_place)((i + f / 2) % 3);
            trine_team_set_schedule(team, i % 3 ? TRINE_STATIC : TRINE_DYNAMIC);
            trine_array *got = product(team, dtype, shapes[i], place, factors[f]);
            trine_array *expected = product(serial, dtype, shapes[i], TRINE_SHARED, factors[f]);
            bool same = same_bits(got, expected);
            if (!same)
                printf("\n  %s: %llu x %llu x %llu, factors %d differ from serial's\n",
                       trine_team_spec(team), (unsigned long long)shapes[i].m,
                       (unsigned long long)shapes[i].n, (unsigned long long)shapes[i].k, f);
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
static const shape odd[] = {{900, 50, 3}, {513, 9, 1100}, {65, 64, 7}};

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

/* The caller's own memory, which a pool's workers do not address. */
static void wrap_and_multiply(trine_team *team, trine_team *serial)
{
    if (trine_team_ranks(team) > 1)
        return;
    shape s = {130, 70, 50};
    const double factor[] = {1, 0};
    double *data = malloc(s.m * s.k * sizeof *data);
    trine_array *a, *b = new_matrix(team, TRINE_F64, s.k, s.n, TRINE_SHARED, 2);
    trine_array *c = new_matrix(team, TRINE_F64, s.m, s.n, TRINE_DISTRIBUTED, 0);
    for (uint64_t i = 0; i < s.m * s.k; i++)
        data[i] = number_at(1, i);
    CU_ASSERT_EQUAL_FATAL(trine_array_wrap_2d(team, TRINE_F64, data, s.m, s.k, &a), TRINE_OK);
    CU_ASSERT_EQUAL(trine_gemm_f64(1, a, b, 0, c), TRINE_OK);
    trine_array *expected = product(serial, TRINE_F64, s, TRINE_PRIVATE, factor);
    CU_ASSERT_TRUE(same_bits(c, expected));
    trine_array_free(a);
    trine_array_free(b);
    trine_array_free(c);
    trine_array_free(expected);
    free(data);
}

static void wrapped_memory_gives_the_same_bits(void)
{
    on_each_team(specs, wrap_and_multiply);
}

static void refuse_all(trine_team *team, trine_team *serial)
{
    trine_place place = trine_team_ranks(team) > 1 ? TRINE_DISTRIBUTED : TRINE_SHARED;
    trine_array *a = new_matrix(team, TRINE_F64, 20, 30, place, 1);
    trine_array *b = new_matrix(team, TRINE_F64, 30, 40, place, 2);
    trine_array *c = new_matrix(team, TRINE_F64, 20, 40, place, 3);
    trine_array *square = new_matrix(team, TRINE_F64, 30, 30, place, 1);
    trine_array *single = new_matrix(team, TRINE_F32, 30, 40, place, 2);
    trine_array *foreign = new_matrix(serial, TRINE_F64, 30, 40, TRINE_SHARED, 2);
    trine_array *expected = new_matrix(serial, TRINE_F64, 20, 40, TRINE_SHARED, 3);
    CU_ASSERT_EQUAL(trine_gemm_f64(1, NULL, b, 0, c), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "a is NULL"));
    CU_ASSERT_EQUAL(trine_gemm_f64(1, a, NULL, 0, c), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_gemm_f64(1, a, b, 0, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_gemm_f64(1, NULL, NULL, 0, NULL), TRINE_E_ARGUMENT);
    CU_ASSERT_EQUAL(trine_gemm_f64(1, a, single, 0, c), TRINE_E_DTYPE);
    CU_ASSERT_EQUAL(trine_gemm_f32(1, a, b, 0, c), TRINE_E_DTYPE);
    CU_ASSERT_EQUAL(trine_gemm_f64(1, b, a, 0, c), TRINE_E_LENGTH);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "expected 40 x 30"));
    CU_ASSERT_EQUAL(trine_gemm_f64(1, a, foreign, 0, c), TRINE_E_TEAM);
    CU_ASSERT_EQUAL(trine_gemm_f64(1, square, square, 0, square), TRINE_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "overlaps"));
    CU_ASSERT_TRUE(same_bits(c, expected));
    if (trine_team_ranks(team) > 1) {
        trine_array *own = new_matrix(team, TRINE_F64, 20, 30, TRINE_SHARED, 1);
        CU_ASSERT_EQUAL(trine_gemm_f64(1, own, b, 0, c), TRINE_E_ARGUMENT);
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "TRINE_DISTRIBUTED"));
        /* One rank's own mistake, and ranks that ask for different products. */
        bool first = trine_team_rank(team) == 0;
        CU_ASSERT_EQUAL(trine_gemm_f64(1, first ? a : b, b, 0, c), TRINE_E_LENGTH);
        CU_ASSERT_EQUAL(trine_gemm_f64(first ? 1 : 2, a, b, 0, c), TRINE_E_COLLECTIVE);
        CU_ASSERT_TRUE(same_bits(c, expected));
        trine_array_free(own);
    }
    CU_ASSERT_EQUAL(trine_gemm_f64(1, a, b, 0, c), TRINE_OK);
    trine_array *all[] = {a, b, c, square, single, foreign, expected, NULL};
    for (int i = 0; all[i]; i++)
        trine_array_free(all[i]);
}

static void misuse_is_refused_and_c_untouched(void)
{
    on_each_team(specs, refuse_all);
}

static void the_library_has_a_name(void)
{
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_gemm_library(), "OpenBLAS "));
}

int main(int argc, char **argv)
{
    (void)argc;
    specs = argv + 1;
    trine_init();
    if (!trine_gemm_library()) {
        fprintf(stderr, "skipped: %s\n", trine_error_detail());
        return 77;
    }
    CU_TestInfo tests[] = {
        {"serial products are right", serial_products_are_right},
        {"every team gives the bits of serial", every_team_gives_the_bits_of_serial},
        {"every team makes the one NaN", every_team_makes_the_one_nan},
        {"wrapped memory gives the same bits", wrapped_memory_gives_the_same_bits},
        {"misuse is refused and c untouched", misuse_is_refused_and_c_untouched},
        {"the library has a name", the_library_has_a_name},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("gemm", tests);
}
