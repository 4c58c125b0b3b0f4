/* judge/quantiles.c - see quantiles.h. */
#include "drivers/harness/judge/quantiles.h"

#include <math.h>
#include <stdlib.h>

#include "drivers/harness/judge/blocks.h"

/* A whole number and a half stands for what lies between two; no element is beyond 2^65. */
static harness_int128 order_of_found(trine_dtype dtype, double x)
{
    if (is_real(dtype))
        return order_of_real(x);
    if (fabs(x) > 0x1p65)
        return (harness_int128)(x < 0 ? -0x1p67 : 0x1p67);
    return 2 * (harness_int128)floor(x) + (floor(x) != x);
}

static int compare(const void *a, const void *b)
{
    harness_int128 x = *(const harness_int128 *)a, y = *(const harness_int128 *)b;
    return (x > y) - (x < y);
}

void ranked_begin(ranked *r, trine_dtype dtype, int count, const double found[])
{
    harness_int128 all[MOST_QUANTILES];
    int numbers = 0;
    *r = (ranked){.dtype = dtype};
    for (int k = 0; k < count; k++)
        if (!isnan(found[k]))
            all[numbers++] = order_of_found(dtype, found[k]);
    qsort(all, (size_t)numbers, sizeof *all, compare);
    for (int k = 0; k < numbers; k++)
        if (k == 0 || all[k] != all[k - 1])
            r->value[r->count++] = all[k];
}

static void take_order(ranked *r, harness_int128 order)
{
    int low = 0, high = r->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (r->value[middle] < order)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < r->count && r->value[low] == order) {
        r->at[low]++;
        return;
    }
    if (r->gap[low] == 0 || order < r->least[low])
        r->least[low] = order;
    if (r->gap[low] == 0 || order > r->greatest[low])
        r->greatest[low] = order;
    r->gap[low]++;
}

void ranked_take(ranked *r, const void *x, size_t n)
{
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        double real[BLOCK];
        harness_int128 order[BLOCK];
        if (is_real(r->dtype))
            read_reals(r->dtype, x, i, some, real);
        else
            read_wholes(r->dtype, x, i, some, order);
        for (size_t k = 0; k < some; k++) {
            bool nan = is_real(r->dtype) && isnan(real[k]);
            r->nan += nan;
            if (!nan)
                take_order(r, is_real(r->dtype) ? order_of_real(real[k]) : 2 * order[k]);
        }
    }
    r->n += n;
}

void ranked_merge(ranked *l, const ranked *r)
{
    l->n += r->n;
    l->nan += r->nan;
    for (int k = 0; k < l->count; k++)
        l->at[k] += r->at[k];
    for (int k = 0; k <= l->count; k++) {
        if (r->gap[k] && (l->gap[k] == 0 || r->least[k] < l->least[k]))
            l->least[k] = r->least[k];
        if (r->gap[k] && (l->gap[k] == 0 || r->greatest[k] > l->greatest[k]))
            l->greatest[k] = r->greatest[k];
        l->gap[k] += r->gap[k];
    }
}

/* The element of that rank, from 0, as far as it was kept. */
static bool element_of_rank(const ranked *r, uint64_t rank, harness_int128 *order)
{
    for (int k = 0; k <= r->count; k++) {
        if (rank < r->gap[k]) {
            *order = rank == 0 ? r->least[k] : r->greatest[k];
            return rank == 0 || rank == r->gap[k] - 1;
        }
        rank -= r->gap[k];
        if (k < r->count && rank < r->at[k]) {
            *order = r->value[k];
            return true;
        }
        rank -= k < r->count ? r->at[k] : 0;
    }
    return false;
}

/* a + sign part x, where x is a real of that order, or a whole number of half of it. */
static void add_part(exact_number *a, const ranked *r, harness_int128 order, double part, int sign)
{
    int e, f;
    harness_uint128 m = exact_split(part, &e);
    if (is_real(r->dtype)) {
        double x = real_of_order((int64_t)order);
        m *= exact_split(x, &f);
        exact_add_whole(a, m, e + f, x < 0 ? -sign : sign);
    } else {
        harness_int128 whole = order / 2;
        m *= (harness_uint128)(whole < 0 ? -whole : whole);
        exact_add_whole(a, m, e, whole < 0 ? -sign : sign);
    }
}

static double nearest(const ranked *r, harness_int128 order)
{
    return is_real(r->dtype) ? real_of_order((int64_t)order) : (double)(order / 2);
}

bool ranked_truth(const ranked *r, double q, truth *t)
{
    harness_int128 a, b;
    exact_number value;
    *t = r->n ? truth_nan(TRINE_F64) : truth_empty();
    if (r->n == 0 || r->nan)
        return true;
    double place = (double)(r->n - 1) * q, whole = floor(place), part = place - whole;
    uint64_t rank = place >= (double)(r->n - 1) ? r->n - 1 : (uint64_t)whole;
    part = rank == r->n - 1 ? 0 : part;
    if (!element_of_rank(r, rank, &a) || !element_of_rank(r, rank + (part > 0), &b))
        return false;
    double from = nearest(r, a), to = nearest(r, b);
    *t = truth_real(TRINE_F64, isinf(to) && isinf(from) && to != from ? (double)NAN
                               : isinf(to)                            ? to
                                                                      : from);
    if (a == b || isinf(from) || isinf(to))
        return true;
    exact_clear(&value);
    add_part(&value, r, a, 1, 1);
    add_part(&value, r, a, part, -1);
    add_part(&value, r, b, part, 1);
    *t = truth_near_exact(TRINE_F64, &value, 0, false);
    /* Between the two zeros there is none. */
    if (from == 0 && to == 0)
        *t = (truth){
            .kind = TRUTH_VALUE, .dtype = TRINE_F64, .least = -0x1p-1074, .most = 0x1p-1074};
    return true;
}
