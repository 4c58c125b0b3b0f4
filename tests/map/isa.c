/* isa.c - the built-in maps: the same bits from every instruction set and every way of cutting,
 * random numbers against Random123, special values, names. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "map_cases.h"
#include "philox_words.h"
#include "variants.h"

#if TRINE_RANDOM123
#include <Random123/philox.h>
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
        trine_chunk chunk = {.offset = first + at, .n = n - at < piece ? n - at : piece};
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

#if TRINE_RANDOM123
#if defined(__x86_64__)
static philox_words *const words_of[] = {philox_words_baseline, philox_words_avx2,
                                         philox_words_avx512};
#else
static philox_words *const words_of[] = {philox_words_baseline};
#endif

/* The 128 bits of a counter, from the authors' own program. */
static void random123(uint64_t counter, uint64_t stream, uint64_t seed, uint64_t out[2])
{
    philox4x32_ctr_t c = {
        {(uint32_t)counter, (uint32_t)(counter >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)}};
    philox4x32_key_t k = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    philox4x32_ctr_t r = philox4x32(c, k);
    out[0] = r.v[0] | (uint64_t)r.v[1] << 32;
    out[1] = r.v[2] | (uint64_t)r.v[3] << 32;
}

static void random_words_are_those_of_random123(void)
{
    for (int v = 0; v < VARIANTS; v++)
        for (uint64_t i = 0; supported(v) && i < 500; i++) {
            uint64_t counter = i == 0 ? UINT32_MAX - 3 : random_bits(i, 1), words[256], known[2];
            uint64_t stream = random_bits(i, 2), seed = random_bits(i, 3);
            size_t counters = words_of[v](words, counter, stream, seed);
            for (size_t k = 0; k < counters; k++) {
                random123(counter + k, stream, seed, known);
                CU_ASSERT_EQUAL(memcmp(words + 2 * k, known, sizeof known), 0);
            }
        }
}

/* Which words an element takes, as kernel.h says. */
static void uniform_numbers_take_the_words_of_their_index(void)
{
    static double wide[5000];
    static float narrow[5000];
    trine_uniform p = {0, 1, UINT64_C(0x123456789abcdef), UINT64_C(0xfedcba9876543210)};
    for (uint64_t first = 0; first < 5; first++) {
        trine_chunk chunk = {.offset = (UINT64_C(1) << 33) - first * 3, .n = 5000, .out = {wide}};
        trine_map_find("uniform", TRINE_DTYPE_NONE, TRINE_F64)->apply(&chunk, &p);
        chunk.out[0] = narrow;
        trine_map_find("uniform", TRINE_DTYPE_NONE, TRINE_F32)->apply(&chunk, &p);
        for (uint64_t i = 0; i < 5000; i++) {
            uint64_t index = chunk.offset + i, known[2];
            uint32_t small[4];
            random123(index / 2, p.stream, p.seed, known);
            CU_ASSERT_EQUAL(wide[i], (double)(known[index % 2] >> 11) * 0x1p-53);
            random123(index / 4, p.stream, p.seed, known);
            memcpy(small, known, sizeof small);
            CU_ASSERT_EQUAL(narrow[i], (float)(small[index % 4] >> 8) * 0x1p-24f);
        }
    }
}

/* Box and Muller's formula in long double. */
static void normal_numbers_are_those_of_box_and_muller(void)
{
    static double z[4000];
    trine_normal p = {0, 1, 99, 3};
    trine_chunk chunk = {.offset = 12, .n = 4000, .out = {z}};
    trine_map_find("normal", TRINE_DTYPE_NONE, TRINE_F64)->apply(&chunk, &p);
    for (uint64_t i = 0; i < 4000; i += 2) {
        uint64_t known[2];
        random123((chunk.offset + i) / 2, p.stream, p.seed, known);
        long double u = ((long double)(known[0] >> 11) + 0.5L) * 0x1p-53L;
        long double r = sqrtl(-2 * logl(u)), turn = (long double)known[1] * 0x1p-64L;
        long double angle = turn * 6.283185307179586476925286766559L;
        CU_ASSERT(fabsl(z[i] - r * cosl(angle)) < 4e-16L * (r + 1));
        CU_ASSERT(fabsl(z[i + 1] - r * sinl(angle)) < 4e-16L * (r + 1));
    }
}

