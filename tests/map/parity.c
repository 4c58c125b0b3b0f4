/* parity.c SPEC... - every team named gives the bits of serial: all built-in maps, lengths around
 * every boundary, schedules and places, through the caches and past them. Under a launcher, all
 * ranks must get theirs. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "core/lines/non_temporal.h"
#include "map_cases.h"

static char **specs;
static int spec_count;

static const uint64_t lengths[] = {0,
                                   1,
                                   33,
                                   1000,
                                   TRINE_CHUNK - 1,
                                   TRINE_CHUNK + 1,
                                   3 * TRINE_CHUNK,
                                   7 * TRINE_CHUNK + 5,
                                   16 * TRINE_CHUNK + 1};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* The ways that a case can go: in place, non-temporal, dynamically, in blocks that the ranks cut
 * themselves, of the caller's memory, one element off any line of a cache; or
 * in as many rows of that many columns as n has space for. */
typedef struct way {
    bool in_place, non_temporal, dynamic, own_cut;
    uint64_t columns;
} way;

/* What serial makes of elements [first, first + n) of the whole, alone in memory. */
static void expected(const trine_map *map, const map_param *param, uint64_t first, size_t n,
                     unsigned char *out)
{
    unsigned char *in[TRINE_ARGS] = {NULL};
    for (int i = 0; i < map->nin; i++) {
        in[i] = malloc(n * 8 + 1);
        make_elements(in[i], map->in[i], first, n, (uint64_t)i);
    }
    for (size_t at = 0; at < n; at += TRINE_CHUNK) {
        trine_chunk chunk = {.offset = first + at,
                             .n = n - at < TRINE_CHUNK ? n - at : TRINE_CHUNK};
        for (int i = 0; i < map->nin; i++)
            chunk.in[i] = in[i] + at * trine_dtype_size(map->in[i]);
        chunk.out[0] = out + at * trine_dtype_size(map->out[0]);
        map->apply(&chunk, param);
    }
    for (int i = 0; i < map->nin; i++)
        free(in[i]);
}

/* This rank's elements of a whole of n, from *first on. memory: to be freed after the array. */
static trine_status make_array(trine_team *team, trine_dtype dtype, uint64_t n, way w,
                               uint64_t *first, trine_array **array, void **memory)
{
    uint64_t ranks = (uint64_t)trine_team_ranks(team), rank = (uint64_t)trine_team_rank(team);
    size_t item = trine_dtype_size(dtype);
    if (!w.own_cut) {
        trine_status status =
            trine_array_create_2d(team, dtype, n / w.columns, w.columns, TRINE_DISTRIBUTED, array);
        *first = status ? 0 : trine_array_offset(*array);
        return status;
    }
    *first = n * rank / ranks;
    uint64_t local = n * (rank + 1) / ranks - *first;
    *memory = aligned_alloc(64, (size_t)(local * item / 64 + 2) * 64);
    return trine_array_wrap(team, dtype, (char *)*memory + item, local, array);
}

static bool same(trine_team *team, const trine_map *map, uint64_t n, way w)
{
    map_param param = map_param_for(map, n);
    trine_array *array[TRINE_ARGS + 1] = {NULL};
    void *memory[TRINE_ARGS + 1] = {NULL};
    trine_dtype out_type = map->out[0];
    uint64_t first = 0;
    bool ok = true;
    int arrays = map->nin + !w.in_place;
    for (int i = 0; i < arrays && ok; i++) {
        trine_dtype dtype = i < map->nin ? map->in[i] : out_type;
        ok = make_array(team, dtype, n, w, &first, &array[i], &memory[i]) == TRINE_OK;
        if (ok && i < map->nin)
            make_elements(trine_array_data(array[i]), dtype, first, trine_array_local_n(array[i]),
                          (uint64_t)i);
    }
    trine_array *out = array[arrays - 1];
    trine_non_temporal_min = w.non_temporal ? 1 : SIZE_MAX;
    trine_team_set_schedule(team, w.dynamic ? TRINE_DYNAMIC : TRINE_STATIC);
    ok = ok && trine_apply(map, (const trine_array *const *)array, &param, &out) == TRINE_OK;
    size_t local = (size_t)trine_array_local_n(out), bytes = local * trine_dtype_size(out_type);
    unsigned char *wanted = malloc(bytes + 1);
    expected(map, &param, first, local, wanted);
    if (!ok || (bytes && memcmp(wanted, trine_array_data(out), bytes) != 0)) {
        printf("\n  %s: %s of %s to %s, n %llu%s%s: %s\n", trine_team_spec(team), map->name,
               trine_dtype_name(map->nin ? map->in[0] : TRINE_DTYPE_NONE),
               trine_dtype_name(out_type), (unsigned long long)n, w.in_place ? ", in place" : "",
               w.non_temporal ? ", non-temporal" : "", ok ? "" : trine_error_detail());
        ok = false;
    }
    free(wanted);
    for (int i = 0; i < arrays; i++) {
        trine_array_free(array[i]);
        free(memory[i]);
    }
    return ok;
}

static bool team_agrees(trine_team *team)
{
    unsigned turn = 0;
    for (size_t i = 0; trine_map_name(i); i++)
        for (int in = 0; in < TRINE_DTYPE_COUNT; in++)
            for (int out = 1; out < TRINE_DTYPE_COUNT; out++) {
                const trine_map *map =
                    trine_map_find(trine_map_name(i), (trine_dtype)in, (trine_dtype)out);
                for (int k = 0; map && k < LENGTHS; k++, turn++) {
                    bool may = map->nin > 0 && map->in[map->nin - 1] == map->out[0];
                    static const uint64_t columns[] = {1, 13, 1, 1, 10000, 1, 1};
                    way w = {may && turn % 3 == 0, turn / 2 % 2, turn / 4 % 2, turn % 5 == 0,
                             columns[turn % 7]};
                    if (!same(team, map, lengths[k], w))
                        return false;
                }
            }
    return true;
}

static void every_team_maps_to_the_bits_of_serial(void)
{
    trine_team *team;
    for (int i = 0; i < spec_count; i++) {
        trine_status status = trine_team_open(specs[i], &team);
        if (status == TRINE_E_ABSENT) {
            printf("\n  skipped: %s\n", trine_error_detail());
            continue;
        }
        if (status)
            printf("\n  %s: %s\n", specs[i], trine_error_detail());
        CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
        CU_ASSERT_TRUE(team_agrees(team));
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
}

int main(int argc, char **argv)
{
    specs = argv + 1;
    spec_count = argc - 1;
    trine_init();
    CU_TestInfo tests[] = {
        {"every team maps to the bits of serial", every_team_maps_to_the_bits_of_serial},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("parity of maps", tests);
}
