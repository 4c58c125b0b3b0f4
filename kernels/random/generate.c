/* kernels/random/generate.c - arrays from nothing but the elements' global index, and random noise.
 *
 * Random numbers: element i of the sequence (seed, stream) takes its words from Philox4x32-10 with
 * the key `seed` and the counter (i / k, stream), k being the elements that 128 bits are enough
 * for: 2 of f64 (64 bits each), 4 of f32 (32 bits each). So an element is the same in every chunk,
 * on every team.
 */
#include "kernels/registry/isa.h"
#include "kernels/simd/loops.h"
#include "kernels/map/round_int16.h"
#include "kernels/random/normal.h"
#include "kernels/random/philox.h"

#define FILL(DTYPE, s, T, TEXT) TRINE_ELEMENTWISE(fill_##s, T, T, T, T, 0, 1, a)
TRINE_DTYPES(FILL)

/* FROM(T, start, i, step): element i. */
#define IOTA(T, s, FROM)                                                                           \
    static void iota_##s(const trine_chunk *chunk, const void *param)                              \
    {                                                                                              \
        const T start = ((const T *)param)[0], step = ((const T *)param)[1];                       \
        T *out = chunk->out[0];                                                                    \
        uint64_t first = chunk->offset;                                                            \
        size_t n = chunk->n;                                                                       \
        TRINE_INDEPENDENT                                                                          \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = FROM(T, trine_work_##s, start, first + i, step);                              \
    }
#define REAL_FROM(T, W, start, i, step)                                                            \
    ((T)trine_result_f64((double)(start) + trine_u64_to_f64(i) * (double)(step)))
#define INTEGER_FROM(T, W, start, i, step) ((T)((W)(start) + (W)(i) * (W)(step)))

IOTA(double, f64, REAL_FROM)
IOTA(float, f32, REAL_FROM)
IOTA(int64_t, i64, INTEGER_FROM)
IOTA(int32_t, i32, INTEGER_FROM)
IOTA(uint64_t, u64, INTEGER_FROM)
IOTA(uint32_t, u32, INTEGER_FROM)
IOTA(int16_t, i16, INTEGER_FROM)
IOTA(uint16_t, u16, INTEGER_FROM)
IOTA(int8_t, i8, INTEGER_FROM)
IOTA(uint8_t, u8, INTEGER_FROM)

/* As numpy.linspace: a step that underflows to nothing is taken apart. */
#define LINSPACE(DTYPE, s, T, TEXT)                                                                \
    static void linspace_##s(const trine_chunk *chunk, const void *param)                          \
    {                                                                                              \
        const trine_linspace *p = param;                                                           \
        const double start = p->start, wide = p->stop - start;                                     \
        const double steps = p->n > 1 ? (double)(p->n - 1) : 1;                                    \
        const double step = wide / steps;                                                          \
        T *out = chunk->out[0];                                                                    \
        int64_t first = chunk->offset, n = chunk->n;                                               \
        TRINE_INDEPENDENT                                                                          \
        for (int64_t i = 0; i < n; i++)                                                            \
            out[i] = (T)trine_result_f64(start + (step == 0                                        \
                                                      ? trine_u64_to_f64(first + i) / steps * wide \
                                                      : trine_u64_to_f64(first + i) * step));      \
        if (p->n > 1 && p->n - 1 >= first && p->n - 1 - first < n)                                 \
            out[p->n - 1 - first] = (T)trine_result_f64(p->stop);                                  \
    }
TRINE_REAL_DTYPES(LINSPACE)

/* The bytes of random words at work in one go, and elements of the widest type in them. */
enum { BLOCK_COUNTERS = 128, BLOCK = 16 * BLOCK_COUNTERS };

typedef union random_block {
    uint64_t u64[BLOCK / 8];
    uint32_t u32[BLOCK / 4];
} random_block;

/* The 128 bits of counters [counter, counter + counters), which are some. Not inline, so that the
 * keys stay in memory, from where they are operands for nothing. */
static __attribute__((noinline)) void random_counters(random_block *block, uint64_t counter,
                                                      size_t counters, uint64_t stream,
                                                      const philox_keys *keys)
{
    size_t i = 0;
    do {
        philox_group(block->u64 + 2 * i, counter + i, stream, keys);
        i += PHILOX_GROUP;
    } while (i < counters);
}

/* Words for at least n elements, `item` bytes each, from element `first` of the sequence on: the
 * number of elements that precede it in the block. *n is cut to what a block holds. */
static size_t random_words(random_block *block, uint64_t first, size_t *n, size_t item,
                           uint64_t stream, const philox_keys *keys)
{
    size_t per = 16 / item, lead = (size_t)(first % per);
    if (*n > BLOCK / item - lead)
        *n = BLOCK / item - lead;
    random_counters(block, first / per, (lead + *n + per - 1) / per, stream, keys);
    return lead;
}

/* The largest value below hi, for lo < hi; no bound where the range is empty or runs down. */
static double below_f64(double lo, double hi)
{
    return lo < hi ? nextafter(hi, lo) : (double)INFINITY;
}

static float below_f32(float lo, float hi)
{
    return lo < hi ? nextafterf(hi, lo) : INFINITY;
}

static inline double unit_f64(uint64_t word)
{
    return trine_u64_to_f64(word >> 11) * 0x1p-53;
}

static inline float unit_f32(uint32_t word)
{
    return (float)(int32_t)(word >> 8) * 0x1p-24f;
}

/* lo + (hi - lo) u may round to hi, which is not in [lo, hi). All elements are not a number where
 * hi - lo is none that is finite. */
#define UNIFORM(T, s, WORDS)                                                                       \
    static void uniform_##s(const trine_chunk *chunk, const void *param)                           \
    {                                                                                              \
        const trine_uniform *p = param;                                                            \
        const T hi = (T)p->hi, most = below_##s((T)p->lo, hi);                                     \
        const bool finite = isfinite(hi - (T)p->lo);                                               \
        const T lo = finite ? (T)p->lo : (T)NAN, wide = finite ? hi - lo : 0;                      \
        _Alignas(64) random_block block;                                                           \
        philox_keys keys;                                                                          \
        philox_schedule(&keys, p->seed);                                                           \
        T *out = chunk->out[0];                                                                    \
        for (size_t at = 0, n, all = (size_t)chunk->n; at < all; at += n) {                        \
            n = all - at;                                                                          \
            size_t lead = random_words(&block, (uint64_t)chunk->offset + at, &n, sizeof(T),        \
                                       p->stream, &keys);                                          \
            for (size_t i = 0; i < n; i++) {                                                       \
                T x = lo + wide * unit_##s(block.WORDS[lead + i]);                                 \
                out[at + i] = x > most ? most : x;                                                 \
            }                                                                                      \
        }                                                                                          \
    }
UNIFORM(double, f64, u64)
UNIFORM(float, f32, u32)

/* z: standard normal numbers, for as many elements of a block as random_words made words for. */
#define NORMALS(T, s, WORDS, SQRT)                                                                 \
    static void normals_##s(T z[], const random_block *block, size_t n)                            \
    {                                                                                              \
        for (size_t i = 0; i < n; i += 2)                                                          \
            turn_##s(SQRT(minus_two_log_##s(block->WORDS[i])), block->WORDS[i + 1], &z[i],         \
                     &z[i + 1]);                                                                   \
    }
