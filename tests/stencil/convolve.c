/* convolve.c [SPEC] - convolution on every team gives, bit for bit, what a plain loop over the
 * whole does. */
#include "grids.h"

static const uint64_t lengths[] = {0,
                                   1,
                                   2,
                                   3,
                                   7,
                                   8,
                                   9,
                                   63,
                                   64,
                                   65,
                                   1000,
                                   TRINE_CHUNK - 1,
                                   TRINE_CHUNK,
                                   TRINE_CHUNK + 1,
                                   3 * TRINE_CHUNK + 17,
                                   9 * TRINE_CHUNK};
static const size_t widths[] = {1, 2, 3, 4, 5, 8, 31, 64, 257, 2000, TRINE_CHUNK};
enum { LENGTHS = sizeof lengths / sizeof *lengths, WIDTHS = sizeof widths / sizeof *widths };

static double at(const double *x, uint64_t n, int64_t i)
{
    return i >= 0 && (uint64_t)i < n ? x[i] : 0;
}

static void judge(const double *x, uint64_t n, const double *kernel, size_t taps, double *out)
{
    for (uint64_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t t = 0; t < taps; t++)
            sum += kernel[t] * at(x, n, (int64_t)(i + (taps - 1) / 2) - (int64_t)t);
        out[i] = one_nan(sum);
    }
}

static void convolve(trine_dtype dtype, uint64_t n, size_t taps, int how)
{
    bool single = dtype == TRINE_F32;
    double *kernel = malloc(taps * sizeof *kernel), *x = malloc((n + 1) * sizeof *x),
           *out = malloc((n + 1) * sizeof *out);
    float *narrow = malloc((n + 1) * sizeof *narrow);
    for (size_t t = 0; t < taps; t++)
        kernel[t] = real_at(t + 1000000);
    for (uint64_t i = 0; i < n; i++) {
        narrow[i] = (float)real_at(i);
        x[i] = single ? (double)narrow[i] : real_at(i);
    }
    spread in = make(dtype, n, 1, how), made = make(dtype, n, 1, how);
    set(&in, single ? (const void *)narrow : (const void *)x);
    expect(single ? trine_convolve_f32(in.array, kernel, taps, made.array)
                  : trine_convolve_f64(in.array, kernel, taps, made.array),
           TRINE_OK, "");
    judge(x, n, kernel, taps, out);
    for (uint64_t i = 0; i < n; i++)
        narrow[i] = (float)out[i];
    CU_ASSERT_TRUE(holds(&made, single ? (const void *)narrow : (const void *)out));
    release(&in);
    release(&made);
    free(kernel);
    free(x);
    free(out);
    free(narrow);
}

static void sums_are_those_of_a_plain_loop(void)
{
    for (int l = 0; l < LENGTHS; l++)
        for (int w = 0; w < WIDTHS; w++)
            for (int how = 0; how < SPREADS; how++)
                if (lengths[l] * widths[w] < 3000000 || how == BLOCKS) {
                    if (lengths[l] * widths[w] > 30000000)
                        continue;
                    convolve(TRINE_F64, lengths[l], widths[w], how);
                    convolve(TRINE_F32, lengths[l], widths[w], how);
                }
}

/* Blocks of the caller's own, the first of which are shorter than half the kernel. */
static void halos_come_from_several_ranks(void)
{
    for (uint64_t n = 1; n < 60; n += 7)
        for (size_t taps = 1; taps < 200; taps += 13)
            convolve(TRINE_F64, n, taps, UNEVEN);
    convolve(TRINE_F64, 9 * TRINE_CHUNK, 301, UNEVEN);
    convolve(TRINE_F64, 3 * TRINE_CHUNK + 17, 301, WRAPPED);
    convolve(TRINE_F64, 2 * TRINE_CHUNK + 17, 500, ALL_ON_THE_LAST);
}

static void every_team_makes_the_one_nan(void)
{
    hostile = true;
    for (int how = 0; how < SPREADS; how++)
        for (size_t taps = 1; taps < 9; taps += 3) {
            convolve(TRINE_F64, 45000, taps, how);
            convolve(TRINE_F32, 45000, taps, how);
        }
    hostile = false;
}

