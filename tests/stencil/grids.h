/* grids.h - what the tests of transpositions, stencils and convolutions share: teams from the
 * command line, arrays in every place and cut in several ways, comparing blocks with a whole. */
#ifndef TRINE_TESTS_GRIDS_H
#define TRINE_TESTS_GRIDS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "core/lines/non_temporal.h"
#include "expect.h"
#include "mix.h"
#include "core/lines/transpose.h"

static trine_team *team;

/* How a whole is spread over the ranks: trine's blocks, or blocks of the caller's own. */
enum { BLOCKS, UNEVEN, ALL_ON_THE_LAST, WRAPPED, SPREADS };

/* An array and which elements of the whole it holds. memory: what a WRAPPED one is made of. */
typedef struct spread {
    trine_array *array;
    uint64_t first, n;
    size_t item;
    void *memory;
} spread;

/* Whether elements are to be NaNs of any sign and payload and infinities, too. */
static bool hostile;

/* Uniform in [-0.5, 0.5). */
static inline double real_at(uint64_t i)
{
    uint64_t bits = mix(i + 77), quiet = bits >> 12 | UINT64_C(0xfff) << 51 | bits << 63;
    double nan;
    memcpy(&nan, &quiet, sizeof nan);
    if (hostile && bits % 5 == 0)
        return bits % 3 ? nan : bits % 2 ? (double)INFINITY : (double)-INFINITY;
    return (double)(mix(i) >> 11) * 0x1p-53 - 0.5;
}

/* What is not a number has one representation. */
static inline double one_nan(double x)
{
    return x == x ? x : (double)NAN;
}

static inline uint64_t cut_at(uint64_t rows, uint64_t rank, uint64_t ranks, int how)
{
    if (how == ALL_ON_THE_LAST)
        return rank == ranks ? rows : 0;
    uint64_t at = rank == ranks ? rows : rows * rank * rank / (ranks * ranks);
    return at;
}

/* rows x columns zeros. */
static inline spread make(trine_dtype dtype, uint64_t rows, uint64_t columns, int how)
{
    spread s = {.item = trine_dtype_size(dtype)};
    uint64_t rank = (uint64_t)trine_team_rank(team), ranks = (uint64_t)trine_team_ranks(team);
    trine_status status;
    if (how == BLOCKS) {
        status = trine_array_create_2d(team, dtype, rows, columns, TRINE_DISTRIBUTED, &s.array);
        s.first = trine_array_offset(s.array);
    } else {
        uint64_t row = cut_at(rows, rank, ranks, how), end = cut_at(rows, rank + 1, ranks, how);
        s.first = row * columns;
        if (how == WRAPPED) {
            s.memory = calloc((end - row) * columns + 1, s.item);
            status = trine_array_wrap_2d(team, dtype, s.memory, end - row, columns, &s.array);
        } else {
            status = trine_array_create_2d(team, dtype, end - row, columns, TRINE_SHARED, &s.array);
        }
    }
    CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
    s.n = trine_array_local_n(s.array);
    return s;
}

static inline void release(spread *s)
{
    trine_array_free(s->array);
    free(s->memory);
}

/* Copies this rank's elements of the whole into the array. */
static inline void set(const spread *s, const void *whole)
{
    if (s->n > 0)
        memcpy(trine_array_data(s->array), (const char *)whole + s->first * s->item,
               s->n * s->item);
}

/* Whether this rank's elements are those of the whole, bit for bit. */
static inline bool holds(const spread *s, const void *whole)
{
    return s->n == 0 || memcmp(trine_array_data(s->array), (const char *)whole + s->first * s->item,
                               s->n * s->item) == 0;
}

/* Runs the tests on the team that the command line names. */
static inline int on_team(int argc, char **argv, const char *suite, CU_TestInfo tests[])
{
    trine_init();
    if (trine_team_open(argc > 1 ? argv[1] : "serial", &team)) {
        printf("%s\n", trine_error_detail());
        return 1;
    }
    int failed = trine_check_main(suite, tests);
    if (trine_team_close(team)) {
        printf("%s\n", trine_error_detail());
        failed = 1;
    }
    return failed;
}

#endif
