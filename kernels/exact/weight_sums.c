/* kernels/exact/weight_sums.c - exact sums of weights: long integers, so that neither order nor
 * grouping matters.
 */
#include "kernels/exact/weight_sums.h"

#include <math.h>
#include <string.h>

static void add_integer(accumulator *sum, int128 w)
{
    sum->seen |= SEEN_ANY | SEEN_OTHER;
    trine_accumulator_add(sum, w, -ACCUMULATOR_UNIT);
}

static void add_real(accumulator *sum, double w)
{
    uint64_t bits;
    memcpy(&bits, &w, sizeof bits);
    int exponent = (int)(bits << 1 >> 53);
    sum->seen |= SEEN_ANY | SEEN_OTHER;
    if (exponent == 2047) {
        sum->seen |= isnan(w) ? SEEN_NAN : w > 0 ? SEEN_PLUS_INF : SEEN_MINUS_INF;
        return;
    }
    int64_t significand = (int64_t)(bits << 12 >> 12 | (uint64_t)(exponent > 0) << 52);
    trine_accumulator_add(sum, signbit(w) ? -significand : significand,
                          exponent > 0 ? exponent - 1 : 0);
}

void trine_weights_add(accumulator sums[], const uint32_t slot[], const uint16_t at[], size_t n,
                       trine_dtype dtype, const void *w)
{
    switch (dtype) {
#define ADD(constant, suffix, type, name)                                                          \
    case constant:                                                                                 \
        for (size_t i = 0; i < n; i++) {                                                           \
            const type weight = ((const type *)w)[at ? at[i] : i];                                 \
            if ((constant) == TRINE_F64 || (constant) == TRINE_F32)                                \
                add_real(&sums[slot[i]], (double)weight);                                          \
            else                                                                                   \
                add_integer(&sums[slot[i]], (int128)weight);                                       \
        }                                                                                          \
        break;
        TRINE_DTYPES(ADD)
#undef ADD
    default:
        break;
    }
}

bool trine_weights_may_be(trine_dtype dtype, const void *w, size_t n)
{
    bool refused = false;
    switch (dtype) {
#define TEST(constant, suffix, type, name)                                                         \
    case constant:                                                                                 \
        for (size_t i = 0; i < n; i++) {                                                           \
            const double weight = (double)((const type *)w)[i];                                    \
            refused |= !(weight >= 0 && weight < (double)INFINITY);                                \
        }                                                                                          \
        break;
        TRINE_DTYPES(TEST)
#undef TEST
    default:
        break;
    }
    return !refused;
}

void trine_weights_total(const accumulator sums[], size_t n, accumulator *total)
{
    trine_accumulator_clear(total);
    for (size_t i = 0; i < n; i++)
        trine_accumulator_merge(total, &sums[i]);
}

static bool reaches(const accumulator *part, const bigint *total, double q)
{
    bigint sum;
    trine_accumulator_bigint(part, &sum);
    return sum.top >= 0 && trine_bigint_quotient(&sum, total, false) >= q;
}

size_t trine_weights_find(const accumulator sums[], size_t n, const accumulator *total, double q,
                          accumulator *before)
{
    bigint whole;
    trine_accumulator_bigint(total, &whole);
    size_t found = 0;
    for (; found + 1 < n; found++) {
        if (!sums[found].seen)
            continue;
        accumulator with = *before;
        trine_accumulator_merge(&with, &sums[found]);
        if (reaches(&with, &whole, q))
            break;
        *before = with;
    }
    return found;
}
