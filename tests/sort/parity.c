/* parity.c SPEC... - on every team named, sorts and argsorts are those of qsort with the index as
 * the last key: all dtypes, lengths around every boundary, orders and values of every kind. Under a
 * launcher, each rank judges its own block. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "hash_reducer.h"

static char **specs;
static int spec_count;

static const uint64_t lengths[] = {0,
                                   1,
                                   2,
                                   3,
                                   16,
                                   17,
                                   1000,
                                   TRINE_CHUNK - 1,
                                   TRINE_CHUNK,
                                   TRINE_CHUNK + 1,
                                   4 * TRINE_CHUNK,
                                   4 * TRINE_CHUNK + 1,
                                   9 * TRINE_CHUNK - 1,
                                   100 * TRINE_CHUNK + 77,
                                   130 * TRINE_CHUNK + 5};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* PIPE: up, then down. STEP: few keys between many others, as far apart as can be. WIDE: every
 * exponent of reals, every magnitude of integers. */
#define KINDS_OF(X)                                                                                \
    X(ANY_BITS)                                                                                    \
    X(WIDE)                                                                                        \
    X(SORTED)                                                                                      \
    X(REVERSED)                                                                                    \
    X(CONSTANT)                                                                                    \
    X(FEW)                                                                                         \
    X(SPECIAL)                                                                                     \
    X(PIPE)                                                                                        \
    X(ALL_BUT_ONE)                                                                                 \
    X(CLUSTERS)
#define KIND(name) name,
#define KIND_NAME(name) #name,
enum { KINDS_OF(KIND) KINDS };
static const char *const kind_name[] = {KINDS_OF(KIND_NAME)};

/* What is longer takes qsort long: each dtype has one kind of it, and f64 every kind, but not on
 * every rank of several. */
enum { SHORT = 10 * TRINE_CHUNK };

static bool is_tested(trine_dtype dtype, int kind, uint64_t n, bool alone)
{
    return n <= SHORT || ((int)dtype + kind) % KINDS == 1 || (dtype == TRINE_F64 && alone);
}

static const uint64_t specials_f64[] = {0x0000000000000000, 0x8000000000000000, 0x7ff0000000000000,
                                        0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000001,
                                        0x7ff0000000000001, 0xffffffffffffffff, 0x7fffffffffffffff,
                                        0x0000000000000001, 0x8000000000000001, 0x000fffffffffffff,
                                        0x800fffffffffffff, 0x7fefffffffffffff, 0xffefffffffffffff,
                                        0x3ff0000000000000, 0xbff0000000000000};
static const uint32_t specials_f32[] = {0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000,
                                        0xffc00001, 0x7f800001, 0xffffffff, 0x7fffffff, 0x00000001,
                                        0x80000001, 0x007fffff, 0x807fffff, 0x7f7fffff, 0xff7fffff,
                                        0x3f800000, 0xbf800000};
enum { SPECIALS = sizeof specials_f64 / sizeof *specials_f64 };

/* The value of element i as a number of the type's own order. */
static int64_t whole_value(uint64_t i, uint64_t n, int kind, uint64_t random)
{
    switch (kind) {
    case SORTED:
        return (int64_t)(i / 3);
    case REVERSED:
        return (int64_t)(n - i);
    case CONSTANT:
        return 7;
    case FEW:
        return (int64_t)(random % 5) - 2;
    case PIPE:
        return (int64_t)(i < n / 2 ? i : n - i);
    case ALL_BUT_ONE:
        return i == n / 3 ? -1 : 7;
    case CLUSTERS:
        return (int64_t)(random % 7 << 40) + (int64_t)(random >> 8) % 100;
    default:
        return (int64_t)(random >> random % 64) * (i % 2 ? 1 : -1);
    }
}

static void make_element(void *x, trine_dtype dtype, uint64_t i, uint64_t n, int kind)
{
    uint64_t random = hash_mix(i + 1, 1000003u * (uint64_t)kind + 17), bits = random;
    if (kind != ANY_BITS) {
        int64_t whole = whole_value(i, n, kind, random);
        double real = kind == WIDE ? ldexp((double)(int64_t)random, (int)(random % 2200) - 1150)
                                   : (double)whole * 0.37;
        float single =
            (float)(kind == WIDE ? ldexp((double)(int64_t)random, (int)(random % 300) - 210)
                                 : real);
        if (dtype == TRINE_F64 && kind == SPECIAL)
            bits = specials_f64[random % SPECIALS];
        else if (dtype == TRINE_F64)
            memcpy(&bits, &real, sizeof real);
        else if (dtype == TRINE_F32 && kind == SPECIAL)
            bits = specials_f32[random % SPECIALS];
        else if (dtype == TRINE_F32)
            memcpy(&bits, &single, sizeof single);
        else
            bits = (uint64_t)whole;
    }
    memcpy(x, &bits, trine_dtype_size(dtype));
}

static const void *judged;
static trine_dtype judged_dtype;

static int compare_reals(double a, double b)
{
    if (isnan(a) || isnan(b))
        return (isnan(a) != 0) - (isnan(b) != 0);
    if (a == b)
        return (signbit(b) != 0) - (signbit(a) != 0);
    return (a > b) - (a < b);
}

