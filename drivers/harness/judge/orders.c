/* drivers/harness/judge/orders.c - see orders.h. */
#include "drivers/harness/judge/orders.h"

#include <math.h>
#include <string.h>

#include "drivers/harness/judge/blocks.h"

/* splitmix64's finaliser (Steele, Lea and Flood, Fast splittable pseudorandom number generators,
 * OOPSLA 2014), from a number times 2^64 by the golden ratio on. */
uint64_t mix_element(const void *element, size_t item, uint64_t number)
{
    uint64_t z = 0;
    memcpy(&z, element, item);
    z += (number + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* One element, of that place in the order. */
static void take_one(ordered *o, const void *element, size_t item, bool nan, harness_int128 order)
{
    o->mixed += mix_element(element, item, 0);
    if (nan)
        o->nans_mixed += mix_element(element, item, ++o->nans);
    o->falls += o->n && order < o->last;
    o->first = o->n ? o->first : order;
    o->last = order;
    o->n++;
}

/* At most BLOCK elements: all of one line, or, 1 apart, of lines that lie side by side. */
static void take_block(ordered o[], size_t apart, trine_dtype dtype, const void *x, size_t n)
{
    const harness_int128 last_of_all = (harness_int128)1 << 100;
    size_t item = trine_dtype_size(dtype);
    bool reals = is_real(dtype);
    double real[BLOCK];
    harness_int128 order[BLOCK];
    if (reals)
        read_reals(dtype, x, 0, n, real);
    else
        read_wholes(dtype, x, 0, n, order);
    for (size_t k = 0; k < n; k++) {
        bool nan = reals && isnan(real[k]);
        if (reals)
            order[k] = nan ? last_of_all : order_of_real(real[k]);
        take_one(o + k * apart, (const char *)x + k * item, item, nan, order[k]);
    }
}

static size_t at_most_block(size_t n)
{
    return n < BLOCK ? n : BLOCK;
}

void ordered_take(ordered *o, trine_dtype dtype, const void *x, size_t n)
{
    size_t item = trine_dtype_size(dtype);
    for (size_t i = 0; i < n; i += BLOCK)
        take_block(o, 0, dtype, (const char *)x + i * item, at_most_block(n - i));
}

void ordered_take_lines(ordered o[], size_t count, trine_dtype dtype, const void *x, size_t n,
                        size_t step)
{
    size_t item = trine_dtype_size(dtype);
    if (count == 1 && step == 1) {
        ordered_take(o, dtype, x, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < count; c += BLOCK)
            take_block(o + c, 1, dtype, (const char *)x + (i * step + c) * item,
                       at_most_block(count - c));
}

void ordered_merge(ordered *l, const ordered *r)
{
    l->nans_mixed += r->nans_mixed;
    l->mixed += r->mixed;
    if (r->n == 0)
        return;
    l->falls += r->falls + (l->n && r->first < l->last);
    l->first = l->n ? l->first : r->first;
    l->last = r->last;
    l->n += r->n;
}

bool ordered_holds(const ordered *before, const ordered *sorted)
{
    return sorted->falls == 0 && sorted->n == before->n && sorted->mixed == before->mixed &&
           sorted->nans_mixed == before->nans_mixed;
}

uint64_t turned_mix(const void *x, size_t item, uint64_t first, size_t n, uint64_t rows,
                    uint64_t columns)
{
    uint64_t mixed = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t row = (first + i) / columns, column = (first + i) % columns;
        mixed += mix_element((const char *)x + i * item, item, column * rows + row);
    }
    return mixed;
}

uint64_t placed_mix(const void *x, size_t item, uint64_t first, size_t n)
{
    uint64_t mixed = 0;
    for (size_t i = 0; i < n; i++)
        mixed += mix_element((const char *)x + i * item, item, first + i);
    return mixed;
}
