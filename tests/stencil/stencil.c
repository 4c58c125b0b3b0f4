/* stencil.c [SPEC] - stencils on every team give, bit for bit, what plain loops over the whole do.
 */
#include "grids.h"

static const int64_t shapes[][2] = {{1, 1},  {1, 9},     {9, 1},        {2, 5},     {3, 3},
                                    {4, 3},  {3, 4},     {5, 5},        {17, 31},   {100, 67},
                                    {7, 20}, {3, 20001}, {5, 8194},     {5000, 3},  {700, 130},
                                    {3, 64}, {64, 64},   {4, 2 * 8192}, {1100, 129}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static const double weight[5] = {0.3, -1.7, 0.11, 2.9, 1e-3};

static bool inside(uint64_t r, uint64_t c, uint64_t rows, uint64_t columns, uint64_t halo)
{
    return r >= halo && c >= halo && r + halo < rows && c + halo < columns;
}

static void five_points(trine_dtype dtype, uint64_t rows, uint64_t columns, int how)
{
    uint64_t n = rows * columns;
    bool single = dtype == TRINE_F32;
    double *wide = malloc(n * sizeof *wide), *wide_out = malloc(n * sizeof *wide);
    float *narrow = malloc(n * sizeof *narrow), *narrow_out = malloc(n * sizeof *narrow);
    for (uint64_t i = 0; i < n; i++) {
        narrow[i] = (float)real_at(i);
        wide[i] = single ? (double)narrow[i] : real_at(i);
    }
    for (uint64_t i = 0; i < n; i++) {
        wide_out[i] = wide[i];
        if (inside(i / columns, i % columns, rows, columns, 1))
            wide_out[i] = one_nan(weight[0] * wide[i] + weight[1] * wide[i - columns] +
                                  weight[2] * wide[i + columns] + weight[3] * wide[i - 1] +
                                  weight[4] * wide[i + 1]);
        narrow_out[i] = (float)wide_out[i];
    }
    spread x = make(dtype, rows, columns, how), out = make(dtype, rows, columns, how);
    set(&x, single ? (const void *)narrow : (const void *)wide);
    expect(trine_stencil5(x.array, weight, out.array), TRINE_OK, "");
    CU_ASSERT_TRUE(holds(&out, single ? (const void *)narrow_out : (const void *)wide_out));
    release(&x);
    release(&out);
    free(wide);
    free(wide_out);
    free(narrow);
    free(narrow_out);
}

static void five_points_are_weighed_in_order(void)
{
    for (int s = 0; s < SHAPES; s++)
        for (int how = 0; how < SPREADS; how++) {
            five_points(TRINE_F64, shapes[s][0], shapes[s][1], how);
            five_points(TRINE_F32, shapes[s][0], shapes[s][1], how);
        }
}

/* A stencil of the user's: from u16 to i64, a number that tells every neighbour from the others.
 * param: the halo. */
static int64_t position_sum(const uint16_t *const *in, int64_t halo, size_t i)
{
    int64_t sum = 0;
    for (int64_t r = -halo; r <= halo; r++)
        for (int64_t c = -halo; c <= halo; c++)
            sum = sum * 31 % 1000003 + in[r][(int64_t)i + c] * (r + 7 * c + 50);
    return sum;
}

static void apply_position_sum(const trine_stencil_row *rows, const void *param)
{
    int64_t halo = *(const int64_t *)param;
    int64_t *out = rows->out;
    for (int64_t i = 0; i < rows->n; i++)
        out[i] = position_sum((const uint16_t *const *)rows->in, halo, i) +
                 (int64_t)(rows->row * 1000 + rows->column + i);
}

static void user_stencil(uint64_t rows, uint64_t columns, int64_t halo, int how)
{
    const trine_stencil stencil = {.name = "positions",
                                   .halo = (int)halo,
                                   .in = TRINE_U16,
                                   .out = TRINE_I64,
                                   .param_size = sizeof halo,
                                   .apply = apply_position_sum};
    uint64_t n = rows * columns;
    uint16_t *whole = malloc(n * sizeof *whole);
    int64_t *expected = calloc(n, sizeof *expected);
    for (uint64_t i = 0; i < n; i++)
        whole[i] = (uint16_t)mix(i);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t r = i / columns, c = i % columns;
        const uint16_t *in[2 * TRINE_HALO + 1];
        if (!inside(r, c, rows, columns, (uint64_t)halo))
            continue;
        for (int64_t k = -halo; k <= halo; k++)
            in[k + halo] = whole + (int64_t)i + k * (int64_t)columns;
        expected[i] = position_sum(in + halo, halo, 0) + (int64_t)(r * 1000 + c);
    }
    spread x = make(TRINE_U16, rows, columns, how), out = make(TRINE_I64, rows, columns, how);
    set(&x, whole);
    expect(trine_apply_stencil(&stencil, x.array, &halo, out.array), TRINE_OK, "");
    CU_ASSERT_TRUE(holds(&out, expected));
    release(&x);
    release(&out);
    free(whole);
    free(expected);
}