static void normal_numbers_of_f32_are_so_too(void)
{
    static float z[4000];
    trine_normal p = {0, 1, 99, 3};
    trine_chunk chunk = {.offset = 12, .n = 4000, .out = {z}};
    trine_map_find("normal", TRINE_DTYPE_NONE, TRINE_F32)->apply(&chunk, &p);
    for (uint64_t i = 0; i < 4000; i += 2) {
        uint64_t known[2];
        uint32_t words[4];
        random123((chunk.offset + i) / 4, p.stream, p.seed, known);
        memcpy(words, known, sizeof words);
        const uint32_t *pair = words + (chunk.offset + i) % 4;
        long double u = ((long double)(pair[0] >> 1) + 0.5L) * 0x1p-31L, r = sqrtl(-2 * logl(u));
        long double angle = (long double)pair[1] * 0x1p-32L * 6.283185307179586476925286766559L;
        CU_ASSERT(fabsl(z[i] - r * cosl(angle)) < 2.5e-7L * (r + 1));
        CU_ASSERT(fabsl(z[i + 1] - r * sinl(angle)) < 2.5e-7L * (r + 1));
    }
}
#endif

/* Uniform numbers stay below hi, also where lo + (hi - lo) u would round to it. */
static void uniform_numbers_stay_in_their_range(void)
{
    static double x[TRINE_CHUNK];
    trine_chunk chunk = {.n = TRINE_CHUNK, .out = {x}};
    static const double ends[][2] = {{1, 1 + 0x1p-52}, {0x1p53, 0x1p53 + 2}, {-1, 0x1p-1074}};
    const trine_map *map = trine_map_find("uniform", TRINE_DTYPE_NONE, TRINE_F64);
    for (int k = 0; k < 3; k++) {
        trine_uniform p = {ends[k][0], ends[k][1], 1, 1};
        map->apply(&chunk, &p);
        for (size_t i = 0; i < TRINE_CHUNK; i++)
            CU_ASSERT(x[i] >= ends[k][0] && x[i] < ends[k][1]);
    }
    trine_uniform empty = {2, 2, 1, 1}, endless = {-1e308, 1e308, 1, 1}, down = {3, 1, 1, 1};
    map->apply(&chunk, &down);
    double sum = 0;
    for (size_t i = 0; i < TRINE_CHUNK; i++) {
        CU_ASSERT(x[i] >= 1 && x[i] <= 3);
        sum += x[i];
    }
    CU_ASSERT(fabs(sum / TRINE_CHUNK - 2) < 0.03);
    map->apply(&chunk, &empty);
    CU_ASSERT_EQUAL(x[100], 2);
    map->apply(&chunk, &endless);
    CU_ASSERT(isnan(x[100]));
}

