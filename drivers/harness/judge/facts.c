/* drivers/harness/judge/facts.c - see facts.h. */
#include "drivers/harness/judge/facts.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "drivers/harness/judge/blocks.h"
#include "drivers/harness/judge/ranks.h"

/* Fourth powers of doubles fit. */
_Static_assert(LDBL_MAX_EXP >= 16384, "long double has no wider range than double");

void long_sum_add(long_sum *s, long double x)
{
    s->few += x;
    if (++s->taken % BLOCK)
        return;
    s->some += s->few;
    s->few = 0;
    if (s->taken % (BLOCK * BLOCK))
        return;
    s->total += s->some;
    s->some = 0;
}

long double long_sum_value(const long_sum *s)
{
    return s->total + (s->some + s->few);
}

void facts_begin(facts *f, trine_dtype dtype)
{
    *f = (facts){.dtype = dtype, .product = 1, .product_size = 1};
}

uint64_t facts_numbers(const facts *f)
{
    return f->n - f->nan;
}

void facts_sum(const facts *f, exact_number *sum)
{
    *sum = f->plus;
    exact_add(sum, &f->minus, -1);
}

void facts_size(const facts *f, exact_number *size)
{
    *size = f->plus;
    exact_add(size, &f->minus, 1);
}

/* The first of equal ones stays. */
static void note_extremes(facts *f, harness_int128 order, uint64_t index, bool first)
{
    if (first || order < f->least) {
        f->least = order;
        f->least_at = index;
    }
    if (first || order > f->greatest) {
        f->greatest = order;
        f->greatest_at = index;
    }
}

static void take_special(facts *f, double x, uint64_t index)
{
    if (isnan(x))
        f->nan_at = f->nan++ == 0 ? index : f->nan_at;
    else
        *(x > 0 ? &f->plus_inf : &f->minus_inf) += 1;
}

/* Brings the product's size back to [0.5, 1). */
static void shorten_product(facts *f)
{
    int moved;
    f->product = frexpl(f->product, &moved);
    f->exponent += moved;
}

/* Elements whose product stays in the range of a long double, which begins in [0.5, 1). */
enum { PRODUCTS = 8 };

static void take_reals(facts *f, unsigned find, const double x[], size_t n, uint64_t index)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t numbers_before = f->n + i - f->nan;
        f->zeros += x[i] == 0;
        f->minus_zeros += x[i] == 0 && signbit(x[i]);
        f->negative += x[i] < 0;
        if (!exact_is_finite(x[i]))
            take_special(f, x[i], index + i);
        if (find & FACTS_EXTREMES && !isnan(x[i]))
            note_extremes(f, order_of_real(x[i]), index + i, numbers_before == 0);
        if (!exact_is_finite(x[i]))
            continue;
        if (find & FACTS_SUMS)
            exact_add_magnitude(x[i] < 0 ? &f->minus : &f->plus, x[i]);
        if (find & FACTS_SQUARES)
            exact_add_product(&f->squares, x[i], x[i]);
        if (find & FACTS_PRODUCT && x[i] != 0) {
            f->product *= (long double)x[i];
            if (i % PRODUCTS == 0)
                shorten_product(f);
        }
    }
    shorten_product(f);
}

static void multiply_size(harness_uint128 *product, harness_uint128 size)
{
    const harness_uint128 full = (harness_uint128)1 << 65;
    *product = *product > UINT64_MAX ? full : *product * size;
    *product = *product > UINT64_MAX ? full : *product;
}

static void take_wholes(facts *f, unsigned find, const harness_int128 x[], size_t n, uint64_t index)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t size = (uint64_t)(x[i] < 0 ? -x[i] : x[i]);
        f->zeros += size == 0;
        f->negative += x[i] < 0;
        if (find & FACTS_EXTREMES)
            note_extremes(f, x[i], index + i, f->n + i == 0);
        if (find & FACTS_SUMS)
            exact_add_bits(x[i] < 0 ? &f->minus : &f->plus, size, 0, 1);
        if (find & FACTS_SQUARES)
            exact_add_whole(&f->squares, (harness_uint128)size * size, 0, 1);
        if (find & FACTS_PRODUCT && size)
            multiply_size(&f->product_size, size);
    }
}

