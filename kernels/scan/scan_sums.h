/* kernels/scan/scan_sums.h - running sums: fast, compensated, and of integers.
 *
 * fast: carry + group. compensated: each partial sum with the sum of its rounding errors (TwoSum),
 * in the same order. Integers: in 64 bits, which every result must fit.
 */
#include "kernels/simd/groups.h"
#include "kernels/reduce/states.h"

/* An exclusive scan is the inclusive one, moved by one element. */
TRINE_INLINE void fast_group(vec group[PARTS], vec *carry, bool exclusive)
{
    const vec none = vec_of(-0.0);
    vec next[PARTS];
#pragma GCC unroll 3
    for (int by = 1; by < OCTET; by *= 2) {
#pragma GCC unroll 4
        for (int k = 0; k < PARTS; k++)
            next[k] = behind(group, k, by, none) + group[k];
        memcpy(group, next, sizeof next);
    }
    vec total = last_of(group);
#pragma GCC unroll 4
    for (int k = 0; k < PARTS; k++)
        next[k] = vec_canonical(*carry + (exclusive ? behind(group, k, 1, none) : group[k]));
    memcpy(group, next, sizeof next);
    *carry += total;
}

TRINE_INLINE void fast_loop(const trine_chunk *chunk, const fast_state *prefix, bool exclusive,
                            bool single, bool narrow, bool non_temporal)
{
    vec carry = vec_of(prefix->sum), group[PARTS];
    for (int64_t i = 0; i < chunk->n; i += OCTET) {
        group_ahead(chunk->in[1], i, single);
        group_load(group, chunk->in[0], i, chunk->n, single, -0.0);
        fast_group(group, &carry, exclusive);
        if (exclusive && i == 0 && !prefix->count)
            group[0][0] = 0;
        group_store(group, chunk->out[0], i, chunk->n, narrow, non_temporal);
    }
    if (non_temporal)
        nt_store_fence();
}

/* Partial sums and the sums of their errors. */
typedef struct sums {
    vec sum[PARTS], error[PARTS];
} sums;

TRINE_INLINE void sums_add(vec *sum, vec *error, vec before, vec before_error)
{
    vec s = before, x = *sum, t = s + x, y = t - s;
    *error = (before_error + *error) + ((s - (t - y)) + (x - y));
    *sum = t;
}

/* As compensated_finish_f64 rounds: the error of an infinite sum means nothing. */
TRINE_INLINE vec sums_value(vec sum, vec error)
{
    const ivec infinity = vec_bits(vec_of((double)INFINITY));
    ivec finite = ((vec_bits(sum) & INT64_MAX) < infinity) &
                  ((vec_bits(error) & INT64_MAX) < infinity) & (error != vec_of(0));
    return vec_canonical(vec_choose(finite, sum + error, sum));
}

/* lost: 0, or NaN where a sum is infinite or NaN, or was on the way: then its error is NaN. */
TRINE_INLINE void compensated_group(vec group[PARTS], vec lost[PARTS], vec *carry, vec *carry_error,
                                    bool exclusive)
{
    const vec none = vec_of(-0.0), no_error = vec_of(0);
    sums s, next;
#pragma GCC unroll 4
    for (int k = 0; k < PARTS; k++) {
        s.sum[k] = group[k];
        s.error[k] = no_error;
    }
#pragma GCC unroll 3
    for (int by = 1; by < OCTET; by *= 2) {
        next = s;
#pragma GCC unroll 4
        for (int k = 0; k < PARTS; k++)
            sums_add(&next.sum[k], &next.error[k], behind(s.sum, k, by, none),
                     behind(s.error, k, by, no_error));
        s = next;
    }
#pragma GCC unroll 4
    for (int k = 0; k < PARTS; k++) {
        vec sum = exclusive ? behind(s.sum, k, 1, none) : s.sum[k];
        vec error = exclusive ? behind(s.error, k, 1, no_error) : s.error[k];
        sums_add(&sum, &error, *carry, *carry_error);
        group[k] = sums_value(sum, error);
        lost[k] = error * 0;
    }
    vec total = last_of(s.sum), total_error = last_of(s.error);
    sums_add(&total, &total_error, *carry, *carry_error);
    *carry = total;
    *carry_error = total_error;
}

TRINE_INLINE bool any_lost(const vec lost[PARTS], vec carry_error)
{
    vec zeros = carry_error * 0;
    double sum = 0;
#pragma GCC unroll 4
    for (int k = 0; k < PARTS; k++)
        zeros += lost[k];
#pragma GCC unroll 8
    for (int k = 0; k < WIDTH; k++)
        sum += zeros[k];
    return sum != 0;
}

/* The group in units of 2^100. */
TRINE_INLINE void large_group(vec group[PARTS], vec *carry, vec *carry_error, bool exclusive)
{
    vec lost[PARTS];
#pragma GCC unroll 4
    for (int k = 0; k < PARTS; k++)
        group[k] *= 0x1p-100;
    compensated_group(group, lost, carry, carry_error, exclusive);
#pragma GCC unroll 4
    for (int k = 0; k < PARTS; k++)
        group[k] *= 0x1p100;
}

