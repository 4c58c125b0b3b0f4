/* core/quantile.c - exact selection by counting digits of the elements' order keys.
 *
 * 1. The ranks that are wanted: (n - 1) q lies between two of them.
 * 2. Each round reads the data once and counts the next 11 bits of the keys that begin with what is
 *    known of a wanted one; the counts tell its next bits. Wanted ranks that share what is known
 * share a count.
 * 3. When all bits are known, the key is the element.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <trine/reduce.h>

#include "core/error.h"
#include "core/team.h"

enum { DIGIT_BITS = 11, RANKS = 2 * TRINE_QUANTILES };

/* A wanted element: rank among the elements whose keys begin with `prefix`; original: among all. */
typedef struct wanted {
    uint64_t rank, prefix, original;
} wanted;

typedef struct selection {
    const trine_array *x;
    trine_monoid monoid;
    trine_order_param param;
    wanted wanted[RANKS];
    int count;
    uint64_t rank[RANKS];
    double part[TRINE_QUANTILES];
    uint64_t *counts;
} selection;

/* The prefixes of this round, each once; wanted ranks ascend, and so do they. */
static void gather_prefixes(selection *s)
{
    s->param.prefixes = 0;
    for (int i = 0; i < s->count; i++)
        if (i == 0 || s->wanted[i].prefix != s->wanted[i - 1].prefix)
            s->param.prefix[s->param.prefixes++] = s->wanted[i].prefix;
}

/* The digit of each wanted element, from the counts. */
static void descend(selection *s)
{
    size_t at = 0;
    uint64_t before = s->param.prefix[0];
    for (int i = 0; i < s->count; i++) {
        wanted *w = &s->wanted[i];
        if (w->prefix != before) {
            before = w->prefix;
            at++;
        }
        const uint64_t *count = s->counts + at * TRINE_ORDER_DIGITS;
        uint64_t digit = 0;
        while (digit + 1 < TRINE_ORDER_DIGITS && w->rank >= count[digit])
            w->rank -= count[digit++];
        w->prefix = w->prefix << DIGIT_BITS | digit;
    }
}

/* One round of counting the next digits. */
static trine_status count_digits(selection *s, int shift)
{
    s->param.shift = (uint32_t)shift;
    s->monoid.state_size = s->param.prefixes * TRINE_ORDER_DIGITS * sizeof *s->counts;
    s->monoid.result_size = s->monoid.state_size;
    return trine_reduce(&s->monoid, &s->param, &s->x, s->counts);
}

/* The neighbours that q[i] lies between, rank[2 i] and rank[2 i + 1], and how far: part[i]. */
static void set_wanted(selection *s, uint64_t n, int count, const double q[])
{
    for (int i = 0; i < count; i++) {
        double place = (double)(n - 1) * q[i];
        uint64_t rank = (uint64_t)place;
        rank = rank < n - 1 ? rank : n - 1;
        s->rank[2 * i] = rank;
        s->rank[2 * i + 1] = rank + 1 < n ? rank + 1 : rank;
        s->part[i] = place - (double)rank;
    }
    s->count = 2 * count;
    for (int i = 0; i < s->count; i++) {
        /* In ascending order: insertion, of few. */
        int at = i;
        for (; at > 0 && s->wanted[at - 1].rank > s->rank[i]; at--)
            s->wanted[at] = s->wanted[at - 1];
        s->wanted[at] = (wanted){.rank = s->rank[i], .original = s->rank[i]};
    }
}

static double element_of_rank(const selection *s, uint64_t rank)
{
    int i = 0;
    while (s->wanted[i].original != rank)
        i++;
    return trine_order_value(trine_array_dtype(s->x), s->wanted[i].prefix);
}

/* As numpy's: exact at both ends, and monotonic. */
static double interpolate(double a, double b, double t)
{
    if (a == b || t == 0)
        return a;
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/* Rounds from the highest bits down; the first, which has no prefix yet, also counts the elements.
 */
static trine_status select_all(selection *s, int count, const double q[], double quantile[])
{
    int bits = (int)trine_dtype_size(trine_array_dtype(s->x)) * 8;
    int shift = (bits - 1) / DIGIT_BITS * DIGIT_BITS;
    uint64_t n = 0;
    s->param.prefixes = 1;
    trine_status status = count_digits(s, shift);
    if (status)
        return status;
    for (int i = 0; i < TRINE_ORDER_DIGITS; i++)
        n += s->counts[i];
    if (n == 0)
        return trine_fail(TRINE_E_EMPTY, "trine_quantile: %s", trine_status_text(TRINE_E_EMPTY));
    set_wanted(s, n, count, q);
    descend(s);
    for (shift -= DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        gather_prefixes(s);
        status = count_digits(s, shift);
        if (status)
            return status;
        descend(s);
    }
    for (int i = 0; i < count; i++)
        quantile[i] = interpolate(element_of_rank(s, s->rank[2 * i]),
                                  element_of_rank(s, s->rank[2 * i + 1]), s->part[i]);
    return TRINE_OK;
}

static trine_status check(const trine_array *x, int count, const double q[],
                          const double quantile[])
{
    if (!x || !q || !quantile)
        return trine_fail(TRINE_E_ARGUMENT, "trine_quantile: %s is NULL",
                          !x   ? "x"
                          : !q ? "q"
                               : "quantile");
    if (count < 1 || count > TRINE_QUANTILES)
        return trine_fail(TRINE_E_ARGUMENT, "trine_quantile: %d probabilities; expected 1 to %d",
                          count, TRINE_QUANTILES);
    for (int i = 0; i < count; i++)
        if (!(q[i] >= 0 && q[i] <= 1))
            return trine_fail(TRINE_E_ARGUMENT, "trine_quantile: q[%d] is %g; expected 0 to 1", i,
                              q[i]);
    return TRINE_OK;
}

trine_status trine_quantile(const trine_array *x, int count, const double q[], double quantile[])
{
    uint64_t nans = 0;
    trine_status status = check(x, count, q, quantile);
    if (status)
        return trine_call_refuse(trine_array_team(x), status);
    status = trine_count_nan(x, &nans);
    if (status)
        return status;
    if (nans > 0) {
        for (int i = 0; i < count; i++)
            quantile[i] = NAN;
        return TRINE_OK;
    }
    selection *s = calloc(1, sizeof *s);
    size_t counts = (size_t)RANKS * TRINE_ORDER_DIGITS;
    uint64_t *memory = s ? malloc(counts * sizeof *memory) : NULL;
    const trine_monoid *digits = trine_monoid_find("order_digits", trine_array_dtype(x));
    if (memory && digits) {
        *s = (selection){.x = x, .monoid = *digits, .counts = memory};
        status = select_all(s, count, q, quantile);
    } else {
        status = trine_call_refuse(
            trine_array_team(x),
            trine_fail(TRINE_E_MEMORY, "trine_quantile: no memory for the counts"));
    }
    free(memory);
    free(s);
    return status;
}

trine_status trine_median(const trine_array *x, double *median)
{
    const double half = 0.5;
    return trine_quantile(x, 1, &half, median);
}