void facts_take(facts *f, unsigned find, const void *x, size_t n, uint64_t index)
{
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        if (is_real(f->dtype)) {
            double real[BLOCK];
            read_reals(f->dtype, x, i, some, real);
            take_reals(f, find, real, some, index + i);
        } else {
            harness_int128 whole[BLOCK];
            read_wholes(f->dtype, x, i, some, whole);
            take_wholes(f, find, whole, some, index + i);
        }
        f->n += some;
    }
    f->found |= find & (FACTS_SUMS | FACTS_SQUARES | FACTS_EXTREMES | FACTS_PRODUCT);
}

/* What the first part leaves of the sum is exact. */
void facts_find_centre(facts *f)
{
    uint64_t n = facts_numbers(f) ? facts_numbers(f) : 1;
    exact_number rest;
    int e;
    facts_sum(f, &rest);
    f->high = exact_long_double(&rest) / (long double)n;
    /* To the bits that every long double has. */
    long double part = truncl(ldexpl(frexpl(fabsl(f->high), &e), 64));
    f->high = copysignl(ldexpl(part, e - 64), f->high);
    exact_add_whole(&rest, (harness_uint128)n * (uint64_t)part, e - 64, f->high < 0 ? 1 : -1);
    f->low = exact_long_double(&rest) / (long double)n;
}

static void take_distances(facts *f, const long double x[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        long double d = (x[i] - f->high) - f->low, square = d * d;
        long_sum_add(&f->central[2], square);
        long_sum_add(&f->central[3], square * d);
        long_sum_add(&f->central[4], square * square);
        long_sum_add(&f->cube_size, square * fabsl(d));
    }
}

/* exp of a distance's nearest double, to a unit in its last place, and what rounding took of it. */
static void take_exponentials(facts *f, const long double x[], size_t n)
{
    long double greatest = (long double)real_of_order((int64_t)f->greatest);
    for (size_t i = 0; i < n; i++) {
        long double d = x[i] == greatest ? 0 : x[i] - greatest;
        if (isnan(d) || d < -800)
            continue;
        double near = (double)d;
        long double e = (long double)exp(near) * (1 + (d - (long double)near));
        long_sum_add(&f->exponentials, e);
        long_sum_add(&f->spread, -d * e);
    }
}

void facts_take_again(facts *f, unsigned find, const void *x, size_t n)
{
    bool finite = f->plus_inf + f->minus_inf == 0;
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        long double number[BLOCK];
        read_numbers(f->dtype, x, i, some, number);
        if (find & FACTS_MOMENTS && finite)
            take_distances(f, number, some);
        if (find & FACTS_EXPONENTIALS)
            take_exponentials(f, number, some);
    }
    f->found |= find & (FACTS_MOMENTS | FACTS_EXPONENTIALS);
}

static void merge_extremes(facts *l, const facts *r)
{
    if (facts_numbers(r) == 0)
        return;
    bool first = facts_numbers(l) == 0;
    if (first || r->least < l->least) {
        l->least = r->least;
        l->least_at = r->least_at;
    }
    if (first || r->greatest > l->greatest) {
        l->greatest = r->greatest;
        l->greatest_at = r->greatest_at;
    }
}

void facts_merge(facts *l, const facts *r)
{
    merge_extremes(l, r);
    l->nan_at = l->nan ? l->nan_at : r->nan_at;
    l->n += r->n;
    l->nan += r->nan;
    l->plus_inf += r->plus_inf;
    l->minus_inf += r->minus_inf;
    l->minus_zeros += r->minus_zeros;
    l->zeros += r->zeros;
    l->negative += r->negative;
    exact_add(&l->plus, &r->plus, 1);
    exact_add(&l->minus, &r->minus, 1);
    exact_add(&l->squares, &r->squares, 1);
    l->product *= r->product;
    l->exponent += r->exponent;
    shorten_product(l);
    multiply_size(&l->product_size, r->product_size);
}

static void merge_again(facts *l, const facts *r)
{
    for (int k = 2; k <= 4; k++)
        long_sum_add(&l->central[k], long_sum_value(&r->central[k]));
    long_sum_add(&l->cube_size, long_sum_value(&r->cube_size));
    long_sum_add(&l->exponentials, long_sum_value(&r->exponentials));
    long_sum_add(&l->spread, long_sum_value(&r->spread));
}

