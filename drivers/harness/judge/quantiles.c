/* drivers/harness/judge/quantiles.c - see quantiles.h. */
#include "drivers/harness/judge/quantiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/judge/blocks.h"

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void ranked_begin(ranked *r, trine_dtype dtype, int count, const double found[])
{
    int64_t all[MAX_QUANTILES];
    int numbers = 0;
    *r = (ranked){.dtype = dtype};
    for (int k = 0; k < count; k++)
        if (!isnan(found[k]))
            all[numbers++] = order_of_real(found[k]);
    qsort(all, (size_t)numbers, sizeof *all, compare);
    for (int k = 0; k < numbers; k++)
        if (k == 0 || all[k] != all[k - 1])
            r->value[r->count++] = all[k];
}

static void join(ranked_group *group, const ranked_group *more)
{
    if (more->n == 0)
        return;
    group->least = group->n && group->least < more->least ? group->least : more->least;
    group->greatest =
        group->n && group->greatest > more->greatest ? group->greatest : more->greatest;
    group->n += more->n;
}

/* An element by the order of the double that it is, or is rounded to. */
static void take_element(ranked *r, int64_t order, harness_int128 element)
{
    const ranked_group one = {1, element, element};
    int low = 0, high = r->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (r->value[middle] < order)
            low = middle + 1;
        else
            high = middle;
    }
    bool at = low < r->count && r->value[low] == order;
    join(&r->group[2 * low + at], &one);
}

/* 0 is the order of +0: whole numbers have no other. */
static int64_t order_of_whole(harness_int128 x)
{
    return order_of_real((double)x);
}

void ranked_take(ranked *r, const void *x, size_t n)
{
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        double real[BLOCK];
        harness_int128 whole[BLOCK];
        if (is_real(r->dtype))
            read_reals(r->dtype, x, i, some, real);
        else
            read_wholes(r->dtype, x, i, some, whole);
        for (size_t k = 0; k < some; k++)
            if (!is_real(r->dtype))
                take_element(r, order_of_whole(whole[k]), whole[k]);
            else if (isnan(real[k]))
                r->nan++;
            else
                take_element(r, order_of_real(real[k]), order_of_real(real[k]));
    }
    r->n += n;
}

void ranked_merge(ranked *l, const ranked *r)
{
    l->n += r->n;
    l->nan += r->nan;
    for (int k = 0; k <= 2 * l->count; k++)
        join(&l->group[k], &r->group[k]);
}

/* The element of that rank, from 0, as far as it was kept. Whichever of those that are one double
 * it is makes no difference, unless it is the last, to what is made of it and the next. */
static bool element_of_rank(const ranked *r, uint64_t rank, harness_int128 *element)
{
    int k = 0;
    while (k <= 2 * r->count && rank >= r->group[k].n)
        rank -= r->group[k++].n;
    if (k > 2 * r->count)
        return false;
    const ranked_group *group = &r->group[k];
    *element = rank == group->n - 1 ? group->greatest : group->least;
    return k % 2 || rank == 0 || rank == group->n - 1;
}

/* a + sign part x. */
static void add_part(exact_number *a, const ranked *r, harness_int128 element, double part,
                     int sign)
{
    int e, f;
    harness_uint128 m = exact_split(part, &e);
    if (is_real(r->dtype)) {
        double x = real_of_order((int64_t)element);
        m *= exact_split(x, &f);
        exact_add_whole(a, m, e + f, x < 0 ? -sign : sign);
    } else {
        m *= (harness_uint128)(element < 0 ? -element : element);
        exact_add_whole(a, m, e, element < 0 ? -sign : sign);
    }
}

static double nearest(const ranked *r, harness_int128 element)
{
    return is_real(r->dtype) ? real_of_order((int64_t)element) : (double)element;
}

/* The m of Hyndman and Fan's definitions 4 to 9 with which (numbered from 1) h = n q + m(q), as a +
 * b q; numpy's expression, whose rounding decides what is whole. */
static double continuous_place(const char *definition, double n, double q)
{
    static const struct {
        const char *name;
        double alpha, beta;
    } all[] = {{"interpolated_inverted_cdf", 0, 1},
               {"hazen", 0.5, 0.5},
               {"weibull", 0, 0},
               {"median_unbiased", 1 / 3.0, 1 / 3.0},
               {"normal_unbiased", 3 / 8.0, 3 / 8.0}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, definition) == 0)
            return n * q + (all[i].alpha + q * (1 - all[i].alpha - all[i].beta)) - 1;
    return (n - 1) * q;
}

/* The place h, from 0, before it is moved to the first or last element. */
static double place_of(const char *definition, double n, double q)
{
    double h = continuous_place(definition, n, q), above = n * q - 1, next = ceil(above);
    if (strcmp(definition, "inverted_cdf") == 0)
        return next;
    if (strcmp(definition, "averaged_inverted_cdf") == 0)
        return next == above ? next + 0.5 : next;
    if (strcmp(definition, "closest_observation") == 0)
        /* n q to the nearest; of two, to the even one. */
        return next - above < 0.5 || (next - above == 0.5 && fmod(next, 2) != 0) ? next : next - 1;
    if (strcmp(definition, "lower") == 0)
        return floor(h);
    if (strcmp(definition, "higher") == 0)
        return ceil(h);
    if (strcmp(definition, "midpoint") == 0)
        return (floor(h) + ceil(h)) / 2;
    if (strcmp(definition, "nearest") == 0)
        return h - floor(h) < 0.5 || (h - floor(h) == 0.5 && fmod(floor(h), 2) == 0) ? floor(h)
                                                                                     : ceil(h);
    return h;
}

bool ranked_truth(const ranked *r, const char *definition, double q, truth *t)
{
    harness_int128 a, b;
    exact_number value;
    *t = r->n ? truth_nan(TRINE_F64) : truth_empty();
    if (r->n == 0 || r->nan)
        return true;
    double place = fmax(place_of(definition, (double)r->n, q), 0), whole = floor(place),
           part = place - whole;
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