static int compare_elements(uint64_t i, uint64_t j)
{
    switch (judged_dtype) {
    case TRINE_F64:
        return compare_reals(((const double *)judged)[i], ((const double *)judged)[j]);
    case TRINE_F32:
        return compare_reals(((const float *)judged)[i], ((const float *)judged)[j]);
#define COMPARE(constant, type)                                                                    \
    case constant: {                                                                               \
        type a = ((const type *)judged)[i], b = ((const type *)judged)[j];                         \
        return (a > b) - (a < b);                                                                  \
    }
        COMPARE(TRINE_I64, int64_t)
        COMPARE(TRINE_I32, int32_t)
        COMPARE(TRINE_I16, int16_t)
        COMPARE(TRINE_I8, int8_t)
        COMPARE(TRINE_U64, uint64_t)
        COMPARE(TRINE_U32, uint32_t)
        COMPARE(TRINE_U16, uint16_t)
        COMPARE(TRINE_U8, uint8_t)
    default:
        abort();
    }
}

static int compare_indices(const void *a, const void *b)
{
    uint64_t i = *(const uint64_t *)a, j = *(const uint64_t *)b;
    int order = compare_elements(i, j);
    return order ? order : (i > j) - (i < j);
}

/* One input with its judged results, for all teams. */
typedef struct sample {
    trine_dtype dtype;
    int kind;
    uint64_t n;
    size_t item;
    unsigned char *data, *sorted;
    uint64_t *indices;
} sample;

static sample make_sample(trine_dtype dtype, int kind, uint64_t n)
{
    sample s = {.dtype = dtype, .kind = kind, .n = n, .item = trine_dtype_size(dtype)};
    s.data = malloc((n + 1) * s.item);
    s.sorted = malloc((n + 1) * s.item);
    s.indices = malloc((n + 1) * sizeof *s.indices);
    for (uint64_t i = 0; i < n; i++) {
        make_element(s.data + i * s.item, dtype, i, n, kind);
        s.indices[i] = i;
    }
    judged = s.data;
    judged_dtype = dtype;
    qsort(s.indices, n, sizeof *s.indices, compare_indices);
    for (uint64_t i = 0; i < n; i++)
        memcpy(s.sorted + i * s.item, s.data + s.indices[i] * s.item, s.item);
    return s;
}

static void free_sample(sample *s)
{
    free(s->data);
    free(s->sorted);
    free(s->indices);
}

static bool is_block(const trine_array *x, const void *whole)
{
    size_t item = trine_dtype_size(trine_array_dtype(x)), bytes = trine_array_local_n(x) * item;
    return bytes == 0 || memcmp(trine_array_data(x),
                                (const char *)whole + trine_array_offset(x) * item, bytes) == 0;
}

static bool judge(trine_team *team, const sample *s, trine_place place)
{
    trine_array *x, *permutation;
    bool right = false;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, s->dtype, s->n, place, &x), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_I64, s->n, place, &permutation), TRINE_OK);
    if (trine_array_local_n(x))
        memcpy(trine_array_data(x), s->data + trine_array_offset(x) * s->item,
               trine_array_local_n(x) * s->item);
    if (trine_argsort(x, permutation))
        printf("\n  argsort: %s\n", trine_error_detail());
    else if (!is_block(permutation, s->indices))
        printf("\n  another permutation\n");
    else if (!is_block(x, s->data))
        printf("\n  argsort changed its input\n");
    else if (trine_sort(x))
        printf("\n  sort: %s\n", trine_error_detail());
    else if (!is_block(x, s->sorted))
        printf("\n  another order\n");
    else
        right = true;
    if (!right)
        printf("  team %s, rank %d: %llu of %s, %s, place %d\n", trine_team_spec(team),
               trine_team_rank(team), (unsigned long long)s->n, trine_dtype_name(s->dtype),
               kind_name[s->kind], (int)place);
    trine_array_free(x);
    trine_array_free(permutation);
    return right;
}

/* Opens the teams that this library was built with; how many. */
static int open_teams(trine_team *team[])
{
    int teams = 0;
    for (int t = 0; t < spec_count; t++) {
        trine_status status = trine_team_open(specs[t], &team[teams]);
        if (status == TRINE_E_ABSENT) {
            printf("\n  skipped: %s\n", trine_error_detail());
            continue;
        }
        CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
        teams++;
    }
    return teams;
}

static void every_team_sorts_as_qsort_does(void)
{
    trine_team *team[16] = {NULL};
    int shift = 0, teams = open_teams(team);
    bool alone = trine_team_ranks(team[0]) <= 1;
    for (int d = 1; d < TRINE_DTYPE_COUNT; d++)
        for (int kind = 0; kind < KINDS; kind++)
            for (int i = 0; i < LENGTHS; i++, shift++) {
                if (!is_tested((trine_dtype)d, kind, lengths[i], alone))
                    continue;
                sample s = make_sample((trine_dtype)d, kind, lengths[i]);
                bool right = true;
                for (int t = 0; t < teams && right; t++) {
                    trine_team_set_schedule(team[t], shift % 2 ? TRINE_DYNAMIC : TRINE_STATIC);
                    right = judge(team[t], &s,
                                  trine_team_ranks(team[t]) > 1 ? TRINE_DISTRIBUTED
                                                                : (trine_place)((shift + t) % 3));
                }
                free_sample(&s);
                CU_ASSERT_TRUE_FATAL(right);
            }
    for (int t = 0; t < teams; t++)
        CU_ASSERT_EQUAL(trine_team_close(team[t]), TRINE_OK);
}

int main(int argc, char **argv)
{
    specs = argv + 1;
    spec_count = argc - 1 < 16 ? argc - 1 : 16;
    trine_init();
    CU_TestInfo tests[] = {
        {"every team sorts as qsort does", every_team_sorts_as_qsort_does},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("sort", tests);
}
