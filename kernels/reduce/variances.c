/* kernels/reduce/variances.c - the variance as the true one, rounded once.
 *
 * The sum S of the elements and the sum Q of their squares are exact (kernels/exact/exact_body.h),
 * so n Q - S^2 is a long integer, and the variance its quotient by n (n - ddof): no cancellation
 * loses anything.
 */
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/reduce/modes.h"

typedef struct square_sums {
    wide_accumulator squares;
    accumulator sum;
    uint64_t count;
} square_sums;

typedef struct square_work {
    exact_work sum, squares;
} square_work;

/* Digits of n Q and of S^2, both below 2^4340 units of 2^WIDE_UNIT; S is shifted so that its square
 * has that unit. */
enum { VARIANCE_DIGITS = BIGINT_DIGITS - 2, SHIFT = (2 * ACCUMULATOR_UNIT - WIDE_UNIT) / 2 };
_Static_assert(SHIFT >= 0 && 2 * SHIFT == 2 * ACCUMULATOR_UNIT - WIDE_UNIT,
               "the unit of products is a square of units");

static void variance_init(void *state, const void *param)
{
    square_sums *s = state;
    (void)param;
    trine_wide_clear(&s->squares);
    trine_accumulator_clear(&s->sum);
    s->count = 0;
}

static void variance_work_init(void *work, const void *param)
{
    square_work *w = work;
    (void)param;
    exact_work_clear(&w->sum);
    exact_work_clear(&w->squares);
}

static void variance_accumulate_f64(void *work, const trine_chunk *chunk, const void *param)
{
    square_work *w = work;
    (void)param;
    exact_work_add(&w->sum, elements_of(chunk, false, PLAIN));
    exact_work_add(&w->squares, elements_of(chunk, false, SQUARES));
}

static void variance_accumulate_f32(void *work, const trine_chunk *chunk, const void *param)
{
    square_work *w = work;
    (void)param;
    exact_work_add(&w->sum, elements_of(chunk, true, PLAIN));
    exact_work_add(&w->squares, elements_of(chunk, true, SQUARES));
}

static void variance_work_flush(void *state, void *work, const void *param)
{
    square_sums *s = state;
    square_work *w = work;
    (void)param;
    s->count += w->sum.count;
    exact_work_gather(&w->sum);
    trine_accumulator_merge(&s->sum, &w->sum.total);
    exact_work_reset(&w->sum);
    exact_work_flush_wide(&s->squares, &w->squares);
}

static void variance_merge(void *left, const void *right, const void *param)
{
    square_sums *l = left;
    const square_sums *r = right;
    (void)param;
    trine_wide_merge(&l->squares, &r->squares);
    trine_accumulator_merge(&l->sum, &r->sum);
    l->count += r->count;
}

static uint32_t digit_of(const bigint *n, int i)
{
    return i >= n->low && i <= n->top ? n->digit[BIGINT_BELOW + i] : 0;
}

/* word[i] -= the digits of a^2; each row is carried into digits of its own. */
static void subtract_square(const bigint *a, int64_t word[VARIANCE_DIGITS])
{
    for (int i = a->low; i <= a->top; i++) {
        uint64_t carry = 0, factor = digit_of(a, i);
        for (int j = a->low; j <= a->top || carry; j++) {
            uint64_t product = factor * digit_of(a, j) + carry;
            word[i + j] -= (int64_t)(uint32_t)product;
            carry = product >> DIGIT_BITS;
        }
    }
}

/* word[i] += the digits of factor a. */
static void add_multiple(const bigint *a, uint64_t factor, int64_t word[VARIANCE_DIGITS])
{
    for (int half = 0; half < 2; half++) {
        uint64_t part = half ? factor >> DIGIT_BITS : (uint32_t)factor, carry = 0;
        for (int i = a->low; i <= a->top || carry; i++) {
            uint64_t product = part * digit_of(a, i) + carry;
            word[i + half] += (int64_t)(uint32_t)product;
            carry = product >> DIGIT_BITS;
        }
    }
}

/* ddof is a whole number, as the typed function checks. */
static trine_status variance_finish(void *result, const void *state, const void *param)
{
    const square_sums *s = state;
    double ddof = *(const double *)param, special;
    if (!((double)s->count > ddof))
        return TRINE_E_EMPTY;
    if (trine_seen_special(s->sum.seen, &special) ||
        trine_seen_special(s->squares.seen, &special)) {
        *(double *)result = NAN;
        return TRINE_OK;
    }
    int64_t word[VARIANCE_DIGITS] = {0}, shifted[VARIANCE_DIGITS] = {0};
    bigint sum, squares, numerator, denominator;
    trine_accumulator_bigint(&s->sum, &sum);
    add_multiple(&sum, (uint64_t)1 << SHIFT, shifted);
    trine_bigint_from_words(&sum, shifted, 0, VARIANCE_DIGITS - 1, ACCUMULATOR_UNIT - SHIFT);
    trine_wide_bigint(&s->squares, &squares);
    add_multiple(&squares, s->count, word);
    subtract_square(&sum, word);
    trine_bigint_from_words(&numerator, word, 0, VARIANCE_DIGITS - 1, WIDE_UNIT);
    trine_bigint_from_integer(&denominator, (int128)s->count * (int128)(s->count - (uint64_t)ddof));
    *(double *)result =
        numerator.top < 0 ? 0 : trine_bigint_quotient(&numerator, &denominator, false);
    return TRINE_OK;
}

#define VARIANCE(constant, suffix)                                                                 \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = "var_exact",                                                                          \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_F64,                                                                             \
     .param_size = sizeof(double),                                                                 \
     .state_size = sizeof(square_sums),                                                            \
     .result_size = sizeof(double),                                                                \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = variance_init,                                                                        \
     .accumulate = variance_accumulate_##suffix,                                                   \
     .merge = variance_merge,                                                                      \
     .finish = variance_finish,                                                                    \
     .work_size = sizeof(square_work),                                                             \
     .work_init = variance_work_init,                                                              \
     .work_flush = variance_work_flush},

const trine_reducer VARIANT(trine_variances)[] = {VARIANCE(TRINE_F64, f64)
                                                      VARIANCE(TRINE_F32, f32){.name = NULL}};
