/* core/reduce/selection.c - exact selection by counting digits of the elements' order keys.
 *
 * 1. The first round counts elements by the highest digit of their keys.
 * 2. Each round reads the data once and counts the next 11 bits of the keys that begin with what is
 *    known of a wanted one; the counts tell its next bits. Wanted elements that share what is known
 *    share a count.
 * 3. When all bits are known, the key tells the element.
 */
#include "core/reduce/selection.h"

#include <stdlib.h>

#include "core/system/error.h"
#include "core/team/team.h"

enum { DIGIT_BITS = 11 };

/* A wanted element: rank among the `equal` elements whose keys begin with `prefix`; at: its number
 * among those that the caller wants. */
typedef struct sought {
    uint64_t rank, prefix, equal;
    int at;
} sought;

struct trine_selection {
    const trine_array *x;
    trine_reducer reducer;
    trine_order_param param;
    sought sought[TRINE_ORDER_PREFIXES];
    int count, shift;
    uint64_t first[TRINE_ORDER_DIGITS], counts[];
};

/* The prefixes of this round, each once; the sought ascend, and so do they. */
static void gather_prefixes(trine_selection *s)
{
    s->param.prefixes = 0;
    for (int i = 0; i < s->count; i++)
        if (i == 0 || s->sought[i].prefix != s->sought[i - 1].prefix)
            s->param.prefix[s->param.prefixes++] = s->sought[i].prefix;
}

/* The next digit of each sought element, from the counts. */
static void descend(trine_selection *s, const uint64_t counts[])
{
    size_t at = 0;
    uint64_t before = s->sought[0].prefix;
    for (int i = 0; i < s->count; i++) {
        sought *w = &s->sought[i];
        if (w->prefix != before) {
            before = w->prefix;
            at++;
        }
        const uint64_t *count = counts + at * TRINE_ORDER_DIGITS;
        uint64_t digit = 0;
        while (digit + 1 < TRINE_ORDER_DIGITS && w->rank >= count[digit])
            w->rank -= count[digit++];
        w->equal = count[digit];
        w->prefix = w->prefix << DIGIT_BITS | digit;
    }
}

/* One round of counting the digits at that shift. */
static trine_status count_digits(trine_selection *s, int shift, uint64_t counts[])
{
    s->param.shift = (uint32_t)shift;
    s->reducer.state_size = s->param.prefixes * TRINE_ORDER_DIGITS * sizeof *counts;
    s->reducer.result_size = s->reducer.state_size;
    return trine_reduce(&s->reducer, &s->x, &s->param, counts);
}

/* In ascending order of ranks: insertion, of few. */
static void set_sought(trine_selection *s, const trine_ranked wanted[], int count)
{
    s->count = count;
    for (int i = 0; i < count; i++) {
        int at = i;
        for (; at > 0 && s->sought[at - 1].rank > wanted[i].rank; at--)
            s->sought[at] = s->sought[at - 1];
        s->sought[at] = (sought){.rank = wanted[i].rank, .at = i};
    }
}

/* NaN, whose key is the last of all, has the last of the first digits that occur. */
static trine_status count_nans(const trine_selection *s, uint64_t *nans)
{
    trine_dtype dtype = trine_array_dtype(s->x);
    uint64_t last = UINT64_MAX >> (64 - 8 * trine_dtype_size(dtype)) >> s->shift;
    bool real = dtype == TRINE_F64 || dtype == TRINE_F32;
    int64_t count = 0;
    trine_status status = real && s->first[last] > 0 ? trine_count_nan(s->x, &count) : TRINE_OK;
    *nans = (uint64_t)count;
    return status;
}

trine_status trine_selection_begin(const char *call, const trine_array *x, uint64_t *n,
                                   uint64_t *nans, trine_selection **selection)
{
    size_t counts = (size_t)TRINE_ORDER_PREFIXES * TRINE_ORDER_DIGITS;
    trine_selection *s = malloc(sizeof *s + counts * sizeof *s->counts);
    const trine_reducer *digits = trine_reducer_find("order_digits", trine_array_dtype(x));
    *selection = NULL;
    if (!s || !digits) {
        free(s);
        return trine_call_refuse(
            trine_array_team(x),
            digits ? trine_fail(TRINE_E_MEMORY, "%s: no memory for the counts", call)
                   : TRINE_E_ARGUMENT);
    }
    int bits = (int)trine_dtype_size(trine_array_dtype(x)) * 8;
    s->x = x;
    s->reducer = *digits;
    s->param = (trine_order_param){.prefixes = 1};
    s->shift = (bits - 1) / DIGIT_BITS * DIGIT_BITS;
    trine_status status = count_digits(s, s->shift, s->first);
    *n = 0;
    for (int i = 0; i < TRINE_ORDER_DIGITS && !status; i++)
        *n += s->first[i];
    if (!status)
        status = count_nans(s, nans);
    if (status)
        free(s);
    else
        *selection = s;
    return status;
}

trine_status trine_selection_find(trine_selection *s, trine_ranked wanted[], int count)
{
    if (count == 0)
        return TRINE_OK;
    set_sought(s, wanted, count);
    descend(s, s->first);
    for (int shift = s->shift - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        gather_prefixes(s);
        trine_status status = count_digits(s, shift, s->counts);
        if (status)
            return status;
        descend(s, s->counts);
    }
    for (int i = 0; i < count; i++) {
        trine_ranked *w = &wanted[s->sought[i].at];
        w->key = s->sought[i].prefix;
        w->below = w->rank - s->sought[i].rank;
        w->equal = s->sought[i].equal;
    }
    return TRINE_OK;
}

void trine_selection_end(trine_selection *selection)
{
    free(selection);
}