static void stencils_of_the_users_see_all_their_neighbours(void)
{
    const int64_t halos[] = {1, 2, 5, TRINE_HALO};
    for (int s = 0; s < SHAPES; s++)
        for (int h = 0; h < 4; h++)
            for (int how = 0; how < SPREADS; how++)
                if (h < 2 || shapes[s][0] * shapes[s][1] < 20000)
                    user_stencil(shapes[s][0], shapes[s][1], halos[h], how);
    user_stencil(40, 50, TRINE_HALO, UNEVEN);
}

/* The sweeps of a plain loop, and the greatest change in the last. */
static double plain_sweeps(double *u, double *other, const double *f, uint64_t rows,
                           uint64_t columns, int64_t sweeps)
{
    double residual = INFINITY;
    for (int64_t k = 0; k < sweeps; k++) {
        residual = 0;
        memcpy(other, u, rows * columns * sizeof *u);
        for (uint64_t r = 1; r + 1 < rows; r++)
            for (uint64_t c = 1; c + 1 < columns; c++) {
                uint64_t i = r * columns + c;
                double sum =
                    (other[i - columns] + other[i + columns]) + (other[i - 1] + other[i + 1]);
                u[i] = one_nan(0.25 * (f ? sum + f[i] : sum));
                double change = fabs(u[i] - other[i]);
                residual = change > residual || change != change ? one_nan(change) : residual;
            }
    }
    return residual;
}

static void jacobi(uint64_t rows, uint64_t columns, int64_t sweeps, bool source, int how)
{
    uint64_t n = rows * columns;
    double *whole = malloc(n * sizeof *whole), *f = malloc(n * sizeof *f),
           *other = malloc(n * sizeof *f);
    for (uint64_t i = 0; i < n; i++) {
        whole[i] = real_at(i);
        f[i] = 0.01 * real_at(i + n);
    }
    spread u = make(TRINE_F64, rows, columns, how), right = make(TRINE_F64, rows, columns, how);
    set(&u, whole);
    set(&right, f);
    trine_jacobi_result result = {.sweeps = 77};
    expect(trine_jacobi(u.array, source ? right.array : NULL, 0, sweeps, &result), TRINE_OK, "");
    double residual = plain_sweeps(whole, other, source ? f : NULL, rows, columns, result.sweeps);
    CU_ASSERT_TRUE(holds(&u, whole));
    CU_ASSERT_EQUAL(memcmp(&residual, &result.residual, sizeof residual), 0);
    CU_ASSERT_TRUE(result.sweeps == sweeps || result.residual == 0);
    release(&u);
    release(&right);
    free(whole);
    free(f);
    free(other);
}

static void sweeps_are_those_of_a_plain_loop(void)
{
    for (int s = 0; s < SHAPES; s++)
        for (int64_t sweeps = 0; sweeps < 4; sweeps++)
            for (int how = 0; how < SPREADS; how++) {
                jacobi(shapes[s][0], shapes[s][1], sweeps, true, how);
                jacobi(shapes[s][0], shapes[s][1], sweeps, false, how);
            }
    jacobi(40, 50, 101, true, BLOCKS);
}

