/* kernels/reduce/lane_sums.h - fast and compensated sums of a chunk's terms.
 *
 * fast: a running sum on each of the 32 lanes (kernels/simd/lanes.h). compensated: the same lanes,
 * each with the sum of its rounding errors (TwoSum, and TwoProduct for products; Ogita, Rump and
 * Oishi, Accurate sum and dot product, SISC 26 (2005)). Lanes start at -0, the identity of
 * addition.
 *
 * fast sums and products over- and underflow as they come. compensated ones do not: a chunk whose
 * sum is not well inside the range of a double is summed again, each term as a significand and an
 * exponent, in units of the largest; partials meet in the larger unit.
 */
#ifndef TRINE_KERNELS_LANE_SUMS_H
#define TRINE_KERNELS_LANE_SUMS_H

#include <limits.h>

#include "kernels/simd/elements.h"
#include "kernels/simd/lanes.h"

/* count: the terms, NaN apart where those are skipped; the sum of none is +0, while -0 is the
 * identity. */
typedef struct fast_state {
    double sum;
    uint64_t count;
} fast_state;

/* The sum is (sum + error) 2^exponent. */
typedef struct compensated_state {
    double sum, error;
    uint64_t count;
    int64_t exponent;
} compensated_state;

/* Sums of chunks between these have lost nothing that matters, and leave headroom for the sum of
 * all chunks; below, that holds of sums of elements, but not of products. */
#define MIN_PLAIN 0x1p-800
#define MAX_PLAIN 0x1p900

TRINE_INLINE fast_state fast_sum(elements e)
{
    vec sum[VECTORS];
    ivec numbers = {0};
    double lane[LANES];
    size_t i = 0;
    for (int k = 0; k < VECTORS; k++)
        sum[k] = -0.0 - (vec){0};
    for (; i + LANES <= e.n; i += LANES) {
        /* Plain loads keep the hardware's prefetching busy by themselves. */
        if (e.form != PLAIN && i * item_size(e) % PREFETCH_PIECE == 0) {
            prefetch_piece((const char *)e.x + i * item_size(e));
            if (e.form == PRODUCTS)
                prefetch_piece((const char *)e.y + i * item_size(e));
        }
#pragma GCC unroll 16
        for (int k = 0; k < VECTORS; k++)
            sum[k] += vec_term(e, i + (size_t)k * WIDTH, &numbers);
    }
    memcpy(lane, sum, sizeof lane);
    uint64_t count =
        e.form == NUMBERS ? (uint64_t)vec_add_lanes(numbers) + count_tail_numbers(e, i) : e.n;
    for (int j = 0; i < e.n; i++, j++)
        lane[j] += term(e, i);
    fold(lane);
    return (fast_state){lane[0], count};
}

TRINE_INLINE void fast_add(fast_state *state, fast_state more)
{
    state->sum += more.sum;
    state->count += more.count;
}

/* TwoSum (Knuth): *sum becomes fl(sum + x), and its exact error is added to *error. */
TRINE_INLINE void two_sum(double *sum, double *error, double x)
{
    double s = *sum, t = s + x, y = t - s;
    *error += (s - (t - y)) + (x - y);
    *sum = t;
}

TRINE_INLINE void two_sum_vec(vec *sum, vec *error, vec x)
{
    vec s = *sum, t = s + x, y = t - s;
    *error += (s - (t - y)) + (x - y);
    *sum = t;
}

TRINE_INLINE compensated_state compensated_sum(elements e)
{
    vec sum[VECTORS], error[VECTORS];
    ivec numbers = {0};
    double lane[LANES], errors[LANES];
    size_t i = 0;
    for (int k = 0; k < VECTORS; k++) {
        sum[k] = -0.0 - (vec){0};
        error[k] = (vec){0};
    }
    for (; i + LANES <= e.n; i += LANES)
#pragma GCC unroll 16
        for (int k = 0; k < VECTORS; k++) {
            vec x = vec_term(e, i + (size_t)k * WIDTH, &numbers);
            if (has_errors(e))
                error[k] += vec_term_error(e, i + (size_t)k * WIDTH, x);
            two_sum_vec(&sum[k], &error[k], x);
        }
    memcpy(lane, sum, sizeof lane);
    memcpy(errors, error, sizeof errors);
    uint64_t count =
        e.form == NUMBERS ? (uint64_t)vec_add_lanes(numbers) + count_tail_numbers(e, i) : e.n;
    for (int j = 0; i < e.n; i++, j++) {
        double x = term(e, i);
        if (has_errors(e))
            errors[j] += term_error(e, i, x);
        two_sum(&lane[j], &errors[j], x);
    }
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) {
            errors[j] += errors[j + half];
            two_sum(&lane[j], &errors[j], lane[j + half]);
        }
    return (compensated_state){lane[0], errors[0], count, 0};
}

