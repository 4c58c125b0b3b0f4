/* kernels/reduce/histogram.c - counting elements, or adding up their weights, by bins.
 *
 * Bin b holds edge[b] <= x < edge[b + 1], the last one its upper edge too. Where the bins are of
 * one width, (x - low) scale says in which one x lies, unless it is within `guard` of a whole
 * number: then (and where the bins are not of one width) the edges are searched. Elements take
 * turns between TABLES tables, so that equal ones one after the other do not wait for each other's
 * store.
 */
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/sort/radix_keys.h"
#include "kernels/simd/simd.h"
#include "kernels/exact/weight_sums.h"

enum { TABLES = 4, BLOCK = 256 };

/* Slots of a table: below, the bins, above, NaN. */
enum { OUTSIDE = 3 };

/* Bits of an infinity; those of a NaN, without its sign, are above. */
#define INFINITE ((int64_t)0x7ff0000000000000)

static const double *edges(const trine_histogram_param *p)
{
    return (const double *)(p + 1);
}

static size_t slots(const trine_histogram_param *p)
{
    return (size_t)p->bins + OUTSIDE;
}

static void histogram_init(void *state, const void *param)
{
    memset(state, 0, slots(param) * sizeof(uint64_t));
}

static void histogram_work_init(void *work, const void *param)
{
    memset(work, 0, TABLES * slots(param) * sizeof(uint64_t));
}

static void histogram_work_flush(void *state, void *work, const void *param)
{
    uint64_t *total = state, *table = work;
    size_t n = slots(param);
    for (int t = 0; t < TABLES; t++)
        for (size_t i = 0; i < n; i++) {
            total[i] += table[(size_t)t * n + i];
            table[(size_t)t * n + i] = 0;
        }
}

static void histogram_merge(void *left, const void *right, const void *param)
{
    uint64_t *l = left;
    const uint64_t *r = right;
    for (size_t i = 0; i < slots(param); i++)
        l[i] += r[i];
}

/* counts[bins], then below, above, NaN. */
static trine_status histogram_finish(void *result, const void *state, const void *param)
{
    const trine_histogram_param *p = param;
    const uint64_t *s = state;
    uint64_t *counts = result, bins = p->bins;
    memcpy(counts, s + 1, bins * sizeof *counts);
    counts[bins] = s[0];
    counts[bins + 1] = s[bins + 1];
    counts[bins + 2] = s[bins + 2];
    return TRINE_OK;
}

/* The slot of x by the edges: how many of them are not above it. */
static uint32_t search(const trine_histogram_param *p, double x)
{
    if (__builtin_isnan(x))
        return (uint32_t)p->bins + 2;
    const double *edge = edges(p);
    if (x == edge[p->bins])
        return (uint32_t)p->bins;
    uint32_t least = 0, count = (uint32_t)p->bins + 1;
    while (count > 0) {
        uint32_t half = count / 2;
        bool right = x >= edge[least + half];
        least = right ? least + half + 1 : least;
        count = right ? count - half - 1 : half;
    }
    return least;
}

/* One for each of WIDTH elements. */
typedef int32_t slot_vec __attribute__((vector_size(WIDTH * sizeof(int32_t))));

/* The slots of a block of whole vectors; false when some of them must be searched for: those near
 * an edge, and those of NaN. What lies outside is taken for half a bin below or above. */
static bool guess(const trine_histogram_param *p, const double *x, size_t n, uint32_t slot[BLOCK])
{
    const vec low = edges(p)[0] - (vec){0}, scale = p->scale - (vec){0};
    const vec least = 0.5 - (vec){0}, most = (double)p->bins + 1.5 - (vec){0};
    vec farthest = {0};
    ivec nan = {0};
    for (size_t i = 0; i < n; i += WIDTH) {
        vec t = (vec_load(x + i) - low) * scale + 1;
        vec within = vec_min(vec_max(t, least), most);
        slot_vec k = __builtin_convertvector(within, slot_vec);
        farthest = vec_max_abs(farthest, within - __builtin_convertvector(k, vec) - 0.5);
        nan |= (ivec)((vec_bits(t) & INT64_MAX) > INFINITE);
        memcpy(slot + i, &k, sizeof k);
    }
    double off = vec_max_lanes(farthest);
    return vec_or_lanes(nan) == 0 && off <= 0.5 - p->guard;
}

static void find_slots(const trine_histogram_param *p, const double *x, size_t n,
                       uint32_t slot[BLOCK])
{
    prefetch_piece(x);
    if (p->scale <= 0 || n % WIDTH != 0 || !guess(p, x, n, slot))
        for (size_t i = 0; i < n; i++)
            slot[i] = search(p, x[i]);
}

static void count_block(uint64_t *table, const trine_histogram_param *p, const double *x, size_t n)
{
    uint32_t slot[BLOCK];
    size_t size = slots(p), i = 0;
    find_slots(p, x, n, slot);
    for (; i + TABLES <= n; i += TABLES)
        for (size_t t = 0; t < TABLES; t++)
            table[t * size + slot[i + t]]++;
    for (; i < n; i++)
        table[slot[i]]++;
}

static void weigh_block(accumulator *sums, const trine_histogram_param *p, const double *x,
                        const void *weight, size_t n)
{
    uint32_t slot[BLOCK];
    find_slots(p, x, n, slot);
    trine_weights_add(sums, slot, NULL, n, p->weights, weight);
}