/* From the first sum beyond a double on, sums are in units of 2^100, in which those of 8 elements
 * and of 2^63 before them stay within one: a later sum that fits a double again is right. What is
 * below the least number is far below a unit of twice the precision then. */
TRINE_INLINE void compensated_loop(const trine_chunk *chunk, const compensated_state *prefix,
                                   bool exclusive, bool single, bool narrow, bool non_temporal)
{
    bool large = !isfinite(in_unit(prefix->sum, prefix->exponent));
    int64_t exponent = prefix->exponent - (large ? 100 : 0);
    vec carry = vec_of(in_unit(prefix->sum, exponent));
    vec error = vec_of(in_unit(prefix->error, exponent)), group[PARTS], lost[PARTS];
    for (int64_t i = 0; i < chunk->n; i += OCTET) {
        group_ahead(chunk->in[1], i, single);
        group_load(group, chunk->in[0], i, chunk->n, single, -0.0);
        if (large) {
            large_group(group, &carry, &error, exclusive);
        } else {
            vec again[PARTS], carry_before = carry, error_before = error;
            memcpy(again, group, sizeof again);
            compensated_group(group, lost, &carry, &error, exclusive);
            if (any_lost(lost, error)) {
                large = true;
                carry = carry_before * 0x1p-100;
                error = error_before * 0x1p-100;
                large_group(again, &carry, &error, exclusive);
                for (int k = 0; k < PARTS; k++)
                    group[k] = vec_choose(lost[k] == vec_of(0), group[k], again[k]);
            }
        }
        if (exclusive && i == 0 && !prefix->count)
            group[0][0] = 0;
        group_store(group, chunk->out[0], i, chunk->n, narrow, non_temporal);
    }
    if (non_temporal)
        nt_store_fence();
}

/* One instance of a loop for each kind of result. */
#define REAL_SCAN(kind, suffix, single, narrow)                                                    \
    static trine_status kind##_scan_##suffix(const trine_chunk *chunk, const void *prefix,         \
                                             unsigned flags, const void *param)                    \
    {                                                                                              \
        (void)param;                                                                               \
        if (flags & TRINE_SCAN_EXCLUSIVE)                                                          \
            kind##_loop(chunk, prefix, true, single, narrow, false);                               \
        else if (may_store_non_temporal(chunk, flags))                                             \
            kind##_loop(chunk, prefix, false, single, narrow, true);                               \
        else                                                                                       \
            kind##_loop(chunk, prefix, false, single, narrow, false);                              \
        return TRINE_OK;                                                                           \
    }
#define REAL_SCANS(kind)                                                                           \
    REAL_SCAN(kind, f64, false, false)                                                             \
    REAL_SCAN(kind, f32, true, true)                                                               \
    REAL_SCAN(kind, f32_f64, true, false)
REAL_SCANS(fast)
REAL_SCANS(compensated)

/* A prefix that does not fit is one that was, or is, a result. An exclusive scan's last sum is none
 * of this chunk's results. */
#define INTEGER_SCAN(suffix, type, sum_type, least, most)                                          \
    static trine_status integer_scan_##suffix(const trine_chunk *chunk, const void *prefix,        \
                                              unsigned flags, const void *param)                   \
    {                                                                                              \
        const type *x = chunk->in[0];                                                              \
        int128 before = ((const integer_state *)prefix)->sum;                                      \
        sum_type *out = chunk->out[0], sum = (sum_type)before;                                     \
        bool exclusive = flags & TRINE_SCAN_EXCLUSIVE;                                             \
        (void)param;                                                                               \
        if (before < (least) || before > (most))                                                   \
            return TRINE_E_OVERFLOW;                                                               \
        for (int64_t i = 0; i < chunk->n; i++) {                                                   \
            sum_type next;                                                                         \
            bool over = __builtin_add_overflow(sum, x[i], &next);                                  \
            if (over && !(exclusive && i + 1 == chunk->n))                                         \
                return TRINE_E_OVERFLOW;                                                           \
            out[i] = exclusive ? sum : next;                                                       \
            sum = next;                                                                            \
        }                                                                                          \
        return TRINE_OK;                                                                           \
    }
INTEGER_SCAN(i64, int64_t, int64_t, INT64_MIN, INT64_MAX)
INTEGER_SCAN(i32, int32_t, int64_t, INT64_MIN, INT64_MAX)
INTEGER_SCAN(i16, int16_t, int64_t, INT64_MIN, INT64_MAX)
INTEGER_SCAN(i8, int8_t, int64_t, INT64_MIN, INT64_MAX)
INTEGER_SCAN(u64, uint64_t, uint64_t, 0, UINT64_MAX)
INTEGER_SCAN(u32, uint32_t, uint64_t, 0, UINT64_MAX)
INTEGER_SCAN(u16, uint16_t, uint64_t, 0, UINT64_MAX)
INTEGER_SCAN(u8, uint8_t, uint64_t, 0, UINT64_MAX)