/* Term i is (the value + *error) 2^*exponent, the value in (1/4, 1) or 0; or infinite or NaN. */
static inline double scaled_term(elements e, size_t i, double *error, int *exponent)
{
    int of_x = 0, of_y = 0;
    double x = element_at(e.x, i, e.single),
           y = e.form >= SQUARES ? element_at(e.y, i, e.single) : 1;
    *error = 0;
    *exponent = 0;
    if (e.form == NUMBERS && x != x)
        return 0;
    if (e.form == ABSOLUTE)
        x = fabs(x);
    if (x == 0 || !isfinite(x) || y == 0 || !isfinite(y))
        return x * y;
    x = frexp(x, &of_x);
    if (e.form >= SQUARES)
        y = frexp(y, &of_y);
    *exponent = of_x + of_y;
    *error = fma(x, y, -(x * y));
    return x * y;
}

/* Whether every product is one with 0. */
TRINE_INLINE bool all_zeros(elements e)
{
    int any = 0;
    for (size_t i = 0; i < e.n; i++) {
        int of_x = element_at(e.x, i, e.single) != 0, of_y = element_at(e.y, i, e.single) != 0;
        any |= of_x & of_y;
    }
    return !any;
}

/* A chunk's sum in units of the largest term; of infinities and NaNs, where there are some. */
static __attribute__((noinline)) compensated_state scaled_sum(elements e, compensated_state plain)
{
    double special = 0, error;
    int exponent, most = INT_MIN;
    for (size_t i = 0; i < e.n; i++) {
        double x = scaled_term(e, i, &error, &exponent);
        if (!isfinite(x))
            special += x;
        else if (x != 0 && exponent > most)
            most = exponent;
    }
    if (special != 0)
        return (compensated_state){special, 0, plain.count, 0};
    if (most == INT_MIN)
        return plain;
    compensated_state s = {0, 0, plain.count, most};
    for (size_t i = 0; i < e.n; i++) {
        double x = scaled_term(e, i, &error, &exponent);
        s.error += ldexp(error, exponent - most);
        two_sum(&s.sum, &s.error, ldexp(x, exponent - most));
    }
    return s;
}

TRINE_INLINE compensated_state compensated_chunk(elements e)
{
    compensated_state s = compensated_sum(e);
    bool large = !(fabs(s.sum) <= MAX_PLAIN && isfinite(s.error));
    bool small = has_errors(e) && fabs(s.sum) < MIN_PLAIN && !all_zeros(e);
    return large || small ? scaled_sum(e, s) : s;
}

static inline void compensated_scale(compensated_state *s, int64_t exponent)
{
    int by = (int)(s->exponent - exponent);
    s->sum = ldexp(s->sum, by);
    s->error = ldexp(s->error, by);
    s->exponent = exponent;
}

/* Nothing, or zeros alone, have any unit. */
static inline void compensated_match(compensated_state *s, compensated_state *t)
{
    if (s->sum == 0 && s->error == 0)
        s->exponent = t->exponent;
    else if (t->sum == 0 && t->error == 0)
        t->exponent = s->exponent;
    else if (s->exponent < t->exponent)
        compensated_scale(s, t->exponent);
    else
        compensated_scale(t, s->exponent);
}

TRINE_INLINE void compensated_add(compensated_state *state, compensated_state more)
{
    if (state->exponent != more.exponent)
        compensated_match(state, &more);
    state->error += more.error;
    two_sum(&state->sum, &state->error, more.sum);
    state->count += more.count;
}

/* The error of an infinite sum is no number, and means nothing; nor does one that overflowed on the
 * way, as TwoSum's can when an operand is DBL_MAX itself (Boldo, Graillat and Muller, On the
 * robustness of the 2Sum and Fast2Sum algorithms, ACM TOMS 44 (2017)). */
TRINE_INLINE double corrected(double sum, double error)
{
    return isfinite(sum) && isfinite(error) && error != 0 ? sum + error : sum;
}

/* x 2^exponent. */
static inline double in_unit(double x, int64_t exponent)
{
    return exponent == 0 ? x : ldexp(x, (int)exponent);
}

#endif