/* u = x^2 - 3 x y + 2 y^2: five points give its Laplacian, 6, exactly. */
static void a_manufactured_solution_is_found(void)
{
    const uint64_t rows = 35, columns = 44, n = rows * columns;
    double *truth = malloc(n * sizeof *truth), *guess = malloc(n * sizeof *truth),
           *f = malloc(n * sizeof *f);
    const double h = 0.125;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t r = i / columns, c = i % columns;
        double x = (double)c * h, y = (double)r * h;
        truth[i] = x * x - 3 * x * y + 2 * y * y;
        guess[i] = inside(r, c, rows, columns, 1) ? 0 : truth[i];
        f[i] = inside(r, c, rows, columns, 1) ? -6 * h * h : NAN;
    }
    spread u = make(TRINE_F64, rows, columns, BLOCKS),
           right = make(TRINE_F64, rows, columns, BLOCKS);
    set(&u, guess);
    set(&right, f);
    trine_jacobi_result result;
    expect(trine_jacobi(u.array, right.array, 1e-13, 100000, &result), TRINE_OK, "");
    CU_ASSERT_TRUE(result.sweeps > 1000 && result.sweeps < 100000 && result.residual <= 1e-13);
    for (uint64_t i = 0; i < u.n; i++)
        CU_ASSERT_TRUE(fabs(((double *)trine_array_data(u.array))[i] - truth[u.first + i]) < 1e-9);
    release(&u);
    release(&right);
    free(truth);
    free(guess);
    free(f);
}

static void what_is_not_a_number_is_the_residual(void)
{
    const uint64_t rows = 30, columns = 300;
    double *whole = calloc(rows * columns, sizeof *whole);
    for (uint64_t at = 1; at < 35; at++) {
        for (uint64_t i = 0; i < rows * columns; i++)
            whole[i] = i == 4 * columns + at ? NAN : i == 20 * columns + 7 ? INFINITY : 0;
        spread u = make(TRINE_F64, rows, columns, BLOCKS);
        set(&u, whole);
        trine_jacobi_result result;
        expect(trine_jacobi(u.array, NULL, 1, 1, &result), TRINE_OK, "");
        CU_ASSERT_TRUE(result.residual != result.residual);
        release(&u);
    }
    free(whole);
}

static void every_team_makes_the_one_nan(void)
{
    hostile = true;
    for (int how = 0; how < SPREADS; how++) {
        five_points(TRINE_F64, 900, 50, how);
        five_points(TRINE_F32, 900, 50, how);
        jacobi(900, 50, 2, true, how);
        jacobi(50, 900, 3, false, how);
    }
    hostile = false;
}

/* As if caches were small. */
static void stores_past_the_caches_change_no_bits(void)
{
    size_t cache = trine_non_temporal_min;
    trine_non_temporal_min = 1;
    five_points_are_weighed_in_order();
    sweeps_are_those_of_a_plain_loop();
    what_is_not_a_number_is_the_residual();
    every_team_makes_the_one_nan();
    trine_non_temporal_min = cache;
}

static void nothing_is_done_to_nothing(void)
{
    for (int how = 0; how < SPREADS; how++) {
        spread x = make(TRINE_F64, 0, 5, how), out = make(TRINE_F64, 0, 5, how);
        trine_jacobi_result result = {.residual = 5};
        expect(trine_stencil5(x.array, weight, out.array), TRINE_OK, "");
        expect(trine_jacobi(x.array, out.array, 0, 3, &result), TRINE_OK, "");
        CU_ASSERT_TRUE(result.residual == 0 && result.sweeps == 1);
        release(&x);
        release(&out);
    }
}