static void clear_again(facts *f)
{
    memset(f->central, 0, sizeof f->central);
    f->cube_size = f->exponentials = f->spread = (long_sum){.taken = 0};
}

/* What the first reading has to find for the second. */
static unsigned first_needs(unsigned find)
{
    return find | (find & FACTS_MOMENTS ? FACTS_SUMS : 0) |
           (find & FACTS_EXPONENTIALS ? FACTS_EXTREMES : 0);
}

enum { AGAIN = FACTS_MOMENTS | FACTS_EXPONENTIALS };

void facts_of_memory(facts *f, unsigned find, trine_dtype dtype, const void *x, size_t n)
{
    facts_begin(f, dtype);
    facts_take(f, first_needs(find), x, n, 0);
    if (!(find & AGAIN))
        return;
    facts_find_centre(f);
    facts_take_again(f, find, x, n);
}

/* Of all ranks, from what each one has: f[count]. */
static trine_status merge_ranks(facts f[], size_t count, trine_team *team,
                                void (*merge)(facts *, const facts *))
{
    void *all = NULL;
    if (trine_team_ranks(team) == 1)
        return TRINE_OK;
    trine_status status = gather_ranks(team, f, count * sizeof *f, &all);
    if (status)
        return status;
    const facts *found = all;
    memcpy(f, found, count * sizeof *f);
    for (size_t i = count; i < count * (size_t)trine_team_ranks(team); i++)
        merge(&f[i % count], &found[i]);
    free(all);
    return TRINE_OK;
}

trine_status facts_of_array(facts *f, unsigned find, const trine_array *x)
{
    trine_team *team = trine_array_team(x);
    const void *data = trine_array_data(x);
    size_t n = (size_t)trine_array_local_n(x);
    unsigned known = f->found, again = find & AGAIN & ~known;
    unsigned first = (first_needs(find) | first_needs(known)) & ~(unsigned)AGAIN;
    trine_status status = TRINE_OK;
    if (first & ~known) {
        facts_begin(f, trine_array_dtype(x));
        facts_take(f, first, data, n, trine_array_offset(x));
        status = merge_ranks(f, 1, team, facts_merge);
        again |= known & AGAIN;
    }
    if (status || !again)
        return status;
    facts_find_centre(f);
    clear_again(f);
    facts_take_again(f, again | (known & AGAIN), data, n);
    return merge_ranks(f, 1, team, merge_again);
}

/* A reading of the rows of this rank, by columns: 0 for the first. */
static void take_columns(facts f[], unsigned find, const trine_array *x, uint64_t column,
                         size_t count, bool again)
{
    uint64_t columns = trine_array_columns(x), rows = trine_array_local_rows(x),
             row_offset = trine_array_row_offset(x);
    size_t item = trine_dtype_size(trine_array_dtype(x));
    const char *data = trine_array_data(x);
    for (uint64_t row = 0; row < rows; row += BLOCK) {
        size_t some = rows - row < BLOCK ? (size_t)(rows - row) : BLOCK;
        for (size_t c = 0; c < count; c++) {
            _Alignas(uint64_t) char turned[BLOCK * sizeof(uint64_t)];
            for (size_t i = 0; i < some; i++)
                memcpy(turned + i * item, data + ((row + i) * columns + column + c) * item, item);
            if (again)
                facts_take_again(&f[c], find, turned, some);
            else
                facts_take(&f[c], find, turned, some, row_offset + row);
        }
    }
}

trine_status facts_of_columns(facts f[], unsigned find, const trine_array *x, uint64_t column,
                              size_t count)
{
    trine_team *team = trine_array_team(x);
    for (size_t c = 0; c < count; c++)
        facts_begin(&f[c], trine_array_dtype(x));
    take_columns(f, first_needs(find), x, column, count, false);
    trine_status status = merge_ranks(f, count, team, facts_merge);
    if (status || !(find & AGAIN))
        return status;
    for (size_t c = 0; c < count; c++)
        facts_find_centre(&f[c]);
    take_columns(f, find, x, column, count, true);
    return merge_ranks(f, count, team, merge_again);
}
