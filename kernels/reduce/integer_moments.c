/* kernels/reduce/integer_moments.c - moments and descriptions of integers: the true values, rounded
 * once (kernels/reduce/integer_moments.h). */
#include "kernels/reduce/integer_moments.h"
#include "kernels/registry/isa.h"

static void squares_init(void *state, const void *param)
{
    (void)param;
    memset(state, 0, SQUARE_SUMS);
}

static void powers_init(void *state, const void *param)
{
    (void)param;
    memset(state, 0, sizeof(integer_sums));
}

TRINE_INLINE void merge_sums(integer_sums *left, const integer_sums *right, int powers)
{
    left->n += right->n;
    for (int k = 0; k < powers; k++)
        wide_add(left->power[k], right->power[k], SUM_WORDS);
}

static void squares_merge(void *left, const void *right, const void *param)
{
    (void)param;
    merge_sums(left, right, 2);
}

static void powers_merge(void *left, const void *right, const void *param)
{
    (void)param;
    merge_sums(left, right, TOP_POWER);
}

/* Least and greatest as 64 bits of their type's sign. */
typedef struct integer_description {
    integer_sums sums;
    integer_range range;
} integer_description;

static void description_init(void *state, const void *param)
{
    (void)param;
    memset(state, 0, sizeof(integer_description));
}

static bool below(uint64_t a, uint64_t b, bool with_sign)
{
    return with_sign ? (int64_t)a < (int64_t)b : a < b;
}

static void widen_range(integer_description *d, integer_range r, bool with_sign)
{
    bool first = d->sums.n == 0;
    if (first || below(r.least, d->range.least, with_sign))
        d->range.least = r.least;
    if (first || below(d->range.most, r.most, with_sign))
        d->range.most = r.most;
}

TRINE_INLINE void merge_descriptions(integer_description *left, const integer_description *right,
                                     bool with_sign)
{
    if (right->sums.n == 0)
        return;
    widen_range(left, right->range, with_sign);
    merge_sums(&left->sums, &right->sums, TOP_POWER);
}

#define INTEGER_KERNEL(kind, suffix, action)                                                       \
    static void kind##_accumulate_##suffix(void *state, const trine_chunk *chunk,                  \
                                           const void *param)                                      \
    {                                                                                              \
        uint64_t offset[TRINE_CHUNK];                                                              \
        integer_range range = offsets_##suffix(chunk->in[0], chunk->n, offset);                    \
        (void)param;                                                                               \
        action;                                                                                    \
    }
