/* judge/orders.c - see orders.h. */
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

void ordered_take(ordered *o, trine_dtype dtype, const void *x, size_t n)
{
    const harness_int128 last_of_all = (harness_int128)1 << 100;
    size_t item = trine_dtype_size(dtype);
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        double real[BLOCK];
        harness_int128 order[BLOCK];
        if (is_real(dtype))
            read_reals(dtype, x, i, some, real);
        else
            read_wholes(dtype, x, i, some, order);
        for (size_t k = 0; k < some; k++) {
            const char *element = (const char *)x + (i + k) * item;
            bool nan = is_real(dtype) && isnan(real[k]);
            if (is_real(dtype))
                order[k] = nan ? last_of_all : order_of_real(real[k]);
            o->mixed += mix_element(element, item, 0);
            if (nan)
                o->nans_mixed += mix_element(element, item, ++o->nans);
            o->falls += o->n && order[k] < o->last;
            o->first = o->n ? o->first : order[k];
            o->last = order[k];
            o->n++;
        }
    }
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
