/* kernels/reduce/logsumexp.c - log(sum(exp(x))) without overflow: the greatest element is taken out
 * of the sum.
 *
 * A partial is the greatest element m and the sum of exp(x - m); two partials meet at the greater
 * m. A chunk's sum is made on 32 lanes (kernels/simd/lanes.h), its exponentials by SLEEF
 * (kernels/map/sleef.h): the same bits on every instruction set.
 */
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"

#if TRINE_SLEEF
#include "kernels/simd/lanes.h"
#include "kernels/map/sleef.h"

/* any: whether there was an element. */
typedef struct log_sum {
    double most, sum;
    bool nan, any;
} log_sum;

static void logsumexp_init(void *state, const void *param)
{
    (void)param;
    *(log_sum *)state = (log_sum){.most = -INFINITY};
}

enum { GROUPS = LANES / LANES_f64 };

static double log_of(double x)
{
    double lane[LANES_f64];
    reals_f64 v;
    for (int j = 0; j < LANES_f64; j++)
        lane[j] = x;
    memcpy(&v, lane, sizeof v);
    v = SLEEF_f64(log)(v);
    memcpy(lane, &v, sizeof v);
    return lane[0];
}

/* exp(from - to), of which either may be infinite; to is not below from. */
static double shrink(double from, double to)
{
    double lane[LANES_f64];
    reals_f64 v;
    if (from == to)
        return 1;
    for (int j = 0; j < LANES_f64; j++)
        lane[j] = from - to;
    memcpy(&v, lane, sizeof v);
    v = SLEEF_f64(exp)(v);
    memcpy(lane, &v, sizeof v);
    return lane[0];
}

static void logsumexp_merge(void *left, const void *right, const void *param)
{
    log_sum *l = left;
    const log_sum *r = right;
    double most = r->most > l->most ? r->most : l->most;
    (void)param;
    l->sum = l->sum * shrink(l->most, most) + r->sum * shrink(r->most, most);
    l->most = most;
    l->nan |= r->nan;
    l->any |= r->any;
}

TRINE_INLINE double greatest(const void *x, size_t n, bool single, bool *nan)
{
    double most = -INFINITY;
    bool unordered = false;
    for (size_t i = 0; i < n; i++) {
        double v = element_at(x, i, single);
        most = v > most ? v : most;
        unordered |= v != v;
    }
    *nan = unordered;
    return most;
}

TRINE_INLINE void logsumexp_accumulate(void *state, const trine_chunk *chunk, bool single)
{
    const void *x = chunk->in[0];
    log_sum s = {.any = true};
    reals_f64 sum[GROUPS];
    double lane[LANES] = {0};
    memcpy(sum, lane, sizeof sum);
    s.most = greatest(x, chunk->n, single, &s.nan);
    for (int64_t i = 0; i < chunk->n && isfinite(s.most); i += LANES) {
        vec d[VECTORS];
        reals_f64 v[GROUPS];
        double tail[LANES];
        bool whole = i + LANES <= chunk->n;
        for (int j = 0; j < LANES && !whole; j++)
            tail[j] = i + j < chunk->n ? element_at(x, i + j, single) : -INFINITY;
        for (int k = 0; k < VECTORS; k++)
            d[k] =
                (whole ? load_at(x, i + (size_t)k * WIDTH, single) : vec_load(tail + k * WIDTH)) -
                s.most;
        memcpy(v, d, sizeof v);
        for (int g = 0; g < GROUPS; g++)
            sum[g] += SLEEF_f64(exp)(v[g]);
    }
    memcpy(lane, sum, sizeof lane);
    fold(lane);
    s.sum = lane[0];
    logsumexp_merge(state, &s, NULL);
}

static void logsumexp_accumulate_f64(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    logsumexp_accumulate(state, chunk, false);
}

static void logsumexp_accumulate_f32(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    logsumexp_accumulate(state, chunk, true);
}

static trine_status logsumexp_finish(void *result, const void *state, const void *param)
{
    const log_sum *s = state;
    (void)param;
    if (!s->any)
        return TRINE_E_EMPTY;
    *(double *)result = s->nan              ? (double)NAN
                        : isfinite(s->most) ? canonical(s->most + log_of(s->sum))
                                            : s->most;
    return TRINE_OK;
}

#define LOGSUMEXP(constant, suffix)                                                                \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "logsumexp",                                                                          \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_F64,                                                                             \
     .state_size = sizeof(log_sum),                                                                \
     .result_size = sizeof(double),                                                                \
     .flags = TRINE_POSITION_FREE,                                                                 \
     .init = logsumexp_init,                                                                       \
     .accumulate = logsumexp_accumulate_##suffix,                                                  \
     .merge = logsumexp_merge,                                                                     \
     .finish = logsumexp_finish},

const trine_reducer VARIANT(trine_logsumexps)[] = {LOGSUMEXP(TRINE_F64, f64)
                                                       LOGSUMEXP(TRINE_F32, f32){.name = NULL}};
#else
const trine_reducer VARIANT(trine_logsumexps)[] = {{.name = NULL}};
#endif
