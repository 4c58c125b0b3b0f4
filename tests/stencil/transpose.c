/* transpose.c [SPEC] - out[c][r] is x[r][c], on every team, for every type, shape and spread. */
#include "grids.h"

static const int64_t shapes[][2] = {{1, 1},      {1, 7},    {7, 1},    {2, 2},      {3, 5},
                                    {8, 8},      {9, 17},   {64, 64},  {65, 129},   {1, 20000},
                                    {20000, 1},  {3, 9001}, {9001, 3}, {128, 1024}, {257, 511},
                                    {1000, 130}, {2, 30003}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void fill(unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(mix(i) >> 13);
}

static void judge(const unsigned char *x, uint64_t rows, uint64_t columns, size_t item,
                  unsigned char *out)
{
    for (uint64_t r = 0; r < rows; r++)
        for (uint64_t c = 0; c < columns; c++)
            for (size_t i = 0; i < item; i++)
                out[(c * rows + r) * item + i] = x[(r * columns + c) * item + i];
}

static void transpose(trine_dtype dtype, uint64_t rows, uint64_t columns, int from, int to)
{
    size_t item = trine_dtype_size(dtype), bytes = rows * columns * item;
    unsigned char *whole = malloc(bytes), *expected = malloc(bytes);
    fill(whole, bytes);
    judge(whole, rows, columns, item, expected);
    spread x = make(dtype, rows, columns, from), out = make(dtype, columns, rows, to);
    set(&x, whole);
    expect(trine_transpose(x.array, out.array), TRINE_OK, "");
    CU_ASSERT_TRUE(holds(&out, expected));
    CU_ASSERT_TRUE(holds(&x, whole));
    release(&x);
    release(&out);
    free(whole);
    free(expected);
}

static void every_element_finds_its_place(void)
{
    for (int s = 0; s < SHAPES; s++)
        for (int d = 1; d < TRINE_DTYPE_COUNT; d++)
            transpose((trine_dtype)d, shapes[s][0], shapes[s][1], BLOCKS, BLOCKS);
}

static void blocks_may_be_cut_anywhere(void)
{
    for (int s = 0; s < SHAPES; s++)
        for (int from = 0; from < SPREADS; from++)
            for (int to = 0; to < SPREADS; to++)
                transpose(TRINE_F64, shapes[s][0], shapes[s][1], from, to);
}

/* As if caches and panels were small. */
static void large_ones_go_by_panels_and_past_the_caches(void)
{
    size_t cache = trine_non_temporal_min;
    uint64_t panel = trine_panel_bytes;
    trine_non_temporal_min = 1;
    trine_panel_bytes = 5000;
    every_element_finds_its_place();
    blocks_may_be_cut_anywhere();
    trine_non_temporal_min = cache;
    trine_panel_bytes = panel;
    transpose(TRINE_F64, 1601, 1500, BLOCKS, BLOCKS);
}

static void nothing_goes_to_nothing(void)
{
    for (int how = 0; how < SPREADS; how++) {
        spread x = make(TRINE_F64, 0, 5, how), out = make(TRINE_F64, 0, 1, how);
        expect(trine_transpose(x.array, out.array), TRINE_OK, "");
        release(&x);
        release(&out);
    }
}

static void misuse_is_named(void)
{
    spread x = make(TRINE_F64, 30, 4, BLOCKS), out = make(TRINE_F64, 4, 30, BLOCKS);
    spread other = make(TRINE_F32, 4, 30, BLOCKS), same = make(TRINE_F64, 30, 4, BLOCKS);
    spread square = make(TRINE_F64, 40, 40, BLOCKS);
    trine_team *another;
    trine_array *foreign;
    CU_ASSERT_EQUAL(trine_team_open("serial", &another), TRINE_OK);
    CU_ASSERT_EQUAL(trine_array_create_2d(another, TRINE_F64, 4, 30, TRINE_SHARED, &foreign),
                    TRINE_OK);
    expect(trine_transpose(NULL, NULL), TRINE_E_ARGUMENT, "x is NULL");
    expect(trine_transpose(NULL, out.array), TRINE_E_ARGUMENT, "x is NULL");
    expect(trine_transpose(x.array, NULL), TRINE_E_ARGUMENT, "out is NULL");
    expect(trine_transpose(x.array, other.array), TRINE_E_DTYPE, "out is f32; expected f64");
    expect(trine_transpose(x.array, same.array), TRINE_E_LENGTH, "expected out of 4 x 30");
    expect(trine_transpose(x.array, foreign), TRINE_E_TEAM, "belongs to team");
    /* Blocks of nothing overlap nothing: a rank may hold none of 40 rows. */
    if (trine_team_ranks(team) == 1)
        expect(trine_transpose(square.array, square.array), TRINE_E_ARGUMENT, "overlaps");
    trine_array_free(foreign);
    trine_team_close(another);
    release(&x);
    release(&out);
    release(&other);
    release(&same);
    release(&square);
}

static void what_one_rank_is_refused_all_are(void)
{
    bool last = trine_team_rank(team) + 1 == trine_team_ranks(team);
    spread x = make(TRINE_F64, 9, 4, BLOCKS), out = make(TRINE_F64, 4, 9, BLOCKS);
    expect(trine_transpose(x.array, last ? NULL : out.array), TRINE_E_ARGUMENT, "out is NULL");
    expect(trine_transpose(x.array, out.array), TRINE_OK, "");
    release(&x);
    release(&out);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"every element finds its place", every_element_finds_its_place},
        {"blocks may be cut anywhere", blocks_may_be_cut_anywhere},
        {"large ones go by panels, and past the caches",
         large_ones_go_by_panels_and_past_the_caches},
        {"nothing goes to nothing", nothing_goes_to_nothing},
        {"misuse is named", misuse_is_named},
        {"what one rank is refused, all are", what_one_rank_is_refused_all_are},
        CU_TEST_INFO_NULL,
    };
    return on_team(argc, argv, "transpose", tests);
}
