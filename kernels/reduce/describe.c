/* kernels/reduce/describe.c - number, moments (kernels/reduce/moments.h) and range of the numbers
 * among the elements. */
#include "kernels/registry/isa.h"
#include "kernels/reduce/moments.h"

typedef struct description {
    moments moments;
    double min, max;
    uint64_t nan;
} description;

static void describe_init(void *state, const void *param)
{
    (void)param;
    *(description *)state = (description){.min = INFINITY, .max = -INFINITY};
}

static void describe_merge(void *left, const void *right, const void *param)
{
    description *l = left;
    const description *r = right;
    (void)param;
    moments_join(&l->moments, &r->moments, 4);
    l->min = r->min < l->min ? r->min : l->min;
    l->max = r->max > l->max ? r->max : l->max;
    l->nan += r->nan;
}

/* Least and greatest of a chunk that the moments have just been taken of; NaN passed over, and a
 * zero's sign by the elements' order. */
TRINE_INLINE void chunk_extremes(const void *x, size_t n, bool single, double *min, double *max)
{
    const int64_t top = INF_KEY_f64, bottom = ~top, none = top + 1;
    int64_t least = none, most = ~none;
    for (size_t i = 0; i < n; i++) {
        double v = element_at(x, i, single);
        int64_t key = key_f64(&v);
        int64_t low = key < bottom ? none : key, high = key > top ? ~none : key;
        least = low < least ? low : least;
        most = high > most ? high : most;
    }
    *min = least == none ? INFINITY : value_f64(least);
    *max = most == ~none ? -INFINITY : value_f64(most);
}

TRINE_INLINE void describe_chunk(description *state, const trine_chunk *chunk, bool single)
{
    description d;
    d.moments = chunk_moments(chunk->in[0], chunk->n, single, true, 4);
    chunk_extremes(chunk->in[0], chunk->n, single, &d.min, &d.max);
    d.nan = chunk->n - (uint64_t)d.moments.n;
    describe_merge(state, &d, NULL);
}

static void describe_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    describe_chunk(state, chunk, false);
}

static void describe_accumulate_f32(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    describe_chunk(state, chunk, true);
}

static trine_status describe_finish(void *result, const void *state, const void *param)
{
    const description *d = state;
    const moments *m = &d->moments;
    trine_description *r = result;
    (void)param;
    *r = (trine_description){.n = (uint64_t)m->n,
                             .nan = d->nan,
                             .mean = m->n == 0 ? (double)NAN : mean_of(m),
                             .var = variance_of(m, m->n),
                             .std = deviation_of(m, m->n),
                             .skewness = skewness_of(m),
                             .kurtosis = kurtosis_of(m),
                             .min = m->n == 0 ? (double)NAN : d->min,
                             .max = m->n == 0 ? (double)NAN : d->max};
    return TRINE_OK;
}

#define DESCRIBE(constant, suffix, type, name_)                                                    \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "describe",                                                                           \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .state_size = sizeof(description),                                                            \
     .result_size = sizeof(trine_description),                                                     \
     .flags = TRINE_POSITION_FREE,                                                                 \
     .init = describe_init,                                                                        \
     .accumulate = describe_accumulate_##suffix,                                                   \
     .merge = describe_merge,                                                                      \
     .finish = describe_finish},

const trine_reducer VARIANT(trine_descriptions)[] = {TRINE_REAL_DTYPES(DESCRIBE){.name = NULL}};
