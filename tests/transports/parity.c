/* parity.c - arrays in the caller's own memory give the bits of serial on a pool, whichever
 * transport brings them: reductions, maps, and reductions along axes. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "hash_reducer.h"

static const uint64_t lengths[] = {
    1, 1000, TRINE_CHUNK, TRINE_CHUNK + 1, 7 * TRINE_CHUNK + 5, 100 * TRINE_CHUNK + 77};
enum { LENGTHS = sizeof lengths / sizeof *lengths, LONGEST = 100 * TRINE_CHUNK + 77 };

/* Rows x columns: fewer and more columns than a tile of partials, rows longer than a chunk. */
static const int64_t shapes[][2] = {{1, 1}, {5000, 3}, {70, 1100}, {9, 3 * TRINE_CHUNK + 5}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* Where every result of a team goes, one behind the other. */
typedef struct record {
    unsigned char *bytes;
    size_t size, capacity;
} record;

static void put(record *r, const void *bytes, size_t n)
{
    while (r->size + n > r->capacity) {
        r->capacity = 2 * r->capacity + n;
        r->bytes = realloc(r->bytes, r->capacity);
        CU_ASSERT_PTR_NOT_NULL_FATAL(r->bytes);
    }
    memcpy(r->bytes + r->size, bytes, n);
    r->size += n;
}

static double *x, *y, *z;

static void check(trine_team *team, trine_status status)
{
    if (status)
        fprintf(stderr, "\n  %s: %s\n", trine_team_spec(team), trine_error_detail());
    CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
}

static trine_array *wrap(trine_team *team, trine_dtype dtype, void *data, uint64_t rows,
                         uint64_t columns)
{
    trine_array *array;
    check(team, trine_array_wrap_2d(team, dtype, data, rows, columns, &array));
    return array;
}

static void reduce_all(trine_team *team, uint64_t n, record *r)
{
    trine_array *a = wrap(team, TRINE_F64, x, n, 1), *b = wrap(team, TRINE_F64, y, n, 1);
    trine_array *bits = wrap(team, TRINE_U64, x, n, 1);
    const trine_array *in[] = {bits};
    double result[4];
    int64_t index;
    hash_state hash;
    check(team, trine_sum_f64(a, TRINE_EXACT, &result[0]));
    check(team, trine_sum_f64(a, TRINE_FAST, &result[1]));
    check(team, trine_dot_f64(a, b, TRINE_FAST, &result[2]));
    check(team, trine_var(a, 0, &result[3]));
    put(r, result, sizeof result);
    check(team, trine_argmin(a, &index));
    put(r, &index, sizeof index);
    check(team, trine_reduce(&hash_reducer, in, NULL, &hash));
    put(r, &hash, sizeof hash);
    trine_array_free(a);
    trine_array_free(b);
    trine_array_free(bits);
}

static void map_all(trine_team *team, uint64_t n, record *r)
{
    memcpy(z, y, n * sizeof *z);
    trine_array *a = wrap(team, TRINE_F64, x, n, 1), *b = wrap(team, TRINE_F64, y, n, 1);
    trine_array *out = wrap(team, TRINE_F64, z, n, 1), *shared;
    check(team, trine_axpy_f64(0.7, a, out));
    put(r, z, n * sizeof *z);
    check(team, trine_mul_f64(a, b, out));
    put(r, z, n * sizeof *z);
    check(team, trine_iota_f64(1, 0.25, out));
    put(r, z, n * sizeof *z);
    check(team, trine_array_create(team, TRINE_F64, n, TRINE_SHARED, &shared));
    check(team, trine_sub_f64(b, a, shared));
    put(r, trine_array_data(shared), n * sizeof *z);
    check(team, trine_abs_f64(shared, out));
    put(r, z, n * sizeof *z);
    trine_array_free(a);
    trine_array_free(b);
    trine_array_free(out);
    trine_array_free(shared);
}

static void reduce_axes(trine_team *team, const int64_t shape[2], record *r)
{
    trine_array *a = wrap(team, TRINE_F64, x, shape[0], shape[1]);
    const trine_array *in[] = {a};
    static const char *const names[] = {"sum", "sum_fast", "argmax"};
    for (int i = 0; i < 3; i++)
        for (int axis = 0; axis < 2; axis++) {
            const trine_reducer *m = trine_reducer_find(names[i], TRINE_F64);
            size_t bytes = (size_t)shape[1 - axis] * m->result_size;
            void *result = calloc(1, bytes);
            check(team, trine_reduce_axis(m, in, NULL, axis, result));
            put(r, result, bytes);
            free(result);
        }
    trine_array_free(a);
}

static void run_all(trine_team *team, record *r)
{
    for (int i = 0; i < LENGTHS; i++) {
        reduce_all(team, lengths[i], r);
        map_all(team, lengths[i], r);
    }
    for (int i = 0; i < SHAPES; i++)
        reduce_axes(team, shapes[i], r);
}

static record expected;

static void compare(const char *spec, trine_schedule schedule)
{
    trine_team *team;
    record got = {0};
    if (trine_team_open(spec, &team) != TRINE_OK) {
        printf("\n  %s: %s\n", spec, trine_error_detail());
        CU_FAIL_FATAL("the team does not open");
    }
    trine_team_set_schedule(team, schedule);
    run_all(team, &got);
    CU_ASSERT_EQUAL(got.size, expected.size);
    if (got.size != expected.size || memcmp(got.bytes, expected.bytes, got.size) != 0) {
        printf("\n  %s: other bits than serial\n", spec);
        CU_FAIL("other bits");
    }
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    free(got.bytes);
}

static void gives_the_bits_of_serial(void)
{
    trine_team *serial;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &serial), TRINE_OK);
    run_all(serial, &expected);
    trine_team_close(serial);
    static const char *const names[] = {"shm", "inherit", "pipe", "file", "cma"};
    for (int workers = 2; workers <= 3; workers++)
        for (int i = 0; i < 5; i++)
            for (int schedule = TRINE_STATIC; schedule <= TRINE_DYNAMIC; schedule++) {
                char spec[64];
                snprintf(spec, sizeof spec, "pool:%d,transport=%s", workers, names[i]);
                compare(spec, (trine_schedule)schedule);
            }
}

static void make_data(void)
{
    x = malloc(LONGEST * sizeof *x);
    y = malloc(LONGEST * sizeof *y);
    z = malloc(LONGEST * sizeof *z);
    for (uint64_t i = 0; i < LONGEST; i++) {
        x[i] = ((double)(hash_mix(i, 1) >> 11) * 0x1p-53 - 0.5) *
               (double)((uint64_t)1 << hash_mix(i, 2) % 61);
        y[i] = (double)(hash_mix(i, 3) >> 11) * 0x1p-53;
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"gives_the_bits_of_serial", gives_the_bits_of_serial},
                           CU_TEST_INFO_NULL};
    if (trine_init())
        return 1;
    make_data();
    int status = trine_check_main("transports parity", tests);
    free(expected.bytes);
    free(x);
    free(y);
    free(z);
    return status;
}