#define ACCUMULATE(suffix)                                                                         \
    INTEGER_KERNEL(squares, suffix,                                                                \
                   take_integers(state, offset, chunk->n, range, SIGNED_##suffix, 2))              \
    INTEGER_KERNEL(powers, suffix,                                                                 \
                   take_integers(state, offset, chunk->n, range, SIGNED_##suffix, TOP_POWER))      \
    INTEGER_KERNEL(description, suffix, widen_range(state, range, SIGNED_##suffix);                \
                   take_integers(state, offset, chunk->n, range, SIGNED_##suffix, TOP_POWER))      \
    static void description_merge_##suffix(void *left, const void *right, const void *param)       \
    {                                                                                              \
        (void)param;                                                                               \
        merge_descriptions(left, right, SIGNED_##suffix);                                          \
    }
ACCUMULATE(i64)
ACCUMULATE(i32)
ACCUMULATE(u64)
ACCUMULATE(u32)
ACCUMULATE(i16)
ACCUMULATE(u16)
ACCUMULATE(i8)
ACCUMULATE(u8)

/* The variance, or its root, with the divisor n - ddof. */
static trine_status spread(void *result, const integer_sums *s, double ddof, bool root)
{
    uint64_t central[CENTRAL_WORDS];
    bigint over, under;
    double divisor = (double)s->n - ddof;
    if (!(divisor > 0))
        return TRINE_E_EMPTY;
    central_product(central, s->n, s->power[1], s->power[0], s->power[0]);
    wide_bigint(&over, central, CENTRAL_WORDS);
    divisor_bigint(&under, s->n, divisor);
    *(double *)result = root ? trine_bigint_quotient_root(&over, &under, false)
                             : trine_bigint_quotient(&over, &under, false);
    return TRINE_OK;
}

static trine_status var_finish(void *result, const void *state, const void *param)
{
    return spread(result, state, *(const double *)param, false);
}

static trine_status std_finish(void *result, const void *state, const void *param)
{
    return spread(result, state, *(const double *)param, true);
}

/* The greatest integer below the mean, and the rest; sums of as many as there can be fit 128 bits.
 */
static trine_status standardisation_finish(void *result, const void *state, const void *param)
{
    const integer_sums *s = state;
    trine_standardisation by = {.up = {1, 1}};
    trine_status status = spread(&by.sd, s, *(const double *)param, true);
    if (status)
        return status;
    int128 sum = (int128)((uint128)s->power[0][1] << 64 | s->power[0][0]), n = s->n;
    int128 whole = sum / n - (sum % n < 0);
    by.integer.i64 = (int64_t)(uint64_t)whole;
    by.rest = (double)(sum - whole * n) / (double)n;
    *(trine_standardisation *)result = by;
    return TRINE_OK;
}

/* Skewness and kurtosis; 0 / 0, and so NaN, where all are alike. */
static double skewness_of(const integer_sums *s)
{
    uint64_t s1[CENTRAL_WORDS], s2[CENTRAL_WORDS], n2[CENTRAL_WORDS], n3[CENTRAL_WORDS] = {0};
    uint64_t a[CENTRAL_WORDS], b[CENTRAL_WORDS], s3[CENTRAL_WORDS];
    central_product(n2, s->n, s->power[1], s->power[0], s->power[0]);
    if (wide_is_zero(n2, CENTRAL_WORDS))
        return NAN;
    extend(s1, s->power[0]);
    extend(s2, s->power[1]);
    extend(s3, s->power[2]);
    /* N3 = n (n S3 - 3 S1 S2) + 2 S1^3 */
    wide_multiply(a, s1, s2, CENTRAL_WORDS);
    memset(b, 0, sizeof b);
    wide_add_multiple(b, s3, s->n, false, CENTRAL_WORDS);
    wide_add_multiple(b, a, 3, true, CENTRAL_WORDS);
    wide_add_multiple(n3, b, s->n, false, CENTRAL_WORDS);
    wide_multiply(a, s1, s1, CENTRAL_WORDS);
    wide_multiply(b, a, s1, CENTRAL_WORDS);
    wide_add_multiple(n3, b, 2, false, CENTRAL_WORDS);
    bool negative = wide_negative(n3, CENTRAL_WORDS);
    wide_multiply(a, n3, n3, CENTRAL_WORDS);
    wide_multiply(s1, n2, n2, CENTRAL_WORDS);
    wide_multiply(b, s1, n2, CENTRAL_WORDS);
    double magnitude = wide_quotient_root(a, b);
    return negative ? -magnitude : magnitude;
}

static double kurtosis_of(const integer_sums *s)
{
    uint64_t s1[CENTRAL_WORDS], wide[CENTRAL_WORDS], n2[CENTRAL_WORDS], n4[CENTRAL_WORDS] = {0};
    uint64_t a[CENTRAL_WORDS] = {0}, b[CENTRAL_WORDS] = {0}, square[CENTRAL_WORDS];
    central_product(n2, s->n, s->power[1], s->power[0], s->power[0]);
    if (wide_is_zero(n2, CENTRAL_WORDS))
        return NAN;
    extend(s1, s->power[0]);
    /* N4 = n (n (n S4 - 4 S1 S3) + 6 S1^2 S2) - 3 S1^4 */
    extend(wide, s->power[3]);
    wide_add_multiple(a, wide, s->n, false, CENTRAL_WORDS);
    extend(wide, s->power[2]);
    wide_multiply(square, s1, wide, CENTRAL_WORDS);
    wide_add_multiple(a, square, 4, true, CENTRAL_WORDS);
    wide_add_multiple(b, a, s->n, false, CENTRAL_WORDS);
    extend(wide, s->power[1]);
    wide_multiply(square, s1, s1, CENTRAL_WORDS);
    wide_multiply(a, square, wide, CENTRAL_WORDS);
    wide_add_multiple(b, a, 6, false, CENTRAL_WORDS);
    wide_add_multiple(n4, b, s->n, false, CENTRAL_WORDS);
    wide_multiply(a, square, square, CENTRAL_WORDS);
    wide_add_multiple(n4, a, 3, true, CENTRAL_WORDS);
    wide_multiply(square, n2, n2, CENTRAL_WORDS);
    wide_add_multiple(n4, square, 3, true, CENTRAL_WORDS);
    return wide_quotient(n4, square);
}

static trine_status skewness_finish(void *result, const void *state, const void *param)
{
    const integer_sums *s = state;
    (void)param;
    if (s->n == 0)
        return TRINE_E_EMPTY;
    *(double *)result = skewness_of(s);
    return TRINE_OK;
}

static trine_status kurtosis_finish(void *result, const void *state, const void *param)
{
    const integer_sums *s = state;
    (void)param;
    if (s->n == 0)
        return TRINE_E_EMPTY;
    *(double *)result = kurtosis_of(s);
    return TRINE_OK;
}

static trine_status describe(trine_description *r, const integer_description *d, bool with_sign)
{
    bigint sum, count;
    *r = (trine_description){.n = d->sums.n};
    r->mean = r->var = r->std = r->skewness = r->kurtosis = r->min = r->max = NAN;
    if (d->sums.n == 0)
        return TRINE_OK;
    wide_bigint(&sum, d->sums.power[0], SUM_WORDS);
    trine_bigint_from_integer(&count, d->sums.n);
    r->mean = trine_bigint_quotient(&sum, &count, false);
    spread(&r->var, &d->sums, 0, false);
    spread(&r->std, &d->sums, 0, true);
    r->skewness = skewness_of(&d->sums);
    r->kurtosis = kurtosis_of(&d->sums);
    r->min_integer.u64 = d->range.least;
    r->max_integer.u64 = d->range.most;
    r->min = with_sign ? (double)r->min_integer.i64 : (double)r->min_integer.u64;
    r->max = with_sign ? (double)r->max_integer.i64 : (double)r->max_integer.u64;
    return TRINE_OK;
}

static trine_status describe_finish_1(void *result, const void *state, const void *param)
{
    (void)param;
    return describe(result, state, true);
}

static trine_status describe_finish_0(void *result, const void *state, const void *param)
{
    (void)param;
    return describe(result, state, false);
}

#define MOMENT(NAME, kind, size, param_bytes, finish_kind, constant, suffix)                       \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = NAME,                                                                                 \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_F64,                                                                             \
     .param_size = param_bytes,                                                                    \
     .state_size = size,                                                                           \
     .result_size = sizeof(double),                                                                \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = kind##_init,                                                                          \
     .accumulate = kind##_accumulate_##suffix,                                                     \
     .merge = kind##_merge,                                                                        \
     .finish = finish_kind##_finish},
#define STANDARDISATION(constant, suffix)                                                          \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "standardisation",                                                                    \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .param_size = DDOF,                                                                           \
     .state_size = SQUARE_SUMS,                                                                    \
     .result_size = sizeof(trine_standardisation),                                                 \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = squares_init,                                                                         \
     .accumulate = squares_accumulate_##suffix,                                                    \
     .merge = squares_merge,                                                                       \
     .finish = standardisation_finish},
#define DESCRIBE(sign, constant, suffix)                                                           \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "describe",                                                                           \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .state_size = sizeof(integer_description),                                                    \
     .result_size = sizeof(trine_description),                                                     \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = description_init,                                                                     \
     .accumulate = description_accumulate_##suffix,                                                \
     .merge = description_merge_##suffix,                                                          \
     .finish = describe_finish_##sign},

enum { DDOF = sizeof(double), POWER_SUMS = sizeof(integer_sums) };

/* Integers have no NaN to pass over, and one variance. */
#define OF(constant, suffix, sign)                                                                 \
    MOMENT("var", squares, SQUARE_SUMS, DDOF, var, constant, suffix)                               \
    MOMENT("std", squares, SQUARE_SUMS, DDOF, std, constant, suffix)                               \
    MOMENT("nanvar", squares, SQUARE_SUMS, DDOF, var, constant, suffix)                            \
    MOMENT("nanstd", squares, SQUARE_SUMS, DDOF, std, constant, suffix)                            \
    MOMENT("var_exact", squares, SQUARE_SUMS, DDOF, var, constant, suffix)                         \
    MOMENT("skewness", powers, POWER_SUMS, 0, skewness, constant, suffix)                          \
    MOMENT("kurtosis", powers, POWER_SUMS, 0, kurtosis, constant, suffix)                          \
    STANDARDISATION(constant, suffix)                                                              \
    DESCRIBE(sign, constant, suffix)

const trine_reducer VARIANT(trine_integer_moments)[] = {
    OF(TRINE_I64, i64, 1) OF(TRINE_I32, i32, 1) OF(TRINE_U64, u64, 0) OF(TRINE_U32, u32, 0)
        OF(TRINE_I16, i16, 1) OF(TRINE_U16, u16, 0) OF(TRINE_I8, i8, 1)
            OF(TRINE_U8, u8, 0){.name = NULL}};