/* x = 1, 3, 5, y = 2; what each typed function makes of them, which every type can hold. */
#define TYPED(constant, s, T, name)                                                                \
    static void typed_##s(trine_team *team)                                                        \
    {                                                                                              \
        T x[3] = {0}, y[3] = {0}, z[3] = {0};                                                      \
        uint8_t mask[3] = {0, 7, 0};                                                               \
        trine_array *m, *a, *b, *c;                                                                \
        trine_array_wrap(team, TRINE_U8, mask, 3, &m);                                             \
        trine_array_wrap(team, constant, x, 3, &a);                                                \
        trine_array_wrap(team, constant, y, 3, &b);                                                \
        trine_array_wrap(team, constant, z, 3, &c);                                                \
        CU_ASSERT(trine_iota_##s(1, 2, a) == TRINE_OK && x[0] == 1 && x[2] == 5);                  \
        CU_ASSERT(trine_fill_##s(2, b) == TRINE_OK && y[0] == 2 && y[2] == 2);                     \
        CU_ASSERT(trine_copy_##s(a, c) == TRINE_OK && z[2] == 5);                                  \
        CU_ASSERT(trine_neg_##s(a, c) == TRINE_OK && z[2] == (T)-5);                               \
        CU_ASSERT(trine_abs_##s(a, c) == TRINE_OK && z[2] == 5);                                   \
        CU_ASSERT(trine_add_##s(a, b, c) == TRINE_OK && z[2] == 7);                                \
        CU_ASSERT(trine_sub_##s(a, b, c) == TRINE_OK && z[2] == 3);                                \
        CU_ASSERT(trine_mul_##s(a, b, c) == TRINE_OK && z[2] == 10);                               \
        CU_ASSERT(trine_div_##s(a, b, c) == TRINE_OK && z[2] == (T)(x[2] / y[2]));                 \
        CU_ASSERT(trine_fma_##s(a, b, a, c) == TRINE_OK && z[2] == 15);                            \
        CU_ASSERT(trine_where_##s(m, a, b, c) == TRINE_OK && z[1] == 3 && z[2] == 2);              \
        CU_ASSERT(trine_scale_##s(a, 3, c) == TRINE_OK && z[2] == 15);                             \
        CU_ASSERT(trine_axpy_##s(2, a, c) == TRINE_OK && z[2] == 25);                              \
        CU_ASSERT(trine_axpby_##s(2, a, 3, c) == TRINE_OK && z[2] == 85);                          \
        CU_ASSERT(trine_clip_##s(a, 2, 4, c) == TRINE_OK && z[0] == 2 && z[1] == 3 && z[2] == 4);  \
        CU_ASSERT(trine_cast(m, c) == TRINE_OK && z[1] == 7);                                      \
        CU_ASSERT(trine_cast_wrap(m, c) == TRINE_OK && z[1] == 7);                                 \
        trine_array_free(m), trine_array_free(a), trine_array_free(b), trine_array_free(c);        \
    }
TRINE_DTYPES(TYPED)

/* Through library functions where there are any; the random ones against the maps by name. */
#define TYPED_REAL(constant, s, T, name)                                                           \
    static void typed_real_##s(trine_team *team)                                                   \
    {                                                                                              \
        T x[3] = {0}, y[3] = {0, 0.25, 1.5}, z[3] = {0}, w[3];                                     \
        trine_array *a, *b, *c;                                                                    \
        trine_array_wrap(team, constant, x, 3, &a);                                                \
        trine_array_wrap(team, constant, y, 3, &b);                                                \
        trine_array_wrap(team, constant, z, 3, &c);                                                \
        trine_chunk chunk = {.n = 3, .in = {y}, .out = {w}};                                       \
        trine_uniform uniform = {2, 4, 5, 6};                                                      \
        trine_normal normal = {2, 4, 5, 6}, noise = {0, 4, 5, 6};                                  \
        trine_map_find("uniform", TRINE_DTYPE_NONE, constant)->apply(&chunk, &uniform);            \
        CU_ASSERT(trine_uniform_##s(2, 4, 5, 6, c) == TRINE_OK && !memcmp(z, w, sizeof z));        \
        trine_map_find("normal", TRINE_DTYPE_NONE, constant)->apply(&chunk, &normal);              \
        CU_ASSERT(trine_normal_##s(2, 4, 5, 6, c) == TRINE_OK && !memcmp(z, w, sizeof z));         \
        trine_map_find("add_normal", constant, constant)->apply(&chunk, &noise);                   \
        CU_ASSERT(trine_add_normal_##s(b, 4, 5, 6, c) == TRINE_OK && !memcmp(z, w, sizeof z));     \
        CU_ASSERT(trine_linspace_##s(1, 2, a) == TRINE_OK && x[1] == 1.5);                         \
        CU_ASSERT(trine_standardise_##s(a, 1, 2, c) == TRINE_OK && z[1] == 0.25);                  \
        CU_ASSERT(trine_sqrt_##s(b, c) == TRINE_OK && z[1] == 0.5);                                \
        if (trine_map_find("exp", constant, constant)) {                                           \
            CU_ASSERT(trine_exp_##s(b, c) == TRINE_OK && fabs(z[2] - exp(1.5)) < 1e-6);            \
            CU_ASSERT(trine_log_##s(b, c) == TRINE_OK && fabs(z[2] - log(1.5)) < 1e-6);            \
            CU_ASSERT(trine_sin_##s(b, c) == TRINE_OK && fabs(z[2] - sin(1.5)) < 1e-6);            \
            CU_ASSERT(trine_cos_##s(b, c) == TRINE_OK && fabs(z[2] - cos(1.5)) < 1e-6);            \
            CU_ASSERT(trine_tanh_##s(b, c) == TRINE_OK && fabs(z[2] - tanh(1.5)) < 1e-6);          \
            CU_ASSERT(trine_pow_##s(a, b, c) == TRINE_OK && fabs(z[2] - pow(2, 1.5)) < 1e-6);      \
        }                                                                                          \
        trine_array_free(a), trine_array_free(b), trine_array_free(c);                             \
    }
TRINE_REAL_DTYPES(TYPED_REAL)

/* Ties go to the even neighbour, what is beyond the range to its end, and NaN is 0. */
static void noise_on_16_bits_is_rounded_and_saturated(void)
{
    static const struct {
        int16_t x;
        double mean, sd;
        int16_t known;
    } cases[] = {{1, 0.5, 0, 2},         {2, 0.5, 0, 2},           {-1, -0.5, 0, -2},
                 {-2, -0.5, 0, -2},      {7, 0.4999, 0, 7},        {32767, 0.5, 0, 32767},
                 {32766, 0.5, 0, 32766}, {-32768, -1, 0, -32768},  {5, 1e30, 0, 32767},
                 {5, -1e30, 0, -32768},  {5, INFINITY, 0, 32767},  {5, -INFINITY, 0, -32768},
                 {5, NAN, 0, 0},         {-32768, 65535, 0, 32767}};
    int16_t x[40], y[40];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const trine_normal p = {cases[k].mean, cases[k].sd, 1, 2};
        const trine_chunk chunk = {.n = 40, .in = {x}, .out = {y}};
        for (int i = 0; i < 40; i++)
            x[i] = cases[k].x;
        trine_map_find("add_normal", TRINE_I16, TRINE_I16)->apply(&chunk, &p);
        for (int i = 0; i < 40; i++)
            CU_ASSERT_EQUAL(y[i], cases[k].known);
    }
}

static void typed_noise_i16(trine_team *team)
{
    int16_t x[3] = {100, -200, 30000}, y[3], z[3];
    trine_array *a, *b;
    trine_array_wrap(team, TRINE_I16, x, 3, &a);
    trine_array_wrap(team, TRINE_I16, y, 3, &b);
    const trine_chunk chunk = {.n = 3, .in = {x}, .out = {z}};
    const trine_normal noise = {0, 400, 5, 6};
    trine_map_find("add_normal", TRINE_I16, TRINE_I16)->apply(&chunk, &noise);
    CU_ASSERT(trine_add_normal_i16(a, 400, 5, 6, b) == TRINE_OK && !memcmp(y, z, sizeof y));
    trine_array_free(a), trine_array_free(b);
}

static void typed_functions_pass_their_arguments_on(void)
{
    trine_team *team;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &team), TRINE_OK);
#define RUN(constant, s, T, name) typed_##s(team);
#define RUN_REAL(constant, s, T, name) typed_real_##s(team);
    TRINE_DTYPES(RUN)
    TRINE_REAL_DTYPES(RUN_REAL)
    typed_noise_i16(team);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

/* One element through a map. */
static double real_of(const char *name, double x, double y, double z)
{
    double result = 42;
    trine_chunk chunk = {.n = 1, .in = {&x, &y, &z}, .out = {&result}};
    const double param[2] = {-1, 1};
    trine_map_find(name, TRINE_F64, TRINE_F64)->apply(&chunk, param);
    return result;
}

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Operations have one NaN, moves keep the bits of theirs; zeros keep signs; denormals stay. */
static void special_values_are_what_the_header_says(void)
{
    const uint64_t one_nan = UINT64_C(0x7ff8000000000000), odd = UINT64_C(0xfff8000000001234);
    double strange;
    memcpy(&strange, &odd, sizeof strange);
    static const char *const operations[] = {"scale", "add",  "sub",   "mul",         "div",
                                             "fma",   "axpy", "axpby", "standardise", "sqrt"};
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        CU_ASSERT_EQUAL(bits_of(real_of(operations[i], strange, 1, strange)), one_nan);
    CU_ASSERT_EQUAL(bits_of(real_of("sqrt", -1, 0, 0)), one_nan);
    CU_ASSERT_EQUAL(bits_of(real_of("div", 0, -0.0, 0)), one_nan);
    CU_ASSERT_EQUAL(bits_of(real_of("sub", INFINITY, INFINITY, 0)), one_nan);
    CU_ASSERT_EQUAL(bits_of(real_of("copy", strange, 0, 0)), odd);
    CU_ASSERT_EQUAL(bits_of(real_of("clip", strange, 0, 0)), odd);
    CU_ASSERT_EQUAL(bits_of(real_of("neg", strange, 0, 0)), odd ^ UINT64_C(1) << 63);
    CU_ASSERT_EQUAL(bits_of(real_of("abs", strange, 0, 0)), odd & ~(UINT64_C(1) << 63));
    CU_ASSERT_EQUAL(bits_of(real_of("neg", 0.0, 0, 0)), UINT64_C(1) << 63);
    CU_ASSERT_EQUAL(bits_of(real_of("sqrt", -0.0, 0, 0)), UINT64_C(1) << 63);
    CU_ASSERT_EQUAL(real_of("add", 0x1p-1074, 0x1p-1074, 0), 0x1p-1073);
    CU_ASSERT_EQUAL(real_of("fma", 1 + 0x1p-30, 1 - 0x1p-30, -1), -0x1p-60);
    CU_ASSERT_EQUAL(real_of("div", 1, -0.0, 0), -INFINITY);
    if (trine_map_find("exp", TRINE_F64, TRINE_F64)) {
        CU_ASSERT_EQUAL(bits_of(real_of("exp", strange, 0, 0)), one_nan);
        CU_ASSERT_EQUAL(bits_of(real_of("log", -1, 0, 0)), one_nan);
        CU_ASSERT_EQUAL(bits_of(real_of("sin", INFINITY, 0, 0)), one_nan);
        CU_ASSERT_EQUAL(real_of("exp", -INFINITY, 0, 0), 0);
        CU_ASSERT_EQUAL(real_of("log", 0, 0, 0), -INFINITY);
        CU_ASSERT_EQUAL(bits_of(real_of("sin", -0.0, 0, 0)), UINT64_C(1) << 63);
        CU_ASSERT_EQUAL(bits_of(real_of("tanh", -0.0, 0, 0)), UINT64_C(1) << 63);
        CU_ASSERT_EQUAL(real_of("pow", -2, 3, 0), -8);
        CU_ASSERT_EQUAL(real_of("pow", strange, 0, 0), 1);
    }
}

static void integers_wrap_and_divide_by_zero_as_the_header_says(void)
{
    int32_t x[] = {7, INT32_MIN, INT32_MIN, -7, 0, INT32_MAX}, y[] = {0, -1, 1, 2, 0, 2}, z[6];
    static const int32_t quotients[] = {0, INT32_MIN, INT32_MIN, -3, 0, INT32_MAX / 2};
    trine_chunk chunk = {.n = 6, .in = {x, y}, .out = {z}};
    trine_map_find("div", TRINE_I32, TRINE_I32)->apply(&chunk, NULL);
    CU_ASSERT_EQUAL(memcmp(z, quotients, sizeof z), 0);
    trine_map_find("neg", TRINE_I32, TRINE_I32)->apply(&chunk, NULL);
    CU_ASSERT(z[0] == -7 && z[1] == INT32_MIN);
    trine_map_find("abs", TRINE_I32, TRINE_I32)->apply(&chunk, NULL);
    CU_ASSERT(z[3] == 7 && z[1] == INT32_MIN);
    trine_map_find("add", TRINE_I32, TRINE_I32)->apply(&chunk, NULL);
    CU_ASSERT_EQUAL(z[1], INT32_MAX);
    trine_map_find("mul", TRINE_I32, TRINE_I32)->apply(&chunk, NULL);
    CU_ASSERT_EQUAL(z[5], -2);
}

static void every_name_finds_its_maps(void)
{
    size_t found = 0, listed = 0, names = 0;
    for (int f = 0; f < FAMILIES; f++)
        for (size_t m = 0; families[f][0][m].name; m++)
            listed++;
    for (; trine_map_name(names); names++)
        for (int in = 0; in < TRINE_DTYPE_COUNT; in++)
            for (int out = 1; out < TRINE_DTYPE_COUNT; out++) {
                const trine_map *map =
                    trine_map_find(trine_map_name(names), (trine_dtype)in, (trine_dtype)out);
                found += map && strcmp(map->name, trine_map_name(names)) == 0;
            }
    CU_ASSERT_EQUAL(found, listed);
    CU_ASSERT(names >= 23);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"every instruction set gives the same bits", every_instruction_set_gives_the_same_bits},
#if TRINE_RANDOM123
        {"random words are those of Random123", random_words_are_those_of_random123},
        {"uniform numbers take the words of their index",
         uniform_numbers_take_the_words_of_their_index},
        {"normal numbers are those of Box and Muller", normal_numbers_are_those_of_box_and_muller},
        {"normal numbers of f32 are so too", normal_numbers_of_f32_are_so_too},
#endif
        {"uniform numbers stay in their range", uniform_numbers_stay_in_their_range},
        {"noise on 16 bits is rounded and saturated", noise_on_16_bits_is_rounded_and_saturated},
        {"typed functions pass their arguments on", typed_functions_pass_their_arguments_on},
        {"special values are what the header says", special_values_are_what_the_header_says},
        {"integers wrap and divide by zero as the header says",
         integers_wrap_and_divide_by_zero_as_the_header_says},
        {"every name finds its maps", every_name_finds_its_maps},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("maps", tests);
}
