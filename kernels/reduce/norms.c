/* kernels/reduce/norms.c - the Euclidean norm, the square root of the sum of squares.
 *
 * exact: the root of the exact sum of squares, rounded once. compensated and fast: the sum of
 * squares in that mode times a power of four, so that it neither over- nor underflows:
 *   1. A chunk's squares are summed as they are; a sum from MIN_PLAIN to MAX_PLAIN has lost
 *      nothing that matters and leaves headroom for the sum of all chunks. Its exponent is 0.
 *   2. Another chunk's elements are scaled by the power of two that brings the largest to [1, 2),
 *      and summed again.
 *   3. Partials merge in the scale of the larger one.
 */
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/reduce/modes.h"

TRINE_ACCUMULATE_EXACT(nrm2, f64, false, SQUARES)
TRINE_ACCUMULATE_EXACT(nrm2, f32, true, SQUARES)

enum { exact_state_size = sizeof(wide_accumulator) };

static void exact_init(void *state, const void *param)
{
    (void)param;
    trine_wide_clear(state);
}

static void exact_merge(void *left, const void *right, const void *param)
{
    (void)param;
    trine_wide_merge(left, right);
}

static void exact_work_flush(void *state, void *work, const void *param)
{
    (void)param;
    exact_work_flush_wide(state, work);
}

static trine_status exact_norm(const wide_accumulator *squares, bool single, double *norm)
{
    bigint n;
    trine_wide_bigint(squares, &n);
    if (!trine_seen_special(squares->seen, norm))
        *norm = trine_bigint_root(&n, single);
    return TRINE_OK;
}

static trine_status exact_finish_f64(void *result, const void *state, const void *param)
{
    (void)param;
    return exact_norm(state, false, result);
}

/* The sum of squares is (sum + error) * 4^exponent; that of nothing, or of zeros, is 0. */
typedef struct norm_state {
    double sum, error;
    int64_t exponent;
} norm_state;

enum { norm_state_size = sizeof(norm_state), norm_work_size = 0, norm_flags = TRINE_POSITION_FREE };

#define norm_work_init NULL
#define norm_work_flush NULL

static void norm_init(void *state, const void *param)
{
    (void)param;
    *(norm_state *)state = (norm_state){0, 0, 0};
}

static void scale_to(norm_state *s, int64_t exponent)
{
    int by = (int)(2 * (s->exponent - exponent));
    s->sum = ldexp(s->sum, by);
    s->error = ldexp(s->error, by);
    s->exponent = exponent;
}

static void norm_add(norm_state *left, norm_state right)
{
    if (right.sum == 0)
        return;
    if (left->sum == 0) {
        *left = right;
        return;
    }
    if (left->exponent < right.exponent)
        scale_to(left, right.exponent);
    else if (right.exponent < left->exponent)
        scale_to(&right, left->exponent);
    left->error += right.error;
    two_sum(&left->sum, &left->error, right.sum);
}

static void norm_merge(void *left, const void *right, const void *param)
{
    (void)param;
    norm_add(left, *(const norm_state *)right);
}

TRINE_INLINE norm_state plain_norm(elements e, bool compensated)
{
    if (!compensated)
        return (norm_state){fast_sum(e).sum, 0, 0};
    compensated_state s = compensated_sum(e);
    return (norm_state){s.sum, s.error, 0};
}

/* A chunk whose squares are too small or too large as they are, or none to add. */
static __attribute__((noinline)) norm_state scaled_norm(elements e, bool compensated)
{
    double scaled[TRINE_CHUNK], most = 0;
    int exponent;
    for (size_t i = 0; i < e.n; i++) {
        double x = fabs(element_at(e.x, i, e.single));
        if (x != x)
            return (norm_state){NAN, 0, 0};
        most = x > most ? x : most;
    }
    if (most == 0 || isinf(most))
        return (norm_state){most, 0, 0};
    frexp(most, &exponent);
    exponent--;
    /* Twice, because 2^1074 is not a double. */
    double half = ldexp(1, -exponent / 2), rest = ldexp(1, -exponent - -exponent / 2);
    for (size_t i = 0; i < e.n; i++)
        scaled[i] = element_at(e.x, i, e.single) * half * rest;
    elements all = {scaled, scaled, e.n, false, SQUARES};
    norm_state s = compensated ? plain_norm(all, true) : plain_norm(all, false);
    s.exponent = exponent;
    return s;
}

TRINE_INLINE void norm_take(norm_state *state, const trine_chunk *chunk, bool single,
                            bool compensated)
{
    elements e = elements_of(chunk, single, SQUARES);
    norm_state more = plain_norm(e, compensated);
    if (!(more.sum >= MIN_PLAIN && more.sum <= MAX_PLAIN))
        more = scaled_norm(e, compensated);
    norm_add(state, more);
}

TRINE_ACCUMULATE(fast, nrm2, f64, norm_take(state, chunk, false, false))
TRINE_ACCUMULATE(fast, nrm2, f32, norm_take(state, chunk, true, false))
TRINE_ACCUMULATE(compensated, nrm2, f64, norm_take(state, chunk, false, true))
TRINE_ACCUMULATE(compensated, nrm2, f32, norm_take(state, chunk, true, true))

static trine_status norm_finish_f64(void *result, const void *state, const void *param)
{
    const norm_state *s = state;
    (void)param;
    *(double *)result = canonical(ldexp(sqrt(corrected(s->sum, s->error)), (int)s->exponent));
    return TRINE_OK;
}

TRINE_FINISH_F32(norm_finish_f32, norm_finish_f64(&value, state, param))
TRINE_FINISH_F32(exact_finish_f32, exact_norm(state, true, &value))

/* Of compensated and fast norms alike. */
#define NORM_LINE(NAME, mode, IN, in, OUT, out)                                                    \
    TRINE_REDUCER(NAME, norm, mode##_nrm2_##in, norm_finish_##out, 1, IN, OUT, out)
#define NORM_OF_exact(NAME, IN, in, OUT, out)                                                      \
    TRINE_REDUCER(NAME, exact, exact_nrm2_##in, exact_finish_##out, 1, IN, OUT, out)
#define NORM_OF_fast(NAME, IN, in, OUT, out) NORM_LINE(NAME, fast, IN, in, OUT, out)
#define NORM_OF_compensated(NAME, IN, in, OUT, out) NORM_LINE(NAME, compensated, IN, in, OUT, out)
#define NORM_REDUCER(NAME, mode, operation, IN, in, OUT, out) NORM_OF_##mode(NAME, IN, in, OUT, out)

const trine_reducer VARIANT(trine_norms)[] = {TRINE_NORMS(NORM_REDUCER){.name = NULL}};
