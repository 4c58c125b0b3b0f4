/* kernels/lane_sums.h - fast and compensated sums of a chunk's terms.
 *
 * fast: a running sum on each of the 32 lanes (kernels/lanes.h). compensated: the same lanes, each
 * with the sum of its rounding errors (TwoSum, and TwoProduct for products; Ogita, Rump and Oishi,
 * Accurate sum and dot product, SISC 26 (2005)). Lanes start at -0, the identity of addition.
 */
#ifndef TRINE_KERNELS_LANE_SUMS_H
#define TRINE_KERNELS_LANE_SUMS_H

#include "kernels/elements.h"
#include "kernels/lanes.h"

/* count: the terms, NaN apart where those are skipped; the sum of none is +0, while -0 is the
 * identity. */
typedef struct fast_state {
    double sum;
    uint64_t count;
} fast_state;

typedef struct compensated_state {
    double sum, error;
    uint64_t count;
} compensated_state;

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
    return (compensated_state){lane[0], errors[0], count};
}

TRINE_INLINE void compensated_add(compensated_state *state, compensated_state more)
{
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

#endif