static void weighted_init(void *state, const void *param)
{
    accumulator *sums = state;
    for (size_t i = 0; i < slots(param); i++)
        trine_accumulator_clear(&sums[i]);
}

static void weighted_merge(void *left, const void *right, const void *param)
{
    accumulator *l = left;
    const accumulator *r = right;
    for (size_t i = 0; i < slots(param); i++)
        trine_accumulator_merge(&l[i], &r[i]);
}

/* As histogram_finish's. */
static trine_status weighted_finish(void *result, const void *state, const void *param)
{
    const accumulator *s = state;
    double *sums = result;
    size_t n = slots(param), bins = n - OUTSIDE;
    for (size_t i = 0; i < bins; i++)
        sums[i] = trine_accumulator_round(&s[i + 1], false);
    sums[bins] = trine_accumulator_round(&s[0], false);
    sums[bins + 1] = trine_accumulator_round(&s[bins + 1], false);
    sums[bins + 2] = trine_accumulator_round(&s[bins + 2], false);
    return TRINE_OK;
}

static void histogram_accumulate_f64(void *work, const trine_chunk *chunk, const void *param)
{
    const double *x = chunk->in[0];
    for (int64_t i = 0; i < chunk->n; i += BLOCK)
        count_block(work, param, x + i, chunk->n - i < BLOCK ? chunk->n - i : BLOCK);
}

/* The weights from element i of the chunk on. */
static const void *weights_from(const trine_chunk *chunk, size_t i, const trine_histogram_param *p)
{
    return (const char *)chunk->in[1] + i * trine_key_size(p->weights);
}

static void weighted_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    const double *x = chunk->in[0];
    for (int64_t i = 0; i < chunk->n; i += BLOCK)
        weigh_block(state, param, x + i, weights_from(chunk, i, param),
                    chunk->n - i < BLOCK ? chunk->n - i : BLOCK);
}

/* Other types count as the doubles that they convert to. */
#define ACCUMULATE(suffix, type)                                                                   \
    static size_t widen_##suffix(const trine_chunk *chunk, size_t i, double wide[BLOCK])           \
    {                                                                                              \
        const type *x = (const type *)chunk->in[0] + i;                                            \
        size_t n = chunk->n - i < BLOCK ? chunk->n - i : BLOCK;                                    \
        for (size_t k = 0; k < n; k++)                                                             \
            wide[k] = (double)x[k];                                                                \
        return n;                                                                                  \
    }                                                                                              \
    static void histogram_accumulate_##suffix(void *work, const trine_chunk *chunk,                \
                                              const void *param)                                   \
    {                                                                                              \
        double wide[BLOCK];                                                                        \
        for (int64_t i = 0; i < chunk->n; i += BLOCK) {                                            \
            size_t n = widen_##suffix(chunk, i, wide);                                             \
            count_block(work, param, wide, n);                                                     \
        }                                                                                          \
    }                                                                                              \
    static void weighted_accumulate_##suffix(void *state, const trine_chunk *chunk,                \
                                             const void *param)                                    \
    {                                                                                              \
        double wide[BLOCK];                                                                        \
        for (int64_t i = 0; i < chunk->n; i += BLOCK) {                                            \
            size_t n = widen_##suffix(chunk, i, wide);                                             \
            weigh_block(state, param, wide, weights_from(chunk, i, param), n);                     \
        }                                                                                          \
    }
ACCUMULATE(f32, float)
ACCUMULATE(i64, int64_t)
ACCUMULATE(i32, int32_t)
ACCUMULATE(u64, uint64_t)
ACCUMULATE(u32, uint32_t)
ACCUMULATE(i16, int16_t)
ACCUMULATE(u16, uint16_t)
ACCUMULATE(i8, int8_t)
ACCUMULATE(u8, uint8_t)

/* Sizes are those of one bin; core/reduce/histogram.c sets those of as many as there are. */
#define HISTOGRAM(constant, suffix, type, name_)                                                   \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "histogram",                                                                          \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_DTYPE_NONE,                                                                      \
     .param_size = sizeof(trine_histogram_param) + 2 * sizeof(double),                             \
     .state_size = (1 + OUTSIDE) * sizeof(uint64_t),                                               \
     .result_size = (1 + OUTSIDE) * sizeof(uint64_t),                                              \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = histogram_init,                                                                       \
     .accumulate = histogram_accumulate_##suffix,                                                  \
     .merge = histogram_merge,                                                                     \
     .finish = histogram_finish,                                                                   \
     .work_size = TABLES * (1 + OUTSIDE) * sizeof(uint64_t),                                       \
     .work_init = histogram_work_init,                                                             \
     .work_flush = histogram_work_flush},

#define WEIGHTED(constant, suffix, type, name_)                                                    \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "histogram_weighted",                                                                 \
     .nin = 2,                                                                                     \
     .in = {constant, TRINE_F64},                                                                  \
     .out = TRINE_DTYPE_NONE,                                                                      \
     .param_size = sizeof(trine_histogram_param) + 2 * sizeof(double),                             \
     .state_size = (1 + OUTSIDE) * sizeof(accumulator),                                            \
     .result_size = (1 + OUTSIDE) * sizeof(double),                                                \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = weighted_init,                                                                        \
     .accumulate = weighted_accumulate_##suffix,                                                   \
     .merge = weighted_merge,                                                                      \
     .finish = weighted_finish},

const trine_reducer VARIANT(trine_histograms)[] = {TRINE_DTYPES(HISTOGRAM)
                                                       TRINE_DTYPES(WEIGHTED){.name = NULL}};