/* As if caches were small. */
static void stores_past_the_caches_change_no_bits(void)
{
    size_t cache = trine_non_temporal_min;
    trine_non_temporal_min = 1;
    for (int l = 0; l < LENGTHS; l++)
        for (int how = 0; how < SPREADS; how++) {
            convolve(TRINE_F64, lengths[l], 5, how);
            convolve(TRINE_F32, lengths[l], 8, how);
        }
    trine_non_temporal_min = cache;
}

static void misuse_is_named(void)
{
    const double kernel[TRINE_CHUNK + 1] = {1};
    spread x = make(TRINE_F64, 20000, 1, BLOCKS), out = make(TRINE_F64, 20000, 1, BLOCKS);
    spread longer = make(TRINE_F64, 20001, 1, BLOCKS), single = make(TRINE_F32, 20000, 1, BLOCKS);
    spread wide = make(TRINE_F64, 100, 200, BLOCKS), wide_out = make(TRINE_F64, 100, 200, BLOCKS);
    expect(trine_convolve_f64(NULL, kernel, 1, NULL), TRINE_E_ARGUMENT, "x[0] is NULL");
    expect(trine_convolve_f64(x.array, kernel, 1, NULL), TRINE_E_ARGUMENT, "out[0] is NULL");
    expect(trine_convolve_f64(x.array, NULL, 1, out.array), TRINE_E_ARGUMENT, "kernel is NULL");
    expect(trine_convolve_f64(x.array, kernel, 0, out.array), TRINE_E_ARGUMENT, "0 taps");
    expect(trine_convolve_f64(x.array, kernel, TRINE_CHUNK + 1, out.array), TRINE_E_ARGUMENT,
           "expected 1 to 8192");
    expect(trine_convolve_f64(x.array, kernel, 3, longer.array), TRINE_E_LENGTH, "20001");
    expect(trine_convolve_f64(single.array, kernel, 3, single.array), TRINE_E_DTYPE, "f32");
    expect(trine_convolve_f32(x.array, kernel, 3, out.array), TRINE_E_DTYPE, "expected f32");
    expect(trine_convolve_f64(wide.array, kernel, 3, wide_out.array), TRINE_E_LENGTH, "one axis");
    if (trine_team_ranks(team) == 1)
        expect(trine_convolve_f64(x.array, kernel, 3, x.array), TRINE_E_ARGUMENT, "overlaps");
    release(&x);
    release(&out);
    release(&longer);
    release(&single);
    release(&wide);
    release(&wide_out);
}

/* Only between ranks: a kernel that differs is a different call. */
static void another_kernel_on_one_rank_is_another_call(void)
{
    if (trine_team_ranks(team) == 1)
        return;
    const double kernel[] = {1, 2, trine_team_rank(team) == 0 ? 3 : 4};
    spread x = make(TRINE_F64, 100, 1, BLOCKS), out = make(TRINE_F64, 100, 1, BLOCKS);
    expect(trine_convolve_f64(x.array, kernel, 3, out.array), TRINE_E_COLLECTIVE, "");
    release(&x);
    release(&out);
}

static void what_one_rank_is_refused_all_are(void)
{
    const double kernel[] = {1, 2, 3};
    bool last = trine_team_rank(team) + 1 == trine_team_ranks(team);
    spread x = make(TRINE_F64, 100, 1, BLOCKS), out = make(TRINE_F64, 100, 1, BLOCKS);
    expect(trine_convolve_f64(x.array, kernel, last ? 0 : 3, out.array), TRINE_E_ARGUMENT,
           "0 taps");
    expect(trine_convolve_f64(x.array, kernel, 3, out.array), TRINE_OK, "");
    release(&x);
    release(&out);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"sums are those of a plain loop", sums_are_those_of_a_plain_loop},
        {"halos come from several ranks", halos_come_from_several_ranks},
        {"every team makes the one NaN", every_team_makes_the_one_nan},
        {"stores past the caches change no bits", stores_past_the_caches_change_no_bits},
        {"misuse is named", misuse_is_named},
        {"another kernel on one rank is another call", another_kernel_on_one_rank_is_another_call},
        {"what one rank is refused, all are", what_one_rank_is_refused_all_are},
        CU_TEST_INFO_NULL,
    };
    return on_team(argc, argv, "convolve", tests);
}