static void misuse_is_named(void)
{
    spread x = make(TRINE_F64, 50, 40, BLOCKS), out = make(TRINE_F64, 50, 40, BLOCKS);
    spread whole = make(TRINE_I32, 50, 40, BLOCKS), other = make(TRINE_F64, 40, 50, BLOCKS);
    trine_stencil stencil = {.name = "mine", .halo = 1, .in = TRINE_F64, .out = TRINE_F64};
    trine_jacobi_result result = {42, 42};
    expect(trine_stencil5(x.array, NULL, out.array), TRINE_E_ARGUMENT, "weight is NULL");
    expect(trine_stencil5(NULL, weight, out.array), TRINE_E_ARGUMENT, "x is NULL");
    expect(trine_stencil5(NULL, weight, NULL), TRINE_E_ARGUMENT, "x is NULL");
    expect(trine_stencil5(x.array, weight, NULL), TRINE_E_ARGUMENT, "out[0] is NULL");
    expect(trine_stencil5(whole.array, weight, out.array), TRINE_E_DTYPE, "expected f64 or f32");
    expect(trine_stencil5(x.array, weight, whole.array), TRINE_E_DTYPE, "out[0] is i32");
    expect(trine_stencil5(x.array, weight, other.array), TRINE_E_LENGTH, "40 x 50");
    expect(trine_apply_stencil(NULL, x.array, NULL, out.array), TRINE_E_ARGUMENT,
           "stencil is NULL");
    expect(trine_apply_stencil(&stencil, x.array, NULL, out.array), TRINE_E_ARGUMENT, "lacks");
    stencil.apply = apply_position_sum;
    stencil.param_size = 8;
    expect(trine_apply_stencil(&stencil, x.array, NULL, out.array), TRINE_E_ARGUMENT,
           "takes 8 bytes");
    stencil.halo = 0;
    expect(trine_apply_stencil(&stencil, x.array, weight, out.array), TRINE_E_ARGUMENT,
           "a halo of 0; expected 1 to 16");
    stencil.halo = TRINE_HALO + 1;
    expect(trine_apply_stencil(&stencil, x.array, weight, out.array), TRINE_E_ARGUMENT,
           "a halo of 17");
    expect(trine_jacobi(NULL, NULL, 0, 1, &result), TRINE_E_ARGUMENT, "u is NULL");
    expect(trine_jacobi(x.array, NULL, -1, 1, &result), TRINE_E_ARGUMENT, "tolerance -1");
    expect(trine_jacobi(x.array, NULL, NAN, 1, &result), TRINE_E_ARGUMENT, "tolerance");
    expect(trine_jacobi(whole.array, NULL, 0, 1, &result), TRINE_E_DTYPE, "u[0] is i32");
    expect(trine_jacobi(x.array, other.array, 0, 1, &result), TRINE_E_LENGTH, "40 x 50");
    CU_ASSERT_TRUE(result.sweeps == 42 && result.residual == 42);
    if (trine_team_ranks(team) == 1) {
        expect(trine_stencil5(x.array, weight, x.array), TRINE_E_ARGUMENT, "overlaps");
        expect(trine_jacobi(x.array, x.array, 0, 1, &result), TRINE_E_ARGUMENT, "overlaps");
    }
    expect(trine_jacobi(x.array, NULL, 0, 1, NULL), TRINE_OK, "");
    release(&x);
    release(&out);
    release(&whole);
    release(&other);
}

static void what_one_rank_is_refused_all_are(void)
{
    bool last = trine_team_rank(team) + 1 == trine_team_ranks(team);
    spread x = make(TRINE_F64, 9, 4, BLOCKS), out = make(TRINE_F64, 9, 4, BLOCKS);
    trine_jacobi_result result = {42, 42};
    expect(trine_stencil5(x.array, last ? NULL : weight, out.array), TRINE_E_ARGUMENT, "weight");
    expect(trine_jacobi(x.array, NULL, last ? -1 : 0, 5, &result), TRINE_E_ARGUMENT, "tolerance");
    CU_ASSERT_TRUE(result.sweeps == 42 && result.residual == 42);
    if (trine_team_ranks(team) > 1)
        expect(trine_jacobi(x.array, NULL, 0, last ? 5 : 6, &result), TRINE_E_COLLECTIVE, "");
    expect(trine_stencil5(x.array, weight, out.array), TRINE_OK, "");
    release(&x);
    release(&out);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"five points are weighed in order", five_points_are_weighed_in_order},
        {"stencils of the user's see all their neighbours",
         stencils_of_the_users_see_all_their_neighbours},
        {"sweeps are those of a plain loop", sweeps_are_those_of_a_plain_loop},
        {"a manufactured solution is found", a_manufactured_solution_is_found},
        {"what is not a number is the residual", what_is_not_a_number_is_the_residual},
        {"every team makes the one NaN", every_team_makes_the_one_nan},
        {"stores past the caches change no bits", stores_past_the_caches_change_no_bits},
        {"nothing is done to nothing", nothing_is_done_to_nothing},
        {"misuse is named", misuse_is_named},
        {"what one rank is refused, all are", what_one_rank_is_refused_all_are},
        CU_TEST_INFO_NULL,
    };
    return on_team(argc, argv, "stencil", tests);
}