NORMALS(double, f64, u64, __builtin_sqrt)
NORMALS(float, f32, u32, __builtin_sqrtf)

/* target = element for each i, x being the input's elements (of type E) if there is one; `after`
 * when a block is done. */
#define WITH_NOISE(function, E, T, s, inputs, target, element, after)                              \
    static void function(const trine_chunk *chunk, const void *param)                              \
    {                                                                                              \
        const trine_normal *p = param;                                                             \
        const T mean = (T)p->mean, sd = (T)p->sd;                                                  \
        _Alignas(64) random_block block;                                                           \
        philox_keys keys;                                                                          \
        philox_schedule(&keys, p->seed);                                                           \
        _Alignas(64) T z[BLOCK / sizeof(T)];                                                       \
        const E *x = (inputs) > 0 ? chunk->in[0] : NULL;                                           \
        E *out = chunk->out[0];                                                                    \
        (void)x;                                                                                   \
        for (size_t at = 0, n, all = (size_t)chunk->n; at < all; at += n) {                        \
            n = all - at;                                                                          \
            size_t lead = random_words(&block, (uint64_t)chunk->offset + at, &n, sizeof(T),        \
                                       p->stream, &keys);                                          \
            normals_##s(z, &block, lead + n);                                                      \
            TRINE_INDEPENDENT                                                                      \
            for (size_t i = 0; i < n; i++) {                                                       \
                T noise = mean + sd * z[lead + i];                                                 \
                target = (element);                                                                \
            }                                                                                      \
            after;                                                                                 \
        }                                                                                          \
    }

WITH_NOISE(normal_f64, double, double, f64, 0, out[at + i], trine_result_f64(noise), )
WITH_NOISE(normal_f32, float, float, f32, 0, out[at + i], trine_result_f32(noise), )
WITH_NOISE(add_normal_f64, double, double, f64, 1, out[at + i],
           trine_result_f64(x[at + i] + noise), )
WITH_NOISE(add_normal_f32, float, float, f32, 1, out[at + i], trine_result_f32(x[at + i] + noise), )
WITH_NOISE(add_normal_i16, int16_t, float, f32, 1, z[lead + i], (float)x[at + i] + noise,
           nearest_integers(z + lead, out + at, n))

#define ENTRY(kind, DTYPE, s, inputs, size)                                                        \
    {TRINE_INIT(trine_map), .name = #kind,  .nin = inputs,      .nout = 1,                         \
     .in = {DTYPE},         .out = {DTYPE}, .param_size = size, .apply = kind##_##s},
#define OF_ALL(DTYPE, s, T, NAME)                                                                  \
    ENTRY(fill, DTYPE, s, 0, sizeof(T)) ENTRY(iota, DTYPE, s, 0, 2 * sizeof(T))
#define OF_REALS(DTYPE, s, T, NAME)                                                                \
    ENTRY(linspace, DTYPE, s, 0, sizeof(trine_linspace))                                           \
    ENTRY(uniform, DTYPE, s, 0, sizeof(trine_uniform))                                             \
    ENTRY(normal, DTYPE, s, 0, sizeof(trine_normal))                                               \
    ENTRY(add_normal, DTYPE, s, 1, sizeof(trine_normal))

const trine_map VARIANT(trine_generators)[] = {
    TRINE_DTYPES(OF_ALL) TRINE_REAL_DTYPES(OF_REALS)
        ENTRY(add_normal, TRINE_I16, i16, 1, sizeof(trine_normal)){.name = NULL}};
