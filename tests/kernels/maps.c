/* maps.c - the built-in maps: the same bits from every instruction set and every way of cutting,
 * functions against long double, random numbers against Random123, special values, names. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "kernels/isa.h"
#include "map_cases.h"

#if defined(__x86_64__)
#define VARIANTS 3
#define TABLES(table) {table##_baseline, table##_avx2, table##_avx512},
static bool supported(int variant)
{
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return variant == 0 || (variant == 1 && avx2) ||
           (variant == 2 && avx2 && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"));
}
#else
#define VARIANTS 1
#define TABLES(table) {table##_baseline},
static bool supported(int variant)
{
    return variant == 0;
}
#endif

static const trine_map *const families[][VARIANTS] = {TRINE_MAP_FAMILIES(TABLES)};
enum { FAMILIES = sizeof families / sizeof *families, MOST = TRINE_CHUNK, GUARD = 64 };

/* Inputs, an output with guards around it, params. */
typedef struct bench {
    unsigned char in[TRINE_ARGS][MOST * 8 + GUARD], out[2][MOST * 8 + 2 * GUARD];
    map_param param;
} bench;

/* One chunk, in pieces of `piece` elements, into out[which]; shift: elements off alignment. */
static void run(bench *b, const trine_map *map, uint64_t first, size_t n, size_t piece,
                size_t shift, int which)
{
    size_t item = trine_dtype_size(map->out[0]);
    memset(b->out[which], 0xa5, sizeof b->out[which]);
    for (size_t at = 0; at < n; at += piece) {
        trine_chunk chunk = {.first = first + at, .n = n - at < piece ? n - at : piece};
        for (int i = 0; i < map->nin; i++)
            chunk.in[i] = b->in[i] + (at + shift) * trine_dtype_size(map->in[i]);
        chunk.out[0] = b->out[which] + GUARD + (at + shift) * item;
        map->apply(&chunk, &b->param);
    }
}

static const size_t sizes[] = {1, 2, 3, 15, 16, 17, 63, 255, 256, 257, 1000, TRINE_CHUNK - 8};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Runs the baseline whole, then `other` in another cut; whether all bytes agree. */
static bool same_bits(bench *b, const trine_map *baseline, const trine_map *other, int size)
{
    size_t n = sizes[size], shift = (size_t)size % 8;
    uint64_t first = size % 3 == 0 ? 0 : (UINT64_C(1) << (size * 5)) - (uint64_t)(size % 5);
    run(b, baseline, first, n, n, shift, 0);
    run(b, other, first, n, size % 2 ? n : 100, shift, 1);
    if (memcmp(b->out[0], b->out[1], sizeof b->out[0]) == 0)
        return true;
    printf("\n  %s of %s to %s, n %zu\n", other->name, trine_dtype_name(other->in[0]),
           trine_dtype_name(other->out[0]), n);
    return false;
}

static void every_instruction_set_gives_the_same_bits(void)
{
    static bench b;
    size_t differ = 0;
    for (int f = 0; f < FAMILIES; f++)
        for (size_t m = 0; families[f][0][m].name; m++)
            for (int v = 0; v < VARIANTS; v++) {
                const trine_map *baseline = &families[f][0][m], *other = &families[f][v][m];
                CU_ASSERT_STRING_EQUAL(baseline->name, other->name);
                for (int size = 0; supported(v) && size < SIZES; size++) {
                    for (int i = 0; i < other->nin; i++)
                        make_elements(b.in[i], other->in[i], 0, MOST, (uint64_t)(i + 10 * size));
                    b.param = map_param_for(other, (uint64_t)size);
                    differ += !same_bits(&b, baseline, other, size);
                }
            }
    CU_ASSERT_EQUAL(differ, 0);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"every instruction set gives the same bits", every_instruction_set_gives_the_same_bits},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("maps", tests);
}
